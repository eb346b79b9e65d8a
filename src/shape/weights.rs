//! The tensors of a file beside those of a model, compared while compiling.
//!
//! `check_weights!` reads the file's names and shapes and writes them into the program; what the
//! model needs is in its table of layers. Words stand in `words.rs`.

use super::LayerInfo;

/// A tensor of a file.
#[derive(Clone, Copy, Debug)]
pub struct FileTensor {
    /// Its name in the file.
    pub written: &'static str,
    /// Its name after renaming.
    pub name: &'static str,
    /// The type of its numbers, `F32`.
    pub dtype: &'static str,
    /// Its sizes.
    pub shape: &'static [usize],
}

impl FileTensor {
    /// Whether the renaming changes its name.
    pub const fn is_renamed(&self) -> bool {
        order(self.name, 0, self.written, b"") != 0
    }
}

/// The longest name that is compared.
const LONGEST: usize = 256;

/// A tensor's name in a model: the fields that lead to it, with dots between.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Name {
    const EMPTY: Self = Name {
        bytes: [0; LONGEST],
        len: 0,
    };

    /// Appends a segment; what is too long is cut off, and found in no file.
    const fn push(&mut self, segment: &str) {
        if self.len > 0 && self.len < LONGEST {
            self.bytes[self.len] = b'.';
            self.len += 1;
        }
        let segment = segment.as_bytes();
        let mut i = 0;
        while i < segment.len() && self.len < LONGEST {
            self.bytes[self.len] = segment[i];
            self.len += 1;
            i += 1;
        }
    }

    const fn bytes(&self) -> &[u8] {
        self.bytes.split_at(self.len).0
    }

    /// The name as text.
    pub const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes()) {
            Ok(name) => name,
            Err(_) => "a tensor with a very long name", // cut off inside of a letter
        }
    }
}

/// One tensor in which a file and a model differ.
#[derive(Clone, Copy, Debug)]
pub enum TensorMisfit {
    /// The model has it, the file has not.
    Missing(Name, Shape),
    /// The file has it, the model has not.
    Unexpected(FileTensor),
    /// Both have it in different shapes.
    Reshaped(Name, Shape, FileTensor),
    /// It holds numbers of a type that is not read.
    Unreadable(Name, FileTensor),
}

/// The sizes of a model's tensor.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    sizes: [usize; 4],
    rank: usize,
}

impl Shape {
    const fn new(shape: &[usize]) -> Self {
        let mut sizes = [1; 4];
        let mut axis = 0;
        while axis < shape.len() {
            sizes[axis] = shape[axis];
            axis += 1;
        }
        Shape {
            sizes,
            rank: shape.len(),
        }
    }

    /// The sizes in their order.
    pub const fn sizes(&self) -> &[usize] {
        self.sizes.split_at(self.rank).0
    }
}

/// As many tensors of one kind as a message names.
const SHOWN: usize = 3;

/// The tensors that differ in one way: their number, and the first of them.
#[derive(Clone, Copy, Debug)]
pub struct Misfits {
    /// How many there are.
    pub count: usize,
    first: [Option<TensorMisfit>; SHOWN],
}

impl Misfits {
    const NONE: Self = Misfits {
        count: 0,
        first: [None; SHOWN],
    };

    const fn push(&mut self, misfit: TensorMisfit) {
        if self.count < SHOWN {
            self.first[self.count] = Some(misfit);
        }
        self.count += 1;
    }

    /// The first few of them.
    pub const fn first(&self) -> &[Option<TensorMisfit>] {
        &self.first
    }
}

/// Two names that may mean one tensor: what they do not share.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    from: &'static str,
    to: Name,
}

impl Pair {
    /// What the file writes before the segments that both share.
    pub const fn from(&self) -> &'static str {
        self.from
    }

    /// What the model writes there.
    pub const fn to(&self) -> &str {
        self.to.as_str()
    }
}

/// Everything in which a file differs from a model.
#[derive(Clone, Copy, Debug)]
pub struct WeightMisfits {
    /// The model's name.
    pub model: &'static str,
    /// In the model and not in the file.
    pub missing: Misfits,
    /// In the file and not in the model.
    pub unexpected: Misfits,
    /// In both, in other shapes.
    pub reshaped: Misfits,
    /// In both, in numbers that cannot be read.
    pub unreadable: Misfits,
    /// A renaming that would bring the first missing tensor together with an unexpected one.
    pub renaming: Option<Pair>,
}

