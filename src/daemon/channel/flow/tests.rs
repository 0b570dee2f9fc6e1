#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::UdpSocket;

use auricle_core::protocol::xiaozhi::datagram::Sealer;
use zeroize::Zeroizing;

use super::*;

const SOON: Duration = Duration::from_secs(20);

/// A task with a short patience, its orders, and the server's end.
fn task() -> (tokio::task::JoinHandle<()>, mpsc::Sender<Order>, UdpSocket, Session, mpsc::Receiver<Input>) {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let session = Session {
        server: "127.0.0.1".into(),
        port: server.local_addr().unwrap().port(),
        key: Zeroizing::new([3; 16]),
        nonce: [1, 0, 0, 0, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0],
        frame: Duration::from_millis(60),
        server_cancels: false,
        raw: true,
        greeting: None,
    };
    let ((orders, mut taken), (inbox, told)) = (mpsc::channel(8), mpsc::channel(8));
    let own = session.clone();
    let task = tokio::spawn(async move {
        let counters = Arc::<ChannelCounters>::default();
        let (_outbound, inbound) = dial(&own, &counters).await.unwrap();
        let teller = Teller { inbox, server: ServerId(0), opening: 1 };
        let mut flow = Flow::new(inbound, buffer(&own).unwrap(), Tally::new(counters), teller);
        flow.patience = Duration::from_millis(300);
        flow.run(&mut taken).await;
    });
    (task, orders, server, session, told)
}

/// The loudspeaker's end, and the card's.
fn sink() -> (Sink, rtrb::Consumer<i16>) {
    let (ring, card) = rtrb::RingBuffer::new(32_000);
    let (_, leaving) = rtrb::RingBuffer::new(1);
    (Sink { rate: 16_000, ring, leaving }, card)
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let waits = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(SOON, waits).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

/// Where the device sends from, as the server sees it.
async fn device(server: UdpSocket) -> (UdpSocket, std::net::SocketAddr) {
    let device = tokio::task::spawn_blocking(move || {
        let (_, device) = server.recv_from(&mut [0; 2_000]).unwrap();
        (server, device)
    });
    device.await.unwrap()
}

/// The server says 400 ms, and it is told that something came.
async fn say(sealer: &mut Sealer, to: &(UdpSocket, std::net::SocketAddr), told: &mut mpsc::Receiver<Input>) {
    let mut datagram = Vec::new();
    for n in 0..20 {
        sealer.seal(Tick::from_millis(n * 20), &[1; 640], &mut datagram);
        to.0.send_to(&datagram, to.1).unwrap();
    }
    let notice = tokio::time::timeout(SOON, told.recv()).await.expect("it is told");
    assert!(matches!(notice, Some(Input::Channel { notice: Notice::Arrived, .. })));
}

/// What the card takes until the loudspeaker is given back.
async fn listen(card: &mut rtrb::Consumer<i16>) -> usize {
    let mut heard = 0;
    until("the end", || {
        heard += card.slots();
        card.read_chunk(card.slots()).unwrap().commit_all();
        card.is_abandoned()
    })
    .await;
    heard + card.slots()
}

#[tokio::test]
async fn a_server_that_is_silent_for_long_gives_the_loudspeaker_back_and_is_heard_when_it_goes_on() {
    let (_task, orders, server, session, mut told) = task();
    let to = device(server).await;
    let mut sealer = Sealer::new(&session.key, &session.nonce);
    for part in 0..3 {
        let begun = Instant::now();
        if part > 0 {
            say(&mut sealer, &to, &mut told).await;
        }
        let (given, comes) = oneshot::channel();
        let (sink, mut card) = sink();
        orders.send(Order::Play(comes)).await.unwrap();
        given.send(sink).ok().unwrap();
        if part == 0 {
            say(&mut sealer, &to, &mut told).await;
        }
        let heard = listen(&mut card).await;
        assert!(begun.elapsed() >= Duration::from_millis(250), "{part}: {:?}", begun.elapsed());
        assert!(heard > 3_200, "{part}: {heard}");
    }
}

#[tokio::test]
async fn no_more_lies_ready_for_the_card_than_it_needs() {
    let (_task, orders, server, session, mut told) = task();
    let (server, device) = device(server).await;
    let (mut sealer, mut datagram) = (Sealer::new(&session.key, &session.nonce), Vec::new());
    for n in 0..40 {
        sealer.seal(Tick::from_millis(n * 20), &[1; 640], &mut datagram);
        server.send_to(&datagram, device).unwrap();
    }
    assert!(matches!(told.recv().await, Some(Input::Channel { notice: Notice::Arrived, .. })));
    let (given, comes) = oneshot::channel();
    let (sink, card) = sink();
    orders.send(Order::Play(comes)).await.unwrap();
    given.send(sink).ok().unwrap();
    // The card takes nothing.
    until("something", || card.slots() > 0).await;
    let most = Duration::from_millis(60 + 20).as_millis() as usize * 16;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(4)).await;
        assert!(card.slots() <= most, "{} samples", card.slots());
    }
}
