//! Sockets: to the server, and to the service on this device.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, connect, setsockopt, socket, sockopt};

use super::address::Server;
use super::watch::wait_for;
use super::{Ending, Order, SshError};

/// So many addresses of one name are tried.
const MOST_ADDRESSES: usize = 8;

/// Connects to the server: name and TCP together within `limit`. The socket does not block.
pub(super) fn reach(order: &Order, server: &Server, limit: Duration) -> Result<TcpStream, Ending> {
    let until = Instant::now() + limit;
    let targets = resolve(order, server, until)?;
    let mut reason = format!("no answer within {} s", limit.as_secs_f32());
    for (index, target) in targets.iter().enumerate() {
        // Each address gets its share of the time: one that swallows packets must not starve the next.
        let left = until.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(targets.len() - index).unwrap_or(u32::MAX);
        match complete(order, *target, Instant::now() + share) {
            Ok(Some(stream)) => return Ok(stream),
            Ok(None) => {}
            Err(Ending::Failed(SshError::System(error))) => reason = error.to_string(),
            Err(ending) => return Err(ending),
        }
    }
    Err(SshError::Unreachable { server: server.to_string(), reason }.into())
}

/// Asks for the addresses of a name on a thread of its own, because the system's resolver can't be interrupted. If it
/// takes too long the thread is left behind; it ends with the resolver's own limit.
fn resolve(order: &Order, server: &Server, until: Instant) -> Result<Vec<SocketAddr>, Ending> {
    if let Ok(ip) = server.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, server.port)]);
    }
    let unknown = |reason: String| SshError::Name { host: server.host.clone(), reason };
    let answer = ask(order, server)?;
    loop {
        // Silenced before the look, so that an answer after the look rings again.
        order.bell.drain();
        match answer.try_recv() {
            Ok(Ok(found)) if found.is_empty() => return Err(unknown("it has no address".into()).into()),
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(error)) => return Err(unknown(error.to_string()).into()),
            Err(TryRecvError::Disconnected) => return Err(unknown("the resolver failed".into()).into()),
            Err(TryRecvError::Empty) if Instant::now() >= until => {
                return Err(unknown("no answer from the DNS server".into()).into());
            }
            Err(TryRecvError::Empty) => {}
        }
        // The order to stop may have been what was silenced.
        if order.given() {
            return Err(Ending::Stopped);
        }
        wait_for(order, None, until)?;
    }
}

type Found = io::Result<Vec<SocketAddr>>;

fn ask(order: &Order, server: &Server) -> io::Result<Receiver<Found>> {
    let (sender, answer) = sync_channel(1);
    let (bell, name) = (order.bell.clone(), (server.host.clone(), server.port));
    thread::Builder::new().name("ssh-name".into()).spawn(move || {
        let found = name.to_socket_addrs().map(|found| found.take(MOST_ADDRESSES).collect());
        // Nobody listens if it took too long.
        let _ = sender.send(found);
        bell.ring();
    })?;
    Ok(answer)
}

/// A connection, or `None` at the end of its time.
fn complete(order: &Order, target: SocketAddr, until: Instant) -> Result<Option<TcpStream>, Ending> {
    let stream = begin(target)?;
    loop {
        match outcome(&stream)? {
            true => return Ok(Some(stream)),
            false if Instant::now() >= until => return Ok(None),
            false => wait_for(order, Some((stream.as_fd(), PollFlags::POLLOUT)), until)?,
        }
    }
}

/// Begins to connect to a service of this device.
pub(super) fn begin_local(port: u16) -> io::Result<TcpStream> {
    begin((Ipv4Addr::LOCALHOST, port).into())
}

/// Begins to connect; [`outcome`] tells what became of it once the socket can be written to.
fn begin(target: SocketAddr) -> io::Result<TcpStream> {
    let family = if target.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let stream = TcpStream::from(socket(family, SockType::Stream, flags, None)?);
    match connect(std::os::fd::AsRawFd::as_raw_fd(&stream), &SockaddrStorage::from(target)) {
        Ok(()) | Err(Errno::EINPROGRESS) => {}
        Err(errno) => return Err(errno.into()),
    }
    // What somebody types leaves at once.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whether it is connected by now.
///
/// # Errors
/// It will never be.
pub(super) fn outcome(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}

/// The system gives the connection up when what was sent is not acknowledged for so long.
pub(super) fn give_up_after(stream: &TcpStream, silence: Duration) -> io::Result<()> {
    let millis = u32::try_from(silence.as_millis()).unwrap_or(u32::MAX);
    Ok(setsockopt(stream, sockopt::TcpUserTimeout, &millis)?)
}
