//! Pictures of what goes into a network and of what comes out.

use shapeproof::data::{BoundingBox, Image, Normalize, Picture};
use shapeproof::prelude::*;
use shapeproof::train::metrics::ConfusionMatrix;
use shapeproof::vision::{
    captioned, class_colour, confusion_picture, draw_bounding_boxes, draw_heat, draw_line,
    feature_maps, filters, grad_cam, heat_colour, make_grid, saliency, to_pictures, to_tensor,
    write_text, HeatMap, Mistakes,
};

#[test]
fn tensors_and_pictures_are_each_other_s_opposite() {
    let dev = Cpu::default();
    let images: Vec<Image<Chw<3, 2, 5>>> = (0..3)
        .map(|i| Image::new((0..30).map(|p| 80 * i + 2 * p).collect()).unwrap())
        .collect();
    for normalize in [Normalize::IMAGENET, Normalize::BYTES, Normalize::NONE] {
        let batch: Tensor<(usize, Const<3>, Const<2>, Const<5>), f64, _> =
            to_tensor(&dev, &images, normalize).unwrap();
        assert_eq!(batch.shape().0, 3);
        let pictures = to_pictures(&batch, normalize);
        for (picture, image) in pictures.iter().zip(&images) {
            assert_eq!(picture, &image.to_picture());
        }
    }
    let wild: Tensor<(usize, Const<1>, Const<1>, Const<3>), f32, _> =
        dev.tensor_from_vec(vec![-2.0, 9.0, f32::NAN], (1, Const, Const, Const));
    assert_eq!(to_pictures(&wild, Normalize::NONE)[0].values(), [0, 255, 0]);
}

#[test]
fn grids_put_pictures_into_the_middles_of_cells() {
    let small = Picture::filled(2, 2, [10, 20, 30]);
    let large = Picture::new(1, 4, 6, vec![9; 24]).unwrap();
    let grid = make_grid(&[small.clone(), large, small], 2);
    assert_eq!((grid.height(), grid.width()), (14, 18));
    assert_eq!(grid.pixel(3, 4), [10, 20, 30]);
    assert_eq!(grid.pixel(2, 4), [255; 3]);
    assert_eq!(grid.pixel(2, 10), [9; 3]);
    assert_eq!(grid.pixel(9, 4), [10, 20, 30]);
    assert_eq!(grid.pixel(9, 12), [255; 3]);
    assert_eq!(make_grid(&[], 3).values(), [255; 3]);
}

#[test]
fn text_is_written_where_it_should_be() {
    let mut picture = Picture::filled(7, 9, [0; 3]);
    write_text(&mut picture, (1, 1), "1L", [255; 3], 1);
    let rows: Vec<String> = (0..7)
        .map(|row| {
            let ink = |column| picture.pixel(row, column) == [255; 3];
            (0..9).map(|c| if ink(c) { '#' } else { '.' }).collect()
        })
        .collect();
    assert_eq!(
        rows,
        [
            ".........",
            "..#..#...",
            ".##..#...",
            "..#..#...",
            "..#..#...",
            ".###.###.",
            ".........",
        ]
    );
    // Beyond the picture there is nothing to write on.
    write_text(&mut picture, (5, 7), "beyond", [255; 3], 3);
    let wide = captioned(&picture, "a long caption");
    assert_eq!((wide.height(), wide.width()), (14, 14 * 4 - 1));
}

#[test]
fn boxes_are_drawn_within_the_photo() {
    let photo = Picture::new(1, 20, 30, vec![7; 600]).unwrap();
    let thing = |[xmin, ymin, xmax, ymax]: [f32; 4]| BoundingBox {
        class: 2,
        xmin,
        ymin,
        xmax,
        ymax,
    };
    let things = [
        (thing([-5., -5., 12.5, 90.]), "rbc 0.9".to_owned()),
        (thing([40., 0., 50., 5.]), "beyond".to_owned()),
    ];
    let drawn = draw_bounding_boxes(&photo, &things);
    assert_eq!((drawn.height(), drawn.width()), (20, 30));
    assert_eq!(drawn.pixel(19, 12), class_colour(2));
    assert_eq!(drawn.pixel(19, 13), [7; 3]);
    assert_eq!(drawn.pixel(15, 5), [7; 3]);
}

