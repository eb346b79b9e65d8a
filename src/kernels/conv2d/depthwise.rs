//! Every filter sees one channel of one image: shifted planes are added up, at any stride.

use super::super::sum;
use super::{Geometry, Number};

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

/// Overwrites `y`.
pub fn forward<T: Number>(g: &Geometry, x: &[T], weight: &[T], y: &mut [T]) {
    let stride = g.window.stride.1;
    y.fill(T::zero());
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
