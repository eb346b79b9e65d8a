//! Properties of the typed layers over a grid of closed types: every combination of kernel, stride,
//! padding, dilation and groups below, on images that are not square.
//!
//! Const generics cannot be drawn at run time, so each combination is a type of its own, made by
//! the macros in this file. What is compiled for each type is only its forward, its backward and a
//! walk over its parameters; the properties themselves are compiled once and see numbers.

mod numeric;
mod support;

use numeric::{assert_batches, assert_gradients, d_output, seeds, typed, Numeric};
use shapeproof::layers::Close;
use shapeproof::prelude::*;
use shapeproof::shape::{Dims, FromDims, Infer, LayerShape, Rank, Signature};
use support::{assert_near, convolve, dot, gelu, largest, pool, whole, Images, Pass, Sliding};

// ---- a type as numbers ----

/// A layer of one type, seen as functions of numbers.
struct Case {
    name: String,
    input: Dims,
    reference: Reference,
    double: Box<dyn Numeric>,
    /// The same type in `f32`, for convolutions.
    single: Option<Box<dyn Numeric>>,
}

/// What the layer computes.
enum Reference {
    Conv {
        filters: usize,
        groups: usize,
        window: Sliding,
    },
    Pool(Pool, Sliding),
    Linear,
    Each(fn(f64) -> f64),
    Softmax,
}

#[derive(Clone, Copy, PartialEq)]
enum Pool {
    Max,
    Avg,
    Sum,
}

// ---- the grid ----

/// The closed type of an open one.
macro_rules! closed {
    ($layer:ty, $input:ty, $number:ty, $signature:ident) => {
        <$layer as Close<
            $input,
            <Rank<{ $signature.output.rank() }> as FromDims<
                { $signature.output.size(0) },
                { $signature.output.size(1) },
                { $signature.output.size(2) },
            >>::Shape,
        >>::Layer<$number, Cpu>
    };
}

macro_rules! case {
    ($cases:ident, $layer:ty, $input:ty, $reference:expr) => {
        case!(@push $cases, $layer, $input, $reference, None)
    };
    ($cases:ident, $layer:ty, $input:ty, $reference:expr, and f32) => {
        case!(@push $cases, $layer, $input, $reference,
            Some(typed::<$input, closed!($layer, $input, f32, SIGNATURE), _, f32>()))
    };
    (@push $cases:ident, $layer:ty, $input:ty, $reference:expr, $single:expr) => {{
        const SIGNATURE: Signature = <$layer as Infer<$input>>::SIGNATURE;
        $cases.push(Case {
            name: concat!(stringify!($layer), " on ", stringify!($input)).to_owned(),
            input: <$input as LayerShape>::DIMS,
            reference: $reference,
            double: typed::<$input, closed!($layer, $input, f64, SIGNATURE), _, f64>(),
            single: $single,
        });
    }};
}

/// `cross!(go (first) ([a b] [c d]))`: `go!(first a c)`, `go!(first a d)` and so on.
macro_rules! cross {
    ($go:ident $fixed:tt ()) => { $go! $fixed };
    ($go:ident $fixed:tt ([$($item:tt)*] $($rest:tt)*)) => {
        cross!(@each $go $fixed [$($item)*] ($($rest)*))
    };
    (@each $go:ident $fixed:tt [$($item:tt)*] $rest:tt) => {
        $(cross!(@add $go $fixed $item $rest);)*
    };
    (@add $go:ident ($($fixed:tt)*) $item:tt $rest:tt) => {
        cross!($go ($($fixed)* $item) $rest)
    };
}

