//! The rules of a Choice state.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Number, Value};

use crate::cause;
use crate::error::{self, RuntimeError};
use crate::number;
use crate::path::{Path, PathError};
use crate::scope::Scope;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// All hold. Evaluated in order, up to the first that does not.
    And(Vec<Rule>),
    /// One holds. Evaluated in order, up to the first that does.
    Or(Vec<Rule>),
    /// It does not hold.
    Not(Box<Rule>),
    /// A test of one variable.
    Test(Path, Test),
}

/// What is asked of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It compares so to a constant. Never true of a value of another type.
    Compare(Order, Operand),
    /// It compares so to what the path selects, as that type.
    ComparePath(Kind, Order, Path),
    /// `StringMatches`
    Matches(Pattern),
    /// `IsPresent`
    IsPresent(bool),
    /// `IsNull`
    IsNull(bool),
    /// `IsString`, `IsNumeric`, `IsBoolean`, `IsTimestamp`
    Is(Kind, bool),
}

/// The types that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, compared by UTF-16 units, as Java does.
    String,
    /// A number.
    Numeric,
    /// `true` or `false`, for equality only.
    Boolean,
    /// Text as [`timestamp`] reads it.
    Timestamp,
}

/// The comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `Equals`
    Equal,
    /// `LessThan`
    Less,
    /// `LessThanEquals`
    LessEqual,
    /// `GreaterThan`
    Greater,
    /// `GreaterThanEquals`
    GreaterEqual,
}

impl Order {
    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering == Ordering::Equal,
            Self::Less => ordering == Ordering::Less,
            Self::LessEqual => ordering != Ordering::Greater,
            Self::Greater => ordering == Ordering::Greater,
            Self::GreaterEqual => ordering != Ordering::Less,
        }
    }
}

/// A constant to compare to.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// Text.
    String(String),
    /// A number.
    Numeric(Number),
    /// `true` or `false`.
    Boolean(bool),
    /// A point in time.
    Timestamp(Timestamp),
}

impl Operand {
    /// The value as an operand of that type, if it is of that type.
    pub fn of(kind: Kind, value: &Value) -> Option<Self> {
        match (kind, value) {
            (Kind::String, Value::String(text)) => Some(Self::String(text.clone())),
            (Kind::Numeric, Value::Number(number)) => Some(Self::Numeric(number.clone())),
            (Kind::Boolean, Value::Bool(boolean)) => Some(Self::Boolean(*boolean)),
            (Kind::Timestamp, Value::String(text)) => timestamp(text).map(Self::Timestamp),
            _ => None,
        }
    }

    fn compare(&self, value: &Value) -> Option<Ordering> {
        match (self, value) {
            (Self::String(right), Value::String(left)) => Some(left.encode_utf16().cmp(right.encode_utf16())),
            (Self::Numeric(right), Value::Number(left)) => Some(number::compare(left, right)),
            (Self::Boolean(right), Value::Bool(left)) => Some(left.cmp(right)),
            (Self::Timestamp(right), Value::String(left)) => timestamp(left).map(|left| left.cmp(right)),
            _ => None,
        }
    }
}

/// The point in time that the text stands for, if it is a timestamp as the language has them: an ISO 8601 extended date and time
/// with an offset, an upper-case `T` between them, and `Z` or `+hh:mm` at the end. Seconds and their fraction may be left out.
pub fn timestamp(text: &str) -> Option<Timestamp> {
    if is_shaped(text) { text.parse().ok() } else { None }
}

/// Whether it is written so; what jiff reads beyond that is no timestamp to AWS.
fn is_shaped(text: &str) -> bool {
    let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((date, time)) = text.split_once('T') else { return false };
    let date: Vec<_> = date.split('-').collect();
    let is_date = matches!(date.as_slice(), [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2));
    let Some(offset_at) = time.find(['Z', '+', '-']) else { return false };
    let (time, offset) = time.split_at(offset_at);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let time: Vec<_> = time.split(':').collect();
    let is_time = time.iter().all(|part| digits(part, 2))
        && match time.as_slice() {
            [_, _] => fraction == "0",
            // There is no leap second in Java's time.
            [_, _, second] => *second != "60",
            _ => false,
        };
    let is_fraction = (1..=9).contains(&fraction.len()) && digits(fraction, fraction.len());
    let is_offset =
        offset == "Z" || offset[1..].split(':').all(|part| digits(part, 2)) && matches!(offset.len(), 6 | 9);
    is_date && is_time && is_fraction && is_offset
}

