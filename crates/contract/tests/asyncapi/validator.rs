//! A validator for the part of JSON Schema that the contract's schemas use. It panics on any keyword beyond, so that
//! nothing in a schema is passed over in silence.

use serde_json::{Map, Value};

/// Checks values against schemas that refer into one document.
pub(crate) struct Validator<'a> {
    pub(crate) document: &'a Value,
}

impl Validator<'_> {
    /// Whether the value is what the schema describes.
    pub(crate) fn accepts(&self, schema: &Value, value: &Value) -> bool {
        match schema {
            Value::Bool(everything) => *everything,
            Value::Object(keywords) => {
                keywords.iter().all(|(keyword, rule)| self.obeys(keywords, keyword, rule, value))
            }
            other => panic!("not a schema: {other}"),
        }
    }

    /// What a reference leads to.
    pub(crate) fn resolve(&self, reference: &Value) -> &Value {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
        let pointer = pointer.unwrap_or_else(|| panic!("not a reference into the document: {reference}"));
        self.document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    fn obeys(&self, keywords: &Map<String, Value>, keyword: &str, rule: &Value, value: &Value) -> bool {
        let schemas = || rule.as_array().unwrap().iter();
        match keyword {
            "description" | "title" => true,
            "$ref" => self.accepts(self.resolve(rule), value),
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "allOf" => schemas().all(|schema| self.accepts(schema, value)),
            "anyOf" => schemas().any(|schema| self.accepts(schema, value)),
            "not" => !self.accepts(rule, value),
            "oneOf" => schemas().filter(|schema| self.accepts(schema, value)).count() == 1,
            "type" => match rule {
                Value::Array(types) => types.iter().any(|kind| is_a(kind.as_str().unwrap(), value)),
                kind => is_a(kind.as_str().unwrap(), value),
            },
            // The keywords from here on say something about values of one type only.
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "minLength" => {
                value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap())
            }
            "maxLength" => {
                value.as_str().is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().unwrap())
            }
            "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
            "format" => value.as_str().is_none_or(|text| has_format(rule.as_str().unwrap(), text)),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap()),
            "items" => value.as_array().is_none_or(|items| items.iter().all(|item| self.accepts(rule, item))),
            "required" => value.as_object().is_none_or(|object| {
                rule.as_array().unwrap().iter().all(|field| object.contains_key(field.as_str().unwrap()))
            }),
            "properties" => value.as_object().is_none_or(|object| {
                let present = rule.as_object().unwrap().iter();
                present
                    .filter_map(|(field, rule)| Some((rule, object.get(field)?)))
                    .all(|(s, v)| self.accepts(s, v))
            }),
            "additionalProperties" => value.as_object().is_none_or(|object| {
                let known = |field: &String| {
                    keywords.get("properties").is_some_and(|known| known.get(field).is_some())
                };
                object.iter().filter(|(field, _)| !known(field)).all(|(_, value)| self.accepts(rule, value))
            }),
            other => panic!("the validator does not know the keyword {other:?}; teach it"),
        }
    }
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("no type of JSON Schema: {other}"),
    }
}

fn has_format(format: &str, text: &str) -> bool {
    match format {
        "date-time" => contract::time::parse(text).is_ok(),
        "uri-reference" => !text.contains([' ', '\\']),
        // Of numbers; `minimum` and `maximum` say the same.
        "uint32" | "uint64" => true,
        other => panic!("the validator does not know strings of the format {other:?}; teach it"),
    }
}

/// Whether the text matches a pattern of the form `^[class]{count}$` or `^[class]{min,max}$`, which is all that the
/// contract uses.
fn matches(pattern: &str, text: &str) -> bool {
    let parts = pattern.strip_prefix("^[").and_then(|rest| rest.strip_suffix("}$")?.split_once("]{"));
    let parts = parts.map(|(class, count)| (class, count.split_once(',').unwrap_or((count, count))));
    let Some((class, (min, max))) = parts else { panic!("not of the form ^[class]{{min,max}}$: {pattern}") };
    let class: Vec<char> = class.chars().collect();
    let in_class = |c: char| {
        class.contains(&c) && c != '-'
            || class.windows(3).any(|range| range[1] == '-' && (range[0]..=range[2]).contains(&c))
            || c == '-' && class.last() == Some(&'-')
    };
    let count = text.chars().count();
    (min.parse().unwrap()..=max.parse().unwrap()).contains(&count) && text.chars().all(in_class)
}

#[test]
fn the_validator_knows_right_from_wrong() {
    use serde_json::json;
    let document = json!({ "name": { "type": "string", "pattern": "^[A-Za-z._-]{1,3}$" } });
    let validator = Validator { document: &document };
    let object = json!({
        "type": "object",
        "properties": { "name": { "$ref": "#/name" }, "count": { "type": ["integer", "null"], "minimum": 0 } },
        "required": ["name"],
        "additionalProperties": false,
    });
    for right in
        [json!({ "name": "a-Z" }), json!({ "name": "._", "count": null }), json!({ "name": "x", "count": 0 })]
    {
        assert!(validator.accepts(&object, &right), "{right}");
    }
    for wrong in [
        json!([]),
        json!({}),
        json!({ "name": "" }),
        json!({ "name": "a+b" }),
        json!({ "name": "long" }),
        json!({ "name": "x", "count": -1 }),
        json!({ "name": "x", "count": 1.5 }),
        json!({ "name": "x", "colour": "red" }),
    ] {
        assert!(!validator.accepts(&object, &wrong), "{wrong}");
    }
    let one = json!({ "oneOf": [{ "const": 1 }, { "enum": [1, 2] }] });
    assert!(validator.accepts(&one, &json!(2)) && !validator.accepts(&one, &json!(1)));
}
