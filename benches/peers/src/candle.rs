//! candle on the CPU. Its matrix products use the `gemm` crate, whose AVX-512 kernels are turned
//! on in `Cargo.toml`.

use std::collections::HashMap;

use anyhow::{ensure, Result};
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{
    batch_norm, conv2d, conv2d_no_bias, linear, loss, BatchNorm, Conv2d, Conv2dConfig, Linear,
    Module, ModuleT, VarBuilder, VarMap,
};

use crate::peer::Step;
use crate::workload::{Kind, Network, Workload, CLASSES, LEARNING_RATE, MOMENTUM};

enum Layer {
    Conv(Conv2d),
    Norm(BatchNorm),
    Relu,
    MaxPool,
    GlobalAveragePool,
    Flatten,
    Linear(Linear),
    Residual(Vec<Layer>, Vec<Layer>),
}

impl Layer {
    fn forward(&self, x: &Tensor, training: bool) -> candle_core::Result<Tensor> {
        match self {
            Layer::Conv(conv) => conv.forward(x),
            Layer::Norm(norm) => norm.forward_t(x, training),
            Layer::Relu => x.relu(),
            Layer::MaxPool => x.max_pool2d(2),
            Layer::GlobalAveragePool => x.mean((2, 3)),
            Layer::Flatten => x.flatten_from(1),
            Layer::Linear(linear) => linear.forward(x),
            Layer::Residual(body, shortcut) => {
                let around = forward(shortcut, x, training)?;
                forward(body, x, training)? + around
            }
        }
    }
}

fn forward(layers: &[Layer], x: &Tensor, training: bool) -> candle_core::Result<Tensor> {
    let mut x = x.clone();
    for layer in layers {
        x = layer.forward(&x, training)?;
    }
    Ok(x)
}

/// Builds layers, each with variables of its own.
struct Builder<'v> {
    variables: VarBuilder<'v>,
    layers: usize,
}

impl Builder<'_> {
    fn next(&mut self) -> VarBuilder<'_> {
        self.layers += 1;
        self.variables.pp(self.layers)
    }

    fn conv(
        &mut self,
        (channels, filters): (usize, usize),
        kernel: usize,
        padding: usize,
    ) -> Result<Layer> {
        let config = Conv2dConfig {
            padding,
            ..Conv2dConfig::default()
        };
        let conv = conv2d(channels, filters, kernel, config, self.next())?;
        Ok(Layer::Conv(conv))
    }

    fn conv_norm(
        &mut self,
        (channels, filters): (usize, usize),
        kernel: usize,
        stride: usize,
    ) -> Result<[Layer; 2]> {
        let config = Conv2dConfig {
            padding: kernel / 2,
            stride,
            ..Conv2dConfig::default()
        };
        let conv = conv2d_no_bias(channels, filters, kernel, config, self.next())?;
        let norm = batch_norm(filters, 1e-5, self.next())?;
        Ok([Layer::Conv(conv), Layer::Norm(norm)])
    }

    fn linear(&mut self, inputs: usize, outputs: usize) -> Result<Layer> {
        Ok(Layer::Linear(linear(inputs, outputs, self.next())?))
    }

    fn lenet5(&mut self) -> Result<Vec<Layer>> {
        Ok(vec![
            self.conv((1, 6), 5, 2)?,
            Layer::Relu,
            Layer::MaxPool,
            self.conv((6, 16), 5, 0)?,
            Layer::Relu,
            Layer::MaxPool,
            Layer::Flatten,
            self.linear(400, 120)?,
            Layer::Relu,
            self.linear(120, 84)?,
            Layer::Relu,
            self.linear(84, CLASSES)?,
        ])
    }

    fn vggsmall(&mut self) -> Result<Vec<Layer>> {
        let mut layers = Vec::new();
        let mut channels = 3;
        for filters in [64, 128, 256] {
            for _ in 0..2 {
                layers.extend([self.conv((channels, filters), 3, 1)?, Layer::Relu]);
                channels = filters;
            }
            layers.push(Layer::MaxPool);
        }
        layers.extend([Layer::Flatten, self.linear(4096, 256)?, Layer::Relu]);
        layers.push(self.linear(256, CLASSES)?);
        Ok(layers)
    }

    fn resnet20(&mut self) -> Result<Vec<Layer>> {
        let mut layers = Vec::from(self.conv_norm((3, 16), 3, 1)?);
        layers.push(Layer::Relu);
        let mut channels = 16;
        for filters in [16, 32, 64] {
            for _ in 0..3 {
                let stride = if channels == filters { 1 } else { 2 };
                let mut body = Vec::from(self.conv_norm((channels, filters), 3, stride)?);
                body.push(Layer::Relu);
                body.extend(self.conv_norm((filters, filters), 3, 1)?);
                let shortcut = if channels == filters {
                    Vec::new()
                } else {
                    Vec::from(self.conv_norm((channels, filters), 1, stride)?)
                };
                layers.extend([Layer::Residual(body, shortcut), Layer::Relu]);
                channels = filters;
            }
        }
        layers.extend([Layer::GlobalAveragePool, self.linear(64, CLASSES)?]);
        Ok(layers)
    }

    fn conv3x3(&mut self) -> Result<Vec<Layer>> {
        let config = Conv2dConfig {
            padding: 1,
            ..Conv2dConfig::default()
        };
        let conv = conv2d_no_bias(64, 64, 3, config, self.next())?;
        Ok(vec![Layer::Conv(conv)])
    }
}

