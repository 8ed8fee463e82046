//! The two styles.

use serde::{Deserialize, Serialize};

/// How the services work together on an order. Every order carries its own, so both can run at once.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// The services react to each other's events; nobody leads.
    Choreography,
    /// A durable state machine sends the services commands and decides what comes next.
    Orchestration,
}

impl Style {
    /// Both, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::Choreography, Self::Orchestration];

    /// Its name in messages, metrics and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Choreography => "choreography",
            Self::Orchestration => "orchestration",
        }
    }
}

impl std::fmt::Display for Style {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Style {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|style| style.as_str() == s)
            .ok_or_else(|| format!("`{s}` is not a style: use choreography or orchestration"))
    }
}
