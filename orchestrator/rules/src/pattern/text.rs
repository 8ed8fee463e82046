//! What can be true of a text.

use super::wildcard::Wildcard;

/// Something that is true of a text or not. Folded: whatever the case.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Text {
    Is(String),
    Prefix(String),
    Suffix(String),
    Folded(String),
    FoldedPrefix(String),
    FoldedSuffix(String),
    Wildcard(Wildcard),
}

impl Text {
    pub(super) fn folded(text: &str) -> Self {
        Self::Folded(fold(text))
    }

    pub(super) fn folded_prefix(text: &str) -> Self {
        Self::FoldedPrefix(fold(text))
    }

    pub(super) fn folded_suffix(text: &str) -> Self {
        Self::FoldedSuffix(fold(text))
    }

    pub(super) fn is_true_of(&self, text: &str) -> bool {
        match self {
            Self::Is(own) => text == own,
            Self::Prefix(own) => text.starts_with(own.as_str()),
            Self::Suffix(own) => text.ends_with(own.as_str()),
            Self::Folded(own) => folded(text).eq(own.chars()),
            Self::FoldedPrefix(own) => {
                let mut folded = folded(text);
                own.chars().all(|c| folded.next() == Some(c))
            }
            Self::FoldedSuffix(own) => fold(text).ends_with(own.as_str()),
            Self::Wildcard(wildcard) => wildcard.is_true_of(text),
        }
    }
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

fn fold(text: &str) -> String {
    folded(text).collect()
}
