//! Draws geometries and tensors for property tests, with [proptest](https://docs.rs/proptest).
//!
//! Needs the feature `proptest`:
//!
//! ```toml
//! [dev-dependencies]
//! shapeproof = { version = "0.1", features = ["proptest"] }
//! proptest = "1"
//! ```
//!
//! A geometry strategy draws what frameworks get wrong: kernels that are not square, strides that
//! leave a remainder, groups together with strides, padding of another size on every side. Height
//! and width always differ, so that no kernel can take one for the other. Every size shrinks towards
//! its smallest, in turn and again, so a failing case ends as a small geometry in which no number
//! can be smaller.
//!
//! Tensors are drawn as one seed, whatever their length, so that shrinking works on the geometry
//! and not on thousands of numbers. [`values`] are all different and away from 0: no two tie in a
//! maximum, and none is near the kink of a ReLU. [`whole_values`] are small whole numbers, whose
//! sums of products are exact in `f32`: results can be compared without a tolerance.
//!
//! ```
//! use proptest::prelude::*;
//! use shapeproof::kernels::conv2d;
//! use shapeproof::strategies;
//!
//! proptest!(|(g in strategies::conv2d(), seed in strategies::seed())| {
//!     let x = strategies::whole_values::<f32>(g.input.len(), seed);
//!     let w = strategies::whole_values::<f32>(g.weight_len(), seed + 1);
//!     let mut y = vec![0.0; g.output().len()];
//!     let mut scratch = vec![0.0; g.scratch_len()];
//!     conv2d::forward(&g, 1, &x, &w, None, &mut y, &mut scratch);
//!     let mut expected = y.clone();
//!     conv2d::naive::forward(&g, 1, &x, &w, None, &mut expected);
//!     prop_assert_eq!(y, expected);
//! });
//! ```

use proptest::prelude::*;
use proptest::strategy::{NewTree, ValueTree};
use proptest::test_runner::TestRunner;
use shapeproof::kernels::{
    capsules, conv2d, conv_transpose2d, digit_caps, group_norm, linear, pad2d, pool2d, roi_align,
    upsample2d, Axis, Image, Number, Planes, Window,
};

/// A vertical and a horizontal size.
type Pair = (usize, usize);

/// Two sizes up to `largest`, at least 1.
fn sizes(largest: usize) -> impl Strategy<Value = Pair> {
    (1..=largest, 1..=largest)
}

/// Two sizes up to `largest`, at least 0.
fn extents(largest: usize) -> impl Strategy<Value = Pair> {
    (0..=largest, 0..=largest)
}

/// A number of images, from 1 to 3.
pub fn batch() -> impl Strategy<Value = usize> {
    1usize..=3
}

/// A seed for [`values`] and [`whole_values`]; 0 is the simplest tensor.
pub fn seed() -> impl Strategy<Value = u64> {
    0u64..1 << 32
}

/// One image of up to 4 channels, 7 rows and 7 columns; height and width differ.
pub fn image() -> impl Strategy<Value = Image> {
    (1usize..=4, sizes(7))
        .prop_map(|(channels, size)| different(Image::new(channels, size.0, size.1)))
}

/// Up to 6 channels of up to 12 pixels.
pub fn planes() -> impl Strategy<Value = Planes> {
    (1usize..=6, 1usize..=12).prop_map(|(channels, plane)| Planes::new(channels, plane))
}

/// A tensor of up to 4 × 6 × 5 numbers, to be taken along the middle axis.
pub fn axis() -> impl Strategy<Value = Axis> {
    (1usize..=4, 1usize..=6, 1usize..=5).prop_map(|(outer, len, inner)| Axis { outer, len, inner })
}

/// A linear map of up to 9 to up to 9 features.
pub fn linear() -> impl Strategy<Value = linear::Geometry> {
    sizes(9).prop_map(|(inputs, outputs)| linear::Geometry { inputs, outputs })
}

/// A window of up to 4×4 taps, stride and dilation up to 3, padding up to 2 on every side.
pub fn window() -> impl Strategy<Value = Window> {
    Sizes(WINDOW.to_vec()).prop_map(|sizes| window_of(&sizes))
}

/// Rows and columns of kernel, dilation, stride, padding before and padding after.
const WINDOW: [(usize, usize); 10] = [
    (1, 4),
    (1, 4),
    (1, 3),
    (1, 3),
    (1, 3),
    (1, 3),
    (0, 2),
    (0, 2),
    (0, 2),
    (0, 2),
];

