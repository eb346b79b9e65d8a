//! The channels of several tensors one after the other, as in a U-Net or an Inception block.

use super::{expect_len, Number};

/// The numbers that one image of every part holds.
#[track_caller]
fn lens(batch: usize, lens: impl Iterator<Item = usize>) -> Vec<usize> {
    lens.enumerate()
        .map(|(nth, len)| {
            assert!(
                len == 0 || (batch > 0 && len.is_multiple_of(batch)),
                "part {nth} holds {len} numbers, which do not make {batch} images"
            );
            len.checked_div(batch).unwrap_or(0)
        })
        .collect()
}

/// `y[b] = x_0[b], x_1[b], …`
///
/// # Shapes
/// Parts `(B, C_n, H, W)`, `output` `(B, Σ C_n, H, W)`.
///
/// # Panics
/// When a part holds no whole number of images, or the output has another length.
///
/// # Same as
/// `torch.cat(parts, dim=1)`
///
/// # Example
/// ```
/// use shapeproof::kernels::concat;
/// let mut y = [0.0; 6];
/// concat::forward(2, &[&[1.0, 2.0], &[3.0, 4.0, 5.0, 6.0]], &mut y);
/// assert_eq!(y, [1.0, 3.0, 4.0, 2.0, 5.0, 6.0]);
/// ```
pub fn forward<T: Number>(batch: usize, parts: &[&[T]], output: &mut [T]) {
    let lens = lens(batch, parts.iter().map(|part| part.len()));
    expect_len("output", output.len(), batch * lens.iter().sum::<usize>());
    let mut rest = output;
    for image in 0..batch {
        for (part, len) in parts.iter().zip(&lens) {
            let (here, behind) = rest.split_at_mut(*len);
            here.copy_from_slice(&part[image * len..(image + 1) * len]);
            rest = behind;
        }
    }
}

/// `d_x_n[b]` = its share of `d_y[b]`
///
/// # Shapes
/// `d_output` `(B, Σ C_n, H, W)`, `d_parts` `(B, C_n, H, W)`.
///
/// # Panics
/// When a part holds no whole number of images, or `d_output` has another length.
pub fn backward<T: Number>(batch: usize, d_output: &[T], d_parts: &mut [&mut [T]]) {
    let lens = lens(batch, d_parts.iter().map(|part| part.len()));
    let expected = batch * lens.iter().sum::<usize>();
    expect_len("d_output", d_output.len(), expected);
    let mut rest = d_output;
    for image in 0..batch {
        for (part, len) in d_parts.iter_mut().zip(&lens) {
            let (here, behind) = rest.split_at(*len);
            part[image * len..(image + 1) * len].copy_from_slice(here);
            rest = behind;
        }
    }
}

/// The same, number by number.
pub mod naive {
    use super::Number;

    /// See [`super::forward`].
    pub fn forward<T: Number>(batch: usize, parts: &[&[T]], output: &mut [T]) {
        let mut place = 0;
        for image in 0..batch {
            for part in parts {
                for i in 0..part.len() / batch {
                    output[place] = part[image * (part.len() / batch) + i];
                    place += 1;
                }
            }
        }
    }
}
