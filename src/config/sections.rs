//! Every setting of Auricle, once.

use auricle_core::audio::convert::Channel;
use auricle_core::frontend::Profile;
use std::path::PathBuf;
use std::time::Duration;

use super::broker::BrokerAddress;
use super::define::Initial::{Default, Empty, Required, Unset};
use super::define::{Section, SectionDef, section};
use super::hosts::KnownHosts;
use super::kind::{Checked, Choice, Flag, Optional, SetOf, Whole};
use super::kinds::{
    AbsolutePath, BrokerUrl, ChannelChoice, CommandLine, FilePath, LANGUAGE, LINE, LONGEST_PATH, NAME, Password, Pcm,
    PcmName, Span, TOPIC_LEVEL,
};
use super::pins::{Button, Leds};
use super::secret::Secret;
use super::size::Size;
use super::tools::Tool;
use super::wake::{WakeWord, WakeWords};
use super::words::CommandLines;
use super::xiaozhi::Xiaozhi;

/// All sections that are served, in the order of the sample.
pub(super) fn served() -> [&'static SectionDef; 14] {
    [
        Linto::definition(),
        Xiaozhi::definition(),
        Tool::definition(),
        Button::definition(),
        Device::definition(),
        Audio::definition(),
        Listen::definition(),
        Wake::definition(),
        Leds::definition(),
        Tts::definition(),
        Remote::definition(),
        Hooks::definition(),
        Meeting::definition(),
        Control::definition(),
    ]
}

/// Sections that may stand several times.
pub(super) const REPEATED: [&str; 4] = ["linto", "xiaozhi", "button", "tools"];

/// Sections that are agreed, but come with later versions.
pub(super) const LATER: [&str; 2] = ["rhasspy", "thinx"];

const PATH: FilePath = FilePath { longest: LONGEST_PATH };

/// The address of a Unix socket can't be longer.
const SOCKET: FilePath = FilePath { longest: 107 };

/// What opens a turn by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A wake word.
    Wake,
    /// Any speech, but never while the loudspeaker plays.
    Voice,
    /// A button. One that is configured always does.
    Button,
}

/// What kind of LinTO application the device is registered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationKind {
    /// One that serves devices.
    Device,
    /// One that serves people; it also takes text and chatbot messages.
    MultiUser,
}

section! {
    /// The LinTO server. Without this section the device is not set up. For several servers write `[[linto]]` once per
    /// server, each with its own `name`.
    pub struct Linto = "linto" {
        /// How this server is called here, in messages and in `auricle status`.
        name: String = NAME, Default("\"linto\""), Restart;
        /// The server's MQTT broker: mqtts://HOST (encrypted, port 8883) or mqtt://HOST (in the clear, port 1883), or with
        /// `:PORT` at its end. What stands here is never downgraded.
        broker: BrokerAddress = BrokerUrl, Required("\"mqtts://linto.example.org:8883\""), Restart;
        /// Certificates (PEM) by which the broker is known. Empty: those of the system.
        ca_file: Option<PathBuf> = Optional(PATH), Default("\"\""), Restart;
        /// The account at the broker: the server's shared account, or one whose name is the serial number. Empty: no login.
        username: Option<String> = Optional(LINE), Unset("\"linto\""), Restart;
        /// The password of the account. It is better kept in a file of its own, see `password_file`.
        password: Option<Secret> = Password, Default("\"\""), Restart, Secret;
        /// A file whose first line is the password, readable by the user that runs Auricle only.
        password_file: Option<PathBuf> = Optional(PATH), Unset("\"/etc/auricle/linto.password\""), Restart;
        /// The scope on which the admin page talks: the first level of its MQTT topics.
        scope: String = TOPIC_LEVEL, Default("\"blk\""), Restart;
        /// The name of the device's application, exactly as the admin page shows it. Requests then go to the scope that
        /// current servers make of it: "app" and the MD5 of the name. Empty: requests go to `scope`, as on old servers.
        application: Option<String> = Optional(LINE), Unset("\"My device app\""), Restart;
        /// The scope of requests, written out. It comes before `application`.
        application_scope: Option<String> = Optional(TOPIC_LEVEL), Default("\"\""), Restart;
        /// What kind of application it is: one for devices, or one for several users, which also takes text and chatbot
        /// messages.
        application_kind: ApplicationKind = Choice(&[
            ("device", Some(ApplicationKind::Device)),
            ("multi-user", Some(ApplicationKind::MultiUser)),
        ]), Default("\"device\""), Restart;
        /// How long the server may take to answer; then the device says that no answer came.
        answer_timeout: Duration = Span { from_ms: 1000, to_ms: 60_000 }, Default("\"12s\""), Restart;
        /// Whether the server writes a meeting down while it is recorded: into `auricle events`, and into a text file beside
        /// the recording.
        live_transcript: bool = Flag, Default("false"), Restart;
        /// Whether answers are spoken as the server's `phonetic` says where it gives one; what is shown stays the text.
        phonetic: bool = Flag, Default("false"), Restart;
    }
}

