//! A confusion matrix to look at.

use super::draw::{text_width, write_text};
use super::font::{HEIGHT, WIDTH};
use crate::data::Picture;
use crate::train::metrics::ConfusionMatrix;

/// Pixels of a point of a letter.
const SIZE: usize = 2;
/// Letters of a name beside the matrix.
const LETTERS: usize = 10;

/// A confusion matrix as a picture: a row for each true class, a column for each class found, the
/// counts written in, and darker the larger their share of the row.
///
/// Names beside the rows are cut to ten letters, those above the columns to the width of a cell.
///
/// # Panics
/// When there is no class.
pub fn confusion_picture<const N: usize>(matrix: &ConfusionMatrix<N>, names: [&str; N]) -> Picture {
    assert!(N > 0, "a matrix of no class is no picture");
    let counts = |truth: usize| (0..N).map(move |found| matrix.count(truth, found));
    let most = (0..N).flat_map(counts).max().unwrap_or(0);
    // At least two digits, so that names are not cut to nothing.
    let digits = most.to_string().len().max(3);
    let letter = (WIDTH + 1) * SIZE;
    let (cell_width, cell_height) = ((digits + 1) * letter, (HEIGHT + 6) * SIZE);
    let longest = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    let left = (longest.min(LETTERS) + 1) * letter;
    let top = (HEIGHT + 4) * SIZE;
    let mut picture = Picture::filled(top + N * cell_height, left + N * cell_width, [255; 3]);
    let cut = |name: &str, letters: usize| -> String { name.chars().take(letters).collect() };
    let text_row = |row: usize| top + row * cell_height + (cell_height - HEIGHT * SIZE) / 2;
    for (class, name) in names.iter().enumerate() {
        let row_name = cut(name, LETTERS);
        write_text(
            &mut picture,
            (text_row(class), SIZE),
            &row_name,
            [0; 3],
            SIZE,
        );
        let name = cut(name, digits);
        let middle = (cell_width - text_width(&name, SIZE)) / 2;
        let place = (2 * SIZE, left + class * cell_width + middle);
        write_text(&mut picture, place, &name, [0; 3], SIZE);
    }
    for truth in 0..N {
        let whole = matrix.truths(truth).max(1) as f32;
        for (found, count) in counts(truth).enumerate() {
            let share = count as f32 / whole;
            let (first, colour) = (left + found * cell_width, shade(share));
            for row in 0..cell_height - 1 {
                for column in 0..cell_width - 1 {
                    picture.paint(top + truth * cell_height + row, first + column, colour);
                }
            }
            let words = count.to_string();
            let middle = (cell_width - text_width(&words, SIZE)) / 2;
            let ink = if share > 0.5 { [255; 3] } else { [0; 3] };
            write_text(
                &mut picture,
                (text_row(truth), first + middle),
                &words,
                ink,
                SIZE,
            );
        }
    }
    picture
}

/// From nearly white to dark blue.
fn shade(share: f32) -> [u8; 3] {
    let (light, dark) = ([247.0, 251.0, 255.0], [8.0, 48.0, 107.0]);
    std::array::from_fn(|c| (light[c] + (dark[c] - light[c]) * share) as u8)
}
