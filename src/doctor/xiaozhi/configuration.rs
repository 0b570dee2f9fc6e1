//! Does the server say where its gateway is, and does it know this device?

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auricle_core::protocol::xiaozhi::access::{Activation, Configuration, Facts, Login, uuid};
use auricle_core::protocol::xiaozhi::preset::unusable;

use super::CONFIGURATION;
use crate::config::Xiaozhi;
use crate::daemon::BOARD;
use crate::device::{registration, state};
use crate::doctor::case::Case;
use crate::doctor::sheet::Finding;
use crate::net::http;

/// For the whole request.
const LIMIT: Duration = Duration::from_secs(4);

/// Clocks that differ by more are worth a warning.
const CLOCK: Duration = Duration::from_secs(300);

const REMEDY: &str = "Check `ota_url` in [xiaozhi], the network, and that the server runs.";

const BIND: &str = "Log in on the server's page, add a device and type the code in.";

/// Where the device logs in, and as whom.
pub(super) struct Known {
    pub(super) login: Login,
    pub(super) mac: String,
}

/// Asks as the daemon would.
pub(super) async fn look(case: &Case, server: &Xiaozhi) -> (Vec<Finding>, Option<Known>) {
    let Some(facts) = facts(case, server) else {
        let why = "this device has no hardware address yet; the daemon makes one up at its first start";
        return (vec![Finding::skipped(CONFIGURATION, why)], None);
    };
    let mut fetch = facts.configuration(&server.ota_url);
    fetch.within = fetch.within.min(LIMIT);
    let fault = |seen: String| (vec![Finding::fault(CONFIGURATION, seen, REMEDY)], None);
    let answer = match http::fetch(&fetch, server.ca_file.as_deref()).await {
        Ok(answer) => answer,
        Err(why) => return fault(why),
    };
    let answer = match Configuration::read(answer.status, &answer.body) {
        Ok(answer) => answer,
        Err(error) => return fault(format!("{}: {error}", server.ota_url.as_str())),
    };
    let mut findings: Vec<Finding> = answer.server_time.and_then(clock).into_iter().collect();
    let login = match answer.mqtt.unwrap_or_default().login(server.tls) {
        Ok(login) => login,
        Err(error) => return fault(format!("{}: {error}", server.ota_url.as_str())),
    };
    findings.insert(0, told(server, &login, answer.activation));
    findings.extend(login.subscribe_topic.as_deref().and_then(topic));
    (findings, Some(Known { login, mac: facts.mac }))
}

/// What the server's answer means for this device.
fn told(server: &Xiaozhi, login: &Login, activation: Option<Activation>) -> Finding {
    if let Some(Activation { code, .. }) = activation {
        let seen = format!("the server answers; this device belongs to no account yet, its code is {code}");
        return Finding::warning(CONFIGURATION, seen, BIND);
    }
    let scheme = if login.tls { "mqtts" } else { "mqtt" };
    let seen = format!("{} answers: its gateway is {scheme}://{}:{}", server.host(), login.host, login.port);
    Finding::ok(CONFIGURATION, seen)
}

/// Whether the gateway can be asked for what the server names.
fn topic(named: &str) -> Option<Finding> {
    let remedy = "Have the server name a shorter `subscribe_topic`, or add one to `topics` in [xiaozhi].";
    unusable(named).map(|seen| Finding::warning(CONFIGURATION, seen, remedy))
}

/// Who the daemon would say that the device is. Nothing is made up that would have to be kept.
fn facts(case: &Case, server: &Xiaozhi) -> Option<Facts> {
    let settings = case.settings()?;
    let kept = state::peek(&case.host.path(&settings.device.state_dir)).ok().flatten().unwrap_or_default();
    let interfaces = case.host.path(registration::INTERFACES.trim_start_matches('/'));
    let mac = registration::known(server.device_id.as_deref(), &interfaces, kept.mac.as_deref())?;
    let mut random = [0; 16];
    let client_id = match kept.client_id {
        Some(client_id) => client_id,
        None => getrandom::fill(&mut random).ok().map(|()| uuid(random))?,
    };
    let language = kept.language.unwrap_or_else(|| settings.tts.language.clone());
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Some(Facts { version, mac, client_id, language, board: BOARD.to_owned(), ip: None })
}

/// Whether this machine's clock is the server's.
fn clock(theirs: u64) -> Option<Finding> {
    let ours = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let apart = ours.abs_diff(Duration::from_millis(theirs));
    (apart > CLOCK).then(|| {
        let seen = format!("the server's clock and this device's are {} min apart", apart.as_secs() / 60);
        Finding::warning(
            CONFIGURATION,
            seen,
            "Check `timedatectl`: with a wrong clock no encrypted connection comes about.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_no_gateway_reads_is_a_warning() {
        assert_eq!(topic(&"x".repeat(120)).map(|finding| finding.check), None);
        assert_eq!(topic(&"x".repeat(121)).map(|finding| finding.check), Some(CONFIGURATION));
    }
}