impl WeightMisfits {
    /// No misfits.
    pub const fn none(model: &'static str) -> Self {
        WeightMisfits {
            model,
            missing: Misfits::NONE,
            unexpected: Misfits::NONE,
            reshaped: Misfits::NONE,
            unreadable: Misfits::NONE,
            renaming: None,
        }
    }

    /// Compares the tensors of a model with those of a file, which are sorted by their names.
    ///
    /// Nothing is known of the tensors of a layer that has parameters and does not list them; what
    /// the file has there is taken to be right.
    pub const fn new<const N: usize>(
        model: &'static str,
        layers: &[LayerInfo],
        file: &[FileTensor; N],
    ) -> Self {
        let mut comparison = Comparison {
            file,
            expected: [false; N],
            misfits: WeightMisfits::none(model),
        };
        let mut name = Name::EMPTY;
        comparison.walk(
            layers,
            &mut name,
            Range {
                from: 0,
                to: N,
                at: 0,
            },
        );
        comparison.unexpected();
        comparison.misfits
    }

    /// Whether the file fits.
    pub const fn is_empty(&self) -> bool {
        self.missing.count + self.unexpected.count + self.reshaped.count + self.unreadable.count
            == 0
    }
}

struct Comparison<'a, const N: usize> {
    file: &'a [FileTensor; N],
    /// Which of the file's tensors the model has.
    expected: [bool; N],
    misfits: WeightMisfits,
}

impl<const N: usize> Comparison<'_, N> {
    /// Looks all tensors of `layers` up, whose names begin with `name`, in the range of the file's that do.
    const fn walk(&mut self, layers: &[LayerInfo], name: &mut Name, outer: Range) {
        let outer_len = name.len;
        let mut l = 0;
        while l < layers.len() {
            let layer = &layers[l];
            name.push(layer.name);
            let (len, inner) = (name.len, outer.below(self.file, layer.name));
            let tensors = layer.tensors.list();
            let (mut t, mut listed) = (0, 0usize);
            while t < tensors.len() {
                name.push(tensors[t].name);
                let place = inner.find(self.file, tensors[t].name);
                self.compare(name, tensors[t].shape(), place);
                if tensors[t].learned {
                    listed = listed.saturating_add(tensors[t].len());
                }
                name.len = len;
                t += 1;
            }
            if layer.parts.is_empty() && layer.params > listed {
                let mut i = inner.from;
                while i < inner.to {
                    self.expected[i] = true;
                    i += 1;
                }
            }
            self.walk(layer.parts, name, inner);
            name.len = outer_len;
            l += 1;
        }
    }

    const fn compare(&mut self, name: &Name, shape: &[usize], place: Option<usize>) {
        let Some(place) = place else {
            let misfit = TensorMisfit::Missing(*name, Shape::new(shape));
            self.misfits.missing.push(misfit);
            return;
        };
        let found = self.file[place];
        self.expected[place] = true;
        if !same_shape(found.shape, shape) {
            let misfit = TensorMisfit::Reshaped(*name, Shape::new(shape), found);
            self.misfits.reshaped.push(misfit);
        } else if !is_read(found.dtype) {
            let misfit = TensorMisfit::Unreadable(*name, found);
            self.misfits.unreadable.push(misfit);
        }
    }

    const fn unexpected(&mut self) {
        let mut longest = 0;
        let mut i = 0;
        while i < N {
            let found = self.file[i];
            if !self.expected[i] {
                self.misfits
                    .unexpected
                    .push(TensorMisfit::Unexpected(found));
                if let Some(TensorMisfit::Missing(name, shape)) = &self.misfits.missing.first[0] {
                    let shared = shared_end(found.name.as_bytes(), name.bytes());
                    if shared > longest && same_shape(found.shape, shape.sizes()) {
                        longest = shared;
                        self.misfits.renaming = Some(pair(found.name, *name, shared));
                    }
                }
            }
            i += 1;
        }
    }
}

/// The two names without the `shared` bytes at their ends and the dot before these.
const fn pair(file: &'static str, model: Name, shared: usize) -> Pair {
    let from = file.len() - shared;
    let (from, _) = file.split_at(if from > 0 { from - 1 } else { 0 });
    let mut to = model;
    to.len = (to.len - shared).saturating_sub(1);
    Pair { from, to }
}

