use dfdx::prelude::{Dtype, Storage, Tape};

use super::conv2d::check_groups;
use super::{Close, Compute, Weightless};
use crate::kernels::{op, Image};
use crate::shape::{one_image, Dims, Infer, Inputs, Signature};
use crate::tensor::{Device, Element, Features, Graph, Value};

/// The open layer.
pub mod open {
    /// Deals the channels of `G` groups out, so that each group of what follows sees all of them.
    ///
    /// `y[j·G + g] = x[g·C/G + j]`
    ///
    /// # Shapes
    /// `C×H×W`, unchanged.
    ///
    /// # Parameters
    /// - `G`: number of groups; it divides the channels.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<6, 1, 1>, output = Chw<6, 1, 1>)]
    /// struct Net {
    ///     shuffle: ChannelShuffle<2>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let x = dev.tensor([[[[0.0]], [[1.0]], [[2.0]], [[3.0]], [[4.0]], [[5.0]]]]);
    /// let y = [[[[0.0]], [[3.0]], [[1.0]], [[4.0]], [[2.0]], [[5.0]]]];
    /// assert_eq!(net.forward(x).array(), y);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<6, 8, 8>, output = Chw<6, 8, 8>)]
    /// struct Net {
    ///     shuffle: ChannelShuffle<4>, // 6 / 4 leaves a remainder
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.ChannelShuffle(G)`
    ///
    /// # Source
    /// Zhang et al., "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile
    /// Devices", 2017.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct ChannelShuffle<const G: usize>;
}

const NAME: &str = "ChannelShuffle";

impl<In: Inputs, const G: usize> Infer<In> for open::ChannelShuffle<G> {
    const SIGNATURE: Signature = signature(In::DIMS, G);
}

const fn signature(inputs: &[Dims], groups: usize) -> Signature {
    let channels = match one_image(inputs) {
        Ok((channels, ..)) => channels,
        Err(misfit) => return Signature::misfit(NAME, misfit, inputs[0]),
    };
    match check_groups(groups, channels, channels) {
        Ok(()) => Signature::new(NAME, inputs[0]),
        Err(misfit) => Signature::misfit(NAME, misfit, inputs[0]),
    }
}

impl<In, Out, const G: usize> Close<In, Out> for open::ChannelShuffle<G> {
    type Layer<E: Dtype, D: Storage<E>> = ChannelShuffle<In, Out, G>;
}

/// The closed layer of [`open::ChannelShuffle`].
pub type ChannelShuffle<In, Out, const G: usize> = Weightless<In, Out, open::ChannelShuffle<G>>;

impl<const G: usize> Compute for open::ChannelShuffle<G> {
    fn try_compute<E: Dtype, D: Device<E>, T: Tape<E, D>>(
        x: Features<E, D, T>,
        output: Dims,
    ) -> Result<Features<E, D, T>, D::Err> {
        let (channels, plane) = (output.size(0), output.size(1) * output.size(2));
        let table: Vec<Option<usize>> = (0..channels)
            .map(|channel| channel % G * (channels / G) + channel / G)
            .flat_map(|channel| (channel * plane..(channel + 1) * plane).map(Some))
            .collect();
        x.try_rearrange(1, &table, 0.0, output)
    }
    fn describe<E: Element>(
        graph: &mut Graph<'_, '_, E>,
        input: Value,
        output: Dims,
    ) -> Option<Value> {
        let op = op::ChannelShuffle {
            planes: Image::from(output).planes(),
            groups: G,
        };
        Some(graph.push(op, &[input], 0, output))
    }
}
