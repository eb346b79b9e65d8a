//! Lays the pixels under a sliding window side by side, which makes a convolution a matrix product.

use super::image::every_nth;
use super::{expect_len, Image, Number, Window};

/// `columns[c, k, p]` = the pixel of channel `c` under tap `k` at place `p`, 0 in the padding.
///
/// # Shapes
/// One image `(C, H, W)` → `(C·KH·KW, OH·OW)`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.unfold` of one image, with any padding.
pub fn forward<T: Number>(image: &Image, window: &Window, input: &[T], columns: &mut [T]) {
    let places = window.places(image);
    let count = places.0 * places.1;
    expect_len("input", input.len(), image.len());
    expect_len(
        "columns",
        columns.len(),
        image.channels * window.taps() * count,
    );
    let mut rows = columns.chunks_exact_mut(count);
    for plane in input.chunks_exact(image.plane()) {
        for ky in 0..window.kernel.0 {
            let y = window.rows(image, places.0, ky);
            for kx in 0..window.kernel.1 {
                let x = window.columns(image, places.1, kx);
                let row = rows.next().expect("a row for every channel and tap");
                row[..y.places.start * places.1].fill(T::zero());
                row[y.places.end * places.1..].fill(T::zero());
                for (nth, oy) in y.places.clone().enumerate() {
                    let source = (y.first + nth * window.stride.0) * image.width;
                    let source = &plane[source..source + image.width];
                    let target = &mut row[oy * places.1..(oy + 1) * places.1];
                    target[..x.places.start].fill(T::zero());
                    target[x.places.end..].fill(T::zero());
                    let target = &mut target[x.places.clone()];
                    every_nth(&source[x.first..], window.stride.1, target);
                }
            }
        }
    }
}

/// `d_input[pixel] = Σ` over all taps and places under which the pixel lies of `d_columns`.
///
/// # Shapes
/// `(C·KH·KW, OH·OW)` → one image `(C, H, W)`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.fold` to one image, with any padding.
pub fn backward<T: Number>(image: &Image, window: &Window, d_columns: &[T], d_input: &mut [T]) {
    let places = window.places(image);
    let count = places.0 * places.1;
    expect_len("d_input", d_input.len(), image.len());
    expect_len(
        "d_columns",
        d_columns.len(),
        image.channels * window.taps() * count,
    );
    d_input.fill(T::zero());
    let mut rows = d_columns.chunks_exact(count);
    for plane in d_input.chunks_exact_mut(image.plane()) {
        for ky in 0..window.kernel.0 {
            let y = window.rows(image, places.0, ky);
            for kx in 0..window.kernel.1 {
                let x = window.columns(image, places.1, kx);
                let row = rows.next().expect("a row for every channel and tap");
                for (nth, oy) in y.places.clone().enumerate() {
                    let target = (y.first + nth * window.stride.0) * image.width;
                    let target = &mut plane[target..target + image.width];
                    let source = &row[oy * places.1..(oy + 1) * places.1][x.places.clone()];
                    let target = target[x.first..].iter_mut();
                    // Without the stride the compiler adds several numbers at once.
                    if window.stride.1 == 1 {
                        for (to, from) in target.zip(source) {
                            *to += *from;
                        }
                    } else {
                        for (to, from) in target.step_by(window.stride.1).zip(source) {
                            *to += *from;
                        }
                    }
                }
            }
        }
    }
}

/// The same as plain loops.
pub mod naive {
    use super::{Image, Number, Window};

    /// Calls `each(pixel of the image, number of the columns)` for all that belong together.
    fn pairs(image: &Image, window: &Window, mut each: impl FnMut(usize, usize)) {
        let (rows, columns) = window.places(image);
        let mut cell = 0;
        for channel in 0..image.channels {
            for ky in 0..window.kernel.0 {
                for kx in 0..window.kernel.1 {
                    for oy in 0..rows {
                        for ox in 0..columns {
                            if let Some(pixel) = window.under(image, (oy, ox), (ky, kx)) {
                                each(channel * image.plane() + pixel, cell);
                            }
                            cell += 1;
                        }
                    }
                }
            }
        }
    }

    /// See [`super::forward`].
    pub fn forward<T: Number>(image: &Image, window: &Window, input: &[T], columns: &mut [T]) {
        columns.fill(T::zero());
        pairs(image, window, |pixel, cell| columns[cell] = input[pixel]);
    }

    /// See [`super::backward`].
    pub fn backward<T: Number>(image: &Image, window: &Window, d_columns: &[T], d_input: &mut [T]) {
        d_input.fill(T::zero());
        pairs(image, window, |pixel, cell| {
            d_input[pixel] += d_columns[cell];
        });
    }
}
