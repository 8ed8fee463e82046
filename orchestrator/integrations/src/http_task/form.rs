//! JSON as a form: `application/x-www-form-urlencoded`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What is not encoded: letters, digits, and these.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArrayFormat {
    /// `a[0]=1&a[1]=2`
    Indices,
    /// `a=1&a=2`
    Repeat,
    /// `a=1,2`
    Commas,
    /// `a[]=1&a[]=2`
    Brackets,
}

impl ArrayFormat {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "INDICES" => Self::Indices,
            "REPEAT" => Self::Repeat,
            "COMMAS" => Self::Commas,
            "BRACKETS" => Self::Brackets,
            _ => return None,
        })
    }
}

/// Encoded, so that it stands for itself anywhere in a URL or a form.
fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The type of such content.
pub(super) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// A name and a value, encoded.
pub(super) fn pair(name: &str, value: &str) -> String {
    format!("{}={}", escaped(name), escaped(value))
}

/// A URL with these pairs at the end of its query.
pub(super) fn with_query(url: &str, pairs: &[String]) -> String {
    if pairs.is_empty() {
        return url.to_owned();
    }
    let joint = match url.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{url}{joint}{}", pairs.join("&"))
}

/// Text of what is simple.
pub(super) fn simple(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => Some(String::new()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// The members of an object as a form, in their order.
pub(super) fn encoded(body: &Value, arrays: ArrayFormat) -> String {
    let mut pairs = Vec::new();
    for (name, value) in body.as_object().into_iter().flatten() {
        add(&mut pairs, name.clone(), value, arrays);
    }
    pairs.join("&")
}

fn add(pairs: &mut Vec<String>, name: String, value: &Value, arrays: ArrayFormat) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                add(pairs, format!("{name}[{member}]"), value, arrays);
            }
        }
        Value::Array(elements) if arrays == ArrayFormat::Commas => {
            // What is not simple has no other way to stand between two commas.
            let texts = elements.iter().map(|it| escaped(&simple(it).unwrap_or_else(|| it.to_string())));
            pairs.push(format!("{}={}", escaped(&name), texts.collect::<Vec<_>>().join(",")));
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                let name = match arrays {
                    ArrayFormat::Indices => format!("{name}[{index}]"),
                    ArrayFormat::Brackets => format!("{name}[]"),
                    ArrayFormat::Repeat | ArrayFormat::Commas => name.clone(),
                };
                add(pairs, name, element, arrays);
            }
        }
        value => pairs.push(format!("{}={}", escaped(&name), escaped(&simple(value).unwrap_or_default()))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The lists of the Developer Guide, with what it encodes in its other example.
    #[test]
    fn a_list_is_written_in_four_ways() {
        let body = json!({"array": ["a", "b,c"]});
        for (format, expected) in [
            ("INDICES", "array%5B0%5D=a&array%5B1%5D=b%2Cc"),
            ("REPEAT", "array=a&array=b%2Cc"),
            ("COMMAS", "array=a,b%2Cc"),
            ("BRACKETS", "array%5B%5D=a&array%5B%5D=b%2Cc"),
        ] {
            assert_eq!(encoded(&body, ArrayFormat::named(format).unwrap()), expected, "{format}");
        }
        assert_eq!(ArrayFormat::named("indices"), None);
    }

    /// The example of the Developer Guide, in the order of its members.
    #[test]
    fn what_is_nested_has_its_way_in_its_name() {
        let body = json!({
            "description": "Monthly subscription", "metadata": {"order_details": "monthly report data"}, "customer": "1234567890",
        });
        let expected = "description=Monthly%20subscription&metadata%5Border_details%5D=monthly%20report%20data&customer=1234567890";
        assert_eq!(encoded(&body, ArrayFormat::Indices), expected);
        let lines = json!({"lines": [{"n": 1.10}, {"n": null}], "é": true, "none": []});
        let expected = "lines%5B0%5D%5Bn%5D=1.10&lines%5B1%5D%5Bn%5D=&%C3%A9=true";
        assert_eq!(encoded(&lines, ArrayFormat::Indices), expected.replace("1.10", &json!(1.10).to_string()));
        assert_eq!(encoded(&json!("text"), ArrayFormat::Indices), "");
    }
}
