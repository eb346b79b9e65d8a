//! Transposed convolution: the gradient of a convolution, used to make images larger.
//!
//! What [`conv2d`] does backward, this does forward. So each direction is another direction of the
//! convolution from the larger image to the smaller one.

use super::{bias, conv2d, expect_len, Image, Number, Window};

/// The sizes of a transposed convolution of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// `C × H × W`.
    pub input: Image,
    /// Channels of the output.
    pub filters: usize,
    /// Slides over the output. Its padding is what the output loses on each side.
    pub window: Window,
    /// Rows and columns added below and right of the output, where a convolution of the same
    /// stride would not reach. Smaller than the stride.
    pub output_padding: (usize, usize),
    /// Parts into which channels and filters are split; 1 where all see each other.
    pub groups: usize,
}

impl Geometry {
    /// `F × OH × OW`, `OH = (H − 1)·S + D·(K − 1) + 1 + output_padding − P_above − P_below`, `OW`
    /// likewise.
    ///
    /// # Panics
    /// Where nothing is left, where the output padding is not smaller than the stride, or where
    /// the groups do not divide channels and filters.
    pub const fn output(&self) -> Image {
        assert!(
            self.groups > 0
                && self.input.channels.is_multiple_of(self.groups)
                && self.filters.is_multiple_of(self.groups),
            "groups must divide channels and filters"
        );
        assert!(
            self.output_padding.0 < self.window.stride.0
                && self.output_padding.1 < self.window.stride.1,
            "the output padding must be smaller than the stride"
        );
        let w = &self.window;
        let height = (self.input.height - 1) * w.stride.0
            + w.dilation.0 * (w.kernel.0 - 1)
            + 1
            + self.output_padding.0;
        let width = (self.input.width - 1) * w.stride.1
            + w.dilation.1 * (w.kernel.1 - 1)
            + 1
            + self.output_padding.1;
        let lost = (w.before.0 + w.after.0, w.before.1 + w.after.1);
        assert!(
            height > lost.0 && width > lost.1,
            "the padding leaves nothing of the output"
        );
        Image::new(self.filters, height - lost.0, width - lost.1)
    }

    /// Numbers in the weight, `C · F/groups · KH · KW`.
    pub const fn weight_len(&self) -> usize {
        self.input.channels * (self.filters / self.groups) * self.window.taps()
    }

    /// The convolution whose gradient this is: from our output to our input, with our weight.
    pub const fn adjoint(&self) -> conv2d::Geometry {
        conv2d::Geometry {
            input: self.output(),
            filters: self.input.channels,
            window: self.window,
            groups: self.groups,
        }
    }

    /// Numbers of scratch memory that each direction needs, whatever the batch.
    pub const fn scratch_len(&self) -> usize {
        self.adjoint().scratch_len()
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

/// `y[f, S·p + D·k − P] = b[f] + Σ_{c,k} w[c, f, k] · x[c, p]`
///
/// # Shapes
/// `input` `(B, C, H, W)`, `weight` `(C, F/groups, KH, KW)`, `bias` `F`, `output` `(B, F, OH, OW)`,
/// `scratch` at least [`Geometry::scratch_len`].
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.conv_transpose2d`
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
    conv2d::backward_input(&g.adjoint(), batch, weight, input, output, scratch);
    if let Some(bias) = bias {
        bias::forward(&g.output().planes(), batch, bias, output);
    }
}

/// `d_x[c, p] = Σ_{f,k} w[c, f, k] · d_y[f, S·p + D·k − P]`
///
/// # Shapes
/// `weight` `(C, F/groups, KH, KW)`, `d_output` `(B, F, OH, OW)`, `d_input` `(B, C, H, W)`,
/// `scratch` at least [`Geometry::scratch_len`].
///
/// # Panics
/// When a slice has another size.
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
    let adjoint = g.adjoint();
    conv2d::forward(&adjoint, batch, d_output, weight, None, d_input, scratch);
}

/// `d_w[c, f, k] = d_w[c, f, k] + Σ_{b,p} x[b, c, p] · d_y[b, f, S·p + D·k − P]`
///
/// # Shapes
/// `input` `(B, C, H, W)`, `d_output` `(B, F, OH, OW)`, `d_weight` `(C, F/groups, KH, KW)`,
/// `scratch` at least [`Geometry::scratch_len`].
///
/// # Panics
/// When a slice has another size.
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
    conv2d::backward_weight(&g.adjoint(), batch, d_output, input, d_weight, scratch);
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

/// The same as plain loops, without the detour over the convolution.
///
/// A transposed convolution stamps the kernel, weighed by a pixel, onto the output.
pub mod naive {
    use super::{Geometry, Number};

    /// Calls `each(pixel, weight, output)` for every product.
    fn products(g: &Geometry, batch: usize, mut each: impl FnMut(usize, usize, usize)) {
        let (input, output, w) = (g.input, g.output(), g.window);
        let channels_per_group = input.channels / g.groups;
        let filters_per_group = g.filters / g.groups;
        for image in 0..batch {
            for channel in 0..input.channels {
                let first_filter = channel / channels_per_group * filters_per_group;
                for row in 0..input.height {
                    for column in 0..input.width {
                        let pixel = ((image * input.channels + channel) * input.height + row)
                            * input.width
                            + column;
                        for nth in 0..filters_per_group {
                            for ky in 0..w.kernel.0 {
                                for kx in 0..w.kernel.1 {
                                    let weight = ((channel * filters_per_group + nth) * w.kernel.0
                                        + ky)
                                        * w.kernel.1
                                        + kx;
                                    let oy = row * w.stride.0 + ky * w.dilation.0;
                                    let ox = column * w.stride.1 + kx * w.dilation.1;
                                    // What lies in the padding is cut off.
                                    if oy < w.before.0 || ox < w.before.1 {
                                        continue;
                                    }
                                    let (oy, ox) = (oy - w.before.0, ox - w.before.1);
                                    if oy >= output.height || ox >= output.width {
                                        continue;
                                    }
                                    let plane = image * g.filters + first_filter + nth;
                                    let place = (plane * output.height + oy) * output.width + ox;
                                    each(pixel, weight, place);
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
