//! A program ends, whatever it does, and leaves nobody behind.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use auricle::services::process::{OUTPUT_CAP, Outcome, ProcessError, Program};

use crate::watching::{gone, lives, numbers, script, until, words};

async fn sh(command: &str) -> Outcome {
    Program::new(words(&["/bin/sh", "-c", command])).run().await.unwrap()
}

/// The memory of this process that is in use, in bytes.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test]
async fn an_exit_code_and_both_outputs_come_back() {
    let outcome = sh("echo out; echo err >&2; exit 7").await;
    assert_eq!((outcome.code, outcome.signal), (Some(7), None));
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("out\n", "err\n"));
    assert!(!outcome.cut && !outcome.timed_out && !outcome.is_success());
    assert_eq!(outcome.audit(), "exit 7, 8 bytes");
    assert!(sh("true").await.is_success());
}

#[tokio::test]
async fn a_signal_comes_back() {
    let outcome = sh("echo last; kill -9 $$").await;
    assert_eq!((outcome.code, outcome.signal, outcome.stdout.as_str()), (None, Some(9), "last\n"));
    assert_eq!(outcome.audit(), "signal 9, 5 bytes");
}

#[tokio::test]
async fn arguments_pass_no_shell() {
    let outcome = Program::new(words(&["printf", "%s|", "$HOME", "a b", "", "`id`", "*"])).run().await.unwrap();
    assert_eq!(outcome.stdout, "$HOME|a b||`id`|*|");
}

#[tokio::test]
async fn a_megabyte_of_input_goes_in_while_the_output_comes_out() {
    let text: String = (0..150_000).map(|n| format!("{n:06}\n")).collect();
    assert!(text.len() > 1_000_000);
    let cat = Program::new(words(&["cat"])).stdin(text.clone()).output_cap(2_000_000);
    let outcome = cat.run().await.unwrap();
    assert!(outcome.is_success() && !outcome.cut);
    assert!(outcome.stdout == text, "{} bytes of {}", outcome.stdout.len(), text.len());
}

#[tokio::test]
async fn input_that_nobody_reads_holds_nobody_up() {
    let text = "x".repeat(1_000_000);
    let outcome = Program::new(words(&["true"])).stdin(text.clone()).run().await.unwrap();
    assert!(outcome.is_success() && outcome.took < Duration::from_secs(2), "{outcome:?}");
    // Neither does one who lives on without reading.
    let sleeper = Program::new(words(&["sleep", "100"])).stdin(text).time_limit(Duration::from_millis(200));
    assert!(sleeper.run().await.unwrap().timed_out);
}

#[tokio::test]
async fn without_input_there_is_nothing_to_read() {
    assert_eq!(sh("cat; echo end").await.stdout, "end\n");
}

#[tokio::test]
async fn ten_megabytes_of_output_cost_their_cap() {
    let before = memory();
    let outcome = sh("head -c 10000000 /dev/zero | tr '\\0' a; head -c 10000000 /dev/zero >&2; exit 3").await;
    let grown = memory().saturating_sub(before);
    // It was read to its end: a writer of a pipe that nobody empties never gets to its exit code.
    assert_eq!((outcome.code, outcome.cut), (Some(3), true));
    assert_eq!((outcome.stdout.len(), outcome.stderr.len()), (OUTPUT_CAP, OUTPUT_CAP));
    assert!(outcome.stdout.bytes().all(|byte| byte == b'a'));
    // Half of one output; other tests run beside this one.
    assert!(grown < 5_000_000, "{grown} bytes");
    assert_eq!(outcome.audit(), "exit 3, 131072 bytes, cut");
}

