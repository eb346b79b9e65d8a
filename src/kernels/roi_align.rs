//! Regions of images, each averaged into a grid of bins, whatever its size.

use super::{expect_len, Image, Number};

/// The sizes of the images and of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// `C × H × W`.
    pub input: Image,
    /// Rows and columns of bins, `(PH, PW)`.
    pub bins: (usize, usize),
    /// What edges of regions are multiplied by to be pixels of the input: 1/4 where the input has
    /// a quarter of the rows of the image that the edges are measured in.
    pub spatial_scale: f64,
    /// Points along each axis of a bin whose values are averaged; 0 takes `⌈bin⌉`, one a pixel.
    pub sampling_ratio: usize,
}

/// A part of one image of a batch. Its edges are measured from the left and upper edge of the
/// image, so that the middle of the first pixel is at (0.5, 0.5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// The image, counted from 0.
    pub image: usize,
    /// The left, upper, right and lower edge.
    pub edges: [f64; 4],
}

/// What each pixel along one axis counts in each bin.
///
/// A point between pixels is a weighted mean of its neighbours along each axis, and the points of a
/// bin are a grid: so the mean of a bin is a product of weights of rows and of columns.
struct Along<T> {
    /// For each bin its first pixel, and where its weights end.
    bins: Vec<(usize, usize)>,
    weights: Vec<T>,
}

/// Where along an axis the points of a bin lie.
fn points(g: &Geometry, bins: usize, low: f64, high: f64) -> (f64, f64, usize) {
    let (start, end) = (low * g.spatial_scale - 0.5, high * g.spatial_scale - 0.5);
    let bin = (end - start) / bins as f64;
    let count = match g.sampling_ratio {
        0 => bin.ceil().max(0.0) as usize,
        points => points,
    };
    (start, bin, count)
}

/// The two neighbours of a point, and what the second counts; `None` for a point that is more than
/// a pixel outside.
fn neighbours(point: f64, size: usize) -> Option<(usize, usize, f64)> {
    if !(-1.0..=size as f64).contains(&point) {
        return None;
    }
    let point = point.clamp(0.0, (size - 1) as f64);
    let low = point as usize;
    Some((low, (low + 1).min(size - 1), point - low as f64))
}

impl<T: Number> Along<T> {
    fn new(g: &Geometry, size: usize, bins: usize, low: f64, high: f64) -> Self {
        let (start, bin, count) = points(g, bins, low, high);
        let share = 1.0 / count.max(1) as f64;
        let mut along = Along {
            bins: Vec::with_capacity(bins),
            weights: Vec::new(),
        };
        for number in 0..bins {
            let point = |k: usize| {
                let inside = (k as f64 + 0.5) / count as f64;
                neighbours(start + (number as f64 + inside) * bin, size)
            };
            let from = along.weights.len();
            // Of a region far larger than the image, most points lie outside of it.
            let seen = match g.sampling_ratio {
                0 => {
                    let low = start + number as f64 * bin;
                    let before = |edge: f64| ((edge - low) / bin * count as f64) as usize;
                    before(-1.0).saturating_sub(1)..before(size as f64).saturating_add(2).min(count)
                }
                _ => 0..count,
            };
            let found = || seen.clone().filter_map(point);
            let first = found().map(|(low, _, _)| low).min().unwrap_or(0);
            let behind = found().map(|(_, high, _)| high + 1).max().unwrap_or(0);
            along.weights.resize(from + behind - first, T::zero());
            for (low, high, second) in found() {
                along.weights[from + low - first] += T::of((1.0 - second) * share);
                along.weights[from + high - first] += T::of(second * share);
            }
            along.bins.push((first, along.weights.len()));
        }
        along
    }

    /// For each bin its pixels with their weights.
    fn each(&self) -> impl Iterator<Item = (usize, &[T])> {
        let mut from = 0;
        self.bins.iter().map(move |(first, end)| {
            let weights = &self.weights[from..*end];
            from = *end;
            (*first, weights)
        })
    }
}

