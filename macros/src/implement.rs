//! What a model implements of dfdx: its parameters and its forward.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::expand::{declared, generics, names, one_or_tuple, text, Generics};
use crate::parse::{Graph, Model, Source};

/// Tuples of dfdx's `ModuleFields` have at most this many members.
const TUPLE: usize = 6;

/// dfdx's `TensorCollection`: building, optimisers, saving, loading.
pub fn collection(model: &Model) -> TokenStream {
    let name = &model.graph.name;
    let Generics {
        e, d, e2, d2, v, ..
    } = generics(model);
    let Members {
        members,
        patterns,
        values,
    } = members(&model.graph);
    quote! {
        impl<#e, #d> ::shapeproof::dfdx::nn::TensorCollection<#e, #d> for #name<#e, #d>
        where
            #e: ::shapeproof::tensor::Element,
            #d: ::shapeproof::dfdx::prelude::Device<#e>,
        {
            type To<
                #e2: ::shapeproof::dfdx::prelude::Dtype,
                #d2: ::shapeproof::dfdx::prelude::Device<#e2>,
            > = #name<#e2, #d2>;

            fn iter_tensors<#v: ::shapeproof::dfdx::nn::ModuleVisitor<Self, #e, #d>>(
                __visitor: &mut #v,
            ) -> ::core::result::Result<
                ::core::option::Option<Self::To<#v::E2, #v::D2>>,
                #v::Err,
            > {
                __visitor.visit_fields(#members, |#patterns| #name { #(#values),* })
            }
        }
    }
}

/// What visits the fields of a struct, and makes a new struct of the answers.
pub struct Members {
    /// The fields for dfdx's visitor.
    pub members: TokenStream,
    /// The answers, each bound to a name.
    pub patterns: TokenStream,
    /// The fields of the new struct.
    pub values: Vec<TokenStream>,
}

