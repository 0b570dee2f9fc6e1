//! One POST of JSON over HTTP/1.1, with a bound on everything.
//!
//! | what | bound |
//! |---|---|
//! | the whole request: name, TCP, TLS, answer, body | [`Fetch::within`] |
//! | name, TCP and TLS together | 5 s |
//! | the answer's head | 16 KiB |
//! | the answer's body | [`Fetch::limit`]; more is an error |
//! | redirections | none: where to is told as an error, so that somebody corrects the address |
//!
//! The connection is used once. Certificates are always verified, against the system's and those of `ca_file`.

use std::path::Path;
use std::time::Duration;

use auricle_core::fetch::{Fetch, Fetched};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, LOCATION};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;

use super::dial::{Stream, Target, dial};

/// The longest head of an answer, in bytes.
const HEAD: usize = 16 << 10;

/// Whether an address can be asked.
///
/// # Errors
/// What it must be, without repeating it.
pub fn check(url: &str) -> Result<(), String> {
    Place::of(url).map(drop)
}

/// Makes the request.
///
/// # Errors
/// Why there is no answer, with what to do about it. Any status is an answer, except for a redirection.
pub async fn fetch(fetch: &Fetch, ca_file: Option<&Path>) -> Result<Fetched, String> {
    let place = Place::of(&fetch.url).map_err(|why| format!("`{}` can't be asked: {why}", shown(&fetch.url)))?;
    let late = |_| Err(format!("{} did not answer within {}", place.target(ca_file), seconds(fetch.within)));
    tokio::time::timeout(fetch.within, exchange(fetch, &place, ca_file)).await.unwrap_or_else(late)
}

async fn exchange(fetch: &Fetch, place: &Place, ca_file: Option<&Path>) -> Result<Fetched, String> {
    let target = place.target(ca_file);
    let stream: Stream = dial(&target).await.map_err(|obstacle| obstacle.into_text())?;
    let no_http = |error: hyper::Error| explain(&target, &error);
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await.map_err(no_http)?;
    let request = request(fetch, place)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(no_http)?;
        read(response, fetch, &target).await
    };
    let carry = async {
        // How it ended is told where the answer is read.
        let _ = connection.await;
        std::future::pending().await
    };
    tokio::select! {
        answer = answer => answer,
        never = carry => never,
    }
}

fn request(fetch: &Fetch, place: &Place) -> Result<Request<Full<Bytes>>, String> {
    let mut request = Request::post(place.path.as_str()).header(HOST, &place.authority).header(CONNECTION, "close");
    for (name, value) in &fetch.headers {
        request = request.header(name, value);
    }
    let body = Full::new(Bytes::copy_from_slice(&fetch.body));
    request.body(body).map_err(|error| format!("the request to {} can't be written: {error}", fetch.url))
}

async fn read(response: Response<Incoming>, fetch: &Fetch, target: &Target<'_>) -> Result<Fetched, String> {
    let status = response.status();
    if status.is_redirection() {
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        let to = to.map_or_else(|| "elsewhere".to_owned(), shown);
        return Err(format!("{} sends us to {to}, which is not followed: set the address to that", shown(&fetch.url)));
    }
    let body = Limited::new(response.into_body(), fetch.limit).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return format!("the answer of {target} has more than {} bytes: is this the right address?", fetch.limit);
        }
        format!("the answer of {target} broke off: {error}")
    })?;
    Ok(Fetched { status: status.as_u16(), body: body.to_bytes().into() })
}

fn explain(target: &Target<'_>, error: &hyper::Error) -> String {
    if error.is_parse() {
        return format!("what answers at {target} is no web server: wrong port, or http:// and https:// mixed up?");
    }
    if error.is_incomplete_message() || error.is_canceled() {
        return format!("{target} hung up without an answer: http:// and https:// mixed up?");
    }
    format!("no answer from {target}: {error}")
}

/// The parts of an address.
struct Place {
    tls: bool,
    host: String,
    port: u16,
    /// As the server wants to hear it.
    authority: String,
    path: String,
}

impl Place {
    fn of(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|_| "it must be an address like https://HOST/PATH")?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("it must begin with https:// or http://".into()),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or("it must have a host, without a user name")?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { tls, host, port, authority: authority.to_string(), path })
    }

    fn target<'a>(&'a self, ca_file: Option<&'a Path>) -> Target<'a> {
        let scheme = if self.tls { "https" } else { "http" };
        Target { what: "server", scheme, tls: self.tls, host: &self.host, port: self.port, ca_file }
    }
}

/// Part of an address, on one line.
fn shown(url: &str) -> String {
    url.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs_f64())
}
