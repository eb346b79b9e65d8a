//! Blocks: generic over what flows in, nested, repeated; and graphs with several inputs and outputs.

use shapeproof::gradcheck::GradCheck;
use shapeproof::shape::{Dims, ReceptiveField};
use shapeproof::{gradcheck, prelude::*};

/// Two convolutions and a shortcut.
#[block]
pub struct BasicBlock<const F: usize, const STRIDE: usize = 1> {
    /// The first.
    pub conv1: Conv2d<F, Kernel<3>, Stride<STRIDE>, Padding<1>, NoBias>,
    pub relu1: Relu,
    pub conv2: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
    #[from(input)]
    pub shortcut: Conv2d<F, Kernel<1>, Stride<STRIDE>, NoBias>,
    #[from(conv2, shortcut)]
    pub sum: Add,
    pub relu2: Relu,
}

/// A stage of a U-Net's way up.
#[block(input = (skip, below))]
struct Up<const F: usize> {
    #[from(below)]
    conv1: Conv2d<F, Kernel<1>>,
    #[from(skip, conv1)]
    both: Concat,
    conv2: Conv2d<F, Kernel<3>, Padding<1>>,
}

/// Whatever layer, with a skip around it.
#[block]
struct Residual<L> {
    body: L,
    #[from(input, body)]
    sum: Add,
}

/// A layer of any kind between two others, and behind itself.
#[block]
struct Between<L, M> {
    before: Tanh,
    layer: L,
    #[from(layer, before)]
    both: Concat,
    again: M,
}

/// Blocks in a block.
#[block]
struct Stage<const F: usize> {
    down: BasicBlock<F, 2>,
    more: Repeat<2, BasicBlock<F>>,
    residual: Residual<Conv2d<F, Kernel<1>>>,
}

#[model(input = Chw<3, 9, 7>, output = Flat<4>)]
struct Net {
    stem: Conv2d<5, Kernel<3>, Padding<1>>,
    stage: Stage<6>,
    around: Residual<Dropout>,
    #[from(around, stage)]
    up: Up<3>,
    flatten: Flatten,
    fc: Linear<4>,
}

#[model(input = (image: Chw<2, 4, 4>, speed: Flat<3>), output = (Chw<2, 4, 4>, Flat<5>))]
struct TwoInTwoOut {
    #[from(image)]
    relu: Relu,
    #[from(image)]
    flatten: Flatten,
    #[from(flatten, speed)]
    both: Concat,
    fc: Linear<5>,
}

#[model(input = Chw<2, 4, 4>, output = (middle: Flat<6>, last: Flat<2>))]
struct NamedOutputs {
    flatten: Flatten,
    middle: Linear<6>,
    last: Linear<2>,
}

#[test]
fn shapes_flow_through_blocks() {
    let rows: Vec<_> = Net::LAYERS
        .iter()
        .map(|l| (l.name, l.layer, l.output))
        .collect();
    assert_eq!(
        rows,
        [
            ("stem", "Conv2d", Dims::chw(5, 9, 7)),
            ("stage", "Stage", Dims::chw(6, 5, 4)),
            ("around", "Residual", Dims::chw(6, 5, 4)),
            ("up", "Up", Dims::chw(3, 5, 4)),
            ("flatten", "Flatten", Dims::flat(60)),
            ("fc", "Linear", Dims::flat(4)),
        ]
    );
    let table = Net::summary().to_string();
    for row in [
        "  stage ",
        "    down ",
        "      conv1 ",
        "      sum ← conv2, shortcut ",
        "      0 ",
    ] {
        assert!(table.contains(row), "{row} in\n{table}");
    }
}

#[test]
fn receptive_fields_grow_through_blocks() {
    let seen = |layer: usize| {
        let ReceptiveField { height, width, .. } = Net::LAYERS[layer].receptive_field;
        (height, width)
    };
    assert_eq!(seen(0), (3, 3), "the stem");
    // conv1 3 + 2, then with a stride of 2: conv2 + 4, and two more blocks of two convolutions.
    assert_eq!(seen(1), (3 + 2 + 4 + 16, 3 + 2 + 4 + 16), "the stage");
    assert_eq!(Net::LAYERS[5].receptive_field, Net::RECEPTIVE_FIELD);
    assert_eq!(Net::RECEPTIVE_FIELD.to_string(), "all");
}

