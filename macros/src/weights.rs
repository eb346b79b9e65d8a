//! `check_weights!` and `include_weights!`: a file of weights, read while compiling.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned, ToTokens};
use shapeproof_header::{has_segments, Header, HeaderError, Place, Rule, TensorEntry, IGNORED};
use syn::parse::{Parse, ParseBuffer, ParseStream};
use syn::spanned::Spanned;
use syn::{bracketed, Error, Expr, LitStr, Token, Type};

use crate::expand::panic_at;
use crate::words;

/// The arguments behind model and path.
const ARGUMENTS: &[&str] = &["rename", "rename_prefix", "rename_exact", "ignore"];

/// `Net, "path", rename = ["from" => "to"], ignore = ["fc"]`.
pub struct Weights {
    model: Type,
    path: Expr,
    renamings: Vec<Renaming>,
    ignored: Vec<LitStr>,
}

struct Renaming {
    place: Place,
    from: LitStr,
    to: LitStr,
}

impl Parse for Renaming {
    fn parse(tokens: ParseStream) -> syn::Result<Self> {
        let from: LitStr = tokens.parse()?;
        tokens.parse::<Token![=>]>()?;
        Ok(Renaming {
            place: Place::Anywhere,
            from,
            to: tokens.parse()?,
        })
    }
}

impl Parse for Weights {
    fn parse(tokens: ParseStream) -> syn::Result<Self> {
        if tokens.is_empty() {
            return Err(tokens.error(words::weights_arguments()));
        }
        let model = tokens.parse()?;
        let comma = |tokens: ParseStream| {
            tokens
                .parse::<Token![,]>()
                .map_err(|e| Error::new(e.span(), words::weights_arguments()))
        };
        comma(tokens)?;
        if tokens.is_empty() {
            return Err(tokens.error(words::weights_arguments()));
        }
        let mut weights = Weights {
            model,
            path: tokens.parse()?,
            renamings: Vec::new(),
            ignored: Vec::new(),
        };
        while !tokens.is_empty() {
            comma(tokens)?;
            if !tokens.is_empty() {
                weights.argument(tokens)?;
            }
        }
        Ok(weights)
    }
}

impl Weights {
    fn argument(&mut self, tokens: ParseStream) -> syn::Result<()> {
        let name: Ident = tokens
            .parse()
            .map_err(|e| Error::new(e.span(), words::weights_arguments()))?;
        let text = name.to_string();
        let place = match text.as_str() {
            "rename" => Some(Place::Anywhere),
            "rename_prefix" => Some(Place::Start),
            "rename_exact" => Some(Place::Whole),
            "ignore" => None,
            _ => {
                let message = words::weights_unknown_argument(&text, ARGUMENTS);
                return Err(Error::new(name.span(), message));
            }
        };
        let wrong = |e: Error| Error::new(e.span(), words::weights_list(&text));
        tokens.parse::<Token![=]>().map_err(wrong)?;
        let list = in_brackets(tokens).map_err(wrong)?;
        match place {
            None => self.ignored.extend(
                list.parse_terminated(<LitStr as Parse>::parse, Token![,])
                    .map_err(wrong)?,
            ),
            Some(place) => {
                let pairs = list.parse_terminated(Renaming::parse, Token![,]);
                let pairs = pairs.map_err(wrong)?.into_iter();
                self.renamings
                    .extend(pairs.map(|pair| Renaming { place, ..pair }));
            }
        }
        Ok(())
    }
}

fn in_brackets<'a>(tokens: ParseStream<'a>) -> syn::Result<ParseBuffer<'a>> {
    let list;
    bracketed!(list in tokens);
    Ok(list)
}

/// A path, and the variables of the environment that are a part of it.
#[derive(Default)]
struct Text {
    text: String,
    variables: Vec<String>,
}

