//! The same as plain loops.
//!
//! A convolution is a list of products: a pixel times a weight, added to an output. All three
//! directions walk through that one list; they differ in which of the three is the result.

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
                    let y = ((image * g.filters + filter) * output.height + oy) * output.width + ox;
                    for nth in 0..g.seen() {
                        let channel = group * g.seen() + nth;
                        for ky in 0..kernel_height {
                            for kx in 0..kernel_width {
                                let w = ((filter * g.seen() + nth) * kernel_height + ky)
                                    * kernel_width
                                    + kx;
                                // In the padding the pixel is 0, and so is the product.
                                if let Some(pixel) = g.window.under(&input, (oy, ox), (ky, kx)) {
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
