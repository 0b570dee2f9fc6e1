//! The settings: `/etc/auricle/auricle.toml`, overridden by variables such as `AURICLE_LINTO__PASSWORD`.
//!
//! Each setting is defined once, in [`sections`]. Its struct field, its check, the sample file, the reference and the
//! listing of `auricle check` come from there. What is wrong is told all at once, by line, each with its remedy.

mod arguments;
mod broker;
mod define;
mod document;
mod environment;
mod explain;
mod file;
mod hosts;
mod kind;
mod kinds;
mod leds;
mod linto;
mod manual;
mod pins;
mod problem;
mod read;
mod reload;
mod remote;
mod sample;
mod secret;
mod sections;
mod serial;
mod servers;
mod size;
mod suggest;
mod tools;
mod wake;
mod words;
mod xiaozhi;

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use document::{Document, Lines};
use file::{Refusal, exposed_passwords, read_file};
use linto::ReadSecret;
use problem::Problems;
use read::{Origins, Reading};

pub use broker::BrokerAddress;
pub use document::Origin;
pub use environment::environment;
pub use explain::explain;
pub use kinds::Pcm;
pub use leds::ButtonWant;
pub use manual::manual;
pub use pins::{Button, Kind as LedKind, Leds, Preset};
pub use problem::{Errors, Place, Problem};
pub use sample::{reference, sample};
pub use secret::Secret;
pub use sections::{
    ApplicationKind, Audio, Control, Device, Hooks, Linto, Listen, Meeting, MeetingFormat, Remote, Shell, Trigger, Tts,
    Unmute, Wake,
};
pub use serial::KeyFile;
pub(crate) use suggest::nearest;
pub use tools::{Tool, placeholder};
pub use wake::WakeWord;
pub use xiaozhi::{Echo, Xiaozhi};

/// Where the settings are when nobody says otherwise.
pub const DEFAULT_PATH: &str = "/etc/auricle/auricle.toml";

/// A larger settings file is refused, in bytes.
pub const LARGEST_FILE: usize = 1024 * 1024;

/// All settings, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The LinTO servers. None: the device is not set up.
    pub linto: Vec<Linto>,
    /// The xiaozhi servers.
    pub xiaozhi: Vec<Xiaozhi>,
    /// The buttons of the settings; see [`Settings::buttons`].
    pub button: Vec<Button>,
    /// The lights.
    pub leds: Leds,
    /// The device itself.
    pub device: Device,
    /// Microphone and loudspeaker.
    pub audio: Audio,
    /// When the device listens.
    pub listen: Listen,
    /// The wake words.
    pub wake: Wake,
    /// The voice.
    pub tts: Tts,
    /// What a server may do with the device beyond talking.
    pub remote: Remote,
    /// Programs for answers that ask for more than speech.
    pub hooks: Hooks,
    /// Programs that servers may run as tools.
    pub tools: Vec<Tool>,
    /// Recordings of meetings.
    pub meeting: Meeting,
    /// The control socket.
    pub control: Control,
}

impl Settings {
    /// The buttons that are wanted: those of the settings, else the one on the board of the preset.
    #[must_use]
    pub fn buttons(&self) -> Vec<ButtonWant> {
        leds::buttons(&self.button, &self.leds, &self.server_names())
    }

    /// The names of all servers, in the order of their numbers; the first is meant where none is named.
    #[must_use]
    pub fn server_names(&self) -> Vec<&str> {
        server_names(&self.linto, &self.xiaozhi)
    }
}

/// The names of all servers, in the order of their numbers.
fn server_names<'s>(linto: &'s [Linto], xiaozhi: &'s [Xiaozhi]) -> Vec<&'s str> {
    let linto = linto.iter().map(|server| server.name.as_str());
    linto.chain(xiaozhi.iter().map(|server| server.name.as_str())).collect()
}

/// Settings, and what is worth knowing about where they come from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// What is legal but probably not meant; whole sentences.
    pub warnings: Vec<String>,
    file: Option<PathBuf>,
    origins: Origins,
}

