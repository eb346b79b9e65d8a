//! Whole models: starting values, learning, dropout, saving, loading, copying.

use std::collections::BTreeMap;

use crate::support::{assert_near, distinct, parameters, set_parameters};
use shapeproof::prelude::*;

/// LeNet-5 on 28×28 grey images.
#[model(input = Chw<1, 28, 28>, output = Flat<10>)]
#[derive(Clone, Debug)]
struct LeNet5 {
    conv1: Conv2d<6, Kernel<5>, Padding<2>>,
    relu1: Relu,
    pool1: MaxPool2d<2>,
    conv2: Conv2d<16, Kernel<5>>,
    relu2: Relu,
    pool2: MaxPool2d<2>,
    flatten: Flatten,
    fc1: Linear<120>,
    relu3: Relu,
    fc2: Linear<84>,
    relu4: Relu,
    fc3: Linear<10>,
}

/// A small network with every kind of parameter field, and sizes that all differ.
#[model(input = Chw<4, 5, 6>, output = Flat<3>)]
#[derive(Clone, Debug)]
struct Small {
    grouped: Conv2d<6, Kernel<3, 2>, Groups<2>, Stride<1, 2>>,
    tanh: Tanh,
    plain: Conv2d<2, Kernel<2, 1>, NoBias>,
    flatten: Flatten,
    dense: Linear<5>,
    sigmoid: Sigmoid,
    last: Linear<3, NoBias>,
}

type Grey = (usize, Const<1>, Const<28>, Const<28>);
type SmallInput = (usize, Const<4>, Const<5>, Const<6>);

fn small_images(dev: &Cpu, images: usize) -> Tensor<SmallInput, f32, Cpu> {
    let values = distinct(images * 120, 1)
        .into_iter()
        .map(|v| (v * 0.1) as f32);
    dev.tensor_from_vec(values.collect(), (images, Const, Const, Const))
}

// ---- what is known without building ----

#[test]
fn parameters_are_counted_as_in_the_literature() {
    assert_eq!(LeNet5::PARAMS, 61_706);
    let net: LeNet5 = LeNet5::new(&Cpu::default());
    assert_eq!(net.num_trainable_params(), LeNet5::PARAMS);
    let net: Small = Small::new(&Cpu::default());
    let expected = 6 * 2 * 3 * 2 + 6 + 2 * 6 * 2 + (2 * 2 * 3) * 5 + 5 + 5 * 3;
    assert_eq!(Small::PARAMS, expected);
    assert_eq!(net.num_trainable_params(), expected);
}

// ---- the start ----

#[test]
fn the_seed_of_the_device_fixes_the_weights() {
    let weights = |seed| parameters(&LeNet5::new(&Cpu::seed_from_u64(seed)));
    let bits = |all: Vec<(String, Vec<f32>)>| -> Vec<Vec<u32>> {
        let bits = |(_, v): (String, Vec<f32>)| v.into_iter().map(f32::to_bits).collect();
        all.into_iter().map(bits).collect()
    };
    let (a, again, other) = (bits(weights(3)), bits(weights(3)), bits(weights(4)));
    assert!(a == again, "one seed gave two sets of weights");
    for (index, (a, other)) in a.iter().zip(&other).enumerate() {
        assert!(a != other, "seeds 3 and 4 gave equal parameter {index}");
    }
}

/// Checks that parameters start uniformly in ±1/√fan-in, where `fan_in` gives the fan-in by field.
#[track_caller]
fn assert_start(all: &[(String, Vec<f64>)], fan_in: &[(&str, f64)]) {
    for (name, values) in all {
        let field = name.split('.').next();
        let (_, fan_in) = fan_in
            .iter()
            .find(|(f, _)| Some(*f) == field)
            .unwrap_or_else(|| panic!("{name} is no known field"));
        let bound = 1.0 / fan_in.sqrt();
        let largest = values.iter().copied().fold(f64::MIN, f64::max);
        let smallest = values.iter().copied().fold(f64::MAX, f64::min);
        assert!(
            -bound <= smallest && largest <= bound,
            "{name} lies in {smallest}..{largest}, not in ±{bound}"
        );
        if values.len() >= 60 {
            assert!(
                smallest < -0.9 * bound && 0.9 * bound < largest,
                "{name} lies in {smallest}..{largest}, which does not fill ±{bound}"
            );
            let count = values.len() as f64;
            let mean = values.iter().sum::<f64>() / count;
            // The mean of n uniform numbers has the deviation bound/√(3n).
            let allowed = 4.0 * bound / (3.0 * count).sqrt();
            assert!(mean.abs() < allowed, "{name} has the mean {mean}");
            let square = values.iter().map(|v| v * v).sum::<f64>() / count;
            let expected = bound * bound / 3.0;
            assert!(
                (square / expected - 1.0).abs() < 4.0 / count.sqrt(),
                "{name} has the mean square {square}, uniform numbers have {expected}"
            );
        }
    }
}

