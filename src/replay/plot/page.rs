//! The page: SVG by hand, everything escaped.

use std::fmt::Write as _;
use std::ops::Range;

/// Its width; the height follows from what is on it.
pub(super) const WIDTH: f32 = 1000.0;
/// Mean width of a letter.
const LETTER: f32 = 6.3;
/// Longer texts are cut.
const LONGEST: usize = 90;

/// Colours of a light page, and of a dark one.
const STYLE: &str = "\
text,.decision text{fill:#1f2328;stroke:#fff;stroke-width:3;stroke-linejoin:round;paint-order:stroke}.muted{fill:#59636e}.strong{font-weight:600}.end{text-anchor:end}.middle{text-anchor:middle}\
.paper{fill:#fff}.frame{fill:none;stroke:#afb8c1}.grid{stroke:#e4e8ec}\
.curve{fill:none;stroke-width:1.6;stroke-linejoin:round}.threshold{stroke-dasharray:5 4;opacity:.75;stroke-width:1.2}\
.decision{stroke-width:1.6}\
.wave{stroke:#59636e}.level{stroke:#0969da}.floor{stroke:#bc4c00}.score{stroke:#8250df}.voiced{stroke:#2da44e}\
.stay{stroke:#bf8700}.gate{fill:#bf8700;opacity:.55}\
.word0{stroke:#cf222e}.word1{stroke:#0969da}.word2{stroke:#2da44e}.word3{stroke:#8250df}\
.speech{fill:#2da44e;opacity:.14}.quiet{fill:#0969da;opacity:.12}\
.wake{stroke:#cf222e}.speech_start{stroke:#1a7f37}.speech_end{stroke:#0969da}.no_speech,.cap{stroke:#9a6700}\
.decision text.wake{fill:#cf222e}.decision text.speech_start{fill:#1a7f37}.decision text.speech_end{fill:#0969da}\
.decision text.no_speech,.decision text.cap{fill:#9a6700}\
@media(prefers-color-scheme:dark){text,.decision text{fill:#e6edf3;stroke:#0d1117}.muted{fill:#9198a1}.paper{fill:#0d1117}.frame{stroke:#545d68}\
.grid{stroke:#262c36}.wave{stroke:#9198a1}.level,.word1{stroke:#58a6ff}.floor{stroke:#f0883e}.score,.word3{stroke:#bc8cff}\
.voiced,.word2{stroke:#3fb950}.stay{stroke:#d29922}.word0{stroke:#ff7b72}\
.wake{stroke:#ff7b72}.speech_start{stroke:#3fb950}.speech_end{stroke:#58a6ff}.no_speech,.cap{stroke:#d29922}\
.decision text.wake{fill:#ff7b72}.decision text.speech_start{fill:#3fb950}.decision text.speech_end{fill:#58a6ff}\
.decision text.no_speech,.decision text.cap{fill:#d29922}}";

/// How wide a text will be, about.
pub(super) fn width(text: &str) -> f32 {
    text.chars().take(LONGEST).count() as f32 * LETTER
}

/// What was drawn so far.
pub(super) struct Page {
    title: String,
    body: String,
}

impl Page {
    pub(super) fn new(title: &str, note: &str) -> Self {
        let mut page = Self { title: escaped(title), body: String::new() };
        page.text("strong", 16.0, 22.0, title);
        page.text("muted", 16.0, 40.0, note);
        page
    }

    /// Text at its baseline. Without one nothing is drawn.
    pub(super) fn text(&mut self, class: &str, x: f32, y: f32, text: &str) {
        if !text.is_empty() {
            let _ = writeln!(self.body, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text));
        }
    }

    pub(super) fn line(&mut self, class: &str, from: (f32, f32), to: (f32, f32)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = writeln!(
            self.body,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    }

    /// A rectangle without a border, or only the border of one (`frame`).
    pub(super) fn area(&mut self, class: &str, x: Range<f32>, y: Range<f32>) {
        let (width, height) = ((x.end - x.start).max(0.0), (y.end - y.start).max(0.0));
        let _ = writeln!(
            self.body,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>",
            x.start, y.start
        );
    }

    pub(super) fn path(&mut self, class: &str, path: &str) {
        if !path.is_empty() {
            let _ = writeln!(self.body, "<path class=\"curve {class}\" d=\"{path}\"/>");
        }
    }

    /// What `draw` draws belongs together. Its name, if it has one, appears under the mouse.
    pub(super) fn group(&mut self, class: &str, name: &str, draw: impl FnOnce(&mut Self)) {
        let _ = write!(self.body, "<g class=\"{class}\">");
        if !name.is_empty() {
            let _ = write!(self.body, "<title>{}</title>", escaped(name));
        }
        draw(self);
        self.body.push_str("</g>\n");
    }

    pub(super) fn finish(self, height: f32) -> String {
        let Self { title, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" \
             height=\"{height:.0}\" role=\"img\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"12\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n\
             <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height:.0}\"/>\n{body}</svg>\n"
        )
    }
}

/// Text for XML, of bounded length: what XML can't hold becomes a blank.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, c) in text.chars().enumerate() {
        match c {
            _ if number == LONGEST => {
                out.push('…');
                break;
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_not_leave_its_place() {
        assert_eq!(escaped("</text><script> & \"\u{0}\u{ffff}"), "&lt;/text&gt;&lt;script&gt; &amp; &quot;  ");
        assert_eq!(escaped(&"x".repeat(10_000)).chars().count(), LONGEST + 1);
    }
}
