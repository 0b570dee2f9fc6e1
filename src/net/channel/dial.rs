//! From a session to the two ends of its channel.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use auricle_core::audio::frames;
use auricle_core::channel::Session;
use tokio::net::UdpSocket;

use super::counters::ChannelCounters;
use super::inbound::Inbound;
use super::outbound::Outbound;

/// For the server's name.
const NAME_WITHIN: Duration = Duration::from_secs(3);

/// Why a channel can't be opened. The texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The server's name is unknown.
    #[error(
        "the name `{host}`, where the server wants its sound, was not found: {source}; check the server's public address"
    )]
    Name {
        /// The name.
        host: String,
        /// What the system says.
        source: io::Error,
    },
    /// Nobody said anything about the name.
    #[error("no answer about the name `{host}` within {} s; check the name server", NAME_WITHIN.as_secs())]
    Silence {
        /// The name.
        host: String,
    },
    /// There is no way to the address.
    #[error("no sound can be sent to {to}: {source}; check that this network lets UDP through to it")]
    Way {
        /// Where to.
        to: String,
        /// What the system says.
        source: io::Error,
    },
    /// The encoder has no memory.
    #[error("the Opus encoder can't be set up: {0}; is there memory left?")]
    Encoder(String),
}

/// Opens a channel and sends its greeting: the server learns only from a datagram where its own have to go. Each call
/// makes a new socket.
///
/// # Errors
/// The server's name or the way to it can't be found, or the system refuses.
pub async fn dial(session: &Session, counters: &Arc<ChannelCounters>) -> Result<(Outbound, Inbound), ChannelError> {
    let socket = Arc::new(connect(session).await?);
    let way = |source| ChannelError::Way { to: format!("{}:{}", session.server, session.port), source };
    // From now on the runtime knows that it may send without waiting.
    socket.writable().await.map_err(way)?;
    let silence = frames::silence(session.frame).map_err(|error| ChannelError::Encoder(error.to_string()))?;
    let mut outbound = Outbound::new(Arc::clone(&socket), session, silence, Arc::clone(counters));
    outbound.greet(session.greeting.as_deref()).map_err(way)?;
    Ok((outbound, Inbound::new(socket, session, Arc::clone(counters))))
}

/// The addresses of the name in turn, those of IPv4 first: that is what the gateways speak.
async fn connect(session: &Session) -> Result<UdpSocket, ChannelError> {
    let host = &session.server;
    let mut trouble = io::Error::new(io::ErrorKind::NotFound, "it has no address");
    let mut found = resolve(host, session.port).await?;
    found.sort_by_key(SocketAddr::is_ipv6);
    for address in found {
        match connect_to(address).await {
            Ok(socket) => return Ok(socket),
            Err(error) => trouble = error,
        }
    }
    Err(ChannelError::Way { to: format!("{host}:{}", session.port), source: trouble })
}

async fn connect_to(address: SocketAddr) -> io::Result<UdpSocket> {
    let any = if address.is_ipv4() { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(address).await?;
    Ok(socket)
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, ChannelError> {
    // An address needs no resolver, and none of its threads.
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let host = || host.to_owned();
    match tokio::time::timeout(NAME_WITHIN, tokio::net::lookup_host((host(), port))).await {
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(source)) => Err(ChannelError::Name { host: host(), source }),
        Err(_) => Err(ChannelError::Silence { host: host() }),
    }
}