/// The bytes of the whole segments that both names end in.
const fn shared_end(a: &[u8], b: &[u8]) -> usize {
    let (mut same, mut whole) = (0, 0);
    while same < a.len() && same < b.len() {
        if a[a.len() - 1 - same] != b[b.len() - 1 - same] {
            return whole;
        }
        if a[a.len() - 1 - same] == b'.' {
            whole = same;
        }
        same += 1;
    }
    let a_ends = same == a.len() || a[a.len() - 1 - same] == b'.';
    let b_ends = same == b.len() || b[b.len() - 1 - same] == b'.';
    if a_ends && b_ends {
        same
    } else {
        whole
    }
}

/// The types of numbers that the loader reads.
const fn is_read(dtype: &str) -> bool {
    matches!(dtype.as_bytes(), b"F64" | b"F32" | b"F16" | b"BF16")
}

const fn same_shape(a: &[usize], b: &[usize]) -> bool {
    let mut same = a.len() == b.len();
    let mut i = 0;
    while same && i < a.len() {
        same = a[i] == b[i];
        i += 1;
    }
    same
}

/// The tensors of a sorted file whose names begin alike: the compiler reads names slowly, so each
/// segment is looked at once.
#[derive(Clone, Copy)]
struct Range {
    from: usize,
    to: usize,
    /// Bytes that they share.
    at: usize,
}

impl Range {
    /// Those whose names go on with `segment` and a dot.
    const fn below(self, file: &[FileTensor], segment: &str) -> Range {
        Range {
            from: self.first_from(file, segment, b"."),
            to: self.first_from(file, segment, b"/"), // the byte behind the dot
            at: self.at + segment.len() + 1,
        }
    }

    /// The one whose name ends with `segment`.
    const fn find(self, file: &[FileTensor], segment: &str) -> Option<usize> {
        let place = self.first_from(file, segment, b"");
        if place < self.to && order(file[place].name, self.at, segment, b"") == 0 {
            Some(place)
        } else {
            None
        }
    }

    /// The first whose name goes on with `segment` and `end`, or sorts behind that.
    const fn first_from(self, file: &[FileTensor], segment: &str, end: &[u8]) -> usize {
        let (mut low, mut high) = (self.from, self.to);
        while low < high {
            let middle = low + (high - low) / 2;
            if order(file[middle].name, self.at, segment, end) < 0 {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// Below zero where `name` sorts before its first `at` bytes with `segment` and `end` behind them,
/// zero where it is equal.
const fn order(name: &str, at: usize, segment: &str, end: &[u8]) -> i32 {
    let (name, segment) = (name.as_bytes(), segment.as_bytes());
    let len = segment.len() + end.len();
    let mut i = 0;
    while i < len && at + i < name.len() {
        let byte = if i < segment.len() {
            segment[i]
        } else {
            end[i - segment.len()]
        };
        if name[at + i] != byte {
            return name[at + i] as i32 - byte as i32;
        }
        i += 1;
    }
    if i < len {
        -1
    } else {
        (at + i < name.len()) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_share_whole_segments_at_their_ends() {
        let shared = |a: &str, b: &str| shared_end(a.as_bytes(), b.as_bytes());
        assert_eq!(shared("head.weight", "fc.weight"), "weight".len());
        assert_eq!(shared("module.fc.weight", "fc.weight"), "fc.weight".len());
        assert_eq!(shared("xfc.weight", "fc.weight"), "weight".len());
        assert_eq!(shared("fc.weight", "fc.bias"), 0);
        assert_eq!(shared("overweight", "weight"), 0);
        assert_eq!(shared("a", ""), 0);
    }

    #[test]
    fn what_is_sorted_is_found() {
        const fn tensor(name: &'static str) -> FileTensor {
            FileTensor {
                written: name,
                name,
                dtype: "F32",
                shape: &[],
            }
        }
        let names = ["a", "a.b", "a.b.c", "a.b0", "a.bias", "b", "b0.a"];
        let file = names.map(tensor);
        let all = Range {
            from: 0,
            to: names.len(),
            at: 0,
        };
        let find = |name: &str| {
            let mut segments: Vec<_> = name.split('.').collect();
            let last = segments.pop().unwrap_or("");
            let range = segments.iter().fold(all, |r, s| r.below(&file, s));
            range.find(&file, last)
        };
        for (place, name) in names.iter().enumerate() {
            assert_eq!(find(name), Some(place), "{name}");
        }
        for name in [
            "", "a.", "a.a", "a.b.", "a.b.c.d", "b0", "b0.", "b.a", "b00", "c", "c.a",
        ] {
            assert_eq!(find(name), None, "{name}");
        }
    }
}
