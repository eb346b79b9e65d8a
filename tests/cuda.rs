//! A model on a GPU gives what it gives on the CPU. Needs the feature `cuda` and a GPU.
#![cfg(feature = "cuda")]

use shapeproof::prelude::*;

/// One of every layer that runs on a device.
#[model(input = Chw<2, 9, 7>, output = Flat<5>)]
struct Net {
    conv: Conv2d<4, Kernel<3, 2>, Stride<2, 1>, Padding<1>, Groups<2>>,
    relu: Relu,
    max: MaxPool2d<3, Stride<1>, Padding<1>>,
    #[from(relu, max)]
    sum: Add,
    #[from(relu, sum)]
    both: Concat,
    average: AvgPool2d<2, Stride<1>>,
    leaky: LeakyRelu,
    total: SumPool2d<2, Stride<1>>,
    gelu: Gelu,
    flatten: Flatten,
    fc1: Linear<6>,
    tanh: Tanh,
    fc2: Linear<5>,
    sigmoid: Sigmoid,
    softmax: Softmax,
}

#[test]
fn a_gpu_agrees_with_the_cpu() {
    let cpu = Cpu::seed_from_u64(1);
    let gpu = Cuda::default();
    let on_cpu: Net<f64, Cpu> = Net::new(&cpu);
    let on_gpu: Net<f64, Cuda> = on_cpu.to_device(&gpu);
    let images: Batch<Chw<2, 9, 7>, usize, f64, Cpu> =
        cpu.sample_normal_like(&(3, Const, Const, Const));

    let traced = on_cpu.forward(images.leaky_trace());
    let expected = traced.as_vec();
    let expected_gradients = traced.square().sum().backward();
    let images_on_gpu = images.to_device(&gpu);
    let traced = on_gpu.forward(images_on_gpu.leaky_trace());
    let found = traced.as_vec();
    let found_gradients = traced.square().sum().backward();

    let close = |what: &str, a: Vec<f64>, b: Vec<f64>| {
        assert_eq!(a.len(), b.len(), "{what}");
        for (i, (a, b)) in a.iter().zip(&b).enumerate() {
            assert!(
                (a - b).abs() < 1e-9,
                "{what}[{i}]: {a} on the CPU, {b} on the GPU"
            );
        }
    };
    close("output", expected, found);
    close(
        "gradient of the input",
        expected_gradients.get(&images).as_vec(),
        found_gradients.get(&images_on_gpu).as_vec(),
    );
    close(
        "gradient of conv.weight",
        expected_gradients.get(&on_cpu.conv.weight).as_vec(),
        found_gradients.get(&on_gpu.conv.weight).as_vec(),
    );
}
