//! Numbers that look random and are a function of a seed: what makes `States.UUID`, `States.MathRandom` and jitter
//! replayable.

use std::cell::Cell;

/// A seeded generator (SplitMix64). The same seed gives the same numbers on every machine.
#[derive(Debug, Clone)]
pub struct Random {
    state: Cell<u64>,
    is_used: Cell<bool>,
}

impl Random {
    /// A generator whose numbers depend on both arguments: a seed kept for long, and what the numbers are for.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let state = mix(seed ^ mix(purpose.wrapping_add(GOLDEN)));
        Self { state: Cell::new(state), is_used: Cell::new(false) }
    }

    /// Whether a number was taken.
    pub fn is_used(&self) -> bool {
        self.is_used.get()
    }

    /// The next number.
    pub fn next_u64(&self) -> u64 {
        self.is_used.set(true);
        let state = self.state.get().wrapping_add(GOLDEN);
        self.state.set(state);
        mix(state)
    }

    /// The next number in `0.0..1.0`.
    pub fn next_unit(&self) -> f64 {
        // 53 bits: all that an f64 in that range can hold.
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A version 4 UUID in its usual text form.
    pub fn next_uuid(&self) -> String {
        let bytes = (u128::from(self.next_u64()) << 64 | u128::from(self.next_u64())).to_be_bytes();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
