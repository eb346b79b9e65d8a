//! From a block to Rust: the open type, the closed struct, and the rules that join them.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, ToTokens};
use syn::visit::Visit;
use syn::{Attribute, GenericParam, Meta};

use crate::expand::{layer_table, one_or_tuple, source_name, text};
use crate::implement::{descriptions, members, steps, variable, Members};
use crate::parse::{Block, Graph, Source};

/// Writes the block out.
pub fn expand(block: &Block) -> TokenStream {
    let errors = block.graph.errors.iter().map(syn::Error::to_compile_error);
    let open = open(block);
    let rules = rules(block);
    let closed = closed(block);
    let computes = computes(block);
    quote! {
        #(#errors)*
        #open
        #rules
        #closed
        #computes
    }
}

/// What is said of the block as a whole, and so of the type that a user writes.
fn is_of_the_block(attribute: &&Attribute) -> bool {
    let of_the_block = ["doc", "deprecated", "must_use"];
    of_the_block
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

/// The type that a user writes.
fn open(block: &Block) -> TokenStream {
    let Graph {
        attributes,
        visibility,
        name,
        ..
    } = &block.graph;
    let docs = attributes.iter().filter(is_of_the_block);
    let table = layer_table(&block.graph);
    let generics = &block.generics;
    let (_, _, condition) = generics.split_for_impl();
    let types = generics.type_params().map(|t| &t.ident);
    quote! {
        #(#docs)*
        #[doc = #table]
        #visibility struct #name #generics (
            ::core::marker::PhantomData<fn() -> (#(#types,)*)>,
        ) #condition;
    }
}

/// Where a field's input comes from, as a type: one shape or a tuple.
fn sources(block: &Block, index: usize) -> TokenStream {
    let (name, (_, arguments, _)) = (&block.graph.name, block.generics.split_for_impl());
    let shapes: Vec<_> = block.graph.layers[index]
        .inputs
        .iter()
        .map(|source| match source {
            Source::Input(input) => quote!(::shapeproof::shape::Nth<__In, #input>),
            Source::Field(field) => {
                quote!(::shapeproof::shape::Inner<#name #arguments, __In, #field>)
            }
        })
        .collect();
    one_or_tuple(&shapes)
}

/// What flows out of a field, as a type.
fn output(block: &Block, index: usize) -> TokenStream {
    let (name, (_, arguments, _)) = (&block.graph.name, block.generics.split_for_impl());
    quote!(::shapeproof::shape::Inner<#name #arguments, __In, #index>)
}

/// Whether a type names one of the block's type parameters.
fn mentions_parameter(block: &Block, written: &syn::Type) -> bool {
    struct Finder<'a> {
        parameters: Vec<&'a Ident>,
        found: bool,
    }
    impl Visit<'_> for Finder<'_> {
        fn visit_ident(&mut self, ident: &Ident) {
            self.found |= self.parameters.contains(&ident);
        }
    }
    let mut finder = Finder {
        parameters: block.generics.type_params().map(|t| &t.ident).collect(),
        found: false,
    };
    finder.visit_type(written);
    finder.found
}

/// The parameters of the block behind some of the macro's own, for an `impl`, and its bounds.
///
/// Fields that are generic over a layer need a bound wherever they are asked for their shapes; those
/// behind `until` are not, and their bounds would go round in circles. For closing, all have one:
/// so a field that is no layer is told once, by the shape rule.
fn parameters(
    block: &Block,
    own: TokenStream,
    until: usize,
    closing: bool,
) -> (TokenStream, TokenStream) {
    let (parameters, condition) = (&block.generics.params, &block.generics.where_clause);
    let parameters = parameters.iter().cloned().map(|mut parameter| {
        match &mut parameter {
            GenericParam::Type(t) => {
                t.eq_token = None;
                t.default = None;
                // Markers: a layer's type is written, never borrowed.
                t.bounds.push(syn::parse_quote!('static));
            }
            GenericParam::Const(c) => {
                c.eq_token = None;
                c.default = None;
            }
            GenericParam::Lifetime(_) => {}
        }
        parameter
    });
    let condition = condition.as_ref().map(|c| {
        let predicates = c.predicates.iter();
        quote!(#(#predicates,)*)
    });
    let fields = block.graph.layers.iter().enumerate().take(until + 1);
    let bounds = fields.map(|(index, layer)| {
        let written = &layer.layer;
        let (input, output) = (sources(block, index), output(block, index));
        let infer = mentions_parameter(block, written)
            .then(|| quote!(#written: ::shapeproof::shape::Infer<#input>,));
        let close =
            closing.then(|| quote!(#written: ::shapeproof::layers::Close<#input, #output>,));
        quote!(#infer #close)
    });
    (
        quote!(<#own #(#parameters),*>),
        quote!(where #condition #(#bounds)*),
    )
}

/// What flows out of each field, and so of the block.
fn rules(block: &Block) -> TokenStream {
    let graph = &block.graph;
    let (name, (_, arguments, _)) = (&graph.name, block.generics.split_for_impl());
    let own = quote!(__In: ::shapeproof::shape::Inputs,);
    let last = graph.layers.len() - 1;
    let (parameters, condition) = parameters(block, own.clone(), last, false);
    let block_type = quote!(#name #arguments);
    let part = |index: usize| quote!(<#block_type as ::shapeproof::shape::Part<__In, #index>>);
    let parts = graph.layers.iter().enumerate().map(|(index, layer)| {
        let (written, input) = (&layer.layer, sources(block, index));
        let behind = layer.inputs.iter().map(|source| match source {
            Source::Input(input) => quote! {
                &::shapeproof::shape::Signature::input(
                    <::shapeproof::shape::Nth<__In, #input>
                        as ::shapeproof::shape::LayerShape>::DIMS,
                )
            },
            Source::Field(field) => {
                let part = part(*field);
                quote!(&#part::SIGNATURE)
            }
        });
        let silenced = layer.guessed.then(|| quote!(.silenced()));
        let rule = respanned(
            quote!(<#written as ::shapeproof::shape::Infer<#input>>),
            written,
        );
        let (parameters, condition) = self::parameters(block, own.clone(), index, false);
        quote! {
            impl #parameters ::shapeproof::shape::Part<__In, #index> for #block_type #condition {
                const SIGNATURE: ::shapeproof::shape::Signature =
                    #rule::SIGNATURE.behind(&[#(#behind),*]) #silenced;
                const PARTS: &'static [::shapeproof::shape::LayerInfo] = #rule::PARTS;
            }
        }
    });
    let fields: Vec<_> = graph.layers.iter().map(|l| text(&l.name)).collect();
    let signatures: Vec<_> = (0..fields.len()).map(part).collect();
    let inputs = graph.layers.iter().map(|layer| {
        let names = layer.inputs.iter().map(|s| source_name(graph, *s));
        quote!(&[#(#names),*])
    });
    let (count, text) = (graph.inputs.len(), name.to_string());
    let (close_parameters, close_condition) = self::parameters(
        block,
        quote!(__In: ::shapeproof::shape::Inputs, __Out,),
        last,
        true,
    );
    let closed = closed_name(block);
    let layers = graph.layers.iter().enumerate().map(|(index, layer)| {
        let (written, input, output) = (&layer.layer, sources(block, index), output(block, index));
        respanned(
            quote!(<#written as ::shapeproof::layers::Close<#input, #output>>::Layer<__E, __D>),
            written,
        )
    });
    // A block's layers are what it is about, not every block in scope. One that is generic over
    // layers is named all the same, because the error lies in the layer it is given.
    let hidden = block.generics.type_params().next().is_none();
    let hidden = hidden.then(|| quote!(#[diagnostic::do_not_recommend]));
    quote! {
        #(#parts)*

        #hidden
        impl #parameters ::shapeproof::shape::Infer<__In> for #block_type #condition {
            const SIGNATURE: ::shapeproof::shape::Signature =
                ::shapeproof::shape::Signature::block(
                    #text,
                    #count,
                    <__In as ::shapeproof::shape::Inputs>::DIMS,
                    &[#((#fields, #signatures::SIGNATURE)),*],
                );
            const PARTS: &'static [::shapeproof::shape::LayerInfo] = &[#(
                ::shapeproof::shape::LayerInfo::new(
                    #fields, #inputs, &#signatures::SIGNATURE, #signatures::PARTS,
                )
            ),*];
        }

        impl #close_parameters ::shapeproof::layers::Close<__In, __Out> for #block_type
        #close_condition
        {
            type Layer<
                __E: ::shapeproof::dfdx::prelude::Dtype,
                __D: ::shapeproof::dfdx::prelude::Storage<__E>,
            > = #closed<__In, __Out, #(#layers),*>;
        }
    }
}

/// Tokens whose errors are told where `at` is written.
fn respanned(tokens: TokenStream, at: &dyn ToTokens) -> TokenStream {
    let first = at.to_token_stream().into_iter().next();
    let span = first.map_or_else(Span::call_site, |token| token.span());
    tokens
        .into_iter()
        .map(|mut token| {
            if !matches!(token, TokenTree::Group(_)) {
                token.set_span(span.located_at(span).resolved_at(token.span()));
            }
            token
        })
        .collect()
}

/// The name of the struct that holds the layers.
fn closed_name(block: &Block) -> Ident {
    format_ident!("{}Closed", block.graph.name)
}

/// The type parameters that stand for the layers.
fn layer_parameters(block: &Block) -> Vec<Ident> {
    let layers = block.graph.layers.iter();
    layers
        .map(|l| format_ident!("__Layer_{}", text(&l.name)))
        .collect()
}

/// The struct that holds the layers, and its tensors.
fn closed(block: &Block) -> TokenStream {
    let Graph {
        attributes,
        visibility,
        name,
        layers,
        ..
    } = &block.graph;
    let closed = closed_name(block);
    let doc = format!("The closed layer of [`{name}`]: its layers, given what flows in and out.");
    // Derives and the like are about the struct with the layers.
    let attributes = attributes.iter().filter(|a| !is_of_the_block(a));
    let derives_clone = block.graph.attributes.iter().any(|a| match &a.meta {
        Meta::List(list) if a.path().is_ident("derive") => {
            let derives = list.tokens.to_string();
            derives.split([',', ':']).any(|path| path.trim() == "Clone")
        }
        _ => false,
    });
    let clone = (!derives_clone).then(|| quote!(#[derive(Clone)]));
    let types = layer_parameters(block);
    let fields = layers.iter().zip(&types).map(|(layer, ty)| {
        let (attributes, visibility, name) = (&layer.attributes, &layer.visibility, &layer.name);
        quote!(#(#attributes)* #visibility #name: #ty)
    });
    let Members {
        members,
        patterns,
        values,
    } = members(&block.graph);
    quote! {
        #[doc = #doc]
        #[allow(non_camel_case_types, missing_docs)]
        #clone
        #(#attributes)*
        #visibility struct #closed<__In, __Out, #(#types),*> {
            #(#fields,)*
            #[doc(hidden)]
            __shapes: ::core::marker::PhantomData<fn() -> (__In, __Out)>,
        }

        #[allow(non_camel_case_types)]
        impl<__In, __Out, #(#types,)* __E, __D> ::shapeproof::dfdx::nn::TensorCollection<__E, __D>
            for #closed<__In, __Out, #(#types),*>
        where
            __E: ::shapeproof::tensor::Element,
            __D: ::shapeproof::dfdx::prelude::Device<__E>,
            #(#types: ::shapeproof::dfdx::nn::TensorCollection<__E, __D>,)*
        {
            type To<
                __E2: ::shapeproof::dfdx::prelude::Dtype,
                __D2: ::shapeproof::dfdx::prelude::Device<__E2>,
            > = #closed<__In, __Out, #(#types::To<__E2, __D2>),*>;

            fn iter_tensors<__V: ::shapeproof::dfdx::nn::ModuleVisitor<Self, __E, __D>>(
                __visitor: &mut __V,
            ) -> ::core::result::Result<
                ::core::option::Option<Self::To<__V::E2, __V::D2>>,
                __V::Err,
            > {
                __visitor.visit_fields(#members, |#patterns| #closed {
                    #(#values,)*
                    __shapes: ::core::marker::PhantomData,
                })
            }
        }
    }
}

/// How the block computes, evaluating and training.
fn computes(block: &Block) -> TokenStream {
    let closed = closed_name(block);
    let types = layer_parameters(block);
    let graph = &block.graph;
    let last = graph.layers.len() - 1;
    let apply = |method: Ident, receiver: TokenStream, borrow: TokenStream| {
        let first = variable(graph, Source::Input(0));
        let others = (1..graph.inputs.len()).map(|i| variable(graph, Source::Input(i)));
        let steps = steps(graph, &[last], &method, &borrow);
        let last = variable(graph, Source::Field(last));
        quote! {
            fn #method<__T: ::shapeproof::dfdx::prelude::Tape<__E, __D>>(
                #receiver,
                __x: ::shapeproof::tensor::Features<__E, __D, __T>,
                __rest: ::std::vec::Vec<::shapeproof::tensor::Features<__E, __D>>,
            ) -> ::core::result::Result<
                ::shapeproof::tensor::Features<__E, __D, __T>,
                __D::Err,
            > {
                let (#first, __tape) = __x.split_tape();
                let mut __rest = __rest.into_iter();
                #(let #others = __rest.next().expect("a block gets all of its inputs");)*
                #steps
                ::core::result::Result::Ok(#last.put_tape(__tape))
            }
        }
    };
    let evaluate = apply(format_ident!("try_apply"), quote!(&self), quote!(&));
    let train = apply(
        format_ident!("try_apply_mut"),
        quote!(&mut self),
        quote!(&mut),
    );
    let modules = modules(block);
    let inputs = (0..graph.inputs.len()).map(|i| variable(graph, Source::Input(i)));
    let places = 0..graph.inputs.len();
    let described = descriptions(graph, (&format_ident!("__E"), &format_ident!("__D")));
    let output = variable(graph, Source::Field(last));
    let fields = graph.layers.iter().map(|layer| &layer.name);
    quote! {
        #[allow(non_camel_case_types)]
        impl<__In, __Out, #(#types,)* __E, __D> ::shapeproof::layers::Layer<__E, __D>
            for #closed<__In, __Out, #(#types),*>
        where
            __E: ::shapeproof::dfdx::prelude::Dtype,
            __D: ::shapeproof::tensor::Device<__E>,
            #(#types: ::shapeproof::layers::Layer<__E, __D>,)*
        {
            #evaluate
            #train

            fn describe<'__m>(
                &'__m self,
                __graph: &mut ::shapeproof::tensor::Graph<'_, '__m, __E>,
                __inputs: &[::shapeproof::tensor::Value],
            ) -> ::core::option::Option<::shapeproof::tensor::Value>
            where
                __E: ::shapeproof::tensor::Element,
            {
                #(let #inputs = __inputs[#places];)*
                #described
                ::core::option::Option::Some(#output)
            }

            fn settle(&mut self, __statistics: &mut ::shapeproof::layers::Statistics<'_, __E>) {
                #(::shapeproof::layers::Layer::<__E, __D>::settle(&mut self.#fields, __statistics);)*
            }
        }

        #modules
    }
}

/// dfdx's `Module` and `ModuleMut` for a block that stands in a model, where the shape of its one
/// input is concrete.
fn modules(block: &Block) -> TokenStream {
    if block.graph.inputs.len() != 1 {
        return quote!();
    }
    let closed = closed_name(block);
    let types = layer_parameters(block);
    let chw = (
        quote!(const __C: usize, const __H: usize, const __W: usize),
        quote!(::shapeproof::shape::Chw<__C, __H, __W>),
        quote!(
            ::shapeproof::dfdx::prelude::Const<__C>,
            ::shapeproof::dfdx::prelude::Const<__H>,
            ::shapeproof::dfdx::prelude::Const<__W>,
        ),
    );
    let flat = (
        quote!(const __N: usize),
        quote!(::shapeproof::shape::Flat<__N>),
        quote!(::shapeproof::dfdx::prelude::Const<__N>,),
    );
    let evaluate = (
        format_ident!("Module"),
        format_ident!("try_forward"),
        format_ident!("try_apply"),
        quote!(&self),
    );
    let train = (
        format_ident!("ModuleMut"),
        format_ident!("try_forward_mut"),
        format_ident!("try_apply_mut"),
        quote!(&mut self),
    );
    let all = [
        (&chw, &evaluate),
        (&chw, &train),
        (&flat, &evaluate),
        (&flat, &train),
    ];
    let modules = all.map(|((sizes, shape, axes), (tr, forward, apply, receiver))| {
        quote! {
            #[allow(non_camel_case_types)]
            impl<#sizes, __Out, #(#types,)* __B, __E, __D, __T>
                ::shapeproof::dfdx::nn::#tr<
                    ::shapeproof::dfdx::prelude::Tensor<(__B, #axes), __E, __D, __T>,
                > for #closed<#shape, __Out, #(#types),*>
            where
                __Out: ::shapeproof::tensor::Batched,
                __B: ::shapeproof::dfdx::prelude::Dim,
                __E: ::shapeproof::dfdx::prelude::Dtype,
                __D: ::shapeproof::tensor::Device<__E>,
                __T: ::shapeproof::dfdx::prelude::Tape<__E, __D>,
                #(#types: ::shapeproof::layers::Layer<__E, __D>,)*
            {
                type Output = ::shapeproof::tensor::Batch<__Out, __B, __E, __D, __T>;
                type Error = __D::Err;

                fn #forward(
                    #receiver,
                    __x: ::shapeproof::dfdx::prelude::Tensor<(__B, #axes), __E, __D, __T>,
                ) -> ::core::result::Result<Self::Output, __D::Err> {
                    let __batch = ::shapeproof::dfdx::prelude::HasShape::shape(&__x).0;
                    let __x = ::shapeproof::tensor::Features::from_typed::<#shape, __B>(__x)?;
                    ::shapeproof::layers::Layer::#apply(self, __x, ::std::vec::Vec::new())?
                        .try_into_typed::<__Out, __B>(__batch)
                }
            }
        }
    });
    quote!(#(#modules)*)
}
