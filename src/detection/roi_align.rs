//! Parts of an image's feature map as inputs of one size.

use std::any::Any;
use std::fmt::{Debug, Display};

use dfdx::prelude::{
    Axes4, Axis, BroadcastTo, Const, Cpu, Dim, GatherTo, Gradients, HasShape, PermuteTo, PutTape,
    ReshapeTo, Shape, SplitTape, SumTo, Tape, Tensor, TryMul,
};
use rayon::prelude::*;

use super::{BoxError, DetectionError};
use crate::data::BoundingBox;
use crate::kernels::roi_align::{backward, forward, Geometry, Region};
use crate::kernels::Image;
use crate::shape::Chw;
use crate::tensor::{allocated, filled, on_cpu, scalar, Batch, Device, Element, Parameter};

/// A part of one image of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roi {
    /// The image, counted from 0.
    pub image: usize,
    /// The part, in pixels of the image; its class does not matter.
    pub place: BoundingBox,
}

/// Cuts parts out of feature maps and averages each into a grid of `PH`×`PW` bins, so that one network
/// takes parts of all sizes.
///
/// `y[r, c, i, j]` is the mean over the points of bin `(i, j)` of part `r`; each point is a bilinear
/// mean of the four pixels around it, and 0 more than a pixel outside of the image. Gradients flow to
/// the features, not to the parts.
///
/// # Shapes
/// `(B, C, H, W)` and `R` parts → `(R, C, PH, PW)`
///
/// # Parameters
/// - `spatial_scale`: what edges in pixels of the image are multiplied by to be pixels of the feature
///   map; default 1.
/// - `sampling_ratio`: points along each side of a bin; default 0, which takes `⌈side⌉`.
///
/// # Example
/// ```
/// use shapeproof::data::BoundingBox;
/// use shapeproof::detection::{Roi, RoiAlign};
/// use shapeproof::prelude::*;
/// let dev = Cpu::default();
/// let features: Batch<Chw<1, 2, 4>, usize, f32, Cpu> =
///     dev.tensor_from_vec((0..8).map(|x| x as f32).collect(), (1, Const, Const, Const));
/// // The features are half as large as the image.
/// let align = RoiAlign::<1, 2> { spatial_scale: 0.5, sampling_ratio: 1 };
/// let right = BoundingBox { class: 0, xmin: 4., ymin: 0., xmax: 8., ymax: 4. };
/// let parts = align.try_forward(features.leaky_trace(), &[Roi { image: 0, place: right }])?;
/// assert_eq!(parts.as_vec(), [4.0, 5.0]);
/// let gradients = parts.sum().backward();
/// assert_eq!(gradients.get(&features).as_vec(), [0., 0., 0.5, 0.5, 0., 0., 0.5, 0.5]);
/// # Ok::<(), shapeproof::detection::DetectionError<CpuError>>(())
/// ```
///
/// # Same as
/// `torchvision.ops.roi_align(features, rois, (PH, PW), spatial_scale, sampling_ratio, aligned=True)`
///
/// # Source
/// He, Gkioxari, Dollár and Girshick, "Mask R-CNN", 2017.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoiAlign<const PH: usize, const PW: usize> {
    /// Pixels of the feature map for each of the image.
    pub spatial_scale: f64,
    /// Points along each side of a bin; 0 for one a pixel.
    pub sampling_ratio: usize,
}

impl<const PH: usize, const PW: usize> Default for RoiAlign<PH, PW> {
    fn default() -> Self {
        RoiAlign {
            spatial_scale: 1.0,
            sampling_ratio: 0,
        }
    }
}

/// What the op puts out.
type Parts<const C: usize, const PH: usize, const PW: usize, E, D, T> =
    Batch<Chw<C, PH, PW>, usize, E, D, T>;

