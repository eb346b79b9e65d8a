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

pub fn not_a_struct() -> String {
    "`#[model]` stands on something else than a struct\na model is a struct whose fields are layers\ntry `struct Net { conv1: Conv2d<6, Kernel<5>>, relu1: Relu }`".into()
}

pub fn no_named_fields(model: &Ident) -> String {
    format!("`{model}` has no named fields\neach field is a layer, and its name that of its parameters: `conv1.weight`\ntry `struct {model} {{ conv1: Conv2d<6, Kernel<5>>, relu1: Relu }}`")
}

pub fn generic_model(model: &Ident) -> String {
    format!("`{model}` has generic parameters\nthe shapes of a model are inferred from numbers; by itself it becomes generic over the type of\nits numbers and its device: `{model}<f64, Cpu>`\ntry constants in place of the parameters")
}

pub fn field_called_input(model: &Ident) -> String {
    format!("`{model}.input` has a name that is taken\n`#[from(input)]` means the model's own input\ntry another name, such as `input1`")
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