/// `conv!(cases (channels height width filters groups) (kernel) (stride) (padding) (dilation))`
macro_rules! conv {
    ($cases:ident ($c:literal $h:literal $w:literal $f:literal $g:literal)
     ($kh:literal $kw:literal) ($sh:literal $sw:literal) ($ph:literal $pw:literal)
     ($dh:literal $dw:literal)) => {
        case!(
            $cases,
            Conv2d<
                $f, Kernel<$kh, $kw>, Stride<$sh, $sw>, Padding<$ph, $pw>, Dilation<$dh, $dw>,
                Groups<$g>,
            >,
            Chw<$c, $h, $w>,
            Reference::Conv {
                filters: $f,
                groups: $g,
                window: Sliding {
                    kernel: ($kh, $kw),
                    stride: ($sh, $sw),
                    before: ($ph, $pw),
                    after: ($ph, $pw),
                    dilation: ($dh, $dw),
                },
            },
            and f32
        );
    };
}

/// `pools!(cases (channels height width) (kernel) (stride) (padding))`: one type of each kind.
macro_rules! pools {
    ($cases:ident $input:tt $kernel:tt $stride:tt $padding:tt) => {
        pools!(@one $cases MaxPool2d Max $input $kernel $stride $padding);
        pools!(@one $cases AvgPool2d Avg $input $kernel $stride $padding);
        pools!(@one $cases SumPool2d Sum $input $kernel $stride $padding);
    };
    (@one $cases:ident $Pool:ident $kind:ident ($c:literal $h:literal $w:literal)
     ($kh:literal $kw:literal) ($sh:literal $sw:literal) ($ph:literal $pw:literal)) => {
        case!(
            $cases,
            $Pool<$kh, KernelWidth<$kw>, Stride<$sh, $sw>, Padding<$ph, $pw>>,
            Chw<$c, $h, $w>,
            Reference::Pool(
                Pool::$kind,
                Sliding {
                    kernel: ($kh, $kw),
                    stride: ($sh, $sw),
                    before: ($ph, $pw),
                    after: ($ph, $pw),
                    dilation: (1, 1),
                },
            )
        );
    };
}

macro_rules! linear {
    ($cases:ident ($($m:literal)+) $n:literal) => {
        $(case!($cases, Linear<$n>, Flat<$m>, Reference::Linear);)+
    };
}

macro_rules! each {
    ($cases:ident, $layer:ty, $f:expr) => {
        case!($cases, $layer, Chw<3, 2, 5>, $f);
        case!($cases, $layer, Flat<7>, $f);
    };
}

// One function for each kind: the compiler spends more than linear time on a long function.

fn convolutions(cases: &mut Vec<Case>) {
    cross!(conv (cases) (
        [(3 9 8 2 1) (4 8 9 6 2)]
        [(1 2) (3 2) (2 3)]
        [(1 1) (2 3) (3 2)]
        [(0 0) (1 0) (2 1)]
        [(1 1) (2 1)]
    ));
}

fn depthwise_convolutions(cases: &mut Vec<Case>) {
    cross!(conv (cases) (
        [(3 7 10 3 3) (2 10 7 4 2)]
        [(2 1) (3 3)]
        [(1 2) (3 2)]
        [(0 1) (2 2)]
        [(1 1) (1 3)]
    ));
}

fn pools(cases: &mut Vec<Case>) {
    cross!(pools (cases) (
        [(2 8 9)]
        [(2 3) (3 2) (3 3)]
        [(1 1) (2 1) (1 3) (3 4)]
        [(0 0) (1 1) (0 1)]
    ));
}

fn others(cases: &mut Vec<Case>) {
    cross!(linear (cases) ([(1 5 6)] [1 3 7]));
    each!(cases, Relu, Reference::Each(|x| x.max(0.0)));
    each!(cases, LeakyRelu, Reference::Each(|x| x.max(0.01 * x)));
    each!(cases, LeakyRelu<1, 4>, Reference::Each(|x| x.max(0.25 * x)));
    each!(
        cases,
        Sigmoid,
        Reference::Each(|x| 1.0 / (1.0 + (-x).exp()))
    );
    each!(cases, Tanh, Reference::Each(f64::tanh));
    each!(cases, Gelu, Reference::Each(gelu));
    each!(cases, Dropout, Reference::Each(|x| x));
    each!(cases, Softmax, Reference::Softmax);
    case!(cases, Flatten, Chw<3, 2, 5>, Reference::Each(|x| x));
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    convolutions(&mut cases);
    depthwise_convolutions(&mut cases);
    pools(&mut cases);
    others(&mut cases);
    cases
}

