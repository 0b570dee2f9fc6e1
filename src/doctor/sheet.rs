//! Findings, and the sheet on which they are written.

use std::cell::{Cell, RefCell};
use std::io::Write;

use serde_json::{Value, json};

use crate::shown::printable_up_to;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Does not concern this device, or could not be looked at.
    Skipped,
    /// As it should be.
    Ok,
    /// It works, but not well, or not for long.
    Warning,
    /// It keeps the device from working.
    Fault,
}

impl Verdict {
    /// The word that scripts see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }

    /// As SGR parameters of a terminal.
    const fn colour(self) -> &'static str {
        match self {
            Self::Skipped => "2",
            Self::Ok => "32",
            Self::Warning => "33",
            Self::Fault => "1;31",
        }
    }
}

/// What was seen, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which check; a stable word.
    pub check: &'static str,
    /// How bad it is.
    pub verdict: Verdict,
    /// One line.
    pub seen: String,
    /// One line; empty if there is nothing to do.
    pub remedy: String,
    /// The server that it concerns, if it concerns one.
    pub server: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(check: &'static str, seen: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, seen, "")
    }

    /// It could be better.
    pub fn warning(check: &'static str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warning, seen, remedy)
    }

    /// It does not work.
    pub fn fault(check: &'static str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(check, Verdict::Fault, seen, remedy)
    }

    /// Nothing was looked at, and why.
    pub fn skipped(check: &'static str, why: impl Into<String>) -> Self {
        Self::new(check, Verdict::Skipped, why, "")
    }

    /// The same with something to do.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = printable(&remedy.into());
        self
    }

    /// The same about a server. `several`: there are others, so its name is told to people too.
    #[must_use]
    pub fn of_server(mut self, name: &str, several: bool) -> Self {
        if several {
            self.seen = printable(&format!("`{name}`: {}", self.seen));
        }
        self.server = Some(name.to_owned());
        self
    }

    fn new(check: &'static str, verdict: Verdict, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict, seen: printable(&seen.into()), remedy: printable(&remedy.into()), server: None }
    }

    /// As scripts get it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "check": self.check,
            "verdict": self.verdict.name(),
            "seen": self.seen,
            "remedy": self.remedy,
            "server": self.server,
        })
    }
}

/// Much of what is shown comes from elsewhere: servers, programs, names of files. One line, of a bounded length, without
/// anything that controls a terminal.
fn printable(text: &str) -> String {
    const LONGEST: usize = 600;
    printable_up_to(LONGEST, text)
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For reading, in colours or not.
    Words {
        /// Whether this is a terminal that has them.
        colours: bool,
    },
    /// An array of objects.
    Json,
    /// Not at all.
    Silent,
}

/// Where findings are written. Each is shown as soon as it is there.
pub struct Sheet {
    style: Style,
    findings: RefCell<Vec<Finding>>,
    /// Nobody reads any more.
    closed: Cell<bool>,
}

/// Columns of the names of checks.
const NAMES: usize = 11;

/// Columns of a line of words.
const WIDTH: usize = 100;

impl Sheet {
    /// An empty one.
    #[must_use]
    pub const fn new(style: Style) -> Self {
        Self { style, findings: RefCell::new(Vec::new()), closed: Cell::new(false) }
    }

    /// Writes and shows a finding.
    pub fn write(&self, finding: Finding) {
        match self.style {
            Style::Words { colours } => self.put(&in_words(&finding, colours)),
            Style::Json => {
                let first = self.findings.borrow().is_empty();
                self.put(&format!("{}{}", if first { "[\n" } else { ",\n" }, finding.to_json()));
            }
            Style::Silent => {}
        }
        self.findings.borrow_mut().push(finding);
    }

    /// Writes and shows several. For a person, one line tells of all that were skipped for the same reason.
    pub fn write_all(&self, findings: impl IntoIterator<Item = Finding>) {
        let findings: Vec<Finding> = findings.into_iter().collect();
        let folded = if let Style::Words { .. } = self.style { folded(&findings) } else { None };
        let Some(folded) = folded else { return findings.into_iter().for_each(|finding| self.write(finding)) };
        self.write(folded);
        // It stands for them.
        self.findings.borrow_mut().pop();
        self.findings.borrow_mut().extend(findings);
    }

    /// Tells the person something that is no finding. Not in JSON.
    pub fn say(&self, text: &str) {
        if let Style::Words { .. } = self.style {
            self.put(&format!("\n{text}\n"));
        }
    }

    /// Shows a line that the next one replaces. Only for a terminal.
    pub fn sketch(&self, line: &str) {
        if let Style::Words { .. } = self.style {
            self.put(&format!("\r\x1b[K{line}"));
        }
    }

    /// Shows what is behind the last finding.
    pub fn close(&self) {
        match self.style {
            Style::Words { .. } => self.put(&self.summary()),
            Style::Json => self.put(if self.findings.borrow().is_empty() { "[]\n" } else { "\n]\n" }),
            Style::Silent => {}
        }
    }

