//! What Jayway's JsonPath 2.0 answers, held against what is answered here. Where the two differ the case says so, and why.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Path;
use crate::random::Random;
use crate::scope::{Context, Scope};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    data: Map<String, Value>,
    cases: Vec<Case>,
}

/// A path, the name of the data, and what came of it: a value, an error, or a refusal to compile it (whose text is Java's).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    data: String,
    path: String,
    #[serde(default, deserialize_with = "given")]
    gives: Option<Value>,
    fails: Option<String>,
    refused: Option<String>,
    /// What is answered here in its place; `null`: it is refused.
    #[serde(default, deserialize_with = "given")]
    ours: Option<Value>,
    /// The reason for answering something else.
    why: Option<String>,
}

/// A value that is there: `null` is one.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What is answered: a value, the text of an error, or `None` if the path is refused.
fn answer(path: &str, data: &Value) -> Option<Result<Value, String>> {
    let path = Path::parse(path).ok()?;
    let build = || json!({});
    let (context, random) = (Context::new(&build), Random::new(0, 0));
    let scope = Scope::of(data, &context, &random);
    Some(path.select(&scope).map(std::borrow::Cow::into_owned).map_err(|error| error.to_string()))
}

/// The text without the value that it shows at its end: Java writes objects in a way of its own.
fn without_context(text: &str) -> &str {
    text.split("Current context is:").next().unwrap_or(text)
}

impl Case {
    fn wrong(&self, data: &Map<String, Value>) -> Option<String> {
        let answered = answer(&self.path, &data[&self.data]);
        let is_right = match (&self.ours, &answered) {
            (Some(Value::Null), answered) => answered.is_none(),
            (Some(ours), answered) => *answered == Some(Ok(ours.clone())),
            (None, None) => self.refused.is_some(),
            (None, Some(Ok(value))) => self.gives.as_ref() == Some(value),
            (None, Some(Err(text))) => {
                let fails = self.fails.as_deref().map(without_context);
                fails == Some(without_context(text))
            }
        };
        let differs = self.ours.is_some() == self.why.is_some();
        (!is_right || !differs).then(|| {
            let (gives, fails, refused) = (&self.gives, &self.fails, &self.refused);
            format!("{}\n  {answered:?}\n  {gives:?} {fails:?} {refused:?}", self.path)
        })
    }
}

#[test]
fn every_path_is_answered_as_jayway_answers_it() {
    let table: Table = serde_json::from_str(include_str!("../../tests/jayway.json")).unwrap();
    let wrong: Vec<String> = table.cases.iter().filter_map(|case| case.wrong(&table.data)).collect();
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), table.cases.len(), wrong.join("\n"));
    assert!(table.cases.len() > 250);
}
