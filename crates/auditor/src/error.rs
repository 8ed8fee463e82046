//! Why there is no verdict.

use std::io;

use store::StoreError;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A store cannot be read.
    #[error("the store of {store} cannot be read")]
    Store {
        /// Whose store.
        store: &'static str,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The list of what was sent cannot be read.
    #[error("the list of the orders sent cannot be read")]
    Sent(#[source] io::Error),
    /// The gateway's ledger cannot be read.
    #[error("the payment gateway's ledger cannot be read")]
    Gateway(#[source] io::Error),
}
