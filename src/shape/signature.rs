//! What a shape rule answers, and the table of a whole model.

use super::{Dims, Misfit, ReceptiveField};

/// A tensor of a layer: a learned one, or a statistic that is saved with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name in the layer, `weight`.
    pub name: &'static str,
    shape: [usize; 4],
    rank: usize,
    /// Whether gradient descent changes it.
    pub learned: bool,
}

impl TensorInfo {
    const NONE: Self = TensorInfo {
        name: "",
        shape: [1; 4],
        rank: 0,
        learned: false,
    };

    /// Its sizes.
    pub const fn shape(&self) -> &[usize] {
        self.shape.split_at(self.rank).0
    }

    /// Its number of values, saturating.
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(&self) -> usize {
        let [a, b, c, d] = self.shape;
        a.saturating_mul(b).saturating_mul(c).saturating_mul(d)
    }
}

/// As many tensors as a layer can list.
const MOST_TENSORS: usize = 8;

/// The tensors of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tensors {
    list: [TensorInfo; MOST_TENSORS],
    count: usize,
}

impl Tensors {
    const NONE: Self = Tensors {
        list: [TensorInfo::NONE; MOST_TENSORS],
        count: 0,
    };

    /// The tensors in their order.
    pub const fn list(&self) -> &[TensorInfo] {
        self.list.split_at(self.count).0
    }
}

/// As many blocks as a message names, one inside the other.
const MOST_PLACES: usize = 4;

/// Where in a block a misfit is: `BasicBlock.conv2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The block's name.
    pub block: &'static str,
    /// The field's name.
    pub field: &'static str,
}

/// The answer of a layer's shape rule: what flows out, what it costs, and whether it fits.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The layer's name as the user writes it, `Conv2d`.
    pub layer: &'static str,
    /// What flows out of it. After a misfit: the likeliest guess, so that later layers can be
    /// checked.
    pub output: Dims,
    /// Its parameters and statistics.
    pub tensors: Tensors,
    /// Learned numbers.
    pub params: usize,
    /// Multiply-accumulates for one image.
    pub macs: usize,
    /// Values that it and the layers inside it put out for one image.
    pub activations: usize,
    /// What one value of its output sees: of its own input, or, in a model or block, of the model's
    /// or block's.
    pub receptive_field: ReceptiveField,
    /// Whether the layer fits; a misfit may be silent where an earlier one caused it.
    pub fits: bool,
    /// Whether `output` can be relied on.
    pub certain: bool,
    /// What to report.
    pub misfit: Option<Misfit>,
    /// The name of the layer that does not fit: this one, or one inside.
    pub culprit: &'static str,
    places: [Option<Place>; MOST_PLACES],
}

impl Signature {
    /// A layer that fits, without parameters or multiplications.
    pub const fn new(layer: &'static str, output: Dims) -> Self {
        Signature {
            layer,
            output,
            tensors: Tensors::NONE,
            params: 0,
            macs: 0,
            activations: output.len(),
            receptive_field: ReceptiveField::PIXEL,
            fits: true,
            certain: true,
            misfit: None,
            culprit: layer,
            places: [None; MOST_PLACES],
        }
    }

    /// Adds a learned tensor.
    ///
    /// # Panics
    /// When the layer lists more than eight tensors or one of more than four axes.
    pub const fn weight(self, name: &'static str, shape: &[usize]) -> Self {
        let mut signature = self.tensor(name, shape, true);
        let added = signature.tensors.list[signature.tensors.count - 1].len();
        signature.params = signature.params.saturating_add(added);
        signature
    }

    /// Adds a tensor that is saved but not learned, such as a running mean.
    ///
    /// # Panics
    /// When the layer lists more than eight tensors or one of more than four axes.
    pub const fn statistic(self, name: &'static str, shape: &[usize]) -> Self {
        self.tensor(name, shape, false)
    }

    const fn tensor(mut self, name: &'static str, shape: &[usize], learned: bool) -> Self {
        let mut sizes = [1; 4];
        let mut axis = 0;
        while axis < shape.len() {
            sizes[axis] = shape[axis];
            axis += 1;
        }
        self.tensors.list[self.tensors.count] = TensorInfo {
            name,
            shape: sizes,
            rank: shape.len(),
            learned,
        };
        self.tensors.count += 1;
        self
    }

    /// Sets the number of learned numbers, where the tensors are not listed.
    pub const fn params(mut self, params: usize) -> Self {
        self.params = params;
        self
    }

