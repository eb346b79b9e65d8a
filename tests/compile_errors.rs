//! Every mistake is one error, on the user's line, in the text that stands beside its program.
//!
//! `tests/compile_fail/<group>/<mistake>.rs` is a program with one mistake, the `.stderr` beside it
//! the error it gets, and `tests/remedies/<group>/<mistake>.rs` the program after the remedy that
//! the error names. `docs/errors.md` is made of all three.
//!
//! After a change of wording, `TRYBUILD=overwrite cargo test --test compile_errors` writes the
//! texts anew, and then `BLESS=1 cargo test --test compile_errors guide` the guide. Read both like
//! code before they are committed.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The groups of mistakes with what the guide says of them, in its order.
const GROUPS: &[(&str, &str, &str)] = &[
    (
        "geometry",
        "Layers that do not fit their input",
        "The shape rule of a layer cannot be met. The lines after the first give the sizes and the formula.",
    ),
    (
        "joins",
        "Inputs that do not fit together",
        "`#[from(…)]` names something that cannot flow in, or a layer gets inputs that it cannot join.",
    ),
    (
        "declarations",
        "Declarations that contradict themselves",
        "The model's declared output, a layer's options or a field's name cannot be meant as they stand.",
    ),
    (
        "attribute",
        "The attribute and the struct",
        "`#[model(…)]` itself is misspelt, or does not stand on a struct with named fields.",
    ),
    (
        "generics",
        "Generic models, and models inside of models",
        "A model's shapes are numbers that are known where it is written. What is generic is a `#[block]`.",
    ),
    (
        "blocks",
        "Blocks",
        "What does not fit inside of a block is told where the block is used: first the model's field, then the block's. A block that nobody uses has no shapes to be checked; what is wrong with its own tokens is told where it is written.",
    ),
    (
        "inputs_and_outputs",
        "Several inputs and outputs",
        "Several inputs have names, so that `#[from(…)]` can tell them apart; several outputs are the fields that no other field takes, or those that are named.",
    ),
    (
        "tensors",
        "Tensors passed in, and what comes out",
        "These are rustc's own mismatches of types: what the model or layer expects stands first, what it was given second. A tensor's type lists batch, channels, height and width.",
    ),
    (
        "data",
        "Data of another kind",
        "A set of samples has the shape of its images and the kind of its targets in its type: classes, masks, boxes or numbers, and how many.",
    ),
    (
        "devices",
        "Numbers and devices mixed",
        "A model computes with one type of number on one device, and so do its inputs, targets and parameters.",
    ),
    (
        "budgets",
        "Budgets",
        "`max_params`, `max_macs` and `max_activation_bytes` are checked once every layer fits.",
    ),
    (
        "weights",
        "Weights of another model",
        "`check_weights!` and `include_weights!` read the names and shapes of a safetensors file while compiling, and compare them with the model. At most three tensors of a kind are named; `weights::load` lists all of them while running.",
    ),
    (
        HANDWRITTEN,
        "Closed layers written by hand",
        "The only mistakes that `cargo check` does not see. A closed layer written by hand, `closed::Conv2d<Chw<1, 28, 28>, Chw<6, 24, 24>, Kernel<5>>`, claims its own output. Its rule is checked when its code is generated, because only then all of its parameters are known: by `cargo build`, and only if it is used. rustc then points into this crate and names the type and its user in the notes. A `#[model]` never gets there: its layers are closed by the compiler.",
    ),
];

/// The group that needs `cargo build`.
const HANDWRITTEN: &str = "handwritten";

/// Programs with more than one mistake, and their number.
const SEVERAL: &[(&str, usize)] = &[("two_mistakes_are_two_errors", 2)];

/// How many errors a program gets.
fn expected_errors(mistake: &str) -> usize {
    let several = SEVERAL.iter().find(|(name, _)| *name == mistake);
    several.map_or(1, |(_, errors)| *errors)
}

struct Mistake {
    group: &'static str,
    name: String,
    program: String,
    error: String,
    remedy: String,
}

fn folder(of: &str, group: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(of)
        .join(group)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All mistakes, group by group, in the order of their names.
fn mistakes() -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (group, ..) in GROUPS {
        let folder_of_group = folder("compile_fail", group);
        let mut names: Vec<String> = fs::read_dir(&folder_of_group)
            .unwrap_or_else(|e| panic!("{}: {e}", folder_of_group.display()))
            .map(|entry| entry.expect("a folder can be read").path())
            .filter(|path| path.extension().is_some_and(|e| e == "rs"))
            .map(|path| {
                path.file_stem()
                    .expect("has a name")
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        mistakes.extend(names.into_iter().map(|name| Mistake {
            group,
            program: read(&folder_of_group.join(format!("{name}.rs"))),
            error: read(&folder_of_group.join(format!("{name}.stderr"))),
            remedy: read(&folder("remedies", group).join(format!("{name}.rs"))),
            name,
        }));
    }
    mistakes
}

/// trybuild compiles in a folder of its own, from which a program's relative paths begin.
fn bring_fixtures() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("is in the target folder");
    let there = target.join("tests/trybuild/shapeproof/tests/fixtures");
    fs::create_dir_all(&there).unwrap_or_else(|e| panic!("{}: {e}", there.display()));
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for entry in fs::read_dir(&here).unwrap_or_else(|e| panic!("{}: {e}", here.display())) {
        let file = entry.expect("a folder can be read");
        let copy = there.join(file.file_name());
        fs::copy(file.path(), &copy).unwrap_or_else(|e| panic!("{}: {e}", copy.display()));
    }
}

#[test]
fn mistakes_are_told_by_cargo_check() {
    bring_fixtures();
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
    for (group, ..) in GROUPS.iter().filter(|(group, ..)| *group != HANDWRITTEN) {
        cases.compile_fail(format!("tests/compile_fail/{group}/*.rs"));
    }
}

/// The case that passes makes trybuild build instead of check.
#[test]
fn closed_layers_written_by_hand_are_told_by_cargo_build() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/remedies/handwritten/convolution_with_another_output.rs");
    cases.compile_fail("tests/compile_fail/handwritten/*.rs");
}

