//! What branches and iterations cost: the time for all of them is to grow with their number, and no faster.

use asl::Definition;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use engine::{
    ChildEnd, Effect, Fact, History, MapNews, NoneRefused, Phase, Rules, Status, Stepped, TaskId, step,
};
use serde_json::{Value, json};

const F: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

fn definition(state: Value) -> Definition {
    asl::parse(&json!({"StartAt": "A", "States": {"A": state}}).to_string()).expect("a valid definition")
}

/// Runs an Express execution to its end, each task answered in the order of the calls.
fn run(definition: &Definition, input: Value) {
    let mut fact = Fact::Started {
        execution: "e".to_owned(),
        input,
        seed: 7,
        first_id: 1,
        identity: None,
        express: true,
        rules: Rules::TODAY,
    };
    let mut execution = None;
    let mut calls: std::collections::VecDeque<TaskId> = std::collections::VecDeque::new();
    loop {
        let Ok(Stepped::Advanced(stepped)) =
            step(definition, execution, fact, 0, &NoneRefused, History::Skip)
        else {
            panic!("it goes on with every answer")
        };
        calls.extend(stepped.effects.iter().filter_map(|effect| match effect {
            Effect::Call(call) => Some(call.task),
            _ => None,
        }));
        let Some(task) = calls.pop_front() else {
            assert!(matches!(stepped.execution.phase(), Phase::Ended(ending) if ending.output.is_some()));
            return;
        };
        execution = Some(stepped.execution);
        fact = Fact::TaskSucceeded { task, output: json!(1) };
    }
}

fn five_states(c: &mut Criterion) {
    let states: serde_json::Map<String, Value> = (0..5)
        .map(|n| {
            let next = if n == 4 { ("End", json!(true)) } else { ("Next", json!(format!("S{}", n + 1))) };
            (format!("S{n}"), json!({"Type": "Pass", "Parameters": {"n": n, "in.$": "$.in"}, next.0: next.1}))
        })
        .collect();
    let text = json!({"StartAt": "S0", "States": states}).to_string();
    let definition = asl::parse(&text).expect("a valid definition");
    c.bench_function("five_states", |b| b.iter(|| run(&definition, json!({"in": "x"}))));
}

fn maps(c: &mut Criterion) {
    let pass = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    let work = json!({"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": F, "End": true}}});
    for (name, processor) in [("map_of_passes", pass), ("map_of_tasks", work)] {
        let definition = definition(json!({"Type": "Map", "End": true, "ItemProcessor": processor}));
        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        for count in [1_000_u64, 10_000] {
            group.throughput(Throughput::Elements(count));
            group.bench_with_input(BenchmarkId::from_parameter(count), &count, |b, count| {
                b.iter(|| run(&definition, (0..*count).collect()));
            });
        }
        group.finish();
    }
}

fn parallels(c: &mut Criterion) {
    let mut group = c.benchmark_group("parallel_of_tasks");
    group.sample_size(10);
    for count in [10_u64, 100, 1_000] {
        let branches: Vec<Value> = (0..count)
            .map(|n| {
                let name = format!("T{n}");
                let states = json!({&name: {"Type": "Task", "Resource": F, "End": true}});
                json!({"StartAt": name, "States": states})
            })
            .collect();
        let definition = definition(json!({"Type": "Parallel", "End": true, "Branches": branches}));
        group.throughput(Throughput::Elements(count));
        group.bench_with_input(BenchmarkId::from_parameter(count), &count, |b, _| {
            b.iter(|| run(&definition, json!({})));
        });
    }
    group.finish();
}

/// Runs the parent of so many children that are read from elsewhere, each of which gives its input as soon as it is started.
fn run_distributed(definition: &Definition, items: u64) {
    let start = Fact::Started {
        execution: "e".to_owned(),
        input: json!({}),
        seed: 7,
        first_id: 1,
        identity: None,
        express: false,
        rules: Rules::TODAY,
    };
    let (mut execution, mut facts) = (None, std::collections::VecDeque::from([start]));
    while let Some(fact) = facts.pop_front() {
        let Ok(Stepped::Advanced(stepped)) =
            step(definition, execution, fact, 0, &NoneRefused, History::Skip)
        else {
            panic!("it goes on with every answer")
        };
        facts.extend(
            stepped
                .effects
                .into_iter()
                .filter_map(|effect| match effect {
                    Effect::StartChild(child) => Some((child.run, ended(child.index, child.start.input))),
                    Effect::ReadItems(asked) => {
                        let until = (asked.from + asked.items_max).min(items);
                        let page = (asked.from..until).map(|n| json!({"id": n, "name": "an item like many"}));
                        let (from, is_last) = (asked.from, until == items);
                        Some((
                            asked.run,
                            MapNews::Items { from, items: page.collect(), of_object: false, is_last },
                        ))
                    }
                    Effect::WriteResults(asked) => Some((asked.run, MapNews::Written)),
                    _ => None,
                })
                .map(|(run, news)| Fact::MapRun { run, news }),
        );
        execution = Some(stepped.execution);
    }
    let execution = execution.expect("it began");
    assert!(matches!(execution.phase(), Phase::Ended(ending) if ending.output.is_some()));
}

fn ended(index: u64, output: Value) -> MapNews {
    let (started_ms, stopped_ms, status) = (0, 0, Status::Succeeded);
    let end = ChildEnd {
        status,
        started_ms,
        stopped_ms,
        output: Some(output),
        error: None,
        cause: None,
        attempt: 0,
        redrives: 0,
        input: None,
    };
    MapNews::ChildEnded { index, end: Box::new(end) }
}

fn distributed(c: &mut Criterion) {
    let definition = definition(json!({
        "Type": "Map", "End": true, "Label": "L", "MaxConcurrency": 1000,
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSONL"},
                       "Parameters": {"Bucket": "b", "Key": "k"}},
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                          "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}));
    let mut group = c.benchmark_group("distributed_map");
    group.sample_size(10);
    for count in [1_000_u64, 10_000] {
        group.throughput(Throughput::Elements(count));
        group.bench_with_input(BenchmarkId::from_parameter(count), &count, |b, count| {
            b.iter(|| run_distributed(&definition, *count));
        });
    }
    group.finish();
    // Once more with a million, for the memory that it takes: that of the whole program at its highest, in kilobytes.
    run_distributed(&definition, 1_000_000);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
    if let Some(peak) = peak {
        assert!(peak < 200 * 1024, "a Map over 1,000,000 items took {peak} kB");
    }
}

// First the one that measures memory.
criterion_group!(benches, distributed, five_states, maps, parallels);
criterion_main!(benches);
