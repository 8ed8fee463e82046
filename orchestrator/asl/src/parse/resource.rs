//! Reading what a Task calls.

use super::builder::Builder;
use super::fields::{Field, Fields};
use crate::resource::{FUNCTION_ARN, LAMBDA_INVOKE, Resource, function_name};

impl Builder<'_> {
    pub(super) fn resource(&mut self, fields: &mut Fields<'_>) -> Option<Resource> {
        let field = fields.require("Resource", &mut self.report, "the ARN of a function")?;
        let text = field.string(&mut self.report)?;
        let Some(resource) = Resource::parse(text) else {
            let expected = format!("{FUNCTION_ARN}<region>:<account>:function:<name>, or {LAMBDA_INVOKE}");
            field.wrong(&mut self.report, "this resource is not supported", Some(expected));
            return None;
        };
        if text == LAMBDA_INVOKE {
            self.lambda_invoke(fields)?;
        } else if let Some(name) = function_name(text) {
            self.names_function(&field, name);
        }
        Some(resource)
    }

    /// Checks the `Parameters` of `lambda:invoke`, which are the arguments of the call; they are read with the data flow.
    fn lambda_invoke(&mut self, fields: &mut Fields<'_>) -> Option<()> {
        let what = "an object with \"FunctionName\" and \"Payload\"";
        let field = fields.require("Parameters", &mut self.report, what)?;
        let mut parameters = field.members(&mut self.report)?;
        match parameters.one_of(&["FunctionName", "FunctionName.$"], &mut self.report) {
            Some((0, field)) => {
                if let Some(text) = field.string(&mut self.report) {
                    self.names_function(&field, function_name(text).unwrap_or(text));
                }
            }
            Some(_) => {}
            None => {
                let message = "the field 'FunctionName' is missing";
                parameters.missing(&mut self.report, message, "the name or ARN of a function");
            }
        }
        parameters.one_of(&["Payload", "Payload.$"], &mut self.report);
        if let Some(field) = parameters.take("InvocationType")
            && !matches!(field.string(&mut self.report)?, "RequestResponse" | "Event")
        {
            let expected = Some("\"RequestResponse\" or \"Event\"".to_owned());
            field.wrong(&mut self.report, "an unknown way of calling a function", expected);
            return None;
        }
        parameters.close(&mut self.report, LAMBDA_INVOKE, &[]);
        Some(())
    }

    fn names_function(&mut self, field: &Field<'_>, name: &str) {
        self.functions.push((field.node.at, field.pointer.clone(), name.to_owned()));
    }
}
