//! What the functions do.

use serde_json::{Map, Value};

use super::base64;
use super::call::{Argument, Call, Function};
use crate::error::{self, RuntimeError};
use crate::random::Random;
use crate::scope::Scope;

/// Most elements that `States.ArrayRange` makes.
const RANGE_LEN_MAX: i64 = 1000;

impl Call {
    /// The value of the call.
    ///
    /// # Errors
    /// `States.ParameterPathFailure` if a path selects nothing, `States.IntrinsicFailure` if the function cannot work
    /// with its arguments.
    pub fn eval(&self, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
        let arguments =
            self.arguments.iter().map(|argument| argument.eval(scope)).collect::<Result<Vec<_>, _>>()?;
        apply(self.function, arguments, scope.random).map_err(|why| {
            RuntimeError::new(error::INTRINSIC_FAILURE, format!("{}: {why}", self.function.name()))
        })
    }
}

impl Argument {
    fn eval(&self, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Path(path) => path.select(scope).map(std::borrow::Cow::into_owned).ok_or_else(|| {
                RuntimeError::new(
                    error::PARAMETER_PATH_FAILURE,
                    format!("the path '{path}' selects nothing in the input"),
                )
            }),
            Self::Call(call) => call.eval(scope),
        }
    }
}

fn apply(function: Function, arguments: Vec<Value>, random: &Random) -> Result<Value, String> {
    let mut arguments = Arguments(arguments.into_iter());
    match function {
        Function::Format => format(arguments),
        Function::StringToJson => {
            let text = arguments.string()?;
            serde_json::from_str(&text).map_err(|error| format!("the text is not JSON: {error}"))
        }
        Function::JsonToString => Ok(Value::String(arguments.any().to_string())),
        Function::Array => Ok(Value::Array(arguments.0.collect())),
        Function::ArrayPartition => partition(arguments.array()?, arguments.integer()?),
        Function::ArrayContains => {
            let array = arguments.array()?;
            Ok(Value::Bool(array.contains(&arguments.any())))
        }
        Function::ArrayRange => range(arguments.integer()?, arguments.integer()?, arguments.integer()?),
        Function::ArrayGetItem => {
            let (mut array, index) = (arguments.array()?, arguments.integer()?);
            let found = usize::try_from(index).ok().filter(|index| *index < array.len());
            found.map(|index| array.swap_remove(index)).ok_or_else(|| format!("there is no element {index}"))
        }
        Function::ArrayLength => Ok(Value::from(arguments.array()?.len())),
        Function::ArrayUnique => Ok(Value::Array(unique(arguments.array()?))),
        Function::Base64Encode => Ok(Value::String(base64::encode(arguments.string()?.as_bytes()))),
        Function::Base64Decode => {
            let bytes = base64::decode(&arguments.string()?).ok_or("the text is not Base64")?;
            String::from_utf8(bytes)
                .map(Value::String)
                .map_err(|_| "the decoded bytes are not UTF-8".to_owned())
        }
        Function::JsonMerge => merge(arguments.object()?, arguments.object()?, &arguments.any()),
        Function::MathRandom => {
            math_random(arguments.integer()?, arguments.integer()?, arguments.0.next(), random)
        }
        Function::MathAdd => {
            let sum = arguments.integer()?.checked_add(arguments.integer()?);
            sum.map(Value::from).ok_or_else(|| "the sum is out of range".to_owned())
        }
        Function::StringSplit => Ok(split(&arguments.string()?, &arguments.string()?)),
        Function::Uuid => Ok(Value::String(random.next_uuid())),
    }
}

/// The arguments, taken in order. Their number was checked when the call was compiled.
struct Arguments(std::vec::IntoIter<Value>);

impl Arguments {
    fn any(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Null)
    }

    fn string(&mut self) -> Result<String, String> {
        match self.any() {
            Value::String(text) => Ok(text),
            other => Err(format!("expected a string, found {other}")),
        }
    }

    fn array(&mut self) -> Result<Vec<Value>, String> {
        match self.any() {
            Value::Array(items) => Ok(items),
            other => Err(format!("expected an array, found {other}")),
        }
    }

    fn object(&mut self) -> Result<Map<String, Value>, String> {
        match self.any() {
            Value::Object(fields) => Ok(fields),
            other => Err(format!("expected an object, found {other}")),
        }
    }

    /// An integer; a number with a fraction is rounded, as the language has it.
    fn integer(&mut self) -> Result<i64, String> {
        let value = self.any();
        let rounded = value.as_f64().map(f64::round).filter(|n| n.abs() < 9e15).map(|n| n as i64);
        value.as_i64().or(rounded).ok_or_else(|| format!("expected an integer, found {value}"))
    }
}

