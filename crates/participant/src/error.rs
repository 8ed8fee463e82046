//! Why a participant ended.

use bus::BusError;
use store::StoreError;

/// Why a participant ended although it was not asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParticipantError {
    /// The store cannot be used, or was unavailable for longer than the participant's patience in the middle of its work.
    #[error("participant {participant} cannot use its store")]
    Store {
        /// The name of the participant.
        participant: String,
        /// The last error.
        #[source]
        source: StoreError,
    },
    /// The bus refused for good.
    #[error("participant {participant} cannot use the bus")]
    Bus {
        /// The name of the participant.
        participant: String,
        /// The last error.
        #[source]
        source: BusError,
    },
    /// The outbox holds something that this program cannot read.
    #[error(
        "participant {participant} cannot read row {row} of its outbox: was it written by a newer version?"
    )]
    Outbox {
        /// The name of the participant.
        participant: String,
        /// The row's id.
        row: u64,
    },
    /// It was asked to stop, but the bus or the store did not let it finish its batch in time. What it had
    /// committed stands in the outbox and is published at the next start.
    #[error("participant {participant} could not finish its batch within {grace_s} s of being asked to stop")]
    Unfinished {
        /// The name of the participant.
        participant: String,
        /// How long it was given, in seconds.
        grace_s: u64,
    },
}
