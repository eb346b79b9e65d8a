//! Text, boxes, masks and heat over pictures.

use super::colours::{class_colour, heat_colour};
use super::font::{glyph, HEIGHT, WIDTH};
use crate::data::{BoundingBox, Picture, IGNORE};

/// Writes text from a pixel to the right, each point of its letters `size`×`size` pixels; a letter
/// is 3×5 points. What lies outside of the picture is left out.
///
/// Digits, Latin capitals and common signs can be written; small letters become capitals.
pub fn write_text(
    picture: &mut Picture,
    (row, column): (usize, usize),
    text: &str,
    colour: [u8; 3],
    size: usize,
) {
    for (number, letter) in text.chars().enumerate() {
        let points = glyph(letter);
        for point in 0..WIDTH * HEIGHT {
            if points >> (WIDTH * HEIGHT - 1 - point) & 1 == 0 {
                continue;
            }
            let top = row + point / WIDTH * size;
            let left = column + (number * (WIDTH + 1) + point % WIDTH) * size;
            for i in 0..size * size {
                picture.paint(top + i / size, left + i % size, colour);
            }
        }
    }
}

/// The width of a text in pixels.
pub(super) fn text_width(text: &str, size: usize) -> usize {
    let letters = text.chars().count();
    (letters * (WIDTH + 1)).saturating_sub(1) * size
}

/// A picture with boxes around things, each in the colour of its class and with its words, if they
/// are not empty.
///
/// # Example
/// ```
/// use shapeproof::data::{BoundingBox, Picture};
/// use shapeproof::vision::{class_colour, draw_bounding_boxes};
/// let photo = Picture::filled(20, 30, [0, 0, 0]);
/// let thing = BoundingBox { class: 1, xmin: 5., ymin: 4., xmax: 20., ymax: 16. };
/// let drawn = draw_bounding_boxes(&photo, &[(thing, String::new())]);
/// assert_eq!(drawn.pixel(4, 5), class_colour(1));
/// assert_eq!(drawn.pixel(15, 19), class_colour(1));
/// assert_eq!((drawn.pixel(10, 10), drawn.pixel(16, 20)), ([0; 3], [0; 3]));
/// ```
///
/// # Same as
/// `torchvision.utils.draw_bounding_boxes`
pub fn draw_bounding_boxes(photo: &Picture, things: &[(BoundingBox, String)]) -> Picture {
    let mut picture = photo.to_rgb();
    for (thing, words) in things {
        let colour = class_colour(thing.class);
        let seen = thing.clipped(picture.height(), picture.width());
        if seen.area() <= 0.0 {
            continue;
        }
        // The pixels that the edges run through or beside, within the box.
        let (top, left) = (seen.ymin as usize, seen.xmin as usize);
        let bottom = (seen.ymax.ceil() as usize).saturating_sub(1).max(top);
        let right = (seen.xmax.ceil() as usize).saturating_sub(1).max(left);
        for column in left..=right {
            picture.paint(top, column, colour);
            picture.paint(bottom, column, colour);
        }
        for row in top..=bottom {
            picture.paint(row, left, colour);
            picture.paint(row, right, colour);
        }
        if !words.is_empty() {
            // On a plate, above the box where there is room.
            let plate = HEIGHT + 2;
            let top = if top >= plate { top - plate } else { top };
            for row in top..top + plate {
                for column in left..left + text_width(words, 1) + 2 {
                    picture.paint(row, column, colour);
                }
            }
            let ink = readable_on(colour);
            write_text(&mut picture, (top + 1, left + 1), words, ink, 1);
        }
    }
    picture
}

/// Black on a bright colour, white on a dark one.
fn readable_on([red, green, blue]: [u8; 3]) -> [u8; 3] {
    let grey = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    if grey > 140_000 {
        [0; 3]
    } else {
        [255; 3]
    }
}

/// A picture with the classes of its pixels over it: `alpha` of their colours, the rest of the
/// photo. Pixels of the class `ground`, if one is given, and ignored ones stay as they are.
///
/// # Panics
/// When the mask has not as many pixels as the photo.
///
/// # Example
/// ```
/// use shapeproof::data::Picture;
/// use shapeproof::vision::{class_colour, draw_segmentation_masks};
/// let photo = Picture::filled(1, 3, [9, 9, 9]);
/// let drawn = draw_segmentation_masks(&photo, &[0, 1, 255], 1.0, Some(0));
/// assert_eq!([0, 1, 2].map(|x| drawn.pixel(0, x)), [[9; 3], class_colour(1), [9; 3]]);
/// ```
///
/// # Same as
/// `torchvision.utils.draw_segmentation_masks`
pub fn draw_segmentation_masks(
    photo: &Picture,
    mask: &[u8],
    alpha: f32,
    ground: Option<u8>,
) -> Picture {
    let mut picture = photo.to_rgb();
    let pixels = picture.height() * picture.width();
    assert_eq!(mask.len(), pixels, "a mask has the pixels of its photo");
    for (at, class) in mask.iter().enumerate() {
        if *class != IGNORE && Some(*class) != ground {
            let colour = class_colour(usize::from(*class));
            tint(&mut picture, at, colour, alpha);
        }
    }
    picture
}

/// A picture with numbers over it, one for each pixel, from the least (dark blue) to the largest
/// (yellow): a saliency or class activation map. `alpha` of their colours, the rest of the photo.
///
/// # Panics
/// When there are not as many numbers as pixels.
pub fn draw_heat(photo: &Picture, numbers: &[f32], alpha: f32) -> Picture {
    let mut picture = photo.to_rgb();
    let pixels = picture.height() * picture.width();
    assert_eq!(numbers.len(), pixels, "one number for each pixel");
    let least = numbers.iter().copied().fold(f32::INFINITY, f32::min);
    let most = numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for (at, number) in numbers.iter().enumerate() {
        // Where all are the same, all are the least.
        let share = if most > least {
            (number - least) / (most - least)
        } else {
            0.0
        };
        tint(&mut picture, at, heat_colour(share), alpha);
    }
    picture
}

fn tint(picture: &mut Picture, at: usize, colour: [u8; 3], alpha: f32) {
    let (row, column) = (at / picture.width(), at % picture.width());
    let old = picture.pixel(row, column);
    let mixed = std::array::from_fn(|c| {
        let (old, new) = (f32::from(old[c]), f32::from(colour[c]));
        (old + (new - old) * alpha + 0.5) as u8
    });
    picture.paint(row, column, mixed);
}