/// The window that the last ten sizes say.
fn window_of(sizes: &[usize]) -> Window {
    let [.., ky, kx, dy, dx, sy, sx, above, left, below, right] = *sizes else {
        unreachable!("a window has {} sizes", WINDOW.len())
    };
    Window {
        kernel: (ky, kx),
        stride: (sy, sx),
        before: (above, left),
        after: (below, right),
        dilation: (dy, dx),
    }
}

/// Sizes between `bounds` and a window, which shrink together.
fn with_window<const N: usize>(
    bounds: &[(usize, usize); N],
) -> impl Strategy<Value = ([usize; N], Window)> + use<N> {
    Sizes(bounds.iter().chain(&WINDOW).copied().collect()).prop_map(|sizes| {
        let own = std::array::from_fn(|place| sizes[place]);
        (own, window_of(&sizes))
    })
}

/// Sizes between bounds, both included.
///
/// A tuple of ranges shrinks each range once, in order. But sizes depend on each other: a padding
/// may be needed only as long as the image is small. So these shrink in turn, again and again,
/// until neither one nor two of them can be smaller.
#[derive(Clone, Debug)]
struct Sizes(Vec<(usize, usize)>);

/// How [`Sizes`] shrink.
#[derive(Clone, Debug)]
struct Shrinking {
    least: Vec<usize>,
    /// The simplest sizes known to fail.
    failing: Vec<usize>,
    /// The sizes that are tried.
    tried: Vec<usize>,
    steps: Vec<Step>,
    /// The step that is next.
    next: usize,
    /// Steps that led to nothing since the last that did.
    in_vain: usize,
}

/// One way to make sizes smaller.
#[derive(Clone, Copy, Debug)]
enum Step {
    ToLeast(usize),
    HalfWay(usize),
    ByOne(usize),
    BothByOne(usize, usize),
}

impl Shrinking {
    fn new(least: Vec<usize>, drawn: Vec<usize>) -> Self {
        let each = || 0..drawn.len();
        let mut steps: Vec<Step> = each()
            .flat_map(|a| [Step::ToLeast(a), Step::HalfWay(a), Step::ByOne(a)])
            .collect();
        steps.extend(each().flat_map(|b| (0..b).map(move |a| Step::BothByOne(a, b))));
        Shrinking {
            least,
            failing: drawn.clone(),
            tried: drawn,
            steps,
            next: 0,
            in_vain: 0,
        }
    }

    /// Takes the next step that changes something; takes back the last one where there is none.
    fn advance(&mut self) -> bool {
        while self.in_vain < self.steps.len() {
            self.tried.clone_from(&self.failing);
            let step = self.steps[self.next];
            self.next = (self.next + 1) % self.steps.len();
            self.in_vain += 1;
            let (least, tried) = (&self.least, &mut self.tried);
            let mut less = |a: usize| {
                let possible = tried[a] > least[a];
                tried[a] -= usize::from(possible);
                possible
            };
            let smaller = match step {
                Step::ByOne(a) => less(a),
                // Both or none: a step of one alone has had its turn.
                Step::BothByOne(a, b) => less(a) && less(b),
                Step::ToLeast(a) => {
                    tried[a] = least[a];
                    tried[a] != self.failing[a]
                }
                Step::HalfWay(a) => {
                    tried[a] = least[a] + (tried[a] - least[a]) / 2;
                    tried[a] != self.failing[a]
                }
            };
            if smaller {
                return true;
            }
        }
        self.tried.clone_from(&self.failing);
        false
    }
}

impl Strategy for Sizes {
    type Tree = Shrinking;
    type Value = Vec<usize>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut drawn = Vec::with_capacity(self.0.len());
        for (least, largest) in &self.0 {
            drawn.push((*least..=*largest).new_tree(runner)?.current());
        }
        let least = self.0.iter().map(|(least, _)| *least).collect();
        Ok(Shrinking::new(least, drawn))
    }
}

impl ValueTree for Shrinking {
    type Value = Vec<usize>;

    fn current(&self) -> Self::Value {
        self.tried.clone()
    }

    fn simplify(&mut self) -> bool {
        if self.tried != self.failing {
            self.failing.clone_from(&self.tried);
            self.in_vain = 0;
        }
        self.advance()
    }

    fn complicate(&mut self) -> bool {
        if self.tried == self.failing {
            return false;
        }
        // Where no step is left, this goes back to what fails, and the seed may shrink next.
        self.advance();
        true
    }
}

