//! Text to sound: with the real espeak-ng, and with engines that misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use auricle::services::tts::{Limits, MAX_BLOCK, TtsError, TtsSettings, Utterance, Voice, languages};
use auricle_core::sentences::{Language, Sentence};
use tempfile::TempDir;

const RATE: u32 = 16_000;

/// The header of a stream of unknown length: mono, 16 bit.
fn header() -> Vec<u8> {
    let mut wav = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data\xff\xff\xff\xff");
    wav
}

/// A folder with `header` and with `sound`: 200 ms without header.
fn parts() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sound: Vec<u8> = (0..RATE as i16 / 5).flat_map(|n| (n * 3).to_le_bytes()).collect();
    std::fs::write(folder.path().join("header"), header()).unwrap();
    std::fs::write(folder.path().join("sound"), sound).unwrap();
    folder
}

/// Speaks with a shell script as engine; `$D` is the folder.
fn script(folder: &TempDir, script: &str, limits: Limits) -> Utterance {
    let script = format!("D='{}'; {script}", folder.path().display());
    voice(&["sh", "-c", &script], limits).speak("Hello.").unwrap()
}

fn voice(command: &[&str], limits: Limits) -> Voice {
    let command = command.iter().map(ToString::to_string).collect();
    Voice::with_limits(TtsSettings { language: "en-US".into(), command }, limits)
}

fn espeak() -> Voice {
    Voice::new(TtsSettings::default())
}

/// All samples, their rate, and how it ended.
async fn listen(utterance: &mut Utterance) -> (Vec<i16>, u32, Result<(), TtsError>) {
    let (mut samples, mut rate) = (Vec::new(), 0);
    loop {
        match utterance.next().await {
            Ok(Some(block)) => {
                assert!((1..=MAX_BLOCK).contains(&block.samples.len()), "{} samples", block.samples.len());
                rate = block.rate;
                samples.extend(block.samples);
            }
            Ok(None) => return (samples, rate, Ok(())),
            Err(error) => return (samples, rate, Err(error)),
        }
    }
}

async fn spoken(mut utterance: Utterance) -> Vec<i16> {
    let (samples, _, end) = listen(&mut utterance).await;
    end.unwrap();
    samples
}

