//! `gradcheck` finds what is wrong with a gradient and says where; and it passes every layer.

use std::sync::atomic::{AtomicUsize, Ordering};

use shapeproof::dfdx::nn::modules as dfdx_nn;
use shapeproof::dfdx::nn::{ModuleVisitor, TensorOptions};
use shapeproof::gradcheck::{away_from_kinks, Fault, GradCheck, GradCheckError, Of, Traced};
use shapeproof::layers::{Close, Layer};
use shapeproof::shape::{one_input, Infer, Inputs, Signature};
use shapeproof::tensor::Features;
use shapeproof::{gradcheck, prelude::*};

type Matrix<const M: usize, const N: usize> = Tensor<Rank2<M, N>, f64, Cpu>;

fn matrix<const M: usize, const N: usize>(seed: u64) -> Matrix<M, N> {
    Cpu::default().tensor_from_vec(away_from_kinks(M * N, seed), (Const, Const))
}

/// An op that hands `x` on and gives `wrong(place, d)` for the gradient `d` of its output.
fn with_gradient<S: Shape>(x: Traced<S>, wrong: impl Fn(usize, f64) -> f64 + 'static) -> Traced<S> {
    let (x, mut tape) = x.split_tape();
    let y = x.clone() * 1.0;
    let (from, to) = (x.ghost(), y.ghost());
    tape.add_backward_op(move |gradients| {
        gradients.try_alloc_for(&to)?;
        let d_output = gradients.get(&to).as_vec();
        let d_input = gradients.get_or_alloc_mut(&from)?;
        for (place, (d_input, d)) in d_input.iter_mut().zip(d_output).enumerate() {
            *d_input += wrong(place, d);
        }
        Ok(())
    });
    y.put_tape(tape)
}

// ---- wrong gradients ----

#[test]
fn a_right_function_passes_and_reports_its_tensors() {
    let report = GradCheck::new()
        .function(|x| x.square().sum::<Rank1<3>, _>(), matrix::<2, 3>(1))
        .expect("the gradient of a sum of squares is right");
    let [input] = &report.tensors[..] else {
        panic!("one tensor: {report}")
    };
    assert_eq!(
        (input.name.as_str(), &input.shape[..]),
        ("input", &[2, 3][..])
    );
    assert_eq!(input.of, Of::Function);
    assert!(input.deviation < 1e-8, "{report}");
}

#[test]
fn the_one_wrong_entry_is_named_with_both_values() {
    let wrong = |x: Traced<Rank2<2, 3>>| {
        with_gradient(x.square(), |place, d| if place == 4 { 1.5 * d } else { d })
    };
    let x = Cpu::default().tensor([[1.0, 2.0, -3.0], [4.0, -5.0, 6.0]]);
    let error = GradCheck::new().function(wrong, x).unwrap_err();
    let Fault::Wrong {
        tensor,
        index,
        output_index,
        analytic,
        numeric,
        wrong,
        ..
    } = &error.fault
    else {
        panic!("{error}")
    };
    assert_eq!(tensor, "input");
    assert_eq!((index, output_index), (&vec![1, 1], &vec![1, 1]));
    assert_eq!(*analytic, -15.0);
    assert!((numeric + 10.0).abs() < 1e-8, "{numeric}");
    assert_eq!(*wrong, Some(1));
    let text = error.to_string();
    assert!(
        text.starts_with("function: the gradient of `input` is wrong: d output[1, 1] / d input[1, 1] is -15 by backward, -10.0"),
        "{text}"
    );
    assert!(
        text.ends_with("no other entry of this tensor's is wrong"),
        "{text}"
    );
}

#[test]
fn the_worst_of_many_is_reported() {
    let wrong = |x: Traced<Rank2<2, 3>>| with_gradient(x, |place, d| (1.0 + place as f64) * d);
    let error = GradCheck::new().function(wrong, matrix(1)).unwrap_err();
    let Fault::Wrong {
        index,
        analytic,
        wrong,
        ..
    } = error.fault
    else {
        panic!("{error}")
    };
    assert_eq!((index, analytic, wrong), (vec![1, 2], 6.0, Some(5)));
}

