//! Outputs and gradients of every layer against PyTorch's.
//!
//! `tests/pytorch/make_goldens.py` made the numbers. Inputs, parameters and the gradient of the
//! output are the formulas below on both sides.

#[rustfmt::skip] // stands as the script and rustfmt wrote it
#[path = "../pytorch/goldens.rs"]
mod goldens;

use crate::support::{assert_near, backward, set_parameters, Differentiable};
use goldens::Golden;
use shapeproof::prelude::*;

/// Sums of products of multiples of 1/16 come out the same in any order.
const EXACT: f64 = 0.0;
/// Values of a size near 1 after one function that two libraries round in the last digits, or
/// after a division by a number of taps that is no power of two.
const ROUNDED: f64 = 1e-14;
/// As [`ROUNDED`], where the two libraries approximate the error function by different polynomials
/// and the gradient sums two terms of a size near 10.
const ERROR_FUNCTION: f64 = 1e-13;

/// Multiples of 1/16 from −50/16 to 50/16.
fn values(salt: usize, len: usize) -> Vec<f64> {
    (0..len)
        .map(|i| (((i * 37 + salt * 29 + 11) % 101) as f64 - 50.0) / 16.0)
        .collect()
}

/// −1, −1/2, 0, 1/2 and 1 in turn: many ties and zeros.
fn levels(_: usize, len: usize) -> Vec<f64> {
    (0..len)
        .map(|i| (((i * 7 + i / 4 + 3) % 5) as f64 - 2.0) / 2.0)
        .collect()
}

/// −3/2, −1 and −1/2: many equal maxima, all below the zero of a wrong padding.
fn valleys(_: usize, len: usize) -> Vec<f64> {
    (0..len)
        .map(|i| (((i * i + i / 3) % 3) as f64 - 3.0) / 2.0)
        .collect()
}

/// Runs `net` on the inputs of `golden` and compares.
#[track_caller]
fn compare<M, S, U>(mut net: M, x: Tensor<S, f64, Cpu>, golden: &Golden, tolerance: f64)
where
    M: Differentiable<S, U>,
    S: Shape,
    U: Shape,
{
    set_parameters(&mut net, |name, len| {
        values(if name.ends_with("weight") { 1 } else { 2 }, len)
    });
    let found = backward(&net, &x, |len| values(3, len));
    assert_near("output", &found.output, golden.output, tolerance, 0.0);
    assert_near("d_input", &found.d_input, golden.d_input, tolerance, 0.0);
    let names = |all: &[(String, Vec<f64>)]| all.iter().map(|p| p.0.clone()).collect::<Vec<_>>();
    let expected: Vec<_> = golden.d_parameters.iter().map(|p| p.0).collect();
    assert_eq!(names(&found.d_parameters), expected, "parameter names");
    for (name, gradient) in golden.d_parameters {
        assert_near(name, found.of(name), gradient, tolerance, 0.0);
    }
}

