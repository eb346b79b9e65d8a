//! Layers and models of any type as functions of numbers, so that a test of hundreds of types
//! compiles little for each: its forward, its backward and one walk over its parameters.

use shapeproof::dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorOptions, TensorVisitor, ViewTensorName, ViewTensorRef,
};
use shapeproof::gradcheck::{self, GradCheck, Variable};
use shapeproof::prelude::*;
use shapeproof::shape::Dims;
use shapeproof::tensor::Batched;

use crate::support::{whole, Pass};

pub trait Numeric {
    /// Forward and backward of a batch with these parameters, in `f64` outside whatever the layer
    /// computes in.
    fn pass(
        &self,
        batch: usize,
        x: &[f64],
        parameters: &[&[f64]],
        d_output: &dyn Fn(usize) -> Vec<f64>,
    ) -> Pass;
    /// Names and shapes of the parameters.
    fn parameters(&self) -> Vec<(String, Vec<usize>)>;
}

type OnTape<S, E> = Tensor<S, E, Cpu, OwnedTape<E, Cpu>>;
type BatchOf<In, E> = OnTape<<In as Batched>::Shape<usize>, E>;

/// A closed layer.
struct Typed<In, M, U, E> {
    module: M,
    shapes: std::marker::PhantomData<(In, U, E)>,
}

/// Builds a module, reads numbers out of it, and copies it with others in it: all in one type,
/// because each is compiled for every module.
struct Walk<'a, E: Dtype>
where
    Cpu: Device<E>,
{
    written: &'a [&'a [f64]],
    gradients: Option<&'a Gradients<E, Cpu>>,
    found: Vec<Parameter>,
}

/// A parameter, or the gradient of one.
struct Parameter {
    name: String,
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl<E: Dtype> TensorVisitor<E, Cpu> for Walk<'_, E>
where
    Cpu: Device<E>,
{
    /// Nothing to see is a module to build.
    type Viewer = Option<(ViewTensorRef, ViewTensorName)>;
    type Err = CpuError;
    type E2 = E;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, Cpu>,
        view: Option<(&Tensor<S, E, Cpu>, String)>,
    ) -> Result<Option<Tensor<S, E, Cpu>>, CpuError> {
        let Some((tensor, name)) = view else {
            return Ok(Some(Cpu::default().try_zeros_like(&options.shape)?));
        };
        let mut copy = tensor.clone();
        if let Some(values) = self.written.get(self.found.len()) {
            copy.copy_from(&narrow(values));
        }
        let values = match self.gradients {
            Some(gradients) => gradients.get(tensor).as_vec(),
            None => copy.as_vec(),
        };
        self.found.push(Parameter {
            name,
            shape: tensor.shape().concrete().into(),
            values: wide(&values),
        });
        Ok(Some(copy))
    }
}

fn walk<E, M>(
    module: Option<&M>,
    written: &[&[f64]],
    gradients: Option<&Gradients<E, Cpu>>,
) -> (M, Vec<Parameter>)
where
    E: Dtype,
    Cpu: Device<E>,
    M: BuildModule<Cpu, E>,
{
    let mut walk = Walk {
        written,
        gradients,
        found: Vec::new(),
    };
    let m = module.map(|module| (module, String::new()));
    let copy = M::iter_tensors(&mut RecursiveWalker { m, f: &mut walk }).expect("a walk");
    (copy.expect("a copy"), walk.found)
}

fn narrow<E: Dtype>(values: &[f64]) -> Vec<E> {
    let number = |v: &f64| E::from_f64(*v).expect("a floating-point number");
    values.iter().map(number).collect()
}

fn wide<E: Dtype>(values: &[E]) -> Vec<f64> {
    let number = |v: &E| v.to_f64().expect("a floating-point number");
    values.iter().map(number).collect()
}

/// The end of every pass, the output's shape being gone.
fn finish<E: Dtype>(
    y: OnTape<(usize,), E>,
    d_output: &dyn Fn(usize) -> Vec<f64>,
) -> (Vec<f64>, Gradients<E, Cpu>)
where
    Cpu: Device<E>,
{
    let output = wide(&y.as_vec());
    let d_output = narrow(&d_output(output.len()));
    let d_output = Cpu::default().tensor_from_vec(d_output, (output.len(),));
    let loss: OnTape<Rank0, E> = (y * d_output).sum();
    (output, loss.backward())
}

impl<In, M, U, E> Numeric for Typed<In, M, U, E>
where
    In: Batched,
    U: Shape,
    E: Element,
    Cpu: Device<E>,
    M: BuildModule<Cpu, E> + Module<BatchOf<In, E>, Output = OnTape<U, E>>,
{
    fn pass(
        &self,
        batch: usize,
        x: &[f64],
        parameters: &[&[f64]],
        d_output: &dyn Fn(usize) -> Vec<f64>,
    ) -> Pass {
        let x = Cpu::default().tensor_from_vec(narrow(x), In::batched(batch));
        let (module, _) = walk(Some(&self.module), parameters, None);
        let y = module.forward(x.leaky_trace());
        let count = y.shape().num_elements();
        let (output, gradients) = finish(y.reshape_like(&(count,)), d_output);
        let (_, found) = walk(Some(&module), &[], Some(&gradients));
        Pass {
            output,
            d_input: wide(&gradients.get(&x).as_vec()),
            d_parameters: found.into_iter().map(|p| (p.name, p.values)).collect(),
        }
    }

    fn parameters(&self) -> Vec<(String, Vec<usize>)> {
        let (_, found) = walk(Some(&self.module), &[], None);
        found.into_iter().map(|p| (p.name, p.shape)).collect()
    }
}

