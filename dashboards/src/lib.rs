//! The Grafana dashboards, as code: what stands in `grafana/dashboards` is written by `cargo run -p dashboards`, and a test fails
//! when it is not.
//!
//! - [`panel`]: one panel; [`board`]: a dashboard of them, laid out;
//! - each of the other modules is one dashboard.
#![warn(missing_docs)]

pub mod board;
pub mod panel;

mod brokers;
mod compare;
mod hops;
mod orchestrator;
mod reliability;
mod workflows;

use board::Board;

/// Every dashboard.
#[must_use]
pub fn all() -> Vec<Board> {
    vec![
        compare::board(),
        hops::board(),
        brokers::board(),
        orchestrator::board(),
        reliability::board(),
        workflows::board(),
    ]
}
