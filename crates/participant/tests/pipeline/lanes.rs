//! Calls that take as long as whoever is called likes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use participant::{CallId, Caller, Clock, Lane, Options, Participant, Requests, requests};
use store::Read;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

use crate::world::{Diary, IN, Texts, World};

/// `slow …` and `other …` have lanes; a slow one needs a permit.
#[derive(Clone)]
struct Hall {
    permits: Arc<Semaphore>,
    slow: Arc<AtomicUsize>,
    slow_max: Arc<AtomicUsize>,
    /// What was made, in the order in which it began, and whether it was late.
    made: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Hall {
    fn new() -> Self {
        let (slow, slow_max, made) = Default::default();
        Self { permits: Arc::new(Semaphore::new(0)), slow, slow_max, made }
    }

    async fn make(&self, call: &str, is_late: bool) -> String {
        self.made.lock().unwrap().push((call.to_owned(), is_late));
        if call.starts_with("slow") {
            let slow = self.slow.fetch_add(1, Ordering::Relaxed) + 1;
            self.slow_max.fetch_max(slow, Ordering::Relaxed);
            let permit = self.permits.acquire().await;
            permit.unwrap().forget();
            self.slow.fetch_sub(1, Ordering::Relaxed);
        }
        call.to_uppercase()
    }

    fn made(&self) -> Vec<(String, bool)> {
        self.made.lock().unwrap().clone()
    }
}

#[async_trait]
impl Caller<String, String> for Hall {
    async fn call(&self, _: &CallId, call: &String) -> String {
        self.make(call, false).await
    }

    async fn call_late(&self, _: &CallId, call: &String) -> String {
        self.make(call, true).await
    }

    fn lane<'c>(&'c self, call: &'c String) -> Option<Lane<'c>> {
        let name = call.split(' ').next().filter(|name| ["slow", "other"].contains(name))?;
        Some(Lane { name, at_once: 2 })
    }
}

struct Life {
    requests: Requests<String, Texts>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// With room for two calls that wait: in memory, if they have a lane, or at all.
fn live(world: &World, hall: &Hall) -> Life {
    let (requests, asked) = requests();
    let participant = Participant::new(
        "diary",
        vec![IN],
        Diary,
        Arc::new(hall.clone()),
        Arc::new(world.store.clone()),
        Arc::clone(&world.bus),
        Arc::clone(&world.clock) as Arc<dyn Clock>,
    );
    let options = Options { batch_max: 4, calls_max: 1, calls_waiting_max: 2, ..Options::default() };
    let participant = participant.with_requests(asked).with_options(options);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(async move { participant.run(async { drop(stopped.await) }).await.unwrap() });
    Life { requests, stop, task }
}

impl Life {
    async fn ask(&self, key: &str, text: &str) {
        self.requests.ask(key, text.to_owned()).await.unwrap();
    }

    async fn end(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap();
    }
}

async fn until(is_so: impl AsyncFn() -> bool) {
    while !is_so().await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn numbers(made: &[(String, bool)]) -> Vec<usize> {
    made.iter().filter_map(|(call, _)| call.strip_prefix("slow ")?.parse().ok()).collect()
}

#[tokio::test(start_paused = true)]
async fn calls_with_a_lane_hold_up_each_other_and_nothing_else() {
    let (world, hall) = (World::new().await, Hall::new());
    let life = live(&world, &hall);
    for n in 0..30 {
        life.ask(&format!("k{n}"), &format!("call slow {n}")).await;
    }
    // Far more wait than there is room for. Requests, messages, other calls and other lanes get through nevertheless.
    for n in 0..10 {
        life.ask("asked", &format!("call quick {n}")).await;
        life.ask("asked", &format!("call other {n}")).await;
        world.send(&format!("m{n}"), "sent", "text").await;
        until(async || world.texts("sent").await.len() == n + 1).await;
    }
    until(async || world.texts("asked").await.len() == 40).await;
    assert_eq!(numbers(&hall.made()), [0, 1], "two at once");

    hall.permits.add_permits(30);
    until(async || world.is_at_rest().await).await;
    let made = hall.made();
    let mut in_order = numbers(&made);
    assert_eq!(in_order, (0..30).collect::<Vec<_>>(), "in the order of their commits");
    in_order.dedup();
    assert_eq!(in_order.len(), 30, "each once");
    assert_eq!(hall.slow_max.load(Ordering::Relaxed), 2);
    for (call, is_late) in made.iter().filter(|(call, _)| call.starts_with("slow")) {
        assert_eq!(*is_late, !["slow 0", "slow 1"].contains(&&**call), "{call}");
    }
    for n in 0..30 {
        assert_eq!(world.texts(&format!("k{n}")).await[1], format!("outcome SLOW {n}"));
    }
    life.end().await;
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_in_a_lane_are_made_after_a_crash() {
    let (world, hall) = (World::new().await, Hall::new());
    let life = live(&world, &hall);
    for n in 0..10 {
        life.ask(&format!("k{n}"), &format!("call slow {n}")).await;
    }
    hall.permits.add_permits(3);
    until(async || hall.permits.available_permits() == 0 && hall.made().len() == 5).await;
    until(async || world.texts("k2").await.len() == 2).await;
    life.task.abort();
    let _ = life.task.await;

    hall.made.lock().unwrap().clear();
    hall.slow.store(0, Ordering::Relaxed);
    let life = live(&world, &hall);
    hall.permits.add_permits(10);
    until(async || world.is_at_rest().await).await;
    // Of the third, the outcome is committed; whether its row was forgotten, is another matter.
    let made = hall.made();
    assert!(made.iter().all(|(_, is_late)| *is_late), "they are of an earlier life: {made:?}");
    let made = numbers(&made);
    assert_eq!(made[made.len() - 7..], (3..10).collect::<Vec<_>>());
    for n in 0..10 {
        assert_eq!(world.texts(&format!("k{n}")).await[1..], [format!("outcome SLOW {n}")], "once");
    }
    assert_eq!(world.store.stats().await.unwrap().outbox_rows, 0);
    life.end().await;
}
