//! A zoo of networks, written with the public macros and layers only, as a user would.
//!
//! | model | for | parameters | published |
//! |---|---|---|---|
//! | [`LeNet5`] | digits | 61,706 | 61,706 |
//! | [`LeNet5Of1998`] | digits | 61,706 | 60,000 with connections left out |
//! | [`AlexNet`] | ImageNet | 61,100,840 | 61,100,840 (torchvision) |
//! | [`Vgg11`] | ImageNet | 132,863,336 | 132,863,336 (torchvision) |
//! | [`Vgg16`] | ImageNet | 138,357,544 | 138,357,544 (torchvision) |
//! | [`ResNet18`] | ImageNet | 11,689,512 | 11,689,512 (torchvision) |
//! | [`ResNet20`] | CIFAR-10 | 269,722 | 269,722 (akamaster/pytorch_resnet_cifar10) |
//! | [`ResNet20Projected`] | CIFAR-10 | 272,474 | 272,474 (the same with option B) |
//! | [`ResNet50`] | ImageNet | 25,557,032 | 25,557,032 (torchvision) |
//! | [`MobileNetV2`] | ImageNet | 3,504,872 | 3,504,872 (torchvision) |
//! | [`SqueezeNet`] | ImageNet | 1,235,496 | 1,235,496 (torchvision, 1.1) |
//! | [`GoogLeNet`] | ImageNet | 6,624,904 | 6,624,904 (torchvision) |
//! | [`DenseNet100`] | CIFAR-10 | 769,162 | 0.8 M (the paper) |
//! | [`UNet`] | segmentation | 31,030,658 | 31 M (the paper's layers counted) |
//! | [`SmallUNet`] | segmentation | 1,557,642 | a small one, of this crate |
//! | [`StreetUNet`] | segmentation | 508,451 | a small one, of this crate |
//! | [`Fcn32s`] | segmentation | 134,346,581 | 134 M (the paper) |
//! | [`SmallRpn`] | detection | 183,805 | a small one, of this crate |
//! | [`SmallBoxHead`] | detection | 420,112 | a small one, of this crate |
//! | [`PilotNet`] | steering | 252,219 | about 250,000 (the paper) |
//! | [`CapsNet`] | digits | 6,804,224 | 6.8 M (the paper) |
//! | [`CapsDecoder`] | digits | 1,411,344 | with it 8.2 M (the paper) |
//!
//! Architectures are those of the sources, parameters start as their layers do. Where nothing is said
//! of names, they are this crate's own, and weights of others need a renaming.
//!
//! A test compares the table with the constants. This room knows the layers and macros; nothing
//! knows it.

// What a field is, its type says.
#![allow(missing_docs)]

pub mod alexnet;
pub mod capsnet;
pub mod conv_bn;
pub mod densenet;
pub mod faster_rcnn;
pub mod fcn;
pub mod inception;
pub mod lenet;
pub mod mobilenet;
pub mod pilotnet;
pub mod resnet;
pub mod squeezenet;
pub mod unet;
pub mod vgg;

pub use alexnet::AlexNet;
pub use capsnet::{CapsDecoder, CapsNet};
pub use densenet::DenseNet100;
pub use faster_rcnn::{SmallBoxHead, SmallRpn};
pub use fcn::Fcn32s;
pub use inception::GoogLeNet;
pub use lenet::{LeNet5, LeNet5Of1998};
pub use mobilenet::MobileNetV2;
pub use pilotnet::PilotNet;
pub use resnet::{ResNet18, ResNet20, ResNet20Projected, ResNet50};
pub use squeezenet::SqueezeNet;
pub use unet::{SmallUNet, StreetUNet, UNet};
pub use vgg::{Vgg11, Vgg16};
