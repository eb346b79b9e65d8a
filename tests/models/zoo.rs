//! The zoo: published numbers of parameters, and that it runs.

use shapeproof::models::*;
use shapeproof::prelude::*;

/// Every row of the table in the docs.
const PARAMETERS: &[(&str, usize, usize)] = &[
    ("LeNet5", LeNet5::PARAMS, 61_706),
    ("LeNet5Of1998", LeNet5Of1998::PARAMS, 61_706),
    ("AlexNet", AlexNet::PARAMS, 61_100_840),
    ("Vgg11", Vgg11::PARAMS, 132_863_336),
    ("Vgg16", Vgg16::PARAMS, 138_357_544),
    ("ResNet18", ResNet18::PARAMS, 11_689_512),
    ("ResNet20", ResNet20::PARAMS, 269_722),
    ("ResNet20Projected", ResNet20Projected::PARAMS, 272_474),
    ("ResNet50", ResNet50::PARAMS, 25_557_032),
    ("MobileNetV2", MobileNetV2::PARAMS, 3_504_872),
    ("SqueezeNet", SqueezeNet::PARAMS, 1_235_496),
    ("GoogLeNet", GoogLeNet::PARAMS, 6_624_904),
    ("DenseNet100", DenseNet100::PARAMS, 769_162),
    ("UNet", UNet::PARAMS, 31_030_658),
    ("SmallUNet", SmallUNet::PARAMS, 1_557_642),
    ("StreetUNet", StreetUNet::PARAMS, 508_451),
    ("Fcn32s", Fcn32s::PARAMS, 134_346_581),
    ("SmallRpn", SmallRpn::PARAMS, 183_805),
    ("SmallBoxHead", SmallBoxHead::PARAMS, 420_112),
    ("PilotNet", PilotNet::PARAMS, 252_219),
    ("CapsNet", CapsNet::PARAMS, 6_804_224),
    ("CapsDecoder", CapsDecoder::PARAMS, 1_411_344),
];

#[test]
fn parameters_are_those_published() {
    for (name, found, published) in PARAMETERS {
        assert_eq!(found, published, "{name}");
    }
}

#[test]
fn the_table_in_the_docs_is_right() {
    let docs = include_str!("../../src/models/mod.rs");
    let grouped = |n: usize| {
        let digits = n.to_string();
        let mut text = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text
    };
    for (name, found, _) in PARAMETERS {
        let row = docs
            .lines()
            .find(|line| line.starts_with(&format!("//! | [`{name}`]")))
            .unwrap_or_else(|| panic!("{name} has no row"));
        let column = row.split('|').nth(3).unwrap().trim();
        assert_eq!(column, grouped(*found), "{name}");
    }
    let rows = docs
        .lines()
        .filter(|line| line.starts_with("//! | [`"))
        .count();
    assert_eq!(rows, PARAMETERS.len());
}

#[test]
fn small_models_run_and_their_parameters_are_there() {
    let dev = Cpu::seed_from_u64(1);
    macro_rules! runs {
        ($Net:ident, $C:literal, $H:literal, $W:literal, $N:literal) => {
            let net: $Net = $Net::new(&dev);
            assert_eq!(net.num_trainable_params(), $Net::PARAMS, stringify!($Net));
            let x: Tensor<Rank4<1, $C, $H, $W>, f32, _> = dev.sample_normal();
            let y = net.forward(x).array();
            assert!(
                y[0].iter().all(|v| v.is_finite()),
                "{}: {y:?}",
                stringify!($Net)
            );
        };
    }
    runs!(LeNet5, 1, 28, 28, 10);
    runs!(LeNet5Of1998, 1, 32, 32, 10);
    runs!(ResNet20, 3, 32, 32, 10);
    runs!(ResNet20Projected, 3, 32, 32, 10);
    runs!(DenseNet100, 3, 32, 32, 10);
    runs!(PilotNet, 3, 66, 200, 1);
    let net: CapsNet = CapsNet::new(&dev);
    let decoder: CapsDecoder = CapsDecoder::new(&dev);
    let (poses, lengths) = net.forward(dev.sample_normal::<Rank4<1, 1, 28, 28>>());
    assert!(lengths.array()[0].iter().all(|l| (0.0..1.0).contains(l)));
    assert_eq!(decoder.forward(poses).shape().concrete(), [1, 1, 28, 28]);
}

#[test]
fn receptive_fields_are_those_of_the_literature() {
    let seen = |layers: &[shapeproof::shape::LayerInfo], name: &str| {
        let layer = layers.iter().find(|l| l.name == name).unwrap();
        (layer.receptive_field.height, layer.receptive_field.width)
    };
    // Araujo, Norris and Sim, 2019, table 1: AlexNet's last pooling 195, VGG-16's 212.
    assert_eq!(seen(AlexNet::LAYERS, "pool5"), (195, 195));
    assert_eq!(seen(Vgg16::LAYERS, "pool5"), (212, 212));
    // Theirs is 483 with the stride in each stage's last block; here, as in torchvision, it is in
    // the first, so that one 3×3 convolution fewer in each of three stages has the smaller step:
    // 7 + 4 + 3·8 + (8 + 3·16) + (16 + 5·32) + (32 + 2·64).
    assert_eq!(seen(ResNet50::LAYERS, "layer4"), (427, 427));
}

/// Saved under torchvision's names, and loaded by the list.
#[test]
fn torchvision_s_names_of_a_residual_network_are_those_of_the_list() {
    use shapeproof::weights::{Loader, Saver};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.safetensors");
    let net: ResNet20Projected = ResNet20Projected::new(&Cpu::seed_from_u64(1));
    let saver = Saver::new()
        .rename("downsample.conv", "downsample.0")
        .rename("downsample.bn", "downsample.1");
    saver.save(&net, &path).unwrap();
    let mut other: ResNet20Projected = ResNet20Projected::new(&Cpu::seed_from_u64(2));
    let names = resnet::NAMES.iter();
    let loader = names.fold(Loader::new(), |loader, (theirs, ours)| {
        loader.rename(*theirs, *ours)
    });
    let report = loader.load(&mut other, &path).unwrap();
    assert!(report.is_complete(), "{report}");
    let weight = |net: &ResNet20Projected| net.layer2.first.downsample.conv.weight.as_vec();
    assert_eq!(weight(&other), weight(&net));
}
