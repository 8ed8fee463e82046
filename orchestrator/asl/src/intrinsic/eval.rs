//! What the functions do.

use serde_json::{Map, Value};

use super::arguments::Arguments;
use super::call::{Argument, Call, Function};
use super::{array, base64, math, text};
use crate::cause;
use crate::error::{self, RuntimeError};
use crate::path::PathError;
use crate::random::Random;
use crate::scope::Scope;

impl Call {
    /// The value of the call.
    ///
    /// # Errors
    /// `States.Runtime` if a path selects nothing, or the function cannot work with its arguments.
    pub fn eval(&self, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
        let arguments = self.arguments.iter().map(|argument| match argument {
            Argument::Literal(value) => Ok(value.clone()),
            Argument::OpenEscape => {
                let why = "'\\' stands only before \"'\", '{', '}' or '\\'";
                Err(RuntimeError::new(error::INTRINSIC_FAILURE, cause::function_failed(&self.source, why)))
            }
            Argument::Call(call) => call.eval(scope),
            Argument::Path(path) => {
                let selected = path.select(scope).map_err(|why| {
                    let reason = match why {
                        PathError::TooManySteps => why.to_string(),
                        _ => cause::argument_not_found(path, scope.data),
                    };
                    RuntimeError::new(error::RUNTIME, cause::function_failed(&self.source, reason))
                })?;
                scope.copied(selected, path.is_definite())
            }
        });
        let arguments = Arguments::new(arguments.collect::<Result<_, _>>()?);
        apply(self.function, arguments, scope.random)
            .map_err(|why| RuntimeError::new(error::RUNTIME, cause::function_failed(&self.source, why)))
    }
}

fn apply(function: Function, mut arguments: Arguments, random: &Random) -> Result<Value, String> {
    match function {
        Function::Format => text::format(arguments),
        Function::StringToJson => {
            let text = arguments.string()?;
            serde_json::from_str(&text).map_err(|error| format!("the text is not JSON: {error}"))
        }
        Function::JsonToString => Ok(Value::String(arguments.any().to_string())),
        Function::Array => Ok(Value::Array(arguments.all())),
        Function::ArrayPartition => array::partition(arguments.array()?, arguments.integer()?),
        Function::ArrayContains => {
            let array = arguments.array()?;
            Ok(Value::Bool(array::contains(&array, &arguments.any())))
        }
        Function::ArrayRange => {
            array::range(arguments.integer()?, arguments.integer()?, arguments.integer()?)
        }
        Function::ArrayGetItem => array::item(arguments.array()?, arguments.integer()?),
        Function::ArrayLength => Ok(Value::from(arguments.array()?.len())),
        Function::ArrayUnique => Ok(Value::Array(array::unique(arguments.array()?))),
        Function::Base64Encode => {
            Ok(Value::String(base64::encode(arguments.string_up_to(text::TEXT_CHARS_MAX)?.as_bytes())))
        }
        Function::Base64Decode => {
            let bytes = base64::decode(&arguments.string_up_to(text::TEXT_CHARS_MAX)?);
            String::from_utf8(bytes.ok_or("the text is not Base64")?)
                .map(Value::String)
                .map_err(|_| "the decoded bytes are not UTF-8".to_owned())
        }
        Function::Hash => text::hash(&arguments.any(), &arguments.string()?),
        Function::JsonMerge => merge(arguments.object()?, arguments.object()?, &arguments.any()),
        Function::MathRandom => {
            math::random(arguments.integer()?, arguments.integer()?, arguments.next(), random)
        }
        Function::MathAdd => math::add(arguments.integer()?, arguments.integer()?),
        Function::StringSplit => Ok(text::split(&arguments.string()?, &arguments.string()?)),
        Function::Uuid => Ok(Value::String(random.next_uuid())),
    }
}

/// The members of both objects; of two with the same name the second.
fn merge(mut left: Map<String, Value>, right: Map<String, Value>, deep: &Value) -> Result<Value, String> {
    if *deep != Value::Bool(false) {
        return Err(
            "only shallow merging is part of the language: the third argument must be false".to_owned()
        );
    }
    left.extend(right);
    Ok(Value::Object(left))
}
