//! The state that is tested: given by itself, or named in a machine.

use api::{ErrorKind, Failure};
use asl::syntax::{Definition, State};
use asl::{Problem, Problems};
use serde_json::Value;

use super::refused::refused;
use crate::failures::declared;

/// What a state that is given by itself is called.
const NAME: &str = "TestState";

/// The state that is tested, in a definition that holds it.
#[derive(Debug)]
pub(super) struct Tested {
    definition: Definition,
    name: String,
}

impl Tested {
    /// Reads the definition of a state or, with a state's name, of a machine.
    ///
    /// # Errors
    /// `InvalidDefinition`; `ValidationException` if the machine has no state of that name.
    pub(super) fn read(text: &str, name: Option<&str>) -> Result<Self, Failure> {
        let Some(name) = name else { return Self::by_itself(text) };
        let definition = asl::parse(text).map_err(|problems| invalid(&problems))?;
        if definition.state_named(name).is_none() {
            return Err(refused(format!("State '{name}' is not found in the definition")));
        }
        Ok(Self { definition, name: name.to_owned() })
    }

    /// A state by itself becomes a machine with it: where it leads to there is a state that ends.
    fn by_itself(text: &str) -> Result<Self, Failure> {
        let Ok(state) = serde_json::from_str::<Value>(text) else {
            return Err(invalid(&asl::parse(text).err().unwrap_or_else(|| unreadable(text))));
        };
        let mut others = String::new();
        for target in targets(&state) {
            // A string can always be written.
            others += &format!(r#","{}":{{"Type":"Pass","End":true}}"#, escaped(&target));
        }
        let machine = format!(r#"{{"StartAt":"{NAME}","States":{{"{NAME}":{text}{others}}}}}"#);
        let definition = asl::parse(&machine).map_err(|problems| invalid(&problems.each(relocate)))?;
        Ok(Self { definition, name: NAME.to_owned() })
    }

    pub(super) fn definition(&self) -> &Definition {
        &self.definition
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The state itself.
    pub(super) fn state(&self) -> Result<&State, Failure> {
        let gone = || Failure::Internal("a state that was found is not there".to_owned());
        self.definition.state_named(&self.name).ok_or_else(gone)
    }
}

/// Text that one reader takes for JSON and the other does not.
fn unreadable(text: &str) -> Problems {
    let problem = Problem {
        code: asl::Code::InvalidJson,
        line: 1,
        column: 1,
        location: None,
        message: format!("The definition of {} bytes is not valid JSON", text.len()),
        value: None,
        verbatim: None,
        expected: None,
    };
    Problems::one(problem)
}

/// The names of the states that the state leads to, each once; not those within its branches.
fn targets(state: &Value) -> Vec<String> {
    let list = |field: &str| state.get(field).and_then(Value::as_array).into_iter().flatten();
    let rules = list("Choices").chain(list("Catch")).filter_map(|rule| rule.get("Next"));
    let own = ["Next", "Default"].into_iter().filter_map(|field| state.get(field));
    let mut names: Vec<String> =
        own.chain(rules).filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| name != NAME && !name.is_empty());
    names
}

/// A text as it stands between quotes in JSON.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Says where a problem is in the state, rather than in the machine that was made of it.
fn relocate(problem: &mut Problem) {
    if let Some(location) = &mut problem.location
        && let Some(rest) = location.strip_prefix("/States/TestState")
    {
        *location = if rest.is_empty() { "/".to_owned() } else { rest.to_owned() };
    }
}

/// `InvalidDefinition`, with all that is wrong.
fn invalid(problems: &Problems) -> Failure {
    let told = problems.as_slice().iter().map(|problem| {
        let place = problem.location.as_ref().map(|location| format!(" at {location}")).unwrap_or_default();
        format!("{}: {}{place}", problem.code, problem.aws_message())
    });
    let told = told.collect::<Vec<_>>().join(", ");
    declared(ErrorKind::InvalidDefinition, format!("Invalid State Machine Definition: '{told}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_may_lead_anywhere() {
        let text = r#"{"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "A \"b\""}],
                       "Default": "TestState"}"#;
        let tested = Tested::read(text, None).unwrap();
        assert!(tested.definition().state_named("A \"b\"").is_some());
        assert_eq!(tested.state().unwrap().kind.type_name(), "Choice");
    }

    #[test]
    fn problems_are_told_where_they_are_in_the_state() {
        let why = |text: &str, name| Tested::read(text, name).unwrap_err().body()["message"].to_string();
        let wrong = why(r#"{"Type": "Pass", "End": 1}"#, None);
        assert!(wrong.contains("SCHEMA_VALIDATION_FAILED: ") && wrong.contains(" at /End"), "{wrong}");
        let wrong = why("[]", None);
        assert!(wrong.contains(" at /'"), "{wrong}");
        let wrong = why("{", None);
        assert!(wrong.contains("INVALID_JSON_DESCRIPTION: Unexpected end-of-input"), "{wrong}");
    }
}