/// An image that `window` fits into, with `beyond` pixels more than it needs.
fn image_for(window: &Window, channels: usize, beyond: Pair) -> Image {
    let along = |kernel: usize, dilation: usize, padding: usize, beyond: usize| {
        let span = dilation * (kernel - 1) + 1;
        span.saturating_sub(padding).max(1) + beyond
    };
    let w = window;
    let height = along(w.kernel.0, w.dilation.0, w.before.0 + w.after.0, beyond.0);
    let width = along(w.kernel.1, w.dilation.1, w.before.1 + w.after.1, beyond.1);
    different(Image::new(channels, height, width))
}

/// The image, one column wider where it was square.
fn different(image: Image) -> Image {
    let wider = usize::from(image.height == image.width);
    Image::new(image.channels, image.height, image.width + wider)
}

/// A convolution: any window over an image it fits into, with up to 3 groups of up to 3 channels
/// and filters each.
///
/// One in four is pointwise and one in four depthwise, which are computed by other methods.
pub fn conv2d() -> impl Strategy<Value = conv2d::Geometry> {
    with_window(&[(0, 3), (1, 3), (1, 3), (1, 3), (0, 5), (0, 5)]).prop_map(|(sizes, window)| {
        let [kind, groups, seen, filters, rows, columns] = sizes;
        let (window, seen, filters) = match kind {
            3 => (Window::new(1, 1), seen, filters),
            2 => (window, 1, filters.min(2)),
            _ => (window, seen, filters),
        };
        conv2d::Geometry {
            input: image_for(&window, groups * seen, (rows, columns)),
            filters: groups * filters,
            window,
            groups,
        }
    })
}

/// A convolution that moves by one pixel.
pub fn conv2d_stride_1() -> impl Strategy<Value = conv2d::Geometry> {
    conv2d().prop_map(|mut g| {
        g.window.stride = (1, 1);
        g
    })
}

/// A transposed convolution: any window, any output padding below the stride.
pub fn conv_transpose2d() -> impl Strategy<Value = conv_transpose2d::Geometry> {
    let bounds = [(1, 3), (1, 3), (1, 3), (1, 4), (1, 4), (0, 2), (0, 2)];
    with_window(&bounds).prop_map(|(sizes, window)| {
        let [groups, seen, filters, height, width, down, right] = sizes;
        let mut g = conv_transpose2d::Geometry {
            input: different(Image::new(groups * seen, height, width)),
            filters: groups * filters,
            window,
            output_padding: (
                down.min(window.stride.0 - 1),
                right.min(window.stride.1 - 1),
            ),
            groups,
        };
        // A padding that would leave nothing of the output becomes as large as it may be.
        let keep = |size: usize, stride: usize, dilation: usize, kernel: usize, extra: usize| {
            (size - 1) * stride + dilation * (kernel - 1) + extra
        };
        let w = &mut g.window;
        let rows = keep(
            g.input.height,
            w.stride.0,
            w.dilation.0,
            w.kernel.0,
            g.output_padding.0,
        );
        let columns = keep(
            g.input.width,
            w.stride.1,
            w.dilation.1,
            w.kernel.1,
            g.output_padding.1,
        );
        w.before = (w.before.0.min(rows), w.before.1.min(columns));
        w.after = (
            w.after.0.min(rows - w.before.0),
            w.after.1.min(columns - w.before.1),
        );
        g
    })
}

/// A pooling: any window with a padding of at most half of it, so that every place sees a pixel.
pub fn pool2d() -> impl Strategy<Value = pool2d::Geometry> {
    with_window(&[(1, 3), (0, 5), (0, 5)]).prop_map(|([channels, rows, columns], mut window)| {
        let half = |kernel: Pair, padding: Pair| {
            (padding.0.min(kernel.0 / 2), padding.1.min(kernel.1 / 2))
        };
        window.before = half(window.kernel, window.before);
        window.after = half(window.kernel, window.after);
        let image = image_for(&window, channels, (rows, columns));
        // A smaller image could slip through between two taps.
        let gap = |kernel: usize, dilation: usize| if kernel > 1 { dilation } else { 1 };
        let height = image.height.max(gap(window.kernel.0, window.dilation.0));
        let width = image.width.max(gap(window.kernel.1, window.dilation.1));
        pool2d::Geometry {
            input: different(Image::new(channels, height, width)),
            window,
        }
    })
}

/// A padding of up to 3 pixels on every side, of every kind.
pub fn pad2d() -> impl Strategy<Value = pad2d::Geometry> {
    let border = prop_oneof![
        Just(pad2d::Border::Constant),
        Just(pad2d::Border::Reflect),
        Just(pad2d::Border::Replicate),
    ];
    (image(), extents(3), extents(3), border).prop_map(|(input, before, after, border)| {
        // A reflection shows every pixel at most once a side.
        let fit = |padding: Pair| match border {
            pad2d::Border::Reflect => (
                padding.0.min(input.height - 1),
                padding.1.min(input.width - 1),
            ),
            _ => padding,
        };
        pad2d::Geometry {
            input,
            before: fit(before),
            after: fit(after),
            border,
        }
    })
}

