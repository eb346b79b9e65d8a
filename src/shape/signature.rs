//! What a shape rule answers, and the table of a whole model.

use super::{Dims, Misfit};

/// The answer of a layer's shape rule: what flows out, what it costs, and whether it fits.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The layer's name as the user writes it, `Conv2d`.
    pub layer: &'static str,
    /// What flows out of it. After a misfit: the likeliest guess, so that later layers can be
    /// checked.
    pub output: Dims,
    /// Learned numbers.
    pub params: usize,
    /// Multiply-accumulates for one image.
    pub macs: usize,
    /// Whether the layer fits; a misfit may be silent where an earlier one caused it.
    pub fits: bool,
    /// Whether `output` can be relied on.
    pub certain: bool,
    /// What to report.
    pub misfit: Option<Misfit>,
}

impl Signature {
    /// A layer that fits, without parameters or multiplications.
    pub const fn new(layer: &'static str, output: Dims) -> Self {
        Signature {
            layer,
            output,
            params: 0,
            macs: 0,
            fits: true,
            certain: true,
            misfit: None,
        }
    }

    /// Sets the number of learned numbers.
    pub const fn params(mut self, params: usize) -> Self {
        self.params = params;
        self
    }

    /// Sets the multiply-accumulates for one image.
    pub const fn macs(mut self, macs: usize) -> Self {
        self.macs = macs;
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

    /// The signature of a model's last layer, with the misfit between what flows out and what the
    /// model declares.
    pub const fn declared_as(mut self, declared: Dims) -> Self {
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

    /// The signature as it stands in a model, behind inputs that are `certain` or guessed.
    ///
    /// Finds outputs of more values than a `usize` counts, so that no layer has to.
    pub const fn behind(mut self, certain: bool) -> Self {
        if self.fits && self.output.len() == usize::MAX {
            self = Signature::unknown(self.layer, Misfit::TooLarge, self.output);
        }
        if !certain {
            self.certain = false;
            if let Some(misfit) = self.misfit {
                if !misfit.is_declaration() {
                    self.misfit = None;
                }
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
    /// Learned numbers.
    pub params: usize,
    /// Multiply-accumulates for one image.
    pub macs: usize,
}

impl LayerInfo {
    /// The row of a field.
    pub const fn new(
        name: &'static str,
        inputs: &'static [&'static str],
        signature: &Signature,
    ) -> Self {
        LayerInfo {
            name,
            layer: signature.layer,
            inputs,
            output: signature.output,
            params: signature.params,
            macs: signature.macs,
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
            sum = sum.saturating_add(layers[i].output.len());
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
    /// The declared input.
    pub input: Dims,
    /// The layers in order.
    pub layers: &'static [LayerInfo],
    /// Bytes of one value.
    pub value_bytes: usize,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let header = ["field", "layer", "output", "params", "MACs"].map(String::from);
        let mut rows: Vec<[String; 5]> = vec![header];
        let first = [
            "input".into(),
            String::new(),
            self.input.to_string(),
            String::new(),
            String::new(),
        ];
        rows.push(first);
        let mut previous = "input";
        for layer in self.layers {
            let chained = layer.inputs == [previous];
            let from = if chained {
                String::new()
            } else {
                format!(" ← {}", layer.inputs.join(", "))
            };
            rows.push([
                format!("{}{from}", layer.name),
                layer.layer.into(),
                layer.output.to_string(),
                grouped(layer.params),
                grouped(layer.macs),
            ]);
            previous = layer.name;
        }
        let width = |column: usize| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let [field, layer, output, params, macs] = std::array::from_fn(width);
        writeln!(f, "{}", self.model)?;
        for row in &rows {
            let line = format!(
                "  {:<field$}  {:<layer$}  {:>output$}  {:>params$}  {:>macs$}",
                row[0], row[1], row[2], row[3], row[4]
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
