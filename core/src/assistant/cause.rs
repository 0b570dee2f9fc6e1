//! What can be wrong: a closed set. The light, the log, the status, the voice and `doctor` use the same words.

/// What to do when no connection comes about.
const UNREACHABLE: &str = "Check the server's address (`broker` in [linto], `ota_url` in [xiaozhi]), the network, and that the server runs; it is tried again by itself.";
/// What to do when the login is refused.
const REFUSED: &str = "In [linto], check `username` and the password: use the server's shared account, or one whose name is the serial number. In [xiaozhi] the server makes the password: check that it and its gateway have the same signature key, and that the device is still bound to an account.";
/// What to do when no server is configured.
const NOT_SET_UP: &str =
    "Run `sudo auricle setup`, or add [linto] with `broker` or [xiaozhi] with `ota_url` to the settings and restart.";
/// What to do when the microphone delivers only zeros.
const MIC_SILENT: &str =
    "Look for a switch on the microphone, turn it up with `alsamixer` (F4), or choose another `channel` in [audio].";
/// What to do when a wake word has no model.
const WAKE_MISSING: &str = "Correct `words` in [wake] (`auricle wake list` shows the models), or bring the model: reinstall the package, run `make models` in a checkout, or `auricle wake add FILE.tflite` for one of your own.";
/// What to do when no session comes about.
const NO_SESSION: &str = "The gateway is reached, so look behind it: check that the chat server runs, that the gateway's settings name its address, and what the gateway's log says; it is tried again with the next conversation.";
/// What to do when only messages come through.
const NO_SOUND: &str = "Open that UDP port in the firewall of the gateway's machine and in every router between, check that the gateway announces its own address (its PUBLIC_IP) and that no proxy for TCP stands before it; `auricle doctor --talk` tries it. If other answers are heard, the server's own speech fails: its log says so.";

/// A known reason why the device can't do its job, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// No server in the settings.
    NotSetUp,
    /// The microphone can't be opened or delivers nothing.
    MicGone {
        /// The device as the settings name it, and what went wrong.
        detail: String,
    },
    /// Another program holds the microphone.
    MicBusy {
        /// Program and process id.
        holder: String,
    },
    /// More than one card can capture and the settings don't say which.
    MicAmbiguous {
        /// Names to choose from.
        cards: String,
    },
    /// The microphone is open and hears nothing: the same value again and again.
    MicSilent {
        /// The device as the settings name it, and what it delivers.
        detail: String,
    },
    /// The loudspeaker can't be opened or takes nothing.
    SpeakerGone {
        /// The device as the settings name it, and what went wrong.
        detail: String,
    },
    /// More than one card can play and the settings don't say which.
    SpeakerAmbiguous {
        /// Names to choose from.
        cards: String,
    },
    /// No text can be made sound.
    VoiceGone {
        /// The engine and what went wrong.
        detail: String,
    },
    /// Wake words can't be listened for.
    WakeMissing {
        /// Which words, and what is wrong with their models.
        detail: String,
    },
    /// No connection to the broker.
    BrokerUnreachable {
        /// Address and what went wrong.
        detail: String,
    },
    /// The broker says no, or lets nothing through.
    BrokerRefused {
        /// What it refuses.
        reason: String,
    },
    /// The server does not say where its broker is.
    NoConfiguration {
        /// The address and what went wrong.
        detail: String,
    },
    /// The server wants to know first whose device this is.
    NotActivated {
        /// What is to be typed in at the server's page, usually six digits; may be empty.
        code: String,
        /// What the server says about it, in a line; may be empty.
        message: String,
    },
    /// The server is reached and opens no conversation.
    NoSession {
        /// What it says, or does not say.
        detail: String,
    },
    /// Messages come through to the server, and sound does not.
    NoSound {
        /// Where it goes, and what went wrong.
        detail: String,
    },
    /// Request after request gets no answer.
    NobodyAnswers {
        /// Where the requests go.
        scope: String,
        /// Why, most likely.
        likely: Likely,
    },
    /// The card's own volume control can't be used.
    MixerGone {
        /// The control and what went wrong.
        detail: String,
    },
    /// A button can't be used.
    ButtonGone {
        /// Its pin and what went wrong.
        detail: String,
        /// Of what kind that is.
        trouble: PinTrouble,
    },
    /// The lights can't be used.
    LightsGone {
        /// What they hang on and what went wrong.
        detail: String,
        /// Of what kind that is.
        trouble: PinTrouble,
    },
    /// Another device uses our serial number.
    TwinDevice {
        /// The serial number.
        serial: String,
    },
    /// A topic holds a message that is too large to be taken in, again and again.
    PoisonedTopic {
        /// The topic.
        topic: String,
    },
}

