//! One image by several threads.

use std::marker::PhantomData;
use std::ops::Range;

use super::plan::Plan;
use super::{cut, prepared_len, suits, Convolve, Epilogue, Geometry, Level};
use crate::kernels::crew::{Crew, MOST};
use crate::kernels::{expect_len, expect_scratch};

/// An output of which several threads write different pieces.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    first: *mut f32,
    len: usize,
    borrowed: PhantomData<&'a mut [f32]>,
}

// SAFETY: it stands for a `&mut [f32]`, which may be sent; pieces are handed out by an unsafe
// function only, whose callers promise that no two of them overlap.
unsafe impl Send for Written<'_> {}
// SAFETY: as above.
unsafe impl Sync for Written<'_> {}

impl<'a> Written<'a> {
    pub fn new(output: &'a mut [f32]) -> Self {
        Written {
            first: output.as_mut_ptr(),
            len: output.len(),
            borrowed: PhantomData,
        }
    }

    /// A piece of the output.
    ///
    /// # Safety
    /// While it is used, nobody asks for another that overlaps it.
    #[inline(always)]
    pub unsafe fn piece(&mut self, range: Range<usize>) -> &mut [f32] {
        assert!(
            range.start <= range.end && range.end <= self.len,
            "a piece reaches beyond its slice"
        );
        // SAFETY: the range lies in the slice, as checked; nobody else uses it, as promised.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(range.start), range.len()) }
    }
}

/// [`super::forward_prepared`] of one image by a crew, each of whose threads has its part of the
/// scratch memory. The result has the same bits whatever their number.
///
/// # Panics
/// When a slice has another size.
#[allow(clippy::too_many_arguments)] // what is read, what is written, scratch: as everywhere here
pub fn forward_shared(
    level: Level,
    crew: &Crew,
    g: &Geometry,
    input: &[f32],
    prepared: &[f32],
    epilogue: Epilogue<f32>,
    output: &mut [f32],
    scratch: &mut [f32],
) {
    expect_len("input", input.len(), g.input.len());
    expect_len("prepared", prepared.len(), prepared_len(g));
    expect_len("output", output.len(), g.output().len());
    assert!(suits(g), "another method for this window");
    let plan = Plan::forward(g);
    let threads = crew.shares();
    expect_scratch(scratch.len(), threads * plan.scratch_len());
    let (rows, panels) = (plan.tile_rows(), plan.filters16() / 16);
    // Each thread reads all pixels or all weights: the fewer; unless some rows have too few tiles to
    // fill a block of a product.
    let blocks = |rows: usize, panels: usize| (rows * plan.tiles()).div_ceil(4) * panels;
    let by_rows = blocks(rows.div_ceil(threads), panels);
    let fewer = plan.has_many_weights() || blocks(rows, panels.div_ceil(threads)) < by_rows;
    let by_filters = fewer && panels >= threads || rows < threads;
    let output = Written::new(output);
    let mut shares: [(usize, &mut [f32]); MOST] = Default::default();
    let scratches = scratch.chunks_exact_mut(scratch.len() / threads);
    for ((nth, share), scratch) in shares.iter_mut().enumerate().zip(scratches) {
        *share = (nth, scratch);
    }
    crew.each(&mut shares[..threads], |(nth, scratch)| {
        let share = |all: usize| *nth * all / threads..(*nth + 1) * all / threads;
        let [_, v, m, stripe] = cut(&plan, scratch);
        level.run(Convolve {
            plan,
            rows: if by_filters { 0..rows } else { share(rows) },
            panels: if by_filters { share(panels) } else { 0..panels },
            input,
            u: prepared,
            epilogue,
            output,
            parts: [v, m, stripe],
        });
    });
}
