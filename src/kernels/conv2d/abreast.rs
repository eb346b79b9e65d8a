//! Sixteen images side by side, for a convolution whose result is pooled by halves.
//!
//! A pixel is a vector with one number of each image, so nothing is ever moved within a vector: a
//! tap is one weight times a vector, whatever the width of the image and wherever its rows end.
//! The four places under a window of the pooling stay in registers until the largest is known; what
//! is not pooled is never written. The price: images come and go transposed.
//!
//! The gradients of the pooled places are laid where the largest values were, with zeros between
//! them. Of these, the gradient of the input takes, tile by tile, only the rows and columns that a
//! tap can see; that of the weights keeps its sixteen lanes apart until the whole batch has passed.

use super::super::simd::{Kernel, Lanes, Square};
use super::super::{expect_len, expect_scratch, max_pool2d, pool2d};
use super::{direct, Epilogue, Geometry, Level};

/// Images side by side.
pub const IMAGES: usize = 16;
/// A number of each image.
type Pixel = [f32; IMAGES];
const ZEROS: Pixel = [0.0; IMAGES];

/// Places side by side in the widest tile of the gradient of the input.
const WIDEST: usize = 8;
/// Zeros beside each row of gradients, so that a tile may overlap the end of the row.
const BESIDE: usize = WIDEST - 1;
/// Pixels that may be at work at once, so that they stay in a core's own cache.
const MOST_PIXELS: usize = 16 * 1024;

/// Whether a convolution and the pooling behind it can be computed so, and should be.
pub fn suits(g: &Geometry, pool: &pool2d::Geometry) -> bool {
    let plan = Plan::new(g);
    let pixels = plan.x_len() + plan.dy_len() + g.input.len() + g.weight_len();
    let same = pool.input == g.output() && max_pool2d::halves(pool);
    same && direct::suits(g) && g.groups == 1 && pixels <= MOST_PIXELS
}

/// Where the pixels lie.
#[derive(Clone, Copy)]
struct Plan {
    channels: usize,
    filters: usize,
    kernel: (usize, usize),
    before: (usize, usize),
    input: (usize, usize),
    output: (usize, usize),
}

impl Plan {
    fn new(g: &Geometry) -> Self {
        let output = g.output();
        Plan {
            channels: g.input.channels,
            filters: g.filters,
            kernel: g.window.kernel,
            before: g.window.before,
            input: (g.input.height, g.input.width),
            output: (output.height, output.width),
        }
    }

    fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    /// Pixels of a row of the input with its padding.
    fn width(&self) -> usize {
        self.output.1 + self.kernel.1 - 1
    }

    /// Pixels of a channel of the input with its padding.
    fn plane(&self) -> usize {
        (self.output.0 + self.kernel.0 - 1) * self.width()
    }

    fn x_len(&self) -> usize {
        self.channels * self.plane()
    }

    fn input_len(&self) -> usize {
        self.channels * self.input.0 * self.input.1
    }

    fn pooled(&self) -> (usize, usize) {
        (self.output.0 / 2, self.output.1 / 2)
    }

    fn pooled_plane(&self) -> usize {
        self.pooled().0 * self.pooled().1
    }

    fn pooled_len(&self) -> usize {
        self.filters * self.pooled_plane()
    }

    /// Numbers of a row of gradients with the zeros beside it.
    fn dy_width(&self) -> usize {
        self.output.1 + 2 * BESIDE
    }

    fn dy_len(&self) -> usize {
        self.filters * self.output.0 * self.dy_width()
    }

    fn weight_len(&self) -> usize {
        self.filters * self.channels * self.taps()
    }
}

/// Numbers of scratch memory that [`forward`] needs.
pub fn forward_scratch(g: &Geometry) -> usize {
    let plan = Plan::new(g);
    (1 + plan.x_len() + 2 * plan.pooled_len()) * IMAGES + plan.weight_len()
}

/// Numbers of scratch memory that [`backward`] needs.
pub fn backward_scratch(g: &Geometry) -> usize {
    let plan = Plan::new(g);
    let pixels = plan.x_len() + 2 * plan.pooled_len() + plan.dy_len() + plan.input_len();
    (1 + pixels + plan.weight_len()) * IMAGES + plan.weight_len()
}

