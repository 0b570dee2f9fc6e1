//! Does the gateway let the device in, and does it open a session? Only while no daemon runs: it knows a device by its
//! client id, and a second login ends the first.

use std::time::Duration;

use auricle_core::dialogue::xiaozhi::policy;
use auricle_core::link::{LinkAsk, LinkEvent, Loss, Publication, Qos};
use auricle_core::protocol::xiaozhi::message::{self, Hello, Incoming};
use auricle_core::protocol::xiaozhi::preset::Names;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::configuration::Known;
use super::{GATEWAY, SOUND, sound};
use crate::config::{Echo, Xiaozhi};
use crate::doctor::sheet::Finding;
use crate::net::mqtt::{Address, Backoff, Link, LinkSettings};

/// From the first packet to the last.
const CONNECT: Duration = Duration::from_secs(4);
const HELLO: Duration = Duration::from_secs(3);
const GOODBYE: Duration = Duration::from_millis(500);

const ACCOUNT: &str = "Look on the server whether it still knows this device; its log says why it hangs up.";
const BROKER: &str = "Check the gateway's log, that its port is open, and `tls` in [xiaozhi].";
const CHAT: &str = "Check that the gateway and the chat server behind it run, and `profile` and `topics` in [xiaozhi].";

/// Logs in, says hello, looks after the way of the sound, and says goodbye; with `talk`, asks something before.
pub(super) async fn look(server: &Xiaozhi, known: &Known, talk: bool) -> [Finding; 2] {
    let login = &known.login;
    let settings = LinkSettings {
        address: Address { tls: login.tls, host: login.host.clone(), port: login.port },
        ca_file: server.ca_file.clone(),
        username: Some(login.username.clone()).filter(|name| !name.is_empty()),
        password: Some(login.password.clone()),
        policy: policy(login),
        backoff: Backoff::default(),
    };
    let (sender, mut events) = mpsc::channel(64);
    let link = Link::start(settings, sender);
    let (gateway, sound) = visit(server, known, &link, &mut events, talk).await;
    // Whoever waits for us to take an event would not say goodbye.
    let emptied = tokio::spawn(async move { while events.recv().await.is_some() {} });
    link.shutdown(GOODBYE).await;
    emptied.abort();
    [gateway, sound.unwrap_or_else(|| Finding::skipped(SOUND, "there is no session"))]
}

async fn visit(
    server: &Xiaozhi,
    known: &Known,
    link: &Link,
    events: &mut mpsc::Receiver<LinkEvent>,
    talk: bool,
) -> (Finding, Option<Finding>) {
    match timeout_at(Instant::now() + CONNECT, events.recv()).await {
        Ok(Some(LinkEvent::Connected)) => {}
        Ok(Some(LinkEvent::Disconnected(loss))) => return (lost(loss), None),
        _ => return (Finding::fault(GATEWAY, format!("no login within {} s", CONNECT.as_secs()), BROKER), None),
    }
    let login = &known.login;
    let names = Names { mac: &known.mac, client_id: &login.client_id };
    let mut topics = server.profile.subscriptions(login.subscribe_topic.as_deref(), &server.topics, names);
    topics.extend(server.profile.fallback(names));
    link.ask(LinkAsk::Subscribe(topics.into_iter().map(|topic| (topic, Qos::Zero)).collect()));
    let topic = server.profile.publish_topic(login.publish_topic.as_deref(), names);
    let say = |payload| {
        link.ask(LinkAsk::Publish(Publication { topic: topic.clone(), payload, qos: Qos::Zero, retain: false }))
    };
    let server_cancels = server.echo == Echo::Server;
    say(message::hello(server.frame(), server_cancels));
    let (finding, hello) = greeted(events).await;
    let Some(hello) = hello else { return (finding, None) };
    let session = hello.session(server.frame(), server_cancels, server.profile);
    let heard = sound::look(&session, events, talk.then_some(&say), &hello.session_id).await;
    say(message::goodbye(&hello.session_id));
    (finding, Some(heard))
}

/// What comes of the hello, and the session that was opened.
async fn greeted(events: &mut mpsc::Receiver<LinkEvent>) -> (Finding, Option<Hello>) {
    let fault = |seen: String| (Finding::fault(GATEWAY, seen, CHAT), None);
    let end = Instant::now() + HELLO;
    while let Ok(Some(event)) = timeout_at(end, events.recv()).await {
        let message = match event {
            LinkEvent::Disconnected(loss) => return (lost(loss), None),
            LinkEvent::Message(message) => message,
            _ => continue,
        };
        match message::read(&message.payload) {
            Incoming::Hello(hello) => {
                let seen = format!(
                    "the gateway lets this device in and opens a session; sound goes to {}:{} over UDP",
                    hello.server, hello.port
                );
                return (Finding::ok(GATEWAY, seen), Some(hello));
            }
            Incoming::BadHello { why, .. } => return fault(why.to_string()),
            Incoming::Error(why) => {
                return fault(format!("the gateway lets this device in, but opens no session: {why}"));
            }
            _ => {}
        }
    }
    fault(format!("the gateway lets this device in and does not answer its hello within {} s", HELLO.as_secs()))
}

fn lost(loss: Loss) -> Finding {
    match loss {
        Loss::Refused(why) => Finding::fault(GATEWAY, format!("the gateway refuses this device: {why}"), ACCOUNT),
        Loss::Unreachable(why) | Loss::Lost(why) | Loss::ThrownOut(why) => Finding::fault(GATEWAY, why, BROKER),
    }
}
