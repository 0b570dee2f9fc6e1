//! The part of libssh that a tunnel needs, as safe Rust. Nothing in here waits: what can't be done yet says so and is
//! tried again when the socket has something to tell.
//!
//! libssh is Debian's shared library, with Debian's OpenSSL and Debian's fixes, and is loaded when it is needed
//! ([`Library`]). Of its own it would read the files of whoever runs the program and of the system (`ssh_config`,
//! `known_hosts`); all of that is switched off here.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_int, c_void};
use std::net::TcpStream;
use std::os::fd::IntoRawFd;
use std::ptr;
use std::rc::Rc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use libssh_rs_sys as sys;
use sys::ssh_options_e as Name;

mod channel;
mod key;
mod library;
mod request;

pub(super) use channel::{Channel, Trouble, Waiting};
pub(super) use key::PrivateKey;
pub(super) use library::Library;
pub(super) use request::Request;

/// So much of a reason is passed on: a part of it may be the server's words.
const LONGEST_REASON: usize = 200;

/// Why something is not to be had.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server says no.
    Refused,
    /// Nothing more can be done with this session. In words of libssh, fit to be printed.
    Broken(String),
}

/// `None`: not yet.
pub(super) type Attempt<T> = Result<Option<T>, Failure>;

/// What libssh calls a session. Freed after all of its channels, whoever is dropped last.
struct Handle {
    library: &'static Library,
    session: sys::ssh_session,
    /// libssh counts in it; valid until the session is freed.
    traffic: *mut sys::ssh_counter_struct,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: both were made in `Session::new` and belong to nobody else; the session stops counting first.
        unsafe {
            self.library.ssh_free(self.session);
            drop(Box::from_raw(self.traffic));
        }
    }
}

impl Handle {
    fn reason(&self) -> String {
        // SAFETY: the session lives; its text ends with a zero byte and is copied before anything else is called.
        let text = unsafe {
            let text = self.library.ssh_get_error(self.session.cast());
            if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
        };
        let text: String = text.chars().filter(|letter| !letter.is_control()).take(LONGEST_REASON).collect();
        if text.is_empty() { "libssh does not say why".into() } else { text }
    }

    fn failure(&self) -> Failure {
        // SAFETY: the session lives.
        let code = unsafe { self.library.ssh_get_error_code(self.session.cast()) };
        if code == sys::ssh_error_types_e_SSH_REQUEST_DENIED as c_int {
            Failure::Refused
        } else {
            Failure::Broken(self.reason())
        }
    }
}

/// A session with a server. It stays on the thread that made it.
pub(super) struct Session(Rc<Handle>);

impl Session {
    /// A session that reads no file and offers what [`Self::offer`] names.
    ///
    /// # Errors
    /// [`Failure::Broken`]: no memory.
    pub(super) fn new(library: &'static Library) -> Result<Self, Failure> {
        // SAFETY: no preconditions.
        let session = unsafe { library.ssh_new() };
        if session.is_null() {
            return Err(Failure::Broken("no memory".into()));
        }
        let none = sys::ssh_counter_struct { in_bytes: 0, out_bytes: 0, in_packets: 0, out_packets: 0 };
        let traffic = Box::into_raw(Box::new(none));
        let this = Self(Rc::new(Handle { library, session, traffic }));
        // SAFETY: the session lives, and the counter longer than it.
        unsafe {
            library.ssh_set_counters(session, traffic, ptr::null_mut());
            library.ssh_set_blocking(session, 0);
        }
        this.set(Name::SSH_OPTIONS_PROCESS_CONFIG, &false)?;
        for file in [Name::SSH_OPTIONS_KNOWNHOSTS, Name::SSH_OPTIONS_GLOBAL_KNOWNHOSTS, Name::SSH_OPTIONS_SSH_DIR] {
            this.set_text(file, "/dev/null")?;
        }
        this.set_text(Name::SSH_OPTIONS_COMPRESSION, "no")?;
        Ok(this)
    }