impl<const PH: usize, const PW: usize> RoiAlign<PH, PW> {
    /// The parts, in their order; none of them is a batch of none.
    ///
    /// # Errors
    /// When a part is of no image of the batch, has an edge that is not finite, or the device is out
    /// of memory.
    pub fn try_forward<B, const C: usize, const H: usize, const W: usize, E, D, T>(
        &self,
        features: Batch<Chw<C, H, W>, B, E, D, T>,
        rois: &[Roi],
    ) -> Result<Parts<C, PH, PW, E, D, T>, DetectionError<D::Err>>
    where
        B: Dim,
        E: Element,
        D: Device<E>,
        D::Err: Debug + Display,
        T: Tape<E, D>,
    {
        const { assert!(H * W > 0, "an image without pixels has no parts") };
        let batch = features.shape().0.size();
        let regions = regions(rois, batch)?;
        let geometry = Geometry {
            input: Image::new(C, H, W),
            bins: (PH, PW),
            spatial_scale: self.spatial_scale,
            sampling_ratio: self.sampling_ratio,
        };
        let (features, tape) = features.split_tape();
        let slices = on_cpu(&features).filter(|features| features.values().is_some());
        match slices {
            Some(cpu) => on_slices(&geometry, &features, cpu, regions, batch, tape),
            None => by_ops(&geometry, features, &regions, tape),
        }
        .map_err(DetectionError::Device)
    }
}

/// The parts as the kernel takes them.
fn regions(rois: &[Roi], batch: usize) -> Result<Vec<Region>, BoxError> {
    let region = |(number, roi): (usize, &Roi)| {
        let Roi { image, place } = *roi;
        let edges = [place.xmin, place.ymin, place.xmax, place.ymax];
        if image >= batch {
            return Err(BoxError::Image {
                number,
                image,
                batch,
            });
        }
        if !edges.iter().all(|edge| edge.is_finite()) {
            let found = place;
            return Err(BoxError::Edges { number, found });
        }
        let edges = edges.map(f64::from);
        Ok(Region { image, edges })
    };
    rois.iter().enumerate().map(region).collect()
}

/// On the CPU: the kernel, parts side by side; backward, images side by side, so that the gradient of
/// an image is added up in the order of its parts.
fn on_slices<const C: usize, const PH: usize, const PW: usize, S, E, D, T>(
    geometry: &Geometry,
    features: &Tensor<S, E, D>,
    cpu: &dyn Parameter<E>,
    regions: Vec<Region>,
    batch: usize,
    mut tape: T,
) -> Result<Parts<C, PH, PW, E, D, T>, D::Err>
where
    S: Shape,
    E: Element,
    D: Device<E>,
    T: Tape<E, D>,
{
    let geometry = *geometry;
    let (image, part) = (geometry.input.len(), geometry.output().len());
    let mut output = vec![E::zero(); regions.len() * part];
    let values = cpu.values().unwrap_or_default();
    if part > 0 {
        let parts = output.par_chunks_mut(part).zip(&regions);
        parts.for_each(|(output, region)| {
            forward(&geometry, batch, values, &[*region], output);
        });
    }
    let parts = filled(
        features.device(),
        &(regions.len(), Const, Const, Const),
        &output,
    )?;
    if T::OWNS_TAPE {
        let (features, of_parts) = (features.clone(), parts.clone());
        tape.add_backward_op(move |gradients| {
            gradients.try_alloc_for(&features)?;
            gradients.try_alloc_for(&of_parts)?;
            let (Some(features), Some(parts)) = (on_cpu(&features), on_cpu(&of_parts)) else {
                unreachable!("forward has read the features on the CPU")
            };
            let gradients = (gradients as &mut dyn Any).downcast_mut();
            let gradients: &mut Gradients<E, Cpu> =
                gradients.expect("the tape of a tensor on the CPU is, too");
            let d_parts = allocated(parts, gradients).to_vec();
            let d_features = allocated(features, gradients);
            if part == 0 || image == 0 {
                return Ok(());
            }
            let images = d_features.par_chunks_mut(image).enumerate();
            images.for_each(|(number, d_features)| {
                let own = || (regions.iter().enumerate()).filter(|(_, r)| r.image == number);
                let rows = own().flat_map(|(at, _)| &d_parts[at * part..(at + 1) * part]);
                let rows: Vec<E> = rows.copied().collect();
                let own: Vec<Region> = own().map(|(_, r)| Region { image: 0, ..*r }).collect();
                let mut added = vec![E::zero(); image];
                backward(&geometry, 1, &own, &rows, &mut added);
                for (gradient, added) in d_features.iter_mut().zip(added) {
                    *gradient += added;
                }
            });
            Ok(())
        });
    }
    Ok(parts.put_tape(tape))
}

/// On other devices: every bin as a sum of pixels times weights.
fn by_ops<
    B,
    const C: usize,
    const H: usize,
    const W: usize,
    const PH: usize,
    const PW: usize,
    E,
    D,
    T,
