//! Two devices with one serial number, on a broker that keeps what is retained, in virtual time.

use std::collections::HashMap;
use std::time::Duration;

use super::super::{Linto, LintoSettings};
use super::rig::{Rig, facts, settings};
use crate::dialogue::{Ask, Dialogue, DialogueEvent};
use crate::link::{LinkAsk, LinkEvent, Loss, Message, Publication};
use crate::time::Tick;
use insta::assert_snapshot;

const STATUS: &str = "blk/fromlinto/raspberry1/status";

fn online(instance: &str) -> String {
    format!(r#"{{"connexion":"online","config":{{"instance":"{instance}"}}}}"#)
}

#[test]
fn a_twin_is_told_once_and_learns_of_us_once() {
    let mut rig = Rig::online();
    rig.wait_secs(10);
    for _ in 0..20 {
        rig.message(STATUS, &online("twin"));
        rig.wait_secs(10);
    }
    assert_snapshot!(rig.trace(), @r#"
    10.000 cause TwinDevice: Another device uses the serial number `raspberry1`.
    10.000 publish blk/fromlinto/raspberry1/status (retain) One "online" {"mute":false,"tts_lang":"en-US","volume":80}
    "#);
}

#[test]
fn a_twin_that_does_not_mark_itself_is_one_too() {
    let mut rig = Rig::online();
    rig.message(STATUS, r#"{"connexion":"online","config":{"sound":{"volume":"100"}}}"#);
    assert!(rig.trace().contains("cause TwinDevice"));
}

#[test]
fn a_twin_that_goes_or_stays_silent_is_forgotten() {
    let mut rig = Rig::online();
    rig.message(STATUS, &online("twin"));
    rig.trace();
    rig.message(STATUS, r#"{"connexion":"offline"}"#);
    assert!(rig.trace().contains("clear TwinDevice"));
    rig.message(STATUS, &online("twin"));
    assert!(rig.trace().contains("cause TwinDevice"));
    rig.wait_secs(599);
    assert!(!rig.trace().contains("clear TwinDevice"));
    rig.wait_secs(1);
    assert!(rig.trace().contains("clear TwinDevice"));
}

#[test]
fn what_the_broker_had_kept_is_no_twin() {
    let mut rig = Rig::online();
    rig.retained(STATUS, &online("the run before this one"));
    rig.retained(STATUS, r#"{"connexion":"offline"}"#);
    rig.wait_secs(60);
    assert_eq!(rig.trace(), "");
}

#[test]
fn the_will_of_an_old_connection_does_not_leave_us_offline() {
    let mut rig = Rig::online();
    rig.wait_secs(20);
    rig.message(STATUS, r#"{"connexion":"offline"}"#);
    let trace = rig.trace();
    assert!(trace.contains("publish blk/fromlinto/raspberry1/status (retain)"), "{trace}");
    assert!(!trace.contains("app1"), "{trace}");
}

#[test]
fn somebody_who_keeps_saying_offline_does_not_make_us_talk_for_ever() {
    let mut rig = Rig::online();
    for _ in 0..300 {
        rig.message(STATUS, r#"{"connexion":"offline"}"#);
        rig.wait_secs(1);
    }
    let statuses = rig.trace().matches("publish").count();
    assert!((1..=6).contains(&statuses), "{statuses}");
}

#[test]
fn many_twins_make_few_statuses() {
    let mut rig = Rig::online();
    for n in 0..300 {
        rig.message(STATUS, &online(&n.to_string()));
        rig.wait_secs(1);
    }
    let trace = rig.trace();
    assert!((1..=6).contains(&trace.matches("publish").count()), "{trace}");
    assert_eq!(trace.matches("cause TwinDevice").count(), 1, "{trace}");
}

/// A broker with two devices on it, and a server that answers each status at once.
struct World {
    now: Tick,
    devices: Vec<Linto>,
    connected: Vec<bool>,
    retained: HashMap<String, Vec<u8>>,
    statuses: usize,
    causes: Vec<(usize, String)>,
}

impl World {
    fn new(count: usize) -> Self {
        let device = |n: usize| {
            let mut linto = Linto::new(LintoSettings { instance: format!("instance-{n}"), ..settings() });
            linto.handle(Tick::ZERO, DialogueEvent::Device(facts()));
            linto
        };
        Self {
            now: Tick::ZERO,
            devices: (0..count).map(device).collect(),
            connected: vec![false; count],
            retained: HashMap::new(),
            statuses: 0,
            causes: Vec::new(),
        }
    }

    fn connect(&mut self, device: usize) {
        self.connected[device] = true;
        self.event(device, DialogueEvent::Link(LinkEvent::Connected));
    }

    /// The connection breaks and the broker says the will.
    fn kill(&mut self, device: usize) {
        self.connected[device] = false;
        self.event(device, DialogueEvent::Link(LinkEvent::Disconnected(Loss::Lost("gone".into()))));
        let will = super::super::policy(&settings()).will.unwrap();
        self.publish(will);
    }

    fn event(&mut self, device: usize, event: DialogueEvent) {
        let now = self.now;
        self.devices[device].handle(now, event);
        while let Some(ask) = self.devices[device].poll() {
            match ask {
                Ask::Link(LinkAsk::Subscribe(_)) => {
                    self.event(device, DialogueEvent::Link(LinkEvent::Subscribed { refused: Vec::new() }));
                    if let Some(payload) = self.retained.get(STATUS).cloned() {
                        self.deliver(device, STATUS, payload, true);
                    }
                }
                Ask::Link(LinkAsk::Publish(publication)) => self.publish(publication),
                Ask::Cause(cause) => self.causes.push((device, cause.code().into())),
                Ask::Clear(code) => self.causes.push((device, format!("no {code}"))),
                _ => {}
            }
        }
    }

    fn publish(&mut self, publication: Publication) {
        assert!(self.statuses < 1_000, "they never stop");
        if publication.topic.ends_with("/status") {
            self.statuses += 1;
            if publication.retain {
                self.retained.insert(publication.topic.clone(), publication.payload.clone());
            }
        }
        for device in 0..self.devices.len() {
            if publication.topic == STATUS {
                self.deliver(device, STATUS, publication.payload.clone(), false);
            }
            // The server answers each status, whatever it says.
            let scope = publication.topic.split('/').next().unwrap_or_default();
            self.deliver(
                device,
                &format!("{scope}/tolinto/raspberry1/tts_lang"),
                br#"{"value":"fr-FR"}"#.to_vec(),
                false,
            );
        }
    }

    fn deliver(&mut self, device: usize, topic: &str, payload: Vec<u8>, retained: bool) {
        if self.connected[device] {
            let message = Message { topic: topic.into(), payload, retained };
            self.event(device, DialogueEvent::Link(LinkEvent::Message(message)));
        }
    }

    fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let next = (0..self.devices.len()).filter_map(|n| Some((self.devices[n].deadline()?, n))).min();
            let Some((due, device)) = next.filter(|(due, _)| *due <= end) else { break };
            self.now = self.now.max(due);
            self.event(device, DialogueEvent::Deadline);
        }
        self.now = end;
    }
}

#[test]
fn two_daemons_with_one_serial_number_notice_each_other_and_are_quiet() {
    let mut world = World::new(2);
    world.connect(0);
    world.wait(Duration::from_secs(7));
    world.connect(1);
    world.wait(Duration::from_secs(300));
    assert_eq!(world.causes, [(0, "TwinDevice".into()), (1, "TwinDevice".into())]);
    assert!(world.statuses < 20, "{} statuses", world.statuses);
}

#[test]
fn two_daemons_that_start_in_the_same_moment_are_quiet_too() {
    let mut world = World::new(2);
    world.connect(0);
    world.connect(1);
    world.wait(Duration::from_secs(300));
    world.causes.sort();
    assert_eq!(world.causes, [(0, "TwinDevice".into()), (1, "TwinDevice".into())]);
    assert!(world.statuses < 20, "{} statuses", world.statuses);
}

#[test]
fn when_one_of_two_dies_the_other_is_shown_online_again() {
    let mut world = World::new(2);
    world.connect(0);
    world.connect(1);
    world.wait(Duration::from_secs(60));
    world.kill(1);
    world.wait(Duration::from_secs(300));
    let kept = String::from_utf8(world.retained[STATUS].clone()).unwrap();
    assert!(kept.contains(r#""connexion":"online""#) && kept.contains("instance-0"), "{kept}");
    assert_eq!(world.causes.iter().filter(|(device, what)| *device == 0 && what == "no TwinDevice").count(), 1);
}

#[test]
fn one_daemon_alone_that_vanishes_leaves_no_ghost() {
    let mut world = World::new(1);
    world.connect(0);
    world.wait(Duration::from_secs(10));
    world.kill(0);
    assert_eq!(world.retained[STATUS], br#"{"connexion":"offline"}"#);
    assert_eq!(world.retained.keys().filter(|topic| topic.starts_with("app1")).count(), 0);
}
