//! XML of answers.

use serde_json::{Map, Value};

use super::scalar;
use crate::model::{Flags, Kind, Member, Ref, Service, Structure};
use crate::xml::Element;

/// A structure's members in Step Functions' names.
pub(crate) fn members(
    service: &Service,
    structure: &Structure,
    element: &Element,
) -> Result<Map<String, Value>, String> {
    let mut out = Map::new();
    for member in structure.members.iter().filter(|member| member.at.location.is_none()) {
        let name = key(service, member);
        let there: Vec<&Element> = element.all(name).collect();
        let found = match there.first() {
            Some(first) if is_flat(service, member.at) => Some(several(service, member.at, &there, first)?),
            Some(first) => Some(value(service, member.at, first)?),
            None if member.at.flags.has(Flags::XML_ATTRIBUTE) => {
                let attribute = element.attributes.iter().find(|(known, _)| known == name);
                attribute.map(|(_, text)| scalar::text(service, member.at, text)).transpose()?
            }
            None => None,
        };
        if let Some(found) = found {
            out.insert(member.sdk_name.to_string(), found);
        }
    }
    Ok(out)
}

/// What a member's elements are called: those of a flattened list as its own elements, where they have a name.
fn key(service: &Service, member: &Member) -> &'static str {
    match &service.shape(member.at).kind {
        Kind::List(of) if member.at.flags.has(Flags::FLATTENED) => {
            of.name.unwrap_or_else(|| member.wire_name())
        }
        _ => member.wire_name(),
    }
}

fn is_flat(service: &Service, at: Ref) -> bool {
    at.flags.has(Flags::FLATTENED) && matches!(service.shape(at).kind, Kind::List(_) | Kind::Map(..))
}

/// A flattened list or map: its elements stand beside each other in the structure.
fn several(service: &Service, at: Ref, there: &[&Element], first: &Element) -> Result<Value, String> {
    match &service.shape(at).kind {
        Kind::List(of) => there.iter().map(|element| value(service, *of, element)).collect(),
        Kind::Map(key, of) => {
            let mut out = Map::new();
            for entry in there {
                pair(service, *key, *of, entry, &mut out)?;
            }
            Ok(Value::Object(out))
        }
        _ => value(service, at, first),
    }
}

/// What an element says.
pub(crate) fn value(service: &Service, at: Ref, element: &Element) -> Result<Value, String> {
    match &service.shape(at).kind {
        Kind::Structure(structure) => members(service, structure, element).map(Value::Object),
        Kind::List(of) => element.children.iter().map(|child| value(service, *of, child)).collect(),
        Kind::Map(key, of) => {
            let mut out = Map::new();
            for entry in &element.children {
                pair(service, *key, *of, entry, &mut out)?;
            }
            Ok(Value::Object(out))
        }
        _ => scalar::text(service, at, &element.text),
    }
}

fn pair(
    service: &Service,
    key: Ref,
    of: Ref,
    entry: &Element,
    out: &mut Map<String, Value>,
) -> Result<(), String> {
    let name = entry.text_of(key.name.unwrap_or("key")).ok_or("a map has an entry without a key")?;
    let found = entry.child(of.name.unwrap_or("value")).map(|child| value(service, of, child)).transpose()?;
    out.insert(name.to_owned(), found.unwrap_or(Value::Null));
    Ok(())
}