    /// Sets the multiply-accumulates for one image.
    pub const fn macs(mut self, macs: usize) -> Self {
        self.macs = macs;
        self
    }

    /// Sets what one output value sees of the layer's input.
    pub const fn sees(mut self, field: ReceptiveField) -> Self {
        self.receptive_field = field;
        self
    }

    /// A layer that does not fit, but whose output is known all the same.
    pub const fn misfit(layer: &'static str, misfit: Misfit, output: Dims) -> Self {
        let mut signature = Signature::new(layer, output);
        signature.fits = false;
        signature.misfit = Some(misfit);
        signature
    }

    /// A layer that does not fit and whose output can only be guessed: misfits that follow from
    /// the guess stay silent.
    pub const fn unknown(layer: &'static str, misfit: Misfit, guess: Dims) -> Self {
        let mut signature = Signature::misfit(layer, misfit, guess);
        signature.certain = false;
        signature
    }

    /// A model's own input.
    pub const fn input(dims: Dims) -> Self {
        if dims.is_empty() {
            return Signature::unknown("input", Misfit::EmptyInput { found: dims }, dims);
        }
        Signature::new("input", dims)
    }

    /// A block of `inputs` inputs whose fields are `parts`, in order; the last one's output is the
    /// block's.
    pub const fn block(
        name: &'static str,
        inputs: usize,
        found: &[Dims],
        parts: &[(&'static str, Signature)],
    ) -> Self {
        let last = &parts[parts.len() - 1].1;
        if found.len() != inputs {
            let misfit = Misfit::InputCount {
                least: inputs,
                most: inputs,
                found: found.len(),
            };
            return Signature::unknown(name, misfit, last.output);
        }
        let mut block = Signature::new(name, last.output).sees(last.receptive_field);
        block.certain = last.certain;
        block.activations = 0;
        let mut index = 0;
        while index < parts.len() {
            let (field, part) = parts[index];
            block.params = block.params.saturating_add(part.params);
            block.macs = block.macs.saturating_add(part.macs);
            block.activations = block.activations.saturating_add(part.activations);
            block.fits &= part.fits;
            if block.misfit.is_none() && part.misfit.is_some() {
                block.misfit = part.misfit;
                block.culprit = part.culprit;
                block.places[0] = Some(Place { block: name, field });
                let mut depth = 1;
                while depth < MOST_PLACES {
                    block.places[depth] = part.places[depth - 1];
                    depth += 1;
                }
            }
            index += 1;
        }
        block
    }

    /// Where inside the layer its misfit is, from the outermost block inwards.
    pub const fn place(&self, depth: usize) -> Option<Place> {
        if depth < MOST_PLACES {
            self.places[depth]
        } else {
            None
        }
    }

    /// The signature of a model's last layer, with the misfit between what flows out and what the
    /// model declares.
    pub const fn declared_as(mut self, declared: Dims) -> Self {
        self.culprit = self.layer;
        self.places = [None; MOST_PLACES];
        self.misfit = if !self.certain || self.output.same(declared) {
            None
        } else {
            Some(Misfit::OutputDiffers {
                declared,
                found: self.output,
            })
        };
        self
    }

    /// The signature of a field whose `#[from]` is wrong, which is told already.
    pub const fn silenced(mut self) -> Self {
        self.misfit = None;
        self.certain = false;
        self
    }

    /// The signature as it stands in a model or block, behind its `sources`.
    ///
    /// Finds outputs of more values than a `usize` counts, so that no layer has to.
    pub const fn behind(mut self, sources: &[&Signature]) -> Self {
        let mut certain = true;
        let mut seen = sources[0].receptive_field;
        let mut index = 0;
        while index < sources.len() {
            certain &= sources[index].certain;
            seen = seen.join(sources[index].receptive_field);
            index += 1;
        }
        self.receptive_field = seen.then(self.receptive_field);
        if self.fits && self.output.len() == usize::MAX {
            let field = self.receptive_field;
            self = Signature::unknown(self.layer, Misfit::TooLarge, self.output).sees(field);
        }
        if !certain {
            self.certain = false;
            if let Some(misfit) = self.misfit
                && !misfit.is_declaration()
            {
                self.misfit = None;
            }
        }
        self
    }
}

/// One row of a model's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerInfo {
    /// The field's name.
    pub name: &'static str,
    /// The layer's name, `Conv2d`.
    pub layer: &'static str,
    /// The fields it takes its input from; `input` is the model's own.
    pub inputs: &'static [&'static str],
    /// What flows out of it.
    pub output: Dims,
    /// Its parameters and statistics; those of a block are in its `parts`.
    pub tensors: Tensors,
    /// Learned numbers.
    pub params: usize,
    /// Multiply-accumulates for one image.
    pub macs: usize,
    /// Values that it and the layers inside it put out for one image.
    pub activations: usize,
    /// What one value of its output sees of the model's or block's input.
    pub receptive_field: ReceptiveField,
    /// The rows of a block's fields.
    pub parts: &'static [LayerInfo],
}

