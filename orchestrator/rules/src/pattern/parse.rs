//! JSON to pattern.

use serde_json::{Map, Value};

use super::cidr::Cidr;
use super::matcher::Matcher;
use super::number::{self, Millionths, Range};
use super::text::Text;
use super::tree::{Group, Node};
use super::wildcard::{self, Wildcard};
use crate::problem::Problem;

/// The longest pattern, in bytes of JSON without spaces: AWS's limit, as far as it is raised on demand.
pub const PATTERN_BYTES_MAX: usize = 4096;
/// So many combinations may `$or` lead to, as AWS has it.
pub const COMBINATIONS_MAX: u64 = 1000;

const PREFIX: &str = "prefix";
const SUFFIX: &str = "suffix";
const FOLDED: &str = "equals-ignore-case";
const WILDCARD: &str = "wildcard";
const BUT: &str = "anything-but";
const NUMERIC: &str = "numeric";
const CIDR: &str = "cidr";
const EXISTS: &str = "exists";
/// All of them.
const OPERATORS: [&str; 8] = [PREFIX, SUFFIX, FOLDED, WILDCARD, BUT, NUMERIC, CIDR, EXISTS];
/// One of several groups of fields.
const OR: &str = "$or";

const LEAF: &str = "a string, a number, true, false, null or {OPERATOR: …}";

pub(super) fn read(at: &str, pattern: &Value) -> Result<(Group, Vec<Vec<String>>), Problem> {
    let bytes = pattern.to_string().len();
    if bytes > PATTERN_BYTES_MAX {
        let expected = format!("at most {PATTERN_BYTES_MAX} bytes of JSON, not {bytes}");
        return Err(Problem::new(at, pattern, expected));
    }
    let Value::Object(members) = pattern else {
        return Err(Problem::new(at, pattern, "an object with the fields that an event must have"));
    };
    let mut reader = Reader { names: Vec::new(), absent: Vec::new() };
    let root = reader.group(at, members)?;
    let combinations = combinations(&root);
    if combinations > COMBINATIONS_MAX {
        let expected = format!(
            "{OR} in such a way that they combine in at most {COMBINATIONS_MAX} ways, not {combinations}"
        );
        return Err(Problem::new(at, pattern, expected));
    }
    Ok((root, reader.absent))
}

/// In how many ways a group can be chosen out of each `$or`.
fn combinations(group: &Group) -> u64 {
    let fields = group.fields.iter().map(|(_, node)| match node {
        Node::Group(group) => combinations(group),
        Node::Leaf(_) => 1,
    });
    let ors = group.ors.iter().map(|groups| groups.iter().map(combinations).fold(0, u64::saturating_add));
    fields.chain(ors).fold(1, u64::saturating_mul)
}

struct Reader {
    /// The fields around the one at hand.
    names: Vec<String>,
    absent: Vec<Vec<String>>,
}

impl Reader {
    fn group(&mut self, at: &str, members: &Map<String, Value>) -> Result<Group, Problem> {
        if members.is_empty() {
            return Err(Problem::said(at, "{}", "an object with one field at least"));
        }
        let mut group = Group::default();
        for (name, value) in members {
            let at = format!("{at}.{name}");
            match value {
                Value::Array(alternatives) if name == OR && is_or(alternatives) => {
                    group.ors.push(self.alternatives(&at, alternatives)?);
                }
                Value::Array(_) if name == OR => {
                    let expected = "two objects or more, whose fields are not called like operators";
                    return Err(Problem::new(&at, value, expected));
                }
                value => {
                    self.names.push(name.clone());
                    let node = self.node(&at, value)?;
                    self.names.pop();
                    group.fields.push((name.clone(), node));
                }
            }
        }
        Ok(group)
    }

    fn alternatives(&mut self, at: &str, alternatives: &[Value]) -> Result<Vec<Group>, Problem> {
        let objects =
            alternatives.iter().enumerate().filter_map(|(index, it)| Some((index, it.as_object()?)));
        objects.map(|(index, members)| self.group(&format!("{at}[{index}]"), members)).collect()
    }

