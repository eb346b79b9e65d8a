//! Rows of tiles, between images as planes and transformed tiles with sixteen channels side by
//! side.

use std::ops::Range;

use super::super::simd::{Lanes, Square};
use super::{transform, Epilogue, Layout, Plan, Written};

/// Sixteen channels of sixteen pixels, to be transposed: one square for each row that a tile sees or,
/// in [`places`], writes. Made once a call; to clear them for every row of tiles costs a few percent.
pub type Squares = [Square; 6];
/// Squares of zeros.
pub const SQUARES: Squares = [[[0.0; 16]; 16]; 6];

/// `v = Bᵀ x B` for one row of tiles, counted through the batch. Its first tile is `tile`.
#[inline(always)]
pub fn pixels<S: Lanes>(
    simd: S,
    plan: &Plan,
    row: usize,
    input: &[f32],
    (squares, stripe): (&mut Squares, &mut [f32]),
    (v, layout, tile): (&mut [f32], Layout, usize),
) {
    let (height, width) = plan.input;
    let (image, nth) = (row / plan.tile_rows(), row % plan.tile_rows());
    let image = &input[image * plan.channels * height * width..][..plan.channels * height * width];
    let top = 4 * nth;
    let columns = plan.columns();
    for (block, planes) in image.chunks(16 * height * width).enumerate() {
        let mut x = 0;
        while x < width {
            // Vectors are rows of pixels here, so that a pixel is transformed once for both tiles
            // that see it.
            for (channel, plane) in planes.chunks_exact(height * width).enumerate() {
                let mut part = 0;
                while part < 16 {
                    let from = (x + part).min(width);
                    let to = (from + S::LANES).min(width);
                    let mut tall = [simd.splat(0.0); 6];
                    for (ky, v) in tall.iter_mut().enumerate() {
                        let y = (top + ky).wrapping_sub(plan.before.0);
                        if y < height {
                            let line = &plane[y * width..][..width];
                            *v = simd.load_part(&line[from..to]);
                        }
                    }
                    let tall = transform::pixels(simd, tall);
                    for (square, v) in squares.iter_mut().zip(&tall) {
                        simd.store(*v, &mut square[channel][part..]);
                    }
                    part += S::LANES;
                }
            }
            for (ky, square) in squares.iter().enumerate() {
                let first = (ky * columns + plan.before.1 + x) * 16;
                simd.transpose(square, to_square(&mut stripe[first..first + 256]));
            }
            x += 16;
        }
        // Now vectors are channels.
        for nth in 0..plan.tiles() {
            for ky in 0..6 {
                let line = &stripe[(ky * columns + 4 * nth) * 16..][..96];
                let mut half = 0;
                while half < 16 {
                    let mut wide = [simd.splat(0.0); 6];
                    for (kx, x) in wide.iter_mut().enumerate() {
                        *x = simd.load(&line[kx * 16 + half..]);
                    }
                    let wide = transform::pixels(simd, wide);
                    for (kx, number) in wide.iter().enumerate() {
                        let first = layout.place(ky * 6 + kx, block, tile + nth);
                        simd.store(*number, &mut v[first + half..]);
                    }
                    half += S::LANES;
                }
            }
        }
    }
}

/// `m = A d_y Aᵀ` for one row of tiles; see [`pixels`].
#[inline(always)]
pub fn places_back<S: Lanes>(
    simd: S,
    plan: &Plan,
    row: usize,
    d_output: &[f32],
    stripe: &mut [f32],
    (m, layout, tile): (&mut [f32], Layout, usize),
) {
    let (height, width) = plan.output;
    let (image, nth) = (row / plan.tile_rows(), row % plan.tile_rows());
    let image = &d_output[image * plan.filters * height * width..][..plan.filters * height * width];
    let top = 4 * nth;
    let columns = plan.columns();
    let mut square: Square = [[0.0; 16]; 16];
    for (block, planes) in image.chunks(16 * height * width).enumerate() {
        for ky in 0..4 {
            let stripe = &mut stripe[ky * columns * 16..][..columns * 16];
            if top + ky >= height {
                stripe.fill(0.0);
                continue;
            }
            let mut x = 0;
            while x < width {
                let len = (width - x).min(16);
                for (channel, plane) in planes.chunks_exact(height * width).enumerate() {
                    let line = &plane[(top + ky) * width + x..][..len];
                    let mut part = 0;
                    while part < 16 {
                        let some = &line[part.min(len)..(part + S::LANES).min(len)];
                        simd.store(simd.load_part(some), &mut square[channel][part..]);
                        part += S::LANES;
                    }
                }
                simd.transpose(&square, to_square(&mut stripe[x * 16..][..256]));
                x += 16;
            }
        }
        for nth in 0..plan.tiles() {
            let mut half = 0;
            while half < 16 {
                let mut tall = [[simd.splat(0.0); 6]; 4];
                for (kx, tall) in tall.iter_mut().enumerate() {
                    let mut column = [simd.splat(0.0); 4];
                    for (ky, y) in column.iter_mut().enumerate() {
                        let first = (ky * columns + 4 * nth + kx) * 16;
                        *y = simd.load(&stripe[first + half..]);
                    }
                    *tall = transform::places_back(simd, column);
                }
                let [a, b, c, d] = tall;
                for ky in 0..6 {
                    let wide = transform::places_back(simd, [a[ky], b[ky], c[ky], d[ky]]);
                    for (kx, number) in wide.iter().enumerate() {
                        let first = layout.place(ky * 6 + kx, block, tile + nth);
                        simd.store(*number, &mut m[first + half..]);
                    }
                }
                half += S::LANES;
            }
        }
    }
}

