//! One connection inside of a session.

use std::ffi::{c_int, c_void};
use std::rc::Rc;

use libssh_rs_sys as sys;

use super::{Flag, Handle};

/// What the server may send before we have read it is less than this: libssh's window is 1.3 MB, later 2 MB.
/// Old versions of it take more if a server sends more.
const MOST_WAITING: usize = 4 * 1024 * 1024;

/// What has come through a channel and was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Waiting {
    Bytes(usize),
    /// Nothing, and nothing will come any more.
    End,
}

/// Why a channel can't be used any more.
#[derive(Debug)]
pub(in super::super) enum Trouble {
    /// It is broken.
    Broken,
    /// The server does what it may not.
    Abuse(&'static str),
}

/// A channel. Dropping it closes it.
pub(in super::super) struct Channel {
    /// The session has to live as long as its channels.
    handle: Rc<Handle>,
    channel: sys::ssh_channel,
    notes: *mut Notes,
}

/// What libssh writes to while a channel is alive.
struct Notes {
    callbacks: sys::ssh_channel_callbacks_struct,
    closed: Flag,
}

impl Channel {
    pub(super) fn new(handle: Rc<Handle>, channel: sys::ssh_channel) -> Self {
        let notes = Box::into_raw(Box::new(Notes { callbacks: callbacks(), closed: Flag::new(false) }));
        // SAFETY: the channel lives; the notes stay where they are until the callbacks are removed.
        unsafe {
            (*notes).callbacks.userdata = (&raw mut (*notes).closed).cast();
            handle.library.ssh_set_channel_callbacks(channel, &raw mut (*notes).callbacks);
        }
        Self { handle, channel, notes }
    }

    /// What waits to be read. Takes in what has come, whomever it is for.
    pub(in super::super) fn waiting(&self) -> Result<Waiting, Trouble> {
        // SAFETY: the channel lives. The second kind of data belongs to shells.
        let (bytes, others) = unsafe {
            (
                self.handle.library.ssh_channel_poll(self.channel, 0),
                self.handle.library.ssh_channel_poll(self.channel, 1),
            )
        };
        match (usize::try_from(bytes), others) {
            (_, 1..) => Err(Trouble::Abuse("it sends what belongs to a shell")),
            (Ok(MOST_WAITING..), _) => Err(Trouble::Abuse("it sends more than it may")),
            (Ok(bytes), _) => Ok(Waiting::Bytes(bytes)),
            (Err(_), _) if bytes == sys::SSH_EOF => Ok(Waiting::End),
            (Err(_), _) => Err(Trouble::Broken),
        }
    }

    /// Reads what waits, as much as fits.
    pub(in super::super) fn read(&self, space: &mut [u8]) -> Result<usize, Trouble> {
        let length = u32::try_from(space.len()).unwrap_or(u32::MAX);
        // SAFETY: the channel lives; libssh writes at most `length` bytes.
        let count = unsafe {
            self.handle.library.ssh_channel_read_nonblocking(self.channel, space.as_mut_ptr().cast(), length, 0)
        };
        usize::try_from(count).map_err(|_| Trouble::Broken)
    }

    /// Sends as much as the server's window takes; 0: nothing at the moment.
    pub(in super::super) fn write(&self, bytes: &[u8]) -> Result<usize, Trouble> {
        // SAFETY: the channel lives.
        let window = unsafe { self.handle.library.ssh_channel_window_size(self.channel) };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).min(window);
        if length == 0 && !self.is_closed() {
            return Ok(0);
        }
        // SAFETY: the channel lives; libssh reads at most `length` bytes.
        let count = unsafe { self.handle.library.ssh_channel_write(self.channel, bytes.as_ptr().cast(), length) };
        usize::try_from(count).map_err(|_| Trouble::Broken)
    }

    /// Tells the server that nothing more comes from here.
    pub(in super::super) fn send_end(&self) -> Result<(), Trouble> {
        // SAFETY: the channel lives.
        done(unsafe { self.handle.library.ssh_channel_send_eof(self.channel) })
    }

    /// Tells the server that neither side shall go on. It is over when the server has answered.
    pub(in super::super) fn close(&self) -> Result<(), Trouble> {
        // The first call may only queue the end of our direction.
        for _ in 0..2 {
            // SAFETY: the channel lives.
            let result = unsafe { self.handle.library.ssh_channel_close(self.channel) };
            if result != sys::SSH_AGAIN {
                return done(result);
            }
        }
        Ok(())
    }

    /// Whether the server has closed it.
    pub(in super::super) fn is_closed(&self) -> bool {
        // SAFETY: the notes live as long as this.
        unsafe { (*self.notes).closed.get() }
    }
}

/// What is queued is as good as sent.
fn done(result: c_int) -> Result<(), Trouble> {
    if result == sys::SSH_ERROR { Err(Trouble::Broken) } else { Ok(()) }
}

impl Drop for Channel {
    fn drop(&mut self) {
        // SAFETY: the session lives through `handle`. Nothing writes to the notes once the callbacks are removed; all
        // of it is freed once.
        unsafe {
            self.handle.library.ssh_remove_channel_callbacks(self.channel, &raw mut (*self.notes).callbacks);
            self.handle.library.ssh_channel_free(self.channel);
            drop(Box::from_raw(self.notes));
        }
    }
}

unsafe extern "C" fn note_close(_: sys::ssh_session, _: sys::ssh_channel, closed: *mut c_void) {
    // SAFETY: it is the flag in the notes of a living channel.
    unsafe { (*closed.cast::<Flag>()).set(true) };
}

const fn callbacks() -> sys::ssh_channel_callbacks_struct {
    sys::ssh_channel_callbacks_struct {
        size: size_of::<sys::ssh_channel_callbacks_struct>(),
        userdata: std::ptr::null_mut(),
        channel_data_function: None,
        channel_eof_function: None,
        channel_close_function: Some(note_close),
        channel_signal_function: None,
        channel_exit_status_function: None,
        channel_exit_signal_function: None,
        channel_pty_request_function: None,
        channel_shell_request_function: None,
        channel_auth_agent_req_function: None,
        channel_x11_req_function: None,
        channel_pty_window_change_function: None,
        channel_exec_request_function: None,
        channel_env_request_function: None,
        channel_subsystem_request_function: None,
        channel_write_wontblock_function: None,
        channel_open_response_function: None,
        channel_request_response_function: None,
    }
}