/// `len` pixels off the front of `rest`.
fn pixels<'a>(rest: &mut &'a mut [f32], len: usize) -> &'a mut [Pixel] {
    let (front, behind) = std::mem::take(rest).split_at_mut(len * IMAGES);
    *rest = behind;
    front.as_chunks_mut().0
}

/// Scratch memory from the first number on with which a line of the cache begins: vectors that lie
/// on two lines are read twice.
fn aligned(scratch: &mut [f32]) -> &mut [f32] {
    let skip = scratch.as_ptr().align_offset(size_of::<Pixel>());
    &mut scratch[skip.min(IMAGES)..]
}

/// The convolution and, of its result, the largest values under windows of 2×2: see
/// [`super::forward_fused`] and [`max_pool2d::forward`].
///
/// # Shapes
/// `output` and `indices` are those of the pooling.
///
/// # Panics
/// When a slice has another size.
#[allow(clippy::too_many_arguments)] // what is read, what is written, scratch: as everywhere here
pub fn forward(
    level: Level,
    g: &Geometry,
    batch: usize,
    input: &[f32],
    weight: &[f32],
    epilogue: Epilogue<f32>,
    output: &mut [f32],
    indices: Option<&mut [u32]>,
    scratch: &mut [f32],
) {
    let plan = Plan::new(g);
    expect_len("input", input.len(), batch * g.input.len());
    expect_len("weight", weight.len(), g.weight_len());
    expect_len("output", output.len(), batch * plan.pooled_len());
    if let Some(bias) = epilogue.bias {
        expect_len("bias", bias.len(), g.filters);
    }
    if let Some(indices) = &indices {
        expect_len("indices", indices.len(), output.len());
    }
    expect_scratch(scratch.len(), forward_scratch(g));
    level.run(Pooled {
        plan,
        input,
        weight,
        epilogue,
        output,
        indices,
        scratch: aligned(scratch),
    });
}

struct Pooled<'a> {
    plan: Plan,
    input: &'a [f32],
    weight: &'a [f32],
    epilogue: Epilogue<'a, f32>,
    output: &'a mut [f32],
    indices: Option<&'a mut [u32]>,
    scratch: &'a mut [f32],
}

impl Kernel for Pooled<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) {
        let plan = self.plan;
        let len = plan.pooled_len();
        let mut rest = self.scratch;
        let x = pixels(&mut rest, plan.x_len());
        let y = pixels(&mut rest, len);
        let at = pixels(&mut rest, len);
        let packed = &mut rest[..plan.weight_len()];
        let seen = plan.channels * plan.taps();
        let mut filter = 0;
        while filter < plan.filters {
            let block = block::<S>(plan.filters - filter);
            let rows = self.weight[filter * seen..].chunks_exact(seen);
            let packed = &mut packed[filter * seen..][..block * seen];
            for (nth, row) in rows.take(block).enumerate() {
                for (to, from) in packed.chunks_exact_mut(block).zip(row) {
                    to[nth] = *from;
                }
            }
            filter += block;
        }
        // The padding is never written after this.
        x.fill(ZEROS);
        let images = self.input.chunks(IMAGES * plan.input_len());
        let outputs = self.output.chunks_mut(IMAGES * len);
        for (nth, (images, output)) in images.zip(outputs).enumerate() {
            pad(simd, &plan, images, x);
            for row in 0..plan.pooled().0 {
                let mut filter = 0;
                while filter < plan.filters {
                    let block = block::<S>(plan.filters - filter);
                    let windows = Windows {
                        plan: &plan,
                        x,
                        weights: &packed[filter * seen..][..block * seen],
                        bias: (self.epilogue.bias).map(|bias| &bias[filter..filter + block]),
                        relu: self.epilogue.relu(),
                        first: filter * plan.pooled_plane() + row * plan.pooled().1,
                        row,
                    };
                    let at = self.indices.is_some().then_some(&mut *at);
                    match block {
                        6 => windows.pool::<S, 6>(simd, y, at),
                        4 => windows.pool::<S, 4>(simd, y, at),
                        2 => windows.pool::<S, 2>(simd, y, at),
                        _ => windows.pool::<S, 1>(simd, y, at),
                    }
                    filter += block;
                }
            }
            spread(simd, y, len, output, |x| x);
            if let Some(indices) = &mut self.indices {
                let indices = &mut indices[nth * IMAGES * len..][..output.len()];
                spread(simd, at, len, indices, f32::to_bits);
            }
        }
    }
}

