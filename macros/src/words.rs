//! The wording of every mistake that shows in the tokens; those that show in the shapes are worded
//! in `src/shape/words.rs` of shapeproof.
//!
//! Each message says who, what and why, and what to try; the first line stands alone.

use syn::Ident;

/// A value that an argument may have.
fn example(argument: &str) -> &'static str {
    match argument {
        "input" => "Chw<1, 28, 28>",
        "output" => "Flat<10>",
        _ => "1_000_000",
    }
}

pub fn unknown_argument(name: &str, known: &[&str]) -> String {
    format!(
        "`#[model]` has no argument `{name}`{}\nits arguments are {}",
        did_you_mean(name, known),
        list(known),
    )
}

pub fn no_value(name: &str) -> String {
    format!(
        "`{name}` of `#[model]` has no value\na value follows after `=`\ntry `{name} = {}`",
        example(name),
    )
}

pub fn no_comma() -> String {
    "a comma is missing between two arguments of `#[model]`\nthis begins another argument\ntry `,` before it".into()
}

pub fn argument_twice(name: &str) -> String {
    format!("`{name}` is given twice in `#[model]`\nonly one of them could count\ntry only one")
}

pub fn argument_missing(name: &str) -> String {
    let why = match name {
        "input" => "all other shapes are inferred from the shape of one example",
        _ => "the last layer is checked against the shape of the result",
    };
    format!(
        "`#[model]` has no `{name}`\n{why}\ntry `{name} = {}`",
        example(name),
    )
}

pub fn input_by_another_name() -> String {
    "the input of a `#[model]` is neither `Chw<…>` nor `Flat<…>`\nit is written out, because the number of axes must be known before any type is\ntry `input = Chw<channels, height, width>` for images, `input = Flat<features>` for vectors".into()
}

pub fn not_a_struct(attribute: &str) -> String {
    format!("`#[{attribute}]` stands on something else than a struct\na {attribute} is a struct whose fields are layers\ntry `struct Net {{ conv1: Conv2d<6, Kernel<5>>, relu1: Relu }}`")
}

pub fn no_named_fields(model: &Ident) -> String {
    format!("`{model}` has no named fields\neach field is a layer, and its name that of its parameters: `conv1.weight`\ntry `struct {model} {{ conv1: Conv2d<6, Kernel<5>>, relu1: Relu }}`")
}

pub fn generic_model(model: &Ident) -> String {
    format!("`{model}` has generic parameters\nthe shapes of a model are inferred from numbers; by itself it becomes generic over the type of\nits numbers and its device: `{model}<f64, Cpu>`\ntry constants in place of the parameters, or `#[block]`, which may be generic")
}

pub fn field_called_like_an_input(model: &Ident, field: &Ident) -> String {
    format!("`{model}.{field}` has a name that is taken\n`#[from({field})]` means the model's own input\ntry another name, such as `{field}1`")
}

pub fn no_shapes() -> String {
    "there is no shape between the parentheses\na model has at least one input and one output\ntry `input = (image: Chw<3, 32, 32>, speed: Flat<1>)`".into()
}

pub fn too_many_inputs(found: usize, most: usize) -> String {
    format!("{found} inputs are declared, at most {most} can be\nthis one is too many\ntry to pass some of them as one image with more channels, or one longer vector")
}

pub fn input_twice(name: &Ident) -> String {
    format!("two inputs are called `{name}`\n`#[from({name})]` could mean both\ntry another name, such as `{name}2`")
}

pub fn input_without_a_name() -> String {
    "an input of several has no name\n`#[from(…)]` tells them apart by their names\ntry `input = (image: Chw<3, 32, 32>, speed: Flat<1>)`".into()
}

pub fn output_count(model: &Ident, declared: usize, ends: &[String]) -> String {
    let fields = if ends.len() == 1 {
        "field is"
    } else {
        "fields are"
    };
    format!(
        "`{model}` declares {declared} outputs, but {} {fields} taken by no other: {}\nthe outputs are those fields, in their order, unless all are named\ntry names, `output = (field: Flat<10>, other: Chw<1, 8, 8>)`",
        ends.len(),
        list(ends),
    )
}

pub fn output_unknown(model: &Ident, name: &Ident, fields: &[String]) -> String {
    format!(
        "`{model}` declares the output `{name}`, but there is no such field{}\nan output bears the name of the field that gives it\nits fields are {}",
        did_you_mean(&name.to_string(), fields),
        list(fields),
    )
}

pub fn unused_input(model: &Ident, input: &str) -> String {
    format!("`{model}` does not use its input `{input}`\nno field takes it\ntry `#[from({input})]` on the field that should, or declare fewer inputs")
}

pub fn block_with_a_lifetime(block: &Ident) -> String {
    format!(
        "`{block}` has a lifetime\na block owns its layers, and borrows nothing\ntry without it"
    )
}

pub fn block_in_itself(block: &Ident, field: &Ident) -> String {
    format!("`{block}.{field}` is the block itself\na block in itself has no end\ntry `Repeat<3, …>` of another block")
}

pub fn block_arguments() -> String {
    "`#[block]` has one argument, the names of its inputs, where there are several\ntheir shapes come from wherever the block is used\ntry `#[block]`, or `#[block(input = (skip, below))]`".into()
}