// ---- the properties ----

impl Case {
    /// Small whole numbers as inputs.
    fn x(&self, batch: usize, salt: usize) -> Vec<f64> {
        whole(batch * self.input.len(), salt)
    }

    /// Small whole numbers as parameters.
    fn parameters(&self) -> Vec<Vec<f64>> {
        let parameters = self.double.parameters().into_iter().enumerate();
        parameters
            .map(|(place, (_, shape))| whole(shape.iter().product(), 5 + place))
            .collect()
    }

    fn pass(&self, numeric: &dyn Numeric, x: &[f64]) -> Pass {
        let parameters = self.parameters();
        let parameters: Vec<&[f64]> = parameters.iter().map(Vec::as_slice).collect();
        let batch = x.len() / self.input.len();
        numeric.pass(batch, x, &parameters, &d_output)
    }

    /// The layer by naive loops.
    fn naive(&self, batch: usize, x: Vec<f64>) -> Vec<f64> {
        let parameters = self.parameters();
        let of = |place: usize| parameters[place].as_slice();
        let images = |x| {
            let sizes = [0, 1, 2].map(|axis| self.input.size(axis));
            Images::new((batch, sizes[0], sizes[1], sizes[2]), x)
        };
        match &self.reference {
            Reference::Conv {
                filters,
                groups,
                window,
            } => convolve(&images(x), of(0), of(1), *filters, *groups, window).values,
            Reference::Pool(kind, window) => {
                let fill = if *kind == Pool::Max {
                    f64::NEG_INFINITY
                } else {
                    0.0
                };
                let taps = (window.kernel.0 * window.kernel.1) as f64;
                let fold = |under: &[f64]| match kind {
                    Pool::Max => largest(under),
                    Pool::Avg => under.iter().sum::<f64>() / taps,
                    Pool::Sum => under.iter().sum(),
                };
                pool(&images(x), window, fill, fold).values
            }
            Reference::Linear => {
                let row =
                    |x: &[f64], n: usize| dot(x, &of(0)[n * x.len()..(n + 1) * x.len()]) + of(1)[n];
                let rows = x.chunks(self.input.len());
                rows.flat_map(|x| (0..of(1).len()).map(move |n| row(x, n)))
                    .collect()
            }
            Reference::Each(f) => x.iter().map(|x| f(*x)).collect(),
            Reference::Softmax => {
                let (channels, pixels) =
                    (self.input.size(0), self.input.len() / self.input.size(0));
                let sum = |example: usize, pixel: usize| -> f64 {
                    let at = |c: usize| x[(example * channels + c) * pixels + pixel];
                    (0..channels).map(|c| at(c).exp()).sum()
                };
                let place = |i: usize| (i / (channels * pixels), i % pixels);
                let value = |(i, x): (usize, &f64)| x.exp() / sum(place(i).0, place(i).1);
                x.iter().enumerate().map(value).collect()
            }
        }
    }

    fn window(&self) -> Option<&Sliding> {
        match &self.reference {
            Reference::Conv { window, .. } | Reference::Pool(_, window) => Some(window),
            _ => None,
        }
    }

    /// Whether sums of whole numbers are all that it computes, so that nothing is rounded.
    fn is_exact(&self) -> bool {
        match self.reference {
            Reference::Conv { .. } | Reference::Linear => true,
            Reference::Pool(kind, _) => kind != Pool::Avg,
            Reference::Each(_) | Reference::Softmax => false,
        }
    }
}

#[test]
fn the_grid_has_at_least_two_hundred_types() {
    let cases = cases();
    let convolutions = cases.iter().filter(|case| case.single.is_some()).count();
    println!(
        "{} closed types, {convolutions} of them convolutions",
        cases.len()
    );
    assert!(cases.len() >= 200, "{}", cases.len());
    let mut names: Vec<_> = cases.iter().map(|case| &case.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "each type once");
}