    fn node(&mut self, at: &str, value: &Value) -> Result<Node, Problem> {
        match value {
            Value::Object(members) => self.group(at, members).map(Node::Group),
            Value::Array(values) if values.is_empty() => {
                Err(Problem::said(at, "[]", format!("an array of one value at least, each {LEAF}")))
            }
            Value::Array(values) => {
                let values = values.iter().enumerate();
                values
                    .map(|(index, value)| self.matcher(&format!("{at}[{index}]"), value))
                    .collect::<Result<_, _>>()
                    .map(Node::Leaf)
            }
            value => {
                let expected = format!("[{value}]: values stand in an array; or an object");
                Err(Problem::new(at, value, expected))
            }
        }
    }

    fn matcher(&mut self, at: &str, value: &Value) -> Result<Matcher, Problem> {
        let members = match value {
            Value::Object(members) => members,
            Value::Array(_) => return Err(Problem::new(at, value, LEAF)),
            value => return Ok(Matcher::Is(value.clone())),
        };
        let (name, operand) = only_member(at, value, members, &OPERATORS)?;
        let at = format!("{at}.{name}");
        Ok(match name {
            PREFIX | SUFFIX => Matcher::Text(at_an_end(&at, name, operand)?),
            FOLDED => Matcher::Text(Text::folded(text(&at, operand)?)),
            WILDCARD => Matcher::Text(wildcard(&at, operand)?),
            BUT => anything_but(&at, operand)?,
            NUMERIC => Matcher::Number(numeric(&at, operand)?),
            CIDR => {
                let expected = "a block of addresses: 10.0.0.0/24 or 2001:db8::/32";
                let cidr = operand.as_str().and_then(Cidr::read);
                Matcher::Cidr(cidr.ok_or_else(|| Problem::new(&at, operand, expected))?)
            }
            _ => match operand.as_bool() {
                Some(true) => Matcher::Present,
                Some(false) => {
                    self.absent.push(self.names.clone());
                    Matcher::Absent(self.absent.len() - 1)
                }
                None => return Err(Problem::new(&at, operand, "true or false")),
            },
        })
    }
}

/// Whether it is several groups of fields: as AWS has it, not if one of the fields is called as an operator is.
fn is_or(alternatives: &[Value]) -> bool {
    let is_group = |value: &Value| {
        let operator = |name: &String| OPERATORS.contains(&name.as_str());
        value.as_object().is_some_and(|members| !members.keys().any(operator))
    };
    alternatives.len() >= 2 && alternatives.iter().all(is_group)
}

/// The operator and what it is given.
fn only_member<'a>(
    at: &str,
    value: &Value,
    members: &'a Map<String, Value>,
    operators: &[&'static str],
) -> Result<(&'static str, &'a Value), Problem> {
    let known = |(name, operand): (&String, &'a Value)| {
        operators.iter().find(|operator| *operator == name).map(|operator| (*operator, operand))
    };
    let only = if members.len() == 1 { members.iter().next() } else { None };
    only.and_then(known).ok_or_else(|| {
        Problem::new(at, value, format!("an object with one operator: {}", operators.join(", ")))
    })
}

fn text<'a>(at: &str, value: &'a Value) -> Result<&'a str, Problem> {
    value.as_str().ok_or_else(|| Problem::new(at, value, "a string"))
}

/// What a text begins or ends with, perhaps whatever its case.
fn at_an_end(at: &str, operator: &str, operand: &Value) -> Result<Text, Problem> {
    if let Value::Object(members) = operand {
        let (name, folded) = only_member(at, operand, members, &[FOLDED])?;
        let folded = text(&format!("{at}.{name}"), folded)?;
        return Ok(if operator == PREFIX {
            Text::folded_prefix(folded)
        } else {
            Text::folded_suffix(folded)
        });
    }
    let expected = format!("a string, or {{\"{FOLDED}\": STRING}}");
    let end = operand.as_str().ok_or_else(|| Problem::new(at, operand, expected))?.to_owned();
    Ok(if operator == PREFIX { Text::Prefix(end) } else { Text::Suffix(end) })
}

