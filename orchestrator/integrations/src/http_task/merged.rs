//! The request of a call: what the task asks for, with what its connection adds.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use connections::{Authorization, Parameter, Secret};
use http_client::check_header;
use serde_json::{Map, Value};

use super::asked::Asked;
use super::form::{self, encoded};

/// The most that is asked for of an answer: the largest result that a task may have.
const RANGE: &str = "bytes=0-262144";
const JSON: &str = "application/json; charset=UTF-8";

/// A request, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// What the task asks for with what the connection adds, which stands in place of what the task says; `token` is the one that was given to the
/// connection, where it needs one.
///
/// # Errors
/// The bodies cannot be made one.
pub(super) fn merged(
    asked: &Asked,
    with: &Authorization,
    token: Option<&str>,
    region: &str,
) -> Result<Merged, String> {
    let body = body(asked, &with.invocation.body)?;
    let own = |name: &str, value: String| (name.to_owned(), value);
    let mut headers = asked.headers.clone();
    // The credentials last: they take the place of whatever has their name.
    replace(&mut headers, with.invocation.headers.iter().map(pair).collect());
    if let Some(basic) = &with.basic {
        replace(&mut headers, vec![own("Authorization", known_by(&basic.username, &basic.password))]);
    }
    if let Some(key) = &with.api_key {
        replace(&mut headers, vec![own(&key.name, key.value.expose().to_owned())]);
    }
    if let Some(token) = token {
        replace(&mut headers, vec![own("Authorization", format!("Bearer {token}"))]);
    }
    let always = [
        own("User-Agent", format!("Amazon|StepFunctions|HttpInvoke|{region}")),
        own("Range", RANGE.to_owned()),
    ];
    replace(&mut headers, always.into());
    // What was kept before this was checked is checked now.
    headers.iter().try_for_each(|(name, value)| check_header(name, value))?;
    if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(own(
            "Content-Type",
            if asked.form.is_some() { form::CONTENT_TYPE } else { JSON }.to_owned(),
        ));
    }
    let query: Vec<_> = with.invocation.query.iter().map(pair).collect();
    let body = Bytes::from(body.unwrap_or_default());
    Ok(Merged { method: asked.method.clone(), url: asked.url(&query), headers, body })
}

/// What `Authorization` says of whoever has a name and a password (RFC 7617).
pub(super) fn known_by(name: &str, password: &Secret) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{}", password.expose())))
}

pub(super) fn pair(parameter: &Parameter) -> (String, String) {
    (parameter.key.clone(), parameter.value.expose().to_owned())
}

/// Puts headers in place of those of their names; of several with one name among them the last one counts.
pub(super) fn replace(headers: &mut Vec<(String, String)>, with: Vec<(String, String)>) {
    for (name, value) in with {
        headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
        headers.push((name, value));
    }
}

/// The body as it is sent, if there is one.
fn body(asked: &Asked, added: &[Parameter]) -> Result<Option<String>, String> {
    let body = match (&asked.body, added) {
        (None, []) => return Ok(None),
        (Some(Value::String(text)), []) => return Ok(Some(text.clone())),
        (Some(body), []) => body.clone(),
        (None, added) => with(Map::new(), added),
        (Some(Value::Object(members)), added) => with(members.clone(), added),
        (Some(_), _) => {
            return Err("The request body is no object, and the connection has body parameters: they cannot be merged".to_owned());
        }
    };
    Ok(Some(match asked.form {
        Some(arrays) => encoded(&body, arrays),
        None => body.to_string(),
    }))
}

