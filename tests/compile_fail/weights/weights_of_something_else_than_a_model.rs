use shapeproof::prelude::*;

struct Net;
check_weights!(Net, "tests/fixtures/net.safetensors");

fn main() {}
