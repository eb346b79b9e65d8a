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

#[model(input = Flat<2>, output = Flat<16>)]
pub struct Net001 {
    tanh0: Tanh,
    #[from(tanh0, tanh0, tanh0, tanh0)]
    add1: Add,
    #[from(add1, input, tanh0)]
    concat2: Concat,
    #[from(input)]
    linear3: Linear<4, NoBias>,
    linear4: Linear<4, NoBias>,
    #[from(input)]
    linear5: Linear<1>,
    linear6: Linear<6>,
    #[from(concat2, linear4, linear6)]
    concat7: Concat,
}

#[model(input = Chw<4, 8, 4>, output = Flat<42>)]
pub struct Net002 {
    #[from(input, input)]
    add0: Add,
    maxpool2d1: MaxPool2d<1, KernelWidth<3>, Stride<3, 2>, Padding<0, 0>>,
    #[from(maxpool2d1, maxpool2d1, maxpool2d1)]
    concat2: Concat,
    conv2d3: Conv2d<4, Kernel<2, 1>, Groups<4>, SamePadding>,
    #[from(concat2, concat2)]
    concat4: Concat,
    conv2d5: Conv2d<6, Kernel<3, 1>, Groups<6>, Dilation<1, 3>, Padding<2, 0>>,
    #[from(conv2d3, maxpool2d1, maxpool2d1)]
    add6: Add,
    #[from(conv2d5)]
    flatten7: Flatten,
    #[from(add6)]
    flatten8: Flatten,
    #[from(flatten7, flatten8)]
    concat9: Concat,
}

#[model(input = Flat<8>, output = Flat<5>)]
pub struct Net003 {
    linear0: Linear<5>,
    #[from(linear0, linear0)]
    add1: Add,
    linear2: Linear<5, NoBias>,
    softmax3: Softmax,
}

#[model(input = Chw<4, 6, 4>, output = Chw<6, 2, 4>)]
pub struct Net004 {
    maxpool2d0: MaxPool2d<2, KernelWidth<2>, Stride<3, 3>, Padding<0, 1>>,
    conv2d1: Conv2d<2, Kernel<2, 3>, Dilation<1, 1>, Padding<2, 2>>,
    maxpool2d2: MaxPool2d<2, KernelWidth<3>, Stride<3, 1>, Padding<0, 1>>,
    softmax3: Softmax,
    #[from(softmax3, maxpool2d2, maxpool2d2)]
    concat4: Concat,
}

#[model(input = Chw<1, 5, 4>, output = Flat<8>)]
pub struct Net005 {
    conv2d0: Conv2d<2, Kernel<2, 3>, Dilation<1, 2>, Stride<3, 2>, Padding<1, 2>>,
    flatten1: Flatten,
    #[from(flatten1, flatten1)]
    add2: Add,
}

