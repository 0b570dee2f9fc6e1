//! The thread of the conversation: a question, its answer, its test, and what to do when that fails.

use super::answers::{Answers, Present};
use super::asker::{Asker, Stop};
use super::service::Service;
use super::world::World;

/// A conversation under way.
pub(super) struct Session<'a> {
    pub(super) asker: &'a mut dyn Asker,
    pub(super) world: &'a dyn World,
    pub(super) service: &'a mut Service,
    pub(super) present: &'a Present,
    /// What is proposed: options, then the file.
    pub(super) proposed: Answers,
    /// What was answered so far.
    pub(super) answers: Answers,
    /// Whether answers are tried at once.
    pub(super) tests: bool,
}

enum Next {
    Again,
    Change,
    GoOn,
}

impl Session<'_> {
    pub(super) fn tell(&mut self, line: &str) {
        self.asker.tell(&format!("  {line}"));
    }

    /// Asks; Enter takes the proposal.
    pub(super) fn ask(&mut self, question: &str, proposal: &str) -> Result<String, Stop> {
        let shown = if proposal.is_empty() { String::new() } else { format!(" [{proposal}]") };
        let answer = self.asker.ask(&format!("  {question}{shown}:"))?;
        Ok(if answer.is_empty() { proposal.to_owned() } else { answer })
    }

    /// Yes or no, or one of other words: by its first letter. Asks again until it is one of `letters`, the first of which
    /// is what Enter means.
    pub(super) fn choose(&mut self, question: &str, letters: &str) -> Result<char, Stop> {
        let usual = letters.chars().next();
        let shown = usual.map(String::from).unwrap_or_default();
        loop {
            let answer = self.asker.ask(&format!("  {question} [{shown}]:"))?;
            let first = answer.chars().next().or(usual);
            match first.map(|letter| letter.to_ascii_lowercase()).filter(|letter| letters.contains(*letter)) {
                Some(letter) => return Ok(letter),
                None => self.tell(&format!("one of these letters, please: {letters}")),
            }
        }
    }

    /// Asks, tests, and in trouble lets the person try again, change the answer, or go on as it is. `test` returns what
    /// is wrong.
    pub(super) fn settle<T>(
        &mut self,
        mut ask: impl FnMut(&mut Self) -> Result<T, Stop>,
        mut test: impl FnMut(&mut Self, &mut T) -> Result<Option<String>, Stop>,
    ) -> Result<T, Stop> {
        let mut answer = ask(self)?;
        while self.tests {
            self.asker.goes_on()?;
            let Some(trouble) = test(self, &mut answer)? else { break };
            self.tell(&format!("FAILED: {trouble}"));
            match self.after_trouble()? {
                Next::Again => {}
                Next::Change => answer = ask(self)?,
                Next::GoOn => break,
            }
        }
        Ok(answer)
    }

    fn after_trouble(&mut self) -> Result<Next, Stop> {
        let letter = self.choose("(a) try again, (c) change the answer, (g) go on as it is", "acg")?;
        Ok(match letter {
            'c' => Next::Change,
            'g' => Next::GoOn,
            _ => Next::Again,
        })
    }
}
