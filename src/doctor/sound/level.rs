//! How loud the microphone hears. Where a person is there, it is asked to speak and sees a meter.

use std::path::Path;
use std::time::Duration;

use auricle_core::audio::TAPE_RATE;
use auricle_core::sentences::{Language, Sentence};
use hyper::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::control::client::{self, ClientError, Lines};
use crate::doctor::case::Case;
use crate::doctor::sheet::{Finding, Sheet};
use crate::sound::{Heard, LevelTrouble, SILENCE_DBFS, bar};

const CHECK: &str = "level";

/// How long is listened, in seconds.
const SECONDS: u64 = 3;

/// For so many seconds, the most that the daemon gives, the microphone is ours: until the echo is measured, too.
const HELD: u64 = 30;

/// Levels per second.
const BLOCKS: u64 = 10;

/// The device has so long to say something.
const SPEAKING: Duration = Duration::from_secs(5);

/// What came in while it was listened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metered {
    /// What it is judged by.
    pub heard: Heard,
    /// The largest sample, in dBFS.
    pub peak: f32,
    /// How many times 100 ms.
    pub blocks: u64,
}

impl Default for Metered {
    fn default() -> Self {
        let heard = Heard { loudest: SILENCE_DBFS, quietest: 0.0, clipped: 0, samples: 0, all_zero: true };
        Self { heard, peak: SILENCE_DBFS, blocks: 0 }
    }
}

impl Metered {
    /// Takes a line of the daemon's meter in; its `rms`.
    pub fn add(&mut self, line: &Value) -> f32 {
        let level = |key: &str| line[key].as_f64().map_or(SILENCE_DBFS, |level| level as f32);
        let (rms, heard) = (level("rms"), &mut self.heard);
        heard.loudest = heard.loudest.max(rms);
        heard.quietest = heard.quietest.min(rms);
        heard.clipped = heard.clipped.saturating_add(line["clipped"].as_u64().unwrap_or(0));
        heard.samples += u64::from(TAPE_RATE) / BLOCKS;
        self.peak = self.peak.max(level("peak"));
        heard.all_zero = self.peak <= SILENCE_DBFS;
        self.blocks += 1;
        rms
    }
}

/// Begins to listen, and goes on as long as the value lives: meanwhile nothing that a person says opens a turn.
pub(super) async fn open(socket: &Path) -> Result<Lines, ClientError> {
    client::follow(socket, &format!("/level?seconds={HELD}")).await
}

/// What there is to say where nothing can be listened to.
pub(super) fn not_open(error: ClientError) -> Finding {
    match error {
        ClientError::Refused { why, .. } => Finding::skipped(CHECK, why),
        error => Finding::warning(CHECK, error.to_string(), "Run it again."),
    }
}

/// Asks a person to speak, if there is one, and listens. Whether there were only zeros.
pub(super) async fn look(case: &Case, sheet: &Sheet, socket: &Path, lines: &mut Lines) -> bool {
    if case.person {
        sheet.say("Please speak now, for three seconds.");
        meanwhile(lines, say(case, socket, Sentence::SpeakNow)).await;
    }
    let heard = match listen(case, sheet, lines).await {
        Ok(heard) => heard,
        Err(error) => {
            sheet.write(not_open(error));
            return false;
        }
    };
    let finding = judge(&heard, case.person);
    let well = finding.remedy.is_empty();
    sheet.write(finding);
    if case.person {
        let sentence = if well { Sentence::HeardYou } else { Sentence::HardlyHeard };
        meanwhile(lines, say(case, socket, sentence)).await;
    }
    heard.heard.all_zero
}

/// Awaits the work, and takes in meanwhile what is heard: whoever takes nothing is taken for gone.
pub(super) async fn meanwhile<T>(lines: &mut Lines, work: impl Future<Output = T>) -> T {
    let taken = async {
        while let Ok(Some(_)) = lines.next().await {}
        std::future::pending().await
    };
    tokio::select! {
        biased;
        done = work => done,
        never = taken => never,
    }
}

async fn listen(case: &Case, sheet: &Sheet, lines: &mut Lines) -> Result<Metered, ClientError> {
    let mut heard = Metered::default();
    let end = Instant::now() + Duration::from_secs(SECONDS + 2);
    while heard.blocks < SECONDS * BLOCKS
        && let Ok(line) = timeout_at(end, lines.next()).await
    {
        let Some(line) = line? else { break };
        let rms = heard.add(&serde_json::from_str(&line).unwrap_or_default());
        if case.person {
            sheet.sketch(&bar(rms));
        }
    }
    if case.person {
        sheet.sketch("");
    }
    if heard.blocks == 0 {
        let why = "the microphone was closed meanwhile; `auricle status` may say why".to_owned();
        return Err(ClientError::Refused { why, code: "closed".to_owned() });
    }
    Ok(heard)
}

