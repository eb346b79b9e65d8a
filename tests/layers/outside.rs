//! Layers that are defined outside the library work in `#[model]` as its own do.

use crate::support;
use crate::support::{assert_gradients, distinct, parameters, whole};
use shapeproof::dfdx::nn::tensor_collection::{ModuleVisitor, TensorOptions};
use shapeproof::layers::{Close, Layer};
use shapeproof::prelude::*;
use shapeproof::shape::{one_image, Dims, Infer, Inputs, Misfit, Signature};
use shapeproof::tensor::{Features, Sizes};

/// What a user writes: one learned factor for each channel, `y[c] = w[c]·x[c]`.
struct Scale;

impl<In: Inputs> Infer<In> for Scale {
    const SIGNATURE: Signature = match one_image(In::DIMS) {
        Ok((channels, height, width)) => {
            Signature::new("Scale", Dims::chw(channels, height, width))
                .params(channels)
                .macs(channels * height * width)
        }
        Err(misfit) => Signature::misfit("Scale", misfit, In::DIMS[0]),
    };
}

impl<In: Sizes, Out> Close<In, Out> for Scale {
    type Layer<E: Dtype, D: Storage<E>> = ScaleOf<In, E, D>;
}

/// The closed layer of [`Scale`].
#[derive(Clone, Debug)]
struct ScaleOf<In: Sizes, E: Dtype, D: Storage<E>> {
    weight: Tensor<(In::Channels,), E, D>,
}

impl<In: Sizes, E: Dtype, D: Device<E>> TensorCollection<E, D> for ScaleOf<In, E, D> {
    type To<E2: Dtype, D2: Device<E2>> = ScaleOf<In, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let start = TensorOptions::reset_to_ones();
        visitor.visit_fields(
            Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, start),
            |weight| ScaleOf { weight },
        )
    }
}

impl<In: Sizes, E: Dtype, D: shapeproof::tensor::Device<E>> Layer<E, D> for ScaleOf<In, E, D> {
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let weight = self.weight.retaped::<T>();
        x.try_map(|x| {
            let shape = *x.shape();
            let weight = weight.try_reshape_like(&(shape.1,))?;
            x.try_mul(weight.try_broadcast_like::<_, Axes3<0, 2, 3>>(&shape)?)
        })
    }
}

/// What a user writes: the sum of every channel, which must have an even number of rows.
#[derive(Clone, Copy, Debug, Default)]
struct Total;

impl<In: Inputs> Infer<In> for Total {
    const SIGNATURE: Signature = match one_image(In::DIMS) {
        Ok((channels, height, _)) if height % 2 == 0 => {
            Signature::new("Total", Dims::flat(channels))
        }
        Ok((channels, _, _)) => {
            let misfit = Misfit::Other {
                why: "the number of rows is odd",
                remedy: "try an even number of rows",
            };
            Signature::misfit("Total", misfit, Dims::flat(channels))
        }
        Err(misfit) => Signature::unknown("Total", misfit, Dims::flat(1)),
    };
}

impl<In, Out> Close<In, Out> for Total {
    type Layer<E: Dtype, D: Storage<E>> = Total;
}

impl ZeroSizedModule for Total {}

impl<E: Dtype, D: shapeproof::tensor::Device<E>> Layer<E, D> for Total {
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        Features::vectors(x.into_images().try_sum::<_, Axes2<2, 3>>()?)
    }
}

/// What a user writes: two inputs, multiplied value by value.
#[derive(Clone, Copy, Debug, Default)]
struct Multiply;

impl<In: Inputs> Infer<In> for Multiply {
    const SIGNATURE: Signature = match In::DIMS {
        [a, b] if a.same(*b) => Signature::new("Multiply", *a),
        _ => {
            let misfit = Misfit::Other {
                why: "it multiplies two inputs of one shape",
                remedy: "try `#[from(a, b)]` with two fields of one shape",
            };
            Signature::misfit("Multiply", misfit, In::DIMS[0])
        }
    };
}

impl<In, Out> Close<In, Out> for Multiply {
    type Layer<E: Dtype, D: Storage<E>> = Multiply;
}

impl ZeroSizedModule for Multiply {}

impl<E: Dtype, D: shapeproof::tensor::Device<E>> Layer<E, D> for Multiply {
    fn try_apply<T: Tape<E, D>>(
        &self,
        a: Features<E, D, T>,
        rest: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        rest.into_iter().try_fold(a, |a, b| {
            let (a, b) = a.try_distinct(b)?;
            a.try_map(|a| a.try_mul(b.into_images()))
        })
    }
}