#[test]
fn heat_goes_from_the_least_to_the_largest() {
    let photo = Picture::filled(1, 3, [100; 3]);
    let drawn = draw_heat(&photo, &[-1.0, 0.0, 3.0], 1.0);
    assert_eq!(drawn.pixel(0, 0), heat_colour(0.0));
    assert_eq!(drawn.pixel(0, 1), heat_colour(0.25));
    assert_eq!(drawn.pixel(0, 2), heat_colour(1.0));
    let half = draw_heat(&photo, &[2.0; 3], 0.5);
    assert_eq!(half.pixel(0, 0), [84, 51, 92]);
    assert_eq!(heat_colour(f32::NAN), heat_colour(0.0));
}

#[test]
fn maps_and_filters_are_sheets() {
    let dev = Cpu::default();
    let numbers: Vec<f32> = (0..2 * 5 * 2 * 3).map(|i| i as f32).collect();
    let features: Tensor<(usize, Const<5>, Const<2>, Const<3>), f32, _> =
        dev.tensor_from_vec(numbers, (2, Const, Const, Const));
    let sheet = feature_maps(&features, 1, 4);
    // Five maps of 8×12 pixels in rows of three.
    assert_eq!((sheet.height(), sheet.width()), (2 * 10 + 2, 3 * 14 + 2));
    assert_eq!((sheet.pixel(2, 2), sheet.pixel(9, 13)), ([0; 3], [255; 3]));
    assert_eq!(sheet.pixel(12, 30), [255; 3]);

    let weight: Tensor<Rank4<9, 3, 2, 2>, f64, _> = dev.sample_normal();
    let sheet = filters(&weight, 5);
    assert_eq!((sheet.height(), sheet.width()), (2 * 12 + 2, 8 * 12 + 2));
    let weight: Tensor<Rank4<4, 6, 2, 3>, f32, _> = dev.zeros();
    let sheet = filters(&weight, 2);
    assert_eq!((sheet.height(), sheet.width()), (4 * 6 + 2, 6 * 8 + 2));
    assert_eq!(sheet.pixel(2, 2), [128; 3]);
}

#[test]
fn a_confusion_matrix_is_darkest_where_most_are() {
    let mut matrix = ConfusionMatrix::<3>::new();
    for (truth, found, times) in [(0, 0, 12), (0, 1, 3), (1, 1, 7), (2, 0, 1)] {
        for _ in 0..times {
            matrix.add(truth, found);
        }
    }
    let picture = confusion_picture(&matrix, ["cat", "dog", "a name that is too long"]);
    assert_eq!(picture.channels(), 3);
    // The corner of each cell has its shade.
    let cell = |truth: usize, found: usize| {
        let [_, green, _] = picture.pixel(18 + truth * 22, 88 + found * 32);
        green
    };
    assert!(cell(1, 1) < cell(0, 0) && cell(0, 0) < cell(0, 1) && cell(0, 1) < cell(0, 2));
    assert_eq!(cell(2, 0), cell(1, 1));
    assert_eq!(
        (picture.height(), picture.width()),
        (18 + 3 * 22, 88 + 3 * 32)
    );
}

/// Two filters of one weight each, whose averages are the classes.
#[model(input = Chw<3, 2, 2>, output = Flat<2>)]
struct Looker {
    conv: Conv2d<2, Kernel<1>, NoBias>,
    dropout: Dropout,
    pool: GlobalAvgPool2d,
    fc: Linear<2, NoBias>,
}

#[test]
fn a_network_looks_where_its_gradient_says() {
    let dev = Cpu::default();
    let mut net: Looker = Looker::new(&dev);
    net.conv.weight = dev.tensor_from_vec(
        vec![1., 0., 0., /* second */ -1., -3., 2.],
        (Const, Const, Const, Const),
    );
    net.fc.weight = dev.tensor([[8., 0.], [0., 4.]]);
    let red = [1., 2., 3., -4.];
    let one = [red, [0.; 4], [1., 0., 0., 1.]].concat();
    let images: Batch<Chw<3, 2, 2>, usize, f32, Cpu> =
        dev.tensor_from_vec([one.clone(), one].concat(), (2, Const, Const, Const));

    // The mean of four places has a slope of 1/4: 8/4 for the first filter, 4/4 for the second.
    // The first filter gives red, the second 2·blue − red.
    for layer in ["conv", "dropout"] {
        let maps = grad_cam(&net, &images, layer, &[0, 1]).unwrap();
        assert_eq!(maps[0], HeatMap::new(2, 2, vec![2., 4., 6., 0.]));
        assert_eq!(maps[1], HeatMap::new(2, 2, vec![1., 0., 0., 6.]));
    }
    let maps = saliency(&net, &images, &[0, 1]).unwrap();
    assert_eq!(maps[0], HeatMap::new(2, 2, vec![2.; 4]));
    assert_eq!(maps[1], HeatMap::new(2, 2, vec![3.; 4]));
    // Nothing hangs on the first filter, where the second class is asked for.
    net.fc.weight = dev.zeros();
    let maps = grad_cam(&net, &images, "conv", &[0, 1]).unwrap();
    assert_eq!(maps[0].values(), [0.; 4]);

    let error = |layer: &str, classes: &[usize]| {
        let error = grad_cam(&net, &images, layer, classes).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        error("conv2", &[0, 1]),
        "no layer `conv2` has run; there are `conv`, `dropout`, `pool`, `fc`"
    );
    assert_eq!(
        error("pool", &[0, 1]),
        "`pool` puts out 2; a map needs a layer that puts out images"
    );
    assert_eq!(error("conv", &[0]), "1 classes for 2 images");
    assert_eq!(
        error("conv", &[0, 2]),
        "class 2 for image 1; the model knows 2, from 0"
    );
    let none = dev.zeros_like(&(0, Const, Const, Const));
    assert!(saliency(&net, &none, &[]).unwrap().is_empty());
}

