use super::{Backward, Forward, Op, Reads};
use crate::kernels::batch_norm::{self, Geometry, Statistics};
use crate::kernels::Number;

/// Standardises every channel, by the statistics of the batch while training and by the running
/// ones while evaluating.
///
/// The parameters are weight, bias, running mean and running variance; the running ones take no
/// gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// The sizes.
    pub geometry: Geometry,
    /// Whether the statistics are those of the batch.
    pub training: bool,
}

impl BatchNorm {
    /// Whether a batch is standardised by its own statistics: one value a channel has none.
    fn by_batch(&self, batch: usize) -> bool {
        self.training && batch * self.geometry.planes.plane > 1
    }
}

/// What [`BatchNorm`] keeps of a batch: its mean, its variance, and how many numbers a channel they
/// are made of, 0 where the running ones were used.
fn kept<T: Number>(statistics: &[T]) -> (Statistics<'_, T>, f64) {
    let (count, both) = statistics
        .split_last()
        .expect("a batch normalisation that trains keeps statistics");
    let (mean, variance) = both.split_at(both.len() / 2);
    let count = count.to_f64().unwrap_or(0.0);
    (Statistics { mean, variance }, count)
}

impl<T: Number> Op<T> for BatchNorm {
    fn forward(&self, batch: usize, call: Forward<'_, T>) {
        let (g, input) = (&self.geometry, call.inputs[0]);
        let [weight, bias, mean, variance] = call.parameters else {
            unreachable!("a batch normalisation has four tensors")
        };
        if !self.by_batch(batch) {
            if let Some(count) = call.statistics.last_mut() {
                *count = T::zero();
            }
            let running = Statistics { mean, variance };
            batch_norm::forward(g, batch, input, running, weight, bias, call.output);
            return;
        }
        let channels = g.planes.channels;
        let (mean, rest) = call.statistics.split_at_mut(channels);
        let (variance, count) = rest.split_at_mut(channels);
        batch_norm::statistics(g, batch, input, mean, variance);
        count[0] = T::of((batch * g.planes.plane) as f64);
        let own = Statistics { mean, variance };
        batch_norm::forward(g, batch, input, own, weight, bias, call.output);
    }

    fn backward(&self, batch: usize, call: Backward<'_, '_, '_, T>) {
        let (g, input) = (&self.geometry, call.inputs[0]);
        let [weight, _, mean, variance] = call.parameters else {
            unreachable!("a batch normalisation has four tensors")
        };
        let by_batch = self.by_batch(batch);
        let statistics = if by_batch {
            kept(call.statistics).0
        } else {
            Statistics { mean, variance }
        };
        if let [d_weight, d_bias, ..] = call.d_parameters {
            let d_output = &*call.d_output;
            batch_norm::backward_parameters(
                g, batch, input, statistics, d_output, d_weight, d_bias,
            );
        }
        let Some(d_input) = &mut call.d_inputs[0] else {
            return;
        };
        if by_batch {
            let d_output = &*call.d_output;
            batch_norm::backward_input(g, batch, input, statistics, weight, d_output, d_input);
        } else {
            batch_norm::backward_input_frozen(g, batch, variance, weight, call.d_output, d_input);
        }
    }

    fn reads(&self) -> Reads {
        Reads::INPUT
    }

    fn statistics(&self) -> usize {
        if self.training {
            2 * self.geometry.planes.channels + 1
        } else {
            0
        }
    }

    fn whole_batch(&self) -> bool {
        self.training
    }
}
