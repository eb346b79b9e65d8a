use super::{Backward, Forward, Op, Reads};
use crate::kernels::{group_norm, layer_norm, Number};

/// Standardises all numbers of an example; the parameters are weight and bias.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNorm(pub layer_norm::Geometry);

/// Standardises groups of channels; the parameters are weight and bias.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupNorm(pub group_norm::Geometry);

macro_rules! norm {
    ($Norm:ident, $kernel:ident) => {
        impl<T: Number> Op<T> for $Norm {
            fn forward(&self, batch: usize, call: Forward<'_, T>) {
                let [weight, bias] = call.parameters else {
                    unreachable!("a normalisation has a weight and a bias")
                };
                $kernel::forward(&self.0, batch, call.inputs[0], weight, bias, call.output);
            }

            fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
                let (input, d_output) = (call.inputs[0], &*call.d_output);
                if let [d_weight, d_bias] = call.d_parameters {
                    $kernel::backward_parameters(&self.0, batch, input, d_output, d_weight, d_bias);
                }
                if let Some(d_input) = &mut call.d_inputs[0] {
                    let weight = call.parameters[0];
                    $kernel::backward_input(&self.0, batch, input, weight, d_output, d_input);
                }
            }

            fn reads(&self) -> Reads {
                Reads::INPUT
            }
        }
    };
}
norm!(LayerNorm, layer_norm);
norm!(GroupNorm, group_norm);
