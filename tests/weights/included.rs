//! Weights that are compared with a model while compiling, and are a part of the program.

use shapeproof::dfdx::nn::tensor_collection::{ModuleVisitor, TensorOptions};
use shapeproof::layers::{Close, Layer};
use shapeproof::prelude::*;
use shapeproof::shape::{one_image, Dims, Infer, Inputs, Signature};
use shapeproof::tensor::{Features, Sizes};
use shapeproof::weights::{Included, Loader, WeightError};

#[model(input = Chw<1, 5, 4>, output = Flat<3>)]
#[derive(Debug)]
struct Net {
    conv: Conv2d<2, Kernel<3>>,
    flatten: Flatten,
    fc: Linear<3>,
}

check_weights!(Net, "tests/fixtures/net.safetensors");
check_weights!(
    Net<f64, Cpu>,
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/net.safetensors")
);

static WEIGHTS: Included<Net> = include_weights!(
    Net,
    "tests/fixtures/data_parallel.safetensors",
    rename_prefix = ["module." => ""],
);

#[test]
fn included_weights_build_the_model() {
    let net = WEIGHTS.load(&Cpu::default()).unwrap();
    assert_eq!(net.fc.bias.array(), [0.0, 0.125, 0.25]);
    let double = include_weights!(Net<f64, Cpu>, "tests/fixtures/net.safetensors");
    let net = double.load(&Cpu::default()).unwrap();
    assert_eq!(net.conv.bias.array(), [0.0, 0.125]);
}

#[test]
fn included_weights_load_into_a_model_and_are_the_bytes_of_the_file() {
    let mut net: Net<f64, Cpu> = Net::new(&Cpu::default());
    let report = WEIGHTS.load_into(&mut net).unwrap();
    assert!(report.is_complete());
    assert_eq!(net.fc.bias.array(), [0.0, 0.125, 0.25]);
    let file = std::fs::read("tests/fixtures/data_parallel.safetensors").unwrap();
    assert_eq!(WEIGHTS.bytes(), file);
}

/// A layer from outside that gives its number of parameters only.
struct Scale;

impl<In: Inputs> Infer<In> for Scale {
    const SIGNATURE: Signature = match one_image(In::DIMS) {
        Ok((channels, height, width)) => {
            Signature::new("Scale", Dims::chw(channels, height, width)).params(channels)
        }
        Err(misfit) => Signature::misfit("Scale", misfit, In::DIMS[0]),
    };
}

impl<In: Sizes, Out> Close<In, Out> for Scale {
    type Layer<E: Dtype, D: Storage<E>> = ScaleOf<In, E, D>;
}

#[derive(Clone, Debug)]
struct ScaleOf<In: Sizes, E: Dtype, D: Storage<E>> {
    weight: Tensor<(In::Channels,), E, D>,
}

impl<In: Sizes, E: Dtype, D: Device<E>> TensorCollection<E, D> for ScaleOf<In, E, D> {
    type To<E2: Dtype, D2: Device<E2>> = ScaleOf<In, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let start = TensorOptions::reset_to_ones();
        visitor.visit_fields(
            Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, start),
            |weight| ScaleOf { weight },
        )
    }
}

impl<In: Sizes, E: Dtype, D: shapeproof::tensor::Device<E>> Layer<E, D> for ScaleOf<In, E, D> {
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        Ok(x)
    }
}

#[block]
struct Residual<const F: usize> {
    conv: Conv2d<F, Kernel<3>, Padding<1>>,
    #[from(input, conv)]
    sum: Add,
}

#[model(input = Chw<2, 4, 3>, output = Flat<3>)]
struct Deep {
    body: Repeat<2, Residual<2>>,
    scale: Scale,
    flatten: Flatten,
    fc: Linear<3, NoBias>,
}

#[test]
fn tensors_of_blocks_and_of_layers_that_list_none_are_found() {
    let weights = include_weights!(
        Deep,
        "tests/fixtures/blocks.safetensors",
        rename_prefix = ["module" => "", "layers" => "body"],
        ignore = ["auxiliary"],
    );
    let net = weights.load(&Cpu::default()).unwrap();
    assert_eq!(net.scale.weight.array(), [0.0, 0.125]);
    assert_eq!(net.body.others[0].conv.bias.as_vec(), [0.0, 0.125]);
}

/// What the compiler cannot know of such a layer, the loader tells.
#[test]
fn tensors_of_layers_that_list_none_are_compared_when_they_are_loaded() {
    let weights = include_weights!(
        Deep,
        "tests/fixtures/blocks.safetensors",
        rename_prefix = ["module" => "", "layers" => "body", "auxiliary" => "scale.auxiliary"],
    );
    let Err(WeightError::Differs { differences, .. }) = weights.load(&Cpu::default()) else {
        panic!("a tensor too many was loaded");
    };
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].name(), "module.auxiliary.weight");
}

/// The macro and the loader rename by one rule.
#[test]
fn the_loader_takes_what_the_macro_takes() {
    let mut net: Deep = Deep::new(&Cpu::default());
    let report = Loader::new()
        .rename_prefix("module", "")
        .rename_prefix("layers", "body")
        .ignore("auxiliary")
        .load(&mut net, "tests/fixtures/blocks.safetensors")
        .unwrap();
    assert!(report.is_complete());
    let ignored = [
        "module.auxiliary.weight",
        "module.layers.0.bn.num_batches_tracked",
    ];
    let mut found = report.ignored;
    found.sort();
    assert_eq!(found, ignored);
}
