//! What both batch normalisations share: one shape rule, one closed type, one computation.

use dfdx::prelude::{
    Axes3, ConstDim, Dtype, HasShape, MeanTo, PutTape, ReshapeTo, SplitTape, Tape, Tensor, TryAdd,
    TryDiv, TryMul, TrySub,
};

use super::bias::along_channels;
use crate::shape::{one_input, Dims, Misfit, Signature};
use crate::tensor::{on_tape, scalar, Device, Images};

/// The shape rule of the batch normalisation called `name`, for images or for vectors.
pub(super) const fn signature(
    name: &'static str,
    inputs: &[Dims],
    images: bool,
    epsilon: usize,
    momentum: usize,
) -> Signature {
    let what = match (epsilon, momentum) {
        (0, _) => "denominator of epsilon",
        (_, 0) => "denominator of the momentum",
        _ => {
            return match one_input(inputs) {
                Ok(input) => fitting(name, input, images),
                Err(misfit) => Signature::misfit(name, misfit, inputs[0]),
            }
        }
    };
    Signature::misfit(name, Misfit::Zero { what }, inputs[0])
}

const fn fitting(name: &'static str, input: Dims, images: bool) -> Signature {
    match (input, images) {
        (found @ Dims::Flat { .. }, true) => {
            Signature::misfit(name, Misfit::NeedsImage { found }, input)
        }
        (found @ Dims::Chw { .. }, false) => {
            Signature::misfit(name, Misfit::NeedsFlat { found }, input)
        }
        _ => {
            let channels = input.size(0);
            Signature::new(name, input)
                .weight("weight", &[channels])
                .weight("bias", &[channels])
                .statistic("running_mean", &[channels])
                .statistic("running_var", &[channels])
        }
    }
}

/// A vector with one number for each of `N` channels.
type PerChannel<N, E, D> = Tensor<(N,), E, D>;

/// The learned tensors of a normalisation by channels.
pub(super) struct Affine<'a, N: ConstDim, E: Dtype, D: dfdx::prelude::Storage<E>> {
    pub(super) weight: &'a PerChannel<N, E, D>,
    pub(super) bias: &'a PerChannel<N, E, D>,
}

/// Normalises by the running statistics: `x · scale + shift`, both of them one number a channel.
pub(super) fn evaluate<N, E, D, T>(
    x: Images<E, D, T>,
    affine: &Affine<'_, N, E, D>,
    mean: &PerChannel<N, E, D>,
    var: &PerChannel<N, E, D>,
    epsilon: f64,
) -> Result<Images<E, D, T>, D::Err>
where
    N: ConstDim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    let (x, tape) = x.split_tape();
    let shape = *x.shape();
    let deviation = var.clone().try_add(scalar::<E>(epsilon))?.try_sqrt()?;
    let (scale, tape) = on_tape(affine.weight, tape, |weight| weight.try_div(deviation))?;
    let (moved, tape) = on_tape(&scale, tape, |scale| scale.try_mul(mean.clone()))?;
    let (shift, tape) = on_tape(affine.bias, tape, |bias| bias.try_sub(moved))?;
    let scale = along_channels(scale, shape)?;
    let shift = along_channels(shift, shape)?;
    x.put_tape(tape).try_mul(scale)?.try_add(shift)
}

/// Normalises by the statistics of the batch, and gives mean and unbiased variance.
///
/// The batch must hold at least two values a channel.
#[allow(clippy::type_complexity)]
pub(super) fn train<N, E, D, T>(
    x: Images<E, D, T>,
    affine: &Affine<'_, N, E, D>,
    epsilon: f64,
) -> Result<(Images<E, D, T>, PerChannel<N, E, D>, PerChannel<N, E, D>), D::Err>
where
    N: ConstDim,
    E: Dtype,
    D: Device<E>,
    T: Tape<E, D>,
{
    let (x, tape) = x.split_tape();
    let shape = *x.shape();
    let count = (shape.0 * shape.2 * shape.3) as f64;
    let channels = (N::default(),);
    let per_channel = |x: Images<E, D, T>| -> Result<Tensor<(N,), E, D, T>, D::Err> {
        x.try_mean::<(usize,), Axes3<0, 2, 3>>()?
            .try_reshape_like(&channels)
    };
    let (mean, tape) = on_tape(&x, tape, per_channel)?;
    let far = along_channels(mean.clone(), shape)?;
    let (centred, tape) = on_tape(&x, tape, |x| x.try_sub(far))?;
    let (var, tape) = on_tape(&centred, tape, |x| per_channel(x.try_square()?))?;
    let (deviation, tape) = on_tape(&var, tape, |var| {
        var.try_add(scalar::<E>(epsilon))?.try_sqrt()
    })?;
    let (scale, tape) = on_tape(affine.weight, tape, |weight| weight.try_div(deviation))?;
    let scale = along_channels(scale, shape)?;
    let bias = along_channels(affine.bias.clone(), shape)?;
    let y = centred.put_tape(tape).try_mul(scale)?.try_add(bias)?;
    let unbiased = var.try_mul(scalar::<E>(count / (count - 1.0)))?;
    Ok((y, mean, unbiased))
}

