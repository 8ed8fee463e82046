//! Times that a definition gives or selects.

use asl::error::RUNTIME;
use asl::parse::SECONDS_MAX;
use asl::syntax::Seconds;
use asl::{RuntimeError, Scope};

use crate::io::at;

/// The time in seconds, at least `min` of them.
pub(crate) fn seconds_of(seconds: &Seconds, min: u64, scope: &Scope<'_>) -> Result<u64, RuntimeError> {
    match seconds {
        Seconds::Fixed(seconds) => Ok(*seconds),
        Seconds::Path(path) => {
            let value = at(path, scope)?;
            let wanted = format!("an integer from {min} to {SECONDS_MAX}");
            value.as_u64().filter(|seconds| (min..=SECONDS_MAX).contains(seconds)).ok_or_else(|| {
                RuntimeError::new(RUNTIME, format!("'{path}' selects {value}, which is not {wanted}"))
            })
        }
    }
}
