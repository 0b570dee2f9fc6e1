//! What was decided: lines through all panels with their labels, and bands where somebody was taken to speak.

use auricle_core::hearing::replay::{Heard, What};
use auricle_core::hearing::trace::Trace;

use super::page::{Page, width};
use super::panel::Panel;
use super::{LEFT, RIGHT, Time};
use crate::replay::lines::{detail, name, seconds};

/// Height of a row of labels.
const ROW: f32 = 17.0;
/// So many rows of labels at most; what finds no room in them stands in the last.
const ROWS: usize = 5;

/// A decision on the page.
struct Mark {
    class: &'static str,
    x: f32,
    label: String,
    row: usize,
    /// Whether the label stands before its line, because the page ends behind it.
    before: bool,
}

impl Mark {
    /// The baseline of its label.
    fn foot(&self, top: f32) -> f32 {
        top + (self.row as f32 + 0.8) * ROW
    }
}

/// A piece of the axis of time.
struct Band {
    class: &'static str,
    from: f32,
    to: f32,
}

pub(super) struct Marks {
    marks: Vec<Mark>,
    bands: Vec<Band>,
}

impl Marks {
    pub(super) fn of(trace: &Trace, time: &Time) -> Self {
        let within = |heard: &&Heard| heard.at >= time.window.start && heard.at <= time.window.end;
        let notes: Vec<&Heard> = trace.notes().filter(within).collect();
        Self { marks: marks(&notes, time), bands: bands(&notes, time) }
    }

    /// What the labels need.
    pub(super) fn height(&self) -> f32 {
        self.marks.iter().map(|mark| mark.row + 1).max().unwrap_or(0) as f32 * ROW
    }

    pub(super) fn bands(&self, page: &mut Page, panel: &Panel) {
        for Band { class, from, to } in &self.bands {
            page.area(class, *from..*to, panel.top..panel.bottom());
        }
    }

    /// Each decision as a line from its label down to the axis of time.
    pub(super) fn lines(&self, page: &mut Page, top: f32, bottom: f32) {
        for mark in &self.marks {
            page.group("decision", &mark.label, |page| {
                page.line(mark.class, (mark.x, mark.foot(top) - 11.0), (mark.x, bottom));
            });
        }
    }

    pub(super) fn labels(&self, page: &mut Page, top: f32) {
        page.group("decision", "", |page| {
            for mark in &self.marks {
                let (anchor, x) = if mark.before { (" end", mark.x - 5.0) } else { ("", mark.x + 5.0) };
                page.text(&format!("{}{anchor}", mark.class), x, mark.foot(top), &mark.label);
            }
        });
    }
}

/// Each decision with its label in a row where there is room.
fn marks(notes: &[&Heard], time: &Time) -> Vec<Mark> {
    let mut taken = [LEFT; ROWS];
    let mut marks: Vec<Mark> = notes
        .iter()
        .map(|heard| {
            let words = format!("{} {}", name(&heard.what), detail(&heard.what));
            let label = format!("{}, {} s", words.trim_end(), seconds(heard.at));
            Mark { class: name(&heard.what), x: time.x(heard.at), label, row: 0, before: false }
        })
        .collect();
    marks.sort_by(|a, b| a.x.total_cmp(&b.x));
    for mark in &mut marks {
        let wide = width(&mark.label) + 12.0;
        mark.before = mark.x + wide > RIGHT;
        let (from, to) = if mark.before { (mark.x - wide, mark.x) } else { (mark.x, mark.x + wide) };
        mark.row = taken.iter().position(|taken| *taken <= from + 1.0).unwrap_or(ROWS - 1);
        taken[mark.row] = to;
    }
    marks
}

/// Where somebody was taken to speak, and how long it was quiet until that was decided to be over.
fn bands(notes: &[&Heard], time: &Time) -> Vec<Band> {
    let band = |class, from, to| Band { class, from: time.x(from), to: time.x(to) };
    let speech = |from, to| band("speech", from, to);
    let (mut bands, mut begun) = (Vec::new(), None);
    for heard in notes {
        match heard.what {
            What::SpeechStart => begun = Some(heard.at),
            What::SpeechEnd { spoken } => {
                bands.extend(begun.take().map(|from| speech(from, spoken)));
                bands.push(band("quiet", spoken, heard.at));
            }
            What::Wake { .. } | What::Cap | What::NoSpeech => {
                bands.extend(begun.take().map(|from| speech(from, heard.at)));
            }
        }
    }
    bands.extend(begun.map(|from| speech(from, time.window.end)));
    bands
}
