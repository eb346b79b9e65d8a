use dfdx::prelude::{
    Dtype, Merge, Module, NonMutableModule, PutTape, Shape, SplitTape, Storage, Tape, Tensor,
    TryAdd, ZeroSizedModule,
};

use super::{Close, Layer};
use crate::kernels::op;
use crate::shape::{Dims, Infer, Inputs, Misfit, Signature};
use crate::tensor::{distinct, on_tape, Device, Element, Features, Graph, Value};

/// Adds two to six inputs of one shape, value by value: the skip connection.
///
/// `y = x₁ + x₂ + …`
///
/// # Shapes
/// Any, the same for all inputs; the output has it, too.
///
/// # Example
/// ```
/// use shapeproof::prelude::*;
/// #[model(input = Flat<2>, output = Flat<2>)]
/// struct Residual {
///     relu: Relu,
///     #[from(input, relu)]
///     sum: Add,
/// }
/// let dev = Cpu::default();
/// let net: Residual = Residual::new(&dev);
/// assert_eq!(net.forward(dev.tensor([[-1.0, 3.0]])).array(), [[-1.0, 6.0]]);
/// ```
///
/// # Does not compile
/// ```compile_fail,E0080
/// use shapeproof::prelude::*;
/// #[model(input = Flat<2>, output = Flat<3>)]
/// struct Residual {
///     fc: Linear<3>,
///     #[from(input, fc)]
///     sum: Add, // 2 features and 3
/// }
/// ```
///
/// # Same as
/// `x1 + x2` in `torch`, without broadcasting.
///
/// # Source
/// He et al., "Deep Residual Learning for Image Recognition", 2015.
#[derive(Clone, Copy, Debug, Default)]
pub struct Add;

impl<In: Inputs> Infer<In> for Add {
    const SIGNATURE: Signature = signature(In::DIMS);
}

const fn signature(inputs: &[Dims]) -> Signature {
    let first = inputs[0];
    if inputs.len() < 2 {
        let misfit = Misfit::InputCount {
            least: 2,
            most: 6,
            found: inputs.len(),
        };
        return Signature::misfit("Add", misfit, first);
    }
    let mut index = 1;
    while index < inputs.len() {
        if !inputs[index].same(first) {
            let misfit = Misfit::AddDiffers {
                first,
                other: inputs[index],
                index,
            };
            return Signature::unknown("Add", misfit, first);
        }
        index += 1;
    }
    Signature::new("Add", first)
}

impl<In, Out> Close<In, Out> for Add {
    type Layer<E: Dtype, D: Storage<E>> = Add;
}

impl ZeroSizedModule for Add {}
impl NonMutableModule for Add {}

impl<E: Dtype, D: Device<E>> Layer<E, D> for Add {
    fn try_apply<T: Tape<E, D>>(
        &self,
        mut sum: Features<E, D, T>,
        rest: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        for x in rest {
            let (left, x) = sum.try_distinct(x)?;
            sum = left.try_map(|sum| sum.try_add(x.into_images()))?;
        }
        Ok(sum)
    }

    fn describe<'m>(&'m self, graph: &mut Graph<'_, 'm, E>, inputs: &[Value]) -> Option<Value>
    where
        E: Element,
    {
        let dims = graph.dims(inputs[0]);
        Some(graph.push(op::Add::default(), inputs, 0, dims))
    }
}

macro_rules! sums {
    ($($R:ident $x:ident),+) => {
        impl<S, E, D, T, $($R),+> Module<(Tensor<S, E, D, T>, $(Tensor<S, E, D, $R>),+)> for Add
        where
            S: Shape,
            E: Dtype,
            D: dfdx::prelude::Device<E>,
            T: Tape<E, D> $(+ Merge<$R>)+,
            $($R: Tape<E, D>),+
        {
            type Output = Tensor<S, E, D, T>;
            type Error = D::Err;

            fn try_forward(
                &self,
                (sum, $($x),+): (Tensor<S, E, D, T>, $(Tensor<S, E, D, $R>),+),
            ) -> Result<Self::Output, D::Err> {
                let (sum, tape) = sum.split_tape();
                $(
                    let (x, tape) = distinct($x, tape)?;
                    let (sum, tape) = on_tape(&sum, tape, |sum| sum.try_add(x))?;
                )+
                Ok(sum.put_tape(tape))
            }
        }
    };
}
sums!(R2 x2);
sums!(R2 x2, R3 x3);
sums!(R2 x2, R3 x3, R4 x4);
sums!(R2 x2, R3 x3, R4 x4, R5 x5);
sums!(R2 x2, R3 x3, R4 x4, R5 x5, R6 x6);
