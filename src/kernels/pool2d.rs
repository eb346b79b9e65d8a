//! What the poolings share: a window over each channel by itself.

use super::{expect_len, Image, Number, Window};

/// The sizes of a pooling of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// `C × H × W`.
    pub input: Image,
    /// What slides over each channel.
    pub window: Window,
}

impl Geometry {
    /// `C × OH × OW`, `OH = ⌊(H + P_above + P_below − D·(K − 1) − 1) / S⌋ + 1`, `OW` likewise.
    ///
    /// # Panics
    /// Where the window does not fit.
    pub const fn output(&self) -> Image {
        let (height, width) = self.window.places(&self.input);
        Image::new(self.input.channels, height, width)
    }

    #[track_caller]
    pub(super) fn check(&self, batch: usize, input: (&str, usize), output: (&str, usize)) {
        expect_len(input.0, input.1, batch * self.input.len());
        expect_len(output.0, output.1, batch * self.output().len());
    }

    /// Calls `each(places, pixels)` for every row of pixels under a row of places, in the order of
    /// the taps: the first number of each row, as a place in its plane, and their count. The
    /// places lie side by side, the pixels a stride apart.
    pub(super) fn rows(&self, mut each: impl FnMut(usize, usize, usize)) {
        self.tap_rows(|_, places, pixels, len| each(places, pixels, len));
    }

    /// As [`rows`](Geometry::rows), with the number of the tap first.
    pub(super) fn tap_rows(&self, mut each: impl FnMut(usize, usize, usize, usize)) {
        let output = self.output();
        for ky in 0..self.window.kernel.0 {
            let y = self.window.rows(&self.input, output.height, ky);
            for kx in 0..self.window.kernel.1 {
                let x = self.window.columns(&self.input, output.width, kx);
                if x.places.is_empty() {
                    continue;
                }
                for (nth, oy) in y.places.clone().enumerate() {
                    let row = y.first + nth * self.window.stride.0;
                    each(
                        ky * self.window.kernel.1 + kx,
                        oy * output.width + x.places.start,
                        row * self.input.width + x.first,
                        x.places.len(),
                    );
                }
            }
        }
    }
}

/// Calls `each(pixels under the place, place)` for every place of every channel, the pixels in the
/// order of the taps: the list of the naive poolings.
pub(super) fn naive_places(g: &Geometry, batch: usize, mut each: impl FnMut(&[usize], usize)) {
    let output = g.output();
    let mut pixels = Vec::new();
    for plane in 0..batch * g.input.channels {
        for oy in 0..output.height {
            for ox in 0..output.width {
                pixels.clear();
                for ky in 0..g.window.kernel.0 {
                    for kx in 0..g.window.kernel.1 {
                        if let Some(pixel) = g.window.under(&g.input, (oy, ox), (ky, kx)) {
                            pixels.push(plane * g.input.plane() + pixel);
                        }
                    }
                }
                each(&pixels, (plane * output.height + oy) * output.width + ox);
            }
        }
    }
}

/// `y = Σ_k x[k] / divisor`, written for sums and averages at once.
pub(super) fn sum_forward<T: Number>(
    g: &Geometry,
    batch: usize,
    divisor: T,
    input: &[T],
    output: &mut [T],
) {
    g.check(batch, ("input", input.len()), ("output", output.len()));
    output.fill(T::zero());
    let stride = g.window.stride.1;
    let planes = input.chunks_exact(g.input.plane());
    for (x, y) in planes.zip(output.chunks_exact_mut(g.output().plane())) {
        g.rows(|place, pixel, len| {
            let x = x[pixel..].iter().step_by(stride);
            for (y, x) in y[place..place + len].iter_mut().zip(x) {
                *y += *x;
            }
        });
        if divisor != T::one() {
            for y in y {
                *y /= divisor;
            }
        }
    }
}

/// `d_x = scale · Σ d_y` over the places whose window covers the pixel.
pub(super) fn sum_backward<T: Number>(
    g: &Geometry,
    batch: usize,
    scale: T,
    d_output: &[T],
    d_input: &mut [T],
) {
    g.check(
        batch,
        ("d_input", d_input.len()),
        ("d_output", d_output.len()),
    );
    d_input.fill(T::zero());
    let stride = g.window.stride.1;
    let planes = d_input.chunks_exact_mut(g.input.plane());
    for (dx, dy) in planes.zip(d_output.chunks_exact(g.output().plane())) {
        g.rows(|place, pixel, len| {
            let dx = dx[pixel..].iter_mut().step_by(stride);
            for (dx, dy) in dx.zip(&dy[place..place + len]) {
                *dx += *dy;
            }
        });
        if scale != T::one() {
            for dx in dx {
                *dx *= scale;
            }
        }
    }
}
