//! The wording of every compile-time error, here and nowhere else.
//!
//! Each message has four parts: who, what, why with the numbers, what to try. The first line
//! stands alone: it names the model, the field and the numbers of both sides.

use super::options::Property;
use super::text::Text;
use super::weights::{Misfits, TensorMisfit, WeightMisfits};
use super::window::Padding2d;
use super::{Budget, Dims, Misfit, Signature, Window2d};

/// The message for a field of a model; empty where it fits.
pub const fn misfit_message(model: &str, field: &str, signature: &Signature) -> Text {
    let mut who = Text::new().str("`").str(model).str(".").str(field).str("`");
    let mut depth = 0;
    while let Some(place) = signature.place(depth) {
        who = who
            .str(", in `")
            .str(place.block)
            .str(".")
            .str(place.field)
            .str("`");
        depth += 1;
    }
    match &signature.misfit {
        Some(misfit) => explain(who.str(": "), signature.culprit, misfit),
        None => Text::new(),
    }
}

/// The message for a closed layer written by hand with shapes its rule does not give.
pub const fn handwritten_message(
    layer: &str,
    written: Dims,
    found: Dims,
    misfit: Option<&Misfit>,
) -> Text {
    let who = Text::new().str("closed `").str(layer).str("`: ");
    match misfit {
        Some(misfit) => explain(who, layer, misfit),
        None => who
            .str("its type says an output of ")
            .dims(written)
            .str(", its shape rule gives ")
            .dims(found)
            .str("\nwritten: ")
            .described(written)
            .str("; found: ")
            .described(found)
            .str("\ntry an output of `")
            .shape_type(found)
            .str("`, or let `#[model]` infer it"),
    }
}

/// The message for a budget that a model exceeds.
pub const fn budget_message(model: &str, budget: Budget, limit: usize, found: usize) -> Text {
    let (name, unit, remedy) = match budget {
        Budget::Params => (
            "max_params",
            "parameters",
            "try fewer filters or features, a pooling more before the first `Linear`, or a budget of at least ",
        ),
        Budget::Macs => (
            "max_macs",
            "multiply-accumulates an image",
            "try fewer filters, a stride, an earlier pooling, or a budget of at least ",
        ),
        Budget::ActivationBytes => (
            "max_activation_bytes",
            "bytes of activations an image (f32)",
            "try fewer filters, a stride, an earlier pooling, or a budget of at least ",
        ),
    };
    Text::new()
        .str("`")
        .str(model)
        .str("` has ")
        .grouped(found)
        .str(" ")
        .str(unit)
        .str(", its budget `")
        .str(name)
        .str("` allows ")
        .grouped(limit)
        .str("\nit is over by ")
        .grouped(found.saturating_sub(limit))
        .str("; `")
        .str(model)
        .str("::summary()` shows what each layer costs\n")
        .str(remedy)
        .grouped(found)
}

/// The message for a file of weights that does not fit a model.
pub const fn weights_message(path: &str, misfits: &WeightMisfits) -> Text {
    let WeightMisfits {
        missing,
        unexpected,
        reshaped,
        unreadable,
        ..
    } = misfits;
    let text = Text::new()
        .str("`")
        .str(path)
        .str("` does not fit `")
        .str(misfits.model)
        .str("`: ")
        .counts(&[
            (reshaped.count, " of another shape"),
            (unreadable.count, " in another type of number"),
            (missing.count, " missing"),
            (unexpected.count, " unexpected"),
        ])
        .misfits(reshaped)
        .misfits(unreadable)
        .misfits(missing)
        .misfits(unexpected)
        .str("\n");
    if let Some(pair) = &misfits.renaming {
        let (from, to) = (pair.from(), pair.to());
        let list = if from.is_empty() || to.is_empty() {
            "try `rename_prefix = [\""
        } else {
            "try `rename = [\""
        };
        return text
            .str(list)
            .str(from)
            .str("\" => \"")
            .str(to)
            .str("\"]`, if they are one tensor under two names");
    }
    if unreadable.count > 0 {
        return text.str("try to save the file as F32");
    }
    if reshaped.count > 0 {
        return text
            .str("try the sizes of the file in `")
            .str(misfits.model)
            .str("`, or another file");
    }
    if missing.count > 0 {
        return text.str("try another file, or `weights::Loader` with `partial()` while running");
    }
    text.str("try `ignore = [")
        .written_names(unexpected)
        .str("]`, if the model needs none of it")
}

