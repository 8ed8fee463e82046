//! What a broker confirmed and then lost, had again from what the services committed: the real processes, on a bus that forgets
//! everything when it is killed.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::time::Duration;

use bench::generate::Generator;
use contract::Style;
use tests::audit::audit;
use tests::load::{Book, Observer, Until, send_over_http};
use tests::process::{Ended, run};
use tests::programs;
use tests::system::{PARTICIPANTS, Setup, System};

/// Orders placed, half of them in each style.
const ORDERS: u64 = 40;
/// The whole test; every wait in it has its own, shorter limit, with a report.
const LIMIT: Duration = Duration::from_secs(100);

/// Runs `duet replay` about that system.
async fn replay(system: &System, args: &[&str]) -> Ended {
    let places = system.addresses().lock().unwrap().clone();
    let places: Vec<_> = places.iter().map(|(name, address)| format!("{name}={address}")).collect();
    let (places, stores) = (places.join(","), format!("sqlite:{}", system.folder().display()));
    let fixed = ["replay", "--services", &places, "--stores", &stores];
    run(system.folder(), "duet", &[&fixed, args].concat()).await
}

/// Places orders while one participant is not there yet, kills the bus with all that waits in it, and has the orders replayed
/// once everybody is there.
async fn lose_what_waits_for(absent: &'static str, seed: u64) {
    let mut system = System::prepare(Setup::default()).await;
    for name in PARTICIPANTS.into_iter().filter(|name| *name != absent) {
        system.begin(name).await;
    }
    system.until_ready().await;
    let book = Book::default();
    let observer = Observer::start(&**system.bus(), book.clone()).await;
    let until = Until { seed, stop: std::sync::Arc::default(), count_min: ORDERS, count_max: ORDERS };
    send_over_http(system.addresses(), book.clone(), until).await;
    system
        .until("everything to wait for who is absent", async || {
            for (name, depth) in system.queues().await {
                if name != absent && depth.ready + depth.unsettled > 0 {
                    return Err(format!("{name} is at work"));
                }
            }
            match system.stats(order_history::NAME).await.outbox_rows {
                0 => Ok(()),
                rows => Err(format!("order-history has {rows} outbox rows")),
            }
        })
        .await;
    let waiting = system.bus().depth(absent).await.unwrap().unwrap().ready;
    assert!(waiting >= ORDERS / 4, "only {waiting} messages wait for {absent}");

    system.kill_bus().await;
    system.begin(absent).await;
    system.until_ready().await;
    system.until("who is there to come to rest", async || system.at_rest().await).await;
    let open = book.all_ended().expect_err("what waited in the bus is lost");

    let replayed = replay(&system, &["--stuck", "--after-s", "0"]).await;
    assert_eq!(replayed.code, Some(0), "{open}: {}{}", replayed.stdout, replayed.stderr);
    system.until("all orders to end", async || book.all_ended()).await;
    system.until("the system to come to rest", async || system.at_rest().await).await;
    let again = replay(&system, &["--stuck", "--after-s", "0"]).await;
    assert_eq!(again.stdout, "0 orders replayed, 0 messages said again\n", "{}", again.stderr);
    // Whatever is replayed although all is well changes nothing.
    let sent = book.sent();
    let ids: Vec<_> = sent.iter().map(|order| order.order_id.as_str()).collect();
    let whole = replay(&system, &ids).await;
    assert_eq!(whole.code, Some(0), "{}{}", whole.stdout, whole.stderr);
    system.until("the system to come to rest again", async || system.at_rest().await).await;
    let queues = system.queues().await;
    drop(observer);
    let (stores, _) = system.stop().await;
    let verdict = audit(&stores, queues, &book, 0).await;
    assert!(verdict.is_clean(), "{absent} was absent: {verdict}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_of_which_the_bus_lost_something_end_once_they_are_replayed() {
    // Before the clock runs: the binaries may have to be built.
    let _ = programs::path("duet");
    for (seed, absent) in
        [order_status::NAME, notifications::NAME, orchestrator::NAME].into_iter().enumerate()
    {
        let lost = lose_what_waits_for(absent, 100 + seed as u64);
        tokio::time::timeout(LIMIT, lost).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_replayed_is_told() {
    let mut system = System::start(Setup::default()).await;
    let unknown = replay(&system, &["o-unknown"]).await;
    assert_eq!(unknown.code, Some(1), "{}", unknown.stderr);
    assert!(
        unknown
            .stdout
            .starts_with("o-unknown: no service knows it, so nothing can be said again: place it again\n"),
        "{}",
        unknown.stdout
    );
    let wrong = replay(&system, &["o/1"]).await;
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(64), ""), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("o/1"), "{}", wrong.stderr);
    // Without a system in .duet, it has to be said where everybody is.
    let order = Generator::new(1, 0.0).order(1);
    let nowhere = run(system.folder(), "duet", &["replay", &order.order_id]).await;
    assert_eq!(nowhere.code, Some(64), "{}", nowhere.stderr);
    assert!(nowhere.stderr.contains("--services"), "{}", nowhere.stderr);

    let address = system.participant(order_history::NAME).address();
    let path = format!("/orders?style={}", Style::Choreography);
    let placed = tests::http::post(address, &path, &serde_json::to_string(&order).unwrap()).await.unwrap();
    assert_eq!(placed.0, 202, "{}", placed.1);
    system.until("the order to have ended", async || system.at_rest().await).await;
    let known = replay(&system, &[&order.order_id, &order.order_id]).await;
    assert_eq!(known.code, Some(0), "{}{}", known.stdout, known.stderr);
    let said = format!("{}: order-history 2, order-status ", order.order_id);
    assert!(known.stdout.starts_with(&said), "{}", known.stdout);
    assert!(known.stdout.contains("orchestrator does not know it\n1 order replayed, "), "{}", known.stdout);

    system.kill(&[order_status::NAME]).await;
    let away = replay(&system, &[&order.order_id]).await;
    assert_eq!((away.code, away.stdout.as_str()), (Some(1), ""), "{}", away.stderr);
    assert!(away.stderr.contains("order-status is not ready, and nothing was replayed"), "{}", away.stderr);
    system.stop().await;
}