#[test]
fn the_fast_form_finds_the_one_wrong_entry_by_halving() {
    for place in [0, 17, 63] {
        let wrong = move |x: Traced<Rank2<8, 8>>| {
            with_gradient(x.exp(), move |at, d| if at == place { 0.9 * d } else { d })
        };
        let error = GradCheck::new()
            .fast()
            .function(wrong, matrix(2))
            .unwrap_err();
        let Fault::Wrong {
            index,
            output_index,
            analytic,
            numeric,
            wrong,
            ..
        } = error.fault
        else {
            panic!("{error}")
        };
        assert_eq!(index, [place / 8, place % 8]);
        assert_eq!(output_index, [place / 8, place % 8]);
        assert!(
            (analytic / numeric - 0.9).abs() < 1e-8,
            "{analytic} {numeric}"
        );
        assert_eq!(wrong, None);
    }
}

#[test]
fn an_error_spread_over_all_entries_is_a_wrong_direction() {
    let wrong = |x: Traced<Rank2<30, 40>>| {
        // Every entry alone is within the tolerance.
        let y: Traced<Rank0> = x.sum();
        with_gradient(y, |_, d| d * (1.0 + 0.9e-5))
    };
    let check = GradCheck::new().rtol(0.0);
    check
        .function(wrong, matrix(3))
        .expect("the full form allows it");
    let fault = check.fast().function(wrong, matrix(3)).map_err(|e| e.fault);
    assert!(
        matches!(&fault, Err(Fault::WrongDirection { .. })),
        "{fault:?}"
    );
}

#[test]
fn tolerances_and_eps_are_settable() {
    let wrong = |x: Traced<Rank2<2, 3>>| with_gradient(x, |_, d| 1.01 * d);
    let off = |check: GradCheck| check.function(wrong, matrix(1)).is_err();
    assert!(off(GradCheck::new()));
    assert!(!off(GradCheck::new().rtol(0.02)));
    assert!(!off(GradCheck::new().atol(0.02)));
    // The central difference of x³ is off by eps².
    let cube = |x: Traced<Rank2<1, 1>>| x.powi(3);
    let x = Cpu::default().tensor([[1.0]]);
    let eps = GradCheck::new().atol(1e-3).rtol(0.0).eps(0.1);
    let error = eps.function(cube, x.clone()).unwrap_err();
    let Fault::Wrong { numeric, .. } = error.fault else {
        panic!("{error}")
    };
    assert!((numeric - 3.01).abs() < 1e-12, "{numeric}");
    eps.eps(0.01)
        .function(cube, x)
        .expect("eps² is small enough");
}

#[test]
fn dfdx_s_own_gelu_has_a_wrong_gradient_and_this_crate_s_has_not() {
    let x = matrix::<2, 3>(1);
    let error = GradCheck::new().function(|x| x.accurate_gelu(), x.clone());
    let fault = error.unwrap_err().fault;
    assert!(
        matches!(fault, Fault::Wrong { wrong: Some(6), .. }),
        "{fault}"
    );
    GradCheck::new().module(&Gelu, x).expect("ours is right");
}

#[test]
fn a_detached_factor_is_found_in_the_tensor_it_was_taken_from() {
    // x·w, where the gradient of the second factor is lost.
    let lost = |(x, w): (Traced<Rank2<2, 3>>, Traced<Rank2<2, 3>>)| {
        let (w, _) = w.split_tape();
        x * (w * 1.0)
    };
    let error = GradCheck::new()
        .function(lost, (matrix(1), matrix(2)))
        .unwrap_err();
    let Fault::Wrong {
        tensor, analytic, ..
    } = error.fault
    else {
        panic!("{error}")
    };
    assert_eq!((tensor.as_str(), analytic), ("input1", 0.0));
}

#[test]
fn several_tensors_may_be_one_and_need_not_be_used() {
    let x = matrix::<2, 3>(1);
    GradCheck::new()
        .function(|(a, b)| b - a, (x.clone(), x.clone()))
        .expect("each place is a tensor of its own");
    GradCheck::new()
        .function(|(a, _, c)| a * c, (x.clone(), x.clone(), x))
        .expect("the gradient of what is not used is 0");
}

