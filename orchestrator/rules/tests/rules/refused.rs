//! What is no pattern, no transformer: where, and what would be right.

use rules::{Logic, Pattern};
use serde_json::{Value, json};

#[test]
fn a_pattern_that_is_none_is_refused_with_its_path() {
    let many: Value = (0..600).map(|n| json!(format!("value{n}"))).collect();
    let or = |count: usize| -> Value { (0..count).map(|n| json!({format!("f{n}"): [1]})).collect() };
    for (pattern, path, expected) in [
        (json!([]), "pattern", "an object with the fields"),
        (json!("x"), "pattern", "an object with the fields"),
        (json!({}), "pattern", "one field at least"),
        (json!({"detail": {}}), "pattern.detail", "one field at least"),
        (json!({"source": "aws.ec2"}), "pattern.source", "[\"aws.ec2\"]: values stand in an array"),
        (json!({"source": []}), "pattern.source", "one value at least"),
        (json!({"source": [["x"]]}), "pattern.source[0]", "a string, a number"),
        (json!({"source": ["a", {"begins": "x"}]}), "pattern.source[1]", "one operator: prefix, suffix,"),
        (json!({"source": [{}]}), "pattern.source[0]", "one operator"),
        (json!({"source": [{"prefix": "a", "suffix": "b"}]}), "pattern.source[0]", "one operator"),
        (
            json!({"source": [{"prefix": 1}]}),
            "pattern.source[0].prefix",
            "a string, or {\"equals-ignore-case\"",
        ),
        (json!({"source": [{"suffix": {"prefix": "x"}}]}), "pattern.source[0].suffix", "equals-ignore-case"),
        (
            json!({"source": [{"prefix": {"equals-ignore-case": 1}}]}),
            "pattern.source[0].prefix.equals-ignore-case",
            "a string",
        ),
        (
            json!({"source": [{"equals-ignore-case": null}]}),
            "pattern.source[0].equals-ignore-case",
            "a string",
        ),
        (json!({"source": [{"wildcard": "a**b"}]}), "pattern.source[0].wildcard", "no two * in a row"),
        (json!({"source": [{"wildcard": "a\\b"}]}), "pattern.source[0].wildcard", "no two * in a row"),
        (json!({"source": [{"wildcard": "a\\"}]}), "pattern.source[0].wildcard", "no two * in a row"),
        (json!({"source": [{"exists": "true"}]}), "pattern.source[0].exists", "true or false"),
        (json!({"source": [{"cidr": "10.0.0.0"}]}), "pattern.source[0].cidr", "10.0.0.0/24"),
        (json!({"source": [{"cidr": "10.0.0.0/33"}]}), "pattern.source[0].cidr", "10.0.0.0/24"),
        (json!({"source": [{"cidr": "10.0.0.0/+1"}]}), "pattern.source[0].cidr", "10.0.0.0/24"),
        (json!({"n": [{"numeric": []}]}), "pattern.n[0].numeric", "[\"=\", N]"),
        (json!({"n": [{"numeric": ["<", 1, ">", 0]}]}), "pattern.n[0].numeric", "the lower bound first"),
        (json!({"n": [{"numeric": [">", 5, "<", 5]}]}), "pattern.n[0].numeric", "below the upper"),
        (json!({"n": [{"numeric": ["!=", 5]}]}), "pattern.n[0].numeric", "[\"=\", N]"),
        (json!({"n": [{"numeric": ["=", "5"]}]}), "pattern.n[0].numeric", "from -5.0e9 to 5.0e9"),
        (json!({"n": [{"numeric": ["=", 5.1e9]}]}), "pattern.n[0].numeric", "from -5.0e9 to 5.0e9"),
        (
            json!({"n": [{"anything-but": []}]}),
            "pattern.n[0].anything-but",
            "an array of strings or of numbers",
        ),
        (
            json!({"n": [{"anything-but": ["a", 1]}]}),
            "pattern.n[0].anything-but",
            "an array of strings or of numbers",
        ),
        (
            json!({"n": [{"anything-but": true}]}),
            "pattern.n[0].anything-but",
            "an array of strings or of numbers",
        ),
        (
            json!({"n": [{"anything-but": {"numeric": ["=", 1]}}]}),
            "pattern.n[0].anything-but",
            "prefix, suffix, equals-ignore-case, wildcard",
        ),
        (
            json!({"n": [{"anything-but": {"prefix": []}}]}),
            "pattern.n[0].anything-but.prefix",
            "one at least",
        ),
        (json!({"$or": [{"a": [1]}]}), "pattern.$or", "two objects or more"),
        (json!({"$or": [{"prefix": ["a"]}, {"b": [1]}]}), "pattern.$or", "not called like operators"),
        (json!({"$or": [{"a": [1]}, {}]}), "pattern.$or[1]", "one field at least"),
        (json!({"$or": [{"a": [1]}, {"b": 2}]}), "pattern.$or[1].b", "values stand in an array"),
        (
            json!({"a": {"$or": or(11)}, "b": {"$or": or(10)}, "$or": or(10)}),
            "pattern",
            "at most 1000 ways, not 1100",
        ),
        (json!({"source": many}), "pattern", "at most 4096 bytes"),
    ] {
        let problem = Pattern::read("pattern", &pattern).unwrap_err();
        assert_eq!(problem.path, path, "{pattern}");
        assert!(problem.expected.contains(expected), "{pattern}: {problem}");
    }
    let combined = json!({"a": {"$or": or(10)}, "b": {"$or": or(10)}, "$or": or(10)});
    assert!(Pattern::read("pattern", &combined).is_ok());
}

