//! What the conversation learns of its session.

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
    /// There is no channel of sound; why.
    Channel(String),
}

impl Failure {
    /// What the person hears.
    pub(in crate::dialogue::xiaozhi) const fn sentence(&self) -> Sentence {
        match self {
            Self::Offline | Self::Server(_) | Self::Channel(_) => Sentence::Offline,
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
            Self::Channel(why) => format!("no channel of sound: {why}"),
        }
    }
}
