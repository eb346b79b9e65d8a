//! Convolution, as deep learning calls the cross-correlation of an image with learned filters.

use super::matmul::{matmul, Matrix, Output};
use super::{bias, expect_len, expect_scratch, sum, unfold, Image, Number, Window};

/// The sizes of a convolution of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// `C × H × W`.
    pub input: Image,
    /// Channels of the output.
    pub filters: usize,
    /// What slides over the image.
    pub window: Window,
    /// Parts into which channels and filters are split; 1 where all see each other.
    pub groups: usize,
}

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The image is the matrix already.
    Pointwise,
    /// Every filter sees one channel: shifted planes are added up.
    Depthwise,
    /// The pixels under the window are laid side by side, which leaves a matrix product.
    Unfold,
}

impl Geometry {
    /// `F × OH × OW`, `OH = ⌊(H + P_above + P_below − D·(K − 1) − 1) / S⌋ + 1`, `OW` likewise.
    ///
    /// # Panics
    /// Where the window does not fit or the groups do not divide channels and filters.
    pub const fn output(&self) -> Image {
        assert!(
            self.groups > 0
                && self.input.channels.is_multiple_of(self.groups)
                && self.filters.is_multiple_of(self.groups),
            "groups must divide channels and filters"
        );
        let (height, width) = self.window.places(&self.input);
        Image::new(self.filters, height, width)
    }

    /// Channels that a filter sees.
    pub const fn seen(&self) -> usize {
        self.input.channels / self.groups
    }

    /// Numbers in the weight, `F · C/groups · KH · KW`.
    pub const fn weight_len(&self) -> usize {
        self.filters * self.seen() * self.window.taps()
    }

    /// How this geometry is computed.
    pub const fn method(&self) -> Method {
        let Window {
            kernel,
            stride,
            before,
            after,
            ..
        } = self.window;
        match (kernel, stride, before, after) {
            // Unfolding would only copy the image.
            ((1, 1), (1, 1), (0, 0), (0, 0)) => Method::Pointwise,
            // Hardly a filter shares its channel with another one, so the unfolded pixels would be
            // read about once: the copy costs more than the product.
            _ if self.groups > 1 && self.groups == self.input.channels => Method::Depthwise,
            // Everything else: the product runs at nearly the machine's peak, whatever the window.
            _ => Method::Unfold,
        }
    }

    /// Numbers of scratch memory that each direction needs, whatever the batch.
    pub const fn scratch_len(&self) -> usize {
        match self.method() {
            Method::Pointwise | Method::Depthwise => 0,
            Method::Unfold => self.seen() * self.window.taps() * self.output().plane(),
        }
    }

    /// The part of the image that one group sees.
    const fn group(&self) -> Image {
        Image::new(self.seen(), self.input.height, self.input.width)
    }

    /// Sizes of the matrices of one group: filters, numbers under the window, places.
    fn matrices(&self) -> (usize, usize, usize) {
        (
            self.filters / self.groups,
            self.seen() * self.window.taps(),
            self.output().plane(),
        )
    }

    #[track_caller]
    fn check(&self, batch: usize, input: (&str, usize), weight: (&str, usize), output: usize) {
        expect_len(input.0, input.1, batch * self.input.len());
        expect_len(weight.0, weight.1, self.weight_len());
        let name = if input.0 == "input" && weight.0 == "weight" {
            "output"
        } else {
            "d_output"
        };
        expect_len(name, output, batch * self.output().len());
    }
}

