//! Draws networks and writes them as Rust: chains, branches and skips from the layer set.
//!
//! It has a shape rule of its own, written as counting, so that every drawn network is also a test
//! of the shapes that `#[model]` infers: the file compiles only where both agree.

use std::fmt::Write;

/// Networks in the file.
const NETWORKS: usize = 100;
/// Another seed gives other networks.
const SEED: u64 = 4;

/// The text of `generated.rs`.
pub fn generated() -> String {
    let mut text = String::from("// Written by generator.rs.\n\nuse shapeproof::prelude::*;\n");
    let mut random = Random(SEED);
    let mut names = Vec::new();
    for index in 0..NETWORKS {
        let name = format!("Net{index:03}");
        text.push('\n');
        text.push_str(&Network::drawn(&mut random).written(&name));
        names.push(name);
    }
    text.push_str("\n/// Calls `each!(Net)` for every network.\nmacro_rules! networks {\n");
    text.push_str("    ($each:ident) => {\n");
    for name in names {
        writeln!(text, "        $each!({name});").expect("a string takes all");
    }
    text.push_str("    };\n}\npub(crate) use networks;\n");
    text
}

/// SplitMix64: the same numbers for ever, whatever crates change.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `least` to `most`.
    fn from(&mut self, least: usize, most: usize) -> usize {
        least + (self.next() % (most - least + 1) as u64) as usize
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.from(0, all.len() - 1)].clone()
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.from(1, times) == 1
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Dims {
    Chw(usize, usize, usize),
    Flat(usize),
}

impl Dims {
    fn len(self) -> usize {
        match self {
            Dims::Chw(c, h, w) => c * h * w,
            Dims::Flat(n) => n,
        }
    }

    fn written(self) -> String {
        match self {
            Dims::Chw(c, h, w) => format!("Chw<{c}, {h}, {w}>"),
            Dims::Flat(n) => format!("Flat<{n}>"),
        }
    }
}

/// How many places a window has, counted one by one; `None` where it has none.
fn places(size: usize, kernel: usize, stride: usize, dilation: usize) -> Option<usize> {
    let starts = (0..size).step_by(stride);
    let whole = starts.filter(|start| start + dilation * (kernel - 1) < size);
    Some(whole.count()).filter(|count| *count > 0)
}

/// What flows: the input, or the output of a field.
struct Value {
    name: String,
    dims: Dims,
    used: bool,
}

struct Field {
    layer: String,
    /// Places in the values.
    inputs: Vec<usize>,
}

struct Network {
    /// The input, then one for each field.
    values: Vec<Value>,
    fields: Vec<Field>,
}

impl Network {
    fn drawn(random: &mut Random) -> Self {
        let input = if random.once_in(10) {
            Dims::Flat(random.from(2, 9))
        } else {
            let (h, w) = (random.from(4, 9), random.from(4, 9));
            Dims::Chw(random.from(1, 4), h, if w == h { w + 1 } else { w })
        };
        let mut network = Network {
            values: vec![Value {
                name: "input".to_owned(),
                dims: input,
                used: false,
            }],
            fields: Vec::new(),
        };
        let fields = random.from(3, 6);
        while network.fields.len() < fields {
            network.grow(random);
        }
        network.join();
        network
    }

    fn push(&mut self, layer: impl Into<String>, inputs: Vec<usize>, dims: Dims) {
        for input in &inputs {
            self.values[*input].used = true;
        }
        let layer = layer.into();
        let word = layer.split('<').next().unwrap_or(&layer).to_lowercase();
        self.values.push(Value {
            name: format!("{word}{}", self.fields.len()),
            dims,
            used: false,
        });
        self.fields.push(Field { layer, inputs });
    }

    /// Adds a field, mostly on the last value, sometimes on an earlier one.
    fn grow(&mut self, random: &mut Random) {
        let last = self.values.len() - 1;
        let from = if random.once_in(4) {
            random.from(0, last)
        } else {
            last
        };
        let dims = self.values[from].dims;
        match random.from(0, 9) {
            0 | 1 => self.activation(random, from),
            2 => self.add(random, from),
            3 => self.concat(random, from),
            _ => match dims {
                Dims::Chw(c, h, w) if random.once_in(8) => {
                    self.push("Flatten", vec![from], Dims::Flat(c * h * w));
                }
                Dims::Chw(..) if random.once_in(3) => self.pool(random, from),
                Dims::Chw(..) => self.conv(random, from),
                Dims::Flat(_) => {
                    let n = random.from(1, 9);
                    let bias = random.one_of(&["", ", NoBias"]);
                    self.push(format!("Linear<{n}{bias}>"), vec![from], Dims::Flat(n));
                }
            },
        }
    }

    fn activation(&mut self, random: &mut Random, from: usize) {
        let layer = random.one_of(&[
            "Relu",
            "LeakyRelu",
            "LeakyRelu<1, 4>",
            "Sigmoid",
            "Tanh",
            "Gelu",
            "Softmax",
            "Dropout",
        ]);
        self.push(layer, vec![from], self.values[from].dims);
    }

    /// The skip connection: any values of one shape, one of them twice if need be.
    fn add(&mut self, random: &mut Random, from: usize) {
        let dims = self.values[from].dims;
        let alike: Vec<usize> = (0..self.values.len())
            .filter(|value| self.values[*value].dims == dims)
            .collect();
        let mut inputs = vec![from];
        for _ in 0..random.from(1, 3) {
            inputs.push(random.one_of(&alike));
        }
        self.push("Add", inputs, dims);
    }

