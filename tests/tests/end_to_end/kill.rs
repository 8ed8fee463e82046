//! The guarantee against the real thing: processes that keep their stores in SQLite files are killed in the middle of
//! their work and started again, and nothing that a store committed is lost or done twice.
//!
//! The bus is the one process that is not killed: the memory bus lives as long as its process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contract::Style;
use contract::groups::PARTICIPANTS;
use store::Read;
use tests::audit::audit;
use tests::load::{Book, OBSERVER, Observer, Until, send_over_bus, send_over_http};
use tests::programs;
use tests::system::{Setup, System};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Decides whose turn it is; `DUET_KILL_SEED` chooses another.
const SEED: u64 = 1;
/// In each round every participant is killed alone (and once more while it recovers), then in a pair, then with all.
const ROUNDS: u64 = 3;
const KILLS_A_ROUND: u64 = 2 * 4 + 4 + 4;
/// Orders over the bus: at least, and at the most. They end with the last kill; the most is only a limit.
const ORDERS: (u64, u64) = (1_000, 100_000);
/// The same, over HTTP.
const ORDERS_OVER_HTTP: (u64, u64) = (100, 10_000);
/// Orders that must end between two kills: whoever comes back does work before somebody is killed again.
const ENDED_BETWEEN: usize = 10;
/// The whole test; every wait in it has its own, shorter limit, with a report.
const LIMIT: Duration = Duration::from_secs(100);

/// The versions of all that a store had committed.
type Committed = BTreeMap<String, u64>;

/// What was found when participants were killed.
#[derive(Debug, Default)]
struct Damage {
    kills: u64,
    /// Outbox rows that the dead left behind.
    outbox_rows: u64,
    /// Deliveries that came again and were known.
    duplicates: u64,
    /// What each store had committed at its owner's last death.
    committed: BTreeMap<&'static str, Committed>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_survives_sigkill_and_is_done_once() {
    // Before the clock runs: the binaries may have to be built.
    let _ = programs::path("duet");
    tokio::time::timeout(LIMIT, kill_and_audit()).await.unwrap();
}

async fn kill_and_audit() {
    let mut system = System::start(Setup::default()).await;
    let book = Book::default();
    let observer = Observer::start(&**system.bus(), book.clone()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let limits = |seed, (count_min, count_max)| Until { seed, stop: Arc::clone(&stop), count_min, count_max };
    let (client, orders) = (Arc::clone(system.bus()), book.clone());
    let over_bus = limits(1, ORDERS);
    let over_bus = tokio::spawn(async move { send_over_bus(&*client, orders, over_bus).await });
    let over_http = send_over_http(system.addresses(), book.clone(), limits(2, ORDERS_OVER_HTTP));
    let over_http = tokio::spawn(over_http);

    let mut damage = Damage::default();
    for victims in victims(seed()) {
        kill(&mut system, &victims, &book, &mut damage).await;
    }
    stop.store(true, Ordering::Relaxed);
    over_bus.await.unwrap();
    over_http.await.unwrap();

    system.until("every order to end", async || book.all_ended()).await;
    system.until("the system to be at rest", async || system.at_rest().await).await;
    for name in PARTICIPANTS {
        damage.duplicates += duplicates(&system, name).await;
    }
    let mut queues = system.queues().await;
    queues.push((OBSERVER.to_owned(), system.bus().depth(OBSERVER).await.unwrap().unwrap_or_default()));
    drop(observer);
    let (stores, codes) = system.stop().await;
    assert!(codes.iter().all(|(_, code)| *code == Some(0)), "{codes:?}");

    for (name, before) in &damage.committed {
        let now = committed(&*stores.reader(name)).await;
        let lost = before.iter().find(|(key, version)| now.get(*key) < Some(version));
        assert_eq!(lost, None, "{name} had committed it, and does not know it any more");
    }
    let verdict = audit(&stores, queues, &book, 0).await;
    assert!(verdict.is_clean(), "seed {}\n{verdict}", seed());
    for style in Style::ALL {
        let summary = &verdict.styles[&style];
        assert!(summary.accepted >= ORDERS.0 / 2 && summary.delivered > 0, "{verdict}");
    }
    assert_in_the_middle_of_work(&damage, book.sent_count());
}

/// A kill that finds nothing to break proves nothing.
fn assert_in_the_middle_of_work(damage: &Damage, orders: usize) {
    let Damage { kills, outbox_rows, duplicates, .. } = damage;
    println!(
        "{orders} orders, {kills} kills: {outbox_rows} outbox rows left behind, \
         {duplicates} deliveries that came again dropped"
    );
    assert_eq!(*kills, ROUNDS * KILLS_A_ROUND);
    assert!(*outbox_rows > 0, "nobody died between a commit and its publication");
    assert!(*duplicates > 0, "nobody died between a commit and its settlement");
}

fn seed() -> u64 {
    std::env::var("DUET_KILL_SEED").map_or(SEED, |seed| seed.parse().expect("DUET_KILL_SEED is a number"))
}

/// Who is killed when: in each round everybody alone, in a pair and with all, in an order that the seed decides.
fn victims(seed: u64) -> Vec<Vec<&'static str>> {
    let shuffled = |round: u64| {
        let mut names = PARTICIPANTS;
        names.sort_by_key(|name| xxh3_64_with_seed(name.as_bytes(), seed.wrapping_mul(1_000) + round));
        names
    };
    let round = |round| {
        let mut victims: Vec<_> = shuffled(2 * round).map(|name| vec![name]).into();
        victims.extend(shuffled(2 * round + 1).chunks(2).map(<[_]>::to_vec));
        victims.push(PARTICIPANTS.to_vec());
        victims
    };
    (0..ROUNDS).flat_map(round).collect()
}

/// Kills the victims while they have work in hand, looks at what they leave behind, and starts them again.
async fn kill(system: &mut System, victims: &[&'static str], book: &Book, damage: &mut Damage) {
    let ended = book.ended_count() + ENDED_BETWEEN;
    let ended_enough = async || {
        let now = book.ended_count();
        if now >= ended { Ok(()) } else { Err(format!("only {now} have ended")) }
    };
    system.until(&format!("{ended} orders to end before the next kill"), ended_enough).await;
    for name in victims {
        damage.duplicates += duplicates(system, name).await;
    }
    let all_at_work = async || {
        for name in victims {
            if system.bus().depth(name).await.unwrap().unwrap_or_default().unsettled == 0 {
                return Err(format!("{name} has none"));
            }
        }
        Ok(())
    };
    system.until("the victims to have deliveries in hand", all_at_work).await;
    // Who is killed alone is killed again at once: what it was recovering from its first death is still there then.
    let deaths = if victims.len() == 1 { 2 } else { 1 };
    for _ in 0..deaths {
        system.kill(victims).await;
        for &name in victims {
            damage.kills += 1;
            damage.outbox_rows += system.stats(name).await.outbox_rows;
            damage.committed.insert(name, committed(&*system.stores().reader(name)).await);
            system.begin(name).await;
        }
    }
}

async fn duplicates(system: &System, name: &str) -> u64 {
    system.participant(name).metric("duet_participant_duplicates_dropped_total").await
}

async fn committed(store: &dyn Read) -> Committed {
    let (mut all, mut after) = (Committed::new(), 0);
    loop {
        let page = store.scan(after, 1_000).await.unwrap();
        let Some((last, _, _)) = page.last() else { return all };
        after = *last;
        all.extend(page.into_iter().map(|(_, key, entity)| (key, entity.version)));
    }
}
