//! `GET /level` and `GET /echo`: what `auricle doctor` measures through a running daemon. Only numbers leave it.

use std::time::Duration;

use auricle_core::audio::chime::Chime;
use auricle_core::audio::{Position, TAPE_RATE, echo as echoes, samples};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_stream::wrappers::ReceiverStream;

use super::Request;
use super::routes::{refuse, refuse_with, request, stuck, told};
use super::server::Doors;
use crate::daemon::input::Input;
use crate::daemon::listener::{Piece, Refusal};
use crate::sound::Meter;

/// Levels per second.
const LEVELS: u64 = 10;

/// How long a measurement of the level may be, and is, in seconds.
const LONGEST: u64 = 30;
const USUAL: u64 = 3;

/// A microphone that delivers less is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Until the probe was heard by the loudspeaker's side: others may be speaking.
const SOUNDED: Duration = Duration::from_secs(6);

/// An echo that comes later is none.
const LATEST: Duration = Duration::from_millis(1_200);

/// The tape's place is known to a period; what was heard a moment before counts too.
const BEFORE: Duration = Duration::from_millis(100);

/// `GET /level?seconds=N`: an event per 100 ms, with `rms` and `peak` in dBFS and the number of `clipped` samples.
pub(super) async fn level(State(doors): State<Doors>, RawQuery(query): RawQuery) -> Response {
    let Some(seconds) = seconds(query.as_deref().unwrap_or_default()) else {
        return refuse(StatusCode::BAD_REQUEST, "it is /level?seconds=N with N from 1 to 30");
    };
    let pieces = match listen(&doors).await {
        Ok(pieces) => pieces,
        Err(refusal) => return refusal,
    };
    let (lines, body) = mpsc::channel(LEVELS as usize);
    tokio::spawn(measure(pieces, seconds * LEVELS, lines));
    told(ReceiverStream::new(body))
}

fn seconds(query: &str) -> Option<u64> {
    match query.split_once('=') {
        None if query.is_empty() => Some(USUAL),
        Some(("seconds", number)) => number.parse().ok().filter(|seconds| (1..=LONGEST).contains(seconds)),
        _ => None,
    }
}

async fn listen(doors: &Doors) -> Result<mpsc::Receiver<Piece>, Response> {
    let (reply, answer) = oneshot::channel();
    match request(doors, Request::Listen(reply), answer).await {
        Some(Ok(pieces)) => Ok(pieces),
        Some(Err(refusal)) => Err(refuse_with(&refusal)),
        None => Err(stuck()),
    }
}

/// Until so many levels were told, the microphone closes, or nobody reads any more.
async fn measure(mut pieces: mpsc::Receiver<Piece>, levels: u64, lines: mpsc::Sender<String>) {
    const BLOCK: usize = (TAPE_RATE as u64 / LEVELS) as usize;
    let end = Instant::now() + Duration::from_millis(levels * 1_000 / LEVELS) + PATIENCE;
    let (mut waiting, mut done) = (Vec::new(), 0);
    while let Ok(Some(piece)) = timeout_at(end, pieces.recv()).await {
        waiting.extend_from_slice(&piece.samples);
        while waiting.len() >= BLOCK && done < levels {
            let mut meter = Meter::default();
            meter.add(&waiting[..BLOCK]);
            waiting.drain(..BLOCK);
            done += 1;
            let level = meter.level();
            let tenths = |level: f32| (f64::from(level) * 10.0).round() / 10.0;
            let line = json!({"rms": tenths(level.rms), "peak": tenths(level.peak), "clipped": meter.clipped});
            // A reader who takes nothing must not hold the microphone.
            if !matches!(timeout_at(end, lines.send(line.to_string())).await, Ok(Ok(()))) {
                return;
            }
        }
        if done == levels {
            return;
        }
    }
}

/// `GET /echo`: plays a short sweep and finds it in what the microphone hears: `heard`, and then `delay_ms` from the
/// loudspeaker's beginning and `level_db`, how much louder (or, below 0, quieter) it comes back.
pub(super) async fn echo(State(doors): State<Doors>) -> Response {
    let pieces = match listen(&doors).await {
        Ok(pieces) => pieces,
        Err(refusal) => return refusal,
    };
    match sound(&doors, pieces).await {
        Ok((from, heard)) => match tokio::task::spawn_blocking(move || find(from, &heard)).await {
            Ok(found) => Json(found).into_response(),
            Err(_) => stuck(),
        },
        Err(refusal) => refuse_with(&refusal),
    }
}

/// What was heard around the probe: the place of the first sample, and the samples; and where the probe began.
type Around = (Position, (Position, Vec<i16>));

