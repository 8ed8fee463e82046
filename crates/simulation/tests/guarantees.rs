//! The guarantee, and that each part of the pipeline is needed for it.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a test may say what it finds")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::AtomicBool;

use participant::Weakness;
use simulation::{Scenario, Summary, run_seeds, simulate};

fn run(seeds: std::ops::Range<u64>, weakness: Option<Weakness>) -> Summary {
    let scenario = |seed| Scenario { weakness, ..Scenario::new(seed) };
    run_seeds(seeds, scenario, |_| (), &AtomicBool::new(false))
}

#[test]
fn a_thousand_worlds_account_for_every_order() {
    let summary = run(0..1_000, None);
    assert_eq!(summary.worlds, 1_000);
    assert!(summary.crashes > 1_000, "only {} crashes", summary.crashes);
    if let Some((seed, world)) = summary.failed.first() {
        let replay = simulate(&Scenario { traced: true, ..Scenario::new(*seed) });
        println!("{}", replay.trace.join("\n"));
        panic!("{} of 1000 seeds failed, the first is {seed}:\n{}", summary.failures, world.outcome);
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