/// Filters, or channels, in the next block: so many that their sums fit into the registers.
#[inline(always)]
fn block<S: Lanes>(left: usize) -> usize {
    match left {
        6.. if S::ROWS >= 8 => 6,
        4.. if S::ROWS >= 8 => 4,
        2.. => 2,
        _ => 1,
    }
}

/// Reads images into pixels, zeros for those that are missing of [`IMAGES`].
#[inline(always)]
fn collect<S: Lanes, T: Copy>(
    simd: S,
    len: usize,
    images: &[T],
    number: impl Fn(T) -> f32,
    mut each: impl FnMut(usize, &Pixel),
) {
    let (mut rows, mut columns) = ([ZEROS; IMAGES], [ZEROS; IMAGES]);
    for first in (0..len).step_by(IMAGES) {
        let width = IMAGES.min(len - first);
        for (row, image) in rows.iter_mut().zip(images.chunks_exact(len)) {
            let image = &image[first..first + width];
            if let Ok(image) = <&[T; IMAGES]>::try_from(image) {
                *row = image.map(&number);
            } else {
                for (to, from) in row.iter_mut().zip(image) {
                    *to = number(*from);
                }
            }
        }
        simd.transpose(&rows, &mut columns);
        for (nth, pixel) in columns[..width].iter().enumerate() {
            each(first + nth, pixel);
        }
    }
}

/// Writes pixels to images, as many as there are.
#[inline(always)]
fn spread<S: Lanes, T: Copy>(
    simd: S,
    pixels: &[Pixel],
    len: usize,
    images: &mut [T],
    number: impl Fn(f32) -> T,
) {
    let (mut rows, mut columns): (Square, Square) = ([ZEROS; IMAGES], [ZEROS; IMAGES]);
    for (nth, pixels) in pixels[..len].chunks(IMAGES).enumerate() {
        columns[..pixels.len()].copy_from_slice(pixels);
        simd.transpose(&columns, &mut rows);
        for (row, image) in rows.iter().zip(images.chunks_exact_mut(len)) {
            let image = &mut image[nth * IMAGES..][..pixels.len()];
            if let Ok(image) = <&mut [T; IMAGES]>::try_from(&mut *image) {
                *image = row.map(&number);
            } else {
                for (to, from) in image.iter_mut().zip(row) {
                    *to = number(*from);
                }
            }
        }
    }
}

/// Lays images to the middle of their padding.
#[inline(always)]
fn pad<S: Lanes>(simd: S, plan: &Plan, images: &[f32], x: &mut [Pixel]) {
    let (height, width) = plan.input;
    let corner = plan.before.0 * plan.width() + plan.before.1;
    let (mut place, mut row, mut column) = (corner, 0, 0);
    collect(
        simd,
        plan.input_len(),
        images,
        |x| x,
        |_, pixel| {
            x[place + column] = *pixel;
            column += 1;
            if column == width {
                (column, row) = (0, row + 1);
                place += plan.width();
                if row == height {
                    row = 0;
                    place += plan.plane() - height * plan.width();
                }
            }
        },
    );
}

/// A row of windows of the pooling, for a block of filters.
struct Windows<'a> {
    plan: &'a Plan,
    x: &'a [Pixel],
    /// Filter by filter for each channel and tap.
    weights: &'a [f32],
    bias: Option<&'a [f32]>,
    relu: bool,
    /// Where the first filter keeps the first window.
    first: usize,
    row: usize,
}