#[test]
fn an_output_that_is_the_input_or_a_broadcast_view_of_it_passes() {
    GradCheck::new()
        .function(|x| x, matrix::<2, 3>(1))
        .expect("identity");
    let broadcast = |x: Traced<Rank2<2, 3>>| x.broadcast::<Rank3<4, 2, 3>, _>();
    GradCheck::new()
        .function(broadcast, matrix(1))
        .expect("broadcast");
    let permuted = |x: Traced<Rank2<2, 3>>| x.permute::<Rank2<3, 2>, _>();
    GradCheck::new()
        .function(permuted, matrix(1))
        .expect("permuted");
}

// ---- nondeterminism ----

/// Counts its own calls in the gradient.
#[test]
fn a_backward_that_differs_in_the_last_bit_is_nondeterministic() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let moody = |x: Traced<Rank2<2, 3>>| {
        with_gradient(x, |place, d| {
            let call = CALLS.fetch_add(1, Ordering::Relaxed);
            if place == 5 && call > 5 {
                f64::from_bits(d.to_bits() + 1)
            } else {
                d
            }
        })
    };
    let error = GradCheck::new().function(moody, matrix(1)).unwrap_err();
    let Fault::Nondeterministic {
        what,
        index,
        first,
        second,
    } = &error.fault
    else {
        panic!("{error}")
    };
    assert_eq!(
        (what.as_str(), &index[..]),
        ("the gradient of `input`", &[1, 2][..])
    );
    assert_eq!(first.to_bits() + 1, second.to_bits());
}

#[test]
fn dropout_while_training_is_nondeterministic() {
    let x = matrix::<4, 8>(1);
    let error = GradCheck::new()
        .module(&Dropout::<1, 2>, x.clone())
        .unwrap_err();
    assert_eq!(error.of, Of::ForwardMut);
    assert!(matches!(&error.fault, Fault::Nondeterministic { what, .. } if what == "the output"));
    assert!(error.to_string().contains("`evaluating()`"), "{error}");
    GradCheck::new()
        .evaluating()
        .module(&Dropout::<1, 2>, x)
        .expect("dropout evaluates as the identity");
}

// ---- points without a gradient ----

#[test]
fn relu_at_zero_is_not_differentiable() {
    let x = Cpu::default().tensor([[1.0, -2.0, 3.0], [4.0, 0.0, -6.0]]);
    for check in [GradCheck::new(), GradCheck::new().fast()] {
        let error = check
            .function(|x: Traced<Rank2<2, 3>>| x.relu(), x.clone())
            .unwrap_err();
        let Fault::NotDifferentiable {
            index,
            output_index,
            value,
            analytic,
            below,
            above,
            ..
        } = &error.fault
        else {
            panic!("{error}")
        };
        assert_eq!(
            (&index[..], &output_index[..], *value),
            (&[1, 1][..], &[1, 1][..], 0.0)
        );
        assert_eq!((*below, *above, *analytic), (0.0, 1.0, 0.0));
        assert!(error.to_string().contains("away_from_kinks"), "{error}");
    }
}

#[test]
fn ties_under_one_window_of_a_max_pool_are_not_differentiable() {
    #[model(input = Chw<1, 2, 4>, output = Chw<1, 1, 2>)]
    struct Net {
        pool: MaxPool2d<2>,
    }
    let net: Net<f64, Cpu> = Net::new(&Cpu::default());
    let x: Batch<Chw<1, 2, 4>, usize, f64, Cpu> = Cpu::default().tensor_from_vec(
        vec![1.0, 2.0, 3.0, 7.0, 0.0, 1.5, 7.0, 4.0],
        (1, Const, Const, Const),
    );
    let error = GradCheck::new().module(&net, x).unwrap_err();
    let Fault::NotDifferentiable {
        index,
        output_index,
        value,
        below,
        above,
        ..
    } = &error.fault
    else {
        panic!("{error}")
    };
    assert_eq!((&index[..], *value), (&[0, 0, 0, 3][..], 7.0));
    assert_eq!(output_index, &[0, 0, 0, 1]);
    assert!(*below == 0.0 && (above - 1.0).abs() < 1e-8, "{error}");
}

