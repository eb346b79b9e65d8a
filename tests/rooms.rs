//! A room imports only from the rooms below it, as the map in `src/lib.rs` says.

use std::fs;
use std::path::{Path, PathBuf};

/// Each room with the rooms it may import from; a room may always import from itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("shape", &[]),
    ("kernels", &["shape"]),
    ("tensor", &["shape", "kernels"]),
    ("layers", &["shape", "kernels", "tensor"]),
    ("engine", &["shape", "kernels", "tensor", "layers", "model"]),
    ("model", &["shape"]),
    ("data", &["shape", "tensor"]),
    ("weights", &["tensor", "model"]),
    (
        "train",
        &[
            "shape", "kernels", "tensor", "layers", "engine", "model", "data", "weights",
        ],
    ),
    (
        "detection",
        &["shape", "kernels", "tensor", "data", "train"],
    ),
    ("vision", &["shape", "tensor", "layers", "data", "train"]),
    (
        "predict",
        &[
            "shape", "tensor", "model", "data", "train", "vision", "weights",
        ],
    ),
    ("models", &[]),
    ("strategies", &["shape", "kernels"]),
    ("gradcheck", &["shape", "tensor", "layers"]),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that a line of code names after `crate::`, or imports by the crate's own name; comments
/// are prose.
fn named(line: &str) -> Vec<&str> {
    let code = line.split("//").next().unwrap_or(line);
    let after = |root| code.split(root).skip(1);
    after("crate::")
        .chain(after("use shapeproof::"))
        .map(|rest| {
            rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap_or(rest)
        })
        .filter(|name| ROOMS.iter().any(|(room, _)| room == name))
        .collect()
}

#[test]
fn imports_go_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    let mut seen = 0;
    for path in all {
        let relative = path.strip_prefix(&src).expect("found below src");
        let first = relative
            .iter()
            .next()
            .and_then(|p| p.to_str())
            .expect("UTF-8");
        let room = first.trim_end_matches(".rs");
        if room == "lib" {
            continue;
        }
        let (_, allowed) = ROOMS
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| panic!("the room `{room}` is not on the map in tests/rooms.rs"));
        let text = fs::read_to_string(&path).expect("src can be read");
        for (number, line) in text.lines().enumerate() {
            assert!(
                !line.contains("crate::{"),
                "src/{}:{}: a group of imports hides its rooms from this test",
                relative.display(),
                number + 1,
            );
            for name in named(line) {
                seen += 1;
                assert!(
                    name == room || allowed.contains(&name),
                    "src/{}:{}: the room `{room}` may not import from `{name}`",
                    relative.display(),
                    number + 1,
                );
            }
        }
    }
    assert!(
        seen > 20,
        "only {seen} imports found: is `crate::` still how they are written?"
    );
}

#[test]
fn shape_and_kernels_know_no_dfdx() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in ["shape", "kernels"] {
        let mut all = Vec::new();
        files(&src.join(room), &mut all);
        assert!(all.len() > 5, "only {} files in src/{room}", all.len());
        for path in all {
            let text = fs::read_to_string(&path).expect("src can be read");
            let code = text.lines().filter(|l| !l.trim_start().starts_with("//"));
            assert!(
                !code.clone().any(|line| line.contains("dfdx")),
                "{} names dfdx",
                path.display(),
            );
        }
    }
}

/// Files with unsafe blocks, and how many.
const UNSAFE: &[(&str, usize)] = &[
    // The call of the crate `gemm`.
    ("matmul.rs", 1),
    // Loads and stores of a part of a vector.
    ("simd.rs", 2),
    // Blocks of products in registers: a check of every number would take as long as the product.
    ("winograd/product.rs", 2),
    // Rows of one image that several threads write: they do not lie side by side.
    ("winograd/shared.rs", 1),
    ("winograd/image.rs", 1),
    // Work that other threads borrow only until it is done: a scope for each layer of one image
    // would take longer than the layer.
    ("crew.rs", 2),
    ("conv2d/direct/slide.rs", 2),
    ("conv2d/direct/gather.rs", 2),
];

#[test]
fn only_products_and_vectors_are_unsafe() {
    let kernels = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kernels");
    let mut all = Vec::new();
    files(&kernels, &mut all);
    for path in all {
        let text = fs::read_to_string(&path).expect("src can be read");
        let found = text.matches("unsafe {").count();
        let name = path.strip_prefix(&kernels).expect("found below kernels");
        let listed = UNSAFE.iter().find(|(file, _)| name == Path::new(file));
        let expected = listed.map_or(0, |(_, count)| *count);
        assert!(
            found == expected,
            "{} has {found} unsafe blocks, expected {expected}",
            path.display(),
        );
    }
}
