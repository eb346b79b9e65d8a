//! Gradients of whole networks that nobody thought of: random chains and graphs with skips.
//!
//! `tests/random_networks/generator.rs` draws them from a seed and writes
//! `tests/random_networks/generated.rs`, which is compiled here. After a change to the generator:
//! `RANDOM_NETWORKS=overwrite cargo test --test random_networks`, twice.

#[rustfmt::skip] // stands as the generator wrote it
#[path = "random_networks/generated.rs"]
mod generated;
#[path = "random_networks/generator.rs"]
mod generator;
mod numeric;
mod support;

use generated::*;
use numeric::{assert_batches, assert_gradients, drawn, seeds, typed, Numeric};
use shapeproof::prelude::*;
use shapeproof::shape::{Dims, LayerShape};
use support::assert_near;

struct Network {
    name: &'static str,
    input: Dims,
    layers: usize,
    net: Box<dyn Numeric>,
}

fn network<M, In, U>() -> Network
where
    In: shapeproof::tensor::Batched,
    U: Shape,
    M: Model
        + BuildModule<Cpu, f64>
        + Module<
            Tensor<In::Shape<usize>, f64, Cpu, OwnedTape<f64, Cpu>>,
            Output = Tensor<U, f64, Cpu, OwnedTape<f64, Cpu>>,
        > + 'static,
{
    Network {
        name: M::NAME,
        input: <In as LayerShape>::DIMS,
        layers: M::LAYERS.len(),
        net: typed::<In, M, U, f64>(),
    }
}

fn all() -> Vec<Network> {
    let mut all = Vec::new();
    macro_rules! each {
        ($Net:ident) => {
            all.push(network::<$Net<f64, Cpu>, <$Net as Model>::Input, _>())
        };
    }
    networks!(each);
    all
}

#[test]
fn the_generator_writes_the_committed_file() {
    let expected = generator::generated();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/random_networks/generated.rs"
    );
    if std::env::var("RANDOM_NETWORKS").is_ok_and(|value| value == "overwrite") {
        std::fs::write(path, &expected).expect("the file can be written");
    }
    let found = std::fs::read_to_string(path).expect("the file can be read");
    assert!(
        found == expected,
        "generated.rs is not what generator.rs writes: RANDOM_NETWORKS=overwrite cargo test --test random_networks"
    );
}

#[test]
fn gradients_of_random_networks_agree_with_differences() {
    let all = all();
    let (mut layers, mut draws, mut alive) = (0, 0, 0);
    for network in &all {
        for seed in seeds() {
            let d_input = assert_gradients(network.name, &*network.net, network.input, seed);
            draws += 1;
            alive += usize::from(d_input.iter().any(|d| d.abs() > 1e-4));
        }
        layers += network.layers;
    }
    println!("{} networks of {layers} layers", all.len());
    assert!(all.len() >= 100, "{} networks", all.len());
    // A gradient of 0 agrees too easily.
    assert!(
        alive * 10 > draws * 9,
        "{alive} gradients of {draws} are not 0"
    );
}

#[test]
fn a_batch_of_three_is_three_batches_of_one() {
    for network in all() {
        let variables = drawn(&*network.net, network.input, 3, 7);
        let values: Vec<&[f64]> = variables.iter().map(|v| v.values.as_slice()).collect();
        // Sums over a batch are added in another order.
        let near = |what: &str, found: &[f64], expected: &[f64]| {
            assert_near(what, found, expected, 1e-11, 1e-11);
        };
        assert_batches(network.name, &*network.net, values[0], &values[1..], near);
    }
}
