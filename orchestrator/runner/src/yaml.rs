//! Definitions in YAML, as AWS's tools write them: made into JSON text, with where in the YAML each part of it stands.

use std::collections::HashMap;

use asl::{Code, Problem};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use serde_json::{Number, Value};

/// Most bytes of JSON that are made: aliases may stand for anything, again and again.
const JSON_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Deepest nesting that is looked at.
const LEVELS_MAX: usize = 1000;

/// YAML as JSON in one line.
#[derive(Debug)]
pub(crate) struct Yaml {
    pub(crate) json: String,
    /// Where parts begin: the column in the JSON (in characters, from 1), and line and column in the YAML (from 1).
    places: Vec<(usize, usize, usize)>,
}

impl Yaml {
    /// Moves a problem of the JSON to its place in the YAML.
    pub(crate) fn place(&self, problem: &mut Problem) {
        let after = self.places.partition_point(|(column, ..)| *column <= problem.column);
        if let Some((_, line, column)) = after.checked_sub(1).and_then(|at| self.places.get(at)) {
            (problem.line, problem.column) = (*line, *column);
        }
    }
}

/// What is open: an array, or an object whose member's value may be due.
enum Open {
    Array,
    Object { has_key: bool },
}

struct Writer {
    yaml: Yaml,
    column: usize,
    open: Vec<Open>,
    /// Whether something stands before what comes next, in what is open.
    is_first: bool,
}

/// The JSON of a text in YAML.
///
/// # Errors
/// What is wrong with it, or cannot be said in JSON, and where.
pub(crate) fn to_json(text: &str) -> Result<Yaml, Box<Problem>> {
    let mut events = Vec::new();
    let mut anchors: HashMap<usize, usize> = HashMap::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event
            .map_err(|error| wrong(*error.marker(), &format!("the text is no YAML: {}", error.info())))?;
        if let Event::Scalar(_, _, anchor @ 1.., _)
        | Event::SequenceStart(anchor @ 1.., _)
        | Event::MappingStart(anchor @ 1.., _) = &event
        {
            anchors.insert(*anchor, events.len());
        }
        events.push((event, span.start));
    }
    let mut writer = Writer {
        yaml: Yaml { json: String::new(), places: Vec::new() },
        column: 1,
        open: Vec::new(),
        is_first: true,
    };
    let (mut documents, mut at, mut back) = (0, 0, Vec::new());
    while let Some((event, mark)) = events.get(at) {
        at += 1;
        match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(wrong(*mark, "there is more than one document"));
                }
            }
            Event::Alias(anchor) => {
                // An anchor that is still open would hold itself.
                let Some(start) = anchors.get(anchor).filter(|start| end(&events, **start) < at) else {
                    return Err(wrong(*mark, "the alias stands for nothing that comes before it"));
                };
                back.push((end(&events, *start), at));
                at = *start;
                continue;
            }
            event => writer.write(event, *mark)?,
        }
        while let Some((_, resume)) = back.pop_if(|(end, _)| *end == at) {
            at = resume;
        }
    }
    Ok(writer.yaml)
}

/// The index behind the last event of the node that begins there.
fn end(events: &[(Event<'_>, Marker)], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, (event, _)) in events.iter().enumerate().skip(start) {
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    events.len()
}

impl Writer {
    fn write(&mut self, event: &Event<'_>, mark: Marker) -> Result<(), Box<Problem>> {
        if self.yaml.json.len() > JSON_BYTES_MAX || self.open.len() > LEVELS_MAX {
            return Err(wrong(mark, "the definition is too large, or nested too deep"));
        }
        match event {
            Event::Scalar(text, style, _, tag) => {
                let suffix = tag.as_ref().map(|tag| tag.suffix.as_str());
                if let Some(tag) = tag
                    && !tag.is_yaml_core_schema()
                {
                    let (handle, suffix) = (&tag.handle, &tag.suffix);
                    let told =
                        format!("the tag {handle}{suffix} cannot be resolved here: write what it stands for");
                    return Err(wrong(mark, &told));
                }
                let is_text = *style != ScalarStyle::Plain || suffix == Some("str");
                let value = if is_text || self.expects_key() {
                    Value::from(text.as_ref())
                } else {
                    plain(text).ok_or_else(|| wrong(mark, "there is no such number in JSON"))?
                };
                self.before(mark);
                self.push(&value.to_string());
                self.after();
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if self.expects_key() {
                    return Err(wrong(mark, "the name of a member must be a text"));
                }
                self.before(mark);
                let is_array = matches!(event, Event::SequenceStart(..));
                self.push(if is_array { "[" } else { "{" });
                self.open.push(if is_array { Open::Array } else { Open::Object { has_key: false } });
                self.is_first = true;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
                self.push(if matches!(event, Event::SequenceEnd) { "]" } else { "}" });
                self.after();
            }
            _ => {}
        }
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open::Object { has_key: false }))
    }

    fn before(&mut self, mark: Marker) {
        match self.open.last() {
            Some(Open::Object { has_key: true }) => self.push(":"),
            Some(_) if !self.is_first => self.push(","),
            _ => {}
        }
        self.yaml.places.push((self.column, mark.line(), mark.col() + 1));
    }

    fn after(&mut self) {
        self.is_first = false;
        if let Some(Open::Object { has_key }) = self.open.last_mut() {
            *has_key = !*has_key;
        }
    }

    fn push(&mut self, text: &str) {
        self.column += text.chars().count();
        self.yaml.json.push_str(text);
    }
}

