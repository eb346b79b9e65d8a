//! Networks that other people trained give their authors' outputs.
//!
//! The files are not part of the repository. The tests look for them in the folder that the
//! variable `SHAPEPROOF_DATA` names, or else in `../shared/data` beside the repository, and skip
//! with a message where they are absent.

use std::path::{Path, PathBuf};

use shapeproof::data::{Cifar10, Dataset, Digits, Normalize};
use shapeproof::models::{ResNet20, ResNet20Projected};
use shapeproof::prelude::*;
use shapeproof::tensor::{self, Batched};
use shapeproof::weights::{self, WeightError};

/// A file of the data folder, if it is there.
fn file(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("SHAPEPROOF_DATA").map_or(beside, PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is absent", path.display());
    None
}

/// The MNIST network of the ONNX model zoo; it takes pixels from 0 to 255.
#[model(input = Chw<1, 28, 28>, output = Flat<10>, max_params = 5_994)]
struct MnistCntk {
    conv1: Conv2d<8, Kernel<5>, Padding<2>>,
    relu1: Relu,
    pool1: MaxPool2d<2>,
    conv2: Conv2d<16, Kernel<5>, Padding<2>>,
    relu2: Relu,
    pool2: MaxPool2d<3>,
    flatten: Flatten,
    fc: Linear<10>,
}

/// The largest distance from the reference outputs over the first `count` images, and how many
/// of those are classified as labelled.
fn compare<S, E, M>(net: &M, images: Dataset<S, 10>, count: usize, reference: &Path) -> (f64, usize)
where
    S: Batched,
    E: Element,
    Cpu: tensor::Device<E>,
    M: Module<Batch<S, usize, E, Cpu>, Output = Batch<Flat<10>, usize, E, Cpu>>,
{
    let dev = Cpu::default();
    let mut expected: Tensor<Rank2<1000, 10>, f64, Cpu> = dev.zeros();
    expected
        .load_from_npy(reference)
        .expect("the reference outputs can be read");
    let expected = expected.as_vec();
    let images = images.take(count);
    let (mut difference, mut right) = (0f64, 0);
    let mut rows = expected.chunks_exact(10);
    for batch in images.batches::<E, _>(&dev, 20).unwrap() {
        let batch = batch.unwrap();
        let found = net.forward(batch.images).as_vec();
        for (row, label) in found.chunks_exact(10).zip(batch.labels) {
            let row: Vec<f64> = row.iter().map(|v| v.to_f64().unwrap()).collect();
            for (found, expected) in row.iter().zip(rows.next().unwrap()) {
                let distance = (found - expected).abs();
                assert!(distance.is_finite(), "{found} {expected}");
                difference = difference.max(distance);
            }
            right += usize::from((0..10).all(|class| row[class] <= row[label]));
        }
    }
    (difference, right)
}

fn resnet20<E: Element>(count: usize) -> Option<(f64, usize)>
where
    Cpu: tensor::Device<E>,
{
    let weights = file("weights/resnet20-cifar10/resnet20.safetensors")?;
    let reference = file("weights/resnet20-cifar10/ref_logits_test_first1000_f64.npy")?;
    let images = file("cifar10/test_first1000.bin.gz")?;
    let mut net: ResNet20<E, Cpu> = ResNet20::new(&Cpu::default());
    weights::load(&mut net, weights).unwrap();
    let images = Cifar10::from_records(images).unwrap();
    let images = images.normalized(Normalize::IMAGENET);
    Some(compare(&net, images, count, &reference))
}

#[test]
fn resnet20_gives_its_author_s_outputs() {
    let Some((difference, right)) = resnet20::<f32>(1000) else {
        return;
    };
    assert!(difference <= 1e-3, "off by {difference:e}");
    assert_eq!(right, 915, "of 1,000");
    let (difference, _) = resnet20::<f64>(100).expect("the files were there");
    assert!(difference <= 1e-8, "off by {difference:e}");
}

#[test]
fn the_mnist_network_gives_its_author_s_outputs() {
    fn run<E: Element>(count: usize) -> Option<(f64, usize)>
    where
        Cpu: tensor::Device<E>,
    {
        let weights = file("weights/mnist-cntk/mnist_cntk.safetensors")?;
        let reference = file("weights/mnist-cntk/ref_logits_t10k_first1000_f64.npy")?;
        let folder = file("mnist")?;
        let mut net: MnistCntk<E, Cpu> = MnistCntk::new(&Cpu::default());
        weights::load(&mut net, weights).unwrap();
        let images = Digits::mnist_test(folder).unwrap();
        let images = images.normalized(Normalize::BYTES);
        Some(compare(&net, images, count, &reference))
    }
    let Some((difference, right)) = run::<f32>(1000) else {
        return;
    };
    // The outputs reach 9,336, because the pixels are not scaled: there one step of f32 is 1e-3,
    // and this bound some ten of them.
    assert!(difference <= 1e-2, "off by {difference:e}");
    assert_eq!(right, 987, "of 1,000");
    let (difference, _) = run::<f64>(200).expect("the files were there");
    assert!(difference <= 1e-8, "off by {difference:e}");
}

#[test]
fn weights_of_the_other_shortcut_are_refused_by_name() {
    let Some(weights) = file("weights/resnet20-cifar10/resnet20.safetensors") else {
        return;
    };
    let mut net: ResNet20Projected = ResNet20Projected::new(&Cpu::default());
    let before = net.linear.weight.array();
    let error = weights::load(&mut net, weights).unwrap_err();
    let WeightError::Differs { differences, .. } = &error else {
        panic!("{error}");
    };
    // A convolution and four tensors of a normalisation in each of two stages.
    assert_eq!(differences.len(), 10, "{error}");
    assert!(
        error
            .to_string()
            .contains("layer2.0.downsample.conv.weight"),
        "{error}"
    );
    assert_eq!(net.linear.weight.array(), before);
}
