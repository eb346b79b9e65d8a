//! Data drawn by the program, for tests and examples that must not need a download: for each kind
//! of target a set that can be learned.
//!
//! | set | image | target |
//! |---|---|---|
//! | [`synthetic_digits`] | a digit | [`Class`](super::Class) |
//! | [`Rotated`] | any image, turned | [`Numbers`](super::Numbers): the angle |
//! | [`SyntheticCells`] | cells and their membranes | [`Mask`](super::Mask) |
//! | [`SyntheticShapes`] | discs, squares, … | [`Mask`](super::Mask) |
//! | [`DigitScenes`] | several digits | [`Boxes`](super::Boxes) |
//! | [`SyntheticRoad`] | a road | [`Numbers`](super::Numbers): the steering |
//!
//! All but the digits are drawn when they are asked for: a set of any size takes no memory.

mod cells;
mod digits;
mod road;
mod rotated;
mod scenes;
mod shapes;

pub use cells::SyntheticCells;
pub use digits::synthetic_digits;
pub use road::SyntheticRoad;
pub use rotated::Rotated;
pub use scenes::DigitScenes;
pub use shapes::SyntheticShapes;
