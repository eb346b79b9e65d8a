//! The gradients of every layer against central differences, in `f64`.
//!
//! Inputs are distinct and away from 0, so that no maximum and no kink is near.

use crate::support;
use crate::support::{assert_gradients, assert_near, backward, distinct, dot, parameters, whole};
use shapeproof::prelude::*;

/// `gradients!(name, batch × sizes, scale, Output, { fields })`: a test of a model on distinct
/// inputs times `scale`.
macro_rules! gradients {
    ($name:ident, ($batch:literal $(, $size:literal)+), $scale:literal, $output:ty,
     { $($fields:tt)+ }) => {
        #[test]
        fn $name() {
            gradients!(@model [$($size),+] $output, { $($fields)+ });
            let dev = Cpu::default();
            let mut net: Net<f64, Cpu> = Net::new(&dev);
            let shape = ($batch as usize, $(Const::<$size>),+);
            let values = distinct(shape.num_elements(), 1).iter().map(|v| v * $scale).collect();
            assert_gradients(stringify!($name), &mut net, dev.tensor_from_vec(values, shape));
        }
    };
    (@model [$c:literal, $h:literal, $w:literal] $output:ty, { $($fields:tt)+ }) => {
        #[model(input = Chw<$c, $h, $w>, output = $output)]
        struct Net { $($fields)+ }
    };
    (@model [$n:literal] $output:ty, { $($fields:tt)+ }) => {
        #[model(input = Flat<$n>, output = $output)]
        struct Net { $($fields)+ }
    };
}

// ---- convolution ----

gradients!(conv_plain, (2, 3, 5, 4), 1.0, Chw<4, 3, 3>, {
    layer: Conv2d<4, Kernel<3, 2>>,
});
gradients!(conv_padded, (2, 2, 3, 4), 1.0, Chw<3, 5, 5>, {
    layer: Conv2d<3, Kernel<3, 2>, Padding<2, 1>>,
});
gradients!(conv_strided_that_does_not_divide, (2, 3, 8, 6), 1.0, Chw<2, 3, 2>, {
    layer: Conv2d<2, Kernel<3, 2>, Stride<2, 3>>,
});
gradients!(conv_strided_past_its_kernel, (2, 2, 7, 5), 1.0, Chw<3, 2, 2>, {
    layer: Conv2d<3, Kernel<2, 1>, Stride<5, 3>>,
});
gradients!(conv_dilated, (2, 2, 6, 7), 1.0, Chw<3, 2, 4>, {
    layer: Conv2d<3, Kernel<3, 2>, Dilation<2, 3>>,
});
gradients!(conv_grouped, (2, 4, 4, 3), 1.0, Chw<6, 2, 2>, {
    layer: Conv2d<6, Kernel<3, 2>, Groups<2>>,
});
gradients!(conv_grouped_strided, (2, 4, 7, 6), 1.0, Chw<6, 3, 2>, {
    layer: Conv2d<6, Kernel<2, 3>, Groups<2>, Stride<2, 3>>,
});
gradients!(conv_grouped_strided_dilated_padded, (2, 6, 8, 7), 1.0, Chw<3, 2, 3>, {
    layer: Conv2d<3, Kernel<3, 2>, Groups<3>, Stride<3>, Dilation<2, 3>, Padding<1, 2>>,
});
gradients!(conv_depthwise_strided_without_bias, (2, 5, 6, 4), 1.0, Chw<5, 3, 3>, {
    layer: Conv2d<5, Kernel<3, 2>, Groups<5>, Stride<2>, Padding<1>, NoBias>,
});
gradients!(conv_same_even, (2, 2, 4, 5), 1.0, Chw<3, 4, 5>, {
    layer: Conv2d<3, Kernel<2, 4>, SamePadding>,
});
gradients!(conv_same_even_grouped_dilated, (1, 4, 5, 3), 1.0, Chw<2, 5, 3>, {
    layer: Conv2d<2, Kernel<2, 4>, SamePadding, Groups<2>, Dilation<3, 1>>,
});

// ---- pooling ----

