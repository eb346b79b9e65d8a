//! From tokens to a model: its arguments, its fields, and which field feeds which.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Expr, Field, Fields, Generics, Ident, ItemStruct, Token, Type, Visibility,
};

use crate::words;

/// The name by which `#[from]` calls the only input of a model or block.
pub const INPUT: &str = "input";
/// As many inputs as `Inputs` is implemented for.
const MOST_INPUTS: usize = 6;

/// A parsed `#[model]`.
pub struct Model {
    pub inputs: Vec<InputShape>,
    pub outputs: Vec<Output>,
    pub budgets: Vec<(&'static str, Expr)>,
    pub graph: Graph,
}

/// A parsed `#[block]`.
pub struct Block {
    pub generics: Generics,
    pub graph: Graph,
}

/// A struct whose fields are layers.
pub struct Graph {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    /// The names of what flows in.
    pub inputs: Vec<String>,
    pub layers: Vec<Layer>,
    /// Mistakes in `#[from]`, which leave enough to expand the rest.
    pub errors: Vec<Error>,
}

/// One field.
pub struct Layer {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub layer: Type,
    /// Where the inputs come from.
    pub inputs: Vec<Source>,
    /// Whether `inputs` stands in for a wrong `#[from]`.
    pub guessed: bool,
}

/// Where an input of a field comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An input of the model or block, by its place.
    Input(usize),
    /// A field above, by its place.
    Field(usize),
}

