//! `auricle shell-session`: what `auricle-shell@.service` runs, with the daemon at the other end of standard input.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use crate::services::shell::session;

/// Runs the one command that the daemon sends.
pub fn serve() -> ExitCode {
    let served = || -> Result<(), Box<dyn std::error::Error>> {
        let stream = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
        if stream.local_addr().is_err() {
            return Err("auricle-shell.socket starts this for the daemon; by hand it does nothing".into());
        }
        stream.set_nonblocking(true)?;
        super::runtime()?.block_on(async { Ok(session::serve(tokio::net::UnixStream::from_std(stream)?).await?) })
    };
    match served() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::fail(&error),
    }
}
