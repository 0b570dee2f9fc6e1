//! The loudspeaker's queue: whose sound is heard, who waits, who is refused.
//!
//! One thing plays at a time. What waits is ordered by class, then by arrival:
//!
//! | new ↓ while this plays → | nothing | local | conversation | announcement | base |
//! |---|---|---|---|---|---|
//! | local        | starts | waits | waits | waits | waits |
//! | conversation | starts | waits | waits | waits | waits |
//! | announcement | starts unless a turn runs | waits | waits | waits | waits |
//! | base         | starts | refused | refused | refused | refused |
//!
//! An announcement that comes live, as a stream, can't wait: where another one waits it is refused.
//! A turn that opens flushes a running announcement: the person comes first. Whatever waits longer than
//! [`PATIENCE`] is dropped and told.

use std::time::Duration;

use super::event::{PlayNumber, ServerId};
use crate::dialogue::{Class, PlayId, Source};
use crate::time::Tick;

/// How long something may wait for the loudspeaker.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How many things of one class may wait. Each class has its own places, so that no flood of announcements can push an
/// answer out.
pub const QUEUE: usize = 8;

/// No sound that is made here or came in a message plays longer: the speech engine stops at 180 s, and the device needs a moment.
const LONGEST: Duration = Duration::from_secs(200);

/// A stream that never ends; whoever feeds it ends it much sooner when nothing comes any more.
const LONGEST_STREAM: Duration = Duration::from_secs(3_600);

/// A flush that the device does not confirm by then is taken as done.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// Who asked for a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The device itself.
    Device,
    /// Somebody at the command line.
    Person,
    /// A dialogue, with its own number for it.
    Server(ServerId, PlayId),
}

impl Owner {
    /// Whose dialogue that is.
    #[must_use]
    pub const fn server(self) -> Option<ServerId> {
        match self {
            Self::Server(server, _) => Some(server),
            Self::Device | Self::Person => None,
        }
    }
}

/// Something to be heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Utterance {
    /// Its number at the loudspeaker.
    pub play: PlayNumber,
    /// Who asked.
    pub owner: Owner,
    /// Who waits for whom.
    pub class: Class,
    /// What.
    pub source: Source,
    /// When it stops waiting.
    expires: Tick,
}

#[derive(Debug)]
struct Playing {
    utterance: Utterance,
    flushed: bool,
    deadline: Tick,
}

/// The loudspeaker as the assistant sees it.
#[derive(Debug, Default)]
pub struct Speaker {
    playing: Option<Playing>,
    queue: Vec<Utterance>,
    numbers: u64,
    quiet_since: Tick,
}

impl Speaker {
    /// Takes something in, or says no: a base's sound that can't start at once, or a full queue.
    pub fn admit(&mut self, now: Tick, owner: Owner, class: Class, source: Source) -> bool {
        if (class == Class::Base && !self.is_free()) || !self.has_room(class) {
            return false;
        }
        self.numbers += 1;
        let utterance = Utterance { play: PlayNumber(self.numbers), owner, class, source, expires: now + PATIENCE };
        let place = self.queue.partition_point(|waiting| waiting.class <= class);
        self.queue.insert(place, utterance);
        true
    }

    /// Whether nothing plays and nothing waits, or only sounds that are over in a moment.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.playing.as_ref().is_none_or(|playing| playing.utterance.is_chime())
            && self.queue.iter().all(|waiting| waiting.is_chime())
    }

    /// Whether one more of this class may wait.
    #[must_use]
    pub fn has_room(&self, class: Class) -> bool {
        self.queue.iter().filter(|waiting| waiting.class == class).count() < QUEUE
    }

    /// The next thing to start, if nothing plays. Announcements are held back while `turn` runs.
    pub fn start(&mut self, now: Tick, turn: bool) -> Option<Utterance> {
        if self.playing.is_some() {
            return None;
        }
        let place = self.queue.iter().position(|waiting| !(turn && waiting.class == Class::Announcement))?;
        let utterance = self.queue.remove(place);
        let longest = if matches!(utterance.source, Source::Stream(_)) { LONGEST_STREAM } else { LONGEST };
        self.playing = Some(Playing { utterance: utterance.clone(), flushed: false, deadline: now + longest });
        Some(utterance)
    }

    /// The device is done with `play`. `None` if that was not playing.
    pub fn ended(&mut self, now: Tick, play: PlayNumber) -> Option<Utterance> {
        let playing = self.playing.take_if(|playing| playing.utterance.play == play)?;
        self.quiet_since = now;
        Some(playing.utterance)
    }

    /// Takes everything that `which` picks out of the queue, and says what has to be flushed at the device.
    pub fn flush(&mut self, now: Tick, which: impl Fn(&Utterance) -> bool) -> (Vec<Utterance>, Option<PlayNumber>) {
        let dropped = self.queue.extract_if(.., |waiting| which(waiting)).collect();
        let mut at_device = None;
        if let Some(playing) = self.playing.as_mut().filter(|p| !p.flushed && which(&p.utterance)) {
            playing.flushed = true;
            playing.deadline = now + FLUSH_LIMIT;
            at_device = Some(playing.utterance.play);
        }
        (dropped, at_device)
    }

    /// What has waited too long.
    pub fn expire(&mut self, now: Tick) -> Vec<Utterance> {
        self.queue.extract_if(.., |waiting| waiting.expires <= now).collect()
    }

    /// What plays and should have ended long ago; the device has lost it.
    #[must_use]
    pub fn overdue(&self, now: Tick) -> Option<PlayNumber> {
        self.playing.as_ref().filter(|playing| playing.deadline <= now).map(|playing| playing.utterance.play)
    }

    /// What is heard now.
    #[must_use]
    pub fn playing(&self) -> Option<&Utterance> {
        self.playing.as_ref().map(|playing| &playing.utterance)
    }

    /// Since when nothing plays; `None` while something does.
    #[must_use]
    pub fn quiet_since(&self) -> Option<Tick> {
        self.playing.is_none().then_some(self.quiet_since)
    }

    /// When something here runs out.
    #[must_use]
    pub fn deadline(&self) -> Option<Tick> {
        let waiting = self.queue.iter().map(|waiting| waiting.expires);
        waiting.chain(self.playing.as_ref().map(|playing| playing.deadline)).min()
    }

    /// How many things wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }
}