/// What a text without quotes is, by the core schema of YAML 1.2. `None` if JSON cannot say it.
fn plain(text: &str) -> Option<Value> {
    let radix = |prefix: &str, radix| {
        let digits = text.strip_prefix(prefix).filter(|digits| digits.starts_with(char::is_alphanumeric))?;
        i64::from_str_radix(digits, radix).ok()
    };
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" => return Some(true.into()),
        "false" | "False" | "FALSE" => return Some(false.into()),
        _ => {}
    }
    let lower = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    if matches!(lower.as_str(), ".inf" | ".nan") {
        return None;
    }
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(number.into());
    }
    // A number as it is spelt, where JSON spells it so; else by its value.
    if let Ok(number) = serde_json::from_str::<Number>(text) {
        return Some(Value::Number(number));
    }
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))
        && text.contains(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'));
    let number = is_number.then(|| text.parse::<f64>().ok()).flatten();
    match number {
        Some(number) if number.fract() == 0.0 && number.abs() < 1e15 => Some((number as i64).into()),
        Some(number) => Number::from_f64(number).map(Value::Number),
        None => Some(text.into()),
    }
}

fn wrong(mark: Marker, message: &str) -> Box<Problem> {
    Box::new(Problem {
        code: Code::InvalidJson,
        line: mark.line(),
        column: mark.col() + 1,
        location: None,
        message: message.to_owned(),
        value: None,
        verbatim: None,
        expected: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(yaml: &str, expected: Value) {
        let json = to_json(yaml).unwrap_or_else(|problem| panic!("{yaml}: {problem}")).json;
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), expected, "{yaml}");
    }

    #[test]
    fn yaml_is_the_json_that_it_stands_for() {
        check(
            "a: 1\nb: [x, 'y', \"z\", 2.5, true, ~]\n",
            json!({"a": 1, "b": ["x", "y", "z", 2.5, true, null]}),
        );
        check("- a:\n    b: c\n- d\n", json!([{"a": {"b": "c"}}, "d"]));
        check(
            "a: &x {n: 1}\nb: *x\nc: [*x, *x]",
            json!({"a": {"n": 1}, "b": {"n": 1}, "c": [{"n": 1}, {"n": 1}]}),
        );
        check("t: |\n  two\n  lines\nf: >\n  one\n  line\n", json!({"t": "two\nlines\n", "f": "one line\n"}));
        check("true: no\n1: 0x1F\n", json!({"true": "no", "1": 31}));
        check(
            "[1e3, .5, +7, 010, 2016-03-14, '1', !!str 1]",
            serde_json::from_str(r#"[1e3, 0.5, 7, 10, "2016-03-14", "1", "1"]"#).unwrap(),
        );
        check("{\"json\": [\"is\", \"yaml\"]}", json!({"json": ["is", "yaml"]}));
    }

    #[test]
    fn what_cannot_be_said_in_json_is_told_with_its_place() {
        for (yaml, line, column, told) in [
            ("a: 1\nb: !Sub x\n", 2, 4, "the tag !Sub cannot be resolved here"),
            ("a: .inf\n", 1, 4, "there is no such number in JSON"),
            ("? [x]\n: 1\n", 1, 3, "the name of a member must be a text"),
            ("a: 1\n---\nb: 2\n", 2, 1, "there is more than one document"),
            ("a: [1\n", 2, 1, "the text is no YAML"),
        ] {
            let problem = to_json(yaml).unwrap_err();
            assert!(problem.message.contains(told), "{yaml}: {problem}");
            assert_eq!((problem.line, problem.column), (line, column), "{yaml}: {problem}");
        }
        let laughs: String = (1..40).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1)).collect();
        let problem = to_json(&format!("a0: &a0 x\n{laughs}")).unwrap_err();
        assert!(problem.message.contains("too large"), "{problem}");
    }
}
