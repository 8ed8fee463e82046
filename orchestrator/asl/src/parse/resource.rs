//! Reading what a Task calls.

use super::Builder;
use super::fields::{Field, Fields};
use crate::json::Kind;
use crate::problem::nearest;
use crate::syntax::{Invocation, InvocationKind, Resource};

const LAMBDA_INVOKE: &str = "arn:aws:states:::lambda:invoke";
const FUNCTION_ARN: &str = "arn:aws:lambda:";

impl Builder<'_> {
    pub(super) fn resource(&mut self, fields: &mut Fields<'_>) -> Option<Resource> {
        let field = fields.require("Resource", &mut self.report, "the ARN of a function")?;
        let text = field.string(&mut self.report)?;
        if text == LAMBDA_INVOKE {
            return self.invocation(fields).map(|invocation| Resource::LambdaInvoke(Box::new(invocation)));
        }
        let Some(name) = function_name(text) else {
            let expected = format!("{FUNCTION_ARN}<region>:<account>:function:<name>, or {LAMBDA_INVOKE}");
            field.wrong(&mut self.report, "this resource is not supported", Some(expected));
            return None;
        };
        self.known_function(&field, name);
        Some(Resource::Function { arn: text.to_owned(), name: name.to_owned() })
    }

    /// `Parameters` of `lambda:invoke`: they address the call itself.
    fn invocation(&mut self, fields: &mut Fields<'_>) -> Option<Invocation> {
        let what = "an object with \"FunctionName\" and \"Payload\"";
        let field = fields.require("Parameters", &mut self.report, what)?;
        let mut parameters = field.object(&mut self.report)?;
        let function = parameters.one_of(&["FunctionName", "FunctionName.$"], &mut self.report);
        if let Some((0, field)) = &function
            && let Some(text) = field.string(&mut self.report)
        {
            self.known_function(field, function_name(text).unwrap_or(text));
        }
        if function.is_none() {
            parameters.missing(
                &mut self.report,
                "the field 'FunctionName' is missing",
                "the name or ARN of a function",
            );
        }
        let function = function.and_then(|(place, field)| self.argument(place, &field));
        let payload = parameters.one_of(&["Payload", "Payload.$"], &mut self.report);
        let payload = payload.and_then(|(place, field)| self.argument(place, &field));
        let kind = match parameters.take("InvocationType") {
            None => InvocationKind::RequestResponse,
            Some(field) => match field.string(&mut self.report)? {
                "RequestResponse" => InvocationKind::RequestResponse,
                "Event" => InvocationKind::Event,
                _ => {
                    let expected = Some("\"RequestResponse\" or \"Event\"".to_owned());
                    field.wrong(&mut self.report, "an unknown way of calling a function", expected);
                    return None;
                }
            },
        };
        parameters.close(&mut self.report, LAMBDA_INVOKE, &[]);
        Some(Invocation { function: function?, payload, kind })
    }

    fn argument(&mut self, place: usize, field: &Field<'_>) -> Option<crate::template::Template> {
        match place {
            0 => Some(self.template(field)),
            _ => self.expression(field).map(crate::template::Template::Dynamic),
        }
    }

    fn known_function(&mut self, field: &Field<'_>, name: &str) {
        if self.functions.contains(name) || !matches!(field.node.kind, Kind::String(_)) {
            return;
        }
        let known = self.functions.iter().map(String::as_str);
        let expected = match nearest(name, known.clone()) {
            Some(near) => {
                format!("did you mean '{near}'? Known functions: {}", known.collect::<Vec<_>>().join(", "))
            }
            None => format!("one of {}", known.collect::<Vec<_>>().join(", ")),
        };
        field.wrong(&mut self.report, format!("there is no function '{name}'"), Some(expected));
    }
}

/// The name in the ARN of a function: `arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]`.
pub fn function_name(arn: &str) -> Option<&str> {
    let mut parts = arn.strip_prefix(FUNCTION_ARN)?.split(':');
    let (_region, _account, function) = (parts.next()?, parts.next()?, parts.next()?);
    let name = parts.next()?;
    (function == "function" && !name.is_empty()).then_some(name)
}
