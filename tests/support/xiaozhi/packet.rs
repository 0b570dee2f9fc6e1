//! MQTT as the gateway reads it: only what a device needs, and with its mistakes.

/// The longest packet, header included.
const LIMIT: usize = 8_192;

/// A packet from a device.
#[derive(Debug)]
pub enum Packet {
    Connect {
        client: String,
        username: String,
        password: String,
        keep_alive: u16,
    },
    Publish {
        qos: u8,
        topic: String,
        payload: Vec<u8>,
    },
    /// Only the first filter is looked at.
    Subscribe {
        id: [u8; 2],
        topic: String,
    },
    Ping,
    Disconnect,
}

/// Why a connection is closed.
#[derive(Debug)]
pub enum Violation {
    /// MQTT of this version.
    Level(u8),
    /// A packet of so many bytes.
    TooLong(usize),
    /// A type of packet that is not understood: its first byte.
    Unknown(u8),
    /// Shorter than it has to be.
    Malformed,
}

/// Takes the first packet out of what has come so far, `None` if it is not whole yet.
pub fn take(buffer: &mut Vec<u8>) -> Result<Option<Packet>, Violation> {
    let Some((start, remaining)) = length(buffer)? else { return Ok(None) };
    let whole = start + remaining;
    if whole > LIMIT {
        return Err(Violation::TooLong(whole));
    }
    if buffer.len() < whole {
        return Ok(None);
    }
    let packet: Vec<u8> = buffer.drain(..whole).collect();
    read(&packet, start).map(Some)
}

/// Where the body begins and how long it is.
fn length(buffer: &[u8]) -> Result<Option<(usize, usize)>, Violation> {
    let mut length = 0;
    for (place, byte) in buffer.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(Some((place + 2, length)));
        }
    }
    if buffer.len() > 4 { Err(Violation::Malformed) } else { Ok(None) }
}

fn read(packet: &[u8], start: usize) -> Result<Packet, Violation> {
    match packet[0] >> 4 {
        1 => connect(&packet[start..]),
        3 => publish(packet[0], &packet[start..]),
        // From here on its length is taken for one byte, whatever it is: a long filter is misread.
        8 => {
            let body = packet.get(2..).unwrap_or_default();
            let id = body.get(..2).ok_or(Violation::Malformed)?;
            let (topic, _) = text(&body[2..])?;
            Ok(Packet::Subscribe { id: [id[0], id[1]], topic })
        }
        12 => Ok(Packet::Ping),
        14 => Ok(Packet::Disconnect),
        _ => Err(Violation::Unknown(packet[0])),
    }
}

/// A will is not known: its topic is taken for the name, and its message for the password.
fn connect(body: &[u8]) -> Result<Packet, Violation> {
    let (_protocol, rest) = text(body)?;
    let [level, flags, high, low, rest @ ..] = rest else { return Err(Violation::Malformed) };
    if !(3..=4).contains(level) {
        return Err(Violation::Level(*level));
    }
    let (client, rest) = text(rest)?;
    let (username, rest) = if flags & 0x80 == 0 { (String::new(), rest) } else { text(rest)? };
    let password = if flags & 0x40 == 0 { String::new() } else { text(rest)?.0 };
    Ok(Packet::Connect { client, username, password, keep_alive: u16::from_be_bytes([*high, *low]) })
}

fn publish(first: u8, body: &[u8]) -> Result<Packet, Violation> {
    let qos = first >> 1 & 3;
    let (topic, rest) = text(body)?;
    let skip = if qos == 0 { 0 } else { 2 };
    let payload = rest.get(skip..).ok_or(Violation::Malformed)?.to_vec();
    Ok(Packet::Publish { qos, topic, payload })
}

/// A text with its length before it, and what follows.
fn text(bytes: &[u8]) -> Result<(String, &[u8]), Violation> {
    let [high, low, rest @ ..] = bytes else { return Err(Violation::Malformed) };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (text, rest) = rest.split_at_checked(length).ok_or(Violation::Malformed)?;
    Ok((String::from_utf8_lossy(text).into_owned(), rest))
}

/// The answer to CONNECT.
pub fn connack(code: u8) -> Vec<u8> {
    vec![0x20, 2, 0, code]
}

/// The answer to SUBSCRIBE: one return code, however many filters there were.
pub fn suback(id: [u8; 2]) -> Vec<u8> {
    vec![0x90, 3, id[0], id[1], 0]
}

/// The answer to PINGREQ.
pub fn pong() -> Vec<u8> {
    vec![0xd0, 0]
}

/// A message, QoS 0.
pub fn message(topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x30];
    let mut remaining = 2 + topic.len() + payload.len();
    while remaining > 0x7f {
        packet.push((remaining & 0x7f) as u8 | 0x80);
        remaining >>= 7;
    }
    packet.push(remaining as u8);
    packet.extend(u16::try_from(topic.len()).expect("a short topic").to_be_bytes());
    packet.extend(topic.as_bytes());
    packet.extend(payload);
    packet
}
