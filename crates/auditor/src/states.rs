//! What the services and the gateway write down, by their own types: the auditor reads exactly what they wrote.

pub use notifications::state as notices;
pub use order_history::state as history;
pub use order_status::state as progress;

pub use external::{LedgerEntry, Operation};
pub use history::OrderRecord;
pub use notices::OrderNotices;
pub use progress::OrderProgress;
