//! What servers are told about this device.

use auricle_core::dialogue::{DeviceFacts, Interface};

use super::clock::utc;
use super::control::Control;
use crate::device::network;

impl Control {
    /// What servers are told about this device, looked up now.
    pub(super) fn facts(&self) -> DeviceFacts {
        DeviceFacts {
            firmware: env!("CARGO_PKG_VERSION").to_owned(),
            network: network(),
            utc: utc(),
            ..DeviceFacts::default()
        }
    }
}

fn network() -> Vec<Interface> {
    let found = network::interfaces(&network::Sources::default()).into_iter();
    let text = |address: Option<String>| address.unwrap_or_default();
    found
        .map(|interface| Interface {
            name: interface.name,
            address: interface.address.to_string(),
            mac: interface.mac,
            gateway: text(interface.gateway.map(|gateway| gateway.to_string())),
            netmask: text(interface.netmask.map(|netmask| netmask.to_string())),
            wireless: interface.wireless,
        })
        .collect()
}
