//! Inputs that make rules of a Choice hold, or not, as far as the rules tell: about plain members of the input.

use asl::choice::{Kind, Operand, Order, Rule, Test};
use asl::setting::Setting;
use asl::syntax::Condition;
use asl::template::Expression;
use serde_json::{Map, Number, Value, json};

/// Changes an input so that the condition holds, or does not, as far as can be told.
pub(crate) fn suppose(condition: &Condition, holds: bool, input: &mut Value) {
    match condition {
        Condition::Rule(rule) => of_rule(rule, holds, input),
        Condition::Computed(Setting::Computed(Expression::Jsonata(expression))) => {
            of_text(expression.text(), holds, input);
        }
        Condition::Computed(_) => {}
    }
}

fn of_rule(rule: &Rule, holds: bool, input: &mut Value) {
    match (rule, holds) {
        (Rule::And(rules), true) | (Rule::Or(rules), false) => {
            rules.iter().for_each(|rule| of_rule(rule, holds, input));
        }
        (Rule::And(rules), false) | (Rule::Or(rules), true) => {
            rules.iter().take(1).for_each(|rule| of_rule(rule, holds, input));
        }
        (Rule::Not(rule), holds) => of_rule(rule, !holds, input),
        (Rule::Test(path, test), holds) => {
            let path = path.to_string();
            let Some(names) = path.strip_prefix('$') else { return };
            if let Test::IsPresent(is_present) = test
                && *is_present != holds
            {
                // What is not there yet stays away.
                return;
            }
            if let Some(value) = of_test(test, holds) {
                put(input, names, value);
            }
        }
    }
}

/// A value that passes a test, or does not.
fn of_test(test: &Test, holds: bool) -> Option<Value> {
    match test {
        Test::Compare(order, operand) => compared(*order, operand, holds),
        Test::IsPresent(_) => Some(json!(1)),
        Test::IsNull(is_null) => Some(if *is_null == holds { Value::Null } else { json!(1) }),
        Test::Is(kind, is_kind) if *is_kind == holds => Some(match kind {
            Kind::String => json!("text"),
            Kind::Numeric => json!(1),
            Kind::Boolean => json!(true),
            Kind::Timestamp => json!("2026-01-01T00:00:00Z"),
        }),
        Test::Is(..) => Some(Value::Null),
        Test::ComparePath(..) | Test::Matches(_) => None,
    }
}

/// A value that is so compared to the operand, or not.
fn compared(order: Order, operand: &Operand, holds: bool) -> Option<Value> {
    // -1: less, 0: equal, 1: greater.
    let wanted = match (order, holds) {
        (Order::Equal | Order::LessEqual | Order::GreaterEqual, true) => 0,
        (Order::Less | Order::Greater, false) => 0,
        (Order::Less, true) | (Order::GreaterEqual, false) => -1,
        (Order::Greater, true) | (Order::LessEqual | Order::Equal, false) => 1,
    };
    Some(match operand {
        Operand::String(text) => match wanted {
            0 => json!(text),
            1 => json!(format!("{text}~")),
            _ => json!(""),
        },
        Operand::Numeric(number) if wanted == 0 => Value::Number(number.clone()),
        Operand::Numeric(number) => match number.as_i64() {
            Some(number) => json!(number.saturating_add(wanted)),
            None => Value::Number(Number::from_f64(number.as_f64()? + wanted as f64)?),
        },
        Operand::Boolean(boolean) => json!(*boolean == (wanted == 0)),
        Operand::Timestamp(at) => {
            let at = at.checked_add(jiff::SignedDuration::from_secs(wanted)).ok()?;
            json!(at.to_string())
        }
    })
}

/// The same for JSONata of the form `$states.input.a = 'x'`, perhaps several of them with `and`.
fn of_text(text: &str, holds: bool, input: &mut Value) {
    let mut parts: Vec<&str> = text.split(" and ").collect();
    if !holds {
        parts.truncate(1);
    }
    for part in parts {
        let part = part.trim();
        let Some(rest) = part.strip_prefix("$states.input") else { continue };
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_'))).unwrap_or(rest.len());
        let (names, rest) = rest.split_at(end);
        if rest.trim().is_empty() {
            put(input, names, json!(holds));
            continue;
        }
        let Some((sign, literal)) = rest.trim().split_once(' ') else { continue };
        let (order, holds) = match sign {
            "=" => (Order::Equal, holds),
            "!=" => (Order::Equal, !holds),
            "<" => (Order::Less, holds),
            "<=" => (Order::LessEqual, holds),
            ">" => (Order::Greater, holds),
            ">=" => (Order::GreaterEqual, holds),
            _ => continue,
        };
        let literal = literal.trim();
        let quoted = literal.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
        let operand = match (quoted, serde_json::from_str(literal)) {
            (Some(text), _) if !text.contains('\'') => Operand::String(text.to_owned()),
            (_, Ok(Value::Number(number))) => Operand::Numeric(number),
            (_, Ok(Value::Bool(boolean))) => Operand::Boolean(boolean),
            _ => continue,
        };
        if let Some(value) = compared(order, &operand, holds) {
            put(input, names, value);
        }
    }
}

/// Adds to an input what an execution failed for want of, as far as its cause names a member of the input. Whether anything was added.
pub(crate) fn mend(cause: &str, input: &mut Value) -> bool {
    // Behind that stands the input itself.
    let said = cause.split("could not be found in the input").next().unwrap_or(cause);
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    for (at, _) in said.match_indices('$').filter(|(at, _)| !said[..*at].ends_with('$')) {
        let rest = &said[at + 1..];
        let rest = rest.strip_prefix("states.input").unwrap_or(rest);
        let names = &rest[..rest.find(|c| !is_plain(c)).unwrap_or(rest.len())];
        let names = names.trim_end_matches('.');
        let is_there = || input.pointer(&names.replace('.', "/")).is_some();
        if !names.starts_with('.') || is_there() {
            continue;
        }
        let value = match said {
            said if said.contains("'Items") => json!([{}]),
            said if said.contains("Seconds") => json!(1),
            said if said.contains("Timestamp") => json!("2026-01-01T00:00:00Z"),
            _ => json!("text"),
        };
        put(input, names, value);
        return true;
    }
    false
}

/// Puts a value at a place like `.a.b`; nowhere, if that is none.
fn put(input: &mut Value, names: &str, value: Value) {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !names.is_empty() && (!names.starts_with('.') || !names.chars().all(is_plain)) {
        return;
    }
    let mut place = input;
    for name in names.split('.').skip(1) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(members) = place.as_object_mut() else { return };
        place = members.entry(name).or_insert(Value::Null);
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_mended_by_what_a_cause_says() {
        let mut input = json!({"a": 1});
        for (cause, mended) in [
            (
                "The JSONPath '$.b.c' specified for the field 'x.$' could not be found in the input '{\"$.d\":1}'",
                true,
            ),
            (
                "The JSONPath '$.b.c' specified for the field 'x.$' could not be found in the input '{}'",
                false,
            ),
            (
                "The JSONata expression '$states.input.list' specified for the field 'Items' returned nothing",
                true,
            ),
            ("The SecondsPath parameter does not reference an input value: $.s", true),
            (
                "Invalid path '$$.Map.Item.Index': The choice state's condition path references an invalid value.",
                false,
            ),
            ("no luck", false),
        ] {
            assert_eq!(mend(cause, &mut input), mended, "{cause}");
        }
        assert_eq!(input, json!({"a": 1, "b": {"c": "text"}, "list": [{}], "s": 1}));
    }
}