pub fn members(graph: &Graph) -> Members {
    let (mut members, mut patterns, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for layer in &graph.layers {
        let field = &layer.name;
        let text = text(field);
        members.push(quote!(Self::module(#text, |__s| &__s.#field, |__s| &mut __s.#field)));
        let built = format_ident!("__field_{}", text);
        patterns.push(quote!(#built));
        values.push(quote!(#field: #built));
    }
    Members {
        members: nested(members),
        patterns: nested(patterns),
        values,
    }
}

/// Tuples of at most six, nested as deep as it takes.
fn nested(mut members: Vec<TokenStream>) -> TokenStream {
    while members.len() > TUPLE {
        members = members
            .chunks(TUPLE)
            .map(|chunk| quote!((#(#chunk,)*)))
            .collect();
    }
    quote!((#(#members,)*))
}

/// How a model computes, evaluating and training.
pub fn network(model: &Model) -> TokenStream {
    let name = &model.graph.name;
    let called = text(name);
    let Generics { e, d, t, .. } = generics(model);
    let run = |method: Ident, apply: Ident, receiver: TokenStream, borrow: TokenStream| {
        let inputs = (0..model.inputs.len()).map(|i| variable(&model.graph, Source::Input(i)));
        let outputs: Vec<_> = model.outputs.iter().map(|output| output.field).collect();
        let steps = steps(&model.graph, &outputs, &apply, &borrow);
        let outputs = outputs
            .iter()
            .map(|field| variable(&model.graph, Source::Field(*field)));
        quote! {
            fn #method<#t: ::shapeproof::dfdx::prelude::Tape<#e, #d>>(
                #receiver,
                __inputs: ::std::vec::Vec<::shapeproof::tensor::Features<#e, #d>>,
                __tape: #t,
            ) -> ::core::result::Result<
                (::std::vec::Vec<::shapeproof::tensor::Features<#e, #d>>, #t),
                #d::Err,
            > {
                let __model = ::shapeproof::layers::in_model(#called);
                let mut __inputs = __inputs.into_iter();
                #(let #inputs = __inputs.next().expect("a model gets all of its inputs");)*
                #steps
                ::core::result::Result::Ok((::std::vec![#(#outputs.clone()),*], __tape))
            }
        }
    };
    let evaluate = run(
        format_ident!("try_run"),
        format_ident!("try_apply"),
        quote!(&self),
        quote!(&),
    );
    let train = run(
        format_ident!("try_run_mut"),
        format_ident!("try_apply_mut"),
        quote!(&mut self),
        quote!(&mut),
    );
    let inputs = (0..model.inputs.len()).map(|i| variable(&model.graph, Source::Input(i)));
    let places = 0..model.inputs.len();
    let described = descriptions(&model.graph, (&e, &d));
    let outputs =
        (model.outputs.iter()).map(|output| variable(&model.graph, Source::Field(output.field)));
    let fields = model.graph.layers.iter().map(|layer| &layer.name);
    quote! {
        impl<#e, #d> ::shapeproof::layers::Network<#e, #d> for #name<#e, #d>
        where
            #e: ::shapeproof::tensor::Element,
            #d: ::shapeproof::tensor::Device<#e>,
        {
            #evaluate
            #train

            fn describe<'__m>(
                &'__m self,
                __graph: &mut ::shapeproof::tensor::Graph<'_, '__m, #e>,
                __inputs: &[::shapeproof::tensor::Value],
                __outputs: &mut ::std::vec::Vec<::shapeproof::tensor::Value>,
            ) -> ::core::option::Option<()> {
                #(let #inputs = __inputs[#places];)*
                #described
                __outputs.extend_from_slice(&[#(#outputs),*]);
                ::core::option::Option::Some(())
            }

            fn settle(&mut self, __statistics: &mut ::shapeproof::layers::Statistics<'_, #e>) {
                #(::shapeproof::layers::Layer::<#e, #d>::settle(&mut self.#fields, __statistics);)*
            }
        }
    }
}

/// dfdx's `Module` and `ModuleMut`: typed tensors in and out.
pub fn modules(model: &Model) -> TokenStream {
    let name = &model.graph.name;
    let Generics { e, d, b, t, .. } = generics(model);
    // The further inputs bring tapes of their own, which join the first's.
    let tapes: Vec<_> = (0..model.inputs.len())
        .map(|i| {
            if i == 0 {
                t.clone()
            } else {
                format_ident!("__T{}", i)
            }
        })
        .collect();
    let others = &tapes[1..];
    let shapes: Vec<_> = (model.graph.inputs.iter())
        .map(|input| names(model, input).output)
        .collect();
    let arguments = model.inputs.iter().zip(&shapes).zip(&tapes);
    let arguments: Vec<_> = arguments
        .map(|((input, shape), tape)| {
            let sizes = input.axes.iter().enumerate().map(|(axis, written)| {
                let dims = quote!(<#shape as ::shapeproof::shape::LayerShape>::DIMS);
                // rustdoc shows what stands at the block's place: the size as it was written.
                let size = quote_spanned!(*written=> { #dims.size(#axis) });
                quote!(::shapeproof::dfdx::prelude::Const<#size>)
            });
            // Consts, not what the user wrote: a constant of theirs may be called `B` or `T`.
            quote!(::shapeproof::dfdx::prelude::Tensor<(#b, #(#sizes,)*), #e, #d, #tape>)
        })
        .collect();
    let argument = one_or_tuple(&arguments);
    let variables: Vec<_> = (0..shapes.len())
        .map(|i| variable(&model.graph, Source::Input(i)))
        .collect();
    let pattern = one_or_tuple(&variables);
    let (first, rest) = (&variables[0], &variables[1..]);
    let declared: Vec<_> = (0..model.outputs.len())
        .map(|o| declared(model, o))
        .collect();
    let outputs: Vec<_> = declared
        .iter()
        .map(|shape| quote!(::shapeproof::tensor::Batch<#shape, #b, #e, #d, #t>))
        .collect();
    let output = one_or_tuple(&outputs);
    // The first output carries what has been recorded.
    let output_tapes: Vec<_> = (0..outputs.len())
        .map(|o| {
            if o == 0 {
                quote!(__tape)
            } else {
                quote!(#t::default())
            }
        })
        .collect();
    let empties: Vec<_> = declared
        .iter()
        .zip(&output_tapes)
        .map(|(shape, tape)| {
            quote! {
                ::shapeproof::tensor::empty::<#shape, _, _, _, _>(&__device, __batch, #tape)?
            }
        })
        .collect();
    let empty = one_or_tuple(&empties);
    let results: Vec<_> = declared
        .iter()
        .zip(&output_tapes)
        .map(|(shape, tape)| {
            quote! {
                __outputs
                    .next()
                    .expect("a model gives all of its outputs")
                    .put_tape(#tape)
                    .try_into_typed::<#shape, _>(__batch)?
            }
        })
        .collect();
    let results = one_or_tuple(&results);
    let forward = |tr: Ident, method: Ident, run: Ident, receiver: TokenStream| {
        quote! {
            // With one output, `Ok(x?)`; with several, a tuple.
            #[allow(clippy::needless_question_mark)]
            impl<#e, #d, #b, #t #(, #others)*> ::shapeproof::dfdx::nn::#tr<#argument>
                for #name<#e, #d>
            where
                #e: ::shapeproof::tensor::Element,
                #d: ::shapeproof::tensor::Device<#e>,
                #b: ::shapeproof::dfdx::prelude::Dim,
                #t: ::shapeproof::dfdx::prelude::Tape<#e, #d>
                    #(+ ::shapeproof::dfdx::prelude::Merge<#others>)*,
                #(#others: ::shapeproof::dfdx::prelude::Tape<#e, #d>,)*
            {
                type Output = #output;
                type Error = #d::Err;

                fn #method(
                    #receiver,
                    #pattern: #argument,
                ) -> ::core::result::Result<Self::Output, #d::Err> {
                    use ::shapeproof::dfdx::prelude::{
                        HasShape as _, Merge as _, PutTape as _, SplitTape as _,
                    };
                    let __batch = #first.shape().0;
                    let __device = #first.device().clone();
                    let (#first, __tape) = #first.split_tape();
                    #(
                        ::shapeproof::tensor::assert_batch(&__batch, &#rest.shape().0);
                        let (#rest, __other) = #rest.split_tape();
                        let __tape = __tape.merge(__other);
                    )*
                    if ::shapeproof::dfdx::prelude::Dim::size(&__batch) == 0 {
                        // dfdx's kernels cannot iterate over nothing.
                        let __empty = #empty;
                        return ::core::result::Result::Ok(__empty);
                    }
                    let __inputs = ::std::vec![
                        #(::shapeproof::tensor::Features::from_typed::<#shapes, _>(#variables)?),*
                    ];
                    let (__outputs, __tape) =
                        ::shapeproof::engine::#run(self, __inputs, __tape)?;
                    let mut __outputs = __outputs.into_iter();
                    let __results = #results;
                    ::core::result::Result::Ok(__results)
                }
            }
        }
    };
    let evaluate = forward(
        format_ident!("Module"),
        format_ident!("try_forward"),
        format_ident!("try_run"),
        quote!(&self),
    );
    let train = forward(
        format_ident!("ModuleMut"),
        format_ident!("try_forward_mut"),
        format_ident!("try_run_mut"),
        quote!(&mut self),
    );
    quote!(#evaluate #train)
}

/// One statement for each field, from the values of the inputs to a value for each field.
pub fn descriptions(graph: &Graph, (e, d): (&Ident, &Ident)) -> TokenStream {
    let fields = graph.layers.iter().enumerate().map(|(index, layer)| {
        let field = &layer.name;
        let result = variable(graph, Source::Field(index));
        let inputs = layer.inputs.iter().map(|source| variable(graph, *source));
        quote! {
            let #result = ::shapeproof::layers::Layer::<#e, #d>::describe(
                &self.#field,
                __graph,
                &[#(#inputs),*],
            )?;
        }
    });
    quote!(#(#fields)*)
}

/// The variable that holds what an input or a field gives.
///
/// Prefixed, because a constant of the user's in lower case would turn a name into a pattern.
pub fn variable(graph: &Graph, source: Source) -> Ident {
    match source {
        Source::Field(index) => format_ident!("__field_{}", text(&graph.layers[index].name)),
        Source::Input(index) => format_ident!("__input_{}", graph.inputs[index]),
    }
}

/// One statement for each field, from the variables of the inputs and `__tape` to a variable for
/// each field and `__tape`.
pub fn steps(graph: &Graph, outputs: &[usize], apply: &Ident, borrow: &TokenStream) -> TokenStream {
    let fields = graph.layers.iter().enumerate().map(|(index, layer)| {
        let field = &layer.name;
        let result = variable(graph, Source::Field(index));
        let value = |place: usize| {
            let source = layer.inputs[place];
            let name = variable(graph, source);
            let later = |l: &crate::parse::Layer| l.inputs.contains(&source);
            let used_later = layer.inputs[place + 1..].contains(&source)
                || graph.layers[index + 1..].iter().any(later)
                || outputs
                    .iter()
                    .any(|output| Source::Field(*output) == source);
            if used_later {
                quote!(#name.clone())
            } else {
                quote!(#name)
            }
        };
        let first = value(0);
        let rest = (1..layer.inputs.len()).map(value);
        let name = text(field);
        quote! {
            let (#result, __tape) = ::shapeproof::layers::named(#name, || {
                ::shapeproof::layers::Layer::#apply(
                    #borrow self.#field,
                    #first.put_tape(__tape),
                    ::std::vec![#(#rest),*],
                )
            })?
            .split_tape();
        }
    });
    quote!(#(#fields)*)
}
