//! `duet dead-letters` as its user meets it, on a memory bus that another process serves.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic, in its helpers, too")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use bus::{
    Bus, Headers, Message, Origin, Outcome, RemoteBus, RemoteOptions, Settlement, Subscription, Topic,
};
use bytes::Bytes;
use daemon::{BusAddress, connect};

const TOPIC: Topic = Topic::new("choreography/order.placed");

fn duet(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duet"));
    command.args(args).env_remove("DUET_LOG").env_remove("DUET_BUS").env("NO_COLOR", "1");
    command
}

/// `duet bus`, killed when this is dropped.
struct Served {
    process: Child,
    address: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Served {
    fn start() -> Self {
        let mut process = duet(&["bus", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let line = BufReader::new(process.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        Self { process, address: line.strip_prefix("listening on ").unwrap().to_owned() }
    }

    async fn client(&self) -> RemoteBus {
        RemoteBus::connect(self.address.clone(), RemoteOptions::default()).await.unwrap()
    }

    /// Runs `duet dead-letters` on this bus: its exit code, standard output and standard error.
    fn dead_letters(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let bus = format!("tcp://{}", self.address);
        run(&[args, &["--bus", &bus]].concat())
    }
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = duet(&[&["dead-letters"], args].concat()).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn message(id: &str, body: &'static str) -> Message {
    let mut headers = Headers::default();
    headers.set("type", "duet.order.placed.v1");
    Message {
        id: id.to_owned(),
        topic: TOPIC,
        key: format!("key-of-{id}"),
        headers,
        body: Bytes::from_static(body.as_bytes()),
    }
}

fn subscription(group: &str) -> Subscription {
    Subscription { group: group.to_owned(), topics: vec![TOPIC], unsettled_max: 100 }
}

/// Has these groups give up each of the messages, for the reason.
async fn bury(bus: &dyn Bus, groups: &[&str], messages: &[Message], reason: &str) {
    let mut consumers = Vec::new();
    for group in groups {
        consumers.push(bus.subscribe(&subscription(group)).await.unwrap());
    }
    bus.publisher(Origin::Participant).await.unwrap().publish(messages).await.unwrap();
    for consumer in consumers {
        let mut left = messages.len();
        while left > 0 {
            let deliveries = consumer.receive(left).await.unwrap();
            left -= deliveries.len();
            let outcome = || Outcome::DeadLetter { reason: reason.to_owned() };
            let settle =
                deliveries.iter().map(|delivery| Settlement { token: delivery.token, outcome: outcome() });
            consumer.settle(settle.collect()).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn dead_letters_are_listed_shown_and_put_back() {
    let served = Served::start();
    let bus = served.client().await;
    let letters = [message("placed/a", "no json"), message("placed/b", r#"{"order_id":"b"}"#)];
    bus.declare(&subscription("order-status")).await.unwrap();
    bury(&bus, &["order-history", "notifications"], &letters, "the order is malformed").await;

    let (code, listed, _) = served.dead_letters(&["list"]);
    assert_eq!(code, Some(0));
    assert_eq!(listed.matches("the order is malformed").count(), 4, "{listed}");
    let row = listed.lines().find(|line| line.starts_with("order-history  placed/a")).unwrap();
    for part in ["choreography/order.placed", "key-of-placed/a", "  1 "] {
        assert!(row.contains(part), "{row}");
    }
    for counted in ["\norder-status: 0 dead letters\n", "\norder-history: 2 dead letters\n"] {
        assert!(listed.contains(counted), "{listed}");
    }
    assert!(!listed.contains("orchestrator"), "nothing has declared it: {listed}");
    let (_, some, _) = served.dead_letters(&["list", "--group", "order-history", "--limit", "1"]);
    assert!(some.ends_with("order-history: 2 dead letters, the oldest 1 of them shown\n"), "{some}");
    let (_, json, _) = served.dead_letters(&["list", "--json"]);
    let json: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((json.len(), &json[0]["id"], &json[0]["body_bytes"]), (4, &"placed/a".into(), &7.into()));

    for args in
        [&["show", "notifications", "placed/b"][..], &["show", "--group", "notifications", "placed/b"]]
    {
        let (code, shown, error) = served.dead_letters(args);
        assert_eq!(code, Some(0), "{error}");
        assert!(shown.contains("group       notifications\nid          placed/b\n"), "{shown}");
        assert!(shown.contains("header      type: duet.order.placed.v1\n"), "{shown}");
        assert!(shown.ends_with("{\n  \"order_id\": \"b\"\n}\n"), "{shown}");
    }
    let (_, both, _) = served.dead_letters(&["show", "placed/a"]);
    assert_eq!(both.matches("\nno json\n").count(), 2, "{both}");

    let (code, told, _) = served.dead_letters(&["redrive", "order-history", "placed/b"]);
    assert_eq!((code, told.as_str()), (Some(0), "placed/b: put back into the queue of order-history\n"));
    let depth = bus.depth("order-history").await.unwrap().unwrap();
    assert_eq!((depth.ready, depth.dead), (1, 1));

    let (code, told, _) = served.dead_letters(&["redrive", "placed/a", "placed/b", "placed/c"]);
    assert_eq!(code, Some(1), "one of them is nowhere");
    let expected = "placed/a: put back into the queue of order-history and of notifications\n\
                    placed/b: put back into the queue of notifications\n\
                    placed/c: there is no dead letter with this id in order-history, order-status, notifications\n";
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn all_of_a_group_can_be_put_back_and_any_group_be_named() {
    let served = Served::start();
    let bus = served.client().await;
    let letters: Vec<_> = (0..250).map(|n| message(&format!("placed/{n}"), "{}")).collect();
    for some in letters.chunks(50) {
        bury(&bus, &["observer"], some, "x").await;
    }
    let (code, shown, _) = served.dead_letters(&["show", "observer", "placed/249"]);
    assert!(code == Some(0) && shown.contains("key-of-placed/249"), "{shown}");
    let (code, told, error) = served.dead_letters(&["redrive", "--all", "--group", "observer"]);
    assert_eq!(
        (code, told.as_str()),
        (Some(0), "250 dead letters put back into the queue of observer\n"),
        "{error}"
    );
    let depth = bus.depth("observer").await.unwrap().unwrap();
    assert_eq!((depth.ready, depth.dead), (250, 0));
    let (code, told, _) = served.dead_letters(&["redrive", "--all", "--group", "observer"]);
    assert_eq!((code, told.as_str()), (Some(0), "0 dead letters put back into the queue of observer\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_not_there_is_said() {
    let served = Served::start();
    for args in [&["list"][..], &["show", "placed/x"], &["redrive", "--group", "orders", "placed/x"]] {
        let (code, shown, error) = served.dead_letters(args);
        assert_eq!((code, shown.as_str()), (Some(1), ""), "{args:?}");
        assert!(error.contains("has no group or") || args.contains(&"orders"), "{error}");
        assert!(error.contains("another --namespace"), "{error}");
    }
    served.client().await.declare(&subscription("order-history")).await.unwrap();
    let (code, shown, error) = served.dead_letters(&["show", "order-history", "placed/x"]);
    assert_eq!((code, shown.as_str()), (Some(1), ""));
    assert_eq!(error, "error: there is no dead letter with the id placed/x in order-history\n");
    let (code, listed, _) = served.dead_letters(&["list"]);
    assert_eq!((code, listed.as_str()), (Some(0), "order-history: 0 dead letters\n"));
}

/// Lists, shows and puts back on a real broker, in a namespace of its own.
async fn on_a_broker(server: testbed::Server) {
    let Some(url) = server.for_test() else { return };
    let namespace = format!("letters_{}_{}", std::process::id(), server.name.to_lowercase());
    let address = BusAddress::parse(&url).unwrap().with_namespace(&namespace);
    let bus = connect::bus_now(&address, Duration::from_secs(10)).await.unwrap();
    let groups = ["order-history", "notifications"];
    bury(&*bus, &groups, &[message("placed/a", "no json"), message("placed/b", "{}")], "malformed").await;

    let place = ["--bus", &url, "--namespace", &namespace, "--timeout-s", "60"];
    let letters = |args: &[&str]| run(&[args, &place].concat());
    let (code, listed, error) = letters(&["list"]);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(listed.matches("malformed").count(), 4, "{listed}");
    let (code, shown, _) = letters(&["show", "order-history", "placed/a"]);
    assert!(code == Some(0) && shown.contains("key         key-of-placed/a\n"), "{shown}");
    let (code, told, _) = letters(&["redrive", "placed/b", "placed/x"]);
    assert_eq!(code, Some(1), "one of them is nowhere");
    let expected = "placed/b: put back into the queue of order-history and of notifications\n\
                    placed/x: there is no dead letter with this id in order-history, notifications\n";
    assert_eq!(told, expected);
    let (_, listed, _) = letters(&["list", "--group", "order-history"]);
    assert!(listed.ends_with("order-history: 1 dead letter\n"), "{listed}");
    let (code, told, _) = letters(&["redrive", "--all", "--group", "notifications"]);
    assert_eq!((code, told.as_str()), (Some(0), "1 dead letter put back into the queue of notifications\n"));
    bus.remove(&groups).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_found_on_rabbitmq() {
    on_a_broker(testbed::RABBITMQ).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_found_on_kafka() {
    on_a_broker(testbed::KAFKA).await;
}

#[test]
fn a_bus_that_does_not_answer_is_not_waited_for_without_end() {
    let (code, shown, error) = run(&["list", "--bus", "tcp://127.0.0.1:1", "--timeout-s", "1"]);
    assert_eq!((code, shown.as_str()), (Some(1), ""));
    let said =
        "error: the bus tcp://127.0.0.1:1 does not answer within 1 s: caused by the bus is unavailable: ";
    assert!(error.starts_with(said), "{error}");
}

#[test]
fn wrong_flags_end_with_64() {
    for (args, said) in [
        (&["list", "--bus", "amqp://u:secret@h?colour=red"][..], "--bus: found amqp://***@h?***"),
        (&["list", "--bus", "memory:"], "--bus: found memory:, expected"),
        (
            &["list", "--dir", "nowhere"],
            "--bus: found nothing, expected rabbitmq, kafka or a URL: nothing that duet up runs",
        ),
        (&["list", "--limit", "0"], "0 is not in 1..=10000"),
        (&["redrive"], "required arguments were not provided"),
        (&["redrive", "--all"], "--group"),
        (&["redrive", "--all", "--group", "x", "id"], "cannot be used with"),
        (&["show", "a", "b", "--group", "c"], "expected the group once"),
        (&["show"], "required arguments were not provided"),
    ] {
        let (code, shown, error) = run(args);
        assert_eq!((code, shown.as_str()), (Some(64), ""), "{args:?}: {error}");
        assert!(error.contains(said) && !error.contains("secret"), "{args:?}: {error}");
    }
}
