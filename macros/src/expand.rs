//! From a model to Rust: consts that infer and check, the struct, and what is known of it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned, ToTokens};
use syn::ext::IdentExt;

use crate::implement::{collection, modules};
use crate::parse::{Layer, Model, INPUT};

/// Writes the model out.
pub fn expand(model: &Model) -> TokenStream {
    let errors = model.errors.iter().map(syn::Error::to_compile_error);
    let shapes = shapes(model);
    let checks = checks(model);
    let item = item(model);
    let constants = constants(model);
    let collection = collection(model);
    let modules = modules(model);
    quote! {
        #(#errors)*
        #shapes
        #checks
        #item
        #constants
        #collection
        #modules
    }
}

/// A field's name as text: `type` for `r#type`.
pub fn text(field: &Ident) -> String {
    field.unraw().to_string()
}

/// The hidden name of the declared output.
pub fn declared(model: &Model) -> Ident {
    format_ident!("__{}_Declared", model.name, span = Span::call_site())
}

/// The hidden names that belong to one field (or to the model's input).
pub struct Names {
    /// const: the signature
    pub signature: Ident,
    /// type: what the user wrote
    pub open: Ident,
    /// type: what flows in
    pub input: Ident,
    /// type: what flows out
    pub output: Ident,
}

pub fn names(model: &Model, field: &str) -> Names {
    let name = |part: &str| {
        format_ident!(
            "__{}_{}{}",
            model.name,
            field,
            part,
            span = Span::call_site()
        )
    };
    Names {
        signature: name(""),
        open: name("_Open"),
        input: name("_In"),
        output: name("_Out"),
    }
}

fn source_name(model: &Model, source: Option<usize>) -> String {
    match source {
        Some(index) => text(&model.layers[index].name),
        None => INPUT.to_owned(),
    }
}