impl Windows<'_> {
    /// `F` filters.
    #[inline(always)]
    fn pool<S: Lanes, const F: usize>(
        &self,
        simd: S,
        y: &mut [Pixel],
        mut at: Option<&mut [Pixel]>,
    ) {
        let plan = self.plan;
        for column in 0..plan.pooled().1 {
            let mut four = [[ZEROS; 4]; F];
            for half in (0..IMAGES).step_by(S::LANES) {
                let corner = 2 * (self.row * plan.width() + column);
                let sums = self.window::<S, F>(simd, corner, half);
                for (four, sums) in four.iter_mut().zip(&sums) {
                    for (to, sum) in four.iter_mut().zip(sums) {
                        simd.store(*sum, &mut to[half..]);
                    }
                }
            }
            let width = plan.output.1 as u32;
            let here = 2 * (self.row as u32 * width + column as u32);
            for (f, four) in four.iter().enumerate() {
                let place = self.first + f * plan.pooled_plane() + column;
                let index = at.as_deref_mut().map(|at| &mut at[place]);
                largest(
                    four,
                    [here, here + 1, here + width, here + width + 1],
                    self.relu,
                    &mut y[place],
                    index,
                );
            }
        }
    }

    /// The four places of the window whose first tap lies at `corner`.
    #[inline(always)]
    fn window<S: Lanes, const F: usize>(
        &self,
        simd: S,
        corner: usize,
        half: usize,
    ) -> [[S::V; 4]; F] {
        let plan = self.plan;
        let mut sums = [[simd.splat(0.0); 4]; F];
        if let Some(bias) = self.bias {
            for (sums, bias) in sums.iter_mut().zip(bias) {
                *sums = [simd.splat(*bias); 4];
            }
        }
        let mut weights = self.weights.as_chunks::<F>().0.chunks_exact(plan.kernel.1);
        for channel in 0..plan.channels {
            let x = &self.x[channel * plan.plane() + corner..];
            let mut upper = &x[..plan.kernel.1 + 1];
            for ky in 0..plan.kernel.0 {
                let lower = &x[(ky + 1) * plan.width()..][..plan.kernel.1 + 1];
                let row = weights.next().unwrap_or_default();
                for ((weights, a), b) in row.iter().zip(upper.windows(2)).zip(lower.windows(2)) {
                    let mut pixels = [simd.splat(0.0); 4];
                    for (pixel, x) in pixels.iter_mut().zip(a.iter().chain(b)) {
                        *pixel = simd.load(&x[half..]);
                    }
                    for (sums, weight) in sums.iter_mut().zip(weights) {
                        let weight = simd.splat(*weight);
                        for (sum, pixel) in sums.iter_mut().zip(&pixels) {
                            *sum = simd.mul_add(weight, *pixel, *sum);
                        }
                    }
                }
                upper = lower;
            }
        }
        sums
    }
}

/// Of four places, the largest value and the index of its place, as a number of the same bits; see
/// [`max_pool2d::forward`].
#[inline(always)]
fn largest(
    four: &[Pixel; 4],
    indices: [u32; 4],
    relu: bool,
    y: &mut Pixel,
    at: Option<&mut Pixel>,
) {
    let mut most = four[0];
    let mut index = [f32::from_bits(indices[0]); IMAGES];
    for (values, here) in four.iter().zip(indices).skip(1) {
        let here = f32::from_bits(here);
        for lane in 0..IMAGES {
            let takes = (values[lane] > most[lane]) | values[lane].is_nan();
            most[lane] = if takes { values[lane] } else { most[lane] };
            index[lane] = if takes { here } else { index[lane] };
        }
    }
    if relu {
        most = most.map(|x| if x <= 0.0 { 0.0 } else { x });
    }
    *y = most;
    if let Some(at) = at {
        *at = index;
    }
}

/// The gradients of [`forward`] but for the positive part: that of the input is overwritten, those
/// of the parameters are added to.
///
/// # Panics
/// When a slice has another size.
#[allow(clippy::too_many_arguments)] // what is read, what is written, scratch: as everywhere here
pub fn backward(
    level: Level,
    g: &Geometry,
    batch: usize,
    (input, weight): (&[f32], &[f32]),
    (d_output, indices): (&[f32], &[u32]),
    d_input: Option<&mut [f32]>,
    d_weight: &mut [f32],
    d_bias: Option<&mut [f32]>,
    scratch: &mut [f32],
) {
    let plan = Plan::new(g);
    expect_len("input", input.len(), batch * g.input.len());
    expect_len("weight", weight.len(), g.weight_len());
    expect_len("d_output", d_output.len(), batch * plan.pooled_len());
    expect_len("indices", indices.len(), d_output.len());
    if let Some(d_input) = &d_input {
        expect_len("d_input", d_input.len(), input.len());
    }
    expect_len("d_weight", d_weight.len(), weight.len());
    if let Some(d_bias) = &d_bias {
        expect_len("d_bias", d_bias.len(), g.filters);
    }
    expect_scratch(scratch.len(), backward_scratch(g));
    level.run(Gradients {
        plan,
        input,
        weight,
        d_output,
        indices,
        d_input,
        d_weight,
        d_bias,
        scratch: aligned(scratch),
    });
}

