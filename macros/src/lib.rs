//! The macros of shapeproof.
//!
//! It knows fields, their order and their `#[from]`; it knows no layer by name. What a layer does
//! with its input is asked from the layer's type by the consts that the expansion contains.
//! `expand.rs` and `implement.rs` write a `#[model]` out, `block.rs` a `#[block]`. `weights.rs` reads
//! files of weights.

mod block;
mod expand;
mod implement;
mod parse;
mod weights;
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
/// - `input`: the shape of one example, `Chw<channels, height, width>` or `Flat<features>`; several
///   have names, `input = (image: Chw<3, 32, 32>, speed: Flat<1>)`, and flow in as a tuple.
/// - `output`: the shape that the last field gives. Several are the outputs of the fields that no
///   other takes, in their order, or of those they name: `output = (mask: Chw<1, 8, 8>, class:
///   Flat<10>)`. They flow out as a tuple; the first carries the tape, so that losses are added to
///   the first output's. A loss of another output alone has no gradients, which dfdx's optimisers
///   answer with an error.
/// - `max_params`, `max_macs`, `max_activation_bytes`: budgets; a model over one does not compile.
///
/// # Fields
/// Fields run in order, each on the output of the one before. `#[from(a)]` takes the input from
/// the field `a` instead, `#[from(a, b)]` gives a layer such as `Add` several inputs; `input` is
/// the model's own. A field is a layer's open type; the struct that comes out holds the closed one.
///
/// The crate must be known as `shapeproof` where the attribute is used, under no other name.
///
/// # Panics
/// `forward` and its kin, when a model of several inputs gets batches of different sizes. An empty
/// batch gives empty outputs; dfdx cannot reduce these to a loss.
///
/// # What it makes
/// The struct, generic over the type of its numbers and its device (`Net<f64, Cpu>`, default
/// `Net<f32, Cpu>`), with doc comments, visibility and derives as written (derives go below this
/// attribute); `NetLayers`, an alias whose page in rustdoc shows every layer with its shapes; `new`,
/// `try_new`, `summary` and the constants `LAYERS`, `PARAMS`, `MACS`, `ACTIVATION_BYTES` and
/// `RECEPTIVE_FIELD`; and the traits `Model` of shapeproof and `Module`, `ModuleMut`,
/// `TensorCollection` and `BuildOnDevice` of dfdx.
#[proc_macro_attribute]
pub fn model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    match parse::Model::parse(arguments.into(), item.into()) {
        Ok(model) => expand::expand(&model).into(),
        Err(error) => error.to_compile_error().into(),
    }
}

/// Turns a struct whose fields are layers into a layer: a part of a network that is written once
/// and used in many places, with whatever shapes flow in there.
///
/// ```text
/// #[block]
/// pub struct BasicBlock<const F: usize, const STRIDE: usize = 1> {
///     conv1: Conv2d<F, Kernel<3>, Stride<STRIDE>, Padding<1>, NoBias>,
///     bn1: BatchNorm2d,
///     relu1: Relu,
///     conv2: Conv2d<F, Kernel<3>, Padding<1>, NoBias>,
///     bn2: BatchNorm2d,
///     #[from(input)]
///     shortcut: Conv2d<F, Kernel<1>, Stride<STRIDE>, NoBias>,
///     #[from(bn2, shortcut)]
///     sum: Add,
///     relu2: Relu,
/// }
/// ```
///
/// `BasicBlock<64, 2>` is then a field's type like any other, in models, in other blocks and in
/// other crates. What the fields mean, `#[from]` included, is as in `#[model]`; the last field's
/// output is the block's.
///
/// # Arguments
/// - `input = (a, b)`: the names of the inputs, where there are several; the field that uses the
///   block names as many in its `#[from]`.
///
/// # Parameters
/// Constants, and types that are layers themselves (`struct Residual<L>` with a field `body: L`).
///
/// # Errors
/// What does not fit inside is told where the block is used, with the block's and the field's name,
/// the first of several; a block that nobody uses has no shapes to be checked. The layers and blocks
/// of a `pub` block are `pub`, too: they are a part of its type (rustc's E0446).
///
/// # What it makes
/// The type as it was written, which names the block, and beside it `BasicBlockClosed` with the
/// layers: `net.layer1.conv1.weight` is a tensor, and the name of that parameter. Visibility and
/// doc comments are as written; derives go to the struct that holds the layers.
#[proc_macro_attribute]
pub fn block(arguments: TokenStream, item: TokenStream) -> TokenStream {
    match parse::Block::parse(arguments.into(), item.into()) {
        Ok(block) => block::expand(&block).into(),
        Err(error) => error.to_compile_error().into(),
    }
}

/// Compares a file of weights with a model while compiling: names, shapes and types of numbers.
///
/// ```text
/// check_weights!(Net, "weights/net.safetensors");
///
/// check_weights!(
///     ResNet,
///     "weights/resnet20.safetensors",
///     rename_prefix = ["module" => ""],
///     rename = ["downsample.0" => "shortcut.conv", "downsample.1" => "shortcut.bn"],
///     ignore = ["fc"],
/// );
/// ```
///
/// It stands where an item may stand, makes nothing, and is one error if anything differs: what is
/// missing, unexpected or of another shape, with the numbers. The numbers in the file are not read.
///
/// # Arguments
/// - The model, a type made by `#[model]`.
/// - The path of a safetensors file: from the folder of `Cargo.toml`, or absolute. A string, or
///   `env!` and `concat!` of strings, such as `concat!(env!("OUT_DIR"), "/net.safetensors")` for a
///   file that `build.rs` makes.
/// - `rename`, `rename_prefix`, `rename_exact`: pairs `"from" => "to"`, applied in their order, as
///   by the methods of `shapeproof::weights::Loader` called so; the rule is in the documentation of
///   `shapeproof::weights`.
/// - `ignore`: segments of the names of tensors that the model needs not have. PyTorch's
///   `num_batches_tracked` is always ignored.
///
/// # What is known of a model
/// The tensors that its layers list in their signatures. Of a layer that gives a number of
/// parameters only (`Signature::params`), none is known; what the file has for such a field is
/// taken to be right, and compared when it is loaded. Where a layer of the model does not fit, that
/// is the error, and nothing is compared.
///
/// # When the file changes
/// The program is compiled anew. That is asked for with `include_bytes!` in a constant that nothing
/// uses: the compiler reads the file, and the program does not contain it.
#[proc_macro]
pub fn check_weights(arguments: TokenStream) -> TokenStream {
    match syn::parse(arguments).and_then(|weights| weights::check(&weights)) {
        Ok(check) => check.into(),
        Err(error) => error.to_compile_error().into(),
    }
}

/// Makes a file of weights a part of the program, compared with the model while compiling.
///
/// ```text
/// let net: Net = include_weights!(Net, "weights/net.safetensors").load(&dev)?;
/// ```
///
/// The arguments and the comparing are those of `check_weights!`. It is an expression (also for a
/// `static`) of the type `shapeproof::weights::Included<Net>`, which builds the model on a device,
/// loads into one that is there, or gives the bytes; renaming and ignoring are as told here.
#[proc_macro]
pub fn include_weights(arguments: TokenStream) -> TokenStream {
    match syn::parse(arguments).and_then(|weights| weights::include(&weights)) {
        Ok(include) => include.into(),
        Err(error) => weights::in_expression(&error).into(),
    }
}
