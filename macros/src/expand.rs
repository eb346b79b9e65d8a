//! From a model to Rust: consts that infer and check, the struct, and what is known of it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned, ToTokens};
use syn::ext::IdentExt;

use crate::implement::{collection, modules, network};
use crate::parse::{Graph, Layer, Model, Source};

/// Writes the model out.
pub fn expand(model: &Model) -> TokenStream {
    let errors = model.graph.errors.iter().map(syn::Error::to_compile_error);
    let shapes = shapes(model);
    let checks = checks(model);
    let item = item(model);
    let constants = constants(model);
    let collection = collection(model);
    let network = network(model);
    let modules = modules(model);
    quote! {
        #(#errors)*
        #shapes
        #checks
        #item
        #constants
        #collection
        #network
        #modules
    }
}

/// A field's name as text: `type` for `r#type`.
pub fn text(field: &Ident) -> String {
    field.unraw().to_string()
}

/// The hidden name of a declared output.
pub fn declared(model: &Model, output: usize) -> Ident {
    let place = if output == 0 {
        String::new()
    } else {
        output.to_string()
    };
    let name = format!("__{}_Declared{place}", model.graph.name);
    Ident::new(&name, Span::call_site())
}

/// The hidden names that belong to one field (or to an input of the model).
pub struct Names {
    /// const: the signature
    pub signature: Ident,
    /// const: the rows of a block's fields
    pub parts: Ident,
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
            model.graph.name,
            field,
            part,
            span = Span::call_site()
        )
    };
    Names {
        signature: name(""),
        parts: name("_Parts"),
        open: name("_Open"),
        input: name("_In"),
        output: name("_Out"),
    }
}

/// The name of the field or input that a field takes.
pub fn source_name(graph: &Graph, source: Source) -> String {
    match source {
        Source::Field(index) => text(&graph.layers[index].name),
        Source::Input(index) => graph.inputs[index].clone(),
    }
}

