//! What each function answers, and why it does not.

use serde_json::{Map, Value, json};

use super::Call;
use crate::error::RuntimeError;
use crate::random::Random;
use crate::scope::{Context, Scope, Variables};

fn error_on(text: &str, data: &Value) -> RuntimeError {
    let build = || json!({});
    let context = Context::new(&build);
    let random = Random::new(1, 2);
    Call::parse(text).unwrap().eval(&Scope::of(data, &context, &random)).unwrap_err()
}

fn eval(text: &str) -> Result<Value, String> {
    let data = json!({"a": "x", "n": 3, "o": {"k": 1, "m": {"p": 1}}, "q": {"m": {"r": 2}}, "list": [1, 2, 2, 3],
                      "json": "{\"k\":[1]}", "time": "11:20,30", "it's, odd)": "found", "Id": 123456, "inputArray": [1, 2, 3, 4, 5, 6, 7, 8, 9], "lookingFor": 5,
                      "index": 5, "value1": 111, "step": -1, "name": "Arnav", "template": "Hello, my name is {}.",
                      "arn": "a:b/c/1.2.3", "json1": {"a": {"a1": 1, "a2": 2}, "b": 2, "d": 3},
                      "json2": {"a": {"a3": 1, "a4": 2}, "c": 3, "d": 4},
                      "objects": [{"a": 1, "b": [{"c": 1, "d": 2}]}, {"b": [{"d": 2, "c": 1}], "a": 1}, 1, "1", 1, null]});
    let variables = Map::from_iter([("order".to_owned(), json!({"id": 5}))]);
    let build = || json!({"Execution": {"Id": "e1"}});
    let context = Context::new(&build);
    let random = Random::new(1, 2);
    let scopes = [&variables];
    let scope = Scope { variables: Variables::new(&scopes), ..Scope::of(&data, &context, &random) };
    Call::parse(text)?.eval(&scope).map_err(|error| error.cause)
}

fn check(text: &str, expected: Value) {
    assert_eq!(eval(text), Ok(expected), "{text}");
}

fn check_error(text: &str, why: &str) {
    let error = eval(text).unwrap_err();
    assert!(error.contains(why), "{text}: {error}");
}

#[test]
fn functions_do_what_the_language_says() {
    check("States.Format('Hello {}, {} and {}', $.a, $.n, true)", json!("Hello x, 3 and true"));
    check("States.Format('it\\'s \\{\\} {}', null)", json!("it's {} null"));
    check("States.Format('{}', $['it\\'s, odd)'])", json!("found"));
    check("States.Format('{}', $$.Execution.Id)", json!("e1"));
    check("States.StringToJson($.json)", json!({"k": [1]}));
    check("States.JsonToString($.o)", json!("{\"k\":1,\"m\":{\"p\":1}}"));
    check("States.Array()", json!([]));
    check("States.Array($.a, 'b', -1.5, States.Array(1))", json!(["x", "b", -1.5, [1]]));
    check("States.ArrayPartition($.list, 3)", json!([[1, 2, 2], [3]]));
    check("States.ArrayContains($.list, 3)", json!(true));
    check("States.ArrayRange(1, 9, 4)", json!([1, 5, 9]));
    check("States.ArrayRange(3, 1, -1)", json!([3, 2, 1]));
    check("States.ArrayGetItem($.list, 3)", json!(3));
    check("States.ArrayLength($.list)", json!(4));
    check("States.ArrayUnique($.list)", json!([1, 2, 3]));
    check("States.Base64Encode('any text')", json!("YW55IHRleHQ="));
    check("States.Base64Decode('YW55IHRleHQ=')", json!("any text"));
    check("States.JsonMerge($.o, $.q, false)", json!({"k": 1, "m": {"r": 2}}));
    check("States.MathAdd($.n, -5)", json!(-2));
    check("States.StringSplit($.time, ':,')", json!(["11", "20", "30"]));
    check("States.StringSplit($.time, ':')", json!(["11", "20,30"]));
}

#[test]
fn randomness_is_a_function_of_the_seed() {
    let uuid = eval("States.UUID()").unwrap();
    assert_eq!(eval("States.UUID()").unwrap(), uuid);
    let uuid = uuid.as_str().unwrap();
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    let number = eval("States.MathRandom(5, 7)").unwrap();
    assert!(number == json!(5) || number == json!(6));
    // With a seed it is that of `java.util.Random`: new Random(42).nextInt(100) is 30.
    check("States.MathRandom(1000, 1100, 42)", json!(1030));
    check_error("States.MathRandom(1, 2, 'x')", "seed must be an integer");
    check_error("States.MathRandom(0, 4294967296, 1)", "smaller than 2147483648");
}

