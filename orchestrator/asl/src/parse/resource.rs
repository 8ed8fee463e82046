//! Reading what a Task calls, and the arguments of the calls that are known.

use super::builder::{Builder, Place};
use super::fields::{Field, Fields};
use super::services::{is_offered, nearest_action, required_arguments};
use super::words;
use crate::nearest::hint;
use crate::problem::Code;
use crate::resource::{LAMBDA_INVOKE, Pattern, Resource, ResourceKind, function_name};

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
        if self.express {
            self.express_resource(field, &resource);
        }
        if let Some(integration) = resource.kind.integration() {
            let is_invoke = &*integration.service == "lambda";
            if let Some(arguments) = self.arguments(fields, is_invoke) {
                self.required(&arguments, required_arguments(integration));
                if is_invoke {
                    self.lambda_invoke(&arguments);
                }
            }
        } else if let Some(name) = function_name(text) {
            self.names_function(field, name);
        }
        Some(resource)
    }

    /// Reports a resource that only tasks of Standard executions can call.
    fn express_resource(&mut self, field: &Field<'_>, resource: &Resource) {
        let message = match &resource.kind {
            ResourceKind::Activity => words::NO_EXPRESS_ACTIVITY.to_owned(),
            ResourceKind::Function => return,
            ResourceKind::Integration(integration) => match integration.pattern {
                Pattern::RequestResponse => return,
                Pattern::Sync => words::no_express_pattern(".sync"),
                Pattern::WaitForTaskToken => words::no_express_pattern(".waitForTaskToken"),
            },
        };
        field.wrong(&mut self.report, message, Some("a call whose answer is its result".to_owned()));
    }

    /// The arguments of a call, as far as they are written out; they are read with the data flow.
    fn arguments<'n>(&mut self, fields: &Fields<'n>, is_invoke: bool) -> Option<Fields<'n>> {
        let field = fields.get(if self.is_jsonata() { "Arguments" } else { "Parameters" });
        if field.is_none() && is_invoke {
            let expected = Some(format!("it among the arguments of {LAMBDA_INVOKE}"));
            fields.wrong(&mut self.report, words::missing_argument("FunctionName"), expected);
        }
        let field = field.filter(|field| !self.looks_jsonata(field))?;
        field.members(&mut self.report)
    }

    /// Reports those of the arguments that are neither given nor computed.
    fn required(&mut self, arguments: &Fields<'_>, names: &[&str]) {
        for name in names {
            let is_computed = !self.is_jsonata() && arguments.get(&format!("{name}.$")).is_some();
            if !is_computed && arguments.get(name).is_none() {
                arguments.wrong(&mut self.report, words::missing_argument(name), None);
            }
        }
    }

    /// Checks the arguments of `lambda:invoke`.
    fn lambda_invoke(&mut self, arguments: &Fields<'_>) {
        for (member, _) in arguments.iter() {
            let key = member.key.as_str();
            let name = if self.is_jsonata() { key } else { key.strip_suffix(".$").unwrap_or(key) };
            if !INVOKE.contains(&name) {
                let (message, expected) = (words::unsupported_argument(key), Some(hint(name, INVOKE)));
                let location = Some(arguments.location.as_str());
                self.report.add(Code::Schema, member.at, location, message, None, expected);
            }
        }
        if let Some(name) = arguments.get("FunctionName").filter(|name| !self.looks_jsonata(name))
            && let Some(text) = name.string(&mut self.report)
        {
            self.names_function(&name, function_name(text).unwrap_or(text));
        }
        if let Some(field) = arguments.get("InvocationType").filter(|field| !self.looks_jsonata(field)) {
            field.one_of(&mut self.report, &["RequestResponse", "Event", "DryRun"]);
        }
    }

    fn names_function(&mut self, field: &Field<'_>, name: &str) {
        let place = Place { at: field.node.at, location: field.location.clone() };
        self.functions.push((place, name.to_owned()));
    }
}
