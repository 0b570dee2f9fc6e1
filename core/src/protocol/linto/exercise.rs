//! The bodies of fuzz targets: what must hold for any bytes from a server. They panic if it doesn't.

use super::answer::{self, Act, Audio};
use super::commands::{self, endvolume, managemeeting, shellexec, startreversessh, tts_lang, volume};
use super::{lenient, scope, serial, status, streaming};
use crate::audio::wav;

/// Reads `bytes` as every message that a LinTO server can send, for the fuzzer and its kept seeds.
pub fn exercise(bytes: &[u8]) {
    let commands = commands::ALL.iter().map(|command| command.leaf);
    for leaf in commands.chain([streaming::LEAF, "answer"]) {
        exercise_command(leaf, bytes);
    }
    let _ = status::parse(bytes);
    let text = String::from_utf8_lossy(bytes);
    let topics = scope::Topics::new("blk", "app0", "raspberry1");
    let _ = topics.parse(&text);
    if let Some(serial) = serial::sanitise(&text) {
        assert_eq!(serial::check(&serial), Ok(()), "a sanitised serial number must be valid");
    }
}

/// Reads `bytes` as what comes on `leaf`, or as an `answer`, for the fuzzer and its kept seeds.
pub fn exercise_command(leaf: &str, bytes: &[u8]) {
    if let Some(command) = commands::find(leaf) {
        let _ = (command.serve)(bytes);
    }
    match leaf {
        "answer" => answer(bytes),
        "say" => texts(lenient::value(bytes), answer::TEXT_LIMIT),
        streaming::LEAF => stream(bytes),
        volume::LEAF | endvolume::LEAF => {
            assert!(told(volume::parse(bytes)).is_none_or(|percent| percent.get() <= 100), "louder than all");
            assert_eq!(volume::parse(bytes), endvolume::parse(bytes), "two ways to read a volume");
        }
        tts_lang::LEAF => {
            let tag = told(tts_lang::parse(bytes)).unwrap_or_else(|| "x".into());
            assert!((1..=tts_lang::TAG_LIMIT).contains(&tag.len()) && tag.is_ascii(), "{tag:?} is no tag");
        }
        managemeeting::LEAF => {
            if let Some(managemeeting::Meeting::Start { name }) = told(managemeeting::parse(bytes)) {
                assert!(
                    name.chars().count() <= managemeeting::NAME_LIMIT && !name.contains(char::is_control),
                    "{name:?}"
                );
            }
        }
        shellexec::LEAF => {
            let cmd = told(shellexec::parse(bytes)).unwrap_or_else(|| "x".into());
            assert!((1..=shellexec::CMD_LIMIT).contains(&cmd.len()) && !cmd.contains('\0'), "{cmd:?} is no command");
        }
        startreversessh::LEAF => tunnel(bytes),
        _ => {}
    }
}

fn answer(bytes: &[u8]) {
    let answer = answer::parse(bytes);
    texts(answer.act.text().map(Into::into), answer::TEXT_LIMIT);
    match answer.act {
        Act::Say { text, phonetic } => {
            assert!(!text.is_empty() && phonetic.as_ref() != Some(&text), "a text that says nothing");
            texts(phonetic, answer::TEXT_LIMIT);
        }
        Act::Ask { text, phonetic, conversation } => {
            assert!(!text.is_empty() && conversation.is_object(), "conversation data must be an object");
            texts(phonetic, answer::TEXT_LIMIT);
        }
        Act::Chatbot { choices, .. } => {
            assert!(choices.len() <= answer::CHOICES, "{} choices", choices.len());
            texts(choices, answer::TEXT_LIMIT);
        }
        Act::Empty | Act::Broken { .. } => {}
    }
    assert!(answer.custom_action.is_none_or(|action| action.is_object()), "an action must be an object");
    assert!(answer.display.is_none_or(|display| display.is_object()), "what is shown must be an object");
    if let Some(Audio::Wav(file)) = answer.audio {
        let (mut reader, mut sound) = (wav::Reader::new(), Vec::new());
        assert_eq!(reader.push(&file, &mut sound).and_then(|()| reader.end()), Ok(()), "a sound that can't be played");
        assert!(!sound.is_empty() && file.len() <= answer::AUDIO_LIMIT, "a sound beyond its limits");
    }
}

/// The first byte chooses the topic, so that the fuzzer reaches each of them; the seeds begin with its first letter.
fn stream(bytes: &[u8]) {
    const TOPICS: [(u8, &str); 6] =
        [(b'a', "start"), (b'c', "chunk"), (b'f', "final"), (b'o', "stop"), (b'e', "error"), (b'?', "?")];
    let (first, payload) = bytes.split_first().unwrap_or((&b'?', b""));
    let chosen = TOPICS.iter().find(|(letter, _)| letter == first).map(|(_, rest)| *rest);
    for rest in TOPICS.map(|(_, rest)| rest) {
        // Without a letter in front the whole is the payload, on each topic.
        let payload = match chosen {
            Some(chosen) if chosen != rest => continue,
            Some(_) => payload,
            None => bytes,
        };
        match streaming::parse(rest, payload) {
            streaming::Event::Text(text) | streaming::Event::Final(text) => texts([text], streaming::TRANSCRIPT_LIMIT),
            streaming::Event::Partial(text)
            | streaming::Event::AlreadyRunning(text)
            | streaming::Event::NotStarted(text)
            | streaming::Event::Failed(text)
            | streaming::Event::Odd(text) => texts([text], answer::TEXT_LIMIT),
            streaming::Event::Started | streaming::Event::Stopped => {}
        }
    }
}

fn tunnel(bytes: &[u8]) {
    let Some(request) = told(startreversessh::parse(bytes)) else { return };
    let fields = [request.host.as_str(), &request.user, &request.key];
    assert!(fields.iter().all(|field| !field.trim().is_empty()), "a request without {request:?}");
    assert!(request.local_port > 0 && request.key.len() <= startreversessh::KEY_LIMIT, "{request:?}");
    texts([format!("{request:?}")], answer::TEXT_LIMIT);
}

/// Texts are within their limit and can't confuse a log or a terminal.
fn texts(texts: impl IntoIterator<Item = String>, limit: usize) {
    for text in texts {
        assert!(text.chars().count() <= limit, "a text is longer than its limit");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "control characters in {text:?}");
    }
}

/// What was read. A refusal says in a few words why, on one line.
fn told<T>(read: Result<T, String>) -> Option<T> {
    let refusal = read.as_ref().err();
    assert!(
        refusal.is_none_or(|text| (1..=300).contains(&text.len()) && !text.contains(char::is_control)),
        "a refusal without end or without a word: {refusal:?}"
    );
    read.ok()
}