#[test]
fn the_examples_of_awss_documentation() {
    check("States.Array($.Id)", json!([123456]));
    check("States.ArrayPartition($.inputArray, 4)", json!([[1, 2, 3, 4], [5, 6, 7, 8], [9]]));
    check("States.ArrayContains($.inputArray, $.lookingFor)", json!(true));
    check("States.ArrayRange(1, 9, 2)", json!([1, 3, 5, 7, 9]));
    check("States.ArrayGetItem($.inputArray, $.index)", json!(6));
    check("States.ArrayLength($.inputArray)", json!(9));
    check("States.ArrayUnique(States.Array(1, 2, 3, 3, 3, 3, 3, 3, 4))", json!([1, 2, 3, 4]));
    check("States.Base64Encode('Data to encode')", json!("RGF0YSB0byBlbmNvZGU="));
    check("States.Base64Decode('RGVjb2RlZCBkYXRh')", json!("Decoded data"));
    check("States.Hash('input data', 'SHA-1')", json!("aaff4a450a104cd177d28d18d74485e8cae074b7"));
    check(
        "States.JsonMerge($.json1, $.json2, false)",
        json!({"a": {"a3": 1, "a4": 2}, "b": 2, "c": 3, "d": 4}),
    );
    check("States.MathAdd($.value1, $.step)", json!(110));
    check("States.StringSplit('1,2,3,4,5', ',')", json!(["1", "2", "3", "4", "5"]));
    check(
        "States.StringSplit('This.is+a,test=string', '.+,=')",
        json!(["This", "is", "a", "test", "string"]),
    );
    check("States.Format($.template, $.name)", json!("Hello, my name is Arnav."));
    let nested = "States.Format('{}.{}', States.ArrayGetItem(States.StringSplit(States.ArrayGetItem(\
                  States.StringSplit($.arn, '/'), 2), '.'), 0), States.ArrayGetItem(States.StringSplit(\
                  States.ArrayGetItem(States.StringSplit($.arn, '/'), 2), '.'), 1))";
    check(nested, json!("1.2"));
}

#[test]
fn a_path_argument_may_be_any_path() {
    check("States.ArrayLength($.list[?(@ > 1)])", json!(3));
    check("States.ArrayLength($.list[?(@ == 2 || (@ > 2))])", json!(3));
    check("States.Format('{}-{}', $.list[2], $.list[0])", json!("2-1"));
    check("States.Array($.list[0,1], $.o['k','m'])", json!([[1, 2], {"k": 1, "m": {"p": 1}}]));
    check("States.Array($..p)", json!([[1]]));
    check("States.Array($$.Execution.Id, $order.id)", json!(["e1", 5]));
    check("States.JsonToString($$.Execution)", json!("{\"Id\":\"e1\"}"));
    check("States.Format('{}', $.['a'])", json!("x"));
}

#[test]
fn what_is_written_with_a_backslash_stands_for_itself() {
    check(r"States.Format('\'\{\}\\ {}', 'x')", json!(r"'{}\ x"));
    check(r"States.StringSplit('a\{b\\c', '\{')", json!(["a", r"b\c"]));
    check(r"States.Array('it\'s \{\}', '\\')", json!(["it's {}", "\\"]));
    check(r"States.Format('{}', '\{x\}')", json!("{x}"));
    check_error(r"States.Array('\n')", "stands only before");
}

#[test]
fn integers_are_rounded_as_java_does_it() {
    check("States.MathAdd(1.5, 0)", json!(2));
    check("States.MathAdd(-1.5, 0)", json!(-1));
    check("States.MathAdd(1.49, -2.51)", json!(-2));
    check("States.ArrayRange(0.6, 2.4, 1.2)", json!([1, 2]));
    check("States.ArrayPartition($.list, 1.6)", json!([[1, 2], [2, 3]]));
    check("States.ArrayGetItem($.list, 0.5)", json!(2));
    check("States.MathAdd(9223372036854775806, 1)", json!(9_223_372_036_854_775_807_i64));
}

