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

#[test]
fn every_layer_is_seen_by_its_path() {
    use shapeproof::layers::observe;
    let dev = Cpu::seed_from_u64(1);
    let mut net: Net = Net::new(&dev);
    let x: Tensor<Rank4<2, 3, 9, 7>, f32, _> = dev.sample_normal();

    let (y, seen) = observe::<f32, Cpu, _>(|| net.forward(x.leaky_trace()));
    let block = "conv1 relu1 conv2 shortcut sum relu2".split(' ');
    let inner = |path: &str| {
        let inner = block.clone().map(|layer| format!("{path}.{layer}"));
        inner.chain([path.to_owned()]).collect::<Vec<_>>()
    };
    let expected = [
        vec!["stem".to_owned()],
        inner("stage.down"),
        inner("stage.more.0"),
        inner("stage.more.1"),
        ["more", "residual.body", "residual.sum", "residual"]
            .map(|layer| format!("stage.{layer}"))
            .to_vec(),
        ["stage", "around.body", "around.sum", "around"]
            .map(str::to_owned)
            .to_vec(),
        ["up.conv1", "up.both", "up.conv2", "up", "flatten", "fc"]
            .map(str::to_owned)
            .to_vec(),
    ]
    .concat();
    assert_eq!(seen.paths().collect::<Vec<_>>(), expected);

    // What was seen is what the layers give one by one.
    let stem = net.stem.forward(x.clone());
    let numbers = |path: &str| seen.get(path).unwrap().clone().into_images().as_vec();
    assert_eq!(numbers("stem"), stem.as_vec());
    assert_eq!(numbers("stage"), net.stage.forward(stem).as_vec());
    assert_ne!(numbers("stage.more.0"), numbers("stage.more.1"));
    assert_eq!(numbers("stage.more.1"), numbers("stage.more"));
    assert_eq!(seen.get("up").unwrap().dims(), Dims::chw(3, 5, 4));
    assert_eq!(numbers("fc"), y.as_vec());

    // Each value of `up` flows into the four outputs by its column of weights.
    let gradients = y.sum().backward();
    let up = seen.get("up").unwrap().clone().into_images();
    let column = |j: usize| -> f32 { (0..4).map(|i| net.fc.weight[[i, j]]).sum() };
    let columns: Vec<f32> = (0..60).map(column).collect();
    let found = gradients.get(&up).as_vec();
    for (found, expected) in found.iter().zip(columns.iter().cycle()) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    assert_eq!(found.len(), 2 * columns.len());

    // A model inside of another's loss is told apart, and the first NaN is found where it arises.
    let named: NamedOutputs = NamedOutputs::new(&dev);
    let (_, both) = observe::<f32, Cpu, _>(|| {
        let images = dev.zeros::<Rank4<1, 2, 4, 4>>();
        (net.forward(x.clone()), named.forward(images))
    });
    assert_eq!(both.iter().next().unwrap().to_string(), "Net.stem");
    let last = both.iter().last().unwrap();
    assert_eq!((last.model, &*last.path), ("NamedOutputs", "last"));
    assert!(both.first_not_finite().is_none());
    net.stage.more.others[0].conv2.weight = dev.ones() * f32::NAN;
    let (_, seen) = observe::<f32, Cpu, _>(|| net.forward_mut(x.clone()));
    let first = seen.first_not_finite().unwrap();
    assert_eq!(first.to_string(), "Net.stage.more.1.conv2");
}

#[test]
fn who_watches_sees_only_what_runs_meanwhile() {
    use shapeproof::layers::observe;
    let dev = Cpu::seed_from_u64(1);
    let net: NamedOutputsAsOne = NamedOutputsAsOne::new(&dev);
    let x = dev.tensor([[1.0, 2.0, 3.0]]);
    let (inner, outer) = observe::<f32, Cpu, _>(|| {
        let (_, inner) = observe::<f32, Cpu, _>(|| net.forward(x.clone()));
        net.fc.forward(x.clone()); // a layer by itself has no name
        inner
    });
    assert_eq!(inner.paths().collect::<Vec<_>>(), ["fc", "tanh", "both"]);
    assert_eq!(outer.paths().count(), 0);
    let error = outer.get("fc").unwrap_err().to_string();
    assert_eq!(error, "no layer `fc` has run; there was none");

    let panics = std::panic::catch_unwind(|| observe::<f32, Cpu, ()>(|| panic!("in between")));
    assert!(panics.is_err());
    let (_, other_numbers) = observe::<f64, Cpu, _>(|| net.forward(x.clone()));
    assert_eq!(other_numbers.paths().count(), 0);
}