impl Loaded {
    /// The file that was read; `None`: there was none.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Where the value of a setting comes from, of a section that stands once.
    #[must_use]
    pub fn origin(&self, section: &'static str, key: &'static str) -> &Origin {
        self.origins.get(&(section, 0, key)).unwrap_or(&Origin::Default)
    }
}

/// Reads the settings: defaults, then the file, then the environment. Without a path it is [`DEFAULT_PATH`], which may
/// be missing. Password files are read here.
///
/// # Errors
/// Everything that is wrong, by line.
pub fn load(path: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Loaded, Errors> {
    load_with(path, env.into(), &read_secret)
}

/// The same for somebody who need not, and perhaps may not, know the passwords: their files are not opened.
///
/// # Errors
/// Everything that is wrong, by line.
pub fn load_without_secrets(
    path: Option<&Path>,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Loaded, Errors> {
    load_with(path, env.into(), &|_, _| Ok(None))
}

/// Reads settings for a command that must do the same everywhere: defaults, then the file if there is a path, then
/// `arguments`, each as `section.key=value`. Neither the environment nor [`DEFAULT_PATH`] is looked at, and password
/// files are not opened.
///
/// # Errors
/// Everything that is wrong, by line and argument.
pub fn load_given(path: Option<&Path>, arguments: &[String]) -> Result<Loaded, Errors> {
    let given = Given { env: std::iter::empty(), arguments };
    match path {
        Some(_) => load_with(path, given, &|_, _| Ok(None)),
        None => interpret("", given, None, &|_, _| Ok(None)),
    }
}

/// What is set outside of the file.
struct Given<'a, E> {
    env: E,
    arguments: &'a [String],
}

impl<E> From<E> for Given<'_, E> {
    fn from(env: E) -> Self {
        Self { env, arguments: &[] }
    }
}

fn load_with(
    path: Option<&Path>,
    given: Given<'_, impl Iterator<Item = (String, String)>>,
    secret: linto::ReadSecret<'_>,
) -> Result<Loaded, Errors> {
    let file = path.unwrap_or(Path::new(DEFAULT_PATH));
    let refused = |place, text: String| {
        let mut problems = Problems::default();
        problems.add(place, || text);
        problems.into_errors(Some(file))
    };
    let (text, readable_by_all) = match read_file(file) {
        Ok(read) => read,
        Err(Refusal::Missing) if path.is_none() => return interpret("", given, None, secret),
        Err(Refusal::Missing) => {
            return Err(refused(
                Place::File,
                "there is no such file; check the path, or copy the sample auricle.toml there".into(),
            ));
        }
        Err(Refusal::Other(place, text)) => return Err(refused(place, text)),
    };
    let mut loaded = interpret(&text, given, Some(file), secret)?;
    if readable_by_all {
        loaded.warnings.extend(exposed_passwords(&loaded, file));
    }
    Ok(loaded)
}

/// Reads settings from a text and nothing else: password files are not opened, their passwords stay unset. Never panics
/// on any text.
///
/// # Errors
/// Everything that is wrong, by line.
pub fn parse_str(text: &str, env: impl Iterator<Item = (String, String)>) -> Result<Loaded, Errors> {
    interpret(text, env.into(), None, &|_, _| Ok(None))
}

/// The password that a file holds as its first line.
///
/// # Errors
/// What is wrong with the file and what to do, to follow its name in a message.
pub fn password_of(path: &Path) -> Result<Secret, String> {
    secret::read(path, "password").map(|file| file.secret)
}

/// The settings of a text on one subject, for a look at a single answer: what is wrong with it, in the words of a whole
/// file. `None` if nothing is.
#[must_use]
pub fn complaint(section: &str, key: &str, value: &str) -> Option<String> {
    let text = format!("[{section}]\n{key} = {}\n", toml_edit::Value::from(value));
    let errors = parse_str(&text, std::iter::empty()).err()?;
    // A section may lack what it needs; that is not about this value.
    let about = |problem: &&Problem| problem.text.contains(&format!("`{key}`")) && problem.place == Place::Line(2);
    errors.problems().iter().find(about).map(|problem| problem.text.clone())
}