#[test]
fn gradients_of_input_and_parameters_agree_with_differences() {
    for case in cases() {
        for seed in seeds() {
            assert_gradients(&case.name, &*case.double, case.input, seed);
        }
    }
}

#[test]
fn forward_equals_naive_loops() {
    for case in cases() {
        let x = case.x(2, 3);
        let found = case.pass(&*case.double, &x).output;
        let atol = if case.is_exact() { 0.0 } else { 1e-12 };
        assert_near(&case.name, &found, &case.naive(2, x), atol, 0.0);
    }
}

/// `⟨conv(x, w), g⟩ = ⟨x, dX⟩ = ⟨w, dW⟩` in whole numbers, which `f32` holds exactly, too.
#[test]
fn forward_and_both_backward_passes_of_a_convolution_are_adjoint() {
    for case in cases() {
        let Some(single) = &case.single else { continue };
        let parameters = case.parameters();
        for (numeric, number) in [(&case.double, "f64"), (single, "f32")] {
            let name = format!("{} in {number}", case.name);
            let x = case.x(2, 3);
            let found = case.pass(&**numeric, &x);
            let g = d_output(found.output.len());
            let bias = dot(&parameters[1], found.of("bias"));
            let forward = dot(&found.output, &g) - bias;
            assert_ne!(forward, 0.0, "{name}: the identity of zeros says nothing");
            assert_eq!(forward, dot(&x, &found.d_input), "{name}: ⟨x, dX⟩");
            let weight = dot(&parameters[0], found.of("weight"));
            assert_eq!(forward, weight, "{name}: ⟨w, dW⟩");
        }
    }
}

#[test]
fn convolutions_and_sums_are_linear_in_their_input() {
    for case in cases() {
        let linear = match case.reference {
            Reference::Conv { .. } | Reference::Linear => true,
            Reference::Pool(kind, _) => kind == Pool::Sum,
            _ => false,
        };
        if !linear {
            continue;
        }
        let y = |x: &[f64]| case.pass(&*case.double, x).output;
        let (a, b) = (case.x(2, 3), case.x(2, 4));
        let both: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - 3.0 * b).collect();
        let (of_a, of_b, of_0) = (y(&a), y(&b), y(&vec![0.0; a.len()]));
        let expected: Vec<f64> = (0..of_a.len())
            .map(|i| of_a[i] - 3.0 * (of_b[i] - of_0[i]))
            .collect();
        assert_eq!(y(&both), expected, "{}", case.name);
    }
}

#[test]
fn convolutions_and_dense_layers_are_linear_in_their_weight() {
    for case in cases() {
        if !matches!(case.reference, Reference::Conv { .. } | Reference::Linear) {
            continue;
        }
        let x = case.x(2, 3);
        let parameters = case.parameters();
        let (a, b) = (&parameters[0], whole(parameters[0].len(), 8));
        let bias = vec![0.0; parameters[1].len()];
        let y = |weight: &[f64]| case.double.pass(2, &x, &[weight, &bias], &d_output).output;
        let both: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - 3.0 * b).collect();
        let (of_a, of_b) = (y(a), y(&b));
        let expected: Vec<f64> = of_a.iter().zip(&of_b).map(|(a, b)| a - 3.0 * b).collect();
        assert_eq!(y(&both), expected, "{}", case.name);
    }
}

