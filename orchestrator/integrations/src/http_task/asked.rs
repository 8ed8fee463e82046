//! What an HTTP task asks for, and what is wrong with it.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::form::{ArrayFormat, pair, simple, with_query};

/// Methods that there are.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];
/// Members that `Parameters` may have.
const MEMBERS: [&str; 8] = [
    "ApiEndpoint",
    "Method",
    "Authentication",
    "InvocationConfig",
    "Headers",
    "QueryParameters",
    "RequestBody",
    "Transform",
];
/// Headers that a task cannot set beside those of framing, and beginnings of such.
const FORBIDDEN: [&str; 25] = [
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-md5",
    "date",
    "forwarded",
    "from",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "referer",
    "server",
    "via",
    "warning",
];
const FORBIDDEN_BEGINNINGS: [&str; 3] = ["x-forwarded-", "x-amz-", "x-amzn-"];

/// What an HTTP task asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// The URL, without what the task adds to its query.
    pub(super) endpoint: String,
    pub(super) method: String,
    pub(super) connection: String,
    /// Names as they are written, each as often as it has values.
    pub(super) headers: Vec<(String, String)>,
    /// Names and values, not encoded.
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Option<Value>,
    /// How the body is encoded as a form; `None`: as JSON.
    pub(super) form: Option<ArrayFormat>,
}

impl Asked {
    /// What a task with these parameters asks for.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub(super) fn read(parameters: &Value) -> Result<Self, Vec<String>> {
        let Some(given) = parameters.as_object() else {
            return Err(vec!["The value must be an object".to_owned()]);
        };
        let mut wrong: Vec<String> = given
            .keys()
            .filter(|name| !MEMBERS.contains(&name.as_str()))
            .map(|name| format!("The field \"{name}\" is not supported by Step Functions"))
            .collect();
        let mut noted = |read: Result<_, String>| read.map_err(|why| wrong.push(why)).ok();
        let endpoint = noted(text(given, "ApiEndpoint")).unwrap_or_default();
        noted(check_endpoint(&endpoint).map(|()| String::new()));
        let method = noted(method(given)).unwrap_or_default();
        let connection = noted(connection(given)).unwrap_or_default();
        let mut pairs = |name: &str| match pairs(given.get(name), name) {
            Ok(pairs) => pairs,
            Err(why) => {
                wrong.push(why);
                Vec::new()
            }
        };
        let (headers, query) = (pairs("Headers"), pairs("QueryParameters"));
        let is_forbidden = |name: &str| {
            let name = name.to_ascii_lowercase();
            http_client::is_framing(&name)
                || FORBIDDEN.contains(&&*name)
                || FORBIDDEN_BEGINNINGS.iter().any(|begin| name.starts_with(begin))
        };
        let forbidden = headers.iter().filter(|(name, _)| is_forbidden(name));
        wrong.extend(forbidden.map(|(name, _)| format!("The header \"{name}\" cannot be set")));
        let form = form(given.get("Transform")).unwrap_or_else(|why| {
            wrong.push(why);
            None
        });
        let body = given.get("RequestBody").cloned();
        if form.is_some() && body.as_ref().is_some_and(|body| !body.is_object() && !body.is_string()) {
            wrong.push(
                "The value for the field \"RequestBody\" must be an object to be URL encoded".to_owned(),
            );
        }
        if wrong.is_empty() {
            Ok(Self { endpoint, method, connection, headers, query, body, form })
        } else {
            Err(wrong)
        }
    }

    /// The URL with its whole query; pairs of `more` stand in place of others of their names.
    pub(super) fn url(&self, more: &[(String, String)]) -> String {
        let kept = self.query.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
        let added: Vec<_> = kept.chain(more).map(|(name, value)| pair(name, value)).collect();
        with_query(&self.endpoint, &added)
    }
}

fn missing(name: &str) -> String {
    format!("The field \"{name}\" is required but was missing")
}

fn text(given: &Map<String, Value>, name: &str) -> Result<String, String> {
    match given.get(name) {
        None | Some(Value::Null) => Err(missing(name)),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(format!("The value for the field \"{name}\" must be a STRING, and is {other}")),
    }
}