fn format(mut arguments: Arguments) -> Result<Value, String> {
    let template = arguments.string()?;
    let mut text = String::with_capacity(template.len() + 16);
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&escaped @ ('{' | '}' | '\\'))) => {
                text.push(escaped);
                chars.next();
            }
            ('{', Some('}')) => {
                chars.next();
                match arguments.0.next().ok_or("there are more '{}' than arguments")? {
                    Value::String(argument) => text.push_str(&argument),
                    argument @ (Value::Array(_) | Value::Object(_)) => {
                        return Err(format!("an argument is no string, number, Boolean or null: {argument}"));
                    }
                    argument => text.push_str(&argument.to_string()),
                }
            }
            ('{' | '}', _) => return Err("a brace that is not '{}' needs a '\\' before it".to_owned()),
            (c, _) => text.push(c),
        }
    }
    if arguments.0.next().is_some() {
        Err("there are more arguments than '{}'".into())
    } else {
        Ok(Value::String(text))
    }
}

fn partition(array: Vec<Value>, size: i64) -> Result<Value, String> {
    let size =
        usize::try_from(size).ok().filter(|size| *size > 0).ok_or("the size of a part must be positive")?;
    let mut rest = array.into_iter();
    let mut parts = Vec::new();
    loop {
        let part: Vec<Value> = rest.by_ref().take(size).collect();
        if part.is_empty() {
            return Ok(Value::Array(parts));
        }
        parts.push(Value::Array(part));
    }
}

fn range(first: i64, last: i64, step: i64) -> Result<Value, String> {
    if step == 0 {
        return Err("the step must not be 0".to_owned());
    }
    let count = (i128::from(last) - i128::from(first)) / i128::from(step) + 1;
    if count > i128::from(RANGE_LEN_MAX) {
        return Err(format!("the range has more than {RANGE_LEN_MAX} elements"));
    }
    let inside = |n: &i64| if step > 0 { *n <= last } else { *n >= last };
    let numbers = std::iter::successors(Some(first), |n| n.checked_add(step)).take_while(inside);
    Ok(numbers.map(Value::from).collect())
}

fn unique(array: Vec<Value>) -> Vec<Value> {
    // Objects are the same whatever the order of their members, which their texts would show.
    let mut seen = std::collections::HashSet::new();
    array.into_iter().filter(|item| seen.insert(item.clone())).collect()
}

fn merge(mut left: Map<String, Value>, right: Map<String, Value>, deep: &Value) -> Result<Value, String> {
    if *deep != Value::Bool(false) {
        return Err(
            "only shallow merging is part of the language: the third argument must be false".to_owned()
        );
    }
    left.extend(right);
    Ok(Value::Object(left))
}

/// A number from `start` up to, not including, `end`.
fn math_random(start: i64, end: i64, seed: Option<Value>, random: &Random) -> Result<Value, String> {
    let span = end.checked_sub(start).and_then(|span| u64::try_from(span).ok()).filter(|span| *span > 0);
    let span = span.ok_or("the end must be greater than the start")?;
    let number = match seed {
        Some(seed) => {
            Random::new(seed.as_i64().ok_or("the seed must be an integer")?.cast_unsigned(), span).next_u64()
        }
        None => random.next_u64(),
    };
    Ok(Value::from(start + (number % span).cast_signed()))
}

