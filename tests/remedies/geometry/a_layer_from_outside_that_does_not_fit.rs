use shapeproof::prelude::*;
use shapeproof::shape::{Infer, Inputs, Misfit, Signature};

struct Mirror;
impl<In: Inputs> Infer<In> for Mirror {
    const SIGNATURE: Signature = Signature::misfit("Mirror", WHY, In::DIMS[0]);
}
const WHY: Misfit = Misfit::Other { why: "nothing can be mirrored", remedy: "try `Relu`" };
#[model(input = Flat<8>, output = Flat<8>)]
struct Net { relu: Relu }
fn main() {
    let _: Net = Net::new(&Cpu::default());
}