impl Text {
    /// `1 missing, 2 unexpected`, without those of which there are none.
    const fn counts(mut self, counts: &[(usize, &str)]) -> Self {
        let (mut index, mut comma) = (0, "");
        while index < counts.len() {
            let (count, what) = counts[index];
            if count > 0 {
                self = self.str(comma).number(count).str(what);
                comma = ", ";
            }
            index += 1;
        }
        self
    }

    /// A line for each of the first tensors.
    const fn misfits(mut self, misfits: &Misfits) -> Self {
        let first = misfits.first();
        let mut shown = 0;
        while shown < first.len() {
            if let Some(misfit) = &first[shown] {
                self = self.str("\n").tensor_misfit(misfit);
            }
            shown += 1;
        }
        if misfits.count > shown {
            self = self
                .str(", and ")
                .number(misfits.count - shown)
                .str(" more");
        }
        self
    }

    /// `"fc.weight", "fc.bias"`, as in the file.
    const fn written_names(mut self, unexpected: &Misfits) -> Self {
        let first = unexpected.first();
        let (mut shown, mut comma) = (0, "");
        while shown < first.len() {
            if let Some(TensorMisfit::Unexpected(file)) = &first[shown] {
                self = self.str(comma).str("\"").str(file.written).str("\"");
                comma = ", ";
            }
            shown += 1;
        }
        if unexpected.count > shown {
            self = self.str(", …");
        }
        self
    }

    const fn tensor_misfit(self, misfit: &TensorMisfit) -> Self {
        match misfit {
            TensorMisfit::Missing(name, shape) => self
                .quoted(name.as_str())
                .sizes(shape.sizes())
                .str(" is missing"),
            TensorMisfit::Unexpected(file) => {
                let mut text = self.quoted(file.written).sizes(file.shape);
                if file.is_renamed() {
                    text = text.str(" (renamed to `").str(file.name).str("`)");
                }
                text.str(" is not in the model")
            }
            TensorMisfit::Reshaped(name, shape, file) => self
                .quoted(name.as_str())
                .str("is ")
                .sizes(file.shape)
                .str(", the model needs ")
                .sizes(shape.sizes()),
            TensorMisfit::Unreadable(name, file) => self
                .quoted(name.as_str())
                .str("holds ")
                .str(file.dtype)
                .str(" numbers, F64, F32, F16 and BF16 can be read"),
        }
    }

    const fn quoted(self, name: &str) -> Self {
        self.str("`").str(name).str("` ")
    }

    /// `[6, 1, 5, 5]`, as tensors are written.
    const fn sizes(mut self, sizes: &[usize]) -> Self {
        let mut index = 0;
        self = self.str("[");
        while index < sizes.len() {
            self = self
                .str(if index > 0 { ", " } else { "" })
                .number(sizes[index]);
            index += 1;
        }
        self.str("]")
    }

    /// The shape as the type a user writes.
    const fn shape_type(self, dims: Dims) -> Self {
        match dims {
            Dims::Chw {
                channels,
                height,
                width,
            } => self
                .str("Chw<")
                .number(channels)
                .str(", ")
                .number(height)
                .str(", ")
                .number(width)
                .str(">"),
            Dims::Flat { features } => self.str("Flat<").number(features).str(">"),
        }
    }

