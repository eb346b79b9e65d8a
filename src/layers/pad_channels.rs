use dfdx::prelude::{Dtype, Storage, Tape};

use super::{Close, Compute, Weightless};
use crate::kernels::op;
use crate::shape::{one_image, Dims, Infer, Inputs, Misfit, Signature};
use crate::tensor::{Device, Element, Features, Graph, Value};

/// The open layer.
pub mod open {
    /// Adds channels of zeros before and behind those of an image, until there are `C`.
    ///
    /// `y[c] = x[c − b]` with `b = ⌊(C − C₀) / 2⌋`, zeros where there is no such channel
    ///
    /// Where as many cannot go before as behind, the one more goes behind.
    ///
    /// # Shapes
    /// `C₀×H×W` → `C×H×W`
    ///
    /// # Parameters
    /// - `C`: channels of the output.
    ///
    /// # Example
    /// ```
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<2, 1, 1>, output = Chw<5, 1, 1>)]
    /// struct Net {
    ///     widen: PadChannels<5>,
    /// }
    /// let dev = Cpu::default();
    /// let net: Net = Net::new(&dev);
    /// let y = net.forward(dev.tensor([[[[7.0]], [[8.0]]]]));
    /// assert_eq!(y.array(), [[[[0.0]], [[7.0]], [[8.0]], [[0.0]], [[0.0]]]]);
    /// ```
    ///
    /// # Does not compile
    /// ```compile_fail,E0080
    /// use shapeproof::prelude::*;
    /// #[model(input = Chw<32, 8, 8>, output = Chw<16, 8, 8>)]
    /// struct Net {
    ///     narrow: PadChannels<16>, // there are 32
    /// }
    /// ```
    ///
    /// # Same as
    /// `torch.nn.functional.pad(x, (0, 0, 0, 0, b, C - C0 - b))`
    ///
    /// # Source
    /// He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2015, option A.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct PadChannels<const C: usize>;
}

const NAME: &str = "PadChannels";

impl<In: Inputs, const C: usize> Infer<In> for open::PadChannels<C> {
    const SIGNATURE: Signature = signature(In::DIMS, C);
}

const fn signature(inputs: &[Dims], wanted: usize) -> Signature {
    let output = Dims::chw(wanted, inputs[0].size(1), inputs[0].size(2));
    match one_image(inputs) {
        Err(misfit) => Signature::unknown(NAME, misfit, output),
        Ok((found, ..)) if found > wanted => {
            let misfit = Misfit::TooManyChannels { wanted, found };
            Signature::unknown(NAME, misfit, output)
        }
        Ok(_) => Signature::new(NAME, output),
    }
}

impl<In, Out, const C: usize> Close<In, Out> for open::PadChannels<C> {
    type Layer<E: Dtype, D: Storage<E>> = PadChannels<In, Out, C>;
}

/// The closed layer of [`open::PadChannels`].
pub type PadChannels<In, Out, const C: usize> = Weightless<In, Out, open::PadChannels<C>>;

impl<const C: usize> Compute for open::PadChannels<C> {
    fn try_compute<E: Dtype, D: Device<E>, T: Tape<E, D>>(
        x: Features<E, D, T>,
        output: Dims,
    ) -> Result<Features<E, D, T>, D::Err> {
        let found = x.dims();
        let plane = found.size(1) * found.size(2);
        let before = (C - found.size(0)) / 2 * plane;
        let table: Vec<Option<usize>> = (0..output.len())
            .map(|i| i.checked_sub(before).filter(|i| *i < found.len()))
            .collect();
        x.try_rearrange(1, &table, 0.0, output)
    }

    fn describe<E: Element>(
        graph: &mut Graph<'_, '_, E>,
        input: Value,
        output: Dims,
    ) -> Option<Value> {
        let found = graph.dims(input);
        let plane = found.size(1) * found.size(2);
        let before = (C - found.size(0)) / 2 * plane;
        let op = op::PadEnds {
            before,
            len: found.len(),
            after: output.len() - found.len() - before,
        };
        Some(graph.push(op, &[input], 0, output))
    }
}
