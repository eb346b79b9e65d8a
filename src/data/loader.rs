//! Batches of any source, read and augmented in the background.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use rand::seq::SliceRandom;
use rand_distr::{Beta, Distribution};

use super::augment::Transform;
use super::error::{DataError, Origin};
use super::normalize::{Normalize, Scale};
use super::ordered::Ordered;
use super::seeds::{generator, Use};
use super::source::{SampleOf, Source};
use super::target::{Dense, Target};
use crate::shape::{Chw, LayerShape};
use crate::tensor::{filled, scalar, Batch, Batched, Device, Element};

/// Batches of a source: shuffled, augmented, normalised, and read ahead in threads of its own.
///
/// Everything is decided by the seed, the epoch and the sample's index, never by the threads: with
/// any number of them the same numbers come in the same order, and a run that is taken up at epoch
/// 3 sees what it would have seen.
///
/// # Example
/// ```
/// use shapeproof::data::{synthetic_digits, Loader, RandomCrop};
/// use shapeproof::prelude::*;
///
/// let dev = Cpu::default();
/// let loader = Loader::new(synthetic_digits(10, 1), 4)
///     .shuffled(7)
///     .augmented(RandomCrop::new(2))
///     .threads(2);
/// for epoch in 0..2 {
///     let mut sizes = Vec::new();
///     for batch in loader.epoch(&dev, epoch)? {
///         let batch = batch?;
///         let images: Batch<Chw<1, 28, 28>, usize, f32, Cpu> = batch.images;
///         let one_hot: Batch<Flat<10>, usize, f32, Cpu> = batch.targets;
///         assert_eq!(images.shape().0, one_hot.shape().0);
///         sizes.push(batch.values.len());
///     }
///     assert_eq!(sizes, [4, 4, 2]);
/// }
/// # Ok::<(), shapeproof::data::DataError>(())
/// ```
///
/// # Does not compile
/// Twelve classes do not fit a model of ten outputs:
/// ```compile_fail,E0308
/// use shapeproof::data::{Class, Loader, Samples};
/// use shapeproof::prelude::*;
///
/// fn loss(logits: Batch<Flat<10>, usize, f32, Cpu>, data: Samples<Chw<1, 28, 28>, Class<12>>) {
///     for batch in Loader::new(data, 4).epoch(&Cpu::default(), 0).unwrap() {
///         cross_entropy_with_logits_loss(logits.clone(), batch.unwrap().targets);
///     }
/// }
/// ```
pub struct Loader<Src: Source> {
    plan: Plan<Src>,
    shuffled: bool,
    drop_last: bool,
    threads: usize,
    ahead: usize,
}

/// What a thread needs to know to make a batch.
struct Plan<Src: Source> {
    source: Arc<Src>,
    size: usize,
    seed: u64,
    /// Each with the number of epochs that it is for.
    transforms: Vec<(SharedTransform<Src>, u64)>,
    mixup: Option<f64>,
    scales: Vec<Scale>,
}

type SharedTransform<Src> = Arc<dyn Transform<<Src as Source>::Shape, <Src as Source>::Target>>;

// By hand: the source is shared, not copied.
impl<Src: Source> Clone for Plan<Src> {
    fn clone(&self) -> Self {
        Plan {
            source: Arc::clone(&self.source),
            size: self.size,
            seed: self.seed,
            transforms: self.transforms.clone(),
            mixup: self.mixup,
            scales: self.scales.clone(),
        }
    }
}

impl<Src: Source> Loader<Src> {
    /// Batches of `size` samples in the source's order, the last of what is left over; one thread
    /// reads ahead.
    pub fn new(source: Src, size: usize) -> Self {
        let scales = source.scales();
        Loader {
            plan: Plan {
                source: Arc::new(source),
                size,
                seed: 0,
                transforms: Vec::new(),
                mixup: None,
                scales,
            },
            shuffled: false,
            drop_last: false,
            threads: 1,
            ahead: 4,
        }
    }

    /// Every epoch in another order, which `seed` decides.
    pub fn shuffled(mut self, seed: u64) -> Self {
        self.shuffled = true;
        self.seeded(seed)
    }