struct Gradients<'a> {
    plan: Plan,
    input: &'a [f32],
    weight: &'a [f32],
    d_output: &'a [f32],
    indices: &'a [u32],
    d_input: Option<&'a mut [f32]>,
    d_weight: &'a mut [f32],
    d_bias: Option<&'a mut [f32]>,
    scratch: &'a mut [f32],
}

impl Kernel for Gradients<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) {
        let plan = self.plan;
        let len = plan.pooled_len();
        let mut rest = self.scratch;
        let x = pixels(&mut rest, plan.x_len());
        let d = pixels(&mut rest, len);
        let at = pixels(&mut rest, len);
        let dy = pixels(&mut rest, plan.dy_len());
        let dx = pixels(&mut rest, plan.input_len());
        let dw = pixels(&mut rest, plan.weight_len());
        let packed = &mut rest[..plan.weight_len()];
        if self.d_input.is_some() {
            turn::<S>(&plan, self.weight, packed);
        }
        // Neither the padding nor what is not pooled is written after this.
        x.fill(ZEROS);
        dy.fill(ZEROS);
        dw.fill(ZEROS);
        let images = self.input.chunks(IMAGES * plan.input_len());
        let pooled = self.d_output.chunks(IMAGES * len);
        let pooled = pooled.zip(self.indices.chunks(IMAGES * len));
        for (nth, (images, (d_output, indices))) in images.zip(pooled).enumerate() {
            pad(simd, &plan, images, x);
            collect(simd, len, d_output, |d| d, |nth, pixel| d[nth] = *pixel);
            collect(simd, len, indices, f32::from_bits, |nth, pixel| {
                at[nth] = *pixel
            });
            if let Some(d_bias) = &mut self.d_bias {
                for (d_bias, d) in d_bias.iter_mut().zip(d.chunks_exact(plan.pooled_plane())) {
                    *d_bias += total(d);
                }
            }
            unpool(&plan, d, at, dy);
            weigh(simd, &plan, x, dy, dw);
            if let Some(d_input) = &mut self.d_input {
                let d_input = &mut d_input[nth * IMAGES * plan.input_len()..][..images.len()];
                push(simd, &plan, packed, dy, dx);
                spread(simd, dx, plan.input_len(), d_input, |x| x);
            }
        }
        let (mut rows, mut columns): (Square, Square) = ([ZEROS; IMAGES], [ZEROS; IMAGES]);
        for (dw, d_weight) in dw.chunks(IMAGES).zip(self.d_weight.chunks_mut(IMAGES)) {
            columns[..dw.len()].copy_from_slice(dw);
            simd.transpose(&columns, &mut rows);
            let sums = sum(&rows);
            for (d_weight, sum) in d_weight.iter_mut().zip(sums) {
                *d_weight += sum;
            }
        }
    }
}

/// The sum of pixels, image by image.
#[inline(always)]
fn sum(pixels: &[Pixel]) -> Pixel {
    let mut sums = ZEROS;
    for pixel in pixels {
        for (sum, x) in sums.iter_mut().zip(pixel) {
            *sum += *x;
        }
    }
    sums
}

/// The sum of pixels over all images.
#[inline(always)]
fn total(pixels: &[Pixel]) -> f32 {
    sum(pixels).iter().sum()
}

/// Puts the gradients of the pooled places where the largest values were.
#[inline(always)]
fn unpool(plan: &Plan, d: &[Pixel], at: &[Pixel], dy: &mut [Pixel]) {
    let (height, width) = plan.output;
    let (rows, columns) = plan.pooled();
    let planes = dy.chunks_exact_mut(height * plan.dy_width());
    for (filter, dy) in planes.enumerate() {
        for row in 0..rows {
            let first = (filter * rows + row) * columns;
            let (d, at) = (&d[first..first + columns], &at[first..first + columns]);
            for down in 0..2 {
                let line = &mut dy[(2 * row + down) * plan.dy_width() + BESIDE..][..2 * columns];
                let pairs = line.as_chunks_mut::<2>().0.iter_mut();
                for (column, (pair, (d, at))) in pairs.zip(d.iter().zip(at)).enumerate() {
                    let here = ((2 * row + down) * width + 2 * column) as u32;
                    // In variables, so that what is written cannot change what is read, lane by lane.
                    let (d, at) = (*d, *at);
                    for (right, to) in pair.iter_mut().enumerate() {
                        let here = here + right as u32;
                        let mut kept = ZEROS;
                        for (kept, (d, at)) in kept.iter_mut().zip(d.iter().zip(&at)) {
                            *kept = if at.to_bits() == here { *d } else { 0.0 };
                        }
                        *to = kept;
                    }
                }
            }
        }
    }
}

