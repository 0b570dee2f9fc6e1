//! What the conversation learns of its session.

use crate::assistant::cause::Cause;
use crate::dialogue::xiaozhi::Outbox;
use crate::sentences::Sentence;

/// What the conversation learns of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dialogue::xiaozhi) enum News {
    /// It is open, and sound can go up.
    Opened,
    /// It could not be opened.
    Failed(Failure),
    /// It ended right away, or a newer one took its place, and it is opened once more; [`News::Opened`] or [`News::Failed`] follows.
    Again,
    /// The server has ended it.
    Ended(String),
    /// The connection to the broker is gone, and the session with it.
    Lost,
    /// It is open, but no sound comes down.
    Dead,
}

impl News {
    /// Says which part of the way it is that fails, or fails no more. What happens to the connection to the broker is told
    /// elsewhere.
    pub(in crate::dialogue::xiaozhi) fn blame(&self, out: &mut Outbox) {
        match self {
            Self::Opened => out.clear("NoSession"),
            Self::Failed(Failure::Unanswered) => {
                out.raise(Cause::NoSession { detail: "it did not answer the hello".into() });
            }
            Self::Failed(Failure::Server(why) | Failure::Unusable(why)) => {
                out.raise(Cause::NoSession { detail: why.clone() });
            }
            Self::Failed(Failure::Channel(why)) => out.raise(Cause::NoSound { detail: why.clone() }),
            Self::Failed(Failure::Offline | Failure::Refused) => {}
            Self::Again | Self::Ended(_) | Self::Lost | Self::Dead => {}
        }
    }
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dialogue::xiaozhi) enum Failure {
    /// No connection to the broker.
    Offline,
    /// The broker refuses the login.
    Refused,
    /// The server did not answer.
    Unanswered,
    /// The server says no; why.
    Server(String),
    /// The server opens a session with which nothing can be done; why.
    Unusable(String),
    /// There is no channel of sound; why.
    Channel(String),
}

impl Failure {
    /// What the person hears.
    pub(in crate::dialogue::xiaozhi) const fn sentence(&self) -> Sentence {
        match self {
            Self::Offline | Self::Server(_) | Self::Unusable(_) | Self::Channel(_) => Sentence::Offline,
            Self::Refused => Sentence::Refused,
            Self::Unanswered => Sentence::NoAnswer,
        }
    }

    /// What the log gets.
    pub(in crate::dialogue::xiaozhi) fn detail(&self) -> String {
        match self {
            Self::Offline => "there is no connection to the broker".into(),
            Self::Refused => "the broker refuses the login".into(),
            Self::Unanswered => "no answer to the hello".into(),
            Self::Server(why) => format!("the server said no: {why}"),
            Self::Unusable(why) => format!("the server's hello is of no use: {why}"),
            Self::Channel(why) => format!("no channel of sound: {why}"),
        }
    }
}