    /// `seed` decides what is random in the augmentation, without shuffling.
    pub fn seeded(mut self, seed: u64) -> Self {
        self.plan.seed = seed;
        self
    }

    /// Changes every sample by `transform`, after those given before.
    pub fn augmented(
        mut self,
        transform: impl Transform<Src::Shape, Src::Target> + 'static,
    ) -> Self {
        self.plan.transforms.push((Arc::new(transform), u64::MAX));
        self
    }

    /// Changes every sample of the first `epochs` epochs by `transform`, after those given before. In
    /// the end a network sees samples as it will see them later.
    ///
    /// # Source
    /// Ge, Liu, Wang, Li and Sun, "YOLOX: Exceeding YOLO Series in 2021", 2021, which trains the last
    /// epochs without its strongest augmentations.
    pub fn augmented_for(
        mut self,
        epochs: u64,
        transform: impl Transform<Src::Shape, Src::Target> + 'static,
    ) -> Self {
        self.plan.transforms.push((Arc::new(transform), epochs));
        self
    }

    /// Leaves the samples out that are left over at the end of an epoch, so that all batches are of
    /// one size.
    pub fn drop_last(mut self) -> Self {
        self.drop_last = true;
        self
    }

    /// How many threads read; 0 reads when a batch is asked for, in the thread that asks.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// How many batches may be ready or in the making before they are asked for (4 at first, at
    /// least 1): what the loader takes of memory.
    pub fn ahead(mut self, batches: usize) -> Self {
        self.ahead = batches;
        self
    }

    /// The seed of the order and of the augmentation.
    pub fn seed(&self) -> u64 {
        self.plan.seed
    }

    /// The set that the batches come from.
    pub fn source(&self) -> &Src {
        &self.plan.source
    }

    /// Samples in an epoch.
    pub fn samples(&self) -> usize {
        match (self.drop_last, self.plan.source.len()) {
            (true, len) if self.plan.size > 0 => len - len % self.plan.size,
            (_, len) => len,
        }
    }

    /// Batches in an epoch.
    pub fn batches(&self) -> usize {
        match self.plan.size {
            0 => 0,
            size => self.samples().div_ceil(size),
        }
    }

    /// The batches of one pass over the source.
    ///
    /// # Errors
    /// When the batches are to have no sample, when the normalisation gives no numbers, or when the
    /// system gives no thread.
    pub fn epoch<E: Element, D: Device<E>>(
        &self,
        device: &D,
        epoch: u64,
    ) -> Result<Epoch<Src, E, D>, DataError> {
        self.epoch_from(device, epoch, 0)
    }

    /// The batches of one pass over the source, without the first `done` of them, which are not
    /// even read.
    ///
    /// # Errors
    /// As [`epoch`](Self::epoch).
    pub fn epoch_from<E: Element, D: Device<E>>(
        &self,
        device: &D,
        epoch: u64,
        done: usize,
    ) -> Result<Epoch<Src, E, D>, DataError> {
        if self.plan.size == 0 {
            return Err(DataError::BatchOfZero);
        }
        for (channel, scale) in self.plan.scales.iter().enumerate() {
            scale.check(channel)?;
        }
        let mut order: Vec<usize> = (0..self.plan.source.len()).collect();
        if self.shuffled {
            order.shuffle(&mut generator(self.plan.seed, epoch, Use::Order, 0));
        }
        order.truncate(self.samples());
        let batches = order.len().div_ceil(self.plan.size);
        let done = done.min(batches);
        let maker = Maker {
            plan: self.plan.clone(),
            epoch,
            order,
            numbers: self.plan.scales.iter().map(|s| s.numbers()).collect(),
        };
        let work = if self.threads == 0 {
            Work::Here { maker, next: done }
        } else {
            let make = move |job: usize, stop: &AtomicBool| maker.make(done + job, stop);
            let ordered = Ordered::start(batches - done, self.threads, self.ahead, make);
            Work::Threads(ordered.map_err(|reason| DataError::Thread { reason })?)
        };
        Ok(Epoch {
            work,
            left: batches - done,
            device: device.clone(),
            source: PhantomData,
        })
    }
}