#[test]
fn a_gradient_that_is_no_slope_at_a_kink_is_wrong_there_too() {
    let wrong = |x: Traced<Rank2<1, 1>>| with_gradient(x.relu(), |_, d| d).negate().negate();
    let doubled = move |x: Traced<Rank2<1, 1>>| with_gradient(wrong(x), |_, d| 2.0 * d + 3.0);
    let x = Cpu::default().tensor([[1e-9]]);
    let error = GradCheck::new().function(doubled, x).unwrap_err();
    assert!(matches!(error.fault, Fault::Wrong { .. }), "{error}");
}

#[test]
fn a_wrong_gradient_is_told_before_a_kink() {
    let wrong = |x: Traced<Rank2<1, 3>>| {
        with_gradient(x.relu(), |place, d| if place == 2 { 3.0 * d } else { d })
    };
    let x = Cpu::default().tensor([[0.0, 1.0, 2.0]]);
    let fault = GradCheck::new().function(wrong, x).unwrap_err().fault;
    assert!(
        matches!(&fault, Fault::Wrong { index, .. } if index == &[0, 2]),
        "{fault}"
    );
}

// ---- numbers that are none ----

#[test]
fn what_is_not_finite_is_named() {
    let dev = Cpu::default();
    let at = |x: f64| -> Matrix<1, 2> { dev.tensor([[1.0, x]]) };
    let fault = |error: Result<_, GradCheckError>| error.unwrap_err().fault.to_string();
    let check = GradCheck::new();
    let said = fault(check.function(|x| x * 2.0, at(f64::NAN)));
    assert_eq!(said, "`input` is NaN at [0, 1]");
    let said = fault(check.function(|x| x.ln(), at(-1.0)));
    assert_eq!(said, "the output is NaN at [0, 1]");
    let said = fault(check.function(|x| x.sqrt(), at(0.0)));
    // Of a sum of the outputs with random signs.
    assert_eq!(
        said.replace('-', ""),
        "the gradient of `input` is inf at [0, 1]"
    );
    let said = fault(check.function(|x| x.ln(), at(1e-7)));
    assert_eq!(
        said,
        "the output, `input` being moved by eps, is NaN at [0, 1]"
    );
}

#[test]
fn a_number_too_large_for_the_step_is_an_error_of_the_point_not_of_the_gradient() {
    let x = Cpu::default().tensor([[1.0, 3e8]]);
    let double = |x: Traced<Rank2<1, 2>>| x * 2.0;
    let fault = GradCheck::new()
        .function(double, x.clone())
        .unwrap_err()
        .fault;
    assert!(
        matches!(&fault, Fault::StepLost { index, .. } if index == &[0, 1]),
        "{fault}"
    );
    GradCheck::new()
        .eps(1.0)
        .function(double, x)
        .expect("a step of 1 is not lost");
}

#[test]
fn an_empty_output_is_an_error() {
    let x: Tensor<(usize,), f64, Cpu> = Cpu::default().tensor_from_vec(vec![], (0,));
    let fault = GradCheck::new().function(|x| x, x).unwrap_err().fault;
    assert_eq!(fault, Fault::NoOutput);
}

// ---- modules ----

/// A layer of a user's own, as it is written in a model: `y = scale·x`, value by value. With `LOST`,
/// the gradient of `scale` is lost on the way.
#[derive(Clone, Debug, Default)]
struct Scale<const LOST: bool>;

impl<In: Inputs, const LOST: bool> Infer<In> for Scale<LOST> {
    const SIGNATURE: Signature = match one_input(In::DIMS) {
        Ok(input) => Signature::new("Scale", input),
        Err(misfit) => Signature::misfit("Scale", misfit, In::DIMS[0]),
    };
}

impl<const N: usize, Out, const LOST: bool> Close<Flat<N>, Out> for Scale<LOST> {
    type Layer<E: Dtype, D: Storage<E>> = Scaled<N, LOST, E, D>;
}

#[derive(Clone, Debug)]
struct Scaled<const N: usize, const LOST: bool, E: Dtype, D: Storage<E>> {
    scale: Tensor<Rank1<N>, E, D>,
}

