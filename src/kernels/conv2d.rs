//! Convolution, as deep learning calls the cross-correlation of an image with learned filters.

pub mod abreast;
mod depthwise;
pub mod direct;
mod epilogue;
pub mod naive;
mod shared;
mod unfolded;

pub use epilogue::Epilogue;
pub use shared::{forward_shared, shares};

use super::{bias, expect_len, expect_scratch, winograd, Image, Level, Number, Window};

/// The sizes of a convolution of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// `C × H × W`.
    pub input: Image,
    /// Channels of the output.
    pub filters: usize,
    /// What slides over the image.
    pub window: Window,
    /// Parts into which channels and filters are split; 1 where all see each other.
    pub groups: usize,
}

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The image is the matrix already.
    Pointwise,
    /// Every filter sees one channel: shifted planes are added up.
    Depthwise,
    /// Tiles of 4×4 places, with a quarter of the multiplications; in `f32`, else as
    /// [`Method::Unfold`].
    Winograd,
    /// The window slides over rows of pixels in registers; in `f32`, else as [`Method::Unfold`].
    Direct,
    /// As [`Method::Direct`] forward, but with AVX2 only for few filters; the gradients as
    /// [`Method::Unfold`].
    Strided,
    /// The pixels under the window are laid side by side, which leaves a matrix product.
    Unfold,
}

/// Tiles of a batch from which it pays to transform the weights for it.
const WINOGRAD_TILES: usize = 12;
/// Weights of which every block of filters is read for every image, at most.
const STRIDED: usize = 1 << 19;
/// Filters from which, with the eight numbers of AVX2, a product of the unfolded pixels is faster.
const MANY_FILTERS: usize = 48;

/// The size, in whole tiles of 4.
const fn tiled(size: usize) -> usize {
    size.div_ceil(4) * 4
}

impl Geometry {
    /// `F × OH × OW`, `OH = ⌊(H + P_above + P_below − D·(K − 1) − 1) / S⌋ + 1`, `OW` likewise.
    ///
    /// # Panics
    /// Where the window does not fit or the groups do not divide channels and filters.
    pub const fn output(&self) -> Image {
        assert!(
            self.groups > 0
                && self.input.channels.is_multiple_of(self.groups)
                && self.filters.is_multiple_of(self.groups),
            "groups must divide channels and filters"
        );
        let (height, width) = self.window.places(&self.input);
        Image::new(self.filters, height, width)
    }

    /// Channels that a filter sees.
    pub const fn seen(&self) -> usize {
        self.input.channels / self.groups
    }

    /// Numbers in the weight, `F · C/groups · KH · KW`.
    pub const fn weight_len(&self) -> usize {
        self.filters * self.seen() * self.window.taps()
    }

    /// How this geometry is computed.
    pub const fn method(&self) -> Method {
        let Window {
            kernel,
            stride,
            before,
            after,
            ..
        } = self.window;
        match (kernel, stride, before, after) {
            // Unfolding would only copy the image.
            ((1, 1), (1, 1), (0, 0), (0, 0)) => Method::Pointwise,
            // Hardly a filter shares its channel with another one, so the unfolded pixels would be
            // read about once: the copy costs more than the product.
            _ if self.groups > 1 && self.groups == self.input.channels => Method::Depthwise,
            // The transforms, which grow with channels plus filters, are paid by the products
            // saved, which grow with channels times filters; vectors are sixteen channels.
            _ if winograd::suits(self) && self.fills_tiles() => Method::Winograd,
            // Few channels or few filters make a product whose operands are hardly used twice: to
            // lay out the pixels costs as much as to multiply them.
            _ if direct::suits(self) && self.is_small() => Method::Direct,
            // To unfold costs as much for each place, and there are fewer multiplications for it.
            _ if self.skips() => Method::Strided,
            // Everything else: the product runs at nearly the machine's peak, whatever the window.
            _ => Method::Unfold,
        }
    }

