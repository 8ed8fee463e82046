//! Drives the services through a durable state machine written in the Amazon States Language.
//!
//! [`engine`] decides: a pure step function, which knows no I/O, clock or randomness. [`workflow`] holds the
//! definitions that executions run on. [`conductor`] is the participant that tells the engine what happened and
//! brings about what it decides; [`stored`] is what it leaves in its store; [`replay`] says again what may have been lost.

pub mod conductor;
pub mod engine;
pub mod metrics;
pub mod replay;
pub mod stored;
pub mod workflow;

pub use conductor::{Conductor, NAME, Run, SOURCE, Settings, topics};
pub use replay::{Replay, Replayed};
