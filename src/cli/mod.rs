//! The command line, a file per subcommand.

mod ask;
mod check;
mod dark;
#[cfg(feature = "demo")]
mod demo;
mod devices;
mod dictate;
mod doctor;
mod events;
mod replay;
mod run;
mod setup;
mod shell_session;
mod status;
mod table;
mod talk;
mod wake;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

/// Settings that can't be used. The service unit does not restart on it.
pub const BAD_SETTINGS: u8 = 2;

/// A voice client for the Raspberry Pi: speak to it, your own server answers.
#[derive(Debug, Parser)]
#[command(name = "auricle", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon.
    Run(Settings),
    /// Read the settings and say what they mean.
    Check(Settings),
    /// List microphones, loudspeakers and volume controls, as the settings want them.
    Devices {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ask five questions, test each answer, and write the settings.
    Setup(setup::Options),
    /// Show the main job with nothing else installed: a broker, a server and a person, all inside.
    #[cfg(feature = "demo")]
    Demo(demo::Options),
    /// Look at everything that the device needs, and say what to do.
    Doctor(doctor::Options),
    /// Hear a recording as the daemon would, and say what was heard when.
    Replay(replay::Options),
    /// Say how the daemon is.
    Status(Reach),
    /// Let the device say something.
    Say {
        /// What.
        #[arg(required = true, num_args = 1.., value_name = "TEXT")]
        text: Vec<String>,
        #[command(flatten)]
        reach: Reach,
    },
    /// Ask the server in writing, and print its answer.
    Ask {
        /// What.
        #[arg(required = true, num_args = 1.., value_name = "TEXT")]
        text: Vec<String>,
        /// Ask the server's chatbot alone.
        #[arg(long)]
        chatbot: bool,
        #[command(flatten)]
        reach: Reach,
    },
    /// Let the server write down what you say, until Ctrl-C.
    Dictate(Reach),
    /// Listen now, as if the wake word had been spoken.
    Listen(Reach),
    /// Stop listening, waiting and speaking.
    Cancel(Reach),
    /// Close the microphone.
    Mute(Reach),
    /// Open the microphone again.
    Unmute(Reach),
    /// Say or set how loud the loudspeaker is, in percent.
    Volume {
        /// The new volume.
        #[arg(value_name = "N", value_parser = clap::value_parser!(u8).range(0..=100))]
        percent: Option<u8>,
        #[command(flatten)]
        reach: Reach,
    },
    /// Record a meeting.
    #[command(subcommand)]
    Meeting(Meeting),
    /// Look after the reverse SSH tunnel.
    #[command(subcommand)]
    Ssh(Ssh),
    /// Look after the models of wake words.
    #[command(subcommand)]
    Wake(Wake),
    /// Show what happens, as it happens.
    Events(Reach),
    /// Run one command for the daemon, in a unit of its own.
    #[command(hide = true)]
    ShellSession,
    /// Make the lights dark that a killed daemon left on.
    #[command(hide = true)]
    Dark(Settings),
    /// Tell the daemon that its program is about to be replaced.
    #[command(hide = true)]
    Updating(Reach),
}

#[derive(Debug, Subcommand)]
enum Meeting {
    /// Begin a recording, and print the name of its file.
    Start {
        /// The name of the meeting, of which the name of the file is made.
        #[arg(required = true, num_args = 1.., value_name = "NAME")]
        name: Vec<String>,
        #[command(flatten)]
        reach: Reach,
    },
    /// End the recording, and print the name of its file.
    Stop(Reach),
}

#[derive(Debug, Subcommand)]
enum Ssh {
    /// Close the tunnel.
    Stop(Reach),
}

#[derive(Debug, Subcommand)]
enum Wake {
    /// List the models that are installed, and what becomes of them.
    List(Reach),
    /// Take in another model: FILE.tflite, with its description FILE.json beside it.
    Add {
        /// The model.
        #[arg(value_name = "FILE.tflite")]
        file: PathBuf,
        #[command(flatten)]
        reach: Reach,
    },
}

/// Which settings.
#[derive(Debug, Args)]
struct Settings {
    /// The settings file [default: /etc/auricle/auricle.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How to reach the daemon.
#[derive(Debug, Args)]
struct Reach {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The settings file of the daemon, for its control socket [default: /etc/auricle/auricle.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How the command line is defined, for manual pages and completions.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Reads the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run(settings) => run::run(settings.config),
        Command::Check(settings) => check::check(settings.config.as_deref()),
        Command::Devices { json } => devices::devices(json),
        Command::Setup(options) => setup::setup(options),
        #[cfg(feature = "demo")]
        Command::Demo(options) => demo::demo(&options),
        Command::Doctor(options) => doctor::doctor(&options),
        Command::Replay(options) => replay::replay(&options),
        Command::Status(reach) => status::status(&reach),
        Command::Say { text, reach } => talk::say(&text.join(" "), &reach),
        Command::Ask { text, chatbot, reach } => ask::ask(&text.join(" "), chatbot, &reach),
        Command::Dictate(reach) => dictate::dictate(&reach),
        Command::Listen(reach) => talk::act("listen", &reach),
        Command::Cancel(reach) => talk::act("cancel", &reach),
        Command::Mute(reach) => talk::act("mute", &reach),
        Command::Unmute(reach) => talk::act("unmute", &reach),
        Command::Volume { percent, reach } => talk::volume(percent, &reach),
        Command::Meeting(Meeting::Start { name, reach }) => talk::meeting(&name.join(" "), &reach),
        Command::Meeting(Meeting::Stop(reach)) => talk::meeting_end(&reach),
        Command::Ssh(Ssh::Stop(reach)) => talk::act("ssh/stop", &reach),
        Command::Wake(Wake::List(reach)) => wake::list(&reach),
        Command::Wake(Wake::Add { file, reach }) => wake::add(&file, &reach),
        Command::Events(reach) => events::events(&reach),
        Command::ShellSession => shell_session::serve(),
        Command::Dark(settings) => dark::dark(settings.config),
        Command::Updating(reach) => talk::act("updating", &reach),
    }
}

/// Says what is wrong, on one line of standard error.
fn fail(error: &impl std::fmt::Display) -> ExitCode {
    eprintln!("auricle: {error}");
    ExitCode::FAILURE
}

/// A runtime for this one thread.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
