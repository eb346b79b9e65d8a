//! The kernels of the workloads in LeNet-5, VGG and ResNet-20, each beside the way through
//! unfolding and a product of matrices.
//!
//! `cargo bench --bench kernels` measures all of them on one thread; a name, such as
//! `cargo bench --bench kernels -- conv3x3_64_56`, those that contain it. `fast` and `unfold` stand
//! for the same numbers. The throughput counts multiplications and additions of the definition,
//! so Winograd's may be above what the machine can do.

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use shapeproof::kernels::activation::{self, Activation};
use shapeproof::kernels::conv2d::Epilogue;
use shapeproof::kernels::matmul::{matmul, Matrix, Output};
use shapeproof::kernels::{
    batch_norm, conv2d, linear, max_pool2d, pool2d, unfold, Image, Planes, Window,
};

/// Name, batch, channels, height and width, filters, kernel, padding.
const CONVOLUTIONS: [(&str, [usize; 6]); 11] = [
    ("conv3x3_64_56", [8, 64, 56, 64, 3, 1]),
    ("lenet_conv1", [64, 1, 28, 6, 5, 2]),
    ("lenet_conv2", [64, 6, 14, 16, 5, 0]),
    ("vgg_3_64_32", [32, 3, 32, 64, 3, 1]),
    ("vgg_64_64_32", [32, 64, 32, 64, 3, 1]),
    ("vgg_128_128_16", [32, 128, 16, 128, 3, 1]),
    ("vgg_256_256_8", [32, 256, 8, 256, 3, 1]),
    ("resnet_3_16_32", [32, 3, 32, 16, 3, 1]),
    ("resnet_16_16_32", [32, 16, 32, 16, 3, 1]),
    ("resnet_32_32_16", [32, 32, 16, 32, 3, 1]),
    ("resnet_64_64_8", [32, 64, 8, 64, 3, 1]),
];

/// Numbers between −0.5 and 0.5.
fn numbers(len: usize) -> Vec<f32> {
    let mut state = 1u64;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..len).map(next).collect()
}

/// The three directions by unfolding, as [`conv2d`] computes what it knows no better way for.
struct Unfolded {
    g: conv2d::Geometry,
    columns: Vec<f32>,
}

impl Unfolded {
    /// Filters, numbers under the window, places.
    fn sizes(&self) -> (usize, usize, usize) {
        let under = self.g.seen() * self.g.window.taps();
        (self.g.filters, under, self.g.output().plane())
    }

    fn forward(&mut self, x: &[f32], w: &[f32], y: &mut [f32]) {
        let (filters, under, places) = self.sizes();
        let images = x.chunks_exact(self.g.input.len());
        for (x, y) in images.zip(y.chunks_exact_mut(filters * places)) {
            unfold::forward(&self.g.input, &self.g.window, x, &mut self.columns);
            let columns = Matrix::new(under, places, &self.columns);
            matmul(
                Matrix::new(filters, under, w),
                columns,
                Output::Overwrite,
                y,
            );
        }
    }

    fn backward_input(&mut self, w: &[f32], dy: &[f32], dx: &mut [f32]) {
        let (filters, under, places) = self.sizes();
        let images = dx.chunks_exact_mut(self.g.input.len());
        for (dx, dy) in images.zip(dy.chunks_exact(filters * places)) {
            let w = Matrix::new(filters, under, w).transposed();
            let dy = Matrix::new(filters, places, dy);
            matmul(w, dy, Output::Overwrite, &mut self.columns);
            unfold::backward(&self.g.input, &self.g.window, &self.columns, dx);
        }
    }

    fn backward_weight(&mut self, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        let (filters, under, places) = self.sizes();
        let images = x.chunks_exact(self.g.input.len());
        for (x, dy) in images.zip(dy.chunks_exact(filters * places)) {
            unfold::forward(&self.g.input, &self.g.window, x, &mut self.columns);
            let columns = Matrix::new(under, places, &self.columns).transposed();
            matmul(Matrix::new(filters, places, dy), columns, Output::Add, dw);
        }
    }
}