async fn sound(doors: &Doors, mut pieces: mpsc::Receiver<Piece>) -> Result<Around, Refusal> {
    let stuck = || Refusal::new("stuck", "the daemon is stuck or ending; see its log (`journalctl -u auricle`)");
    let gone = || Refusal::new("closed", "the microphone was closed meanwhile; `auricle status` may say why");
    let (reply, mut sounded) = oneshot::channel();
    doors.inbox.try_send(Input::Request(Request::Sound(reply))).map_err(|_| stuck())?;
    let end = Instant::now() + SOUNDED;
    let mut heard: Option<(Position, Vec<i16>)> = None;
    let mut from = None;
    loop {
        tokio::select! {
            told = &mut sounded, if from.is_none() => from = Some(told.map_err(|_| stuck())??),
            piece = timeout_at(end + PATIENCE, pieces.recv()) => {
                add(&mut heard, &piece.map_err(|_| gone())?.ok_or_else(gone)?)?;
            }
        }
        if from.is_none() && Instant::now() > end {
            let why =
                format!("the loudspeaker was not free within {} s; try again when it is silent", SOUNDED.as_secs());
            return Err(Refusal::busy(why));
        }
        if let (Some(from), Some((at, sound))) = (from, &heard)
            && at.0 + sound.len() as u64 >= (from + LATEST).0
        {
            break;
        }
    }
    Ok((from.ok_or_else(gone)?, heard.ok_or_else(gone)?))
}

/// Joins what was heard. After a gap every place behind it would be wrong.
fn add(heard: &mut Option<(Position, Vec<i16>)>, piece: &Piece) -> Result<(), Refusal> {
    let (at, samples) = heard.get_or_insert_with(|| (piece.at, Vec::new()));
    if at.0 + samples.len() as u64 != piece.at.0 {
        return Err(Refusal::busy("a part of what was heard is missing: the machine was too busy; try again"));
    }
    samples.extend_from_slice(&piece.samples);
    Ok(())
}

fn find(from: Position, (at, heard): &(Position, Vec<i16>)) -> Value {
    let begin = from.back(BEFORE);
    let skip = usize::try_from(begin - *at).unwrap_or(usize::MAX).min(heard.len());
    let length = usize::try_from(samples(BEFORE + LATEST)).unwrap_or(usize::MAX);
    let window = &heard[skip..heard.len().min(skip.saturating_add(length))];
    match echoes::find(&Chime::Probe.render(TAPE_RATE), window) {
        Some(echo) => {
            let place = at.0 + (skip + echo.at) as u64;
            let delay = place.saturating_sub(from.0) as f64 * 1_000.0 / f64::from(TAPE_RATE);
            json!({"ok": true, "heard": true, "delay_ms": delay.round(), "level_db": f64::from(echo.gain).round()})
        }
        None => json!({"ok": true, "heard": false}),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn piece(at: u64, length: usize) -> Piece {
        Piece { at: Position(at), samples: vec![0; length] }
    }

    #[test]
    fn what_is_heard_has_no_gap() {
        let mut heard = None;
        add(&mut heard, &piece(70, 10)).unwrap();
        add(&mut heard, &piece(80, 5)).unwrap();
        assert_eq!(heard.as_ref().map(|(at, sound)| (at.0, sound.len())), Some((70, 15)));
        assert_eq!(add(&mut heard, &piece(86, 5)).unwrap_err().code, "busy");
    }

    #[tokio::test]
    async fn a_level_is_told_from_what_was_heard_and_a_gap_ends_no_meter() {
        let (out, pieces) = mpsc::channel(8);
        let (lines, mut told) = mpsc::channel(8);
        let loud = Piece { at: Position(0), samples: vec![16_384; 1_000] };
        out.send(loud).await.unwrap();
        // A tenth of a second is missing; what comes after it belongs to the next levels.
        out.send(Piece { at: Position(2_600), samples: vec![-16_384; 1_400] }).await.unwrap();
        out.send(piece(4_000, 800)).await.unwrap();
        drop(out);
        measure(pieces, 30, lines).await;
        let mut levels = Vec::new();
        while let Some(line) = told.recv().await {
            let line: Value = serde_json::from_str(&line).unwrap();
            levels.push((line["rms"].as_f64().unwrap(), line["clipped"].as_u64().unwrap()));
        }
        assert_eq!(levels, [(-6.0, 0), (-9.0, 0)]);
    }

    #[tokio::test]
    async fn who_reads_nothing_holds_no_microphone() {
        let (out, pieces) = mpsc::channel(8);
        let (lines, _unread) = mpsc::channel(1);
        out.send(piece(0, 16_000)).await.unwrap();
        // Longer than the patience only if it waits for the reader.
        let measured = tokio::time::timeout(PATIENCE * 5, measure(pieces, 2, lines)).await;
        assert!(measured.is_ok());
        assert!(out.is_closed());
    }
}
