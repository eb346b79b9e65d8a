//! What a convolution looks like to the transforms, and where their numbers lie.

use super::Geometry;

/// Numbers that the transformed tiles and products of a group may hold: half a megabyte, so that
/// they and the weights fit into the cache of a core.
const GROUP: usize = 1 << 17;
/// Tiles that a group holds at least: the transformed weights are read for each group.
const TILES: usize = 32;
/// The same where the weights do not fit into that cache.
const TILES_OF_MANY_WEIGHTS: usize = 96;
/// Numbers in a transformed tile.
pub const POINTS: usize = 36;

/// What a convolution looks like from here: one of the two directions.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Read, and written.
    pub channels: usize,
    pub filters: usize,
    /// Rows and columns of the input.
    pub input: (usize, usize),
    /// Rows and columns of the output.
    pub output: (usize, usize),
    /// Above and left of the input.
    pub before: (usize, usize),
}

/// Where 36 matrices lie, each in panels of sixteen columns.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// From a panel to the next.
    pub panel: usize,
    /// From a matrix to the next.
    pub point: usize,
}

impl Layout {
    pub const fn new(columns: usize, rows: usize) -> Self {
        Layout {
            panel: rows * 16,
            // A line of the cache more than it holds: the numbers of one tile then lie in
            // different sets of the cache, where powers of two would put them into one.
            point: columns * rows + 16,
        }
    }

    pub const fn len(&self) -> usize {
        POINTS * self.point
    }

    /// A row's sixteen columns.
    #[inline(always)]
    pub const fn place(&self, point: usize, panel: usize, row: usize) -> usize {
        point * self.point + panel * self.panel + row * 16
    }
}

const fn ceil16(n: usize) -> usize {
    n.div_ceil(16) * 16
}

pub const fn max(a: usize, b: usize) -> usize {
    if a > b {
        a
    } else {
        b
    }
}

impl Plan {
    pub const fn forward(g: &Geometry) -> Self {
        let output = g.output();
        Plan {
            channels: g.input.channels,
            filters: g.filters,
            input: (g.input.height, g.input.width),
            output: (output.height, output.width),
            before: g.window.before,
        }
    }

    /// The convolution whose input is the gradient of the output.
    pub const fn backward(g: &Geometry) -> Self {
        let output = g.output();
        Plan {
            channels: g.filters,
            filters: g.input.channels,
            input: (output.height, output.width),
            output: (g.input.height, g.input.width),
            before: (2 - g.window.before.0, 2 - g.window.before.1),
        }
    }

    pub const fn tile_rows(&self) -> usize {
        self.output.0.div_ceil(4)
    }

    /// Tiles in a row.
    pub const fn tiles(&self) -> usize {
        self.output.1.div_ceil(4)
    }

    pub const fn channels16(&self) -> usize {
        ceil16(self.channels)
    }

    pub const fn filters16(&self) -> usize {
        ceil16(self.filters)
    }

    /// Whether the transformed weights do not fit into the cache of a core beside a group.
    pub const fn has_many_weights(&self) -> bool {
        self.weighed().len() > 2 * GROUP
    }

    /// Tile rows in a group.
    pub const fn rows(&self) -> usize {
        let row = POINTS * self.tiles() * (self.channels16() + self.filters16());
        let least = if self.has_many_weights() {
            TILES_OF_MANY_WEIGHTS
        } else {
            TILES
        };
        max(GROUP / row, least.div_ceil(self.tiles()))
    }

    /// Tiles in a group, and as many more as make whole blocks of a product.
    pub const fn group(&self) -> usize {
        (self.rows() * self.tiles()).div_ceil(4) * 4
    }

    /// Columns of the buffer that a row of tiles is transposed in.
    pub const fn columns(&self) -> usize {
        let read = self.before.1 + ceil16(self.input.1);
        max(max(read, 4 * self.tiles() + 2), ceil16(4 * self.tiles()))
    }

    /// Where the numbers of a group's tiles of so many channels lie.
    pub const fn tiled(&self, channels: usize) -> Layout {
        Layout::new(channels, self.group())
    }

    /// Where the numbers of the transformed weights lie.
    pub const fn weighed(&self) -> Layout {
        Layout::new(self.filters16(), self.channels16())
    }

    /// Numbers of each part of the scratch memory.
    pub const fn parts(&self) -> [usize; 4] {
        [
            self.weighed().len(),
            self.tiled(self.channels16()).len(),
            self.tiled(self.filters16()).len(),
            6 * self.columns() * 16,
        ]
    }

    pub const fn scratch_len(&self) -> usize {
        let [u, v, m, stripe] = self.parts();
        // All parts begin at a line of the cache.
        u + v + m + stripe + 16
    }
}
