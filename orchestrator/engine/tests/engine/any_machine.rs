//! Machines and facts made of bytes: the body of the fuzz target `engine`, and its seeds.

use arbitrary::Unstructured;

use crate::harness::definition;
use crate::properties::{Seed, check, machine};

/// States of a machine, and facts that it is told: more of either shows no more, and takes longer.
const STATES_MAX: usize = 6;
const FACTS_MAX: usize = 60;

/// A kind, a place, and a number, each as a machine or a fact is made of them.
type Triple = (u8, u16, u8);

/// Runs the machine that the bytes are; whether they are one.
///
/// # Panics
/// Something is not as it should be.
pub(crate) fn run(bytes: &[u8]) -> bool {
    let mut given = Unstructured::new(bytes);
    let mut triples = |max: usize| -> Vec<Seed> {
        let triples: Vec<Triple> = given.arbitrary().unwrap_or_default();
        triples.into_iter().take(max).map(|(kind, place, number)| (kind, place.into(), number)).collect()
    };
    let (states, facts) = (triples(STATES_MAX), triples(FACTS_MAX));
    if states.is_empty() || facts.is_empty() {
        return false;
    }
    check(&definition(&machine("s", &states, 2).to_string()), &facts);
    true
}

#[test]
fn the_seeds_of_the_fuzz_target_run() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/engine");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(run(&bytes), "{}", path.display());
        // What is near them, and what is cut short.
        for at in 0..bytes.len() {
            let mut near = bytes.clone();
            near[at] ^= 1 << (at % 8);
            run(&near);
            run(&bytes[..at]);
        }
    }
}