/// Adds up gradients of the weights, image by image.
#[inline(always)]
fn weigh<S: Lanes>(simd: S, plan: &Plan, x: &[Pixel], dy: &[Pixel], dw: &mut [Pixel]) {
    let mut filter = 0;
    while filter < plan.filters {
        let filters = match plan.filters - filter {
            3 | 6 if S::ROWS >= 8 => 3,
            4.. if S::ROWS >= 8 => 4,
            2.. => 2,
            _ => 1,
        };
        for row in 0..plan.channels * plan.kernel.0 {
            let mut kx = 0;
            while kx < plan.kernel.1 {
                let taps = match plan.kernel.1 - kx {
                    5.. => 5,
                    3.. => 3,
                    _ => 1,
                };
                let weigh = Weigh {
                    plan,
                    x,
                    dy,
                    filter,
                    row,
                    kx,
                };
                match (filters, taps) {
                    (4, 5) => weigh.tile::<S, 4, 5>(simd, dw),
                    (4, 3) => weigh.tile::<S, 4, 3>(simd, dw),
                    (4, _) => weigh.tile::<S, 4, 1>(simd, dw),
                    (3, 5) => weigh.tile::<S, 3, 5>(simd, dw),
                    (3, 3) => weigh.tile::<S, 3, 3>(simd, dw),
                    (3, _) => weigh.tile::<S, 3, 1>(simd, dw),
                    (2, 5) => weigh.tile::<S, 2, 5>(simd, dw),
                    (2, 3) => weigh.tile::<S, 2, 3>(simd, dw),
                    (2, _) => weigh.tile::<S, 2, 1>(simd, dw),
                    (_, 5) => weigh.tile::<S, 1, 5>(simd, dw),
                    (_, 3) => weigh.tile::<S, 1, 3>(simd, dw),
                    (_, _) => weigh.tile::<S, 1, 1>(simd, dw),
                }
                kx += taps;
            }
        }
        filter += filters;
    }
}

/// A block of filters and taps side by side.
struct Weigh<'a> {
    plan: &'a Plan,
    x: &'a [Pixel],
    dy: &'a [Pixel],
    filter: usize,
    /// Of a channel and a row of the window.
    row: usize,
    kx: usize,
}

impl Weigh<'_> {
    /// `M` filters, `N` taps.
    #[inline(always)]
    fn tile<S: Lanes, const M: usize, const N: usize>(&self, simd: S, dw: &mut [Pixel]) {
        let plan = self.plan;
        let (channel, ky) = (self.row / plan.kernel.0, self.row % plan.kernel.0);
        let (height, width) = plan.output;
        let x = &self.x[channel * plan.plane() + ky * plan.width() + self.kx..];
        let plane = height * plan.dy_width();
        let dy = &self.dy[self.filter * plane + BESIDE..];
        for half in (0..IMAGES).step_by(S::LANES) {
            let mut sums = [[simd.splat(0.0); N]; M];
            for row in 0..height {
                let x = &x[row * plan.width()..][..width + N - 1];
                let dy: [&[Pixel]; M] =
                    std::array::from_fn(|m| &dy[m * plane + row * plan.dy_width()..][..width]);
                for (place, x) in x.windows(N).enumerate() {
                    let mut pixels = [simd.splat(0.0); N];
                    for (pixel, x) in pixels.iter_mut().zip(x) {
                        *pixel = simd.load(&x[half..]);
                    }
                    for (sums, dy) in sums.iter_mut().zip(&dy) {
                        let dy = simd.load(&dy[place][half..]);
                        for (sum, pixel) in sums.iter_mut().zip(&pixels) {
                            *sum = simd.mul_add(dy, *pixel, *sum);
                        }
                    }
                }
            }
            for (m, sums) in sums.iter().enumerate() {
                let row = (self.filter + m) * plan.channels * plan.kernel.0 + self.row;
                let dw = &mut dw[row * plan.kernel.1 + self.kx..][..N];
                for (dw, sum) in dw.iter_mut().zip(sums) {
                    let dw = &mut dw[half..half + S::LANES];
                    simd.store(simd.add(simd.load(dw), *sum), dw);
                }
            }
        }
    }
}

