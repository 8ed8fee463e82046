//! The input transformer: variables that are read out of an event, and a template that they are put into.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::origin::Origin;
use crate::path::EventPath;
use crate::problem::Problem;

/// The longest template, in bytes, as AWS has it.
pub const TEMPLATE_BYTES_MAX: usize = 8192;
/// So many variables may be read out of an event, as AWS has it.
pub const VARIABLES_MAX: usize = 100;
/// The longest name of a variable, in characters, as AWS has it.
const NAME_CHARS_MAX: usize = 256;

const PATHS: &str = "InputPathsMap";
const TEMPLATE: &str = "InputTemplate";

/// Around what stands for a variable while the template is read as JSON; no text has it.
const MARK: char = '\u{FFFF}';

/// A template with the variables that it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    paths: Vec<EventPath>,
    root: Node,
}

/// JSON with something to fill in.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Constant(Value),
    Variable(Variable),
    /// A string with variables in it.
    Text(Vec<Piece>),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Variable(Variable),
}

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variable {
    /// What the path of that index leads to.
    Path(usize),
    RuleArn,
    RuleName,
    Ingested,
    /// The event without its detail.
    Event,
    /// All of the event.
    Whole,
}

/// Those that are there without a path.
const RESERVED: [(&str, Variable); 5] = [
    ("aws.events.rule-arn", Variable::RuleArn),
    ("aws.events.rule-name", Variable::RuleName),
    ("aws.events.event.ingestion-time", Variable::Ingested),
    ("aws.events.event.json", Variable::Whole),
    ("aws.events.event", Variable::Event),
];

impl Template {
    /// Of `{"InputPathsMap": {NAME: PATH, …}, "InputTemplate": TEMPLATE}`; `at` is where it stands.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn read(at: &str, transformer: &Value) -> Result<Self, Problem> {
        const EXPECTED: &str = "an object with InputTemplate, a string, and perhaps InputPathsMap, an object";
        let members = transformer.as_object().ok_or_else(|| Problem::new(at, transformer, EXPECTED))?;
        if let Some((name, value)) = members.iter().find(|(name, _)| *name != PATHS && *name != TEMPLATE) {
            return Err(Problem::new(&format!("{at}.{name}"), value, EXPECTED));
        }
        let (names, paths) = match members.get(PATHS) {
            Some(map) => read_paths(&format!("{at}.{PATHS}"), map)?,
            None => (Vec::new(), Vec::new()),
        };
        let text = members.get(TEMPLATE).ok_or_else(|| Problem::new(at, transformer, EXPECTED))?;
        let at = format!("{at}.{TEMPLATE}");
        let text =
            text.as_str().ok_or_else(|| Problem::new(&at, text, "a string that is JSON but for <NAME>"))?;
        let root = read_template(&at, text, &names)?;
        Ok(Self { paths, root })
    }

    /// The template filled in.
    #[must_use]
    pub fn fill(&self, event: &Value, origin: Origin<'_>) -> Value {
        let filling = Filling { paths: &self.paths, event, origin };
        // A template that is one variable alone, which the event does not have, leaves nothing.
        filling.node(&self.root).unwrap_or(Value::Null)
    }
}

fn read_paths(at: &str, map: &Value) -> Result<(Vec<String>, Vec<EventPath>), Problem> {
    let members = map.as_object().ok_or_else(|| Problem::new(at, map, "an object of paths by name"))?;
    if members.len() > VARIABLES_MAX {
        let found = format!("{} members", members.len());
        return Err(Problem::said(at, &found, format!("at most {VARIABLES_MAX}")));
    }
    let (mut names, mut paths) = (Vec::new(), Vec::new());
    for (name, path) in members {
        let at = format!("{at}.{name}");
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(is_name) {
            let expected = format!("a name of 1 to {NAME_CHARS_MAX} letters, digits, - and _");
            return Err(Problem::said(&at, &format!("{name:?}"), expected));
        }
        let text = path.as_str().ok_or_else(|| Problem::new(&at, path, "a path: $.detail.NAME"))?;
        paths.push(EventPath::read(&at, text)?);
        names.push(name.clone());
    }
    Ok((names, paths))
}

/// The template with something in the place of each variable that lets it be read as JSON, and the variables.
fn marked(at: &str, text: &str, names: &[String]) -> Result<(String, Vec<Variable>), Problem> {
    let (mut marked, mut variables) = (String::with_capacity(text.len()), Vec::new());
    let (mut rest, mut is_in_string) = (text, false);
    while let Some(c) = rest.chars().next() {
        if let Some((name, behind)) = placeholder(rest) {
            let variable = variable(name, names).ok_or_else(|| unknown(at, name, names))?;
            if is_in_string && matches!(variable, Variable::Event | Variable::Whole) {
                let expected = "it as a value, outside of a string: what it holds is not escaped";
                return Err(Problem::said(at, &format!("<{name}> in a string"), expected));
            }
            let quote = if is_in_string { "" } else { "\"" };
            // Outside of a string, it is a value of its own: two marks in front say so.
            let own = if is_in_string { "" } else { "\u{FFFF}" };
            marked.push_str(&format!("{quote}{own}{MARK}{}{MARK}{quote}", variables.len()));
            variables.push(variable);
            rest = behind;
            continue;
        }
        let mut taken = c.len_utf8();
        match c {
            '"' => is_in_string = !is_in_string,
            '\\' if is_in_string => taken += rest[taken..].chars().next().map_or(0, char::len_utf8),
            _ => {}
        }
        marked.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    Ok((marked, variables))
}

/// What is between `<` and `>` at the beginning of a text, and what comes behind; `None` if that is no name.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix('<')?.split_once('>')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, rest))
}

