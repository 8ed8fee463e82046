//! Whether something could be the result of a call: what TestState asks of a mock.

use serde_json::Value;

use crate::action::Action;
use crate::model::{Flags, Kind, Ref, Service};
use crate::names;

/// Whether members that the model requires have to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// They have.
    Required,
    /// What is there has to be right.
    Any,
}

/// The names that a result has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// Those of the AWS SDK; bytes are text.
    Sdk,
    /// The model's, as the optimised integrations have them; `Payload` and `Body` may be any JSON where they are bytes.
    Model,
}

impl Action {
    /// Whether the action could come to that result. Members that the model does not have are passed over, and so are the values of
    /// enums, of which AWS knows newer ones.
    ///
    /// # Errors
    /// The first thing that is wrong, in AWS's words.
    pub fn check_result(&self, result: &Value, naming: Naming, presence: Presence) -> Result<(), String> {
        let Some(output) = self.output() else { return Ok(()) };
        Checker { service: self.service(), naming, presence }.value(output, result, "")
    }
}

struct Checker {
    service: &'static Service,
    naming: Naming,
    presence: Presence,
}

impl Checker {
    fn value(&self, at: Ref, value: &Value, path: &str) -> Result<(), String> {
        let within = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let must_be = |what: &str| Err(format!("Field '{path}' must be {what}"));
        match (&self.service.shape(at).kind, value) {
            (Kind::Structure(structure), _) if structure.is_document => Ok(()),
            (Kind::Structure(structure), Value::Object(object)) => {
                structure.members.iter().try_for_each(|member| {
                    let name = match self.naming {
                        Naming::Sdk => member.sdk_name.to_string(),
                        Naming::Model => names::capital(member.name),
                    };
                    let is_needed =
                        self.presence == Presence::Required && member.at.flags.has(Flags::REQUIRED);
                    match object.get(&name).filter(|value| !value.is_null()) {
                        Some(value) => self.value(member.at, value, &within(&name)),
                        None if is_needed => Err(format!("Field '{}' is required", within(&name))),
                        None => Ok(()),
                    }
                })
            }
            (Kind::List(of), Value::Array(list)) => {
                let mut elements = list.iter().enumerate().filter(|(_, element)| !element.is_null());
                elements
                    .try_for_each(|(index, element)| self.value(*of, element, &format!("{path}[{index}]")))
            }
            (Kind::Map(_, of), Value::Object(object)) => {
                let mut elements = object.iter().filter(|(_, element)| !element.is_null());
                elements.try_for_each(|(name, element)| self.value(*of, element, &within(name)))
            }
            (Kind::Text | Kind::Blob | Kind::Timestamp, Value::String(_))
            | (Kind::Boolean, Value::Bool(_))
            | (Kind::Float | Kind::Double, Value::Number(_)) => Ok(()),
            (Kind::Integer | Kind::Long, Value::Number(number)) if number.is_i64() || number.is_u64() => {
                Ok(())
            }
            // What a function or a model answers is JSON to an optimised integration.
            (Kind::Blob, _) if self.naming == Naming::Model && ["Payload", "Body"].contains(&path) => Ok(()),
            (Kind::Structure(_) | Kind::Map(..), _) => must_be("an object"),
            (Kind::List(_), _) => must_be("an array"),
            (Kind::Text | Kind::Blob | Kind::Timestamp, _) => must_be("a string"),
            (Kind::Boolean, _) => must_be("a boolean"),
            (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, _) => must_be("a number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::service;

    fn wrong(place: (&str, &str), result: Value, naming: Naming, presence: Presence) -> Option<String> {
        let action = service(place.0).unwrap().action(place.1).unwrap();
        action.check_result(&result, naming, presence).err()
    }

    #[test]
    fn a_result_has_the_types_of_its_model() {
        let of = |result| wrong(("dynamodb", "getItem"), result, Naming::Sdk, Presence::Required);
        assert_eq!(of(json!({"Item": {"Id": {"S": "1"}, "Paid": {"Bool": true}}, "New": 1})), None);
        assert_eq!(
            of(json!({"Item": {"Id": {"S": 1}}})).as_deref(),
            Some("Field 'Item.Id.S' must be a string")
        );
        assert_eq!(of(json!({"Item": []})).as_deref(), Some("Field 'Item' must be an object"));
        assert_eq!(
            of(json!({"Item": {"L": {"L": [{"Bool": "x"}]}}})).as_deref(),
            Some("Field 'Item.L.L[0].Bool' must be a boolean")
        );
        assert_eq!(of(json!("x")).as_deref(), Some("Field '' must be an object"));
    }

    #[test]
    fn an_optimised_integration_has_the_names_of_the_model() {
        let of = |result, naming| wrong(("dynamodb", "getItem"), result, naming, Presence::Required);
        let bool_of_the_model = json!({"Item": {"Paid": {"BOOL": 1}}});
        assert_eq!(of(bool_of_the_model.clone(), Naming::Sdk), None, "it knows no such member");
        assert_eq!(
            of(bool_of_the_model, Naming::Model).as_deref(),
            Some("Field 'Item.Paid.BOOL' must be a boolean")
        );
        let invoked = |result, naming| wrong(("lambda", "invoke"), result, naming, Presence::Required);
        assert_eq!(invoked(json!({"Payload": {"a": 1}}), Naming::Model), None);
        let bytes = json!({"Item": {"B": {"B": 5}}});
        assert_eq!(of(bytes, Naming::Model).as_deref(), Some("Field 'Item.B.B' must be a string"));
        let fraction = json!({"StatusCode": 200.5});
        assert_eq!(invoked(fraction, Naming::Model).as_deref(), Some("Field 'StatusCode' must be a number"));
        assert_eq!(
            invoked(json!({"Payload": {"a": 1}}), Naming::Sdk).as_deref(),
            Some("Field 'Payload' must be a string")
        );
    }

    #[test]
    fn what_is_required_has_to_be_there_only_strictly() {
        let of =
            |presence| wrong(("sfn", "startExecution"), json!({"ExecutionArn": "e"}), Naming::Sdk, presence);
        assert_eq!(of(Presence::Required).as_deref(), Some("Field 'StartDate' is required"));
        assert_eq!(of(Presence::Any), None);
    }
}