#[test]
fn parameters_start_as_in_pytorch() {
    let dev = Cpu::seed_from_u64(1);
    let net: LeNet5<f64, Cpu> = LeNet5::new(&dev);
    let fan_in = [
        ("conv1", 25.0),
        ("conv2", 150.0),
        ("fc1", 400.0),
        ("fc2", 120.0),
        ("fc3", 84.0),
    ];
    assert_start(&parameters(&net), &fan_in);
    let net: Small<f64, Cpu> = Small::new(&dev);
    let fan_in = [
        ("grouped", 12.0), // 2 of 4 channels
        ("plain", 12.0),
        ("dense", 12.0),
        ("last", 5.0),
    ];
    assert_start(&parameters(&net), &fan_in);
}

#[test]
fn reset_params_draws_anew() {
    let mut net: LeNet5 = LeNet5::new(&Cpu::default());
    set_parameters(&mut net, |_, len| vec![9.0; len]);
    net.reset_params();
    for (name, values) in parameters(&net) {
        assert!(values.iter().all(|v| v.abs() < 1.0), "{name} was not reset");
        assert!(values.iter().any(|v| *v != values[0]), "{name} is constant");
    }
}

// ---- learning ----

#[test]
fn lenet_learns_eight_random_images_by_heart() {
    let dev = Cpu::seed_from_u64(11);
    let mut net: LeNet5 = LeNet5::new(&dev);
    let images: Tensor<Grey, f32, _> = dev.sample_normal_like(&(8, Const, Const, Const));
    let labels = [3, 0, 9, 1, 1, 7, 4, 3];
    let mut one_hot = vec![0.0; 80];
    for (image, label) in labels.iter().enumerate() {
        one_hot[image * 10 + label] = 1.0;
    }
    let targets: Tensor<(usize, Const<10>), f32, _> = dev.tensor_from_vec(one_hot, (8, Const));

    let mut adam = Adam::new(
        &net,
        AdamConfig {
            lr: 3e-3,
            ..Default::default()
        },
    );
    let mut gradients = net.alloc_grads();
    let mut losses = Vec::new();
    for _ in 0..60 {
        let logits = net.forward_mut(images.trace(gradients));
        let loss = cross_entropy_with_logits_loss(logits, targets.clone());
        losses.push(loss.array());
        gradients = loss.backward();
        adam.update(&mut net, &gradients)
            .expect("every parameter has a gradient");
        net.zero_grads(&mut gradients);
    }
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    assert!(
        (first - 10f32.ln()).abs() < 0.3,
        "guessing costs ln 10, the start costs {first}"
    );
    assert!(last < 1e-2, "the loss after 60 steps is {last}");
    let logits = net.forward(images).as_vec();
    let found: Vec<usize> = logits
        .chunks(10)
        .map(|row| {
            let largest = row.iter().copied().fold(f32::MIN, f32::max);
            row.iter().position(|v| *v == largest).expect("ten logits")
        })
        .collect();
    assert_eq!(found, labels, "predictions");
}

/// Trains [`Small`] for some steps and gives the losses.
fn losses<O: Optimizer<Small, Cpu, f32>>(optimizer: impl FnOnce(&Small) -> O) -> Vec<f32> {
    let dev = Cpu::seed_from_u64(2);
    let mut net: Small = Small::new(&dev);
    let mut optimizer = optimizer(&net);
    let x = small_images(&dev, 4);
    let y: Tensor<(usize, Const<3>), f32, _> = dev.sample_normal_like(&(4, Const));
    let mut gradients = net.alloc_grads();
    let mut losses = Vec::new();
    for _ in 0..40 {
        let loss = mse_loss(net.forward_mut(x.trace(gradients)), y.clone());
        losses.push(loss.array());
        gradients = loss.backward();
        optimizer
            .update(&mut net, &gradients)
            .unwrap_or_else(|e| panic!("every parameter has a gradient: {e:?}"));
        net.zero_grads(&mut gradients);
    }
    losses
}

#[test]
fn every_optimizer_of_dfdx_learns() {
    let sgd = losses(|net| {
        let momentum = Some(Momentum::Nesterov(0.9));
        Sgd::new(
            net,
            SgdConfig {
                lr: 0.05,
                momentum,
                weight_decay: None,
            },
        )
    });
    let adam = losses(|net| {
        let weight_decay = Some(WeightDecay::Decoupled(1e-3));
        Adam::new(
            net,
            AdamConfig {
                lr: 0.03,
                weight_decay,
                ..Default::default()
            },
        )
    });
    let rms_prop = losses(|net| {
        RMSprop::new(
            net,
            RMSpropConfig {
                lr: 0.1,
                ..Default::default()
            },
        )
    });
    for (name, losses) in [("Sgd", sgd), ("Adam", adam), ("RMSprop", rms_prop)] {
        let (first, last) = (losses[0], losses[losses.len() - 1]);
        assert!(last < 0.6 * first, "{name}: {losses:?}");
    }
}

