//! What every `#[model]` says about itself.

use crate::shape::{LayerInfo, LayerShape, Summary};

/// A model made by `#[model]`: what is known of it without building it.
///
/// On the default types the constants can be used without naming them: `LeNet5::PARAMS`. In code
/// that is generic over the model they come from here: `M::PARAMS`.
pub trait Model {
    /// The shape of one example that flows in.
    type Input: LayerShape;
    /// The shape that flows out for one example.
    type Output: LayerShape;
    /// The type of its numbers.
    type Number;
    /// The struct's name.
    const NAME: &'static str;
    /// The layers in order, with their shapes and costs.
    const LAYERS: &'static [LayerInfo];
    /// Learned numbers.
    const PARAMS: usize = LayerInfo::total_params(Self::LAYERS);
    /// Multiply-accumulates for one image; only convolutions and dense layers count.
    const MACS: usize = LayerInfo::total_macs(Self::LAYERS);
    /// Bytes that all layers put out for one image.
    const ACTIVATION_BYTES: usize = LayerInfo::total_activations(Self::LAYERS)
        .saturating_mul(std::mem::size_of::<Self::Number>());

    /// The table of the layers, as Keras users know it; nothing is built for it.
    fn summary() -> Summary {
        Summary {
            model: Self::NAME,
            input: Self::Input::DIMS,
            layers: Self::LAYERS,
            value_bytes: std::mem::size_of::<Self::Number>(),
        }
    }
}
