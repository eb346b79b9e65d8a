//! The README shows the error that its broken model really gets, and every layer.

const README: &str = include_str!("../README.md");
const PROGRAM: &str = include_str!("compile_fail/lenet5_with_one_number_wrong.rs");
const ERROR: &str = include_str!("compile_fail/lenet5_with_one_number_wrong.stderr");

/// The text of a block that begins with the line `opening`.
fn block<'a>(opening: &str, text: &'a str) -> &'a str {
    let (_, rest) = text
        .split_once(opening)
        .unwrap_or_else(|| panic!("the README has no {opening:?}"));
    rest.split("```").next().unwrap_or(rest)
}

#[test]
fn the_error_is_the_compiler_s() {
    let shown = block("```text\n", README);
    let message = ERROR.split(" --> ").next().unwrap_or(ERROR);
    assert_eq!(shown, message);
}

#[test]
fn the_broken_model_differs_from_the_shown_one_in_one_number() {
    let model = |text: &'static str| block("pub struct LeNet5 {\n", text);
    let broken = model(PROGRAM).split('}').next().unwrap_or_default();
    let shown = model(README).split('}').next().unwrap_or_default();
    assert_eq!(shown.replace("16, Kernel<5>", "16, Kernel<15>"), broken);
}

#[test]
fn every_layer_is_in_the_table_with_its_file() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/layers");
    let rows: Vec<&str> = README
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let in_a_row = |name: &str, file: &str| {
        rows.iter()
            .any(|row| row.contains(name) && row.contains(&format!("`{file}`")))
    };
    let list = include_str!("../src/layers/mod.rs");
    let open = list
        .split("pub mod open {")
        .nth(1)
        .and_then(|rest| rest.split("\n}").next());
    let mut layers = 0;
    for item in open
        .expect("a list of open layers")
        .split("pub use super::")
        .skip(1)
    {
        let item = item.split(';').next().unwrap_or(item);
        let file = format!("{}.rs", item.split("::").next().unwrap_or(item));
        assert!(std::path::Path::new(folder).join(&file).exists(), "{file}");
        let names = item.rsplit("::").next().unwrap_or(item);
        for name in names
            .split(|c: char| !c.is_alphanumeric())
            .filter(|n| !n.is_empty())
        {
            // A trait that is no layer, and the default of an option.
            if ["FixedKernel", "Nearest"].contains(&name) {
                continue;
            }
            assert!(in_a_row(name, &file), "{name} of {file}");
            layers += 1;
        }
    }
    assert!(layers > 50, "only {layers} layers");
}