    /// `16 channels of 4×4` or `400 features`.
    const fn described(self, dims: Dims) -> Self {
        match dims {
            Dims::Chw {
                channels,
                height,
                width,
            } => {
                let text = self.number(channels);
                let text = if channels == 1 {
                    text.str(" channel of ")
                } else {
                    text.str(" channels of ")
                };
                text.pair(height, width)
            }
            Dims::Flat { features: 1 } => self.str("1 feature"),
            Dims::Flat { features } => self.number(features).str(" features"),
        }
    }

    /// `a`, or `a, b` where they differ.
    const fn arguments(self, pair: (usize, usize)) -> Self {
        if pair.0 == pair.1 {
            self.number(pair.0)
        } else {
            self.number(pair.0).str(", ").number(pair.1)
        }
    }

    /// `a`, or `a×b` where they differ.
    const fn pair_or_one(self, pair: (usize, usize)) -> Self {
        if pair.0 == pair.1 {
            self.number(pair.0)
        } else {
            self.pair(pair.0, pair.1)
        }
    }

    const fn add_remedy(self, first: Dims, other: Dims, index: usize) -> Self {
        match (first, other) {
            (
                Dims::Chw {
                    height: a,
                    width: b,
                    ..
                },
                Dims::Chw {
                    height: c,
                    width: d,
                    ..
                },
            ) if a == c && b == d => self
                .str("\ntry a `Conv2d<")
                .number(first.size(0))
                .str(", Kernel<1>>` before the ")
                .ordinal(index)
                .str(" input, it changes channels only, or `Concat`"),
            (Dims::Chw { .. }, Dims::Chw { .. }) => {
                self.str("\ntry the same strides, paddings and poolings on both ways")
            }
            _ => self
                .str("\ntry to bring one to the other's shape, by `Flatten` and `Linear<")
                .number(first.len())
                .str(">`"),
        }
    }

    const fn ordinal(self, index: usize) -> Self {
        match index {
            0 => self.str("first"),
            1 => self.str("second"),
            2 => self.str("third"),
            3 => self.str("fourth"),
            4 => self.str("fifth"),
            _ => self.str("sixth"),
        }
    }
}

