//! `TestState`, as a client sees it.

mod flow;
mod harness;
mod maps;
mod mocks;
mod recovery;
mod refused;