#[test]
fn training_is_reproducible() {
    let run = || losses(|net| Adam::new(net, AdamConfig::default()));
    let bits = |losses: Vec<f32>| losses.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(run()), bits(run()), "losses of two runs with one seed");
}

// ---- dropout ----

#[test]
fn dropout_keeps_one_in_so_many_and_scales_them_while_training() {
    #[model(input = Chw<3, 20, 30>, output = Chw<3, 20, 30>)]
    struct Net {
        drop: Dropout<1, 4>,
    }
    let run = |seed| {
        let dev = Cpu::seed_from_u64(seed);
        let mut net: Net<f64, Cpu> = Net::new(&dev);
        let x = dev.tensor_from_vec(vec![3.0; 2 * 1800], (2usize, Const, Const, Const));
        let evaluated = net.forward(x.clone()).as_vec();
        assert_eq!(evaluated, vec![3.0; 3600], "evaluation changes nothing");
        net.forward_mut(x).as_vec()
    };
    let y = run(5);
    let kept = y.iter().filter(|v| **v == 4.0).count();
    let dropped = y.iter().filter(|v| **v == 0.0).count();
    assert_eq!(kept + dropped, 3600, "3 becomes 0 or 3 / (1 − 1/4)");
    // 2700 expected, a deviation of √(3600 · 3/4 · 1/4) = 26.
    assert!(
        (2700 - 104..2700 + 104).contains(&kept),
        "{kept} of 3600 were kept"
    );
    assert_eq!(y, run(5), "one seed, one mask");
    assert_ne!(y, run(6), "another seed, another mask");
    assert_ne!(y[..1800], y[1800..], "each image has a mask of its own");
}

#[test]
fn dropout_draws_a_new_mask_at_every_step() {
    #[model(input = Flat<64>, output = Flat<64>)]
    struct Net {
        drop: Dropout,
    }
    let dev = Cpu::default();
    let mut net: Net = Net::new(&dev);
    let x: Tensor<(usize, Const<64>), f32, _> = dev.ones_like(&(1, Const));
    let first = net.forward_mut(x.clone()).as_vec();
    assert_ne!(first, net.forward_mut(x).as_vec());
}

// ---- saving and loading ----

/// The names and shapes in a safetensors file.
fn saved_shapes(path: &std::path::Path) -> BTreeMap<String, Vec<usize>> {
    let bytes = std::fs::read(path).expect("the file can be read");
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("the file is safetensors");
    let tensors = file.tensors();
    tensors
        .into_iter()
        .map(|(name, t)| (name, t.shape().to_vec()))
        .collect()
}

#[test]
fn parameters_are_saved_under_pytorchs_names_and_shapes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("lenet.safetensors");
    let net: LeNet5 = LeNet5::new(&Cpu::default());
    net.save_safetensors(&path).expect("the model is saved");
    let expected: [(&str, &[usize]); 10] = [
        ("conv1.weight", &[6, 1, 5, 5]),
        ("conv1.bias", &[6]),
        ("conv2.weight", &[16, 6, 5, 5]),
        ("conv2.bias", &[16]),
        ("fc1.weight", &[120, 400]),
        ("fc1.bias", &[120]),
        ("fc2.weight", &[84, 120]),
        ("fc2.bias", &[84]),
        ("fc3.weight", &[10, 84]),
        ("fc3.bias", &[10]),
    ];
    let expected = expected.map(|(name, shape)| (name.to_owned(), shape.to_vec()));
    assert_eq!(saved_shapes(&path), BTreeMap::from(expected));
}

#[test]
fn layers_without_bias_save_none() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("small.safetensors");
    let net: Small = Small::new(&Cpu::default());
    net.save_safetensors(&path).expect("the model is saved");
    let expected: [(&str, &[usize]); 6] = [
        ("grouped.weight", &[6, 2, 3, 2]),
        ("grouped.bias", &[6]),
        ("plain.weight", &[2, 6, 2, 1]),
        ("dense.weight", &[5, 12]),
        ("dense.bias", &[5]),
        ("last.weight", &[3, 5]),
    ];
    let expected = expected.map(|(name, shape)| (name.to_owned(), shape.to_vec()));
    assert_eq!(saved_shapes(&path), BTreeMap::from(expected));
}