const fn explain(who: Text, layer: &str, misfit: &Misfit) -> Text {
    match misfit {
        Misfit::WindowLargerThanInput {
            window,
            height,
            width,
            vertical,
        } => window_larger(who, layer, window, *height, *width, *vertical),
        Misfit::SamePaddingWithStride { stride, padding } => who
            .str("`SamePadding` keeps the size, but the stride is ")
            .pair_or_one(*stride)
            .str("\nsame padding is defined for stride 1 only, as in PyTorch\ntry `Padding<")
            .arguments(*padding)
            .str(">` in its place, or `Stride<1>`"),
        Misfit::PaddingOverHalfWindow { padding, kernel } => who
            .str("a padding of ")
            .number(*padding)
            .str(" is more than half of the window of ")
            .number(*kernel)
            .str("\na window could lie in the padding alone, where there is nothing to pool\ntry a padding of at most ")
            .number(*kernel / 2)
            .str(", or a larger window"),
        Misfit::SamePaddingTransposed => who
            .str("`SamePadding` of a transposed convolution is not defined\nit would have to keep the size, but a stride enlarges it; PyTorch has none, either\ntry `Padding<1>` with `Kernel<3>`, or another padding by its size"),
        Misfit::OutputPaddingTooLarge {
            padding,
            stride,
            dilation,
        } => who
            .str("the output padding of ")
            .number(*padding)
            .str(" is not below the stride of ")
            .number(*stride)
            .str(" or the dilation of ")
            .number(*dilation)
            .str("\nit chooses between the sizes that a stride rounds to one, so it is smaller than the stride or the dilation, as in PyTorch\ntry `OutputPadding<")
            .number(if *stride > *dilation { *stride } else { *dilation }.saturating_sub(1))
            .str(">`, or a larger stride"),
        Misfit::PaddingTakesAll {
            padding,
            size,
            what,
        } => who
            .str("the padding of ")
            .number(*padding)
            .str(" on both sides takes all ")
            .number(*size)
            .str(" ")
            .str(what)
            .str(" of the output away\noutput = ")
            .number(*size)
            .str(" − 2·")
            .number(*padding)
            .str(" is not positive: the padding of a transposed convolution makes its output smaller\ntry a padding of at most ")
            .number(size.saturating_sub(1) / 2)
            .str(", or a larger kernel"),
        Misfit::Indivisible {
            count,
            what,
            axes,
            factor,
        } => {
            let divisor = factor.saturating_pow(*axes);
            let below = *count / divisor * divisor;
            let who = who
                .number(*count)
                .str(" ")
                .str(what)
                .str(" cannot be split into groups of ");
            let text = if *axes == 1 {
                who.number(divisor)
            } else {
                who.number(*factor).str("² = ").number(divisor)
            };
            let text = text
                .str("\n")
                .number(*count)
                .str(" / ")
                .number(divisor)
                .str(" leaves a remainder of ")
                .number(*count - below)
                .str("\ntry ");
            let text = if below == 0 {
                text
            } else {
                text.number(below).str(" or ")
            };
            text.number(below.saturating_add(divisor))
                .str(" ")
                .str(what)
                .str(match what.as_bytes() {
                    b"channels" => ", by a `Conv2d` before it",
                    _ => ", by a `Crop2d` or `Pad2d` before it",
                })
        }
        Misfit::CropLargerThanInput {
            crop,
            height,
            width,
        } => who
            .str("cannot crop ")
            .pair(*height, *width)
            .str(" to ")
            .pair(crop.0, crop.1)
            .str("\nthe input has ")
            .number(*height)
            .str(" rows and ")
            .number(*width)
            .str(" columns, a crop keeps at most as many\ntry `Crop2d<")
            .number(if crop.0 < *height { crop.0 } else { *height })
            .str(", ")
            .number(if crop.1 < *width { crop.1 } else { *width })
            .str(">`, or a `Pad2d` in its place"),
        Misfit::ReflectionTooWide {
            padding,
            size,
            what,
        } => who
            .str("cannot reflect ")
            .number(*padding)
            .str(" ")
            .str(what)
            .str(" of an input that has ")
            .number(*size)
            .str("\nthe outermost pixel is not repeated, so there are ")
            .number(size.saturating_sub(1))
            .str(" to reflect\ntry a padding of at most ")
            .number(size.saturating_sub(1))
            .str(", or `Replicate`"),
        Misfit::ReshapeDiffers { found, wanted } => who
            .str("cannot reshape ")
            .number(found.len())
            .str(" values into ")
            .dims(*wanted)
            .str(", which holds ")
            .number(wanted.len())
            .str("\nthe input is ")
            .described(*found)
            .str("; a new shape keeps all values and adds none\ntry sizes whose product is ")
            .number(found.len()),
        Misfit::TooManyChannels { wanted, found } => who
            .str("cannot pad ")
            .number(*found)
            .str(" channels to ")
            .number(*wanted)
            .str("\nchannels of zeros are added, none is taken away\ntry `PadChannels<")
            .number(*found)
            .str(">` or more, or a `Conv2d<")
            .number(*wanted)
            .str(", Kernel<1>>` in its place"),
        Misfit::KernelWeights { kernel, found } => who
            .str("its kernel of ")
            .pair(kernel.0, kernel.1)
            .str(" lists ")
            .number(*found)
            .str(" weights\n")
            .pair(kernel.0, kernel.1)
            .str(" places need ")
            .number(kernel.0.saturating_mul(kernel.1))
            .str(" weights, row by row\ntry `HEIGHT` and `WIDTH` of the `FixedKernel` that belong to its `WEIGHTS`"),
        // What convolutions call a kernel, poolings call a window.
        Misfit::Zero { what }
            if !is_convolution(layer) && matches!(what.as_bytes(), b"kernel") =>
        {
            explain(who, layer, &Misfit::Zero { what: "window" })
        }
        Misfit::Zero { what } => who
            .str("the ")
            .str(what)
            .str(" is 0, it must be at least 1\nnothing can be computed with a ")
            .str(what)
            .str(" of 0\ntry 1 or more"),
        Misfit::NeedsImage { found } if is_batch_norm(layer) => who
            .str("`")
            .str(layer)
            .str("` works on an image, but its input is flat: ")
            .described(*found)
            .str("\nas in PyTorch, the layer for vectors is another one, with the same parameters\ntry `BatchNorm1d`"),
        Misfit::NeedsFlat { found } if is_batch_norm(layer) => who
            .str("`")
            .str(layer)
            .str("` needs a flat input, but its input is an image: ")
            .described(*found)
            .str("\nas in PyTorch, the layer for images is another one, with the same parameters\ntry `BatchNorm2d`"),
        Misfit::NeedsImage { found } => who
            .str("`")
            .str(layer)
            .str(if slides(layer) { "` slides over" } else { "` works on" })
            .str(" an image, but its input is flat: ")
            .described(*found)
            .str("\nafter a `Flatten` or `Linear` there are no rows and columns left\ntry it before the `Flatten`, or take an earlier field with `#[from(field)]`"),
        Misfit::NeedsFlat { found } => who
            .str("`")
            .str(layer)
            .str("` needs a flat input, but its input is an image: ")
            .described(*found)
            .str("\nit does not flatten by itself; flat, this image has ")
            .number(found.len())
            .str(" features\ntry a field `flatten: Flatten` before it"),
        Misfit::InputCount { least, most, found } => {
            let text = who
                .str("`")
                .str(layer)
                .str("` takes ")
                .number(*least);
            let text = if *least == *most {
                text
            } else {
                text.str(" to ").number(*most)
            };
            let text = text
                .str(if *most == 1 { " input, but gets " } else { " inputs, but gets " })
                .number(*found);
            if *most == 1 {
                text.str("\na field takes its input from the field before it, or from the one named in `#[from(…)]`\ntry `#[from(…)]` with one field, or an `Add` or `Concat` before it")
            } else {
                text.str("\na field takes one input from the field before it, more from `#[from(…)]`\ntry `#[from(a, b)]` with the names of earlier fields above this field")
            }
        }
        Misfit::GroupsDoNotDivide {
            groups,
            count,
            what,
        } => {
            let text = who
                .number(*groups)
                .str(" groups do not divide ")
                .number(*count)
                .str(" ")
                .str(what);
            let text = if *groups == 0 {
                text.str("\nthere must be at least 1 group")
            } else {
                text.str("\n")
                    .number(*count)
                    .str(" / ")
                    .number(*groups)
                    .str(" leaves a remainder of ")
                    .number(*count % *groups)
            };
            let shuffles = !is_convolution(layer);
            text.str("\ntry `")
                .str(if shuffles { layer } else { "Groups" })
                .str("<")
                .number(largest_divisor(*count, *groups))
                .str(">`, or a number of ")
                .str(what)
                .str(" that the groups divide")
        }
        Misfit::ReductionDoesNotDivide {
            reduction,
            channels,
        } => who
            .str("a reduction by ")
            .number(*reduction)
            .str(" does not divide ")
            .number(*channels)
            .str(" channels\n")
            .number(*channels)
            .str(" / ")
            .number(*reduction)
            .str(" leaves a remainder of ")
            .number(*channels % *reduction)
            .str("\ntry `")
            .str(layer)
            .str("<")
            .number(largest_divisor(*channels, *reduction))
            .str(">`, or a number of channels that the reduction divides"),
        Misfit::NoKernel => who
            .str("`")
            .str(layer)
            .str("` has no kernel, its size has no default\nPyTorch asks for `kernel_size`, too\ntry `Kernel<3>` for 3×3, or `Kernel<3, 5>` for 3 rows and 5 columns, among its options"),
        Misfit::UnknownOption { property, allowed } => {
            let mut text = who
                .str("`")
                .str(layer)
                .str("` has no option `")
                .str(property.name())
                .str("`\n");
            if allowed.is_empty() {
                return text.str("it has no options\ntry it without");
            }
            text = text.str("its options are ");
            let mut i = 0;
            while i < allowed.len() {
                if i > 0 {
                    text = text.str(", ");
                }
                text = text.str("`").str(allowed[i].name()).str("`");
                i += 1;
            }
            match property {
                Property::Kernel if is_pooling(layer) => text.str("\ntry the window as the first number, `")
                    .str(layer)
                    .str("<2>`, and `KernelWidth` where it is not square"),
                _ => text.str("\ntry it without"),
            }
        }
        Misfit::RepeatedOption { property } => who
            .str("the option `")
            .str(property.name())
            .str("` is given twice\nonly one of them could count\ntry only one"),
        Misfit::AddDiffers { first, other, index } => who
            .str("cannot add ")
            .dims(*other)
            .str(" to ")
            .dims(*first)
            .str("\nthe first input is ")
            .described(*first)
            .str(", the ")
            .ordinal(*index)
            .str(" is ")
            .described(*other)
            .add_remedy(*first, *other, *index),
        Misfit::ConcatDiffers { first, other, index } => who
            .str("cannot concatenate ")
            .dims(*first)
            .str(" and ")
            .dims(*other)
            .str("\nthe first input is ")
            .described(*first)
            .str(", the ")
            .ordinal(*index)
            .str(" is ")
            .described(*other)
            .str(if first.rank() == other.rank() {
                "; channels are stacked, so height and width must agree\ntry to pool or pad one of them to the other's height and width"
            } else {
                "\ntry a `Flatten` between the image and this field"
            }),
        Misfit::Fraction {
            what,
            numerator,
            denominator,
        } => who
            .str("the ")
            .str(what)
            .str(" ")
            .number(*numerator)
            .str("/")
            .number(*denominator)
            .str(" is not in its range\nit must be at least 0 and below 1, and the lower number at least 1\ntry `")
            .str(layer)
            .str("<1, 2>` for one half"),
        Misfit::TooMany { what, most, found } => who
            .number(*found)
            .str(" ")
            .str(what)
            .str(", at most ")
            .number(*most)
            .str(" can be\nit has ")
            .number(*found - *most)
            .str(" too many\ntry two fields that share them"),
        Misfit::CapsuleSize { size, channels } => who
            .str("capsules of ")
            .number(*size)
            .str(" values cannot be made of ")
            .number(*channels)
            .str(" channels\n")
            .number(*channels)
            .str(" / ")
            .number(*size)
            .str(" leaves ")
            .number(*channels % *size)
            .str("\ntry ")
            .number(*channels - *channels % *size)
            .str(" or ")
            .number((*channels - *channels % *size).saturating_add(*size))
            .str(" filters in the convolution before it"),
        Misfit::RepeatChanges { first, second } => who
            .str("the second repetition turns ")
            .dims(*first)
            .str(" into ")
            .dims(*second)
            .str("\nonly the first may change the shape, so that all others are of one type\ntry a stride of 1 in what is repeated, and the other as the first: `Repeat<N, L, First>`"),
        Misfit::TooLarge => who
            .str("the output has more values than a `usize` can count\nthe product of its sizes overflows\ntry smaller sizes"),
        Misfit::EmptyInput { found } => who
            .str("the model declares an input of ")
            .dims(*found)
            .str(", which holds no values\nevery size must be at least 1\ntry the size of your images"),
        Misfit::OutputDiffers { declared, found } => who
            .str("the model declares an output of ")
            .dims(*declared)
            .str(", its last layer gives ")
            .dims(*found)
            .str("\ndeclared: ")
            .described(*declared)
            .str("; found: ")
            .described(*found)
            .str("\ntry `output = ")
            .shape_type(*found)
            .str("`, or change the last layer"),
        Misfit::Other { why, remedy } => who.str(why).str("\n").str(remedy),
    }
}

