//! The web server that a device asks for its configuration, and until somebody has typed its code.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::record::{Event, Log};
use super::rules::Rules;

/// Where the configuration is.
pub const PATH: &str = "/xiaozhi/ota/";

/// Longer bodies are cut off.
const LONGEST: usize = 64 << 10;

/// With it the server computes passwords.
const SIGNATURE_KEY: &str = "RigOnlyLoopbackKey";

/// What the web server needs.
#[derive(Clone)]
pub struct Ota {
    pub rules: Arc<Mutex<Rules>>,
    pub log: Arc<Log>,
    pub mqtt_port: u16,
}

/// A login.
#[derive(Clone, Debug)]
pub struct Login {
    pub client: String,
    pub username: String,
    pub password: String,
}

impl Login {
    /// The right one for a device: group, MAC address as `aa:bb:…`, and its own id.
    pub fn of(group: &str, mac: &str, uuid: &str) -> Self {
        let client = format!("GID_{group}@@@{}@@@{uuid}", mac.replace(':', "_"));
        let username = STANDARD.encode(r#"{"ip":"127.0.0.1"}"#);
        let password = password(&client, &username);
        Self { client, username, password }
    }
}

/// The only right password for this client and name.
pub fn password(client: &str, username: &str) -> String {
    let key = PKey::hmac(SIGNATURE_KEY.as_bytes()).expect("a key");
    let mut signer = Signer::new(MessageDigest::sha256(), &key).expect("OpenSSL has SHA-256");
    signer.update(format!("{client}|{username}").as_bytes()).expect("a text");
    STANDARD.encode(signer.sign_to_vec().expect("a signature"))
}

/// Answers whoever asks, for ever.
pub async fn serve(listener: TcpListener, ota: Ota) {
    while let Ok((stream, _)) = listener.accept().await {
        let ota = ota.clone();
        tokio::task::spawn_local(async move { ota.answer(stream).await });
    }
}

/// A request over HTTP.
struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    async fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut lines = BufReader::new(stream);
        let mut first = String::new();
        lines.read_line(&mut first).await.ok()?;
        let mut words = first.split_whitespace().map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).await.ok()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length =
            headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
        let mut body = vec![0; length.unwrap_or(0).min(LONGEST)];
        lines.read_exact(&mut body).await.ok()?;
        Some(Self { method, path, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

impl Ota {
    async fn answer(self, mut stream: TcpStream) {
        let Some(request) = Request::read(&mut stream).await else { return };
        let (status, body) = self.reply(&request);
        let Request { path, headers, body: asked, .. } = request;
        self.log.add(0, Event::Asked { path, headers, body: asked });
        let head = format!("HTTP/1.1 {status} …\r\nContent-Type: application/json\r\nConnection: close\r\n");
        let answer = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    fn reply(&self, request: &Request) -> (u16, String) {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", PATH) => (200, "OTA接口运行正常".into()),
            ("POST", PATH) if rules.ota_status != 200 => (rules.ota_status, "{}".into()),
            ("POST", PATH) => (200, self.configuration(&rules, request).to_string()),
            ("POST", path) if path.strip_prefix(PATH) == Some("activate") => activate(&mut rules),
            _ => (404, "{}".into()),
        }
    }

    fn configuration(&self, rules: &Rules, request: &Request) -> Value {
        let Some(mac) = request.header("device-id").filter(|mac| is_mac(mac)) else {
            return json!({"error": "Invalid device ID"});
        };
        let asked: Value = serde_json::from_str(&request.body).unwrap_or_default();
        // A device that is not bound has to say which version it has, or the server stumbles.
        let Some(version) = asked["application"]["version"].as_str() else {
            return json!({"code": 500, "msg": "服务器内部异常"});
        };
        let group = asked["board"]["type"].as_str().unwrap_or("default");
        let login = Login::of(group, mac, request.header("client-id").unwrap_or(mac));
        let password = if rules.right_password { login.password } else { password("somebody", "else") };
        let own = format!("devices/p2p/{}", mac.replace(':', "_"));
        let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as u64);
        let mut answer = json!({
            "server_time": {"timestamp": now, "timezone_offset": 480},
            "firmware": {"version": version, "url": "http://invalid.example/firmware.bin"},
            "websocket": {"url": "ws://127.0.0.1:8000/xiaozhi/v1/", "token": ""},
            "mqtt": {
                "endpoint": format!("127.0.0.1:{}", self.mqtt_port),
                "client_id": login.client,
                "username": login.username,
                "password": password,
                "publish_topic": "device-server",
                "subscribe_topic": if rules.names_topic { own } else { "null".into() },
            },
        });
        if let Some(activation) = &rules.activation {
            let message = format!("http://127.0.0.1/#/home\n{}", activation.code);
            answer["activation"] = json!({"code": activation.code, "message": message});
            if let Some(challenge) = &activation.challenge {
                answer["activation"]["challenge"] = challenge.as_str().into();
            }
        }
        answer
    }
}

/// 202 while nobody has typed the code, 200 from then on.
fn activate(rules: &mut Rules) -> (u16, String) {
    match &mut rules.activation {
        Some(activation) if activation.waits > 0 => {
            activation.waits -= 1;
            (202, "{}".into())
        }
        _ => {
            rules.activation = None;
            (200, "success".into())
        }
    }
}

/// Six groups of two characters.
fn is_mac(text: &str) -> bool {
    let groups: Vec<&str> = text.split([':', '-']).collect();
    groups.len() == 6 && groups.iter().all(|group| group.len() == 2 && group.bytes().all(|c| c.is_ascii_hexdigit()))
}
