//! The largest value of each channel over the whole image.

use super::{expect_len, Number, Planes};

/// `y[b, c] = max_p x[b, c, p]`, and which pixel that is.
///
/// Of equal values the first is taken. NaN is larger than any number, and the first NaN is taken.
///
/// # Shapes
/// `input` `(B, C, plane)`, `output` and `indices` `(B, C)`; without `indices`, no backward can
/// follow.
///
/// # Panics
/// When a slice has another size, the image holds no pixel, or more than an index can count.
///
/// # Same as
/// `torch.nn.functional.adaptive_max_pool2d(x, 1, return_indices=True)`, but for images with
/// several NaN, of which that takes the last
pub fn forward<T: Number>(
    planes: &Planes,
    batch: usize,
    input: &[T],
    output: &mut [T],
    mut indices: Option<&mut [u32]>,
) {
    expect_len("input", input.len(), batch * planes.len());
    expect_len("output", output.len(), batch * planes.channels);
    if let Some(indices) = &indices {
        expect_len("indices", indices.len(), output.len());
    }
    assert!(planes.plane > 0, "an image without pixels has no maximum");
    assert!(
        u32::try_from(planes.plane).is_ok(),
        "a channel of {} pixels is too large for indices of 32 bits",
        planes.plane
    );
    for (nth, (x, y)) in input.chunks_exact(planes.plane).zip(output).enumerate() {
        let mut largest = 0;
        for (place, value) in x.iter().enumerate() {
            if value.is_nan() {
                largest = place;
                break;
            }
            if *value > x[largest] {
                largest = place;
            }
        }
        *y = x[largest];
        if let Some(indices) = &mut indices {
            indices[nth] = largest as u32;
        }
    }
}

/// `d_x[b, c, p] = d_y[b, c]` where `p` is the largest pixel, 0 elsewhere.
///
/// # Shapes
/// `indices` (those that [`forward`] gave) and `d_output` `(B, C)`, `d_input` `(B, C, plane)`.
///
/// # Panics
/// When a slice has another size, or an index lies outside of the channel.
pub fn backward<T: Number>(
    planes: &Planes,
    batch: usize,
    indices: &[u32],
    d_output: &[T],
    d_input: &mut [T],
) {
    expect_len("indices", indices.len(), batch * planes.channels);
    expect_len("d_output", d_output.len(), batch * planes.channels);
    expect_len("d_input", d_input.len(), batch * planes.len());
    d_input.fill(T::zero());
    let channels = d_input.chunks_exact_mut(planes.plane);
    for (dx, (dy, index)) in channels.zip(d_output.iter().zip(indices)) {
        dx[*index as usize] = *dy;
    }
}

/// The same from the definition: the first pixel that no other surpasses.
pub mod naive {
    use super::{Number, Planes};

    /// See [`super::forward`].
    pub fn forward<T: Number>(
        planes: &Planes,
        batch: usize,
        input: &[T],
        output: &mut [T],
        indices: &mut [u32],
    ) {
        for channel in 0..batch * planes.channels {
            let x = |pixel: usize| input[channel * planes.plane + pixel];
            let surpasses = |a: T, b: T| !b.is_nan() && (a.is_nan() || a > b);
            let unsurpassed = |p: &usize| (0..planes.plane).all(|q| !surpasses(x(q), x(*p)));
            let place = (0..planes.plane).find(unsurpassed);
            let place = place.expect("one of some numbers is the largest");
            output[channel] = x(place);
            indices[channel] = place as u32;
        }
    }
}
