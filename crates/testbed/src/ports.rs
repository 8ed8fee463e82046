//! Ports for servers of a test's own.

use std::net::TcpListener;

/// The ports of `scripts/brokers` at offset 0.
const PORTS: [u16; 8] = [4_379, 5_442, 5_682, 9_192, 9_193, 15_682, 15_692, 25_682];
/// Added to an offset: the port at which whoever has that offset listens, so that nobody else takes it.
const CLAIM: u16 = 4_351;
/// Above the shared set's ports, below those that systems hand out (32,768 and more), and no two of them with a port in common.
const FIRST: u16 = 2_000;
const STEP: u16 = 100;
const PLACES: u16 = 50;

/// What `scripts/brokers` has to add to its ports (`DUET_BROKERS_PORT_OFFSET`) for a set of servers beside all others: nobody else
/// on this machine is given the same while this lives, in this process or another, also while none of the servers runs.
#[derive(Debug)]
pub struct PortOffset {
    offset: u16,
    _claim: TcpListener,
}

impl PortOffset {
    /// One at which nothing listens.
    ///
    /// # Panics
    /// All are taken.
    #[must_use]
    pub fn claim() -> Self {
        // Each process begins somewhere else, so that two seldom want the same.
        let first = u16::try_from(std::process::id() % u32::from(PLACES)).unwrap_or(0);
        let mut offsets = (0..PLACES).map(|n| FIRST + (first + n) % PLACES * STEP);
        offsets.find_map(Self::claim_this).expect("fifty places for servers, all taken")
    }

    fn claim_this(offset: u16) -> Option<Self> {
        // First of all: where another has this offset, not even a moment of its ports is taken away from it.
        let claim = listen(CLAIM + offset)?;
        let are_free = PORTS.iter().all(|port| listen(port + offset).is_some());
        are_free.then_some(Self { offset, _claim: claim })
    }

    /// The number.
    #[must_use]
    pub fn get(&self) -> u16 {
        self.offset
    }
}

fn listen(port: u16) -> Option<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_that_live_have_a_port_in_common() {
        let offsets: Vec<PortOffset> = (0..5).map(|_| PortOffset::claim()).collect();
        let ports = offsets.iter().flat_map(|offset| PORTS.map(|port| port + offset.get()));
        assert_eq!(ports.collect::<BTreeSet<_>>().len(), 5 * PORTS.len());
        assert!(PortOffset::claim_this(offsets[0].get()).is_none(), "also where none of its servers runs");
    }

    #[test]
    fn of_all_that_there_are_no_two_have_a_port_in_common_and_none_is_handed_out_by_the_system() {
        let all = [&PORTS[..], &[CLAIM]].concat();
        let of = |n| all.iter().map(move |port| port + FIRST + n * STEP);
        let ports: BTreeSet<u16> = (0..PLACES).flat_map(of).collect();
        assert_eq!(ports.len(), all.len() * usize::from(PLACES));
        assert!(ports.last() < Some(&32_768));
    }

    #[test]
    fn the_ports_are_those_of_the_script() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/brokers");
        let script = std::fs::read_to_string(script).unwrap();
        let ports = script.lines().filter_map(|line| {
            let (_, port) = line.split_once("_port=$((")?;
            port.strip_suffix(" + offset))")?.parse().ok()
        });
        assert_eq!(ports.collect::<BTreeSet<u16>>(), PORTS.into());
    }
}