/// For each field its signature, and the types that follow from it.
fn shapes(model: &Model) -> TokenStream {
    let inputs = model.inputs.iter().zip(&model.graph.inputs);
    let inputs = inputs.map(|(input, name)| {
        let Names {
            signature, output, ..
        } = names(model, name);
        let shape = &input.shape;
        quote! {
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            type #output = #shape;
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            const #signature: ::shapeproof::shape::Signature =
                ::shapeproof::shape::Signature::input(
                    <#output as ::shapeproof::shape::LayerShape>::DIMS,
                );
        }
    });
    let outputs = model.outputs.iter().enumerate().map(|(place, output)| {
        let (declared, shape) = (declared(model, place), &output.shape);
        // In the namespace of values, the name is the shape's value.
        let declared_dims = declared.clone();
        let declared_type = from_dims(&quote!(#declared_dims));
        quote! {
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            const #declared_dims: ::shapeproof::shape::Dims =
                <#shape as ::shapeproof::shape::LayerShape>::DIMS;
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            type #declared = #declared_type;
        }
    });
    let fields = model.graph.layers.iter().map(|layer| {
        let Names {
            signature,
            parts,
            open,
            input,
            output,
        } = names(model, &text(&layer.name));
        let sources: Vec<Names> = layer
            .inputs
            .iter()
            .map(|source| names(model, &source_name(&model.graph, *source)))
            .collect();
        let outputs = sources.iter().map(|s| &s.output);
        let input_type = match layer.inputs.len() {
            1 => quote!(#(#outputs)*),
            _ => quote!((#(#outputs),*)),
        };
        let behind = sources.iter().map(|s| &s.signature);
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
                    .behind(&[#(&#behind),*])
                    #silenced;
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            const #parts: &[::shapeproof::shape::LayerInfo] =
                <#asked as ::shapeproof::shape::Infer<#input>>::PARTS;
            #[doc(hidden)]
            #[allow(non_camel_case_types)]
            type #output = #output_type;
        }
    });
    quote! {
        #(#inputs)*
        #(#outputs)*
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
    let name = model.graph.name.to_string();
    let misfit = |field: &str, signature: &TokenStream, at: &dyn ToTokens| {
        let panic = panic_at(
            at,
            quote!("{}", ::shapeproof::shape::misfit_message(#name, #field, &#signature).as_str()),
        );
        quote!(const _: () = if #signature.misfit.is_some() { #panic };)
    };
    let inputs = model.inputs.iter().zip(&model.graph.inputs);
    let inputs = inputs.map(|(input, name)| {
        let signature = names(model, name).signature;
        misfit(name, &quote!(#signature), &input.shape)
    });
    let fields = model.graph.layers.iter().map(|layer| {
        let field = text(&layer.name);
        let signature = names(model, &field).signature;
        misfit(&field, &quote!(#signature), &layer.layer)
    });
    let outputs = model.outputs.iter().enumerate().map(|(place, output)| {
        let layer = &model.graph.layers[output.field];
        let name = text(&layer.name);
        let (signature, declared) = (names(model, &name).signature, declared(model, place));
        misfit(
            &name,
            &quote!(#signature.declared_as(#declared)),
            &layer.layer,
        )
    });

    let signatures: Vec<_> = model
        .graph
        .layers
        .iter()
        .map(|layer| names(model, &text(&layer.name)).signature)
        .collect();
    let layers = layer_rows(model);
    let budgets = model.budgets.iter().map(|(budget, written)| {
        let limit = format_ident!(
            "__{}_Limit_{}",
            model.graph.name,
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
        #(#inputs)*
        #(#fields)*
        #(#outputs)*
        #(#budgets)*
    }
}

pub fn first_span(at: &dyn ToTokens) -> Span {
    let first = at.to_token_stream().into_iter().next();
    first.map_or_else(Span::call_site, |token| token.span())
}

/// `panic!(arguments)` whose place in the error is the whole of `at`.
pub fn panic_at(at: &dyn ToTokens, arguments: TokenStream) -> TokenStream {
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
    let rows = model.graph.layers.iter().map(|layer| {
        let name = text(&layer.name);
        let Names {
            signature, parts, ..
        } = names(model, &name);
        let inputs = layer.inputs.iter().map(|s| source_name(&model.graph, *s));
        quote!(::shapeproof::shape::LayerInfo::new(#name, &[#(#inputs),*], &#signature, #parts))
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
        let taken = model.graph.name == name;
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
    let Graph {
        attributes,
        visibility,
        name,
        ..
    } = &model.graph;
    let Generics { e, d, e2, d2, .. } = generics(model);
    let fields = model.graph.layers.iter().map(|layer| {
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
            ..
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
    let layers = layers_name(model);
    let layers_doc = format!("[`{name}`] with its layers as the compiler has inferred them.");
    quote! {
        #(#attributes)*
        #[doc = #table]
        #visibility struct #name<
            #e: ::shapeproof::dfdx::prelude::Dtype = f32,
            #d: ::shapeproof::dfdx::prelude::Storage<#e> = ::shapeproof::dfdx::prelude::Cpu,
        > {
            #(#fields,)*
        }

        // rustdoc works out the types of the fields for an alias, but not for the struct itself.
        #[doc = #layers_doc]
        #[allow(dead_code)]
        #visibility type #layers = #name<f32, ::shapeproof::dfdx::prelude::Cpu>;

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

        #[allow(dead_code)]
        impl<#e, #d> #name<#e, #d>
        where
            #e: ::shapeproof::tensor::Element,
            #d: ::shapeproof::dfdx::prelude::Device<#e>,
        {
            /// Builds the model with the parameters of the safetensors file named `path`.
            ///
            /// # Errors
            /// When the file cannot be read, is damaged, or holds other tensors than the model; the
            /// error lists them.
            #visibility fn load(
                path: impl ::core::convert::AsRef<::std::path::Path>,
            ) -> ::core::result::Result<Self, ::shapeproof::weights::WeightError> {
                ::shapeproof::weights::built(&<#d as ::core::default::Default>::default(), path)
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

/// The layers for rustdoc. Their shapes are known only after this macro has run, and shown by the
/// alias.
fn table(model: &Model) -> String {
    let mut table = layer_table(&model.graph);
    let list = |shapes: Vec<String>| shapes.join(", ");
    let inputs = model
        .inputs
        .iter()
        .map(|i| format!("`{}`", written(&i.shape)));
    let outputs = model
        .outputs
        .iter()
        .map(|o| format!("`{}`", written(&o.shape)));
    let name = &model.graph.name;
    table.push_str(&format!(
        "\nFrom {} to {}. [`{}`] shows the shapes of all layers, `{name}::summary()` prints them with \
        their costs.",
        list(inputs.collect()),
        list(outputs.collect()),
        layers_name(model),
    ));
    table
}

/// The name of the alias under which rustdoc shows the closed layers.
fn layers_name(model: &Model) -> Ident {
    format_ident!("{}Layers", model.graph.name)
}

/// The fields as a table of Markdown.
pub fn layer_table(graph: &Graph) -> String {
    let mut table = String::from("\n\n| field | layer | input |\n|---|---|---|\n");
    for layer in &graph.layers {
        let inputs = layer.inputs.iter().map(|s| source_name(graph, *s));
        let inputs: Vec<_> = inputs.map(|name| format!("`{name}`")).collect();
        table.push_str(&format!(
            "| `{}` | `{}` | {} |\n",
            text(&layer.name),
            written(&layer.layer),
            inputs.join(", "),
        ));
    }
    table
}

/// Tokens as a person would write them.
fn written(tokens: &dyn ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    let text = text
        .replace(" < ", "<")
        .replace(" > ", ">")
        .replace(" >", ">");
    text.replace(" ,", ",")
        .replace(" :: ", "::")
        .replace("> >", ">>")
}

/// What is known without building the model.
fn constants(model: &Model) -> TokenStream {
    let Graph {
        visibility, name, ..
    } = &model.graph;
    let Generics { e, d, .. } = generics(model);
    let own_name = name.to_string();
    let layers = layer_rows(model);
    let input_names = &model.graph.inputs;
    let inputs: Vec<_> = input_names.iter().map(|i| names(model, i).output).collect();
    let outputs: Vec<_> = (0..model.outputs.len())
        .map(|o| declared(model, o))
        .collect();
    let (input, output) = (one_or_tuple(&inputs), one_or_tuple(&outputs));
    let signature = |field: usize| names(model, &text(&model.graph.layers[field].name)).signature;
    let layers_fit = (0..model.graph.layers.len()).map(|field| {
        let signature = signature(field);
        quote!(#signature.fits && #signature.certain)
    });
    let outputs_fit = model
        .outputs
        .iter()
        .zip(&outputs)
        .map(|(output, declared)| {
            let signature = signature(output.field);
            quote!(#signature.output.same(#declared))
        });
    let fits = layers_fit.chain(outputs_fit);
    let default = quote!(#name<f32, ::shapeproof::dfdx::prelude::Cpu>);
    let this = quote!(<Self as ::shapeproof::Model>);
    quote! {
        // What is no model is not helped by the names of some that are.
        #[diagnostic::do_not_recommend]
        impl<#e, #d> ::shapeproof::Model for #name<#e, #d>
        where
            #e: ::shapeproof::dfdx::prelude::Dtype,
            #d: ::shapeproof::dfdx::prelude::Storage<#e>,
        {
            type Input = #input;
            type Output = #output;
            type Number = #e;
            const NAME: &'static str = #own_name;
            const INPUTS: &'static [(&'static str, ::shapeproof::shape::Dims)] = &[
                #((#input_names, <#inputs as ::shapeproof::shape::LayerShape>::DIMS)),*
            ];
            const LAYERS: &'static [::shapeproof::shape::LayerInfo] = #layers;
            const FITS: bool = true #(&& #fits)*;
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
            /// The part of the input that one value of the last layer depends on.
            #visibility const RECEPTIVE_FIELD: ::shapeproof::shape::ReceptiveField =
                #this::RECEPTIVE_FIELD;

            /// The table of the layers; nothing is built for it.
            #visibility fn summary() -> ::shapeproof::shape::Summary {
                #this::summary()
            }
        }
    }
}

/// One thing as it is, several in parentheses.
pub fn one_or_tuple<T: ToTokens>(things: &[T]) -> TokenStream {
    match things {
        [one] => quote!(#one),
        several => quote!((#(#several),*)),
    }
}
