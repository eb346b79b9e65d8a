//! Convolution without unfolding, for windows that move by one pixel.
//!
//! An image with its padding is one long row of pixels. Under each tap lies the same row, shifted:
//! so an output row is a sum of shifted input rows, each times one weight. Where an image row ends,
//! the sums run on into the next one; these few places are computed and passed over.

use pulp::{Simd, WithSimd};

use super::conv2d::Geometry;
use super::lanes::{widest, Lanes, MOST_LANES};
use super::{expect_len, expect_scratch, Image, Number, Window};

/// Registers side by side in a tile of the machines with 32 and with 16 registers.
const WIDE: (usize, usize) = (4, 2);
/// Channels times taps above which the product of unfolded pixels is faster.
const MOST_UNDER: usize = 512;

/// Whether a geometry can be computed this way, and should be.
pub fn fits(g: &Geometry) -> bool {
    let Window {
        kernel,
        stride,
        before,
        after,
        dilation,
    } = g.window;
    let inside = |side: (usize, usize)| side.0 < kernel.0 && side.1 < kernel.1;
    let moves_by_one = stride == (1, 1) && dilation == (1, 1) && g.groups == 1;
    let small = g.input.channels.max(g.filters) * g.window.taps() <= MOST_UNDER;
    moves_by_one && small && kernel != (1, 1) && inside(before) && inside(after)
}

/// The geometry whose forward, with the weights turned around, is the backward of `g`.
fn turned(g: &Geometry) -> Geometry {
    let Window {
        kernel,
        before,
        after,
        ..
    } = g.window;
    let rest = |side: (usize, usize)| (kernel.0 - 1 - side.0, kernel.1 - 1 - side.1);
    Geometry {
        input: g.output(),
        filters: g.input.channels,
        window: Window {
            before: rest(before),
            after: rest(after),
            ..g.window
        },
        groups: 1,
    }
}

/// How the numbers of a geometry lie in long rows.
#[derive(Clone, Copy)]
struct Rows {
    /// Pixels of an image row with its padding.
    width: usize,
    /// Numbers from one input channel to the next.
    input: usize,
    /// Numbers from one output channel to the next: whole registers.
    output: usize,
}

impl Rows {
    fn of(g: &Geometry) -> Rows {
        let Window { before, after, .. } = g.window;
        let width = g.input.width + before.1 + after.1;
        let output = (g.output().height * width).next_multiple_of(MOST_LANES);
        let reach = (g.window.kernel.0 - 1) * width + g.window.kernel.1 - 1;
        Rows {
            width,
            input: output + reach,
            output,
        }
    }

    /// Numbers of the framed input of one image.
    fn framed(&self, g: &Geometry) -> usize {
        self.input * g.input.channels
    }

    /// Numbers of the output of one image.
    fn outputs(&self, g: &Geometry) -> usize {
        self.output * g.filters
    }
}

/// Numbers of scratch memory for [`forward`].
pub fn forward_scratch(g: &Geometry) -> usize {
    let rows = Rows::of(g);
    rows.framed(g) + rows.outputs(g)
}

/// Numbers of scratch memory for [`backward_weight`].
pub fn weight_scratch(g: &Geometry, batch: usize) -> usize {
    let rows = Rows::of(g);
    batch.min(TOGETHER) * (rows.framed(g) + rows.outputs(g))
}

/// Numbers of scratch memory for [`backward_input`].
pub fn input_scratch(g: &Geometry) -> usize {
    forward_scratch(&turned(g))
}

/// Lays the rows of `planes` images of `image`'s height and width into long rows `stride` apart,
/// with zeros around them.
fn frame<T: Number>(
    image: &Image,
    (above, left): (usize, usize),
    width: usize,
    x: &[T],
    framed: &mut [T],
    stride: usize,
) {
    framed.fill(T::zero());
    let planes = x.chunks_exact(image.plane());
    for (plane, framed) in planes.zip(framed.chunks_exact_mut(stride)) {
        let framed = &mut framed[above * width + left..];
        if width == image.width {
            framed[..plane.len()].copy_from_slice(plane);
            continue;
        }
        for (row, to) in plane
            .chunks_exact(image.width)
            .zip(framed.chunks_mut(width))
        {
            to[..image.width].copy_from_slice(row);
        }
    }
}

