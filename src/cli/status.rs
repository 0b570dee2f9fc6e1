//! `auricle status`: how the daemon is.

use std::process::ExitCode;

use hyper::Method;
use serde_json::Value;

use super::Reach;
use super::table::table;
use super::talk::{ask, finish, plain};
use crate::shown::{printable, size};

/// Asks the daemon and prints what it says.
pub fn status(reach: &Reach) -> ExitCode {
    finish(reach, ask(reach, Method::GET, "/status", None), |status| print!("{}", in_words(status)))
}

fn in_words(status: &Value) -> String {
    let text = |key: &str| printable(plain(&status[key]));
    let mut rows: Vec<[String; 2]> = Vec::new();
    let mut row = |name: &str, value: String| rows.push([name.to_owned(), value]);
    row("auricle", text("version"));
    row("serial", text("serial"));
    row("state", text("state"));
    if status["muted"] == true {
        row("microphone", "muted; `auricle unmute` opens it".into());
    }
    if status["recording"] == true {
        row("recording", "a meeting; `auricle meeting stop` ends it".into());
    }
    row("volume", format!("{} %", status["volume"]));
    for server in list(&status["servers"]) {
        let (name, kind, link) = (plain(&server["name"]), plain(&server["kind"]), plain(&server["link"]));
        row("server", printable(&format!("{name} ({kind}) {link}{}", over_udp(&status["counters"], name))));
    }
    for server in list(&status["servers"]) {
        if let Some(counts) = sound_counts(&status["counters"], plain(&server["name"])) {
            row("sound", printable(&counts));
        }
    }
    if let Some(words) = wake_words(&status["counters"]) {
        row("wake words", words);
    }
    row("sent", sent(&status["sent"]));
    row("counted", counted(status));
    let causes: String = list(&status["causes"]).iter().map(cause).collect();
    if causes.is_empty() { table("", &rows) } else { format!("{}\n{causes}", table("", &rows)) }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What is wrong, and below it what to do.
fn cause(cause: &Value) -> String {
    let server = cause["server"].as_str().map(|name| format!(" [{name}]")).unwrap_or_default();
    let what = printable(&format!("{}{server}: {}", plain(&cause["code"]), plain(&cause["text"])));
    format!("! {what}\n  → {}\n", printable(plain(&cause["remedy"])))
}

/// How the sound of the last conversation went, where it has a way of its own.
fn over_udp(counters: &Value, server: &str) -> String {
    let count = |what: &str| counters[format!("{server}_last_{what}")].as_u64();
    let (Some(sent), Some(received)) = (count("sent"), count("received")) else { return String::new() };
    format!("; last conversation: {sent} datagrams out, {received} back")
}

/// What became of the datagrams since the start, of a server that has any.
fn sound_counts(counters: &Value, server: &str) -> Option<String> {
    let count = |what: &str| counters[format!("{server}_{what}")].as_u64();
    let counts = ["sent", "received", "lost", "concealed", "late", "refused"]
        .map(|what| count(what).map(|count| format!("{what} {count}")))
        .into_iter()
        .collect::<Option<Vec<_>>>()?;
    Some(format!("[{server}] {}; buffer {} ms", counts.join(", "), count("buffer_ms")?))
}

fn sent(sent: &Value) -> String {
    let seconds = sent["seconds"].as_f64().unwrap_or(0.0);
    let bytes = sent["bytes"].as_u64().unwrap_or(0);
    format!("{seconds:.1} s of sound, {} since the start", size(bytes))
}

/// The words that are listened for, and how often each was heard.
fn wake_words(counters: &Value) -> Option<String> {
    let counters = counters.as_object()?.iter();
    let words = counters.filter_map(|(name, count)| Some((name.strip_prefix("wake_")?, count.as_u64()?)));
    let words: Vec<_> = words.map(|(word, count)| format!("{} (heard {count} ×)", printable(word))).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// What went wrong since the start, in numbers. `--json` has all counters.
fn counted(status: &Value) -> String {
    let count = |name: &str| status["counters"][name].as_u64().unwrap_or(0);
    let link = |server: &Value| count(&format!("{}_connects", plain(&server["name"]))).saturating_sub(1);
    let reconnects: u64 = list(&status["servers"]).iter().map(link).sum();
    let xruns = count("capture_xruns") + count("playback_xruns");
    let (drops, deaf) = (count("drops"), count("deaf_seconds"));
    format!("xruns {xruns}, drops {drops}, reconnects {reconnects}, deaf {deaf} s")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_made_for_reading() {
        let status = json!({
            "version": "1.2.3", "serial": "raspberry1", "state": "degraded", "muted": false, "recording": true,
            "volume": 80, "servers": [{"name": "home", "kind": "linto", "link": "down"},
                {"name": "toy", "kind": "xiaozhi", "link": "up"}],
            "sent": {"seconds": 12.34, "bytes": 395_000},
            "counters": {"capture_xruns": 1, "playback_xruns": 2, "drops": 4, "home_connects": 3, "deaf_seconds": 17,
                         "wake_okay_nabu": 2, "toy_last_sent": 63, "toy_last_received": 0,
                         "toy_sent": 90, "toy_received": 40, "toy_lost": 3, "toy_concealed": 4, "toy_late": 1,
                         "toy_refused": 0, "toy_buffer_ms": 120},
            "causes": [{"code": "BrokerUnreachable", "server": "home", "text": "It is\naway.", "remedy": "Start it."}],
        });
        let expected = "\
auricle     1.2.3
serial      raspberry1
state       degraded
recording   a meeting; `auricle meeting stop` ends it
volume      80 %
server      home (linto) down
server      toy (xiaozhi) up; last conversation: 63 datagrams out, 0 back
sound       [toy] sent 90, received 40, lost 3, concealed 4, late 1, refused 0; buffer 120 ms
wake words  okay_nabu (heard 2 ×)
sent        12.3 s of sound, 395 kB since the start
counted     xruns 3, drops 4, reconnects 2, deaf 17 s

! BrokerUnreachable [home]: It is away.
  → Start it.
";
        assert_eq!(in_words(&status), expected);
    }

    #[test]
    fn what_is_well_is_short_and_what_is_missing_does_no_harm() {
        let status = in_words(&json!({"state": "muted", "muted": true}));
        assert!(status.contains("\nmicrophone  muted") && !status.contains('!'), "{status}");
        assert!(in_words(&Value::Null).contains("xruns 0"));
    }
}
