//! Several instances of one participant on one PostgreSQL schema, and what becomes of one whose database goes away.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../store/tests/common/mod.rs"]
mod common;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::proxy::{Network, Proxy};
use participant::HealthState;
use store::Read;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use world::{IN, OTHER, World, group, until, until_state};

/// What an instance takes over is its own from then on, even if it never hears so: it has to look among its own rows, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_over_without_an_answer_is_sent() {
    const KEYS: usize = 5;
    let Some(world) = World::new("unheard").await else { return };
    let doomed = world.start_on("diary", IN, world.schema.clone(), true);
    world.send_many(20, KEYS).await;
    let reader = world.schemas.open(&world.schema).await;
    // One batch that it gets no answer for, and one that waits for that.
    until(async || (reader.stats().await.unwrap().outbox_rows == 2).then_some(())).await;
    let mut committed = 0;
    for key in 0..KEYS {
        committed += world.texts(&format!("k{key}")).await.len();
    }
    let proxy = Proxy::start(Network::Works).await;
    let through_proxy = world.schemas.through(proxy.port, &world.schema, "&statement_timeout_ms=300");
    let heir = world.start_on("heir", OTHER, through_proxy, false);
    until_state(&heir, |state| *state == HealthState::Ready).await;

    // Keeps it from taking over anything before its network is deaf: the doomed one's sign of life lives on.
    let admin = common::admin().await;
    let owner = format!("SELECT min(owner) FROM \"{}\".outbox", world.schema.schema_name());
    let dead: i64 = admin.query_one(&owner, &[]).await.unwrap().get(0);
    let held = async { admin.query("SELECT pg_advisory_lock($1)", &[&dead]).await.unwrap() };
    tokio::join!(held, doomed.kill());
    proxy.set(Network::Deaf);
    admin.query("SELECT pg_advisory_unlock($1)", &[&dead]).await.unwrap();
    let deaf_until = Instant::now() + Duration::from_secs(2);
    while admin.query_one(&owner, &[]).await.unwrap().get::<_, i64>(0) == dead && Instant::now() < deaf_until
    {
        sleep(Duration::from_millis(5)).await;
    }
    proxy.set(Network::Down);
    until_state(&heir, |state| *state != HealthState::Ready).await;
    proxy.set(Network::Works);
    let heard = world.heard(committed).await;
    assert_eq!(heard.len(), committed);
    heir.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_killed_under_load_loses_and_doubles_nothing() {
    const COUNT: usize = 3000;
    const KEYS: usize = 40;
    let Some(world) = World::new("killed").await else { return };
    let (doomed, other) = (world.start(), world.start());
    world.send_many(COUNT, KEYS).await;
    let mut heard = world.heard(COUNT / 4).await;
    doomed.kill().await;
    let third = world.start();
    let more: Vec<_> = world.heard(COUNT - heard.len()).await.into_iter().collect();
    heard.extend(more);
    if heard.len() < COUNT {
        // What the killed one had sent and not settled was heard twice.
        heard.extend(world.heard(COUNT - heard.len()).await);
    }
    world.until_at_rest().await;
    world.check_each_once(COUNT, KEYS, &heard).await;
    other.stop().await;
    third.stop().await;
}

#[tokio::test]
async fn what_an_instance_committed_and_did_not_publish_another_publishes() {
    let Some(world) = World::new("orphans").await else { return };
    let mute = world.start_on("diary", IN, world.schema.clone(), true);
    world.send(IN, "m1".into(), "k".into(), "text").await;
    until(async || (world.texts("k").await == ["text"]).then_some(())).await;
    let other = world.start();
    until_state(&other, |state| *state == HealthState::Ready).await;
    mute.kill().await;
    // The delivery comes again and is dropped as a duplicate; the row is taken over.
    assert_eq!(world.heard(1).await, BTreeMap::from([("diary/k/1".to_owned(), "text".to_owned())]));
    world.until_at_rest().await;
    assert_eq!(world.texts("k").await, ["text"]);
    other.stop().await;
}

#[tokio::test]
async fn what_a_key_s_former_instance_left_goes_out_before_the_key_is_served_again() {
    let Some(mut world) = World::new("order").await else { return };
    let mute = world.start_on("diary", IN, world.schema.clone(), true);
    world.send(IN, "m1".into(), "k".into(), "first").await;
    until(async || (world.texts("k").await == ["first"]).then_some(())).await;
    // This one would look around only in an hour; it is the new epoch that makes it.
    world.options.look_around_every = Duration::from_secs(3600);
    let other = world.start();
    until_state(&other, |state| *state == HealthState::Ready).await;
    let schema = world.schema.clone();
    mute.kill().await;
    let probe = world.schemas.open(&schema).await;
    until(async || {
        // The server has noticed that the instance is gone: its rows would be anybody's.
        let admin = common::admin().await;
        let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid IN (
                       SELECT pid FROM pg_stat_activity WHERE application_name = $1)";
        let name = format!("duet {}", schema.schema_name());
        (admin.query_one(sql, &[&name]).await.unwrap().get::<_, i64>(0) == 1).then_some(())
    })
    .await;
    drop(probe);
    other.epoch.fetch_add(1, Ordering::Relaxed);
    world.send(IN, "m2".into(), "k".into(), "second").await;
    let mut order = Vec::new();
    while order.len() < 2 {
        let delivery = world.out.receive(1).await.unwrap().remove(0);
        order.push(String::from_utf8_lossy(&delivery.message.body).into_owned());
    }
    assert_eq!(order, ["first", "second"]);
    other.stop().await;
}

