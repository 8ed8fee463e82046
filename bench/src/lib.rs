//! The `duet` command: runs the order flow in both styles, audits it and compares.
//!
//! - [`cli`]: what can be asked for;
//! - [`compare`]: the main job; each style runs as a [`cell`] in a process of its own;
//! - [`generate`], [`orders_file`]: where orders come from;
//! - [`report`]: the machine-readable result; [`table`] and [`picture`]: the same for people;
//! - [`up`]: the system as processes, supervised, made of [`processes`]; [`dead_letters`]: what they could not handle;
//!   [`replay`]: what the broker lost;
//! - [`simulate`], [`audit`], [`limit`], [`bus_command`]: the other commands.
//!
//! It measures from outside: through the bus, and the stores' read side. It knows which services there are in one
//! place, where a cell puts them together.

pub mod audit;
pub mod bus_command;
pub mod cell;
pub mod cli;
pub mod compare;
pub mod control;
pub mod dead_letters;
pub mod described;
pub mod generate;
mod http;
pub mod latency;
pub mod limit;
pub mod load;
pub mod measure;
pub mod orders_file;
pub mod picture;
pub mod probe;
mod proc;
pub mod processes;
pub mod replay;
pub mod report;
pub mod services;
pub mod simulate;
pub mod switch;
pub mod table;
pub mod target;
pub mod text;
pub mod up;