/// The output of one image in long rows: what [`forward`] gives to its caller.
pub struct Output<'a, T> {
    values: &'a [T],
    rows: Rows,
    image: Image,
}

impl<'a, T: Number> Output<'a, T> {
    /// The numbers, and how many there are from one channel and from one row to the next.
    pub fn framed(&self) -> (&'a [T], (usize, usize)) {
        (self.values, (self.rows.output, self.rows.width))
    }

    /// The rows of pixels of each channel, without what lies between them.
    pub fn rows(&self) -> impl Iterator<Item = &'a [T]> + use<'a, T> {
        let (width, image) = (self.rows.width, self.image);
        let planes = self.values.chunks_exact(self.rows.output);
        planes.flat_map(move |plane| {
            let rows = plane.chunks(width).take(image.height);
            rows.map(move |row| &row[..image.width])
        })
    }
}

/// The convolution of one image; see [`super::conv2d::forward`].
///
/// # Panics
/// When a slice has another size, or the geometry does not [`fits`].
pub fn forward<'a, T: Number>(
    g: &Geometry,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    scratch: &'a mut [T],
) -> Output<'a, T> {
    expect_len("weight", weight.len(), g.weight_len());
    let taps = g.window.taps();
    let weights = Weights {
        values: weight,
        filter: g.input.channels * taps,
        channel: taps,
        turned: false,
    };
    correlated(g, x, weights, bias, scratch)
}

/// The gradient of one image; see [`super::conv2d::backward_input`].
///
/// # Panics
/// When a slice has another size, or the geometry does not [`fits`].
pub fn backward_input<T: Number>(
    g: &Geometry,
    weight: &[T],
    dy: &[T],
    dx: &mut [T],
    scratch: &mut [T],
) {
    expect_len("weight", weight.len(), g.weight_len());
    let taps = g.window.taps();
    let weights = Weights {
        values: weight,
        filter: taps,
        channel: g.input.channels * taps,
        turned: true,
    };
    let output = correlated(&turned(g), dy, weights, None, scratch);
    for (to, row) in dx.chunks_exact_mut(g.input.width).zip(output.rows()) {
        to.copy_from_slice(row);
    }
}

fn correlated<'a, T: Number>(
    g: &Geometry,
    x: &[T],
    weights: Weights<'_, T>,
    bias: Option<&[T]>,
    scratch: &'a mut [T],
) -> Output<'a, T> {
    expect_len("input", x.len(), g.input.len());
    expect_scratch(scratch.len(), forward_scratch(g));
    let rows = Rows::of(g);
    let (framed, rest) = scratch.split_at_mut(rows.framed(g));
    let output = &mut rest[..rows.outputs(g)];
    frame(&g.input, g.window.before, rows.width, x, framed, rows.input);
    widest(Correlate {
        g,
        rows,
        input: framed,
        weights,
        bias,
        output,
    });
    Output {
        values: output,
        rows,
        image: g.output(),
    }
}

/// Weights, forward or turned around.
#[derive(Clone, Copy)]
struct Weights<'a, T> {
    values: &'a [T],
    /// From one output channel to the next.
    filter: usize,
    /// From one input channel to the next.
    channel: usize,
    /// Whether the last tap comes first.
    turned: bool,
}

struct Correlate<'a, T> {
    g: &'a Geometry,
    rows: Rows,
    input: &'a [T],
    weights: Weights<'a, T>,
    bias: Option<&'a [T]>,
    output: &'a mut [T],
}

