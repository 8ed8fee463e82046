//! What a message costs from publication to settlement, in batches of 1, 16 and 128, in process and over TCP.

use std::sync::Arc;

use bus::{
    Bus, Consumer, Headers, MemoryBus, Message, Origin, Outcome, Publisher, RemoteBus, RemoteOptions,
    Settlement, Subscription, Topic,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::{Builder, Runtime};

const TOPIC: Topic = Topic::new("orders/placed");

/// Messages like those of an order: eight attributes and some 300 bytes of JSON.
fn messages(count: usize) -> Vec<Message> {
    let message = |n| {
        let mut headers = Headers::with_capacity(8);
        headers.set("ce-specversion", "1.0");
        headers.set("ce-source", "/duet/order-history");
        headers.set("ce-type", "order.placed");
        headers.set("ce-time", "2026-01-01T00:00:00.000Z");
        headers.set("ce-style", "choreography");
        headers.set("ce-correlationid", format!("018f3a1e-0000-7000-8000-{n:012}"));
        headers.set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        headers.set("content-type", "application/json");
        let key = format!("order-{n}");
        Message { id: format!("{key}-placed"), topic: TOPIC, key, headers, body: vec![b'x'; 300].into() }
    };
    (0..count).map(message).collect()
}

async fn join(bus: &dyn Bus) -> (Arc<dyn Publisher>, Arc<dyn Consumer>) {
    let subscription = Subscription { group: "g".into(), topics: vec![TOPIC], unsettled_max: 1000 };
    let consumer = bus.subscribe(&subscription).await.expect("subscribed");
    (bus.publisher(Origin::Participant).await.expect("a publisher"), consumer)
}

/// One batch all the way.
async fn pass(publisher: &dyn Publisher, consumer: &dyn Consumer, messages: &[Message]) {
    publisher.publish(messages).await.expect("published");
    let mut left = messages.len();
    while left > 0 {
        let deliveries = consumer.receive(left).await.expect("received");
        left -= deliveries.len();
        let done = |delivery: &bus::Delivery| Settlement { token: delivery.token, outcome: Outcome::Done };
        consumer.settle(deliveries.iter().map(done).collect()).await.expect("settled");
    }
}

fn measure(criterion: &mut Criterion, name: &str, runtime: &Runtime, bus: &dyn Bus) {
    let (publisher, consumer) = runtime.block_on(join(bus));
    let mut group = criterion.benchmark_group(name);
    for batch in [1, 16, 128] {
        let messages = messages(batch);
        group.throughput(Throughput::Elements(batch as u64));
        group.bench_function(BenchmarkId::from_parameter(batch), |bencher| {
            bencher.iter(|| runtime.block_on(pass(&*publisher, &*consumer, &messages)));
        });
    }
    group.finish();
}

fn memory(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    measure(criterion, "memory", &runtime, &MemoryBus::default());
}

/// Client and server in one process, each on a thread of its own.
fn remote(criterion: &mut Criterion) {
    let serving = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let listener = serving.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    serving.spawn(bus::remote::serve(listener, Arc::new(MemoryBus::default()), std::future::pending()));
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let bus = runtime.block_on(RemoteBus::connect(address, RemoteOptions::default())).expect("connected");
    measure(criterion, "remote", &runtime, &bus);
}

criterion_group!(benches, memory, remote);
criterion_main!(benches);
