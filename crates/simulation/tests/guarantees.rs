//! The guarantee, and that each part of the pipeline is needed for it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicU64, Ordering};

use participant::Weakness;
use simulation::{Scenario, World, simulate};

/// Runs these seeds on all cores and gives those whose world was not clean, with their worlds.
fn run(seeds: std::ops::Range<u64>, weakness: Option<Weakness>) -> Vec<(u64, World)> {
    let next = AtomicU64::new(seeds.start);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let work = || {
            let mut failed = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return failed;
                }
                let world = simulate(&Scenario { weakness, ..Scenario::new(seed) });
                if !world.outcome.is_clean() {
                    failed.push((seed, world));
                }
            }
        };
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

#[test]
fn a_thousand_worlds_account_for_every_order() {
    let failed = run(0..1_000, None);
    if let Some((seed, world)) = failed.first() {
        let replay = simulate(&Scenario { traced: true, ..Scenario::new(*seed) });
        println!("{}", replay.trace.join("\n"));
        panic!("{} of 1000 seeds failed, the first is {seed}:\n{}", failed.len(), world.outcome);
    }
}

#[test]
fn a_seed_replays_exactly() {
    for seed in 0..20 {
        let scenario = Scenario { traced: true, ..Scenario::new(seed) };
        let (one, two) = (simulate(&scenario), simulate(&scenario));
        assert!(one.faults > 0, "seed {seed} has no fault");
        assert_eq!(one.trace, two.trace, "seed {seed}");
    }
}

fn assert_noticed(weakness: Weakness) {
    let failed = run(0..100, Some(weakness));
    assert!(!failed.is_empty(), "no seed noticed {weakness:?}");
}

#[test]
fn it_is_noticed_when_duplicates_are_handled_again() {
    assert_noticed(Weakness::NoInbox);
}

#[test]
fn it_is_noticed_when_deliveries_are_settled_before_the_commit() {
    assert_noticed(Weakness::SettleBeforeCommit);
}

#[test]
fn it_is_noticed_when_messages_are_published_before_the_commit() {
    assert_noticed(Weakness::PublishBeforeCommit);
}

#[test]
fn it_is_noticed_when_the_outbox_is_forgotten_at_the_start() {
    assert_noticed(Weakness::ForgetOutboxAtStart);
}