/// Moves the running statistics by what the engine has kept of a batch, as [`train`] gives it.
pub(super) fn settle<N, E, D>(
    of_batch: Option<&[E]>,
    momentum: f64,
    running_mean: &mut PerChannel<N, E, D>,
    running_var: &mut PerChannel<N, E, D>,
) where
    N: ConstDim,
    E: Dtype,
    D: Device<E>,
{
    // The number of values in front of the last is even, one mean and one variance a channel.
    let Some((count, both)) = of_batch.and_then(<[E]>::split_last) else {
        return;
    };
    let count = count.to_f64().unwrap_or(0.0);
    if count < 2.0 {
        return;
    }
    let (mean, var) = both.split_at(both.len() / 2);
    let (old, new) = (scalar::<E>(1.0 - momentum), scalar::<E>(momentum));
    let unbiased = scalar::<E>(count / (count - 1.0));
    let moved = |running: Vec<E>, of_batch: &[E], factor: E| -> Vec<E> {
        let pairs = running.into_iter().zip(of_batch);
        pairs.map(|(r, b)| r * old + *b * factor * new).collect()
    };
    running_mean.copy_from(&moved(running_mean.as_vec(), mean, E::ONE));
    running_var.copy_from(&moved(running_var.as_vec(), var, unbiased));
}

