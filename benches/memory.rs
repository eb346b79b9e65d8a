//! Bytes in use while models infer and train, and what the models announce: their parameters and
//! `ACTIVATION_BYTES`. Counted by an allocator, not guessed from the process.
//!
//! Not counted are one buffer of a thread, as large as the second-level cache, in which the crate
//! `gemm` packs matrices, and what the model before has left.
//!
//! `cargo bench --bench memory` prints a line for each model and purpose, then 10,000 steps of
//! training.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

use shapeproof::engine::with_constant_inputs;
use shapeproof::kernels::matmul::{matmul, Matrix, Output};
use shapeproof::models::{LeNet5, ResNet20};
use shapeproof::prelude::*;

/// The system's allocator, counting.
struct Counting;

static NOW: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every call goes to `System` unchanged; only numbers are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size() as isize;
        let now = NOW.fetch_add(size, Relaxed) + size;
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes in use now, and the most since the last call.
fn in_use() -> (isize, isize) {
    let now = NOW.load(Relaxed);
    (now, PEAK.swap(now, Relaxed))
}

/// Prints a row: what is in use between steps, the most during a step, and both beside what the
/// model announces. `fixed` are the bytes of parameters, gradients and optimiser.
fn row(name: &str, what: &str, before: isize, images: usize, activations: usize, fixed: usize) {
    let (steady, peak) = in_use();
    let announced = activations * images;
    let ratio = (peak - before - fixed as isize) as f64 / announced as f64;
    println!(
        "{name} {what} images {images} steady_bytes {} peak_bytes {} fixed_bytes {fixed} \
         activation_bytes {announced} ratio {ratio:.2}",
        steady - before,
        peak - before,
    );
}

macro_rules! model {
    ($name:literal, $Net:ident, $images:literal, $c:literal, $h:literal, $w:literal) => {{
        let dev = Cpu::seed_from_u64(0);
        let x: Batch<Chw<$c, $h, $w>, usize, f32, Cpu> =
            dev.sample_normal_like(&($images, Const, Const, Const));
        let (before, _) = in_use();
        let net: $Net = $Net::new(&dev);
        let parameters = 4 * $Net::PARAMS;
        for _ in 0..3 {
            drop(net.forward(x.clone()));
        }
        row(
            $name,
            "infer",
            before,
            $images,
            $Net::ACTIVATION_BYTES,
            parameters,
        );
        drop(net);
        let (before, _) = in_use();
        let mut net: $Net = $Net::new(&dev);
        let config = SgdConfig {
            lr: 1e-6,
            momentum: Some(Momentum::Classic(0.9)),
            weight_decay: None,
        };
        let mut opt = Sgd::new(&net, config);
        let mut kept = Some(net.alloc_grads());
        let mut step = || {
            let images = x.clone().traced(kept.take().expect("put back below"));
            let y = with_constant_inputs(|| net.forward_mut(images));
            let mut gradients = y.square().mean().backward();
            opt.update(&mut net, &gradients).expect("all are used");
            net.zero_grads(&mut gradients);
            kept = Some(gradients);
        };
        for _ in 0..3 {
            step();
        }
        in_use();
        step();
        // Parameters, their gradients, and the momentum.
        row(
            $name,
            "train",
            before,
            $images,
            $Net::ACTIVATION_BYTES,
            3 * parameters,
        );
    }};
}

/// Every thread that a model may run in multiplies large matrices once.
fn warm_up() {
    let product = || {
        let (a, b) = (vec![1.0f32; 256 * 2048], vec![1.0; 2048 * 2048]);
        let mut c = vec![0.0; 256 * 2048];
        let (a, b) = (Matrix::new(256, 2048, &a), Matrix::new(2048, 2048, &b));
        matmul(a, b, Output::Overwrite, &mut c);
    };
    product();
    rayon::broadcast(|_| product());
}

fn main() {
    warm_up();
    model!("lenet5", LeNet5, 64, 1, 28, 28);
    model!("resnet20", ResNet20, 32, 3, 32, 32);
    flat();
}

/// Bytes in use after 100 and after 10,000 steps.
fn flat() {
    let dev = Cpu::seed_from_u64(0);
    let mut net: LeNet5 = LeNet5::new(&dev);
    let mut opt = Sgd::new(&net, SgdConfig::default());
    let mut gradients = net.alloc_grads();
    let x: Batch<Chw<1, 28, 28>, usize, f32, Cpu> =
        dev.sample_normal_like(&(4, Const, Const, Const));
    let mut early = 0;
    for step in 1..=10_000 {
        let y = net.forward_mut(x.clone().traced(gradients));
        gradients = y.square().mean().backward();
        opt.update(&mut net, &gradients).expect("all are used");
        net.zero_grads(&mut gradients);
        if step == 100 {
            early = in_use().0;
        }
    }
    let late = in_use().0;
    println!("flat steps 10000 bytes_after_100 {early} bytes_after_10000 {late}");
}
