//! What the remote bus does when the other side fails, lies or is somebody else.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic like its tests")]

#[allow(dead_code)]
mod common;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, Depth, MemoryBus, Origin, Outcome, RemoteBus, RemoteOptions};
use common::{group, ids, message, messages, publish, settle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);
const GREETING: &[u8] = b"DUET-BUS\x00\x01";

/// Short times, so that failures are noticed fast.
fn options() -> RemoteOptions {
    RemoteOptions {
        heartbeat: Duration::from_millis(50),
        idle_timeout: Duration::from_secs(1),
        connect_timeout: Duration::from_millis(300),
        handshake_timeout: Duration::from_millis(500),
        backoff_min: Duration::from_millis(5),
        backoff_max: Duration::from_millis(50),
        ..RemoteOptions::default()
    }
}

/// A server that can be killed.
struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(address: &str, bus: MemoryBus) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = bus::remote::serve_with(listener, Arc::new(bus), options(), std::future::pending());
        Self { address, task: tokio::spawn(serving) }
    }

    async fn kill(self) -> String {
        self.task.abort();
        let _ = self.task.await;
        self.address.to_string()
    }

    async fn client(&self) -> RemoteBus {
        RemoteBus::connect(self.address.to_string(), options()).await.unwrap()
    }
}

/// Somebody else's server: answers whatever comes with these bytes and reads on.
async fn stranger(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut input = [0; 1024];
                let _ = stream.read(&mut input).await;
                let _ = stream.write_all(answer).await;
                while stream.read(&mut input).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    address
}

#[tokio::test]
async fn a_killed_server_is_noticed_and_found_again_when_it_is_back() {
    let server = Server::start("127.0.0.1:0", MemoryBus::default()).await;
    let client = server.client().await;
    let consumer = client.subscribe(&group("g")).await.unwrap();
    let publisher = client.publisher(Origin::Participant).await.unwrap();
    publisher.publish(&messages(2)).await.unwrap();
    let before = consumer.receive(1).await.unwrap();

    let address = server.kill().await;
    let failed = publisher.publish(&messages(1)).await.unwrap_err();
    assert!(matches!(failed, BusError::Unavailable(_)) && failed.is_retryable(), "{failed:?}");

    // An empty bus this time: the client declares its group on it again before anything is published.
    let second = MemoryBus::default();
    let _server = Server::start(&address, second.clone()).await;
    let recovered = timeout(PATIENCE, async {
        while publisher.publish(&[message("k", "after")]).await.is_err() {
            tokio::task::yield_now().await;
        }
    });
    recovered.await.expect("the publisher recovers");
    let after = timeout(PATIENCE, consumer.receive(10)).await.expect("the consumer recovers").unwrap();
    // A delivery of the lost connection must not be mistaken for one of the new connection.
    settle(&consumer, &before, Outcome::Done).await.unwrap();
    assert_eq!(ids(&after), ["after"]);
    assert_eq!(second.depth("g").await.unwrap().unwrap(), Depth { unsettled: 1, ..Depth::default() });
    settle(&consumer, &after, Outcome::Done).await.unwrap();
    assert_eq!(second.depth("g").await.unwrap().unwrap(), Depth::default());
}

#[tokio::test]
async fn what_was_unsettled_when_the_connection_was_lost_comes_again() {
    let bus = MemoryBus::default();
    let server = Server::start("127.0.0.1:0", bus.clone()).await;
    let client = server.client().await;
    let consumer = client.subscribe(&group("g")).await.unwrap();
    publish(&bus, Origin::Participant, &messages(5)).await.unwrap();
    let mut held = consumer.receive(5).await.unwrap();
    while held.len() < 5 {
        held.extend(consumer.receive(5).await.unwrap());
    }
    settle(&consumer, &held[..2], Outcome::Done).await.unwrap();

    let address = server.kill().await;
    let _server = Server::start(&address, bus.clone()).await;
    let mut again = timeout(PATIENCE, consumer.receive(5)).await.expect("the consumer recovers").unwrap();
    while again.len() < 3 {
        again.extend(consumer.receive(5).await.unwrap());
    }
    assert_eq!(ids(&again), ["2", "3", "4"]);
    assert!(again.iter().all(|delivery| delivery.attempt == 2));
    settle(&consumer, &held, Outcome::Done).await.unwrap();
    assert_eq!(bus.depth("g").await.unwrap().unwrap(), Depth { unsettled: 3, ..Depth::default() });
}

