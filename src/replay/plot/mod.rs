//! A picture of one utterance: the sound, what hearing made of it, and what was decided, over one axis of time.
//!
//! SVG without a script, drawn for light and dark pages. It never has more than a few points per pixel, so its size is
//! bounded however long the utterance is.

mod columns;
mod marks;
mod page;
mod panel;

use std::ops::Range;

use auricle_core::audio::Position;
use auricle_core::hearing::rules::Rules;
use auricle_core::hearing::trace::{MOST_WORDS, Trace};

use columns::{Column, columns, wave};
use marks::Marks;
use page::{Page, WIDTH};
use panel::{Entry, Panel};

/// The left edge of the panels; their values stand before it.
const LEFT: f32 = 56.0;
/// The right edge of the panels.
const RIGHT: f32 = WIDTH - 16.0;
/// Where the labels of the decisions begin, below the title.
const LABELS: f32 = 56.0;

/// What a picture says beside its curves.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Its title: the recording.
    pub title: String,
    /// The settings that decided.
    pub note: String,
    /// Each wake word with the score above which it is heard.
    pub words: Vec<(String, f32)>,
}

/// From places in the recording to places on the page.
#[derive(Clone, Debug)]
struct Time {
    window: Range<Position>,
}

impl Time {
    fn x(&self, at: Position) -> f32 {
        let length = (self.window.end - self.window.start).max(1) as f32;
        // A place before the window counts as its beginning.
        LEFT + (at - self.window.start) as f32 / length * (RIGHT - LEFT)
    }
}

/// Draws what was noted.
#[must_use]
pub fn draw(trace: &Trace, about: &About) -> String {
    let time = Time { window: trace.window() };
    let marks = Marks::of(trace, &time);
    let columns = columns(trace, &time);
    let mut page = Page::new(&about.title, &about.note);
    let top = LABELS + marks.height();
    let panels = panels(top, about);
    let bottom = panels.last().map_or(top, |panel| panel.bottom());
    panels.iter().for_each(|panel| marks.bands(&mut page, panel));
    panels.iter().for_each(|panel| panel.frame(&mut page));
    if let [sound, level, scores, words @ ..] = panels.as_slice() {
        page.path("wave", &wave(trace, &time, sound));
        level.curve(&mut page, "floor", columns.iter().map(|column| (column.x, column.floor)));
        level.curve(&mut page, "level", columns.iter().map(|column| (column.x, column.level)));
        scores.curve(&mut page, "voiced", columns.iter().map(|column| (column.x, column.voiced)));
        scores.curve(&mut page, "score", columns.iter().map(|column| (column.x, column.score)));
        gate(&mut page, scores, &columns);
        for panel in words {
            for (word, class) in WORDS.iter().enumerate().take(about.words.len()) {
                panel.curve(&mut page, class, columns.iter().map(|column| (column.x, column.words[word])));
            }
        }
    }
    marks.lines(&mut page, LABELS, bottom);
    panels.iter().for_each(|panel| panel.legend(&mut page));
    marks.labels(&mut page, LABELS);
    panel::time_axis(&mut page, &time, bottom);
    page.finish(bottom + 40.0)
}

/// How each wake word is drawn.
const WORDS: [&str; MOST_WORDS] = ["word0", "word1", "word2", "word3"];

fn panels(top: f32, about: &About) -> Vec<Panel> {
    let rules = Rules::TUNED;
    let mut panels = vec![
        Panel::new("sound", 100.0, (-1.0, 1.0), &[]).with([
            Entry::line("wave", "waveform"),
            Entry::area("speech", "speech"),
            Entry::area("quiet", "quiet until the decision"),
        ]),
        Panel::new("dBFS", 110.0, (-80.0, 0.0), &[-60.0, -40.0, -20.0])
            .with([Entry::line("level", "level"), Entry::line("floor", "noise floor")]),
        Panel::new("score", 110.0, (0.0, 1.0), &[0.5]).with([
            Entry::line("score", "speech"),
            Entry::line("voiced", "voicedness"),
            Entry::threshold("score", "may begin", rules.enter),
            Entry::threshold("stay", "goes on", rules.stay),
            Entry::area("gate", "gate open"),
        ]),
    ];
    if !about.words.is_empty() {
        let mut words = Panel::new("wake", 90.0, (0.0, 1.0), &[0.5]);
        for ((word, cutoff), class) in about.words.iter().zip(WORDS) {
            words = words.with([Entry::line(class, word), Entry::threshold(class, "", *cutoff)]);
        }
        panels.push(words);
    }
    panel::stack(&mut panels, top);
    panels
}

/// Bars at the foot of the panel where the gate was open.
fn gate(page: &mut Page, panel: &Panel, columns: &[Column]) {
    let width = columns.windows(2).map(|pair| pair[1].x - pair[0].x).fold(1.0, f32::max);
    for run in columns.chunk_by(|a, b| a.open == b.open).filter(|run| run[0].open) {
        let (from, to) = (run[0].x - width / 2.0, run[run.len() - 1].x + width / 2.0);
        page.area("gate", from.max(LEFT)..to.min(RIGHT), panel.bottom() - 5.0..panel.bottom());
    }
}
