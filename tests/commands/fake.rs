//! A daemon that is nothing but its control socket. The test decides what comes of each request.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use auricle::control::server::{Doors, Socket};
use auricle::control::{Action, Answer, Request};
use auricle::daemon::input::Input;
use auricle::daemon::ledger::Line;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc, oneshot};

/// Nothing in here takes longer.
pub const SOON: Duration = Duration::from_secs(20);

/// What comes of an action; `None`: the test answers later, with [`Fake::answer`].
type Script = Box<dyn Fn(&Action, &Teller) -> Option<Answer> + Send>;

/// Tells events.
#[derive(Clone)]
pub struct Teller(broadcast::Sender<Line>);

impl Teller {
    /// One event. Its fields are those of `fields`.
    pub fn tell(&self, event: &str, fields: Value) {
        let mut line = json!({"t": 1_700_000_000_000_u64, "event": event});
        line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let _ = self.0.send(line.to_string().into());
    }

    pub fn state(&self, state: &str) {
        self.tell("state", json!({ "state": state }));
    }
}

#[derive(Default)]
struct Record {
    actions: Vec<Action>,
    waiting: Vec<oneshot::Sender<Answer>>,
}

/// Ends when dropped.
pub struct Fake {
    folder: TempDir,
    inbox: mpsc::Sender<Input>,
    record: Arc<Mutex<Record>>,
    pub teller: Teller,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Fake {
    pub fn start(script: impl Fn(&Action, &Teller) -> Option<Answer> + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let (inbox, requests) = mpsc::channel(16);
        let teller = Teller(broadcast::channel(64).0);
        let record = Arc::<Mutex<Record>>::default();
        let doors = Doors { inbox: inbox.clone(), lines: teller.0.clone() };
        let (teller_inside, record_inside) = (teller.clone(), Arc::clone(&record));
        let (bound, is_bound) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::spawn(Socket::bind(&path).unwrap().serve(doors));
                bound.send(()).unwrap();
                control(requests, Box::new(script), &teller_inside, &record_inside).await;
            });
        });
        is_bound.recv_timeout(SOON).unwrap();
        Self { folder, inbox, record, teller, thread: Some(thread) }
    }

    /// Everything works, and there is nothing to say about it.
    pub fn agreeable() -> Self {
        Self::start(|_, _| Some(Ok(Value::Null)))
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    /// `auricle WORDS…`, with its settings in a file if there are any.
    pub fn command(&self, words: &[&str], settings: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auricle"));
        let file = self.folder.path().join("auricle.toml");
        std::fs::write(&file, format!("{settings}\n[control]\nsocket = \"control.sock\"\n")).unwrap();
        command.args(words).arg("--config").arg(file).env_remove("AURICLE_CONTROL_SOCKET").stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words, "").output().unwrap()
    }

    /// The standard output of a command that must work.
    #[track_caller]
    pub fn works(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), ""), "{words:?}");
        out(&output)
    }

    /// The complaint of a command that must fail, which with `--json` is also on standard output.
    #[track_caller]
    pub fn fails(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(1), ""), "{words:?}");
        let complaint = said(&output);
        let output = self.run(&[words, &["--json"]].concat());
        let answer: Value = serde_json::from_str(&out(&output)).unwrap();
        assert_eq!((output.status.code(), &answer["ok"]), (Some(1), &json!(false)), "{words:?}");
        assert_eq!(complaint, format!("auricle: {}\n", answer["error"].as_str().unwrap()));
        complaint
    }

    /// A request as a script might send it: the number of the answer, and its JSON.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut stream = self.open(method, path, body);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    /// Sends a request and leaves the rest to the test.
    pub fn open(&self, method: &str, path: &str, body: &str) -> UnixStream {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        write!(stream, "{method} {path} HTTP/1.0\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        stream
    }

    /// Everything that was asked for.
    pub fn actions(&self) -> Vec<Action> {
        self.record.lock().unwrap().actions.clone()
    }

    #[track_caller]
    pub fn wait_for(&self, action: &Action) {
        until(&format!("{action:?}"), || self.actions().contains(action));
    }

    /// Answers what the script left open.
    pub fn answer(&self, answer: &Answer) {
        for reply in std::mem::take(&mut self.record.lock().unwrap().waiting) {
            let _ = reply.send(answer.clone());
        }
    }

    /// Waits until everybody has everything that was told.
    #[track_caller]
    pub fn wait_until_read(&self) {
        until("the events to be read", || self.teller.0.is_empty());
    }

    /// Waits until so many follow the events.
    #[track_caller]
    pub fn wait_for_readers(&self, count: usize) {
        until("the readers of events", || self.teller.0.receiver_count() == count);
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.inbox.blocking_send(Input::Stop);
        let _ = self.thread.take().unwrap().join();
    }
}

async fn control(mut requests: mpsc::Receiver<Input>, script: Script, teller: &Teller, record: &Mutex<Record>) {
    while let Some(Input::Request(request)) = requests.recv().await {
        match request {
            Request::Status(reply) => drop(reply.send(json!({"servers": [{"name": "home"}, {"name": "work"}]}))),
            Request::Act(action, reply) => {
                let answer = script(&action, teller);
                let mut record = record.lock().unwrap();
                record.actions.push(action);
                match answer {
                    Some(answer) => drop(reply.send(answer)),
                    None => record.waiting.push(reply),
                }
            }
            // Nothing is measured here; to drop them is to have no answer.
            Request::Listen(_) | Request::Sound(_) | Request::Wake(_) => {}
        }
    }
}

#[track_caller]
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !is() {
        assert!(Instant::now() < deadline, "waited {SOON:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
