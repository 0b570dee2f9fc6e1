//! A panel: a range of values over the axis of time, with its legend above it.

use std::fmt::Write as _;

use auricle_core::audio::{Position, TAPE_RATE};

use super::page::{Page, width};
use super::{LEFT, RIGHT, Time};

/// Between two panels, for the legend of the lower one.
const GAP: f32 = 28.0;
/// Steps of the axis of time in ms.
const STEPS: [u64; 8] = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000];
/// At most so many of them.
const MOST_STEPS: u64 = 14;

/// What a legend explains.
pub(super) struct Entry {
    class: &'static str,
    label: String,
    form: Form,
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Line,
    Area,
    /// A dashed line at this value.
    Threshold(f32),
}

impl Entry {
    pub(super) fn line(class: &'static str, label: &str) -> Self {
        Self { class, label: label.to_owned(), form: Form::Line }
    }

    pub(super) fn area(class: &'static str, label: &str) -> Self {
        Self { class, label: label.to_owned(), form: Form::Area }
    }

    /// Without a label it is drawn and not explained.
    pub(super) fn threshold(class: &'static str, label: &str, at: f32) -> Self {
        Self { class, label: label.to_owned(), form: Form::Threshold(at) }
    }
}

pub(super) struct Panel {
    name: &'static str,
    pub(super) top: f32,
    height: f32,
    range: (f32, f32),
    /// Values with a line of their own.
    grid: &'static [f32],
    entries: Vec<Entry>,
}

/// Puts the panels under each other.
pub(super) fn stack(panels: &mut [Panel], mut top: f32) {
    for panel in panels {
        panel.top = top + GAP;
        top = panel.bottom();
    }
}

impl Panel {
    pub(super) const fn new(name: &'static str, height: f32, range: (f32, f32), grid: &'static [f32]) -> Self {
        Self { name, top: 0.0, height, range, grid, entries: Vec::new() }
    }

    pub(super) fn with(mut self, entries: impl IntoIterator<Item = Entry>) -> Self {
        self.entries.extend(entries);
        self
    }

    pub(super) fn bottom(&self) -> f32 {
        self.top + self.height
    }

    /// The place of a value; one out of range is drawn at the edge.
    pub(super) fn y(&self, value: f32) -> f32 {
        let (low, high) = self.range;
        // A value that is no number would spoil the page.
        let value = if value.is_nan() { low } else { value.clamp(low, high) };
        self.top + self.height * (high - value) / (high - low)
    }

    pub(super) fn frame(&self, page: &mut Page) {
        for &value in self.grid {
            page.line("grid", (LEFT, self.y(value)), (RIGHT, self.y(value)));
            page.text("muted end", LEFT - 6.0, self.y(value) + 4.0, &format!("{value}"));
        }
        if !self.grid.is_empty() {
            let (low, high) = self.range;
            page.text("muted end", LEFT - 6.0, self.y(low) + 4.0, &format!("{low}"));
            page.text("muted end", LEFT - 6.0, self.y(high) + 4.0, &format!("{high}"));
        }
        page.area("frame", LEFT..RIGHT, self.top..self.bottom());
        for entry in &self.entries {
            if let Form::Threshold(at) = entry.form {
                page.line(&format!("threshold {}", entry.class), (LEFT, self.y(at)), (RIGHT, self.y(at)));
            }
        }
    }

    /// Explains what is in the panel.
    pub(super) fn legend(&self, page: &mut Page) {
        let y = self.top - 8.0;
        page.text("strong", LEFT, y, self.name);
        let mut x = LEFT + width(self.name) + 16.0;
        for Entry { class, label, form } in self.entries.iter().filter(|entry| !entry.label.is_empty()) {
            let (start, middle) = (x, y - 4.0);
            x += 24.0;
            match form {
                Form::Area => page.area(class, start..x, middle - 4.0..middle + 4.0),
                Form::Line => page.line(&format!("curve {class}"), (start, middle), (x, middle)),
                Form::Threshold(_) => page.line(&format!("threshold {class}"), (start, middle), (x, middle)),
            }
            page.text("muted", x + 6.0, y, label);
            x += width(label) + 24.0;
        }
    }

    /// A line through these places and values.
    pub(super) fn curve(&self, page: &mut Page, class: &str, points: impl Iterator<Item = (f32, f32)>) {
        let mut path = String::new();
        for (x, value) in points {
            let command = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{command}{x:.1} {:.1}", self.y(value));
        }
        page.path(class, &path);
    }
}

/// The axis of time below `bottom`, in seconds of the recording.
pub(super) fn time_axis(page: &mut Page, time: &Time, bottom: f32) {
    let ms = |at: Position| at.0.saturating_mul(1_000) / u64::from(TAPE_RATE);
    let (first, last) = (ms(time.window.start), ms(time.window.end));
    let fits = |step: &&u64| (last - first) / **step <= MOST_STEPS;
    let step = *STEPS.iter().find(fits).unwrap_or(&STEPS[STEPS.len() - 1]);
    for at in (first.div_ceil(step)..=last / step).map(|number| number * step) {
        let x = time.x(Position(at * u64::from(TAPE_RATE) / 1_000));
        page.line("frame", (x, bottom), (x, bottom + 5.0));
        let seconds = if step < 1_000 { format!("{:.1}", at as f32 / 1e3) } else { (at / 1_000).to_string() };
        page.text("muted middle tick", x, bottom + 18.0, &seconds);
    }
    page.text("muted end", RIGHT, bottom + 34.0, "seconds of the recording");
}