#[test]
fn parameters_are_counted_and_named_through_blocks() {
    let dev = Cpu::seed_from_u64(1);
    let mut net: Net = Net::new(&dev);
    assert_eq!(net.num_trainable_params(), Net::PARAMS);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    shapeproof::weights::save(&net, &path).unwrap();
    shapeproof::weights::load(&mut net, &path).unwrap();
    let x: Tensor<(usize, Const<3>, Const<9>, Const<7>), f32, _> =
        dev.sample_uniform_like(&(2, Const, Const, Const));
    let y = net.forward(x.clone());
    assert_eq!(y.shape().0, 2);
    let grads = net.forward_mut(x.leaky_trace()).square().mean().backward();
    let mut sgd = Sgd::new(&net, SgdConfig::default());
    sgd.update(&mut net, &grads).unwrap();
    assert_eq!(net.stage.down.conv1.weight.shape().concrete(), [6, 5, 3, 3]);
}

/// One by one, the fields of a model give what the model gives.
#[test]
fn a_block_in_a_model_takes_typed_tensors() {
    #[model(input = Chw<3, 5, 4>, output = Chw<2, 3, 2>)]
    struct Two {
        conv: Conv2d<4, Kernel<1>>,
        block: BasicBlock<2, 2>,
    }
    let dev = Cpu::seed_from_u64(1);
    let mut net: Two = Two::new(&dev);
    let x: Tensor<Rank4<3, 3, 5, 4>, f32, _> = dev.sample_normal();
    let y: Tensor<Rank4<3, 2, 3, 2>, f32, _> = net.block.forward(net.conv.forward(x.clone()));
    let z = net.block.forward_mut(net.conv.forward(x.clone()));
    assert_eq!(y.array(), z.array());
    assert_eq!(y.array(), net.forward(x).array());
}

#[test]
fn gradients_of_blocks_are_right() {
    gradcheck!(BasicBlock<3, 2>, Chw<2, 5, 4>);
    gradcheck!(Up<3>, (Chw<2, 4, 3>, Chw<5, 4, 3>));
    gradcheck!(Residual<Conv2d<3, Kernel<1>>>, Chw<3, 4, 2>);
    gradcheck!(Stage<4>, Chw<2, 5, 6>; GradCheck::new().fast());
    gradcheck!(Repeat<3, Residual<Tanh>>, Flat<4>);
    gradcheck!(Between<Linear<2>, Residual<Linear<5>>>, Flat<3>);
    gradcheck!(NamedOutputsAsOne);
}

/// A field that two others take, one of which is the output.
#[model(input = Flat<3>, output = Flat<4>)]
struct NamedOutputsAsOne {
    fc: Linear<2>,
    tanh: Tanh,
    #[from(fc, tanh)]
    both: Concat,
}

#[test]
fn two_in_two_out() {
    let dev = Cpu::seed_from_u64(1);
    let mut net: TwoInTwoOut = TwoInTwoOut::new(&dev);
    let image: Tensor<(usize, Const<2>, Const<4>, Const<4>), f32, _> =
        dev.sample_uniform_like(&(3, Const, Const, Const));
    let speed: Tensor<(usize, Const<3>), f32, _> = dev.sample_uniform_like(&(3, Const));
    let (a, b) = net.forward((image.clone(), speed.clone()));
    assert_eq!(a.shape().concrete(), [3, 2, 4, 4]);
    assert_eq!(b.shape().concrete(), [3, 5]);
    let (a, b) = net.forward_mut((image.leaky_trace(), speed));
    let loss = a.mean() + b.square().mean();
    let grads = loss.backward();
    let mut sgd = Sgd::new(&net, SgdConfig::default());
    sgd.update(&mut net, &grads).unwrap();

    let named: NamedOutputs = NamedOutputs::new(&dev);
    let (middle, last) = named.forward(dev.zeros::<Rank4<1, 2, 4, 4>>());
    assert_eq!(named.last.forward(middle).array(), last.array());
}
