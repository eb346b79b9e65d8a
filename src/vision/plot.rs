//! Curves of a training.

use std::convert::Infallible;
use std::ops::Range;

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::series::LineSeries;
use plotters::style::{Color, IntoTextStyle, RGBColor, TextStyle};
use plotters_backend::{
    text_anchor::{HPos, VPos},
    BackendColor, BackendCoord, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::draw::{text_width, write_text};
use super::font::HEIGHT;
use crate::data::Picture;
use crate::train::History;

const PANEL: (usize, usize) = (300, 440);
const TRAIN: RGBColor = RGBColor(31, 119, 180);
const VALIDATION: RGBColor = RGBColor(214, 39, 40);
const INK: RGBColor = RGBColor(60, 60, 60);

/// The loss and the score of a training over its epochs, beside each other: blue while it trained,
/// red in the validation. Without a score there is the loss only.
///
/// # Example
/// ```
/// use shapeproof::train::{EpochRecord, History};
/// use shapeproof::vision::plot_history;
/// let epoch = |epoch: usize| EpochRecord {
///     epoch,
///     lr: 0.1,
///     train_loss: 1.0 / epoch as f64,
///     train_score: Some(0.5),
///     valid_loss: 2.0 / epoch as f64,
///     valid_score: Some(0.4),
/// };
/// let history = History { score: "accuracy".into(), epochs: (1..10).map(epoch).collect() };
/// let plot = plot_history(&history);
/// assert_eq!((plot.height(), plot.width()), (300, 880));
/// ```
pub fn plot_history(history: &History) -> Picture {
    type Number = fn(&crate::train::EpochRecord) -> Option<f64>;
    let loss: [Number; 2] = [|e| Some(e.train_loss), |e| Some(e.valid_loss)];
    let score: [Number; 2] = [|e| e.train_score, |e| e.valid_score];
    let curve = |number: &Number| -> Vec<(f64, f64)> {
        let point = |e| Some((epoch_of(e), number(e).filter(|y| y.is_finite())?));
        history.epochs.iter().filter_map(point).collect()
    };
    let mut panels = vec![("loss", loss.each_ref().map(curve))];
    let score = score.each_ref().map(curve);
    if score.iter().any(|curve| !curve.is_empty()) {
        panels.push((&history.score, score));
    }
    let (height, width) = PANEL;
    let mut picture = Picture::filled(height, width * panels.len(), [255; 3]);
    let areas = Paper(&mut picture).into_drawing_area();
    for (area, (name, curves)) in areas.split_evenly((1, panels.len())).iter().zip(&panels) {
        // On paper of its own nothing can fail but a text, which is then missing.
        let _ = draw_panel(area, name, curves);
    }
    drop(areas);
    picture
}

fn epoch_of(epoch: &crate::train::EpochRecord) -> f64 {
    epoch.epoch as f64
}

type Failed = DrawingAreaErrorKind<Infallible>;

fn draw_panel(
    area: &DrawingArea<Paper<'_>, Shift>,
    name: &str,
    curves: &[Vec<(f64, f64)>; 2],
) -> Result<(), Failed> {
    let style = |colour: &'static RGBColor| -> TextStyle<'static> {
        ("sans-serif", 2 * HEIGHT as u32)
            .into_text_style(area)
            .color(colour)
    };
    let points = || curves.iter().flatten();
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_top(30)
        .x_label_area_size(24)
        .y_label_area_size(56)
        .build_cartesian_2d(
            range(points().map(|(x, _)| *x), 0.0),
            range(points().map(|(_, y)| *y), 0.05),
        )?;
    chart
        .configure_mesh()
        .x_labels(8)
        .y_labels(6)
        .axis_style(INK)
        .label_style(style(&INK))
        .light_line_style(INK.mix(0.0))
        .bold_line_style(INK.mix(0.15))
        .x_label_formatter(&|x| {
            let whole = x.fract() == 0.0;
            if whole {
                format!("{x}")
            } else {
                String::new()
            }
        })
        .y_label_formatter(&|y| short(*y))
        .draw()?;
    for (curve, colour) in curves.iter().zip([TRAIN, VALIDATION]) {
        chart.draw_series(LineSeries::new(curve.clone(), colour.stroke_width(2)))?;
    }
    area.draw_text(name, &style(&INK), (70, 10))?;
    area.draw_text("train", &style(&TRAIN), (250, 10))?;
    area.draw_text("validation", &style(&VALIDATION), (310, 10))
}

/// Three digits of a number.
fn short(y: f64) -> String {
    match y.abs() {
        size if size >= 100.0 => format!("{y:.0}"),
        size if size >= 10.0 => format!("{y:.1}"),
        size if size >= 1.0 => format!("{y:.2}"),
        size if size >= 0.01 || size == 0.0 => format!("{y:.3}"),
        _ => format!("{y:.1e}"),
    }
}

/// From the least to the largest, and `more` of that on both sides; never empty.
fn range(numbers: impl Iterator<Item = f64>, more: f64) -> Range<f64> {
    let all = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| {
        (a.min(x), b.max(x))
    });
    match all {
        (least, largest) if least < largest => {
            let more = more * (largest - least);
            least - more..largest + more
        }
        (least, _) if least.is_finite() => least - 0.5..least + 0.5,
        _ => 0.0..1.0,
    }
}

/// A picture that plotters draws on; letters are this crate's own.
struct Paper<'p>(&'p mut Picture);

impl Paper<'_> {
    fn size_of(text: &str) -> (i32, i32) {
        (text_width(text, 2) as i32, 2 * HEIGHT as i32)
    }
}

impl DrawingBackend for Paper<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.0.width() as u32, self.0.height() as u32)
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(
        &mut self,
        (x, y): BackendCoord,
        colour: BackendColor,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let (Ok(row), Ok(column)) = (usize::try_from(y), usize::try_from(x)) else {
            return Ok(());
        };
        if row < self.0.height() && column < self.0.width() {
            let below = self.0.pixel(row, column);
            let (red, green, blue) = colour.rgb;
            let mut mixed = [red, green, blue];
            for (over, under) in mixed.iter_mut().zip(below) {
                let value =
                    colour.alpha * f64::from(*over) + (1.0 - colour.alpha) * f64::from(under);
                *over = value.round() as u8;
            }
            self.0.paint(row, column, mixed);
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let (width, height) = Self::size_of(text);
        let anchor = style.anchor();
        let x = match anchor.h_pos {
            HPos::Left => x,
            HPos::Center => x - width / 2,
            HPos::Right => x - width,
        };
        let y = match anchor.v_pos {
            VPos::Top => y,
            VPos::Center => y - height / 2,
            VPos::Bottom => y - height,
        };
        if let (Ok(row), Ok(column)) = (usize::try_from(y), usize::try_from(x)) {
            let (red, green, blue) = style.color().rgb;
            write_text(self.0, (row, column), text, [red, green, blue], 2);
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        _: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let (width, height) = Self::size_of(text);
        Ok((width.unsigned_abs(), height.unsigned_abs()))
    }
}