/// Splits at each of the characters of the separator; empty parts are left out, as AWS does.
fn split(text: &str, separators: &str) -> Value {
    let parts = text.split(|c| separators.contains(c)).filter(|part| !part.is_empty());
    parts.map(Value::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::Context;
    use serde_json::json;

    fn eval(text: &str) -> Result<Value, String> {
        let data = json!({"a": "x", "n": 3, "o": {"k": 1, "m": {"p": 1}}, "q": {"m": {"r": 2}}, "list": [1, 2, 2, 3],
                          "json": "{\"k\":[1]}", "time": "11:20,30", "it's, odd)": "found"});
        let build = || json!({"Execution": {"Id": "e1"}});
        let context = Context::new(&build);
        let random = Random::new(1, 2);
        let scope = Scope::of(&data, &context, &random);
        Call::parse(text)?.eval(&scope).map_err(|error| error.cause)
    }

    fn check(text: &str, expected: Value) {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }

    fn check_error(text: &str, why: &str) {
        let error = eval(text).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }

    #[test]
    fn functions_do_what_the_language_says() {
        check("States.Format('Hello {}, {} and {}', $.a, $.n, true)", json!("Hello x, 3 and true"));
        check("States.Format('it\\'s \\{\\} {}', null)", json!("it's {} null"));
        check("States.Format('{}', $['it\\'s, odd)'])", json!("found"));
        check("States.Format('{}', $$.Execution.Id)", json!("e1"));
        check("States.StringToJson($.json)", json!({"k": [1]}));
        check("States.JsonToString($.o)", json!("{\"k\":1,\"m\":{\"p\":1}}"));
        check("States.Array()", json!([]));
        check("States.Array($.a, 'b', -1.5, States.Array(1))", json!(["x", "b", -1.5, [1]]));
        check("States.ArrayPartition($.list, 3)", json!([[1, 2, 2], [3]]));
        check("States.ArrayContains($.list, 3)", json!(true));
        check("States.ArrayRange(1, 9, 4)", json!([1, 5, 9]));
        check("States.ArrayRange(3, 1, -1)", json!([3, 2, 1]));
        check("States.ArrayGetItem($.list, 3)", json!(3));
        check("States.ArrayLength($.list)", json!(4));
        check("States.ArrayUnique($.list)", json!([1, 2, 3]));
        check("States.Base64Encode('any text')", json!("YW55IHRleHQ="));
        check("States.Base64Decode('YW55IHRleHQ=')", json!("any text"));
        check("States.JsonMerge($.o, $.q, false)", json!({"k": 1, "m": {"r": 2}}));
        check("States.MathAdd($.n, -5)", json!(-2));
        check("States.StringSplit($.time, ':,')", json!(["11", "20", "30"]));
        check("States.StringSplit($.time, ':')", json!(["11", "20,30"]));
    }

    #[test]
    fn randomness_is_a_function_of_the_seed() {
        let uuid = eval("States.UUID()").unwrap();
        assert_eq!(eval("States.UUID()").unwrap(), uuid);
        let uuid = uuid.as_str().unwrap();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        let number = eval("States.MathRandom(5, 7)").unwrap();
        assert!(number == json!(5) || number == json!(6));
        check("States.MathRandom(1, 1000, 7)", eval("States.MathRandom(1, 1000, 7)").unwrap());
    }

    #[test]
    fn what_cannot_work_says_why() {
        check_error("States.Nope()", "there is no function");
        check_error("States.Fromat('')", "did you mean States.Format?");
        check_error("States.Hash('a', 'MD5')", "not supported yet");
        check_error("States.MathAdd(1)", "takes 2 arguments, not 1");
        check_error("States.Format('{}')", "more '{}' than arguments");
        check_error("States.Format('a', 1)", "more arguments than '{}'");
        check_error("States.Format('{', 1)", "needs a '\\'");
        check_error("States.Format($.o)", "expected a string");
        check_error("States.Format('{}', $.o)", "no string, number");
        check_error("States.Format('{}', $.missing)", "selects nothing");
        check_error("States.StringToJson('{')", "not JSON");
        check_error("States.ArrayGetItem($.list, 4)", "no element 4");
        check_error("States.ArrayPartition($.list, 0)", "positive");
        check_error("States.ArrayRange(1, 2, 0)", "must not be 0");
        check_error("States.ArrayRange(1, 9999, 1)", "more than 1000");
        check_error("States.JsonMerge($.o, $.q, true)", "shallow");
        check_error("States.MathAdd(9223372036854775807, 1)", "out of range");
        check_error("States.MathRandom(2, 2)", "greater");
        check_error("States.Base64Decode('%')", "not Base64");
        check_error("States.UUID() x", "unexpected");
        check_error("plain", "expected a path");
        check_error("States.Format('a", "closing quote");
    }
}
