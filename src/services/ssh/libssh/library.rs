//! libssh itself: loaded when the first tunnel is built, and kept. Until then, and on a device without tunnels, neither
//! it nor what it brings along (Kerberos) is in the memory, and it need not be installed.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::transmute;
use std::ptr::NonNull;
use std::sync::OnceLock;

use libssh_rs_sys as sys;
use sys::{
    ssh_auth_callback, ssh_channel, ssh_channel_callbacks, ssh_counter, ssh_key, ssh_message, ssh_options_e,
    ssh_session,
};

use super::super::SshError;

/// What Debian's package libssh-4 installs. The number is that of the interface that the bindings describe.
const FILE: &CStr = c"libssh.so.4";

/// Makes [`Library`] of the functions that are used: a pointer each, and a method of the same name that calls it. The
/// compiler compares each with the bindings, without linking anything.
macro_rules! library {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions of libssh that are used. What each wants of its caller is in libssh's manual.
        #[derive(Debug)]
        pub(in super::super) struct Library {
            $($name: unsafe extern "C" fn($($type),*) $(-> $result)?,)*
        }

        $(const _: unsafe extern "C" fn($($type),*) $(-> $result)? = sys::$name;)*

        impl Library {
            /// Finds all functions in what `dlopen` gave.
            fn find(file: NonNull<c_void>) -> Result<Self, SshError> {
                Ok(Self {
                    $($name: {
                        let name = concat!(stringify!($name), "\0");
                        // SAFETY: the file stays open, the name ends with a zero byte.
                        let found = unsafe { libc::dlsym(file.as_ptr(), name.as_ptr().cast()) };
                        let found = NonNull::new(found).ok_or(SshError::OldLibrary { lacks: stringify!($name) })?;
                        // SAFETY: it has the type that the bindings of this interface say, see above.
                        unsafe {
                            transmute::<NonNull<c_void>, unsafe extern "C" fn($($type),*) $(-> $result)?>(found)
                        }
                    },)*
                })
            }

            $(pub(super) unsafe fn $name(&self, $($argument: $type),*) $(-> $result)? {
                // SAFETY: the caller keeps to the manual.
                unsafe { (self.$name)($($argument),*) }
            })*
        }
    };
}

library! {
    fn ssh_init() -> c_int;
    fn ssh_new() -> ssh_session;
    fn ssh_free(session: ssh_session);
    fn ssh_get_error(source: *mut c_void) -> *const c_char;
    fn ssh_get_error_code(source: *mut c_void) -> c_int;
    fn ssh_set_counters(session: ssh_session, sockets: ssh_counter, packets: ssh_counter);
    fn ssh_set_blocking(session: ssh_session, blocking: c_int);
    fn ssh_options_set(session: ssh_session, name: ssh_options_e, value: *const c_void) -> c_int;
    fn ssh_connect(session: ssh_session) -> c_int;
    fn ssh_get_server_publickey(session: ssh_session, key: *mut ssh_key) -> c_int;
    fn ssh_pki_export_pubkey_base64(key: ssh_key, text: *mut *mut c_char) -> c_int;
    fn ssh_string_free_char(text: *mut c_char);
    fn ssh_pki_import_privkey_base64(
        text: *const c_char,
        passphrase: *const c_char,
        ask: ssh_auth_callback,
        data: *mut c_void,
        key: *mut ssh_key
    ) -> c_int;
    fn ssh_key_free(key: ssh_key);
    fn ssh_userauth_publickey(session: ssh_session, user: *const c_char, key: ssh_key) -> c_int;
    fn ssh_channel_listen_forward(
        session: ssh_session,
        address: *const c_char,
        port: c_int,
        bound: *mut c_int
    ) -> c_int;
    fn ssh_send_keepalive(session: ssh_session) -> c_int;
    fn ssh_get_poll_flags(session: ssh_session) -> c_int;
    fn ssh_get_status(session: ssh_session) -> c_int;
    fn ssh_session_set_disconnect_message(session: ssh_session, words: *const c_char) -> c_int;
    fn ssh_disconnect(session: ssh_session);
    fn ssh_message_get(session: ssh_session) -> ssh_message;
    fn ssh_message_type(message: ssh_message) -> c_int;
    fn ssh_message_subtype(message: ssh_message) -> c_int;
    fn ssh_message_channel_request_open_destination_port(message: ssh_message) -> c_int;
    fn ssh_message_channel_request_open_reply_accept(message: ssh_message) -> ssh_channel;
    fn ssh_message_reply_default(message: ssh_message) -> c_int;
    fn ssh_message_free(message: ssh_message);
    fn ssh_set_channel_callbacks(channel: ssh_channel, callbacks: ssh_channel_callbacks) -> c_int;
    fn ssh_remove_channel_callbacks(channel: ssh_channel, callbacks: ssh_channel_callbacks) -> c_int;
    fn ssh_channel_poll(channel: ssh_channel, kind: c_int) -> c_int;
    fn ssh_channel_read_nonblocking(channel: ssh_channel, space: *mut c_void, length: u32, kind: c_int) -> c_int;
    fn ssh_channel_window_size(channel: ssh_channel) -> u32;
    fn ssh_channel_write(channel: ssh_channel, bytes: *const c_void, length: u32) -> c_int;
    fn ssh_channel_send_eof(channel: ssh_channel) -> c_int;
    fn ssh_channel_close(channel: ssh_channel) -> c_int;
    fn ssh_channel_free(channel: ssh_channel);
}

impl Library {
    /// The library, loaded if this is the first time. What failed is tried again the next time: somebody may have
    /// installed it.
    ///
    /// # Errors
    /// It is not installed, or too old.
    pub(in super::super) fn get() -> Result<&'static Self, SshError> {
        static LOADED: OnceLock<Library> = OnceLock::new();
        if let Some(library) = LOADED.get() {
            return Ok(library);
        }
        let library = Self::load(FILE)?;
        Ok(LOADED.get_or_init(|| {
            // SAFETY: libssh may be begun on any thread, here by exactly one. Without it `ssh_connect` says so.
            let _ = unsafe { library.ssh_init() };
            library
        }))
    }

    /// It is never unloaded: sessions, and OpenSSL, keep pointers into it.
    fn load(file: &CStr) -> Result<Self, SshError> {
        // SAFETY: the name ends with a zero byte; what runs while it is loaded is Debian's library.
        let opened = unsafe { libc::dlopen(file.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        NonNull::new(opened).ok_or_else(|| SshError::NoLibrary { reason: reason() }).and_then(Self::find)
    }
}

/// Why the last `dlopen` of this thread failed.
fn reason() -> String {
    // SAFETY: the text is this thread's own, ends with a zero byte, and is copied before anything else is loaded.
    unsafe {
        let text = libc::dlerror();
        if text.is_null() { "no reason".into() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::ptr;

    use super::*;

    #[test]
    fn it_is_loaded_once() {
        assert!(ptr::eq(Library::get().unwrap(), Library::get().unwrap()));
    }

    #[test]
    fn one_that_is_not_installed_is_told_with_the_remedy() {
        let error = Library::load(c"libssh.so.none").unwrap_err().to_string();
        for part in ["reverse SSH needs libssh", "(libssh.so.none: cannot open", "`sudo apt install libssh-4`"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn one_without_a_function_is_told_with_its_name() {
        // Some other library.
        let error = Library::load(c"libc.so.6").unwrap_err().to_string();
        assert!(error.contains("`ssh_init`"), "{error}");
    }
}
