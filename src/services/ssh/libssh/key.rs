//! The private key, ready to sign.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use libssh_rs_sys as sys;
use zeroize::Zeroizing;

use super::{Flag, Library};

/// A private key. libssh wipes it from memory when it is freed.
pub(in super::super) struct PrivateKey {
    library: &'static Library,
    key: sys::ssh_key,
}

impl PrivateKey {
    /// Reads it from its text, in the format of OpenSSH or PEM.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in super::super) fn parse(library: &'static Library, text: &str) -> Result<Self, &'static str> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() + 1));
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
        let (locked, mut key) = (Cell::new(false), ptr::null_mut());
        let flag: *const Flag = &raw const locked;
        // SAFETY: the text ends with a zero byte; flag and result outlive the call.
        let result = unsafe {
            let text = bytes.as_ptr().cast();
            library.ssh_pki_import_privkey_base64(
                text,
                ptr::null(),
                Some(no_passphrase),
                flag.cast_mut().cast(),
                &raw mut key,
            )
        };
        match (result, locked.get()) {
            (0, _) if !key.is_null() => Ok(Self { library, key }),
            (_, true) => Err("it has a passphrase"),
            _ => Err("it is damaged or of an unknown kind"),
        }
    }

    pub(super) const fn raw(&self) -> sys::ssh_key {
        self.key
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        // SAFETY: made in `parse`, freed once.
        unsafe { self.library.ssh_key_free(self.key) };
    }
}

/// What libssh asks for a passphrase. Without it, it would ask at the terminal.
unsafe extern "C" fn no_passphrase(
    _prompt: *const c_char,
    _buffer: *mut c_char,
    _length: usize,
    _echo: c_int,
    _verify: c_int,
    locked: *mut c_void,
) -> c_int {
    // SAFETY: it is the flag in `PrivateKey::parse`.
    unsafe { (*locked.cast::<Flag>()).set(true) };
    sys::SSH_ERROR
}
