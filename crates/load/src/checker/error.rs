//! Why an order cannot be judged now.

use auditor::AuditError;
use store::StoreError;

/// Why an order cannot be judged now.
#[derive(Debug, thiserror::Error)]
pub(super) enum CheckError {
    /// The observer's own store.
    #[error("the observer's store cannot be read")]
    Observer(#[source] StoreError),
    #[error("what the observer saw of {order_id} cannot be read")]
    Seen {
        order_id: String,
        #[source]
        source: serde_json::Error,
    },
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error("the gateway's ledger cannot be read")]
    Ledger(#[source] std::io::Error),
}
