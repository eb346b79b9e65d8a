//! What `#[model]` makes of unusual but right structs.
#![deny(missing_docs, dead_code, unused)]

use shapeproof::prelude::*;

/// Models in a module of their own, seen from outside.
pub mod nets {
    use shapeproof::prelude::*;

    /// Names that the expansion uses itself.
    pub const B: usize = 2;
    const T: usize = 3;
    /// Names in lower case, which turn a variable of that name into a pattern.
    pub mod lower {
        #![allow(missing_docs, non_upper_case_globals)]
        pub const limit: usize = 1;
        pub const found: usize = 1;
        pub const text: usize = 1;
        pub const misfit: usize = 1;
        pub const batch: usize = 1;
        pub const tape: usize = 1;
        pub const input: usize = 1;
    }
    #[allow(unused_imports)] // here to get in the way
    use lower::*;
    /// A name that the macro itself uses for a constant.
    pub const LAYERS: usize = 4;
    /// An output by another name.
    pub type Classes = Flat<4>;

    /// A public model with public and private fields.
    #[model(input = Chw<B, T, { B + T }>, output = Classes, max_params = LAYERS * 100)]
    #[derive(Clone, Debug)]
    pub struct Net {
        /// Seen from outside.
        pub r#type: Conv2d<B, Kernel<T>>,
        pub(crate) tape: Relu,
        batch: Flatten,
        __output: Linear<4>,
    }
}

/// More fields than one of dfdx's tuples has members, and than two levels of them.
#[model(input = Flat<3>, output = Flat<3>)]
struct Long {
    a01: Linear<3>,
    a02: Tanh,
    a03: Linear<3>,
    a04: Tanh,
    a05: Linear<3>,
    a06: Tanh,
    a07: Linear<3>,
    a08: Tanh,
    a09: Linear<3>,
    a10: Tanh,
    a11: Linear<3>,
    a12: Tanh,
    a13: Linear<3>,
    a14: Tanh,
    a15: Linear<3>,
    a16: Tanh,
    a17: Linear<3>,
    a18: Tanh,
    a19: Linear<3>,
    a20: Tanh,
    a21: Linear<3>,
    a22: Tanh,
    a23: Linear<3>,
    a24: Tanh,
    a25: Linear<3>,
    a26: Tanh,
    a27: Linear<3>,
    a28: Tanh,
    a29: Linear<3>,
    a30: Tanh,
    a31: Linear<3>,
    a32: Tanh,
    a33: Linear<3>,
    a34: Tanh,
    a35: Linear<3>,
    a36: Tanh,
    a37: Linear<3>,
}

macro_rules! named {
    ($($Name:ident)+) => {$(
        /// A model with the name of a type parameter.
        #[model(input = Flat<3>, output = Flat<2>)]
        #[derive(Clone, Debug)]
        pub struct $Name {
            fc: Linear<2>,
        }
    )+};
}
named!(B D E T V D2 E2);

macro_rules! of_shape {
    ($Name:ident, $input:ty, $layer:ty, $most:expr) => {
        /// A model whose parts come out of another macro.
        #[model(input = $input, output = Flat<2>, max_params = $most)]
        pub struct $Name {
            fc: $layer,
        }
    };
}
of_shape!(FromMacro, Flat<3>, Linear<2>, 10 - 2);

/// One layer without parameters.
#[model(input = Flat<3>, output = Flat<3>)]
struct Single {
    relu: Relu,
}

/// A diamond whose sides meet twice, with an input used three times.
#[model(input = Flat<2>, output = Flat<6>)]
struct Diamond {
    #[from(input)]
    left: Linear<2>,
    #[from(input)]
    right: Linear<2>,
    #[from(left, right, input)]
    sum: Add,
    #[from(sum, left, right)]
    all: Concat,
}

#[test]
fn a_public_model_works_from_another_module() {
    let dev = Cpu::seed_from_u64(3);
    let net: nets::Net = nets::Net::new(&dev);
    let image: Batch<Chw<2, 3, 5>, usize, f32, Cpu> =
        dev.sample_normal_like(&(2, Const, Const, Const));
    let logits: Batch<nets::Classes, usize, f32, Cpu> = net.clone().forward(image);
    assert_eq!(logits.shape().0, 2);
    assert_eq!(
        net.r#type.weight.shape(),
        &(Const::<2>, Const::<2>, Const, Const)
    );
    assert_eq!(nets::Net::LAYERS[0].name, "type");
    assert_eq!(nets::Net::PARAMS, 2 * 2 * 9 + 2 + 4 * 6 + 4);
}

