//! What is learned and what is seen, as sheets of small pictures.

use dfdx::prelude::{CopySlice, HasShape, Shape, Tensor};

use super::grid::make_grid;
use crate::data::Picture;
use crate::tensor::Element;

/// The filters of a convolution as a sheet: a row for each filter, a picture for each channel that
/// it reads; filters of three channels are pictures in colour, eight in a row. Zero is grey, the
/// filter's largest number either way is black or white; each weight is `zoom`×`zoom` pixels.
///
/// # Shapes
/// `weight` is `(F, C, KH, KW)`, as in `Conv2d`.
///
/// # Panics
/// When `weight` has not four axes, or `zoom` or one of them is 0.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// use shapeproof::vision::filters;
/// let dev = Cpu::default();
/// let weight: Tensor<Rank4<1, 1, 1, 3>, f32, _> = dev.tensor([[[[-2.0, 0.0, 1.0]]]]);
/// let sheet = filters(&weight, 1);
/// assert_eq!([2, 3, 4].map(|x| sheet.pixel(2, x)[0]), [0, 128, 191]);
/// ```
pub fn filters<S: Shape, E: Element, D: CopySlice<E>>(
    weight: &Tensor<S, E, D>,
    zoom: usize,
) -> Picture {
    let [_, channels, height, width] = four_axes(weight.shape(), "weights of filters");
    let weight = numbers(weight);
    let coloured = channels == 3;
    let planes = if coloured { 3 } else { 1 };
    let mut pictures = Vec::new();
    for filter in weight.chunks_exact(channels * height * width) {
        let most = filter.iter().fold(0f32, |most, x| most.max(x.abs()));
        let byte = |x: &f32| {
            let share = if most > 0.0 { x / most } else { 0.0 };
            ((share + 1.0) * 127.5 + 0.5) as u8
        };
        for part in filter.chunks_exact(planes * height * width) {
            let values = part.iter().map(byte).collect();
            pictures.push(enlarged(planes, height, width, values, zoom));
        }
    }
    make_grid(&pictures, if coloured { 8 } else { channels })
}

/// The feature maps of one image of a batch as a sheet, one picture for each channel; the least
/// number of a map is black, its largest is white. Each number is `zoom`×`zoom` pixels.
///
/// # Shapes
/// `features` are `(B, C, H, W)`.
///
/// # Panics
/// When `features` have not four axes, when `image` is not below `B`, or when `zoom` or one of the
/// axes is 0.
pub fn feature_maps<S: Shape, E: Element, D: CopySlice<E>, T>(
    features: &Tensor<S, E, D, T>,
    image: usize,
    zoom: usize,
) -> Picture {
    let [batch, channels, height, width] = four_axes(features.shape(), "feature maps");
    assert!(image < batch, "image {image} of a batch of {batch}");
    let features = numbers(features);
    let maps = features.chunks_exact(height * width);
    let pictures: Vec<Picture> = maps
        .skip(image * channels)
        .take(channels)
        .map(|map| {
            let least = map.iter().copied().fold(f32::INFINITY, f32::min);
            let most = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let byte = |x: &f32| {
                if most > least {
                    ((x - least) / (most - least) * 255.0 + 0.5) as u8
                } else {
                    0
                }
            };
            enlarged(1, height, width, map.iter().map(byte).collect(), zoom)
        })
        .collect();
    // As near to a square as it goes.
    let columns = (1..=channels).find(|c| c * c >= channels);
    make_grid(&pictures, columns.unwrap_or(1))
}

fn four_axes<S: Shape>(shape: &S, what: &str) -> [usize; 4] {
    let axes: Vec<usize> = shape.concrete().into_iter().collect();
    match axes[..] {
        [a, b, c, d] if b * c * d > 0 => [a, b, c, d],
        _ => panic!("{what} have four axes, none of 0; these are {axes:?}"),
    }
}

/// All numbers of a tensor, as pictures take them.
pub(super) fn numbers<S: Shape, E: Element, D: CopySlice<E>, T>(
    tensor: &Tensor<S, E, D, T>,
) -> Vec<f32> {
    let numbers = tensor.as_vec().into_iter();
    numbers.map(|x| x.to_f32().unwrap_or(f32::NAN)).collect()
}

fn enlarged(channels: usize, height: usize, width: usize, values: Vec<u8>, zoom: usize) -> Picture {
    let picture = Picture::new(channels, height, width, values);
    let picture = picture.expect("as many values as the sizes ask for");
    picture.resized_nearest(height * zoom, width * zoom)
}