#[tokio::test]
async fn a_call_of_an_instance_that_is_gone_is_made_by_another() {
    let Some(mut world) = World::new("calls").await else { return };
    world.calls = Arc::new(Semaphore::new(0));
    let doomed = world.start();
    world.send(IN, "m1".into(), "k".into(), "call home").await;
    until(async || (world.texts("k").await == ["call home"]).then_some(())).await;
    doomed.kill().await;
    world.calls.add_permits(100);
    let other = world.start();
    assert_eq!(world.heard(1).await.into_values().collect::<Vec<_>>(), ["outcome HOME"]);
    world.until_at_rest().await;
    assert_eq!(world.texts("k").await, ["call home", "outcome HOME"]);
    other.stop().await;
}

#[tokio::test]
async fn a_timer_of_an_instance_that_is_gone_fires_at_another() {
    let Some(world) = World::new("timers").await else { return };
    let (doomed, other) = (world.start(), world.start());
    for n in 0..20 {
        world.send(IN, format!("m{n}"), format!("k{n}"), "wake 500").await;
    }
    let reader = world.schemas.open(&world.schema).await;
    until(async || (reader.stats().await.unwrap().timers == 20).then_some(())).await;
    doomed.kill().await;
    world.heard(20).await;
    for n in 0..20 {
        assert_eq!(world.texts(&format!("k{n}")).await, ["wake 500", "timer wake"]);
    }
    world.until_at_rest().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_two_instances_keep_writing_starves_nobody() {
    const COUNT: usize = 300;
    let Some(world) = World::new("hot").await else { return };
    world.bus.declare(&group("other", OTHER)).await.unwrap();
    let one = world.start();
    let two = world.start_on("other", OTHER, world.schema.clone(), false);
    for n in 0..COUNT {
        world.send(IN, format!("a{n}"), if n % 2 == 0 { "hot".into() } else { format!("k{n}") }, "in").await;
        world
            .send(OTHER, format!("b{n}"), if n % 2 == 0 { "hot".into() } else { format!("o{n}") }, "in")
            .await;
    }
    world.heard(2 * COUNT).await;
    assert_eq!(world.texts("hot").await.len(), COUNT);
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_ended_by_the_server_under_load_lose_and_double_nothing() {
    const COUNT: usize = 3000;
    const KEYS: usize = 40;
    let Some(world) = World::new("ended").await else { return };
    let (one, two) = (world.start(), world.start());
    let name = format!("duet {}", world.schema.schema_name());
    let ending = tokio::spawn(async move {
        let admin = common::admin().await;
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
        for _ in 0..10 {
            sleep(Duration::from_millis(60)).await;
            admin.query(sql, &[&name]).await.unwrap();
        }
    });
    world.send_many(COUNT, KEYS).await;
    let heard = world.heard(COUNT).await;
    ending.await.unwrap();
    world.until_at_rest().await;
    world.check_each_once(COUNT, KEYS, &heard).await;
    for instance in [&one, &two] {
        until_state(instance, |state| *state == HealthState::Ready).await;
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn health_tells_the_truth_while_the_database_is_away() {
    let Some(world) = World::new("away").await else { return };
    let proxy = Proxy::start(Network::Down).await;
    let schema = world.schemas.through(proxy.port, &world.schema, "&statement_timeout_ms=3000");
    let instance = world.start_on("diary", IN, schema, false);
    // Down at the start: it waits, and says so.
    let state = until_state(&instance, |state| matches!(state, HealthState::Waiting(_))).await;
    assert!(matches!(&state, HealthState::Waiting(reason) if reason.contains("PostgreSQL")), "{state:?}");
    world.send(IN, "m1".into(), "k".into(), "one").await;
    proxy.set(Network::Works);
    until_state(&instance, |state| *state == HealthState::Ready).await;
    world.heard(1).await;
    // Down while there is nothing to do, and back.
    proxy.set(Network::Down);
    until_state(&instance, |state| matches!(state, HealthState::Waiting(_))).await;
    proxy.set(Network::Works);
    until_state(&instance, |state| *state == HealthState::Ready).await;
    // Silent: nobody says that it is away, it just does not answer.
    proxy.set(Network::Silent);
    let state = until_state(&instance, |state| matches!(state, HealthState::Waiting(_))).await;
    assert!(matches!(&state, HealthState::Waiting(reason) if reason.contains("not answered")), "{state:?}");
    world.send(IN, "m2".into(), "k".into(), "two").await;
    proxy.set(Network::Works);
    until_state(&instance, |state| *state == HealthState::Ready).await;
    // Down with a batch at hand.
    proxy.set(Network::Down);
    world.send(IN, "m3".into(), "k".into(), "three").await;
    until_state(&instance, |state| matches!(state, HealthState::Waiting(_))).await;
    proxy.set(Network::Works);
    until_state(&instance, |state| *state == HealthState::Ready).await;
    world.heard(2).await;
    world.until_at_rest().await;
    assert_eq!(world.texts("k").await, ["one", "two", "three"]);
    instance.stop().await;
}
