//! Errors of every protocol: what an answer says of its error, wherever it says it.

use serde_json::{Map, Value};

use super::cbor;
use crate::error::Told;
use crate::model::{Operation, Protocol, Service};
use crate::xml::{self, Element};

/// The value of a header, whatever the case of its name.
pub(crate) fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// An answer to HEAD says nothing of its error: what is not there is the one thing that the model says may not be there.
pub(crate) fn without_body(
    service: &Service,
    operation: &Operation,
    status: u16,
    body: &[u8],
) -> Option<Told> {
    if operation.method != "HEAD" || status != 404 || !body.is_empty() {
        return None;
    }
    let declared =
        operation.errors.iter().filter_map(|shape| service.structure_of(*shape)?.exception.as_ref());
    let mut missing =
        declared.filter(|exception| ["NoSuch", "NotFound"].iter().any(|part| exception.name.contains(part)));
    let (Some(only), None) = (missing.next(), missing.next()) else { return None };
    let code = only.code.unwrap_or(only.name).to_owned();
    Some(Told { modelled: code.clone(), code, message: "Not Found".to_owned(), request_id: None })
}

/// Never fails: what cannot be read is an error with the status as its name.
pub(crate) fn read(service: &Service, status: u16, headers: &[(String, String)], body: &[u8]) -> Told {
    let trimmed = body.trim_ascii();
    let is_page = trimmed.is_empty() || trimmed.starts_with(b"<html>");
    let told = match service.protocol {
        // What stands before a service answers for it.
        _ if status >= 500 && is_page => None,
        Protocol::Json | Protocol::RestJson => Some(json(service, status, headers, body)),
        Protocol::RpcCbor => rpc(status, headers, body),
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => of_xml(body),
    };
    told.unwrap_or_else(|| {
        let code = status.to_string();
        Told { modelled: code.clone(), code, ..Told::default() }
    })
}

/// With the id that a header gives the request, unless the body does.
pub(crate) fn with_id(mut told: Told, headers: &[(String, String)]) -> Told {
    let id = ["x-amzn-requestid", "x-amz-request-id"].into_iter().find_map(|name| header(headers, name));
    told.request_id = told.request_id.or_else(|| id.map(str::to_owned));
    told
}

/// `com.amazonaws.dynamodb#NoSuchThing:http://…` as `NoSuchThing`.
fn bare(code: &str) -> &str {
    let code = code.split_once(':').map_or(code, |(code, _)| code);
    code.rsplit_once('#').map_or(code, |(_, code)| code)
}

fn json(service: &Service, status: u16, headers: &[(String, String)], body: &[u8]) -> Told {
    let object = match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => object,
        _ if body.is_empty() => Map::new(),
        // Whatever it is, it is all that there is to tell.
        _ => Map::from_iter([("message".to_owned(), String::from_utf8_lossy(body).into())]),
    };
    let text = |names: &[&str]| names.iter().find_map(|name| object.get(*name)).and_then(Value::as_str);
    let message = text(&["message", "Message", "error_description"]).unwrap_or_default();
    let kind = text(&["__type"]).map(bare);
    let rest = (service.protocol == Protocol::RestJson)
        .then(|| header(headers, "x-amzn-errortype").or(text(&["code", "Code"])));
    let modelled = rest.flatten().map(bare).or(kind).map_or_else(|| status.to_string(), str::to_owned);
    told(modelled, message.to_owned(), headers)
}

fn rpc(status: u16, headers: &[(String, String)], body: &[u8]) -> Option<Told> {
    let parsed = cbor::parse(body).ok()?;
    let map = parsed.as_map()?;
    let text = |name: &str| cbor::member(map, name).and_then(|value| value.as_text());
    let message = text("message").or(text("Message")).unwrap_or_default().to_owned();
    let modelled = text("__type").map(bare).map_or_else(|| status.to_string(), str::to_owned);
    Some(told(modelled, message, headers))
}

/// With the name that a service which once spoke Query gives in a header: `NAME;Sender`.
fn told(modelled: String, message: String, headers: &[(String, String)]) -> Told {
    let query = header(headers, "x-amzn-query-error").and_then(|value| value.split_once(';'));
    let code = query.map(|(code, _)| code).filter(|code| !code.is_empty()).unwrap_or(&modelled).to_owned();
    Told { modelled, code, message, request_id: None }
}

/// `<ErrorResponse><Error>`, EC2's and SimpleDB's `<Response><Errors><Error>`, S3's `<Error>`, and Route 53's `<InvalidChangeBatch>`, which
/// is called after its element and has several messages.
fn of_xml(body: &[u8]) -> Option<Told> {
    let root = xml::read(body).ok()?;
    let error = if root.name == "Error" {
        &root
    } else {
        let around = root.child("Errors").unwrap_or(&root);
        around.child("Error").unwrap_or(around)
    };
    let text = |element: &Element, name: &str| element.text_of(name).map(str::to_owned);
    let own_name = || {
        let is_wrapper =
            root.name.is_empty() || ["Error", "ErrorResponse", "Response"].contains(&&*root.name);
        (!is_wrapper && root.child("Messages").is_some()).then(|| root.name.clone())
    };
    let code = text(error, "Code").or_else(own_name).unwrap_or_default();
    let ids = ["RequestId", "RequestID", "requestId"];
    let request_id = ids.into_iter().find_map(|name| text(&root, name).or_else(|| text(error, name)));
    let several = || {
        let messages = error.child("Messages")?.all("Message").map(|message| &*message.text);
        Some(messages.collect::<Vec<_>>().join("; "))
    };
    let message =
        text(error, "Message").or_else(|| text(error, "message")).or_else(several).unwrap_or_default();
    Some(Told { modelled: code.clone(), code, message, request_id })
}