#[model(input = Chw<3, 8, 7>, output = Flat<60>)]
pub struct Net006 {
    conv2d0: Conv2d<2, Kernel<1, 3>, NoBias>,
    avgpool2d1: AvgPool2d<1, KernelWidth<2>, Stride<3, 2>, Padding<0, 0>>,
    avgpool2d2: AvgPool2d<1, KernelWidth<3>, Stride<1, 1>, Padding<0, 1>>,
    #[from(conv2d0)]
    maxpool2d3: MaxPool2d<1, KernelWidth<3>, Stride<2, 3>, Padding<0, 0>>,
    conv2d4: Conv2d<3, Kernel<1, 2>, Padding<2, 1>>,
    #[from(avgpool2d2)]
    flatten5: Flatten,
    #[from(conv2d4)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<4, 8, 7>, output = Chw<12, 8, 5>)]
pub struct Net007 {
    conv2d0: Conv2d<4, Kernel<3, 1>, Groups<2>, Padding<1, 0>>,
    gelu1: Gelu,
    conv2d2: Conv2d<4, Kernel<1, 3>, Groups<4>, NoBias>,
    relu3: Relu,
    leakyrelu4: LeakyRelu<1, 4>,
    leakyrelu5: LeakyRelu,
    #[from(leakyrelu5, conv2d2, leakyrelu5)]
    concat6: Concat,
}

#[model(input = Chw<3, 6, 4>, output = Chw<6, 3, 2>)]
pub struct Net008 {
    maxpool2d0: MaxPool2d<2, KernelWidth<2>, Stride<1, 2>, Padding<1, 1>>,
    softmax1: Softmax,
    #[from(softmax1, softmax1)]
    concat2: Concat,
    avgpool2d3: AvgPool2d<3, KernelWidth<2>, Stride<3, 1>, Padding<1, 0>>,
}

#[model(input = Chw<1, 6, 7>, output = Flat<52>)]
pub struct Net009 {
    conv2d0: Conv2d<1, Kernel<2, 1>, SamePadding, NoBias>,
    flatten1: Flatten,
    tanh2: Tanh,
    leakyrelu3: LeakyRelu,
    #[from(conv2d0)]
    conv2d4: Conv2d<5, Kernel<3, 2>, Dilation<2, 1>, Padding<0, 1>>,
    conv2d5: Conv2d<5, Kernel<1, 3>, Stride<2, 3>, NoBias>,
    leakyrelu6: LeakyRelu,
    flatten7: Flatten,
    #[from(leakyrelu3, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<4, 8, 4>, output = Flat<31>)]
pub struct Net010 {
    conv2d0: Conv2d<2, Kernel<1, 2>, Groups<2>, Stride<3, 3>>,
    #[from(conv2d0, conv2d0, conv2d0, conv2d0)]
    add1: Add,
    gelu2: Gelu,
    conv2d3: Conv2d<4, Kernel<3, 2>, Groups<2>, Stride<2, 1>, Padding<1, 1>>,
    #[from(conv2d3, conv2d3, conv2d3, conv2d3)]
    add4: Add,
    #[from(add1)]
    conv2d5: Conv2d<5, Kernel<2, 2>, Dilation<2, 3>, SamePadding>,
    #[from(add4)]
    flatten6: Flatten,
    #[from(conv2d5)]
    flatten7: Flatten,
    #[from(flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<3, 5, 6>, output = Flat<69>)]
pub struct Net011 {
    #[from(input, input, input)]
    concat0: Concat,
    conv2d1: Conv2d<9, Kernel<1, 3>, Groups<9>, NoBias>,
    sumpool2d2: SumPool2d<1, KernelWidth<3>, Stride<2, 2>, Padding<0, 1>>,
    maxpool2d3: MaxPool2d<3, KernelWidth<3>, Stride<2, 2>, Padding<0, 1>>,
    #[from(concat0)]
    conv2d4: Conv2d<4, Kernel<1, 2>, Dilation<1, 3>, Stride<1, 1>>,
    #[from(maxpool2d3)]
    flatten5: Flatten,
    #[from(conv2d4)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Flat<6>, output = Flat<5>)]
pub struct Net012 {
    relu0: Relu,
    linear1: Linear<3>,
    linear2: Linear<1, NoBias>,
    leakyrelu3: LeakyRelu,
    linear4: Linear<5>,
    dropout5: Dropout,
}

#[model(input = Chw<1, 8, 7>, output = Flat<356>)]
pub struct Net013 {
    conv2d0: Conv2d<3, Kernel<1, 3>, Dilation<2, 1>, Padding<2, 2>>,
    #[from(input)]
    gelu1: Gelu,
    maxpool2d2: MaxPool2d<3, KernelWidth<2>, Stride<2, 1>, Padding<1, 1>>,
    #[from(conv2d0)]
    flatten3: Flatten,
    #[from(maxpool2d2)]
    flatten4: Flatten,
    #[from(flatten3, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<3, 8, 9>, output = Flat<216>)]
pub struct Net014 {
    conv2d0: Conv2d<3, Kernel<3, 3>, Stride<1, 2>, NoBias>,
    #[from(conv2d0, conv2d0)]
    concat1: Concat,
    #[from(input)]
    maxpool2d2: MaxPool2d<1, KernelWidth<2>, Stride<1, 3>, Padding<0, 0>>,
    #[from(concat1)]
    flatten3: Flatten,
    #[from(maxpool2d2)]
    flatten4: Flatten,
    #[from(flatten3, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<3, 4, 9>, output = Chw<6, 2, 7>)]
pub struct Net015 {
    conv2d0: Conv2d<2, Kernel<2, 1>, Dilation<2, 1>, Stride<1, 2>, Padding<0, 2>>,
    #[from(conv2d0, conv2d0)]
    concat1: Concat,
    #[from(concat1, conv2d0)]
    concat2: Concat,
}

#[model(input = Chw<1, 8, 5>, output = Flat<1008>)]
pub struct Net016 {
    conv2d0: Conv2d<6, Kernel<1, 2>, Dilation<2, 2>, Padding<0, 2>>,
    #[from(conv2d0, conv2d0, conv2d0, conv2d0)]
    add1: Add,
    #[from(conv2d0, conv2d0)]
    concat2: Concat,
    #[from(add1)]
    flatten3: Flatten,
    #[from(concat2)]
    flatten4: Flatten,
    #[from(flatten3, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<2, 6, 7>, output = Flat<132>)]
pub struct Net017 {
    conv2d0: Conv2d<6, Kernel<3, 1>, Dilation<2, 2>, Stride<3, 1>, NoBias>,
    #[from(input)]
    gelu1: Gelu,
    conv2d2: Conv2d<6, Kernel<2, 2>, Groups<2>, SamePadding>,
    conv2d3: Conv2d<6, Kernel<1, 3>, Groups<2>, Stride<3, 1>, Padding<1, 0>>,
    flatten4: Flatten,
    #[from(conv2d0)]
    flatten5: Flatten,
    #[from(flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<4, 5, 6>, output = Flat<66>)]
pub struct Net018 {
    sigmoid0: Sigmoid,
    conv2d1: Conv2d<6, Kernel<1, 3>, Groups<2>, Dilation<1, 3>, Stride<1, 2>, Padding<0, 1>>,
    #[from(sigmoid0)]
    conv2d2: Conv2d<6, Kernel<3, 3>, Groups<2>, Stride<3, 1>, Padding<0, 1>, NoBias>,
    gelu3: Gelu,
    #[from(conv2d1)]
    flatten4: Flatten,
    #[from(gelu3)]
    flatten5: Flatten,
    #[from(flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<4, 5, 7>, output = Flat<8>)]
pub struct Net019 {
    flatten0: Flatten,
    #[from(flatten0, flatten0, flatten0)]
    concat1: Concat,
    linear2: Linear<4>,
    #[from(linear2, linear2, linear2, linear2)]
    add3: Add,
    linear4: Linear<3, NoBias>,
    linear5: Linear<1>,
    linear6: Linear<8, NoBias>,
}

#[model(input = Chw<4, 8, 7>, output = Flat<6>)]
pub struct Net020 {
    flatten0: Flatten,
    tanh1: Tanh,
    tanh2: Tanh,
    #[from(tanh2, tanh1)]
    concat3: Concat,
    linear4: Linear<6>,
}

#[model(input = Chw<3, 5, 6>, output = Flat<63>)]
pub struct Net021 {
    conv2d0: Conv2d<3, Kernel<2, 2>, Groups<3>, Dilation<1, 1>, NoBias>,
    #[from(input)]
    conv2d1: Conv2d<6, Kernel<1, 1>, Groups<3>, Stride<3, 3>, Padding<0, 0>>,
    conv2d2: Conv2d<3, Kernel<2, 2>, Groups<3>, Stride<2, 3>, NoBias>,
    flatten3: Flatten,
    softmax4: Softmax,
    #[from(conv2d0)]
    flatten5: Flatten,
    #[from(softmax4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<1, 8, 5>, output = Flat<48>)]
pub struct Net022 {
    conv2d0: Conv2d<4, Kernel<2, 2>, Dilation<2, 2>, Padding<1, 2>>,
    conv2d1: Conv2d<4, Kernel<3, 3>, Groups<2>, NoBias>,
    conv2d2: Conv2d<4, Kernel<3, 3>, Groups<2>, Stride<1, 1>>,
    flatten3: Flatten,
}

#[model(input = Flat<2>, output = Flat<20>)]
pub struct Net023 {
    linear0: Linear<9>,
    linear1: Linear<2, NoBias>,
    linear2: Linear<2>,
    #[from(linear2, input, linear1, linear1)]
    add3: Add,
    #[from(linear2)]
    linear4: Linear<9>,
    linear5: Linear<9>,
    #[from(linear0)]
    linear6: Linear<9, NoBias>,
    #[from(add3, linear5, linear6)]
    concat7: Concat,
}

#[model(input = Chw<4, 7, 8>, output = Chw<4, 1, 1>)]
pub struct Net024 {
    #[from(input, input)]
    add0: Add,
    conv2d1: Conv2d<4, Kernel<2, 3>, Groups<4>, SamePadding>,
    maxpool2d2: MaxPool2d<3, KernelWidth<2>, Stride<3, 2>, Padding<0, 1>>,
    #[from(maxpool2d2, maxpool2d2)]
    add3: Add,
    sumpool2d4: SumPool2d<1, KernelWidth<3>, Stride<2, 3>, Padding<0, 0>>,
    maxpool2d5: MaxPool2d<2, KernelWidth<3>, Stride<2, 3>, Padding<1, 1>>,
}

#[model(input = Chw<4, 6, 9>, output = Flat<288>)]
pub struct Net025 {
    sigmoid0: Sigmoid,
    tanh1: Tanh,
    conv2d2: Conv2d<4, Kernel<3, 2>, Groups<4>, Dilation<2, 2>, SamePadding, NoBias>,
    relu3: Relu,
    #[from(sigmoid0)]
    conv2d4: Conv2d<4, Kernel<2, 1>, Groups<2>, Stride<3, 2>, Padding<1, 1>>,
    #[from(relu3)]
    flatten5: Flatten,
    #[from(conv2d4)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<3, 7, 8>, output = Flat<367>)]
pub struct Net026 {
    #[from(input, input, input)]
    add0: Add,
    conv2d1: Conv2d<3, Kernel<2, 1>, Groups<3>, Dilation<1, 2>, Stride<1, 2>>,
    #[from(add0)]
    sigmoid2: Sigmoid,
    conv2d3: Conv2d<5, Kernel<2, 3>, Dilation<2, 1>, Stride<1, 1>>,
    avgpool2d4: AvgPool2d<1, KernelWidth<2>, Stride<1, 1>, Padding<0, 1>>,
    #[from(conv2d1)]
    avgpool2d5: AvgPool2d<1, KernelWidth<3>, Stride<3, 1>, Padding<0, 1>>,
    #[from(sigmoid2, sigmoid2)]
    add6: Add,
    #[from(avgpool2d4)]
    flatten7: Flatten,
    #[from(avgpool2d5)]
    flatten8: Flatten,
    #[from(add6)]
    flatten9: Flatten,
    #[from(flatten7, flatten8, flatten9)]
    concat10: Concat,
}

#[model(input = Chw<3, 9, 8>, output = Chw<3, 9, 8>)]
pub struct Net027 {
    #[from(input, input)]
    add0: Add,
    #[from(add0, input, input)]
    add1: Add,
    #[from(add1, add1)]
    add2: Add,
}

#[model(input = Chw<1, 9, 4>, output = Flat<90>)]
pub struct Net028 {
    gelu0: Gelu,
    relu1: Relu,
    flatten2: Flatten,
    leakyrelu3: LeakyRelu,
    #[from(gelu0, gelu0)]
    add4: Add,
    conv2d5: Conv2d<3, Kernel<1, 2>, Stride<1, 3>, Padding<0, 1>, NoBias>,
    #[from(conv2d5, conv2d5)]
    add6: Add,
    flatten7: Flatten,
    #[from(leakyrelu3, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<3, 5, 6>, output = Flat<5>)]
pub struct Net029 {
    flatten0: Flatten,
    linear1: Linear<8>,
    #[from(linear1, flatten0)]
    concat2: Concat,
    leakyrelu3: LeakyRelu,
    leakyrelu4: LeakyRelu<1, 4>,
    linear5: Linear<7, NoBias>,
    linear6: Linear<5, NoBias>,
}

#[model(input = Chw<4, 9, 4>, output = Flat<105>)]
pub struct Net030 {
    conv2d0: Conv2d<4, Kernel<2, 2>, Groups<4>, Dilation<2, 2>, Stride<3, 2>, Padding<0, 2>>,
    conv2d1: Conv2d<6, Kernel<3, 2>, Padding<1, 2>>,
    conv2d2: Conv2d<6, Kernel<2, 3>, Groups<3>, SamePadding>,
    conv2d3: Conv2d<3, Kernel<2, 1>, Groups<3>, Stride<2, 2>>,
    flatten4: Flatten,
    #[from(conv2d3)]
    conv2d5: Conv2d<3, Kernel<2, 3>, Groups<3>, Stride<1, 1>, Padding<2, 1>>,
    conv2d6: Conv2d<6, Kernel<2, 2>, Groups<3>, Dilation<2, 3>, Padding<1, 2>>,
    flatten7: Flatten,
    #[from(flatten4, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<2, 7, 6>, output = Chw<2, 7, 5>)]
pub struct Net031 {
    softmax0: Softmax,
    gelu1: Gelu,
    leakyrelu2: LeakyRelu,
    #[from(leakyrelu2, softmax0, gelu1, softmax0)]
    add3: Add,
    #[from(softmax0, gelu1, softmax0)]
    add4: Add,
    #[from(add4, add3, gelu1, leakyrelu2)]
    add5: Add,
    maxpool2d6: MaxPool2d<3, KernelWidth<2>, Stride<1, 1>, Padding<1, 0>>,
}

#[model(input = Chw<4, 9, 6>, output = Flat<168>)]
pub struct Net032 {
    conv2d0: Conv2d<4, Kernel<2, 3>, Groups<4>, Dilation<2, 1>, Padding<1, 0>>,
    gelu1: Gelu,
    #[from(conv2d0)]
    conv2d2: Conv2d<4, Kernel<2, 2>, Stride<3, 3>, Padding<0, 0>, NoBias>,
    #[from(conv2d2, conv2d2)]
    add3: Add,
    avgpool2d4: AvgPool2d<1, KernelWidth<2>, Stride<2, 2>, Padding<0, 1>>,
    #[from(avgpool2d4, avgpool2d4, avgpool2d4)]
    concat5: Concat,
    avgpool2d6: AvgPool2d<2, KernelWidth<3>, Stride<2, 1>, Padding<1, 1>>,
    #[from(gelu1)]
    flatten7: Flatten,
    #[from(avgpool2d6)]
    flatten8: Flatten,
    #[from(flatten7, flatten8)]
    concat9: Concat,
}

#[model(input = Chw<2, 5, 7>, output = Chw<1, 1, 2>)]
pub struct Net033 {
    avgpool2d0: AvgPool2d<2, KernelWidth<3>, Stride<2, 3>, Padding<1, 1>>,
    #[from(avgpool2d0, avgpool2d0)]
    add1: Add,
    conv2d2: Conv2d<1, Kernel<1, 3>, Stride<3, 2>, Padding<0, 1>, NoBias>,
}

#[model(input = Chw<1, 9, 5>, output = Chw<11, 9, 1>)]
pub struct Net034 {
    sumpool2d0: SumPool2d<1, KernelWidth<3>, Stride<1, 3>, Padding<0, 0>>,
    gelu1: Gelu,
    conv2d2: Conv2d<5, Kernel<1, 2>, SamePadding>,
    #[from(conv2d2, gelu1, conv2d2)]
    concat3: Concat,
}

#[model(input = Chw<2, 5, 9>, output = Chw<4, 5, 9>)]
pub struct Net035 {
    leakyrelu0: LeakyRelu,
    tanh1: Tanh,
    #[from(tanh1, input)]
    concat2: Concat,
}

#[model(input = Chw<3, 4, 8>, output = Flat<108>)]
pub struct Net036 {
    sumpool2d0: SumPool2d<1, KernelWidth<3>, Stride<1, 2>, Padding<0, 1>>,
    #[from(input)]
    sumpool2d1: SumPool2d<3, KernelWidth<3>, Stride<2, 1>, Padding<0, 1>>,
    conv2d2: Conv2d<5, Kernel<2, 3>, Dilation<2, 3>, SamePadding, NoBias>,
    conv2d3: Conv2d<3, Kernel<1, 3>, Stride<3, 2>, Padding<2, 2>>,
    flatten4: Flatten,
    #[from(flatten4, flatten4)]
    concat5: Concat,
    relu6: Relu,
    #[from(sumpool2d0)]
    flatten7: Flatten,
    #[from(relu6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<4, 9, 6>, output = Flat<128>)]
pub struct Net037 {
    sumpool2d0: SumPool2d<3, KernelWidth<2>, Stride<3, 2>, Padding<0, 0>>,
    softmax1: Softmax,
    conv2d2: Conv2d<4, Kernel<3, 1>, Groups<4>, Dilation<1, 1>, Padding<0, 0>>,
    #[from(softmax1)]
    sumpool2d3: SumPool2d<2, KernelWidth<2>, Stride<3, 2>, Padding<0, 1>>,
    #[from(input)]
    leakyrelu4: LeakyRelu,
    conv2d5: Conv2d<4, Kernel<2, 2>, Groups<4>, Dilation<2, 1>, SamePadding>,
    maxpool2d6: MaxPool2d<3, KernelWidth<3>, Stride<1, 2>, Padding<1, 1>>,
    #[from(conv2d2)]
    flatten7: Flatten,
    #[from(sumpool2d3)]
    flatten8: Flatten,
    #[from(maxpool2d6)]
    flatten9: Flatten,
    #[from(flatten7, flatten8, flatten9)]
    concat10: Concat,
}

#[model(input = Chw<2, 5, 6>, output = Chw<12, 2, 1>)]
pub struct Net038 {
    conv2d0: Conv2d<2, Kernel<1, 2>, Groups<2>, Padding<0, 0>>,
    conv2d1: Conv2d<6, Kernel<2, 3>, Groups<2>, SamePadding, NoBias>,
    conv2d2: Conv2d<6, Kernel<2, 3>, Groups<6>, Padding<1, 0>>,
    maxpool2d3: MaxPool2d<2, KernelWidth<2>, Stride<2, 1>, Padding<1, 0>>,
    dropout4: Dropout,
    #[from(dropout4, maxpool2d3)]
    concat5: Concat,
    conv2d6: Conv2d<12, Kernel<1, 2>, Groups<12>, Stride<2, 2>>,
}

#[model(input = Chw<3, 7, 4>, output = Flat<58>)]
pub struct Net039 {
    conv2d0: Conv2d<3, Kernel<2, 3>, Groups<3>>,
    sumpool2d1: SumPool2d<3, KernelWidth<2>, Stride<3, 2>, Padding<0, 0>>,
    conv2d2: Conv2d<2, Kernel<2, 3>, Padding<2, 1>, NoBias>,
    leakyrelu3: LeakyRelu<1, 4>,
    #[from(conv2d2)]
    conv2d4: Conv2d<2, Kernel<2, 3>, Groups<2>, Stride<1, 3>, Padding<1, 1>, NoBias>,
    conv2d5: Conv2d<4, Kernel<2, 1>, Groups<2>, Dilation<2, 3>, Padding<0, 1>>,
    #[from(leakyrelu3)]
    flatten6: Flatten,
    #[from(conv2d5)]
    flatten7: Flatten,
    #[from(flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<1, 5, 6>, output = Flat<2>)]
pub struct Net040 {
    sumpool2d0: SumPool2d<3, KernelWidth<3>, Stride<2, 2>, Padding<0, 0>>,
    maxpool2d1: MaxPool2d<2, KernelWidth<3>, Stride<3, 3>, Padding<1, 1>>,
    leakyrelu2: LeakyRelu<1, 4>,
    #[from(maxpool2d1)]
    sumpool2d3: SumPool2d<3, KernelWidth<3>, Stride<3, 2>, Padding<1, 1>>,
    #[from(leakyrelu2)]
    flatten4: Flatten,
    #[from(sumpool2d3)]
    flatten5: Flatten,
    #[from(flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<3, 7, 6>, output = Chw<6, 11, 1>)]
pub struct Net041 {
    conv2d0: Conv2d<3, Kernel<1, 2>, Groups<3>, Dilation<1, 1>>,
    avgpool2d1: AvgPool2d<3, KernelWidth<3>, Stride<1, 3>, Padding<1, 1>>,
    conv2d2: Conv2d<6, Kernel<1, 2>, Groups<3>, Dilation<2, 2>, Stride<1, 2>, Padding<2, 1>>,
    #[from(conv2d2, conv2d2, conv2d2, conv2d2)]
    add3: Add,
}

#[model(input = Chw<3, 8, 5>, output = Chw<6, 6, 5>)]
pub struct Net042 {
    conv2d0: Conv2d<3, Kernel<1, 1>, Dilation<1, 1>, SamePadding>,
    conv2d1: Conv2d<6, Kernel<2, 2>, Groups<3>, Dilation<2, 1>, Padding<1, 2>, NoBias>,
    leakyrelu2: LeakyRelu,
    #[from(leakyrelu2, leakyrelu2, leakyrelu2)]
    concat3: Concat,
    #[from(concat3, concat3)]
    add4: Add,
    conv2d5: Conv2d<9, Kernel<1, 3>, Groups<9>, Stride<1, 1>>,
    conv2d6: Conv2d<6, Kernel<3, 2>, Groups<3>, Stride<1, 1>>,
}

#[model(input = Chw<4, 8, 4>, output = Flat<216>)]
pub struct Net043 {
    conv2d0: Conv2d<2, Kernel<2, 3>, Groups<2>, Dilation<1, 2>, Stride<1, 1>, Padding<2, 2>>,
    #[from(input)]
    leakyrelu1: LeakyRelu,
    conv2d2: Conv2d<4, Kernel<2, 3>, Groups<4>, Dilation<2, 2>, SamePadding>,
    flatten3: Flatten,
    #[from(flatten3, flatten3, flatten3, flatten3)]
    add4: Add,
    #[from(conv2d0)]
    flatten5: Flatten,
    #[from(add4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<4, 4, 9>, output = Chw<8, 1, 2>)]
pub struct Net044 {
    conv2d0: Conv2d<4, Kernel<3, 3>, Groups<2>, SamePadding>,
    conv2d1: Conv2d<4, Kernel<2, 1>, Groups<4>, Stride<1, 3>, Padding<0, 0>>,
    avgpool2d2: AvgPool2d<3, KernelWidth<2>, Stride<2, 3>, Padding<0, 1>>,
    #[from(avgpool2d2, avgpool2d2)]
    concat3: Concat,
}

#[model(input = Chw<1, 9, 5>, output = Chw<3, 7, 2>)]
pub struct Net045 {
    conv2d0: Conv2d<3, Kernel<2, 1>>,
    maxpool2d1: MaxPool2d<2, KernelWidth<2>, Stride<1, 3>, Padding<0, 0>>,
    leakyrelu2: LeakyRelu,
    leakyrelu3: LeakyRelu<1, 4>,
    #[from(leakyrelu3, leakyrelu3, leakyrelu3)]
    add4: Add,
    conv2d5: Conv2d<3, Kernel<2, 2>, SamePadding>,
}

#[model(input = Flat<8>, output = Flat<8>)]
pub struct Net046 {
    dropout0: Dropout,
    linear1: Linear<7, NoBias>,
    #[from(input)]
    linear2: Linear<1, NoBias>,
    gelu3: Gelu,
    #[from(gelu3, linear2, linear2)]
    add4: Add,
    #[from(dropout0, linear2, add4)]
    concat5: Concat,
    linear6: Linear<1>,
    #[from(linear1, linear6)]
    concat7: Concat,
}

#[model(input = Chw<1, 4, 6>, output = Chw<6, 2, 9>)]
pub struct Net047 {
    conv2d0: Conv2d<3, Kernel<3, 2>, Stride<2, 1>, Padding<1, 1>, NoBias>,
    relu1: Relu,
    conv2d2: Conv2d<6, Kernel<3, 2>, Groups<3>, SamePadding>,
    conv2d3: Conv2d<6, Kernel<1, 2>, Groups<3>, Dilation<2, 2>, Stride<3, 1>, Padding<1, 2>>,
}

#[model(input = Chw<4, 7, 4>, output = Flat<112>)]
pub struct Net048 {
    dropout0: Dropout,
    #[from(dropout0, input, input, input)]
    add1: Add,
    flatten2: Flatten,
}

#[model(input = Flat<7>, output = Flat<17>)]
pub struct Net049 {
    linear0: Linear<5>,
    #[from(linear0, linear0, linear0)]
    add1: Add,
    #[from(add1, add1, input)]
    concat2: Concat,
}

#[model(input = Chw<3, 4, 7>, output = Flat<232>)]
pub struct Net050 {
    conv2d0: Conv2d<4, Kernel<1, 1>, NoBias>,
    #[from(conv2d0, input, input)]
    concat1: Concat,
    conv2d2: Conv2d<5, Kernel<1, 2>, Dilation<2, 1>, Stride<3, 1>, Padding<2, 2>>,
    conv2d3: Conv2d<4, Kernel<1, 1>, Stride<2, 3>, Padding<2, 0>>,
    #[from(input)]
    conv2d4: Conv2d<6, Kernel<2, 1>, Groups<3>, SamePadding>,
    #[from(conv2d3)]
    flatten5: Flatten,
    #[from(conv2d4)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<1, 5, 6>, output = Flat<3>)]
pub struct Net051 {
    maxpool2d0: MaxPool2d<3, KernelWidth<2>, Stride<2, 3>, Padding<1, 1>>,
    #[from(maxpool2d0, maxpool2d0, maxpool2d0, maxpool2d0)]
    add1: Add,
    sumpool2d2: SumPool2d<2, KernelWidth<2>, Stride<3, 1>, Padding<1, 0>>,
    flatten3: Flatten,
    linear4: Linear<3, NoBias>,
}

#[model(input = Chw<4, 5, 6>, output = Chw<18, 2, 2>)]
pub struct Net052 {
    #[from(input, input, input)]
    concat0: Concat,
    maxpool2d1: MaxPool2d<1, KernelWidth<3>, Stride<2, 3>, Padding<0, 1>>,
    conv2d2: Conv2d<6, Kernel<2, 3>, Groups<3>, Dilation<1, 3>, SamePadding>,
    relu3: Relu,
    #[from(relu3, maxpool2d1)]
    concat4: Concat,
    sumpool2d5: SumPool2d<2, KernelWidth<2>, Stride<3, 2>, Padding<1, 1>>,
}

#[model(input = Chw<1, 9, 5>, output = Flat<65>)]
pub struct Net053 {
    leakyrelu0: LeakyRelu,
    #[from(input)]
    avgpool2d1: AvgPool2d<2, KernelWidth<2>, Stride<2, 1>, Padding<1, 0>>,
    leakyrelu2: LeakyRelu,
    #[from(leakyrelu0, input, leakyrelu0, input)]
    add3: Add,
    flatten4: Flatten,
    #[from(leakyrelu2)]
    flatten5: Flatten,
    #[from(flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<4, 9, 5>, output = Flat<140>)]
pub struct Net054 {
    #[from(input, input)]
    concat0: Concat,
    avgpool2d1: AvgPool2d<3, KernelWidth<2>, Stride<2, 1>, Padding<0, 0>>,
    #[from(concat0)]
    conv2d2: Conv2d<8, Kernel<1, 3>, Groups<8>, Stride<3, 1>>,
    conv2d3: Conv2d<2, Kernel<1, 2>>,
    #[from(avgpool2d1)]
    flatten4: Flatten,
    #[from(conv2d3)]
    flatten5: Flatten,
    #[from(flatten4, flatten5)]
    concat6: Concat,
}

#[model(input = Chw<2, 5, 8>, output = Flat<6>)]
pub struct Net055 {
    #[from(input, input, input)]
    add0: Add,
    #[from(add0, input, add0)]
    add1: Add,
    flatten2: Flatten,
    linear3: Linear<9>,
    linear4: Linear<6>,
    #[from(linear4, linear4)]
    add5: Add,
    sigmoid6: Sigmoid,
}

#[model(input = Chw<4, 9, 8>, output = Flat<79>)]
pub struct Net056 {
    #[from(input, input, input)]
    concat0: Concat,
    conv2d1: Conv2d<2, Kernel<2, 2>, Groups<2>, Stride<1, 2>>,
    #[from(input)]
    conv2d2: Conv2d<6, Kernel<1, 2>, Groups<2>, Dilation<2, 1>, NoBias>,
    conv2d3: Conv2d<3, Kernel<1, 3>, Stride<3, 3>, Padding<2, 1>>,
    dropout4: Dropout,
    maxpool2d5: MaxPool2d<3, KernelWidth<2>, Stride<1, 3>, Padding<1, 0>>,
    softmax6: Softmax,
    #[from(conv2d1)]
    flatten7: Flatten,
    #[from(softmax6)]
    flatten8: Flatten,
    #[from(flatten7, flatten8)]
    concat9: Concat,
}

#[model(input = Chw<3, 7, 8>, output = Flat<36>)]
pub struct Net057 {
    conv2d0: Conv2d<5, Kernel<3, 3>, Dilation<2, 2>, Stride<2, 2>, Padding<2, 2>>,
    conv2d1: Conv2d<1, Kernel<3, 2>, Padding<0, 0>, NoBias>,
    conv2d2: Conv2d<3, Kernel<3, 3>, Dilation<1, 2>, SamePadding>,
    #[from(conv2d1)]
    conv2d3: Conv2d<4, Kernel<1, 3>, Stride<3, 1>, Padding<0, 1>>,
    #[from(conv2d3, conv2d3, conv2d3)]
    concat4: Concat,
    conv2d5: Conv2d<6, Kernel<1, 3>, SamePadding>,
    #[from(conv2d2)]
    flatten6: Flatten,
    #[from(conv2d5)]
    flatten7: Flatten,
    #[from(flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<1, 7, 4>, output = Chw<6, 2, 1>)]
pub struct Net058 {
    #[from(input, input, input)]
    concat0: Concat,
    maxpool2d1: MaxPool2d<1, KernelWidth<3>, Stride<3, 2>, Padding<0, 0>>,
    conv2d2: Conv2d<6, Kernel<2, 1>, Stride<1, 1>, Padding<0, 0>>,
    #[from(conv2d2, conv2d2, conv2d2)]
    add3: Add,
    tanh4: Tanh,
    conv2d5: Conv2d<6, Kernel<2, 2>, Groups<3>, SamePadding, NoBias>,
}

#[model(input = Chw<1, 7, 6>, output = Flat<324>)]
pub struct Net059 {
    conv2d0: Conv2d<6, Kernel<2, 3>, Stride<3, 3>, Padding<2, 1>, NoBias>,
    maxpool2d1: MaxPool2d<1, KernelWidth<2>, Stride<3, 1>, Padding<0, 1>>,
    #[from(conv2d0, conv2d0)]
    concat2: Concat,
    #[from(input, input, input)]
    concat3: Concat,
    conv2d4: Conv2d<3, Kernel<2, 3>, Groups<3>, Padding<1, 2>, NoBias>,
    #[from(maxpool2d1)]
    flatten5: Flatten,
    #[from(concat2)]
    flatten6: Flatten,
    #[from(conv2d4)]
    flatten7: Flatten,
    #[from(flatten5, flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<1, 8, 9>, output = Flat<96>)]
pub struct Net060 {
    conv2d0: Conv2d<6, Kernel<2, 1>, Dilation<1, 1>>,
    avgpool2d1: AvgPool2d<1, KernelWidth<3>, Stride<2, 3>, Padding<0, 0>>,
    dropout2: Dropout,
    leakyrelu3: LeakyRelu,
    #[from(avgpool2d1)]
    conv2d4: Conv2d<6, Kernel<1, 3>, Groups<3>>,
    flatten5: Flatten,
    #[from(leakyrelu3)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Flat<7>, output = Flat<12>)]
pub struct Net061 {
    linear0: Linear<6>,
    linear1: Linear<1, NoBias>,
    linear2: Linear<3>,
    #[from(linear2, linear0, linear2)]
    concat3: Concat,
    leakyrelu4: LeakyRelu,
}

#[model(input = Chw<1, 8, 5>, output = Flat<386>)]
pub struct Net062 {
    conv2d0: Conv2d<1, Kernel<1, 2>, Dilation<2, 3>>,
    softmax1: Softmax,
    sumpool2d2: SumPool2d<1, KernelWidth<3>, Stride<2, 3>, Padding<0, 1>>,
    leakyrelu3: LeakyRelu<1, 4>,
    #[from(sumpool2d2)]
    sigmoid4: Sigmoid,
    #[from(input)]
    conv2d5: Conv2d<2, Kernel<2, 3>, Padding<1, 2>>,
    #[from(conv2d5, conv2d5, conv2d5)]
    concat6: Concat,
    #[from(leakyrelu3)]
    flatten7: Flatten,
    #[from(sigmoid4)]
    flatten8: Flatten,
    #[from(concat6)]
    flatten9: Flatten,
    #[from(flatten7, flatten8, flatten9)]
    concat10: Concat,
}

#[model(input = Chw<4, 5, 7>, output = Chw<4, 3, 1>)]
pub struct Net063 {
    conv2d0: Conv2d<4, Kernel<2, 3>, Groups<4>>,
    conv2d1: Conv2d<4, Kernel<2, 1>, Groups<2>, Padding<2, 0>, NoBias>,
    maxpool2d2: MaxPool2d<3, KernelWidth<3>, Stride<2, 3>, Padding<1, 0>>,
    dropout3: Dropout,
    #[from(dropout3, dropout3, maxpool2d2, dropout3)]
    add4: Add,
    #[from(add4, maxpool2d2)]
    add5: Add,
    maxpool2d6: MaxPool2d<2, KernelWidth<3>, Stride<2, 1>, Padding<1, 1>>,
}

#[model(input = Chw<1, 4, 7>, output = Flat<224>)]
pub struct Net064 {
    #[from(input, input, input)]
    concat0: Concat,
    #[from(concat0, concat0, concat0)]
    concat1: Concat,
    conv2d2: Conv2d<3, Kernel<3, 3>, Groups<3>, Dilation<2, 2>, SamePadding>,
    #[from(concat0)]
    flatten3: Flatten,
    leakyrelu4: LeakyRelu<1, 4>,
    #[from(conv2d2)]
    dropout5: Dropout,
    #[from(input, input)]
    concat6: Concat,
    #[from(dropout5)]
    flatten7: Flatten,
    #[from(concat6)]
    flatten8: Flatten,
    #[from(leakyrelu4, flatten7, flatten8)]
    concat9: Concat,
}

#[model(input = Chw<4, 5, 6>, output = Flat<5>)]
pub struct Net065 {
    conv2d0: Conv2d<4, Kernel<2, 3>, Groups<4>, Dilation<1, 3>, SamePadding>,
    flatten1: Flatten,
    linear2: Linear<5, NoBias>,
    linear3: Linear<8>,
    linear4: Linear<5, NoBias>,
    dropout5: Dropout,
}

#[model(input = Chw<4, 9, 10>, output = Flat<320>)]
pub struct Net066 {
    conv2d0: Conv2d<2, Kernel<3, 3>, Groups<2>, Stride<3, 1>, Padding<0, 2>>,
    flatten1: Flatten,
    #[from(flatten1, flatten1, flatten1)]
    concat2: Concat,
    #[from(conv2d0)]
    avgpool2d3: AvgPool2d<2, KernelWidth<2>, Stride<1, 1>, Padding<1, 1>>,
    flatten4: Flatten,
    #[from(concat2, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<1, 7, 6>, output = Chw<3, 6, 3>)]
pub struct Net067 {
    relu0: Relu,
    #[from(relu0, relu0, relu0)]
    concat1: Concat,
    #[from(concat1, concat1, concat1)]
    add2: Add,
    maxpool2d3: MaxPool2d<2, KernelWidth<2>, Stride<1, 3>, Padding<0, 1>>,
}

#[model(input = Chw<3, 6, 7>, output = Flat<102>)]
pub struct Net068 {
    sigmoid0: Sigmoid,
    #[from(sigmoid0, sigmoid0, input)]
    add1: Add,
    #[from(add1, sigmoid0, input)]
    add2: Add,
    #[from(add1)]
    conv2d3: Conv2d<3, Kernel<2, 3>, Groups<3>, Stride<3, 3>>,
    #[from(add2)]
    conv2d4: Conv2d<3, Kernel<1, 2>, Groups<3>, Stride<2, 3>, NoBias>,
    #[from(conv2d4, conv2d4, conv2d4)]
    concat5: Concat,
    conv2d6: Conv2d<3, Kernel<2, 2>, Groups<3>, Padding<2, 2>>,
    #[from(conv2d3)]
    flatten7: Flatten,
    #[from(conv2d6)]
    flatten8: Flatten,
    #[from(flatten7, flatten8)]
    concat9: Concat,
}

#[model(input = Chw<4, 8, 5>, output = Flat<100>)]
pub struct Net069 {
    conv2d0: Conv2d<2, Kernel<3, 1>, Groups<2>, Stride<3, 1>, Padding<0, 1>, NoBias>,
    conv2d1: Conv2d<2, Kernel<1, 2>, Groups<2>, Stride<3, 3>, Padding<1, 2>>,
    #[from(input)]
    conv2d2: Conv2d<4, Kernel<2, 1>, Groups<4>, Stride<1, 3>, Padding<0, 1>, NoBias>,
    #[from(conv2d1)]
    flatten3: Flatten,
    #[from(conv2d2)]
    flatten4: Flatten,
    #[from(flatten3, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<3, 7, 6>, output = Flat<240>)]
pub struct Net070 {
    #[from(input, input, input)]
    add0: Add,
    sumpool2d1: SumPool2d<2, KernelWidth<3>, Stride<3, 2>, Padding<1, 1>>,
    conv2d2: Conv2d<6, Kernel<3, 1>, Groups<3>, Stride<2, 1>>,
    #[from(sumpool2d1)]
    conv2d3: Conv2d<6, Kernel<3, 1>, Groups<3>, SamePadding>,
    #[from(add0)]
    conv2d4: Conv2d<4, Kernel<3, 2>, SamePadding>,
    #[from(conv2d2)]
    flatten5: Flatten,
    #[from(conv2d3)]
    flatten6: Flatten,
    #[from(conv2d4)]
    flatten7: Flatten,
    #[from(flatten5, flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<1, 4, 5>, output = Flat<18>)]
pub struct Net071 {
    maxpool2d0: MaxPool2d<2, KernelWidth<3>, Stride<1, 3>, Padding<1, 1>>,
    #[from(input)]
    flatten1: Flatten,
    tanh2: Tanh,
    #[from(tanh2, flatten1)]
    concat3: Concat,
    linear4: Linear<6>,
    #[from(tanh2)]
    linear5: Linear<2>,
    #[from(maxpool2d0)]
    flatten6: Flatten,
    #[from(linear4, linear5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<1, 8, 7>, output = Chw<2, 8, 7>)]
pub struct Net072 {
    #[from(input, input, input, input)]
    add0: Add,
    sigmoid1: Sigmoid,
    #[from(sigmoid1, sigmoid1)]
    concat2: Concat,
}

#[model(input = Chw<1, 6, 9>, output = Flat<273>)]
pub struct Net073 {
    conv2d0: Conv2d<5, Kernel<3, 3>, SamePadding>,
    #[from(conv2d0, conv2d0)]
    add1: Add,
    #[from(input)]
    flatten2: Flatten,
    linear3: Linear<3>,
    #[from(add1)]
    flatten4: Flatten,
    #[from(linear3, flatten4)]
    concat5: Concat,
}

#[model(input = Flat<7>, output = Flat<16>)]
pub struct Net074 {
    tanh0: Tanh,
    leakyrelu1: LeakyRelu,
    linear2: Linear<7>,
    sigmoid3: Sigmoid,
    #[from(tanh0)]
    linear4: Linear<4>,
    linear5: Linear<3, NoBias>,
    linear6: Linear<9, NoBias>,
    #[from(sigmoid3, linear6)]
    concat7: Concat,
}

#[model(input = Chw<1, 6, 7>, output = Flat<180>)]
pub struct Net075 {
    gelu0: Gelu,
    conv2d1: Conv2d<2, Kernel<1, 2>, SamePadding, NoBias>,
    #[from(gelu0)]
    conv2d2: Conv2d<6, Kernel<1, 3>>,
    tanh3: Tanh,
    avgpool2d4: AvgPool2d<3, KernelWidth<3>, Stride<2, 2>, Padding<0, 0>>,
    #[from(conv2d2, conv2d2, tanh3)]
    concat5: Concat,
    conv2d6: Conv2d<6, Kernel<1, 3>, Groups<2>, Stride<2, 2>, Padding<1, 1>>,
    #[from(conv2d1)]
    flatten7: Flatten,
    #[from(avgpool2d4)]
    flatten8: Flatten,
    #[from(conv2d6)]
    flatten9: Flatten,
    #[from(flatten7, flatten8, flatten9)]
    concat10: Concat,
}

#[model(input = Chw<2, 9, 8>, output = Flat<8>)]
pub struct Net076 {
    #[from(input, input, input)]
    concat0: Concat,
    #[from(concat0, input)]
    concat1: Concat,
    flatten2: Flatten,
    linear3: Linear<8, NoBias>,
    tanh4: Tanh,
    softmax5: Softmax,
}

#[model(input = Chw<1, 5, 6>, output = Flat<6>)]
pub struct Net077 {
    leakyrelu0: LeakyRelu,
    flatten1: Flatten,
    linear2: Linear<6, NoBias>,
}

#[model(input = Chw<4, 6, 9>, output = Flat<264>)]
pub struct Net078 {
    conv2d0: Conv2d<6, Kernel<1, 3>, Groups<2>, Stride<3, 2>, Padding<2, 0>>,
    leakyrelu1: LeakyRelu,
    #[from(input)]
    conv2d2: Conv2d<4, Kernel<3, 3>, Groups<4>, Dilation<2, 1>, Padding<2, 0>>,
    #[from(leakyrelu1)]
    flatten3: Flatten,
    #[from(conv2d2)]
    flatten4: Flatten,
    #[from(flatten3, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<3, 9, 5>, output = Flat<378>)]
pub struct Net079 {
    conv2d0: Conv2d<6, Kernel<1, 1>, Groups<3>>,
    #[from(input)]
    leakyrelu1: LeakyRelu,
    sumpool2d2: SumPool2d<1, KernelWidth<2>, Stride<1, 1>, Padding<0, 0>>,
    #[from(conv2d0)]
    flatten3: Flatten,
    #[from(sumpool2d2)]
    flatten4: Flatten,
    #[from(flatten3, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<1, 6, 7>, output = Chw<10, 8, 11>)]
pub struct Net080 {
    conv2d0: Conv2d<5, Kernel<3, 1>, Padding<2, 2>>,
    dropout1: Dropout,
    #[from(dropout1, dropout1)]
    concat2: Concat,
    sigmoid3: Sigmoid,
}

#[model(input = Chw<3, 6, 8>, output = Flat<57>)]
pub struct Net081 {
    conv2d0: Conv2d<6, Kernel<1, 2>, Groups<3>, Dilation<2, 2>, Stride<2, 1>>,
    #[from(conv2d0, conv2d0, conv2d0)]
    concat1: Concat,
    conv2d2: Conv2d<9, Kernel<1, 2>, Groups<9>, Stride<3, 2>>,
    sigmoid3: Sigmoid,
    #[from(input)]
    avgpool2d4: AvgPool2d<3, KernelWidth<2>, Stride<3, 2>, Padding<0, 1>>,
    flatten5: Flatten,
    #[from(sigmoid3)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<3, 4, 5>, output = Chw<6, 2, 7>)]
pub struct Net082 {
    #[from(input, input)]
    add0: Add,
    conv2d1: Conv2d<6, Kernel<3, 3>, Groups<3>, Stride<2, 1>, Padding<1, 2>>,
    dropout2: Dropout,
}

#[model(input = Chw<1, 5, 7>, output = Chw<1, 3, 3>)]
pub struct Net083 {
    conv2d0: Conv2d<1, Kernel<1, 3>, Stride<1, 2>, Padding<0, 0>>,
    #[from(conv2d0, conv2d0, conv2d0)]
    add1: Add,
    softmax2: Softmax,
    tanh3: Tanh,
    conv2d4: Conv2d<1, Kernel<2, 1>, Dilation<2, 2>, NoBias>,
    #[from(conv2d4, conv2d4)]
    add5: Add,
}

#[model(input = Chw<2, 8, 7>, output = Flat<224>)]
pub struct Net084 {
    #[from(input, input, input)]
    add0: Add,
    flatten1: Flatten,
    #[from(input)]
    conv2d2: Conv2d<1, Kernel<3, 1>, SamePadding>,
    #[from(conv2d2, conv2d2)]
    concat3: Concat,
    flatten4: Flatten,
    #[from(flatten1, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<2, 5, 9>, output = Chw<3, 1, 5>)]
pub struct Net085 {
    conv2d0: Conv2d<3, Kernel<1, 1>, Stride<3, 2>, Padding<0, 2>>,
    conv2d1: Conv2d<1, Kernel<2, 2>, Padding<0, 2>>,
    conv2d2: Conv2d<3, Kernel<1, 2>, Stride<1, 2>>,
    tanh3: Tanh,
}

#[model(input = Chw<1, 8, 9>, output = Flat<8>)]
pub struct Net086 {
    conv2d0: Conv2d<5, Kernel<3, 3>, SamePadding>,
    conv2d1: Conv2d<5, Kernel<1, 1>, Groups<5>, Stride<1, 1>, NoBias>,
    flatten2: Flatten,
    linear3: Linear<8>,
    gelu4: Gelu,
}

#[model(input = Chw<4, 5, 8>, output = Chw<9, 4, 6>)]
pub struct Net087 {
    conv2d0: Conv2d<4, Kernel<2, 3>, Groups<2>>,
    #[from(conv2d0, conv2d0)]
    add1: Add,
    #[from(add1, conv2d0, conv2d0)]
    add2: Add,
    conv2d3: Conv2d<1, Kernel<3, 1>, Dilation<1, 3>, Padding<1, 0>, NoBias>,
    #[from(conv2d3, conv2d3, conv2d3, conv2d3)]
    add4: Add,
    #[from(add4, add1, conv2d0)]
    concat5: Concat,
}

#[model(input = Chw<2, 7, 6>, output = Chw<6, 7, 6>)]
pub struct Net088 {
    #[from(input, input)]
    add0: Add,
    #[from(add0, input, add0)]
    concat1: Concat,
    conv2d2: Conv2d<6, Kernel<2, 1>, Groups<6>, Dilation<2, 2>, SamePadding, NoBias>,
}

#[model(input = Chw<3, 4, 9>, output = Flat<96>)]
pub struct Net089 {
    sumpool2d0: SumPool2d<3, KernelWidth<3>, Stride<3, 1>, Padding<1, 0>>,
    #[from(sumpool2d0, sumpool2d0)]
    add1: Add,
    conv2d2: Conv2d<6, Kernel<2, 2>, Groups<3>, Stride<1, 1>>,
    #[from(sumpool2d0, add1)]
    concat3: Concat,
    maxpool2d4: MaxPool2d<3, KernelWidth<3>, Stride<2, 1>, Padding<1, 0>>,
    sumpool2d5: SumPool2d<2, KernelWidth<3>, Stride<1, 1>, Padding<1, 1>>,
    #[from(sumpool2d5, sumpool2d5)]
    add6: Add,
    #[from(conv2d2)]
    flatten7: Flatten,
    #[from(add6)]
    flatten8: Flatten,
    #[from(flatten7, flatten8)]
    concat9: Concat,
}

#[model(input = Chw<3, 9, 6>, output = Chw<9, 3, 4>)]
pub struct Net090 {
    sumpool2d0: SumPool2d<2, KernelWidth<3>, Stride<2, 1>, Padding<1, 1>>,
    #[from(sumpool2d0, sumpool2d0)]
    add1: Add,
    #[from(add1, sumpool2d0, sumpool2d0)]
    concat2: Concat,
    conv2d3: Conv2d<9, Kernel<3, 3>, Groups<9>, NoBias>,
}

#[model(input = Chw<2, 4, 6>, output = Flat<2>)]
pub struct Net091 {
    conv2d0: Conv2d<2, Kernel<2, 2>, Groups<2>, Dilation<1, 3>, SamePadding>,
    conv2d1: Conv2d<5, Kernel<1, 3>>,
    leakyrelu2: LeakyRelu,
    conv2d3: Conv2d<2, Kernel<3, 2>, Dilation<1, 3>, Stride<2, 2>, NoBias>,
    flatten4: Flatten,
}

#[model(input = Chw<1, 6, 7>, output = Flat<5>)]
pub struct Net092 {
    avgpool2d0: AvgPool2d<1, KernelWidth<2>, Stride<3, 3>, Padding<0, 0>>,
    #[from(avgpool2d0, avgpool2d0, avgpool2d0)]
    add1: Add,
    avgpool2d2: AvgPool2d<1, KernelWidth<2>, Stride<2, 3>, Padding<0, 0>>,
    #[from(avgpool2d0)]
    tanh3: Tanh,
    #[from(tanh3, avgpool2d0, avgpool2d0)]
    add4: Add,
    flatten5: Flatten,
    #[from(avgpool2d2)]
    flatten6: Flatten,
    #[from(flatten5, flatten6)]
    concat7: Concat,
}

#[model(input = Flat<4>, output = Flat<8>)]
pub struct Net093 {
    linear0: Linear<8, NoBias>,
    #[from(linear0, linear0, linear0, linear0)]
    add1: Add,
    softmax2: Softmax,
}

#[model(input = Chw<1, 7, 8>, output = Chw<10, 11, 7>)]
pub struct Net094 {
    #[from(input, input, input)]
    add0: Add,
    #[from(add0, input)]
    add1: Add,
    conv2d2: Conv2d<2, Kernel<1, 2>, Padding<2, 0>, NoBias>,
    avgpool2d3: AvgPool2d<1, KernelWidth<2>, Stride<1, 1>, Padding<0, 0>>,
    conv2d4: Conv2d<5, Kernel<1, 1>, NoBias>,
    #[from(conv2d4, conv2d4)]
    concat5: Concat,
    maxpool2d6: MaxPool2d<1, KernelWidth<2>, Stride<1, 1>, Padding<0, 1>>,
}

#[model(input = Chw<4, 8, 9>, output = Chw<1, 2, 3>)]
pub struct Net095 {
    maxpool2d0: MaxPool2d<3, KernelWidth<3>, Stride<3, 3>, Padding<0, 0>>,
    #[from(maxpool2d0, maxpool2d0)]
    add1: Add,
    conv2d2: Conv2d<1, Kernel<3, 1>, Dilation<2, 1>, SamePadding, NoBias>,
    gelu3: Gelu,
}

#[model(input = Chw<4, 5, 9>, output = Chw<1, 1, 9>)]
pub struct Net096 {
    #[from(input, input)]
    add0: Add,
    conv2d1: Conv2d<1, Kernel<3, 1>, Dilation<2, 3>, Stride<3, 1>>,
    leakyrelu2: LeakyRelu,
    maxpool2d3: MaxPool2d<1, KernelWidth<3>, Stride<1, 1>, Padding<0, 1>>,
    #[from(leakyrelu2)]
    relu4: Relu,
    #[from(relu4, maxpool2d3)]
    add5: Add,
    #[from(add5, conv2d1, relu4, leakyrelu2)]
    add6: Add,
}

#[model(input = Chw<1, 7, 8>, output = Chw<4, 9, 2>)]
pub struct Net097 {
    relu0: Relu,
    conv2d1: Conv2d<1, Kernel<1, 3>, Dilation<2, 1>, SamePadding>,
    conv2d2: Conv2d<1, Kernel<3, 3>, Padding<2, 0>>,
    conv2d3: Conv2d<4, Kernel<1, 3>>,
    maxpool2d4: MaxPool2d<1, KernelWidth<2>, Stride<1, 3>, Padding<0, 1>>,
    leakyrelu5: LeakyRelu<1, 4>,
}

#[model(input = Chw<2, 5, 6>, output = Flat<47>)]
pub struct Net098 {
    conv2d0: Conv2d<6, Kernel<2, 3>, Groups<2>, Dilation<1, 2>, Stride<3, 1>, NoBias>,
    conv2d1: Conv2d<6, Kernel<1, 1>, Groups<6>>,
    flatten2: Flatten,
    #[from(flatten2, flatten2, flatten2)]
    add3: Add,
    linear4: Linear<5>,
    #[from(input)]
    sumpool2d5: SumPool2d<3, KernelWidth<2>, Stride<1, 2>, Padding<0, 0>>,
    #[from(add3)]
    tanh6: Tanh,
    #[from(sumpool2d5)]
    flatten7: Flatten,
    #[from(linear4, tanh6, flatten7)]
    concat8: Concat,
}

#[model(input = Flat<7>, output = Flat<20>)]
pub struct Net099 {
    linear0: Linear<5>,
    #[from(linear0, input)]
    concat1: Concat,
    linear2: Linear<2, NoBias>,
    #[from(concat1, concat1, concat1, concat1)]
    add3: Add,
    #[from(input)]
    linear4: Linear<6, NoBias>,
    #[from(linear2, add3, linear4)]
    concat5: Concat,
}

#[model(input = Chw<4, 8, 7>, output = Flat<896>)]
pub struct Net100 {
    #[from(input, input, input)]
    add0: Add,
    gelu1: Gelu,
    flatten2: Flatten,
    relu3: Relu,
    relu4: Relu,
    #[from(relu4, flatten2, relu3)]
    concat5: Concat,
    #[from(input)]
    tanh6: Tanh,
    flatten7: Flatten,
    #[from(concat5, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<2, 7, 8>, output = Flat<244>)]
pub struct Net101 {
    conv2d0: Conv2d<2, Kernel<1, 2>, Dilation<2, 3>, Padding<1, 1>>,
    conv2d1: Conv2d<3, Kernel<1, 2>, Padding<2, 0>, NoBias>,
    sumpool2d2: SumPool2d<1, KernelWidth<2>, Stride<3, 3>, Padding<0, 0>>,
    conv2d3: Conv2d<1, Kernel<1, 2>, Dilation<1, 3>, SamePadding>,
    gelu4: Gelu,
    conv2d5: Conv2d<1, Kernel<1, 2>, SamePadding>,
    #[from(conv2d1)]
    tanh6: Tanh,
    #[from(conv2d5)]
    flatten7: Flatten,
    #[from(tanh6)]
    flatten8: Flatten,
    #[from(flatten7, flatten8)]
    concat9: Concat,
}

#[model(input = Chw<3, 7, 6>, output = Flat<9>)]
pub struct Net102 {
    flatten0: Flatten,
    #[from(flatten0, flatten0, flatten0)]
    concat1: Concat,
    linear2: Linear<5, NoBias>,
    linear3: Linear<8>,
    linear4: Linear<9>,
    #[from(linear4, linear4, linear4)]
    concat5: Concat,
    linear6: Linear<9, NoBias>,
}

#[model(input = Flat<6>, output = Flat<8>)]
pub struct Net103 {
    linear0: Linear<7, NoBias>,
    #[from(linear0, linear0, linear0, linear0)]
    add1: Add,
    linear2: Linear<8>,
    linear3: Linear<5>,
    linear4: Linear<1, NoBias>,
    #[from(linear4, add1)]
    concat5: Concat,
}

#[model(input = Chw<1, 8, 4>, output = Chw<4, 1, 1>)]
pub struct Net104 {
    #[from(input, input)]
    add0: Add,
    conv2d1: Conv2d<2, Kernel<3, 1>, Stride<2, 3>, Padding<0, 0>, NoBias>,
    #[from(conv2d1, conv2d1)]
    concat2: Concat,
    conv2d3: Conv2d<4, Kernel<3, 2>, Groups<4>, Stride<2, 1>, NoBias>,
}

#[model(input = Flat<2>, output = Flat<9>)]
pub struct Net105 {
    gelu0: Gelu,
    linear1: Linear<6, NoBias>,
    linear2: Linear<9>,
    linear3: Linear<2, NoBias>,
    linear4: Linear<7>,
    linear5: Linear<9>,
    leakyrelu6: LeakyRelu,
}

#[model(input = Chw<1, 7, 9>, output = Flat<1>)]
pub struct Net106 {
    maxpool2d0: MaxPool2d<2, KernelWidth<3>, Stride<3, 2>, Padding<1, 0>>,
    conv2d1: Conv2d<5, Kernel<3, 1>>,
    sigmoid2: Sigmoid,
    maxpool2d3: MaxPool2d<3, KernelWidth<2>, Stride<3, 3>, Padding<1, 0>>,
    flatten4: Flatten,
    linear5: Linear<1>,
}

#[model(input = Chw<3, 9, 6>, output = Flat<3>)]
pub struct Net107 {
    conv2d0: Conv2d<3, Kernel<1, 3>, Groups<3>, Padding<1, 0>>,
    conv2d1: Conv2d<3, Kernel<1, 1>, Groups<3>, Padding<1, 2>>,
    leakyrelu2: LeakyRelu,
    conv2d3: Conv2d<2, Kernel<2, 2>, Stride<3, 1>>,
    flatten4: Flatten,
    sigmoid5: Sigmoid,
    linear6: Linear<3, NoBias>,
}

#[model(input = Chw<4, 4, 6>, output = Flat<70>)]
pub struct Net108 {
    sigmoid0: Sigmoid,
    conv2d1: Conv2d<4, Kernel<1, 3>, Groups<4>, Dilation<2, 1>>,
    #[from(input)]
    conv2d2: Conv2d<4, Kernel<1, 1>, Groups<2>, Stride<3, 1>, Padding<1, 1>>,
    flatten3: Flatten,
    linear4: Linear<4, NoBias>,
    linear5: Linear<6>,
    #[from(conv2d1)]
    flatten6: Flatten,
    #[from(linear5, flatten6)]
    concat7: Concat,
}

#[model(input = Chw<2, 7, 5>, output = Flat<210>)]
pub struct Net109 {
    #[from(input, input, input)]
    add0: Add,
    flatten1: Flatten,
    #[from(flatten1, flatten1, flatten1)]
    concat2: Concat,
}

#[model(input = Chw<1, 4, 8>, output = Flat<402>)]
pub struct Net110 {
    conv2d0: Conv2d<1, Kernel<2, 1>, Stride<3, 3>, Padding<2, 0>>,
    #[from(conv2d0, conv2d0)]
    concat1: Concat,
    #[from(input)]
    conv2d2: Conv2d<6, Kernel<1, 1>, Dilation<2, 1>, Padding<2, 0>>,
    #[from(concat1)]
    flatten3: Flatten,
    #[from(conv2d2)]
    flatten4: Flatten,
    #[from(flatten3, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<1, 6, 7>, output = Chw<3, 2, 2>)]
pub struct Net111 {
    sumpool2d0: SumPool2d<1, KernelWidth<3>, Stride<3, 3>, Padding<0, 0>>,
    #[from(sumpool2d0, sumpool2d0)]
    add1: Add,
    relu2: Relu,
    conv2d3: Conv2d<3, Kernel<3, 2>, Dilation<2, 1>, SamePadding, NoBias>,
}

#[model(input = Chw<2, 6, 7>, output = Flat<92>)]
pub struct Net112 {
    sumpool2d0: SumPool2d<2, KernelWidth<2>, Stride<1, 3>, Padding<1, 0>>,
    avgpool2d1: AvgPool2d<3, KernelWidth<3>, Stride<2, 1>, Padding<1, 1>>,
    #[from(sumpool2d0)]
    conv2d2: Conv2d<4, Kernel<2, 2>, Groups<2>, SamePadding>,
    #[from(sumpool2d0)]
    conv2d3: Conv2d<4, Kernel<3, 2>, Groups<2>, Dilation<2, 2>, Stride<3, 2>, Padding<1, 1>>,
    #[from(input)]
    conv2d4: Conv2d<1, Kernel<1, 2>, Dilation<2, 1>, NoBias>,
    conv2d5: Conv2d<2, Kernel<3, 3>, Stride<2, 2>, NoBias>,
    conv2d6: Conv2d<6, Kernel<2, 2>, Groups<2>, Stride<2, 2>, Padding<1, 0>>,
    #[from(avgpool2d1)]
    flatten7: Flatten,
    #[from(conv2d2)]
    flatten8: Flatten,
    #[from(conv2d3)]
    flatten9: Flatten,
    #[from(conv2d6)]
    flatten10: Flatten,
    #[from(flatten7, flatten8, flatten9, flatten10)]
    concat11: Concat,
}

#[model(input = Chw<2, 8, 4>, output = Flat<200>)]
pub struct Net113 {
    conv2d0: Conv2d<6, Kernel<3, 2>, SamePadding>,
    #[from(input)]
    sumpool2d1: SumPool2d<3, KernelWidth<2>, Stride<3, 1>, Padding<1, 0>>,
    flatten2: Flatten,
    linear3: Linear<8, NoBias>,
    #[from(conv2d0)]
    flatten4: Flatten,
    #[from(linear3, flatten4)]
    concat5: Concat,
}

#[model(input = Chw<1, 5, 7>, output = Flat<49>)]
pub struct Net114 {
    flatten0: Flatten,
    #[from(input)]
    sumpool2d1: SumPool2d<3, KernelWidth<3>, Stride<3, 2>, Padding<0, 1>>,
    #[from(input)]
    leakyrelu2: LeakyRelu,
    maxpool2d3: MaxPool2d<1, KernelWidth<2>, Stride<2, 1>, Padding<0, 1>>,
    conv2d4: Conv2d<1, Kernel<1, 2>, SamePadding>,
    conv2d5: Conv2d<2, Kernel<2, 2>, Stride<3, 2>, Padding<0, 1>>,
    #[from(sumpool2d1)]
    flatten6: Flatten,
    #[from(conv2d5)]
    flatten7: Flatten,
    #[from(flatten0, flatten6, flatten7)]
    concat8: Concat,
}

#[model(input = Chw<4, 5, 8>, output = Flat<20>)]
pub struct Net115 {
    #[from(input, input)]
    concat0: Concat,
    sumpool2d1: SumPool2d<2, KernelWidth<2>, Stride<2, 3>, Padding<0, 1>>,
    conv2d2: Conv2d<1, Kernel<2, 1>, Stride<1, 1>, Padding<0, 2>>,
    avgpool2d3: AvgPool2d<3, KernelWidth<2>, Stride<3, 3>, Padding<1, 1>>,
    dropout4: Dropout,
    conv2d5: Conv2d<4, Kernel<1, 3>, Padding<0, 1>, NoBias>,
    #[from(sumpool2d1)]
    conv2d6: Conv2d<2, Kernel<3, 2>, Padding<1, 0>, NoBias>,
    #[from(conv2d5)]
    flatten7: Flatten,
    #[from(conv2d6)]
    flatten8: Flatten,
    #[from(flatten7, flatten8)]
    concat9: Concat,
}

#[model(input = Chw<3, 6, 4>, output = Flat<5>)]
pub struct Net116 {
    maxpool2d0: MaxPool2d<2, KernelWidth<2>, Stride<1, 1>, Padding<0, 1>>,
    #[from(maxpool2d0, maxpool2d0, maxpool2d0)]
    concat1: Concat,
    conv2d2: Conv2d<6, Kernel<1, 1>, Groups<3>, Dilation<2, 2>, NoBias>,
    leakyrelu3: LeakyRelu<1, 4>,
    flatten4: Flatten,
    #[from(flatten4, flatten4)]
    concat5: Concat,
    linear6: Linear<5>,
}

#[model(input = Chw<4, 8, 6>, output = Flat<1536>)]
pub struct Net117 {
    conv2d0: Conv2d<6, Kernel<1, 3>, Groups<2>, SamePadding, NoBias>,
    #[from(conv2d0, input, conv2d0)]
    concat1: Concat,
    #[from(concat1, concat1)]
    add2: Add,
    conv2d3: Conv2d<16, Kernel<3, 1>, Groups<16>, SamePadding>,
    gelu4: Gelu,
    softmax5: Softmax,
    #[from(concat1)]
    tanh6: Tanh,
    #[from(softmax5)]
    flatten7: Flatten,
    #[from(tanh6)]
    flatten8: Flatten,
    #[from(flatten7, flatten8)]
    concat9: Concat,
}

#[model(input = Chw<1, 9, 7>, output = Chw<3, 10, 5>)]
pub struct Net118 {
    sigmoid0: Sigmoid,
    conv2d1: Conv2d<1, Kernel<2, 3>, Dilation<1, 1>, Padding<1, 0>, NoBias>,
    #[from(conv2d1, conv2d1)]
    add2: Add,
    #[from(add2, conv2d1, conv2d1)]
    concat3: Concat,
    relu4: Relu,
}

#[model(input = Chw<2, 9, 5>, output = Chw<2, 3, 2>)]
pub struct Net119 {
    tanh0: Tanh,
    conv2d1: Conv2d<2, Kernel<3, 1>, Stride<3, 3>, NoBias>,
    sigmoid2: Sigmoid,
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
        $each!(Net100);
        $each!(Net101);
        $each!(Net102);
        $each!(Net103);
        $each!(Net104);
        $each!(Net105);
        $each!(Net106);
        $each!(Net107);
        $each!(Net108);
        $each!(Net109);
        $each!(Net110);
        $each!(Net111);
        $each!(Net112);
        $each!(Net113);
        $each!(Net114);
        $each!(Net115);
        $each!(Net116);
        $each!(Net117);
        $each!(Net118);
        $each!(Net119);
    };
}
pub(crate) use networks;