/// `y = Aᵀ m A`, then bias and ReLU, for one row of tiles and the filters `panels`, in sixteens; see
/// [`pixels`].
#[inline(always)]
pub fn places<S: Lanes>(
    simd: S,
    plan: &Plan,
    (row, panels): (usize, &Range<usize>),
    (m, layout, tile): (&[f32], Layout, usize),
    epilogue: &Epilogue<f32>,
    squares: &mut Squares,
    output: &mut Written,
) {
    let (height, width) = plan.output;
    let (image, nth) = (row / plan.tile_rows(), row % plan.tile_rows());
    let image = image * plan.filters * height * width;
    let top = 4 * nth;
    let [rows @ .., _, turned] = squares;
    let late = epilogue.relu();
    // What is added before it lies as the output does.
    let early = late && epilogue.residual.is_none();
    for block in panels.clone() {
        let mut bias = [0.0; 16];
        if let Some(all) = epilogue.bias {
            let some = &all[block * 16..];
            let some = &some[..some.len().min(16)];
            bias[..some.len()].copy_from_slice(some);
        }
        let mut x = 0;
        while x < width {
            // Four tiles give sixteen columns.
            for (quarter, nth) in (x / 4..plan.tiles().min(x / 4 + 4)).enumerate() {
                let mut half = 0;
                while half < 16 {
                    let mut tall = [[simd.splat(0.0); 4]; 6];
                    for (kx, tall) in tall.iter_mut().enumerate() {
                        let mut column = [simd.splat(0.0); 6];
                        for (ky, number) in column.iter_mut().enumerate() {
                            let first = layout.place(ky * 6 + kx, block, tile + nth);
                            *number = simd.load(&m[first + half..]);
                        }
                        *tall = transform::places(simd, column);
                    }
                    let bias = simd.load(&bias[half..]);
                    let [a, b, c, d, e, f] = tall;
                    for (ky, square) in rows.iter_mut().enumerate() {
                        let wide = [a[ky], b[ky], c[ky], d[ky], e[ky], f[ky]];
                        let wide = transform::places(simd, wide);
                        for (kx, y) in wide.iter().enumerate() {
                            let y = simd.add(*y, bias);
                            let y = if early { simd.relu(y) } else { y };
                            simd.store(y, &mut square[quarter * 4 + kx][half..]);
                        }
                    }
                    half += S::LANES;
                }
            }
            let len = (width - x).min(16);
            for (ky, square) in rows.iter().enumerate().take(height - top) {
                simd.transpose(square, turned);
                for (line, filter) in turned.iter().zip(block * 16..plan.filters) {
                    let first = image + (filter * height + top + ky) * width + x;
                    // SAFETY: another thread writes other rows of tiles or other filters.
                    let to = unsafe { output.piece(first..first + len) };
                    let mut part = 0;
                    while part < len {
                        let mut y = simd.load(&line[part..]);
                        if let Some(residual) = epilogue.residual {
                            let end = (part + S::LANES).min(len);
                            let added = simd.load_part(&residual[first + part..first + end]);
                            y = simd.add(y, added);
                            y = if late { simd.relu(y) } else { y };
                        }
                        simd.store_part(y, &mut to[part..]);
                        part += S::LANES;
                    }
                }
            }
            x += 16;
        }
    }
}

/// 256 numbers as sixteen rows of sixteen.
#[inline(always)]
fn to_square(numbers: &mut [f32]) -> &mut Square {
    let (rows, _) = numbers.as_chunks_mut();
    rows.try_into().expect("sixteen rows of sixteen")
}