const fn window_larger(
    who: Text,
    layer: &str,
    window: &Window2d,
    height: usize,
    width: usize,
    vertical: bool,
) -> Text {
    let axis = if vertical { 0 } else { 1 };
    let (input, kernel, stride, dilation) = if vertical {
        (height, window.kernel.0, window.stride.0, window.dilation.0)
    } else {
        (width, window.kernel.1, window.stride.1, window.dilation.1)
    };
    let (before, after) = window.padding(axis);
    let span = window.span(axis);
    let pools = !is_convolution(layer);
    let text = who
        .str("the ")
        .pair(window.kernel.0, window.kernel.1)
        .str(if pools { " window" } else { " kernel" })
        .str(" is larger than its input of ")
        .pair(height, width)
        .str("\n")
        .str(if vertical { "height" } else { "width" })
        .str(": the input is ")
        .number(input)
        .str(", the padding ")
        .number(before);
    let text = match window.padding {
        Padding2d::Explicit(..) => text.str(" on both sides"),
        Padding2d::Same => text.str(" before and ").number(after).str(" after"),
    };
    let text = if dilation > 1 {
        text.str(", the kernel spans ")
            .number(dilation)
            .str("·(")
            .number(kernel)
            .str(" − 1) + 1 = ")
            .number(span)
    } else {
        text
    };
    let text = text
        .str("\noutput = (")
        .number(input)
        .str(" + ")
        .number(before)
        .str(" + ")
        .number(after)
        .str(" − ")
        .number(span)
        .str(") / ")
        .number(stride)
        .str(" + 1 is not positive\ntry a ")
        .str(if pools { "window" } else { "kernel" })
        .str(" of at most ");
    let rows = largest_kernel(window, 0, height);
    let columns = largest_kernel(window, 1, width);
    let text = if window.kernel.0 != window.kernel.1 {
        text.pair(rows, columns)
    } else if rows < columns {
        text.number(rows)
    } else {
        text.number(columns)
    };
    let text = match window.padding {
        Padding2d::Explicit(..) => {
            let rows = window.span(0).saturating_sub(height).div_ceil(2);
            let columns = window.span(1).saturating_sub(width).div_ceil(2);
            text.str(", a padding of at least ")
                .number(if rows > columns { rows } else { columns })
        }
        Padding2d::Same => text,
    };
    text.str(", or one pooling or stride less before it")
}

