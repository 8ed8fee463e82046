//! Paths into an event: `$.detail.items[0].name`, `$.resources[*]`.

use serde_json::Value;

use crate::problem::Problem;

/// The longest path, in characters, as AWS has it.
pub const PATH_CHARS_MAX: usize = 256;

/// A path into an event: dots, names, indices and `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
    All,
}

const EXPECTED: &str =
    "a path: $, then .NAME, .*, [INDEX] or [*], as often as it takes ($.detail.items[0].name)";

impl EventPath {
    /// Reads one; `at` is where it stands.
    ///
    /// # Errors
    /// It is none, or too long.
    pub fn read(at: &str, text: &str) -> Result<Self, Problem> {
        let wrong = |expected: &str| Problem::said(at, &format!("{text:?}"), expected);
        if text.chars().count() > PATH_CHARS_MAX {
            return Err(wrong(&format!("at most {PATH_CHARS_MAX} characters")));
        }
        let mut rest = text.strip_prefix('$').ok_or_else(|| wrong(EXPECTED))?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, behind) = step(rest).ok_or_else(|| wrong(EXPECTED))?;
            steps.push(step);
            rest = behind;
        }
        Ok(Self(steps))
    }

    /// What is there; `None` if nothing is. Where the path says `*`, the array of all that is there.
    #[must_use]
    pub fn select(&self, event: &Value) -> Option<Value> {
        select(&self.0, event)
    }
}

fn step(text: &str) -> Option<(Step, &str)> {
    if let Some(inner) = text.strip_prefix('[') {
        let (index, rest) = inner.split_once(']')?;
        let step = match index {
            "*" => Step::All,
            index if index.bytes().all(|byte| byte.is_ascii_digit()) => Step::Index(index.parse().ok()?),
            _ => return None,
        };
        return Some((step, rest));
    }
    let text = text.strip_prefix('.')?;
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "'\"<>]*@?()".contains(c);
    match name {
        "*" => Some((Step::All, rest)),
        name if name.is_empty() || name.contains(is_odd) => None,
        name => Some((Step::Name(name.to_owned()), rest)),
    }
}

fn select(steps: &[Step], value: &Value) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value.clone()) };
    match step {
        Step::Name(name) => select(rest, value.get(name)?),
        Step::Index(index) => select(rest, value.get(index)?),
        Step::All => {
            let all: Vec<&Value> = match value {
                Value::Array(items) => items.iter().collect(),
                Value::Object(members) => members.values().collect(),
                _ => return None,
            };
            Some(all.into_iter().filter_map(|value| select(rest, value)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_to_what_it_names() {
        let event = json!({
            "detail": {"instance-id": "i-1", "a_b": null, "items": [{"n": 1}, {"n": 2}, {"m": 3}], "x/y": true, "ü": "ö"},
            "resources": ["r"],
        });
        for (path, expected) in [
            ("$.detail.instance-id", Some(json!("i-1"))),
            ("$.detail.a_b", Some(json!(null))),
            ("$.detail.items[1].n", Some(json!(2))),
            ("$.detail.items[*].n", Some(json!([1, 2]))),
            ("$.detail.items.*.m", Some(json!([3]))),
            ("$.detail.items[9]", None),
            ("$.detail.x/y", Some(json!(true))),
            ("$.detail.ü", Some(json!("ö"))),
            ("$.detail.nothing.more", None),
            ("$.detail.instance-id.*", None),
            ("$.resources", Some(json!(["r"]))),
            ("$", Some(event.clone())),
        ] {
            assert_eq!(EventPath::read("path", path).unwrap().select(&event), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_told_with_what_would_be_one() {
        let long = format!("$.{}", "a".repeat(PATH_CHARS_MAX));
        for wrong in [
            "",
            "detail",
            "$detail",
            "$.",
            "$..a",
            "$.a[",
            "$.a[x]",
            "$.a[-1]",
            "$['a']",
            "$.a[?(@.b)]",
            "$.a b",
            long.as_str(),
        ] {
            let problem = EventPath::read("input_path", wrong).unwrap_err();
            assert_eq!(problem.path, "input_path");
            assert!(problem.to_string().contains("expected a"), "{problem}");
        }
    }
}
