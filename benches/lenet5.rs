//! LeNet-5 by the engine and layer by layer through dfdx's ops: one training step of 64 images,
//! and inference. All cores; `RAYON_NUM_THREADS=1` for one.

use criterion::{criterion_group, criterion_main, Criterion};
use shapeproof::engine::with_disabled;
use shapeproof::prelude::*;
use shapeproof::train::{cross_entropy, Sgd};

#[model(input = Chw<1, 28, 28>, output = Flat<10>)]
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

type Images = Batch<Chw<1, 28, 28>, usize, f32, Cpu>;

fn lenet5(c: &mut Criterion) {
    rows(c, "engine");
    with_disabled(|| rows(c, "dfdx"));
}

fn rows(c: &mut Criterion, path: &str) {
    let dev = Cpu::seed_from_u64(0);
    let mut net: LeNet5 = LeNet5::new(&dev);
    for batch in [1, 64] {
        let images: Images = dev.sample_normal_like(&(batch, Const, Const, Const));
        c.bench_function(&format!("{path}/lenet5_infer_b{batch}"), |b| {
            b.iter(|| net.forward(images.clone()))
        });
    }

    let images: Images = dev.sample_normal_like(&(64, Const, Const, Const));
    let labels: Vec<usize> = (0..64).map(|i| i % 10).collect();
    let mut opt = Sgd::new(&net, 0.01).momentum(0.9);
    let mut kept = Some(net.alloc_grads());
    c.bench_function(&format!("{path}/lenet5_train_b64"), |b| {
        b.iter(|| {
            let grads = kept.take().expect("put back at the end of each step");
            let logits = net.forward_mut(images.clone().traced(grads));
            let loss = cross_entropy(logits, &labels).expect("labels are classes");
            let mut grads = loss.backward();
            opt.step(&mut net, &mut grads).expect("there is memory");
            kept = Some(grads);
        })
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30);
    targets = lenet5
}
criterion_main!(benches);