impl Geometry {
    /// `C × PH × PW`, of each region.
    pub const fn output(&self) -> Image {
        Image::new(self.input.channels, self.bins.0, self.bins.1)
    }

    fn axes<T: Number>(&self, region: &Region) -> (Along<T>, Along<T>) {
        let [left, top, right, bottom] = region.edges;
        (
            Along::new(self, self.input.height, self.bins.0, top, bottom),
            Along::new(self, self.input.width, self.bins.1, left, right),
        )
    }

    /// For every bin, the pixels of a channel that it is a mean of, with their weights: what
    /// [`forward`] computes, as a table.
    ///
    /// # Panics
    /// When an edge is not finite or the input has no pixels.
    pub fn taps(&self, region: &Region) -> Vec<Vec<(usize, f64)>> {
        self.check(
            1,
            &[Region {
                image: 0,
                ..*region
            }],
        );
        let (rows, columns) = self.axes::<f64>(region);
        let mut taps = Vec::with_capacity(self.bins.0 * self.bins.1);
        for (top, down) in rows.each() {
            for (left, across) in columns.each() {
                let row = |(y, wy): (usize, &f64)| {
                    let (first, wy) = ((top + y) * self.input.width + left, *wy);
                    let pixels = across.iter().enumerate();
                    pixels.map(move |(x, wx)| (first + x, wy * wx))
                };
                taps.push(down.iter().enumerate().flat_map(row).collect());
            }
        }
        taps
    }

    #[track_caller]
    fn check(&self, batch: usize, regions: &[Region]) {
        assert!(
            self.input.plane() > 0,
            "an image without pixels has no regions"
        );
        for (number, region) in regions.iter().enumerate() {
            assert!(
                region.image < batch,
                "region {number} is of image {}, the batch has {batch}",
                region.image
            );
            assert!(
                region.edges.iter().all(|edge| edge.is_finite()),
                "the edges of region {number} are {:?}",
                region.edges
            );
        }
    }
}

/// `y[r, c, i, j]` is the mean of the points of bin (i, j) of region r; a point is a bilinear mean of
/// the four pixels around it, and 0 more than a pixel outside of the image.
///
/// # Shapes
/// `input` `(B, C, H, W)`, `output` `(regions, C, PH, PW)`.
///
/// # Panics
/// When a slice has another size, a region is of no image of the batch, or an edge is not finite.
///
/// # Same as
/// `torchvision.ops.roi_align(…, aligned=True)`
///
/// # Source
/// He, Gkioxari, Dollár and Girshick, "Mask R-CNN", 2017.
pub fn forward<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    regions: &[Region],
    output: &mut [T],
) {
    expect_len("input", input.len(), batch * g.input.len());
    expect_len("output", output.len(), regions.len() * g.output().len());
    g.check(batch, regions);
    let width = g.input.width;
    let mut row = vec![T::zero(); width];
    let mut bin = output.iter_mut();
    for region in regions {
        let (rows, columns) = g.axes::<T>(region);
        let (from, to) = span(&columns);
        let image = &input[region.image * g.input.len()..][..g.input.len()];
        for plane in image.chunks_exact(g.input.plane()) {
            for (top, down) in rows.each() {
                let row = &mut row[from..to];
                row.fill(T::zero());
                for (pixels, weight) in plane[top * width..].chunks(width).zip(down) {
                    for (sum, pixel) in row.iter_mut().zip(&pixels[from..to]) {
                        *sum += *weight * *pixel;
                    }
                }
                for ((left, across), bin) in columns.each().zip(&mut bin) {
                    let pixels = row[left.max(from) - from..].iter().zip(across);
                    *bin = pixels.map(|(pixel, weight)| *pixel * *weight).sum();
                }
            }
        }
    }
}

