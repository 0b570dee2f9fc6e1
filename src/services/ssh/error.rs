//! Why there is no tunnel.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Why a tunnel did not come up, or ended. Each message says what to do next; none of them holds the key.
#[derive(Debug, Error)]
pub enum SshError {
    /// The server's address in the request can't be one.
    #[error(
        "`{host}` is no address of an SSH server ({reason}); give a name or an IP address, with a port if needed: \
         `support.example.org:2222`, `[2001:db8::1]:22`"
    )]
    Host {
        /// As it was asked for, shortened.
        host: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The account in the request can't be one.
    #[error("`{user}` is no account on an SSH server ({reason}); give the name to log in with")]
    User {
        /// As it was asked for, shortened and printable.
        user: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Port 0 of this device.
    #[error("the tunnel can't lead to port 0 of this device; give the port of its SSH server, usually 22")]
    LocalPort,
    /// A line of `ssh_hosts` can't be used.
    #[error(
        "line {number} of `ssh_hosts` in [remote] can't be used ({reason}); write it as in a known_hosts file: \
         `host ssh-ed25519 AAAA…`, or `[host]:port ssh-ed25519 AAAA…`"
    )]
    Pin {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Several ports are pinned, and the request names none.
    #[error("`ssh_hosts` in [remote] has several ports for `{host}`; name one of them: `{host}:port`")]
    Ports {
        /// The server.
        host: String,
    },
    /// A key outside of the folder for keys.
    #[error(
        "the key `{path}` is not inside `{folder}`; put it there (`ssh_key_dir` in [remote]) and give its file name"
    )]
    KeyOutside {
        /// As it was asked for, shortened.
        path: String,
        /// The folder for keys.
        folder: PathBuf,
    },
    /// A key that can't be read.
    #[error(
        "the key `{path}` can't be read ({source}); put it into `ssh_key_dir` of [remote], readable for the user that \
         runs Auricle"
    )]
    KeyFile {
        /// As it was asked for, shortened.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// Text that is no key.
    #[error(
        "the key can't be used ({reason}); give a private key without a passphrase, in the format of OpenSSH or PEM \
         (`ssh-keygen -t ed25519 -N ''`)"
    )]
    Key {
        /// What is wrong with it.
        reason: String,
    },
    /// The library is missing.
    #[error("reverse SSH needs libssh, which is not installed ({reason}); install it: `sudo apt install libssh-4`")]
    NoLibrary {
        /// What the system's loader says.
        reason: String,
    },
    /// The library is older than all of Debian that is supported.
    #[error(
        "reverse SSH needs a newer libssh, this one has no `{lacks}`; install Debian's: `sudo apt install libssh-4`"
    )]
    OldLibrary {
        /// The function.
        lacks: &'static str,
    },
    /// The name of the server has no address.
    #[error("the name `{host}` was not found ({reason}); check the name and this device's DNS")]
    Name {
        /// The server.
        host: String,
        /// What the resolver says.
        reason: String,
    },
    /// No connection to the server.
    #[error("the SSH server {server} can't be reached ({reason}); check address, port and firewall")]
    Unreachable {
        /// Address and port.
        server: String,
        /// What the system says.
        reason: String,
    },
    /// A step of the protocol took too long.
    #[error("the SSH server {server} did not answer within {} s to {step}; is it overloaded, or no SSH server?", limit.as_secs_f32())]
    Slow {
        /// Address and port.
        server: String,
        /// What was waited for.
        step: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// Whatever listens there, no common language was found.
    #[error("no SSH handshake with {server} ({reason}); is an SSH server (version 2) on that port?")]
    Handshake {
        /// Address and port.
        server: String,
        /// What libssh says.
        reason: String,
    },
    /// The server is not in the list of known hosts.
    #[error(
        "the key of {server} is not in `ssh_hosts` of [remote]; ask its owner whether its fingerprint is \
         {fingerprint}, and if so add the line `{line}`"
    )]
    UnknownHost {
        /// Address and port.
        server: String,
        /// SHA-256 of the key that it showed, as `ssh-keygen -l` prints it.
        fingerprint: String,
        /// The line for `ssh_hosts`.
        line: String,
    },
    /// The server shows another key than the list of known hosts says.
    #[error(
        "{server} shows another key than the one in `ssh_hosts` of [remote]: somebody may be in between. Its \
         fingerprint is {fingerprint}; only if its owner confirms that it has changed, replace the line by `{line}`"
    )]
    WrongHostKey {
        /// Address and port.
        server: String,
        /// SHA-256 of the key that it showed, as `ssh-keygen -l` prints it.
        fingerprint: String,
        /// The line for `ssh_hosts`.
        line: String,
    },
    /// The server lets nobody in with this key.
    #[error(
        "the account `{user}` on {server} does not accept the key; add its public part to `authorized_keys` of that \
         account"
    )]
    Login {
        /// The account.
        user: String,
        /// Address and port.
        server: String,
    },
    /// The server does not listen for us.
    #[error(
        "{server} refuses to listen on its port {port}: it is taken (maybe by an earlier tunnel), below 1024, or \
         forwarding is not allowed there (`AllowTcpForwarding`, `PermitListen` in sshd_config); choose another port, \
         or 0 for any free one"
    )]
    Forward {
        /// Address and port.
        server: String,
        /// The port that was asked for.
        port: u16,
    },
    /// Nobody serves the connections here. The tunnel stays.
    #[error(
        "no SSH server on this device at port {port} ({source}); start it (`systemctl enable --now ssh`), or name another port"
    )]
    NoLocalService {
        /// Port of 127.0.0.1.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The connection broke.
    #[error("the connection to {server} broke ({reason}); start the tunnel again")]
    Lost {
        /// Address and port.
        server: String,
        /// What the system or libssh says.
        reason: String,
    },
    /// Nothing came from the server any more.
    #[error("nothing came from {server} for {} s; check the network and start the tunnel again", silence.as_secs())]
    Silent {
        /// Address and port.
        server: String,
        /// How long nothing came.
        silence: Duration,
    },
    /// The system refused something that a tunnel needs.
    #[error("the tunnel can't go on: {0}; start it again")]
    System(#[from] io::Error),
}