fn convolutions(c: &mut Criterion) {
    for (name, [n, channels, size, filters, kernel, padding]) in CONVOLUTIONS {
        let g = conv2d::Geometry {
            input: Image::new(channels, size, size),
            filters,
            window: Window {
                before: (padding, padding),
                after: (padding, padding),
                ..Window::new(kernel, kernel)
            },
            groups: 1,
        };
        let (x, w, b) = (
            numbers(n * g.input.len()),
            numbers(g.weight_len()),
            numbers(filters),
        );
        let dy = numbers(n * g.output().len());
        let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
        let mut s = vec![0.0; g.scratch_len()];
        let mut unfolded = Unfolded {
            g,
            columns: vec![0.0; g.seen() * g.window.taps() * g.output().plane()],
        };
        let mut group = c.benchmark_group(name);
        let flops = 2 * n * g.output().len() * g.seen() * g.window.taps();
        group.throughput(Throughput::Elements(flops as u64));
        group.bench_function("forward/fast", |t| {
            t.iter(|| conv2d::forward(&g, n, &x, &w, None, &mut y, &mut s))
        });
        group.bench_function("forward/unfold", |t| {
            t.iter(|| unfolded.forward(&x, &w, &mut y))
        });
        group.bench_function("forward/fast with bias and relu", |t| {
            let epilogue = Epilogue {
                bias: Some(&b[..]),
                activation: Some(Activation::Relu),
                ..Epilogue::NONE
            };
            t.iter(|| conv2d::forward_fused(&g, n, &x, &w, epilogue, &mut y, &mut s))
        });
        if g.prepared_len() > 0 {
            let mut p = vec![0.0; g.prepared_len()];
            conv2d::prepare(&g, &w, &mut p);
            let none = Epilogue::NONE;
            group.bench_function("forward/fast, weights prepared", |t| {
                t.iter(|| conv2d::forward_prepared(&g, n, &x, &w, &p, none, &mut y, &mut s))
            });
        }
        group.bench_function("backward_input/fast", |t| {
            t.iter(|| conv2d::backward_input(&g, n, &w, &dy, &mut dx, &mut s))
        });
        group.bench_function("backward_input/unfold", |t| {
            t.iter(|| unfolded.backward_input(&w, &dy, &mut dx))
        });
        group.bench_function("backward_weight/fast", |t| {
            t.iter(|| conv2d::backward_weight(&g, n, &x, &dy, &mut dw, &mut s))
        });
        group.bench_function("backward_weight/unfold", |t| {
            t.iter(|| unfolded.backward_weight(&x, &dy, &mut dw))
        });
        group.finish();
    }
}

fn linears(c: &mut Criterion) {
    for n in [1, 64] {
        for (inputs, outputs) in [(400, 120), (120, 84), (84, 10)] {
            let g = linear::Geometry { inputs, outputs };
            let (x, w, b) = (
                numbers(n * inputs),
                numbers(g.weight_len()),
                numbers(outputs),
            );
            let mut y = vec![0.0; n * outputs];
            c.bench_function(&format!("linear_{inputs}_{outputs}_b{n}/forward"), |t| {
                t.iter(|| linear::forward(&g, n, &x, &w, Some(&b), &mut y))
            });
        }
    }
}

fn the_rest(c: &mut Criterion) {
    for (n, channels, size) in [(64, 6, 28), (64, 16, 10), (32, 16, 32)] {
        let image = Image::new(channels, size, size);
        let mut group = c.benchmark_group(format!("{n}x{channels}x{size}x{size}"));
        let x = numbers(n * image.len());
        let mut dx = x.clone();

        let g = pool2d::Geometry {
            input: image,
            window: Window {
                stride: (2, 2),
                ..Window::new(2, 2)
            },
        };
        let mut y = vec![0.0; n * g.output().len()];
        let mut indices = vec![0; y.len()];
        group.bench_function("max_pool2d/forward", |t| {
            t.iter(|| max_pool2d::forward(&g, n, &x, &mut y, &mut indices))
        });
        group.bench_function("max_pool2d/backward", |t| {
            t.iter(|| max_pool2d::backward(&g, n, &indices, &y, &mut dx))
        });

        group.bench_function("relu/forward", |t| {
            t.iter(|| activation::forward(Activation::Relu, &x, &mut dx))
        });
        let dy = x.clone();
        group.bench_function("relu/backward", |t| {
            t.iter(|| activation::backward(Activation::Relu, &x, &dy, &mut dx))
        });

        let g = batch_norm::Geometry {
            planes: Planes::new(channels, image.plane()),
            eps: 1e-5,
        };
        let (mut mean, mut variance) = (vec![0.0; channels], vec![0.0; channels]);
        group.bench_function("batch_norm/statistics", |t| {
            t.iter(|| batch_norm::statistics(&g, n, &x, &mut mean, &mut variance))
        });
        let statistics = batch_norm::Statistics {
            mean: &mean,
            variance: &variance,
        };
        let w = numbers(channels);
        group.bench_function("batch_norm/forward", |t| {
            t.iter(|| batch_norm::forward(&g, n, &x, statistics, &w, &w, &mut dx))
        });
        group.bench_function("batch_norm/backward_input", |t| {
            t.iter(|| batch_norm::backward_input(&g, n, &x, statistics, &w, &dy, &mut dx))
        });

        let g = conv2d::Geometry {
            input: image,
            filters: channels,
            window: Window {
                before: (1, 1),
                after: (1, 1),
                ..Window::new(3, 3)
            },
            groups: channels,
        };
        let w = numbers(g.weight_len());
        let mut s = vec![0.0; g.scratch_len()];
        group.bench_function("depthwise 3x3/forward", |t| {
            t.iter(|| conv2d::forward(&g, n, &x, &w, None, &mut dx, &mut s))
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(200))
        .measurement_time(std::time::Duration::from_millis(800));
    targets = convolutions, linears, the_rest
}
criterion_main!(benches);
