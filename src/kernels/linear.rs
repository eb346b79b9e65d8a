//! Every output feature sees every input feature.

use pulp::{Simd, WithSimd};

use super::crew::{Crew, MOST};
use super::lanes::{widest, Lanes};
use super::matmul::{matmul, Matrix, Output};
use super::{bias, expect_len, Number, Planes};

/// The sizes of a linear map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Input features.
    pub inputs: usize,
    /// Output features.
    pub outputs: usize,
}

impl Geometry {
    /// Numbers in the weight.
    pub const fn weight_len(&self) -> usize {
        self.inputs * self.outputs
    }
}

/// `y[o] = b[o] + Σ_i w[o, i] · x[i]`
///
/// # Shapes
/// `input` `(B, inputs)`, `weight` `(outputs, inputs)`, `bias` `outputs`, `output` `(B, outputs)`.
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.linear`
pub fn forward<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    output: &mut [T],
) {
    expect_len("input", input.len(), batch * g.inputs);
    expect_len("weight", weight.len(), g.weight_len());
    expect_len("output", output.len(), batch * g.outputs);
    if let (1, 1..) = (batch, g.inputs) {
        widest(Single {
            input,
            weight,
            output,
        });
    } else {
        let x = Matrix::new(batch, g.inputs, input);
        let w = Matrix::new(g.outputs, g.inputs, weight);
        matmul(x, w.transposed(), Output::Overwrite, output);
    }
    if let Some(bias) = bias {
        bias::forward(&Planes::new(g.outputs, 1), batch, bias, output);
    }
}

/// Weights that are worth the meeting of threads.
const WORTH_SHARING: usize = 100_000;

/// [`forward`] of one example by a crew, where there are enough weights. The result has the same
/// bits whatever the number of threads.
///
/// # Panics
/// When a slice has another size.
pub fn forward_shared<T: Number>(
    crew: &Crew,
    g: &Geometry,
    input: &[T],
    mut weight: &[T],
    mut bias: Option<&[T]>,
    mut output: &mut [T],
) {
    expect_len("weight", weight.len(), g.weight_len());
    expect_len("output", output.len(), g.outputs);
    if let Some(bias) = bias {
        expect_len("bias", bias.len(), g.outputs);
    }
    // Whole blocks, so that each sum is taken in the same order.
    let blocks = g.outputs.div_ceil(ROWS);
    let shares = crew.shares().min(blocks);
    if shares < 2 || g.weight_len() < WORTH_SHARING {
        return forward(g, 1, input, weight, bias, output);
    }
    let mut all = [const { None }; MOST];
    for (nth, share) in all[..shares].iter_mut().enumerate() {
        let rows = ((nth + 1) * blocks / shares - nth * blocks / shares) * ROWS;
        let outputs = rows.min(output.len());
        let g = Geometry { outputs, ..*g };
        let (w, w_behind) = weight.split_at(g.weight_len());
        let (y, y_behind) = output.split_at_mut(outputs);
        let (b, b_behind) = bias.map(|bias| bias.split_at(outputs)).unzip();
        (weight, bias, output) = (w_behind, b_behind, y_behind);
        *share = Some((g, w, b, y));
    }
    crew.each(&mut all[..shares], |share| {
        if let Some((g, w, b, y)) = share {
            forward(g, 1, input, w, *b, y);
        }
    });
}

/// The map of a single example. Every weight is used once, so nothing is gained by laying out the
/// weights for a product of matrices.
struct Single<'a, T> {
    input: &'a [T],
    weight: &'a [T],
    output: &'a mut [T],
}

/// Outputs whose sums are in registers at once.
const ROWS: usize = 8;

impl<T: Number> WithSimd for Single<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let inputs = self.input.len();
        let weights = self.weight.chunks(ROWS * inputs);
        for (y, weights) in self.output.chunks_mut(ROWS).zip(weights) {
            if let Ok(y) = <&mut [T; ROWS]>::try_from(&mut *y) {
                *y = dots(simd, self.input, weights);
                continue;
            }
            for (y, weights) in y.iter_mut().zip(weights.chunks_exact(inputs)) {
                [*y] = dots(simd, self.input, weights);
            }
        }
    }
}

/// The products of `N` rows of weights with `x`.
#[inline(always)]
fn dots<T: Number, S: Simd, const N: usize>(simd: S, x: &[T], weights: &[T]) -> [T; N] {
    let lanes = <T as Lanes>::lanes::<S>();
    // No closures below: what is not inlined is compiled for the oldest machine.
    let mut rows = [&weights[..0]; N];
    for (to, row) in rows.iter_mut().zip(weights.chunks_exact(x.len())) {
        *to = row;
    }
    let mut sums = [T::splat(simd, T::zero()); N];
    let whole = x.len() / lanes * lanes;
    for place in (0..whole).step_by(lanes) {
        let x = T::load(simd, &x[place..]);
        for (sum, row) in sums.iter_mut().zip(&rows) {
            *sum = T::fused(simd, T::load(simd, &row[place..]), x, *sum);
        }
    }
    if whole < x.len() {
        let x = T::load_part(simd, &x[whole..]);
        for (sum, row) in sums.iter_mut().zip(&rows) {
            *sum = T::fused(simd, T::load_part(simd, &row[whole..]), x, *sum);
        }
    }
    let mut totals = [T::zero(); N];
    for (total, sum) in totals.iter_mut().zip(sums) {
        *total = T::total(simd, sum);
    }
    totals
}

/// `d_x[i] = Σ_o w[o, i] · d_y[o]`
///
/// # Shapes
/// `weight` `(outputs, inputs)`, `d_output` `(B, outputs)`, `d_input` `(B, inputs)`.
///
/// # Panics
/// When a slice has another size.
pub fn backward_input<T: Number>(
    g: &Geometry,
    batch: usize,
    weight: &[T],
    d_output: &[T],
    d_input: &mut [T],
) {
    expect_len("weight", weight.len(), g.weight_len());
    expect_len("d_output", d_output.len(), batch * g.outputs);
    expect_len("d_input", d_input.len(), batch * g.inputs);
    let dy = Matrix::new(batch, g.outputs, d_output);
    let w = Matrix::new(g.outputs, g.inputs, weight);
    matmul(dy, w, Output::Overwrite, d_input);
}

/// `d_w[o, i] = d_w[o, i] + Σ_b d_y[b, o] · x[b, i]`
///
/// # Shapes
/// `input` `(B, inputs)`, `d_output` `(B, outputs)`, `d_weight` `(outputs, inputs)`.
///
/// # Panics
/// When a slice has another size.
pub fn backward_weight<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    d_output: &[T],
    d_weight: &mut [T],
) {
    expect_len("input", input.len(), batch * g.inputs);
    expect_len("d_output", d_output.len(), batch * g.outputs);
    expect_len("d_weight", d_weight.len(), g.weight_len());
    let dy = Matrix::new(batch, g.outputs, d_output);
    let x = Matrix::new(batch, g.inputs, input);
    matmul(dy.transposed(), x, Output::Add, d_weight);
}

/// `d_b[o] = d_b[o] + Σ_b d_y[b, o]`
///
/// # Shapes
/// `d_output` `(B, outputs)`, `d_bias` `outputs`.
///
/// # Panics
/// When a slice has another size.
pub fn backward_bias<T: Number>(g: &Geometry, batch: usize, d_output: &[T], d_bias: &mut [T]) {
    bias::backward(&Planes::new(g.outputs, 1), batch, d_output, d_bias);
}

/// The same as plain loops.
pub mod naive {
    use super::{Geometry, Number};

    /// See [`super::forward`].
    pub fn forward<T: Number>(
        g: &Geometry,
        batch: usize,
        input: &[T],
        weight: &[T],
        bias: Option<&[T]>,
        output: &mut [T],
    ) {
        for b in 0..batch {
            for o in 0..g.outputs {
                let mut sum = bias.map_or(T::zero(), |bias| bias[o]);
                for i in 0..g.inputs {
                    sum += weight[o * g.inputs + i] * input[b * g.inputs + i];
                }
                output[b * g.outputs + o] = sum;
            }
        }
    }

    /// See [`super::backward_input`].
    pub fn backward_input<T: Number>(
        g: &Geometry,
        batch: usize,
        weight: &[T],
        d_output: &[T],
        d_input: &mut [T],
    ) {
        for b in 0..batch {
            for i in 0..g.inputs {
                let mut sum = T::zero();
                for o in 0..g.outputs {
                    sum += weight[o * g.inputs + i] * d_output[b * g.outputs + o];
                }
                d_input[b * g.inputs + i] = sum;
            }
        }
    }

    /// See [`super::backward_weight`].
    pub fn backward_weight<T: Number>(
        g: &Geometry,
        batch: usize,
        input: &[T],
        d_output: &[T],
        d_weight: &mut [T],
    ) {
        for b in 0..batch {
            for o in 0..g.outputs {
                for i in 0..g.inputs {
                    d_weight[o * g.inputs + i] +=
                        d_output[b * g.outputs + o] * input[b * g.inputs + i];
                }
            }
        }
    }
}