>(
    geometry: &Geometry,
    features: Batch<Chw<C, H, W>, B, E, D>,
    regions: &[Region],
    tape: T,
) -> Result<Parts<C, PH, PW, E, D, T>, D::Err>
where
    B: Dim,
    E: Element,
    D: Device<E>,
    T: Tape<E, D>,
{
    let device = features.device().clone();
    let batch = features.shape().0.size();
    let bins: Vec<(usize, Vec<(usize, f64)>)> = (regions.iter())
        .flat_map(|region| {
            let taps = geometry.taps(region).into_iter();
            taps.map(|taps| (region.image * H * W, taps))
        })
        .collect();
    // As many pixels for every bin as for the one of most; what is missing counts 0.
    let most = bins
        .iter()
        .map(|(_, taps)| taps.len())
        .max()
        .unwrap_or(0)
        .max(1);
    let (mut places, mut weights) = (Vec::new(), Vec::new());
    for (first, taps) in &bins {
        let padding = std::iter::repeat((0, 0.0));
        for (pixel, weight) in taps.iter().copied().chain(padding).take(most) {
            places.push(first + pixel);
            weights.push(scalar::<E>(weight));
        }
    }
    let places = filled(&device, &(places.len(),), &places)?;
    let weights: Tensor<_, E, D> = filled(&device, &(bins.len(), most), &weights)?;
    let sizes = (bins.len(), most, C);
    let pixels = features
        .put_tape(tape)
        .try_reshape_like(&(batch, C, H, W))?
        .try_permute::<(usize, usize, usize, usize), Axes4<0, 2, 3, 1>>()?
        .try_reshape_like(&(batch * H * W, C))?;
    let taken: Tensor<(usize, usize), E, D, T> = pixels.try_gather(places)?;
    let taken = taken.try_reshape_like(&sizes)?;
    let weights = weights.try_broadcast_like::<_, Axis<2>>(&sizes)?;
    let sums: Tensor<(usize, usize), E, D, T> = taken.try_mul(weights)?.try_sum::<_, Axis<1>>()?;
    let parts: Tensor<(usize, usize, usize, usize), E, D, T> = sums
        .try_reshape_like(&(regions.len(), PH, PW, C))?
        .try_permute::<_, Axes4<0, 3, 1, 2>>()?;
    parts.try_reshape_like(&(regions.len(), Const, Const, Const))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::*;

    #[test]
    fn ops_and_slices_agree() {
        let dev = Cpu::default();
        let values = (0..2 * 72)
            .map(|i| f64::from(i * 37 % 101) / 16.0)
            .collect();
        let x: Batch<Chw<3, 4, 6>, usize, f64, Cpu> =
            dev.tensor_from_vec(values, (2, Const, Const, Const));
        let geometry = Geometry {
            input: Image::new(3, 4, 6),
            bins: (2, 3),
            spatial_scale: 0.5,
            sampling_ratio: 0,
        };
        let edges = [
            [0.0, 0.0, 12.0, 8.0],
            [3.3, 1.1, 9.7, 4.2],
            [8.0, -6.0, 20.0, 6.0],
        ];
        let region = |(i, edges): (usize, &[f64; 4])| Region {
            image: i % 2,
            edges: *edges,
        };
        let regions: Vec<Region> = edges.iter().enumerate().map(region).collect();
        let (plain, tape) = x.leaky_trace().split_tape();
        let by_ops: Parts<3, 2, 3, _, _, _> =
            by_ops(&geometry, plain, &regions, tape).expect("memory");
        let (plain, tape) = x.leaky_trace().split_tape();
        let cpu = on_cpu(&plain).expect("on the CPU");
        let on_slices: Parts<3, 2, 3, _, _, _> =
            on_slices(&geometry, &plain, cpu, regions, 2, tape).expect("memory");
        let near = |a: Vec<f64>, b: Vec<f64>| a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(near(by_ops.as_vec(), on_slices.as_vec()));
        let square = |parts: Parts<3, 2, 3, f64, Cpu, OwnedTape<f64, Cpu>>| {
            parts.square().sum::<Rank0, _>().backward().get(&x).as_vec()
        };
        assert!(near(square(by_ops), square(on_slices)));
    }
}
