//! `docs/engine.md` shows what the engine does with LeNet-5; `BLESS=1` writes it anew.

use shapeproof::engine::picture;
use shapeproof::models::LeNet5;
use shapeproof::prelude::*;

#[test]
fn the_page_shows_the_plan_of_lenet5() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/engine.md");
    let page = std::fs::read_to_string(path).unwrap();
    let net: LeNet5 = LeNet5::new(&Cpu::default());
    let [training, inference] = [true, false].map(|training| {
        let picture = picture(&net, 64, 2, training).expect("every layer describes itself");
        let lines = picture.to_string();
        let lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
        lines.join("\n")
    });
    println!("{training}\n\n{inference}");
    let blocks: Vec<&str> = page.split("```").collect();
    let [before, old_training, between, old_inference, behind] = blocks[..] else {
        panic!("two pictures belong in the page");
    };
    let [new_training, new_inference] =
        [&training, &inference].map(|picture| format!("text\n{picture}\n"));
    if std::env::var_os("BLESS").is_some() {
        let page = [before, &new_training, between, &new_inference, behind].join("```");
        std::fs::write(path, page).unwrap();
        return;
    }
    assert_eq!(old_training, new_training, "BLESS=1 writes the page anew");
    assert_eq!(old_inference, new_inference, "BLESS=1 writes the page anew");
}