impl Text {
    /// Reads a string, `env!` or `concat!`; a macro sees them as they are written.
    fn read(&mut self, written: &Expr) -> syn::Result<()> {
        let wrong = || Error::new_spanned(written, words::weights_path());
        match written {
            Expr::Group(group) => self.read(&group.expr),
            Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => {
                self.text.push_str(&text.value());
                Ok(())
            }
            Expr::Macro(call) => match call.mac.path.segments.last() {
                Some(name) if name.ident == "concat" => {
                    let list = syn::punctuated::Punctuated::<Expr, Token![,]>::parse_terminated;
                    let parts = call.mac.parse_body_with(list).map_err(|_| wrong())?;
                    parts.iter().try_for_each(|part| self.read(part))
                }
                Some(name) if name.ident == "env" => {
                    let name: LitStr = call.mac.parse_body().map_err(|_| wrong())?;
                    let value = std::env::var(name.value()).map_err(|_| {
                        Error::new_spanned(written, words::weights_variable(&name.value()))
                    })?;
                    self.text.push_str(&value);
                    self.variables.push(name.value());
                    Ok(())
                }
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

/// The file as it was found.
struct Found {
    /// As the user writes it.
    written: String,
    /// From the root of the file system.
    path: String,
    variables: Vec<String>,
    tensors: Vec<TensorEntry>,
}

fn open(written: &Expr) -> syn::Result<Found> {
    let mut text = Text::default();
    text.read(written)?;
    let Text { text, variables } = text;
    let wrong = |message: String| Error::new_spanned(written, message);
    let unreadable = |reason: &dyn std::fmt::Display| {
        wrong(words::weights_unreadable(&text, &reason.to_string()))
    };
    // Cargo sets it; rustc alone begins where it stands.
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let path = folder.unwrap_or_default().join(&text);
    let path = std::path::absolute(path).map_err(|e| unreadable(&e))?;
    let file = File::open(&path).map_err(|e| unreadable(&e))?;
    let about = file.metadata().map_err(|e| unreadable(&e))?;
    if !about.is_file() {
        return Err(unreadable(&"it is not a file"));
    }
    let header = Header::read(file, about.len()).map_err(|error| match error {
        HeaderError::Read(reason) => unreadable(&reason),
        other => wrong(words::weights_damaged(
            &text,
            about.len(),
            &other.to_string(),
        )),
    })?;
    let Some(path) = path.to_str() else {
        return Err(unreadable(&"its path is not UTF-8"));
    };
    Ok(Found {
        path: path.to_owned(),
        tensors: header.tensors,
        written: text,
        variables,
    })
}

/// Compares the file with the model, and asks for it to be watched.
pub fn check(weights: &Weights) -> syn::Result<TokenStream> {
    let found = open(&weights.path)?;
    let check = comparison(weights, &found)?;
    let path = &found.path;
    Ok(quote! {
        const _: () = {
            const _: &[u8] = ::core::include_bytes!(#path);
            #check
        };
    })
}

/// The same, and the bytes with what loads them.
pub fn include(weights: &Weights) -> syn::Result<TokenStream> {
    let found = open(&weights.path)?;
    let check = comparison(weights, &found)?;
    let (path, model) = (&found.path, &weights.model);
    let renamings = weights.renamings.iter().map(|r| {
        let method = match r.place {
            Place::Anywhere => quote!(rename),
            Place::Start => quote!(rename_prefix),
            Place::Whole => quote!(rename_exact),
        };
        let (from, to) = (&r.from, &r.to);
        quote!(.#method(#from, #to))
    });
    let ignored = &weights.ignored;
    Ok(quote! {
        {
            const _: () = { #check };
            ::shapeproof::weights::Included::<#model>::new(
                ::core::include_bytes!(#path),
                || ::shapeproof::weights::Loader::new() #(#renamings)* #(.ignore(#ignored))*,
            )
        }
    })
}

/// Constants that panic where the file does not fit the model.
fn comparison(weights: &Weights, found: &Found) -> syn::Result<TokenStream> {
    let tensors = renamed(weights, found)?;
    let rows = tensors.iter().map(|(name, tensor)| {
        let TensorEntry {
            name: written,
            dtype,
            shape,
            ..
        } = tensor;
        quote! {
            ::shapeproof::shape::FileTensor {
                written: #written,
                name: #name,
                dtype: #dtype,
                shape: &[#(#shape),*],
            }
        }
    });
    let (model, count) = (&weights.model, tensors.len());
    // A type that is no model is told where it is written.
    let span = model.span();
    let compare = quote_spanned!(span=> ::shapeproof::compare_weights::<#model, #count>);
    let written = &found.written;
    let panic = panic_at(
        &weights.path,
        quote! {
            "{}",
            ::shapeproof::shape::weights_message(#written, &__SHAPEPROOF_MISFITS).as_str()
        },
    );
    let variables = &found.variables;
    Ok(quote! {
        #(const _: &str = ::core::env!(#variables);)*
        #[allow(long_running_const_eval)] // a large file has many names
        const __SHAPEPROOF_MISFITS: ::shapeproof::shape::WeightMisfits =
            #compare(&[#(#rows),*]);
        if !__SHAPEPROOF_MISFITS.is_empty() {
            #panic
        }
    })
}

/// The tensors by their names in the model.
fn renamed<'a>(
    weights: &Weights,
    found: &'a Found,
) -> syn::Result<BTreeMap<String, &'a TensorEntry>> {
    let rules: Vec<Rule> = weights
        .renamings
        .iter()
        .map(|r| Rule::new(r.place, r.from.value(), r.to.value()))
        .collect();
    let ignored: Vec<String> = weights.ignored.iter().map(LitStr::value).collect();
    let mut tensors: BTreeMap<String, &TensorEntry> = BTreeMap::new();
    for tensor in &found.tensors {
        let is_ignored = |segments: &str| has_segments(&tensor.name, segments);
        if is_ignored(IGNORED) || ignored.iter().any(|i| is_ignored(i)) {
            continue;
        }
        let own = tensor.name.clone();
        let name = rules.iter().fold(own, |name, rule| rule.apply(&name));
        if let Some(other) = tensors.insert(name.clone(), tensor) {
            let message =
                words::weights_collision(&found.written, &other.name, &tensor.name, &name);
            return Err(Error::new_spanned(&weights.path, message));
        }
    }
    Ok(tensors)
}

/// An error where an expression is expected.
pub fn in_expression(error: &Error) -> TokenStream {
    let error = error.to_compile_error().into_token_stream();
    quote_spanned!(Span::call_site()=> { #error })
}
