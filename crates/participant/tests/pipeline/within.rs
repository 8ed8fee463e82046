//! Calls that ask the participant whose calls they are.

use std::sync::Arc;

use async_trait::async_trait;
use participant::{AskError, CallId, Caller, Clock, Options, Participant, Requests, requests};
use tokio::sync::oneshot;

use crate::world::{Diary, IN, Texts, World};

/// Writes what it is called with into another diary, however long that takes.
struct Scribe(Requests<String, Texts>);

#[async_trait]
impl Caller<String, String> for Scribe {
    async fn call(&self, id: &CallId, call: &String) -> String {
        match self.0.insist(&format!("by {}", id.key), call.clone()).await {
            Ok(texts) => format!("of {}", texts.len()),
            Err(AskError::Stopped) => std::future::pending().await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// A participant of tiny limits, every call of which asks it.
fn participant(world: &World) -> (Participant<Diary>, Requests<String, Texts>) {
    let (requests, asked) = requests();
    let participant = Participant::new(
        "diary",
        vec![IN],
        Diary,
        Arc::new(Scribe(requests.from_within())),
        Arc::new(world.store.clone()),
        Arc::clone(&world.bus),
        Arc::clone(&world.clock) as Arc<dyn Clock>,
    );
    let options = Options { batch_max: 4, calls_max: 1, calls_waiting_max: 1, ..Options::default() };
    (participant.with_requests(asked).with_options(options), requests)
}

#[tokio::test(start_paused = true)]
async fn a_participant_whose_every_call_asks_it_gets_through() {
    let world = World::new().await;
    let (participant, requests) = participant(&world);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(participant.run(async { drop(stopped.await) }));
    // Each of them is three calls, one of which is another call.
    let asked = (0..50).map(|n| {
        let (key, requests) = (format!("k{n}"), requests.clone());
        async move {
            for call in ["call one", "call two", "call call three"] {
                requests.insist(&key, call.to_owned()).await.unwrap();
            }
        }
    });
    let began = tokio::time::Instant::now();
    futures::future::join_all(asked).await;
    while !world.is_at_rest().await {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(began.elapsed() < participant::ANSWER_WITHIN, "nobody waited for himself");
    for n in 0..50 {
        let mut written = world.texts(&format!("by k{n}")).await;
        written.sort();
        assert_eq!(written, ["call three", "one", "outcome of 1", "two"], "k{n}");
        assert_eq!(world.texts(&format!("by by k{n}")).await, ["three"]);
    }
    let _ = stop.send(());
    running.await.unwrap().unwrap();
    assert_eq!(requests.insist("k", "late".to_owned()).await, Err(AskError::Stopped));
}