/// Up to 4×4 bins of regions of an image that is up to four times as large as the input; 0 to 3 points
/// along each side of a bin.
pub fn roi_align() -> impl Strategy<Value = roi_align::Geometry> {
    (image(), sizes(4), 0usize..=3, 0usize..=2).prop_map(
        |(input, bins, sampling_ratio, halvings)| roi_align::Geometry {
            input,
            bins,
            spatial_scale: 0.5f64.powi(halvings as i32),
            sampling_ratio,
        },
    )
}

/// The edges of up to 4 regions in multiples of 1/4: inside of an image, across its edges, without
/// area, and turned around.
pub fn edges() -> impl Strategy<Value = Vec<[f64; 4]>> {
    let edge = || (-16i32..=120).prop_map(|quarters| f64::from(quarters) / 4.0);
    let region = (edge(), edge(), edge(), edge()).prop_map(|(a, b, c, d)| [a, b, c, d]);
    proptest::collection::vec(region, 0..=4)
}

/// An upsampling, or downsampling, to up to 12×12 pixels, of both kinds.
pub fn upsample2d() -> impl Strategy<Value = upsample2d::Geometry> {
    let mode = prop_oneof![
        Just(upsample2d::Mode::Nearest),
        Just(upsample2d::Mode::Bilinear)
    ];
    (image(), sizes(12), mode).prop_map(|(input, size, mode)| upsample2d::Geometry {
        input,
        size,
        mode,
    })
}

/// A group normalisation of up to 3 groups of up to 3 channels, of at least two numbers a group.
pub fn group_norm() -> impl Strategy<Value = group_norm::Geometry> {
    (1usize..=3, 1usize..=3, 2usize..=8).prop_map(|(groups, per_group, plane)| {
        group_norm::Geometry {
            planes: Planes::new(groups * per_group, plane),
            groups,
            eps: 1e-5,
        }
    })
}

/// Bundles of channels, in images of more pixels than are taken at once.
pub fn capsules() -> impl Strategy<Value = capsules::Geometry> {
    (1usize..=3, 1usize..=5, 1usize..=140).prop_map(|(kinds, size, places)| capsules::Geometry {
        kinds,
        size,
        places,
    })
}

/// Routings, with more weights and rows than are taken at once.
pub fn digit_caps() -> impl Strategy<Value = digit_caps::Geometry> {
    (1usize..=11, 1usize..=10, 1usize..=5, 1usize..=6, 1usize..=4).prop_map(
        |(below, values, capsules, size, rounds)| digit_caps::Geometry {
            below,
            values,
            capsules,
            size,
            rounds,
        },
    )
}

/// The next number of a splitmix64 generator.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// `len` numbers between −2 and 2, all different and at least 0.1 away from 0.
///
/// Seed 0 lets them rise; any other seed shuffles them. Which of two numbers is the larger depends
/// on the seed and their places only, not on `len`: so a maximum stays where it is while a failing
/// case shrinks. The same seed always gives the same numbers.
pub fn values<T: Number>(len: usize, seed: u64) -> Vec<T> {
    let mut state = seed;
    let mut order: Vec<(u64, usize)> = (0..len)
        .map(|place| match seed {
            0 => (0, place),
            _ => (next(&mut state), place),
        })
        .collect();
    order.sort_unstable();
    let mut values = vec![T::zero(); len];
    for (rank, (_, place)) in order.into_iter().enumerate() {
        // From −1 to 1.
        let height = (2 * rank + 1) as f64 / len as f64 - 1.0;
        values[place] = T::of(height.signum() * (0.1 + 1.9 * height.abs()));
    }
    values
}

/// `len` whole numbers from −4 to 4, never 0; seed 0 gives ones only.
///
/// A sum of products of three of them stays exact in `f32` up to 260,000 terms.
pub fn whole_values<T: Number>(len: usize, seed: u64) -> Vec<T> {
    let mut state = seed;
    (0..len)
        .map(|_| match next(&mut state) % 8 {
            _ if seed == 0 => 1.0,
            n @ 0..=3 => n as f64 - 4.0,
            n => n as f64 - 3.0,
        })
        .map(T::of)
        .collect()
}

/// A tensor of `len` [`values`], for tests that need nothing but numbers.
pub fn tensor<T: Number>(len: usize) -> impl Strategy<Value = Vec<T>> {
    seed().prop_map(move |seed| values(len, seed))
}
