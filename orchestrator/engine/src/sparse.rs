//! Fields that nearly always have one value, and are left out of what is stored where they have it.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The first id of tasks and timers.
pub(crate) const fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
pub(crate) fn is_one(id: &u64) -> bool {
    *id == one()
}

/// Whether a field has the value that it has when it is left out.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A value that is there: `null` is one.
pub(crate) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
