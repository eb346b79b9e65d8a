//! A plan as text: which thread takes which images through which steps, and where values lie.

use std::fmt;

use dfdx::prelude::Cpu;

use super::layout::Layout;
use super::plan::{Plan, Purpose};
use super::steps::Role;
use crate::kernels::op::MOST_INPUTS;
use crate::layers::Network;
use crate::model::Model;
use crate::tensor::{Device, Element, Graph, Parameters, Recorded, Value};

/// Characters across the picture of an arena.
const WIDTH: usize = 64;

/// How a model runs; `Display` prints it.
#[derive(Debug)]
pub struct Picture<E: Element> {
    model: &'static str,
    plan: Plan<E>,
}

/// How the engine runs `model` for batches of `batch` examples in `parts` parts, one a thread:
/// inference, or forward and backward of a model that trains on constant inputs.
///
/// `None` where a layer has no description, so that the model runs through dfdx's ops; or where
/// there are no examples or no parts.
///
/// ```
/// use shapeproof::prelude::*;
/// #[model(input = Chw<1, 8, 8>, output = Chw<4, 4, 4>)]
/// struct Net {
///     conv: Conv2d<4, Kernel<3>, Padding<1>>,
///     relu: Relu,
///     pool: MaxPool2d<2>,
/// }
/// let net: Net = Net::new(&Cpu::default());
/// let picture = shapeproof::engine::picture(&net, 10, 2, true).unwrap().to_string();
/// assert!(picture.contains("Conv2d + ReLU + MaxPool2d"));
/// ```
pub fn picture<M, E>(model: &M, batch: usize, parts: usize, training: bool) -> Option<Picture<E>>
where
    M: Model + Network<E, Cpu>,
    E: Element,
    Cpu: Device<E>,
{
    if batch == 0 || parts == 0 || M::INPUTS.len() > MOST_INPUTS {
        return None;
    }
    let purpose = Purpose {
        backward: training,
        training,
        constant: true,
    };
    let (mut recorded, mut parameters) = (Recorded::default(), Parameters::default());
    let mut graph = Graph::new(&mut recorded, &mut parameters, training);
    let inputs = M::INPUTS.iter().map(|(_, dims)| graph.input(*dims));
    let inputs: Vec<Value> = inputs.collect();
    let mut outputs = Vec::new();
    model.describe(&mut graph, &inputs, &mut outputs)?;
    graph.finish(&outputs);
    Some(Picture {
        model: M::NAME,
        plan: Plan::new(&recorded, batch, purpose, Some(parts)),
    })
}

/// The letter of a value.
fn letter(value: usize) -> char {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    LETTERS[value % LETTERS.len()] as char
}

impl<E: Element> fmt::Display for Picture<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { parts, purpose, .. } = &self.plan;
        let what = if purpose.backward {
            "training"
        } else {
            "inference"
        };
        writeln!(f, "{}, {what}, {} images", self.model, self.plan.batch())?;
        self.threads(f)?;
        let images = parts[0].len();
        let bytes = self.plan.forward.len(images) * size_of::<E>();
        writeln!(
            f,
            "\nvalues of {images} images, {bytes} bytes, downwards in time"
        )?;
        self.arena(f, &self.plan.forward, false)?;
        if purpose.backward {
            let bytes = self.plan.backward.len(images) * size_of::<E>();
            writeln!(f, "\ntheir gradients, {bytes} bytes, downwards in time")?;
            self.arena(f, &self.plan.backward, true)?;
        }
        Ok(())
    }
}

impl<E: Element> Picture<E> {
    /// A column for each thread, a row for each step, a line between segments.
    fn threads(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.plan;
        let width = 44;
        write!(f, "\n{:width$}", "")?;
        for (nth, part) in plan.parts.iter().enumerate() {
            let images = format!("{}..{}", part.start, part.end);
            write!(f, "  thread {}: images {images:<8}", nth + 1)?;
        }
        writeln!(f)?;
        for (nth, segment) in plan.segments.iter().enumerate() {
            for step in &plan.steps[segment.steps.clone()] {
                let inputs: String = step.inputs.iter().map(|value| letter(*value)).collect();
                let role = match step.role {
                    Role::Gather => " (statistics)",
                    Role::Whole | Role::Apply => "",
                };
                let name = format!(
                    "{inputs} → {} {}{role}",
                    letter(step.output),
                    step.op.name()
                );
                write!(f, "{name:width$}")?;
                for part in &plan.parts {
                    let chunk = segment.chunk.min(part.len());
                    let turns = part.len().div_ceil(chunk);
                    write!(f, "  {:<26}", format!("│ {turns} × {chunk} images"))?;
                }
                writeln!(f)?;
            }
            let barrier = plan.phases.iter().any(|phase| phase.end == nth + 1);
            let line = match (nth + 1 == plan.segments.len(), barrier) {
                (true, _) => continue,
                (_, true) => "━",
                (_, false) => "┄",
            };
            let count = plan.parts.len();
            writeln!(f, "{:width$}  {}", "", line.repeat(28 * count - 4))?;
        }
        Ok(())
    }

    /// A row for each step, a letter where a value lies that is needed then.
    fn arena(&self, f: &mut fmt::Formatter<'_>, layout: &Layout, back: bool) -> fmt::Result {
        let plan = &self.plan;
        let images = plan.parts[0].len();
        let all = layout.len(images).max(1);
        let mut rows = Vec::new();
        for (nth, step) in plan.steps.iter().enumerate() {
            let segment = plan.segments.iter().find(|s| s.steps.contains(&nth));
            let chunk = segment.map_or(images, |s| s.chunk);
            let mut row = vec![' '; WIDTH];
            for value in (0..plan.lens.len()).filter(|value| layout.needs(*value, nth)) {
                let room = layout.room(value, images, chunk);
                let place = layout.range(value, images, &(0..room), chunk);
                let (first, last) = (place.start * WIDTH / all, (place.end * WIDTH).div_ceil(all));
                row[first..last].fill(letter(value));
            }
            let row: String = row.into_iter().collect();
            rows.push(format!("│{row}│ {}", step.op.name()));
        }
        if back {
            rows.reverse();
        }
        rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}
