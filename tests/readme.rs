//! The README shows the error that its broken model really gets.

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
