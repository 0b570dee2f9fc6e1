//! From an address to a byte stream: name, TCP, TLS.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_native_tls::native_tls::{self, Certificate};
use tokio_native_tls::{TlsConnector, TlsStream};

/// For name, TCP and TLS together.
const DIAL_WITHIN: Duration = Duration::from_secs(5);

/// Where to, and how that is called when it goes wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    /// What it is to be: the word that messages use.
    pub what: &'static str,
    /// The scheme that messages show.
    pub scheme: &'static str,
    /// TLS from the first byte.
    pub tls: bool,
    /// A name or an IP address (IPv6 without brackets). With TLS the certificate must be for it.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// Certificates in PEM that are trusted besides those of the system.
    pub ca_file: Option<&'a Path>,
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port, .. } = self;
        if host.contains(':') { write!(f, "{scheme}://[{host}]:{port}") } else { write!(f, "{scheme}://{host}:{port}") }
    }
}

/// A connection, encrypted or not. Dropping it resets it.
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

/// Opens a stream.
///
/// # Errors
/// What is in the way.
pub(super) async fn dial(address: &Target<'_>) -> Result<Stream, Obstacle> {
    let deadline = Instant::now() + DIAL_WITHIN;
    let open = async {
        let tcp = reach(address, deadline).await.map_err(Obstacle::Network)?;
        if !address.tls {
            return Ok(Stream::Plain(tcp));
        }
        let connector = connector(address.ca_file).await.map_err(Obstacle::Tls)?;
        let tls = connector.connect(address.host, tcp).await;
        Ok(Stream::Tls(Box::new(tls.map_err(|error| explain_tls(address, &error))?)))
    };
    let timed_out = |_| Err(Obstacle::Network(format!("no answer from {address} within {} s", DIAL_WITHIN.as_secs())));
    tokio::time::timeout_at(deadline, open).await.unwrap_or_else(timed_out)
}

async fn reach(address: &Target<'_>, deadline: Instant) -> Result<TcpStream, String> {
    let targets = resolve(address).await?;
    let mut trouble = format!("the name `{}` has no address", address.host);
    for (index, target) in targets.iter().enumerate() {
        // Each address gets its share of the time: one that swallows packets must not starve the next.
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(targets.len() - index).unwrap_or(u32::MAX);
        trouble = match tokio::time::timeout(share, TcpStream::connect(target)).await {
            Ok(Ok(tcp)) => return prepare(tcp).map_err(|error| format!("{address}: {error}")),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                format!("nothing listens on {address}: check that the {} runs", address.what)
            }
            Ok(Err(error)) => format!("{address} cannot be reached: {error}"),
            Err(_) => format!("no answer from {address} ({target})"),
        };
    }
    Err(trouble)
}

async fn resolve(address: &Target<'_>) -> Result<Vec<SocketAddr>, String> {
    // An IP address needs no resolver, and none of its threads.
    if let Ok(ip) = address.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, address.port)]);
    }
    let found = tokio::net::lookup_host((address.host, address.port)).await;
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

fn explain_tls(address: &Target<'_>, error: &native_tls::Error) -> Obstacle {
    let Target { host, what, .. } = address;
    let text = error.to_string();
    if text.to_lowercase().contains("mismatch") {
        let text = format!("the certificate of {address} is not for `{host}`: give the name that it is for as {what}");
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
    Obstacle::Tls(format!("TLS with {address} failed ({text}): is this the {what}'s TLS port?"))
}

impl Stream {
    fn half(self: Pin<&mut Self>) -> Pin<&mut (dyn Duplex + '_)> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp) as _,
            Self::Tls(tls) => Pin::new(tls.as_mut()) as _,
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite {}
impl<T: AsyncRead + AsyncWrite> Duplex for T {}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.half().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.half().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.half().poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(tcp) => tcp.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.half().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.half().poll_shutdown(cx)
    }
}