/// What stands in the parentheses of `#[model(…)]`.
struct Arguments {
    inputs: Vec<(String, InputShape)>,
    outputs: Vec<(Option<Ident>, Type)>,
    budgets: Vec<(&'static str, Expr)>,
}

/// A declared input, whose number of axes the macro reads to write the type of a batch.
pub struct InputShape {
    pub shape: Type,
    /// Where each axis has its size.
    pub axes: Vec<Span>,
}

/// A declared output.
pub struct Output {
    pub shape: Type,
    /// The place of the field that gives it.
    pub field: usize,
}

enum Argument {
    Input(Vec<(Option<Ident>, Type)>),
    Output(Vec<(Option<Ident>, Type)>),
    Budget(&'static str, Expr),
}

const BUDGETS: [&str; 3] = ["max_params", "max_macs", "max_activation_bytes"];

impl Parse for Argument {
    fn parse(tokens: ParseStream) -> syn::Result<Self> {
        let name: Ident = tokens.parse()?;
        let text = name.to_string();
        let budget = BUDGETS.into_iter().find(|b| *b == text);
        if budget.is_none() && text != "input" && text != "output" {
            let known = [&["input", "output"], &BUDGETS[..]].concat();
            return Err(Error::new(
                name.span(),
                words::unknown_argument(&text, &known),
            ));
        }
        if !tokens.peek(Token![=]) {
            return Err(Error::new(name.span(), words::no_value(&text)));
        }
        tokens.parse::<Token![=]>()?;
        Ok(match budget {
            Some(budget) => Argument::Budget(budget, tokens.parse()?),
            None if text == "input" => Argument::Input(shapes(tokens)?),
            None => Argument::Output(shapes(tokens)?),
        })
    }
}

/// One shape, or several in parentheses, each with or without a name before it.
fn shapes(tokens: ParseStream) -> syn::Result<Vec<(Option<Ident>, Type)>> {
    if !tokens.peek(syn::token::Paren) {
        return Ok(vec![(None, tokens.parse()?)]);
    }
    let list;
    let parentheses = syn::parenthesized!(list in tokens);
    let named = |tokens: ParseStream| {
        let name = if tokens.peek(Ident) && tokens.peek2(Token![:]) && !tokens.peek2(Token![::]) {
            let name = tokens.parse()?;
            tokens.parse::<Token![:]>()?;
            Some(name)
        } else {
            None
        };
        Ok((name, tokens.parse()?))
    };
    let shapes = list.parse_terminated(named, Token![,])?;
    if shapes.is_empty() {
        return Err(Error::new(parentheses.span.join(), words::no_shapes()));
    }
    Ok(shapes.into_iter().collect())
}

impl Arguments {
    fn parse(tokens: TokenStream) -> syn::Result<Self> {
        let (mut inputs, mut outputs, mut budgets) = (None, None, Vec::new());
        let twice = |name: &str, at: &dyn quote::ToTokens| {
            Err(Error::new_spanned(at, words::argument_twice(name)))
        };
        for argument in list.parse2(tokens)? {
            match argument {
                Argument::Input(shapes) if inputs.is_some() => return twice("input", &shapes[0].1),
                Argument::Input(shapes) => inputs = Some(named_inputs(shapes)?),
                Argument::Output(shapes) if outputs.is_some() => {
                    return twice("output", &shapes[0].1)
                }
                Argument::Output(shapes) => outputs = Some(shapes),
                Argument::Budget(name, limit) => {
                    if budgets.iter().any(|(other, _)| *other == name) {
                        return twice(name, &limit);
                    }
                    budgets.push((name, limit));
                }
            }
        }
        let missing = |name| Error::new(Span::call_site(), words::argument_missing(name));
        Ok(Arguments {
            inputs: inputs.ok_or_else(|| missing("input"))?,
            outputs: outputs.ok_or_else(|| missing("output"))?,
            budgets,
        })
    }
}

/// The inputs with the names by which `#[from]` calls them.
fn named_inputs(shapes: Vec<(Option<Ident>, Type)>) -> syn::Result<Vec<(String, InputShape)>> {
    let single = shapes.len() == 1;
    if shapes.len() > MOST_INPUTS {
        let message = words::too_many_inputs(shapes.len(), MOST_INPUTS);
        return Err(Error::new_spanned(&shapes[MOST_INPUTS].1, message));
    }
    let mut inputs: Vec<(String, InputShape)> = Vec::new();
    for (name, shape) in shapes {
        let name = match name {
            Some(name) if inputs.iter().any(|(other, _)| name == other) => {
                return Err(Error::new(name.span(), words::input_twice(&name)));
            }
            Some(name) => name.unraw().to_string(),
            None if single => INPUT.to_owned(),
            None => return Err(Error::new_spanned(shape, words::input_without_a_name())),
        };
        inputs.push((name, InputShape::new(shape)?));
    }
    Ok(inputs)
}

/// Arguments with commas between them.
fn list(tokens: ParseStream) -> syn::Result<Vec<Argument>> {
    let mut list = Vec::new();
    while !tokens.is_empty() {
        list.push(tokens.parse()?);
        if !tokens.is_empty() && !tokens.peek(Token![,]) {
            return Err(tokens.error(words::no_comma()));
        }
        tokens.parse::<Option<Token![,]>>()?;
    }
    Ok(list)
}

impl InputShape {
    fn new(shape: Type) -> syn::Result<Self> {
        // A type that comes out of another macro is wrapped.
        let mut bare = &shape;
        while let Type::Group(syn::TypeGroup { elem, .. })
        | Type::Paren(syn::TypeParen { elem, .. }) = bare
        {
            bare = elem;
        }
        let last = match bare {
            Type::Path(path) => path.path.segments.last(),
            _ => None,
        };
        let Some((last, rank)) = last.and_then(|last| match last.ident.to_string().as_str() {
            "Chw" => Some((last, 3)),
            "Flat" => Some((last, 1)),
            _ => None,
        }) else {
            return Err(Error::new_spanned(&shape, words::input_by_another_name()));
        };
        let mut axes = vec![Span::call_site(); rank];
        if let syn::PathArguments::AngleBracketed(sizes) = &last.arguments {
            for (axis, size) in axes.iter_mut().zip(&sizes.args) {
                *axis = size.span();
            }
        }
        Ok(InputShape { shape, axes })
    }
}

impl Model {
    /// Reads a `#[model(arguments)] item`.
    pub fn parse(arguments: TokenStream, item: TokenStream) -> syn::Result<Self> {
        let item = a_struct("model", item)?;
        let arguments = Arguments::parse(arguments)?;
        if !item.generics.params.is_empty() || item.generics.where_clause.is_some() {
            let message = words::generic_model(&item.ident);
            return Err(Error::new_spanned(&item.generics, message));
        }
        let (names, inputs) = arguments.inputs.into_iter().unzip();
        let mut graph = Graph::parse(item, names)?;
        let outputs = graph.outputs(arguments.outputs)?;
        let fields: Vec<_> = outputs.iter().map(|output| output.field).collect();
        graph.report_unused(&fields);
        Ok(Model {
            inputs,
            outputs,
            budgets: arguments.budgets,
            graph,
        })
    }
}

impl Block {
    /// Reads a `#[block(arguments)] item`.
    pub fn parse(arguments: TokenStream, item: TokenStream) -> syn::Result<Self> {
        let item = a_struct("block", item)?;
        let inputs = block_inputs.parse2(arguments)?;
        let generics = item.generics.clone();
        if let Some(lifetime) = generics.lifetimes().next() {
            let message = words::block_with_a_lifetime(&item.ident);
            return Err(Error::new_spanned(lifetime, message));
        }
        let mut graph = Graph::parse(item, inputs)?;
        for layer in &graph.layers {
            if matches!(&layer.layer, Type::Path(path) if path.path.is_ident(&graph.name)
                || path.path.segments.last().is_some_and(|last| last.ident == graph.name))
            {
                let message = words::block_in_itself(&graph.name, &layer.name);
                return Err(Error::new_spanned(&layer.layer, message));
            }
        }
        graph.report_unused(&[graph.layers.len() - 1]);
        Ok(Block { generics, graph })
    }
}

/// `input = (a, b)`, or nothing for the one input called `input`.
fn block_inputs(tokens: ParseStream) -> syn::Result<Vec<String>> {
    if tokens.is_empty() {
        return Ok(vec![INPUT.to_owned()]);
    }
    let wrong = |error: Error| Error::new(error.span(), words::block_arguments());
    let name: Ident = tokens.parse().map_err(wrong)?;
    if name != INPUT {
        return Err(Error::new(name.span(), words::block_arguments()));
    }
    tokens.parse::<Token![=]>().map_err(wrong)?;
    if !tokens.peek(syn::token::Paren) {
        return Err(Error::new(tokens.span(), words::block_arguments()));
    }
    let list;
    syn::parenthesized!(list in tokens);
    let names = list
        .parse_terminated(Ident::parse, Token![,])
        .map_err(wrong)?;
    if !tokens.is_empty() || names.is_empty() {
        return Err(tokens.error(words::block_arguments()));
    }
    let mut inputs: Vec<String> = Vec::new();
    for name in &names {
        let text = name.unraw().to_string();
        if inputs.contains(&text) {
            return Err(Error::new(name.span(), words::input_twice(name)));
        }
        inputs.push(text);
    }
    if inputs.len() > MOST_INPUTS {
        let message = words::too_many_inputs(inputs.len(), MOST_INPUTS);
        return Err(Error::new_spanned(&names, message));
    }
    Ok(inputs)
}

fn a_struct(attribute: &str, item: TokenStream) -> syn::Result<ItemStruct> {
    syn::parse2(item.clone()).map_err(|_| Error::new_spanned(&item, words::not_a_struct(attribute)))
}

impl Graph {
    fn parse(item: ItemStruct, inputs: Vec<String>) -> syn::Result<Self> {
        let fields = match item.fields {
            Fields::Named(fields) if !fields.named.is_empty() => fields.named,
            other => {
                let message = words::no_named_fields(&item.ident);
                return Err(match other {
                    Fields::Unnamed(fields) => Error::new_spanned(fields, message),
                    _ => Error::new_spanned(&item.ident, message),
                });
            }
        };
        let names: Vec<Ident> = fields.iter().filter_map(|f| f.ident.clone()).collect();
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) {
                return Err(Error::new(
                    name.span(),
                    words::field_twice(&item.ident, name),
                ));
            }
            if inputs.contains(&name.unraw().to_string()) {
                let message = words::field_called_like_an_input(&item.ident, name);
                return Err(Error::new(name.span(), message));
            }
        }
        let mut graph = Graph {
            attributes: item.attrs,
            visibility: item.vis,
            name: item.ident,
            inputs,
            layers: Vec::new(),
            errors: Vec::new(),
        };
        for (index, field) in fields.into_iter().enumerate() {
            let layer = Layer::parse(&mut graph, field, index, &names)?;
            graph.layers.push(layer);
        }
        Ok(graph)
    }

