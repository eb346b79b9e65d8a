//! burn on its own CPU backend, Flex, with `rayon`, `simd` and the AVX-512 kernels of the `gemm`
//! crate turned on in `Cargo.toml`.

use anyhow::{ensure, Result};
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d, Relu};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Distribution, Int, Tensor};

use crate::peer::Step;
use crate::workload::{Kind, Network, Workload, CLASSES, LEARNING_RATE, MOMENTUM};

/// A network that sorts images into classes.
trait Classifier: Module + 'static {
    fn forward(&self, images: Tensor<4>) -> Tensor<2>;
}

fn conv([channels, filters]: [usize; 2], kernel: usize, padding: usize) -> Conv2dConfig {
    Conv2dConfig::new([channels, filters], [kernel, kernel]).with_padding(
        PaddingConfig2d::Explicit(padding, padding, padding, padding),
    )
}

fn max_pool() -> MaxPool2d {
    MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()
}

#[derive(Module, Debug)]
struct LeNet5 {
    conv1: Conv2d,
    conv2: Conv2d,
    pool: MaxPool2d,
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
    relu: Relu,
}

impl LeNet5 {
    fn new(device: &Device) -> Self {
        LeNet5 {
            conv1: conv([1, 6], 5, 2).init(device),
            conv2: conv([6, 16], 5, 0).init(device),
            pool: max_pool(),
            fc1: LinearConfig::new(400, 120).init(device),
            fc2: LinearConfig::new(120, 84).init(device),
            fc3: LinearConfig::new(84, CLASSES).init(device),
            relu: Relu::new(),
        }
    }
}

impl Classifier for LeNet5 {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.relu.forward(self.conv1.forward(images));
        let x = self.pool.forward(x);
        let x = self.relu.forward(self.conv2.forward(x));
        let x = self.pool.forward(x).flatten(1, 3);
        let x = self.relu.forward(self.fc1.forward(x));
        let x = self.relu.forward(self.fc2.forward(x));
        self.fc3.forward(x)
    }
}

#[derive(Module, Debug)]
struct VggSmall {
    convs: Vec<[Conv2d; 2]>,
    pool: MaxPool2d,
    fc1: Linear,
    fc2: Linear,
    relu: Relu,
}

impl VggSmall {
    fn new(device: &Device) -> Self {
        let pair = |[channels, filters]: [usize; 2]| {
            [[channels, filters], [filters, filters]].map(|sizes| conv(sizes, 3, 1).init(device))
        };
        VggSmall {
            convs: [[3, 64], [64, 128], [128, 256]].map(pair).into(),
            pool: max_pool(),
            fc1: LinearConfig::new(4096, 256).init(device),
            fc2: LinearConfig::new(256, CLASSES).init(device),
            relu: Relu::new(),
        }
    }
}

impl Classifier for VggSmall {
    fn forward(&self, mut x: Tensor<4>) -> Tensor<2> {
        for pair in &self.convs {
            for conv in pair {
                x = self.relu.forward(conv.forward(x));
            }
            x = self.pool.forward(x);
        }
        let x = self.relu.forward(self.fc1.forward(x.flatten(1, 3)));
        self.fc2.forward(x)
    }
}

