//! The phases of a measurement.

use serde::{Deserialize, Serialize};

/// How a phase sends its orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// As fast as they go; nothing is measured.
    WarmUp,
    /// One at a time.
    Alone,
    /// As fast as they go.
    Saturated,
    /// At fixed times, whatever the system does.
    Paced,
    /// The same, at a share of what the cell itself reached at saturation: a point of its curve.
    Curve,
}

impl Phase {
    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WarmUp => "warm-up",
            Self::Alone => "alone",
            Self::Saturated => "saturated",
            Self::Paced => "paced",
            Self::Curve => "curve",
        }
    }
}
