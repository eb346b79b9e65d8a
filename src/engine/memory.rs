//! Plans and memory that outlive a call, so that the next one neither plans nor allocates.

use std::any::Any;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use super::plan::{Plan, Purpose};
use crate::tensor::{Element, Parameter, Parameters, Recorded, Value};

/// Plans that a thread remembers; the one that was not used for longest is forgotten first.
const REMEMBERED: usize = 16;
/// Rooms that a plan keeps for the next forwards and backwards.
const SPARE: usize = 4;

/// The memory of one forward or backward of a whole batch.
#[derive(Debug, Default)]
pub struct Memory<E> {
    /// Values or gradients, part by part.
    pub values: Vec<E>,
    /// Scratch memory, part by part.
    pub scratch: Vec<E>,
    /// What is kept for each example, part by part.
    pub indices: Vec<u32>,
    /// What is kept for the whole batch.
    pub statistics: Vec<E>,
    /// Gradients of parameters, of all parts but the first.
    pub gathered: Vec<E>,
    /// What the parts gather for the whole batch, part by part.
    pub partial: Vec<E>,
    /// Of the random numbers.
    pub seed: u64,
}

/// Makes `vec` have `len` numbers, which hold anything.
pub fn resize<E: Copy + Default>(vec: &mut Vec<E>, len: usize) {
    if vec.len() < len {
        // What is there is not worth copying.
        vec.clear();
    }
    vec.resize(len, E::default());
}

/// Memory that waits for its next use.
#[derive(Debug)]
pub struct Pool<E>(Mutex<Vec<Memory<E>>>);

impl<E> Default for Pool<E> {
    fn default() -> Self {
        Pool(Mutex::new(Vec::new()))
    }
}

impl<E: Element> Pool<E> {
    /// Memory of an earlier use, or none yet.
    pub fn take(&self) -> Memory<E> {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spare.pop().unwrap_or_default()
    }

    /// Gives memory back.
    pub fn give(&self, memory: Memory<E>) {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE {
            spare.push(memory);
        }
    }
}

/// A plan with its memory.
#[derive(Debug)]
pub struct Planned<E: Element> {
    /// The plan.
    pub plan: Plan<E>,
    /// For forwards.
    pub forward: Pool<E>,
    /// For backwards.
    pub backward: Pool<E>,
}

/// What is computed from parameters alone, as long as they are the same.
pub struct Prepared<E: Element> {
    /// These tensors: kept alive, so that no others can have the same addresses, and nobody can
    /// change their numbers without first making a copy for itself.
    parameters: Vec<Box<dyn Parameter<E>>>,
    /// The numbers.
    pub values: Vec<E>,
}

impl<E: Element> Default for Prepared<E> {
    fn default() -> Self {
        Prepared {
            parameters: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl<E: Element> Prepared<E> {
    /// Whether it was computed from these parameters, and has `len` numbers.
    fn is_of(&self, parameters: &[&[E]], len: usize) -> bool {
        let mut pairs = self.parameters.iter().zip(parameters);
        self.values.len() == len
            && self.parameters.len() == parameters.len()
            && pairs.all(|(kept, now)| kept.values().is_some_and(|kept| std::ptr::eq(kept, *now)))
    }
}

/// What a thread remembers of a model.
pub struct Remembered<E: Element> {
    model: &'static str,
    batch: usize,
    purpose: Purpose,
    /// What the model said of itself.
    pub recorded: Recorded<E>,
    /// The plan made from that.
    pub planned: Option<Arc<Planned<E>>>,
    /// Memory for lists.
    pub parameters: Parameters<'static, E>,
    /// Memory for lists.
    pub outputs: Vec<Value>,
    prepared: Arc<Prepared<E>>,
}

impl<E: Element> Remembered<E> {
    /// What the ops of `plan` want to be computed from `parameters`, which is done if they are not
    /// those of the last time.
    pub fn prepared(&mut self, plan: &Plan<E>, parameters: &Parameters<'_, E>) -> Arc<Prepared<E>> {
        let values = &parameters.values;
        if plan.prepared == 0 || self.prepared.is_of(values, plan.prepared) {
            return self.prepared.clone();
        }
        let mut numbers = vec![E::default(); plan.prepared];
        for step in &plan.steps {
            let of_step = &values[step.parameters.clone()];
            step.op
                .prepare(of_step, &mut numbers[step.prepared.clone()]);
        }
        self.prepared = Arc::new(Prepared {
            parameters: parameters.tensors.iter().map(|p| p.kept()).collect(),
            values: numbers,
        });
        self.prepared.clone()
    }
}

/// Forgets what was computed from the parameters of the model of that name, which will change:
/// while it is remembered, they would have to be copied for that.
pub fn forget_prepared<E: Element>(model: &'static str) {
    REMEMBERED_HERE.with_borrow_mut(|all| {
        let entries = all
            .iter_mut()
            .filter_map(|e| e.downcast_mut::<Remembered<E>>());
        for entry in entries.filter(|entry| entry.model == model) {
            entry.prepared = Arc::default();
        }
    });
}

thread_local! {
    static REMEMBERED_HERE: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Takes out what is remembered of the model of that name, or something new.
pub fn recall<E: Element>(
    model: &'static str,
    batch: usize,
    purpose: Purpose,
) -> Box<Remembered<E>> {
    let found = REMEMBERED_HERE.with_borrow_mut(|all| {
        let place = all.iter().rposition(|entry| {
            entry.downcast_ref::<Remembered<E>>().is_some_and(|entry| {
                (entry.batch, entry.purpose, entry.model) == (batch, purpose, model)
            })
        });
        place.map(|place| all.remove(place))
    });
    let found = found.and_then(|entry| entry.downcast().ok());
    found.unwrap_or_else(|| {
        Box::new(Remembered {
            model,
            batch,
            purpose,
            recorded: Recorded::default(),
            planned: None,
            parameters: Parameters::default(),
            outputs: Vec::new(),
            prepared: Arc::default(),
        })
    })
}

/// Remembers it again.
pub fn remember<E: Element>(entry: Box<Remembered<E>>) {
    REMEMBERED_HERE.with_borrow_mut(|all| {
        if all.len() == REMEMBERED {
            all.remove(0);
        }
        all.push(entry);
    });
}