impl<const C: usize, const H: usize, const W: usize, Src> Loader<Src>
where
    Src: Source<Shape = Chw<C, H, W>>,
{
    /// Normalises the images, in place of how the source does.
    pub fn normalized(mut self, normalize: Normalize<C>) -> Self {
        self.plan.scales = normalize.scales();
        self
    }
}

/// How it loads, not what.
impl<Src: Source> fmt::Debug for Loader<Src> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader")
            .field("samples", &self.samples())
            .field("size", &self.plan.size)
            .field("shuffled", &self.shuffled)
            .field("seed", &self.plan.seed)
            .field("transforms", &self.plan.transforms.len())
            .field("mixup", &self.plan.mixup)
            .field("threads", &self.threads)
            .field("ahead", &self.ahead)
            .finish()
    }
}

impl<Src: Source> Loader<Src> {
    /// Mixes every sample with another of its batch, images and targets alike.
    ///
    /// `x = λ·x₁ + (1 − λ)·x₂`, `λ` from the distribution `Beta(alpha, alpha)`, once for each batch
    ///
    /// [`values`](Examples::values) stay what they were before.
    ///
    /// # Same as
    /// `torchvision.transforms.v2.MixUp(alpha=alpha)`
    ///
    /// # Source
    /// Zhang, Cisse, Dauphin and Lopez-Paz, "mixup: Beyond Empirical Risk Minimization", 2018.
    ///
    /// # Panics
    /// When `alpha` is not a positive number.
    pub fn mixup(mut self, alpha: f64) -> Self
    where
        Src::Target: Dense,
    {
        assert!(
            alpha > 0.0 && alpha.is_finite(),
            "mixup needs a positive alpha, not {alpha}"
        );
        self.plan.mixup = Some(alpha);
        self
    }
}

/// A few samples on the device.
pub struct Examples<S: Batched, T: Target, E: Element, D: Device<E>> {
    /// The images, for the model.
    pub images: Batch<S, usize, E, D>,
    /// The targets, for the loss.
    pub targets: T::Batch<E, D>,
    /// The targets as they are in the source, for metrics and pictures.
    pub values: Vec<T::Value>,
    /// Whether images and targets are mixtures, as by [`Loader::mixup`]; `values` are then only one
    /// part of each.
    pub mixed: bool,
}

/// The shapes and the targets, not the images.
impl<S: Batched, T: Target, E: Element, D: Device<E>> fmt::Debug for Examples<S, T, E, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Examples")
            .field("images", &S::DIMS)
            .field("values", &self.values)
            .finish()
    }
}

/// One pass over a source: [`Loader::epoch`].
///
/// An error stands where its batch would have; the batches after it still come. Dropping it before
/// its end stops the threads after the sample they are at.
pub struct Epoch<Src: Source, E: Element, D> {
    work: Work<Src, E>,
    left: usize,
    device: D,
    source: PhantomData<fn() -> Src>,
}

/// How many batches are left.
impl<Src: Source, E: Element, D> fmt::Debug for Epoch<Src, E, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Epoch").field("left", &self.left).finish()
    }
}

enum Work<Src: Source, E> {
    Here { maker: Maker<Src, E>, next: usize },
    Threads(Ordered<Result<Host<Src::Target, E>, DataError>>),
}

/// A batch on the host.
struct Host<T: Target, E> {
    images: Vec<E>,
    numbers: Vec<E>,
    values: Vec<T::Value>,
    mixed: bool,
}

struct Maker<Src: Source, E> {
    plan: Plan<Src>,
    epoch: u64,
    order: Vec<usize>,
    /// For every channel, or once for all of them, the number that each byte stands for.
    numbers: Vec<[E; 256]>,
}