/// `R`, `S`, `Z` … or `None` if there is no such process.
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !condition() {
        assert!(Instant::now() < deadline, "not within 5 s: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn gone(pid: u32) {
    // Whose parent has died waits for the init process of the machine to bury it.
    until("the engine is gone", || matches!(state(pid), None | Some('Z'))).await;
}

async fn number_in(file: &Path) -> u32 {
    until("the script has written its number", || std::fs::read_to_string(file).is_ok_and(|t| t.ends_with('\n'))).await;
    std::fs::read_to_string(file).unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn espeak_says_every_sentence_in_every_language() {
    for (language, tag) in Language::ALL.into_iter().zip(["en-GB", "fr-FR", "de-DE", "es-ES", "it-IT"]) {
        for sentence in Sentence::ALL {
            let mut utterance = espeak().speak_sentence(sentence, tag).unwrap();
            let (samples, rate, end) = listen(&mut utterance).await;
            end.unwrap();
            assert_eq!(rate, 22_050);
            let seconds = samples.len() as f32 / rate as f32;
            let letters = sentence.text(language).chars().count() as f32;
            assert!((0.03..0.15).contains(&(seconds / letters)), "{sentence:?} in {language:?} lasts {seconds} s");
            assert!(samples.iter().any(|s| s.abs() > 3_000), "{sentence:?} in {language:?} can't be heard");
        }
    }
}

#[tokio::test]
async fn the_language_chooses_the_voice() {
    let voice = espeak();
    let french = spoken(voice.speak_in("Paris", "fr_FR").unwrap()).await;
    let english = spoken(voice.speak_in("Paris", "en-US").unwrap()).await;
    assert_ne!(french, english);
    assert!(voice.take_warning().is_none());
}

#[tokio::test]
async fn every_language_of_the_engine_is_spoken_once_it_was_asked() {
    let voice = espeak();
    let english = spoken(voice.speak_in("Helsinki", "en-US").unwrap()).await;
    let finnish = voice.voices().await.unwrap().knows("FI_fi");
    assert_eq!(finnish.as_deref(), Some("fi-FI"));
    assert_ne!(spoken(voice.speak_in("Helsinki", "fi-FI").unwrap()).await, english);
    assert_eq!(spoken(voice.speak_in("Helsinki", "en").unwrap()).await, english);
    assert!(voice.take_warning().is_none());
    assert_eq!(voice.voices().await.unwrap().knows("xx-XX"), None);
    assert_eq!(spoken(voice.speak_in("Helsinki", "xx-XX").unwrap()).await, english);
    assert!(voice.take_warning().is_some());
}

#[tokio::test]
async fn an_engine_of_ones_own_is_taken_to_speak_every_language() {
    let voice = voice(&["no-such-program"], Limits::default());
    assert_eq!(voice.voices().await.unwrap().knows("fi_fi").as_deref(), Some("fi-FI"));
    assert_eq!(languages(&["no-such-program".to_owned()]).await.unwrap(), None);
}

#[tokio::test]
async fn an_unknown_language_is_spoken_as_english_and_told_once() {
    let voice = espeak();
    let english = spoken(voice.speak("Hello.").unwrap()).await;
    for _ in 0..3 {
        assert_eq!(spoken(voice.speak_in("Hello.", "xx-XX").unwrap()).await, english);
    }
    let warning = voice.take_warning().unwrap();
    assert!(matches!(&warning, TtsError::UnknownLanguage { language } if language == "xx-XX"), "{warning}");
    assert!(voice.take_warning().is_none());
}

#[tokio::test]
async fn a_sentence_in_a_language_without_a_catalogue_is_english_in_an_english_voice() {
    let voice = espeak();
    let there = spoken(voice.speak_sentence(Sentence::Muted, "fi-FI").unwrap()).await;
    assert_eq!(there, spoken(voice.speak_in("The microphone is muted.", "en").unwrap()).await);
}

#[tokio::test]
async fn the_text_reaches_the_engine_as_it_is_and_no_shell() {
    let folder = parts();
    let text = "$(touch /tmp/x) `id`; \"quotes\" 'too' --help é ß 你好";
    let script = format!("cd '{}'; cat > text; cat header sound", folder.path().display());
    spoken(voice(&["sh", "-c", &script], Limits::default()).speak(text).unwrap()).await;
    assert_eq!(std::fs::read_to_string(folder.path().join("text")).unwrap(), format!("{text}\n"));
}

#[tokio::test]
async fn the_first_sound_is_there_before_the_rest_is_made() {
    let folder = parts();
    let started = Instant::now();
    let mut utterance = script(&folder, "cat $D/header $D/sound; sleep 3; cat $D/sound", Limits::default());
    let mut samples = utterance.next().await.unwrap().unwrap().samples;
    let first = started.elapsed();
    while samples.len() < RATE as usize / 5 {
        samples.extend(utterance.next().await.unwrap().unwrap().samples);
    }
    assert!(first < Duration::from_millis(200), "first sound after {first:?}");
    assert!(started.elapsed() < Duration::from_millis(300), "200 ms of sound after {:?}", started.elapsed());
    assert_eq!(spoken(utterance).await.len(), RATE as usize / 5, "what came after the pause");
}

#[tokio::test]
async fn who_does_not_listen_holds_the_engine_up() {
    let folder = parts();
    let file = folder.path().join("long");
    std::fs::write(&file, header()).unwrap();
    std::fs::File::options().write(true).open(&file).unwrap().set_len(5_000_000).unwrap();
    let mut utterance = voice(&["cat", file.to_str().unwrap()], Limits::default()).speak("Hello.").unwrap();
    utterance.next().await.unwrap().unwrap();
    let pid = utterance.pid().unwrap();
    // It sleeps only when the pipe is full; if somebody read on, it would run and end.
    until("the engine waits for us", || state(pid) == Some('S')).await;
    let (samples, _, end) = listen(&mut utterance).await;
    end.unwrap();
    assert!(samples.len() > 2_400_000);
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named_with_a_remedy() {
    let error = voice(&["no-such-voice"], Limits::default()).speak("Hello.").unwrap_err();
    assert_eq!(error.to_string(), "the voice program `no-such-voice` is not installed");
    assert!(error.remedy().contains("`command` in [tts]") && error.remedy().contains("apt install espeak-ng"));
    let error = voice(&["/etc/passwd"], Limits::default()).speak("Hello.").unwrap_err();
    assert!(matches!(error, TtsError::Start { .. }), "{error}");
}

#[tokio::test]
async fn an_engine_that_fails_is_quoted() {
    let folder = parts();
    let failing = "cat > /dev/null; echo loading >&2; echo no such model >&2; exit 3";
    let (_, _, end) = listen(&mut script(&folder, failing, Limits::default())).await;
    assert_eq!(end.unwrap_err().to_string(), "the voice program `sh` failed (exit status: 3): no such model");

    let (samples, _, end) = listen(&mut script(&folder, "cat $D/header $D/sound; kill -9 $$", Limits::default())).await;
    assert_eq!(samples.len(), RATE as usize / 5, "what it said before it failed");
    assert!(matches!(end, Err(TtsError::Failed { .. })), "{end:?}");
}

#[tokio::test]
async fn no_sound_is_an_error() {
    let folder = parts();
    for silent in ["exit 0", "cat $D/header", "echo mute >&2"] {
        let (_, _, end) = listen(&mut script(&folder, silent, Limits::default())).await;
        assert!(matches!(end, Err(TtsError::Silent { .. })), "{silent}: {end:?}");
    }
    assert!(matches!(espeak().speak(" \n"), Err(TtsError::NothingToSay)));
}

#[tokio::test]
async fn what_is_not_wav_is_refused() {
    let folder = parts();
    for garbage in ["yes garbage", "cat /dev/urandom", "cat /dev/zero", "cat $D/sound"] {
        let mut utterance = script(&folder, garbage, Limits::default());
        let (samples, _, end) = listen(&mut utterance).await;
        assert!(samples.is_empty() && matches!(end, Err(TtsError::NotWav { .. })), "{garbage}: {end:?}");
        assert!(matches!(utterance.next().await, Ok(None)), "an error ends it");
    }
}

#[tokio::test]
async fn endless_sound_ends_after_three_minutes() {
    let folder = parts();
    let mut utterance = script(&folder, "cat $D/header; exec cat /dev/zero", Limits::default());
    let pid = utterance.pid().unwrap();
    let (samples, _, end) = listen(&mut utterance).await;
    assert!(matches!(end, Err(TtsError::TooLong { .. })), "{end:?}");
    let limit = 180 * RATE as usize;
    assert!(samples.len() <= limit && samples.len() + MAX_BLOCK > limit, "{} samples", samples.len());
    gone(pid).await;
}

#[tokio::test]
async fn an_engine_that_never_begins_is_given_up() {
    let folder = parts();
    let limits = Limits { first_sound: Duration::from_millis(300), ..Limits::default() };
    for slow in ["sleep 1000", "cat $D/header; sleep 1000", "cat $D/header; yes >&2"] {
        let mut utterance = script(&folder, slow, limits);
        let pid = utterance.pid().unwrap();
        let started = Instant::now();
        let (_, _, end) = listen(&mut utterance).await;
        assert!(matches!(end, Err(TtsError::Slow { .. })), "{slow}: {end:?}");
        assert!(started.elapsed() < Duration::from_secs(2));
        gone(pid).await;
    }
}

#[tokio::test]
async fn an_engine_that_stops_in_the_middle_is_given_up_however_often_we_ask() {
    let folder = parts();
    let limits = Limits { pause: Duration::from_millis(300), ..Limits::default() };
    let mut utterance = script(&folder, "cat $D/header $D/sound; sleep 1000", limits);
    let (mut heard, mut asked) = (0, 0);
    let error = loop {
        asked += 1;
        match tokio::time::timeout(Duration::from_millis(50), utterance.next()).await {
            Ok(Ok(Some(block))) => heard += block.samples.len(),
            Ok(Ok(None)) => panic!("it did not end well"),
            Ok(Err(error)) => break error,
            Err(_) => assert!(asked < 100, "asking must not begin the wait anew"),
        }
    };
    assert!(matches!(error, TtsError::Stalled { .. }), "{error}");
    assert_eq!(heard, RATE as usize / 5);
}

#[tokio::test]
async fn noise_on_stderr_does_not_stop_the_sound() {
    let folder = parts();
    let noisy = "head -c 1000000 /dev/zero >&2; cat $D/header $D/sound; head -c 1000000 /dev/zero >&2";
    assert_eq!(spoken(script(&folder, noisy, Limits::default())).await.len(), RATE as usize / 5);
}

#[tokio::test]
async fn an_engine_that_does_not_leave_is_sent_away() {
    let folder = parts();
    let limits = Limits { exit: Duration::from_millis(100), ..Limits::default() };
    let mut utterance = script(&folder, "cat $D/header $D/sound; exec >&-; sleep 1000", limits);
    let pid = utterance.pid().unwrap();
    let (samples, _, end) = listen(&mut utterance).await;
    end.unwrap();
    assert_eq!(samples.len(), RATE as usize / 5);
    gone(pid).await;
}

#[tokio::test]
async fn a_dropped_utterance_leaves_no_process() {
    let folder = parts();
    let mut utterance =
        script(&folder, "cat $D/header $D/sound; sleep 1000 & echo $! > $D/child; wait", Limits::default());
    utterance.next().await.unwrap().unwrap();
    let (pid, child) = (utterance.pid().unwrap(), number_in(&folder.path().join("child")).await);
    assert!(state(pid).is_some() && state(child).is_some());
    drop(utterance);
    gone(pid).await;
    gone(child).await;
    until("the engine is buried", || state(pid).is_none()).await;
}
