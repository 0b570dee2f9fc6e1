//! From an address to a byte stream: name, TCP, TLS.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_native_tls::native_tls::{self, Certificate};
use tokio_native_tls::{TlsConnector, TlsStream};

use super::outbox::Outbox;
use super::{Address, LinkSettings};

/// For name, TCP and TLS together.
pub(super) const DIAL_WITHIN: Duration = Duration::from_secs(5);

/// A connection, encrypted or not. Dropping it resets it; [`Stream::finish`] ends it in order.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What stands between us and a stream. The texts say what failed and what to do.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// No name, no way, nobody there.
    Network(String),
    /// Somebody is there, but no encrypted stream came about.
    Tls(String),
    /// The same, because the authority of its certificate is not trusted.
    Distrust(String),
}

impl Obstacle {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Network(text) | Self::Tls(text) | Self::Distrust(text) => text,
        }
    }
}

/// Opens a stream to the broker.
///
/// # Errors
/// What is in the way.
pub(super) async fn dial(settings: &LinkSettings) -> Result<Stream, Obstacle> {
    let address = &settings.address;
    let deadline = Instant::now() + DIAL_WITHIN;
    let open = async {
        let tcp = reach(address, deadline).await.map_err(Obstacle::Network)?;
        if !address.tls {
            return Ok(Stream::Plain(tcp));
        }
        let connector = connector(settings.ca_file.as_deref()).await.map_err(Obstacle::Tls)?;
        let tls = connector.connect(&address.host, tcp).await;
        Ok(Stream::Tls(Box::new(tls.map_err(|error| explain_tls(address, &error))?)))
    };
    let timed_out = |_| Err(Obstacle::Network(format!("no answer from {address} within {} s", DIAL_WITHIN.as_secs())));
    tokio::time::timeout_at(deadline, open).await.unwrap_or_else(timed_out)
}

async fn reach(address: &Address, deadline: Instant) -> Result<TcpStream, String> {
    let targets = resolve(address).await?;
    let mut trouble = format!("the name `{}` has no address", address.host);
    for (index, target) in targets.iter().enumerate() {
        // Each address gets its share of the time: one that swallows packets must not starve the next.
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(targets.len() - index).unwrap_or(u32::MAX);
        trouble = match tokio::time::timeout(share, TcpStream::connect(target)).await {
            Ok(Ok(tcp)) => return prepare(tcp).map_err(|error| format!("{address}: {error}")),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                format!("nothing listens on {address}: is the broker running?")
            }
            Ok(Err(error)) => format!("{address} cannot be reached: {error}"),
            Err(_) => format!("no answer from {address} ({target})"),
        };
    }
    Err(trouble)
}

async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, String> {
    // An IP address needs no resolver, and none of its threads.
    if let Ok(ip) = address.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, address.port)]);
    }
    let found = tokio::net::lookup_host((address.host.as_str(), address.port)).await;
    let found = found.map_err(|error| format!("the name `{}` was not found: {error}", address.host))?;
    Ok(found.collect())
}

/// Small packets leave at once, and nothing that is unsent outlives the socket.
fn prepare(tcp: TcpStream) -> io::Result<TcpStream> {
    tcp.set_nodelay(true)?;
    tcp.set_zero_linger()?;
    Ok(tcp)
}

async fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, String> {
    let mut builder = native_tls::TlsConnector::builder();
    if let Some(path) = ca_file {
        for certificate in own_authorities(path).await? {
            builder.add_root_certificate(certificate);
        }
    }
    builder.build().map(TlsConnector::from).map_err(|error| format!("TLS cannot be set up: {error}"))
}

async fn own_authorities(path: &Path) -> Result<Vec<Certificate>, String> {
    let name = path.display();
    let pem = tokio::fs::read(path).await.map_err(|error| format!("ca_file `{name}` cannot be read: {error}"))?;
    let found = Certificate::stack_from_pem(&pem);
    let found = found.map_err(|error| format!("ca_file `{name}` holds no certificate in PEM: {error}"))?;
    if found.is_empty() {
        return Err(format!("ca_file `{name}` holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"));
    }
    Ok(found)
}

fn explain_tls(address: &Address, error: &native_tls::Error) -> Obstacle {
    let host = &address.host;
    let text = error.to_string();
    if text.to_lowercase().contains("mismatch") {
        let text = format!("the certificate of {address} is not for `{host}`: give the name that it is for as broker");
        return Obstacle::Tls(text);
    }
    if text.contains("certificate verify failed") {
        // OpenSSL puts its reason in brackets at the end.
        let reason = text.rsplit_once('(').map_or(text.as_str(), |(_, reason)| reason.trim_end_matches(')'));
        return Obstacle::Distrust(format!(
            "the certificate of {address} is not trusted ({reason}): if the server has a certificate authority of its \
             own, set `ca_file` to that authority's certificate; also check this machine's clock"
        ));
    }
    Obstacle::Tls(format!("TLS with {address} failed ({text}): is this the broker's TLS port?"))
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

impl Stream {
    /// Waits until bytes can be written from `out` or, if `read`, bytes have come into `scratch`, and moves both.
    /// Cancelling it loses nothing.
    pub(super) async fn exchange(&mut self, out: &mut Outbox, scratch: &mut [u8], read: bool) -> io::Result<Moved> {
        poll_fn(|cx| {
            let mut moved = Moved::default();
            if !out.is_empty() {
                if let Poll::Ready(wrote) = self.half().poll_write_vectored(cx, &out.slices()) {
                    moved.wrote = wrote?;
                    if moved.wrote == 0 {
                        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                    }
                }
                out.wrote(moved.wrote);
            }
            if read {
                let mut buffer = ReadBuf::new(scratch);
                if let Poll::Ready(result) = self.half().poll_read(cx, &mut buffer) {
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
        if poll_fn(|cx| self.half().poll_shutdown(cx)).await.is_err() {
            return;
        }
        let mut nothing = Outbox::default();
        while let Ok(Moved { closed: false, .. }) = self.exchange(&mut nothing, scratch, true).await {}
    }

    fn half(&mut self) -> Pin<&mut (dyn Duplex + '_)> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp) as _,
            Self::Tls(tls) => Pin::new(tls.as_mut()) as _,
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite {}
impl<T: AsyncRead + AsyncWrite> Duplex for T {}
