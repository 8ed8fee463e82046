//! The order flow as an orchestration: its [definition](ORDER), and what ties orders to its executions.
//!
//! [`Conductor`] is the participant that tells the engine what happened and brings about what it decides; [`stored`] reads what it
//! leaves in its store; [`shown`] shows that as the executions of other workflows are shown; [`replay`] says again what may have been lost. This is the only part of the orchestrator that knows the
//! contract: which functions there are, and what orders, commands and replies look like.
#![warn(missing_docs)]

mod conductor;
mod execution;
mod functions;
pub mod metrics;
pub mod replay;
pub mod shown;
pub mod stored;
mod unknown;

pub use conductor::{Conductor, NAME, topics};
pub use engine::Status;
pub use execution::{Durations, OrderExecution, Rival};
pub use functions::SOURCE;
pub use replay::{Replay, Replayed};
pub use unknown::{unknown_functions, unknown_functions_in_use};

/// The order flow, as the program ships it.
pub const ORDER: &str = include_str!("../order.asl.json");

/// The order flow, as the definition that new executions begin with.
#[must_use]
pub fn definitions() -> registry::Definitions {
    registry::Definitions::load(ORDER).expect("a test parses the definition that is shipped")
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_function_of_the_order_flow_is_offered() {
        let definitions = super::definitions();
        assert!(definitions.current().functions().len() > 10);
        assert_eq!(super::unknown_functions(definitions.current()), []);
    }
}
