//! Debian's `libspeexdsp1`, loaded when the benchmark runs: the peer.
#![allow(clippy::missing_safety_doc)]

use std::ffi::{CStr, c_char, c_int, c_void};

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

pub const FRAME: usize = 160;
/// The length of its filter: 200 ms, and the delays of the benchmark fit into it.
const TAIL: c_int = 3_200;

const SET_SAMPLING_RATE: c_int = 24;
const SET_DENOISE: c_int = 0;
const SET_ECHO_STATE: c_int = 24;

type Init = unsafe extern "C" fn(c_int, c_int) -> *mut c_void;
type Control = unsafe extern "C" fn(*mut c_void, c_int, *mut c_void) -> c_int;
type Cancel = unsafe extern "C" fn(*mut c_void, *const i16, *const i16, *mut i16);
type Run = unsafe extern "C" fn(*mut c_void, *mut i16) -> c_int;
type Destroy = unsafe extern "C" fn(*mut c_void);

/// Its canceller with its suppression of what is left.
pub struct Speex {
    echo: *mut c_void,
    rest: *mut c_void,
    cancel: Cancel,
    run: Run,
    destroy: (Destroy, Destroy),
}

impl Speex {
    pub fn new() -> Self {
        let name = c"libspeexdsp.so.1";
        // SAFETY: a name that ends; RTLD_NOW.
        let library = unsafe { dlopen(name.as_ptr(), 2) };
        assert!(!library.is_null(), "libspeexdsp1 is missing; scripts/setup.sh bench installs it");
        // SAFETY: the types are those of speex_echo.h and speex_preprocess.h.
        unsafe {
            let echo = symbol::<Init>(library, c"speex_echo_state_init")(FRAME as c_int, TAIL);
            let rest = symbol::<Init>(library, c"speex_preprocess_state_init")(FRAME as c_int, 16_000);
            let (mut rate, mut off): (c_int, c_int) = (16_000, 0);
            symbol::<Control>(library, c"speex_echo_ctl")(echo, SET_SAMPLING_RATE, (&raw mut rate).cast());
            let control = symbol::<Control>(library, c"speex_preprocess_ctl");
            control(rest, SET_DENOISE, (&raw mut off).cast());
            control(rest, SET_ECHO_STATE, echo);
            Self {
                echo,
                rest,
                cancel: symbol(library, c"speex_echo_cancellation"),
                run: symbol(library, c"speex_preprocess_run"),
                destroy: (
                    symbol(library, c"speex_echo_state_destroy"),
                    symbol(library, c"speex_preprocess_state_destroy"),
                ),
            }
        }
    }

    pub fn process(&mut self, caught: &[i16; FRAME], reference: &[i16; FRAME]) -> [i16; FRAME] {
        let mut out = [0; FRAME];
        // SAFETY: all three are a frame long, as it was told.
        unsafe {
            (self.cancel)(self.echo, caught.as_ptr(), reference.as_ptr(), out.as_mut_ptr());
            (self.run)(self.rest, out.as_mut_ptr());
        }
        out
    }
}

impl Drop for Speex {
    fn drop(&mut self) {
        // SAFETY: both were made by it and are not used again.
        unsafe {
            (self.destroy.1)(self.rest);
            (self.destroy.0)(self.echo);
        }
    }
}

/// # Safety
/// `T` is the type of that function.
unsafe fn symbol<T: Copy>(library: *mut c_void, name: &CStr) -> T {
    // SAFETY: an open library and a name that ends.
    let found = unsafe { dlsym(library, name.as_ptr()) };
    assert!(!found.is_null(), "libspeexdsp1 lacks {name:?}");
    // SAFETY: a function is as large as a pointer; the type is the caller's promise.
    unsafe { std::mem::transmute_copy(&found) }
}
