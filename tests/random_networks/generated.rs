// Written by generator.rs.

use shapeproof::prelude::*;

#[model(input = Chw<3, 8, 7>, output = Chw<2, 5, 8>)]
pub struct Net000 {
    conv2d0: Conv2d<3, Kernel<2, 3>, Groups<3>>,
    #[from(conv2d0, conv2d0, conv2d0, conv2d0)]
    add1: Add,
    #[from(conv2d0, conv2d0, add1)]
    concat2: Concat,
    conv2d3: Conv2d<2, Kernel<3, 2>, Padding<0, 2>>,
}

#[model(input = Flat<2>, output = Flat<10>)]
pub struct Net001 {
    tanh0: Tanh,
    #[from(tanh0, tanh0, tanh0, tanh0)]
    add1: Add,
    #[from(add1, input, tanh0)]
    concat2: Concat,
    #[from(input)]
    linear3: Linear<4, NoBias>,
    linear4: Linear<4, NoBias>,
    #[from(concat2, linear4)]
    concat5: Concat,
}

#[model(input = Chw<3, 4, 6>, output = Flat<171>)]
pub struct Net002 {
    sumpool2d0: SumPool2d<2, KernelWidth<2>, Stride<1, 2>, Padding<0, 0>>,
    #[from(input)]
    conv2d1: Conv2d<6, Kernel<1, 1>, Groups<3>, Stride<2, 1>, NoBias>,
    #[from(conv2d1, conv2d1)]
    concat2: Concat,
    #[from(sumpool2d0)]
    flatten3: Flatten,
    #[from(concat2)]
    flatten4: Flatten,
    #[from(flatten3, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<2, 5, 6>, output = Chw<6, 5, 6>)]
pub struct Net003 {
    conv2d0: Conv2d<5, Kernel<1, 2>, Dilation<2, 2>, SamePadding>,
    #[from(conv2d0, conv2d0)]
    add1: Add,
    conv2d2: Conv2d<2, Kernel<1, 2>, SamePadding>,
    leakyrelu3: LeakyRelu<1, 4>,
    #[from(leakyrelu3, input, input)]
    concat4: Concat,
}

#[model(input = Chw<4, 5, 4>, output = Chw<18, 5, 3>)]
pub struct Net004 {
    #[from(input, input, input)]
    add0: Add,
    conv2d1: Conv2d<6, Kernel<1, 2>>,
    softmax2: Softmax,
    #[from(softmax2, conv2d1, softmax2)]
    concat3: Concat,
}

#[model(input = Chw<4, 7, 8>, output = Flat<12>)]
pub struct Net005 {
    flatten0: Flatten,
    linear1: Linear<3>,
    #[from(flatten0)]
    linear2: Linear<6>,
    linear3: Linear<9, NoBias>,
    leakyrelu4: LeakyRelu<1, 4>,
    #[from(linear1, leakyrelu4)]
    concat5: Concat,
}

#[model(input = Chw<4, 9, 8>, output = Flat<88>)]
pub struct Net006 {
    conv2d0: Conv2d<5, Kernel<3, 3>, Dilation<1, 1>, SamePadding, NoBias>,
    #[from(conv2d0, input, input)]
    concat1: Concat,
    conv2d2: Conv2d<1, Kernel<2, 1>>,
    #[from(input)]
    sumpool2d3: SumPool2d<2, KernelWidth<2>, Stride<2, 3>, Padding<1, 1>>,
    conv2d4: Conv2d<6, Kernel<2, 1>, Stride<1, 3>>,
    #[from(conv2d2)]
    flatten5: Flatten,
    #[from(conv2d4)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<3, 4, 9>, output = Chw<3, 3, 3>)]
pub struct Net007 {
    conv2d0: Conv2d<3, Kernel<1, 1>, Dilation<2, 1>, Padding<1, 1>>,
    conv2d1: Conv2d<3, Kernel<1, 1>, Groups<3>, Stride<2, 3>, NoBias>,
    gelu2: Gelu,
    conv2d3: Conv2d<3, Kernel<3, 2>, Groups<3>, Dilation<2, 3>, Padding<2, 1>>,
}

#[model(input = Chw<3, 6, 7>, output = Chw<6, 6, 2>)]
pub struct Net008 {
    maxpool2d0: MaxPool2d<3, KernelWidth<2>, Stride<1, 2>, Padding<1, 1>>,
    conv2d1: Conv2d<6, Kernel<1, 2>, Groups<3>, Dilation<2, 2>>,
    leakyrelu2: LeakyRelu<1, 4>,
    leakyrelu3: LeakyRelu,
    sigmoid4: Sigmoid,
    leakyrelu5: LeakyRelu<1, 4>,
}

#[model(input = Chw<4, 6, 5>, output = Chw<2, 2, 2>)]
pub struct Net009 {
    conv2d0: Conv2d<6, Kernel<3, 1>, Groups<2>, Dilation<1, 2>, Padding<2, 0>>,
    conv2d1: Conv2d<6, Kernel<2, 2>, Groups<6>, SamePadding, NoBias>,
    conv2d2: Conv2d<2, Kernel<1, 3>, Stride<3, 1>, NoBias>,
    #[from(conv2d2, conv2d2, conv2d2)]
    add3: Add,
    leakyrelu4: LeakyRelu<1, 4>,
    sumpool2d5: SumPool2d<1, KernelWidth<3>, Stride<2, 2>, Padding<0, 1>>,
}

#[model(input = Chw<1, 6, 7>, output = Chw<5, 3, 2>)]
pub struct Net010 {
    conv2d0: Conv2d<6, Kernel<1, 2>, Dilation<1, 1>, Stride<2, 3>>,
    conv2d1: Conv2d<5, Kernel<3, 3>, SamePadding, NoBias>,
    leakyrelu2: LeakyRelu,
    tanh3: Tanh,
}

#[model(input = Chw<1, 9, 8>, output = Flat<1428>)]
pub struct Net011 {
    conv2d0: Conv2d<5, Kernel<1, 2>, Padding<0, 0>>,
    conv2d1: Conv2d<6, Kernel<2, 1>, Dilation<2, 1>, Padding<2, 2>>,
    #[from(conv2d1, conv2d1, conv2d1)]
    concat2: Concat,
    conv2d3: Conv2d<6, Kernel<3, 2>, Groups<3>, SamePadding, NoBias>,
    #[from(conv2d1, conv2d3, conv2d1, conv2d3)]
    add4: Add,
    #[from(conv2d1)]
    conv2d5: Conv2d<6, Kernel<3, 1>, Groups<3>, Stride<1, 1>, Padding<0, 1>>,
    #[from(add4)]
    flatten6: Flatten,
    #[from(conv2d5)]
    flatten7: Flatten,
    #[from(flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<2, 5, 8>, output = Flat<16>)]
pub struct Net012 {
    conv2d0: Conv2d<2, Kernel<3, 3>, Groups<2>, Stride<1, 3>, NoBias>,
    flatten1: Flatten,
    linear2: Linear<2, NoBias>,
    #[from(linear2, linear2, flatten1)]
    concat3: Concat,
}

#[model(input = Chw<1, 5, 6>, output = Flat<186>)]
pub struct Net013 {
    #[from(input, input)]
    add0: Add,
    #[from(input, add0)]
    concat1: Concat,
    #[from(input)]
    conv2d2: Conv2d<3, Kernel<1, 1>, Stride<1, 1>>,
    #[from(input)]
    conv2d3: Conv2d<6, Kernel<3, 3>, Stride<1, 2>>,
    #[from(concat1)]
    flatten4: Flatten,
    #[from(conv2d2)]
    flatten5: Flatten,
    #[from(conv2d3)]
    flatten6: Flatten,
    #[from(flatten4, flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<4, 6, 4>, output = Flat<98>)]
pub struct Net014 {
    dropout0: Dropout,
    #[from(input)]
    relu1: Relu,
    conv2d2: Conv2d<6, Kernel<1, 3>, Stride<2, 1>, NoBias>,
    flatten3: Flatten,
    linear4: Linear<2>,
    #[from(dropout0)]
    flatten5: Flatten,
    #[from(linear4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<4, 6, 5>, output = Flat<32>)]
pub struct Net015 {
    conv2d0: Conv2d<4, Kernel<1, 3>, Groups<4>, Stride<1, 3>>,
    #[from(input)]
    conv2d1: Conv2d<4, Kernel<3, 1>, Groups<4>, Stride<1, 3>, Padding<1, 0>, NoBias>,
    #[from(conv2d1, conv2d1)]
    add2: Add,
    conv2d3: Conv2d<2, Kernel<3, 2>, Groups<2>, Stride<1, 1>>,
    #[from(conv2d0)]
    flatten4: Flatten,
    #[from(conv2d3)]
    flatten5: Flatten,
    #[from(flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<4, 7, 8>, output = Flat<42>)]
pub struct Net016 {
    conv2d0: Conv2d<2, Kernel<1, 2>, Groups<2>, Stride<3, 1>>,
    relu1: Relu,
    flatten2: Flatten,
}

#[model(input = Chw<2, 9, 7>, output = Chw<9, 3, 4>)]
pub struct Net017 {
    conv2d0: Conv2d<3, Kernel<3, 1>, Stride<3, 2>>,
    #[from(conv2d0, conv2d0, conv2d0)]
    add1: Add,
    #[from(add1, conv2d0, add1)]
    concat2: Concat,
    leakyrelu3: LeakyRelu<1, 4>,
}

#[model(input = Flat<2>, output = Flat<13>)]
pub struct Net018 {
    linear0: Linear<1>,
    #[from(input, input, input)]
    concat1: Concat,
    linear2: Linear<8>,
    #[from(input)]
    linear3: Linear<4>,
    #[from(linear0, linear2, linear3)]
    concat4: Concat,
}

#[model(input = Chw<2, 7, 4>, output = Flat<94>)]
pub struct Net019 {
    sumpool2d0: SumPool2d<1, KernelWidth<3>, Stride<1, 2>, Padding<0, 1>>,
    conv2d1: Conv2d<2, Kernel<3, 2>, Stride<2, 1>, NoBias>,
    #[from(sumpool2d0)]
    conv2d2: Conv2d<2, Kernel<3, 1>, Groups<2>, Padding<1, 1>, NoBias>,
    #[from(sumpool2d0)]
    conv2d3: Conv2d<4, Kernel<3, 1>, Stride<2, 3>, Padding<1, 2>, NoBias>,
    #[from(conv2d1)]
    flatten4: Flatten,
    #[from(conv2d2)]
    flatten5: Flatten,
    #[from(conv2d3)]
    flatten6: Flatten,
    #[from(flatten4, flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<2, 9, 10>, output = Chw<4, 1, 7>)]
pub struct Net020 {
    maxpool2d0: MaxPool2d<1, KernelWidth<2>, Stride<1, 3>, Padding<0, 1>>,
    avgpool2d1: AvgPool2d<1, KernelWidth<3>, Stride<2, 3>, Padding<0, 1>>,
    conv2d2: Conv2d<4, Kernel<3, 1>, Dilation<2, 1>, Padding<1, 2>, NoBias>,
    maxpool2d3: MaxPool2d<3, KernelWidth<2>, Stride<3, 1>, Padding<0, 1>>,
    #[from(maxpool2d3, maxpool2d3, maxpool2d3, maxpool2d3)]
    add4: Add,
    tanh5: Tanh,
}

#[model(input = Chw<3, 9, 8>, output = Flat<436>)]
pub struct Net021 {
    flatten0: Flatten,
    #[from(input)]
    conv2d1: Conv2d<5, Kernel<2, 1>, Stride<2, 2>>,
    avgpool2d2: AvgPool2d<3, KernelWidth<3>, Stride<1, 1>, Padding<0, 1>>,
    maxpool2d3: MaxPool2d<2, KernelWidth<2>, Stride<1, 3>, Padding<1, 0>>,
    conv2d4: Conv2d<5, Kernel<1, 2>, Groups<5>, Padding<0, 2>>,
    #[from(conv2d1, conv2d1)]
    concat5: Concat,
    #[from(conv2d4)]
    flatten6: Flatten,
    #[from(concat5)]
    flatten7: Flatten,
    #[from(flatten0, flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<4, 5, 9>, output = Chw<4, 2, 1>)]
pub struct Net022 {
    maxpool2d0: MaxPool2d<3, KernelWidth<3>, Stride<3, 3>, Padding<1, 0>>,
    relu1: Relu,
    conv2d2: Conv2d<4, Kernel<2, 1>, Groups<2>, Stride<2, 3>, Padding<1, 0>, NoBias>,
}

#[model(input = Chw<1, 9, 8>, output = Flat<7>)]
pub struct Net023 {
    avgpool2d0: AvgPool2d<2, KernelWidth<2>, Stride<1, 1>, Padding<0, 0>>,
    conv2d1: Conv2d<3, Kernel<2, 3>, Stride<3, 1>, NoBias>,
    conv2d2: Conv2d<3, Kernel<3, 3>, Groups<3>, Stride<1, 1>>,
    flatten3: Flatten,
    linear4: Linear<7>,
}

#[model(input = Flat<4>, output = Flat<14>)]
pub struct Net024 {
    linear0: Linear<3, NoBias>,
    linear1: Linear<4>,
    linear2: Linear<5, NoBias>,
    #[from(input)]
    linear3: Linear<9>,
    #[from(linear2, linear3)]
    concat4: Concat,
}

#[model(input = Chw<1, 7, 6>, output = Chw<4, 5, 6>)]
pub struct Net025 {
    conv2d0: Conv2d<4, Kernel<3, 1>, Stride<1, 1>, NoBias>,
    #[from(conv2d0, conv2d0, conv2d0)]
    add1: Add,
    #[from(add1, add1, add1, add1)]
    add2: Add,
}

#[model(input = Chw<4, 7, 4>, output = Flat<96>)]
pub struct Net026 {
    relu0: Relu,
    avgpool2d1: AvgPool2d<3, KernelWidth<2>, Stride<1, 1>, Padding<0, 0>>,
    conv2d2: Conv2d<4, Kernel<3, 1>, Groups<4>, Dilation<1, 2>, NoBias>,
    #[from(conv2d2, conv2d2, conv2d2, conv2d2)]
    add3: Add,
    #[from(avgpool2d1)]
    sigmoid4: Sigmoid,
    #[from(add3)]
    flatten5: Flatten,
    #[from(sigmoid4)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<4, 7, 8>, output = Flat<44>)]
pub struct Net027 {
    #[from(input, input, input)]
    add0: Add,
    maxpool2d1: MaxPool2d<1, KernelWidth<2>, Stride<3, 1>, Padding<0, 0>>,
    avgpool2d2: AvgPool2d<2, KernelWidth<3>, Stride<1, 2>, Padding<0, 0>>,
    #[from(avgpool2d2, avgpool2d2, avgpool2d2)]
    add3: Add,
    #[from(avgpool2d2)]
    conv2d4: Conv2d<4, Kernel<2, 1>, Groups<4>, Padding<0, 1>, NoBias>,
    #[from(add3)]
    flatten5: Flatten,
    #[from(conv2d4)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<3, 6, 5>, output = Flat<220>)]
pub struct Net028 {
    dropout0: Dropout,
    #[from(input)]
    sigmoid1: Sigmoid,
    #[from(input)]
    conv2d2: Conv2d<5, Kernel<2, 3>, Dilation<2, 1>, Stride<1, 1>>,
    avgpool2d3: AvgPool2d<1, KernelWidth<2>, Stride<1, 1>, Padding<0, 1>>,
    avgpool2d4: AvgPool2d<1, KernelWidth<3>, Stride<3, 1>, Padding<0, 1>>,
    #[from(dropout0)]
    flatten5: Flatten,
    #[from(sigmoid1)]
    flatten6: Flatten,
    #[from(avgpool2d4)]
    flatten7: Flatten,
    #[from(flatten5, flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<2, 8, 4>, output = Flat<78>)]
pub struct Net029 {
    #[from(input, input)]
    add0: Add,
    #[from(add0, input)]
    add1: Add,
    #[from(add1, input, add0)]
    add2: Add,
    #[from(add2, add0)]
    add3: Add,
    flatten4: Flatten,
    #[from(input)]
    conv2d5: Conv2d<2, Kernel<2, 2>, Groups<2>, Stride<1, 3>, NoBias>,
    flatten6: Flatten,
    #[from(flatten4, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<2, 4, 5>, output = Chw<1, 1, 5>)]
pub struct Net030 {
    gelu0: Gelu,
    conv2d1: Conv2d<1, Kernel<3, 1>, Stride<2, 1>, Padding<0, 0>>,
    softmax2: Softmax,
    leakyrelu3: LeakyRelu<1, 4>,
    leakyrelu4: LeakyRelu,
    leakyrelu5: LeakyRelu<1, 4>,
}

#[model(input = Chw<2, 9, 7>, output = Flat<96>)]
pub struct Net031 {
    #[from(input, input, input)]
    concat0: Concat,
    conv2d1: Conv2d<6, Kernel<2, 3>, Groups<3>, Stride<3, 2>>,
    sumpool2d2: SumPool2d<2, KernelWidth<2>, Stride<3, 2>, Padding<1, 1>>,
    #[from(sumpool2d2, sumpool2d2, sumpool2d2)]
    add3: Add,
    #[from(sumpool2d2)]
    sigmoid4: Sigmoid,
    #[from(sigmoid4, sigmoid4, sigmoid4)]
    concat5: Concat,
    #[from(add3)]
    flatten6: Flatten,
    #[from(concat5)]
    flatten7: Flatten,
    #[from(flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<1, 8, 4>, output = Chw<6, 4, 2>)]
pub struct Net032 {
    #[from(input, input, input)]
    concat0: Concat,
    avgpool2d1: AvgPool2d<3, KernelWidth<2>, Stride<2, 3>, Padding<1, 1>>,
    conv2d2: Conv2d<6, Kernel<3, 1>, Groups<3>, Dilation<2, 3>, SamePadding>,
}

#[model(input = Chw<3, 6, 7>, output = Flat<36>)]
pub struct Net033 {
    sumpool2d0: SumPool2d<1, KernelWidth<3>, Stride<3, 2>, Padding<0, 1>>,
    conv2d1: Conv2d<1, Kernel<1, 2>>,
    conv2d2: Conv2d<6, Kernel<1, 3>>,
    #[from(sumpool2d0, sumpool2d0)]
    add3: Add,
    #[from(conv2d2)]
    flatten4: Flatten,
    #[from(add3)]
    flatten5: Flatten,
    #[from(flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<4, 7, 5>, output = Chw<6, 1, 1>)]
pub struct Net034 {
    conv2d0: Conv2d<2, Kernel<3, 2>, Groups<2>, Stride<2, 1>>,
    conv2d1: Conv2d<4, Kernel<1, 1>, Dilation<1, 1>, Padding<0, 0>>,
    conv2d2: Conv2d<6, Kernel<2, 2>, Stride<3, 3>>,
    tanh3: Tanh,
    leakyrelu4: LeakyRelu,
}

#[model(input = Chw<2, 5, 7>, output = Chw<12, 1, 1>)]
pub struct Net035 {
    avgpool2d0: AvgPool2d<2, KernelWidth<3>, Stride<2, 3>, Padding<1, 1>>,
    #[from(avgpool2d0, avgpool2d0)]
    add1: Add,
    conv2d2: Conv2d<1, Kernel<1, 3>, Stride<3, 2>, Padding<0, 1>, NoBias>,
    conv2d3: Conv2d<4, Kernel<3, 2>, Dilation<2, 1>, Stride<3, 1>, Padding<2, 0>>,
    conv2d4: Conv2d<4, Kernel<1, 2>, Groups<2>, SamePadding>,
    #[from(conv2d4, conv2d3, conv2d3)]
    concat5: Concat,
}

#[model(input = Chw<2, 5, 9>, output = Chw<4, 5, 9>)]
pub struct Net036 {
    leakyrelu0: LeakyRelu,
    tanh1: Tanh,
    #[from(tanh1, input)]
    concat2: Concat,
}

#[model(input = Chw<3, 4, 8>, output = Flat<88>)]
pub struct Net037 {
    sumpool2d0: SumPool2d<1, KernelWidth<3>, Stride<1, 2>, Padding<0, 1>>,
    #[from(input)]
    sumpool2d1: SumPool2d<3, KernelWidth<3>, Stride<2, 1>, Padding<0, 1>>,
    conv2d2: Conv2d<5, Kernel<2, 3>, Dilation<2, 3>, SamePadding, NoBias>,
    #[from(sumpool2d0)]
    flatten3: Flatten,
    #[from(conv2d2)]
    flatten4: Flatten,
    #[from(flatten3, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<3, 8, 9>, output = Flat<864>)]
pub struct Net038 {
    conv2d0: Conv2d<6, Kernel<2, 2>, Groups<3>, SamePadding>,
    #[from(input)]
    flatten1: Flatten,
    #[from(flatten1, flatten1)]
    concat2: Concat,
    #[from(conv2d0)]
    flatten3: Flatten,
    #[from(concat2, flatten3)]
    concat4: Concat,
}

#[model(input = Flat<5>, output = Flat<3>)]
pub struct Net039 {
    relu0: Relu,
    linear1: Linear<3, NoBias>,
    sigmoid2: Sigmoid,
}

#[model(input = Chw<2, 4, 9>, output = Flat<1>)]
pub struct Net040 {
    flatten0: Flatten,
    #[from(flatten0, flatten0)]
    concat1: Concat,
    linear2: Linear<1>,
}

#[model(input = Chw<3, 4, 6>, output = Chw<2, 6, 3>)]
pub struct Net041 {
    softmax0: Softmax,
    conv2d1: Conv2d<3, Kernel<1, 2>, Groups<3>, Padding<1, 0>, NoBias>,
    leakyrelu2: LeakyRelu,
    conv2d3: Conv2d<2, Kernel<2, 2>, Dilation<2, 1>, SamePadding>,
    maxpool2d4: MaxPool2d<3, KernelWidth<3>, Stride<1, 2>, Padding<1, 1>>,
}

#[model(input = Chw<2, 5, 6>, output = Chw<6, 6, 3>)]
pub struct Net042 {
    conv2d0: Conv2d<2, Kernel<1, 2>, Groups<2>, Padding<0, 0>>,
    conv2d1: Conv2d<6, Kernel<2, 3>, Groups<2>, SamePadding, NoBias>,
    conv2d2: Conv2d<6, Kernel<2, 3>, Groups<6>, Padding<1, 0>>,
}

#[model(input = Chw<3, 7, 5>, output = Flat<285>)]
pub struct Net043 {
    dropout0: Dropout,
    #[from(input, input)]
    add1: Add,
    conv2d2: Conv2d<6, Kernel<2, 1>, Groups<3>>,
    #[from(dropout0)]
    dropout3: Dropout,
    #[from(conv2d2)]
    flatten4: Flatten,
    #[from(dropout3)]
    flatten5: Flatten,
    #[from(flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<3, 5, 6>, output = Flat<81>)]
pub struct Net044 {
    avgpool2d0: AvgPool2d<3, KernelWidth<3>, Stride<2, 2>, Padding<0, 0>>,
    flatten1: Flatten,
    #[from(input)]
    conv2d2: Conv2d<5, Kernel<3, 2>, NoBias>,
    #[from(flatten1)]
    linear3: Linear<1, NoBias>,
    linear4: Linear<1, NoBias>,
    linear5: Linear<6, NoBias>,
    #[from(conv2d2)]
    flatten6: Flatten,
    #[from(linear5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<2, 8, 9>, output = Chw<2, 3, 4>)]
pub struct Net045 {
    leakyrelu0: LeakyRelu,
    leakyrelu1: LeakyRelu,
    leakyrelu2: LeakyRelu,
    sumpool2d3: SumPool2d<1, KernelWidth<2>, Stride<3, 2>, Padding<0, 0>>,
}

#[model(input = Chw<2, 8, 9>, output = Flat<738>)]
pub struct Net046 {
    sumpool2d0: SumPool2d<1, KernelWidth<2>, Stride<2, 1>, Padding<0, 0>>,
    maxpool2d1: MaxPool2d<2, KernelWidth<3>, Stride<3, 3>, Padding<1, 1>>,
    #[from(input)]
    conv2d2: Conv2d<6, Kernel<2, 3>, Padding<2, 2>>,
    leakyrelu3: LeakyRelu<1, 4>,
    #[from(maxpool2d1)]
    flatten4: Flatten,
    #[from(leakyrelu3)]
    flatten5: Flatten,
    #[from(flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<1, 6, 5>, output = Flat<20>)]
pub struct Net047 {
    #[from(input, input, input, input)]
    add0: Add,
    #[from(add0, input)]
    add1: Add,
    #[from(input)]
    maxpool2d2: MaxPool2d<3, KernelWidth<3>, Stride<2, 3>, Padding<0, 0>>,
    #[from(add1)]
    conv2d3: Conv2d<3, Kernel<2, 1>, Dilation<2, 1>, NoBias>,
    sumpool2d4: SumPool2d<3, KernelWidth<3>, Stride<3, 2>, Padding<1, 1>>,
    tanh5: Tanh,
    #[from(maxpool2d2)]
    flatten6: Flatten,
    #[from(tanh5)]
    flatten7: Flatten,
    #[from(flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<4, 9, 8>, output = Chw<6, 8, 3>)]
pub struct Net048 {
    #[from(input, input, input)]
    concat0: Concat,
    maxpool2d1: MaxPool2d<1, KernelWidth<3>, Stride<1, 1>, Padding<0, 0>>,
    gelu2: Gelu,
    conv2d3: Conv2d<6, Kernel<2, 2>, Groups<3>, Dilation<1, 3>>,
}

#[model(input = Chw<2, 4, 7>, output = Chw<3, 3, 1>)]
pub struct Net049 {
    #[from(input, input, input)]
    add0: Add,
    #[from(add0, add0)]
    concat1: Concat,
    conv2d2: Conv2d<3, Kernel<1, 3>, Dilation<1, 3>, Stride<3, 2>>,
    conv2d3: Conv2d<3, Kernel<2, 1>, Groups<3>, Stride<1, 3>, Padding<1, 0>>,
    #[from(conv2d3, conv2d3, conv2d3)]
    add4: Add,
}

#[model(input = Chw<3, 4, 7>, output = Flat<300>)]
pub struct Net050 {
    #[from(input, input, input)]
    add0: Add,
    leakyrelu1: LeakyRelu,
    #[from(leakyrelu1, input, add0)]
    concat2: Concat,
    #[from(add0, input)]
    add3: Add,
    conv2d4: Conv2d<4, Kernel<1, 3>, Stride<1, 1>>,
    conv2d5: Conv2d<6, Kernel<3, 2>, Groups<2>, Stride<1, 1>>,
    #[from(concat2)]
    flatten6: Flatten,
    #[from(conv2d5)]
    flatten7: Flatten,
    #[from(flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<4, 8, 4>, output = Flat<91>)]
pub struct Net051 {
    conv2d0: Conv2d<2, Kernel<2, 3>, Groups<2>, Dilation<1, 2>, Stride<1, 1>, Padding<2, 2>>,
    #[from(input)]
    leakyrelu1: LeakyRelu,
    conv2d2: Conv2d<4, Kernel<2, 3>, Groups<4>, Dilation<2, 2>, SamePadding>,
    flatten3: Flatten,
    #[from(flatten3, flatten3, flatten3, flatten3)]
    add4: Add,
    linear5: Linear<3, NoBias>,
    #[from(conv2d0)]
    flatten6: Flatten,
    #[from(linear5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<3, 4, 5>, output = Flat<9>)]
pub struct Net052 {
    conv2d0: Conv2d<5, Kernel<2, 1>, SamePadding>,
    conv2d1: Conv2d<1, Kernel<2, 1>, Stride<1, 2>, Padding<1, 0>, NoBias>,
    conv2d2: Conv2d<2, Kernel<3, 1>, Dilation<2, 2>, Stride<2, 3>, Padding<1, 0>>,
    flatten3: Flatten,
    linear4: Linear<9>,
}

#[model(input = Chw<2, 5, 9>, output = Chw<3, 2, 2>)]
pub struct Net053 {
    maxpool2d0: MaxPool2d<2, KernelWidth<2>, Stride<1, 3>, Padding<0, 0>>,
    leakyrelu1: LeakyRelu,
    leakyrelu2: LeakyRelu<1, 4>,
    #[from(leakyrelu2, leakyrelu2, leakyrelu2)]
    add3: Add,
    conv2d4: Conv2d<3, Kernel<2, 2>, SamePadding>,
    avgpool2d5: AvgPool2d<3, KernelWidth<2>, Stride<3, 1>, Padding<1, 0>>,
}

#[model(input = Chw<4, 8, 7>, output = Flat<7>)]
pub struct Net054 {
    #[from(input, input, input)]
    concat0: Concat,
    flatten1: Flatten,
    #[from(flatten1, flatten1, flatten1)]
    concat2: Concat,
    linear3: Linear<1>,
    linear4: Linear<6>,
    linear5: Linear<7, NoBias>,
}

#[model(input = Chw<1, 9, 8>, output = Chw<6, 12, 8>)]
pub struct Net055 {
    softmax0: Softmax,
    conv2d1: Conv2d<6, Kernel<2, 1>, Dilation<2, 1>, SamePadding>,
    leakyrelu2: LeakyRelu,
    conv2d3: Conv2d<4, Kernel<1, 3>, Groups<2>, SamePadding>,
    conv2d4: Conv2d<6, Kernel<2, 2>, Groups<2>, Dilation<1, 2>, Stride<1, 1>, Padding<2, 1>>,
}

#[model(input = Flat<3>, output = Flat<12>)]
pub struct Net056 {
    #[from(input, input, input, input)]
    add0: Add,
    linear1: Linear<4>,
    leakyrelu2: LeakyRelu<1, 4>,
    leakyrelu3: LeakyRelu<1, 4>,
    #[from(leakyrelu3, linear1, leakyrelu3)]
    add4: Add,
    #[from(add4, add4, leakyrelu2)]
    concat5: Concat,
}

#[model(input = Chw<3, 4, 7>, output = Chw<5, 3, 10>)]
pub struct Net057 {
    conv2d0: Conv2d<4, Kernel<1, 1>, NoBias>,
    #[from(conv2d0, input, input)]
    concat1: Concat,
    conv2d2: Conv2d<5, Kernel<1, 2>, Dilation<2, 1>, Stride<3, 1>, Padding<2, 2>>,
}

#[model(input = Chw<1, 7, 5>, output = Flat<70>)]
pub struct Net058 {
    #[from(input, input)]
    concat0: Concat,
    flatten1: Flatten,
    sigmoid2: Sigmoid,
}

#[model(input = Chw<2, 6, 7>, output = Flat<108>)]
pub struct Net059 {
    tanh0: Tanh,
    conv2d1: Conv2d<6, Kernel<3, 3>, Groups<2>, Stride<2, 3>, Padding<0, 0>>,
    #[from(tanh0)]
    conv2d2: Conv2d<2, Kernel<1, 1>, SamePadding>,
    dropout3: Dropout,
    #[from(conv2d1)]
    flatten4: Flatten,
    #[from(dropout3)]
    flatten5: Flatten,
    #[from(flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<2, 6, 9>, output = Chw<10, 6, 4>)]
pub struct Net060 {
    conv2d0: Conv2d<4, Kernel<2, 3>, Dilation<2, 1>, Padding<2, 0>, NoBias>,
    sigmoid1: Sigmoid,
    leakyrelu2: LeakyRelu<1, 4>,
    conv2d3: Conv2d<5, Kernel<2, 2>, Dilation<2, 3>, NoBias>,
    softmax4: Softmax,
    #[from(softmax4, softmax4)]
    concat5: Concat,
}

#[model(input = Chw<1, 7, 9>, output = Chw<9, 3, 8>)]
pub struct Net061 {
    #[from(input, input)]
    concat0: Concat,
    #[from(concat0, input)]
    concat1: Concat,
    conv2d2: Conv2d<3, Kernel<1, 2>, Dilation<1, 1>, Stride<3, 1>>,
    dropout3: Dropout,
    #[from(dropout3, dropout3, conv2d2)]
    concat4: Concat,
    #[from(concat4, concat4, concat4, concat4)]
    add5: Add,
}

#[model(input = Chw<4, 5, 9>, output = Flat<192>)]
pub struct Net062 {
    sumpool2d0: SumPool2d<2, KernelWidth<3>, Stride<3, 1>, Padding<0, 1>>,
    conv2d1: Conv2d<6, Kernel<1, 1>, Groups<2>>,
    #[from(conv2d1, sumpool2d0)]
    concat2: Concat,
    #[from(conv2d1)]
    conv2d3: Conv2d<6, Kernel<1, 3>, Groups<6>, Stride<3, 1>>,
    conv2d4: Conv2d<2, Kernel<1, 2>>,
    #[from(concat2)]
    flatten5: Flatten,
    #[from(conv2d4)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<2, 5, 8>, output = Flat<6>)]
pub struct Net063 {
    #[from(input, input, input)]
    add0: Add,
    #[from(add0, input, add0)]
    add1: Add,
    flatten2: Flatten,
    linear3: Linear<9>,
    linear4: Linear<6>,
    #[from(linear4, linear4)]
    add5: Add,
}

#[model(input = Flat<2>, output = Flat<2>)]
pub struct Net064 {
    linear0: Linear<8, NoBias>,
    linear1: Linear<1, NoBias>,
    dropout2: Dropout,
    linear3: Linear<3, NoBias>,
    linear4: Linear<8, NoBias>,
    linear5: Linear<2, NoBias>,
}

#[model(input = Chw<1, 5, 6>, output = Chw<2, 2, 2>)]
pub struct Net065 {
    avgpool2d0: AvgPool2d<2, KernelWidth<3>, Stride<1, 3>, Padding<1, 0>>,
    #[from(avgpool2d0, avgpool2d0)]
    concat1: Concat,
    sumpool2d2: SumPool2d<1, KernelWidth<2>, Stride<3, 2>, Padding<0, 1>>,
    leakyrelu3: LeakyRelu<1, 4>,
}

#[model(input = Chw<2, 9, 10>, output = Flat<378>)]
pub struct Net066 {
    maxpool2d0: MaxPool2d<3, KernelWidth<2>, Stride<1, 3>, Padding<1, 0>>,
    softmax1: Softmax,
    #[from(input)]
    conv2d2: Conv2d<2, Kernel<3, 2>, Padding<1, 0>>,
    flatten3: Flatten,
    #[from(conv2d2)]
    leakyrelu4: LeakyRelu<1, 4>,
    flatten5: Flatten,
    #[from(softmax1)]
    flatten6: Flatten,
    #[from(flatten3, flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<1, 5, 6>, output = Flat<70>)]
pub struct Net067 {
    leakyrelu0: LeakyRelu<1, 4>,
    #[from(input)]
    maxpool2d1: MaxPool2d<1, KernelWidth<2>, Stride<1, 3>, Padding<0, 0>>,
    #[from(input)]
    leakyrelu2: LeakyRelu<1, 4>,
    #[from(leakyrelu0)]
    flatten3: Flatten,
    #[from(maxpool2d1)]
    flatten4: Flatten,
    #[from(leakyrelu2)]
    flatten5: Flatten,
    #[from(flatten3, flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<1, 8, 5>, output = Chw<6, 3, 5>)]
pub struct Net068 {
    conv2d0: Conv2d<4, Kernel<1, 3>, Stride<3, 1>, Padding<0, 1>>,
    #[from(conv2d0, conv2d0, conv2d0)]
    concat1: Concat,
    conv2d2: Conv2d<6, Kernel<1, 3>, SamePadding>,
}

#[model(input = Chw<1, 7, 4>, output = Chw<6, 2, 1>)]
pub struct Net069 {
    #[from(input, input, input)]
    concat0: Concat,
    maxpool2d1: MaxPool2d<1, KernelWidth<3>, Stride<3, 2>, Padding<0, 0>>,
    conv2d2: Conv2d<6, Kernel<2, 1>, Stride<1, 1>, Padding<0, 0>>,
    #[from(conv2d2, conv2d2, conv2d2)]
    add3: Add,
    tanh4: Tanh,
    conv2d5: Conv2d<6, Kernel<2, 2>, Groups<3>, SamePadding, NoBias>,
}

#[model(input = Chw<1, 7, 6>, output = Flat<258>)]
pub struct Net070 {
    conv2d0: Conv2d<6, Kernel<2, 3>, Stride<3, 3>, Padding<2, 1>, NoBias>,
    maxpool2d1: MaxPool2d<1, KernelWidth<2>, Stride<3, 1>, Padding<0, 1>>,
    #[from(conv2d0, conv2d0)]
    concat2: Concat,
    #[from(input, input, input)]
    concat3: Concat,
    #[from(maxpool2d1)]
    flatten4: Flatten,
    #[from(concat2)]
    flatten5: Flatten,
    #[from(concat3)]
    flatten6: Flatten,
    #[from(flatten4, flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<4, 4, 7>, output = Flat<12>)]
pub struct Net071 {
    conv2d0: Conv2d<4, Kernel<1, 3>, Groups<4>, Stride<2, 3>, Padding<1, 1>>,
    conv2d1: Conv2d<4, Kernel<1, 3>, Groups<4>, Stride<2, 2>>,
    conv2d2: Conv2d<6, Kernel<1, 1>, Groups<2>, NoBias>,
    leakyrelu3: LeakyRelu,
    flatten4: Flatten,
}

#[model(input = Flat<7>, output = Flat<8>)]
pub struct Net072 {
    linear0: Linear<6>,
    linear1: Linear<1, NoBias>,
    linear2: Linear<3>,
    #[from(linear2, linear0, linear2)]
    concat3: Concat,
    leakyrelu4: LeakyRelu,
    linear5: Linear<8>,
}

#[model(input = Chw<2, 8, 6>, output = Chw<4, 6, 6>)]
pub struct Net073 {
    leakyrelu0: LeakyRelu,
    conv2d1: Conv2d<4, Kernel<3, 3>, Groups<2>, Dilation<1, 1>, Stride<1, 1>, Padding<0, 1>>,
    sigmoid2: Sigmoid,
    leakyrelu3: LeakyRelu<1, 4>,
}

#[model(input = Chw<2, 8, 5>, output = Flat<2>)]
pub struct Net074 {
    flatten0: Flatten,
    linear1: Linear<3, NoBias>,
    linear2: Linear<2>,
}

#[model(input = Chw<1, 5, 7>, output = Chw<3, 3, 5>)]
pub struct Net075 {
    dropout0: Dropout,
    softmax1: Softmax,
    conv2d2: Conv2d<3, Kernel<3, 2>, Dilation<2, 2>, Padding<1, 0>>,
}

#[model(input = Chw<4, 7, 8>, output = Chw<28, 6, 3>)]
pub struct Net076 {
    conv2d0: Conv2d<4, Kernel<2, 3>, Groups<4>, Stride<1, 3>, Padding<0, 1>>,
    #[from(conv2d0, conv2d0, conv2d0)]
    concat1: Concat,
    #[from(concat1, conv2d0, concat1)]
    concat2: Concat,
    #[from(concat2, concat2, concat2, concat2)]
    add3: Add,
    relu4: Relu,
}

#[model(input = Chw<2, 6, 9>, output = Chw<6, 6, 2>)]
pub struct Net077 {
    sumpool2d0: SumPool2d<2, KernelWidth<2>, Stride<1, 2>, Padding<0, 0>>,
    #[from(sumpool2d0, sumpool2d0, sumpool2d0)]
    concat1: Concat,
    maxpool2d2: MaxPool2d<2, KernelWidth<3>, Stride<1, 3>, Padding<1, 1>>,
}

#[model(input = Chw<4, 7, 8>, output = Flat<232>)]
pub struct Net078 {
    gelu0: Gelu,
    conv2d1: Conv2d<4, Kernel<3, 2>, Groups<4>, Dilation<1, 3>, Stride<2, 2>, Padding<0, 0>, NoBias>,
    #[from(input)]
    dropout2: Dropout,
    #[from(conv2d1, conv2d1)]
    concat3: Concat,
    sumpool2d4: SumPool2d<2, KernelWidth<2>, Stride<2, 3>, Padding<0, 0>>,
    tanh5: Tanh,
    #[from(dropout2)]
    flatten6: Flatten,
    #[from(tanh5)]
    flatten7: Flatten,
    #[from(flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<4, 9, 6>, output = Flat<8>)]
pub struct Net079 {
    flatten0: Flatten,
    linear1: Linear<5, NoBias>,
    linear2: Linear<8>,
}

#[model(input = Chw<4, 5, 8>, output = Flat<64>)]
pub struct Net080 {
    gelu0: Gelu,
    dropout1: Dropout,
    softmax2: Softmax,
    conv2d3: Conv2d<4, Kernel<2, 1>, Groups<2>, Stride<3, 1>>,
    flatten4: Flatten,
}

#[model(input = Chw<2, 7, 8>, output = Flat<288>)]
pub struct Net081 {
    avgpool2d0: AvgPool2d<2, KernelWidth<2>, Stride<1, 1>, Padding<1, 1>>,
    #[from(avgpool2d0, avgpool2d0)]
    concat1: Concat,
    flatten2: Flatten,
}

#[model(input = Chw<2, 8, 5>, output = Flat<102>)]
pub struct Net082 {
    tanh0: Tanh,
    #[from(tanh0, input, tanh0)]
    add1: Add,
    #[from(input)]
    maxpool2d2: MaxPool2d<2, KernelWidth<2>, Stride<1, 3>, Padding<0, 1>>,
    avgpool2d3: AvgPool2d<3, KernelWidth<2>, Stride<1, 2>, Padding<0, 0>>,
    softmax4: Softmax,
    #[from(maxpool2d2)]
    conv2d5: Conv2d<1, Kernel<1, 3>, Stride<3, 1>, Padding<1, 2>>,
    #[from(add1)]
    flatten6: Flatten,
    #[from(softmax4)]
    flatten7: Flatten,
    #[from(conv2d5)]
    flatten8: Flatten,
    #[from(flatten6, flatten7, flatten8)]
    concat9: Concat,
}

#[model(input = Chw<4, 5, 9>, output = Chw<18, 3, 9>)]
pub struct Net083 {
    #[from(input, input, input)]
    add0: Add,
    #[from(add0, input, input)]
    concat1: Concat,
    conv2d2: Conv2d<6, Kernel<3, 3>, Groups<6>, Padding<0, 1>>,
    #[from(conv2d2, conv2d2, conv2d2)]
    concat3: Concat,
}

#[model(input = Chw<3, 4, 8>, output = Chw<2, 1, 7>)]
pub struct Net084 {
    #[from(input, input)]
    add0: Add,
    avgpool2d1: AvgPool2d<2, KernelWidth<2>, Stride<3, 1>, Padding<0, 0>>,
    conv2d2: Conv2d<2, Kernel<3, 3>, SamePadding>,
}

#[model(input = Flat<2>, output = Flat<6>)]
pub struct Net085 {
    tanh0: Tanh,
    #[from(input)]
    sigmoid1: Sigmoid,
    leakyrelu2: LeakyRelu<1, 4>,
    linear3: Linear<1>,
    linear4: Linear<7>,
    linear5: Linear<4, NoBias>,
    #[from(tanh0, linear5)]
    concat6: Concat,
}

#[model(input = Chw<2, 7, 9>, output = Flat<166>)]
pub struct Net086 {
    avgpool2d0: AvgPool2d<3, KernelWidth<3>, Stride<1, 2>, Padding<1, 1>>,
    #[from(input)]
    conv2d1: Conv2d<2, Kernel<3, 2>, Stride<2, 1>>,
    sigmoid2: Sigmoid,
    #[from(sigmoid2, sigmoid2, conv2d1)]
    add3: Add,
    #[from(add3, conv2d1)]
    concat4: Concat,
    flatten5: Flatten,
    #[from(avgpool2d0)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<1, 8, 4>, output = Flat<12>)]
pub struct Net087 {
    avgpool2d0: AvgPool2d<2, KernelWidth<3>, Stride<3, 1>, Padding<1, 0>>,
    flatten1: Flatten,
    tanh2: Tanh,
    #[from(tanh2, flatten1)]
    concat3: Concat,
}

#[model(input = Chw<1, 7, 9>, output = Chw<2, 3, 4>)]
pub struct Net088 {
    sumpool2d0: SumPool2d<2, KernelWidth<3>, Stride<3, 2>, Padding<1, 0>>,
    #[from(sumpool2d0, sumpool2d0)]
    concat1: Concat,
    sigmoid2: Sigmoid,
}

#[model(input = Chw<2, 5, 6>, output = Flat<16>)]
pub struct Net089 {
    sumpool2d0: SumPool2d<3, KernelWidth<2>, Stride<3, 3>, Padding<1, 0>>,
    dropout1: Dropout,
    #[from(dropout1, dropout1)]
    add2: Add,
    #[from(input)]
    flatten3: Flatten,
    linear4: Linear<3>,
    linear5: Linear<8, NoBias>,
    #[from(add2)]
    flatten6: Flatten,
    #[from(linear5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<1, 6, 4>, output = Flat<64>)]
pub struct Net090 {
    conv2d0: Conv2d<6, Kernel<3, 1>, NoBias>,
    conv2d1: Conv2d<6, Kernel<1, 1>, Groups<2>, Stride<1, 3>, Padding<0, 0>, NoBias>,
    conv2d2: Conv2d<2, Kernel<1, 2>, SamePadding, NoBias>,
    #[from(conv2d0)]
    conv2d3: Conv2d<6, Kernel<1, 3>, Groups<3>>,
    #[from(conv2d2)]
    flatten4: Flatten,
    #[from(conv2d3)]
    flatten5: Flatten,
    #[from(flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<4, 7, 8>, output = Chw<4, 7, 8>)]
pub struct Net091 {
    #[from(input, input, input)]
    add0: Add,
    leakyrelu1: LeakyRelu<1, 4>,
    gelu2: Gelu,
    leakyrelu3: LeakyRelu<1, 4>,
}

#[model(input = Chw<2, 6, 7>, output = Chw<4, 8, 3>)]
pub struct Net092 {
    #[from(input, input, input)]
    concat0: Concat,
    leakyrelu1: LeakyRelu,
    sigmoid2: Sigmoid,
    tanh3: Tanh,
    conv2d4: Conv2d<4, Kernel<3, 2>, Groups<2>, Dilation<1, 3>, Stride<1, 3>, Padding<2, 2>>,
}

#[model(input = Chw<3, 5, 9>, output = Chw<6, 6, 4>)]
pub struct Net093 {
    softmax0: Softmax,
    sumpool2d1: SumPool2d<2, KernelWidth<2>, Stride<1, 2>, Padding<1, 0>>,
    conv2d2: Conv2d<6, Kernel<2, 3>, Groups<3>, SamePadding>,
}

#[model(input = Chw<4, 8, 7>, output = Chw<6, 3, 2>)]
pub struct Net094 {
    tanh0: Tanh,
    conv2d1: Conv2d<2, Kernel<3, 1>, Groups<2>, Stride<1, 2>, Padding<1, 2>>,
    conv2d2: Conv2d<6, Kernel<1, 1>, Groups<2>, Stride<3, 3>>,
}

#[model(input = Flat<8>, output = Flat<152>)]
pub struct Net095 {
    #[from(input, input, input)]
    concat0: Concat,
    #[from(concat0, concat0, concat0)]
    concat1: Concat,
    leakyrelu2: LeakyRelu<1, 4>,
    #[from(leakyrelu2, input, concat1)]
    concat3: Concat,
}

#[model(input = Chw<1, 9, 4>, output = Chw<10, 11, 2>)]
pub struct Net096 {
    conv2d0: Conv2d<2, Kernel<3, 3>, Padding<2, 0>>,
    #[from(conv2d0, conv2d0)]
    concat1: Concat,
    #[from(concat1, conv2d0, concat1)]
    concat2: Concat,
}

#[model(input = Flat<9>, output = Flat<4>)]
pub struct Net097 {
    linear0: Linear<9, NoBias>,
    linear1: Linear<8>,
    linear2: Linear<6>,
    linear3: Linear<4, NoBias>,
}

#[model(input = Chw<4, 5, 4>, output = Flat<12>)]
pub struct Net098 {
    sumpool2d0: SumPool2d<3, KernelWidth<3>, Stride<1, 1>, Padding<1, 0>>,
    conv2d1: Conv2d<2, Kernel<1, 2>, Groups<2>, Stride<3, 2>>,
    sigmoid2: Sigmoid,
    flatten3: Flatten,
    #[from(conv2d1, sigmoid2)]
    concat4: Concat,
    flatten5: Flatten,
    #[from(flatten3, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<4, 6, 7>, output = Chw<6, 1, 1>)]
pub struct Net099 {
    conv2d0: Conv2d<6, Kernel<3, 1>, Groups<2>, Stride<1, 1>>,
    dropout1: Dropout,
    sumpool2d2: SumPool2d<3, KernelWidth<2>, Stride<2, 3>, Padding<0, 0>>,
    #[from(sumpool2d2, sumpool2d2, sumpool2d2)]
    add3: Add,
    maxpool2d4: MaxPool2d<2, KernelWidth<3>, Stride<2, 2>, Padding<1, 1>>,
    softmax5: Softmax,
}

/// Calls `each!(Net)` for every network.
macro_rules! networks {
    ($each:ident) => {
        $each!(Net000);
        $each!(Net001);
        $each!(Net002);
        $each!(Net003);
        $each!(Net004);
        $each!(Net005);
        $each!(Net006);
        $each!(Net007);
        $each!(Net008);
        $each!(Net009);
        $each!(Net010);
        $each!(Net011);
        $each!(Net012);
        $each!(Net013);
        $each!(Net014);
        $each!(Net015);
        $each!(Net016);
        $each!(Net017);
        $each!(Net018);
        $each!(Net019);
        $each!(Net020);
        $each!(Net021);
        $each!(Net022);
        $each!(Net023);
        $each!(Net024);
        $each!(Net025);
        $each!(Net026);
        $each!(Net027);
        $each!(Net028);
        $each!(Net029);
        $each!(Net030);
        $each!(Net031);
        $each!(Net032);
        $each!(Net033);
        $each!(Net034);
        $each!(Net035);
        $each!(Net036);
        $each!(Net037);
        $each!(Net038);
        $each!(Net039);
        $each!(Net040);
        $each!(Net041);
        $each!(Net042);
        $each!(Net043);
        $each!(Net044);
        $each!(Net045);
        $each!(Net046);
        $each!(Net047);
        $each!(Net048);
        $each!(Net049);
        $each!(Net050);
        $each!(Net051);
        $each!(Net052);
        $each!(Net053);
        $each!(Net054);
        $each!(Net055);
        $each!(Net056);
        $each!(Net057);
        $each!(Net058);
        $each!(Net059);
        $each!(Net060);
        $each!(Net061);
        $each!(Net062);
        $each!(Net063);
        $each!(Net064);
        $each!(Net065);
        $each!(Net066);
        $each!(Net067);
        $each!(Net068);
        $each!(Net069);
        $each!(Net070);
        $each!(Net071);
        $each!(Net072);
        $each!(Net073);
        $each!(Net074);
        $each!(Net075);
        $each!(Net076);
        $each!(Net077);
        $each!(Net078);
        $each!(Net079);
        $each!(Net080);
        $each!(Net081);
        $each!(Net082);
        $each!(Net083);
        $each!(Net084);
        $each!(Net085);
        $each!(Net086);
        $each!(Net087);
        $each!(Net088);
        $each!(Net089);
        $each!(Net090);
        $each!(Net091);
        $each!(Net092);
        $each!(Net093);
        $each!(Net094);
        $each!(Net095);
        $each!(Net096);
        $each!(Net097);
        $each!(Net098);
        $each!(Net099);
    };
}
pub(crate) use networks;