impl<T: Number> WithSimd for Correlate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let lanes = <T as Lanes>::lanes::<S>();
        let many = S::REGISTER_COUNT >= 32;
        let wide = if many { WIDE.0 } else { WIDE.1 } * lanes;
        // What lies behind the last place is not worth a register.
        let end = self.g.output().height * self.rows.width;
        let mut first = 0;
        while first < end {
            let left = end - first;
            if left > wide - lanes {
                if many {
                    self.filters::<S, { WIDE.0 }>(simd, first);
                } else {
                    self.filters::<S, { WIDE.1 }>(simd, first);
                }
                first += wide;
            } else {
                self.filters::<S, 1>(simd, first);
                first += lanes;
            }
        }
    }
}

impl<T: Number> Correlate<'_, T> {
    /// All output channels, at the places from `first` on.
    #[inline(always)]
    fn filters<S: Simd, const V: usize>(&mut self, simd: S, first: usize) {
        let mut filter = 0;
        while filter < self.g.filters {
            filter += match self.g.filters - filter {
                6.. => self.tile::<S, 6, V>(simd, filter, first),
                4.. => self.tile::<S, 4, V>(simd, filter, first),
                _ => self.tile::<S, 1, V>(simd, filter, first),
            };
        }
    }

    /// `F` output channels at `V` registers of places; gives `F`.
    #[inline(always)]
    fn tile<S: Simd, const F: usize, const V: usize>(
        &mut self,
        simd: S,
        filter: usize,
        first: usize,
    ) -> usize {
        let lanes = <T as Lanes>::lanes::<S>();
        let Weights {
            values,
            filter: apart,
            channel,
            turned,
        } = self.weights;
        let (kernel, taps) = (self.g.window.kernel, self.g.window.taps());
        let mut sums = [[T::splat(simd, T::zero()); V]; F];
        if let Some(bias) = self.bias {
            for (sums, bias) in sums.iter_mut().zip(&bias[filter..filter + F]) {
                *sums = [T::splat(simd, *bias); V];
            }
        }
        for c in 0..self.g.input.channels {
            let input = &self.input[c * self.rows.input + first..];
            let weights = &values[filter * apart + c * channel..];
            for ky in 0..kernel.0 {
                for kx in 0..kernel.1 {
                    let tap = ky * kernel.1 + kx;
                    let tap = if turned { taps - 1 - tap } else { tap };
                    let x = &input[ky * self.rows.width + kx..][..V * lanes];
                    let x: [T::Register<S>; V] =
                        std::array::from_fn(|v| T::load(simd, &x[v * lanes..]));
                    for (f, sums) in sums.iter_mut().enumerate() {
                        let weight = T::splat(simd, weights[f * apart + tap]);
                        for (sum, x) in sums.iter_mut().zip(x) {
                            *sum = T::fused(simd, x, weight, *sum);
                        }
                    }
                }
            }
        }
        for (f, sums) in sums.iter().enumerate() {
            let output = &mut self.output[(filter + f) * self.rows.output + first..][..V * lanes];
            for (v, sum) in sums.iter().enumerate() {
                T::store(simd, *sum, &mut output[v * lanes..]);
            }
        }
        F
    }
}

/// Images whose gradients are summed in registers before lanes are added up.
const TOGETHER: usize = 8;

/// Adds the gradient of the weights of a batch; see [`super::conv2d::backward_weight`].
///
/// # Panics
/// When a slice has another size, or the geometry does not [`fits`].
pub fn backward_weight<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    d_output: &[T],
    d_weight: &mut [T],
    scratch: &mut [T],
) {
    expect_len("input", input.len(), batch * g.input.len());
    expect_len("d_output", d_output.len(), batch * g.output().len());
    expect_len("d_weight", d_weight.len(), g.weight_len());
    expect_scratch(scratch.len(), weight_scratch(g, batch));
    let (rows, output) = (Rows::of(g), g.output());
    let inputs = input.chunks(TOGETHER * g.input.len());
    for (x, dy) in inputs.zip(d_output.chunks(TOGETHER * output.len())) {
        let images = x.len() / g.input.len();
        let (framed, rest) = scratch.split_at_mut(images * rows.framed(g));
        let d_rows = &mut rest[..images * rows.outputs(g)];
        frame(&g.input, g.window.before, rows.width, x, framed, rows.input);
        frame(&output, (0, 0), rows.width, dy, d_rows, rows.output);
        widest(Weigh {
            g,
            rows,
            images,
            input: framed,
            d_output: d_rows,
            d_weight,
        });
    }
}