/// Own and foreign layers side by side.
#[model(input = Chw<2, 5, 3>, output = Flat<4>)]
#[derive(Clone, Debug)]
struct Net {
    conv: Conv2d<4, Kernel<2>, NoBias>,
    scale: Scale,
    tanh: Tanh,
    #[from(scale, tanh)]
    gate: Multiply,
    total: Total,
}

#[test]
fn shapes_and_costs_of_foreign_layers_are_inferred() {
    let layers: Vec<_> = Net::LAYERS.iter().map(|l| l.layer).collect();
    assert_eq!(layers, ["Conv2d", "Scale", "Tanh", "Multiply", "Total"]);
    assert_eq!(Net::LAYERS[1].output, Dims::chw(4, 4, 2));
    assert_eq!(Net::LAYERS[4].output, Dims::flat(4));
    assert_eq!(Net::PARAMS, 4 * 2 * 4 + 4);
    assert_eq!(Net::MACS, 4 * 2 * 4 * 8 + 4 * 8);
    let net: Net = Net::new(&Cpu::default());
    assert_eq!(net.num_trainable_params(), Net::PARAMS);
}

#[test]
fn a_foreign_shape_rule_answers_a_misfit() {
    let odd = <Total as Infer<Chw<2, 3, 4>>>::SIGNATURE;
    assert!(!odd.fits, "three rows");
    assert!(
        matches!(odd.misfit, Some(Misfit::Other { .. })),
        "{:?}",
        odd.misfit
    );
    let even = <Total as Infer<Chw<2, 4, 3>>>::SIGNATURE;
    assert!(even.fits, "four rows: {:?}", even.misfit);
}

#[test]
fn foreign_layers_run_forward_by_hand() {
    #[model(input = Chw<3, 2, 1>, output = Flat<3>)]
    struct Hand {
        scale: Scale,
        #[from(scale, input)]
        product: Multiply,
        total: Total,
    }
    let dev = Cpu::default();
    let mut net: Hand = Hand::new(&dev);
    assert_eq!(net.scale.weight.array(), [1.0; 3], "its own start");
    net.scale.weight = dev.tensor([1.0, 10.0, -2.0]);
    let x = dev.tensor([
        [[[1.0], [2.0]], [[3.0], [4.0]], [[5.0], [6.0]]],
        [[[0.0], [1.0]], [[-1.0], [0.0]], [[2.0], [0.5]]],
    ]);
    let y = net.forward(x);
    assert_eq!(y.array(), [[5.0, 250.0, -122.0], [1.0, 10.0, -8.5]]);
}

#[test]
fn gradients_flow_through_foreign_layers() {
    let dev = Cpu::default();
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    support::set_parameters(&mut net, |_, len| distinct(len, 2));
    let x: Tensor<(usize, Const<2>, Const<5>, Const<3>), f64, _> =
        dev.tensor_from_vec(distinct(60, 1), (2, Const, Const, Const));
    assert_gradients("foreign layers", &mut net, x);
}

#[test]
fn foreign_parameters_learn_are_saved_and_loaded() {
    let dev = Cpu::seed_from_u64(3);
    let mut net: Net = Net::new(&dev);
    let values = whole(60, 1).into_iter().map(|v| v as f32 / 8.0).collect();
    let x: Tensor<(usize, Const<2>, Const<5>, Const<3>), f32, _> =
        dev.tensor_from_vec(values, (2, Const, Const, Const));
    let y: Tensor<(usize, Const<4>), f32, _> = dev.ones_like(&(2, Const));
    let mut sgd = Sgd::new(
        &net,
        SgdConfig {
            lr: 0.01,
            ..Default::default()
        },
    );
    let mut gradients = net.alloc_grads();
    let mut losses = Vec::new();
    for _ in 0..50 {
        let loss = mse_loss(net.forward_mut(x.trace(gradients)), y.clone());
        losses.push(loss.array());
        gradients = loss.backward();
        sgd.update(&mut net, &gradients)
            .expect("every parameter has a gradient");
        net.zero_grads(&mut gradients);
    }
    assert!(losses[49] < 0.5 * losses[0], "{losses:?}");
    let scale = net.scale.weight.array();
    assert!(
        scale.iter().all(|w| *w != 1.0),
        "scale.weight did not move: {scale:?}"
    );

    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("net.safetensors");
    net.save_safetensors(&path).expect("the model is saved");
    let mut loaded: Net = Net::new(&dev);
    loaded.load_safetensors(&path).expect("the model is loaded");
    assert_eq!(parameters(&loaded), parameters(&net));
    let names: Vec<String> = parameters(&net).into_iter().map(|p| p.0).collect();
    assert_eq!(names, ["conv.weight", "scale.weight"]);
}
