//! `auricle replay`: a recording, heard as the daemon hears its microphone.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use auricle_core::audio::Position;
use auricle_core::hearing::trace::Trace;
use auricle_core::wake::{Word, cutoff};
use clap::Args;

use crate::config::{self, Settings};
use crate::replay::{self, Outcome, ReplayError, plot};
use crate::shown::printable;

/// What to hear, and how.
#[derive(Debug, Args)]
pub struct Options {
    /// The recording: a WAV file of any rate, with any number of channels; `-` is standard input
    #[arg(value_name = "FILE.wav")]
    file: PathBuf,
    /// Print JSON, a line per event; the summary then goes to standard error
    #[arg(long)]
    json: bool,
    /// A setting to try, for example listen.hangover=300ms; may stand several times
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Draw one utterance with level, noise floor, scores and decisions: the first, or all of a recording up to 20 s
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Draw the first utterance that ends at this time or later
    #[arg(long, value_name = "SECONDS", requires = "plot", value_parser = place, allow_negative_numbers = true)]
    at: Option<Position>,
    /// The settings to hear with. Without it the defaults count, not the installed settings, and never the environment:
    /// so it is the same everywhere
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

const MODELS: &str = "`make models` in a checkout or `auricle wake add` brings it, `listen.triggers=[]` does without";

/// Prints what is heard. Exit code 1 if the recording can't be read, 2 if the settings can't be used.
pub fn replay(options: &Options) -> ExitCode {
    let loaded = match config::load_given(options.config.as_deref(), &options.set) {
        Ok(loaded) => loaded,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(super::BAD_SETTINGS);
        }
    };
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    let words = match replay::wake_words(&loaded) {
        Ok((words, troubles)) => {
            troubles.iter().for_each(|trouble| eprintln!("warning: {trouble}; {MODELS}"));
            words
        }
        Err(troubles) => {
            troubles.iter().for_each(|trouble| eprintln!("{trouble}; {MODELS}"));
            return ExitCode::from(super::BAD_SETTINGS);
        }
    };
    match hear(options, &loaded.settings, words) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever has seen enough closes the pipe.
        Err(ReplayError::Told(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error @ ReplayError::Channel { .. }) => {
            super::fail(&error);
            ExitCode::from(super::BAD_SETTINGS)
        }
        Err(error) => super::fail(&error),
    }
}

/// A place in the recording.
fn place(seconds: &str) -> Result<Position, String> {
    let seconds = seconds.parse::<f64>().ok().map(Duration::try_from_secs_f64);
    match seconds {
        Some(Ok(seconds)) => Ok(Position(0) + seconds),
        _ => Err("it must be a number of seconds, such as 12.5".into()),
    }
}

fn hear(options: &Options, settings: &Settings, words: Vec<Word>) -> Result<(), ReplayError> {
    let (name, mut input) = open(&options.file, options.plot.as_deref())?;
    let mut picture = options.plot.as_deref().map(Picture::begin).transpose()?;
    let about = plot::About {
        title: options.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        note: replay::settings_in_words(settings),
        words: words.iter().map(|word| (word.name.clone(), cutoff(word.cutoff, word.sensitivity))).collect(),
    };
    let trace = options.plot.as_ref().map(|_| Trace::new(options.at.unwrap_or_default()));
    let line = if options.json { replay::json } else { replay::words };
    let mut tell = |heard: &_| writeln!(std::io::stdout().lock(), "{}", line(heard));
    let Outcome { summary, trace } = replay::hear(&mut input, &name, settings, words, trace, &mut tell)?;
    if let (Some(picture), Some(trace)) = (&mut picture, &trace) {
        picture.draw(&plot::draw(trace, &about))?;
    }
    if let Some(warning) = summary.warning(&name) {
        eprintln!("warning: {warning}");
    }
    if options.json {
        eprintln!("{summary}");
    } else {
        writeln!(std::io::stdout().lock(), "{summary}").map_err(ReplayError::Told)?;
    }
    Ok(())
}

/// The file that the picture goes to, opened before anything is heard: a name that can't be written is told at once.
struct Picture {
    path: PathBuf,
    file: File,
}

impl Picture {
    fn begin(path: &Path) -> Result<Self, ReplayError> {
        let begun = File::options().write(true).create(true).truncate(false).open(path);
        let file = begun.map_err(|error| ReplayError::Plot { path: path.into(), error })?;
        Ok(Self { path: path.into(), file })
    }

    /// What was there before goes only now, when there is a picture.
    fn draw(&mut self, drawing: &str) -> Result<(), ReplayError> {
        // A pipe has no length to be cut.
        let _ = self.file.set_len(0);
        let written = self.file.write_all(drawing.as_bytes());
        written.map_err(|error| ReplayError::Plot { path: self.path.clone(), error })
    }
}

/// The recording, and how it is called in messages. It is not to be the file that the picture is written to.
fn open(path: &Path, picture: Option<&Path>) -> Result<(String, Box<dyn Read>), ReplayError> {
    if path == Path::new("-") {
        return Ok(("standard input".into(), Box::new(std::io::stdin().lock())));
    }
    let file = format!("`{}`", printable(&path.display().to_string()));
    let opened = File::open(path).and_then(|input| input.metadata().map(|about| (input, about)));
    let (input, about) = match opened {
        Ok(opened) => opened,
        Err(error) => return Err(ReplayError::Open { file, error }),
    };
    let same = |other: Metadata| (other.dev(), other.ino()) == (about.dev(), about.ino());
    if about.is_dir() {
        return Err(ReplayError::Folder { file });
    }
    if about.is_file() && picture.and_then(|picture| picture.metadata().ok()).is_some_and(same) {
        return Err(ReplayError::Over { file });
    }
    Ok((file, Box::new(input)))
}
