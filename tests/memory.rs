//! A training loop of 1,000 steps, the last batch of each pass a short one, holds no more memory at
//! its end than after its first steps, with dfdx's allocation cache off and on.
//!
//! `cargo test --test memory -- --nocapture` prints the figures.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use std::sync::Mutex;

use rand::{rngs::StdRng, SeedableRng};
use shapeproof::data::Dataset;
use shapeproof::prelude::*;

/// The system's allocator, counting the bytes that are in use.
struct Counting;

static IN_USE: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every call goes to `System` unchanged; only a number is kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size() as isize, Relaxed);
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

/// Convolutions, every pooling, a skip and a concatenation: each op that makes index tensors.
#[model(input = Chw<1, 8, 6>, output = Flat<3>)]
struct Net {
    conv1: Conv2d<4, Kernel<3>, Padding<1>>,
    pool1: MaxPool2d<3, Stride<2>, Padding<1>>,
    conv2: Conv2d<4, Kernel<3>, SamePadding, Groups<2>>,
    #[from(pool1, conv2)]
    sum: Add,
    #[from(sum, conv2)]
    both: Concat,
    average: AvgPool2d<2, Stride<1>>,
    drop: Dropout<1, 10>,
    total: SumPool2d<2>,
    flatten: Flatten,
    fc: Linear<3>,
}

const STEPS: usize = 1_000;
const WARM_UP: usize = 50;

/// Bytes in use after the warm-up and after all steps.
fn train(dev: &Cpu) -> (isize, isize) {
    let pixels: Vec<u8> = (0..30 * 8 * 6).map(|i| (i * 37 % 251) as u8).collect();
    let labels = (0..30).map(|i| i % 3).collect();
    let data = Dataset::<Chw<1, 8, 6>, 3>::new(pixels, labels).expect("30 images, 3 classes");
    let mut net: Net = Net::new(dev);
    let mut opt = Adam::new(&net, AdamConfig::default());
    let mut grads = net.alloc_grads();
    let mut rng = StdRng::seed_from_u64(3);
    let mut after_warm_up = 0;
    let mut step = 0;
    while step < STEPS {
        for batch in data.shuffled_batches(dev, 4, &mut rng).unwrap() {
            let batch = batch.unwrap();
            let logits = net.forward_mut(batch.images.traced(grads));
            grads = cross_entropy_with_logits_loss(logits, batch.one_hot).backward();
            opt.update(&mut net, &grads).unwrap();
            net.zero_grads(&mut grads);
            step += 1;
            if step == WARM_UP {
                after_warm_up = IN_USE.load(Relaxed);
            }
        }
    }
    (after_warm_up, IN_USE.load(Relaxed))
}

fn assert_flat(cache: &str, (early, late): (isize, isize)) {
    println!("cache {cache}: {early} bytes in use after {WARM_UP} steps, {late} after {STEPS}");
    // A batch of images is 768 bytes: a leak of a single one in a hundred steps would show.
    assert!(
        late - early < 4 * 1024,
        "cache {cache}: {} bytes more after {STEPS} steps",
        late - early,
    );
}

#[test]
fn memory_stays_flat_with_the_cache_off() {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    assert_flat("off", train(&Cpu::default()));
}

#[test]
fn memory_stays_flat_with_the_cache_on() {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    let dev = Cpu::default();
    dev.enable_cache();
    assert_flat("on", train(&dev));
}