    /// Whether sixteen channels and 4×4 places are not mostly padding, in either direction.
    const fn fills_tiles(&self) -> bool {
        let (input, output) = (self.input, self.output());
        input.channels >= 12
            && self.filters >= 12
            && tiled(output.height) * tiled(output.width) <= 2 * output.plane()
            && tiled(input.height) * tiled(input.width) <= 2 * input.plane()
    }

    /// Whether the window takes steps that it overlaps, with weights that fit into a core's cache.
    const fn skips(&self) -> bool {
        let (stride, taps) = (self.window.stride, self.window.taps());
        let weights = self.filters * self.seen() * taps;
        let overlaps = stride.0 * stride.1 > 1 && taps >= stride.0 * stride.1;
        self.groups == 1 && overlaps && taps > 1 && weights <= STRIDED && direct::slides(self)
    }

    /// Whether [`Method::Strided`] is faster than to unfold. Sixteen registers of AVX2 hold so few filters
    /// that the pixels are read again and again; where no two windows overlap, to unfold only moves them.
    fn slides_at(&self, level: Level) -> bool {
        let overlaps = self.window.taps() > self.window.stride.0 * self.window.stride.1;
        level == Level::Avx512 || (overlaps && self.filters < MANY_FILTERS)
    }

    /// Whether channels or filters are few.
    const fn is_small(&self) -> bool {
        // For many filters of few weights, the product has enough to do with what is unfolded.
        self.groups == 1
            && self.input.channels <= 8
            && (self.filters < 32 || self.input.channels * self.window.taps() >= 64)
    }

    /// Numbers of scratch memory that each direction needs, whatever the batch.
    pub const fn scratch_len(&self) -> usize {
        // `f64` unfolds where `f32` knows better.
        let unfolded = self.seen() * self.window.taps() * self.output().plane();
        let own = match self.method() {
            Method::Pointwise => return 0,
            Method::Depthwise if direct::suits(self) => return direct::scratch_len(self),
            Method::Depthwise => return 0,
            Method::Winograd => winograd::scratch_len(self),
            Method::Direct => direct::scratch_len(self),
            Method::Strided => direct::forward_scratch(self),
            Method::Unfold => 0,
        };
        if own > unfolded {
            own
        } else {
            unfolded
        }
    }

    /// Numbers of the weight in the form that [`prepare`] gives it; 0 where that saves nothing.
    pub const fn prepared_len(&self) -> usize {
        match self.method() {
            Method::Winograd => winograd::prepared_len(self),
            _ => 0,
        }
    }

    /// The part of the image that one group sees.
    const fn group(&self) -> Image {
        Image::new(self.seen(), self.input.height, self.input.width)
    }

    /// The vector instructions for [`Method::Winograd`], [`Method::Direct`] or, `forward`,
    /// [`Method::Strided`], where this geometry, batch, number and machine go that way.
    fn fast<T: Number>(&self, batch: usize, is_prepared: bool, forward: bool) -> Option<Level> {
        // All are written for wide vectors; with narrow ones, the product is faster.
        let level = Level::best();
        let wide = level != Level::Portable && T::f32s(&[]).is_some();
        // The transformed weights must be used for a few tiles to be worth their making.
        let tiles = batch * tiled(self.output().height) / 4 * tiled(self.output().width) / 4;
        match self.method() {
            Method::Winograd if is_prepared || tiles >= WINOGRAD_TILES => wide.then_some(level),
            Method::Direct => wide.then_some(level),
            Method::Strided if forward && self.slides_at(level) => wide.then_some(level),
            // Channel by channel.
            Method::Depthwise if direct::suits(self) => wide.then_some(level),
            _ => None,
        }
    }

    #[track_caller]
    fn check(&self, batch: usize, input: (&str, usize), weight: (&str, usize), output: usize) {
        expect_len(input.0, input.1, batch * self.input.len());
        expect_len(weight.0, weight.1, self.weight_len());
        let name = if input.0 == "input" && weight.0 == "weight" {
            "output"
        } else {
            "d_output"
        };
        expect_len(name, output, batch * self.output().len());
    }
}

