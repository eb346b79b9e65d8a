//! The comparison itself, on numbers: it knows no tensor and is compiled once.

use std::ops::Range;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::subject::{Pass, Subject, Variable};
use super::{Checked, Fault, GradCheck, Of};

/// One subject at one point.
pub(super) struct Comparison<'a> {
    check: &'a GradCheck,
    subject: &'a dyn Subject,
    variables: Vec<Variable>,
    /// The output at the point.
    base: Pass,
    /// Weights of the outputs.
    u: Vec<f64>,
    /// Gradients of the outputs weighed by `u`.
    weighed: Vec<Vec<f64>>,
}

/// Signs and sizes at random, no size near 0: every entry counts.
fn direction(len: usize, rng: &mut StdRng) -> Vec<f64> {
    let signed = |rng: &mut StdRng| {
        let size: f64 = rng.gen_range(0.5..1.0);
        if rng.r#gen() {
            size
        } else {
            -size
        }
    };
    (0..len).map(|_| signed(rng)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `v` where `kept` is, 0 elsewhere.
fn only(v: &[f64], kept: &Range<usize>) -> Vec<f64> {
    let value = |(place, v): (usize, &f64)| if kept.contains(&place) { *v } else { 0.0 };
    v.iter().enumerate().map(value).collect()
}

/// The place that is left when the half that deviates less is left out again and again.
fn worse_half(
    len: usize,
    deviation: impl Fn(&Range<usize>) -> Result<f64, Fault>,
) -> Result<usize, Fault> {
    let mut kept = 0..len;
    while kept.len() > 1 {
        let middle = kept.start + kept.len() / 2;
        let (left, right) = (kept.start..middle, middle..kept.end);
        kept = if deviation(&left)? >= deviation(&right)? {
            left
        } else {
            right
        };
    }
    Ok(kept.start)
}

/// The first value that is not finite.
fn finite(what: impl Fn() -> String, shape: &[usize], values: &[f64]) -> Result<(), Fault> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(place) => Err(Fault::NotFinite {
            what: what(),
            index: unravel(place, shape),
            value: values[place],
        }),
    }
}

/// The first value whose step of `eps` is rounded by more than any tolerance would forgive.
fn steps(variable: &Variable, eps: f64) -> Result<(), Fault> {
    const ROUNDED: f64 = 1e-4;
    let lost = |x: &f64| ((x + eps) - (x - eps) - 2.0 * eps).abs() > ROUNDED * 2.0 * eps;
    match variable.values.iter().position(lost) {
        None => Ok(()),
        Some(place) => Err(Fault::StepLost {
            tensor: variable.name.clone(),
            index: variable.place(place),
            value: variable.values[place],
            eps,
        }),
    }
}

/// The first value that two passes do not agree on.
fn same(
    what: impl Fn() -> String,
    shape: &[usize],
    first: &[f64],
    second: &[f64],
) -> Result<(), Fault> {
    let mut pairs = first.iter().zip(second);
    match pairs.position(|(a, b)| a.to_bits() != b.to_bits()) {
        None => Ok(()),
        Some(place) => Err(Fault::Nondeterministic {
            what: what(),
            index: unravel(place, shape),
            first: first[place],
            second: second[place],
        }),
    }
}

/// A place in a tensor from its place in memory.
pub(super) fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (axis, size) in shape.iter().enumerate().rev() {
        index[axis] = flat % size.max(&1);
        flat /= size.max(&1);
    }
    index
}

/// The slopes of a number along a line: on both sides, below and above.
#[derive(Clone, Copy)]
struct Slopes {
    central: f64,
    below: f64,
    above: f64,
}

/// The outputs below and above the point.
struct Sides {
    eps: f64,
    below: Vec<f64>,
    above: Vec<f64>,
}

impl<'a> Comparison<'a> {
    /// Looks at the point itself: finite, and the same twice.
    pub(super) fn new(check: &'a GradCheck, subject: &'a dyn Subject) -> Result<Self, Fault> {
        let variables = subject.variables()?;
        for variable in &variables {
            let what = || format!("`{}`", variable.name);
            finite(what, &variable.shape, &variable.values)?;
            steps(variable, check.eps)?;
        }
        let base = subject.pass(None, None)?;
        finite(|| "the output".to_owned(), &base.shape, &base.output)?;

        let mut rng = StdRng::seed_from_u64(check.seed);
        let u = direction(base.output.len(), &mut rng);
        let first = subject.pass(None, Some(&u))?;
        let second = subject.pass(None, Some(&u))?;
        for pass in [&first, &second] {
            let what = || "the output".to_owned();
            same(what, &base.shape, &base.output, &pass.output)?;
        }
        let passes = first.gradients.iter().zip(&second.gradients);
        for (variable, (first, second)) in variables.iter().zip(passes) {
            let what = || format!("the gradient of `{}`", variable.name);
            same(what, &variable.shape, first, second)?;
            finite(what, &variable.shape, first)?;
        }
        Ok(Comparison {
            check,
            subject,
            variables,
            base,
            u,
            weighed: first.gradients,
        })
    }

