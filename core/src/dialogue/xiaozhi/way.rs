//! Whether sound comes through beside the messages. The messages go over TCP, the sound over UDP to another port, which
//! a router may block and a gateway may announce wrongly: then everything works, and nobody hears anything.

use super::Outbox;
use crate::assistant::cause::Cause;
use crate::channel::Session;

/// The way of the sound to one server, over all its sessions.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// Where the sound of the newest session goes, `host:port`; empty before the first one.
    to: String,
    /// Datagrams of the newest session.
    sent: u64,
    /// Whether one has come in the newest session.
    came: bool,
    /// From where one has come at all.
    proved: String,
}

impl Way {
    /// A new session; its channel sends a greeting.
    pub(super) fn open(&mut self, session: &Session) {
        self.to = format!("{}:{}", session.server, session.port);
        (self.sent, self.came) = (1, false);
    }

    /// One more is on its way.
    pub(super) const fn sent(&mut self) {
        self.sent = self.sent.saturating_add(1);
    }

    /// One has come.
    pub(super) fn came(&mut self, out: &mut Outbox) {
        if !std::mem::replace(&mut self.came, true) {
            self.proved.clone_from(&self.to);
        }
        out.clear("NoSound");
    }

    /// Whether one has come in this session.
    pub(super) const fn has_come(&self) -> bool {
        self.came
    }

    /// The server says that it speaks.
    pub(super) fn nothing_came(&self, out: &mut Outbox) {
        if !self.came {
            let detail = format!("nothing comes back from {} (datagrams sent there: {})", self.to, self.sent);
            out.raise(Cause::NoSound { detail });
        }
    }

    /// Somebody spoke, and the server knows nothing of it. Where sound has come from there before, he may have spoken to
    /// somebody else, or too softly.
    pub(super) fn nothing_understood(&self, out: &mut Outbox) {
        if !self.came && self.proved != self.to {
            let (sent, to) = (self.sent, &self.to);
            let detail = format!("the server seems to hear nothing at {to} (datagrams sent there: {sent})");
            out.raise(Cause::NoSound { detail });
        }
    }
}
