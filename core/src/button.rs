//! A button: from the edges of its contact to what the person means.
//!
//! | gesture | told |
//! |---|---|
//! | short press | when it is let go, without waiting for a second one |
//! | double press | when it is pressed again within [`DOUBLE`]; the first press was told before |
//! | long press | at [`LONG`], while it is still held |
//! | held longer than [`STUCK`] | as stuck, and nothing else until it is let go |
//!
//! A contact bounces: a level counts when it has stayed for [`SETTLE`]. A button that is held when its story begins
//! means nothing until it was let go once.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Tick;

/// A contact that has not changed for so long has settled.
pub const SETTLE: Duration = Duration::from_millis(20);

/// A second press that begins so soon after the end of the first belongs to it.
pub const DOUBLE: Duration = Duration::from_millis(400);

/// A press of this length is a long one.
pub const LONG: Duration = Duration::from_secs(2);

/// Nobody holds a button for so long.
pub const STUCK: Duration = Duration::from_secs(10);

/// A change of the contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// It closed.
    Pressed,
    /// It opened.
    Released,
}

/// What a person means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// A short press: talk, stop, answer.
    Press,
    /// A second one right behind it: cancel.
    Double,
    /// A long one: mute, or unmute.
    Long,
}

/// What comes of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The person means something.
    Gesture {
        /// What.
        gesture: Gesture,
        /// When the contact closed for it.
        pressed: Tick,
    },
    /// It is held longer than anybody would.
    Stuck,
    /// It was stuck and is let go.
    Freed,
}

/// The settled contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contact {
    /// Open. A press before `double` is the second of two.
    Up { double: Option<Tick> },
    /// Closed since `since`.
    Down { since: Tick, stage: Stage },
}

/// How far a press has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It may be a short one yet.
    Fresh,
    /// It means nothing more when it is let go: it was told already, or was there before us.
    Told,
    /// It is too long to be a person's.
    Stuck,
}

/// One button.
#[derive(Clone, Debug)]
pub struct Button {
    contact: Contact,
    /// A level that differs from the settled one, and since when.
    unsettled: Option<(Edge, Tick)>,
    told: VecDeque<Told>,
}

impl Button {
    /// A button whose contact is now `closed` or not.
    #[must_use]
    pub fn new(now: Tick, closed: bool) -> Self {
        let contact =
            if closed { Contact::Down { since: now, stage: Stage::Told } } else { Contact::Up { double: None } };
        Self { contact, unsettled: None, told: VecDeque::new() }
    }

    /// The contact changed. Changes come in the order in which they happened, and before any later
    /// [`tick`](Self::tick): what they mean depends on their own times only, however late they come.
    pub fn handle(&mut self, now: Tick, edge: Edge) {
        self.tick(now);
        let settled = if matches!(self.contact, Contact::Down { .. }) { Edge::Pressed } else { Edge::Released };
        self.unsettled = (edge != settled).then_some((edge, now));
    }

    /// Time has passed, and every change up to `now` was handled.
    pub fn tick(&mut self, now: Tick) {
        self.advance(now, true);
    }

    /// Time has passed, and the contact is now `closed` or not. One that is open was not held to the mark of a long press:
    /// the change is on its way, and a press that is over mutes and unmutes nothing.
    pub fn look(&mut self, now: Tick, closed: bool) {
        self.advance(now, closed);
    }

    /// Changes got lost, and the contact is now `closed` or not. Whatever lay between means nothing; one that is closed
    /// means nothing until it was let go once.
    pub fn lost(&mut self, now: Tick, closed: bool) {
        self.unsettled = None;
        self.contact = match self.contact {
            stuck @ Contact::Down { stage: Stage::Stuck, .. } if closed => stuck,
            Contact::Down { stage: Stage::Stuck, .. } => {
                self.told.push_back(Told::Freed);
                Contact::Up { double: None }
            }
            _ if closed => Contact::Down { since: now, stage: Stage::Told },
            _ => Contact::Up { double: None },
        };
    }

    fn advance(&mut self, now: Tick, closed: bool) {
        // In the order in which they were due: a late caller gets the same as a punctual one.
        while let Some(due) = self.deadline().filter(|due| *due <= now) {
            match (self.unsettled.take(), self.contact) {
                (Some((edge, since)), _) => self.settled(edge, since),
                (None, Contact::Down { stage: Stage::Fresh, .. }) if !closed => {
                    self.unsettled = Some((Edge::Released, now));
                }
                (None, _) => self.held(due),
            }
        }
    }

    /// What there is to tell, until `None`.
    pub fn poll(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// When [`tick`](Self::tick) has something to do; `None` while nobody touches the button.
    #[must_use]
    pub fn deadline(&self) -> Option<Tick> {
        match (self.unsettled, self.contact) {
            // Whether it is still held shows when it has settled.
            (Some((_, since)), _) => Some(since + SETTLE),
            (None, Contact::Down { since, stage: Stage::Fresh }) => Some(since + LONG),
            (None, Contact::Down { since, stage: Stage::Told }) => Some(since + STUCK),
            (None, Contact::Down { stage: Stage::Stuck, .. } | Contact::Up { .. }) => None,
        }
    }

    fn settled(&mut self, edge: Edge, at: Tick) {
        match (edge, self.contact) {
            (Edge::Pressed, Contact::Up { double }) => {
                if double.is_some_and(|until| at < until) {
                    self.gesture(Gesture::Double, at);
                    self.contact = Contact::Down { since: at, stage: Stage::Told };
                } else {
                    self.contact = Contact::Down { since: at, stage: Stage::Fresh };
                }
            }
            (Edge::Released, Contact::Down { since, stage }) => {
                let fresh = stage == Stage::Fresh;
                if fresh {
                    self.gesture(Gesture::Press, since);
                } else if stage == Stage::Stuck {
                    self.told.push_back(Told::Freed);
                }
                self.contact = Contact::Up { double: fresh.then(|| at + DOUBLE) };
            }
            _ => {}
        }
    }

    /// It has been down for a limit.
    fn held(&mut self, now: Tick) {
        let Contact::Down { since, stage } = &mut self.contact else { return };
        if now < *since + STUCK {
            *stage = Stage::Told;
            let pressed = *since;
            self.gesture(Gesture::Long, pressed);
        } else {
            *stage = Stage::Stuck;
            self.told.push_back(Told::Stuck);
        }
    }

    fn gesture(&mut self, gesture: Gesture, pressed: Tick) {
        self.told.push_back(Told::Gesture { gesture, pressed });
    }
}

#[cfg(test)]
mod tests;