fn variable(name: &str, names: &[String]) -> Option<Variable> {
    let reserved = RESERVED.iter().find(|(reserved, _)| *reserved == name).map(|(_, variable)| *variable);
    reserved.or_else(|| names.iter().position(|own| own == name).map(Variable::Path))
}

fn unknown(at: &str, name: &str, names: &[String]) -> Problem {
    let known = names.iter().map(String::as_str).chain(RESERVED.iter().map(|(name, _)| *name));
    let known: Vec<_> = known.map(|name| format!("<{name}>")).collect();
    Problem::said(
        at,
        &format!("<{name}>"),
        format!("a variable of {PATHS} or a reserved one: {}", known.join(", ")),
    )
}

fn read_template(at: &str, text: &str, names: &[String]) -> Result<Node, Problem> {
    if text.is_empty() || text.len() > TEMPLATE_BYTES_MAX {
        let found = format!("{} bytes", text.len());
        return Err(Problem::said(at, &found, format!("1 to {TEMPLATE_BYTES_MAX} bytes")));
    }
    if text.contains(MARK) || text.to_ascii_lowercase().contains("\\uffff") {
        return Err(Problem::said(at, "the character U+FFFF", "a template without it: it is no character"));
    }
    let (marked, variables) = marked(at, text, names)?;
    let json: Value = serde_json::from_str(&marked).map_err(|error| {
        let expected = format!(
            "JSON, but for <NAME>, in which text stands in quotes ({error}, with a text for each <NAME>)"
        );
        Problem::said(at, &format!("{text:?}"), expected)
    })?;
    node(at, json, &variables)
}

fn node(at: &str, value: Value, variables: &[Variable]) -> Result<Node, Problem> {
    Ok(match value {
        Value::String(text) if text.contains(MARK) => filled(&text, variables),
        Value::Array(items) => {
            Node::Array(items.into_iter().map(|item| node(at, item, variables)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                if name.contains(MARK) {
                    return Err(Problem::said(
                        at,
                        "a variable in the name of a member",
                        "variables in values alone",
                    ));
                }
                Ok((name, node(at, value, variables)?))
            });
            Node::Object(members.collect::<Result<_, _>>()?)
        }
        constant => Node::Constant(constant),
    })
}

/// A string with marks, as what they stand for: at odd places between them are the variables' indices.
fn filled(text: &str, variables: &[Variable]) -> Node {
    let variable = |index: &str| index.parse().ok().and_then(|index: usize| variables.get(index)).copied();
    if let Some(own) = text.strip_prefix("\u{FFFF}\u{FFFF}")
        && let Some(variable) = own.strip_suffix(MARK).and_then(variable)
    {
        return Node::Variable(variable);
    }
    let pieces = text.split(MARK).enumerate().filter_map(|(place, part)| match place % 2 {
        0 => (!part.is_empty()).then(|| Piece::Text(part.to_owned())),
        _ => variable(part).map(Piece::Variable),
    });
    Node::Text(pieces.collect())
}

struct Filling<'a> {
    paths: &'a [EventPath],
    event: &'a Value,
    origin: Origin<'a>,
}

impl Filling<'_> {
    /// `None`: it is left out.
    fn node(&self, node: &Node) -> Option<Value> {
        Some(match node {
            Node::Constant(value) => value.clone(),
            Node::Variable(variable) => self.variable(*variable)?,
            Node::Text(pieces) => pieces.iter().map(|piece| self.piece(piece)).collect::<String>().into(),
            Node::Array(items) => items.iter().filter_map(|item| self.node(item)).collect(),
            Node::Object(members) => {
                let members =
                    members.iter().filter_map(|(name, node)| Some((name.clone(), self.node(node)?)));
                Value::Object(members.collect())
            }
        })
    }

    fn piece<'b>(&self, piece: &'b Piece) -> Cow<'b, str> {
        match piece {
            Piece::Text(text) => text.into(),
            Piece::Variable(variable) => match self.variable(*variable) {
                Some(Value::String(text)) => text.into(),
                Some(value) => value.to_string().into(),
                None => "".into(),
            },
        }
    }

    fn variable(&self, variable: Variable) -> Option<Value> {
        Some(match variable {
            Variable::Path(index) => self.paths.get(index)?.select(self.event)?,
            Variable::RuleArn => self.origin.rule_arn.into(),
            Variable::RuleName => self.origin.rule_name.into(),
            Variable::Ingested => self.origin.ingested.into(),
            Variable::Whole => self.event.clone(),
            Variable::Event => match self.event {
                Value::Object(members) => {
                    let others = members.iter().filter(|(name, _)| *name != "detail");
                    others.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
                }
                other => other.clone(),
            },
        })
    }
}
