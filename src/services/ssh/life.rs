//! The thread of a tunnel, from the request to its end.

use std::sync::Arc;

use tracing::{debug, info};

use super::address::{Address, Server, check_user};
use super::libssh::{Library, PrivateKey};
use super::login::Login;
use super::relay::{Forward, Relay, Surroundings};
use super::{Ending, Limits, Order, Pins, SshError, TunnelCounters, TunnelNotice, TunnelRequest, TunnelSettings};
use super::{dial, key};

/// Tells what happens, the end exactly once: also if the thread dies of a defect, so that nobody believes in a tunnel
/// that is gone.
pub(super) struct Notify {
    tell: Box<dyn Fn(TunnelNotice) + Send>,
    ended: bool,
}

impl Notify {
    pub(super) fn new(tell: Box<dyn Fn(TunnelNotice) + Send>) -> Self {
        Self { tell, ended: false }
    }

    pub(super) fn tell(&self, notice: TunnelNotice) {
        (self.tell)(notice);
    }

    fn end(mut self, ending: Ending) {
        self.ended = true;
        (self.tell)(TunnelNotice::Ended(ending));
    }
}

impl Drop for Notify {
    fn drop(&mut self) {
        if !self.ended {
            let defect = std::io::Error::other("a defect in Auricle, please report it");
            (self.tell)(TunnelNotice::Ended(defect.into()));
        }
    }
}

/// All that the thread owns.
pub(super) struct Life {
    pub(super) request: TunnelRequest,
    pub(super) settings: TunnelSettings,
    pub(super) limits: Limits,
    pub(super) order: Order,
    pub(super) counters: Arc<TunnelCounters>,
    pub(super) notify: Notify,
}

impl Life {
    pub(super) fn live(mut self) {
        let ending = match self.stand() {
            Ok(never) => match never {},
            Err(ending) => ending,
        };
        info!(host = %self.request.host, ?ending, "the tunnel has ended");
        self.notify.end(ending);
    }

    fn stand(&mut self) -> Result<std::convert::Infallible, Ending> {
        let (pins, server, library, key) = self.prepare()?;
        let stream = dial::reach(&self.order, &server, self.limits.connect)?;
        dial::give_up_after(&stream, self.limits.keep_alive * self.limits.unanswered)?;
        debug!(%server, "connected");
        let login = Login {
            library,
            order: &self.order,
            limits: &self.limits,
            server: &server,
            pins: &pins,
            user: &self.request.user,
            key: &key,
            remote_port: self.request.remote_port,
        };
        let (session, port) = login.perform(&stream)?;
        drop(key);
        info!(%server, port, "the tunnel is up");
        self.notify.tell(TunnelNotice::Up { port });
        let forward = Forward { session, port, stream: &stream, server: server.to_string() };
        Relay::new(forward, self.around()).carry(self.settings.time_limit)
    }

    fn around(&self) -> Surroundings<'_> {
        Surroundings {
            local_port: self.request.local_port,
            limits: &self.limits,
            order: &self.order,
            counters: &self.counters,
            notify: &self.notify,
        }
    }

    /// All that can be checked before anything leaves the device.
    fn prepare(&mut self) -> Result<(Pins, Server, &'static Library, PrivateKey), SshError> {
        check_user(&self.request.user)?;
        if self.request.local_port == 0 {
            return Err(SshError::LocalPort);
        }
        let pins = Pins::parse(&self.settings.hosts)?;
        let server = pins.server(Address::parse(&self.request.host)?)?;
        let key = key::load(&std::mem::take(&mut self.request.key), &self.settings.key_dir)?;
        let library = Library::get()?;
        let key = PrivateKey::parse(library, &key).map_err(|reason| SshError::Key { reason: reason.into() })?;
        Ok((pins, server, library, key))
    }
}
