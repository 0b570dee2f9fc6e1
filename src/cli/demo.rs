//! `auricle demo`: the main job with nothing else installed.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::demo::{Fault, Plan, play};

/// How to play.
#[derive(Debug, Args)]
pub struct Options {
    /// Use the real sound card: you speak.
    #[arg(long)]
    live: bool,
    /// Leave WAV files and messages in this folder.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Break a part on purpose; the demo must then fail and say why.
    #[arg(long, value_enum, hide = true, conflicts_with = "live")]
    fault: Option<Fault>,
}

/// Plays the demo. Exit code 0 only if everything was said, understood and heard.
pub fn demo(options: &Options) -> ExitCode {
    let plan = Plan { live: options.live, keep: options.keep.clone(), fault: options.fault };
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::fail(&error),
    };
    let outcome = runtime.block_on(play(&plan));
    runtime.shutdown_background();
    match outcome {
        Ok(()) => {
            println!("The demo has passed.");
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("The demo has failed: {why}");
            ExitCode::FAILURE
        }
    }
}
