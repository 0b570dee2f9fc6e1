//! What servers are told about the device.

/// A network interface of the device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// For example `wlan0`.
    pub name: String,
    /// IPv4 or IPv6 address.
    pub address: String,
    /// Hardware address, `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// Address of the router, empty if there is none.
    pub gateway: String,
    /// Net mask.
    pub netmask: String,
    /// Radio or cable.
    pub wireless: bool,
}

/// What servers are told about the device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceFacts {
    /// The loudspeaker volume that holds over a restart, 0–100.
    pub volume: u8,
    /// Whether the microphone is closed on request.
    pub muted: bool,
    /// Speech language, for example `en-US`.
    pub language: String,
    /// The recording; `None` if servers may not start one.
    pub meeting: Option<MeetingFacts>,
    /// Version of this program.
    pub firmware: String,
    /// Interfaces with an address, without loopback.
    pub network: Vec<Interface>,
    /// When the daemon looked, as ISO 8601 in UTC with milliseconds.
    pub utc: String,
}

/// What servers are told about the recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeetingFacts {
    /// The name that it was started with; empty if there was none yet.
    pub name: String,
    /// Whether it runs.
    pub recording: bool,
}