    /// What is offered to the server, best first: ciphers, what authenticates packets, signatures of the server's key.
    /// With our own key nothing else signs either.
    pub(super) fn offer(&self, ciphers: &str, macs: &str, signatures: &str) -> Result<(), Failure> {
        for (name, list) in [
            (Name::SSH_OPTIONS_CIPHERS_C_S, ciphers),
            (Name::SSH_OPTIONS_CIPHERS_S_C, ciphers),
            (Name::SSH_OPTIONS_HMAC_C_S, macs),
            (Name::SSH_OPTIONS_HMAC_S_C, macs),
            (Name::SSH_OPTIONS_HOSTKEYS, signatures),
            (Name::SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, signatures),
        ] {
            self.set_text(name, list)?;
        }
        Ok(())
    }

    /// Speaks through this socket from now on, as this account.
    pub(super) fn adopt(&self, stream: TcpStream, user: &str) -> Result<(), Failure> {
        self.set_text(Name::SSH_OPTIONS_USER, user)?;
        let descriptor: c_int = stream.into_raw_fd();
        // From here on libssh closes it.
        self.set(Name::SSH_OPTIONS_FD, &descriptor)
    }

    fn set_text(&self, name: Name, text: &str) -> Result<(), Failure> {
        let text = CString::new(text).map_err(|_| Failure::Broken("a zero byte in a setting".into()))?;
        self.set_pointer(name, text.as_ptr().cast())
    }

    fn set<T: Into<c_int> + Copy>(&self, name: Name, value: &T) -> Result<(), Failure> {
        let value: c_int = (*value).into();
        self.set_pointer(name, ptr::from_ref(&value).cast())
    }

    fn set_pointer(&self, name: Name, value: *const c_void) -> Result<(), Failure> {
        // SAFETY: the session lives; `value` points to what libssh wants for this name, and is copied.
        let result = unsafe { self.0.library.ssh_options_set(self.0.session, name, value) };
        if result == 0 { Ok(()) } else { Err(Failure::Broken(self.0.reason())) }
    }

    /// Exchanges keys with the server. Whether its key is the right one is for the caller to check.
    pub(super) fn connect(&self) -> Attempt<()> {
        // SAFETY: the session lives.
        self.outcome(unsafe { self.0.library.ssh_connect(self.0.session) })
    }

    /// The public key that the server has shown, in the format of the protocol.
    pub(super) fn server_key(&self) -> Result<Vec<u8>, Failure> {
        let (mut key, mut text) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the session lives; both results are ours to free, and freed once.
        unsafe {
            if self.0.library.ssh_get_server_publickey(self.0.session, &raw mut key) != 0 {
                return Err(Failure::Broken("the server has shown no key".into()));
            }
            let result = self.0.library.ssh_pki_export_pubkey_base64(key, &raw mut text);
            self.0.library.ssh_key_free(key);
            if result != 0 || text.is_null() {
                return Err(Failure::Broken("the server's key has no known format".into()));
            }
            let bytes = BASE64_STANDARD.decode(CStr::from_ptr(text).to_bytes());
            self.0.library.ssh_string_free_char(text);
            bytes.map_err(|_| Failure::Broken("the server's key has no known format".into()))
        }
    }

    /// Logs in. [`Failure::Refused`]: the account does not take this key.
    pub(super) fn log_in(&self, key: &PrivateKey) -> Attempt<()> {
        // SAFETY: session and key live.
        match unsafe { self.0.library.ssh_userauth_publickey(self.0.session, ptr::null(), key.raw()) } {
            sys::ssh_auth_e_SSH_AUTH_SUCCESS => Ok(Some(())),
            sys::ssh_auth_e_SSH_AUTH_AGAIN => Ok(None),
            sys::ssh_auth_e_SSH_AUTH_ERROR => Err(Failure::Broken(self.0.reason())),
            _ => Err(Failure::Refused),
        }
    }