section! {
    /// The device itself.
    pub struct Device = "device" {
        /// The serial number under which the device is registered in the admin page. Empty: the board's serial number.
        serial: Option<String> = Optional(SERIAL), Unset("\"raspberry1\""), Restart;
        /// Where the device keeps what it has to remember. The variable AURICLE_STATE_DIR comes before it.
        state_dir: PathBuf = PATH, Default("\"/var/lib/auricle\""), Restart;
    }
}

section! {
    /// Microphone and loudspeaker.
    pub struct Audio = "audio" {
        /// The microphone: an ALSA PCM name such as "plughw:CARD=Device" (`auricle devices` lists them), or "auto", the only
        /// card that can capture.
        capture: Pcm = PcmName, Default("\"auto\""), Restart;
        /// The loudspeaker: an ALSA PCM name (`auricle devices` lists them), or "auto", the only card that can play, or of
        /// several the one with the only microphone.
        playback: Pcm = PcmName, Default("\"auto\""), Restart;
        /// Which channel of the microphone is listened to: its number from 0, "mean" of all, "best", the one that hears best
        /// now, or "auto", the first, which on microphone arrays is the processed one.
        channel: Channel = ChannelChoice, Default("\"auto\""), Restart;
        /// The card's own volume control, as "card/control". Empty: the volume is applied in software.
        mixer: String = MIXER, Default("\"\""), Restart;
        /// The volume in percent at start, until a server's `endvolume` is remembered.
        volume: u8 = Whole(0, 100), Default("80"), Live;
        /// Whether short sounds tell that the device listens, is done, was cancelled or failed.
        sounds: bool = Flag, Default("true"), Live;
        /// What is done to the microphone's sound before anybody listens to it. "light": the device's own voice is taken out of
        /// it while the loudspeaker plays, and a constant offset. "full": also noise, and the level is evened out, all the
        /// time; too much for a small board. "off": nothing.
        profile: Profile = Choice(&[
            ("off", Some(Profile::Off)),
            ("light", Some(Profile::Light)),
            ("full", Some(Profile::Full)),
        ]), Default("\"light\""), Live;
    }
}

/// Which commands a server may run on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// None.
    Off,
    /// Those that the settings list.
    Listed,
    /// All.
    Any,
}

/// Which mutes a server may lift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmute {
    /// Those of a server.
    Own,
    /// Also those of people at the device.
    Always,
    /// None.
    Never,
}

/// How meetings are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeetingFormat {
    /// WAV, about 115 MB per hour.
    Wav,
    /// Ogg with Opus.
    Opus,
}

section! {
    /// When the device listens, and when it takes an utterance to be over.
    pub struct Listen = "listen" {
        /// What opens a turn: "wake" is a word of [wake], also while the loudspeaker plays; "voice" is any speech, never while
        /// it plays. `auricle listen` and a button always open one, also with an empty list: "button" may stand here and
        /// changes nothing.
        triggers: Vec<Trigger> = SetOf(Choice(&[
            ("wake", Some(Trigger::Wake)),
            ("voice", Some(Trigger::Voice)),
            ("button", Some(Trigger::Button)),
        ])), Default("[\"wake\", \"button\"]"), Live;
        /// How long it must be quiet after speech for the utterance to be over: the usual value. It is 0.9 times that where
        /// it is surely quiet, up to 1.7 times where that is doubtful, after one short word, and after a question.
        hangover: Duration = Span { from_ms: 100, to_ms: 3000 }, Default("\"500ms\""), Live;
        /// How long the device waits for speech to begin.
        no_speech: Duration = Span { from_ms: 1000, to_ms: 60_000 }, Default("\"10s\""), Live;
        /// The longest utterance; it is ended there.
        max_utterance: Duration = Span { from_ms: 1000, to_ms: 60_000 }, Default("\"15s\""), Live;
        /// How far before its trigger an utterance begins, so that its first word is complete.
        preroll: Duration = Span { from_ms: 0, to_ms: 2000 }, Default("\"500ms\""), Live;
    }
}

section! {
    /// The wake words: what to say to be listened to. `auricle wake list` shows the models that are there, `auricle wake add`
    /// brings more.
    pub struct Wake = "wake" {
        /// The words, each by the name of its model. In place of a name may stand a table, such as { model = "okay_nabu",
        /// server = "linto", sensitivity = 0.5 }: the server that the word opens, else the first one; and how easily it is
        /// heard, from 0 to 1, where 0.5 is how the model was made.
        words: Vec<WakeWord> = WakeWords, Default("[\"okay_nabu\"]"), Live;
    }
}