fn read_secret(path: &Path, what: &str) -> Result<Option<secret::PasswordFile>, String> {
    secret::read(path, what).map(Some)
}

fn interpret(
    text: &str,
    given: Given<'_, impl Iterator<Item = (String, String)>>,
    file: Option<&Path>,
    read_secret: ReadSecret<'_>,
) -> Result<Loaded, Errors> {
    let mut problems = Problems::default();
    let mut document = Document::default();
    let (table, syntax) = DeTable::parse_recoverable(text);
    document.refuse(text, &syntax, &mut problems);
    document.take(table.get_ref(), &Lines::of(text), &mut problems);
    let mut warnings = environment::overlay(&mut document, given.env, &mut problems);
    arguments::overlay(&mut document, given.arguments, &mut problems);
    let base = file.and_then(Path::parent).unwrap_or(Path::new(""));
    let mut reading = Reading { document: &document, base, problems: &mut problems, origins: Origins::new() };
    let settings = read_all(&mut reading, read_secret, &mut warnings);
    let origins = reading.origins;
    match settings {
        Some(settings) if problems.is_empty() => {
            Ok(Loaded { settings, warnings, file: file.map(Path::to_path_buf), origins })
        }
        _ => Err(problems.into_errors(file)),
    }
}

/// Those of each kind, with what stands in files of their own.
fn read_servers(
    reading: &mut Reading<'_, '_>,
    secrets: ReadSecret<'_>,
    warnings: &mut Vec<String>,
) -> (Option<Vec<Linto>>, Option<Vec<Xiaozhi>>) {
    let (mut linto, mut xiaozhi) = (reading.many::<Linto>(), reading.many::<Xiaozhi>());
    if let Some(servers) = &mut linto {
        warnings.extend(linto::complete(servers, secrets, reading));
    }
    if let Some(servers) = &mut xiaozhi {
        warnings.extend(xiaozhi::complete(servers, secrets, reading));
    }
    (linto, xiaozhi)
}

/// Reads every section before it gives up, so that everything wrong is found at once.
fn read_all(reading: &mut Reading<'_, '_>, secrets: ReadSecret<'_>, warnings: &mut Vec<String>) -> Option<Settings> {
    let (linto, xiaozhi) = read_servers(reading, secrets, warnings);
    let names = linto.as_deref().zip(xiaozhi.as_deref()).map(|(linto, xiaozhi)| server_names(linto, xiaozhi));
    names.iter().for_each(|names| servers::check(names, linto.as_ref().map_or(0, Vec::len), reading));
    let tools = reading.many::<Tool>();
    if let (Some(tools), Some(servers)) = (&tools, &xiaozhi) {
        warnings.extend(tools::check(tools, !servers.is_empty(), reading));
    }
    let (button, lights) = (reading.many::<Button>(), reading.one::<Leds>());
    if let (Some(button), Some(lights), Some(names)) = (&button, &lights, &names) {
        warnings.extend(leds::check(button, lights, names, reading));
    }
    let (device, audio, listen) = (reading.one::<Device>(), reading.one::<Audio>(), reading.one::<Listen>());
    let wake = reading.one::<Wake>();
    if let (Some(wake), Some(listen), Some(names)) = (&wake, &listen, &names) {
        warnings.extend(wake::check(wake, listen, names, reading));
    }
    let (tts, hooks, meeting) = (reading.one::<Tts>(), reading.one::<Hooks>(), reading.one::<Meeting>());
    let (remote, control) = (reading.one::<Remote>(), reading.one::<Control>());
    warnings.extend(remote.iter().flat_map(remote::warnings));
    Some(Settings {
        linto: linto?,
        xiaozhi: xiaozhi?,
        button: button?,
        leds: lights?,
        device: device?,
        audio: audio?,
        listen: listen?,
        wake: wake?,
        tts: tts?,
        remote: remote?,
        hooks: hooks?,
        tools: tools?,
        meeting: meeting?,
        control: control?,
    })
}
