//! shapeproof, used as its README shows.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Result;
use shapeproof::models::vgg::ConvRelu;
use shapeproof::models::{LeNet5, ResNet20Projected};
use shapeproof::prelude::*;
// The loss and the optimiser that training uses.
use shapeproof::prelude::{cross_entropy_with_logits_loss as cross_entropy, Sgd};

use crate::peer::Step;
use crate::workload::{Kind, Network, Workload, CLASSES, LEARNING_RATE, MOMENTUM};

/// "VGG-small".
#[model(input = Chw<3, 32, 32>, output = Flat<10>)]
pub struct VggSmall {
    conv1: Repeat<2, ConvRelu<64>>,
    pool1: MaxPool2d<2>,
    conv2: Repeat<2, ConvRelu<128>>,
    pool2: MaxPool2d<2>,
    conv3: Repeat<2, ConvRelu<256>>,
    pool3: MaxPool2d<2>,
    flatten: Flatten,
    fc1: Linear<256>,
    relu: Relu,
    fc2: Linear<10>,
}

/// A single convolution.
#[model(input = Chw<64, 56, 56>, output = Chw<64, 56, 56>)]
pub struct Conv3x3 {
    conv: Conv2d<64, Kernel<3>, Padding<1>, NoBias>,
}

type Images<const C: usize, const H: usize, const W: usize, T = NoneTape> =
    Batch<Chw<C, H, W>, usize, f32, Cpu, T>;
type Logits<T = NoneTape> = Batch<Flat<CLASSES>, usize, f32, Cpu, T>;
type Recorded = OwnedTape<f32, Cpu>;

/// What runs the workload once.
pub fn open(workload: &Workload) -> Result<Step> {
    let dev = Cpu::seed_from_u64(0);
    let infer = workload.kind == Kind::Infer;
    macro_rules! classifier {
        ($net:ty) => {{
            let net: $net = <$net>::new(&dev);
            let images = dev.sample_normal_like(&(workload.batch, Const, Const, Const));
            if infer {
                inference(net, images)
            } else {
                training(net, images, workload)
            }
        }};
    }
    Ok(match workload.network {
        Network::LeNet5 => classifier!(LeNet5),
        Network::VggSmall => classifier!(VggSmall),
        Network::ResNet20 => classifier!(ResNet20Projected),
        Network::Conv3x3 => {
            let net: Conv3x3 = Conv3x3::new(&dev);
            let images = dev.sample_normal_like(&(workload.batch, Const, Const, Const));
            if infer {
                inference(net, images)
            } else {
                forward_backward(net, images)
            }
        }
    })
}

fn inference<M, const C: usize, const H: usize, const W: usize>(
    net: M,
    images: Images<C, H, W>,
) -> Step
where
    M: Module<Images<C, H, W>> + 'static,
{
    Box::new(move || {
        net.forward(images.clone());
        Ok(())
    })
}

fn training<M, const C: usize, const H: usize, const W: usize>(
    mut net: M,
    images: Images<C, H, W>,
    workload: &Workload,
) -> Step
where
    M: ModuleMut<Images<C, H, W, Recorded>, Output = Logits<Recorded>>
        + TensorCollection<f32, Cpu>
        + 'static,
{
    let labels: Vec<usize> = workload.labels().collect();
    let targets = images.device().one_hot_encode(Const::<CLASSES>, labels);
    let config = SgdConfig {
        lr: LEARNING_RATE,
        momentum: Some(Momentum::Classic(MOMENTUM)),
        weight_decay: None,
    };
    let mut optimiser = Sgd::new(&net, config);
    let mut kept = Some(net.alloc_grads());
    Box::new(move || {
        let gradients = kept.take().unwrap_or_else(|| net.alloc_grads());
        let logits = net.forward_mut(images.clone().traced(gradients));
        let mut gradients = cross_entropy(logits, targets.clone()).backward();
        optimiser.update(&mut net, &gradients)?;
        net.zero_grads(&mut gradients);
        kept = Some(gradients);
        Ok(())
    })
}

/// dfdx runs backward from a single number only. Here that number stands for the output, whose
/// gradient is a tensor that waits, as that given to PyTorch's `backward`.
fn forward_backward(mut net: Conv3x3, images: Images<64, 56, 56>) -> Step {
    let dev = images.device().clone();
    let d_output = images.as_vec();
    let mut waiting = dev.try_alloc_len(0).expect("no memory is needed");
    waiting.extend(d_output);
    let d_output = Rc::new(RefCell::new(waiting));
    Box::new(move || {
        let (output, mut tape) = net.forward_mut(images.leaky_trace()).split_tape();
        let (of, given) = (output.clone(), Rc::clone(&d_output));
        tape.add_backward_op(move |gradients| {
            std::mem::swap(gradients.get_or_alloc_mut(&of)?, &mut *given.borrow_mut());
            Ok(())
        });
        let number: Tensor<Rank0, f32, Cpu> = dev.zeros();
        let mut gradients = number.put_tape(tape).backward();
        let slot = gradients.get_or_alloc_mut(&output)?;
        std::mem::swap(slot, &mut *d_output.borrow_mut());
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_have_the_sizes_that_peers_are_held_to() {
        fn check<M: Model>(network: Network) {
            assert_eq!(M::PARAMS, network.parameters(), "{network:?}");
            assert_eq!(M::MACS, network.multiply_accumulates(), "{network:?}");
        }
        check::<LeNet5>(Network::LeNet5);
        check::<VggSmall>(Network::VggSmall);
        check::<ResNet20Projected>(Network::ResNet20);
        check::<Conv3x3>(Network::Conv3x3);
    }
}
