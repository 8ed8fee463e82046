//! What a JSONata expression costs, over an input of some 2 KB of which it reads little.

use asl::jsonata::Expression;
use asl::random::Random;
use asl::scope::{Context, Scope, Variables};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};

/// Expressions of a workflow, by what they do.
const EXPRESSIONS: [(&str, &str); 7] = [
    ("field", "$states.input.order.customer"),
    ("whole_input", "$states.input"),
    (
        "few_operators",
        "'Order ' & $states.input.order.id & ' of ' & $states.input.order.customer & ': ' & ($x + 1)",
    ),
    ("condition", "$states.input.order.total > 100 and $states.input.order.currency = 'EUR'"),
    ("sum_of_ten", "$sum($states.input.order.items.(price * quantity))"),
    ("map_of_ten", "$map($states.input.order.items[price > 5], function($item) { $item.name & '!' })"),
    ("random", "$floor($random() * 6) + 1"),
];

fn input() -> Value {
    let item = |n: u32| json!({ "id": n, "name": format!("Margherita, size {n}"), "price": n * 2, "quantity": 3, "notes": "no onions, please; ring twice" });
    let items: Vec<Value> = (1..=10).map(item).collect();
    json!({
        "order": { "id": "o-17", "customer": "c-4711", "total": 330, "currency": "EUR", "items": items },
        "settings": { "restaurant": { "timeout_s": 30, "name": "Da Luigi" }, "address": { "street": "Long Lane 1", "city": "Ghent" } },
    })
}

fn expressions(c: &mut Criterion) {
    let (input, build, random) = (input(), || json!({ "Execution": { "Id": "e" } }), Random::new(1, 2));
    let variables = serde_json::Map::from_iter([("x".to_owned(), json!(41))]);
    let context = Context::new(&build);
    let scopes = [&variables];
    let scope = Scope { variables: Variables::new(&scopes), ..Scope::of(&input, &context, &random) };
    let mut group = c.benchmark_group("eval");
    for (name, text) in EXPRESSIONS {
        let expression = Expression::parse(text).expect("an expression");
        expression.eval(&scope).expect("a result");
        group.bench_function(name, |b| b.iter(|| expression.eval(&scope)));
    }
    group.finish();
    let (_, text) = EXPRESSIONS[2];
    c.bench_function("parse/few_operators", |b| b.iter(|| Expression::parse(text)));
}

criterion_group!(benches, expressions);
criterion_main!(benches);