/// `batch_norm!(Name, chw or flat, images or not)`: the open type's rule and the closed type of
/// one batch normalisation.
macro_rules! batch_norm {
    ($Norm:ident, $shape:ident, $images:literal) => {
        const NAME: &str = stringify!($Norm);

        impl<In, const EPSILON: usize, const MOMENTUM: usize> $crate::shape::Infer<In>
            for open::$Norm<EPSILON, MOMENTUM>
        where
            In: $crate::shape::Inputs,
        {
            const SIGNATURE: $crate::shape::Signature =
                batch_norm::signature(NAME, In::DIMS, $images, EPSILON, MOMENTUM);
        }

        impl<In, Out, const EPSILON: usize, const MOMENTUM: usize> $crate::layers::Close<In, Out>
            for open::$Norm<EPSILON, MOMENTUM>
        where
            In: Sizes,
            Out: Sizes,
        {
            type Layer<E: Dtype, D: Storage<E>> = $Norm<In, Out, EPSILON, MOMENTUM, E, D>;
        }

        #[doc = concat!("The closed layer of [`open::", stringify!($Norm), "`].")]
        #[derive(Clone, Debug)]
        pub struct $Norm<
            In,
            Out,
            const EPSILON: usize = 100_000,
            const MOMENTUM: usize = 10,
            E = f32,
            D = dfdx::prelude::Cpu,
        > where
            In: Sizes,
            Out: Sizes,
            E: Dtype,
            D: Storage<E>,
        {
            /// What each channel is multiplied with, once it is normalised.
            pub weight: Tensor<(In::Channels,), E, D>,
            /// What is added to each channel.
            pub bias: Tensor<(In::Channels,), E, D>,
            /// The mean of each channel over the batches seen; not learned.
            pub running_mean: Tensor<(In::Channels,), E, D>,
            /// The variance of each channel over the batches seen; not learned.
            pub running_var: Tensor<(In::Channels,), E, D>,
            /// What flows out.
            pub output: std::marker::PhantomData<fn() -> Out>,
        }

        impl<In, Out, const EPSILON: usize, const MOMENTUM: usize, E, D>
            $Norm<In, Out, EPSILON, MOMENTUM, E, D>
        where
            In: Sizes,
            Out: Sizes,
            E: Dtype,
            D: Storage<E>,
        {
            fn affine(&self) -> batch_norm::Affine<'_, In::Channels, E, D> {
                batch_norm::Affine {
                    weight: &self.weight,
                    bias: &self.bias,
                }
            }
        }

        impl<In, Out, const EPSILON: usize, const MOMENTUM: usize, E, D> $crate::layers::Layer<E, D>
            for $Norm<In, Out, EPSILON, MOMENTUM, E, D>
        where
            In: Sizes,
            Out: Sizes,
            E: Dtype,
            D: Device<E>,
        {
            fn try_apply<T: Tape<E, D>>(
                &self,
                x: Features<E, D, T>,
                _: Vec<Features<E, D>>,
            ) -> Result<Features<E, D, T>, D::Err> {
                let (mean, var) = (&self.running_mean, &self.running_var);
                let epsilon = 1.0 / EPSILON as f64;
                x.try_map(|x| batch_norm::evaluate(x, &self.affine(), mean, var, epsilon))
            }

            fn try_apply_mut<T: Tape<E, D>>(
                &mut self,
                x: Features<E, D, T>,
                rest: Vec<Features<E, D>>,
            ) -> Result<Features<E, D, T>, D::Err> {
                if x.batch() * x.dims().size(1) * x.dims().size(2) < 2 {
                    return self.try_apply(x, rest);
                }
                let momentum = 1.0 / MOMENTUM as f64;
                x.try_map(|x| {
                    let epsilon = 1.0 / EPSILON as f64;
                    let (y, mean, var) = batch_norm::train(x, &self.affine(), epsilon)?;
                    self.running_mean.try_axpy(1.0 - momentum, &mean, momentum)?;
                    self.running_var.try_axpy(1.0 - momentum, &var, momentum)?;
                    Ok(y)
                })
            }

            fn describe<'m>(
                &'m self,
                graph: &mut $crate::tensor::Graph<'_, 'm, E>,
                inputs: &[$crate::tensor::Value],
            ) -> Option<$crate::tensor::Value>
            where
                E: Element,
            {
                graph.parameter(&self.weight)?;
                graph.parameter(&self.bias)?;
                graph.parameter(&self.running_mean)?;
                graph.parameter(&self.running_var)?;
                let dims = graph.dims(inputs[0]);
                let geometry = $crate::kernels::batch_norm::Geometry {
                    planes: $crate::kernels::Image::from(dims).planes(),
                    eps: 1.0 / EPSILON as f64,
                };
                let op = $crate::kernels::op::BatchNorm::new(geometry, graph.training());
                Some(graph.push(op, inputs, 4, dims))
            }

            fn settle(&mut self, statistics: &mut $crate::layers::Statistics<'_, E>) {
                let momentum = 1.0 / MOMENTUM as f64;
                let of_batch = statistics.next();
                batch_norm::settle(of_batch, momentum, &mut self.running_mean, &mut self.running_var);
            }
        }

        $crate::layers::layer::typed_module!(
            mut [const EPSILON: usize, const MOMENTUM: usize,]
            $Norm<$shape => $shape, EPSILON, MOMENTUM, E, D>,
            |inputs| batch_norm::signature(NAME, inputs, $images, EPSILON, MOMENTUM)
        );

        impl<In, Out, const EPSILON: usize, const MOMENTUM: usize, E, D> TensorCollection<E, D>
            for $Norm<In, Out, EPSILON, MOMENTUM, E, D>
        where
            In: Sizes,
            Out: Sizes,
            E: Element,
            D: dfdx::prelude::Device<E>,
        {
            type To<E2: Dtype, D2: dfdx::prelude::Device<E2>> =
                $Norm<In, Out, EPSILON, MOMENTUM, E2, D2>;

            fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
                visitor: &mut V,
            ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
                visitor.visit_fields(
                    (
                        Self::tensor(
                            "weight",
                            |s| &s.weight,
                            |s| &mut s.weight,
                            TensorOptions::reset_to_ones(),
                        ),
                        Self::tensor(
                            "bias",
                            |s| &s.bias,
                            |s| &mut s.bias,
                            TensorOptions::reset_to_zeros(),
                        ),
                        Self::tensor(
                            "running_mean",
                            |s| &s.running_mean,
                            |s| &mut s.running_mean,
                            TensorOptions::detached(|t| t.try_fill_with_zeros()),
                        ),
                        Self::tensor(
                            "running_var",
                            |s| &s.running_var,
                            |s| &mut s.running_var,
                            TensorOptions::detached(|t| t.try_fill_with_ones()),
                        ),
                    ),
                    |(weight, bias, running_mean, running_var)| $Norm {
                        weight,
                        bias,
                        running_mean,
                        running_var,
                        output: std::marker::PhantomData,
                    },
                )
            }
        }
    };
}

pub(super) use batch_norm;