    /// The fields that give the declared outputs: those named, else those no other field takes.
    fn outputs(&self, declared: Vec<(Option<Ident>, Type)>) -> syn::Result<Vec<Output>> {
        let ends: Vec<usize> = (0..self.layers.len())
            .filter(|index| !self.feeds(Source::Field(*index)))
            .collect();
        let single = declared.len() == 1;
        let count = declared.len();
        let unnamed = declared.iter().filter(|(name, _)| name.is_none()).count();
        if !single && unnamed > 0 && (unnamed < count || ends.len() != count) {
            let names: Vec<_> = ends
                .iter()
                .map(|i| self.layers[*i].name.to_string())
                .collect();
            let message = words::output_count(&self.name, count, &names);
            return Err(Error::new_spanned(&declared[count - 1].1, message));
        }
        let field = |place: usize, name: &Option<Ident>| match name {
            Some(name) => self
                .layers
                .iter()
                .position(|layer| layer.name == *name)
                .ok_or_else(|| {
                    let fields: Vec<_> = self.layers.iter().map(|l| l.name.to_string()).collect();
                    let message = words::output_unknown(&self.name, name, &fields);
                    Error::new(name.span(), message)
                }),
            None if single => Ok(self.layers.len() - 1),
            None => Ok(ends[place]),
        };
        declared
            .into_iter()
            .enumerate()
            .map(|(place, (name, shape))| {
                Ok(Output {
                    field: field(place, &name)?,
                    shape,
                })
            })
            .collect()
    }