impl<Src: Source, E: Element> Maker<Src, E> {
    fn make(&self, batch: usize, stop: &AtomicBool) -> Result<Host<Src::Target, E>, DataError> {
        let start = batch * self.plan.size;
        let end = start.saturating_add(self.plan.size).min(self.order.len());
        let mut host = Host {
            images: Vec::new(),
            numbers: Vec::new(),
            values: Vec::new(),
            mixed: self.plan.mixup.is_some(),
        };
        for index in &self.order[start..end] {
            if stop.load(Ordering::Relaxed) {
                // Nobody takes it.
                break;
            }
            self.add(&mut host, *index)?;
        }
        if let Some(alpha) = self.plan.mixup {
            let beta = Beta::new(alpha, alpha).expect("`mixup` has checked it");
            let mut rng = generator(self.plan.seed, self.epoch, Use::Mixup, batch);
            let lambda = beta.sample(&mut rng);
            mix(&mut host.images, host.values.len(), lambda);
            mix(&mut host.numbers, host.values.len(), lambda);
        }
        Ok(host)
    }

    fn add(&self, host: &mut Host<Src::Target, E>, index: usize) -> Result<(), DataError> {
        let mut sample: SampleOf<Src> = self.plan.source.get(index)?;
        <Src::Target as Target>::check(&sample.target).map_err(|problem| DataError::Target {
            origin: Origin::Samples,
            record: index,
            problem,
        })?;
        if !self.plan.transforms.is_empty() {
            let mut rng = generator(self.plan.seed, self.epoch, Use::Sample, index);
            for (transform, epochs) in &self.plan.transforms {
                if self.epoch < *epochs {
                    transform.apply(&mut sample, &mut rng);
                }
            }
        }
        let values = sample.image.values();
        let channel = values.len() / self.numbers.len();
        for (c, numbers) in self.numbers.iter().enumerate() {
            let bytes = &values[c * channel..(c + 1) * channel];
            let as_numbers = bytes.iter().map(|byte| numbers[usize::from(*byte)]);
            host.images.extend(as_numbers);
        }
        let before = host.numbers.len();
        let after = before + <Src::Target as Target>::LEN;
        host.numbers.resize(after, E::zero());
        <Src::Target as Target>::write(&sample.target, &mut host.numbers[before..]);
        host.values.push(sample.target);
        Ok(())
    }
}

/// Mixes each of `rows` with the one before it, the first with the last.
fn mix<E: Element>(values: &mut [E], rows: usize, lambda: f64) {
    let Some(len) = values.len().checked_div(rows) else {
        return;
    };
    let old = values.to_vec();
    let (lambda, rest) = (scalar::<E>(lambda), scalar::<E>(1.0 - lambda));
    for (i, value) in values.iter_mut().enumerate() {
        let other = (i + (rows - 1) * len) % old.len();
        *value = lambda * old[i] + rest * old[other];
    }
}

impl<Src: Source, E: Element, D: Device<E>> Iterator for Epoch<Src, E, D> {
    type Item = Result<Examples<Src::Shape, Src::Target, E, D>, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let host = match &mut self.work {
            Work::Here { maker, next } => {
                *next += 1;
                maker.make(*next - 1, &AtomicBool::new(false))
            }
            Work::Threads(ordered) => ordered.next()?,
        };
        Some(host.and_then(|host| self.upload(host)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<Src: Source, E: Element, D: Device<E>> Epoch<Src, E, D> {
    /// The batches from here on come on another device, such as one whose random numbers are
    /// others.
    pub fn set_device(&mut self, device: D) {
        self.device = device;
    }

    fn upload(
        &self,
        host: Host<Src::Target, E>,
    ) -> Result<Examples<Src::Shape, Src::Target, E, D>, DataError> {
        let failed = |error: D::Err| DataError::Device {
            reason: format!("{error:?}"),
        };
        let shape = Src::Shape::batched(host.values.len());
        debug_assert_eq!(
            host.images.len(),
            host.values.len() * <Src::Shape as LayerShape>::DIMS.len()
        );
        Ok(Examples {
            images: filled(&self.device, &shape, &host.images).map_err(failed)?,
            targets: Src::Target::batch(&self.device, &host.values, &host.numbers)
                .map_err(failed)?,
            mixed: host.mixed,
            values: host.values,
        })
    }
}

impl<Src: Source, E: Element, D: Device<E>> ExactSizeIterator for Epoch<Src, E, D> {}

impl<Src: Source, E: Element, D: Device<E>> std::iter::FusedIterator for Epoch<Src, E, D> {}
