//! Moving pixels about: each output pixel is one of the input, or a constant.

use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, Dtype, GatherTo, HasShape, ReshapeTo, Tape, Tensor, TryConcatAlong,
};

use super::{filled, scalar, Device, Features, Images};
use crate::shape::Dims;

/// A batch of images cut into parts of equal size, each with its pixels in one axis:
/// `(batch, parts, pixels)`.
pub type Pixels<E, D, T> = Tensor<(usize, usize, usize), E, D, T>;

/// Rearranges every part of an image in the same way: pixel `i` of the output is pixel `table[i]`
/// of the input, `fill` for `None`.
///
/// The parts are the channels, where pixels stay in theirs, or stacks of channels, where they
/// leave it.
///
/// # Shapes
/// `(B, C, H, W)` → `(B, parts, table.len())`
///
/// # Errors
/// When the device is out of memory.
///
/// # Panics
/// When `parts` does not divide the channels, or `table` has pixels that the input has not.
pub fn rearrange<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    x: Images<E, D, T>,
    parts: usize,
    table: &[Option<usize>],
    fill: f64,
) -> Result<Pixels<E, D, T>, D::Err> {
    let (&(batch, channels, height, width), device) = (x.shape(), x.device().clone());
    assert_eq!(channels % parts, 0, "{parts} parts of {channels} channels");
    let pixels = channels / parts * height * width;
    let x = x.try_reshape_like(&(batch, parts, pixels))?;
    let x = if table.contains(&None) {
        // One pixel behind the last stands for all that are filled.
        let fill = filled(&device, &(), &[scalar::<E>(fill)])?
            .try_broadcast_like(&(batch, parts, 1usize))?;
        (x, fill).try_concat_along(Axis::<2>)?
    } else {
        x
    };
    let indices: Vec<usize> = table.iter().map(|p| p.unwrap_or(pixels)).collect();
    let indices = filled(&device, &(indices.len(),), &indices)?
        .try_broadcast_like::<_, Axes2<0, 1>>(&(batch, parts, table.len()))?;
    x.try_gather(indices)
}

/// The table for [`rearrange`] that takes row `y` of the output from row `rows[y]` of the input,
/// whose rows have `width` pixels, and column `x` from column `columns[x]`.
pub fn grid(rows: &[Option<usize>], columns: &[Option<usize>], width: usize) -> Vec<Option<usize>> {
    rows.iter()
        .flat_map(|row| {
            columns
                .iter()
                .map(move |column| Some((*row)? * width + (*column)?))
        })
        .collect()
}

impl<E: Dtype, D: Device<E>, T: Tape<E, D>> Features<E, D, T> {
    /// Images of the shape `output`, made by [`rearrange`].
    ///
    /// # Errors
    /// When the device is out of memory.
    ///
    /// # Panics
    /// As [`rearrange`], and when `output` has not as many values as all parts of `table` have.
    pub fn try_rearrange(
        self,
        parts: usize,
        table: &[Option<usize>],
        fill: f64,
        output: Dims,
    ) -> Result<Self, D::Err> {
        let batch = self.batch();
        let pixels = rearrange(self.into_images(), parts, table, fill)?;
        Features::with_dims(pixels, batch, output)
    }
}