impl Rule {
    /// Whether the rule holds.
    ///
    /// # Errors
    /// `States.Runtime` if a path selects nothing, except in `IsPresent`.
    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, RuntimeError> {
        match self {
            Self::And(rules) => {
                for rule in rules {
                    if !rule.holds(scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(rules) => {
                for rule in rules {
                    if rule.holds(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(rule) => rule.holds(scope).map(|holds| !holds),
            Self::Test(variable, Test::IsPresent(wanted)) => match variable.select(scope) {
                Err(why @ PathError::TooManySteps) => Err(failed(variable, &why)),
                selected => Ok(selected.is_ok() == *wanted),
            },
            Self::Test(variable, test) => test.holds(selected(variable, scope)?.as_ref(), scope),
        }
    }

    /// Calls `see` with every path in the rule.
    pub fn paths(&self, see: &mut impl FnMut(&Path)) {
        match self {
            Self::And(rules) | Self::Or(rules) => rules.iter().for_each(|rule| rule.paths(see)),
            Self::Not(rule) => rule.paths(see),
            Self::Test(variable, test) => {
                see(variable);
                if let Test::ComparePath(_, _, path) = test {
                    see(path);
                }
            }
        }
    }
}

fn selected<'a>(path: &Path, scope: &Scope<'a>) -> Result<Cow<'a, Value>, RuntimeError> {
    path.select(scope).map_err(|why| failed(path, &why))
}

fn failed(path: &Path, why: &PathError) -> RuntimeError {
    let cause = match why {
        PathError::TooManySteps => cause::invalid_path(path, why),
        PathError::NotFound(_) | PathError::Invalid(_) => cause::invalid_choice_path(path),
    };
    RuntimeError::new(error::RUNTIME, cause)
}

impl Test {
    fn holds(&self, value: &Value, scope: &Scope<'_>) -> Result<bool, RuntimeError> {
        Ok(match self {
            Self::Compare(order, operand) => operand.compare(value).is_some_and(|o| order.accepts(o)),
            Self::ComparePath(kind, order, path) => Operand::of(*kind, selected(path, scope)?.as_ref())
                .and_then(|operand| operand.compare(value))
                .is_some_and(|o| order.accepts(o)),
            Self::Matches(pattern) => value.as_str().is_some_and(|text| pattern.matches(text)),
            Self::IsPresent(wanted) => *wanted,
            Self::IsNull(wanted) => value.is_null() == *wanted,
            Self::Is(kind, wanted) => is(*kind, value) == *wanted,
        })
    }
}

fn is(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::String => value.is_string(),
        Kind::Numeric => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Timestamp => value.as_str().is_some_and(|text| timestamp(text).is_some()),
    }
}

/// A compiled `StringMatches` pattern: `*` stands for any text, `\*` and `\\` for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// What must be found between the asterisks. One piece: no asterisk at all.
    pieces: Vec<String>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with the text, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut piece = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '*' => pieces.push(std::mem::take(&mut piece)),
                '\\' => match chars.next() {
                    Some(escaped @ ('*' | '\\')) => piece.push(escaped),
                    _ => return Err("in a pattern, '\\' stands only before '*' or '\\'".to_owned()),
                },
                c => piece.push(c),
            }
        }
        pieces.push(piece);
        Ok(Self { pieces })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|only| only == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for piece in middle {
            let Some(at) = rest.find(piece.as_str()) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::scope::{Context, Variables};
    use serde_json::{Map, json};

    fn holds(rule: &Rule) -> Result<bool, RuntimeError> {
        let data = json!({
            "one": 1, "exact": 9_007_199_254_740_993_u64, "float": 9_007_199_254_740_992.0, "text": "b", "number": "1", "yes": true,
            "null": null, "at": "2016-08-18T17:33:00Z", "same": "2016-08-18T19:33:00+02:00", "list": [1, 2], "file": "log-2016.txt",
            "star": "a*b", "big": "\u{ffff}", "bigger": "\u{10000}",
        });
        let build = || json!({"Execution": {"Name": "b"}});
        let context = Context::new(&build);
        let random = Random::new(0, 0);
        let variables = Map::from_iter([("limit".to_owned(), json!({"n": 1}))]);
        let scopes = [&variables];
        rule.holds(&Scope { variables: Variables::new(&scopes), ..Scope::of(&data, &context, &random) })
    }

    fn test(variable: &str, test: Test) -> Rule {
        Rule::Test(Path::parse(variable).unwrap(), test)
    }

    fn check(variable: &str, asked: Test, expected: bool) {
        let rule = test(variable, asked);
        assert_eq!(holds(&rule), Ok(expected), "{rule:?}");
    }

    /// Compares with a constant and, in the data, with the same value.
    fn check_order(variable: &str, kind: Kind, constant: Value, expected: Option<Ordering>) {
        use Order::{Equal, Greater, GreaterEqual, Less, LessEqual};
        for order in [Equal, Less, LessEqual, Greater, GreaterEqual] {
            let operand = Operand::of(kind, &constant).unwrap();
            let accepted = expected.is_some_and(|ordering| order.accepts(ordering));
            check(variable, Test::Compare(order, operand), accepted);
        }
    }

    #[test]
    fn values_compare_with_those_of_their_type_alone() {
        use Ordering::{Equal, Greater, Less};
        check_order("$.one", Kind::Numeric, json!(1.0), Some(Equal));
        check_order("$.one", Kind::Numeric, json!(1.5), Some(Less));
        check_order("$.exact", Kind::Numeric, json!(9_007_199_254_740_992_u64), Some(Greater));
        check_order("$.exact", Kind::Numeric, json!(9_007_199_254_740_993_u64), Some(Equal));
        check_order("$.float", Kind::Numeric, json!(9_007_199_254_740_993_u64), Some(Less));
        check_order("$.number", Kind::Numeric, json!(1), None);
        check_order("$.text", Kind::String, json!("a"), Some(Greater));
        check_order("$.text", Kind::String, json!("b"), Some(Equal));
        check_order("$.one", Kind::String, json!("1"), None);
        check_order("$.at", Kind::Timestamp, json!("2016-08-18T17:33:00.000Z"), Some(Equal));
        check_order("$.same", Kind::Timestamp, json!("2016-08-18T17:33:01Z"), Some(Less));
        check_order("$.text", Kind::Timestamp, json!("2016-08-18T17:33:01Z"), None);
        check("$.yes", Test::Compare(Order::Equal, Operand::Boolean(true)), true);
        check("$.yes", Test::Compare(Order::Equal, Operand::Boolean(false)), false);
        check("$.text", Test::Compare(Order::Equal, Operand::Boolean(true)), false);
        // By UTF-16 units, as in Java: a pair of surrogates is before the last of the plane.
        check_order("$.bigger", Kind::String, json!("\u{ffff}"), Some(Less));
        check_order("$.big", Kind::String, json!("\u{10000}"), Some(Greater));
    }

    #[test]
    fn both_sides_may_be_any_path() {
        let compare = |kind, order, path: &str| Test::ComparePath(kind, order, Path::parse(path).unwrap());
        check("$.one", compare(Kind::Numeric, Order::Equal, "$limit.n"), true);
        check("$limit.n", compare(Kind::Numeric, Order::Less, "$.exact"), true);
        check("$.text", compare(Kind::String, Order::Equal, "$$.Execution.Name"), true);
        check("$$.Execution.Name", compare(Kind::String, Order::GreaterEqual, "$.text"), true);
        check("$.at", compare(Kind::Timestamp, Order::Equal, "$.same"), true);
        check("$.yes", compare(Kind::Boolean, Order::Equal, "$.yes"), true);
        check("$.list[(@.length-1)]", compare(Kind::Numeric, Order::Greater, "$.list[0]"), true);
        // Of another type than is asked for.
        check("$.one", compare(Kind::Numeric, Order::Equal, "$.number"), false);
        check("$.one", compare(Kind::String, Order::Equal, "$.one"), false);
        // A path that may select any number gives an array, which is of no such type.
        check("$.list[*]", compare(Kind::Numeric, Order::Equal, "$.one"), false);
        check("$.list[?(@ == 1)]", Test::IsNull(false), true);
    }

    #[test]
    fn a_type_can_be_asked_for() {
        let types = [
            ("$.one", Some(Kind::Numeric)),
            ("$.float", Some(Kind::Numeric)),
            ("$.text", Some(Kind::String)),
            ("$.yes", Some(Kind::Boolean)),
            ("$.null", None),
            ("$.list", None),
        ];
        for (variable, of) in types {
            for kind in [Kind::String, Kind::Numeric, Kind::Boolean, Kind::Timestamp] {
                check(variable, Test::Is(kind, true), of == Some(kind));
                check(variable, Test::Is(kind, false), of != Some(kind));
            }
            check(variable, Test::IsNull(true), variable == "$.null");
            check(variable, Test::IsPresent(true), true);
            check(variable, Test::IsPresent(false), false);
        }
        check("$.at", Test::Is(Kind::Timestamp, true), true);
        check("$.at", Test::Is(Kind::String, true), true);
        check("$.missing", Test::IsPresent(false), true);
        check("$.one.deeper", Test::IsPresent(true), false);
        check("$unassigned", Test::IsPresent(true), false);
        check("$$.Task.Token", Test::IsPresent(true), false);
    }

    #[test]
    fn a_path_that_leads_to_nothing_is_an_error_unless_it_is_asked_about() {
        let of = |variable: &str| test(variable, Test::IsNull(true));
        let error = |rule: &Rule| holds(rule).unwrap_err().to_string();
        let text = "States.Runtime: Invalid path '$.a.b': The choice state's condition path references an invalid value.";
        assert_eq!(error(&of("$.a.b")), text);
        let right = Test::ComparePath(Kind::Numeric, Order::Equal, Path::parse("$.a.b").unwrap());
        assert_eq!(error(&test("$.one", right)), text);
        assert_eq!(error(&Rule::Not(Box::new(of("$.a.b")))), text);
        // What follows what decides is not looked at.
        let (yes, no) = (of("$.null"), of("$.one"));
        assert_eq!(holds(&Rule::Or(vec![yes.clone(), of("$.a.b")])), Ok(true));
        assert_eq!(holds(&Rule::And(vec![no.clone(), of("$.a.b")])), Ok(false));
        assert_eq!(error(&Rule::And(vec![yes, of("$.a.b")])), text);
        assert_eq!(error(&Rule::Or(vec![no, of("$.a.b")])), text);
    }

    #[test]
    fn an_asterisk_stands_for_any_text_unless_a_backslash_is_before_it() {
        let matches = |pattern: &str, text: &str| Pattern::parse(pattern).unwrap().matches(text);
        for (pattern, text, expected) in [
            ("log-*.txt", "log-2016.txt", true),
            ("log-*.txt", "log-.txt", true),
            ("log-*.txt", "a log-1.txt", false),
            ("*LATE*", "is LATER", true),
            ("foo*.*", "foobar.zebra", true),
            ("*", "", true),
            ("a*a", "a", false),
            ("", "", true),
            (r"a\*b", "a*b", true),
            (r"a\*b", "axb", false),
            (r"a\\*", r"a\anything", true),
            (r"a\\\*", r"a\*", true),
            ("a?b", "axb", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} and {text}");
        }
        assert!(Pattern::parse(r"a\b").is_err() && Pattern::parse("a\\").is_err());
        check("$.file", Test::Matches(Pattern::parse("log-*.txt").unwrap()), true);
        check("$.one", Test::Matches(Pattern::parse("*").unwrap()), false);
    }

    #[test]
    fn a_timestamp_is_read_as_aws_reads_it() {
        for text in [
            "2016-08-18T17:33:00Z",
            "2016-08-18T17:33Z",
            "2016-08-18T17:33:00.123456789Z",
            "2016-08-18T17:33:00.5+02:00",
            "2016-08-18T17:33:00-11:30",
            "2016-08-18T17:33:00+01:00:30",
        ] {
            assert!(timestamp(text).is_some(), "{text}");
        }
        for text in [
            "2016-08-18",
            "2016-08-18T17:33:00",
            "2016-08-18 17:33:00Z",
            "2016-08-18t17:33:00Z",
            "2016-08-18T17:33:00z",
            "2016-08-18T17Z",
            "2016-08-18T17:33:60Z",
            "2016-08-18T17:33:00,5Z",
            "2016-08-18T17:33:00.Z",
            "2016-08-18T17:33:00+0200",
            "2016-08-18T17:33:00+02",
            "2016-08-18T17:33:00Z[UTC]",
            "2016-02-30T00:00:00Z",
            "-009999-01-02T00:00:00Z",
            "20160818T173300Z",
            "2016-08-18T17:33:00+",
            "2016-08-18T17:33:00é",
            "T",
            "",
        ] {
            assert!(timestamp(text).is_none(), "{text}");
        }
    }
}
