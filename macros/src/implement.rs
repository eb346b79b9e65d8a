//! What a model implements of dfdx: its parameters and its forward.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::expand::{declared, generics, names, text, Generics};
use crate::parse::{Model, INPUT};

/// Tuples of dfdx's `ModuleFields` have at most this many members.
const TUPLE: usize = 6;

/// dfdx's `TensorCollection`: building, optimisers, saving, loading.
pub fn collection(model: &Model) -> TokenStream {
    let name = &model.name;
    let Generics {
        e, d, e2, d2, v, ..
    } = generics(model);
    let mut members: Vec<TokenStream> = Vec::new();
    let mut patterns: Vec<TokenStream> = Vec::new();
    let mut values: Vec<TokenStream> = Vec::new();
    for layer in &model.layers {
        let field = &layer.name;
        let text = text(field);
        members.push(quote!(Self::module(#text, |__s| &__s.#field, |__s| &mut __s.#field)));
        let built = format_ident!("__field_{}", text);
        patterns.push(quote!(#built));
        values.push(quote!(#field: #built));
    }
    let members = nested(members);
    let patterns = nested(patterns);
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
                visitor: &mut #v,
            ) -> ::core::result::Result<
                ::core::option::Option<Self::To<#v::E2, #v::D2>>,
                #v::Err,
            > {
                visitor.visit_fields(#members, |#patterns| #name { #(#values),* })
            }
        }
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

/// dfdx's `Module` and `ModuleMut`: the fields in order, one tape through all of them.
pub fn modules(model: &Model) -> TokenStream {
    let forward = |tr: Ident, method: Ident, receiver: TokenStream, borrow: TokenStream| {
        let name = &model.name;
        let Generics { e, d, b, t, .. } = generics(model);
        let input_shape = names(model, INPUT).output;
        let axes = model.arguments.input.axes.iter().enumerate();
        let sizes = axes.map(|(axis, written)| {
            let dims = quote!(<#input_shape as ::shapeproof::shape::LayerShape>::DIMS);
            // rustdoc shows what stands at the block's place: the size as it was written.
            let size = quote_spanned!(*written=> { #dims.size(#axis) });
            quote!(::shapeproof::dfdx::prelude::Const<#size>)
        });
        // Consts, not what the user wrote: a constant of theirs may be called `B` or `T`.
        let input = quote! {
            ::shapeproof::dfdx::prelude::Tensor<(#b, #(#sizes,)*), #e, #d, #t>
        };
        let output = declared(model);
        let steps = steps(model, &tr, &method, &borrow);
        quote! {
            impl<#e, #d, #b, #t> ::shapeproof::dfdx::nn::#tr<#input> for #name<#e, #d>
            where
                #e: ::shapeproof::tensor::Element,
                #d: ::shapeproof::tensor::Device<#e>,
                #b: ::shapeproof::dfdx::prelude::Dim,
                #t: ::shapeproof::dfdx::prelude::Tape<#e, #d>,
            {
                type Output = ::shapeproof::tensor::Batch<#output, #b, #e, #d, #t>;
                type Error = #d::Err;

                fn #method(
                    #receiver,
                    __input: #input,
                ) -> ::core::result::Result<Self::Output, #d::Err> {
                    use ::shapeproof::dfdx::prelude::{HasShape as _, PutTape as _, SplitTape as _};
                    let __batch = __input.shape().0;
                    let (__input, __tape) = __input.split_tape();
                    if ::shapeproof::dfdx::prelude::Dim::size(&__batch) == 0 {
                        // dfdx's kernels cannot iterate over nothing.
                        return ::shapeproof::tensor::empty::<#output, _, _, _, _>(
                            __input.device(), __batch, __tape,
                        );
                    }
                    #steps
                }
            }
        }
    };
    let eval = forward(
        format_ident!("Module"),
        format_ident!("try_forward"),
        quote!(&self),
        quote!(&),
    );
    let train = forward(
        format_ident!("ModuleMut"),
        format_ident!("try_forward_mut"),
        quote!(&mut self),
        quote!(&mut),
    );
    quote!(#eval #train)
}

fn steps(model: &Model, tr: &Ident, method: &Ident, borrow: &TokenStream) -> TokenStream {
    // Prefixed, because a constant of the user's in lower case would turn a name into a pattern.
    let variable = |source: Option<usize>| match source {
        Some(index) => format_ident!("__field_{}", text(&model.layers[index].name)),
        None => format_ident!("__input"),
    };
    let fields = model.layers.iter().enumerate().map(|(index, layer)| {
        let field = &layer.name;
        let result = variable(Some(index));
        let value = |place: usize| {
            let source = layer.inputs[place];
            let name = variable(source);
            let used_later = layer.inputs[place + 1..].contains(&source)
                || model.layers[index + 1..]
                    .iter()
                    .any(|later| later.inputs.contains(&source));
            if used_later {
                quote!(#name.clone())
            } else {
                quote!(#name)
            }
        };
        let first = value(0);
        let argument = if layer.inputs.len() == 1 {
            quote!(#first.put_tape(__tape))
        } else {
            let rest = (1..layer.inputs.len()).map(value);
            quote!((#first.put_tape(__tape), #(#rest),*))
        };
        quote! {
            let (#result, __tape) =
                ::shapeproof::dfdx::nn::#tr::#method(#borrow self.#field, #argument)?.split_tape();
        }
    });
    let last = variable(Some(model.layers.len() - 1));
    let output = declared(model);
    quote! {
        #(#fields)*
        ::shapeproof::tensor::declared::<_, #output, _, _, _, _>(#last.put_tape(__tape), __batch)
    }
}