struct Weigh<'a, T> {
    g: &'a Geometry,
    rows: Rows,
    images: usize,
    input: &'a [T],
    d_output: &'a [T],
    d_weight: &'a mut [T],
}

impl<T: Number> WithSimd for Weigh<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let taps = self.g.window.taps();
        let many = S::REGISTER_COUNT >= 32;
        let wide = if many { WIDE.0 } else { WIDE.1 };
        for channel in 0..self.g.input.channels {
            let mut tap = 0;
            while tap < taps {
                tap += if taps - tap < wide {
                    self.filters::<S, 1>(simd, channel, tap)
                } else if many {
                    self.filters::<S, { WIDE.0 }>(simd, channel, tap)
                } else {
                    self.filters::<S, { WIDE.1 }>(simd, channel, tap)
                };
            }
        }
    }
}

impl<T: Number> Weigh<'_, T> {
    /// All output channels for `V` taps; gives `V`.
    #[inline(always)]
    fn filters<S: Simd, const V: usize>(&mut self, simd: S, channel: usize, tap: usize) -> usize {
        let mut filter = 0;
        while filter < self.g.filters {
            filter += match self.g.filters - filter {
                6.. => self.tile::<S, 6, V>(simd, filter, channel, tap),
                4.. => self.tile::<S, 4, V>(simd, filter, channel, tap),
                _ => self.tile::<S, 1, V>(simd, filter, channel, tap),
            };
        }
        V
    }

    /// `F` output channels for `V` taps, over all images and places; gives `F`.
    #[inline(always)]
    fn tile<S: Simd, const F: usize, const V: usize>(
        &mut self,
        simd: S,
        filter: usize,
        channel: usize,
        tap: usize,
    ) -> usize {
        let lanes = <T as Lanes>::lanes::<S>();
        let (width, columns) = (self.rows.width, self.g.window.kernel.1);
        let end = self.g.output().height * width;
        let shifts: [usize; V] =
            std::array::from_fn(|v| (tap + v) / columns * width + (tap + v) % columns);
        let mut sums = [[T::splat(simd, T::zero()); V]; F];
        for image in 0..self.images {
            let x = (image * self.g.input.channels + channel) * self.rows.input;
            let x: [&[T]; V] = std::array::from_fn(|v| {
                &self.input[x + shifts[v]..][..end.next_multiple_of(lanes)]
            });
            let dy: [&[T]; F] = std::array::from_fn(|f| {
                let first = (image * self.g.filters + filter + f) * self.rows.output;
                &self.d_output[first..first + end.next_multiple_of(lanes)]
            });
            for place in (0..end).step_by(lanes) {
                let x: [T::Register<S>; V] = std::array::from_fn(|v| T::load(simd, &x[v][place..]));
                for (sums, dy) in sums.iter_mut().zip(&dy) {
                    let dy = T::load(simd, &dy[place..]);
                    for (sum, x) in sums.iter_mut().zip(x) {
                        *sum = T::fused(simd, x, dy, *sum);
                    }
                }
            }
        }
        let taps = self.g.window.taps();
        for (f, sums) in sums.iter().enumerate() {
            let weights = ((filter + f) * self.g.input.channels + channel) * taps + tap;
            let weights = &mut self.d_weight[weights..weights + V];
            for (weight, sum) in weights.iter_mut().zip(sums) {
                *weight += T::total(simd, *sum);
            }
        }
        F
    }
}