#[tokio::test]
async fn endless_output_ends_with_its_time_and_holds_up_nobody_else() {
    let flood = Program::new(words(&["yes"])).time_limit(Duration::from_millis(500));
    let running = tokio::spawn(flood.run());
    let mut latest = Duration::ZERO;
    while !running.is_finished() {
        let before = Instant::now();
        tokio::time::sleep(Duration::from_millis(5)).await;
        latest = latest.max(before.elapsed());
    }
    let outcome = running.await.unwrap().unwrap();
    assert!(outcome.timed_out && outcome.cut && outcome.stdout.len() == OUTPUT_CAP);
    assert!(outcome.took < Duration::from_millis(1500), "{:?}", outcome.took);
    assert!(latest < Duration::from_millis(400), "another task waited {latest:?} for 5 ms");
}

#[tokio::test]
async fn output_of_just_the_cap_is_not_cut() {
    let program = |bytes: &str| Program::new(words(&["head", "-c", bytes, "/dev/zero"])).output_cap(1000);
    assert!(!program("1000").run().await.unwrap().cut);
    assert!(program("1001").run().await.unwrap().cut);
}

#[tokio::test]
async fn what_is_no_utf_8_is_shown_as_such() {
    assert_eq!(sh("printf 'a\\377b\\303'").await.stdout, "a\u{fffd}b\u{fffd}");
}

#[tokio::test]
async fn when_the_time_is_over_all_are_killed() {
    let folder = tempfile::tempdir().unwrap();
    let limit = Duration::from_millis(500);
    let started = Instant::now();
    let family =
        "sleep 100 & echo $! >> $D/pids; (sleep 100; true) & echo $! >> $D/pids; echo $$ >> $D/pids; sleep 100";
    let program = Program::new(script(folder.path(), family)).time_limit(limit);
    let outcome = program.run().await.unwrap();
    assert!(outcome.timed_out && !outcome.is_success(), "{outcome:?}");
    assert!((limit..limit + Duration::from_secs(1)).contains(&started.elapsed()), "{:?}", started.elapsed());
    assert!(outcome.took <= started.elapsed() && outcome.took >= limit);
    gone(&numbers(&folder.path().join("pids"), 3).await).await;
    assert_eq!((outcome.code, outcome.signal), (None, Some(15)));
    assert_eq!(outcome.audit(), format!("timed out after {:.1} s, 0 bytes", outcome.took.as_secs_f32()));
}

#[tokio::test]
async fn who_does_not_hear_the_first_signal_is_killed_by_the_second() {
    let folder = tempfile::tempdir().unwrap();
    let limit = Duration::from_secs(1);
    let deaf = "trap '' TERM; sleep 100 & echo $! >> $D/pids; echo $$ >> $D/pids; echo busy; wait; sleep 100";
    let outcome = Program::new(script(folder.path(), deaf)).time_limit(limit).run().await.unwrap();
    assert_eq!((outcome.timed_out, outcome.signal, outcome.stdout.as_str()), (true, Some(9), "busy\n"));
    assert!(outcome.took < limit + Duration::from_secs(1), "{outcome:?}");
    gone(&numbers(&folder.path().join("pids"), 2).await).await;
}

#[tokio::test]
async fn who_tidies_up_in_time_keeps_his_own_exit_code() {
    let tidy = "trap 'echo bye; exit 4' TERM; sleep 100 & wait";
    let program = Program::new(words(&["/bin/sh", "-c", tidy])).time_limit(Duration::from_secs(1));
    let outcome = program.run().await.unwrap();
    assert_eq!((outcome.timed_out, outcome.code, outcome.stdout.as_str()), (true, Some(4), "bye\n"));
}

#[tokio::test]
async fn a_child_that_keeps_the_output_open_is_neither_waited_for_nor_left() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = Program::new(script(folder.path(), "sleep 100 & echo $! > $D/pids; echo done")).run().await.unwrap();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), "done\n"));
    assert!(outcome.took < Duration::from_secs(2), "{outcome:?}");
    gone(&numbers(&folder.path().join("pids"), 1).await).await;
}

