//! Colours for classes and for numbers.

/// A colour for each class: bright, and unlike those of the classes before it.
///
/// # Example
/// ```
/// use shapeproof::vision::class_colour;
/// assert_eq!(class_colour(0), [230, 25, 75]);
/// assert_ne!(class_colour(21), class_colour(22));
/// ```
pub fn class_colour(class: usize) -> [u8; 3] {
    const FIRST: [[u8; 3]; 12] = [
        [230, 25, 75],
        [60, 180, 75],
        [0, 130, 200],
        [255, 225, 25],
        [245, 130, 48],
        [145, 30, 180],
        [70, 240, 240],
        [240, 50, 230],
        [170, 255, 195],
        [250, 190, 212],
        [170, 110, 40],
        [0, 128, 128],
    ];
    let rounds = (class / FIRST.len()) as u8;
    // Later rounds are the same in the dark, and more so each time.
    FIRST[class % FIRST.len()].map(|value| value >> rounds.min(2) | rounds.wrapping_mul(29) & 0x1f)
}

/// A colour for a number from 0 (dark blue) over green to 1 (yellow); beyond both ends it stays.
///
/// # Source
/// Nine colours of `viridis` of matplotlib, between which it runs straight.
pub fn heat_colour(number: f32) -> [u8; 3] {
    const STOPS: [[u8; 3]; 9] = [
        [68, 1, 84],
        [71, 44, 122],
        [59, 81, 139],
        [44, 113, 142],
        [33, 144, 141],
        [39, 173, 129],
        [92, 200, 99],
        [170, 220, 50],
        [253, 231, 37],
    ];
    let last = STOPS.len() - 1;
    // `as` takes NaN to 0.
    let at = number.clamp(0.0, 1.0) * last as f32;
    let before = (at as usize).min(last - 1);
    let share = if at.is_nan() { 0.0 } else { at - before as f32 };
    std::array::from_fn(|c| {
        let (a, b) = (f32::from(STOPS[before][c]), f32::from(STOPS[before + 1][c]));
        (a + (b - a) * share + 0.5) as u8
    })
}
