//! The certificate: who signed it, for which name, until when.
//!
//! The handshake goes through whatever is wrong, so that everything wrong can be told at once; nothing but the
//! handshake is sent. The rules are those of the real connection: same library, same authorities, same name.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::ssl::{HandshakeError, SslConnector, SslMethod, SslVerifyMode};
use openssl::x509::{X509, X509Ref, X509VerifyResult};

use crate::config::{BrokerAddress, Linto};
use crate::doctor::sheet::Finding;

const CHECK: &str = "tls";

/// For the handshake; half of it for each wait within.
const LIMIT: Duration = Duration::from_secs(5);

/// A certificate that ends sooner is worth a warning, in days.
const SOON: i32 = 14;

/// What LinTO's router shows to a name that it does not know.
const STRANGERS: &str = "TRAEFIK DEFAULT CERT";

/// X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH.
const OTHER_NAME: [i32; 2] = [62, 64];

/// X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
const NOT_YET: i32 = 9;
const EXPIRED: i32 = 10;

/// What a handshake showed.
struct Shown {
    /// What is wrong with the chain, by the library's number; each once.
    wrong: Vec<i32>,
    certificate: Option<X509>,
    version: &'static str,
}

/// Looks at the certificate of a broker that has an address.
pub async fn look(server: &Linto, address: SocketAddr) -> Finding {
    let broker = server.broker.clone();
    if !broker.tls {
        return Finding::skipped(CHECK, format!("{broker} is not encrypted"));
    }
    let authorities = match server.ca_file.as_deref().map(own_authorities).transpose() {
        Ok(authorities) => authorities.unwrap_or_default(),
        Err(why) => return Finding::fault(CHECK, why, "Correct `ca_file` in [linto]."),
    };
    let own = server.ca_file.as_ref().map(|file| file.display().to_string());
    let host = broker.host.clone();
    let shaking = tokio::task::spawn_blocking(move || shake_hands(&host, address, &authorities));
    match tokio::time::timeout(LIMIT, shaking).await {
        Ok(Ok(Ok(shown))) => judge(&broker, &shown, own.as_deref()),
        Ok(Ok(Err(why))) => no_handshake(&broker, &why),
        _ => no_handshake(&broker, &format!("no answer within {} s", LIMIT.as_secs())),
    }
}

fn own_authorities(file: &std::path::Path) -> Result<Vec<X509>, String> {
    let name = file.display();
    let pem = fs::read(file).map_err(|error| format!("ca_file `{name}` can't be read: {error}"))?;
    let found = X509::stack_from_pem(&pem).unwrap_or_default();
    if found.is_empty() { Err(format!("ca_file `{name}` holds no certificate in PEM")) } else { Ok(found) }
}

fn shake_hands(host: &str, address: SocketAddr, authorities: &[X509]) -> Result<Shown, String> {
    let stream = TcpStream::connect_timeout(&address, LIMIT / 2).map_err(|error| error.to_string())?;
    let patience = stream.set_read_timeout(Some(LIMIT / 2)).and_then(|()| stream.set_write_timeout(Some(LIMIT / 2)));
    patience.map_err(|error| error.to_string())?;
    let wrong = Arc::new(Mutex::new(Vec::new()));
    let connector = connector(authorities, Arc::clone(&wrong)).map_err(|error| error.to_string())?;
    match connector.connect(host, stream) {
        Ok(mut tls) => {
            let (certificate, version) = (tls.ssl().peer_certificate(), tls.ssl().version_str());
            // The broker is told that we go; whether it hears that does not matter.
            let _ = tls.shutdown();
            let wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Ok(Shown { wrong, certificate, version })
        }
        Err(HandshakeError::Failure(failed)) => Err(reason(failed.error())),
        Err(HandshakeError::WouldBlock(_)) => Err("no answer in time".into()),
        Err(HandshakeError::SetupFailure(error)) => Err(error.to_string()),
    }
}

/// One that writes down what is wrong and goes on.
fn connector(authorities: &[X509], wrong: Arc<Mutex<Vec<i32>>>) -> Result<SslConnector, ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls())?;
    for authority in authorities {
        builder.cert_store_mut().add_cert(authority.clone())?;
    }
    builder.set_verify_callback(SslVerifyMode::PEER, move |fine, context| {
        if !fine {
            let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
            let error = context.error().as_raw();
            if wrong.len() < 16 && !wrong.contains(&error) {
                wrong.push(error);
            }
        }
        true
    });
    Ok(builder.build())
}

