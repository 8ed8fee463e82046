//! The name that somebody may have meant.

use asl::nearest::nearest;

/// `; did you mean "X"?`, or nothing: the end of a sentence.
pub(crate) fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    nearest(name, known).map(|other| format!("; did you mean {other:?}?")).unwrap_or_default()
}
