//! What the tests of layers and models share: numbers by formula, layers as naive loops, the
//! parameters of any model as slices, and gradients by differences.

#![allow(dead_code)] // every test file takes what it needs

use shapeproof::dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorOptions, TensorVisitor, ViewTensorMut, ViewTensorName, ViewTensorRef,
};
use shapeproof::prelude::*;

/// A traced batch.
pub type Traced<S, E> = Tensor<S, E, Cpu, OwnedTape<E, Cpu>>;

// ---- numbers ----

/// Small whole numbers from −8 to 8, so that sums of products are exact in `f32` and `f64`.
pub fn whole(len: usize, salt: usize) -> Vec<f64> {
    (0..len)
        .map(|i| ((i * 37 + i / 17 * 5 + salt * 29 + 11) % 17) as f64 - 8.0)
        .collect()
}

/// Different numbers, at least 0.1 from each other and 0.05 from 0: no tie and no kink is near.
pub fn distinct(len: usize, salt: usize) -> Vec<f64> {
    let step = (len / 2..).find(|s| gcd(*s, len) == 1).unwrap_or(1).max(1);
    (0..len)
        .map(|i| ((i * step + salt) % len) as f64)
        .map(|place| ((place - (len / 2) as f64) + 0.5) * 0.1)
        .collect()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 {
        a
    } else {
        gcd(b, a % b)
    }
}

/// Fails unless `found` and `expected` agree place by place within `atol + rtol·|expected|`.
#[track_caller]
pub fn assert_near(what: &str, found: &[f64], expected: &[f64], atol: f64, rtol: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    for (place, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f - e).abs() <= atol + rtol * e.abs(),
            "{what}: value {place} of {} is {f}, expected {e}, off by {:e}",
            expected.len(),
            (f - e).abs(),
        );
    }
}

/// `Σ a·b`.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "operands of a dot product");
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

// ---- layers as naive loops ----

/// A batch of images, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    pub batch: usize,
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub values: Vec<f64>,
}

impl Images {
    pub fn new(shape: (usize, usize, usize, usize), values: Vec<f64>) -> Self {
        let (batch, channels, height, width) = shape;
        assert_eq!(values.len(), batch * channels * height * width, "{shape:?}");
        Images {
            batch,
            channels,
            height,
            width,
            values,
        }
    }

    pub fn at(&self, image: usize, channel: usize, row: usize, column: usize) -> f64 {
        let plane = image * self.channels + channel;
        self.values[(plane * self.height + row) * self.width + column]
    }

    /// The images with a frame of `fill` around them.
    fn padded(&self, before: (usize, usize), after: (usize, usize), fill: f64) -> Images {
        let height = before.0 + self.height + after.0;
        let width = before.1 + self.width + after.1;
        let mut values = Vec::new();
        for image in 0..self.batch {
            for channel in 0..self.channels {
                for row in 0..height {
                    for column in 0..width {
                        let inside = (before.0..before.0 + self.height).contains(&row)
                            && (before.1..before.1 + self.width).contains(&column);
                        values.push(if inside {
                            self.at(image, channel, row - before.0, column - before.1)
                        } else {
                            fill
                        });
                    }
                }
            }
        }
        Images::new((self.batch, self.channels, height, width), values)
    }
}

/// A sliding window; pairs are (vertical, horizontal).
#[derive(Clone, Copy, Debug)]
pub struct Sliding {
    pub kernel: (usize, usize),
    pub stride: (usize, usize),
    /// Padding above and left.
    pub before: (usize, usize),
    /// Padding below and right.
    pub after: (usize, usize),
    pub dilation: (usize, usize),
}

impl Sliding {
    /// The first rows and columns of all places where the whole window lies in `height`×`width`.
    fn places(&self, height: usize, width: usize) -> (Vec<usize>, Vec<usize>) {
        let along = |size: usize, kernel: usize, stride: usize, dilation: usize| {
            (0..size)
                .filter(|start| start % stride == 0)
                .filter(|start| (0..kernel).all(|tap| start + tap * dilation < size))
                .collect()
        };
        (
            along(height, self.kernel.0, self.stride.0, self.dilation.0),
            along(width, self.kernel.1, self.stride.1, self.dilation.1),
        )
    }
}

/// Cross-correlation with groups; `bias` may be empty.
pub fn convolve(
    x: &Images,
    weight: &[f64],
    bias: &[f64],
    filters: usize,
    groups: usize,
    window: &Sliding,
) -> Images {
    let x = x.padded(window.before, window.after, 0.0);
    let (rows, columns) = window.places(x.height, x.width);
    let (seen, per_group) = (x.channels / groups, filters / groups);
    let (kh, kw) = window.kernel;
    assert_eq!(weight.len(), filters * seen * kh * kw, "weights");
    let mut y = Vec::new();
    for image in 0..x.batch {
        for filter in 0..filters {
            let first_channel = filter / per_group * seen;
            for row in &rows {
                for column in &columns {
                    let mut sum = bias.get(filter).copied().unwrap_or(0.0);
                    for channel in 0..seen {
                        for ky in 0..kh {
                            for kx in 0..kw {
                                let w = weight[((filter * seen + channel) * kh + ky) * kw + kx];
                                sum += w * x.at(
                                    image,
                                    first_channel + channel,
                                    row + ky * window.dilation.0,
                                    column + kx * window.dilation.1,
                                );
                            }
                        }
                    }
                    y.push(sum);
                }
            }
        }
    }
    Images::new((x.batch, filters, rows.len(), columns.len()), y)
}

