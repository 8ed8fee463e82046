//! Many worlds on all cores.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::world::{Scenario, World, simulate};

/// How many failed seeds are kept with their worlds; the rest are counted.
const FAILED_MAX: usize = 10;

/// What many worlds came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many worlds were run.
    pub worlds: u64,
    /// Faults injected in all of them, crashes included.
    pub faults: u64,
    /// Participants crashed in all of them.
    pub crashes: u64,
    /// Worlds that were not clean.
    pub failures: u64,
    /// Some of these, by ascending seed.
    pub failed: Vec<(u64, World)>,
}

/// Runs the worlds of these seeds, each as `scenario` says, on all cores, until `stop` is set. `progress` hears how
/// many are done, now and then, from any thread.
pub fn run_seeds(
    seeds: Range<u64>,
    scenario: impl Fn(u64) -> Scenario + Sync,
    progress: impl Fn(u64) + Sync,
    stop: &AtomicBool,
) -> Summary {
    let next = AtomicU64::new(seeds.start);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut mine = Summary::default();
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            mine.add(seed, simulate(&scenario(seed)));
            progress(seed - seeds.start);
        }
        mine
    };
    let mut all = Summary::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            all.join(worker.join().expect("a world that panics is a bug, and its panic was reported"));
        }
    });
    all.failed.sort_by_key(|(seed, _)| *seed);
    all
}

impl Summary {
    fn add(&mut self, seed: u64, world: World) {
        self.worlds += 1;
        self.faults += world.faults;
        self.crashes += world.crashes;
        if !world.outcome.is_clean() {
            self.failures += 1;
            if self.failed.len() < FAILED_MAX {
                self.failed.push((seed, world));
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.faults += other.faults;
        self.crashes += other.crashes;
        self.failures += other.failures;
        self.failed.extend(other.failed);
    }
}