    fn feeds(&self, source: Source) -> bool {
        self.layers
            .iter()
            .any(|layer| layer.inputs.contains(&source))
    }

    /// Reports every field and input that goes nowhere.
    fn report_unused(&mut self, outputs: &[usize]) {
        if !self.errors.is_empty() {
            return; // a wrong `#[from]` may be the reason
        }
        let mut errors = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            if !outputs.contains(&index) && !self.feeds(Source::Field(index)) {
                let message = words::unused_output(&self.name, &layer.name);
                errors.push(Error::new(layer.name.span(), message));
            }
        }
        for (index, input) in self.inputs.iter().enumerate() {
            if !self.feeds(Source::Input(index)) {
                let message = words::unused_input(&self.name, input);
                errors.push(Error::new(self.name.span(), message));
            }
        }
        self.errors = errors;
    }
}

impl Layer {
    fn parse(graph: &mut Graph, field: Field, index: usize, names: &[Ident]) -> syn::Result<Self> {
        let Graph {
            name: model,
            inputs: own,
            errors,
            ..
        } = graph;
        let name = names[index].clone();
        let conditional =
            |a: &&Attribute| a.path().is_ident("cfg") || a.path().is_ident("cfg_attr");
        if let Some(attribute) = field.attrs.iter().find(conditional) {
            return Err(Error::new_spanned(
                attribute,
                words::conditional_field(model, &name),
            ));
        }
        let (from, attributes): (Vec<_>, Vec<_>) = field
            .attrs
            .into_iter()
            .partition(|a| a.path().is_ident("from"));
        let before = match index {
            0 => Source::Input(0),
            _ => Source::Field(index - 1),
        };
        let (inputs, guessed) = match from.as_slice() {
            [] => (vec![before], false),
            [from] => match sources(model, from, index, names, own) {
                Ok(inputs) => (inputs, false),
                Err(error) => {
                    errors.push(error);
                    (vec![before], true)
                }
            },
            [_, second, ..] => {
                errors.push(Error::new_spanned(second, words::two_froms(model, &name)));
                (vec![before], true)
            }
        };
        Ok(Layer {
            attributes,
            visibility: field.vis,
            name,
            layer: field.ty,
            inputs,
            guessed,
        })
    }
}

/// The fields that a `#[from(…)]` names.
fn sources(
    model: &Ident,
    from: &Attribute,
    index: usize,
    names: &[Ident],
    own: &[String],
) -> syn::Result<Vec<Source>> {
    let field = &names[index];
    let list = from
        .parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated)
        .map_err(|error| Error::new(error.span(), words::from_without_fields(model, field)))?;
    if list.is_empty() {
        return Err(Error::new_spanned(
            from,
            words::from_without_fields(model, field),
        ));
    }
    if list.len() > MOST_INPUTS {
        let message = words::from_too_many(model, field, list.len(), MOST_INPUTS);
        return Err(Error::new_spanned(list, message));
    }
    list.iter()
        .map(|source| {
            let text = source.unraw().to_string();
            if let Some(position) = own.iter().position(|input| *input == text) {
                return Ok(Source::Input(position));
            }
            let position = names.iter().position(|name| name == source);
            if let Some(position) = position.filter(|position| *position < index) {
                return Ok(Source::Field(position));
            }
            let earlier: Vec<_> = own
                .iter()
                .cloned()
                .chain(names[..index].iter().map(Ident::to_string))
                .collect();
            let message = match position {
                Some(_) => words::from_later(model, field, &text, &earlier),
                None => words::from_unknown(model, field, &text, &earlier),
            };
            Err(Error::new(source.span(), message))
        })
        .collect()
}
