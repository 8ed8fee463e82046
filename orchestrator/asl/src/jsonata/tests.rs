//! What expressions evaluate to, as a table.

use serde_json::{Map, Value, json};

use super::{EvalError, Expression, StatesRead};
use crate::random::Random;
use crate::scope::{Context, Scope, Variables};

/// Evaluates with an input, some variables, and a context.
fn eval(text: &str) -> Result<Value, EvalError> {
    let input: Value = serde_json::from_str(INPUT).unwrap();
    let variables: Map<String, Value> = serde_json::from_str(VARIABLES).unwrap();
    let build = || json!({ "Execution": { "Id": "e-1", "Input": { "n": 1 } }, "State": { "Name": "S" } });
    let (context, result) = (Context::new(&build), json!({ "ok": true }));
    let random = Random::new(7, 7);
    let scopes = [&variables];
    let scope = Scope {
        result: Some(&result),
        variables: Variables::new(&scopes),
        now_ms: 1_700_000_000_000,
        ..Scope::of(&input, &context, &random)
    };
    Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).eval(&scope)
}

const INPUT: &str = r#"{
    "name": "Ana", "one": [1], "none": [], "nested": [[1, 2], [3]], "null": null,
    "items": [{ "price": 2, "n": 3 }, { "price": 1.5, "n": 4 }],
    "big": 9007199254740993, "bigger": 18446744073709551615, "float": 1.0, "order": { "z": 1, "a": 2.0, "m": 12345678901234567890 },
    "spelt": { "fraction": 1.10, "exponent": 1E3, "small": 5e-5 }, "digits": 12345678901234567890123, "endless": 1e400
}"#;
const VARIABLES: &str = r#"{ "x": 5, "list": [1, 2], "single": [7], "count": 3, "nothing": null }"#;

