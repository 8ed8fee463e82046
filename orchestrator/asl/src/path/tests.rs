//! What Jayway answers, path by path: its own examples, the paths that public definitions have, and its corners.
#![allow(clippy::disallowed_methods, reason = "it measures how long hostile paths take")]

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::error::STEPS_MAX;
use super::{Path, PathError};
use crate::random::Random;
use crate::scope::{Context, Scope, Variables};

/// The document of Jayway's own documentation.
fn store() -> Value {
    json!({
        "store": {
            "book": [
                {"category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95},
                {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99},
                {"category": "fiction", "author": "Herman Melville", "title": "Moby Dick", "isbn": "0-553-21311-3", "price": 8.99},
                {"category": "fiction", "author": "J. R. R. Tolkien", "title": "The Lord of the Rings", "isbn": "0-395-19395-8",
                 "price": 22.99}
            ],
            "bicycle": {"color": "red", "price": 19.95}
        },
        "expensive": 10
    })
}

/// What definitions are run with.
fn input() -> Value {
    json!({
        "a": {"b c": [1, {"it's": 2}], "x-y": true, "": 0, "n": null, "text": "abc", "empty": [], "none": {}},
        "list": [10, 20, 30, 40, 50],
        "words": ["a", "b", "c"],
        "pairs": [["k", 1], ["l", 2]],
        "tags": [{"Name": "Receipt", "v": 1}, {"Name": "Invoice", "v": "2"}, {"v": null}, "Receipt"],
        "detail": {"x": {"a": [1, 2]}, "y": {"a": [3]}},
        "limit": 20,
        "deep": [{"id": 1, "in": [{"id": 2}]}, {"id": 3, "in": []}]
    })
}

fn select(path: &str, data: &Value) -> Result<Value, PathError> {
    let build = || json!({"Execution": {"Id": "e1", "Input": {"k": [1, 2]}}, "Map": {"Item": {"Index": 7}}});
    let context = Context::new(&build);
    let random = Random::new(0, 0);
    let inner: Map<String, Value> =
        json!({"order": {"id": 5, "items": [{"n": 1}, {"n": 2}]}, "größe": 3}).as_object().unwrap().clone();
    let scopes = [&inner];
    let scope = Scope { variables: Variables::new(&scopes), ..Scope::of(data, &context, &random) };
    let path = Path::parse(path).unwrap_or_else(|why| panic!("{path}: {why}"));
    path.select(&scope).map(std::borrow::Cow::into_owned)
}

fn check(path: &str, expected: Value) {
    assert_eq!(select(path, &input()), Ok(expected), "{path}");
}

fn check_store(path: &str, expected: Value) {
    assert_eq!(select(path, &store()), Ok(expected), "{path}");
}

/// In any order: an object's members come in the order in which the map keeps them.
fn check_store_any_order(path: &str, expected: &[Value]) {
    let Ok(Value::Array(mut found)) = select(path, &store()) else { panic!("{path} gives an array") };
    for value in expected {
        let place = found.iter().position(|other| other == value);
        found.swap_remove(place.unwrap_or_else(|| panic!("{path}: {value} is missing")));
    }
    assert!(found.is_empty(), "{path}: {found:?} too many");
}

fn check_fails(path: &str, text: &str) {
    let error = select(path, &input()).unwrap_err();
    assert_eq!(error.to_string(), text, "{path}");
}

fn check_refused(path: &str, text: &str) {
    assert_eq!(Path::parse(path).unwrap_err(), text, "{path}");
}

#[test]
fn the_examples_of_jayways_documentation() {
    let store = store();
    let book = |n: usize| store["store"]["book"][n].clone();
    let titles = |places: &[usize]| places.iter().map(|n| book(*n)["title"].clone()).collect::<Value>();
    let authors = json!(["Nigel Rees", "Evelyn Waugh", "Herman Melville", "J. R. R. Tolkien"]);
    check_store("$.store.book[*].author", authors.clone());
    check_store("$..author", authors);
    check_store_any_order("$.store.*", &[store["store"]["book"].clone(), store["store"]["bicycle"].clone()]);
    let prices = [json!(8.95), json!(12.99), json!(8.99), json!(22.99), json!(19.95)];
    check_store_any_order("$.store..price", &prices);
    check_store("$..book[2]", json!([book(2)]));
    check_store("$..book[0,1]", json!([book(0), book(1)]));
    check_store("$..book[:2]", json!([book(0), book(1)]));
    check_store("$..book[1:2]", json!([book(1)]));
    check_store("$..book[-2:]", json!([book(2), book(3)]));
    check_store("$..book[2:]", json!([book(2), book(3)]));
    check_store("$..book[?(@.isbn)]", json!([book(2), book(3)]));
    check_store("$.store.book[?(@.price < 10)]", json!([book(0), book(2)]));
    check_store("$..book[?(@.price <= $['expensive'])]", json!([book(0), book(2)]));
    check_store("$..book[?(@.author =~ /.*REES/i)]", json!([book(0)]));
    check_store("$.store.book[0].title", titles(&[0])[0].clone());
    check_store("$['store']['book'][0]['title']", titles(&[0])[0].clone());
    check_store("$.store.book[?(@.price < 10 && @.category == 'fiction')].title", titles(&[2]));
    check_store("$.store.book[?(@.category == 'reference' || @.price > 20)].title", titles(&[0, 3]));
    check_store("$.store.book[?(!@.isbn)].title", titles(&[0, 1]));
    check_store("$.store.book[?(!(@.price < 10 && @.category == 'fiction'))].title", titles(&[0, 1, 3]));
    check_store("$.store.book[(@.length-1)].title", titles(&[3])[0].clone());
    check_store("$..book[?(@.category in ['reference', 'drama'])].title", titles(&[0]));
    check_store("$..book[?(@.category nin ['reference'])].title", titles(&[1, 2, 3]));
    check_store("$..book[?(@.title size 9)].title", titles(&[2]));
    check_store("$..book[?(@.title contains 'of')].title", titles(&[0, 1, 3]));
    check_store("$..nothing", json!([]));
    let Ok(Value::Array(everything)) = select("$..*", &store) else { panic!("an array") };
    assert_eq!(everything.len(), 28);
}

#[test]
fn a_definite_path_gives_the_value() {
    check("$", input());
    check("$.limit", json!(20));
    check("$.a['b c'][0]", json!(1));
    check("$.a['b c'][1]['it\\'s']", json!(2));
    check("$.a[\"x-y\"]", json!(true));
    check("$.a.x-y", json!(true));
    check("$.a['']", json!(0));
    check("$.a.n", Value::Null);
    check("$.list[(@.length-1)]", json!(50));
    check("$.list[ 1 ]", json!(20));
    check("$[ 'limit' ]", json!(20));
    check("$.a['text','n']", json!({"text": "abc", "n": null}));
    check("$.a['text','missing']", json!({"text": "abc"}));
    // What public definitions write, and no standard has.
    check("$.['limit']", json!(20));
    check("$.list.[0]", json!(10));
    check("$.deep.[0].id", json!(1));
    check("$['a']text", json!("abc"));
}

#[test]
fn a_path_begins_at_the_data_the_context_object_or_a_variable() {
    check("$$.Execution.Id", json!("e1"));
    check("$$['Map'].Item.Index", json!(7));
    check("$$.Execution.Input.k[*]", json!([1, 2]));
    check("$order", json!({"id": 5, "items": [{"n": 1}, {"n": 2}]}));
    check("$order.id", json!(5));
    check("$order['items'][1].n", json!(2));
    check("$order.items[?(@.n == $.id)]", json!([]));
    check("$größe", json!(3));
    check_fails("$missing.a", "The variable 'missing' has no value");
    check_fails("$order.a", "No results for path: $['a']");
}

#[test]
fn any_other_path_gives_an_array() {
    check("$.list[0,2]", json!([10, 30]));
    check("$.list[1:3]", json!([20, 30]));
    check("$.list[3:]", json!([40, 50]));
    check("$.list[:2]", json!([10, 20]));
    check("$.list[-2:]", json!([40, 50]));
    check("$.list[-9:]", json!([10, 20, 30, 40, 50]));
    check("$.list[:-3]", json!([10, 20]));
    check("$.list[7:]", json!([]));
    check("$.list[1:99]", json!([20, 30, 40, 50]));
    // With two bounds Jayway counts neither from the end.
    check("$.list[1:-1]", json!([]));
    // It reads a step and forgets it.
    check("$.list[0:4:2]", json!([10, 20, 30, 40]));
    check("$.pairs[*][0]", json!(["k", "l"]));
    check("$.pairs.*.[1]", json!([1, 2]));
    check("$.deep[*].in[*].id", json!([2]));
    check("$.limit[*]", json!([]));
    check("$.a.empty[*]", json!([]));
    check("$.list[*].x", json!([]));
    check("$.tags[*].missing", json!([]));
    check(
        "$.tags[*]['Name','v']",
        json!([{"Name": "Receipt", "v": 1}, {"Name": "Invoice", "v": "2"}, {"v": null}]),
    );
    check("$.detail..a", json!([[1, 2], [3]]));
    check("$.detail..a[*]", json!([1, 2, 3]));
    check("$.deep..id", json!([1, 2, 3]));
    check("$.deep..['id','in']", json!([{"id": 1, "in": [{"id": 2}]}, {"id": 3, "in": []}]));
    // A step after `..` that is not the last goes to every element.
    check("$.pairs..[0]", json!([["k", 1], "k", "l"]));
    check("$..[?(@.id == 2)]", json!([{"id": 2}]));
}

#[test]
fn a_filter_compares_as_jayway_does() {
    let receipt = json!([{"Name": "Receipt", "v": 1}]);
    for condition in [
        "@.Name == 'Receipt'",
        "@.Name==Receipt",
        "@['Name']==\"Receipt\"",
        "@.Name == Receipt && @.v == 1",
        "Receipt == @.Name",
        "@.v == '1'",
        "@.v === 1",
        "(@.Name == 'Receipt')",
        "@.Name =~ /rec.+/i",
        "/R[a-z]*/ =~ @.Name",
        "@.Name in ['Receipt', \"Order\"]",
        "@.Name && @.v == 1",
        "@.Name&&@.v==1",
        "@.v < 2",
        "@.v < $.limit && @.v >= 1 && @.v < 2",
        "@.Name size 7 && @.v == 1",
        "@.Name contains 'ceip'",
    ] {
        check(&format!("$.tags[?({condition})]"), receipt.clone());
    }
    // As public definitions have them.
    check("$.deep[?(@.id==1)]..id", json!([1, 2]));
    check("$.tags[?(@.Name==Receipt)].v", json!([1]));
    check("$.tags[?(@.v == null)]", json!([{"v": null}]));
    check("$.tags[?(@.v != null)].Name", json!(["Receipt", "Invoice"]));
    check("$.tags[?(@.v)].Name", json!(["Receipt", "Invoice"]));
    check("$.tags[?(@.Name == @.missing)]", json!([]));
    check("$.tags[?(@.Name =~ /.*/)].v", json!([1, "2"]));
    check("$.tags[?(@.Name nin ['Receipt'])].v", json!(["2"]));
    check("$.tags[?(!(@.Name == 'Invoice' || @.Name == 'Other'))][?(@.v == 1)].Name", json!(["Receipt"]));
    check("$.tags[?(@ == 'Receipt')]", json!(["Receipt"]));
    check("$.tags[?(@.Name in 'Receipt')]", json!([]));
    check("$.list[?(@ > 25 || @ == 10)]", json!([10, 30, 40, 50]));
    check("$.list[?(@ > $.limit)]", json!([30, 40, 50]));
    check("$.list[?(@ <= 9007199254740993)]", json!([10, 20, 30, 40, 50]));
    check("$.list[?(@ in $.list[1:3])]", json!([20, 30]));
    check("$.[?(@.limit == 20)].limit", json!([20]));
    check("$[?(@.limit == 21)]", json!([]));
    check("$.deep[?(@.in[?(@.id == 2)] empty false)].id", json!([1]));
    check("$.deep[?(@.in empty true)].id", json!([3]));
    check("$.a[?(@['b c'])].text", json!(["abc"]));
    check("$[?(@.words subsetof ['a','b','c','d'])].limit", json!([20]));
    check("$[?(@.words subsetof ['a'])].limit", json!([]));
    check("$[?(@.words anyof ['x', 'c'])].limit", json!([20]));
    check("$[?(@.words noneof ['x', 'y'])].limit", json!([20]));
    check("$[?(@.words noneof ['x', 'c'])].limit", json!([]));
    check("$[?(@.words == ['a', 'b', 'c'])].limit", json!([20]));
    check("$[?(@.detail.y == {'a': [3]})].limit", json!([20]));
    check("$[?(@.words =~ /b/)].limit", json!([]));
    check("$[?(@.list.length() == 5)].limit", json!([]));
}

#[test]
fn what_leads_to_nothing_is_worded_as_jayway_words_it() {
    check_fails("$.missing", "No results for path: $['missing']");
    check_fails("$.a.missing", "No results for path: $['a']['missing']");
    check_fails("$.missing.b", "Missing property in path $['missing']");
    check_fails("$.a.missing.c", "Missing property in path $['a']['missing']");
    check("$.missing[*]", json!([]));
    check("$.missing[?(@.x)].y", json!([]));
    check("$.missing..x", json!([]));
    check_fails("$.list[9]", "Index out of bounds when evaluating path $['list'][9]");
    check_fails("$.list[-1]", "Index out of bounds when evaluating path $['list'][-1]");
    check_fails("$.list[0,9]", "Index out of bounds when evaluating path $['list'][9]");
    check_fails("$.list[-3:-1]", "Index out of bounds when evaluating path $['list'][-3]");
    check_fails("$.list[(@.length-9)]", "Index out of bounds when evaluating path $['list'][-4]");
    check_fails("$.detail.*.b", "No results for path: $['detail']['x']['b']");
    check_fails("$.tags[0:1].b", "No results for path: $['tags'][0]['b']");
    check_fails(
        "$['limit','list'][0]",
        "Multi properties can only be used as path leafs: $['limit', 'list']",
    );
    check_fails("$.list.x", "Property ['x'] not found in path $['list']");
    check_fails("$.list.length()", "Property ['length()'] not found in path $['list']");
    check_fails("$.a.text.x", "Property ['x'] not found in path $['a']['text']");
    check_fails("$.a.n.x", "Property ['x'] not found in path $['a']['n']");
    check_fails("$.a.n[0]", "The path $['a']['n'] is null");
    check_fails("$.limit[0].x", "Filter: [0]['x'] can only be applied to arrays. Current context is: 20");
    check_fails("$.a.none[1:2]", "Filter: [1:2] can only be applied to arrays. Current context is: {}");
    check_fails("$.limit[?(@.x)]", "Filter: [?] can not be applied to primitives. Current context is: 20");
    check_fails("$.a['it\\'s']", "No results for path: $['a']['it's']");
    check_fails("$.limit['a','b']", "Property ['a', 'b'] not found in path $['limit']");
}

#[test]
fn what_is_no_path_is_refused() {
    check_refused("a.b", "a path begins with '$' or '$$'");
    check_refused("$.", "Path must not end with a '.' or '..'");
    check_refused("$.a..", "Path must not end with a '.' or '..'");
    check_refused("$...a", "Character '.' on position 3 is not valid.");
    check_refused("$-a", "Illegal character at position 1 expected '.' or '['");
    check_refused(
        "$.a b",
        "Use bracket notion ['my prop'] if your property contains blank characters. position: 3",
    );
    check_refused("$[]", "Could not parse token starting at position 1. Expected ?, ', 0-9, * ");
    check_refused("$.é[a]", "Could not parse token starting at position 3. Expected ?, ', 0-9, * ");
    check_refused("$['a", "Property has not been closed - missing closing '");
    check_refused("$['a'", "Property has not been closed - missing closing ]");
    check_refused(
        "$['a' 'b']",
        "Property must be separated by comma or Property must be terminated close square bracket at index 6",
    );
    check_refused("$['a',]", "Found empty property at index 6");
    check_refused("$[0", "']' is missing on position 3");
    check_refused("$[1-2]", "Failed to parse ArrayIndexOperation: 1-2");
    check_refused("$[:]", "Failed to parse SliceOperation: :");
    check_refused("$[::2]", "Failed to parse SliceOperation: ::2");
    check_refused("$[99999999999]", "Failed to parse ArrayIndexOperation: 99999999999");
    check_refused("$[?@.a]", "Filter must start with '[?(' and end with ')]'");
    check_refused("$[?(@.a)", "Filter must end with ')]' on position 8");
    check_refused("$[?(@.a == )]", "Expected a value at position 11");
    check_refused("$[?(@.a ~ 1)]", "Filter operator ~ is not supported!");
    check_refused("$[?(@.a like 'x')]", "Filter operator like is not supported!");
    check_refused("$[?(1)]", "Expected path node at position 5");
    check_refused("$[?(@.a == 'x)]", "String not closed in a condition");
    check_refused("$[?(@.a =~ /x)]", "Pattern not closed in a condition");
    check_refused("$[?(@.a in ['x')]", "JSON that cannot be read in a condition");
}

#[test]
fn what_is_said_of_a_path_holds() {
    let of = |text: &str| Path::parse(text).unwrap();
    for (text, is_reference, is_definite) in [
        ("$", true, true),
        ("$$.a['b'][0]", true, true),
        ("$v.a", true, true),
        ("$.a[-1]", false, true),
        ("$['a','b']", false, true),
        ("$['a','b'].c", false, false),
        ("$.a[*]", false, false),
        ("$..a", false, false),
        ("$.a[0:1]", false, false),
        ("$[?(@.a)]", false, false),
    ] {
        let path = of(text);
        assert_eq!((path.is_reference(), path.is_definite()), (is_reference, is_definite), "{text}");
        assert_eq!(path.to_string(), text, "as it was written");
    }
    assert_eq!(of("$v.a").variable(), Some("v"));
    assert_eq!(of("$.v").variable(), None);
    assert!(of("$").is_whole_data() && !of("$$").is_whole_data() && !of("$v").is_whole_data());
    for (text, reads) in [
        ("$$", true),
        ("$$.Execution", true),
        ("$$.Execution.Input.a", true),
        ("$$..Input", true),
        ("$$['Execution','State']", true),
        ("$$.State[?($.Execution.Input)]", true),
        ("$$.Execution.Id", false),
        ("$$.State.Input", false),
        ("$.Execution.Input", false),
    ] {
        assert_eq!(of(text).reads_execution_input(), reads, "{text}");
    }
}

/// Each of these would take for ever or the whole stack if nothing bounded it.
#[test]
fn hostile_paths_end_soon() {
    let began = Instant::now();
    for (open, inner, close) in [
        ("[?(@", "", ")]"),
        ("[?(!", "@.a", ")]"),
        ("(", "@.a", ")"),
        ("[?($..a", ".b", ")]"),
        ("[", "1", "]"),
    ] {
        for count in [20, 100_000] {
            let nested = format!("{}{inner}{}", open.repeat(count), close.repeat(count));
            let whole = if open.starts_with("[?") {
                format!("$.a{nested}")
            } else {
                format!("$[?(@.a in {nested})]")
            };
            let _ = Path::parse(&whole);
        }
    }
    for part in [".a", "[0]", "['a']", "[*]", "..a", "[?(@.a)]", "[", "'", "(", "!", "[?(", "&&"] {
        let _ = Path::parse(&format!("$.a{}", part.repeat(1_000_000 / part.len())));
        let _ = Path::parse(&format!("$[?(@.a{})]", part.repeat(1_000_000 / part.len())));
    }
    assert!(began.elapsed() < Duration::from_secs(5), "reading took {:?}", began.elapsed());

    let mut deep = json!({"a": 1});
    for _ in 0..100 {
        deep = json!({"a": deep, "l": [1, "x".repeat(500), {"b": 2}]});
    }
    let wide: Value = (0..30_000).map(|n| json!({"a": n, "b": "x".repeat(8)})).collect();
    let twice = json!({"a": wide, "b": wide});
    for path in [
        "$..*..*..*..*",
        "$..[?(@..[?(@..[?(@..[?(@..a)])])])]",
        "$..a..a..a..a..a",
        "$.a[?(@ in $.b)]",
        "$..[?($.a == $.b)]",
        "$.a[?($.a contains $.b)]",
        "$..[?(@.b =~ /(x+x+)+y/)]",
        "$..*",
    ] {
        for data in [&deep, &twice] {
            let began = Instant::now();
            let selected = select(path, data);
            assert!(began.elapsed() < Duration::from_secs(2), "{path} took {:?}", began.elapsed());
            assert_eq!(selected, select(path, data), "{path}: the same each time");
        }
    }
    assert_eq!(select("$..*..*..*..*", &deep), Err(PathError::TooManySteps));
    // What is not made to be slow is far from the bound.
    let Ok(Value::Array(found)) = select("$.a[?(@.a < 29999 && @.b == 'xxxxxxxx')]", &twice) else {
        panic!("it takes fewer than {STEPS_MAX} steps")
    };
    assert_eq!(found.len(), 29_999);
}

#[test]
fn a_path_has_no_more_segments_than_data_could_follow() {
    assert!(Path::parse(&format!("${}", ".a".repeat(500))).is_ok());
    assert!(Path::parse(&format!("${}", ".a".repeat(501))).unwrap_err().contains("more than 500 segments"));
}