/// `y[f, p] = b[f] + Σ_{c,k} w[f, c, k] · x[c, S·p + D·k − P]`
///
/// # Shapes
/// `input` `(B, C, H, W)`, `weight` `(F, C/groups, KH, KW)`, `bias` `F`, `output` `(B, F, OH, OW)`,
/// `scratch` at least [`Geometry::scratch_len`].
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.functional.conv2d`
///
/// # Example
/// ```
/// use shapeproof::kernels::{conv2d, Image, Window};
/// let g = conv2d::Geometry {
///     input: Image::new(1, 2, 3),
///     filters: 1,
///     window: Window::new(1, 2),
///     groups: 1,
/// };
/// let mut y = [0.0; 4];
/// let mut scratch = vec![0.0; g.scratch_len()];
/// let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// conv2d::forward(&g, 1, &x, &[10.0, 1.0], None, &mut y, &mut scratch);
/// assert_eq!(y, [12.0, 23.0, 45.0, 56.0]);
/// ```
pub fn forward<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    output: &mut [T],
    scratch: &mut [T],
) {
    let epilogue = Epilogue {
        bias,
        ..Epilogue::NONE
    };
    forward_fused(g, batch, input, weight, epilogue, output, scratch);
}

/// [`forward`] with more than a bias behind it.
///
/// # Panics
/// When a slice has another size.
pub fn forward_fused<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    weight: &[T],
    epilogue: Epilogue<T>,
    output: &mut [T],
    scratch: &mut [T],
) {
    forward_prepared(g, batch, input, weight, &[], epilogue, output, scratch);
}

/// The weight as some methods need it, to be used for more than one batch.
///
/// # Shapes
/// `weight` `(F, C/groups, KH, KW)`, `prepared` [`Geometry::prepared_len`], overwritten.
///
/// # Panics
/// When a slice has another size.
pub fn prepare<T: Number>(g: &Geometry, weight: &[T], prepared: &mut [T]) {
    expect_len("weight", weight.len(), g.weight_len());
    expect_len("prepared", prepared.len(), g.prepared_len());
    if let (Method::Winograd, Some(weight), Some(prepared)) =
        (g.method(), T::f32s(weight), T::f32s_mut(prepared))
    {
        winograd::prepare(Level::best(), g, weight, prepared);
    }
}

/// [`forward_fused`] with a weight that [`prepare`] has prepared; an empty `prepared` is none.
///
/// # Panics
/// When a slice has another size.
#[allow(clippy::too_many_arguments)] // what is read, what is written, scratch: as everywhere here
pub fn forward_prepared<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    weight: &[T],
    prepared: &[T],
    epilogue: Epilogue<T>,
    output: &mut [T],
    scratch: &mut [T],
) {
    g.check(
        batch,
        ("input", input.len()),
        ("weight", weight.len()),
        output.len(),
    );
    expect_scratch(scratch.len(), g.scratch_len());
    epilogue.check(g.filters, output.len());
    if !prepared.is_empty() {
        expect_len("prepared", prepared.len(), g.prepared_len());
    }
    let fast = g.fast::<T>(batch, !prepared.is_empty(), true);
    if let (Some(level), Some(x), Some(w), Some(p), Some(y), Some(s)) = (
        fast,
        T::f32s(input),
        T::f32s(weight),
        T::f32s(prepared),
        T::f32s_mut(&mut *output),
        T::f32s_mut(&mut *scratch),
    ) {
        let behind = epilogue.f32s();
        match g.method() {
            Method::Winograd if p.is_empty() => {
                winograd::forward(level, g, batch, x, w, behind, y, s);
            }
            Method::Winograd => winograd::forward_prepared(level, g, batch, x, p, behind, y, s),
            _ => direct::forward(level, g, batch, x, w, behind, y, s),
        }
        epilogue.activate_rest(output);
        return;
    }
    let images = input.chunks_exact(g.input.len());
    let len = g.output().len();
    for (nth, (x, y)) in images.zip(output.chunks_exact_mut(len)).enumerate() {
        if g.method() == Method::Depthwise {
            depthwise::forward(g, x, weight, y);
        } else {
            unfolded::forward(g, x, weight, y, scratch);
        }
        // While the image is in the cache.
        let residual = epilogue.residual.map(|all| &all[nth * len..][..len]);
        let behind = Epilogue {
            residual,
            ..epilogue
        };
        behind.apply(&g.output().planes(), y);
    }
}

