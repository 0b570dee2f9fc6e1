//! What a server asks for on its own.

use std::ffi::c_int;
use std::rc::Rc;

use libssh_rs_sys as sys;

use super::{Channel, Handle};

/// A request of the server. Dropped without an answer it is refused.
pub(in super::super) struct Request {
    handle: Rc<Handle>,
    message: sys::ssh_message,
    answered: bool,
}

impl Request {
    pub(super) const fn new(handle: Rc<Handle>, message: sys::ssh_message) -> Self {
        Self { handle, message, answered: false }
    }

    /// If a connection to a port where the server listens for us is to be passed on: that port. Nothing else was
    /// agreed upon.
    pub(in super::super) fn port(&self) -> Option<u16> {
        // SAFETY: the message lives.
        unsafe {
            let kind = (
                self.handle.library.ssh_message_type(self.message),
                self.handle.library.ssh_message_subtype(self.message),
            );
            let wanted =
                (sys::ssh_requests_e::SSH_REQUEST_CHANNEL_OPEN, sys::ssh_channel_type_e::SSH_CHANNEL_FORWARDED_TCPIP);
            if kind != (wanted.0 as c_int, wanted.1 as c_int) {
                return None;
            }
            u16::try_from(self.handle.library.ssh_message_channel_request_open_destination_port(self.message)).ok()
        }
    }

    /// The connection; `None` if the session is at its end.
    pub(in super::super) fn accept(mut self) -> Option<Channel> {
        self.answered = true;
        // SAFETY: the message lives and asks for a channel, or libssh refuses; the channel is ours to free.
        let channel = unsafe { self.handle.library.ssh_message_channel_request_open_reply_accept(self.message) };
        (!channel.is_null()).then(|| Channel::new(Rc::clone(&self.handle), channel))
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // SAFETY: the message lives; its session too, and it is freed once.
        unsafe {
            if !self.answered {
                self.handle.library.ssh_message_reply_default(self.message);
            }
            self.handle.library.ssh_message_free(self.message);
        }
    }
}