/// The most taps that fit along an axis of `size` pixels and the padding.
const fn largest_kernel(window: &Window2d, axis: usize, size: usize) -> usize {
    let (before, after) = window.padding(axis);
    let padded = size.saturating_add(before).saturating_add(after);
    let dilation = if axis == 0 {
        window.dilation.0
    } else {
        window.dilation.1
    };
    if padded == 0 || dilation == 0 {
        return 0;
    }
    (padded - 1) / dilation + 1
}

/// The largest divisor of `count` that is at most `groups`, at least 1.
const fn largest_divisor(count: usize, groups: usize) -> usize {
    let mut divisor = if groups < count { groups } else { count };
    while divisor > 1 && !count.is_multiple_of(divisor) {
        divisor -= 1;
    }
    if divisor == 0 {
        1
    } else {
        divisor
    }
}

/// Pooling layers have a window, convolutions a kernel; so has a fixed filter.
const fn is_convolution(layer: &str) -> bool {
    matches!(layer.as_bytes(), [b'C', b'o', b'n', b'v', ..] | b"Filter2d")
}

const fn is_pooling(layer: &str) -> bool {
    matches!(layer.as_bytes(), [.., b'P', b'o', b'o', b'l', b'2', b'd'])
}

const fn is_batch_norm(layer: &str) -> bool {
    matches!(layer.as_bytes(), b"BatchNorm1d" | b"BatchNorm2d")
}

/// Whether a layer on images has a window that slides.
const fn slides(layer: &str) -> bool {
    !matches!(
        layer.as_bytes(),
        [b'G', b'l', b'o', b'b', b'a', b'l', ..]
            | [b'A', b'd', b'a', b'p', b't', b'i', b'v', b'e', ..]
            | b"SqueezeExcite"
    )
}
