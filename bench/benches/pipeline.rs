//! What the pipeline costs per message: memory bus, a handler with a state of about 1 KB, each store.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;

use bus::memory::{MemoryBus, MemoryOptions};
use bus::{Bus, Headers, Message, Origin, Outcome, Settlement, Subscription, Topic};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use participant::{Effects, Handler, Input, NoCalls, Participant, Rejected, SystemClock};
use serde::{Deserialize, Serialize};
use store::Store;
use store::memory::MemoryStore;
use store::sqlite::{SqliteOptions, SqliteStore};

const IN: Topic = Topic::new("bench/in");
const OUT: Topic = Topic::new("bench/out");
const MESSAGES: usize = 1_000;

#[derive(Serialize, Deserialize)]
struct Order {
    lines: Vec<String>,
    seen: u32,
}

struct Echo;

impl Handler for Echo {
    type State = Order;
    type Call = NoCalls;
    type Outcome = NoCalls;
    type Request = Infallible;
    type Answer = Infallible;

    fn handle(
        &self,
        state: Option<Order>,
        input: Input<'_, NoCalls>,
        effects: &mut Effects<NoCalls>,
    ) -> Result<Option<Order>, Rejected> {
        let Input::Message(message) = input else { return Ok(state) };
        let fresh = || Order { lines: vec!["a line of an order, forty bytes of it...".into(); 20], seen: 0 };
        let mut order = state.unwrap_or_else(fresh);
        order.seen += 1;
        effects.publish(OUT, message.headers.clone(), message.body.clone());
        Ok(Some(order))
    }
}

fn messages(round: u64) -> Vec<Message> {
    let mut headers = Headers::default();
    for name in ["type", "source", "time", "style", "traceparent"] {
        headers.set(name, "a value of a usual length");
    }
    let message = |n| Message {
        id: format!("m/{round}/{n}"),
        topic: IN,
        key: format!("order-{round}-{n}"),
        headers: headers.clone(),
        body: Bytes::from(vec![b'x'; 700]),
    };
    (0..MESSAGES).map(message).collect()
}

fn pipeline(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pipeline");
    group.throughput(Throughput::Elements(MESSAGES as u64)).sample_size(20);
    let folder = tempfile::tempdir().unwrap();
    let stores: [(&str, Arc<dyn Store>); 2] = [
        ("memory", Arc::new(MemoryStore::new())),
        ("sqlite", Arc::new(SqliteStore::open(folder.path().join("b"), SqliteOptions::default()).unwrap())),
    ];
    for (name, store) in stores {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new(MemoryOptions::default()));
        let participant = Participant::new(
            "echo",
            vec![IN],
            Echo,
            NoCalls::caller(),
            store,
            Arc::clone(&bus),
            Arc::new(SystemClock),
        );
        let (publisher, out) = runtime.block_on(async {
            bus.declare(&participant.subscription()).await.unwrap();
            let out = Subscription { group: "out".into(), topics: vec![OUT], unsettled_max: MESSAGES };
            (bus.publisher(Origin::Edge).await.unwrap(), bus.subscribe(&out).await.unwrap())
        });
        let running = runtime.spawn(participant.run(std::future::pending()));
        let mut round = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                round += 1;
                let messages = messages(round);
                runtime.block_on(async {
                    publisher.publish(&messages).await.unwrap();
                    let mut seen = 0;
                    while seen < MESSAGES {
                        let deliveries = out.receive(MESSAGES).await.unwrap();
                        seen += deliveries.len();
                        let done = |d: &bus::Delivery| Settlement { token: d.token, outcome: Outcome::Done };
                        out.settle(deliveries.iter().map(done).collect()).await.unwrap();
                    }
                    black_box(seen)
                })
            });
        });
        running.abort();
    }
    group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
