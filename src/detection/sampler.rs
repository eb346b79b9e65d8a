use rand::seq::SliceRandom;
use rand::Rng;

use super::Match;

/// Draws the boxes that are learned from: most boxes are around nothing, and would outvote the others.
///
/// # Example
/// ```
/// use rand::SeedableRng;
/// use shapeproof::detection::{Match, Sampler};
/// let mut matches = vec![Match::Background; 100];
/// matches[7] = Match::Truth(0);
/// let sampler = Sampler { size: 8, positive: 0.5 };
/// let drawn = sampler.sample(&matches, &mut rand::rngs::StdRng::seed_from_u64(0));
/// assert_eq!((drawn.len(), drawn[0]), (8, 7));
/// ```
///
/// # Same as
/// `torchvision.models.detection._utils.BalancedPositiveNegativeSampler(size, positive)`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    /// Boxes of each image, fewer where there are not as many.
    pub size: usize,
    /// The most of them that are around things, as a share; others take the places that are left.
    pub positive: f64,
}

impl Sampler {
    /// Indices of the boxes to learn from, those around things first; what is ignored is never drawn.
    /// The same random numbers draw the same.
    pub fn sample(&self, matches: &[Match], rng: &mut impl Rng) -> Vec<usize> {
        let of = |wanted: fn(&Match) -> bool| -> Vec<usize> {
            let all = matches.iter().enumerate();
            all.filter(|(_, m)| wanted(m)).map(|(i, _)| i).collect()
        };
        let mut positives = of(|m| matches!(m, Match::Truth(_)));
        let mut negatives = of(|m| matches!(m, Match::Background));
        let most = (self.size as f64 * self.positive) as usize;
        let (drawn, _) = positives.partial_shuffle(rng, most);
        let mut sample = drawn.to_vec();
        let (drawn, _) = negatives.partial_shuffle(rng, self.size - sample.len().min(self.size));
        sample.extend_from_slice(drawn);
        sample
    }
}