#[tokio::test]
async fn nothing_is_lost_while_the_server_is_killed_again_and_again() {
    const COUNT: usize = 2000;
    let bus = MemoryBus::default();
    let mut server = Server::start("127.0.0.1:0", bus.clone()).await;
    let client = server.client().await;
    let consumer = client.subscribe(&group("g")).await.unwrap();
    let publisher = client.publisher(Origin::Participant).await.unwrap();
    let publishing = tokio::spawn(async move {
        for batch in messages(COUNT).chunks(10) {
            while let Err(error) = publisher.publish(batch).await {
                assert!(error.is_retryable(), "{error}");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    let mut seen = std::collections::BTreeSet::new();
    let mut kills = 0;
    while seen.len() < COUNT {
        let deliveries = timeout(PATIENCE, consumer.receive(50)).await.expect("nothing is lost").unwrap();
        seen.extend(ids(&deliveries));
        // An error leaves them unsettled, and they come again.
        let _ = settle(&consumer, &deliveries, Outcome::Done).await;
        if seen.len() > (kills + 1) * COUNT / 6 && kills < 5 {
            kills += 1;
            server = Server::start(&server.kill().await, bus.clone()).await;
        }
    }
    assert_eq!(kills, 5);
    publishing.await.unwrap();
}

#[tokio::test]
async fn a_port_of_somebody_else_is_named_as_such() {
    for (answer, text) in
        [(&b"AMQP\x00\x00\x09\x01"[..], "AMQP"), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.1")]
    {
        let failed = RemoteBus::connect(stranger(answer).await, options()).await.unwrap_err();
        assert!(matches!(failed, BusError::Protocol(_)) && !failed.is_retryable(), "{failed:?}");
        assert!(
            failed.to_string().contains("not a duet bus") && failed.to_string().contains(text),
            "{failed}"
        );
    }
}

#[tokio::test]
async fn a_server_of_another_version_is_named_as_such() {
    let failed = RemoteBus::connect(stranger(b"DUET-BUS\x00\x63").await, options()).await.unwrap_err();
    assert!(failed.to_string().contains("speaks version 99 of the protocol, this one 1"), "{failed}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let failed = RemoteBus::connect(stranger(b"").await, options()).await.unwrap_err();
    assert!(failed.to_string().contains("no greeting within 500ms"), "{failed}");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_tried_for_a_while() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let failed = RemoteBus::connect(address.clone(), options()).await.unwrap_err();
    assert!(matches!(failed, BusError::Unavailable(_)), "{failed:?}");
    assert!(failed.to_string().contains(&address), "{failed}");
}

#[tokio::test]
async fn a_server_that_dies_silently_is_noticed() {
    // It greets, welcomes, and then neither answers nor sends heartbeats.
    const WELCOME: &str =
        r#"{"durability":"process","individual_retry":true,"delivery_limit":20,"message_bytes_max":1000}"#;
    let mut answer = GREETING.to_vec();
    answer.extend_from_slice(&(9 + WELCOME.len() as u32).to_be_bytes());
    answer.extend_from_slice(&[8, 0, 0, 0, 0, 0, 0, 0, 0]);
    answer.extend_from_slice(WELCOME.as_bytes());
    let client = RemoteBus::connect(stranger(answer.leak()).await, options()).await.unwrap();
    let failed = timeout(PATIENCE, client.depth("g")).await.expect("it is noticed").unwrap_err();
    assert!(matches!(failed, BusError::Unavailable(_)), "{failed:?}");
}

/// Sends bytes to the server and waits until it hangs up.
async fn hangs_up_on(server: &Server, bytes: &[u8]) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the server keeps a connection that sent {:?}", bytes.escape_ascii().to_string());
}

#[tokio::test]
async fn strangers_and_malformed_frames_lose_their_connection_and_nobody_else_does() {
    let server = Server::start("127.0.0.1:0", MemoryBus::default()).await;
    let client = server.client().await;
    let consumer = client.subscribe(&group("g")).await.unwrap();
    hangs_up_on(&server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    hangs_up_on(&server, b"DUET-BUS\x00\x02").await;
    let frames: [&[u8]; 7] = [
        // Too long, too short, of an unknown kind.
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x01\x01",
        b"\x00\x00\x00\x09\x7f\0\0\0\0\0\0\0\x01",
        // An administration request that is no JSON; a publication without an origin; with half a message.
        b"\x00\x00\x00\x0c\x01\0\0\0\0\0\0\0\x01{]x",
        b"\x00\x00\x00\x09\x02\0\0\0\0\0\0\0\x01",
        b"\x00\x00\x00\x0d\x02\0\0\0\0\0\0\0\x01\x00\x05ab",
        // A settlement without a subscription.
        b"\x00\x00\x00\x0b\x03\0\0\0\0\0\0\0\x01\x01\x00",
    ];
    for frame in frames {
        hangs_up_on(&server, &[GREETING, frame].concat()).await;
    }
    publish(&client, Origin::Edge, &messages(1)).await.unwrap();
    assert_eq!(ids(&timeout(PATIENCE, consumer.receive(1)).await.unwrap().unwrap()), ["0"]);
}

/// The bytes of a frame that publishes this.
fn publication(messages: &[u8]) -> Vec<u8> {
    let length = u32::try_from(10 + messages.len()).unwrap().to_be_bytes();
    [GREETING, &length[..], b"\x02\0\0\0\0\0\0\0\x01\x00", messages].concat()
}

#[tokio::test]
async fn frames_full_of_headers_or_messages_are_refused_before_the_work() {
    let server = Server::start("127.0.0.1:0", MemoryBus::default()).await;
    let client = server.client().await;
    // A message with two million headers, each another one: to set them all would compare each with all before it.
    let names = (0..2_000_000_u32).flat_map(|n| [&[4][..], &n.to_be_bytes(), &[0]].concat());
    let headers: Vec<u8> = [0, 0, 0, 0x80, 0x89, 0x7a].into_iter().chain(names).collect();
    // Three million empty messages.
    let messages = vec![0; 15_000_000];
    let begun = tokio::time::Instant::now();
    for frame in [publication(&headers), publication(&messages)] {
        hangs_up_on(&server, &frame).await;
    }
    publish(&client, Origin::Edge, &self::messages(1)).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_call_larger_than_a_frame_is_sent_in_several() {
    let bus = MemoryBus::default();
    let server = Server::start("127.0.0.1:0", bus.clone()).await;
    let small = RemoteOptions { frame_bytes_max: 10_000, ..options() };
    let client = RemoteBus::connect(server.address.to_string(), small).await.unwrap();
    bus.declare(&group("g")).await.unwrap();
    publish(&client, Origin::Participant, &messages(1000)).await.unwrap();
    assert_eq!(bus.depth("g").await.unwrap().unwrap().ready, 1000);
    let huge = bus::Message { body: vec![0; 6000].into(), ..message("k", "huge") };
    let refused = publish(&client, Origin::Participant, &[huge]).await.unwrap_err();
    assert!(matches!(refused, BusError::TooLarge { limit: 5000, .. }), "{refused:?}");
}

#[tokio::test]
async fn errors_of_the_bus_behind_arrive_as_they_are() {
    let options = bus::MemoryOptions { capacity: 4, dead_letters_max: 0, ..bus::MemoryOptions::default() };
    let server = Server::start("127.0.0.1:0", MemoryBus::new(options)).await;
    let client = server.client().await;
    let consumer = client.subscribe(&bus::Subscription { unsettled_max: 1, ..group("g") }).await.unwrap();
    publish(&client, Origin::Participant, &messages(1)).await.unwrap();
    let held = consumer.receive(1).await.unwrap();
    publish(&client, Origin::Participant, &messages(4)).await.unwrap();
    let full = publish(&client, Origin::Participant, &messages(1)).await.unwrap_err();
    assert!(matches!(full, BusError::Full { ready: 4, limit: 4, .. }), "{full:?}");
    let dead = Outcome::DeadLetter { reason: "x".repeat(100_000) };
    let full = settle(&consumer, &held, dead).await.unwrap_err();
    assert!(matches!(full, BusError::DeadLettersFull { limit: 0, .. }), "{full:?}");
    settle(&consumer, &held, Outcome::Done).await.unwrap();
    assert_eq!(ids(&consumer.receive(1).await.unwrap()), ["0"]);
}
