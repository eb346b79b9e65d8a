//! How much of the input one output value sees.

/// The part of the input that one value of an output depends on, in pixels.
///
/// As a property of one layer it is relative to that layer's input; along a model it adds up. A
/// block of several inputs has one for all of them, so where these see differently much, what is
/// said behind the block can be more than what is seen.
///
/// # Source
/// Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", 2019.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceptiveField {
    /// Rows; `usize::MAX` for all of them.
    pub height: usize,
    /// Columns; `usize::MAX` for all of them.
    pub width: usize,
    /// Input pixels from one output pixel to the next: (vertical, horizontal), to be divided by
    /// `parts`.
    step: (usize, usize),
    /// Output pixels in one input pixel: above 1 after upsampling.
    parts: (usize, usize),
}

impl ReceptiveField {
    /// Every value sees its own pixel only: the start of a model, and of layers such as `Relu`.
    pub const PIXEL: Self = ReceptiveField::window((1, 1), (1, 1));

    /// Every value sees everything, as behind a dense layer.
    pub const ALL: Self = ReceptiveField::window((usize::MAX, usize::MAX), (1, 1));

    /// A window of `extent` pixels that moves by `stride`.
    pub const fn window(extent: (usize, usize), stride: (usize, usize)) -> Self {
        ReceptiveField {
            height: extent.0,
            width: extent.1,
            step: stride,
            parts: (1, 1),
        }
    }

    /// A window over an image that has been enlarged by `scale`, as upsampling sees it.
    pub const fn enlarged(extent: (usize, usize), scale: (usize, usize)) -> Self {
        ReceptiveField {
            height: extent.0,
            width: extent.1,
            step: (1, 1),
            parts: scale,
        }
    }

    /// What the output of `layer` sees, whose input sees `self`.
    pub const fn then(self, layer: Self) -> Self {
        ReceptiveField {
            height: grown(self.height, layer.height, self.step.0, self.parts.0),
            width: grown(self.width, layer.width, self.step.1, self.parts.1),
            step: reduced(self.step, layer.step),
            parts: reduced(self.parts, layer.parts),
        }
    }

    /// What a layer with two inputs sees of them. Where their steps differ, it moves by the smaller:
    /// the other has been enlarged to the same size.
    pub const fn join(self, other: Self) -> Self {
        let finer =
            other.step.0.saturating_mul(self.parts.0) < self.step.0.saturating_mul(other.parts.0);
        let (step, parts) = if finer {
            (other.step, other.parts)
        } else {
            (self.step, self.parts)
        };
        ReceptiveField {
            height: larger(self.height, other.height),
            width: larger(self.width, other.width),
            step,
            parts,
        }
    }
}

const fn larger(a: usize, b: usize) -> usize {
    if a > b {
        a
    } else {
        b
    }
}

const fn grown(seen: usize, extent: usize, step: usize, parts: usize) -> usize {
    if seen == usize::MAX || extent == usize::MAX {
        return usize::MAX;
    }
    let pixels = extent.saturating_sub(1).saturating_mul(step);
    seen.saturating_add(pixels.div_ceil(larger(parts, 1)))
}

const fn reduced(a: (usize, usize), b: (usize, usize)) -> (usize, usize) {
    (a.0.saturating_mul(b.0), a.1.saturating_mul(b.1))
}

impl std::fmt::Display for ReceptiveField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.height, self.width) {
            (usize::MAX, _) | (_, usize::MAX) => f.pad("all"),
            (height, width) => f.pad(&format!("{height}×{width}")),
        }
    }
}
