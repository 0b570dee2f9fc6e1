//! Channels of sound: what dialogues ask of them, carried out.
//!
//! What goes up is sealed and sent by the control thread in the moment in which hearing hands it over. What comes down is
//! the business of a task of its own, [`flow`], which ends with the session.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use auricle_core::assistant::event::{Event, ServerId};
use auricle_core::channel::{ChannelAsk, ChannelEvent, Session};
use auricle_core::frontend::DeviceTime;
use auricle_core::protocol::xiaozhi::datagram::Label;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::control::{Body, Control};
use super::input::Input;
use super::speech::Sink;
use crate::net::channel::{ChannelCounters, Outbound};
use crate::sound;
use flow::{Order, Teller};
use track::Track;

mod flow;
mod outlet;
mod track;

/// Orders that may wait for the task. The control thread gives a few for each event and the task takes them all at once.
const ORDERS: usize = 32;

/// What the task of a session tells.
pub enum Notice {
    /// The socket stands, and the greeting is on its way.
    Opened(Box<Outbound>),
    /// As [`ChannelEvent::Failed`].
    Failed(String),
    /// As [`ChannelEvent::Arrived`].
    Arrived,
}

/// The channel of one server, open or not.
#[derive(Default)]
pub(super) struct Channel {
    /// How often it was opened: what is told by an earlier session is recognised by it.
    opening: u64,
    session: Option<Running>,
    /// Datagrams sent and received before the newest session.
    before: [u64; 2],
    counters: Arc<ChannelCounters>,
}

struct Running {
    orders: mpsc::Sender<Order>,
    task: JoinHandle<()>,
    /// As soon as the socket stands.
    outbound: Option<Box<Outbound>>,
    /// What is heard when, for a server that cancels the echo.
    track: Option<Track>,
    /// That it failed was told.
    failed: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Channel {
    /// A new session; the one before ends.
    fn open(&mut self, server: ServerId, session: Session, inbox: mpsc::Sender<Input>) {
        self.close();
        self.opening += 1;
        let (orders, taken) = mpsc::channel(ORDERS);
        let teller = Teller { inbox, server, opening: self.opening };
        let track = session.server_cancels.then(Track::default);
        self.before = [self.counters.sent.load(Relaxed), self.counters.received.load(Relaxed)];
        let task = tokio::spawn(flow::run(session, taken, Arc::clone(&self.counters), track.clone(), teller));
        self.session = Some(Running { orders, task, outbound: None, track, failed: false });
    }

    /// Ends the session, if there is one.
    pub(super) fn close(&mut self) {
        self.session = None;
        self.counters.buffer.store(0, Relaxed);
    }

    /// False if there is nobody to take it.
    fn order(&self, order: Order) -> bool {
        self.session.as_ref().is_some_and(|session| session.orders.try_send(order).is_ok())
    }

    /// Sends through the open socket; false if that was not possible, and the reason if it is new.
    fn send(&mut self, send: impl FnOnce(&mut Outbound) -> io::Result<bool>) -> (bool, Option<String>) {
        let Some(outbound) = self.session.as_mut().and_then(|session| session.outbound.as_deref_mut()) else {
            return (false, None);
        };
        match send(outbound) {
            Ok(sent) => (sent, None),
            Err(error) => {
                let to = outbound.to().map_or_else(String::new, |to| format!(" to {to}"));
                let why = format!("no sound can be sent{to}: {error}; check that the server still listens there");
                (false, self.fail(why))
            }
        }
    }

    /// The packet of the server that was heard when this was caught, if it wants to know.
    fn played(&self, caught: Option<DeviceTime>) -> Option<Label> {
        self.session.as_ref()?.track.as_ref()?.at(caught?)
    }

    /// The reason, if none was told of this session.
    fn fail(&mut self, why: String) -> Option<String> {
        let session = self.session.as_mut()?;
        (!std::mem::replace(&mut session.failed, true)).then_some(why)
    }

    /// What was counted, with its names, and what of it in the newest session; nothing if it was never open.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let [sent, received] = self.before;
        let newest = [
            ("last_sent", self.counters.sent.load(Relaxed).saturating_sub(sent)),
            ("last_received", self.counters.received.load(Relaxed).saturating_sub(received)),
        ];
        (self.opening > 0).then(|| self.counters.counts().into_iter().chain(newest)).into_iter().flatten()
    }
}

impl Control {
    pub(super) fn ask_channel(&mut self, server: ServerId, ask: ChannelAsk) {
        let inbox = self.inbox.clone();
        let Some(channel) = self.servers.get_mut(server.0).map(|server| &mut server.channel) else { return };
        let taken = match ask {
            ChannelAsk::Open(session) => {
                channel.open(server, session, inbox);
                true
            }
            ChannelAsk::Silence => self.send_sound(server, Outbound::silence),
            ChannelAsk::Hold => channel.order(Order::Hold),
            ChannelAsk::Discard => channel.order(Order::Discard),
            ChannelAsk::Drain => channel.order(Order::Drain),
            ChannelAsk::Close => {
                channel.close();
                true
            }
        };
        if !taken {
            self.ledger.count("refused_asks", 1);
        }
    }

    pub(super) fn channel_notice(&mut self, server: ServerId, opening: u64, notice: Notice) {
        let Some(channel) = self.servers.get_mut(server.0).map(|server| &mut server.channel) else { return };
        if channel.opening != opening {
            return;
        }
        let Some(session) = &mut channel.session else { return };
        let event = match notice {
            Notice::Opened(outbound) => {
                let to = outbound.to();
                session.outbound = Some(outbound);
                to.map(|to| ChannelEvent::Opened { to })
            }
            Notice::Failed(why) => channel.fail(why).map(ChannelEvent::Failed),
            Notice::Arrived => Some(ChannelEvent::Arrived),
        };
        if let Some(event) = event {
            self.decide(Event::Channel(server, event));
        }
    }

    /// A frame of an uplink. False if it is not on its way; the empty end of one needs no datagram.
    pub(super) fn send_frame(&mut self, server: ServerId, frame: &Body) -> bool {
        if frame.bytes.is_empty() {
            return true;
        }
        let played = self.servers.get(server.0).and_then(|server| server.channel.played(frame.caught));
        let sent = self.send_sound(server, |outbound| outbound.send_while(played, &frame.bytes));
        if let (true, Some(caught), Some(server)) = (sent, frame.fresh, self.servers.get(server.0)) {
            let nanos = sound::now().0.saturating_sub(caught.0);
            server.channel.counters.latency.note(Duration::from_nanos(nanos));
        }
        sent
    }

    fn send_sound(&mut self, server: ServerId, send: impl FnOnce(&mut Outbound) -> io::Result<bool>) -> bool {
        let Some(channel) = self.servers.get_mut(server.0).map(|server| &mut server.channel) else { return false };
        let (sent, failed) = channel.send(send);
        if let Some(why) = failed {
            self.pending.push_back(Event::Channel(server, ChannelEvent::Failed(why)));
        }
        sent
    }

    /// What comes down the channel is played as soon as the loudspeaker's end is there. False if the channel is closed.
    pub(super) fn play_channel(&mut self, server: Option<ServerId>, sink: oneshot::Receiver<Sink>) -> bool {
        let server = server.and_then(|server| self.servers.get(server.0));
        server.is_some_and(|server| server.channel.order(Order::Play(sink)))
    }
}