/// `pytorch!(name, GOLDEN, tolerance, inputs(batch, sizes), Input => Output, { fields })`
macro_rules! pytorch {
    ($name:ident, $golden:ident, $tolerance:ident, $inputs:ident($batch:literal $(, $size:literal)+),
     $output:ty, { $($fields:tt)+ }) => {
        #[test]
        fn $name() {
            pytorch!(@model [$($size),+] $output, { $($fields)+ });
            let dev = Cpu::default();
            let net: Net<f64, Cpu> = Net::new(&dev);
            let shape = ($batch as usize, $(Const::<$size>),+);
            let x = dev.tensor_from_vec($inputs(0, shape.num_elements()), shape);
            compare(net, x, &goldens::$golden, $tolerance);
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

pytorch!(conv_strided, CONV_STRIDED, EXACT, values(1, 3, 6, 4), Chw<2, 2, 2>, {
    layer: Conv2d<2, Kernel<3, 2>, Stride<2, 3>, Padding<0, 1>>,
});
pytorch!(conv_grouped_strided_dilated, CONV_GROUPED_STRIDED_DILATED, EXACT, values(1, 4, 6, 4), Chw<6, 2, 1>, {
    layer: Conv2d<6, Kernel<2, 3>, Stride<3, 2>, Padding<1, 0>, Dilation<2, 1>, Groups<2>>,
});
pytorch!(conv_depthwise_no_bias, CONV_DEPTHWISE_NO_BIAS, EXACT, values(2, 3, 4, 3), Chw<3, 2, 1>, {
    layer: Conv2d<3, Kernel<3, 2>, Stride<1, 2>, Groups<3>, NoBias>,
});
pytorch!(conv_same_even, CONV_SAME_EVEN, EXACT, values(1, 2, 3, 4), Chw<3, 3, 4>, {
    layer: Conv2d<3, Kernel<2, 4>, SamePadding>,
});
pytorch!(conv_same_even_dilated, CONV_SAME_EVEN_DILATED, EXACT, values(1, 1, 5, 3), Chw<2, 5, 3>, {
    layer: Conv2d<2, Kernel<2, 4>, SamePadding, Dilation<3, 1>>,
});
pytorch!(conv_grouped_multiplied_strided, CONV_GROUPED_MULTIPLIED_STRIDED, EXACT, values(2, 3, 5, 8), Chw<6, 3, 3>, {
    layer: Conv2d<6, Kernel<2, 3>, Stride<3, 2>, Padding<2, 1>, Dilation<1, 2>, Groups<3>>,
});
pytorch!(linear, LINEAR, EXACT, values(2, 5), Flat<3>, { layer: Linear<3>, });
pytorch!(linear_no_bias, LINEAR_NO_BIAS, EXACT, values(3, 3), Flat<2>, {
    layer: Linear<2, NoBias>,
});
pytorch!(max_pool_overlapping, MAX_POOL_OVERLAPPING, EXACT, values(1, 2, 6, 4), Chw<2, 3, 3>, {
    layer: MaxPool2d<3, KernelWidth<2>, Stride<2, 1>, Padding<1, 0>>,
});
pytorch!(max_pool_gaps, MAX_POOL_GAPS, EXACT, values(2, 1, 6, 4), Chw<1, 2, 2>, {
    layer: MaxPool2d<2, KernelWidth<1>, Stride<3, 2>>,
});
pytorch!(max_pool_ties, MAX_POOL_TIES, EXACT, valleys(2, 1, 4, 5), Chw<1, 5, 3>, {
    layer: MaxPool2d<2, KernelWidth<3>, Stride<1, 2>, Padding<1>>,
});
// Windows that overlap hand one value on twice, and the second pool meets it as a tie with itself.
pytorch!(max_pool_of_max_pool, MAX_POOL_OF_MAX_POOL, EXACT, values(1, 2, 6, 5), Chw<2, 3, 4>, {
    first: MaxPool2d<2, KernelWidth<3>, Stride<1>>,
    second: MaxPool2d<3, KernelWidth<2>, Stride<2, 1>, Padding<1>>,
});
pytorch!(avg_pool_padded, AVG_POOL_PADDED, ROUNDED, values(1, 2, 6, 4), Chw<2, 3, 5>, {
    layer: AvgPool2d<3, KernelWidth<2>, Stride<2, 1>, Padding<1>>,
});
pytorch!(sum_pool_padded, SUM_POOL_PADDED, EXACT, values(1, 2, 5, 4), Chw<2, 2, 4>, {
    layer: SumPool2d<2, KernelWidth<3>, Stride<2, 1>, Padding<0, 1>>,
});
pytorch!(relu_at_zero, RELU, EXACT, levels(2, 5), Flat<5>, { layer: Relu, });
pytorch!(leaky_relu_at_zero, LEAKY_RELU, EXACT, levels(2, 5), Flat<5>, { layer: LeakyRelu, });
pytorch!(leaky_relu_3_8_at_zero, LEAKY_RELU_3_8, EXACT, levels(2, 5), Flat<5>, {
    layer: LeakyRelu<3, 8>,
});
pytorch!(sigmoid, SIGMOID, ROUNDED, values(3, 4), Flat<4>, { layer: Sigmoid, });
pytorch!(tanh, TANH, ROUNDED, values(3, 4), Flat<4>, { layer: Tanh, });
pytorch!(gelu, GELU, ERROR_FUNCTION, values(3, 4), Flat<4>, { layer: Gelu, });
pytorch!(softmax_of_an_image, SOFTMAX_IMAGE, ROUNDED, values(2, 3, 1, 2), Chw<3, 1, 2>, {
    layer: Softmax,
});
pytorch!(softmax_of_a_vector, SOFTMAX_VECTOR, ROUNDED, values(2, 4), Flat<4>, {
    layer: Softmax,
});
pytorch!(flatten_and_linear, FLATTEN_LINEAR, EXACT, values(2, 2, 3, 2), Flat<2>, {
    flatten: Flatten,
    fc: Linear<2>,
});
pytorch!(branches_with_add_and_concat, BRANCHES, EXACT, values(1, 2, 3, 4), Chw<6, 2, 3>, {
    conv: Conv2d<2, Kernel<2, 3>, SamePadding>,
    act: LeakyRelu<1, 4>,
    #[from(input, act)]
    total: Add,
    #[from(total, conv, total)]
    both: Concat,
    pool: MaxPool2d<2, Stride<1>>,
});
