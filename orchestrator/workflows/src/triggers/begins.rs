//! With which messages a new rule begins.

use serde_json::Value;

/// With which messages a rule begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Begins {
    /// With those that are published from now on.
    #[default]
    Now,
    /// With the first one of its stream that the bus still keeps.
    Beginning,
}

impl Begins {
    pub(crate) const EXPECTED: &'static str = "now or beginning";

    pub(crate) fn read(written: &Value) -> Option<Self> {
        match written.as_str()? {
            "now" => Some(Self::Now),
            "beginning" => Some(Self::Beginning),
            _ => None,
        }
    }

    pub(crate) const fn shown(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Beginning => "beginning",
        }
    }
}