#[test]
fn heat_lies_over_a_photo_of_any_size() {
    let map = HeatMap::new(2, 2, vec![0., 4., 8., 12.]);
    let large = map.resized(4, 3);
    assert_eq!(
        large.values(),
        [0., 2., 4., 2., 4., 6., 6., 8., 10., 8., 10., 12.]
    );
    assert_eq!(large.resized(1, 1).values(), [6.]);
    let photo = Picture::filled(4, 3, [100; 3]);
    let drawn = map.over(&photo, 1.0);
    assert_eq!(drawn.pixel(0, 0), heat_colour(0.0));
    assert_eq!(drawn.pixel(3, 2), heat_colour(1.0));
    assert_eq!(map.over(&photo, 0.0), photo);
}

#[test]
fn the_surest_mistakes_are_kept() {
    let dev = Cpu::default();
    let mut mistakes = Mistakes::<3>::new(2);
    let mut add = |first: f32, rows: [[f32; 3]; 3], labels: [usize; 3]| {
        let pixels = (0..3).map(|i| (first + i as f32) / 255.0).collect();
        let images: Batch<Chw<1, 1, 1>, usize, f32, Cpu> =
            dev.tensor_from_vec(pixels, (3, Const, Const, Const));
        let logits: Batch<Flat<3>, usize, f32, Cpu> =
            dev.tensor_from_vec(rows.concat(), (3, Const));
        mistakes.add(&images, &labels, &logits, Normalize::NONE);
    };
    let (sure, unsure) = ([0., 0., 9.], [0.1, 0., 0.]);
    add(10., [sure, unsure, [0., 5., 0.]], [2, 1, 0]);
    add(20., [unsure, sure, [f32::NAN; 3]], [0, 0, 1]);
    assert_eq!((mistakes.seen(), mistakes.wrong()), (6, 4));
    let worst = mistakes.worst();
    let found: Vec<_> = worst.iter().map(|m| (m.index, m.truth, m.guess)).collect();
    assert_eq!(found, [(4, 0, 2), (2, 0, 1)]);
    assert_eq!(
        worst
            .iter()
            .map(|m| m.picture.values()[0])
            .collect::<Vec<_>>(),
        [21, 12]
    );
    assert!((worst[1].probability - 0.98670).abs() < 1e-4); // e⁵ / (e⁵ + 2)
    let sheet = mistakes.sheet(["ape", "bee", "cow"], 1);
    assert_eq!(sheet.height(), 2 * (64 + 7 + 7) + 3 * 2);
}

#[test]
fn a_line_ends_at_its_points_and_at_the_edge_of_the_picture() {
    let on = |from, to| {
        let mut picture = Picture::filled(3, 5, [0; 3]);
        draw_line(&mut picture, from, to, [9; 3]);
        let pixels = (0..15).filter(|i| picture.pixel(i / 5, i % 5) == [9; 3]);
        pixels.map(|i| (i / 5, i % 5)).collect::<Vec<_>>()
    };
    assert_eq!(on((1.5, 0.5), (1.5, 2.5)), [(0, 1), (1, 1), (2, 1)]);
    assert_eq!(on((3.5, 1.5), (1.5, 1.5)), [(1, 1), (1, 2), (1, 3)]);
    assert_eq!(on((2.5, 1.5), (2.5, 1.5)), [(1, 2)]);
    // From afar, through the picture, and past it.
    assert_eq!(on((-1e9, 1.5), (1e9, 1.5)), [0, 1, 2, 3, 4].map(|x| (1, x)));
    assert!(on((-4.0, 1.5), (-1.0, 1.5)).is_empty());
    assert!(on((2.5, f32::NAN), (2.5, 1.5)).is_empty());
}