/// Folds the values under every place of the window, row by row, the padding being `fill`.
pub fn pool(x: &Images, window: &Sliding, fill: f64, fold: impl Fn(&[f64]) -> f64) -> Images {
    let x = x.padded(window.before, window.after, fill);
    let (rows, columns) = window.places(x.height, x.width);
    let mut y = Vec::new();
    for image in 0..x.batch {
        for channel in 0..x.channels {
            for row in &rows {
                for column in &columns {
                    let mut under = Vec::new();
                    for ky in 0..window.kernel.0 {
                        for kx in 0..window.kernel.1 {
                            under.push(x.at(image, channel, row + ky, column + kx));
                        }
                    }
                    y.push(fold(&under));
                }
            }
        }
    }
    Images::new((x.batch, x.channels, rows.len(), columns.len()), y)
}

/// The largest of `values`.
pub fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// `x·Φ(x)` with the normal distribution integrated by Simpson's rule, good to 1e-13.
pub fn gelu(x: f64) -> f64 {
    let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let steps = 2000;
    let h = x / f64::from(steps);
    let inner: f64 = (1..steps)
        .map(|i| f64::from(if i % 2 == 1 { 4 } else { 2 }) * density(f64::from(i) * h))
        .sum();
    x * (0.5 + (density(0.0) + inner + density(x)) * h / 3.0)
}

// ---- the parameters of any model ----

/// The names and values of all parameters, in order.
pub fn parameters<M, E>(net: &M) -> Vec<(String, Vec<E>)>
where
    M: TensorCollection<E, Cpu>,
    E: Dtype,
    Cpu: Device<E>,
{
    struct Read<E>(Vec<(String, Vec<E>)>);
    impl<E: Dtype> TensorVisitor<E, Cpu> for Read<E>
    where
        Cpu: Device<E>,
    {
        type Viewer = (ViewTensorRef, ViewTensorName);
        type Err = CpuError;
        type E2 = E;
        type D2 = Cpu;
        fn visit<S: Shape>(
            &mut self,
            _: TensorOptions<S, E, Cpu>,
            (tensor, name): (&Tensor<S, E, Cpu>, String),
        ) -> Result<Option<Tensor<S, E, Cpu>>, CpuError> {
            self.0.push((name, tensor.as_vec()));
            Ok(None)
        }
    }
    let mut read = Read(Vec::new());
    let m = (net, String::new());
    M::iter_tensors(&mut RecursiveWalker { m, f: &mut read }).expect("parameters are read");
    read.0
}

/// Overwrites every parameter with what `values(name, len)` gives.
pub fn set_parameters<M, E>(net: &mut M, values: impl FnMut(&str, usize) -> Vec<E>)
where
    M: TensorCollection<E, Cpu>,
    E: Dtype,
    Cpu: Device<E>,
{
    struct Write<F>(F);
    impl<E: Dtype, F: FnMut(&str, usize) -> Vec<E>> TensorVisitor<E, Cpu> for Write<F>
    where
        Cpu: Device<E>,
    {
        type Viewer = (ViewTensorMut, ViewTensorName);
        type Err = CpuError;
        type E2 = E;
        type D2 = Cpu;
        fn visit<S: Shape>(
            &mut self,
            _: TensorOptions<S, E, Cpu>,
            (tensor, name): (&mut Tensor<S, E, Cpu>, String),
        ) -> Result<Option<Tensor<S, E, Cpu>>, CpuError> {
            tensor.copy_from(&(self.0)(&name, tensor.shape().num_elements()));
            Ok(None)
        }
    }
    let m = (net, String::new());
    let mut write = Write(values);
    M::iter_tensors(&mut RecursiveWalker { m, f: &mut write }).expect("parameters are written");
}

/// The names and gradients of all parameters that are learned, in order.
pub fn parameter_gradients<M, E>(net: &M, gradients: &Gradients<E, Cpu>) -> Vec<(String, Vec<E>)>
where
    M: TensorCollection<E, Cpu>,
    E: Dtype,
    Cpu: Device<E>,
{
    struct Read<'a, E: Dtype>(&'a Gradients<E, Cpu>, Vec<(String, Vec<E>)>)
    where
        Cpu: Device<E>;
    impl<E: Dtype> TensorVisitor<E, Cpu> for Read<'_, E>
    where
        Cpu: Device<E>,
    {
        type Viewer = (ViewTensorRef, ViewTensorName);
        type Err = CpuError;
        type E2 = E;
        type D2 = Cpu;
        fn visit<S: Shape>(
            &mut self,
            options: TensorOptions<S, E, Cpu>,
            (tensor, name): (&Tensor<S, E, Cpu>, String),
        ) -> Result<Option<Tensor<S, E, Cpu>>, CpuError> {
            if options.do_gradient_update {
                self.1.push((name, self.0.get(tensor).as_vec()));
            }
            Ok(None)
        }
    }
    let mut read = Read(gradients, Vec::new());
    let m = (net, String::new());
    M::iter_tensors(&mut RecursiveWalker { m, f: &mut read }).expect("gradients are read");
    read.1
}

