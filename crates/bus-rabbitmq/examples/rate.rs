//! How close the bus comes to its broker's own limit: `cargo run --release -p bus-rabbitmq --example rate -- [URL]
//! [SECONDS]`. Measures the limit and the bus in turns, with messages of 1 KiB and five headers.
#![allow(clippy::print_stdout, reason = "an example shows what it finds")]

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bus::{
    Bus, BusError, Consumer, Headers, Load, Message, Origin, Outcome, Publisher, Settlement, Subscription,
    Topic,
};
use bus_rabbitmq::{RabbitBus, RabbitOptions, limit};
use tokio::time::Instant;

const BODY_BYTES: usize = 1024;
/// Messages published by one call, and received by one at the most.
const BATCH: usize = 256;
/// Calls to publish that are under way at a time.
const CALLS: usize = 4;
const KEYS: usize = 1000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn message(number: usize) -> Message {
    let mut headers = Headers::with_capacity(5);
    for (name, value) in [
        ("type", "order.placed"),
        ("source", "order-history"),
        ("time", "2026-01-01T00:00:00.000Z"),
        ("style", "choreography"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ] {
        headers.set(name, value);
    }
    Message {
        id: format!("rate/{number}"),
        topic: Topic::new("rate/order.placed"),
        key: format!("order-{}", number % KEYS),
        headers,
        body: vec![b'x'; BODY_BYTES].into(),
    }
}

async fn receive(consumer: Arc<dyn Consumer>, count: usize) -> Result<(), BusError> {
    let mut received = 0;
    while received < count {
        let deliveries = consumer.receive(BATCH).await?;
        received += deliveries.len();
        let done = |delivery: &bus::Delivery| Settlement { token: delivery.token, outcome: Outcome::Done };
        consumer.settle(deliveries.iter().map(done).collect()).await?;
    }
    Ok(())
}

async fn publish(publisher: Arc<dyn Publisher>, first: usize, count: usize) -> Result<(), BusError> {
    for start in (first..first + count).step_by(BATCH) {
        let messages: Vec<Message> = (start..(start + BATCH).min(first + count)).map(message).collect();
        publisher.publish(&messages).await?;
    }
    Ok(())
}

/// The rate of `count` messages through the bus.
async fn rate(bus: &RabbitBus, consumer: &Arc<dyn Consumer>, count: usize) -> Result<f64, Failure> {
    let publisher = bus.publisher(Origin::Participant).await?;
    let started = Instant::now();
    let receiving = tokio::spawn(receive(Arc::clone(consumer), count));
    let share = count / CALLS;
    let publishing: Vec<_> =
        (0..CALLS).map(|call| tokio::spawn(publish(Arc::clone(&publisher), call * share, share))).collect();
    for call in publishing {
        call.await??;
    }
    receiving.await??;
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

/// The median time in ms from publishing a lone message to receiving it, and the confirmed messages a second.
async fn alone(bus: &RabbitBus, consumer: &Arc<dyn Consumer>, each: Duration) -> Result<(f64, f64), Failure> {
    let publisher = bus.publisher(Origin::Participant).await?;
    let started = Instant::now();
    let (mut ways, mut confirming) = (Vec::new(), Duration::ZERO);
    while started.elapsed() < each {
        let message = [message(ways.len())];
        let sent = Instant::now();
        let confirmed = async {
            publisher.publish(&message).await?;
            Ok::<_, BusError>(sent.elapsed())
        };
        let arrived = async {
            let deliveries = consumer.receive(1).await?;
            let way = sent.elapsed();
            let done = Settlement { token: deliveries[0].token, outcome: Outcome::Done };
            consumer.settle(vec![done]).await?;
            Ok(way)
        };
        let (confirmed, way) = tokio::try_join!(confirmed, arrived)?;
        confirming += confirmed;
        ways.push(way);
    }
    ways.sort();
    Ok((ways[ways.len() / 2].as_secs_f64() * 1000.0, ways.len() as f64 / confirming.as_secs_f64()))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "amqp://guest:guest@127.0.0.1:5682/%2f".to_owned());
    let seconds: u64 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let rounds: usize = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let mut options = RabbitOptions::parse(&url)?;
    options.namespace = format!("rate-{}", std::process::id());
    let load = Load { body_bytes: BODY_BYTES, each: Duration::from_secs(seconds) };
    let bus = RabbitBus::connect(options.clone()).await?;
    println!("{}", bus.guarantees().await?.product);
    let subscription = Subscription {
        group: "g".to_owned(),
        topics: vec![Topic::new("rate/order.placed")],
        unsettled_max: 1024,
    };
    let consumer = bus.subscribe(&subscription).await?;
    for _ in 0..rounds {
        let limit = limit(&options, &load, &AtomicU64::default()).await?;
        let count = (limit.messages_per_s * 0.7) as usize * seconds as usize;
        let rate = rate(&bus, &consumer, count / CALLS * CALLS).await?;
        let (alone_ms, one_at_a_time) = alone(&bus, &consumer, load.each).await?;
        println!(
            "limit {:6.0}/s, {:4.0}/s one at a time, {:.2} ms alone | bus {:6.0}/s ({:.0} %), {:4.0}/s, {:.2} ms",
            limit.messages_per_s,
            limit.one_at_a_time_per_s,
            limit.alone_ms_p50,
            rate,
            100.0 * rate / limit.messages_per_s,
            one_at_a_time,
            alone_ms,
        );
    }
    drop(consumer);
    bus.remove(&["g"]).await?;
    Ok(())
}
