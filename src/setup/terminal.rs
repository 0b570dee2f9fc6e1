//! The terminal: plain lines, so that any will do, also over ssh and without a screen.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use zeroize::{Zeroize, Zeroizing};

use super::asker::{Asker, Stop};

/// The longest answer, in bytes; what is longer is cut off and will be refused.
const LONGEST: usize = 8 << 10;

/// Between two looks at whether somebody wants to leave.
const LOOK_MS: u8 = 200;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn interrupted(_: libc::c_int) {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Standard input and output.
pub struct Terminal {
    /// What was read beyond the last line.
    rest: Zeroizing<Vec<u8>>,
}

impl Terminal {
    /// From now on Ctrl-C, Ctrl-\\, a termination and a closed terminal no longer end the program: they end the questions, so that
    /// what was stopped for them is started again.
    ///
    /// # Errors
    /// The system refuses.
    pub fn open() -> io::Result<Self> {
        let action = SigAction::new(SigHandler::Handler(interrupted), SaFlags::empty(), SigSet::empty());
        for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGHUP] {
            // SAFETY: the handler only stores into an atomic.
            unsafe { sigaction(signal, &action) }?;
        }
        Ok(Self { rest: Zeroizing::default() })
    }

    fn line(&mut self) -> Result<Zeroizing<String>, Stop> {
        loop {
            let bytes = self.bytes()?;
            match std::str::from_utf8(&bytes) {
                Ok(line) => return Ok(Zeroizing::new(line.trim_end_matches('\r').to_owned())),
                Err(_) => self.tell("That was not UTF-8 text; once more, please:"),
            }
        }
    }

    fn bytes(&mut self) -> Result<Zeroizing<Vec<u8>>, Stop> {
        let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                put(&mut line, &self.rest[..end]);
                self.rest.drain(..=end);
                return Ok(line);
            }
            put(&mut line, &self.rest);
            self.rest.zeroize();
            let mut chunk = Zeroizing::new([0; 512]);
            let length = match self.wait_and_read(&mut *chunk) {
                // The last line of a file may lack its end.
                Err(Stop::Ended) if !line.is_empty() => return Ok(line),
                read => read?,
            };
            self.rest.extend_from_slice(&chunk[..length]);
        }
    }

    fn wait_and_read(&mut self, chunk: &mut [u8]) -> Result<usize, Stop> {
        let stdin = io::stdin();
        loop {
            self.goes_on()?;
            let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, PollTimeout::from(LOOK_MS)) {
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => {}
                Err(errno) => return Err(Stop::Broken(errno.into())),
            }
            match nix::unistd::read(stdin.as_fd(), chunk) {
                Ok(0) => return Err(Stop::Ended),
                Ok(length) => return Ok(length),
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                // The other side of a terminal that was closed.
                Err(Errno::EIO) => return Err(Stop::Interrupted),
                Err(errno) => return Err(Stop::Broken(errno.into())),
            }
        }
    }

    fn prompt(&mut self, question: &str) -> Result<(), Stop> {
        self.goes_on()?;
        let mut out = io::stdout().lock();
        write!(out, "{question} ").and_then(|()| out.flush()).map_err(Stop::Broken)
    }
}

fn put(line: &mut Vec<u8>, bytes: &[u8]) {
    let room = LONGEST - line.len();
    line.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

impl Asker for Terminal {
    fn tell(&mut self, line: &str) {
        // Who does not read any more will not answer either: that is noticed there.
        let _ = writeln!(io::stdout(), "{line}");
    }

    fn ask(&mut self, question: &str) -> Result<String, Stop> {
        self.prompt(question)?;
        self.line().map(|line| line.trim().to_owned())
    }

    fn ask_secretly(&mut self, question: &str) -> Result<Zeroizing<String>, Stop> {
        let stdin = io::stdin();
        let silence = Silence::of(stdin.as_fd());
        self.prompt(question)?;
        let line = self.line();
        if silence.is_some() {
            // The Enter that was typed was not shown.
            self.tell("");
        }
        line
    }

    fn goes_on(&mut self) -> Result<(), Stop> {
        if INTERRUPTED.load(Ordering::Relaxed) { Err(Stop::Interrupted) } else { Ok(()) }
    }
}

/// Nothing that is typed is shown while this lives.
struct Silence<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> Silence<'a> {
    /// `None` if it is not a terminal.
    fn of(terminal: BorrowedFd<'a>) -> Option<Self> {
        let before = tcgetattr(terminal).ok()?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        // What was typed ahead, and shown, is thrown away with it.
        tcsetattr(terminal, SetArg::TCSAFLUSH, &silent).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, SetArg::TCSANOW, &self.before);
    }
}
