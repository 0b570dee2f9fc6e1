//! A broker inside the program, and a door in front of it that can be shut.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// The broker is there within this.
const START: Duration = Duration::from_secs(5);

/// Starts a broker on a free port of the loopback address. It lives as long as the program.
///
/// # Errors
/// When no port is free or the broker does not start.
pub async fn start() -> io::Result<u16> {
    let port = free_port()?;
    let mut broker = Broker::new(config(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
    std::thread::Builder::new().name("broker".into()).spawn(move || {
        if let Err(error) = broker.start() {
            tracing::error!("the demo's broker ended: {error}");
        }
    })?;
    let deadline = Instant::now() + START;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        if Instant::now() > deadline {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the demo's broker did not start"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(port)
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn config(listen: SocketAddr) -> Config {
    let connections = ConnectionSettings {
        connection_timeout_ms: 5_000,
        max_payload_size: 4 << 20,
        max_inflight_count: 100,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let server = ServerSettings { name: "demo".into(), listen, tls: None, next_connection_delay_ms: 1, connections };
    let router = RouterConfig {
        max_connections: 16,
        max_outgoing_packet_count: 200,
        max_segment_size: 16 << 20,
        max_segment_count: 4,
        ..RouterConfig::default()
    };
    Config { router, v4: Some(HashMap::from([("demo".to_owned(), server)])), ..Config::default() }
}

/// A TCP door: whoever connects to it is led to the broker, until it is shut.
pub struct Door {
    /// Where to knock.
    pub port: u16,
    task: JoinHandle<()>,
}

impl Door {
    /// Opens a door to this port.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open(to: u16) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let task = tokio::spawn(async move {
            let mut visitors = tokio::task::JoinSet::new();
            while let Ok((mut visitor, _)) = listener.accept().await {
                visitors.spawn(async move {
                    if let Ok(mut broker) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await {
                        let _ = tokio::io::copy_bidirectional(&mut visitor, &mut broker).await;
                    }
                });
            }
        });
        Ok(Self { port, task })
    }

    /// Shuts it: connections break, new ones are refused.
    pub fn shut(&self) {
        self.task.abort();
    }
}