gradients!(max_pool, (2, 3, 6, 5), 1.0, Chw<3, 3, 1>, { layer: MaxPool2d<2, KernelWidth<3>>, });
gradients!(max_pool_overlapping, (2, 2, 6, 5), 1.0, Chw<2, 4, 2>, {
    layer: MaxPool2d<3, Stride<1, 2>>,
});
gradients!(max_pool_overlapping_padded, (2, 2, 7, 4), 1.0, Chw<2, 4, 4>, {
    layer: MaxPool2d<3, KernelWidth<2>, Stride<2, 1>, Padding<1, 0>>,
    padded: MaxPool2d<3, KernelWidth<2>, Stride<1>, Padding<1>>,
});
gradients!(max_pool_with_gaps, (2, 2, 7, 8), 1.0, Chw<2, 2, 3>, {
    layer: MaxPool2d<2, KernelWidth<1>, Stride<4, 3>>,
});
gradients!(avg_pool, (2, 3, 6, 5), 1.0, Chw<3, 3, 1>, { layer: AvgPool2d<2, KernelWidth<3>>, });
gradients!(avg_pool_overlapping_padded, (2, 2, 7, 4), 1.0, Chw<2, 4, 5>, {
    layer: AvgPool2d<3, KernelWidth<2>, Stride<2, 1>, Padding<1>>,
});
gradients!(avg_pool_with_gaps, (2, 2, 7, 8), 1.0, Chw<2, 2, 3>, {
    layer: AvgPool2d<2, KernelWidth<1>, Stride<4, 3>>,
});
gradients!(sum_pool, (2, 3, 6, 5), 1.0, Chw<3, 3, 1>, { layer: SumPool2d<2, KernelWidth<3>>, });
gradients!(sum_pool_overlapping_padded, (2, 2, 7, 4), 1.0, Chw<2, 4, 5>, {
    layer: SumPool2d<3, KernelWidth<2>, Stride<2, 1>, Padding<1>>,
});

// ---- the others ----

gradients!(linear, (3, 5), 1.0, Flat<4>, { layer: Linear<4>, });
gradients!(linear_without_bias, (2, 3), 1.0, Flat<5>, { layer: Linear<5, NoBias>, });
gradients!(flatten, (2, 3, 2, 4), 1.0, Flat<24>, { layer: Flatten, });
gradients!(relu, (2, 3, 2, 4), 1.0, Chw<3, 2, 4>, { layer: Relu, });
gradients!(leaky_relu, (2, 3, 2, 4), 1.0, Chw<3, 2, 4>, { layer: LeakyRelu<3, 10>, });
gradients!(leaky_relu_by_default, (2, 5), 10.0, Flat<5>, { layer: LeakyRelu, });
gradients!(sigmoid, (2, 3, 2, 4), 1.5, Chw<3, 2, 4>, { layer: Sigmoid, });
gradients!(tanh, (2, 3, 2, 4), 0.7, Chw<3, 2, 4>, { layer: Tanh, });
gradients!(gelu, (2, 3, 2, 4), 1.0, Chw<3, 2, 4>, { layer: Gelu, });
gradients!(softmax_of_an_image, (2, 3, 2, 4), 0.5, Chw<3, 2, 4>, { layer: Softmax, });
gradients!(softmax_of_a_vector, (3, 5), 0.9, Flat<5>, { layer: Softmax, });
gradients!(dropout_while_evaluating, (3, 5), 1.0, Flat<5>, { layer: Dropout, });

// ---- graphs ----

gradients!(skip_connection, (2, 3, 5, 4), 1.0, Chw<3, 5, 4>, {
    conv: Conv2d<3, Kernel<3, 2>, SamePadding>,
    tanh: Tanh,
    #[from(input, tanh)]
    sum: Add,
});
gradients!(concat_of_branches, (2, 2, 5, 4), 1.0, Chw<7, 4, 3>, {
    wide: Conv2d<3, Kernel<2, 4>, Padding<0, 1>>,
    #[from(input)]
    narrow: Conv2d<2, Kernel<2>>,
    #[from(input)]
    pool: SumPool2d<2, Stride<1>>,
    #[from(wide, pool, narrow)]
    both: Concat,
});
gradients!(concat_of_vectors, (2, 3), 1.0, Flat<11>, {
    fc: Linear<4>,
    sigmoid: Sigmoid,
    #[from(sigmoid, input, fc)]
    both: Concat,
});
gradients!(one_output_into_many_layers, (2, 2, 4, 3), 1.0, Chw<8, 4, 3>, {
    conv: Conv2d<2, Kernel<3>, SamePadding>,
    tanh: Tanh,
    #[from(conv)]
    sigmoid: Sigmoid,
    #[from(conv, sigmoid, conv, tanh, input, conv)]
    sum: Add,
    #[from(conv, sum, conv, input)]
    all: Concat,
});
gradients!(a_whole_network, (2, 2, 9, 7), 0.3, Flat<3>, {
    conv1: Conv2d<4, Kernel<3, 2>, Padding<1, 0>>,
    tanh1: Tanh,
    pool1: AvgPool2d<2>,
    conv2: Conv2d<6, Kernel<2>, Groups<2>, Stride<2, 1>>,
    leaky: LeakyRelu<1, 5>,
    #[from(conv2, leaky)]
    sum: Add,
    flatten: Flatten,
    fc1: Linear<5>,
    sigmoid: Sigmoid,
    fc2: Linear<3, NoBias>,
    softmax: Softmax,
});

