//! CONNECT and CONNACK.

use std::io;
use std::time::Duration;

use auricle_core::link::{Loss, Publication};
use bytes::{Bytes, BytesMut};
use rumqttc::mqttbytes::v4::{ConnAck, Connect, ConnectReturnCode, LastWill, Login, Packet};
use zeroize::{Zeroize, Zeroizing};

use super::inbound::{Frame, Inbound};
use super::outbox::Outbox;
use super::wire::{Moved, Wire};
use super::{LinkSettings, TOPIC_MAX, is_topic, wire_qos};

/// For the broker's answer to CONNECT.
const CONNACK_WITHIN: Duration = Duration::from_secs(5);

/// Introduces us on a fresh stream. What came behind CONNACK is left in `inbound`.
///
/// # Errors
/// Why the broker would not have us.
pub(super) async fn greet(
    stream: &mut Wire,
    settings: &LinkSettings,
    client_id: &str,
    inbound: &mut Inbound,
    scratch: &mut [u8],
) -> Result<(), Loss> {
    let address = &settings.address;
    let mut out = Outbox::default();
    out.encoded(connect_packet(settings, client_id).map_err(Loss::Refused)?);
    let answer = tokio::time::timeout(CONNACK_WITHIN, answer(stream, &mut out, inbound, scratch)).await;
    let silent = |_| Err(format!("{address} takes connections but does not answer (waited {CONNACK_WITHIN:?})"));
    let ack = answer.unwrap_or_else(silent).map_err(Loss::Unreachable)?;
    judge(ack.code, settings, client_id)
}

async fn answer(
    stream: &mut Wire,
    out: &mut Outbox,
    inbound: &mut Inbound,
    scratch: &mut [u8],
) -> Result<ConnAck, String> {
    loop {
        match inbound.next_frame().map_err(|error| format!("what answers is no MQTT broker: {error}"))? {
            None => {}
            Some(Frame::Packet(Packet::ConnAck(ack))) => return Ok(ack),
            Some(_) => return Err("what answers is no MQTT broker: its first packet is not CONNACK".into()),
        }
        let Moved { read, closed, .. } = stream.exchange(out, scratch, true).await.map_err(|error| cut_off(&error))?;
        if closed {
            return Err(cut_off(&io::ErrorKind::UnexpectedEof.into()));
        }
        inbound.push(scratch.get(..read).unwrap_or_default());
    }
}

fn cut_off(error: &io::Error) -> String {
    format!("the connection was closed before the broker answered ({error}): mqtt:// and mqtts:// mixed up?")
}

fn judge(code: ConnectReturnCode, settings: &LinkSettings, client_id: &str) -> Result<(), Loss> {
    let login = settings.username.as_deref().map_or("without a user name".into(), |name| format!("as `{name}`"));
    Err(match code {
        ConnectReturnCode::Success => return Ok(()),
        ConnectReturnCode::BadUserNamePassword => Loss::Refused(format!("user name or password wrong (login {login})")),
        ConnectReturnCode::NotAuthorized => {
            Loss::Refused(format!("not authorised (login {login}): user name or password wrong, or not allowed in"))
        }
        ConnectReturnCode::BadClientId => {
            Loss::Refused(format!("the broker does not accept the client id `{client_id}`"))
        }
        ConnectReturnCode::RefusedProtocolVersion => Loss::Refused("the broker does not speak MQTT 3.1.1".into()),
        ConnectReturnCode::ServiceUnavailable => {
            Loss::Unreachable(format!("the broker at {} says that it is not available now", settings.address))
        }
    })
}

/// The packet as bytes, which are wiped when they are dropped, as are the copies of the password that the codec makes.
fn connect_packet(settings: &LinkSettings, client_id: &str) -> Result<Bytes, String> {
    fits("client id", client_id.len())?;
    let mut connect = Connect::new(client_id);
    // Whole seconds on the wire, rounded up: the broker allows us half of it in addition.
    let seconds = settings.policy.keep_alive.as_secs_f64().ceil().max(1.0);
    connect.keep_alive = seconds as u16;
    connect.last_will = settings.policy.will.as_ref().map(will).transpose()?;
    if let Some(name) = &settings.username {
        let password = settings.password.as_ref().map(|password| password.as_str()).unwrap_or_default();
        fits("user name", name.len())?;
        fits("password", password.len())?;
        connect.login = Some(Login::new(name, password));
    }
    // Large enough from the start: a buffer that grows leaves copies behind.
    let mut bytes = BytesMut::with_capacity(connect.size());
    let written = connect.write(&mut bytes);
    if let Some(login) = &mut connect.login {
        login.password.zeroize();
    }
    written.map_err(|error| format!("CONNECT cannot be written: {error}"))?;
    Ok(Bytes::from_owner(Zeroizing::new(Vec::from(bytes))))
}

fn will(will: &Publication) -> Result<LastWill, String> {
    fits("will", will.payload.len())?;
    if !is_topic(&will.topic) {
        return Err(format!("the will's topic `{}` is not one that can be published to", will.topic));
    }
    Ok(LastWill::new(&will.topic, will.payload.clone(), wire_qos(will.qos), will.retain))
}

/// The codec would cut off what is longer.
fn fits(what: &str, length: usize) -> Result<(), String> {
    if length <= TOPIC_MAX { Ok(()) } else { Err(format!("the {what} has {length} bytes; MQTT carries {TOPIC_MAX}")) }
}
