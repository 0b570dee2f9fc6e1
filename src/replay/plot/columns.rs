//! What was noted, gathered into columns of one pixel.

use std::fmt::Write as _;

use auricle_core::audio::Position;
use auricle_core::hearing::trace::{MOST_WORDS, Row, STROKE, Trace};
use auricle_core::hearing::vad::FRAME;

use super::panel::Panel;
use super::{LEFT, RIGHT, Time};

/// What lies at one place of the axis of time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Column {
    /// The middle of its first frame.
    pub(super) x: f32,
    /// In dBFS.
    pub(super) level: f32,
    /// In dBFS.
    pub(super) floor: f32,
    pub(super) score: f32,
    pub(super) voiced: f32,
    pub(super) open: bool,
    pub(super) words: [f32; MOST_WORDS],
}

impl Column {
    fn of(x: f32, row: &Row) -> Self {
        let (score, voiced) = (row.frame.score, row.frame.voiced);
        Self { x, level: row.level(), floor: row.floor, score, voiced, open: row.open, words: row.words }
    }

    /// Of several frames in one pixel the peaks are shown.
    fn add(&mut self, row: &Row) {
        self.level = self.level.max(row.level());
        self.floor = row.floor;
        self.score = self.score.max(row.frame.score);
        self.voiced = self.voiced.max(row.frame.voiced);
        self.open |= row.open;
        self.words.iter_mut().zip(row.words).for_each(|(peak, score)| *peak = peak.max(score));
    }
}

/// The rows of the window, with their places.
fn rows<'t>(trace: &'t Trace, time: &'t Time) -> impl Iterator<Item = (Position, &'t Row)> {
    let (first, rows) = trace.rows();
    let places = (0..).map(move |number: u64| Position(first.0 + number * FRAME as u64));
    places.zip(rows).filter(|(place, _)| time.window.contains(place))
}

pub(super) fn columns(trace: &Trace, time: &Time) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (place, row) in rows(trace, time) {
        let x = time.x(Position(place.0 + FRAME as u64 / 2)).min(RIGHT);
        match columns.last_mut() {
            Some(last) if last.x.floor() == x.floor() => last.add(row),
            _ => columns.push(Column::of(x, row)),
        }
    }
    columns
}

/// The waveform as a path: from the lowest to the highest sample of each pixel.
pub(super) fn wave(trace: &Trace, time: &Time, panel: &Panel) -> String {
    let mut pixels: Vec<(f32, i16, i16)> = Vec::new();
    for (place, row) in rows(trace, time) {
        for (number, &(low, high)) in row.wave.iter().enumerate() {
            let x = time.x(Position(place.0 + (number * STROKE) as u64)).floor().max(LEFT);
            match pixels.last_mut() {
                Some(last) if last.0 == x => (last.1, last.2) = (last.1.min(low), last.2.max(high)),
                _ => pixels.push((x, low, high)),
            }
        }
    }
    let loudest = pixels.iter().map(|pixel| pixel.1.unsigned_abs().max(pixel.2.unsigned_abs())).max().unwrap_or(0);
    // Soft sound is drawn larger, at most thirty times: its level has a panel of its own.
    let full = f32::from(loudest).max(32_768.0 / 30.0) * 1.05;
    let mut path = String::new();
    for (x, low, high) in pixels {
        let (top, foot) = (panel.y(f32::from(high) / full), panel.y(f32::from(low) / full));
        let _ = write!(path, "M{x:.0} {top:.1}V{:.1}", foot.max(top + 0.5));
    }
    path
}