/// `d_x[c, q] = Σ_{f,k} w[f, c, k] · d_y[f, p]` over all places `p` with `S·p + D·k − P = q`.
///
/// # Shapes
/// `weight` `(F, C/groups, KH, KW)`, `d_output` `(B, F, OH, OW)`, `d_input` `(B, C, H, W)`,
/// `scratch` at least [`Geometry::scratch_len`].
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.grad.conv2d_input`
pub fn backward_input<T: Number>(
    g: &Geometry,
    batch: usize,
    weight: &[T],
    d_output: &[T],
    d_input: &mut [T],
    scratch: &mut [T],
) {
    g.check(
        batch,
        ("d_input", d_input.len()),
        ("weight", weight.len()),
        d_output.len(),
    );
    expect_scratch(scratch.len(), g.scratch_len());
    if let (Some(level), Some(w), Some(dy), Some(dx), Some(s)) = (
        g.fast::<T>(batch, false, false),
        T::f32s(weight),
        T::f32s(d_output),
        T::f32s_mut(&mut *d_input),
        T::f32s_mut(&mut *scratch),
    ) {
        return match g.method() {
            Method::Winograd => winograd::backward_input(level, g, batch, w, dy, dx, s),
            _ => direct::backward_input(level, g, batch, w, dy, dx, s),
        };
    }
    let images = d_input.chunks_exact_mut(g.input.len());
    for (dx, dy) in images.zip(d_output.chunks_exact(g.output().len())) {
        if g.method() == Method::Depthwise {
            depthwise::backward_input(g, weight, dy, dx);
        } else {
            unfolded::backward_input(g, weight, dy, dx, scratch);
        }
    }
}

/// `d_w[f, c, k] = d_w[f, c, k] + Σ_{b,p} d_y[b, f, p] · x[b, c, S·p + D·k − P]`
///
/// # Shapes
/// `input` `(B, C, H, W)`, `d_output` `(B, F, OH, OW)`, `d_weight` `(F, C/groups, KH, KW)`,
/// `scratch` at least [`Geometry::scratch_len`].
///
/// # Panics
/// When a slice has another size.
///
/// # Same as
/// `torch.nn.grad.conv2d_weight`, added to what is in `d_weight`
pub fn backward_weight<T: Number>(
    g: &Geometry,
    batch: usize,
    input: &[T],
    d_output: &[T],
    d_weight: &mut [T],
    scratch: &mut [T],
) {
    g.check(
        batch,
        ("input", input.len()),
        ("d_weight", d_weight.len()),
        d_output.len(),
    );
    expect_scratch(scratch.len(), g.scratch_len());
    if let (Some(level), Some(x), Some(dy), Some(dw), Some(s)) = (
        g.fast::<T>(batch, false, false),
        T::f32s(input),
        T::f32s(d_output),
        T::f32s_mut(&mut *d_weight),
        T::f32s_mut(&mut *scratch),
    ) {
        return match g.method() {
            Method::Winograd => winograd::backward_weight(level, g, batch, x, dy, dw, s),
            _ => direct::backward_weight(level, g, batch, x, dy, dw, s),
        };
    }
    let images = input.chunks_exact(g.input.len());
    for (x, dy) in images.zip(d_output.chunks_exact(g.output().len())) {
        if g.method() == Method::Depthwise {
            depthwise::backward_weight(g, x, dy, d_weight);
        } else {
            unfolded::backward_weight(g, x, dy, d_weight, scratch);
        }
    }
}

/// `d_b[f] = d_b[f] + Σ_{b,p} d_y[b, f, p]`
///
/// # Shapes
/// `d_output` `(B, F, OH, OW)`, `d_bias` `F`.
///
/// # Panics
/// When a slice has another size.
pub fn backward_bias<T: Number>(g: &Geometry, batch: usize, d_output: &[T], d_bias: &mut [T]) {
    bias::backward(&g.output().planes(), batch, d_output, d_bias);
}