#[tokio::test]
async fn a_daemon_that_keeps_the_output_open_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    // Of a session of its own, so it is not of the group that is killed.
    let daemon =
        "setsid sh -c 'echo $$ > '$D'/pids; exec sleep 100' & while [ ! -s $D/pids ]; do sleep 0.01; done; echo done";
    for limit in [Duration::from_secs(30), Duration::from_millis(500)] {
        let program = Program::new(script(folder.path(), daemon)).time_limit(limit);
        let outcome = program.run().await.unwrap();
        assert_eq!(outcome.stdout, "done\n");
        assert!(outcome.took < Duration::from_secs(3), "{outcome:?}");
        let daemon = numbers(&folder.path().join("pids"), 1).await;
        assert!(lives(daemon[0]));
        let pid = nix::unistd::Pid::from_raw(i32::try_from(daemon[0]).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
        gone(&daemon).await;
        std::fs::remove_file(folder.path().join("pids")).unwrap();
    }
}

#[tokio::test]
async fn who_is_not_waited_for_any_more_is_killed_with_his_children() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let family = Program::new(script(folder.path(), "sleep 100 & echo $! >> $D/pids; echo $$ >> $D/pids; wait"));
    let running = tokio::spawn(family.run());
    let numbers = numbers(&pids, 2).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    gone(&numbers).await;
    // Buried as well, once something wakes the runtime.
    until("no zombie is left", || !Path::new(&format!("/proc/{}", numbers[1])).exists()).await;
}

/// Runs itself again with variables that a test process does not have.
#[tokio::test]
async fn a_program_sees_nothing_of_the_daemons_own_environment() {
    if std::env::var_os("AURICLE_LINTO__PASSWORD").is_some() {
        let env = Program::new(words(&["env"])).variable("AURICLE_SERVER", "home").run().await.unwrap();
        print!("{}", env.stdout);
        return;
    }
    let own = "limits::a_program_sees_nothing_of_the_daemons_own_environment";
    let mut again = tokio::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", own, "--nocapture"]).env("AURICLE_LINTO__PASSWORD", "secret");
    let output = again.env("NOTIFY_SOCKET", "/run/socket").env("COLOUR", "red").output().await.unwrap().stdout;
    let output = String::from_utf8(output).unwrap();
    assert!(output.contains("COLOUR=red\n") && output.contains("AURICLE_SERVER=home\n"), "{output}");
    assert!(!output.contains("secret") && !output.contains("NOTIFY_SOCKET"), "{output}");
}

#[tokio::test]
async fn many_at_once_are_told_apart() {
    let runs = (0..20).map(|n| tokio::spawn(async move { (n, sh(&format!("exit {n}")).await.code) }));
    for run in runs.collect::<Vec<_>>() {
        let (n, code) = run.await.unwrap();
        assert_eq!(code, Some(n));
    }
}

#[tokio::test]
async fn what_does_not_start_is_named_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, mode: u32, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    let error = async |program: &str| Program::new(words(&[program])).run().await.unwrap_err();
    let missing = error("no-such-program").await;
    assert!(matches!(missing, ProcessError::Missing { .. }), "{missing:?}");
    assert!(
        missing.to_string().contains("`no-such-program`") && missing.to_string().contains("install it"),
        "{missing}"
    );
    let orphan = error(&file("orphan", 0o755, "#!/no/such/interpreter\n")).await;
    assert!(matches!(orphan, ProcessError::Missing { .. }), "{orphan:?}");
    let plain = error(&file("plain", 0o644, "#!/bin/sh\n")).await;
    assert!(matches!(plain, ProcessError::NotExecutable { .. }), "{plain:?}");
    assert!(plain.to_string().contains("chmod +x"), "{plain}");
    let garbage = error(&file("garbage", 0o755, "\x7fELF nonsense")).await;
    assert!(matches!(garbage, ProcessError::Start { .. }), "{garbage:?}");
    let nul = error("a\0b").await;
    assert!(matches!(nul, ProcessError::Start { .. }), "{nul:?}");
    assert!(matches!(Program::new(Vec::new()).run().await.unwrap_err(), ProcessError::Unnamed));
}
