//! How close the adapter comes to what bare clients reach on the same cluster, in the same run.
//!
//! `cargo run --release -p bus-kafka --example kafka_rate -- [kafka://127.0.0.1:9192] [SECONDS]`
#![allow(clippy::print_stdout, reason = "an example shows what it finds")]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bus::{Bus, Consumer, Headers, Load, Message, Origin, Outcome, Settlement, Subscription, Topic};
use bus_kafka::{KafkaBus, KafkaOptions, limit};
use tokio::time::Instant;

const BODY_BYTES: usize = 1024;
const PUBLISHERS: u64 = 4;
const BATCH: u64 = 256;
/// What bodies are filled with.
const TEXT: &[u8] = br#"{"order":"4711-abcdef","n":123}"#;
const TOPIC: Topic = Topic::new("rate/message");

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "kafka://127.0.0.1:9192".to_owned());
    let seconds = arguments.next().map_or(Ok(5), |seconds| seconds.parse())?;
    let each = Duration::from_secs(seconds);
    let mut options = KafkaOptions::parse(&url)?;
    options.namespace = format!("rate-{:08x}", RandomState::new().build_hasher().finish() as u32);

    let bare = limit(&options, &Load { body_bytes: BODY_BYTES, each }, Arc::default()).await?;
    println!(
        "bare     {:>9.0} messages/s, one at a time {:>6.0}/s, alone {:.2} ms",
        bare.messages_per_s, bare.one_at_a_time_per_s, bare.alone_ms_p50
    );
    let bus = KafkaBus::connect(options).await?;
    let measured = measure(&bus, each).await;
    bus.remove(&["rate"]).await?;
    let (rate, cpu_us, one_at_a_time, alone) = measured?;
    println!("adapter  {rate:>9.0} messages/s, one at a time {one_at_a_time:>6.0}/s, alone {alone:.2} ms");
    println!(
        "ratio    {:>8.0} %, {cpu_us:.1} microseconds of CPU a message (both ends)",
        100.0 * rate / bare.messages_per_s
    );
    Ok(())
}

fn message(number: u64) -> Message {
    let mut headers = Headers::with_capacity(8);
    headers.set("specversion", "1.0");
    headers.set("type", "order.placed");
    headers.set("source", "bench");
    headers.set("time", "2026-01-01T00:00:00.000Z");
    headers.set("datacontenttype", "application/json");
    headers.set("style", "choreography");
    headers.set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let body: Vec<u8> = (0..BODY_BYTES).map(|n| TEXT[(n + n / 97) % TEXT.len()]).collect();
    Message {
        id: format!("m/{number}"),
        topic: TOPIC,
        key: format!("k{}", number % 1000),
        headers,
        body: body.into(),
    }
}

fn cpu_us() -> f64 {
    // User and system time in clock ticks of 10 ms, behind the name in brackets.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks =
        |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) * 10_000.0
}

async fn settle(consumer: &Arc<dyn Consumer>, deliveries: Vec<bus::Delivery>) -> Result<(), bus::BusError> {
    let done = |delivery: bus::Delivery| Settlement { token: delivery.token, outcome: Outcome::Done };
    consumer.settle(deliveries.into_iter().map(done).collect()).await
}

async fn measure(bus: &KafkaBus, each: Duration) -> Result<(f64, f64, f64, f64), bus::BusError> {
    let subscription = Subscription { group: "rate".into(), topics: vec![TOPIC], unsettled_max: 1024 };
    let consumer = bus.subscribe(&subscription).await?;
    let template = message(0);
    let (started, cpu) = (Instant::now(), cpu_us());
    let sent = Arc::new(AtomicU64::new(0));
    let mut publishing = tokio::task::JoinSet::new();
    for publisher_number in 0..PUBLISHERS {
        let publisher = bus.publisher(Origin::Edge).await?;
        let (sent, template) = (Arc::clone(&sent), template.clone());
        publishing.spawn(async move {
            let mut number = publisher_number << 40;
            while started.elapsed() < each {
                let batch: Vec<Message> = (0..BATCH)
                    .map(|_| {
                        number += 1;
                        Message {
                            id: format!("m/{number}"),
                            key: format!("k{}", number % 1000),
                            ..template.clone()
                        }
                    })
                    .collect();
                publisher.publish(&batch).await?;
                sent.fetch_add(BATCH, Ordering::Relaxed);
            }
            Ok::<_, bus::BusError>(())
        });
    }
    let mut came = 0;
    let mut is_publishing = true;
    while is_publishing || came < sent.load(Ordering::Relaxed) {
        tokio::select! {
            biased;
            received = consumer.receive(256) => {
                let deliveries = received?;
                came += deliveries.len() as u64;
                settle(&consumer, deliveries).await?;
            }
            ended = publishing.join_next(), if is_publishing => match ended {
                Some(ended) => ended.expect("the publisher ran to its end")?,
                None => is_publishing = false,
            },
        }
    }
    let rate = came as f64 / started.elapsed().as_secs_f64();
    let cpu = (cpu_us() - cpu) / came as f64;

    let publisher = bus.publisher(Origin::Edge).await?;
    let started = Instant::now();
    let mut count = 0_u64;
    while started.elapsed() < each {
        count += 1;
        publisher.publish(&[message(count)]).await?;
    }
    let one_at_a_time = count as f64 / started.elapsed().as_secs_f64();
    let mut left = count;
    while left > 0 {
        let deliveries = consumer.receive(256).await?;
        left -= deliveries.len() as u64;
        settle(&consumer, deliveries).await?;
    }
    let mut times_ms = Vec::new();
    let started = Instant::now();
    while started.elapsed() < each {
        let sent = Instant::now();
        let message = message(count);
        let messages = [message];
        let published = publisher.publish(&messages);
        let (published, received) = tokio::join!(published, consumer.receive(1));
        published?;
        times_ms.push(sent.elapsed().as_secs_f64() * 1000.0);
        settle(&consumer, received?).await?;
    }
    times_ms.sort_by(f64::total_cmp);
    Ok((rate, cpu, one_at_a_time, times_ms[times_ms.len() / 2]))
}
