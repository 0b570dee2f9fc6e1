//! How loud the microphone hears. Where a person is there, it is asked to speak and sees a meter.

use std::path::Path;
use std::time::Duration;

use auricle_core::sentences::{Language, Sentence};
use hyper::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::control::client::{self, ClientError, Lines};
use crate::doctor::case::Case;
use crate::doctor::sheet::{Finding, Sheet};
use crate::sound::SILENCE_DBFS;

const CHECK: &str = "level";

/// How long is listened, in seconds.
const SECONDS: u64 = 3;

/// For so many seconds, the most that the daemon gives, the microphone is ours: until the echo is measured, too.
const HELD: u64 = 30;

/// Levels per second.
const BLOCKS: u64 = 10;

/// Speech at its loudest is above this, or the microphone is too quiet, in dBFS.
const SPEECH: f32 = -45.0;

/// A room that is louder drowns speech, in dBFS.
const NOISE: f32 = -30.0;

/// So many samples at full scale are no accident.
const CLIPPED: u64 = 20;

/// The device has so long to say something.
const SPEAKING: Duration = Duration::from_secs(5);

/// What came in while it was listened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// The loudest and the quietest 100 ms, in dBFS.
    pub loudest: f32,
    /// The quietest.
    pub quietest: f32,
    /// The largest sample, in dBFS.
    pub peak: f32,
    /// Samples at full scale.
    pub clipped: u64,
    /// How many times 100 ms.
    pub blocks: u64,
}

impl Default for Heard {
    fn default() -> Self {
        Self { loudest: SILENCE_DBFS, quietest: 0.0, peak: SILENCE_DBFS, clipped: 0, blocks: 0 }
    }
}

impl Heard {
    /// Takes a line of the daemon's meter in; its `rms`.
    pub fn add(&mut self, line: &Value) -> f32 {
        let level = |key: &str| line[key].as_f64().map_or(SILENCE_DBFS, |level| level as f32);
        let rms = level("rms");
        self.loudest = self.loudest.max(rms);
        self.quietest = self.quietest.min(rms);
        self.peak = self.peak.max(level("peak"));
        self.clipped += line["clipped"].as_u64().unwrap_or(0);
        self.blocks += 1;
        rms
    }

    /// Whether not one sample was anything but zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.peak <= SILENCE_DBFS
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
    heard.is_zero()
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

async fn listen(case: &Case, sheet: &Sheet, lines: &mut Lines) -> Result<Heard, ClientError> {
    let mut heard = Heard::default();
    let end = Instant::now() + Duration::from_secs(SECONDS + 2);
    while heard.blocks < SECONDS * BLOCKS
        && let Ok(line) = timeout_at(end, lines.next()).await
    {
        let Some(line) = line? else { break };
        let rms = heard.add(&serde_json::from_str(&line).unwrap_or_default());
        if case.person {
            sheet.sketch(&meter(rms));
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

/// `[#########           ] -32 dBFS`
fn meter(rms: f32) -> String {
    const WIDTH: f32 = 40.0;
    let filled = ((rms + 70.0) / 70.0 * WIDTH).clamp(0.0, WIDTH) as usize;
    format!("[{:<40}] {rms:4.0} dBFS", "#".repeat(filled))
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
pub fn judge(heard: &Heard, spoken: bool) -> Finding {
    let seen =
        format!("loudest {:.0} dBFS, quietest {:.0} dBFS, peak {:.0} dBFS", heard.loudest, heard.quietest, heard.peak);
    let louder = "Turn the microphone up: `alsamixer`, F4, and `sudo alsactl store`.";
    if heard.is_zero() {
        let seen = "there are only zeros: no sound at all";
        let remedy =
            "Look for a switch at the microphone, raise it in `alsamixer` (F4), and try another `channel` in [audio].";
        // Some microphones are that quiet while nobody speaks.
        return if spoken { Finding::fault(CHECK, seen, remedy) } else { Finding::warning(CHECK, seen, remedy) };
    }
    if heard.clipped > CLIPPED {
        let seen = format!("{} samples are clipped; {seen}", heard.clipped);
        return Finding::warning(CHECK, seen, "Turn the microphone down: `alsamixer`, F4, and `sudo alsactl store`.");
    }
    if heard.quietest > NOISE {
        let seen = format!("it is never quiet; {seen}");
        return Finding::warning(CHECK, seen, "Turn the microphone down, or take it away from the noise.");
    }
    if spoken && heard.loudest < SPEECH {
        return Finding::warning(CHECK, format!("speech is hardly heard; {seen}"), louder);
    }
    Finding::ok(CHECK, seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::sheet::Verdict;

    #[test]
    fn silence_noise_clipping_and_speech_are_told_apart() {
        let heard = |loudest, quietest, peak, clipped| Heard { loudest, quietest, peak, clipped, blocks: 30 };
        for (heard, asked, unasked) in [
            (heard(SILENCE_DBFS, SILENCE_DBFS, SILENCE_DBFS, 0), Verdict::Fault, Verdict::Warning),
            (heard(-20.0, -60.0, -9.0, 0), Verdict::Ok, Verdict::Ok),
            (heard(-60.0, -62.0, -50.0, 0), Verdict::Warning, Verdict::Ok),
            (heard(-6.0, -50.0, 0.0, 400), Verdict::Warning, Verdict::Warning),
            (heard(-15.0, -20.0, -3.0, 0), Verdict::Warning, Verdict::Warning),
        ] {
            assert_eq!((judge(&heard, true).verdict, judge(&heard, false).verdict), (asked, unasked), "{heard:?}");
        }
    }

    #[test]
    fn any_line_is_added() {
        let mut heard = Heard::default();
        heard.add(&json!({"rms": -20.0, "peak": -10.0, "clipped": 2}));
        heard.add(&json!({"rms": -60.0, "peak": -50.0, "clipped": 0}));
        heard.add(&json!({"rms": "x", "clipped": -1}));
        assert_eq!(heard, Heard { loudest: -20.0, quietest: SILENCE_DBFS, peak: -10.0, clipped: 2, blocks: 3 });
    }

    #[test]
    fn the_meter_has_one_width() {
        for rms in [SILENCE_DBFS, -70.0, -35.0, -0.1, 3.0] {
            assert_eq!(meter(rms).find(']'), Some(41), "{}", meter(rms));
        }
    }
}