/// Saves a model, loads it into another and compares what both compute.
fn round_trip(
    save: impl Fn(&Small, &std::path::Path),
    load: impl Fn(&mut Small, &std::path::Path),
) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("small");
    let dev = Cpu::seed_from_u64(8);
    let saved: Small = Small::new(&dev);
    let mut loaded: Small = Small::new(&dev);
    let x = small_images(&dev, 3);
    let before = saved.forward(x.clone()).as_vec();
    assert_ne!(loaded.forward(x.clone()).as_vec(), before, "before loading");
    save(&saved, &path);
    load(&mut loaded, &path);
    assert_eq!(loaded.forward(x).as_vec(), before, "outputs after loading");
    assert_eq!(
        parameters(&loaded),
        parameters(&saved),
        "parameters after loading"
    );
}

#[test]
fn safetensors_round_trip() {
    round_trip(
        |net, path| net.save_safetensors(path).expect("saved"),
        |net, path| net.load_safetensors(path).expect("loaded"),
    );
}

#[test]
fn npz_round_trip() {
    round_trip(
        |net, path| net.save(path).expect("saved"),
        |net, path| net.load(path).expect("loaded"),
    );
}

// ---- copies ----

#[test]
fn a_clone_computes_the_same_and_lives_on_its_own() {
    let dev = Cpu::seed_from_u64(1);
    let net: Small = Small::new(&dev);
    let mut copy = net.clone();
    let x = small_images(&dev, 2);
    let before = net.forward(x.clone()).as_vec();
    assert_eq!(copy.forward(x.clone()).as_vec(), before, "the clone");
    set_parameters(&mut copy, |_, len| vec![0.5; len]);
    assert_ne!(
        copy.forward(x.clone()).as_vec(),
        before,
        "the changed clone"
    );
    assert_eq!(net.forward(x).as_vec(), before, "the original");
}

#[test]
fn debug_names_the_model_and_its_fields() {
    let net: Small = Small::new(&Cpu::default());
    let text = format!("{net:?}");
    for name in [
        "Small", "grouped", "Conv2d", "weight", "flatten", "sigmoid", "last",
    ] {
        assert!(text.contains(name), "`{name}` is not in {text}");
    }
}

#[test]
fn a_moving_average_of_models_moves() {
    let dev = Cpu::seed_from_u64(1);
    let net: Small = Small::new(&dev);
    let mut average: Small = Small::new(&dev);
    let start = parameters(&average);
    average.ema(&net, 0.75);
    let moved = parameters(&average);
    for ((name, start), ((_, target), (_, moved))) in
        start.iter().zip(parameters(&net).iter().zip(&moved))
    {
        let wide = |v: &[f32]| v.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
        let (start, target) = (wide(start), wide(target));
        let expected: Vec<f64> = start
            .iter()
            .zip(&target)
            .map(|(s, t)| 0.75 * s + 0.25 * t)
            .collect();
        assert_ne!(start, target, "{name}: two models differ");
        assert_near(name, &wide(moved), &expected, 1e-6, 0.0);
    }
}

#[test]
fn a_model_of_another_number_type_computes_the_same() {
    let dev = Cpu::seed_from_u64(1);
    let narrow: Small = Small::new(&dev);
    let wide: Small<f64, Cpu> = narrow.to_dtype::<f64>();
    let x = small_images(&dev, 2);
    let y: Vec<f64> = narrow
        .forward(x.clone())
        .as_vec()
        .into_iter()
        .map(f64::from)
        .collect();
    let found = wide.forward(x.to_dtype::<f64>()).as_vec();
    assert_near("f64 against f32", &found, &y, 1e-5, 0.0);
    assert_ne!(found, y, "f64 computes more digits than f32");
}

#[test]
fn dfdx_builds_a_model() {
    let dev = Cpu::seed_from_u64(6);
    let net = dev.build_module::<LeNet5, f64>();
    let direct: LeNet5<f64, Cpu> = LeNet5::new(&Cpu::seed_from_u64(6));
    assert_eq!(
        parameters(&net),
        parameters(&direct),
        "one seed, two ways to build"
    );
    let x: Tensor<Grey, f64, _> = dev.sample_normal_like(&(2, Const, Const, Const));
    let y: Tensor<(usize, Const<10>), f64, _> = net.forward(x);
    assert!(y.as_vec().iter().all(|v| v.is_finite()), "{:?}", y.as_vec());
    let tried: LeNet5<f64, Cpu> = LeNet5::try_new(&Cpu::seed_from_u64(6)).expect("memory");
    assert_eq!(parameters(&tried), parameters(&direct), "`try_new`");
}

#[test]
fn a_model_moves_to_another_device() {
    let dev = Cpu::seed_from_u64(6);
    let net: Small = Small::new(&dev);
    let moved: Small = net.to_device(&Cpu::default());
    assert_eq!(parameters(&moved), parameters(&net));
}
