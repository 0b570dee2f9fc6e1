//! What an answer of the server makes the device do.

use super::Outbox;
use super::orders::Origin;
use crate::assistant::report::Report;
use crate::audio::chime::Chime;
use crate::dialogue::{Ask, Class, PlayId, Source, WavFile};
use crate::link::Message;
use crate::protocol::linto::answer::{self, Act, Answer, Audio};
use crate::sentences::Sentence;
use crate::wish::{Hook, HookKind, Wish};
use serde_json::Value;

/// What is to be heard of an answer, and what then.
#[derive(Debug, Default)]
pub(super) struct Speech {
    /// In their order; the last one's end is the end of the answer.
    pub(super) plays: Vec<PlayId>,
    /// Letters in it, for its time limit.
    pub(super) characters: usize,
    /// After it the microphone opens again, and the server gets this back.
    pub(super) follow: Option<Value>,
}

/// Reports the answer to request `id`, runs its hooks and hands to the loudspeaker what is to be heard.
pub(super) fn act(id: String, message: &Message, phonetic: bool, class: Class, out: &mut Outbox) -> Speech {
    let answer = answer::parse(&message.payload);
    if let Some(reason) = &answer.dropped {
        out.dropped("answer_part", format!("in the answer to {id}: {reason}"));
    }
    if let Some(trouble) = &answer.trouble {
        out.dropped("server_trouble", format!("the server says of {id}: {trouble}"));
    }
    hooks(&id, &message.topic, &answer, out);
    let for_a_machine = answer.custom_action.is_some();
    let silent = !for_a_machine && answer.audio.is_none();
    let (kind, text, spoken, follow) = words(answer.act, phonetic, for_a_machine);
    out.report(Report::Answer { id, kind, text });
    let mut speech = Speech { follow, ..Speech::default() };
    match spoken {
        Some(text) => {
            speech.characters = text.chars().count();
            speech.plays.push(out.play(class, Source::Text(text)));
        }
        None if class != Class::Conversation => {} // Nobody waits for it.
        None if kind == "error" => drop(out.play(Class::Local, Source::Sentence(Sentence::BrokenAnswer))),
        None if silent => drop(out.play(Class::Local, Source::Chime(Chime::Done))),
        None => {}
    }
    match answer.audio {
        Some(Audio::Wav(file)) => speech.plays.push(out.play(class, Source::File(WavFile(file.into())))),
        Some(Audio::Refused(why)) => {
            out.dropped("audio", why);
            out.play(Class::Local, Source::Chime(Chime::Error));
        }
        None => {}
    }
    speech
}

/// The kind of an answer, the text that is shown, the one that is spoken, and what comes back with the next request.
type Words = (&'static str, String, Option<String>, Option<Value>);

fn words(act: Act, phonetic: bool, for_a_machine: bool) -> Words {
    let spoken = |text: &String, by_sound: Option<String>| by_sound.filter(|_| phonetic).or_else(|| Some(text.clone()));
    match act {
        // LinTO: the text beside an action is a machine's label.
        Act::Say { text, .. } if for_a_machine => ("customAction", text, None, None),
        Act::Say { text, phonetic } => {
            let spoken = spoken(&text, phonetic);
            ("say", text, spoken, None)
        }
        Act::Ask { text, phonetic, conversation } => {
            let spoken = spoken(&text, phonetic);
            ("ask", text, spoken, Some(conversation))
        }
        Act::Chatbot { text, choices } => {
            let text = with_choices(text, &choices);
            let spoken = (!text.is_empty()).then(|| text.clone());
            ("chatbot", text, spoken, None)
        }
        Act::Empty if for_a_machine => ("customAction", String::new(), None, None),
        Act::Empty => ("empty", String::new(), None, None),
        Act::Broken { reason } => ("error", reason, None, None),
    }
}

/// The answer can't be understood, or was never taken in.
pub(super) fn broken(id: String, reason: String, out: &mut Outbox) {
    out.report(Report::Answer { id, kind: "error", text: reason });
    out.play(Class::Local, Source::Sentence(Sentence::BrokenAnswer));
    out.ask(Ask::Done);
}

fn hooks(id: &str, topic: &str, answer: &Answer, out: &mut Outbox) {
    let wanted = [(HookKind::CustomAction, &answer.custom_action), (HookKind::Display, &answer.display)].into_iter();
    for (kind, input) in wanted.filter_map(|(kind, input)| Some((kind, input.clone()?))) {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let context = vec![
            ("AURICLE_REQUEST", id.to_owned()),
            ("AURICLE_TRANSCRIPT", text(answer.transcript.as_deref())),
            ("AURICLE_SAY", text(answer.act.text())),
        ];
        let origin = Origin::Hook { kind, topic: topic.to_owned() };
        out.wish(origin, Wish::Hook(Hook { kind, input, context }));
    }
}

/// A chatbot's choices are read out behind its text: nobody sees them.
fn with_choices(text: String, choices: &[String]) -> String {
    if choices.is_empty() { text } else { format!("{text}\n{}", choices.join(", ")).trim().to_owned() }
}