/// The module `M`, which takes batches of `In`, as functions of numbers.
pub fn typed<In, M, U, E>() -> Box<dyn Numeric>
where
    In: Batched,
    U: Shape,
    E: Element,
    Cpu: Device<E>,
    M: BuildModule<Cpu, E> + Module<BatchOf<In, E>, Output = OnTape<U, E>> + 'static,
{
    Box::new(Typed::<In, M, U, E> {
        module: walk(None, &[], None).0,
        shapes: std::marker::PhantomData,
    })
}

/// Two draws for each type, and more in a longer run: as many as proptest's cases tell.
pub fn seeds() -> std::ops::RangeInclusive<u64> {
    let cases = std::env::var("PROPTEST_CASES").ok();
    let cases = cases.and_then(|cases| cases.parse().ok()).unwrap_or(256);
    1..=u64::max(1, cases / 128)
}

/// Inputs and parameters away from kinks; parameters keep the size of what flows through.
pub fn drawn(net: &dyn Numeric, input: Dims, batch: usize, seed: u64) -> Vec<Variable> {
    let sizes = (0..input.rank()).map(|axis| input.size(axis));
    let shape: Vec<usize> = std::iter::once(batch).chain(sizes).collect();
    let mut variables = vec![Variable::drawn("input", &shape, seed)];
    for (place, (name, shape)) in net.parameters().into_iter().enumerate() {
        let mut drawn = Variable::drawn(&name, &shape, 1000 * seed + place as u64);
        let fan_in: usize = shape[1..].iter().product();
        for value in &mut drawn.values {
            *value *= 1.5 / (fan_in as f64).sqrt();
        }
        variables.push(drawn);
    }
    variables
}

/// Fails unless the gradients of `net`, run as a function of slices so that nothing is compiled
/// for its type, agree with differences in random directions.
///
/// Gives the gradient of the input of a sum of the outputs with random weights.
#[track_caller]
pub fn assert_gradients(what: &str, net: &dyn Numeric, input: Dims, seed: u64) -> Vec<f64> {
    const BATCH: usize = 2;
    let variables = drawn(net, input, BATCH, seed);
    let last_d_input = std::cell::RefCell::new(Vec::new());
    let run = |values: &[&[f64]], d: Option<&[f64]>| {
        let d_output = |count| d.map_or_else(|| vec![0.0; count], <[f64]>::to_vec);
        let pass = net.pass(BATCH, values[0], &values[1..], &d_output);
        if d.is_some() {
            last_d_input.replace(pass.d_input.clone());
        }
        let d_parameters = pass.d_parameters.into_iter().map(|p| p.1);
        gradcheck::Pass {
            shape: vec![BATCH, pass.output.len() / BATCH],
            output: pass.output,
            gradients: std::iter::once(pass.d_input).chain(d_parameters).collect(),
        }
    };
    let check = GradCheck::new().fast().seed(seed);
    let report = check.slices(&variables, run);
    let report = report.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(report.tensors.len(), variables.len(), "{what}");
    last_d_input.into_inner()
}

/// Fails unless a batch gives what its examples give one by one: the outputs, the gradients of the
/// input, and in sum the gradients of the parameters. `near(what, found, expected)` compares.
pub fn assert_batches(
    what: &str,
    net: &dyn Numeric,
    x: &[f64],
    parameters: &[&[f64]],
    near: impl Fn(&str, &[f64], &[f64]),
) {
    const BATCH: usize = 3;
    let together = net.pass(BATCH, x, parameters, &d_output);
    let (outputs, size) = (together.output.len() / BATCH, x.len() / BATCH);
    let g = d_output(together.output.len());
    let alone: Vec<Pass> = (0..BATCH)
        .map(|i| {
            let g = g[i * outputs..(i + 1) * outputs].to_vec();
            net.pass(1, &x[i * size..(i + 1) * size], parameters, &|_| g.clone())
        })
        .collect();
    let joined = |part: fn(&Pass) -> &Vec<f64>| -> Vec<f64> {
        alone.iter().flat_map(part).copied().collect()
    };
    let label = |part: &str| format!("{what}: {part}");
    near(&label("outputs"), &together.output, &joined(|p| &p.output));
    near(
        &label("gradient of the input"),
        &together.d_input,
        &joined(|p| &p.d_input),
    );
    for (name, gradient) in &together.d_parameters {
        let sum = |i: usize| alone.iter().map(|pass| pass.of(name)[i]).sum();
        let sums: Vec<f64> = (0..gradient.len()).map(sum).collect();
        near(&label(&format!("gradient of {name}")), gradient, &sums);
    }
}

/// Whole numbers for the gradient of an output.
pub fn d_output(count: usize) -> Vec<f64> {
    whole(count, 9)
}
