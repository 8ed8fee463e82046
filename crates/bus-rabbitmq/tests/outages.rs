//! Outages of a broker leave nothing behind in the process: no thread, no file descriptor.
//!
//! This test counts what the whole process has, so it runs in a program of its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Depth};
use common::{Broker, Log, connect, message, options, publish_at_last, publisher, subscription, until};
use tokio::time::{Instant, sleep};

const OUTAGES: usize = 20;
/// After so many of them everything that is kept, as threads for what blocks, has been there once.
const WARM: usize = 3;
/// How long what is given up may take to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(30);

fn count(folder: &str) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// What the descriptors are of.
fn descriptors() -> Vec<String> {
    let targets = std::fs::read_dir("/proc/self/fd").unwrap().flatten().map(|entry| entry.path().read_link());
    targets.flatten().map(|target| target.display().to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_outages_leave_no_thread_and_no_descriptor_behind() {
    let Some(broker) = tokio::task::spawn_blocking(Broker::start).await.unwrap() else { return };
    let broker = Arc::new(broker);
    let bus = connect(&options(&broker.url())).await;
    let (log, publisher) = (Log::default(), publisher(&bus).await);
    let consuming = log.collect(0, bus.subscribe(&subscription("g")).await.unwrap());
    let mut counted = None;
    for outage in 0..=OUTAGES {
        if outage > 0 {
            let broker = Arc::clone(&broker);
            let cut = move || broker.close_connections();
            tokio::task::spawn_blocking(cut).await.unwrap();
        }
        publish_at_last(&publisher, &[message(outage, 17)]).await;
        until("the message to come", async || log.has(outage)).await;
        until("everything to be settled", async || {
            bus.depth("g").await.is_ok_and(|depth| depth == Some(Depth::default()))
        })
        .await;
        if outage == WARM {
            counted = Some((count("/proc/self/task"), count("/proc/self/fd")));
        }
    }
    let (threads, descriptors) = counted.unwrap();
    let deadline = Instant::now() + GONE_WITHIN;
    loop {
        let now = (count("/proc/self/task"), count("/proc/self/fd"));
        if now.0 <= threads && now.1 <= descriptors {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "{now:?} threads and descriptors, {threads} and {descriptors} before: {:?}",
            self::descriptors()
        );
        sleep(Duration::from_millis(100)).await;
    }
    consuming.abort();
}
