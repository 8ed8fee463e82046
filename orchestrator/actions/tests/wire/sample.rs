//! Values that keep to the model.

use api::SERVICE;
use api::shape::{Kind, ShapeId, Span};
use serde_json::{Map, Value, json};

/// The patterns of the model, each with a text that it lets through and one that it does not.
const PATTERNS: [(&str, &str, &str); 3] =
    [(r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$", "a", "7"), ("[!-~]+", "t", "a b"), (r"\p{ASCII}*", "", "é")];

/// The text that a pattern lets through, and the one that it does not.
pub(crate) fn samples(pattern: &str) -> (&'static str, &'static str) {
    let known = PATTERNS.iter().find(|(known, _, _)| *known == pattern);
    let (_, good, bad) = known.unwrap_or_else(|| panic!("a new pattern: {pattern}"));
    (good, bad)
}

/// Whether a pattern of the model lets a text through, as it reads to a human.
pub(crate) fn is_let_through(pattern: &str, text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    match PATTERNS.iter().position(|(known, _, _)| *known == pattern) {
        Some(0) => !text.is_empty() && text.chars().all(word) && !text.chars().all(|c| c.is_ascii_digit()),
        Some(1) => !text.is_empty() && text.chars().all(|c| ('!'..='~').contains(&c)),
        Some(2) => text.is_ascii(),
        _ => panic!("a new pattern: {pattern}"),
    }
}

/// The least value of a shape that keeps all of its constraints.
pub(crate) fn least(id: ShapeId) -> Value {
    match &SERVICE.shape(id).kind {
        Kind::Structure(members) => {
            let required = members.iter().filter(|member| member.is_required);
            required.map(|member| (member.name.to_owned(), least(member.shape))).collect::<Map<_, _>>().into()
        }
        Kind::List { of, len } => (0..len.min.unwrap_or(0)).map(|_| least(*of)).collect::<Vec<_>>().into(),
        Kind::Map { .. } => json!({}),
        Kind::Text { values, .. } if !values.is_empty() => values[0].into(),
        Kind::Text { pattern: Some(pattern), .. } => samples(pattern).0.into(),
        Kind::Text { len: Span { min, .. }, .. } => {
            "a".repeat(usize::try_from(min.unwrap_or(1).max(1)).unwrap()).into()
        }
        Kind::Integer(span) | Kind::Long(span) => span.min.unwrap_or(0).into(),
        Kind::Float(_) | Kind::Timestamp => json!(0),
        Kind::Boolean => json!(true),
    }
}
