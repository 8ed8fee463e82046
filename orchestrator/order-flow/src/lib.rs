//! The order flow as an orchestration: its [definition](ORDER), and what ties orders to its executions.
//!
//! [`Conductor`] is the participant that tells the engine what happened and brings about what it decides; [`stored`] reads what it
//! leaves in its store; [`replay`] says again what may have been lost. This is the only part of the orchestrator that knows the
//! contract: which functions there are, and what orders, commands and replies look like.

mod conductor;
pub mod metrics;
pub mod replay;
pub mod stored;

pub use conductor::{Conductor, NAME, Rival, Run, SOURCE, Settings, topics};
pub use engine::Status;
pub use replay::{Replay, Replayed};

/// The order flow, as the program ships it.
pub const ORDER: &str = include_str!("../order.asl.json");

/// The order flow, as the definition that new executions begin with.
#[must_use]
pub fn definitions() -> registry::Definitions {
    let functions = contract::command::FUNCTIONS.iter().map(|function| function.name);
    registry::Definitions::load(ORDER, functions).expect("a test parses the definition that is shipped")
}
