//! A real terminal around the program.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::broker::{SOON, wait_until};
use crate::place::{AURICLE, Place};
use crate::pulse::Pulse;

/// The program at a terminal: what it shows, and a keyboard.
struct Screen {
    child: Child,
    keyboard: ChildStdin,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Screen {
    fn open(pulse: &Pulse, place: &Place, then: &str) -> Self {
        let words = format!("setup --no-test --config {}", place.file().display());
        // Afterwards the shell says how it ended and whether the terminal shows what is typed.
        // It gets the key's signal too, and must outlive it.
        let line = format!("trap : INT QUIT; {AURICLE} {words}; {then}");
        let mut script = Command::new("script");
        script
            .args(["-qefc", &line, "/dev/null"])
            .env("ALSA_CONFIG_PATH", pulse.alsa_config_path())
            .env("TERM", "dumb")
            .env_remove("SHELL");
        script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = script.spawn().expect("script; `apt install bsdutils`");
        let (keyboard, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let shown = Arc::new(Mutex::new(Vec::new()));
        let screen = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut bytes = [0; 1024];
            while let Ok(length @ 1..) = out.read(&mut bytes) {
                screen.lock().unwrap().extend_from_slice(&bytes[..length]);
            }
        });
        Self { child, keyboard, shown }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Waits for the question and types.
    fn answer(&mut self, question: &str, typed: &str) {
        self.wait(question);
        self.keyboard.write_all(typed.as_bytes()).unwrap();
    }

    fn wait(&self, words: &str) {
        wait_until(&format!("`{words}` on the screen, which shows {}", self.text()), SOON, || {
            self.text().contains(words).then_some(())
        });
    }

    fn code(mut self) -> (Option<i32>, String) {
        let status = wait_until("the end of the program", SOON, || self.child.try_wait().unwrap());
        (status.code(), self.text())
    }
}

#[test]
fn a_password_is_not_shown_while_it_is_typed() {
    let pulse = Pulse::start();
    let place = Place::empty();
    let mut screen = Screen::open(&pulse, &place, "echo code $?");
    screen.answer("mqtt://HOST:PORT:", "mqtts://h\n");
    screen.answer("`-` for none [linto]:", "someone\n");
    screen.answer("(it is not shown):", "s3cret\n");
    screen.answer("as the admin page shows it; `-` for none [-]:", "My app\n");
    screen.wait("4/5  The microphone");
    screen.answer("testmic", "testmic\n");
    screen.wait("5/5  The loudspeaker");
    screen.answer("testspk", "testspk\n");
    screen.wait("code 0");
    let (code, shown) = screen.code();
    assert_eq!(code, Some(0));
    assert!(shown.contains("someone") && !shown.contains("s3cret"), "{shown}");
    // Plain lines: nothing but text.
    assert!(!shown.contains('\u{1b}'), "{shown}");
    let settings = place.settings();
    assert_eq!(settings.linto[0].password.as_ref().unwrap().expose(), "s3cret");
    assert_eq!(settings.audio.capture.name(), "testmic");
}

#[test]
fn ctrl_c_leaves_everything_as_it_was() {
    leave_with('\u{3}');
}

#[test]
fn ctrl_backslash_leaves_everything_as_it_was() {
    leave_with('\u{1c}');
}

fn leave_with(key: char) {
    let pulse = Pulse::start();
    let place = Place::with("# mine\n");
    let mut screen = Screen::open(&pulse, &place, "echo code $?; stty -a");
    screen.answer("mqtt://HOST:PORT:", "mqtts://h\n");
    screen.answer("`-` for none [linto]:", "someone\n");
    screen.answer("(it is not shown):", &format!("s3c{key}"));
    screen.wait("code 1");
    screen.wait("iexten");
    let (_, shown) = screen.code();
    assert!(shown.contains("stopped; nothing was changed"), "{shown}");
    // The terminal shows again what is typed.
    assert!(shown.contains(" echo ") && !shown.contains("-echo "), "{shown}");
    assert_eq!((place.text().as_str(), place.files()), ("# mine\n", vec!["auricle.toml".to_owned()]));
}
