//! One image by several threads.

use super::super::crew::{Crew, MOST};
use super::super::matmul::{matmul, Matrix, Output};
use super::super::{unfold, winograd, Planes};
use super::{direct, expect_scratch, Epilogue, Geometry, Image, Method, Number};

/// Multiplications that are worth the meeting of threads.
const WORTH_SHARING: usize = 250_000;
/// Filters that are not split: a block of them shares its pixels.
const FILTERS: usize = 8;

/// Whether a convolution of one image has enough to do for a crew.
pub fn shares(g: &Geometry, crew: &Crew) -> bool {
    let work = g.weight_len() * g.output().plane();
    crew.shares() > 1 && g.groups == 1 && work >= WORTH_SHARING
}

/// [`super::forward_prepared`] of one image by a crew, where there is enough to do.
///
/// # Shapes
/// `scratch` at least, for each thread, [`Geometry::scratch_len`], all others as there.
///
/// # Panics
/// When a slice has another size.
#[allow(clippy::too_many_arguments)] // what is read, what is written, scratch: as everywhere here
pub fn forward_shared<T: Number>(
    crew: &Crew,
    g: &Geometry,
    input: &[T],
    weight: &[T],
    prepared: &[T],
    epilogue: Epilogue<T>,
    output: &mut [T],
    scratch: &mut [T],
) {
    let method = match g.method() {
        // Without AVX2, or in `f64`.
        Method::Winograd | Method::Direct | Method::Strided
            if g.fast::<T>(1, true, true).is_none() =>
        {
            Method::Unfold
        }
        method => method,
    };
    let alone = method == Method::Winograd && prepared.is_empty();
    if !shares(g, crew) || alone {
        super::forward_prepared(g, 1, input, weight, prepared, epilogue, output, scratch);
        return;
    }
    g.check(
        1,
        ("input", input.len()),
        ("weight", weight.len()),
        output.len(),
    );
    expect_scratch(scratch.len(), crew.shares() * g.scratch_len());
    epilogue.check(g.filters, output.len());
    let level = super::Level::best();
    let mut whole = Share {
        filters: g.filters,
        weight,
        epilogue,
        output: &mut *output,
        scratch,
    };
    match (method, T::f32s(input), T::f32s(prepared)) {
        (Method::Winograd, Some(x), Some(p)) => {
            if let (Some(y), Some(s)) = (T::f32s_mut(whole.output), T::f32s_mut(whole.scratch)) {
                winograd::forward_shared(level, crew, g, x, p, epilogue.f32s(), y, s);
            }
        }
        (Method::Direct | Method::Strided, Some(x), _) => {
            whole.split(crew, |share| {
                let g = Geometry {
                    filters: share.filters,
                    ..*g
                };
                if let (Some(w), Some(y), Some(s)) = (
                    T::f32s(share.weight),
                    T::f32s_mut(share.output),
                    T::f32s_mut(share.scratch),
                ) {
                    direct::forward(level, &g, 1, x, w, share.epilogue.f32s(), y, s);
                }
            });
        }
        _ => {
            let (under, places) = (g.seen() * g.window.taps(), g.output().plane());
            let columns = if method == Method::Pointwise {
                input
            } else {
                let columns = &mut std::mem::take(&mut whole.scratch)[..under * places];
                unfold_shared(crew, g, input, columns);
                columns
            };
            let columns = Matrix::new(under, places, columns);
            whole.split(crew, |share| {
                let weight = Matrix::new(share.filters, under, share.weight);
                matmul(weight, columns, Output::Overwrite, share.output);
                let planes = Planes::new(share.filters, places);
                share.epilogue.apply(&planes, share.output);
            });
            return;
        }
    }
    epilogue.activate_rest(output);
}

/// Some of the filters, with what belongs to them.
struct Share<'a, T> {
    filters: usize,
    weight: &'a [T],
    epilogue: Epilogue<'a, T>,
    output: &'a mut [T],
    scratch: &'a mut [T],
}

impl<'a, T: Number> Share<'a, T> {
    /// Takes the first filters out, and of the scratch memory the first of so many parts.
    fn take(&mut self, filters: usize, parts: usize) -> Self {
        let filters = filters.min(self.filters);
        let all = self.filters.max(1);
        let (weight, weight_behind) = self.weight.split_at(self.weight.len() / all * filters);
        let len = self.output.len() / all * filters;
        let (output, output_behind) = std::mem::take(&mut self.output).split_at_mut(len);
        let (bias, bias_behind) = self.epilogue.bias.map(|all| all.split_at(filters)).unzip();
        let (residual, rest) = self.epilogue.residual.map(|all| all.split_at(len)).unzip();
        let of = |bias, residual| Epilogue {
            bias,
            residual,
            ..self.epilogue
        };
        let (epilogue, epilogue_behind) = (of(bias, residual), of(bias_behind, rest));
        let scratch = std::mem::take(&mut self.scratch);
        let (scratch, scratch_behind) = scratch.split_at_mut(scratch.len() / parts);
        *self = Share {
            filters: self.filters - filters,
            weight: weight_behind,
            epilogue: epilogue_behind,
            output: output_behind,
            scratch: scratch_behind,
        };
        Share {
            filters,
            weight,
            epilogue,
            output,
            scratch,
        }
    }

    /// Calls `each` with shares of about the same size.
    fn split(mut self, crew: &Crew, each: impl Fn(&mut Share<T>) + Sync) {
        let blocks = self.filters.div_ceil(FILTERS);
        let shares = crew.shares().min(blocks).max(1);
        let mut all = [const { None }; MOST];
        for (nth, share) in all[..shares].iter_mut().enumerate() {
            let filters = ((nth + 1) * blocks / shares - nth * blocks / shares) * FILTERS;
            *share = Some(self.take(filters, shares - nth));
        }
        crew.each(&mut all[..shares], |share| {
            share.as_mut().into_iter().for_each(&each);
        });
    }
}

/// [`unfold::forward`], every thread some channels.
fn unfold_shared<T: Number>(crew: &Crew, g: &Geometry, mut input: &[T], mut columns: &mut [T]) {
    let (image, shares) = (g.input, crew.shares());
    let each = columns.len() / image.channels;
    let mut all = [const { None }; MOST];
    for (nth, share) in all[..shares].iter_mut().enumerate() {
        let channels = (nth + 1) * image.channels / shares - nth * image.channels / shares;
        let some = Image::new(channels, image.height, image.width);
        let (x, x_behind) = input.split_at(some.len());
        let (to, to_behind) = columns.split_at_mut(each * channels);
        (input, columns) = (x_behind, to_behind);
        *share = Some((some, x, to));
    }
    crew.each(&mut all[..shares], |share| {
        if let Some((image, x, to)) = share {
            unfold::forward(image, &g.window, x, to);
        }
    });
}