/// Why pins or the bus of a strip can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PinTrouble {
    /// The machine has no such pins, or it is not clear which chip they belong to.
    NoPins,
    /// The user that runs Auricle may not use them.
    Denied,
    /// Something else uses them.
    Busy,
    /// There is no SPI bus.
    NoSpi,
    /// A button is held longer than anybody would.
    Stuck,
    /// They fail.
    Broken,
}

impl PinTrouble {
    /// What to do, in a sentence.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::NoPins => {
                "Check the numbers, and `chip` if the board is no Raspberry Pi; on a machine without such pins remove [button] and [leds] from the settings."
            }
            Self::Denied => {
                "Let the user that runs Auricle use the device file: `sudo usermod -aG GROUP auricle` with the group that `ls -l` shows for it (gpio or spi on Raspberry Pi OS); then restart."
            }
            Self::Busy => {
                "Stop what uses the pin (a program, or a dtoverlay line in /boot/firmware/config.txt), or use another pin."
            }
            Self::NoSpi => {
                "Enable SPI: `sudo raspi-config`, Interface Options, SPI; or write dtparam=spi=on into /boot/firmware/config.txt; then start the board again."
            }
            Self::Stuck => "Let the button go; if nobody holds it, check its wiring and `active_low` in [button].",
            Self::Broken => "Check the wiring and the pins in [button] and [leds]; it is tried again by itself.",
        }
    }
}

/// Why nobody answers, most likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Likely {
    /// The broker lets nothing of ours through.
    WrongAccount,
    /// Nobody listens.
    NoApplication,
    /// Somebody listens who answers no devices.
    DeviceApplication,
}

impl Likely {
    /// What to do, in a sentence.
    const fn remedy(self) -> &'static str {
        match self {
            Self::WrongAccount => {
                "Check `username` in [linto]: use the server's shared account, or one whose name is the serial number."
            }
            Self::NoApplication => {
                "Attach this serial number to an application in the admin page, and check `application` in [linto]: it is the application's exact name."
            }
            Self::DeviceApplication => {
                "Attach this serial number to a multi-user application: on current servers an application for devices answers nobody."
            }
        }
    }
}

impl Cause {
    /// Every code there is.
    pub const CODES: [&str; 21] = [
        "NotSetUp",
        "MicGone",
        "MicBusy",
        "MicAmbiguous",
        "MicSilent",
        "SpeakerGone",
        "SpeakerAmbiguous",
        "VoiceGone",
        "WakeMissing",
        "BrokerUnreachable",
        "BrokerRefused",
        "NoConfiguration",
        "NotActivated",
        "NoSession",
        "NoSound",
        "NobodyAnswers",
        "MixerGone",
        "ButtonGone",
        "LightsGone",
        "TwinDevice",
        "PoisonedTopic",
    ];

