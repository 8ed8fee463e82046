//! REST: members in path, query and headers, the rest in a body of JSON or XML, or one member that is the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{json, scalar, xml};
use crate::model::{Flags, Format, Kind, Location, Member, Protocol, Ref, Service, Structure};
use crate::problem::{Mismatch, Problem};
use crate::request::{Call, HttpRequest, encoded, encoded_path};
use crate::{check, timestamp};

pub(crate) fn write(call: &Call<'_>, request: &mut HttpRequest) -> Result<(), Problem> {
    let Call { service, operation, parameters, uri } = call;
    let (path, fixed) = uri.split_once('?').unwrap_or((uri, ""));
    for pair in fixed.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        request.query.push((name.to_owned(), value.to_owned()));
    }
    let structure = operation.input.and_then(|input| service.structure(input));
    request.path.push_str(&rendered(call, structure, path)?);
    let Some((input, structure)) = operation.input.zip(structure) else { return Ok(()) };
    for (name, value) in *parameters {
        if let Some(member) = structure.members.iter().find(|member| member.name == name) {
            located(service, member, value, request);
        }
    }
    body(call, input, structure, request);
    Ok(())
}

/// A path with what its labels stand for. A label that ends with `+` may be several segments.
fn rendered(call: &Call<'_>, structure: Option<&Structure>, path: &str) -> Result<String, Problem> {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (label, after) = after.split_once('}').unwrap_or((after, ""));
        let (name, is_greedy) = label.strip_suffix('+').map_or((label, false), |name| (name, true));
        let is_labelled =
            |member: &&Member| member.at.location == Some(Location::Uri) && member.wire_name() == name;
        let member = structure.and_then(|structure| structure.members.iter().find(is_labelled));
        let value = member.and_then(|member| Some((member, call.parameters.get(member.name)?)));
        let Some((member, value)) = value else {
            let path = member.map_or(name, |member| &member.sdk_name).to_owned();
            let (found, expected) = ("nothing".to_owned(), "text for the request's path".to_owned());
            return Err(Problem::Parameters(vec![Mismatch { path, found, expected }]));
        };
        let text = scalar::text(call.service, member.at, value, Format::Iso8601);
        // Whoever sends it, or is sent it, may take these for the folder above, and ask for another resource than was signed.
        if !is_greedy && (text == "." || text == "..") {
            let expected = "text that is no step in a path".to_owned();
            let path = member.sdk_name.to_string();
            return Err(Problem::Parameters(vec![Mismatch { path, found: format!("{text:?}"), expected }]));
        }
        out.push_str(before);
        out.push_str(&if is_greedy { encoded_path(&text) } else { encoded(&text) });
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// A member that goes into query or headers.
fn located(service: &Service, member: &Member, value: &Value, request: &mut HttpRequest) {
    let name = member.wire_name();
    let mut pair = |name: &str, value: String| request.query.push((name.to_owned(), value));
    match (member.at.location, &service.shape(member.at).kind, value) {
        (Some(Location::Query), Kind::Map(_, of), Value::Object(object)) => {
            for (name, value) in object {
                match (&service.shape(*of).kind, value) {
                    (Kind::List(of), Value::Array(list)) => {
                        list.iter()
                            .for_each(|value| pair(name, scalar::text(service, *of, value, Format::Iso8601)));
                    }
                    _ => pair(name, scalar::text(service, *of, value, Format::Iso8601)),
                }
            }
        }
        (Some(Location::Query), Kind::List(of), Value::Array(list)) => {
            list.iter().for_each(|value| pair(name, scalar::text(service, *of, value, Format::Iso8601)));
        }
        (Some(Location::Query), _, value) => {
            pair(name, scalar::text(service, member.at, value, Format::Iso8601));
        }
        (Some(Location::Headers), _, Value::Object(object)) => {
            for (end, value) in object {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                request.headers.push((format!("{name}{end}"), value));
            }
        }
        (Some(Location::Header), Kind::List(_), Value::Array(list)) if list.is_empty() => {}
        (Some(Location::Header), _, value) => {
            request.headers.push((name.to_owned(), header(service, member.at, value)));
        }
        _ => {}
    }
}

fn header(service: &Service, at: Ref, value: &Value) -> String {
    match (&service.shape(at).kind, value) {
        (Kind::List(of), Value::Array(list)) => {
            let is_text = matches!(service.shape(*of).kind, Kind::Text);
            let one = |value: &Value| {
                let text = header(service, *of, value);
                let needs_quotes = is_text && text.contains(['"', ',']);
                if needs_quotes { format!("\"{}\"", text.replace('"', "\\\"")) } else { text }
            };
            list.iter().map(one).collect::<Vec<_>>().join(",")
        }
        // Text is JSON already, as the SDK for Java takes it.
        (Kind::Text, Value::String(text)) if at.flags.has(Flags::JSON_VALUE) => STANDARD.encode(text),
        (Kind::Text, value) if at.flags.has(Flags::JSON_VALUE) => STANDARD.encode(value.to_string()),
        (Kind::Blob, Value::String(text)) => text.clone(),
        // Headers have whole seconds, whatever the format.
        (Kind::Timestamp, value) => {
            let moment = timestamp::whole_seconds(check::moment(value));
            timestamp::text(moment, at.format.unwrap_or(Format::Rfc822))
        }
        _ => scalar::text(service, at, value, Format::Rfc822),
    }
}

fn body(call: &Call<'_>, input: Ref, structure: &Structure, request: &mut HttpRequest) {
    let Call { service, parameters, .. } = call;
    let is_json = service.protocol == Protocol::RestJson;
    let in_body =
        |member: &Member| !matches!(member.at.location, Some(location) if location != Location::Status);
    if let Some(payload) = structure.payload.map(|place| &structure.members[place]) {
        match (&service.shape(payload.at).kind, parameters.get(payload.name)) {
            // The body as it is, of a type that nobody but the sender knows.
            (Kind::Blob | Kind::Text, value) => {
                request.body = value.and_then(Value::as_str).unwrap_or_default().into();
                return;
            }
            (_, Some(value)) if is_json => {
                request.body = json::value(service, payload.at, value).to_string().into_bytes();
            }
            (_, Some(value)) => request.body = xml::document(service, payload.at, value, payload.wire_name()),
            (_, None) => request.body = if is_json { b"{}".to_vec() } else { Vec::new() },
        }
    } else {
        let is_there =
            structure.members.iter().any(|member| in_body(member) && parameters.contains_key(member.name));
        if is_json && structure.members.iter().any(in_body) {
            let body = json::members(service, structure, parameters, in_body);
            request.body = Value::Object(body).to_string().into_bytes();
        } else if is_there {
            request.body = xml::members(service, input, structure, parameters, in_body);
        }
    }
    if is_json && !request.body.is_empty() {
        request.set_if_missing("Content-Type", "application/json");
    }
}
