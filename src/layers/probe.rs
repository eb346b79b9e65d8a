//! Watching a model run: what every layer puts out, by its path.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;

use dfdx::prelude::{Dtype, HasErr, Tape};

use crate::tensor::{Device, Element, Features};

thread_local! {
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// What is being watched on this thread.
#[derive(Default)]
struct Watch {
    model: &'static str,
    path: String,
    seen: Vec<(&'static str, String, Box<dyn Any>)>,
}

/// Whether models run layer by layer on this thread because somebody watches.
pub(crate) fn observing() -> bool {
    WATCH.with_borrow(Option::is_some)
}

/// Puts things back as they were when it is dropped, also by a panic.
struct Restore<F: FnMut()>(F);

impl<F: FnMut()> Drop for Restore<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Runs `run` and keeps what every layer of every model puts out in it, in the order in which they
/// ran.
///
/// The models run layer by layer through dfdx's ops, as on other devices
/// ([`engine::with_disabled`](crate::engine::with_disabled)). They are not changed, and compute what
/// they always do; `forward_mut` still learns running means. What is kept are the very tensors that
/// flow on, so dfdx's `Gradients` of a backward hold theirs, if the tape was made by `leaky_trace`.
/// Models with numbers of another type than `E`, or on another device than `D`, are not seen. An
/// `observe` inside of `run` keeps what runs in it for itself.
///
/// A block is there as well as the layers in it, which come before it: `stage.0.conv1`,
/// `stage.0.relu1`, `stage.0`, `stage`.
///
/// # Example
/// ```
/// use shapeproof::layers::observe;
/// use shapeproof::prelude::*;
/// #[model(input = Flat<3>, output = Flat<2>)]
/// struct Net {
///     fc: Linear<2>,
///     relu: Relu,
/// }
/// let dev = Cpu::default();
/// let net: Net = Net::new(&dev);
/// let x = dev.tensor([[1.0, 2.0, 3.0]]);
///
/// let (y, seen) = observe::<f32, Cpu, _>(|| net.forward(x.leaky_trace()));
/// assert_eq!(seen.paths().collect::<Vec<_>>(), ["fc", "relu"]);
/// let fc = seen.get("fc")?.clone().into_images(); // a vector is an image of one pixel
/// assert_eq!(fc.shape(), &(1, 2, 1, 1));
///
/// // The gradient with respect to what a layer put out: 1 where the ReLU let it pass.
/// let passed = fc.as_vec().iter().map(|v| f32::from(*v > 0.0)).collect::<Vec<_>>();
/// let gradients = y.sum().backward();
/// assert_eq!(gradients.get(&fc).as_vec(), passed);
///
/// let error = seen.get("fc1").unwrap_err().to_string();
/// assert_eq!(error, "no layer `fc1` has run; there are `fc`, `relu`");
/// # Ok::<(), shapeproof::layers::UnknownLayer>(())
/// ```
///
/// # Same as
/// `torch.nn.Module.register_forward_hook` on every module
pub fn observe<E: Dtype, D: Device<E>, R>(run: impl FnOnce() -> R) -> (R, Observed<E, D>) {
    let outer = WATCH.replace(Some(Watch::default()));
    let mut outer = Some(outer);
    let restore = Restore(|| drop(outer.take().map(|outer| WATCH.replace(outer))));
    let result = run();
    let seen = WATCH.take().map(|watch| watch.seen).unwrap_or_default();
    drop(restore);
    let layers = seen.into_iter().filter_map(|(model, path, features)| {
        let features = *features.downcast::<Features<E, D>>().ok()?;
        Some(Seen {
            model,
            path,
            features,
        })
    });
    let layers = layers.collect();
    (result, Observed { layers })
}

/// What one layer has put out.
#[derive(Clone, Debug)]
pub struct Seen<E: Dtype, D: Device<E>> {
    /// The name of its model, `LeNet5`.
    pub model: &'static str,
    /// The fields that lead to it, `stage.0.conv1`.
    pub path: String,
    /// The tensor, without a tape.
    pub features: Features<E, D>,
}

impl<E: Element, D: Device<E>> Seen<E, D> {
    /// Whether all numbers are finite.
    pub fn is_finite(&self) -> bool {
        let numbers = self.features.clone().into_images().as_vec();
        numbers.iter().all(|number| number.is_finite())
    }
}

impl<E: Dtype, D: Device<E>> fmt::Display for Seen<E, D> {
    /// Model and path, as errors of the compiler name a layer: `LeNet5.conv1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.model, self.path)
    }
}

/// What all layers have put out, in the order in which they ran; made by [`observe`].
#[derive(Clone, Debug)]
pub struct Observed<E: Dtype, D: Device<E>> {
    layers: Vec<Seen<E, D>>,
}

impl<E: Dtype, D: Device<E>> Observed<E, D> {
    /// What the layer at `path` has put out: the first, where several models or several runs have
    /// one.
    ///
    /// # Errors
    /// [`UnknownLayer`], which lists those that have run.
    pub fn get(&self, path: &str) -> Result<&Features<E, D>, UnknownLayer> {
        let found = self.layers.iter().find(|layer| layer.path == path);
        found
            .map(|layer| &layer.features)
            .ok_or_else(|| UnknownLayer {
                path: path.to_owned(),
                known: self.paths().map(str::to_owned).collect(),
            })
    }

    /// The paths of all layers.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(|layer| layer.path.as_str())
    }

    /// All layers.
    pub fn iter(&self) -> std::slice::Iter<'_, Seen<E, D>> {
        self.layers.iter()
    }

    /// The first layer that has put out NaN or an infinity.
    pub fn first_not_finite(&self) -> Option<&Seen<E, D>>
    where
        E: Element,
    {
        self.layers.iter().find(|layer| !layer.is_finite())
    }
}

