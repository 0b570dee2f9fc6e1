//! The stream to a broker, as packets go over it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::outbox::Outbox;
use super::{Address, LinkSettings};
use crate::net::dial::{self, Obstacle, Stream, Target};

/// Opens a stream to the broker.
///
/// # Errors
/// What is in the way.
pub(super) async fn dial(settings: &LinkSettings) -> Result<Wire, Obstacle> {
    let Address { tls, host, port } = &settings.address;
    let scheme = if *tls { "mqtts" } else { "mqtt" };
    let ca_file = settings.ca_file.as_deref();
    dial::dial(&Target { what: "broker", scheme, tls: *tls, host, port: *port, ca_file }).await.map(Wire)
}

/// What one look at the stream moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// Bytes written.
    pub wrote: usize,
    /// Bytes read.
    pub read: usize,
    /// The broker has closed its side.
    pub closed: bool,
}

/// A stream that carries packets.
#[derive(Debug)]
pub(super) struct Wire(Stream);

impl Wire {
    /// Waits until bytes can be written from `out` or, if `read`, bytes have come into `scratch`, and moves both.
    /// Cancelling it loses nothing.
    pub(super) async fn exchange(&mut self, out: &mut Outbox, scratch: &mut [u8], read: bool) -> io::Result<Moved> {
        poll_fn(|cx| {
            let mut moved = Moved::default();
            if !out.is_empty() {
                if let Poll::Ready(wrote) = Pin::new(&mut self.0).poll_write_vectored(cx, &out.slices()) {
                    moved.wrote = wrote?;
                    if moved.wrote == 0 {
                        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                    }
                }
                out.wrote(moved.wrote);
            }
            if read {
                let mut buffer = ReadBuf::new(scratch);
                if let Poll::Ready(result) = Pin::new(&mut self.0).poll_read(cx, &mut buffer) {
                    result?;
                    moved.read = buffer.filled().len();
                    moved.closed = moved.read == 0;
                }
            }
            if moved == Moved::default() { Poll::Pending } else { Poll::Ready(Ok(moved)) }
        })
        .await
    }

    /// Ends the stream in order: says that nothing more will come, and waits for the broker to say the same. Closing
    /// before that would reset the connection and could take the last packets along.
    pub(super) async fn finish(mut self, scratch: &mut [u8]) {
        if poll_fn(|cx| Pin::new(&mut self.0).poll_shutdown(cx)).await.is_err() {
            return;
        }
        let mut nothing = Outbox::default();
        while let Ok(Moved { closed: false, .. }) = self.exchange(&mut nothing, scratch, true).await {}
    }
}