/// The gradient of the sum of a model's outputs with respect to its input.
macro_rules! d_sum {
    ($net:expr, $x:expr) => {{
        let y = $net.forward($x.leaky_trace());
        let loss: Tensor<Rank0, f64, Cpu, _> = y.sum();
        loss.backward().get(&$x).as_vec()
    }};
}

#[test]
fn a_value_added_to_itself_has_gradient_two() {
    #[model(input = Flat<3>, output = Flat<3>)]
    struct Net {
        #[from(input, input)]
        sum: Add,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let x: Tensor<(usize, Const<3>), f64, _> = dev.tensor_from_vec(whole(6, 1), (2, Const));
    let y = net.forward(x.clone());
    let doubled: Vec<f64> = x.as_vec().iter().map(|v| 2.0 * v).collect();
    assert_eq!(y.as_vec(), doubled, "x + x");
    assert_eq!(d_sum!(net, x), [2.0; 6], "gradient of x + x");
}

#[test]
fn a_value_added_six_times_has_gradient_six() {
    #[model(input = Flat<3>, output = Flat<3>)]
    struct Net {
        relu: Relu,
        #[from(relu, relu, relu, relu, relu, relu)]
        sum: Add,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let x: Tensor<(usize, Const<3>), f64, _> =
        dev.tensor_from_vec(vec![1.0, 2.0, -3.0], (1, Const));
    assert_eq!(d_sum!(net, x), [6.0, 6.0, 0.0]);
}

#[test]
fn dropout_while_evaluating_may_be_added_to_its_own_input() {
    #[model(input = Flat<3>, output = Flat<3>)]
    struct Net {
        drop: Dropout,
        #[from(input, drop)]
        sum: Add,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let x: Tensor<(usize, Const<3>), f64, _> = dev.tensor_from_vec(whole(6, 1), (2, Const));
    assert_eq!(d_sum!(net, x), [2.0; 6]);
}

#[test]
fn dropout_while_training_drops_in_the_backward_what_it_dropped_in_the_forward() {
    #[model(input = Flat<50>, output = Flat<50>)]
    struct Net {
        drop: Dropout<1, 5>,
        #[from(input, drop)]
        sum: Add,
    }
    let dev = Cpu::seed_from_u64(4);
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    let x: Tensor<(usize, Const<50>), f64, _> = dev.tensor_from_vec(vec![8.0; 100], (2, Const));
    let y = net.forward_mut(x.leaky_trace());
    let output = y.as_vec();
    let gradients = y.sum::<Rank0, _>().backward().get(&x).as_vec();
    for (place, (y, d)) in output.iter().zip(&gradients).enumerate() {
        // 1/(1 − 1/5) is 1.25 up to one rounding.
        let expected = if *y == 8.0 { 1.0 } else { 2.25 };
        assert!((y - 8.0 * expected).abs() < 1e-12, "value {place} is {y}");
        assert!(
            (d - expected).abs() < 1e-12,
            "gradient {place} of {y} is {d}"
        );
    }
    assert!(gradients.contains(&1.0), "something is dropped");
    assert!(!gradients.iter().all(|d| *d == 1.0), "something is kept");
}

#[test]
fn concat_of_one_value_twice_sums_both_gradients() {
    #[model(input = Chw<1, 1, 2>, output = Chw<3, 1, 2>)]
    struct Net {
        drop: Dropout,
        #[from(input, drop, input)]
        all: Concat,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let x: Tensor<(usize, Const<1>, Const<1>, Const<2>), f64, _> =
        dev.tensor_from_vec(vec![3.0, 4.0], (1, Const, Const, Const));
    let d_output = vec![1.0, 2.0, 10.0, 20.0, 100.0, 200.0];
    let found = backward(&net, &x, |_| d_output);
    assert_eq!(found.output, [3.0, 4.0, 3.0, 4.0, 3.0, 4.0]);
    assert_eq!(found.d_input, [111.0, 222.0]);
}

// ---- identities ----

/// `⟨conv(x, w), g⟩ = ⟨x, dX⟩ = ⟨w, dW⟩` in whole numbers: forward and both backward passes are one
/// trilinear form.
macro_rules! adjoint {
    ($name:ident, ($batch:literal, $c:literal, $h:literal, $w:literal), $output:ty, $layer:ty) => {
        #[test]
        fn $name() {
            #[model(input = Chw<$c, $h, $w>, output = $output)]
            struct Net {
                conv: $layer,
            }
            let dev = Cpu::default();
            let mut net: Net<f64, Cpu> = Net::new(&dev);
            support::set_parameters(&mut net, |_, len| whole(len, 5));
            let shape = ($batch as usize, Const::<$c>, Const::<$h>, Const::<$w>);
            let x = dev.tensor_from_vec(whole(shape.num_elements(), 2), shape);
            let g = |len| whole(len, 9);
            let found = backward(&net, &x, g);
            let forward = dot(&found.output, &g(found.output.len()));
            assert_ne!(forward, 0.0, "the identity of zeros says nothing");
            let input = dot(&x.as_vec(), &found.d_input);
            assert_eq!(forward, input, "⟨conv(x, w), g⟩ and ⟨x, dX⟩");
            let weight = dot(&parameters(&net)[0].1, found.of("conv.weight"));
            assert_eq!(forward, weight, "⟨conv(x, w), g⟩ and ⟨w, dW⟩");
        }
    };
}
adjoint!(adjoint_plain, (3, 2, 6, 5), Chw<4, 4, 4>, Conv2d<4, Kernel<3, 2>, NoBias>);
adjoint!(adjoint_strided_padded, (2, 3, 8, 6), Chw<2, 3, 3>,
    Conv2d<2, Kernel<4, 3>, Stride<3, 2>, Padding<1>, NoBias>);
adjoint!(adjoint_grouped_strided_dilated, (2, 6, 9, 7), Chw<4, 3, 2>,
    Conv2d<4, Kernel<3, 2>, Stride<2, 3>, Dilation<2, 3>, Groups<2>, NoBias>);
adjoint!(adjoint_same_even, (2, 3, 4, 5), Chw<2, 4, 5>,
    Conv2d<2, Kernel<2, 4>, SamePadding, NoBias>);

#[test]
fn gradients_of_two_half_batches_add_up_to_the_gradient_of_the_whole() {
    #[model(input = Chw<2, 5, 4>, output = Flat<3>)]
    struct Net {
        conv: Conv2d<4, Kernel<3, 2>, Groups<2>, Stride<2, 1>>,
        relu: Relu,
        pool: MaxPool2d<2, Stride<1>>,
        flatten: Flatten,
        fc: Linear<3>,
    }
    let dev = Cpu::default();
    let net: Net<f64, Cpu> = Net::new(&dev);
    let values = distinct(6 * 40, 3);
    let d_output = distinct(6 * 3, 2);
    let batch = |images: std::ops::Range<usize>| {
        let part = values[images.start * 40..images.end * 40].to_vec();
        let x: Tensor<(usize, Const<2>, Const<5>, Const<4>), f64, _> =
            dev.tensor_from_vec(part, (images.len(), Const, Const, Const));
        let d_part = d_output[images.start * 3..images.end * 3].to_vec();
        let d_part: Tensor<(usize, Const<3>), f64, _> =
            dev.tensor_from_vec(d_part, (images.len(), Const));
        (x, d_part)
    };

    // Twice into the same gradients, as a user of dfdx accumulates them.
    let mut halves = net.alloc_grads();
    for images in [0..2, 2..6] {
        let (x, d_part) = batch(images);
        let y = net.forward(x.trace(halves));
        halves = (y * d_part).sum::<Rank0, _>().backward();
    }
    let (x, d_whole) = batch(0..6);
    let y = net.forward(x.trace(net.alloc_grads()));
    let whole = (y * d_whole).sum::<Rank0, _>().backward();

    let halves = support::parameter_gradients(&net, &halves);
    let whole = support::parameter_gradients(&net, &whole);
    assert_eq!(whole.len(), 4, "two weights and two biases");
    for ((name, halves), (_, whole)) in halves.iter().zip(&whole) {
        assert!(
            whole.iter().any(|d| d.abs() > 0.01),
            "{name} has a gradient"
        );
        // The halves are summed in another order than the whole.
        assert_near(name, halves, whole, 1e-12, 1e-12);
    }
}

#[test]
fn training_and_evaluating_give_one_gradient_where_nothing_drops() {
    #[model(input = Chw<2, 4, 3>, output = Chw<3, 2, 2>)]
    struct Net {
        conv: Conv2d<3, Kernel<3, 2>>,
        tanh: Tanh,
    }
    let dev = Cpu::default();
    let mut net: Net<f64, Cpu> = Net::new(&dev);
    let x: Tensor<(usize, Const<2>, Const<4>, Const<3>), f64, _> =
        dev.tensor_from_vec(distinct(48, 1), (2, Const, Const, Const));
    let evaluated = net.forward(x.leaky_trace());
    let trained = net.forward_mut(x.leaky_trace());
    assert_eq!(evaluated.as_vec(), trained.as_vec(), "outputs");
    let evaluated = evaluated.sum::<Rank0, _>().backward();
    let trained = trained.sum::<Rank0, _>().backward();
    assert_eq!(
        evaluated.get(&x).as_vec(),
        trained.get(&x).as_vec(),
        "gradient of the input"
    );
    assert_eq!(
        support::parameter_gradients(&net, &evaluated),
        support::parameter_gradients(&net, &trained)
    );
}
