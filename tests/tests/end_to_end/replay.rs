//! What a broker confirmed and then lost, had again from what the services committed: the real processes, on a bus that forgets
//! everything when it is killed, and on real brokers whose queues and records are deleted.

use std::time::Duration;

use contract::Style;
use contract::groups::PARTICIPANTS;
use lapin::options::QueueDeleteOptions;
use lapin::{Connection, ConnectionProperties};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tests::audit::audit;
use tests::load::{Book, Observer, Until, send_over_http};
use tests::process::{Ended, run};
use tests::stores::StoreKind;
use tests::system::{BusKind, Setup, System};
use tests::{PATIENCE, programs};
use workload::generate::Generator;

/// Orders placed, half of them in each style.
const ORDERS: u64 = 40;
/// The whole test; every wait in it has its own, shorter limit, with a report.
const LIMIT: Duration = Duration::from_secs(100);

/// Runs `duet replay` about that system.
async fn replay(system: &System, args: &[&str]) -> Ended {
    let places = system.addresses().lock().unwrap().clone();
    let places: Vec<_> = places.iter().map(|(name, address)| format!("{name}={address}")).collect();
    let (places, stores) = (places.join(","), system.stores().url_of_all());
    let fixed = ["replay", "--services", &places, "--stores", &stores, "--namespace", system.stores().run()];
    run(system.folder(), "duet", &[&fixed, args].concat()).await
}

/// Places orders while one participant is not there yet, has the bus lose all that waits in it, and has the orders replayed
/// once everybody is there.
async fn lose_what_waits_for(
    setup: Setup,
    absent: &'static str,
    seed: u64,
    lose: impl AsyncFnOnce(&mut System),
) {
    let mut system = System::prepare(setup).await;
    for name in PARTICIPANTS.into_iter().filter(|name| *name != absent) {
        system.begin(name).await;
    }
    system.until_ready().await;
    let book = Book::default();
    let observer = Observer::start(&**system.bus(), book.clone()).await;
    let until = Until { seed, stop: std::sync::Arc::default(), count_min: ORDERS, count_max: ORDERS };
    send_over_http(system.addresses(), book.clone(), until).await;
    system
        .until("everything to wait for who is absent", async || {
            for (name, depth) in system.queues().await {
                if name != absent && depth.ready + depth.unsettled > 0 {
                    return Err(format!("{name} is at work"));
                }
            }
            match system.stats(order_history::NAME).await.outbox_rows {
                0 => Ok(()),
                rows => Err(format!("order-history has {rows} outbox rows")),
            }
        })
        .await;
    let waiting = system.bus().depth(absent).await.unwrap().unwrap().ready;
    assert!(waiting >= ORDERS / 4, "only {waiting} messages wait for {absent}");

    lose(&mut system).await;
    system.begin(absent).await;
    system.until_ready().await;
    system.until("who is there to come to rest", async || system.at_rest().await).await;
    let open = book.all_ended().expect_err("what waited in the bus is lost");

    let replayed = replay(&system, &["--stuck", "--after-s", "0"]).await;
    assert_eq!(replayed.code, Some(0), "{open}: {}{}", replayed.stdout, replayed.stderr);
    system.until("all orders to end", async || book.all_ended()).await;
    system.until("the system to come to rest", async || system.at_rest().await).await;
    let again = replay(&system, &["--stuck", "--after-s", "0"]).await;
    assert_eq!(again.stdout, "0 orders replayed, 0 messages said again\n", "{}", again.stderr);
    // Whatever is replayed although all is well changes nothing.
    let sent = book.sent();
    let ids: Vec<_> = sent.iter().map(|order| order.order_id.as_str()).collect();
    let whole = replay(&system, &ids).await;
    assert_eq!(whole.code, Some(0), "{}{}", whole.stdout, whole.stderr);
    system.until("the system to come to rest again", async || system.at_rest().await).await;
    let queues = system.queues().await;
    drop(observer);
    let (stores, _) = system.stop().await;
    let verdict = audit(&stores, queues, &book, 0).await;
    assert!(verdict.is_clean(), "{absent} was absent: {verdict}");
    for name in PARTICIPANTS {
        stores.remove(name).await;
    }
}

