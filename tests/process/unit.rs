//! Commands of any kind run in a unit of their own, when the owner has enabled it, and nowhere else where it belongs.
//!
//! What the service manager does for `auricle-shell.socket` is done here by a loop: it accepts, and starts
//! `auricle shell-session` with the connection as its standard input.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use auricle::services::shell::{Refusal, ShellAnswer, ShellPolicy, Unit, run_beside};
use serde_json::json;
use tempfile::TempDir;

use crate::watching::{gone, numbers};

const LONG: Duration = Duration::from_secs(30);

/// A socket whose connections are handled by `serve`, and the folder that it lies in.
fn socket(serve: impl Fn(UnixStream) + Send + 'static) -> (Unit, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("shell.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap())));
    (Unit { socket, required: true }, folder)
}

fn session() -> Command {
    let mut session = Command::new(env!("CARGO_BIN_EXE_auricle"));
    session.arg("shell-session").env("WHERE", "in the unit").stdout(Stdio::null());
    session
}

/// As `auricle-shell.socket` does it.
fn unit() -> (Unit, TempDir) {
    socket(|stream| {
        let mut child = session().stdin(OwnedFd::from(stream)).stderr(Stdio::null()).spawn().unwrap();
        thread::spawn(move || child.wait());
    })
}

async fn any(unit: &Unit, command: &str, limit: Duration) -> ShellAnswer {
    run_beside(unit, &ShellPolicy::Any, command, limit).await
}

#[tokio::test]
async fn a_command_runs_in_the_unit_and_its_answer_is_the_same_as_anywhere() {
    let (unit, _folder) = unit();
    let answer = any(&unit, "echo \"$WHERE\"; echo Grüße >&2; exit 3", LONG).await;
    let status = "Command failed: echo \"$WHERE\"; echo Grüße >&2; exit 3\nGrüße\n";
    assert_eq!(answer.json(), json!({ "status": status, "stdout": "in the unit\n", "stderr": "Grüße\n", "code": 3 }));
    let cut = any(&unit, "head -c 100000 /dev/zero", LONG).await.json();
    assert_eq!(cut["stdout"].as_str().unwrap().len(), 64 * 1024);
    assert!(cut["note"].is_string());
}

#[tokio::test]
async fn what_is_listed_stays_with_the_daemon() {
    let (unit, _folder) = unit();
    let policy = ShellPolicy::Listed(vec![["sh", "-c", "echo \"$WHERE\""].map(String::from).to_vec()]);
    let answer = run_beside(&unit, &policy, "sh -c 'echo \"$WHERE\"'", LONG).await;
    assert_eq!(answer.json()["stdout"], "\n");
}

#[tokio::test]
async fn time_that_is_over_ends_all_of_it() {
    let (unit, folder) = unit();
    let file = folder.path().join("numbers");
    let command = format!("sleep 60 & echo $! >{0}; echo $$ >>{0}; wait", file.display());
    let answer = any(&unit, &command, Duration::from_secs(1)).await;
    assert!(answer.json()["status"].as_str().unwrap().starts_with("Command timed out after 1 s"), "{answer:?}");
    gone(&numbers(&file, 2).await).await;
}

#[tokio::test]
async fn a_daemon_that_hangs_up_ends_the_command() {
    let (unit, folder) = unit();
    let file = folder.path().join("numbers");
    let command = format!("sleep 60 & echo $! >{0}; echo $$ >>{0}; wait", file.display());
    let running = tokio::spawn(async move { any(&unit, &command, LONG).await });
    let numbers = numbers(&file, 2).await;
    running.abort();
    gone(&numbers).await;
}

#[tokio::test]
async fn without_the_owners_consent_the_answer_names_the_command_that_gives_it() {
    let folder = tempfile::tempdir().unwrap();
    let witness = folder.path().join("witness");
    let command = format!("touch {}", witness.display());
    let stale = folder.path().join("stale.sock");
    drop(UnixListener::bind(&stale).unwrap());
    for socket in [folder.path().join("none.sock"), stale] {
        let answer = any(&Unit { socket, required: true }, &command, LONG).await;
        assert!(matches!(answer, ShellAnswer::Refused(Refusal::Disabled)), "{answer:?}");
        let json = answer.json();
        assert!(
            json["status"].as_str().unwrap().contains("sudo systemctl enable --now auricle-shell.socket"),
            "{json}"
        );
    }
    assert!(!witness.exists());
}

#[tokio::test]
async fn where_no_package_brought_the_unit_the_daemons_user_runs_it() {
    let unit = Unit { socket: "/nonexistent/shell.sock".into(), required: false };
    assert_eq!(any(&unit, "echo here", LONG).await.json(), json!({ "stdout": "here\n", "stderr": "", "code": 0 }));
}

#[tokio::test]
async fn a_unit_that_answers_nonsense_is_told_and_not_waited_for() {
    let nonsense: [&'static [u8]; 4] = [b"", b"{}\n", b"\xff\xfe\n", b"{\"ended\":"];
    for bytes in nonsense {
        let (unit, _folder) = socket(move |mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(bytes);
        });
        let answer = any(&unit, "true", LONG).await;
        assert!(matches!(answer, ShellAnswer::Unanswered { .. }), "{bytes:?}: {answer:?}");
        assert!(answer.json()["status"].as_str().unwrap().contains("journalctl"), "{answer:?}");
        assert!(answer.audit().starts_with("failed: "), "{}", answer.audit());
    }
    // One that never ends its line is cut at the longest that a report can be.
    let (unit, _folder) = socket(|mut stream| while stream.write_all(&[b' '; 65536]).is_ok() {});
    assert!(matches!(any(&unit, "true", LONG).await, ShellAnswer::Unanswered { .. }));
}

#[test]
fn a_session_without_the_daemon_does_nothing_and_says_so() {
    let by_hand = session().stdin(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    assert!(!by_hand.status.success());
    assert!(String::from_utf8_lossy(&by_hand.stderr).contains("auricle-shell.socket"), "{by_hand:?}");
}

#[test]
fn a_session_takes_one_order_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let witness = folder.path().join("witness");
    let touch = |name: &Path| format!("{{\"command\":\"touch {}\",\"time_limit_ms\":5000}}", name.display());
    let too_long =
        format!("{{\"command\":\"touch {} #{}\",\"time_limit_ms\":5000}}\n", witness.display(), "x".repeat(5000));
    // No end of the line, no JSON, a NUL character for the shell, more than the longest order, more than a command.
    let nul = "{\"command\":\"a\\u0000b\",\"time_limit_ms\":5000}\n".to_owned();
    for order in [touch(&witness), "touch\n".to_owned(), nul, "x".repeat(100_000), too_long] {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let mut child = session().stdin(OwnedFd::from(theirs)).stderr(Stdio::null()).spawn().unwrap();
        let _ = ours.write_all(order.as_bytes());
        let _ = ours.shutdown(std::net::Shutdown::Write);
        let mut answer = String::new();
        let _ = ours.read_to_string(&mut answer);
        child.wait().unwrap();
        assert!(answer.is_empty() || answer.contains("\"failed\""), "{answer}");
    }
    assert!(!witness.exists());
}
