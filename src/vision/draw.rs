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

/// Draws a straight line, one pixel wide, between two points (`x`, `y`) in pixels from the left and
/// upper edge of the picture. What lies outside of the picture is left out, and so is a line with an
/// end that is no number.
///
/// # Example
/// ```
/// use shapeproof::data::Picture;
/// use shapeproof::vision::draw_line;
/// let mut picture = Picture::filled(3, 4, [0, 0, 0]);
/// draw_line(&mut picture, (0.5, 0.5), (2.5, 2.5), [9; 3]);
/// let on = |row, column| picture.pixel(row, column) == [9; 3];
/// assert!(on(0, 0) && on(1, 1) && on(2, 2) && !on(0, 1) && !on(2, 3));
/// ```
pub fn draw_line(
    picture: &mut Picture,
    (from_x, from_y): (f32, f32),
    (to_x, to_y): (f32, f32),
    colour: [u8; 3],
) {
    if ![from_x, from_y, to_x, to_y].into_iter().all(f32::is_finite) {
        return;
    }
    let [from, to] = [[from_x, from_y], [to_x, to_y]].map(|end| end.map(f64::from));
    let size = [picture.width() as f64, picture.height() as f64];
    let way = [to[0] - from[0], to[1] - from[1]];
    // The part of the way, from 0 to 1, that lies over the picture.
    let (mut start, mut end) = (0f64, 1f64);
    for axis in (0..2).filter(|axis| way[*axis] != 0.0) {
        let edges = [-from[axis], size[axis] - from[axis]].map(|edge| edge / way[axis]);
        start = start.max(edges[0].min(edges[1]));
        end = end.min(edges[0].max(edges[1]));
    }
    if start > end {
        return;
    }
    // To 1/1024 of a pixel: where an end is far away, no pixel is missed for a rounded last digit.
    let place = |part: f64, axis: usize| {
        let place = (from[axis] + part * way[axis]).clamp(-1.0, size[axis]);
        (place * 1024.0).round() / 1024.0
    };
    let [first, last] = [start, end].map(|part| [place(part, 0), place(part, 1)]);
    let run = [last[0] - first[0], last[1] - first[1]];
    let steps = run[0].abs().max(run[1].abs()).ceil().max(1.0);
    for step in 0..=steps as usize {
        let [x, y] = [0, 1].map(|axis| first[axis] + run[axis] * step as f64 / steps);
        if x >= 0.0 && y >= 0.0 {
            picture.paint(y as usize, x as usize, colour);
        }
    }
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