#[test]
fn equal_values_are_one_whatever_the_order_of_their_members() {
    check("States.ArrayUnique($.objects)", json!([{"a": 1, "b": [{"c": 1, "d": 2}]}, 1, "1", null]));
    check("States.ArrayContains($.objects, $.objects[1])", json!(true));
    check("States.ArrayContains($.list, '1')", json!(false));
}

#[test]
fn hashes_are_those_of_any_other_program() {
    check("States.Hash('', 'MD5')", json!("d41d8cd98f00b204e9800998ecf8427e"));
    check("States.Hash('abc', 'SHA-1')", json!("a9993e364706816aba3e25717850c26c9cd0d89d"));
    check(
        "States.Hash('abc', 'SHA-256')",
        json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    );
    check(
        "States.Hash('abc', 'SHA-384')",
        json!(
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        ),
    );
    check(
        "States.Hash('abc', 'SHA-512')",
        json!(
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
    );
    // What is no text is hashed as JSON.
    assert_eq!(eval("States.Hash($.o, 'MD5')"), eval("States.Hash(States.JsonToString($.o), 'MD5')"));
    check_error("States.Hash('a', 'SHA-224')", "there is no algorithm 'SHA-224'");
    check_error("States.Hash('a', 'md5')", "there is no algorithm 'md5'");
}

#[test]
fn long_texts_are_not_encoded_decoded_or_hashed() {
    let (longest, too_long) = ("é".repeat(10_000), "é".repeat(10_001));
    for (before, after) in [("States.Base64Encode('", "')"), ("States.Hash('", "', 'MD5')")] {
        assert!(eval(&format!("{before}{longest}{after}")).is_ok(), "{before}");
        check_error(&format!("{before}{too_long}{after}"), "at most 10000 characters");
    }
    check_error(&format!("States.Base64Decode('{}')", "A".repeat(10_004)), "at most 10000 characters");
}

#[test]
fn calls_are_nested_ten_deep_at_the_most() {
    let nested = |depth: usize| format!("{}1{}", "States.Array(".repeat(depth), ")".repeat(depth));
    assert!(eval(&nested(10)).is_ok());
    check_error(&nested(11), "nested deeper than 10");
}

#[test]
fn what_fails_is_told_with_the_call_that_failed() {
    let data = json!({"other": 1});
    let error = error_on("States.Array(States.Format('{}', $.nope), 1)", &data);
    assert_eq!(
        (error.name, error.cause.as_str()),
        (
            "States.Runtime",
            "The function 'States.Format('{}', $.nope)' had the following error: The JsonPath argument for the field '$.nope' \
             could not be found in the input '{\"other\":1}'"
        )
    );
    let error = error_on("States.MathAdd($.other, 'x')", &data);
    assert_eq!(
        (error.name, error.cause.as_str()),
        (
            "States.Runtime",
            "The function 'States.MathAdd($.other, 'x')' had the following error: expected an integer, found \"x\""
        )
    );
}

#[test]
fn what_cannot_work_says_why() {
    check_error("States.Nope()", "there is no function");
    check_error("States.Fromat('')", "did you mean States.Format?");
    check_error("States.MathAdd(1)", "takes 2 arguments, not 1");
    check_error("States.Format('{}')", "more '{}' than arguments");
    check_error("States.Format('a', 1)", "more arguments than '{}'");
    check_error("States.Format('{', 1)", "needs a '\\'");
    check_error("States.Format($.o)", "expected a string");
    check_error("States.Format('{}', $.o)", "no string, number");
    check_error("States.Format('{}', $.missing)", "could not be found in the input");
    check_error("States.StringToJson('{')", "not JSON");
    check_error("States.ArrayGetItem($.list, 4)", "no element 4");
    check_error("States.ArrayPartition($.list, 0)", "positive");
    check_error("States.ArrayRange(1, 2, 0)", "must not be 0");
    check_error("States.ArrayRange(1, 9999, 1)", "more than 1000");
    check_error("States.JsonMerge($.o, $.q, true)", "shallow");
    check_error("States.MathAdd(9223372036854775807, 1)", "out of range");
    check_error("States.MathRandom(2, 2)", "greater");
    check_error("States.Base64Decode('%')", "not Base64");
    check_error("States.UUID() x", "unexpected");
    check_error("plain", "expected a path");
    check_error("States.Format('a", "closing quote");
}
