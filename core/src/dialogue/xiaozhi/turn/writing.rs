//! Text instead of speech.

use super::phase::{Phase, Purpose};
use super::{Around, Turn};
use crate::dialogue::Ask;
use crate::link::LinkAsk;
use crate::protocol::xiaozhi::message::{self, Mode, TYPED_LIMIT};

impl Turn {
    /// Somebody writes. xiaozhi: a text that is no wake word of the server's is taken for what somebody says.
    pub(in super::super) fn write(&mut self, text: String, w: &mut Around<'_>) {
        if let Some(why) = refusal(&text, w) {
            if w.presence.standing().refused {
                w.out.ask(Ask::Link(LinkAsk::Hurry));
            }
            w.out.ask(Ask::Taken(Err(why)));
            if self.purpose.is_none() {
                w.out.ask(Ask::Done);
            }
            return;
        }
        if self.converses() && w.session.is_open() {
            return self.interject(&text, w);
        }
        self.begin(Purpose::Text(text), w);
    }

    /// Whether somebody talks with the server, who may also write.
    pub(in super::super) const fn converses(&self) -> bool {
        let talks = matches!(self.purpose, Some(Purpose::Speech { .. })) && !matches!(self.mode, Mode::Manual);
        let inside = matches!(
            self.phase,
            Phase::Listening { .. } | Phase::Waiting { .. } | Phase::Speaking { .. } | Phase::Draining { .. }
        );
        talks && inside
    }

    /// The text is the next thing that is said in the conversation; what the server says or thinks about gives way.
    fn interject(&mut self, text: &str, w: &mut Around<'_>) {
        self.abort(false, w);
        self.hush(w);
        self.answer.begin();
        w.out.ask(Ask::Taken(Ok(self.answer.id())));
        w.session.path.expect(w.out);
        w.presence.publish(message::listen_detect(w.session.id(), text), w.out);
        if self.mode == Mode::Realtime && self.uplink.is_some() {
            self.answer.request(w.out);
            self.phase = Phase::Listening { understood: true, until: w.now + self.answer_timeout };
        } else {
            self.microphone_off(w);
            self.wait(w);
        }
    }
}

/// Why nothing can be asked in writing now.
fn refusal(text: &str, w: &Around<'_>) -> Option<String> {
    let standing = w.presence.standing();
    match text.trim() {
        "" => Some("the text is empty".into()),
        text if text.chars().count() > TYPED_LIMIT => {
            Some(format!("the text is too long, {TYPED_LIMIT} characters are the most"))
        }
        _ if standing.refused => Some("the server refuses this device; `auricle status` says why".into()),
        _ if !standing.known => Some("the server has not told how to reach it; `auricle status` says why".into()),
        _ => None,
    }
}