/// All remedies are one program, each in a module of its own.
#[test]
fn every_remedy_compiles_and_runs() {
    bring_fixtures();
    let (mut modules, mut calls) = (String::new(), String::new());
    for mistake in mistakes() {
        let name = format!("{}_{}", mistake.group, mistake.name);
        let source = mistake.remedy.replace("fn main()", "pub fn main()");
        writeln!(modules, "mod {name} {{\n{source}\n}}").expect("a string grows");
        writeln!(calls, "    {name}::main();").expect("a string grows");
    }
    let program = format!("#![allow(warnings)]\n{modules}\nfn main() {{\n{calls}}}\n");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("every_remedy.rs");
    fs::write(&path, program).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    trybuild::TestCases::new().pass(path);
}

#[test]
fn every_mistake_is_one_error_in_the_program_of_the_user() {
    let mistakes = mistakes();
    assert!(mistakes.len() >= 40, "only {} mistakes", mistakes.len());
    for mistake in mistakes {
        let Mistake {
            group,
            name,
            program,
            error,
            remedy,
        } = mistake;
        assert!(
            program.lines().count() < 15,
            "{group}/{name}.rs is too long to read"
        );
        assert_ne!(
            program, remedy,
            "{group}/{name}: the remedy changes nothing"
        );
        let errors = error
            .lines()
            .filter(|line| line.starts_with("error"))
            .count();
        assert_eq!(
            errors,
            expected_errors(&name),
            "{group}/{name}: number of errors"
        );
        if group == HANDWRITTEN {
            continue; // rustc points at the place where the code is generated
        }
        let place = error
            .lines()
            .find(|line| line.trim_start().starts_with("--> "));
        let own = format!("tests/compile_fail/{group}/{name}.rs:");
        assert!(
            place.is_some_and(|place| place.contains(&own)),
            "{group}/{name}: the error points at {place:?}",
        );
    }
}

/// `kernel_larger_than_input` → `Kernel larger than input`.
fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The lines of `new` that are not in `old`, or else what is gone.
fn changed(old: &str, new: &str) -> String {
    let only_in = |a: &str, b: &str| {
        let lines: Vec<_> = a
            .lines()
            .filter(|line| !b.lines().any(|l| l == *line))
            .collect();
        lines.join("\n")
    };
    let added = only_in(new, old);
    if added.is_empty() {
        format!("Without\n\n```text\n{}\n```", only_in(old, new))
    } else {
        format!("```text\n{added}\n```")
    }
}

fn guide() -> String {
    let mut page = String::from(
        "# Reading shapeproof's errors\n\n\
         <!-- Made of the programs in tests/compile_fail by `BLESS=1 cargo test --test compile_errors guide`. -->\n\n\
         Every mistake is one error, on your line, seen by `cargo check` and in the editor. The first\n\
         line stands alone: it names the model, the field and the numbers. Then come the reason and\n\
         what to try. rustc calls them `evaluation panicked` because the check is a constant that the\n\
         compiler evaluates; the message is what counts.\n\n\
         Two mistakes are two errors. What follows from a mistake is not told: a field behind one that\n\
         does not fit is checked against the likeliest shape, or not at all.\n",
    );
    for (group, heading, text) in GROUPS {
        write!(page, "\n## {heading}\n\n{text}\n").expect("a string grows");
        for mistake in mistakes().into_iter().filter(|m| m.group == *group) {
            let Mistake {
                name,
                program,
                error,
                remedy,
                ..
            } = mistake;
            let shown = program
                .split("\nfn main() {\n    let _: Net = Net::new(&Cpu::default());")
                .next();
            let shown = shown
                .unwrap_or(&program)
                .replace("use shapeproof::prelude::*;\n", "");
            // The notes behind the first snippet are rustc's, long and alike.
            let first = error.split("\n\nerror").next().unwrap_or(&error);
            let first = first.split("\n   = ").next().unwrap_or(first);
            let first = first.split("\n    = ").next().unwrap_or(first);
            let first = first.split("\n  = ").next().unwrap_or(first);
            let first = first.split("\nhelp: ").next().unwrap_or(first);
            let first = first.split("\nnote: ").next().unwrap_or(first);
            write!(
                page,
                "\n### {}\n\n```text\n{}\n```\n\n```text\n{}\n```\n\nRemedy:\n\n{}\n",
                title(&name),
                shown.trim(),
                first.trim_end(),
                changed(&program, &remedy),
            )
            .expect("a string grows");
        }
    }
    page
}

#[test]
fn the_guide_is_made_of_the_programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    let guide = guide();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &guide).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
    assert!(
        read(&path) == guide,
        "docs/errors.md is not what the programs say; see the head of tests/compile_errors.rs",
    );
}