#[test]
fn a_model_may_have_more_fields_than_a_tuple_of_dfdx() {
    let dev = Cpu::seed_from_u64(3);
    let mut net: Long = Long::new(&dev);
    assert_eq!(net.num_trainable_params(), Long::PARAMS);
    assert_eq!(Long::PARAMS, 19 * 12);
    // Each field must be visited under its own name and built into its own place.
    net.a37.weight = dev.tensor([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]]);
    let copy: Long<f64, Cpu> = net.to_dtype();
    assert_eq!(copy.a37.weight.array()[2], [0.0, 0.0, 3.0]);
    let first = |net: &Long| net.a01.weight.array().map(|row| row.map(f64::from));
    assert_eq!(copy.a01.weight.array(), first(&net));
}

#[test]
fn a_model_without_parameters_works() {
    let dev = Cpu::default();
    let net: Single<f64, Cpu> = Single::new(&dev);
    assert_eq!(
        net.forward(dev.tensor([[-1.0, 0.5, 2.0]])).array(),
        [[0.0, 0.5, 2.0]]
    );
    assert_eq!((Single::PARAMS, Single::MACS), (0, 0));
}

#[test]
fn a_model_may_have_the_name_of_a_type_parameter() {
    let dev = Cpu::default();
    let x: Tensor<Rank2<1, 3>, f64, _> = dev.zeros();
    let d: D<f64, Cpu> = D::new(&dev);
    let t: T<f64, Cpu> = T::new(&dev);
    assert_eq!(
        d.clone().forward(x.clone()).shape(),
        t.clone().forward(x).shape()
    );
    assert_eq!(
        [B::PARAMS, D::PARAMS, E::PARAMS, T::PARAMS, V::PARAMS],
        [8; 5]
    );
    assert_eq!([D2::PARAMS, E2::PARAMS, FromMacro::PARAMS], [8; 3]);
}

#[test]
fn a_batch_without_images_gives_a_batch_without_results() {
    let dev = Cpu::default();
    let mut net: nets::Net = nets::Net::new(&dev);
    let none: Batch<Chw<2, 3, 5>, usize, f32, Cpu> = dev.zeros_like(&(0, Const, Const, Const));
    assert_eq!(net.forward(none.clone()).shape().0, 0);
    assert_eq!(net.forward_mut(none.leaky_trace()).shape().0, 0);
}

#[test]
fn a_diamond_computes_what_it_says() {
    let dev = Cpu::default();
    let mut net: Diamond<f64, Cpu> = Diamond::new(&dev);
    net.left.weight = dev.tensor([[1.0, 2.0], [3.0, 4.0]]);
    net.left.bias = dev.tensor([0.0, 0.0]);
    net.right.weight = dev.tensor([[10.0, 0.0], [0.0, 10.0]]);
    net.right.bias = dev.tensor([1.0, 1.0]);
    let x = dev.tensor([[1.0, 1.0]]);
    let expected = [[3.0 + 11.0 + 1.0, 7.0 + 11.0 + 1.0, 3.0, 7.0, 11.0, 11.0]];
    assert_eq!(net.forward(x.clone()).array(), expected);
    // d/dx of the sum of all outputs: `left` and `right` count twice, the input once.
    let gradients = net.forward(x.leaky_trace()).sum().backward();
    assert_eq!(
        gradients.get(&x).array(),
        [[2.0 * 4.0 + 2.0 * 10.0 + 1.0, 2.0 * 6.0 + 2.0 * 10.0 + 1.0]]
    );
}

#[test]
fn the_summary_is_the_table_of_the_model() {
    let expected = "\
Diamond
  field                     layer   output  sees  params  MACs
  input                                  2
  left                      Linear       2   all       6     4
  right ← input             Linear       2   all       6     4
  sum ← left, right, input  Add          2   all       0     0
  all ← sum, left, right    Concat       6   all       0     0
12 parameters, 8 multiply-accumulates and 48 bytes of activations an image";
    assert_eq!(Diamond::summary().to_string(), expected);
    let double = <Diamond<f64, Cpu> as Model>::summary().to_string();
    assert!(
        double.ends_with("and 96 bytes of activations an image"),
        "{double}"
    );
}
