use std::sync::Arc;

use super::{downcast, joined_name, Activate, Add, Backward, Forward, Next, Op, Reads, WholeBatch};
use crate::kernels::activation::{self, Activation};
use crate::kernels::batch_norm::{self, Geometry, Statistics};
use crate::kernels::{add, Number};

/// Standardises every channel, by the statistics of the batch while training and by the running
/// ones while evaluating; to which, perhaps, another input is added; of which, perhaps, the positive
/// part.
///
/// The parameters are weight, bias, running mean and running variance; the running ones take no
/// gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// The sizes.
    pub geometry: Geometry,
    /// Whether the statistics are those of the batch.
    pub training: bool,
    /// Whether there is a second input, which is added.
    pub added: bool,
    /// Whether negative results become 0.
    pub relu: bool,
}

impl BatchNorm {
    /// A batch normalisation with nothing behind it.
    pub const fn new(geometry: Geometry, training: bool) -> Self {
        BatchNorm {
            geometry,
            training,
            added: false,
            relu: false,
        }
    }

    /// Mean and variance, and of how many examples; 0 where they are the running ones.
    fn known<'a, T: Number>(
        &self,
        parameters: &[&'a [T]],
        statistics: &'a [T],
    ) -> (Statistics<'a, T>, usize) {
        let Some((count, both)) = statistics.split_last() else {
            let (mean, variance) = (parameters[2], parameters[3]);
            return (Statistics { mean, variance }, 0);
        };
        let (mean, variance) = both.split_at(both.len() / 2);
        let examples = count.to_f64().unwrap_or(0.0) / self.geometry.planes.plane as f64;
        // An `f32` may miss a large count by a little.
        (Statistics { mean, variance }, examples.round() as usize)
    }

    /// The gradient behind what follows the normalisation, in `d_output`, and that of the second
    /// input.
    fn unwind<T: Number>(
        &self,
        output: &[T],
        d_output: &mut [T],
        d_inputs: &mut [Option<&mut [T]>],
    ) {
        if self.relu {
            activation::backward_in_place(Activation::Relu, output, d_output);
        }
        if let [_, Some(d_added)] = d_inputs {
            d_added.copy_from_slice(d_output);
        }
    }
}

impl<T: Number> Op<T> for BatchNorm {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        let (statistics, _) = self.known(call.parameters, call.statistics);
        batch_norm::forward_fused(
            &self.geometry,
            batch,
            call.inputs[0],
            statistics,
            call.parameters[0],
            call.parameters[1],
            call.inputs.get(1).copied(),
            self.relu,
            call.output,
        );
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        let (g, input, weight) = (&self.geometry, call.inputs[0], call.parameters[0]);
        let (statistics, examples) = self.known(call.parameters, call.statistics);
        if !self.training {
            self.unwind(call.output, call.d_output, call.d_inputs);
            if let [d_weight, d_bias, ..] = call.d_parameters {
                let d_output = &*call.d_output;
                batch_norm::backward_parameters(
                    g, batch, input, statistics, d_output, d_weight, d_bias,
                );
            }
        }
        let Some(d_input) = &mut call.d_inputs[0] else {
            return;
        };
        if examples > 0 {
            let sums = &call.sums[..2 * g.planes.channels];
            batch_norm::backward_input_given(
                g,
                batch,
                examples,
                input,
                statistics,
                weight,
                sums,
                call.d_output,
                d_input,
            );
        } else {
            let variance = statistics.variance;
            batch_norm::backward_input_frozen(g, batch, variance, weight, call.d_output, d_input);
        }
    }

    fn reads(&self) -> Reads {
        Reads {
            input: true,
            output: self.relu,
        }
    }

    fn statistics(&self) -> usize {
        if self.training {
            2 * self.geometry.planes.channels + 1
        } else {
            0
        }
    }

    fn whole_batch(&self) -> Option<&dyn WholeBatch<T>> {
        self.training.then_some(self)
    }

    fn name(&self) -> String {
        joined_name("BatchNorm", &[(self.added, "Add"), (self.relu, "ReLU")])
    }

    fn joined(&self, next: &Next<'_, T>) -> Option<Arc<dyn Op<T>>> {
        let mut joined = *self;
        if downcast(next.op) == Some(&Activate(Activation::Relu)) {
            joined.relu = true;
        } else {
            let add: &Add = downcast(next.op)?;
            if self.added || next.inputs != 2 {
                return None;
            }
            (joined.added, joined.relu) = (true, add.relu);
        }
        (!self.relu).then(|| Arc::new(joined) as Arc<dyn Op<T>>)
    }
}

impl<T: Number> WholeBatch<T> for BatchNorm {
    fn gathered(&self) -> usize {
        batch_norm::gathered_len(&self.geometry)
    }

    fn gather(&self, batch: usize, input: &[T], gathered: &mut [T]) {
        batch_norm::gather(&self.geometry, batch, input, gathered);
    }

    fn settle(&self, parameters: &[&[T]], gathered: &[T], statistics: &mut [T]) {
        let channels = self.geometry.planes.channels;
        statistics.fill(T::zero());
        for part in gathered.chunks_exact(statistics.len()) {
            batch_norm::merge(&self.geometry, part, statistics);
        }
        let (mean, rest) = statistics.split_at_mut(channels);
        let (variance, count) = rest.split_at_mut(channels);
        if count[0] > T::one() {
            variance.iter_mut().for_each(|v| *v /= count[0]);
        } else {
            // One number a channel has no variance.
            count[0] = T::zero();
            mean.copy_from_slice(parameters[2]);
            variance.copy_from_slice(parameters[3]);
        }
    }

    fn gathered_backward(&self) -> usize {
        2 * self.geometry.planes.channels
    }

    fn gather_backward(&self, batch: usize, call: Backward<'_, '_, '_, T>, gathered: &mut [T]) {
        self.unwind(call.output, call.d_output, call.d_inputs);
        let (statistics, _) = self.known(call.parameters, call.statistics);
        let (g, input) = (&self.geometry, call.inputs[0]);
        batch_norm::gather_backward(g, batch, input, statistics, call.d_output, gathered);
    }

    fn settle_backward(&self, gathered: &[T], d_parameters: &mut [&mut [T]], sums: &mut [T]) {
        let channels = self.geometry.planes.channels;
        sums.fill(T::zero());
        for part in gathered.chunks_exact(2 * channels) {
            add::accumulate(part, &mut sums[..2 * channels]);
        }
        let (products, totals) = sums.split_at(channels);
        if let [d_weight, d_bias, ..] = d_parameters {
            add::accumulate(products, d_weight);
            add::accumulate(&totals[..channels], d_bias);
        }
    }
}