/// The library's words for it, or the system's.
fn reason(error: &openssl::ssl::Error) -> String {
    if let Some(error) = error.io_error() {
        return match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "no answer in time".into(),
            _ => error.to_string(),
        };
    }
    let first = error.ssl_error().and_then(|stack| stack.errors().first().and_then(|first| first.reason()));
    first.map_or_else(|| "the connection was closed".to_owned(), ToOwned::to_owned)
}

fn no_handshake(broker: &BrokerAddress, why: &str) -> Finding {
    let remedy = if broker.host.parse::<IpAddr>().is_ok() {
        "Write the server's name instead of its IP address: a router in front of it chooses by name (SNI), and an \
         address carries none. Also check that this is the port for TLS."
    } else {
        "Check that this is the broker's port for TLS (mqtt:// and mqtts:// mixed up?), and that the name is the one \
         that the server's router knows."
    };
    Finding::fault(CHECK, format!("TLS with {broker} failed: {why}"), remedy)
}

fn judge(broker: &BrokerAddress, shown: &Shown, own: Option<&str>) -> Finding {
    let Some(certificate) = &shown.certificate else { return no_handshake(broker, "it showed no certificate") };
    let (names, until) = (names(certificate), certificate.not_after().to_string());
    let has = |errors: &[i32]| errors.iter().any(|error| shown.wrong.contains(error));
    if names.iter().any(|name| name == STRANGERS) {
        return Finding::fault(
            CHECK,
            format!("the router in front of {broker} does not know the name `{}`", broker.host),
            "Write the domain name of the LinTO stack as `broker` in [linto]: its router chooses by name (SNI).",
        );
    }
    if has(&[EXPIRED, NOT_YET]) {
        let seen = format!(
            "a certificate of {broker} does not count now; the server's is good from {} until {until}",
            certificate.not_before()
        );
        return Finding::fault(
            CHECK,
            seen,
            "Check this machine's clock (`timedatectl`); if it is right, renew the server's certificate.",
        );
    }
    if has(&OTHER_NAME) {
        let seen = format!("the certificate of {broker} is for {}, not for `{}`", list(&names), broker.host);
        return Finding::fault(CHECK, seen, "Write a name that it is for as `broker` in [linto].");
    }
    if let Some(first) = shown.wrong.first() {
        return untrusted(broker, certificate, *first, own);
    }
    let by = own.map_or("the system's authorities".to_owned(), |file| format!("`{file}` or the system's authorities"));
    let seen = format!("{}, certificate for {}, good until {until}, trusted by {by}", shown.version, list(&names));
    match days_left(certificate.not_after()) {
        Some(days) if days < SOON => {
            let seen = format!("the certificate of {broker} ends in {days} days ({until})");
            Finding::warning(CHECK, seen, "Renew the server's certificate: once it has ended, no device connects.")
        }
        _ => Finding::ok(CHECK, seen),
    }
}

fn untrusted(broker: &BrokerAddress, certificate: &X509Ref, error: i32, own: Option<&str>) -> Finding {
    // SAFETY: it is a number that the library gave out; for any other it would only lack words.
    let words = unsafe { X509VerifyResult::from_raw(error) }.error_string();
    let issuer = name_of(certificate.issuer_name()).unwrap_or_else(|| "somebody without a name".into());
    let seen = format!("the certificate of {broker}, signed by `{issuer}`, is not trusted: {words}");
    let remedy = match own {
        Some(file) => format!("`ca_file` in [linto] is `{file}`: it must hold the certificate of `{issuer}`."),
        None => format!(
            "If the server has an authority of its own, set `ca_file` in [linto] to the certificate of `{issuer}`."
        ),
    };
    Finding::fault(CHECK, seen, remedy)
}

/// The names that a certificate is for; its owner's if it names none.
fn names(certificate: &X509Ref) -> Vec<String> {
    let alternatives = certificate.subject_alt_names();
    let alternatives = alternatives.iter().flatten();
    let mut names: Vec<String> = alternatives
        .filter_map(|name| name.dnsname().map(ToOwned::to_owned).or_else(|| name.ipaddress().and_then(ip)))
        .take(4)
        .collect();
    names.extend(name_of(certificate.subject_name()));
    names.dedup();
    names
}

fn ip(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok().map(|address| address.to_string())
}

fn name_of(name: &openssl::x509::X509NameRef) -> Option<String> {
    let entry = name.entries_by_nid(openssl::nid::Nid::COMMONNAME).next()?;
    entry.data().to_string().ok().map(|text| text.chars().take(100).collect())
}

fn list(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() { "no name".into() } else { quoted.join(", ") }
}

fn days_left(until: &Asn1TimeRef) -> Option<i32> {
    Some(Asn1Time::days_from_now(0).ok()?.diff(until).ok()?.days)
}