section! {
    /// The voice.
    pub struct Tts = "tts" {
        /// The language that the device speaks, until the server chooses another.
        language: String = LANGUAGE, Default("\"en-US\""), Live;
        /// The speech program and its arguments: text on its standard input, WAV on its standard output, {lang} replaced by
        /// the language. Empty: espeak-ng.
        command: Vec<String> = CommandLine, Default("[]"), Live;
    }
}

section! {
    /// What a server may do with the device beyond talking. Each use leaves a line in the log.
    pub struct Remote = "remote" {
        /// Which commands a server may run: "off" none, "listed" those in `shell_commands`, "any" all, through `/bin/sh`. With
        /// the package, "any" also needs `sudo systemctl enable --now auricle-shell.socket`: they run in a unit of their own.
        shell: Shell = Choice(&[
            ("off", Some(Shell::Off)),
            ("listed", Some(Shell::Listed)),
            ("any", Some(Shell::Any)),
        ]), Default("\"off\""), Live;
        /// The commands of `shell = "listed"`: what the server sends has to be one of them, word by word. No shell runs:
        /// nothing is expanded, and `|` or `>` mean nothing.
        shell_commands: Vec<Vec<String>> = CommandLines, Empty("[\"uptime\"]"), Live;
        /// How long a command may run; then it is ended, with everything that it started.
        shell_timeout: Duration = Span { from_ms: 1000, to_ms: 600_000 }, Default("\"30s\""), Live;
        /// Whether a server may open a reverse SSH tunnel: somebody at one of the `ssh_hosts` can then log in here.
        ssh: bool = SWITCH, Default("\"off\""), Live;
        /// The hosts to which a tunnel may lead, with their keys: lines as in a `known_hosts` file. `ssh-keyscan -t ed25519
        /// HOST` prints one; compare its fingerprint with the one that the host's owner tells you.
        ssh_hosts: Vec<String> = KnownHosts, Default("[]"), Live;
        /// The folder of the private keys that a server may name for the login at a host.
        ssh_key_dir: PathBuf = AbsolutePath, Default("\"/etc/auricle/keys\""), Live;
        /// How long a tunnel may stand; then it is closed.
        ssh_time_limit: Duration = Span { from_ms: 60_000, to_ms: 86_400_000 }, Default("\"1h\""), Live;
        /// What a server may unmute: "own" what a server muted, "always" also what was muted here, "never" nothing.
        unmute: Unmute = Choice(&[
            ("own", Some(Unmute::Own)),
            ("always", Some(Unmute::Always)),
            ("never", Some(Unmute::Never)),
        ]), Default("\"own\""), Live;
        /// Whether a server may start the recording of a meeting. `auricle meeting start` always may.
        meeting: bool = SWITCH, Default("\"off\""), Live;
    }
}

section! {
    /// Programs that run when an answer asks for more than speech. They get it as JSON on their standard input.
    pub struct Hooks = "hooks" {
        /// The program for answers that are meant for a machine (`customAction`), and its arguments. Empty: none.
        custom_action: Vec<String> = CommandLine, Default("[]"), Live;
        /// The program for what an answer wants to be shown (`display`), and its arguments. Empty: none.
        display: Vec<String> = CommandLine, Default("[]"), Live;
    }
}

section! {
    /// Recordings of meetings. A change counts from the next recording on.
    pub struct Meeting = "meeting" {
        /// The folder of the recordings.
        directory: PathBuf = AbsolutePath, Default("\"/var/lib/auricle/meetings\""), Live;
        /// How a meeting is stored: "wav" as it was heard, about 115 MB per hour, or "opus", much smaller.
        format: MeetingFormat = Choice(&[
            ("wav", Some(MeetingFormat::Wav)),
            ("opus", Some(MeetingFormat::Opus)),
        ]), Default("\"wav\""), Live;
        /// How much of the disc stays free: a recording ends, or does not begin, when there would be less.
        min_free: u64 = Size { most: 1_000_000_000_000 }, Default("\"500MB\""), Live;
    }
}

section! {
    /// How `auricle status`, `auricle say` and the others reach the daemon.
    pub struct Control = "control" {
        /// The daemon's Unix socket. The variable AURICLE_CONTROL_SOCKET comes before it.
        socket: PathBuf = SOCKET, Default("\"/run/auricle/control.sock\""), Restart;
    }
}

/// A power that is given or not.
const SWITCH: Choice<bool> = Choice(&[("off", Some(false)), ("on", Some(true))]);

/// What the admin page lets one register.
const SERIAL: super::kind::Checked = super::kind::Checked {
    expects: "a serial number that the admin page takes: letters, digits, blank, `-` and `_`, at least five, without `WEB_`",
    passes: |text| auricle_core::protocol::linto::serial::check(text).is_ok(),
};

/// A mixer control; empty for none.
const MIXER: Checked = Checked {
    expects: "\"card/control\", or empty",
    passes: |text| text.is_empty() || (text.contains('/') && !text.chars().any(char::is_control)),
};