impl<'a, E: Dtype, D: Device<E>> IntoIterator for &'a Observed<E, D> {
    type Item = &'a Seen<E, D>;
    type IntoIter = std::slice::Iter<'a, Seen<E, D>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A layer was asked for that has not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no layer `{path}` has run; there {}", There(known))]
pub struct UnknownLayer {
    /// The path that was asked for.
    pub path: String,
    /// The paths of those that have run, in their order.
    pub known: Vec<String>,
}

struct There<'a>(&'a [String]);

impl fmt::Display for There<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("was none"),
            [first, rest @ ..] => {
                write!(f, "are `{first}`")?;
                rest.iter().try_for_each(|path| write!(f, ", `{path}`"))
            }
        }
    }
}

/// Says that the layers which run until the answer is dropped are those of the model `name`.
///
/// `#[model]` says so of its own layers.
#[doc(hidden)]
pub fn in_model(name: &'static str) -> impl Drop {
    let mut outer = WATCH.with_borrow_mut(|watch| {
        let watch = watch.as_mut()?;
        Some((
            std::mem::replace(&mut watch.model, name),
            std::mem::take(&mut watch.path),
        ))
    });
    Restore(move || {
        WATCH.with_borrow_mut(|watch| {
            if let (Some(watch), Some(outer)) = (watch, outer.take()) {
                (watch.model, watch.path) = outer;
            }
        })
    })
}

/// Runs the layer `name` of a model or block by `apply`, and shows what it puts out to whoever
/// watches.
///
/// `#[model]` and `#[block]` run every field so. A layer of your own that holds layers does the
/// same with them, if they shall be seen.
///
/// # Errors
/// Those of `apply`.
pub fn named<E: Dtype, D: Device<E>, T: Tape<E, D>>(
    name: &'static str,
    apply: impl FnOnce() -> Result<Features<E, D, T>, <D as HasErr>::Err>,
) -> Result<Features<E, D, T>, <D as HasErr>::Err> {
    if !observing() {
        return apply();
    }
    let within = WATCH.with_borrow_mut(|watch| {
        let path = &mut watch.as_mut()?.path;
        let within = path.len();
        if within > 0 {
            path.push('.');
        }
        path.push_str(name);
        Some(within)
    });
    let _restore = Restore(move || {
        WATCH.with_borrow_mut(|watch| {
            if let (Some(watch), Some(within)) = (watch, within) {
                watch.path.truncate(within);
            }
        })
    });
    let (features, tape) = apply()?.split_tape();
    let kept = features.clone();
    WATCH.with_borrow_mut(|watch| {
        if let Some(watch) = watch {
            let path = watch.path.clone();
            watch.seen.push((watch.model, path, Box::new(kept)));
        }
    });
    Ok(features.put_tape(tape))
}