/// On a real broker and database; `None`, and it is said that the test does not run, where there is none.
fn on(broker: testbed::Server) -> Option<(String, Setup)> {
    let (broker, database) = (broker.for_test()?, testbed::POSTGRES.for_test()?);
    let (bus, store) = (BusKind::Broker(broker.clone()), StoreKind::Postgres(database));
    Some((broker, Setup { bus, store, ..Setup::default() }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_whose_queue_rabbitmq_lost_end_once_they_are_replayed() {
    /// More than a group has.
    const SHARDS: u16 = 64;
    let Some((url, setup)) = on(testbed::RABBITMQ) else { return };
    let _ = programs::path("duet");
    let absent = order_status::NAME;
    let lose = async |system: &mut System| {
        let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let mut messages = 0;
        for shard in 0..SHARDS {
            let queue = format!("{}.{absent}.{shard}", system.stores().run());
            messages += channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
        }
        assert!(u64::from(messages) >= ORDERS / 4, "{messages} messages were in the queues");
    };
    tokio::time::timeout(LIMIT, lose_what_waits_for(setup, absent, 200, lose)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_whose_records_kafka_lost_end_once_they_are_replayed() {
    let Some((url, setup)) = on(testbed::KAFKA) else { return };
    let _ = programs::path("duet");
    let lose = async |system: &mut System| delete_records(&url, system.stores().run()).await;
    let lost = lose_what_waits_for(setup, notifications::NAME, 201, lose);
    tokio::time::timeout(LIMIT, lost).await.unwrap();
}

/// Deletes everything that is in the streams of that namespace.
async fn delete_records(url: &str, namespace: &str) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", url.strip_prefix("kafka://").unwrap());
    let client: BaseConsumer = config.create().unwrap();
    let metadata = client.fetch_metadata(None, PATIENCE).unwrap();
    let prefix = format!("{namespace}.");
    let is_stream = |name: &str| {
        name.starts_with(&prefix) && !name.ends_with(".redrive") && !name.ends_with(".dead-letters")
    };
    let mut all = TopicPartitionList::new();
    for topic in metadata.topics().iter().filter(|topic| is_stream(topic.name())) {
        for partition in topic.partitions() {
            all.add_partition_offset(topic.name(), partition.id(), Offset::End).unwrap();
        }
    }
    assert!(all.count() > 0, "no streams in {namespace}");
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let deleted = admin.delete_records(&all, &AdminOptions::new()).await.unwrap();
    for partition in deleted.elements() {
        partition.error().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_of_which_the_bus_lost_something_end_once_they_are_replayed() {
    // Before the clock runs: the binaries may have to be built.
    let _ = programs::path("duet");
    for (seed, absent) in [order_status::NAME, notifications::NAME, order_flow::NAME].into_iter().enumerate()
    {
        let lose = async |system: &mut System| system.kill_bus().await;
        let lost = lose_what_waits_for(Setup::default(), absent, 100 + seed as u64, lose);
        tokio::time::timeout(LIMIT, lost).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_replayed_is_told() {
    let mut system = System::start(Setup::default()).await;
    let unknown = replay(&system, &["o-unknown"]).await;
    assert_eq!(unknown.code, Some(1), "{}", unknown.stderr);
    assert!(
        unknown
            .stdout
            .starts_with("o-unknown: no service knows it, so nothing can be said again: place it again\n"),
        "{}",
        unknown.stdout
    );
    let wrong = replay(&system, &["o/1"]).await;
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(64), ""), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("o/1"), "{}", wrong.stderr);
    // Without a system in .duet, it has to be said where everybody is.
    let order = Generator::new(1, 0.0).order(1);
    let nowhere = run(system.folder(), "duet", &["replay", &order.order_id]).await;
    assert_eq!(nowhere.code, Some(64), "{}", nowhere.stderr);
    assert!(nowhere.stderr.contains("--services"), "{}", nowhere.stderr);

    let address = system.participant(order_history::NAME).address();
    let path = format!("/orders?style={}", Style::Choreography);
    let placed = tests::http::post(address, &path, &serde_json::to_string(&order).unwrap()).await.unwrap();
    assert_eq!(placed.0, 202, "{}", placed.1);
    system.until("the order to have ended", async || system.at_rest().await).await;
    let known = replay(&system, &[&order.order_id, &order.order_id]).await;
    assert_eq!(known.code, Some(0), "{}{}", known.stdout, known.stderr);
    let said = format!("{}: order-history 2, order-status ", order.order_id);
    assert!(known.stdout.starts_with(&said), "{}", known.stdout);
    assert!(known.stdout.contains("orchestrator does not know it\n1 order replayed, "), "{}", known.stdout);

    system.kill(&[order_status::NAME]).await;
    let away = replay(&system, &[&order.order_id]).await;
    assert_eq!((away.code, away.stdout.as_str()), (Some(1), ""), "{}", away.stderr);
    assert!(away.stderr.contains("order-status is not ready, and nothing was replayed"), "{}", away.stderr);
    system.stop().await;
}
