//! What the dialogue asks for, until it is fetched, and the causes that it has raised.

use std::collections::VecDeque;

use super::{Ask, Class, PlayId, Source};
use crate::assistant::cause::Cause;
use crate::assistant::report::Report;
use crate::fetch::{Fetch, FetchId};
use crate::link::{LinkAsk, Publication};
use crate::wish::{Wish, WishId};

/// Asks in their order. Whoever hands in an event fetches them all, and no event makes more than a dozen. Of each wish it
/// is known to which `Origin` its outcome goes.
#[derive(Debug)]
pub(super) struct Outbox<Origin> {
    asks: VecDeque<Ask>,
    /// Asks that were fetched.
    fetched: u64,
    /// At most one of each kind.
    raised: Vec<Cause>,
    plays: u64,
    wishes: u64,
    fetches: u64,
    /// Where the wishes come from that have no outcome yet.
    waiting: Vec<(WishId, Origin)>,
}

impl<Origin> Default for Outbox<Origin> {
    fn default() -> Self {
        Self {
            asks: VecDeque::new(),
            fetched: 0,
            raised: Vec::new(),
            plays: 0,
            wishes: 0,
            fetches: 0,
            waiting: Vec::new(),
        }
    }
}

impl<Origin> Outbox<Origin> {
    pub(super) fn next(&mut self) -> Option<Ask> {
        let ask = self.asks.pop_front()?;
        self.fetched += 1;
        Some(ask)
    }

    /// The place behind all that was asked until now.
    pub(super) fn mark(&self) -> u64 {
        self.fetched + self.asks.len() as u64
    }

    /// Takes back what was asked behind `mark`: it was asked in the hope of something that is refused. Too late once any
    /// of it was fetched. Whether there was anything.
    pub(super) fn take_back(&mut self, mark: u64) -> bool {
        let stays = mark.checked_sub(self.fetched).and_then(|stays| usize::try_from(stays).ok());
        let some = stays.filter(|stays| *stays < self.asks.len());
        self.asks.truncate(some.unwrap_or(self.asks.len()));
        some.is_some()
    }

    pub(super) fn ask(&mut self, ask: Ask) {
        self.asks.push_back(ask);
    }

    pub(super) fn report(&mut self, report: Report) {
        self.ask(Ask::Report(report));
    }

    pub(super) fn publish(&mut self, publication: Publication) {
        self.ask(Ask::Link(LinkAsk::Publish(publication)));
    }

    /// Something was thrown away.
    pub(super) fn dropped(&mut self, what: &'static str, detail: String) {
        self.report(Report::Drop { what, count: 1, detail });
    }

    pub(super) fn play(&mut self, class: Class, source: Source) -> PlayId {
        self.plays += 1;
        let id = PlayId(self.plays);
        self.ask(Ask::Play { id, class, source });
        id
    }

    /// A request over HTTP, under the id that its outcome will have.
    pub(super) fn fetch(&mut self, fetch: Fetch) -> FetchId {
        self.fetches += 1;
        let id = FetchId(self.fetches);
        self.ask(Ask::Fetch { id, fetch });
        id
    }

    /// Wishes something; what comes of it goes to `origin`. The assistant refuses what is too much, so this is bounded.
    pub(super) fn wish(&mut self, origin: Origin, wish: Wish) -> WishId {
        self.wishes += 1;
        let id = WishId(self.wishes);
        self.waiting.push((id, origin));
        self.ask(Ask::Wish { id, wish });
        id
    }

    /// Where a wish came from that has an outcome now.
    pub(super) fn origin(&mut self, id: WishId) -> Option<Origin> {
        let place = self.waiting.iter().position(|(waiting, _)| *waiting == id)?;
        Some(self.waiting.swap_remove(place).1)
    }

    /// Something is wrong; said once as long as its words stay the same.
    pub(super) fn raise(&mut self, cause: Cause) {
        if self.raised.contains(&cause) {
            return;
        }
        self.raised.retain(|known| known.code() != cause.code());
        self.raised.push(cause.clone());
        self.ask(Ask::Cause(cause));
    }

    /// It no longer is; nothing happens if it was not.
    pub(super) fn clear(&mut self, code: &'static str) {
        let before = self.raised.len();
        self.raised.retain(|known| known.code() != code);
        if self.raised.len() < before {
            self.ask(Ask::Clear(code));
        }
    }
}

/// A text from outside for a report: not longer than a line.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_in_hope_is_taken_back_until_some_of_it_was_fetched() {
        let mut out = Outbox::<()>::default();
        out.ask(Ask::Done);
        let mark = out.mark();
        assert!(!out.take_back(mark), "there is nothing behind it");
        out.ask(Ask::MicStop);
        assert!(out.take_back(mark));
        assert_eq!((out.next(), out.next()), (Some(Ask::Done), None));
        let mark = out.mark();
        out.ask(Ask::MicStop);
        out.next();
        out.ask(Ask::LinkUp(true));
        assert!(!out.take_back(mark), "too late");
        assert_eq!(out.next(), Some(Ask::LinkUp(true)), "what else is asked stays");
    }
}