/// Where a call goes stands in the history and in errors: nothing that is secret belongs there.
fn check_endpoint(endpoint: &str) -> Result<(), String> {
    if endpoint.is_empty() {
        return Ok(());
    }
    if http_client::check_url(endpoint) {
        return Ok(());
    }
    Err("The value for the field \"ApiEndpoint\" must be a valid HTTPS URL, without user and fragment"
        .to_owned())
}

fn method(given: &Map<String, Value>) -> Result<String, String> {
    let method = text(given, "Method")?;
    if METHODS.contains(&method.as_str()) {
        return Ok(method);
    }
    Err(format!(
        "The value for the field \"Method\" must be one of {}, and is {method:?}",
        METHODS.join(", ")
    ))
}

fn connection(given: &Map<String, Value>) -> Result<String, String> {
    let arn_in = |member: &str| {
        let inner = given.get(member)?;
        let arn = inner.get("ConnectionArn").and_then(Value::as_str).map(str::to_owned);
        Some(arn.ok_or_else(|| missing(&format!("{member}.ConnectionArn"))))
    };
    match (arn_in("InvocationConfig"), arn_in("Authentication")) {
        (Some(_), Some(_)) => {
            Err("The fields \"InvocationConfig\" and \"Authentication\" cannot both be given".to_owned())
        }
        (Some(arn), None) | (None, Some(arn)) => arn,
        (None, None) => Err(missing("InvocationConfig.ConnectionArn")),
    }
}

/// Names and values of an object whose members are simple, or lists of what is; or of a query as text.
fn pairs(given: Option<&Value>, field: &str) -> Result<Vec<(String, String)>, String> {
    let wrong = || {
        format!(
            "The value for the field \"{field}\" must be an object of texts, numbers, truth values, or lists of these"
        )
    };
    let object = match given {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::String(query)) if field == "QueryParameters" => return Ok(of_query(query)),
        Some(Value::Object(object)) => object,
        Some(_) => return Err(wrong()),
    };
    let mut pairs = Vec::new();
    for (name, value) in object {
        let values = match value {
            Value::Array(values) => values.iter().collect(),
            value => vec![value],
        };
        for value in values {
            pairs.push((name.clone(), simple(value).ok_or_else(wrong)?));
        }
    }
    Ok(pairs)
}

/// A query as it stands in a URL: encoded.
fn of_query(query: &str) -> Vec<(String, String)> {
    let parts = query.trim_start_matches('?').split('&').filter(|part| !part.is_empty());
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decoded(name), decoded(value))
    };
    parts.map(pair).collect()
}

fn form(transform: Option<&Value>) -> Result<Option<ArrayFormat>, String> {
    let Some(transform) = transform.filter(|it| !it.is_null()) else { return Ok(None) };
    let transform = members(transform, "Transform", &["RequestBodyEncoding", "RequestEncodingOptions"])?;
    let options = match transform.get("RequestEncodingOptions") {
        None => &Map::new(),
        Some(options) => members(options, "Transform.RequestEncodingOptions", &["ArrayFormat"])?,
    };
    let one_of = |name: &str, given: &Value, of: &str| {
        Err(format!("The value for the field \"{name}\" must be one of {of}, and is {given}"))
    };
    let format = match options.get("ArrayFormat") {
        None => ArrayFormat::Indices,
        Some(given) => match given.as_str().and_then(ArrayFormat::named) {
            Some(format) => format,
            None => return one_of("ArrayFormat", given, "INDICES, REPEAT, COMMAS, BRACKETS"),
        },
    };
    match transform.get("RequestBodyEncoding").map(|given| (given, given.as_str())) {
        None | Some((_, Some("NONE"))) => Ok(None),
        Some((_, Some("URL_ENCODED"))) => Ok(Some(format)),
        Some((given, _)) => one_of("RequestBodyEncoding", given, "NONE, URL_ENCODED"),
    }
}