fn with(mut members: Map<String, Value>, added: &[Parameter]) -> Value {
    members.extend(added.iter().map(|it| (it.key.clone(), it.value.expose().into())));
    members.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn authorization(parameters: Value) -> Authorization {
        serde_json::from_value(parameters).unwrap()
    }

    fn asked(changes: &Value) -> Asked {
        let mut parameters = json!({
            "ApiEndpoint": "https://example.com/path", "Method": "POST", "Authentication": {"ConnectionArn": "arn"},
        });
        for (name, value) in changes.as_object().unwrap() {
            parameters[name] = value.clone();
        }
        Asked::read(&parameters).unwrap()
    }

    fn header<'m>(merged: &'m Merged, name: &str) -> Vec<&'m str> {
        let of_name = merged.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.as_str()).collect()
    }

    /// The example of the Developer Guide ("Merging EventBridge connection and HTTP Task definition data").
    #[test]
    fn what_the_connection_says_stands_in_place_of_what_the_task_says() {
        let asked = asked(&json!({
            "Headers": {"Request-Id": "my_request_id", "Header-Param": "state_machine_header_param"},
            "RequestBody": {"Job": "Software Engineer", "Company": "AnyCompany", "BodyParam": "state_machine_body_param"},
            "QueryParameters": {"QueryParam": "state_machine_query_param"},
        }));
        let with = authorization(json!({
            "ApiKeyAuthParameters": {"ApiKeyName": "ApiKey", "ApiKeyValue": "key_value"},
            "InvocationHttpParameters": {
                "BodyParameters": [{"Key": "BodyParam", "Value": "connection_body_param"}],
                "HeaderParameters": [{"Key": "Header-Param", "Value": "connection_header_param"}],
                "QueryStringParameters": [{"Key": "QueryParam", "Value": "connection_query_param"}],
            },
        }));
        let merged = merged(&asked, &with, None, "us-east-1").unwrap();
        assert_eq!(merged.url, "https://example.com/path?QueryParam=connection_query_param");
        let expected =
            r#"{"Job":"Software Engineer","Company":"AnyCompany","BodyParam":"connection_body_param"}"#;
        assert_eq!(merged.body, expected);
        for (name, value) in [
            ("apikey", "key_value"),
            ("content-type", "application/json; charset=UTF-8"),
            ("header-param", "connection_header_param"),
            ("request-id", "my_request_id"),
            ("range", "bytes=0-262144"),
            ("user-agent", "Amazon|StepFunctions|HttpInvoke|us-east-1"),
        ] {
            assert_eq!(header(&merged, name), [value]);
        }
    }

    #[test]
    fn who_calls_is_known_by_name_and_password_or_by_a_token() {
        let basic = authorization(json!({"BasicAuthParameters": {"Username": "me", "Password": "pass"}}));
        let request = merged(&asked(&json!({})), &basic, None, "r").unwrap();
        assert_eq!(header(&request, "authorization"), ["Basic bWU6cGFzcw=="]);
        assert!(header(&request, "content-type").is_empty() && request.body.is_empty());
        let request = merged(&asked(&json!({})), &Authorization::default(), Some("t"), "r").unwrap();
        assert_eq!(header(&request, "authorization"), ["Bearer t"]);
        let twice = authorization(json!({
            "BasicAuthParameters": {"Username": "me", "Password": "pass"},
            "InvocationHttpParameters": {"HeaderParameters": [{"Key": "authorization", "Value": "x"}, {"Key": "X-A", "Value": "1"}]},
        }));
        let request = merged(&asked(&json!({"Headers": {"x-a": "0"}})), &twice, None, "r").unwrap();
        assert_eq!(
            (header(&request, "authorization"), header(&request, "x-a")),
            (vec!["Basic bWU6cGFzcw=="], vec!["1"])
        );
        let host = authorization(
            json!({"InvocationHttpParameters": {"HeaderParameters": [{"Key": "Host", "Value": "h"}]}}),
        );
        assert_eq!(
            merged(&asked(&json!({})), &host, None, "r").err().unwrap(),
            "the header \"Host\" cannot be set"
        );
    }

    #[test]
    fn a_body_of_text_is_sent_as_it_is_and_merged_with_nothing() {
        let text = asked(&json!({"RequestBody": "<a/>", "Headers": {"content-type": "text/xml"}}));
        let none = Authorization::default();
        let request = merged(&text, &none, None, "r").unwrap();
        assert_eq!((&*request.body, header(&request, "content-type")), (&b"<a/>"[..], vec!["text/xml"]));
        let with = authorization(
            json!({"InvocationHttpParameters": {"BodyParameters": [{"Key": "a", "Value": "b"}]}}),
        );
        assert!(merged(&text, &with, None, "r").is_err());
        assert_eq!(merged(&asked(&json!({})), &with, None, "r").unwrap().body, r#"{"a":"b"}"#);
        let form = json!({"RequestBody": {"c": 1}, "Transform": {"RequestBodyEncoding": "URL_ENCODED"}});
        let request = merged(&asked(&form), &with, None, "r").unwrap();
        assert_eq!(
            (&*request.body, header(&request, "content-type")),
            (&b"c=1&a=b"[..], vec![form::CONTENT_TYPE])
        );
    }
}