#[test]
fn a_transformer_that_is_none_is_refused_with_its_path() {
    let map = |count: usize| -> Value {
        Value::Object((0..count).map(|n| (format!("v{n}"), json!("$.a"))).collect())
    };
    for (transformer, path, expected) in [
        (json!("x"), "transformer", "an object with InputTemplate"),
        (json!({}), "transformer", "an object with InputTemplate"),
        (json!({"InputTemplate": "1", "X": 1}), "transformer.X", "an object with InputTemplate"),
        (json!({"InputTemplate": {}}), "transformer.InputTemplate", "a string that is JSON"),
        (json!({"InputTemplate": ""}), "transformer.InputTemplate", "1 to 8192 bytes"),
        (json!({"InputTemplate": "x".repeat(8193)}), "transformer.InputTemplate", "1 to 8192 bytes"),
        (json!({"InputTemplate": "\"\u{FFFF}\""}), "transformer.InputTemplate", "without it"),
        (json!({"InputTemplate": "\"\\uFfFf\""}), "transformer.InputTemplate", "without it"),
        (json!({"InputTemplate": "it is so"}), "transformer.InputTemplate", "text stands in quotes"),
        (
            json!({"InputTemplate": "{\"a\": <b>}"}),
            "transformer.InputTemplate",
            "a variable of InputPathsMap or a reserved one: <aws.events.rule-arn>",
        ),
        (
            json!({"InputPathsMap": {"b": "$.b"}, "InputTemplate": "{<b>: 1}"}),
            "transformer.InputTemplate",
            "variables in values alone",
        ),
        (
            json!({"InputPathsMap": {"b": "$.b"}, "InputTemplate": "{\"x<b>\": 1}"}),
            "transformer.InputTemplate",
            "variables in values alone",
        ),
        (
            json!({"InputTemplate": "\"<aws.events.event>\""}),
            "transformer.InputTemplate",
            "outside of a string",
        ),
        (
            json!({"InputTemplate": "\"<aws.events.event.json>\""}),
            "transformer.InputTemplate",
            "outside of a string",
        ),
        (
            json!({"InputPathsMap": [], "InputTemplate": "1"}),
            "transformer.InputPathsMap",
            "an object of paths",
        ),
        (
            json!({"InputPathsMap": map(101), "InputTemplate": "1"}),
            "transformer.InputPathsMap",
            "at most 100",
        ),
        (
            json!({"InputPathsMap": {"a.b": "$.a"}, "InputTemplate": "1"}),
            "transformer.InputPathsMap.a.b",
            "letters, digits",
        ),
        (json!({"InputPathsMap": {"a": 1}, "InputTemplate": "1"}), "transformer.InputPathsMap.a", "a path"),
        (
            json!({"InputPathsMap": {"a": "a"}, "InputTemplate": "1"}),
            "transformer.InputPathsMap.a",
            "a path: $",
        ),
    ] {
        let problem = Logic::read(None, None, None, Some(&transformer)).unwrap_err();
        assert_eq!(problem.path, path, "{transformer}");
        assert!(problem.expected.contains(expected), "{transformer}: {problem}");
    }
    let full = json!({"InputPathsMap": map(100), "InputTemplate": "1"});
    assert!(Logic::read(None, None, None, Some(&full)).is_ok());
}

#[test]
fn at_most_one_shape_is_there() {
    let (input, transformer) = (json!({}), json!({"InputTemplate": "1"}));
    let problem = Logic::read(None, Some(&input), Some("$.a"), None).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "input_path: found input and input_path, expected one of input, input_path and transformer, or none"
    );
    assert!(Logic::read(None, None, Some("$.a"), Some(&transformer)).is_err());
    let long = json!("x".repeat(8191));
    assert!(Logic::read(None, Some(&long), None, None).unwrap_err().expected.contains("at most 8192 bytes"));
    assert!(Logic::read(None, None, Some("a"), None).is_err());
}
