//! End-to-end tests that start the real binaries as a user would; see `tests/`. This library is what they share.
//!
//! - [`programs`]: where the binaries are;
//! - [`process`]: one of them running, or run to its end; [`http`]: asking it; [`workflows`]: asking the Step Functions API;
//! - [`system`]: all of them together, in a folder of their own; [`stores`]: where they keep what they know;
//! - [`brokers`]: real servers of a test's own;
//! - [`files`]: who may read what they write;
//! - [`load`]: customers who order, and an observer who sees their orders end;
//! - [`audit`]: the verdict on what they left behind.
//!
//! Nothing here waits longer than [`PATIENCE`], every port is a free one (what listens takes any; [`brokers`] have
//! ports that nobody else is given while they live), and no process outlives its value.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

pub mod audit;
pub mod brokers;
pub mod collector;
pub mod files;
pub mod http;
pub mod load;
pub mod process;
pub mod programs;
pub mod stores;
pub mod system;
pub mod workflows;

use std::time::Duration;

/// Far longer than anything here takes; reaching it means that it never comes.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// How often a condition is looked at that nobody announces.
pub const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Looks until `look` finds what is waited for.
///
/// # Errors
/// It does not come within [`PATIENCE`]; this is the last thing that was found instead.
pub async fn wait<T>(mut look: impl AsyncFnMut() -> Result<T, String>) -> Result<T, String> {
    let begun = tokio::time::Instant::now();
    loop {
        match look().await {
            Err(_) if begun.elapsed() < PATIENCE => tokio::time::sleep(LOOK_EVERY).await,
            found => return found,
        }
    }
}

/// Like [`wait`], for what must come.
///
/// # Panics
/// It does not come.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Result<T, String>) -> T {
    match wait(look).await {
        Ok(found) => found,
        Err(instead) => panic!("waited {PATIENCE:?} for {what}, but {instead}"),
    }
}
