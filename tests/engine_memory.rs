//! What the engine allocates: nothing of its own when it infers again, no more and more when it
//! trains.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use std::sync::Mutex;

use shapeproof::prelude::*;
use shapeproof::train;

/// The system's allocator, counting.
struct Counting;

static IN_USE: AtomicIsize = AtomicIsize::new(0);
static EVER: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every call goes to `System` unchanged; only numbers are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size() as isize, Relaxed);
        EVER.fetch_add(layout.size() as isize, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Only one test may count at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[model(input = Chw<1, 12, 10>, output = Flat<3>)]
struct Net {
    conv1: Conv2d<4, Kernel<3>, Padding<1>>,
    relu1: Relu,
    pool1: MaxPool2d<2>,
    conv2: Conv2d<4, Kernel<3>, SamePadding>,
    #[from(pool1, conv2)]
    sum: Add,
    #[from(sum, conv2)]
    both: Concat,
    average: AvgPool2d<2, Stride<1>>,
    flatten: Flatten,
    fc: Linear<3>,
}

type Images = Batch<Chw<1, 12, 10>, usize, f32, Cpu>;

#[test]
fn inference_allocates_little_more_than_its_output() {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    let dev = Cpu::default();
    let net: Net = Net::new(&dev);
    for batch in [1, 5] {
        let images: Images = dev.sample_normal_like(&(batch, Const, Const, Const));
        let run = || {
            let images = images.clone();
            let before = EVER.load(Relaxed);
            let logits = net.forward(images);
            drop(logits);
            EVER.load(Relaxed) - before
        };
        run();
        let bytes = run();
        println!("batch {batch}: {bytes} bytes allocated");
        // dfdx's tensor, the list of inputs and that of outputs. The crate `gemm` allocates memory
        // to pack large matrices, so there are none here.
        assert!(
            bytes < 12 * batch as isize + 1024,
            "{bytes} bytes for {batch} images"
        );
    }
}

#[test]
fn training_stays_flat() {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    for cache in [false, true] {
        let dev = Cpu::default();
        if cache {
            dev.enable_cache();
        }
        let mut net: Net = Net::new(&dev);
        let mut opt = Sgd::new(&net, SgdConfig::default());
        let mut gradients = net.alloc_grads();
        let mut after_warm_up = 0;
        for step in 0..1_000 {
            // The last batch of every pass is a short one.
            let batch = if step % 5 == 4 { 3 } else { 8 };
            let images: Images = dev.sample_normal_like(&(batch, Const, Const, Const));
            let logits = net.forward_mut(images.traced(gradients));
            gradients = logits.square().mean().backward();
            opt.update(&mut net, &gradients).unwrap();
            net.zero_grads(&mut gradients);
            if step == 50 {
                after_warm_up = IN_USE.load(Relaxed);
            }
        }
        let grown = IN_USE.load(Relaxed) - after_warm_up;
        println!("cache {cache}: {grown} bytes more after 1,000 steps");
        assert!(grown < 4 * 1024, "cache {cache}: {grown} bytes more");
    }
}

#[test]
fn steps_of_optimisers_allocate_nothing_but_the_first() {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    let dev = Cpu::default();
    let mut net: Net = Net::new(&dev);
    let mut gradients = net.alloc_grads();
    macro_rules! check {
        ($($opt:expr),+) => {$({
            let mut opt = $opt;
            let mut both = || {
                let before = EVER.load(Relaxed);
                opt.step(&mut net, &mut gradients).expect("memory");
                opt.update(&mut net, &gradients).expect("all are used");
                EVER.load(Relaxed) - before
            };
            assert!(both() > 0, "its state");
            assert_eq!(both(), 0, stringify!($opt));
        })+};
    }
    check!(
        train::Sgd::new(&net, 0.1).momentum(0.9),
        train::AdamW::new(&net, 0.1),
        train::RmsProp::new(&net, 0.1).momentum(0.9).centered(true)
    );
}
