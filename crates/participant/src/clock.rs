//! The time, as an argument: simulation brings its own.

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now. May jump, as wall clocks do; nothing but the due time of timers depends on it. A timer is due by the clock as it
    /// stands: one that is set forward makes it fire early, one that is set back and stays there makes it fire late by as
    /// much. Waits are never computed from it for longer than a second.
    fn now(&self) -> Millis;
}

/// The operating system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the adapter through which everything else reads the time"
    )]
    fn now(&self) -> Millis {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since_epoch.map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Milliseconds since the Unix epoch.
pub type Millis = i64;
