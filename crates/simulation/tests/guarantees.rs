//! The guarantee, and that each part of the pipeline is needed for it.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a test may say what it finds")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::AtomicBool;

use participant::Weakness;
use simulation::{Faults, Scenario, Summary, run_seeds, simulate};

fn run(seeds: std::ops::Range<u64>, weakness: Option<Weakness>) -> Summary {
    let scenario = |seed| Scenario { weakness, ..Scenario::new(seed) };
    run_seeds(seeds, scenario, |_| (), &AtomicBool::new(false))
}

/// Tells the first of a thousand worlds that is not clean.
fn assert_clean(summary: &Summary, scenario: impl Fn(u64) -> Scenario) {
    assert_eq!(summary.worlds, 1_000);
    if let Some((seed, world)) = summary.failed.first() {
        let replay = simulate(&Scenario { traced: true, ..scenario(*seed) });
        println!("{}", replay.trace.join("\n"));
        panic!("{} of 1000 seeds failed, the first is {seed}:\n{}", summary.failures, world.outcome);
    }
}

#[test]
fn a_thousand_worlds_account_for_every_order() {
    let summary = run(0..1_000, None);
    assert!(summary.crashes > 1_000, "only {} crashes", summary.crashes);
    assert_clean(&summary, Scenario::new);
}

/// A world on a broker that loses what it has confirmed.
fn losing(seed: u64, replays: bool) -> Scenario {
    Scenario { faults: Faults::default().with_losses(), replays, ..Scenario::new(seed) }
}

#[test]
fn a_thousand_worlds_on_a_broker_that_loses_messages_account_for_every_order_once_it_is_replayed() {
    let summary = run_seeds(0..1_000, |seed| losing(seed, true), |_| (), &AtomicBool::new(false));
    assert_clean(&summary, |seed| losing(seed, true));
}

#[test]
fn what_such_a_broker_lost_is_missed_when_nothing_is_replayed() {
    let summary = run_seeds(0..100, |seed| losing(seed, false), |_| (), &AtomicBool::new(false));
    assert!(summary.failures > 90, "only {} of 100 worlds lack anything", summary.failures);
}

#[test]
fn a_thousand_worlds_are_none_the_worse_for_being_replayed() {
    let scenario = |seed| Scenario { replays: true, ..Scenario::new(seed) };
    let summary = run_seeds(0..1_000, scenario, |_| (), &AtomicBool::new(false));
    assert_clean(&summary, scenario);
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

#[test]
fn a_world_is_the_same_whether_states_are_held_or_read() {
    for seed in 0..200 {
        let [all, few, none] = [4_096, 2, 0].map(|states_held| {
            simulate(&Scenario { states_held, traced: true, ..Scenario::new(seed) }).trace
        });
        assert_eq!(all, none, "seed {seed}");
        assert_eq!(few, none, "seed {seed}");
    }
}

fn assert_noticed(weakness: Weakness) {
    let summary = run(0..100, Some(weakness));
    assert!(summary.failures > 0, "no seed noticed {weakness:?}");
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