    /// The name that scripts see.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSetUp => "NotSetUp",
            Self::MicGone { .. } => "MicGone",
            Self::MicBusy { .. } => "MicBusy",
            Self::MicAmbiguous { .. } => "MicAmbiguous",
            Self::MicSilent { .. } => "MicSilent",
            Self::SpeakerGone { .. } => "SpeakerGone",
            Self::SpeakerAmbiguous { .. } => "SpeakerAmbiguous",
            Self::VoiceGone { .. } => "VoiceGone",
            Self::WakeMissing { .. } => "WakeMissing",
            Self::BrokerUnreachable { .. } => "BrokerUnreachable",
            Self::BrokerRefused { .. } => "BrokerRefused",
            Self::NoConfiguration { .. } => "NoConfiguration",
            Self::NotActivated { .. } => "NotActivated",
            Self::NoSession { .. } => "NoSession",
            Self::NoSound { .. } => "NoSound",
            Self::NobodyAnswers { .. } => "NobodyAnswers",
            Self::MixerGone { .. } => "MixerGone",
            Self::ButtonGone { .. } => "ButtonGone",
            Self::LightsGone { .. } => "LightsGone",
            Self::TwinDevice { .. } => "TwinDevice",
            Self::PoisonedTopic { .. } => "PoisonedTopic",
        }
    }

    /// One sentence: what is wrong.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.words();
        // What was seen may end in a mark of its own.
        if text.ends_with("?.") || text.ends_with("..") {
            text.pop();
        }
        text
    }

    fn words(&self) -> String {
        match self {
            Self::NotSetUp => "No server is configured.".into(),
            Self::MicGone { detail } => format!("The microphone is gone: {detail}."),
            Self::MicBusy { holder } => format!("The microphone is in use by {holder}."),
            Self::MicAmbiguous { cards } => format!("Several cards can capture: {cards}."),
            Self::MicSilent { detail } => format!("The microphone hears nothing: {detail}."),
            Self::SpeakerGone { detail } => format!("The loudspeaker is gone: {detail}."),
            Self::SpeakerAmbiguous { cards } => format!("Several cards can play: {cards}."),
            Self::VoiceGone { detail } => format!("There is no voice: {detail}."),
            Self::WakeMissing { detail } => format!("A wake word can't be heard: {detail}."),
            Self::BrokerUnreachable { detail } => format!("The server can't be reached: {detail}."),
            Self::BrokerRefused { reason } => format!("The server refuses this device: {reason}."),
            Self::NoConfiguration { detail } => format!("The server gives no configuration: {detail}."),
            Self::NotActivated { code, message } => not_activated(code, message),
            Self::NoSession { detail } => format!("The server opens no conversation: {detail}."),
            Self::NoSound { detail } => format!("No sound comes through over UDP: {detail}."),
            Self::NobodyAnswers { scope, likely } => match likely {
                Likely::WrongAccount => {
                    format!("Nobody answers on `{scope}`: the broker lets nothing of this device through.")
                }
                Likely::NoApplication => format!("Nobody answers: no application seems to listen on `{scope}`."),
                Likely::DeviceApplication => {
                    format!("The application on `{scope}` hears this device and answers nothing.")
                }
            },
            Self::MixerGone { detail } => format!("The volume can't be set: {detail}."),
            Self::ButtonGone { detail, .. } => format!("The button can't be used: {detail}."),
            Self::LightsGone { detail, .. } => format!("The lights can't be used: {detail}."),
            Self::TwinDevice { serial } => format!("Another device uses the serial number `{serial}`."),
            Self::PoisonedTopic { topic } => {
                format!("The broker keeps a message on `{topic}` that is too large to be taken in.")
            }
        }
    }

    /// One sentence: what to do.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::NotSetUp => NOT_SET_UP,
            Self::MicGone { .. } => {
                "Plug the microphone in, or name another with `capture` in [audio]; `auricle devices` lists them."
            }
            Self::MicBusy { .. } => "Stop that program, or name another microphone with `capture` in [audio].",
            Self::MicAmbiguous { .. } => {
                "Choose one with `capture` in [audio], for example capture = \"plughw:CARD=NAME\"."
            }
            Self::MicSilent { .. } => MIC_SILENT,
            Self::SpeakerGone { .. } => {
                "Plug the loudspeaker in, or name another with `playback` in [audio]; `auricle devices` lists them."
            }
            Self::SpeakerAmbiguous { .. } => {
                "Choose one with `playback` in [audio], for example playback = \"plughw:CARD=NAME\"."
            }
            Self::VoiceGone { .. } => "Install espeak-ng (`apt install espeak-ng`), or correct `command` in [tts].",
            Self::WakeMissing { .. } => WAKE_MISSING,
            Self::BrokerUnreachable { .. } => UNREACHABLE,
            Self::BrokerRefused { .. } => REFUSED,
            Self::NoConfiguration { .. } => {
                "Check `ota_url` in [xiaozhi], the network, and that the server runs; it is tried again by itself."
            }
            Self::NotActivated { .. } => {
                "Log in on the server's page, add a device and type the code in; the device notices by itself."
            }
            Self::NoSession { .. } => NO_SESSION,
            Self::NoSound { .. } => NO_SOUND,
            Self::NobodyAnswers { likely, .. } => likely.remedy(),
            Self::MixerGone { .. } => "Correct `mixer` in [audio]; empty, the volume is applied in software.",
            Self::ButtonGone { trouble, .. } | Self::LightsGone { trouble, .. } => trouble.remedy(),
            Self::TwinDevice { .. } => {
                "Give one of the two another serial number with `serial` in [device] and register it."
            }
            Self::PoisonedTopic { .. } => {
                "Clear the retained message: `mosquitto_pub -r -n -t TOPIC` with the topic above."
            }
        }
    }
}

fn not_activated(code: &str, message: &str) -> String {
    let mut text = "This device belongs to no account of the server yet".to_owned();
    if !code.is_empty() {
        text = format!("{text}; its code is {code}");
    }
    if !message.is_empty() {
        text = format!("{text}. The server says: {message}");
    }
    text + "."
}

#[cfg(test)]
mod tests {
    use super::Cause;

    #[test]
    fn a_sentence_ends_in_one_mark() {
        for (detail, end) in [("it is away", "it is away."), ("is it there?", "is it there?"), ("Gone.", "Gone.")] {
            let text = Cause::MicGone { detail: detail.into() }.text();
            assert!(text.ends_with(&format!(": {end}")), "{text}");
        }
    }
}