impl LayerInfo {
    /// The row of a field.
    pub const fn new(
        name: &'static str,
        inputs: &'static [&'static str],
        signature: &Signature,
        parts: &'static [LayerInfo],
    ) -> Self {
        LayerInfo {
            name,
            layer: signature.layer,
            inputs,
            output: signature.output,
            tensors: signature.tensors,
            params: signature.params,
            macs: signature.macs,
            activations: signature.activations,
            receptive_field: signature.receptive_field,
            parts,
        }
    }

    /// Learned numbers of all `layers`, saturating.
    pub const fn total_params(layers: &[LayerInfo]) -> usize {
        let mut sum = 0usize;
        let mut i = 0;
        while i < layers.len() {
            sum = sum.saturating_add(layers[i].params);
            i += 1;
        }
        sum
    }

    /// Multiply-accumulates of all `layers` for one image, saturating.
    pub const fn total_macs(layers: &[LayerInfo]) -> usize {
        let mut sum = 0usize;
        let mut i = 0;
        while i < layers.len() {
            sum = sum.saturating_add(layers[i].macs);
            i += 1;
        }
        sum
    }

    /// Values that all `layers` put out for one image, saturating.
    pub const fn total_activations(layers: &[LayerInfo]) -> usize {
        let mut sum = 0usize;
        let mut i = 0;
        while i < layers.len() {
            sum = sum.saturating_add(layers[i].activations);
            i += 1;
        }
        sum
    }
}

/// The table of a model, known without building it. `Display` prints it.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// The model's name.
    pub model: &'static str,
    /// The declared inputs with their names.
    pub inputs: &'static [(&'static str, Dims)],
    /// The layers in order.
    pub layers: &'static [LayerInfo],
    /// Bytes of one value.
    pub value_bytes: usize,
}

/// The columns of a [`Summary`].
type Row = [String; 6];

/// One row for each layer, and below a block the rows of its fields, indented.
fn rows(layers: &[LayerInfo], first_input: &str, indent: usize, rows: &mut Vec<Row>) {
    let mut previous = first_input;
    for layer in layers {
        let from = if layer.inputs == [previous] {
            String::new()
        } else {
            format!(" ← {}", layer.inputs.join(", "))
        };
        rows.push([
            format!("{:indent$}{}{from}", "", layer.name),
            layer.layer.into(),
            layer.output.to_string(),
            layer.receptive_field.to_string(),
            grouped(layer.params),
            grouped(layer.macs),
        ]);
        self::rows(layer.parts, "input", indent + 2, rows);
        previous = layer.name;
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let header = ["field", "layer", "output", "sees", "params", "MACs"].map(String::from);
        let mut table: Vec<Row> = vec![header];
        for (name, dims) in self.inputs {
            let mut row = [""; 6].map(String::from);
            row[0] = name.to_string();
            row[2] = dims.to_string();
            table.push(row);
        }
        rows(
            self.layers,
            self.inputs.last().map_or("", |i| i.0),
            0,
            &mut table,
        );
        let width = |column: usize| {
            table
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let [field, layer, output, sees, params, macs] = std::array::from_fn(width);
        writeln!(f, "{}", self.model)?;
        for row in &table {
            let line = format!(
                "  {:<field$}  {:<layer$}  {:>output$}  {:>sees$}  {:>params$}  {:>macs$}",
                row[0], row[1], row[2], row[3], row[4], row[5]
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        write!(
            f,
            "{} parameters, {} multiply-accumulates and {} bytes of activations an image",
            grouped(LayerInfo::total_params(self.layers)),
            grouped(LayerInfo::total_macs(self.layers)),
            grouped(LayerInfo::total_activations(self.layers).saturating_mul(self.value_bytes)),
        )
    }
}

fn grouped(n: usize) -> String {
    super::text::Text::new().grouped(n).as_str().to_owned()
}
