//! What is asked by the participant's own process, and when it is answered.

use std::time::Duration;

use participant::{AskError, REQUESTS_WAITING_MAX, requests};
use store::Read;
use tokio::sync::oneshot;

use crate::world::{Texts, World};

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_once_everything_that_follows_is_committed() {
    let world = World::new().await;
    let running = world.start();
    world.send("m1", "k", "before").await;
    world.hears("before").await;
    assert_eq!(running.ask("k", "text").await.unwrap(), ["before", "text"]);
    assert_eq!(world.texts("k").await, ["before", "text"], "an answer is a committed fact");
    assert_eq!(world.heard().await, ("diary/k/2".to_owned(), "text".to_owned()));
    assert_eq!(running.ask("other", "wake 5").await.unwrap(), ["wake 5"]);
    world.hears("timer wake").await;
    running.stop().await;
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_changes_nothing_writes_nothing() {
    let world = World::new().await;
    let running = world.start();
    assert_eq!(running.ask("nobody", "ask whether it is there").await.unwrap(), Texts::new());
    running.ask("k", "text").await.unwrap();
    world.hears("text").await;
    let version = || async { world.store.get("k").await.unwrap().unwrap().version };
    let before = version().await;
    assert_eq!(running.ask("k", "ask what there is").await.unwrap(), ["text"]);
    assert_eq!(version().await, before);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_rejected_request_gets_the_reason_and_leaves_no_trace() {
    let world = World::new().await;
    let running = world.start();
    let asked = ["one", "reject because of this", "two"].map(|text| running.ask("k", text));
    let [one, rejected, two] = futures::future::join_all(asked).await.try_into().unwrap();
    assert_eq!(one.unwrap(), ["one"]);
    assert_eq!(rejected, Err(AskError::Rejected("because of this".into())));
    assert!(!AskError::Rejected(String::new()).is_retryable());
    assert_eq!(two.unwrap(), ["one", "two"]);
    let long = "k".repeat(store::KEY_BYTES_MAX + 1);
    assert!(matches!(running.ask(&long, "text").await, Err(AskError::Rejected(_))));
    running.stop().await;
    assert_eq!(world.texts("k").await, ["one", "two"]);
    assert!(world.bus.dead_letters("diary", 10).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_a_conflict_what_is_answered_is_what_was_then_decided() {
    let world = World::new().await;
    let (one, two) = (world.start(), world.start());
    let asked = (0..50).map(|n| {
        let running = if n % 2 == 0 { &one } else { &two };
        let text = format!("text{n}");
        async move { (running.ask("k", &text).await.unwrap(), text) }
    });
    let mut answers = futures::future::join_all(asked).await;
    let texts = world.texts("k").await;
    assert_eq!(texts.len(), 50);
    answers.sort_by_key(|(answer, _)| answer.len());
    for (n, (answer, text)) in answers.iter().enumerate() {
        assert_eq!((&answer[..], answer.last()), (&texts[..=n], Some(text)), "each saw all before it");
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test(start_paused = true)]
async fn requests_and_deliveries_do_not_hold_up_each_other() {
    let world = World::new().await;
    for n in 0..100 {
        world.send(&format!("m{n}"), "k", "message").await;
    }
    let running = world.start();
    let asked = (0..100).map(|_| running.ask("k", "request"));
    let answers = futures::future::join_all(asked).await;
    let first = answers[0].as_ref().unwrap();
    assert!(first.len() <= 8, "asked when a hundred messages waited, answered in the first batch");
    running.stop().await;
    let texts = world.texts("k").await;
    let half = texts.iter().take(80).filter(|text| *text == "message").count();
    assert!((39..=41).contains(&half), "of the first ten batches each had its half: {half}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_changes_nothing() {
    let world = World::new().await;
    let running = world.start();
    running.ask("k", "first").await.unwrap();
    let ask = running.ask("k", "left alone");
    assert!(tokio::time::timeout(Duration::ZERO, ask).await.is_err());
    assert_eq!(running.ask("k", "last").await.unwrap().last().unwrap(), "last");
    running.stop().await;
    assert_eq!(world.texts("k").await.iter().filter(|text| *text != "left alone").count(), 2);
    while !world.is_at_rest().await {
        world.heard().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_answered_is_told_so() {
    let world = World::new().await;
    let (requests, asked) = requests::<String, Texts>();
    let ask = |text: &str| requests.ask("k", text.to_owned());
    // Nobody answers yet: they wait, up to a limit of their number and of time.
    let waiting = futures::future::join_all((0..=REQUESTS_WAITING_MAX).map(|_| ask("early"))).await;
    let (last, others) = waiting.split_last().unwrap();
    assert_eq!(*last, Err(AskError::Full));
    assert!(others.iter().all(|answer| *answer == Err(AskError::Late)), "{:?}", others[0]);

    // Those that nobody waits for any more are not carried out.
    let (stop, stopped) = oneshot::channel::<()>();
    let participant = world.participant().with_requests(asked);
    let task = tokio::spawn(participant.run(async { drop(stopped.await) }));
    while ask("now").await.is_err() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(world.texts("k").await, ["now"]);
    let _ = stop.send(());
    task.await.unwrap().unwrap();
    assert_eq!(ask("too late").await, Err(AskError::Stopped));
    for error in [AskError::Full, AskError::Late, AskError::Stopped, AskError::Failed(String::new())] {
        assert!(error.is_retryable(), "{error}");
    }
}