impl<const N: usize, const LOST: bool, E: Element, D: Device<E>> TensorCollection<E, D>
    for Scaled<N, LOST, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> = Scaled<N, LOST, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let options = TensorOptions::reset_to_zeros();
        let scale = Self::tensor("scale", |s| &s.scale, |s| &mut s.scale, options);
        visitor.visit_fields(scale, |scale| Scaled { scale })
    }
}

impl<const N: usize, const LOST: bool, E: Dtype, D: shapeproof::tensor::Device<E>> Layer<E, D>
    for Scaled<N, LOST, E, D>
{
    fn try_apply<T: Tape<E, D>>(
        &self,
        x: Features<E, D, T>,
        _: Vec<Features<E, D>>,
    ) -> Result<Features<E, D, T>, D::Err> {
        let scale = if LOST {
            self.scale.clone().try_mul(E::ONE)?
        } else {
            self.scale.clone()
        };
        let x = x.try_into_vectors()?;
        let scale = scale.retaped::<T>().try_reshape_like(&(N,))?;
        let scale = scale.try_broadcast_like::<_, Axis<0>>(x.shape())?;
        Features::vectors(scale.try_mul(x)?)
    }
}

#[test]
fn a_layer_of_a_user_s_own_passes_by_one_line() {
    let report = gradcheck!(Scale<false>, Flat<3>);
    let names: Vec<_> = report
        .tensors
        .iter()
        .map(|t| (t.of, t.name.as_str()))
        .collect();
    let expected = [
        (Of::ForwardMut, "input"),
        (Of::ForwardMut, "scale"),
        (Of::Forward, "input"),
        (Of::Forward, "scale"),
    ];
    assert_eq!(names, expected);
    assert_eq!(report.tensors[0].shape, [2, 3], "a batch of two");
}

#[test]
#[should_panic = "gradcheck of Scale<true>: forward_mut: the gradient of `scale` is wrong"]
fn a_wrong_layer_of_a_user_s_own_panics_by_one_line() {
    gradcheck!(Scale<true>, Flat<3>);
}

#[test]
fn a_wrong_parameter_deep_in_a_model_is_named_as_in_its_state_dict() {
    #[model(input = Chw<2, 4, 3>, output = Flat<5>)]
    struct Net {
        conv: Conv2d<3, Kernel<2>>,
        tanh: Tanh,
        flatten: Flatten,
        right: Scale<false>,
        wrong: Scale<true>,
        fc: Linear<5>,
    }
    for check in [GradCheck::new(), GradCheck::new().fast()] {
        let dev = Cpu::seed_from_u64(3);
        let mut net: Net<f64, Cpu> = Net::new(&dev);
        net.right.scale = dev.tensor_from_vec(away_from_kinks(18, 1), (Const,));
        net.wrong.scale = dev.tensor_from_vec(away_from_kinks(18, 2), (Const,));
        let before = net.right.scale.array();
        let error = check
            .module(&net, check.draw::<Chw<2, 4, 3>>())
            .unwrap_err();
        let Fault::Wrong {
            tensor,
            index,
            analytic,
            numeric,
            ..
        } = error.fault
        else {
            panic!("{error}")
        };
        assert_eq!(
            (tensor.as_str(), index.len(), analytic),
            ("wrong.scale", 1, 0.0)
        );
        assert!(numeric.abs() > 0.01, "{numeric}");
        assert_eq!(net.right.scale.array(), before, "the model is as it was");
    }
}

#[test]
fn a_module_of_dfdx_is_checked_as_it_trains() {
    let dev = Cpu::default();
    let mut norm = dfdx_nn::BatchNorm2D::<3, f64, Cpu>::build(&dev);
    norm.scale = dev.tensor([0.5, -1.5, 2.0]);
    norm.running_mean = dev.tensor([0.1, 0.2, 0.3]);
    let x = GradCheck::new().batch(3).draw::<Chw<3, 2, 4>>();
    let report = GradCheck::new()
        .forward_mut(&norm, x)
        .expect("batch norm is right");
    let names: Vec<_> = report.tensors.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(
        names,
        ["input", "scale", "bias"],
        "running statistics are no parameters"
    );
    assert_eq!(
        norm.running_mean.array(),
        [0.1, 0.2, 0.3],
        "nothing was trained"
    );
}

