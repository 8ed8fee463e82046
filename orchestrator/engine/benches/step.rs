//! What the step function costs: whole orders, with the snapshot read and written between any two steps, as the
//! participant does it.

use asl::Definition;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::{Effect, Execution, Fact, History, JournalEntry, NoneRefused, Rules, Stepped, replay, step};
use serde_json::{Value, json};

const ORDER: &str = include_str!("../../order-flow/order.asl.json");

fn input() -> Value {
    let item =
        |n: u32| json!({"name": format!("Margherita, size {n}"), "quantity": n, "unit_price_minor": 1190});
    json!({
        "order": {
            "order_id": "order-00000042", "customer_id": "customer-000017", "restaurant_id": "restaurant-0007",
            "items": [item(1), item(2), item(3)], "currency": "EUR", "total_minor": 7140,
        },
        "settings": {"restaurant_timeout_s": 30, "preparation_s": 0, "dispatch_s": 0, "delivery_s": 0},
    })
}

/// Runs an order to its end, and gives the facts that it took.
fn order(definition: &Definition, history: History) -> Vec<JournalEntry> {
    let mut snapshot: Option<Vec<u8>> = None;
    let mut journal = Vec::new();
    let mut now_ms = 1_700_000_000_000;
    let mut fact = Some(Fact::Started {
        execution: "order-00000042".to_owned(),
        input: input(),
        seed: 7,
        first_id: 1,
        identity: None,
        express: false,
        rules: Rules::TODAY,
    });
    while let Some(next) = fact.take() {
        now_ms += 3;
        journal.push(JournalEntry::new(now_ms, next.clone()));
        let execution =
            snapshot.as_deref().map(|bytes| Execution::decode(bytes).expect("a snapshot reads back"));
        let Ok(Stepped::Advanced(step)) = step(definition, execution, next, now_ms, &NoneRefused, history)
        else {
            panic!("an order goes on with every answer")
        };
        snapshot = Some(step.execution.encode());
        fact = step.effects.iter().rev().find_map(|effect| match effect {
            Effect::Call(call) if call.is_awaited => {
                Some(Fact::FunctionReturned { task: call.task, output: json!({}) })
            }
            _ => None,
        });
    }
    journal
}

fn whole_orders(c: &mut Criterion) {
    let definition = asl::parse(ORDER).expect("the order flow is valid");
    let journal = order(&definition, History::Skip);
    let mut group = c.benchmark_group("order");
    group.throughput(Throughput::Elements(journal.len() as u64));
    group.bench_function("steps_with_snapshots", |b| b.iter(|| order(&definition, History::Skip)));
    group
        .bench_function("steps_with_snapshots_and_history", |b| b.iter(|| order(&definition, History::Keep)));
    group.bench_function("replay", |b| b.iter(|| replay(&definition, journal.iter().cloned())));
    group.finish();
}

criterion_group!(benches, whole_orders);
criterion_main!(benches);
