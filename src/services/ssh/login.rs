//! From a connection to a listening server: handshake, the server's key, the login, the forward.

use std::ffi::CStr;
use std::net::TcpStream;
use std::os::fd::AsFd;

use super::address::Server;
use super::ciphers::{MACS, ciphers};
use super::libssh::{Failure, Library, PrivateKey, Session};
use super::watch::Step;
use super::{Ending, Limits, Order, Pins, SshError};

/// The server listens on its loopback address, as with `ssh -R port:…`.
const LISTEN_ON: &CStr = c"localhost";

/// What is needed to log in.
pub(super) struct Login<'a> {
    pub(super) library: &'static Library,
    pub(super) order: &'a Order,
    pub(super) limits: &'a Limits,
    pub(super) server: &'a Server,
    pub(super) pins: &'a Pins,
    pub(super) user: &'a str,
    pub(super) key: &'a PrivateKey,
    pub(super) remote_port: u16,
}

impl Login<'_> {
    /// All of it. Gives the session and the port that the server listens on.
    pub(super) fn perform(&self, stream: &TcpStream) -> Result<(Session, u16), Ending> {
        let session = self.session(stream)?;
        let name = self.server.to_string();
        let step = Step { order: self.order, session: &session, socket: stream.as_fd(), server: &name };
        let limits = self.limits;
        step.run("agree on the encryption", limits.handshake, Session::connect, |failure| self.no_handshake(failure))?;
        let shown = session.server_key().map_err(|failure| self.no_handshake(failure))?;
        self.pins.check(self.server, &shown)?;
        step.run("log in", limits.login, |session| session.log_in(self.key), |failure| self.no_login(failure))?;
        let listen = |session: &Session| session.listen(LISTEN_ON, self.remote_port);
        let port = step.run("listen on its port", limits.forward, listen, |failure| self.no_forward(failure))?;
        Ok((session, port))
    }

    fn session(&self, stream: &TcpStream) -> Result<Session, Ending> {
        let signatures = self.pins.signatures(self.server);
        let prepare = |stream| {
            let session = Session::new(self.library)?;
            session.offer(ciphers(), MACS, &signatures)?;
            session.adopt(stream, self.user)?;
            Ok(session)
        };
        Ok(prepare(stream.try_clone()?).map_err(|failure| self.no_handshake(failure))?)
    }

    fn no_handshake(&self, failure: Failure) -> SshError {
        SshError::Handshake { server: self.server.to_string(), reason: reason(failure) }
    }

    fn no_login(&self, failure: Failure) -> SshError {
        let server = self.server.to_string();
        match failure {
            Failure::Refused => SshError::Login { user: self.user.into(), server },
            Failure::Broken(reason) => SshError::Lost { server, reason },
        }
    }

    fn no_forward(&self, failure: Failure) -> SshError {
        let server = self.server.to_string();
        match failure {
            Failure::Refused => SshError::Forward { server, port: self.remote_port },
            Failure::Broken(reason) => SshError::Lost { server, reason },
        }
    }
}

fn reason(failure: Failure) -> String {
    match failure {
        Failure::Refused => "it refuses".into(),
        Failure::Broken(reason) => reason,
    }
}
