//! Activities at work, as their workers see it: a real participant, and requests as JSON.

mod get;
mod harness;
mod killed;