    pub(super) fn all(&self, of: Of) -> Result<Vec<Checked>, Fault> {
        let deviations = if self.check.fast {
            self.directions()?
        } else {
            self.jacobians()?
        };
        let pairs = self.variables.iter().zip(deviations);
        Ok(pairs
            .map(|(variable, deviation)| Checked {
                of,
                name: variable.name.clone(),
                shape: variable.shape.clone(),
                deviation,
            })
            .collect())
    }

    fn tolerance(&self, numeric: f64) -> f64 {
        self.check.atol + self.check.rtol * numeric.abs()
    }

    /// The outputs at both ends of `eps·v` through the point.
    fn sides(&self, place: usize, v: &[f64], eps: f64) -> Result<Sides, Fault> {
        let variable = &self.variables[place];
        let at = |step: f64| {
            let pairs = variable.values.iter().zip(v);
            let moved: Vec<f64> = pairs.map(|(x, v)| x + step * v).collect();
            let pass = self.subject.pass(Some((place, &moved)), None)?;
            let what = || format!("the output, `{}` being moved by eps,", variable.name);
            finite(what, &self.base.shape, &pass.output)?;
            Ok(pass.output)
        };
        Ok(Sides {
            eps,
            below: at(-eps)?,
            above: at(eps)?,
        })
    }

    /// The slopes of a weighted sum of outputs.
    fn slopes(&self, sides: &Sides, weigh: impl Fn(&[f64]) -> f64) -> Slopes {
        let [below, here, above] =
            [&sides.below, &self.base.output, &sides.above].map(|y| weigh(y));
        Slopes {
            central: (above - below) / (2.0 * sides.eps),
            below: (here - below) / sides.eps,
            above: (above - here) / sides.eps,
        }
    }

    /// What one-hot weights make of the `place`th number of a tensor.
    fn column(&self, variable: usize, place: usize, eps: f64) -> Result<Sides, Fault> {
        let mut v = vec![0.0; self.variables[variable].values.len()];
        v[place] = 1.0;
        self.sides(variable, &v, eps)
    }

    /// Whether the slope changes at once, where for a smooth function the change shrinks with `eps`.
    fn is_kink(
        &self,
        variable: usize,
        place: usize,
        output: usize,
        slopes: Slopes,
    ) -> Result<bool, Fault> {
        const CLOSER: f64 = 8.0;
        let sides = self.column(variable, place, self.check.eps / CLOSER)?;
        let closer = self.slopes(&sides, |y| y[output]);
        let shrunk = (closer.above - closer.below) / (slopes.above - slopes.below);
        Ok(!(0.5 / CLOSER..2.0 / CLOSER).contains(&shrunk))
    }

    /// What is wrong with one entry of the Jacobian, if anything.
    fn fault(
        &self,
        variable: usize,
        place: usize,
        output: usize,
        analytic: f64,
        slopes: Slopes,
    ) -> Result<Option<Fault>, Fault> {
        let Slopes {
            central,
            below,
            above,
        } = slopes;
        let tolerance = self.tolerance(central);
        if (analytic - central).abs() <= tolerance {
            return Ok(None);
        }
        let found = &self.variables[variable];
        let (tensor, index) = (found.name.clone(), found.place(place));
        let output_index = unravel(output, &self.base.shape);
        // At a kink, every value between the two slopes is somebody's convention; any other is
        // wrong there, too.
        let kink = (above - below).abs() > tolerance
            && analytic >= below.min(above) - tolerance
            && analytic <= below.max(above) + tolerance
            && self.is_kink(variable, place, output, slopes)?;
        Ok(Some(if kink {
            Fault::NotDifferentiable {
                tensor,
                index,
                value: found.values[place],
                output_index,
                analytic,
                below,
                above,
            }
        } else {
            Fault::Wrong {
                tensor,
                index,
                output_index,
                analytic,
                numeric: central,
                tolerance,
                wrong: None,
            }
        }))
    }