#[test]
fn a_model_is_checked_by_its_name() {
    #[model(input = Chw<2, 6, 5>, output = Flat<3>)]
    struct Net {
        conv1: Conv2d<4, Kernel<3, 2>, Padding<1, 0>, Groups<2>>,
        relu1: Relu,
        #[from(conv1, relu1)]
        sum: Add,
        pool: MaxPool2d<2>,
        flatten: Flatten,
        fc: Linear<3>,
        drop: Dropout,
    }
    let report = gradcheck!(Net; GradCheck::new().evaluating());
    let names: Vec<_> = report.tensors.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "input",
            "conv1.weight",
            "conv1.bias",
            "fc.weight",
            "fc.bias"
        ]
    );
    let fast = gradcheck!(Net; GradCheck::new().evaluating().fast().seed(7).batch(5));
    assert_eq!(fast.tensors[0].shape, [5, 2, 6, 5]);
    assert!(fast.to_string().contains("conv1.weight"), "{fast}");
}

#[test]
fn a_module_that_cannot_run_says_so() {
    #[derive(Clone, Debug, Default)]
    struct Broken;
    impl<X> Module<X> for Broken {
        type Output = Traced<Rank1<1>>;
        type Error = &'static str;
        fn try_forward(&self, _: X) -> Result<Self::Output, Self::Error> {
            Err("out of order")
        }
    }
    impl NonMutableModule for Broken {}
    impl ZeroSizedModule for Broken {}
    let error = GradCheck::new()
        .module(&Broken, matrix::<1, 1>(1))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "forward_mut: it cannot run: \"out of order\""
    );
}

// ---- what dfdx brings ----

/// `right!(name: function; …)`: each has the right gradient.
macro_rules! right {
    ($point:expr; $($name:literal $f:expr;)+) => {
        $(if let Err(error) = GradCheck::new().function($f, $point) {
            panic!("{}: {error}", $name);
        })+
    };
}

type X = Traced<Rank2<3, 4>>;

#[test]
fn the_losses_of_the_prelude_have_right_gradients() {
    let target = || matrix::<3, 4>(2);
    let likely = || target().softmax::<Axis<1>>();
    right! { matrix(1);
        "mse_loss" |x: X| mse_loss(x, target());
        "rmse_loss" |x: X| rmse_loss(x, target());
        "mae_loss" |x: X| mae_loss(x, target());
        "huber_loss" |x: X| huber_loss(x, target(), 0.5);
        "smooth_l1_loss" |x: X| smooth_l1_loss(x, target(), 0.7);
        "cross_entropy_with_logits_loss" |x: X| cross_entropy_with_logits_loss(x, likely());
        "kl_div_with_logits_loss" |x: X| kl_div_with_logits_loss(x, likely());
        "binary_cross_entropy_with_logits_loss"
            |x: X| binary_cross_entropy_with_logits_loss(x, target().sigmoid());
    }
}

#[test]
fn the_ops_of_the_prelude_but_for_accurate_gelu_have_right_gradients() {
    right! { matrix(1);
        "abs" |x: X| x.abs();
        "clamp" |x: X| x.clamp(-0.52, 0.43);
        "cos" |x: X| x.cos();
        "exp" |x: X| x.exp();
        "fast_gelu" |x: X| x.fast_gelu();
        "log_softmax" |x: X| x.log_softmax::<Axis<0>>();
        "logsumexp" |x: X| x.logsumexp::<Rank1<3>, _>();
        "max" |x: X| x.max::<Rank1<3>, _>();
        "mean" |x: X| x.mean::<Rank0, _>();
        "min" |x: X| x.min::<Rank1<4>, _>();
        "normalize" |x: X| x.normalize::<Axis<1>>(1e-5);
        "powi" |x: X| x.powi(-1);
        "recip" |x: X| x.recip();
        "sin" |x: X| x.sin();
        "slice" |x: X| x.slice((1.., ..3));
        "softmax" |x: X| x.softmax::<Axis<1>>();
        "stddev" |x: X| x.stddev::<Rank1<3>, _>(1e-5);
        "var" |x: X| x.var::<Rank1<4>, _>();
    }
    let positive = || matrix::<3, 4>(1).abs();
    right! { positive();
        "ln" |x: X| x.ln();
        "powf" |x: X| x.powf(-0.7);
        "sqrt" |x: X| x.sqrt();
    }
    right! { (matrix(1), matrix(2));
        "bce_with_logits" |(x, y): (X, X)| x.bce_with_logits(y);
        "div" |(x, y): (X, X)| x / y;
        "huber_error" |(x, y): (X, X)| x.huber_error(y, 0.5);
        "maximum" |(x, y): (X, X)| x.maximum(y);
        "minimum" |(x, y): (X, X)| x.minimum(y);
        "stack" |(x, y): (X, X)| [x, y].stack();
    }
}

