//! Where the events of executions are logged.

use futures::future::BoxFuture;

use crate::logging::LoggedEvent;

/// Where the events of executions are logged.
pub trait EventLog: Send + Sync + 'static {
    /// Takes events that are committed, at once and in this order. What comes of the future, which need not be awaited, is that they are
    /// written, or given up: the log says so itself, and no execution waits for it for ever.
    fn log(&self, events: Vec<LoggedEvent>) -> BoxFuture<'static, ()>;
}
