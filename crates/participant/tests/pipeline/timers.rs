//! Timers fire once, at their time, also after a restart.

use std::time::Duration;

use store::Read;
use tokio::time::Instant;

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn timers_fire_once_at_their_time_and_not_when_cancelled() {
    let world = World::new().await;
    let running = world.start();
    world.send("m1", "k1", "wake 5").await;
    world.send("m2", "k2", "wake 3").await;
    world.send("m3", "k2", "sleep now").await;
    let begin = Instant::now();
    world.hears("timer wake").await;
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_secs(5) && waited < Duration::from_millis(5_100), "{waited:?}");
    running.stop().await;
    assert_eq!(world.texts("k1").await, ["wake 5", "timer wake"]);
    assert_eq!(world.texts("k2").await, ["wake 3", "sleep now"]);
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_for_a_while_holds_up_no_timer_after_it() {
    let world = World::new().await;
    let running = world.start();
    world.clock.set(-3_600_000);
    world.send("m1", "k", "marker").await;
    world.hears("marker").await;
    world.clock.set(0);
    world.send("m2", "k", "wake 9").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    // Between these two the participant waits for its timer again, and would wait for an hour.
    world.clock.set(-3_600_000);
    world.send("m3", "other", "marker").await;
    world.hears("marker").await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    world.clock.set(0);
    let begin = Instant::now();
    world.hears("timer wake").await;
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_secs(1) && waited <= Duration::from_millis(2_510), "{waited:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_forward_makes_timers_due_within_a_second() {
    let world = World::new().await;
    let running = world.start();
    world.send("m1", "k", "wake 3600").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.clock.set(3_600_000);
    let begin = Instant::now();
    world.hears("timer wake").await;
    assert!(begin.elapsed() <= Duration::from_secs(1), "{:?}", begin.elapsed());
    running.stop().await;
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn a_timer_outlives_its_participant() {
    let world = World::new().await;
    let running = world.start();
    world.send("m1", "k", "wake 5").await;
    world.send("m2", "k", "marker").await;
    world.hears("marker").await;
    running.crash().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let running = world.start();
    // The marker may come again, with its old id: the crash was faster than forgetting it.
    while world.heard().await.1 == "marker" {}
    running.stop().await;
    assert_eq!(world.texts("k").await, ["wake 5", "marker", "timer wake"]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_is_rejected_is_told_again() {
    let world = World::new().await;
    let running = world.start();
    running.ask("k", "doubt it").await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.store.stats().await.unwrap().timers, 1, "due and rejected, it stays");
    assert_eq!(running.ask("k", "sure").await.unwrap(), ["doubt it", "sure"]);
    world.hears("sure").await;
    world.hears("timer doubt").await;
    running.stop().await;
    assert!(world.is_at_rest().await);
}