fn wildcard(at: &str, operand: &Value) -> Result<Text, Problem> {
    let read = operand.as_str().and_then(Wildcard::read);
    read.map(Text::Wildcard).ok_or_else(|| Problem::new(at, operand, wildcard::EXPECTED))
}

fn anything_but(at: &str, operand: &Value) -> Result<Matcher, Problem> {
    let one_or_more = |value: &Value| match value {
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    };
    if let Value::Object(members) = operand {
        let (name, operand) = only_member(at, operand, members, &[PREFIX, SUFFIX, FOLDED, WILDCARD])?;
        let at = format!("{at}.{name}");
        let values = one_or_more(operand);
        if values.is_empty() {
            return Err(Problem::new(&at, operand, "a string, or an array of one at least"));
        }
        let texts = values.iter().map(|value| match name {
            WILDCARD => wildcard(&at, value),
            FOLDED => text(&at, value).map(Text::folded),
            PREFIX => text(&at, value).map(|text| Text::Prefix(text.to_owned())),
            _ => text(&at, value).map(|text| Text::Suffix(text.to_owned())),
        });
        return texts.collect::<Result<_, _>>().map(Matcher::NotText);
    }
    let values = one_or_more(operand);
    let expected =
        format!("a string, {}, an array of strings or of numbers, or {{OPERATOR: …}}", number::EXPECTED);
    let wrong = || Problem::new(at, operand, expected.clone());
    if values.is_empty() {
        return Err(wrong());
    }
    if values.iter().all(Value::is_string) {
        let texts = values.iter().filter_map(Value::as_str).map(|text| Text::Is(text.to_owned()));
        return Ok(Matcher::NotText(texts.collect()));
    }
    let numbers: Option<_> = values.iter().map(Millionths::of).collect();
    numbers.map(Matcher::NotNumbers).ok_or_else(wrong)
}

const NUMERIC_EXPECTED: &str = "an array: [\"=\", N], [\"<\" or \"<=\", N], [\">\" or \">=\", N], or the last two together, the lower bound first and below the upper";

fn numeric(at: &str, operand: &Value) -> Result<Range, Problem> {
    let wrong = || Problem::new(at, operand, NUMERIC_EXPECTED);
    let parts = operand.as_array().map(Vec::as_slice).ok_or_else(wrong)?;
    let bound = |operator: &Value, value: &Value| -> Result<(String, Millionths), Problem> {
        let operator = operator.as_str().ok_or_else(wrong)?.to_owned();
        let number = Millionths::of(value);
        Ok((operator, number.ok_or_else(|| Problem::new(at, value, number::EXPECTED))?))
    };
    let range = match parts {
        [operator, value] => match bound(operator, value)? {
            (operator, number) if operator == "=" => {
                Range { from: Some((number, true)), to: Some((number, true)) }
            }
            (operator, number) if is_upper(&operator) => {
                Range { from: None, to: Some((number, operator == "<=")) }
            }
            (operator, number) if is_lower(&operator) => {
                Range { from: Some((number, operator == ">=")), to: None }
            }
            _ => return Err(wrong()),
        },
        [lower, from, upper, to] => match (bound(lower, from)?, bound(upper, to)?) {
            ((lower, from), (upper, to)) if is_lower(&lower) && is_upper(&upper) && from < to => {
                Range { from: Some((from, lower == ">=")), to: Some((to, upper == "<=")) }
            }
            _ => return Err(wrong()),
        },
        _ => return Err(wrong()),
    };
    Ok(range)
}

fn is_upper(operator: &str) -> bool {
    matches!(operator, "<" | "<=")
}

fn is_lower(operator: &str) -> bool {
    matches!(operator, ">" | ">=")
}
