use shapeproof::prelude::*;
#[derive(Clone, Copy, Debug, Default)]
struct Step;
impl FixedKernel for Step {
    const HEIGHT: usize = 1;
    const WIDTH: usize = 2;
    const WEIGHTS: &'static [f64] = &[-1.0, 1.0];
}
#[model(input = Chw<1, 8, 8>, output = Chw<1, 8, 7>)]
struct Net { step: Filter2d<Step> }
fn main() {
    let _: Net = Net::new(&Cpu::default());
}
