//! How a snapshot says which state it is about.

use std::fmt;
use std::sync::Arc;

use asl::{Definition, State};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// The state of a frame. Names are unique in a definition, whose text is pinned by its fingerprint: whatever numbers a parser gives,
/// a name means the same state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StateRef {
    /// Its name.
    Named(Arc<str>),
    /// Its number, in a snapshot of layout 1 that was not stepped since.
    Numbered(u32),
}

impl StateRef {
    /// The state, or `None` if the definition has none of that name or number.
    pub(crate) fn of<'d>(&self, definition: &'d Definition) -> Option<&'d State> {
        match self {
            Self::Named(name) => definition.state_named(name),
            Self::Numbered(number) => definition.state_numbered(*number),
        }
    }
}

impl Serialize for StateRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Named(name) => serializer.serialize_str(name),
            Self::Numbered(number) => serializer.serialize_u32(*number),
        }
    }
}

impl<'de> Deserialize<'de> for StateRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrNumber;
        impl Visitor<'_> for NameOrNumber {
            type Value = StateRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a state, or its number")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<StateRef, E> {
                Ok(StateRef::Named(name.into()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<StateRef, E> {
                u32::try_from(number).map(StateRef::Numbered).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(NameOrNumber)
    }
}
