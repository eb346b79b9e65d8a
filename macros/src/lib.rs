//! The attribute macro of shapeproof.
//!
//! It knows fields, their order and their `#[from]`; it knows no layer by name. What a layer does
//! with its input is asked from the layer's type by the consts that the expansion contains.

mod expand;
mod implement;
mod parse;
mod words;

use proc_macro::TokenStream;

/// Turns a struct whose fields are layers into a model with every shape inferred and checked.
///
/// ```text
/// #[model(input = Chw<1, 28, 28>, output = Flat<10>, max_params = 50_000)]
/// struct Net {
///     conv: Conv2d<6, Kernel<5>>,
///     relu: Relu,
///     flatten: Flatten,
///     fc: Linear<10>,
/// }
/// ```
///
/// # Arguments
/// - `input`: the shape of one example, `Chw<channels, height, width>` or `Flat<features>`.
/// - `output`: the shape that the last field gives.
/// - `max_params`, `max_macs`, `max_activation_bytes`: budgets; a model over one does not compile.
///
/// # Fields
/// Fields run in order, each on the output of the one before. `#[from(a)]` takes the input from
/// the field `a` instead, `#[from(a, b)]` gives a layer such as `Add` several inputs; `input` is
/// the model's own. A field is a layer's open type; the struct that comes out holds the closed one.
///
/// The crate must be known as `shapeproof` where the attribute is used, under no other name.
///
/// # What it makes
/// The struct, generic over the type of its numbers and its device (`Net<f64, Cpu>`, default
/// `Net<f32, Cpu>`), with doc comments, visibility and derives as written (derives go below this
/// attribute); `new`, `try_new`, `summary` and the constants `LAYERS`, `PARAMS`, `MACS` and
/// `ACTIVATION_BYTES`; and the traits `Model` of shapeproof and `Module`, `ModuleMut`,
/// `TensorCollection` and `BuildOnDevice` of dfdx.
#[proc_macro_attribute]
pub fn model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    match parse::Model::parse(arguments.into(), item.into()) {
        Ok(model) => expand::expand(&model).into(),
        Err(error) => error.to_compile_error().into(),
    }
}