    /// Asks the server to listen, on any port for 0. Gives the port.
    pub(super) fn listen(&self, address: &CStr, port: u16) -> Attempt<u16> {
        let mut bound = 0;
        // SAFETY: session and address live.
        let result = unsafe {
            self.0.library.ssh_channel_listen_forward(self.0.session, address.as_ptr(), port.into(), &raw mut bound)
        };
        if self.outcome(result)?.is_none() {
            return Ok(None);
        }
        let bound = if port == 0 { u16::try_from(bound).unwrap_or(0) } else { port };
        if bound == 0 {
            Err(Failure::Broken("it does not say on which port it listens".into()))
        } else {
            Ok(Some(bound))
        }
    }

    fn outcome(&self, result: c_int) -> Attempt<()> {
        match result {
            0 => Ok(Some(())),
            sys::SSH_AGAIN => Ok(None),
            _ => Err(self.0.failure()),
        }
    }

    /// Takes in what has come, as much as one read gives, and sends what waits. Gives what the server asks for.
    pub(super) fn next_request(&self) -> Option<Request> {
        // SAFETY: the session lives; the message is ours to free.
        let message = unsafe { self.0.library.ssh_message_get(self.0.session) };
        (!message.is_null()).then(|| Request::new(Rc::clone(&self.0), message))
    }

    /// Asks the server for a sign of life; one question at a time is on its way.
    pub(super) fn ask_for_life(&self) {
        // libssh fetches the answer to the last question and forgets to ask the next: the second call asks. If there
        // was none, the first one asks and the second one only looks for the answer.
        for _ in 0..2 {
            // SAFETY: the session lives.
            unsafe { self.0.library.ssh_send_keepalive(self.0.session) };
        }
    }

    /// Bytes that have come from the server so far.
    pub(super) fn received(&self) -> u64 {
        // SAFETY: the counter lives as long as the session, and libssh writes to it only while it is called.
        unsafe { (*self.0.traffic).in_bytes }
    }

    /// Whether it waits for the socket to take more.
    pub(super) fn wants_to_write(&self) -> bool {
        // SAFETY: the session lives.
        let flags = unsafe { self.0.library.ssh_get_poll_flags(self.0.session) };
        flags & sys::SSH_WRITE_PENDING as c_int != 0
    }

    /// Why nothing can be had from the server any more; `None` while it can.
    pub(super) fn lost(&self) -> Option<String> {
        // SAFETY: the session lives.
        let flags = unsafe { self.0.library.ssh_get_status(self.0.session) };
        (flags & (sys::SSH_CLOSED | sys::SSH_CLOSED_ERROR) as c_int != 0).then(|| self.0.reason())
    }

    /// Takes leave with these words, if nothing of the session is in use any more.
    pub(super) fn disconnect(self, words: &CStr) {
        // libssh writes at once only after it was told that the socket takes something; then what waits goes first.
        for _ in 0..2 {
            drop(self.next_request());
        }
        // It frees all channels too.
        if let Some(handle) = Rc::into_inner(self.0) {
            // SAFETY: the session lives, no channel points to it, and the words are copied.
            unsafe {
                handle.library.ssh_session_set_disconnect_message(handle.session, words.as_ptr());
                handle.library.ssh_disconnect(handle.session);
            }
        }
    }
}

/// A flag that libssh's callbacks set.
type Flag = Cell<bool>;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::io::Read;
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_session_that_is_dropped_closes_its_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let session = Session::new(Library::get().unwrap()).unwrap();
        session.adopt(TcpStream::connect(listener.local_addr().unwrap()).unwrap(), "somebody").unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        assert!(session.connect().unwrap().is_none(), "the server has said nothing yet");
        drop(session);
        server.read_to_end(&mut Vec::new()).expect("its end");
    }

    #[test]
    fn what_it_is_to_offer_must_be_known() {
        let session = Session::new(Library::get().unwrap()).unwrap();
        assert!(session.offer("none-such", "hmac-sha2-256", "ssh-ed25519").is_err());
        assert!(session.offer("aes128-ctr", "hmac-sha2-256", "ssh-ed25519").is_ok());
    }
}