/// `y[f, p] = b[f] + Σ_{c,k} w[f, c, k] · x[c, S·p + D·k − P]`
///
/// # Shapes
/// `input` `(B, C, H, W)`, `weight` `(F, C/groups, KH, KW)`, `bias` `F`, `output` `(B, F, OH, OW)`,
/// `scratch` at least [`Geometry::scratch_len`].
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.conv2d`
///
/// # Example
/// ```
/// use shapeproof::kernels::{conv2d, Image, Window};
/// let g = conv2d::Geometry {
///     input: Image::new(1, 2, 3),
///     filters: 1,
///     window: Window::new(1, 2),
///     groups: 1,
/// };
/// let mut y = [0.0; 4];
/// let mut scratch = vec![0.0; g.scratch_len()];
/// let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// conv2d::forward(&g, 1, &x, &[10.0, 1.0], None, &mut y, &mut scratch);
/// assert_eq!(y, [12.0, 23.0, 45.0, 56.0]);
/// ```
pub fn forward<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    output: &mut [T],
    scratch: &mut [T],
) {
    g.check(
        batch,
        ("input", input.len()),
        ("weight", weight.len()),
        output.len(),
    );
    expect_scratch(scratch.len(), g.scratch_len());
    output.fill(T::zero());
    if let Some(bias) = bias {
        bias::forward(&g.output().planes(), batch, bias, output);
    }
    let (filters, under, places) = g.matrices();
    let images = input.chunks_exact(g.input.len());
    for (x, y) in images.zip(output.chunks_exact_mut(g.output().len())) {
        if g.method() == Method::Depthwise {
            depthwise::forward(g, x, weight, y);
            continue;
        }
        let groups = x.chunks_exact(g.group().len());
        let groups = groups.zip(y.chunks_exact_mut(filters * places));
        for ((x, y), w) in groups.zip(weight.chunks_exact(filters * under)) {
            let columns = columns(g, x, scratch);
            matmul(
                Matrix::new(filters, under, w),
                Matrix::new(under, places, columns),
                Output::Add,
                y,
            );
        }
    }
}

/// `d_x[c, q] = Σ_{f,k} w[f, c, k] · d_y[f, p]` over all places `p` with `S·p + D·k − P = q`.
///
/// # Shapes
/// `weight` `(F, C/groups, KH, KW)`, `d_output` `(B, F, OH, OW)`, `d_input` `(B, C, H, W)`,
/// `scratch` at least [`Geometry::scratch_len`].
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.grad.conv2d_input`
pub fn backward_input<T: Number>(
    g: &Geometry,
    batch: usize,
    weight: &[T],
    d_output: &[T],
    d_input: &mut [T],
    scratch: &mut [T],
) {
    g.check(
        batch,
        ("d_input", d_input.len()),
        ("weight", weight.len()),
        d_output.len(),
    );
    expect_scratch(scratch.len(), g.scratch_len());
    let (filters, under, places) = g.matrices();
    let images = d_input.chunks_exact_mut(g.input.len());
    for (dx, dy) in images.zip(d_output.chunks_exact(g.output().len())) {
        if g.method() == Method::Depthwise {
            depthwise::backward_input(g, weight, dy, dx);
            continue;
        }
        let groups = dx.chunks_exact_mut(g.group().len());
        let groups = groups.zip(dy.chunks_exact(filters * places));
        for ((dx, dy), w) in groups.zip(weight.chunks_exact(filters * under)) {
            let w = Matrix::new(filters, under, w).transposed();
            let dy = Matrix::new(filters, places, dy);
            if g.method() == Method::Pointwise {
                matmul(w, dy, Output::Overwrite, dx);
            } else {
                let d_columns = &mut scratch[..under * places];
                matmul(w, dy, Output::Overwrite, d_columns);
                unfold::backward(&g.group(), &g.window, d_columns, dx);
            }
        }
    }
}

/// `d_w[f, c, k] = d_w[f, c, k] + Σ_{b,p} d_y[b, f, p] · x[b, c, S·p + D·k − P]`
///
/// # Shapes
/// `input` `(B, C, H, W)`, `d_output` `(B, F, OH, OW)`, `d_weight` `(F, C/groups, KH, KW)`,
/// `scratch` at least [`Geometry::scratch_len`].
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.grad.conv2d_weight`, added to what is in `d_weight`
pub fn backward_weight<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    d_output: &[T],
    d_weight: &mut [T],
    scratch: &mut [T],
) {
    g.check(
        batch,
        ("input", input.len()),
        ("d_weight", d_weight.len()),
        d_output.len(),
    );
    expect_scratch(scratch.len(), g.scratch_len());
    let (filters, under, places) = g.matrices();
    let images = input.chunks_exact(g.input.len());
    for (x, dy) in images.zip(d_output.chunks_exact(g.output().len())) {
        if g.method() == Method::Depthwise {
            depthwise::backward_weight(g, x, dy, d_weight);
            continue;
        }
        let groups = x.chunks_exact(g.group().len());
        let groups = groups.zip(dy.chunks_exact(filters * places));
        for ((x, dy), dw) in groups.zip(d_weight.chunks_exact_mut(filters * under)) {
            let columns = columns(g, x, scratch);
            matmul(
                Matrix::new(filters, places, dy),
                Matrix::new(under, places, columns).transposed(),
                Output::Add,
                dw,
            );
        }
    }
}