    /// Everything so far.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.findings.borrow().clone()
    }

    /// How many there are of a kind.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.borrow().iter().filter(|finding| finding.verdict == verdict).count()
    }

    /// Whether a check found a fault.
    #[must_use]
    pub fn has_fault(&self, check: &str) -> bool {
        self.findings.borrow().iter().any(|finding| finding.check == check && finding.verdict == Verdict::Fault)
    }

    fn summary(&self) -> String {
        let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        match (self.count(Verdict::Fault), self.count(Verdict::Warning)) {
            (0, 0) => "\nNothing is wrong.\n".into(),
            (0, warnings) => format!("\n{}, no fault.\n", many(warnings, "warning")),
            (faults, warnings) => format!("\n{}, {}.\n", many(faults, "fault"), many(warnings, "warning")),
        }
    }

    fn put(&self, text: &str) {
        if self.closed.get() {
            return;
        }
        let mut out = std::io::stdout().lock();
        if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            self.closed.set(true);
        }
    }
}

/// One finding for all, if they are several that were skipped for the same reason.
fn folded(findings: &[Finding]) -> Option<Finding> {
    let (first, others) = findings.split_first().filter(|(first, _)| first.verdict == Verdict::Skipped)?;
    let same = |other: &Finding| other.verdict == Verdict::Skipped && other.seen == first.seen;
    if others.is_empty() || !others.iter().all(same) {
        return None;
    }
    let mut names: Vec<&str> = others.iter().map(|other| other.check).filter(|name| *name != first.check).collect();
    names.dedup();
    if names.is_empty() {
        return Some(first.clone());
    }
    Some(Finding { seen: format!("{}; the same for {}", first.seen, names.join(", ")), ..first.clone() })
}

/// `ok       clock      2026-05-01 10:20 UTC`, and what to do on lines of its own.
fn in_words(finding: &Finding, colours: bool) -> String {
    let verdict = format!("{:8}", finding.verdict.name());
    let verdict = if colours { format!("\x1b[{}m{verdict}\x1b[0m", finding.verdict.colour()) } else { verdict };
    let margin = 9 + NAMES + 1;
    let mut text = format!("{verdict} {:NAMES$} ", finding.check);
    text += &wrapped(&finding.seen, margin);
    text.push('\n');
    if !finding.remedy.is_empty() {
        text += &format!("{:margin$}→ {}\n", "", wrapped(&finding.remedy, margin + 2));
    }
    text
}

/// Breaks between words, with so many blanks before each further line.
fn wrapped(text: &str, margin: usize) -> String {
    let (mut out, mut column) = (String::new(), 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && margin + column + 1 + length > WIDTH {
            out += &format!("\n{:margin$}", "");
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_lines_that_can_be_read() {
        let seen =
            "the certificate of mqtts://linto.example.org:8883 is not trusted: unable to get local issuer certificate";
        let finding = Finding::fault("tls", seen, "Set `ca_file` in [linto].");
        insta::assert_snapshot!(in_words(&finding, false), @r"
        fault    tls         the certificate of mqtts://linto.example.org:8883 is not trusted: unable to get
                             local issuer certificate
                             → Set `ca_file` in [linto].
        ");
        assert_eq!(in_words(&Finding::ok("dns", "fine"), true), "\x1b[32mok      \x1b[0m dns         fine\n");
    }

    #[test]
    fn what_comes_from_elsewhere_is_short_and_controls_nothing() {
        let finding = Finding::ok("tls", format!("a\x1b[2J\r\nb{}", "x".repeat(5_000)));
        assert!(finding.seen.starts_with("a [2J  bxxx") && finding.seen.chars().count() == 601, "{}", finding.seen);
    }

    #[test]
    fn what_was_skipped_for_one_reason_is_told_once() {
        let skipped = |names: &[&'static str]| -> Vec<Finding> {
            names.iter().map(|name| Finding::skipped(name, "no server of [linto] is configured")).collect()
        };
        let told = folded(&skipped(&["dns", "reach", "tls"])).map(|finding| in_words(&finding, false));
        assert_eq!(
            told.as_deref(),
            Some("skipped  dns         no server of [linto] is configured; the same for reach, tls\n")
        );
        assert!(folded(&skipped(&["dns"])).is_none() && folded(&[]).is_none());
        assert!(folded(&[Finding::ok("a", "fine"), Finding::ok("b", "fine")]).is_none());
        let sheet = Sheet::new(Style::Words { colours: false });
        sheet.write_all(skipped(&["dns", "reach"]));
        assert_eq!(sheet.findings().iter().map(|finding| finding.check).collect::<Vec<_>>(), ["dns", "reach"]);
    }

    #[test]
    fn the_worst_are_counted() {
        let sheet = Sheet::new(Style::Silent);
        assert_eq!(sheet.summary(), "\nNothing is wrong.\n");
        sheet.write_all([Finding::warning("a", "", ""), Finding::ok("b", "")]);
        assert_eq!(sheet.summary(), "\n1 warning, no fault.\n");
        sheet.write_all([Finding::fault("c", "", ""), Finding::fault("d", "", "")]);
        assert_eq!(sheet.summary(), "\n2 faults, 1 warning.\n");
        assert!(sheet.has_fault("c") && !sheet.has_fault("a"));
    }
}