/// `d_x[p] = Σ weight(r, i, j, p) · d_y[r, c, i, j]` over all regions of the image and their bins.
///
/// # Shapes
/// `d_output` `(regions, C, PH, PW)`, `d_input` `(B, C, H, W)`.
///
/// # Panics
/// As [`forward`].
pub fn backward<T: Number>(
    g: &Geometry,
    batch: usize,
    regions: &[Region],
    d_output: &[T],
    d_input: &mut [T],
) {
    expect_len("d_input", d_input.len(), batch * g.input.len());
    expect_len("d_output", d_output.len(), regions.len() * g.output().len());
    g.check(batch, regions);
    let width = g.input.width;
    let mut row = vec![T::zero(); width];
    let mut bin = d_output.iter();
    d_input.fill(T::zero());
    for region in regions {
        let (rows, columns) = g.axes::<T>(region);
        let (from, to) = span(&columns);
        let image = &mut d_input[region.image * g.input.len()..][..g.input.len()];
        for plane in image.chunks_exact_mut(g.input.plane()) {
            for (top, down) in rows.each() {
                let row = &mut row[from..to];
                row.fill(T::zero());
                for ((left, across), bin) in columns.each().zip(&mut bin) {
                    let pixels = row[left.max(from) - from..].iter_mut().zip(across);
                    pixels.for_each(|(pixel, weight)| *pixel += *weight * *bin);
                }
                for (pixels, weight) in plane[top * width..].chunks_mut(width).zip(down) {
                    for (pixel, sum) in pixels[from..to].iter_mut().zip(&*row) {
                        *pixel += *weight * *sum;
                    }
                }
            }
        }
    }
}

/// The pixels along an axis that count in any bin.
fn span<T: Number>(along: &Along<T>) -> (usize, usize) {
    let with_pixels = || along.each().filter(|(_, weights)| !weights.is_empty());
    let first = with_pixels().map(|(first, _)| first).min();
    let end = with_pixels().map(|(first, weights)| first + weights.len());
    (first.unwrap_or(0), end.max().unwrap_or(0))
}

/// The same point by point, as torchvision's kernel does it.
pub mod naive {
    use super::{Geometry, Number, Region};

    /// See [`super::forward`].
    pub fn forward<T: Number>(g: &Geometry, input: &[T], regions: &[Region], output: &mut [T]) {
        let (height, width) = (g.input.height as f64, g.input.width as f64);
        let (bins_down, bins_across) = g.bins;
        let mut place = 0;
        for region in regions {
            let [left, top, right, bottom] = region.edges.map(|e| e * g.spatial_scale - 0.5);
            let bin_height = (bottom - top) / bins_down as f64;
            let bin_width = (right - left) / bins_across as f64;
            let points = |bin: f64| match g.sampling_ratio {
                0 => bin.ceil().max(0.0) as usize,
                ratio => ratio,
            };
            let (down, across) = (points(bin_height), points(bin_width));
            for c in 0..g.input.channels {
                let plane = &input[(region.image * g.input.channels + c) * g.input.plane()..];
                let pixel = |y: usize, x: usize| plane[y * g.input.width + x];
                for bin in 0..bins_down * bins_across {
                    let (i, j) = (bin / bins_across, bin % bins_across);
                    let mut sum = T::zero();
                    for point in 0..down * across {
                        let (k, l) = ((point / across) as f64, (point % across) as f64);
                        let y = top + (i as f64 + (k + 0.5) / down as f64) * bin_height;
                        let x = left + (j as f64 + (l + 0.5) / across as f64) * bin_width;
                        if y < -1.0 || y > height || x < -1.0 || x > width {
                            continue;
                        }
                        let (y, x) = (y.clamp(0.0, height - 1.0), x.clamp(0.0, width - 1.0));
                        let (y0, x0) = (y.floor() as usize, x.floor() as usize);
                        let (y1, x1) = (y.ceil() as usize, x.ceil() as usize);
                        let (dy, dx) = (T::of(y.fract()), T::of(x.fract()));
                        let upper = pixel(y0, x0) * (T::one() - dx) + pixel(y0, x1) * dx;
                        let lower = pixel(y1, x0) * (T::one() - dx) + pixel(y1, x1) * dx;
                        sum += upper * (T::one() - dy) + lower * dy;
                    }
                    output[place] = sum / T::of((down * across).max(1) as f64);
                    place += 1;
                }
            }
        }
    }
}