    /// Every entry; the largest deviation for each tensor.
    fn jacobians(&self) -> Result<Vec<f64>, Fault> {
        let outputs = self.base.output.len();
        let mut rows = Vec::with_capacity(outputs);
        for output in 0..outputs {
            let mut d_output = vec![0.0; outputs];
            d_output[output] = 1.0;
            let row = self.subject.pass(None, Some(&d_output))?.gradients;
            for (variable, row) in self.variables.iter().zip(&row) {
                let what = || format!("the gradient of `{}`", variable.name);
                finite(what, &variable.shape, row)?;
            }
            rows.push(row);
        }
        let mut deviations = Vec::new();
        for (place, variable) in self.variables.iter().enumerate() {
            let mut largest = 0.0f64;
            let mut worst: Option<(f64, Fault)> = None;
            let mut kink = None;
            let mut wrong = 0;
            for entry in 0..variable.values.len() {
                let sides = self.column(place, entry, self.check.eps)?;
                for (output, row) in rows.iter().enumerate() {
                    let analytic = row[place][entry];
                    let slopes = self.slopes(&sides, |y| y[output]);
                    let deviation = (analytic - slopes.central).abs();
                    largest = largest.max(deviation);
                    match self.fault(place, entry, output, analytic, slopes)? {
                        Some(fault @ Fault::Wrong { .. }) => {
                            wrong += 1;
                            let over = deviation / self.tolerance(slopes.central);
                            if worst.as_ref().is_none_or(|(worst, _)| over > *worst) {
                                worst = Some((over, fault));
                            }
                        }
                        fault => kink = kink.or(fault),
                    }
                }
            }
            if let Some((_, mut fault)) = worst {
                if let Fault::Wrong { wrong: count, .. } = &mut fault {
                    *count = Some(wrong);
                }
                return Err(fault);
            }
            if let Some(kink) = kink {
                return Err(kink);
            }
            deviations.push(largest);
        }
        Ok(deviations)
    }

    /// `uᵀJv` of every tensor; its deviation.
    fn directions(&self) -> Result<Vec<f64>, Fault> {
        let mut rng = StdRng::seed_from_u64(self.check.seed.wrapping_add(1));
        let mut deviations = Vec::new();
        for (place, variable) in self.variables.iter().enumerate() {
            let v = direction(variable.values.len(), &mut rng);
            let (analytic, slopes) = self.along(place, &v)?;
            let deviation = (analytic - slopes.central).abs();
            if deviation > self.tolerance(slopes.central) {
                return Err(self.halve(place, &v, analytic, slopes)?);
            }
            deviations.push(deviation);
        }
        Ok(deviations)
    }

    /// `uᵀJv` by backward and by differences.
    fn along(&self, place: usize, v: &[f64]) -> Result<(f64, Slopes), Fault> {
        let sides = self.sides(place, v, self.check.eps)?;
        let slopes = self.slopes(&sides, |y| dot(&self.u, y));
        Ok((dot(&self.weighed[place], v), slopes))
    }

    /// Finds a wrong entry behind a wrong `uᵀJv` by leaving out one half of `v` after the other,
    /// then of `u`.
    fn halve(
        &self,
        place: usize,
        v: &[f64],
        analytic: f64,
        slopes: Slopes,
    ) -> Result<Fault, Fault> {
        let entry = worse_half(v.len(), |half| {
            let (analytic, slopes) = self.along(place, &only(v, half))?;
            Ok((analytic - slopes.central).abs())
        })?;
        let sides = self.column(place, entry, self.check.eps)?;
        let backward = |u: &[f64]| Ok(self.subject.pass(None, Some(u))?.gradients[place][entry]);
        let output = worse_half(self.u.len(), |half| {
            let u = only(&self.u, half);
            let slopes = self.slopes(&sides, |y| dot(&u, y));
            Ok((backward(&u)? - slopes.central).abs())
        })?;
        let mut one = vec![0.0; self.u.len()];
        one[output] = 1.0;
        let found = self.slopes(&sides, |y| y[output]);
        let fault = self.fault(place, entry, output, backward(&one)?, found)?;
        Ok(fault.unwrap_or_else(|| Fault::WrongDirection {
            tensor: self.variables[place].name.clone(),
            analytic,
            numeric: slopes.central,
            tolerance: self.tolerance(slopes.central),
        }))
    }
}
