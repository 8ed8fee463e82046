//! Reading what a Task calls, and the arguments of the calls that are known.

use super::builder::{Builder, Place};
use super::fields::{Field, Fields};
use super::services::{is_offered, nearest_action};
use super::words;
use crate::resource::{LAMBDA_INVOKE, Resource, function_name};

/// What `lambda:invoke` takes.
const INVOKE: [&str; 6] =
    ["FunctionName", "Payload", "InvocationType", "ClientContext", "LogType", "Qualifier"];

impl Builder<'_> {
    pub(super) fn resource(&mut self, field: &Field<'_>, fields: &Fields<'_>) -> Option<Resource> {
        let text = field.string(&mut self.report)?;
        let Some(resource) = Resource::parse(text) else {
            let expected =
                "the ARN of a function, of an activity, or of an action: arn:aws:states:::service:action";
            field.wrong(&mut self.report, words::NO_ARN, Some(expected.to_owned()));
            return None;
        };
        if let Some(integration) = resource.kind.integration()
            && !is_offered(integration)
        {
            let expected = nearest_action(integration);
            field.wrong(&mut self.report, words::unknown_resource(text), expected);
            return None;
        }
        if resource.kind.integration().is_some_and(|it| &*it.service == "lambda") {
            self.lambda_invoke(fields);
        } else if let Some(name) = function_name(text) {
            self.names_function(field, name);
        }
        Some(resource)
    }

    /// Checks the arguments of `lambda:invoke`; they are read with the data flow. Those that are computed as a whole are not
    /// known.
    fn lambda_invoke(&mut self, fields: &Fields<'_>) -> Option<()> {
        let is_jsonata = self.is_jsonata();
        let Some(field) = fields.get(if is_jsonata { "Arguments" } else { "Parameters" }) else {
            let message = words::missing_argument("FunctionName");
            fields.wrong(
                &mut self.report,
                message,
                Some(format!("it among the arguments of {LAMBDA_INVOKE}")),
            );
            return None;
        };
        if self.looks_jsonata(&field) {
            return None;
        }
        let arguments = field.members(&mut self.report)?;
        for (member, _) in arguments.iter() {
            let key = member.key.as_str();
            let name = if is_jsonata { key } else { key.strip_suffix(".$").unwrap_or(key) };
            if !INVOKE.contains(&name) {
                let expected = crate::nearest::hint(name, INVOKE);
                let message = words::unsupported_argument(key);
                let location = Some(field.location.as_str());
                let code = crate::problem::Code::Schema;
                self.report.add(code, member.at, location, message, None, Some(expected));
            }
        }
        match (arguments.get("FunctionName"), arguments.get("FunctionName.$")) {
            (Some(name), _) if self.looks_jsonata(&name) => {}
            (Some(name), _) => {
                let text = name.string(&mut self.report)?;
                self.names_function(&name, function_name(text).unwrap_or(text));
            }
            (None, Some(_)) if !is_jsonata => {}
            (None, _) => {
                arguments.wrong(&mut self.report, words::missing_argument("FunctionName"), None);
            }
        }
        if let Some(field) = arguments.get("InvocationType")
            && !self.looks_jsonata(&field)
        {
            field.one_of(&mut self.report, &["RequestResponse", "Event", "DryRun"]);
        }
        Some(())
    }

    fn names_function(&mut self, field: &Field<'_>, name: &str) {
        let place = Place { at: field.node.at, location: field.location.clone() };
        self.functions.push((place, name.to_owned()));
    }
}
