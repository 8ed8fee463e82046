//! Where the state stands: the execution that it would be part of, and the context object that is given for it.

use api::Failure;
use engine::Identity;
use serde_json::{Map, Value};

use super::refused::refused;
use crate::arn::{Arn, Resource};
use crate::service::Service;

/// What the machine and its execution are called, unless the context object says otherwise.
const NAME: &str = "TestState";

/// The execution that the state would be part of.
pub(super) fn identity(service: &Service, role_arn: Option<&str>) -> Identity {
    let arn = |resource| Arn { scope: service.home().clone(), resource }.to_string();
    let (machine, name) = (NAME.to_owned(), service.fresh_id().to_string());
    Identity {
        execution_arn: arn(Resource::Execution { machine: machine.clone(), name: name.clone() }),
        name,
        machine_arn: arn(Resource::Machine { machine: machine.clone(), label: None }),
        machine_name: machine,
        role_arn: role_arn.unwrap_or_default().to_owned(),
        version_arn: None,
        alias_arn: None,
        token_key: None,
    }
}

/// What a section of the context object has.
struct Section {
    name: &'static str,
    texts: &'static [&'static str],
    counts: &'static [&'static str],
}

/// The context object of AWS's documentation.
const SECTIONS: [Section; 5] = [
    Section {
        name: "Execution",
        texts: &["Id", "Name", "RoleArn", "StartTime", "RedriveTime"],
        counts: &["RedriveCount"],
    },
    Section { name: "State", texts: &["EnteredTime", "Name"], counts: &["RetryCount"] },
    Section { name: "StateMachine", texts: &["Id", "Name"], counts: &[] },
    Section { name: "Task", texts: &["Token"], counts: &[] },
    Section { name: "Map", texts: &[], counts: &[] },
];

/// Whether that can be a context object.
///
/// # Errors
/// `ValidationException`, with the member that cannot be in one.
pub(super) fn check(context: &Map<String, Value>) -> Result<(), Failure> {
    for (name, section) in context {
        let Some(known) = SECTIONS.iter().find(|known| known.name == name) else {
            return Err(refused(format!(
                "context is not a valid Context object: '{name}' is not part of one"
            )));
        };
        let Value::Object(section) = section else {
            return Err(refused(format!(
                "context is not a valid Context object: '{name}' must be an object"
            )));
        };
        let wrong = |member: &str, kind: &str| {
            refused(format!("context is not a valid Context object: '{name}.{member}' must be a {kind}"))
        };
        for (member, value) in section {
            if known.texts.contains(&member.as_str()) && !value.is_string() {
                return Err(wrong(member, "string"));
            }
            if known.counts.contains(&member.as_str()) && !value.is_u64() {
                return Err(wrong(member, "number"));
            }
        }
    }
    Ok(())
}