fn build(network: Network, variables: VarBuilder) -> Result<Vec<Layer>> {
    let mut builder = Builder {
        variables,
        layers: 0,
    };
    match network {
        Network::LeNet5 => builder.lenet5(),
        Network::VggSmall => builder.vggsmall(),
        Network::ResNet20 => builder.resnet20(),
        Network::Conv3x3 => builder.conv3x3(),
    }
}

/// SGD with momentum, which candle has not.
struct Sgd {
    variables: Vec<(Var, Option<Tensor>)>,
}

impl Sgd {
    fn step(&mut self, gradients: &GradStore) -> candle_core::Result<()> {
        for (variable, velocity) in &mut self.variables {
            let Some(gradient) = gradients.get(variable) else {
                continue;
            };
            let next = match velocity.take() {
                Some(velocity) => ((velocity * MOMENTUM)? + gradient)?,
                None => gradient.clone(),
            };
            variable.set(&variable.sub(&(&next * LEARNING_RATE)?)?)?;
            *velocity = Some(next);
        }
        Ok(())
    }
}

/// What runs the workload once.
pub fn open(workload: &Workload) -> Result<Step> {
    let device = Device::Cpu;
    let (channels, height, width) = workload.network.image();
    let shape = (workload.batch, channels, height, width);
    let images = Tensor::randn(0f32, 1.0, shape, &device)?;

    let variables = VarMap::new();
    let builder = VarBuilder::from_varmap(&variables, DType::F32, &device);
    let mut network = build(workload.network, builder)?;
    let named = variables.data().lock().expect("no thread has panicked");
    let learned = named.iter().filter(|(name, _)| !name.contains("running_"));
    let parameters: usize = learned.map(|(_, variable)| variable.elem_count()).sum();
    ensure!(
        parameters == workload.network.parameters(),
        "{:?} has {parameters} parameters",
        workload.network
    );

    match workload.kind {
        Kind::Infer => {
            // On tensors that are no variables, nothing is kept for backward.
            let tensors = named.iter();
            let tensors: HashMap<String, Tensor> = tensors
                .map(|(name, variable)| (name.clone(), variable.as_detached_tensor()))
                .collect();
            let builder = VarBuilder::from_tensors(tensors, DType::F32, &device);
            network = build(workload.network, builder)?;
            Ok(Box::new(move || {
                forward(&network, &images, false)?;
                Ok(())
            }))
        }
        Kind::TrainStep => {
            let labels: Vec<u32> = workload.labels().map(|label| label as u32).collect();
            let labels = Tensor::new(labels, &device)?;
            let mut optimiser = Sgd {
                variables: named.values().map(|v| (v.clone(), None)).collect(),
            };
            Ok(Box::new(move || {
                let logits = forward(&network, &images, true)?;
                let gradients = loss::cross_entropy(&logits, &labels)?.backward()?;
                optimiser.step(&gradients)?;
                Ok(())
            }))
        }
        Kind::ForwardBackward => {
            let images = Var::from_tensor(&images)?;
            // From a tensor, backward begins with ones.
            Ok(Box::new(move || {
                forward(&network, &images, true)?.backward()?;
                Ok(())
            }))
        }
    }
}