#[test]
fn expressions_have_results() {
    let table = [
        // What is read.
        ("$states.input.name", json!("Ana")),
        ("$states.result", json!({ "ok": true })),
        ("$states.context.Execution.Id", json!("e-1")),
        ("$states.input.order", json!({ "z": 1, "a": 2, "m": 12345678901234567890_u64 })),
        ("$states.input.one", json!([1])),
        ("$states.input.nested", json!([[1, 2], [3]])),
        ("$states.input.`null`", json!(null)),
        ("$x", json!(5)),
        ("$single", json!([7])),
        ("$nothing", json!(null)),
        ("$list[1]", json!(2)),
        ("$exists($unknown)", json!(false)),
        ("$exists($states.errorOutput)", json!(false)),
        ("$keys($states)", json!(["input", "result", "context"])),
        // A variable may have the name of a function, and hides it.
        ("$count + 1", json!(4)),
        ("$sum($list)", json!(3)),
        // What JSONata computes.
        ("$sum($states.input.items.(price * n))", json!(12)),
        ("$states.input.items[price < 2].n", json!(4)),
        ("$states.input.items.n[]", json!([3, 4])),
        ("$states.input.items[0].n[]", json!([3])),
        ("[1..3].($ * 2)", json!([2, 4, 6])),
        ("{ 'b': 1, 'a': $x > 4 ? 'big' : 'small' }", json!({ "b": 1, "a": "big" })),
        ("($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(5))", json!(120)),
        ("$map($list, function($v, $i) { $v + $i + $x })", json!([6, 8])),
        ("$states.input.items^(>n).n", json!([4, 3])),
        ("'Dear ' & $uppercase($states.input.name)", json!("Dear ANA")),
        ("$now()", json!("2023-11-14T22:13:20.000Z")),
        ("$millis()", json!(1_700_000_000_000_u64)),
        ("/* a comment */ 1", json!(1)),
        // There is no input but `$states`.
        ("$exists($uppercase())", json!(false)),
        ("$type($string()) = 'string'", json!(false)),
        ("$map([1], function($v) { $exists(states) })", json!(false)),
        // Numbers.
        ("1.0", json!(1)),
        ("1/4", json!(0.25)),
        ("1e3", json!(1000)),
        ("-0", json!(0)),
        ("$states.input.float", json!(1)),
        ("$states.input.big", json!(9007199254740993_u64)),
        ("[$states.input.bigger]", json!([18446744073709551615_u64])),
        ("9007199254740992", json!(9007199254740992_u64)),
        ("1e300", json!(1e300)),
        ("12345678901234567000 + 1", json!(12345678901234567000_u64)),
        ("-9007199254740993 - 2", json!(-9007199254740994_i64)),
    ];
    for (text, expected) in table {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
}

#[test]
fn numbers_are_doubles_and_spelt_as_javascript_does_it() {
    let table = [
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("-2.5e-9", "-2.5e-9"),
        ("0.000001", "0.000001"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("$states.input.float", "1"),
        ("$states.input.spelt", r#"{"fraction":1.1,"exponent":1000,"small":0.00005}"#),
        ("$states.input.spelt.exponent", "1000"),
        // Integers that no double holds keep their digits, as long as nobody computes with them.
        ("$states.input.digits", "12345678901234567890123"),
        ("$states.input.digits * 2", "2.4691357802469135e+22"),
        ("$string($states.input.digits)", "\"1.2345678901234568e+22\""),
    ];
    for (text, expected) in table {
        assert_eq!(eval(text).map(|value| value.to_string()), Ok(expected.to_owned()), "{text}");
    }
    let out_of_range = eval("$states.input.endless + 1").unwrap_err();
    assert!(matches!(&out_of_range, EvalError::Threw { code: Some(code), .. } if &**code == "D1001"));
}

#[test]
fn object_members_keep_their_order() {
    let text = |expression| eval(expression).unwrap().to_string();
    assert_eq!(text("$states.input.order"), r#"{"z":1,"a":2,"m":12345678901234567890}"#);
    assert_eq!(text("{'z': 1, 'a': 2}"), r#"{"z":1,"a":2}"#);
}

#[test]
fn what_has_no_result_says_why() {
    let threw =
        |code: &str, message: &str| EvalError::Threw { code: Some(code.into()), message: message.into() };
    let table = [
        ("$states.input.missing", EvalError::Undefined),
        ("$unknown", EvalError::Undefined),
        ("$states.input.none[0]", EvalError::Undefined),
        ("function($x) { $x }", EvalError::UnsupportedResultType),
        ("$sum", EvalError::UnsupportedResultType),
        ("($matches := /a/; $matches)", EvalError::UnsupportedResultType),
        ("1 + 'a'", threw("T2002", "The right side of the \"+\" operator must evaluate to a number")),
        ("$nowhere(1)", threw("T1006", "Attempted to invoke a non-function")),
        ("$eval('1 + 1')", threw("T1006", "Attempted to invoke a non-function")),
        ("$error('no stock')", threw("D3137", "no stock")),
        ("$sum('a')", threw("T0412", "Argument 1 of function \"sum\" must be an array of \"numbers\"")),
    ];
    for (text, expected) in table {
        assert_eq!(eval(text), Err(expected), "{text}");
    }
}

#[test]
fn awss_functions_work_as_documented() {
    let table = [
        ("$partition([1, 2, 3, 4, 5], 2)", json!([[1, 2], [3, 4], [5]])),
        ("$partition([], 2)", json!([])),
        ("$partition('a', 2)", json!([["a"]])),
        ("$range(0, 10, 2)", json!([0, 2, 4, 6, 8, 10])),
        ("$range(1, 8, 3)", json!([1, 4, 7])),
        ("$range(5, 1, -2)", json!([5, 3, 1])),
        ("$range(3, 3, 1)", json!([3])),
        ("$range(1, 5, -1)", json!([])),
        ("$hash('', 'MD5')", json!("d41d8cd98f00b204e9800998ecf8427e")),
        ("$hash('input', 'SHA-1')", json!("140f86aae51ab9e1cda9b4254fe98a74eb54c1a1")),
        (
            "$hash('abc', 'SHA-256')",
            json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ),
        ("$length($hash('abc', 'SHA-384'))", json!(96)),
        ("$length($hash('abc', 'SHA-512'))", json!(128)),
        ("$parse('{\"a\": [1, 2.50]}').a", json!([1, 2.5])),
        ("$parse('7')", json!(7)),
        // What AWS answers for this seed.
        ("$random(42)", json!(0.7275636800328681)),
        ("$random(42) = $random(42)", json!(true)),
        ("($r := $random(); $r >= 0 and $r < 1)", json!(true)),
        ("$random() = $random()", json!(false)),
        (
            "$contains($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)",
            json!(true),
        ),
        ("$uuid() = $uuid()", json!(false)),
        ("$sum($distinct($shuffle([1..5])))", json!(15)),
    ];
    for (text, expected) in table {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
}

#[test]
fn random_numbers_follow_from_the_seed_and_are_taken_when_asked_for() {
    let taken = |texts: &[&str]| {
        let (build, random) = (|| json!({}), Random::new(7, 7));
        let context = Context::new(&build);
        let input = json!({});
        let eval = |text: &&str| {
            Expression::parse(text).unwrap().eval(&Scope::of(&input, &context, &random)).unwrap()
        };
        texts.iter().map(eval).collect::<Vec<_>>().pop()
    };
    assert_eq!(taken(&["$random()"]), taken(&["$random()"]));
    assert_eq!(taken(&["1", "$uuid()"]), taken(&["2", "3", "$uuid()"]));
    assert_ne!(taken(&["$random()"]), taken(&["$random()", "$random()"]));
}

#[test]
fn awss_functions_refuse_what_they_cannot_work_with() {
    let wrong = |index: u32, name: &str| EvalError::Threw {
        code: Some("T0410".into()),
        message: format!("Argument {index} of function \"{name}\" does not match function signature"),
    };
    let table = [
        ("$partition([1], 0)", wrong(2, "partition")),
        ("$partition([1], 1.5)", wrong(2, "partition")),
        ("$range(1, 2, 0)", wrong(3, "range")),
        ("$range('a', 2, 1)", wrong(1, "range")),
        ("$hash(1, 'MD5')", wrong(1, "hash")),
        ("$hash('a', 'CRC32')", wrong(2, "hash")),
        ("$random('a')", wrong(1, "random")),
        ("$parse(1)", wrong(1, "parse")),
    ];
    for (text, expected) in table {
        assert_eq!(eval(text), Err(expected), "{text}");
    }
    assert!(matches!(eval("$parse('{')"), Err(EvalError::Threw { code: None, .. })));
}

#[test]
fn what_aws_refuses_is_no_expression() {
    let table = [
        ("$.name", "$ stands for nothing at the top level", Some(0)),
        ("1 + $", "$ stands for nothing at the top level", Some(4)),
        ("$$.name", "$$ stands for nothing", Some(0)),
        ("$states.input.items[$$.x = 1]", "$$ stands for nothing", Some(20)),
        ("name", "a field's name stands for nothing", Some(0)),
        ("$x + name.first", "a field's name stands for nothing", Some(5)),
        ("{ 'a': name }", "a field's name stands for nothing", Some(7)),
        ("$x ?? 1", "The symbol \"?\" cannot be used as a unary operator", Some(0)),
        ("$x ?: 1", "The symbol \":\" cannot be used as a unary operator", Some(0)),
        ("1 +", "Unexpected end of expression", Some(3)),
        ("", "Unexpected end of expression", Some(0)),
        ("'a", "String literal must be terminated by a matching quote", Some(0)),
        ("[1,2)", "Expected \"]\", got \")\"", Some(4)),
    ];
    for (text, message, offset) in table {
        let error = Expression::parse(text).map(|_| ()).unwrap_err();
        assert!(error.message.starts_with(message), "{text}: {error}");
        assert_eq!(error.offset, offset, "{text}: {error}");
    }
    // Where there is an input they stand for it.
    for text in [
        "$states.input.items.($ + price)",
        "$states.input.items[price > 1].$.n",
        "$x ~> $map(function($v) { $v })",
    ] {
        assert!(Expression::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn an_expression_knows_what_it_reads() {
    let table: [(&str, &[&str]); 11] = [
        ("$states.input.a", &[]),
        ("$x + $y + $x", &["x", "y"]),
        ("$b & $a", &["b", "a"]),
        ("($x := $y; $x + $z)", &["y", "z"]),
        ("($x + 1; $x := 2)", &["x"]),
        ("$map($list, function($v, $i) { $v + $i + $offset })", &["list", "offset"]),
        ("($f := function($n) { $n < 1 ? 0 : $f($n - 1) }; $f(3))", &[]),
        ("($a := function() { $b() }; $b := function() { 1 }; $a())", &[]),
        ("($x := 1; ($y := 2); $y)", &["y"]),
        ("$states.input.books@$b.loans#$i[$b.id = $i]", &[]),
        (
            "$books[id = $wanted].{ $key: $sum($values) }^(>$order)",
            &["books", "wanted", "key", "values", "order"],
        ),
    ];
    for (text, expected) in table {
        let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let variables: Vec<&str> = expression.variables().iter().map(|name| &**name).collect();
        assert_eq!(variables, expected, "{text}");
    }
}

#[test]
fn an_expression_knows_which_parts_of_states_it_reads() {
    let none = StatesRead::default();
    let table = [
        ("$x", none),
        ("$states.input.a", StatesRead { input: true, ..none }),
        (
            "$states.result & $states.errorOutput.Error",
            StatesRead { result: true, error_output: true, ..none },
        ),
        ("$states.context.Execution.Id", StatesRead { context: true, ..none }),
        ("$states.context.Execution.Input.a", StatesRead { context: true, execution_input: true, ..none }),
        ("$states.context.Execution", StatesRead { context: true, execution_input: true, ..none }),
        ("$states.context", StatesRead { context: true, execution_input: true, ..none }),
        ("$states.context.*.Id", StatesRead { context: true, execution_input: true, ..none }),
        ("$keys($states)", StatesRead { all: true, ..none }),
        ("$states[input].result", StatesRead { all: true, ..none }),
        ("($states := 1; $states)", none),
        ("$map([1], function($v) { $states.input.a })", StatesRead { input: true, ..none }),
    ];
    for (text, expected) in table {
        assert_eq!(Expression::parse(text).unwrap().states(), expected, "{text}");
    }
}

#[test]
fn causes_are_in_awss_words() {
    let cause = |text: &str| eval(text).unwrap_err().cause(text, "Output/v");
    assert_eq!(
        cause("$states.input.missing"),
        "The JSONata expression '$states.input.missing' specified for the field 'Output/v' returned nothing (undefined)."
    );
    assert_eq!(
        cause("$sum"),
        "The JSONata expression '$sum' specified for the field 'Output/v' returned an unsupported result type."
    );
    assert_eq!(
        cause("$abs('a')"),
        "The JSONata expression '$abs('a')' specified for the field 'Output/v' threw an error during evaluation. T0410: Argument 1 of function \"abs\" does not match function signature"
    );
}

#[test]
fn expressions_are_shared_between_threads_and_equal_by_text() {
    fn shared<T: Send + Sync + Clone>(value: T) -> T {
        value
    }
    let expression = Expression::parse("1").unwrap();
    assert_eq!(shared(expression.clone()), expression);
    assert_ne!(expression, Expression::parse("1 ").unwrap());
}
