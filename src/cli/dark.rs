//! `auricle dark`: what the daemon's unit runs after the daemon has ended. One that was killed leaves its lights as they
//! were, and they would say that somebody listens.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::config;
use crate::device::pins::Board;
use crate::device::pins::lights::{self, LightWant};

/// A disk or a bus that hangs holds nobody for longer.
const LIMIT: Duration = Duration::from_secs(2);

/// Makes the lights of the settings dark. It never fails: there may be none, or no pins, or settings that can't be used.
pub fn dark(config: Option<PathBuf>) -> ExitCode {
    within(LIMIT, move || {
        if let Some(want) = wanted(config.as_deref())
            && let Err(error) = lights::darken(&Board, &want)
        {
            eprintln!("auricle: the lights may still be on: {error}");
        }
    });
    ExitCode::SUCCESS
}

fn wanted(config: Option<&Path>) -> Option<LightWant> {
    config::load_without_secrets(config, config::environment()).ok()?.settings.leds.want()
}

/// Does it on a thread that is left alone when its time is over; it ends with this process.
fn within(limit: Duration, work: impl FnOnce() + Send + 'static) {
    let (done, over) = mpsc::channel::<()>();
    let work = move || {
        let _done = done;
        work();
    };
    if thread::Builder::new().name("dark".into()).spawn(work).is_ok() {
        // The other end is dropped when the work is done.
        let _ = over.recv_timeout(limit);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_hangs_is_left_alone() {
        let (_held, never) = mpsc::channel::<()>();
        let begun = Instant::now();
        within(Duration::from_millis(20), move || {
            let _ = never.recv();
        });
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn what_is_done_is_waited_for() {
        let (tell, told) = mpsc::channel();
        within(Duration::from_secs(60), move || {
            let _ = tell.send(());
        });
        assert!(told.try_recv().is_ok());
    }
}