/// Without stride and padding, an image moved down and right by one pixel moves the output so.
#[test]
fn a_moved_image_moves_the_output() {
    let mut seen = 0;
    for case in cases() {
        let Some(window) = case.window() else {
            continue;
        };
        if window.stride != (1, 1) || window.before != (0, 0) {
            continue;
        }
        seen += 1;
        let [height, width] = [1, 2].map(|axis| case.input.size(axis));
        let x = case.x(2, 3);
        let moved: Vec<f64> = (0..x.len())
            .map(|i| match (i / width % height, i % width) {
                (0, _) | (_, 0) => 7.0,
                _ => x[i - width - 1],
            })
            .collect();
        let y = case.pass(&*case.double, &x).output;
        let found = case.pass(&*case.double, &moved).output;
        let oh = height - window.dilation.0 * (window.kernel.0 - 1);
        let ow = width - window.dilation.1 * (window.kernel.1 - 1);
        for i in 0..y.len() {
            if i / ow % oh > 0 && i % ow > 0 {
                assert_eq!(found[i], y[i - ow - 1], "{}: value {i}", case.name);
            }
        }
    }
    assert!(seen >= 20, "{seen} types without stride and padding");
}

#[test]
fn a_pooled_constant_is_the_constant_or_its_sum() {
    const CONSTANT: f64 = 3.0;
    for case in cases() {
        let Reference::Pool(kind, window) = case.reference else {
            continue;
        };
        let taps = (window.kernel.0 * window.kernel.1) as f64;
        let expected = match kind {
            Pool::Max => CONSTANT,
            // The zeros around the image count.
            _ if window.before != (0, 0) => continue,
            Pool::Avg => CONSTANT,
            Pool::Sum => CONSTANT * taps,
        };
        let y = case
            .pass(&*case.double, &vec![CONSTANT; 2 * case.input.len()])
            .output;
        assert_near(&case.name, &y, &vec![expected; y.len()], 1e-14, 0.0);
    }
}

#[test]
fn an_average_is_a_sum_over_the_number_of_taps() {
    let cases = cases();
    let of = |wanted: Pool| {
        cases.iter().filter(
            move |case| matches!(case.reference, Reference::Pool(kind, _) if kind == wanted),
        )
    };
    assert_eq!(of(Pool::Avg).count(), of(Pool::Sum).count());
    // The grid has each geometry once for each kind, in one order.
    for (average, sum) in of(Pool::Avg).zip(of(Pool::Sum)) {
        let window = average.window().expect("a pool has a window");
        assert_eq!(average.name.replace("Avg", "Sum"), sum.name);
        let taps = (window.kernel.0 * window.kernel.1) as f64;
        let x = average.x(2, 3);
        let (average, sum) = (
            average.pass(&*average.double, &x),
            sum.pass(&*sum.double, &x),
        );
        let scaled = |values: &[f64]| values.iter().map(|v| v / taps).collect::<Vec<_>>();
        assert_near("output", &average.output, &scaled(&sum.output), 1e-13, 0.0);
        assert_near(
            "d_input",
            &average.d_input,
            &scaled(&sum.d_input),
            1e-13,
            0.0,
        );
    }
}

#[test]
fn softmax_does_not_see_a_constant_added_to_all_and_sums_to_one() {
    for case in cases() {
        if !matches!(case.reference, Reference::Softmax) {
            continue;
        }
        let x = case.x(2, 3);
        let raised: Vec<f64> = x.iter().map(|x| x + 100.0).collect();
        let (here, there) = (
            case.pass(&*case.double, &x),
            case.pass(&*case.double, &raised),
        );
        assert_near(&case.name, &there.output, &here.output, 1e-13, 0.0);
        assert_near(&case.name, &there.d_input, &here.d_input, 1e-12, 0.0);
        let total: f64 = here.output.iter().sum();
        let distributions = (x.len() / case.input.size(0)) as f64;
        assert!(
            (total - distributions).abs() < 1e-12,
            "{}: {total}",
            case.name
        );
    }
}

/// Whole numbers are added without rounding in any order, so not even the last bit may differ.
#[test]
fn a_batch_of_three_is_three_batches_of_one() {
    for case in cases() {
        let parameters = case.parameters();
        let parameters: Vec<&[f64]> = parameters.iter().map(Vec::as_slice).collect();
        let same = |what: &str, found: &[f64], expected: &[f64]| {
            assert_eq!(found, expected, "{what}");
        };
        assert_batches(&case.name, &*case.double, &case.x(3, 6), &parameters, same);
    }
}
