//! The guarantee on real servers: while orders of both styles come in, processes are killed, brokers are stopped, killed
//! and cut off, the database goes away, instances come and go, and messages that nobody understands arrive. Each time
//! every order is accounted for, and readiness tells the truth.
//!
//! Each test has a RabbitMQ or Kafka and a PostgreSQL of its own, and they run side by side: most of their time they wait.
//! On a machine without these servers they do not run, and say so.

mod stranger;
mod strays;
mod trial;

use std::collections::BTreeSet;
use std::time::Duration;

use contract::groups::PARTICIPANTS;
use rustix::process::Signal;
use serde_json::Value;
use tests::process::Process;
use tests::programs;
use tests::{http, until};
use tokio::time::sleep;
use trial::{Trial, not_ready, ready};

/// How long the database is away.
const DATABASE_AWAY: Duration = Duration::from_secs(5);
/// How often all connections are closed.
const CLOSED_TIMES: usize = 3;
/// Inputs that a new instance must handle.
const SHARE_MIN: u64 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_rabbitmq_no_order_is_lost_or_doubled_whatever_fails() {
    everything_fails("rabbitmq").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_kafka_no_order_is_lost_or_doubled_whatever_fails() {
    everything_fails("kafka").await;
}

async fn everything_fails(broker: &'static str) {
    // The binaries may have to be built.
    let _ = programs::path("duet");
    let Some(mut trial) = Trial::start(broker).await else { return };
    processes_are_killed(&mut trial).await;
    the_broker_restarts(&mut trial).await;
    the_broker_is_killed(&mut trial).await;
    if broker == "rabbitmq" {
        connections_are_closed(&mut trial).await;
    }
    the_database_is_away(&mut trial).await;
    strays::are_kept_apart(&mut trial).await;
    instances_come_and_go(&mut trial).await;
    trial.end().await;
}

/// Each alone, then two at once, while they work.
async fn processes_are_killed(trial: &mut Trial) {
    let alone = PARTICIPANTS.iter().map(std::slice::from_ref);
    let victims: Vec<_> = alone.chain(PARTICIPANTS.chunks(2)).collect();
    let what = "each participant is killed, and two at once";
    trial
        .under_load(what, async |trial| {
            for victims in victims {
                trial.system.kill(victims).await;
                for name in victims {
                    trial.system.begin(name).await;
                }
                trial.more_end(&format!("when {victims:?} were killed")).await;
            }
        })
        .await;
}

async fn the_broker_restarts(trial: &mut Trial) {
    trial
        .under_load("the broker restarts", async |trial| {
            trial.brokers.down(&[trial.broker]).await;
            not_ready(&trial.system, "bus").await;
            trial.brokers.up(&[trial.broker]).await;
            ready(&trial.system).await;
        })
        .await;
}

async fn the_broker_is_killed(trial: &mut Trial) {
    trial
        .under_load("the broker is killed", async |trial| {
            trial.brokers.kill(&[trial.broker]).await;
            not_ready(&trial.system, "bus").await;
            trial.brokers.up(&[trial.broker]).await;
            ready(&trial.system).await;
        })
        .await;
}

/// All of them, by the broker's management, again and again.
async fn connections_are_closed(trial: &mut Trial) {
    let what = "the broker closes all connections";
    trial
        .under_load(what, async |trial| {
            for _ in 0..CLOSED_TIMES {
                let before = until("a connection of everybody", async || all_connected(trial).await).await;
                for name in &before {
                    // Its owner may have given it up meanwhile.
                    let (status, answer) = manage(trial, &format!("DELETE /api/connections/{name}")).await;
                    assert!([204, 404].contains(&status), "{name}: {status} {answer}");
                }
                trial.more_end("when all connections were closed").await;
                let now = connections(trial).await;
                assert!(before.is_disjoint(&now), "{before:?} and now {now:?}");
            }
        })
        .await;
}

/// The connections, once there are those of the participants and of this test.
async fn all_connected(trial: &Trial) -> Result<BTreeSet<String>, String> {
    let now = connections(trial).await;
    if now.len() > PARTICIPANTS.len() { Ok(now) } else { Err(format!("there are only {now:?}")) }
}

/// The names of the broker's connections, as they stand in a path.
async fn connections(trial: &Trial) -> BTreeSet<String> {
    let (status, answer) = manage(trial, "GET /api/connections?columns=name").await;
    assert_eq!(status, 200, "{answer}");
    let listed: Vec<Value> = serde_json::from_str(&answer).unwrap();
    let names = listed.iter().map(|connection| connection["name"].as_str().unwrap());
    names.map(|name| name.replace(' ', "%20").replace('>', "%3E")).collect()
}

async fn manage(trial: &Trial, what: &str) -> (u16, String) {
    let url = trial.brokers.url("DUET_RABBITMQ_MANAGEMENT_URL");
    let address = url.rsplit_once('@').unwrap().1.parse().unwrap();
    // guest:guest
    http::ask(address, what, &[("Authorization", "Basic Z3Vlc3Q6Z3Vlc3Q=")], "").await.unwrap()
}

/// Also while nobody asks it for anything: who would be ready then could not take the next order.
async fn the_database_is_away(trial: &mut Trial) {
    trial.brokers.down(&["postgres"]).await;
    not_ready(&trial.system, "store").await;
    trial.brokers.up(&["postgres"]).await;
    ready(&trial.system).await;
    trial
        .under_load("the database is away", async |trial| {
            trial.brokers.down(&["postgres"]).await;
            not_ready(&trial.system, "store").await;
            sleep(DATABASE_AWAY).await;
            trial.brokers.up(&["postgres"]).await;
            ready(&trial.system).await;
        })
        .await;
}

/// A second instance of everybody takes its share, and leaves: half of them in order, half of them by SIGKILL.
async fn instances_come_and_go(trial: &mut Trial) {
    trial
        .under_load("instances come and go", async |trial| {
            let mut second = Vec::new();
            for name in PARTICIPANTS {
                second.push(trial.system.another(name, &format!("{name}-2")).await);
            }
            for process in &second {
                until("a second instance to take its share", async || takes_its_share(process).await).await;
            }
            let killed = second.split_off(PARTICIPANTS.len() / 2);
            for process in second {
                assert_eq!(process.end(Signal::TERM).await, Some(0));
            }
            for mut process in killed {
                process.kill();
                process.killed().await;
            }
        })
        .await;
}

async fn takes_its_share(process: &Process) -> Result<(), String> {
    let handled = process.metric("duet_participant_inputs_handled_total").await;
    if handled >= SHARE_MIN { Ok(()) } else { Err(format!("it handled {handled}\n{}", process.log())) }
}
