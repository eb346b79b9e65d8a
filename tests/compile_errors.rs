//! Every mistake is one error, on the user's line, in the text that stands beside its program.
//!
//! After a change of wording, `TRYBUILD=overwrite cargo test --test compile_errors` writes the
//! texts anew; read them like code before they are committed.

/// Seen by `cargo check`.
#[test]
fn mistakes_are_told_by_cargo_check() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}

/// Closed layers written by hand are generic until they are built, so `cargo build` tells.
///
/// The case that passes makes trybuild build instead of check.
#[test]
fn closed_layers_written_by_hand_are_told_by_cargo_build() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile_fail/at_build/closed_layer_that_fits.rs");
    cases.compile_fail("tests/compile_fail/at_build/closed_layer_with_another_output.rs");
}