#[test]
fn logits_are_means_of_tiles_and_of_mirror_images() {
    use shapeproof::predict::{predict_logits, with_hflip};

    /// Sees a pixel and its neighbour to the right.
    #[model(input = Chw<1, 4, 6>, output = Chw<2, 4, 6>)]
    struct Slope {
        classes: Conv2d<2, Kernel<3>, Padding<1>>,
    }
    let dev = Cpu::default();
    let mut net: Slope = Slope::new(&dev);
    let right = [[0.0; 3], [0.0, 1.0, -2.0], [0.0; 3]];
    net.classes.weight = dev.tensor([[right], [[[0.0; 3]; 3]]]);
    net.classes.bias = dev.tensor([0.0, 5.0]);
    let plain = Normalize {
        mean: [0.0],
        std: [1.0],
    };
    let values: Vec<u8> = (0..7 * 10).map(|i| (i * 83 % 256) as u8).collect();
    let photo = Picture::new(1, 7, 10, values.clone()).unwrap();
    let logits = |photo: &Picture| predict_logits(&net, &dev, photo, plain, 3);
    let (seen, both) = (logits(&photo).unwrap(), with_hflip(&photo, logits).unwrap());
    let value = |row: usize, column: usize| f32::from(values[row * 10 + column]) / 255.0;
    // Tiles begin at the columns 0, 3 and 4, so that a pixel at the edge of one is seen by others, and
    // it counts the more, the farther from the edge it is.
    let weights = [1.0, 2.0, 3.0, 3.0, 2.0, 1.0];
    let expected = |row: usize, column: usize| {
        let (mut sum, mut total) = (0.0, 0.0);
        for tile in [0, 3, 4].iter().filter(|t| (**t..*t + 6).contains(&column)) {
            let weight = weights[column - tile];
            let right = if column + 1 == tile + 6 {
                0.0
            } else {
                value(row, column + 1)
            };
            sum += weight * (value(row, column) - 2.0 * right);
            total += weight;
        }
        sum / total
    };
    for (i, logit) in seen[..70].iter().enumerate() {
        let expected = expected(i / 10, i % 10);
        assert!((logit - expected).abs() < 1e-5, "{i}: {logit}, {expected}");
    }
    assert!(seen[70..].iter().all(|logit| (logit - 5.0).abs() < 1e-5));
    // In the mirror, the neighbour to the right is the one to the left.
    let mirrored = logits(&photo.hflip()).unwrap();
    for (i, sum) in both.iter().enumerate() {
        let expected = seen[i] + mirrored[i / 10 * 10 + 9 - i % 10];
        assert!((sum - expected).abs() < 1e-5, "{i}: {sum}, {expected}");
    }
}

#[test]
fn a_mask_is_put_together_of_tiles() {
    use shapeproof::predict::{predict_mask, PredictError};

    /// Sees one pixel at a time.
    #[model(input = Chw<1, 4, 6>, output = Chw<2, 4, 6>)]
    struct Bright {
        classes: Conv2d<2, Kernel<1>>,
    }
    let dev = Cpu::default();
    let mut net: Bright = Bright::new(&dev);
    net.classes.weight = dev.tensor([[[[-1.0]]], [[[1.0]]]]);
    net.classes.bias = dev.zeros();
    let half = Normalize {
        mean: [0.5],
        std: [1.0],
    };
    let values: Vec<u8> = (0..9 * 11).map(|i| (i * 83 % 256) as u8).collect();
    let photo = Picture::new(1, 9, 11, values.clone()).unwrap();
    let bright: Vec<u8> = values.iter().map(|v| u8::from(*v > 127)).collect();
    for stride in 1..=4 {
        let mask = predict_mask(&net, &dev, &photo, half, stride).unwrap();
        assert_eq!(mask, bright, "{stride}");
    }
    let small = photo.cropped((5, 0), (4, 5));
    assert_eq!(small.values()[..5], values[55..60]);
    let error = predict_mask(&net, &dev, &small, half, 4).unwrap_err();
    assert!(matches!(error, PredictError::PictureSize { .. }));
    let expected = "a picture of 4×5 is smaller than the 4×6 that the model sees at once";
    assert_eq!(error.to_string(), expected);
}