pub fn conditional_field(model: &Ident, field: &Ident) -> String {
    format!("`{model}.{field}` depends on `cfg`\nthe shapes behind a field cannot be inferred if it may be missing\ntry two models, with `#[cfg(…)]` on each struct")
}

pub fn field_twice(model: &Ident, field: &Ident) -> String {
    format!("`{model}.{field}` is written twice\n`#[from({field})]` and `{field}.weight` could mean both\ntry another name, such as `{field}2`")
}

pub fn two_froms(model: &Ident, field: &Ident) -> String {
    format!("`{model}.{field}` has two `#[from]`\nall inputs of a field stand in one\ntry `#[from(a, b)]`")
}

pub fn from_without_fields(model: &Ident, field: &Ident) -> String {
    format!("`{model}.{field}` has a `#[from]` without the names of fields\nit names the fields whose outputs flow in, with commas between them\ntry `#[from(input)]` or `#[from(a, b)]` with fields above this one")
}

pub fn from_too_many(model: &Ident, field: &Ident, found: usize, most: usize) -> String {
    format!("`{model}.{field}` takes {found} inputs, a layer takes at most {most}\n`#[from(…)]` names {} too many\ntry a field before it that joins some of them", found - most)
}

pub fn from_unknown(model: &Ident, field: &Ident, source: &str, earlier: &[String]) -> String {
    format!(
        "`{model}.{field}` takes its input from `{source}`, but there is no such field{}\nthe inputs it can name are {}",
        did_you_mean(source, earlier),
        list(earlier),
    )
}

pub fn from_later(model: &Ident, field: &Ident, source: &str, earlier: &[String]) -> String {
    let (when, remedy) = if field == source {
        ("which is this very field", "another field".into())
    } else {
        (
            "which is defined after it",
            format!("to move `{source}` above `{field}`"),
        )
    };
    format!(
        "`{model}.{field}` takes its input from `{source}`, {when}\nfields run in order, so an input comes from above: {}\ntry {remedy}",
        list(earlier),
    )
}

pub fn unused_output(model: &Ident, field: &Ident) -> String {
    format!("`{model}.{field}` is computed for nothing\nno later field takes its output\ntry `#[from({field})]` on the field that should, or remove `{field}`")
}

fn list<T: AsRef<str>>(names: &[T]) -> String {
    let quoted: Vec<_> = names.iter().map(|n| format!("`{}`", n.as_ref())).collect();
    quoted.join(", ")
}

/// `, did you mean …?` for the most similar of `known`, if one is similar.
fn did_you_mean<T: AsRef<str>>(text: &str, known: &[T]) -> String {
    known
        .iter()
        .map(|k| (distance(text, k.as_ref()), k.as_ref()))
        .filter(|(d, k)| *d <= 1 + k.len() / 4)
        .min_by_key(|(d, _)| *d)
        .map_or_else(String::new, |(_, k)| format!(", did you mean `{k}`?"))
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

pub fn weights_arguments() -> String {
    "a model and a file are compared\nthe first argument is the model, the second the path\ntry `Net, \"weights/net.safetensors\"`, and behind it `rename = [\"from\" => \"to\"]`".into()
}

pub fn weights_unknown_argument(name: &str, known: &[&str]) -> String {
    format!(
        "weights are compared without an argument `{name}`{}\nthe arguments behind the path are {}",
        did_you_mean(name, known),
        list(known),
    )
}

pub fn weights_list(name: &str) -> String {
    let example = match name {
        "ignore" => "[\"fc\"]",
        "rename_prefix" => "[\"module\" => \"\"]",
        _ => "[\"from\" => \"to\"]",
    };
    format!("`{name}` is not a list in brackets\nits entries are strings with commas between them\ntry `{name} = {example}`")
}

pub fn weights_path() -> String {
    "the path of the weights is not a string\nthe file is read while compiling, when no variable has a value yet\ntry `\"weights/net.safetensors\"`, or `concat!(env!(\"OUT_DIR\"), \"/net.safetensors\")`".into()
}

pub fn weights_variable(name: &str) -> String {
    format!("the variable `{name}` of the environment has no value\nthe path of the weights is read while compiling\ntry to set it before `cargo`, or another path")
}

pub fn weights_unreadable(path: &str, reason: &str) -> String {
    format!("cannot read `{path}`: {reason}\na relative path begins in the folder of Cargo.toml\ntry the path of a safetensors file")
}

pub fn weights_damaged(path: &str, bytes: u64, reason: &str) -> String {
    format!("`{path}` ({bytes} bytes) is not a whole safetensors file\n{reason}\ntry to save or download it anew")
}

pub fn weights_collision(path: &str, first: &str, second: &str, name: &str) -> String {
    format!("two tensors of `{path}` are called `{name}` after renaming\nthey are `{first}` and `{second}`\ntry `ignore = [\"{first}\"]`, or another renaming")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_found_and_others_are_not() {
        assert_eq!(distance("Stirde", "Stride"), 2);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(
            did_you_mean("max_parms", &["input", "max_params"]),
            ", did you mean `max_params`?"
        );
        assert_eq!(did_you_mean("relu", &["conv1", "pool1"]), "");
    }
}