// ---- gradients ----

/// A network that runs with and without a tape, from `S` to `U`.
pub trait Differentiable<S: Shape, U: Shape>:
    TensorCollection<f64, Cpu>
    + Module<Tensor<S, f64, Cpu>, Output = Tensor<U, f64, Cpu>, Error = CpuError>
    + Module<Traced<S, f64>, Output = Traced<U, f64>, Error = CpuError>
{
}
impl<S: Shape, U: Shape, M> Differentiable<S, U> for M where
    M: TensorCollection<f64, Cpu>
        + Module<Tensor<S, f64, Cpu>, Output = Tensor<U, f64, Cpu>, Error = CpuError>
        + Module<Traced<S, f64>, Output = Traced<U, f64>, Error = CpuError>
{
}

/// What `backward` of `Σ output·d_output` gives.
pub struct Pass {
    pub output: Vec<f64>,
    pub d_input: Vec<f64>,
    pub d_parameters: Vec<(String, Vec<f64>)>,
}

impl Pass {
    /// The gradient of the parameter called `name`.
    #[track_caller]
    pub fn of(&self, name: &str) -> &[f64] {
        let found = self.d_parameters.iter().find(|(n, _)| n == name);
        &found.unwrap_or_else(|| panic!("no parameter `{name}`")).1
    }
}

/// Runs forward and backward, `d_output` being a function of the number of outputs.
pub fn backward<M, S, U>(
    net: &M,
    x: &Tensor<S, f64, Cpu>,
    d_output: impl FnOnce(usize) -> Vec<f64>,
) -> Pass
where
    M: Differentiable<S, U>,
    S: Shape,
    U: Shape,
{
    let y: Traced<U, f64> = net.forward(x.leaky_trace());
    let output = y.as_vec();
    let count = output.len();
    let d_output = Cpu::default().tensor_from_vec(d_output(count), (count,));
    let flat: Traced<(usize,), f64> = y.reshape_like(&(count,));
    let loss: Traced<Rank0, f64> = (flat * d_output).sum();
    let gradients = loss.backward();
    Pass {
        output,
        d_input: gradients.get(x).as_vec(),
        d_parameters: parameter_gradients(net, &gradients),
    }
}

/// Fails unless the gradients with respect to the input and to every parameter agree with central
/// differences, as in `torch.autograd.gradcheck`.
#[track_caller]
pub fn assert_gradients<M, S, U>(what: &str, net: &mut M, x: Tensor<S, f64, Cpu>)
where
    M: Differentiable<S, U>,
    S: Shape,
    U: Shape,
{
    const EPS: f64 = 1e-6;
    const ATOL: f64 = 1e-5;
    const RTOL: f64 = 1e-3;
    let d_output = |count| distinct(count, 3);
    let found = backward(net, &x, d_output);
    let loss = |net: &M, x: Tensor<S, f64, Cpu>| {
        let y: Vec<f64> = net.forward(x).as_vec();
        dot(&y, &d_output(y.len()))
    };

    let dev = Cpu::default();
    let values = x.as_vec();
    let mut expected = Vec::new();
    for place in 0..values.len() {
        let at = |step: f64| {
            let mut moved = values.clone();
            moved[place] += step;
            loss(net, dev.tensor_from_vec(moved, *x.shape()))
        };
        expected.push((at(EPS) - at(-EPS)) / (2.0 * EPS));
    }
    let label = format!("{what}: gradient of the input");
    assert_near(&label, &found.d_input, &expected, ATOL, RTOL);

    let learned = |name: &str| found.d_parameters.iter().any(|(n, _)| n == name);
    for (parameter, values) in parameters(net).into_iter().filter(|p| learned(&p.0)) {
        let mut expected = Vec::new();
        for place in 0..values.len() {
            let mut at = |step: f64| {
                let mut moved = values.clone();
                moved[place] += step;
                write_one(net, &parameter, &moved);
                loss(net, x.clone())
            };
            expected.push((at(EPS) - at(-EPS)) / (2.0 * EPS));
        }
        write_one(net, &parameter, &values);
        let label = format!("{what}: gradient of {parameter}");
        assert_near(&label, found.of(&parameter), &expected, ATOL, RTOL);
    }
}

/// Overwrites one parameter.
fn write_one<M: TensorCollection<f64, Cpu>>(net: &mut M, name: &str, values: &[f64]) {
    let all = parameters(net);
    let mut all = all.iter();
    set_parameters(net, |visited, _| {
        let (_, old) = all.next().expect("parameters come in one order");
        if visited == name {
            values.to_vec()
        } else {
            old.clone()
        }
    });
}