#[derive(Module, Debug)]
struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvNorm {
    fn new(sizes: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Self {
        let conv = conv(sizes, kernel, kernel / 2);
        let conv = conv.with_stride([stride, stride]).with_bias(false);
        ConvNorm {
            conv: conv.init(device),
            norm: BatchNormConfig::new(sizes[1]).init(device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.norm.forward(self.conv.forward(x))
    }
}

#[derive(Module, Debug)]
struct BasicBlock {
    first: ConvNorm,
    second: ConvNorm,
    shortcut: Option<ConvNorm>,
    relu: Relu,
}

impl BasicBlock {
    fn new([channels, filters]: [usize; 2], device: &Device) -> Self {
        let (stride, sizes) = (filters / channels, [channels, filters]);
        BasicBlock {
            first: ConvNorm::new(sizes, 3, stride, device),
            second: ConvNorm::new([filters, filters], 3, 1, device),
            shortcut: (stride > 1).then(|| ConvNorm::new(sizes, 1, stride, device)),
            relu: Relu::new(),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let around = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x.clone()),
            None => x.clone(),
        };
        let x = self.relu.forward(self.first.forward(x));
        self.relu.forward(self.second.forward(x) + around)
    }
}

#[derive(Module, Debug)]
struct ResNet20 {
    stem: ConvNorm,
    blocks: Vec<BasicBlock>,
    pool: AdaptiveAvgPool2d,
    fc: Linear,
    relu: Relu,
}

impl ResNet20 {
    fn new(device: &Device) -> Self {
        let stages = [[16, 16], [16, 32], [32, 64]].map(|[channels, filters]| {
            [[channels, filters], [filters, filters], [filters, filters]]
        });
        let blocks = stages.as_flattened().iter();
        ResNet20 {
            stem: ConvNorm::new([3, 16], 3, 1, device),
            blocks: blocks
                .map(|sizes| BasicBlock::new(*sizes, device))
                .collect(),
            pool: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
            fc: LinearConfig::new(64, CLASSES).init(device),
            relu: Relu::new(),
        }
    }
}

impl Classifier for ResNet20 {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let mut x = self.relu.forward(self.stem.forward(images));
        for block in &self.blocks {
            x = block.forward(x);
        }
        self.fc.forward(self.pool.forward(x).flatten(1, 3))
    }
}

/// What runs the workload once.
pub fn open(workload: &Workload) -> Result<Step> {
    let device = match workload.kind {
        Kind::Infer => Device::flex(),
        Kind::TrainStep | Kind::ForwardBackward => Device::flex().autodiff(),
    };
    match workload.network {
        Network::LeNet5 => classifier(LeNet5::new(&device), workload, &device),
        Network::VggSmall => classifier(VggSmall::new(&device), workload, &device),
        Network::ResNet20 => classifier(ResNet20::new(&device), workload, &device),
        Network::Conv3x3 => {
            let conv = conv([64, 64], 3, 1).with_bias(false).init(&device);
            check_size(&conv, workload)?;
            let images = images(workload, &device);
            if workload.kind == Kind::Infer {
                return Ok(Box::new(move || {
                    conv.forward(images.clone());
                    Ok(())
                }));
            }
            let images = images.require_grad();
            // From a tensor, backward begins with ones.
            Ok(Box::new(move || {
                conv.forward(images.clone()).backward();
                Ok(())
            }))
        }
    }
}

fn images(workload: &Workload, device: &Device) -> Tensor<4> {
    let (channels, height, width) = workload.network.image();
    let shape = [workload.batch, channels, height, width];
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn check_size(network: &impl Module, workload: &Workload) -> Result<()> {
    let (has, network) = (network.num_params(), workload.network);
    ensure!(
        has == network.parameters() + network.running_statistics(),
        "{network:?} has {has} parameters"
    );
    Ok(())
}

fn classifier<M: Classifier>(network: M, workload: &Workload, device: &Device) -> Result<Step> {
    check_size(&network, workload)?;
    let images = images(workload, device);
    if workload.kind == Kind::Infer {
        return Ok(Box::new(move || {
            network.forward(images.clone());
            Ok(())
        }));
    }
    let labels: Vec<i32> = workload.labels().map(|label| label as i32).collect();
    let labels = Tensor::<1, Int>::from_ints(labels.as_slice(), device);
    let loss = CrossEntropyLossConfig::new().init(device);
    let momentum = MomentumConfig::new()
        .with_momentum(MOMENTUM)
        .with_dampening(0.0);
    let mut optimiser = SgdConfig::new().with_momentum(Some(momentum)).init();
    let mut kept = Some(network);
    Ok(Box::new(move || {
        if let Some(network) = kept.take() {
            let logits = network.forward(images.clone());
            let gradients = loss.forward(logits, labels.clone()).backward();
            let gradients = GradientsParams::from_grads(gradients, &network);
            kept = Some(optimiser.step(LEARNING_RATE, network, gradients));
        }
        Ok(())
    }))
}
