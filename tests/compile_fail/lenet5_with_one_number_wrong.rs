use shapeproof::prelude::*;

#[model(input = Chw<1, 28, 28>, output = Flat<10>)]
pub struct LeNet5 {
    conv1: Conv2d<6, Kernel<5>, Padding<2>>,
    relu1: Relu,
    pool1: MaxPool2d<2>,
    conv2: Conv2d<16, Kernel<15>>,
    relu2: Relu,
    pool2: MaxPool2d<2>,
    flatten: Flatten,
    fc1: Linear<120>,
    relu3: Relu,
    fc2: Linear<84>,
    relu4: Relu,
    fc3: Linear<10>,
}

fn main() {
    let _: LeNet5 = LeNet5::new(&Cpu::default());
}
