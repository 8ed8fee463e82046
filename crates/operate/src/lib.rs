//! Running a system of Duet, and looking after it.
//!
//! - [`up`]: the system as processes, supervised, made of [`processes`]; [`described`]: what runs in a folder;
//! - [`services`]: where its services are, and whether they are ready;
//! - [`dead_letters`]: what they could not handle; [`replay`]: what the broker lost;
//! - [`target`]: which buses and which store are meant, from words and URLs;
//! - [`service_stores`]: where its stores are;
//! - [`proc`]: what the kernel says of a process.
//!
//! It knows neither what is measured nor what is sent.
#![warn(missing_docs)]

pub mod dead_letters;
pub mod described;
pub mod proc;
pub mod processes;
pub mod replay;
pub mod service_stores;
pub mod services;
pub mod target;
pub mod up;