/// `d_b[f] = d_b[f] + Σ_{b,p} d_y[b, f, p]`
///
/// # Shapes
/// `d_output` `(B, F, OH, OW)`, `d_bias` `F`.
///
/// # Panics
/// When a slice has another size.
pub fn backward_bias<T: Number>(g: &Geometry, batch: usize, d_output: &[T], d_bias: &mut [T]) {
    bias::backward(&g.output().planes(), batch, d_output, d_bias);
}

/// The channels of one group as the matrix whose rows the filters weigh.
fn columns<'a, T: Number>(g: &Geometry, x: &'a [T], scratch: &'a mut [T]) -> &'a [T] {
    if g.method() == Method::Pointwise {
        return x;
    }
    let (_, under, places) = g.matrices();
    let columns = &mut scratch[..under * places];
    unfold::forward(&g.group(), &g.window, x, columns);
    columns
}

/// Every filter sees one channel of one image.
mod depthwise {
    use super::{sum, Geometry, Number};

    /// Calls `each(weight, places of a filter, pixels of an image, length)` for all rows of pixels
    /// that are weighed alike: the places lie side by side, the pixels a stride apart.
    fn rows(g: &Geometry, mut each: impl FnMut(usize, usize, usize, usize)) {
        let output = g.output();
        let per_channel = g.filters / g.groups;
        let (kernel, stride) = (g.window.kernel, g.window.stride);
        for filter in 0..g.filters {
            let plane = filter / per_channel * g.input.plane();
            for ky in 0..kernel.0 {
                let y = g.window.rows(&g.input, output.height, ky);
                for kx in 0..kernel.1 {
                    let x = g.window.columns(&g.input, output.width, kx);
                    if x.places.is_empty() {
                        continue;
                    }
                    for (nth, oy) in y.places.clone().enumerate() {
                        each(
                            (filter * kernel.0 + ky) * kernel.1 + kx,
                            filter * output.plane() + oy * output.width + x.places.start,
                            plane + (y.first + nth * stride.0) * g.input.width + x.first,
                            x.places.len(),
                        );
                    }
                }
            }
        }
    }

    /// Adds to `y`.
    pub fn forward<T: Number>(g: &Geometry, x: &[T], weight: &[T], y: &mut [T]) {
        let stride = g.window.stride.1;
        rows(g, |tap, place, pixel, len| {
            let w = weight[tap];
            let y = &mut y[place..place + len];
            let x = &x[pixel..pixel + (len - 1) * stride + 1];
            // Without the stride the compiler adds several numbers at once.
            if stride == 1 {
                for (y, x) in y.iter_mut().zip(x) {
                    *y += w * *x;
                }
            } else {
                for (y, x) in y.iter_mut().zip(x.iter().step_by(stride)) {
                    *y += w * *x;
                }
            }
        });
    }

