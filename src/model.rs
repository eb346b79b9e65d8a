//! What every `#[model]` says about itself.

use crate::shape::{Dims, FileTensor, Inputs, LayerInfo, ReceptiveField, Summary, WeightMisfits};

/// A model that can be built on the device `D`.
///
/// `#[model]` implements it where the numbers and the device are such that the model can run.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run on `{D}`",
    label = "a model computes with `f32` or `f64`, on `Cpu` or (with the feature `cuda`) on `Cuda`"
)]
pub trait BuildOn<D>: Sized {
    /// The device's error.
    type Err: std::fmt::Debug;

    /// Builds the model on `device` with parameters drawn from its random numbers.
    ///
    /// # Errors
    /// When the device is out of memory.
    fn try_build_on(device: &D) -> Result<Self, Self::Err>;
}

/// A model made by `#[model]`: what is known of it without building it.
///
/// On the default types the constants can be used without naming them: `LeNet5::PARAMS`. In code
/// that is generic over the model they come from here: `M::PARAMS`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "a model is a struct with `#[model(input = …, output = …)]`"
)]
pub trait Model {
    /// The shape of one example that flows in; a tuple where there are several inputs.
    type Input: Inputs;
    /// The shape that flows out for one example; a tuple where there are several outputs.
    type Output: Inputs;
    /// The type of its numbers.
    type Number;
    /// The struct's name.
    const NAME: &'static str;
    /// The inputs with their names.
    const INPUTS: &'static [(&'static str, Dims)];
    /// The layers in order, with their shapes and costs.
    const LAYERS: &'static [LayerInfo];
    /// Whether all layers fit, so that `LAYERS` can be relied on; it is told elsewhere.
    #[doc(hidden)]
    const FITS: bool = true;
    /// Learned numbers.
    const PARAMS: usize = LayerInfo::total_params(Self::LAYERS);
    /// Multiply-accumulates for one image, of the layers that are products: convolutions, dense
    /// layers and capsules.
    const MACS: usize = LayerInfo::total_macs(Self::LAYERS);
    /// Bytes that all layers put out for one image.
    const ACTIVATION_BYTES: usize = LayerInfo::total_activations(Self::LAYERS)
        .saturating_mul(std::mem::size_of::<Self::Number>());
    /// The part of the input that one value of the last layer depends on.
    const RECEPTIVE_FIELD: ReceptiveField = Self::LAYERS[Self::LAYERS.len() - 1].receptive_field;

    /// The table of the layers, as Keras users know it; nothing is built for it.
    fn summary() -> Summary {
        Summary {
            model: Self::NAME,
            inputs: Self::INPUTS,
            layers: Self::LAYERS,
            value_bytes: std::mem::size_of::<Self::Number>(),
        }
    }
}

/// Compares a file with the model `M`, for `check_weights!`. What does not fit inside of the model
/// is told already, and the model's tensors are guesses then.
#[doc(hidden)]
pub const fn compare_weights<M: Model, const N: usize>(file: &[FileTensor; N]) -> WeightMisfits {
    if M::FITS {
        WeightMisfits::new(M::NAME, M::LAYERS, file)
    } else {
        WeightMisfits::none(M::NAME)
    }
}
