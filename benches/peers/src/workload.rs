//! What is measured: networks, what is done with them, and on how many images.

use Kind::{ForwardBackward, Infer, TrainStep};
use Network::{Conv3x3, LeNet5, ResNet20, VggSmall};

/// The classes that each network but [`Conv3x3`] tells apart.
pub const CLASSES: usize = 10;

/// The step of every optimiser; small, so that random labels do not let the weights overflow.
pub const LEARNING_RATE: f64 = 0.001;

/// The momentum of every optimiser.
pub const MOMENTUM: f64 = 0.9;

/// A network, in fp32.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Network {
    /// 1×28×28; Conv 6 k5 p2, ReLU, MaxPool 2, Conv 16 k5, ReLU, MaxPool 2, 120, ReLU, 84, ReLU,
    /// 10.
    LeNet5,
    /// 3×32×32; (Conv 3×3 p1, ReLU) twice and MaxPool 2, with 64, 128 and 256 filters; 256, ReLU,
    /// 10.
    VggSmall,
    /// The ResNet-20 for CIFAR-10 of He et al.; 1×1 convolutions as shortcuts.
    ResNet20,
    /// 64×56×56; one convolution, 64 filters of 3×3, padding 1, no bias.
    Conv3x3,
}

/// What is done with a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Forward as in evaluation, without gradients.
    Infer,
    /// Forward, softmax cross-entropy, backward, and a step of SGD with momentum.
    TrainStep,
    /// Forward, then the gradients of the input and of the weights from a given gradient of the
    /// output.
    ForwardBackward,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Workload {
    /// Its name in the output and after `--only`.
    pub name: &'static str,
    pub network: Network,
    pub kind: Kind,
    /// Images at a time.
    pub batch: usize,
}

const fn workload(name: &'static str, network: Network, kind: Kind, batch: usize) -> Workload {
    Workload {
        name,
        network,
        kind,
        batch,
    }
}

/// All workloads, in the order in which they run.
pub const WORKLOADS: [Workload; 11] = [
    workload("lenet5_train_b64", LeNet5, TrainStep, 64),
    workload("lenet5_infer_b1", LeNet5, Infer, 1),
    workload("lenet5_infer_b64", LeNet5, Infer, 64),
    workload("vggsmall_train_b32", VggSmall, TrainStep, 32),
    workload("vggsmall_infer_b1", VggSmall, Infer, 1),
    workload("vggsmall_infer_b32", VggSmall, Infer, 32),
    workload("resnet20_train_b32", ResNet20, TrainStep, 32),
    workload("resnet20_infer_b1", ResNet20, Infer, 1),
    workload("resnet20_infer_b32", ResNet20, Infer, 32),
    workload("conv3x3_64_56", Conv3x3, Infer, 8),
    workload("conv3x3_64_56_fb", Conv3x3, ForwardBackward, 8),
];

impl Network {
    /// Channels, height and width of an image.
    #[cfg(any(feature = "candle", feature = "burn"))]
    pub const fn image(self) -> (usize, usize, usize) {
        match self {
            LeNet5 => (1, 28, 28),
            VggSmall | ResNet20 => (3, 32, 32),
            Conv3x3 => (64, 56, 56),
        }
    }

    /// Learned numbers; every peer checks that its network has as many.
    pub const fn parameters(self) -> usize {
        match self {
            LeNet5 => 61_706,
            VggSmall => 2_196_810,
            ResNet20 => 272_474,
            Conv3x3 => 36_864,
        }
    }

    /// Running means and variances of batch normalisations, which burn counts as parameters.
    #[cfg(feature = "burn")]
    pub const fn running_statistics(self) -> usize {
        match self {
            ResNet20 => 2 * 784,
            LeNet5 | VggSmall | Conv3x3 => 0,
        }
    }

    /// Multiply-accumulates of the convolutions and dense layers, forward, for one image.
    /// Multiplications with the zeros of a padding count.
    pub const fn multiply_accumulates(self) -> usize {
        match self {
            LeNet5 => 416_520,
            VggSmall => 153_815_552,
            ResNet20 => 40_813_184,
            Conv3x3 => 115_605_504,
        }
    }
}

impl Workload {
    /// Nominal floating-point operations: two for a multiply-accumulate, and backward twice those
    /// of forward.
    pub const fn flop(&self) -> usize {
        let passes = match self.kind {
            Infer => 1,
            TrainStep | ForwardBackward => 3,
        };
        2 * passes * self.batch * self.network.multiply_accumulates()
    }

    /// The classes that the images are said to be of.
    pub fn labels(&self) -> impl Iterator<Item = usize> {
        (0..self.batch).map(|nth| nth % CLASSES)
    }
}