/// The weights channel by channel for each block of channels, filter and tap.
#[inline(always)]
fn turn<S: Lanes>(plan: &Plan, weight: &[f32], packed: &mut [f32]) {
    let taps = plan.taps();
    let mut channel = 0;
    while channel < plan.channels {
        let block = block::<S>(plan.channels - channel);
        let packed = &mut packed[channel * plan.filters * taps..];
        for filter in 0..plan.filters {
            let weight = &weight[(filter * plan.channels + channel) * taps..][..block * taps];
            let packed = &mut packed[filter * block * taps..][..block * taps];
            for (nth, row) in weight.chunks_exact(taps).enumerate() {
                for (to, from) in packed.chunks_exact_mut(block).zip(row) {
                    to[nth] = *from;
                }
            }
        }
        channel += block;
    }
}

/// The gradient of the input.
#[inline(always)]
fn push<S: Lanes>(simd: S, plan: &Plan, packed: &[f32], dy: &[Pixel], dx: &mut [Pixel]) {
    let seen = plan.filters * plan.taps();
    for row in 0..plan.input.0 {
        let mut channel = 0;
        while channel < plan.channels {
            let block = block::<S>(plan.channels - channel);
            let weights = &packed[channel * seen..][..block * seen];
            let push = Push {
                plan,
                weights,
                dy,
                row,
            };
            let dx = &mut dx[(channel * plan.input.0 + row) * plan.input.1..];
            match block {
                6 => push.tiles::<S, 6, 2>(simd, dx),
                4 => push.tiles::<S, 4, 2>(simd, dx),
                2 => push.tiles::<S, 2, 4>(simd, dx),
                _ => push.tiles::<S, 1, WIDEST>(simd, dx),
            }
            channel += block;
        }
    }
}

/// A row of the gradient of the input, for a block of channels.
struct Push<'a> {
    plan: &'a Plan,
    weights: &'a [f32],
    dy: &'a [Pixel],
    row: usize,
}

impl Push<'_> {
    /// `C` channels, `V` places at once.
    #[inline(always)]
    fn tiles<S: Lanes, const C: usize, const V: usize>(&self, simd: S, dx: &mut [Pixel]) {
        let plan = self.plan;
        let ((height, width), (down, right)) = (plan.output, plan.kernel);
        // Place `y` of the input lies under tap `ky` at place `y + before − ky` of the output.
        let y = self.row + plan.before.0;
        let rows = (y + 1).saturating_sub(height)..down.min(y + 1);
        let weights = self.weights.as_chunks::<C>().0;
        for first in (0..plan.input.1).step_by(V) {
            let x = first + plan.before.1;
            let columns = (x + 1).saturating_sub(width)..right.min(x + V);
            for half in (0..IMAGES).step_by(S::LANES) {
                let mut sums = [[simd.splat(0.0); V]; C];
                for filter in 0..plan.filters {
                    for ky in rows.clone() {
                        let line = (filter * height + y - ky) * plan.dy_width();
                        let line = &self.dy[line + BESIDE + x + 1 - columns.end..];
                        let line = &line[..columns.len() + V - 1];
                        let weights = &weights[(filter * down + ky) * right..][columns.clone()];
                        for (pixels, weights) in line.windows(V).zip(weights.iter().rev()) {
                            let mut registers = [simd.splat(0.0); V];
                            for (register, pixel) in registers.iter_mut().zip(pixels) {
                                *register = simd.load(&pixel[half..]);
                            }
                            for (sums, weight) in sums.iter_mut().zip(weights) {
                                let weight = simd.splat(*weight);
                                for (sum, pixel) in sums.iter_mut().zip(&registers) {
                                    *sum = simd.mul_add(weight, *pixel, *sum);
                                }
                            }
                        }
                    }
                }
                for (c, sums) in sums.iter().enumerate() {
                    let dx = &mut dx[c * plan.input.0 * plan.input.1..];
                    for (to, sum) in dx[first..plan.input.1.min(first + V)].iter_mut().zip(sums) {
                        simd.store(*sum, &mut to[half..]);
                    }
                }
            }
        }
    }
}