/// The device says it; returns when it was said, or could not be.
async fn say(case: &Case, socket: &Path, sentence: Sentence) {
    let tag = case.settings().map_or("en", |settings| settings.tts.language.as_str());
    let text = sentence.text(Language::of_tag(tag));
    let speaking = async {
        let mut events = client::follow(socket, "/events").await?;
        client::call(socket, Method::POST, "/say", Some(json!({"text": text}))).await?;
        while let Some(line) = events.next().await? {
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["event"] == "drop" || (event["event"] == "spoken" && event["text"] == text) {
                break;
            }
        }
        Ok::<_, ClientError>(())
    };
    // What can't be said was written, too.
    let _ = tokio::time::timeout(SPEAKING, speaking).await;
}

/// `spoken`: whether somebody was asked to speak.
#[must_use]
pub fn judge(metered: &Metered, spoken: bool) -> Finding {
    let Metered { heard: Heard { loudest, quietest, clipped, .. }, peak, .. } = metered;
    let seen = format!("loudest {loudest:.0} dBFS, quietest {quietest:.0} dBFS, peak {peak:.0} dBFS");
    let (what, remedy) = match metered.heard.trouble(spoken) {
        None => return Finding::ok(CHECK, seen),
        Some(LevelTrouble::Zeros) => {
            let seen = "there are only zeros: no sound at all";
            let remedy = "Look for a switch at the microphone, raise it in `alsamixer` (F4), and try another \
                          `channel` in [audio].";
            // Some microphones are that quiet while nobody speaks.
            return if spoken { Finding::fault(CHECK, seen, remedy) } else { Finding::warning(CHECK, seen, remedy) };
        }
        Some(LevelTrouble::Clipped) => (
            format!("{clipped} samples are clipped"),
            "Turn the microphone down: `alsamixer`, F4, and `sudo alsactl store`.",
        ),
        Some(LevelTrouble::Noise) => {
            ("it is never quiet".to_owned(), "Turn the microphone down, or take it away from the noise.")
        }
        Some(LevelTrouble::Quiet) => {
            ("speech is hardly heard".to_owned(), "Turn the microphone up: `alsamixer`, F4, and `sudo alsactl store`.")
        }
        Some(LevelTrouble::Nobody) => (
            "nobody was heard in the noise of the room".to_owned(),
            "Run it again and speak when it says so; else look whether `capture` in [audio] is the right microphone.",
        ),
    };
    Finding::warning(CHECK, format!("{what}; {seen}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::sheet::Verdict;

    #[test]
    fn silence_noise_clipping_and_speech_are_told_apart() {
        let heard = |loudest, quietest, peak: f32, clipped| {
            let heard = Heard { loudest, quietest, clipped, samples: 48_000, all_zero: peak <= SILENCE_DBFS };
            Metered { heard, peak, blocks: 30 }
        };
        for (heard, asked, unasked) in [
            (heard(SILENCE_DBFS, SILENCE_DBFS, SILENCE_DBFS, 0), Verdict::Fault, Verdict::Warning),
            (heard(-20.0, -60.0, -9.0, 0), Verdict::Ok, Verdict::Ok),
            // A single click is no clipping.
            (heard(-20.0, -60.0, 0.0, 3), Verdict::Ok, Verdict::Ok),
            (heard(-60.0, -62.0, -50.0, 0), Verdict::Warning, Verdict::Ok),
            (heard(-40.0, -44.0, -30.0, 0), Verdict::Warning, Verdict::Ok),
            (heard(-6.0, -50.0, 0.0, 400), Verdict::Warning, Verdict::Warning),
            (heard(-15.0, -20.0, -3.0, 0), Verdict::Warning, Verdict::Warning),
        ] {
            assert_eq!((judge(&heard, true).verdict, judge(&heard, false).verdict), (asked, unasked), "{heard:?}");
        }
    }

    #[test]
    fn any_line_is_added() {
        let mut metered = Metered::default();
        metered.add(&json!({"rms": -20.0, "peak": -10.0, "clipped": 2}));
        metered.add(&json!({"rms": -60.0, "peak": -50.0, "clipped": 0}));
        metered.add(&json!({"rms": "x", "clipped": -1}));
        let heard = Heard { loudest: -20.0, quietest: SILENCE_DBFS, clipped: 2, samples: 4_800, all_zero: false };
        assert_eq!(metered, Metered { heard, peak: -10.0, blocks: 3 });
    }
}
