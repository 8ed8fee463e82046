//! Tags of machines and activities.
//!
//! AWS documents which characters they may have and that there are 50 at the most, but not in which words others are refused: it is told
//! as a broken constraint. Of a key that a request gives twice the last value counts.

use api::types::Tag;
use api::{ApiError, ErrorKind, Failure};

/// Tags that a resource may have; the limit of AWS.
pub(super) const TAGS_MAX: usize = 50;
/// As AWS writes it where it refuses others.
const PATTERN: &str = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$";

/// Tags by key, in the order in which they came.
pub(super) type Tags = Vec<(String, String)>;

/// Reads the tags of a request.
///
/// # Errors
/// A constraint is broken.
pub(super) fn read(tags: Vec<Tag>) -> Result<Tags, Failure> {
    let mut read = Tags::new();
    let mut broken = Vec::new();
    for (number, tag) in (1..).zip(tags) {
        let Some(key) = tag.key else {
            broken.push(format!(
                "Value null at 'tags.{number}.member.key' failed to satisfy constraint: Member must not be null"
            ));
            continue;
        };
        if is_reserved(&key) {
            broken.push(format!(
                "Value '{key}' at 'tags.{number}.member.key' failed to satisfy constraint: Member must not begin with 'aws:', which is \
                 reserved for AWS"
            ));
        }
        let value = tag.value.unwrap_or_default();
        for (field, text) in [("key", &key), ("value", &value)] {
            if !text.chars().all(is_allowed) {
                broken.push(format!(
                    "Value '{text}' at 'tags.{number}.member.{field}' failed to satisfy constraint: Member must satisfy regular \
                     expression pattern: {PATTERN}"
                ));
            }
        }
        put(&mut read, (key, value));
    }
    match broken.as_slice() {
        [] => Ok(read),
        [one] => Err(Failure::Constraints(format!("1 validation error detected: {one}"))),
        all => {
            let message = format!("{} validation errors detected: {}", all.len(), all.join("; "));
            Err(Failure::Constraints(message))
        }
    }
}

/// AWS keeps such keys to itself, in small letters or capitals.
fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

/// Letters, digits, white space (tabs and ends of lines are none here), or one of `_ . : / = + - @`.
fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

fn put(tags: &mut Tags, (key, value): (String, String)) {
    match tags.iter_mut().find(|(known, _)| *known == key) {
        Some((_, known)) => *known = value,
        None => tags.push((key, value)),
    }
}

/// The tags with others, which take the place of those of the same key.
///
/// # Errors
/// `TooManyTags` for the resource of that ARN.
pub(super) fn with(mut tags: Tags, more: &[(String, String)], arn: &str) -> Result<Tags, Failure> {
    for tag in more {
        put(&mut tags, tag.clone());
    }
    if tags.len() > TAGS_MAX {
        let message = format!("A resource can have at most {TAGS_MAX} tags: '{arn}'");
        let error = ApiError::new(ErrorKind::TooManyTags, message).with("resourceName", arn);
        return Err(Failure::Declared(error));
    }
    Ok(tags)
}

/// The tags as they are told.
pub(super) fn told(tags: Tags) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag { key: Some(key), value: Some(value) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: Some(key.to_owned()), value: Some(value.to_owned()) }
    }

    #[test]
    fn the_last_value_of_a_key_counts() {
        let read = read(vec![tag("a", "1"), tag("b", "2"), tag("a", "3")]).unwrap();
        assert_eq!(told(read.clone()), [tag("a", "3"), tag("b", "2")]);
        let more = with(read, &[("b".to_owned(), String::new())], "x").unwrap();
        assert_eq!(told(more), [tag("a", "3"), tag("b", "")]);
    }

    #[test]
    fn all_that_is_wrong_is_told() {
        assert_eq!(told(read(vec![tag("Straße 1", "_.:/=+-@")]).unwrap()), [tag("Straße 1", "_.:/=+-@")]);
        let message = read(vec![Tag::default(), tag("a", "x&y")]).unwrap_err().to_string();
        assert!(
            message.starts_with("2 validation errors detected: Value null at 'tags.1.member.key'"),
            "{message}"
        );
        assert!(message.contains("; Value 'x&y' at 'tags.2.member.value' failed"), "{message}");
    }

    #[test]
    fn what_is_reserved_or_no_space_is_refused() {
        for (key, value) in [("aws:x", ""), ("AWS:x", ""), ("a\tb", ""), ("a", "x\ny")] {
            let message = read(vec![tag(key, value)]).unwrap_err().to_string();
            assert!(message.starts_with("1 validation error detected: "), "{message}");
        }
        for key in ["aws", "awsome:x", "x aws:", "äöü:", "a\u{a0}b"] {
            assert!(read(vec![tag(key, "")]).is_ok(), "{key}");
        }
    }
}
