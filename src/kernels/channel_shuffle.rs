//! Deals the channels of groups out.

use super::{expect_len, Number, Planes};

/// `y[j·G + g] = x[g·C/G + j]`: of `G` groups of channels, the first of each, then the second of
/// each, and so on.
///
/// # Shapes
/// `input` and `output` `(B, C, plane)`.
///
/// # Panics
/// When a slice has another size, or the groups do not divide the channels.
///
/// # Same as
/// `torch.nn.functional.channel_shuffle(x, groups)`
pub fn forward<T: Number>(
    planes: &Planes,
    groups: usize,
    batch: usize,
    input: &[T],
    output: &mut [T],
) {
    expect_len("input", input.len(), batch * planes.len());
    expect_len("output", output.len(), input.len());
    let each = group(planes, groups);
    if planes.is_empty() {
        return;
    }
    let images = input.chunks_exact(planes.len());
    for (x, y) in images.zip(output.chunks_exact_mut(planes.len())) {
        for (channel, y) in y.chunks_exact_mut(planes.plane).enumerate() {
            let from = (channel % groups * each + channel / groups) * planes.plane;
            y.copy_from_slice(&x[from..from + planes.plane]);
        }
    }
}

/// The way back: `d_x[g·C/G + j] = d_y[j·G + g]`
///
/// # Shapes
/// `d_output` and `d_input` `(B, C, plane)`.
///
/// # Panics
/// When a slice has another size, or the groups do not divide the channels.
pub fn backward<T: Number>(
    planes: &Planes,
    groups: usize,
    batch: usize,
    d_output: &[T],
    d_input: &mut [T],
) {
    // Dealt out to as many groups as a group had channels, all are where they were.
    forward(planes, group(planes, groups), batch, d_output, d_input);
}

/// Channels of a group.
#[track_caller]
fn group(planes: &Planes, groups: usize) -> usize {
    assert!(
        groups > 0 && planes.channels.is_multiple_of(groups),
        "{groups} groups do not divide {} channels",
        planes.channels
    );
    planes.channels / groups
}

/// The same as plain loops.
pub mod naive {
    use super::{Number, Planes};

    /// See [`super::forward`].
    pub fn forward<T: Number>(
        planes: &Planes,
        groups: usize,
        batch: usize,
        input: &[T],
        output: &mut [T],
    ) {
        let each = planes.channels / groups;
        for image in 0..batch {
            for g in 0..groups {
                for j in 0..each {
                    for pixel in 0..planes.plane {
                        let place = |channel: usize| {
                            (image * planes.channels + channel) * planes.plane + pixel
                        };
                        output[place(j * groups + g)] = input[place(g * each + j)];
                    }
                }
            }
        }
    }
}
