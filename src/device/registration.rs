//! Who this device is to servers that know devices by a hardware address and a UUID.
//!
//! Both stay what they were at first, whatever adapter is plugged in later: for the server another address is another
//! device, which has to be activated anew.

use std::fs;
use std::path::Path;

use auricle_core::protocol::xiaozhi::access::uuid;

use super::identity::IdentityError;
use super::state::{StateError, StateFile};

/// Where the kernel has a folder for each network interface.
pub const INTERFACES: &str = "/sys/class/net";

/// Ethernet and Wi-Fi, in the words of the kernel.
const ETHERNET: &str = "1";

/// Under which names the device is registered.
#[derive(Debug)]
pub struct Registration {
    /// Lower case, with colons.
    pub mac: String,
    /// A UUID of version 4.
    pub client_id: String,
    /// They could not be kept: after a restart the device may be another one.
    pub warning: Option<StateError>,
}

/// Both names: those that are remembered, else the address of the first interface, and a new UUID. `configured` comes
/// before the address.
///
/// # Errors
/// The system gives no random number.
pub fn registration(
    configured: Option<&str>,
    interfaces: &Path,
    state: &mut StateFile,
) -> Result<Registration, IdentityError> {
    let kept = state.state();
    let mac = match kept.mac.clone().or_else(|| first(interfaces)) {
        Some(mac) => mac,
        None => made_up()?,
    };
    let client_id = match kept.client_id.clone() {
        Some(client_id) => client_id,
        None => uuid(random()?),
    };
    let keep = state.update(|state| {
        if configured.is_none() {
            state.mac = Some(mac.clone());
        }
        state.client_id = Some(client_id.clone());
    });
    let mac = configured.map_or(mac, str::to_owned);
    Ok(Registration { mac, client_id, warning: keep.err() })
}

/// What [`registration`] would say, without making or keeping anything; `None`: no address is known.
#[must_use]
pub fn known(configured: Option<&str>, interfaces: &Path, kept: Option<&str>) -> Option<String> {
    configured.or(kept).map(str::to_owned).or_else(|| first(interfaces))
}

/// The address of the first interface by name that is a piece of hardware: `eth0` before `wlan0`.
fn first(interfaces: &Path) -> Option<String> {
    let read = |name: &str, file: &str| fs::read_to_string(interfaces.join(name).join(file)).ok();
    let is_hardware = |name: &String| {
        interfaces.join(name).join("device").exists() && read(name, "type").is_none_or(|kind| kind.trim() == ETHERNET)
    };
    let mut names: Vec<String> =
        fs::read_dir(interfaces).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names.iter().filter(|name| is_hardware(name)).find_map(|name| {
        let mac = read(name, "address")?.trim().to_ascii_lowercase();
        (mac.len() == 17 && mac.bytes().any(|b| !matches!(b, b'0' | b':'))).then_some(mac)
    })
}

/// An address that no manufacturer gives away.
fn made_up() -> Result<String, IdentityError> {
    let [_, b, c, d, e, f, ..] = random()?;
    Ok(format!("02:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"))
}

fn random() -> Result<[u8; 16], IdentityError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(IdentityError::NoChance)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    /// Interfaces: name, address, whether it is hardware.
    fn machine(interfaces: &[(&str, &str, bool)]) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let net = folder.path().join("net");
        for (name, mac, hardware) in interfaces {
            fs::create_dir_all(net.join(name)).unwrap();
            fs::write(net.join(name).join("address"), format!("{mac}\n")).unwrap();
            fs::write(net.join(name).join("type"), "1\n").unwrap();
            if *hardware {
                fs::write(net.join(name).join("device"), "").unwrap();
            }
        }
        (folder, net)
    }

    fn who(folder: &TempDir, net: &Path, configured: Option<&str>) -> (String, String) {
        let mut state = StateFile::open(&folder.path().join("state")).unwrap().0;
        let found = registration(configured, net, &mut state).unwrap();
        assert!(found.warning.is_none());
        (found.mac, found.client_id)
    }

    #[test]
    fn it_is_the_first_piece_of_hardware_and_stays_what_it_was() {
        let (folder, net) = machine(&[
            ("docker0", "02:42:00:00:00:01", false),
            ("eth0", "B8:27:EB:12:34:56", true),
            ("lo", "00:00:00:00:00:00", false),
            ("wlan0", "b8:27:eb:65:43:21", true),
        ]);
        let first = who(&folder, &net, None);
        assert_eq!(first.0, "b8:27:eb:12:34:56");
        assert_eq!(first.1.len(), 36);
        fs::remove_dir_all(net.join("eth0")).unwrap();
        assert_eq!(who(&folder, &net, None), first);
        let configured = who(&folder, &net, Some("aa:aa:aa:aa:aa:aa"));
        assert_eq!(configured, ("aa:aa:aa:aa:aa:aa".into(), first.1.clone()));
        assert_eq!(who(&folder, &net, None), first, "what is configured is not remembered");
    }

    #[test]
    fn a_machine_without_an_address_gets_one_of_its_own_for_ever() {
        let (folder, net) = machine(&[("lo", "00:00:00:00:00:00", true)]);
        let first = who(&folder, &net, None);
        assert!(first.0.starts_with("02:") && first.0.len() == 17, "{}", first.0);
        assert_eq!(who(&folder, &net, None), first);
    }
}