/// The members of an object that has none but these.
fn members<'v>(value: &'v Value, field: &str, known: &[&str]) -> Result<&'v Map<String, Value>, String> {
    let Some(object) = value.as_object() else {
        return Err(format!("The value for the field \"{field}\" must be an object, and is {value}"));
    };
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("The field \"{field}.{name}\" is not supported by Step Functions")),
        None => Ok(object),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(changes: &Value) -> Value {
        let mut parameters = json!({
            "ApiEndpoint": "https://api.example.com/v1/x", "Method": "GET", "InvocationConfig": {"ConnectionArn": "arn"},
        });
        for (name, value) in changes.as_object().unwrap() {
            parameters[name] = value.clone();
        }
        parameters
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let wrong = |changes: Value| Asked::read(&with(&changes)).unwrap_err().join("; ");
        let all = Asked::read(&json!({"Method": "FETCH", "Headers": 3, "Verb": 1})).unwrap_err();
        assert_eq!(all.len(), 5, "{all:?}");
        for (changes, expected) in [
            (json!({"ApiEndpoint": "api.example.com"}), "valid HTTPS URL"),
            (json!({"ApiEndpoint": "ftp://api.example.com"}), "valid HTTPS URL"),
            (json!({"ApiEndpoint": "https://me:secret@h/"}), "valid HTTPS URL"),
            (json!({"ApiEndpoint": "https://h/a#b"}), "valid HTTPS URL"),
            (json!({"ApiEndpoint": 7}), "must be a STRING, and is 7"),
            (json!({"Authentication": {"ConnectionArn": "b"}}), "cannot both be given"),
            (json!({"InvocationConfig": {}}), "\"InvocationConfig.ConnectionArn\" is required"),
            (json!({"Headers": {"Authorization": "x"}}), "The header \"Authorization\" cannot be set"),
            (json!({"Headers": {"X-Amz-Date": "x"}}), "The header \"X-Amz-Date\" cannot be set"),
            (json!({"Headers": {"a": {"b": 1}}}), "\"Headers\" must be an object of texts"),
            (json!({"Headers": {"Content-Length": "3"}}), "The header \"Content-Length\" cannot be set"),
            (json!({"Headers": {"host": "x"}}), "The header \"host\" cannot be set"),
            (json!({"Transform": {"RequestBodyEncoding": "XML"}}), "NONE, URL_ENCODED, and is \"XML\""),
            (json!({"Transform": {"RequestBodyEncoding": 5}}), "NONE, URL_ENCODED, and is 5"),
            (json!({"Transform": ["x"]}), "\"Transform\" must be an object, and is [\"x\"]"),
            (json!({"Transform": {"Encoding": "x"}}), "\"Transform.Encoding\" is not supported"),
            (json!({"Transform": {"RequestEncodingOptions": {"ArrayFormat": "DOTS"}}}), "INDICES, REPEAT"),
            (
                json!({"RequestBody": [1], "Transform": {"RequestBodyEncoding": "URL_ENCODED"}}),
                "must be an object to be URL encoded",
            ),
        ] {
            let told = wrong(changes);
            assert!(told.contains(expected), "{expected}: {told}");
        }
    }

    #[test]
    fn a_query_is_added_to_the_one_that_is_there() {
        let url = |changes: Value, more: &[(&str, &str)]| {
            let more: Vec<_> =
                more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Asked::read(&with(&changes)).unwrap().url(&more)
        };
        assert_eq!(url(json!({}), &[]), "https://api.example.com/v1/x");
        let query = json!({"QueryParameters": {"a b": "c&d", "n": [1, true], "x": null}});
        assert_eq!(url(query.clone(), &[]), "https://api.example.com/v1/x?a%20b=c%26d&n=1&n=true&x=");
        assert_eq!(url(query, &[("n", "9")]), "https://api.example.com/v1/x?a%20b=c%26d&x=&n=9");
        let text = json!({"QueryParameters": "a=b%20c&d=e+f%2B"});
        assert_eq!(url(text, &[]), "https://api.example.com/v1/x?a=b%20c&d=e%20f%2B");
        let both = json!({"ApiEndpoint": "https://h/?q=1", "QueryParameters": "a=b&c"});
        assert_eq!(url(both, &[]), "https://h/?q=1&a=b&c=");
    }
}
