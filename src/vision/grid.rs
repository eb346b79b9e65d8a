//! Pictures beside each other.

use super::draw::{text_width, write_text};
use super::font::HEIGHT;
use crate::data::Picture;

/// Pixels between pictures.
const GAP: usize = 2;

/// Pictures in rows of `columns`, on white, each in the middle of a cell as large as the largest.
/// No pictures are a white pixel.
///
/// # Panics
/// When `columns` is 0.
///
/// # Example
/// ```
/// use shapeproof::data::Picture;
/// use shapeproof::vision::make_grid;
/// let picture = Picture::filled(4, 6, [0, 0, 0]);
/// let grid = make_grid(&[picture.clone(), picture.clone(), picture], 2);
/// // Two rows and two columns, and two pixels around each.
/// assert_eq!((grid.height(), grid.width()), (2 * 4 + 3 * 2, 2 * 6 + 3 * 2));
/// assert_eq!((grid.pixel(2, 2), grid.pixel(8, 10)), ([0; 3], [255; 3]));
/// ```
///
/// # Same as
/// `torchvision.utils.make_grid(pictures, nrow=columns)`
pub fn make_grid(pictures: &[Picture], columns: usize) -> Picture {
    assert!(columns > 0, "a grid has at least one column");
    let columns = columns.min(pictures.len().max(1));
    let rows = pictures.len().div_ceil(columns);
    let height = pictures.iter().map(Picture::height).max().unwrap_or(0);
    let width = pictures.iter().map(Picture::width).max().unwrap_or(0);
    let whole = |count: usize, size: usize| (count * (size + GAP) + GAP).max(1);
    let mut grid = if pictures.is_empty() {
        Picture::filled(1, 1, [255; 3])
    } else {
        Picture::filled(whole(rows, height), whole(columns, width), [255; 3])
    };
    for (i, picture) in pictures.iter().enumerate() {
        let top = GAP + i / columns * (height + GAP) + (height - picture.height()) / 2;
        let left = GAP + i % columns * (width + GAP) + (width - picture.width()) / 2;
        place(&mut grid, picture, top, left);
    }
    grid
}

/// A picture with a line of text below it, on white.
pub fn captioned(picture: &Picture, text: &str) -> Picture {
    let line = HEIGHT + 2;
    let width = picture.width().max(text_width(text, 1));
    let mut whole = Picture::filled(picture.height() + line, width, [255; 3]);
    place(&mut whole, picture, 0, (width - picture.width()) / 2);
    let left = (width - text_width(text, 1)) / 2;
    write_text(&mut whole, (picture.height() + 1, left), text, [0; 3], 1);
    whole
}

fn place(whole: &mut Picture, picture: &Picture, top: usize, left: usize) {
    for row in 0..picture.height() {
        for column in 0..picture.width() {
            whole.paint(top + row, left + column, picture.pixel(row, column));
        }
    }
}
