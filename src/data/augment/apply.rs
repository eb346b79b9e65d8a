//! A change that comes only sometimes.

use rand::rngs::StdRng;
use rand::Rng;

use super::{probability, Transform};
use crate::data::sample::Sample;
use crate::data::target::Target;

/// Applies another transform with a probability.
///
/// # Same as
/// `torchvision.transforms.v2.RandomApply([transform], p)`
///
/// # Example
/// ```
/// use shapeproof::data::{ElasticTransform, RandomApply};
/// let bent = RandomApply::new(ElasticTransform::new(100.0, 8.0), 0.25);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomApply<Tr> {
    transform: Tr,
    p: f64,
}

impl<Tr> RandomApply<Tr> {
    /// Applies `transform` with the probability `p`.
    ///
    /// # Panics
    /// When `p` is not from 0 to 1.
    pub fn new(transform: Tr, p: f64) -> Self {
        let p = probability(p);
        RandomApply { transform, p }
    }
}

impl<S, T: Target, Tr: Transform<S, T>> Transform<S, T> for RandomApply<Tr> {
    fn apply(&self, sample: &mut Sample<S, T>, rng: &mut StdRng) {
        if rng.gen_bool(self.p) {
            self.transform.apply(sample, rng);
        }
    }
}