/// For each field its signature, and the types that follow from it.
fn shapes(model: &Model) -> TokenStream {
    let input = names(model, INPUT);
    let (input_signature, input_output) = (&input.signature, &input.output);
    let input_shape = &model.arguments.input.shape;
    let (declared, output_shape) = (declared(model), &model.arguments.output);
    // In the namespace of values, the name is the shape's value.
    let declared_dims = declared.clone();
    let declared_type = from_dims(&quote!(#declared_dims));
    let fields = model.layers.iter().map(|layer| {
        let Names {
            signature,
            open,
            input,
            output,
        } = names(model, &text(&layer.name));
        let sources: Vec<Names> = layer
            .inputs
            .iter()
            .map(|source| names(model, &source_name(model, *source)))
            .collect();
        let outputs = sources.iter().map(|s| &s.output);
        let input_type = match layer.inputs.len() {
            1 => quote!(#(#outputs)*),
            _ => quote!((#(#outputs),*)),
        };
        let certain = sources.iter().map(|s| &s.signature);
        let output_type = from_dims(&quote!(#signature.output));
        let silenced = layer.guessed.then(|| quote!(.silenced()));
        let written = &layer.layer;
        // A type that is no layer is told where it is written.
        let mut asked = open.clone();
        asked.set_span(first_span(written));
        quote! {
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            type #open = #written;
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            type #input = #input_type;
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            const #signature: ::shapeproof::shape::Signature =
                <#asked as ::shapeproof::shape::Infer<#input>>::SIGNATURE
                    .behind(true #(&& #certain.certain)*)
                    #silenced;
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            type #output = #output_type;
        }
    });
    quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        type #input_output = #input_shape;
        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        const #input_signature: ::shapeproof::shape::Signature =
            ::shapeproof::shape::Signature::input(
                <#input_output as ::shapeproof::shape::LayerShape>::DIMS,
            );
        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        const #declared_dims: ::shapeproof::shape::Dims = <#output_shape as ::shapeproof::shape::LayerShape>::DIMS;
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        type #declared = #declared_type;
        #(#fields)*
    }
}

/// The type of the shape `dims`, a constant expression.
///
/// Where that constant has an error, which is told in its own place, the type is silent.
fn from_dims(dims: &TokenStream) -> TokenStream {
    quote! {
        <
            ::shapeproof::shape::Rank<{ #dims.rank() }>
            as ::shapeproof::shape::FromDims<
                { #dims.size(0) },
                { #dims.size(1) },
                { #dims.size(2) },
            >
        >::Shape
    }
}

/// One const for each field, for the output and for each budget, that panics with the message.
///
/// They bind no variable: a lower-case constant of the user's would turn it into a pattern.
fn checks(model: &Model) -> TokenStream {
    let name = model.name.to_string();
    let misfit = |field: &str, signature: &TokenStream, at: &dyn ToTokens| {
        let panic = panic_at(
            at,
            quote!("{}", ::shapeproof::shape::misfit_message(#name, #field, &#signature).as_str()),
        );
        quote!(const _: () = if #signature.misfit.is_some() { #panic };)
    };
    let input = names(model, INPUT).signature;
    let input = misfit(INPUT, &quote!(#input), &model.arguments.input.shape);
    let fields = model.layers.iter().map(|layer| {
        let field = text(&layer.name);
        let signature = names(model, &field).signature;
        misfit(&field, &quote!(#signature), &layer.layer)
    });

    let last = &model.layers[model.layers.len() - 1];
    let last_name = text(&last.name);
    let (signature, output) = (names(model, &last_name).signature, declared(model));
    let output = misfit(
        &last_name,
        &quote!(#signature.declared_as(#output)),
        &last.layer,
    );

    let signatures: Vec<_> = model
        .layers
        .iter()
        .map(|layer| names(model, &text(&layer.name)).signature)
        .collect();
    let layers = layer_rows(model);
    let budgets = model.arguments.budgets.iter().map(|(budget, written)| {
        let limit = format_ident!(
            "__{}_Limit_{}",
            model.name,
            budget,
            span = Span::call_site()
        );
        let (variant, total) = match *budget {
            "max_params" => (quote!(Params), quote!(total_params(#layers))),
            "max_macs" => (quote!(Macs), quote!(total_macs(#layers))),
            _ => (
                quote!(ActivationBytes),
                quote!(total_activations(#layers).saturating_mul(4)),
            ),
        };
        let found = quote!(::shapeproof::shape::LayerInfo::#total);
        let message = quote! {
            ::shapeproof::shape::budget_message(
                #name, ::shapeproof::shape::Budget::#variant, #limit, #found,
            )
        };
        let panic = panic_at(written, quote!("{}", #message.as_str()));
        quote! {
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            const #limit: usize = #written;
            const _: () = if true #(&& #signatures.fits)* && #found > #limit { #panic };
        }
    });
    quote! {
        #input
        #(#fields)*
        #output
        #(#budgets)*
    }
}

fn first_span(at: &dyn ToTokens) -> Span {
    let first = at.to_token_stream().into_iter().next();
    first.map_or_else(Span::call_site, |token| token.span())
}

/// `panic!(arguments)` whose place in the error is the whole of `at`.
fn panic_at(at: &dyn ToTokens, arguments: TokenStream) -> TokenStream {
    let first = first_span(at);
    let last = at
        .to_token_stream()
        .into_iter()
        .last()
        .map_or(first, |t| t.span());
    // An expression reaches from its first to its last token, so these two carry the place.
    let mut group = Group::new(Delimiter::Parenthesis, arguments);
    group.set_span(last);
    let mut panic = quote_spanned!(first=> ::core::panic!);
    panic.extend([TokenTree::Group(group)]);
    panic
}

fn layer_rows(model: &Model) -> TokenStream {
    let rows = model.layers.iter().map(|layer| {
        let name = text(&layer.name);
        let signature = names(model, &name).signature;
        let inputs = layer.inputs.iter().map(|s| source_name(model, *s));
        quote!(::shapeproof::shape::LayerInfo::new(#name, &[#(#inputs),*], &#signature))
    });
    quote!(&[#(#rows),*])
}

/// The names of the type parameters in what is written out.
pub struct Generics {
    pub e: Ident,
    pub d: Ident,
    pub e2: Ident,
    pub d2: Ident,
    pub b: Ident,
    pub t: Ident,
    pub v: Ident,
}

/// `E` for the numbers, `D` for the device and so on, or another name where the model has that one.
pub fn generics(model: &Model) -> Generics {
    let name = |name: &str| {
        let taken = model.name == name;
        Ident::new(
            &format!("{name}{}", if taken { "_" } else { "" }),
            Span::call_site(),
        )
    };
    Generics {
        e: name("E"),
        d: name("D"),
        e2: name("E2"),
        d2: name("D2"),
        b: name("B"),
        t: name("T"),
        v: name("V"),
    }
}

/// The struct with its closed layers, and how to make one.
fn item(model: &Model) -> TokenStream {
    let Model {
        attributes,
        visibility,
        name,
        ..
    } = model;
    let Generics { e, d, e2, d2, .. } = generics(model);
    let fields = model.layers.iter().map(|layer| {
        let Layer {
            attributes,
            visibility,
            name,
            ..
        } = layer;
        let Names {
            signature,
            open,
            input,
            output,
        } = names(model, &text(name));
        quote! {
            #(#attributes)*
            #visibility #name: <
                ::shapeproof::layers::Verdict<{ #signature.fits }>
                as ::shapeproof::layers::Choose<#open, #input, #output>
            >::Layer<#e, #d>
        }
    });
    let table = table(model);
    let err = quote!(<Self as ::shapeproof::BuildOn<#d>>::Err);
    quote! {
        #(#attributes)*
        #[doc = #table]
        #visibility struct #name<
            #e: ::shapeproof::dfdx::prelude::Dtype = f32,
            #d: ::shapeproof::dfdx::prelude::Storage<#e> = ::shapeproof::dfdx::prelude::Cpu,
        > {
            #(#fields,)*
        }

        #[allow(dead_code)]
        impl<#e, #d> #name<#e, #d>
        where
            #e: ::shapeproof::dfdx::prelude::Dtype,
            #d: ::shapeproof::dfdx::prelude::Storage<#e>,
        {
            /// Builds the model on `device` with parameters drawn from its random numbers.
            ///
            /// # Panics
            /// When the device is out of memory; see `try_new`.
            #visibility fn new(device: &#d) -> Self
            where
                Self: ::shapeproof::BuildOn<#d>,
            {
                Self::try_new(device).expect("the device has memory for the parameters")
            }

            /// Builds the model on `device` with parameters drawn from its random numbers.
            ///
            /// # Errors
            /// When the device is out of memory.
            #visibility fn try_new(device: &#d) -> ::core::result::Result<Self, #err>
            where
                Self: ::shapeproof::BuildOn<#d>,
            {
                ::shapeproof::BuildOn::try_build_on(device)
            }
        }

        // Tells of the model, not of the traits that its numbers and device lack.
        #[diagnostic::do_not_recommend]
        impl<#e, #d> ::shapeproof::BuildOn<#d> for #name<#e, #d>
        where
            #e: ::shapeproof::tensor::Element,
            #d: ::shapeproof::dfdx::prelude::Device<#e>,
        {
            type Err = <#d as ::shapeproof::dfdx::prelude::HasErr>::Err;

            fn try_build_on(device: &#d) -> ::core::result::Result<Self, Self::Err> {
                <Self as ::shapeproof::dfdx::nn::BuildModule<#d, #e>>::try_build(device)
            }
        }

        impl<#e, #d, #e2, #d2> ::shapeproof::dfdx::nn::BuildOnDevice<#d2, #e2> for #name<#e, #d>
        where
            #e: ::shapeproof::dfdx::prelude::Dtype,
            #d: ::shapeproof::dfdx::prelude::Storage<#e>,
            #e2: ::shapeproof::tensor::Element,
            #d2: ::shapeproof::dfdx::prelude::Device<#e2>,
        {
            type Built = #name<#e2, #d2>;
        }
    }
}

/// The layers for rustdoc. Their shapes are known only after this macro has run.
fn table(model: &Model) -> String {
    let written = |tokens: &dyn ToTokens| {
        let text = tokens.to_token_stream().to_string();
        let text = text
            .replace(" < ", "<")
            .replace(" > ", ">")
            .replace(" >", ">");
        text.replace(" ,", ",")
            .replace(" :: ", "::")
            .replace("> >", ">>")
    };
    let mut table = String::from("\n\n| field | layer | input |\n|---|---|---|\n");
    for layer in &model.layers {
        let inputs = layer.inputs.iter().map(|s| source_name(model, *s));
        let inputs: Vec<_> = inputs.map(|name| format!("`{name}`")).collect();
        table.push_str(&format!(
            "| `{}` | `{}` | {} |\n",
            text(&layer.name),
            written(&layer.layer),
            inputs.join(", "),
        ));
    }
    table.push_str(&format!(
        "\nFrom `{}` to `{}`; `{}::summary()` prints the shapes and costs of all layers.",
        written(&model.arguments.input.shape),
        written(&model.arguments.output),
        model.name,
    ));
    table
}

/// What is known without building the model.
fn constants(model: &Model) -> TokenStream {
    let Model {
        visibility, name, ..
    } = model;
    let Generics { e, d, .. } = generics(model);
    let text = name.to_string();
    let layers = layer_rows(model);
    let input = names(model, INPUT).output;
    let output = declared(model);
    let default = quote!(#name<f32, ::shapeproof::dfdx::prelude::Cpu>);
    let this = quote!(<Self as ::shapeproof::Model>);
    quote! {
        impl<#e, #d> ::shapeproof::Model for #name<#e, #d>
        where
            #e: ::shapeproof::dfdx::prelude::Dtype,
            #d: ::shapeproof::dfdx::prelude::Storage<#e>,
        {
            type Input = #input;
            type Output = #output;
            type Number = #e;
            const NAME: &'static str = #text;
            const LAYERS: &'static [::shapeproof::shape::LayerInfo] = #layers;
        }

        #[allow(dead_code)]
        impl #default {
            /// The layers in order, with their shapes and costs.
            #visibility const LAYERS: &'static [::shapeproof::shape::LayerInfo] = #this::LAYERS;
            /// Learned numbers.
            #visibility const PARAMS: usize = #this::PARAMS;
            /// Multiply-accumulates for one image.
            #visibility const MACS: usize = #this::MACS;
            /// Bytes that all layers put out for one image, in `f32`.
            #visibility const ACTIVATION_BYTES: usize = #this::ACTIVATION_BYTES;

            /// The table of the layers; nothing is built for it.
            #visibility fn summary() -> ::shapeproof::shape::Summary {
                #this::summary()
            }
        }
    }
}
