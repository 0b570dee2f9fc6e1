//! From a connection to a listening server: handshake, the server's key, the login, the forward.

use std::net::TcpStream;
use std::os::fd::AsFd;

use ssh2::{ErrorCode, Listener, MethodType, Session};

use super::address::Server;
use super::ciphers::{MACS, ciphers};
use super::watch::Step;
use super::{Ending, Limits, Order, Pins, SshError};

/// Codes of libssh2 that mean more than that something failed.
mod code {
    pub(super) const FILE: i32 = -16;
    pub(super) const AUTHENTICATION_FAILED: i32 = -18;
    pub(super) const PUBLICKEY_UNVERIFIED: i32 = -19;
    pub(super) const REQUEST_DENIED: i32 = -32;
}

/// The server listens on its loopback address, as with `ssh -R port:…`.
const LISTEN_ON: &str = "localhost";

/// Connections that libssh2 keeps until they are accepted; one more is refused.
const QUEUE: u32 = 64;

/// What is needed to log in.
pub(super) struct Login<'a> {
    pub(super) order: &'a Order,
    pub(super) limits: &'a Limits,
    pub(super) server: &'a Server,
    pub(super) pins: &'a Pins,
    pub(super) user: &'a str,
    pub(super) key: &'a str,
    pub(super) remote_port: u16,
}

impl Login<'_> {
    /// All of it. Gives the session, the listener, and the port that the server listens on.
    pub(super) fn perform(&self, stream: &TcpStream) -> Result<(Session, Listener, u16), Ending> {
        let mut session = self.session(stream)?;
        let name = self.server.to_string();
        // A clone is the same session: one does the step, the other tells what it waits for.
        let handle = session.clone();
        let step = Step { order: self.order, session: &handle, socket: stream.as_fd(), server: &name };
        let failed = |error: &ssh2::Error| SshError::Handshake { server: name.clone(), reason: error.message().into() };
        step.run("agree on the encryption", self.limits.handshake, || session.handshake(), failed)?;
        self.pins.check(&session, self.server)?;
        let login = || session.userauth_pubkey_memory(self.user, None, self.key, None);
        step.run("log in", self.limits.login, login, |error| self.explain_login(error))?;
        let forward = || session.channel_forward_listen(self.remote_port, Some(LISTEN_ON), Some(QUEUE));
        let (listener, port) =
            step.run("listen on its port", self.limits.forward, forward, |error| self.explain_forward(error))?;
        Ok((session, listener, port))
    }

    fn session(&self, stream: &TcpStream) -> Result<Session, Ending> {
        let failed = |error: &ssh2::Error| SshError::Handshake {
            server: self.server.to_string(),
            reason: format!("libssh2: {}", error.message()),
        };
        let mut session = Session::new().map_err(|error| failed(&error))?;
        self.prefer(&session).map_err(|error| failed(&error))?;
        session.set_blocking(false);
        session.set_tcp_stream(stream.try_clone()?);
        Ok(session)
    }

    /// Says what the handshake is to agree on.
    fn prefer(&self, session: &Session) -> Result<(), ssh2::Error> {
        session.method_pref(MethodType::HostKey, &self.pins.signatures(session, self.server)?)?;
        for kind in [MethodType::CryptCs, MethodType::CryptSc] {
            session.method_pref(kind, ciphers())?;
        }
        for kind in [MethodType::MacCs, MethodType::MacSc] {
            session.method_pref(kind, MACS)?;
        }
        Ok(())
    }

    fn explain_login(&self, error: &ssh2::Error) -> SshError {
        let server = self.server.to_string();
        match error.code() {
            ErrorCode::Session(code::AUTHENTICATION_FAILED | code::PUBLICKEY_UNVERIFIED) => {
                SshError::Login { user: self.user.into(), server }
            }
            ErrorCode::Session(code::FILE) => SshError::Key { reason: error.message().into() },
            _ => SshError::Lost { server, reason: error.message().into() },
        }
    }

    fn explain_forward(&self, error: &ssh2::Error) -> SshError {
        let server = self.server.to_string();
        match error.code() {
            ErrorCode::Session(code::REQUEST_DENIED) => SshError::Forward { server, port: self.remote_port },
            _ => SshError::Lost { server, reason: error.message().into() },
        }
    }
}