// ---- draws ----

#[test]
fn drawn_numbers_are_away_from_0_and_from_each_other() {
    for len in [1, 2, 7, 1000] {
        let mut sizes: Vec<f64> = away_from_kinks(len, 5).iter().map(|v| v.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        assert!(sizes[0] >= 0.1 && sizes[len - 1] <= 1.0, "{len}");
        let gaps = sizes.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.fold(1.0, f64::min) > 0.3 / len as f64, "{len}");
    }
    assert_eq!(away_from_kinks(9, 1), away_from_kinks(9, 1), "seeded");
    assert_ne!(away_from_kinks(9, 1), away_from_kinks(9, 2), "seeded");
    assert!(
        away_from_kinks(99, 1).iter().any(|v| *v < 0.0),
        "both signs"
    );
    let (a, b) = GradCheck::new().draw::<(Flat<4>, Flat<4>)>();
    assert_ne!(a.as_vec(), b.as_vec(), "each input its own");
}

// ---- every layer ----

/// `every_layer!(name: Layer, Input)`: a test of one line each.
macro_rules! every_layer {
    ($($name:ident: $layer:ty, $input:ty $(; $check:expr)?)+) => {
        $(#[test]
        fn $name() {
            gradcheck!($layer, $input $(; $check)?);
        })+
    };
}

every_layer! {
    conv2d: Conv2d<4, Kernel<3, 2>, Stride<2, 3>, Padding<1, 0>>, Chw<3, 7, 6>
    conv2d_grouped_strided_dilated:
        Conv2d<6, Kernel<2, 3>, Stride<3, 2>, Dilation<2, 1>, Groups<2>, NoBias>, Chw<4, 7, 6>
    conv2d_same: Conv2d<2, Kernel<2, 4>, SamePadding>, Chw<3, 4, 5>
    max_pool2d: MaxPool2d<3, KernelWidth<2>, Stride<2, 1>, Padding<1>>, Chw<2, 6, 5>
    avg_pool2d: AvgPool2d<3, KernelWidth<2>, Stride<2, 1>, Padding<1>>, Chw<2, 6, 5>
    sum_pool2d: SumPool2d<3, KernelWidth<2>, Stride<2, 1>, Padding<1>>, Chw<2, 6, 5>
    linear: Linear<4>, Flat<5>
    linear_without_bias: Linear<4, NoBias>, Flat<5>
    flatten: Flatten, Chw<2, 3, 4>
    relu: Relu, Chw<2, 3, 4>
    leaky_relu: LeakyRelu<1, 5>, Flat<7>
    sigmoid: Sigmoid, Chw<2, 3, 4>
    tanh: Tanh, Chw<2, 3, 4>
    gelu: Gelu, Chw<2, 3, 4>
    softmax_of_an_image: Softmax, Chw<4, 2, 3>
    softmax_of_a_vector: Softmax, Flat<6>
    dropout: Dropout, Flat<6>; GradCheck::new().evaluating()
    add_two: Add, (Chw<2, 3, 4>, Chw<2, 3, 4>)
    add_six: Add, (Flat<2>, Flat<2>, Flat<2>, Flat<2>, Flat<2>, Flat<2>)
    concat_three: Concat, (Chw<2, 3, 4>, Chw<1, 3, 4>, Chw<3, 3, 4>)
    concat_two_vectors: Concat, (Flat<3>, Flat<5>); GradCheck::new().fast()
}
