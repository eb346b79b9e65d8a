//! Networks that other people trained, loaded into typed models: do they give their authors' numbers?
//!
//! `cargo run --release --example pretrained -- --weights DIR --data DIR` takes the folders with
//! `resnet20-cifar10/` and `mnist-cntk/`, and with `cifar10/` and `mnist/`. One line a model: its
//! accuracy on test images, and how far its outputs are from reference outputs computed in `f64`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use shapeproof::data::{Cifar10, Dataset, Digits, Normalize};
use shapeproof::models::ResNet20;
use shapeproof::prelude::*;
use shapeproof::tensor::{self, Batched};
use shapeproof::weights;

/// The MNIST network of the ONNX model zoo; it takes pixels from 0 to 255.
#[model(input = Chw<1, 28, 28>, output = Flat<10>)]
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

/// Compares trained networks with their authors' numbers.
#[derive(Parser)]
struct Arguments {
    /// Folder with resnet20-cifar10/ and mnist-cntk/
    #[arg(long, value_name = "DIR")]
    weights: PathBuf,
    /// Folder with cifar10/ and mnist/
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Compute in 64 bits
    #[arg(long)]
    double: bool,
}

/// Images whose reference outputs are known, the first of each test set.
const REFERENCES: usize = 1000;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = if arguments.double {
        run::<f64>(&arguments)
    } else {
        run::<f32>(&arguments)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pretrained: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run<E: Element>(Arguments { weights, data, .. }: &Arguments) -> Result<(), Box<dyn Error>>
where
    Cpu: tensor::Device<E>,
{
    let dev = Cpu::default();

    let mut net: ResNet20<E, Cpu> = ResNet20::new(&dev);
    let folder = weights.join("resnet20-cifar10");
    weights::load(&mut net, folder.join("resnet20.safetensors"))?;
    let images = Cifar10::from_records(data.join("cifar10/test_first1000.bin.gz"))?;
    let images = images.normalized(Normalize::IMAGENET);
    let outputs = outputs(&net, &images, &dev)?;
    let reference = reference(&folder.join("ref_logits_test_first1000_f64.npy"))?;
    report("resnet20-cifar10", &outputs, images.labels(), &reference);

    let mut net: MnistCntk<E, Cpu> = MnistCntk::new(&dev);
    let folder = weights.join("mnist-cntk");
    weights::load(&mut net, folder.join("mnist_cntk.safetensors"))?;
    let images = Digits::mnist_test(data.join("mnist"))?.normalized(Normalize::BYTES);
    let outputs = self::outputs(&net, &images, &dev)?;
    let reference = self::reference(&folder.join("ref_logits_t10k_first1000_f64.npy"))?;
    report("mnist-cntk", &outputs, images.labels(), &reference);
    Ok(())
}

/// What the network puts out for every image.
fn outputs<S, E, M>(
    net: &M,
    images: &Dataset<S, 10>,
    dev: &Cpu,
) -> Result<Vec<[f64; 10]>, Box<dyn Error>>
where
    S: Batched,
    E: Element,
    Cpu: tensor::Device<E>,
    M: Module<Batch<S, usize, E, Cpu>, Output = Batch<Flat<10>, usize, E, Cpu>>,
{
    let mut outputs = Vec::with_capacity(images.len());
    for batch in images.batches::<E, _>(dev, 100)? {
        let values = net.forward(batch?.images).as_vec();
        outputs.extend(values.chunks_exact(10).map(|row| {
            std::array::from_fn(|class| row[class].to_f64().expect("every number is an f64"))
        }));
    }
    Ok(outputs)
}

/// Outputs that somebody else computed in `f64`.
fn reference(path: &Path) -> Result<Vec<[f64; 10]>, Box<dyn Error>> {
    let mut tensor: Tensor<Rank2<REFERENCES, 10>, f64, Cpu> = Cpu::default().zeros();
    tensor
        .load_from_npy(path)
        .map_err(|e| format!("{}: {e:?}", path.display()))?;
    Ok(tensor.array().to_vec())
}

fn report(name: &str, outputs: &[[f64; 10]], labels: &[usize], reference: &[[f64; 10]]) {
    let largest = |row: &[f64; 10]| {
        (0..10)
            .max_by(|a, b| row[*a].total_cmp(&row[*b]))
            .expect("ten classes")
    };
    let both = outputs.iter().zip(labels);
    let right = both.filter(|(row, label)| largest(row) == **label).count();
    let differences = outputs.iter().flatten().zip(reference.iter().flatten());
    let difference = differences
        .map(|(found, expected)| (found - expected).abs())
        // Unlike `max`, this keeps NaN.
        .fold(0.0, |a: f64, b| if a > b || a.is_nan() { a } else { b });
    let accuracy = right as f64 / labels.len() as f64;
    println!("{name} accuracy {accuracy:.4} max_abs_diff {difference:.1e}");
}
