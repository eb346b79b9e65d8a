//! From tokens to a model: its arguments, its fields, and which field feeds which.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Field, Fields, Ident, ItemStruct, Token, Type, Visibility};

use crate::words;

/// The name by which `#[from]` calls the model's own input.
pub const INPUT: &str = "input";
/// As many inputs as `Inputs` is implemented for.
const MOST_INPUTS: usize = 6;

/// A parsed `#[model]`.
pub struct Model {
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub arguments: Arguments,
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
    /// Where the inputs come from; `None` is the model's own.
    pub inputs: Vec<Option<usize>>,
    /// Whether `inputs` stands in for a wrong `#[from]`.
    pub guessed: bool,
}

/// What stands in the parentheses of `#[model(…)]`.
pub struct Arguments {
    pub input: InputShape,
    pub output: Type,
    pub budgets: Vec<(&'static str, Expr)>,
}

/// The declared input, whose number of axes the macro reads to write the type of a batch.
pub struct InputShape {
    pub shape: Type,
    /// Where each axis has its size.
    pub axes: Vec<Span>,
}

enum Argument {
    Input(Type),
    Output(Type),
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
            None if text == "input" => Argument::Input(tokens.parse()?),
            None => Argument::Output(tokens.parse()?),
        })
    }
}

impl Arguments {
    fn parse(tokens: TokenStream) -> syn::Result<Self> {
        let (mut input, mut output, mut budgets) = (None, None, Vec::new());
        let twice = |name: &str, at: &dyn quote::ToTokens| {
            Err(Error::new_spanned(at, words::argument_twice(name)))
        };
        for argument in list.parse2(tokens)? {
            match argument {
                Argument::Input(shape) if input.is_some() => return twice("input", &shape),
                Argument::Input(shape) => input = Some(InputShape::new(shape)?),
                Argument::Output(shape) if output.is_some() => return twice("output", &shape),
                Argument::Output(shape) => output = Some(shape),
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
            input: input.ok_or_else(|| missing("input"))?,
            output: output.ok_or_else(|| missing("output"))?,
            budgets,
        })
    }
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
        let item: ItemStruct = syn::parse2(item.clone())
            .map_err(|_| Error::new_spanned(&item, words::not_a_struct()))?;
        let arguments = Arguments::parse(arguments)?;
        if !item.generics.params.is_empty() || item.generics.where_clause.is_some() {
            let message = words::generic_model(&item.ident);
            return Err(Error::new_spanned(&item.generics, message));
        }
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
        }
        let mut errors = Vec::new();
        let mut layers: Vec<Layer> = Vec::new();
        for (index, field) in fields.into_iter().enumerate() {
            layers.push(Layer::parse(
                &item.ident,
                field,
                index,
                &names,
                &mut errors,
            )?);
        }
        unused(&item.ident, &layers, &mut errors);
        Ok(Model {
            attributes: item.attrs,
            visibility: item.vis,
            name: item.ident,
            arguments,
            layers,
            errors,
        })
    }
}

impl Layer {
    fn parse(
        model: &Ident,
        field: Field,
        index: usize,
        names: &[Ident],
        errors: &mut Vec<Error>,
    ) -> syn::Result<Self> {
        let name = names[index].clone();
        if name.unraw() == INPUT {
            return Err(Error::new(name.span(), words::field_called_input(model)));
        }
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
        let before = index.checked_sub(1);
        let (inputs, guessed) = match from.as_slice() {
            [] => (vec![before], false),
            [from] => match sources(model, from, index, names) {
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
) -> syn::Result<Vec<Option<usize>>> {
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
            if source == INPUT {
                return Ok(None);
            }
            let position = names.iter().position(|name| name == source);
            if let Some(position) = position.filter(|position| *position < index) {
                return Ok(Some(position));
            }
            let own = [INPUT.to_owned()].into_iter();
            let earlier: Vec<_> = own
                .chain(names[..index].iter().map(Ident::to_string))
                .collect();
            let message = match position {
                Some(_) => words::from_later(model, field, &source.to_string(), &earlier),
                None => words::from_unknown(model, field, &source.to_string(), &earlier),
            };
            Err(Error::new(source.span(), message))
        })
        .collect()
}

/// Reports every field whose output goes nowhere.
fn unused(model: &Ident, layers: &[Layer], errors: &mut Vec<Error>) {
    if !errors.is_empty() {
        return; // a wrong `#[from]` may be the reason
    }
    for (index, layer) in layers.iter().enumerate().rev().skip(1) {
        if !layers.iter().any(|l| l.inputs.contains(&Some(index))) {
            let message = words::unused_output(model, &layer.name);
            errors.push(Error::new(layer.name.span(), message));
        }
    }
}
