//! From tokens to a model: its arguments, its fields, and which field feeds which.

use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Field, Fields, Ident, ItemStruct, Token, Type, Visibility};

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
    pub rank: usize,
}

enum Argument {
    Input(Type),
    Output(Type),
    Budget(&'static str, Expr),
}

const BUDGETS: [&str; 3] = ["max_params", "max_macs", "max_activation_bytes"];

impl Parse for Argument {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let name: Ident = input.parse()?;
        let text = name.to_string();
        let known = || ["input", "output"].into_iter().chain(BUDGETS);
        if !known().any(|k| k == text) {
            let list = known().map(|k| format!("`{k}`")).collect::<Vec<_>>();
            return Err(Error::new(
                name.span(),
                format!(
                    "`#[model]` has no argument `{text}`{}\nits arguments are {}",
                    did_you_mean(&text, known()),
                    list.join(", "),
                ),
            ));
        }
        input.parse::<Token![=]>()?;
        Ok(match text.as_str() {
            "input" => Argument::Input(input.parse()?),
            "output" => Argument::Output(input.parse()?),
            _ => {
                let budget = BUDGETS.into_iter().find(|b| *b == text);
                Argument::Budget(budget.unwrap_or(BUDGETS[0]), input.parse()?)
            }
        })
    }
}

impl Arguments {
    fn parse(tokens: TokenStream) -> syn::Result<Self> {
        let list = Punctuated::<Argument, Token![,]>::parse_terminated.parse2(tokens)?;
        let (mut input, mut output, mut budgets) = (None, None, Vec::new());
        let twice = |name: &str, span: Span| {
            Err(Error::new(
                span,
                format!("`{name}` is given twice in `#[model]`"),
            ))
        };
        for argument in list {
            match argument {
                Argument::Input(shape) if input.is_some() => return twice("input", shape.span()),
                Argument::Input(shape) => input = Some(InputShape::new(shape)?),
                Argument::Output(shape) if output.is_some() => {
                    return twice("output", shape.span())
                }
                Argument::Output(shape) => output = Some(shape),
                Argument::Budget(name, limit) => {
                    if budgets.iter().any(|(other, _)| *other == name) {
                        return twice(name, limit.span());
                    }
                    budgets.push((name, limit));
                }
            }
        }
        let missing = |name: &str, example: &str| {
            Error::new(
                Span::call_site(),
                format!("`#[model]` needs `{name} = …`, such as `{name} = {example}`"),
            )
        };
        Ok(Arguments {
            input: input.ok_or_else(|| missing("input", "Chw<1, 28, 28>"))?,
            output: output.ok_or_else(|| missing("output", "Flat<10>"))?,
            budgets,
        })
    }
}

impl InputShape {
    fn new(shape: Type) -> syn::Result<Self> {
        let rank =
            match &shape {
                Type::Path(path) => path.path.segments.last().and_then(|last| {
                    match last.ident.to_string().as_str() {
                        "Chw" => Some(3),
                        "Flat" => Some(1),
                        _ => None,
                    }
                }),
                _ => None,
            };
        match rank {
            Some(rank) => Ok(InputShape { shape, rank }),
            None => Err(Error::new(
                shape.span(),
                "the input of a `#[model]` is written out, as `Chw<channels, height, width>` or `Flat<features>`",
            )),
        }
    }
}

impl Model {
    /// Reads a `#[model(arguments)] item`.
    pub fn parse(arguments: TokenStream, item: TokenStream) -> syn::Result<Self> {
        let item: ItemStruct = syn::parse2(item.clone()).map_err(|_| {
            Error::new_spanned(
                &item,
                "`#[model]` goes on a struct with named fields: each field is a layer",
            )
        })?;
        let arguments = Arguments::parse(arguments)?;
        if !item.generics.params.is_empty() || item.generics.where_clause.is_some() {
            return Err(Error::new_spanned(
                &item.generics,
                format!(
                    "`{}` has generic parameters, a model adds its own: it becomes `{}<E, D>`, generic over the type of its numbers and its device",
                    item.ident, item.ident,
                ),
            ));
        }
        let fields = match item.fields {
            Fields::Named(fields) if !fields.named.is_empty() => fields.named,
            other => {
                let message =
                    "`#[model]` needs named fields, each a layer: `conv1: Conv2d<6, Kernel<5>>,`";
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
                    format!("`{}.{name}` is written twice\nevery field needs a name of its own, `#[from({name})]` could mean both\ntry `{name}2`", item.ident),
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
        if name == INPUT {
            return Err(Error::new(
                name.span(),
                format!("`{model}.input`: a field cannot be called `input`, that is the name of the model's own input in `#[from]`"),
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
                errors.push(Error::new_spanned(
                    second,
                    format!("`{model}.{name}` has two `#[from]`, write all inputs into one: `#[from(a, b)]`"),
                ));
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
    let list = from.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated)?;
    if list.is_empty() || list.len() > MOST_INPUTS {
        return Err(Error::new_spanned(
            from,
            format!(
                "`{model}.{field}` takes its input from {} fields, `#[from(…)]` names 1 to {MOST_INPUTS}",
                list.len(),
            ),
        ));
    }
    list.iter()
        .map(|source| {
            if source == INPUT {
                return Ok(None);
            }
            let text = source.to_string();
            let earlier = || [INPUT.to_owned()].into_iter().chain(names[..index].iter().map(Ident::to_string));
            let choices = || {
                let all: Vec<_> = earlier().map(|n| format!("`{n}`")).collect();
                all.join(", ")
            };
            match names.iter().position(|name| name == source) {
                Some(position) if position < index => Ok(Some(position)),
                Some(position) => Err(Error::new(
                    source.span(),
                    format!(
                        "`{model}.{field}` takes its input from `{text}`, which is defined {}\nfields run in order, so an input comes from above: {}\ntry to move `{text}` above `{field}`",
                        if position == index { "by this very field" } else { "after it" },
                        choices(),
                    ),
                )),
                None => Err(Error::new(
                    source.span(),
                    format!(
                        "`{model}.{field}` takes its input from `{text}`, but there is no such field{}\nthe inputs it can name are {}",
                        did_you_mean(&text, earlier()),
                        choices(),
                    ),
                )),
            }
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
            errors.push(Error::new(
                layer.name.span(),
                format!(
                    "`{model}.{name}` is computed for nothing: no later field takes its output\ntry `#[from({name})]` on the field that should, or remove `{name}`",
                    name = layer.name,
                ),
            ));
        }
    }
}

/// `, did you mean …?` for the most similar of `known`, if one is similar.
pub fn did_you_mean<T: AsRef<str>>(text: &str, known: impl Iterator<Item = T>) -> String {
    known
        .map(|k| (distance(text, k.as_ref()), k))
        .filter(|(d, k)| *d <= 1 + k.as_ref().len() / 4)
        .min_by_key(|(d, _)| *d)
        .map_or_else(String::new, |(_, k)| {
            format!(", did you mean `{}`?", k.as_ref())
        })
}

/// Number of letters to change, add or drop to get from `a` to `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let change = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
