//! JSONPath, as far as reference paths go: `$`, `.name`, `['name']`, `[n]`, and `$$` for the context object.
//!
//! A reference path selects exactly one value. Wildcards, slices and filters, which select any number, are refused
//! with a message of their own; [`Path::select`] returns a `Cow` so that they can be added without changing callers.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::scope::Scope;

/// A compiled path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    root: Root,
    segments: Vec<Segment>,
}

/// What a path starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// `$`
    Data,
    /// `$$`
    Context,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// `.name` or `['name']`
    Field(String),
    /// `[n]`
    Index(usize),
}

impl Path {
    /// Compiles a path.
    ///
    /// # Errors
    /// What is wrong with the text, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (root, mut rest) = match (text.strip_prefix("$$"), text.strip_prefix('$')) {
            (Some(rest), _) => (Root::Context, rest),
            (None, Some(rest)) => (Root::Data, rest),
            (None, None) => return Err("a path begins with '$' or '$$'".to_owned()),
        };
        let mut segments = Vec::new();
        while !rest.is_empty() {
            let (segment, after) = segment(rest)?;
            segments.push(segment);
            rest = after;
        }
        Ok(Self { root, segments })
    }

    /// What the path starts from.
    pub fn root(&self) -> Root {
        self.root
    }

    /// The steps after the root.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The value that the path selects, or `None` if there is none.
    pub fn select<'a>(&self, scope: &Scope<'a>) -> Option<Cow<'a, Value>> {
        let root = match self.root {
            Root::Data => scope.data,
            Root::Context => scope.context.value(),
        };
        walk(root, &self.segments).map(Cow::Borrowed)
    }

    /// Whether evaluating the path needs the input that the execution began with (`$$.Execution.Input`).
    pub fn reads_execution_input(&self) -> bool {
        let named = |index: usize, name: &str| match self.segments.get(index) {
            None => true,
            Some(Segment::Field(field)) => field == name,
            Some(Segment::Index(_)) => false,
        };
        self.root == Root::Context && named(0, "Execution") && named(1, "Input")
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.root {
            Root::Data => "$",
            Root::Context => "$$",
        })?;
        for segment in &self.segments {
            match segment {
                Segment::Field(name) if name.chars().all(is_name_char) && !name.is_empty() => {
                    write!(f, ".{name}")?;
                }
                Segment::Field(name) => write!(f, "['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

fn walk<'a>(root: &'a Value, segments: &[Segment]) -> Option<&'a Value> {
    segments.iter().try_fold(root, |value, segment| match segment {
        Segment::Field(name) => value.as_object()?.get(name),
        Segment::Index(index) => value.as_array()?.get(*index),
    })
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// One segment off the front of `text`, and what follows it.
fn segment(text: &str) -> Result<(Segment, &str), String> {
    if let Some(rest) = text.strip_prefix('.') {
        let end = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
        return match (end, rest.chars().next()) {
            (0, Some('.')) => Err("descent ('..') is not supported yet".to_owned()),
            (0, Some('*')) => Err("the wildcard ('.*') is not supported yet".to_owned()),
            (0, _) => Err("a name is missing after '.'".to_owned()),
            _ => Ok((Segment::Field(rest[..end].to_owned()), &rest[end..])),
        };
    }
    let Some(inside) = text.strip_prefix('[') else {
        return Err(format!("expected '.' or '[' at '{text}'"));
    };
    match inside.chars().next() {
        Some(quote @ ('\'' | '"')) => quoted(&inside[1..], quote),
        Some('0'..='9') => {
            let end = inside.find(|c: char| !c.is_ascii_digit()).unwrap_or(inside.len());
            let index =
                inside[..end].parse().map_err(|_| format!("the index {} is too large", &inside[..end]))?;
            match inside[end..].chars().next() {
                Some(']') => Ok((Segment::Index(index), &inside[end + 1..])),
                Some(':' | ',') => Err("slices and unions in '[…]' are not supported yet".to_owned()),
                _ => Err("']' is missing after an index".to_owned()),
            }
        }
        Some('*') => Err("the wildcard ('[*]') is not supported yet".to_owned()),
        Some('?' | '@' | '(') => Err("filters in '[…]' are not supported yet".to_owned()),
        Some(':' | '-') => Err("slices and negative indexes in '[…]' are not supported yet".to_owned()),
        _ => Err("expected a quoted name or an index after '['".to_owned()),
    }
}

/// A quoted name after its opening quote, through `']`.
fn quoted(text: &str, quote: char) -> Result<(Segment, &str), String> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, escaped)) => name.push(escaped),
                None => break,
            },
            c if c == quote => {
                let rest = &text[at + 1..];
                let rest = rest.strip_prefix(']').ok_or("']' is missing after a quoted name")?;
                return Ok((Segment::Field(name), rest));
            }
            c => name.push(c),
        }
    }
    Err("a quoted name without a closing quote".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::scope::Context;
    use serde_json::json;

    fn check(path: &str, expected: Option<Value>) {
        let data = json!({"a": {"b c": [1, {"it's": 2}], "x-y": true}, "n": null});
        let build = || json!({"Execution": {"Id": "e1"}});
        let context = Context::new(&build);
        let random = Random::new(0, 0);
        let scope = Scope::of(&data, &context, &random);
        let path = Path::parse(path).unwrap();
        assert_eq!(path.select(&scope).map(Cow::into_owned), expected, "{path}");
        assert_eq!(Path::parse(&path.to_string()).unwrap(), path, "what is printed reads back");
    }

    #[test]
    fn selects_one_value_or_none() {
        check("$.a['b c'][0]", Some(json!(1)));
        check("$.a['b c'][1]['it\\'s']", Some(json!(2)));
        check("$.a[\"x-y\"]", Some(json!(true)));
        check("$.a.x-y", Some(json!(true)));
        check("$.n", Some(json!(null)));
        check("$.n.deeper", None);
        check("$.a[0]", None);
        check("$.a['b c'][9]", None);
        check("$.missing", None);
        check("$$.Execution.Id", Some(json!("e1")));
        check("$$.Task", None);
    }

    #[test]
    fn refuses_what_it_cannot_do_by_name() {
        for (path, why) in [
            ("a.b", "begins with"),
            ("$.", "a name is missing"),
            ("$..a", "descent"),
            ("$.*", "wildcard"),
            ("$[*]", "wildcard"),
            ("$[0:2]", "slices"),
            ("$[-1]", "negative"),
            ("$[?(@.a)]", "filters"),
            ("$[0", "']' is missing"),
            ("$['a", "closing quote"),
            ("$a", "expected '.' or '['"),
            ("$[99999999999999999999]", "too large"),
        ] {
            let error = Path::parse(path).unwrap_err();
            assert!(error.contains(why), "{path}: {error}");
        }
    }
}