    /// Overwrites `dx`.
    pub fn backward_input<T: Number>(g: &Geometry, weight: &[T], dy: &[T], dx: &mut [T]) {
        let stride = g.window.stride.1;
        dx.fill(T::zero());
        rows(g, |tap, place, pixel, len| {
            let w = weight[tap];
            let dy = &dy[place..place + len];
            let dx = &mut dx[pixel..pixel + (len - 1) * stride + 1];
            if stride == 1 {
                for (dx, dy) in dx.iter_mut().zip(dy) {
                    *dx += w * *dy;
                }
            } else {
                for (dx, dy) in dx.iter_mut().step_by(stride).zip(dy) {
                    *dx += w * *dy;
                }
            }
        });
    }

    /// Adds to `dw`.
    pub fn backward_weight<T: Number>(g: &Geometry, x: &[T], dy: &[T], dw: &mut [T]) {
        let stride = g.window.stride.1;
        rows(g, |tap, place, pixel, len| {
            let dy = &dy[place..place + len];
            let x = &x[pixel..pixel + (len - 1) * stride + 1];
            dw[tap] += if stride == 1 {
                sum::dot(x, dy)
            } else {
                x.iter()
                    .step_by(stride)
                    .zip(dy)
                    .map(|(x, dy)| *x * *dy)
                    .sum()
            };
        });
    }
}

/// The same as plain loops.
///
/// A convolution is a list of products: a pixel times a weight, added to an output. All three
/// directions walk through that one list; they differ in which of the three is the result.
pub mod naive {
    use super::{Geometry, Number};

    /// Calls `each(pixel, weight, output)` for every product.
    fn products(g: &Geometry, batch: usize, mut each: impl FnMut(usize, usize, usize)) {
        let (input, output) = (g.input, g.output());
        let (kernel_height, kernel_width) = g.window.kernel;
        let filters_per_group = g.filters / g.groups;
        for image in 0..batch {
            for filter in 0..g.filters {
                let group = filter / filters_per_group;
                for oy in 0..output.height {
                    for ox in 0..output.width {
                        let y =
                            ((image * g.filters + filter) * output.height + oy) * output.width + ox;
                        for nth in 0..g.seen() {
                            let channel = group * g.seen() + nth;
                            for ky in 0..kernel_height {
                                for kx in 0..kernel_width {
                                    let w = ((filter * g.seen() + nth) * kernel_height + ky)
                                        * kernel_width
                                        + kx;
                                    // In the padding the pixel is 0, and so is the product.
                                    if let Some(pixel) = g.window.under(&input, (oy, ox), (ky, kx))
                                    {
                                        let plane = image * input.channels + channel;
                                        each(plane * input.plane() + pixel, w, y);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// See [`super::forward`].
    pub fn forward<T: Number>(
        g: &Geometry,
        batch: usize,
        input: &[T],
        weight: &[T],
        bias: Option<&[T]>,
        output: &mut [T],
    ) {
        for (place, y) in output.iter_mut().enumerate() {
            let filter = place / g.output().plane() % g.filters;
            *y = bias.map_or(T::zero(), |bias| bias[filter]);
        }
        products(g, batch, |x, w, y| output[y] += input[x] * weight[w]);
    }

    /// See [`super::backward_input`].
    pub fn backward_input<T: Number>(
        g: &Geometry,
        batch: usize,
        weight: &[T],
        d_output: &[T],
        d_input: &mut [T],
    ) {
        d_input.fill(T::zero());
        products(g, batch, |x, w, y| d_input[x] += d_output[y] * weight[w]);
    }

    /// See [`super::backward_weight`].
    pub fn backward_weight<T: Number>(
        g: &Geometry,
        batch: usize,
        input: &[T],
        d_output: &[T],
        d_weight: &mut [T],
    ) {
        products(g, batch, |x, w, y| d_weight[w] += d_output[y] * input[x]);
    }
}
