//! Numbers keep their spelling wherever they are handed on, and are compared by what they stand for.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use asl::choice::{Kind, Operand, Order, Rule, Test};
use asl::path::Path;
use asl::random::Random;
use asl::template::{Expression, Place};
use asl::{Context, Scope};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

/// Spellings that are as they were however often they are read and written.
const SPELLINGS: [&str; 20] = [
    "0",
    "-0",
    "7",
    "-7",
    "1.0",
    "1.10",
    "-0.0",
    "1E3",
    "1e3",
    "1e+3",
    "1E-3",
    "1.50E+03",
    "100000000000000000000",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "12345678901234567890123.4567890",
    "0.30000000000000004",
    "1e400",
];

#[test]
fn a_number_is_written_as_it_was_read() {
    for text in SPELLINGS {
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value.to_string(), text);
        assert_eq!(asl::data::json_len(&value), text.len(), "{text}");
        // Through a value, and through bytes.
        assert_eq!(serde_json::to_value(&value).unwrap().to_string(), text);
        assert_eq!(serde_json::from_value::<Value>(value.clone()).unwrap().to_string(), text);
        let list: Vec<Value> = serde_json::from_slice(&serde_json::to_vec(&[&value]).unwrap()).unwrap();
        assert_eq!(list, std::slice::from_ref(&value));
        assert_eq!(text.parse::<Number>().map(Value::Number).ok(), Some(value), "{text}");
    }
}

/// How messages and stored things are read that have a member in common: everything is put by before it is known what it is.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(tag = "outcome")]
enum Reply {
    Succeeded { output: Value },
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Flat {
    #[serde(flatten)]
    plan: Plan,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Plan {
    rate: f64,
    count: u64,
}

#[test]
fn what_is_put_by_before_it_is_known_reads_as_well() {
    for text in SPELLINGS {
        let reply = format!(r#"{{"outcome":"Succeeded","output":{{"n":{text}}}}}"#);
        let read: Reply = serde_json::from_str(&reply).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), reply);
    }
    for rate in [0.5, 5.0, -0.0, 1e-7, 1e100, 1.0 / 3.0, f64::MIN_POSITIVE, f64::MAX] {
        let flat = Flat { plan: Plan { rate, count: 3 } };
        let read: Flat = serde_json::from_str(&serde_json::to_string(&flat).unwrap()).unwrap();
        assert_eq!(read, flat);
    }
    let read: Flat = serde_json::from_str(r#"{"rate":5,"count":3}"#).unwrap();
    assert_eq!(read, Flat { plan: Plan { rate: 5.0, count: 3 } });
}

#[test]
fn a_type_that_a_number_does_not_fit_is_named() {
    let value: Value = serde_json::from_str("1.50").unwrap();
    assert_eq!(serde_json::from_value::<f64>(value.clone()).unwrap(), 1.5);
    let wrong = serde_json::from_value::<u64>(value).unwrap_err().to_string();
    assert_eq!(wrong, "invalid type: floating point `1.5`, expected u64");
    let wrong = serde_json::from_value::<u8>(json!(-1)).unwrap_err().to_string();
    assert_eq!(wrong, "invalid value: integer `-1`, expected u8");
}

const INPUT: &str = r#"{"one":1,"float":1.0,"price":1.10,"big":1E3,"digits":12345678901234567890,"half":2.5,"minus":-2.5,
    "text":"{\"n\":1.50}","list":[1,1.0,1.00,1E0,2,12345678901234567890],"object":{"b":1.0,"a":1E3}}"#;

/// The value of a path or a call over [`INPUT`], as text.
fn evaluated(text: &str) -> String {
    let input: Value = serde_json::from_str(INPUT).unwrap();
    let build = || json!({});
    let (context, random) = (Context::new(&build), Random::new(1, 2));
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let value = expression.eval(&Scope::of(&input, &context, &random), &Place::Field("x.$"));
    value.map_or_else(|error| error.to_string(), |value| value.to_string())
}

#[test]
fn paths_and_functions_hand_numbers_on_as_they_are_spelt() {
    let table = [
        ("$.price", "1.10"),
        ("$.object", r#"{"b":1.0,"a":1E3}"#),
        ("$.list[1:4]", "[1.0,1.00,1E0]"),
        ("$.list[?(@ == 1)]", "[1,1.0,1.00,1E0]"),
        ("$.list[?(@ > 1E18)]", "[12345678901234567890]"),
        ("States.Array($.digits, $.big, 1.50)", "[12345678901234567890,1E3,1.50]"),
        ("States.Format('{} {} {}', $.price, $.digits, $.big)", r#""1.10 12345678901234567890 1E3""#),
        ("States.JsonToString($.object)", r#""{\"b\":1.0,\"a\":1E3}""#),
        ("States.StringToJson($.text)", r#"{"n":1.50}"#),
        ("States.ArrayGetItem($.list, 3)", "1E0"),
        ("States.JsonMerge($.object, States.StringToJson($.text), false)", r#"{"b":1.0,"a":1E3,"n":1.50}"#),
        // An integer is no other number, however they are spelt.
        ("States.ArrayContains($.list, 1)", "true"),
        ("States.ArrayContains($.list, 1.000)", "true"),
        ("States.ArrayContains($.list, 2.0)", "false"),
        ("States.ArrayUnique($.list)", "[1,1.0,2,12345678901234567890]"),
        // Where integers are asked for, others are rounded, a half up.
        ("States.MathAdd($.half, 1E3)", "1003"),
        ("States.MathAdd($.minus, 0)", "-2"),
        ("States.ArrayRange(1.4, 3.5, 1.0)", "[1,2,3,4]"),
        ("States.ArrayGetItem($.list, 0.4)", "1"),
        ("States.ArrayPartition($.list, 4.0)", "[[1,1.0,1.00,1E0],[2,12345678901234567890]]"),
    ];
    for (text, expected) in table {
        assert_eq!(evaluated(text), expected, "{text}");
    }
}

#[test]
fn choices_compare_by_size() {
    let input: Value = serde_json::from_str(INPUT).unwrap();
    let build = || json!({});
    let (context, random) = (Context::new(&build), Random::new(1, 2));
    let table = [
        ("$.one", Order::Equal, "1.0"),
        ("$.float", Order::Equal, "1"),
        ("$.price", Order::Equal, "1.1"),
        ("$.big", Order::Equal, "1000"),
        ("$.big", Order::Greater, "999.999"),
        ("$.digits", Order::Equal, "1.2345678901234567890E19"),
        ("$.digits", Order::Less, "12345678901234567891"),
        ("$.digits", Order::Less, "1e400"),
    ];
    for (variable, order, than) in table {
        let operand = Operand::of(Kind::Numeric, &serde_json::from_str(than).unwrap()).unwrap();
        let rule = Rule::Test(Path::parse(variable).unwrap(), Test::Compare(order, operand));
        assert_eq!(rule.holds(&Scope::of(&input, &context, &random)), Ok(true), "{variable} and {than}");
    }
}
