//! Random numbers that depend on what they are for, not on how many came before.

use rand::rngs::StdRng;
use rand::SeedableRng;

/// What random numbers are for: each use has its own.
#[derive(Clone, Copy)]
pub(super) enum Use {
    Order,
    Sample,
    Mixup,
    Drawing,
}

/// The generator for sample (or batch) `index` in an epoch.
pub(super) fn generator(seed: u64, epoch: u64, what: Use, index: usize) -> StdRng {
    let mut state = [0; 32];
    let words = [seed, epoch, what as u64, index as u64];
    for (bytes, word) in state.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    StdRng::from_seed(state)
}