    fn concat(&mut self, random: &mut Random, from: usize) {
        let size = |dims| match dims {
            Dims::Chw(_, h, w) => (3, h, w),
            Dims::Flat(_) => (1, 0, 0),
        };
        let alike: Vec<usize> = (0..self.values.len())
            .filter(|value| size(self.values[*value].dims) == size(self.values[from].dims))
            .collect();
        let mut inputs = vec![from];
        for _ in 0..random.from(1, 2) {
            inputs.push(random.one_of(&alike));
        }
        self.push_concat(inputs);
    }

    fn push_concat(&mut self, inputs: Vec<usize>) {
        let first = |dims| match dims {
            Dims::Chw(c, ..) => c,
            Dims::Flat(n) => n,
        };
        let sum = inputs.iter().map(|i| first(self.values[*i].dims)).sum();
        let dims = match self.values[inputs[0]].dims {
            Dims::Chw(_, h, w) => Dims::Chw(sum, h, w),
            Dims::Flat(_) => Dims::Flat(sum),
        };
        self.push("Concat", inputs, dims);
    }

    fn conv(&mut self, random: &mut Random, from: usize) {
        let Dims::Chw(c, h, w) = self.values[from].dims else {
            return;
        };
        let (kh, kw) = (random.from(1, 3), random.from(1, 3));
        let divisors: Vec<usize> = (1..=c).filter(|g| c % g == 0).collect();
        let g = random.one_of(&divisors);
        let f = g * random.from(1, (6 / g).max(1));
        let mut options = format!("Kernel<{kh}, {kw}>");
        let mut option = |text: String| write!(options, ", {text}").expect("a string takes all");
        if g > 1 {
            option(format!("Groups<{g}>"));
        }
        let (mut dh, mut dw) = (1, 1);
        if random.once_in(3) {
            (dh, dw) = (random.from(1, 2), random.from(1, 3));
            option(format!("Dilation<{dh}, {dw}>"));
        }
        let output = if random.once_in(5) {
            option("SamePadding".to_owned());
            Some((h, w))
        } else {
            let (mut sh, mut sw, mut ph, mut pw) = (1, 1, 0, 0);
            if random.once_in(2) {
                (sh, sw) = (random.from(1, 3), random.from(1, 3));
                option(format!("Stride<{sh}, {sw}>"));
            }
            if random.once_in(2) {
                (ph, pw) = (random.from(0, 2), random.from(0, 2));
                option(format!("Padding<{ph}, {pw}>"));
            }
            let height = places(h + 2 * ph, kh, sh, dh);
            height.zip(places(w + 2 * pw, kw, sw, dw))
        };
        if random.once_in(3) {
            option("NoBias".to_owned());
        }
        if let Some((h, w)) = output {
            self.push(
                format!("Conv2d<{f}, {options}>"),
                vec![from],
                Dims::Chw(f, h, w),
            );
        }
    }

    fn pool(&mut self, random: &mut Random, from: usize) {
        let Dims::Chw(c, h, w) = self.values[from].dims else {
            return;
        };
        let pool = random.one_of(&["MaxPool2d", "AvgPool2d", "SumPool2d"]);
        let (kh, kw) = (random.from(1, 3), random.from(2, 3));
        let (sh, sw) = (random.from(1, 3), random.from(1, 3));
        // At most half of the kernel, as in PyTorch.
        let (ph, pw) = (random.from(0, kh / 2), random.from(0, kw / 2));
        let height = places(h + 2 * ph, kh, sh, 1);
        if let Some((h, w)) = height.zip(places(w + 2 * pw, kw, sw, 1)) {
            let layer =
                format!("{pool}<{kh}, KernelWidth<{kw}>, Stride<{sh}, {sw}>, Padding<{ph}, {pw}>>");
            self.push(layer, vec![from], Dims::Chw(c, h, w));
        }
    }

    /// Lets every value flow into the last one: a field that nothing reads is an error.
    fn join(&mut self) {
        loop {
            let unused = |network: &Self| -> Vec<usize> {
                let all = 0..network.values.len();
                all.filter(|value| !network.values[*value].used).collect()
            };
            let open = unused(self);
            if open.len() == 1 && open[0] > 0 {
                return;
            }
            for value in open {
                if let dims @ Dims::Chw(..) = self.values[value].dims {
                    self.push("Flatten", vec![value], Dims::Flat(dims.len()));
                }
            }
            let open = unused(self);
            if open.len() > 1 {
                self.push_concat(open.into_iter().take(6).collect());
            }
        }
    }

    fn written(&self, name: &str) -> String {
        let last = &self.values[self.values.len() - 1];
        let mut text = format!(
            "#[model(input = {}, output = {})]\npub struct {name} {{\n",
            self.values[0].dims.written(),
            last.dims.written(),
        );
        for (index, field) in self.fields.iter().enumerate() {
            if field.inputs != [index] {
                let names = field.inputs.iter().map(|i| self.values[*i].name.as_str());
                let names: Vec<_> = names.collect();
                writeln!(text, "    #[from({})]", names.join(", ")).expect("a string takes all");
            }
            let value = &self.values[index + 1];
            writeln!(text, "    {}: {},", value.name, field.layer).expect("a string takes all");
        }
        text.push_str("}\n");
        text
    }
}
