//! What holds of any definition and any facts: nothing panics, replay gives the snapshot again, from the beginning and from any earlier
//! snapshot, what is not pending changes nothing, an ended execution has nothing pending, and the history is a legal one.

use std::collections::BTreeSet;

use asl::Definition;
use engine::{
    ChildEnd, Effect, Execution, Fact, History, Identity, JournalEntry, MapNews, MapRun, MapRunUpdate,
    NoneRefused, Rules, StartChild, Status, Step, Stepped, TaskId, TimerId, legal, replay, resume, step,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{definition, order_definition, order_input};

/// What a random state is made of: a kind, a place to jump to, and a number.
pub(crate) type Seed = (u8, usize, u8);

const F: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";
const G: &str = "arn:aws:states:::lambda:invoke";

pub(crate) fn machine(prefix: &str, seeds: &[Seed], depth: usize) -> Value {
    let mut states = serde_json::Map::new();
    for (index, seed) in seeds.iter().enumerate() {
        states.insert(format!("{prefix}{index}"), state(prefix, index, seeds, *seed, depth));
    }
    states.insert(format!("{prefix}end"), json!({"Type": "Pass", "End": true}));
    json!({"StartAt": format!("{prefix}0"), "States": states})
}

fn state(prefix: &str, index: usize, seeds: &[Seed], (kind, jump, number): Seed, depth: usize) -> Value {
    let name = |index: usize| match index {
        index if index < seeds.len() => format!("{prefix}{index}"),
        _ => format!("{prefix}end"),
    };
    let (next, jump) = (name(index + 1), name(jump % (seeds.len() + 1)));
    let result_paths = [json!("$"), json!(null), json!("$.r"), json!("$.r.s"), json!("$.list[0]")];
    let result_path = result_paths[number as usize % result_paths.len()].clone();
    let caught = ["States.ALL", "E", "States.Timeout"][number as usize % 3];
    let catch = json!([{"ErrorEquals": [caught], "ResultPath": "$.e", "Next": jump}]);
    let invocation = if number % 2 == 0 { "Event" } else { "RequestResponse" };
    let retry = json!([{"ErrorEquals": ["E"], "MaxAttempts": number % 3, "JitterStrategy": "FULL"}]);
    // A machine must not assign what one around it does.
    let own = |variable: &str| format!("{variable}_{prefix}");
    match kind % 11 {
        0 => json!({"Type": "Task", "Resource": F, "ResultPath": result_path, "Next": next}),
        1 => {
            json!({"Type": "Task", "Resource": F, "TimeoutSeconds": 9, "HeartbeatSeconds": 3, "Retry": retry,
                    "Catch": catch, "ResultPath": result_path, "Next": next})
        }
        2 => json!({"Type": "Task", "Resource": G, "Catch": catch, "Next": next,
                    "Parameters": {"FunctionName": "g", "Payload.$": "$.r",
                                   "InvocationType": invocation}}),
        3 => json!({"Type": "Choice", "Default": next, "Choices": [
            {"And": [{"Variable": "$.r", "IsPresent": true}, {"Variable": "$.r", "IsNumeric": number % 2 == 0}], "Next": jump}]}),
        4 => json!({"Type": "Wait", "Seconds": number % 3, "Next": next}),
        5 => {
            json!({"Type": "Pass", "Result": {"n": number, "id": [1]}, "ResultPath": result_path, "Next": next})
        }
        6 => json!({"Type": "Pass", "Next": next,
                    "Parameters": {"r.$": "States.UUID()", "in.$": "$$.Execution.Input", "list": [number]}}),
        8 => json!({"Type": "Pass", "QueryLanguage": "JSONata", "Next": next, "Assign": {own("v"): number},
                    "Output": {"r": "{% $exists($states.input.r) ? $states.input.r : $states.context.State.Name %}",
                               "id": "{% $uuid() %}"}}),
        9 => {
            json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Next": next,
                    "QueryLanguage": "JSONata", "HeartbeatSeconds": 3, "Retry": retry, "Assign": {own("w"): "{% $states.result %}"},
                    "Arguments": {"QueueUrl": "q", "MessageBody": {"token": "{% $states.context.Task.Token %}"}},
                    "Output": "{% $states.input %}",
                    "Catch": [{"ErrorEquals": [caught], "Output": "{% $states.errorOutput %}", "Next": jump}]})
        }
        _ if depth == 0 => json!({"Type": "Wait", "Seconds": 1, "Next": next}),
        10 => {
            let mut processor =
                machine(&format!("{prefix}{index}m"), &seeds[..seeds.len().div_ceil(2)], depth - 1);
            let is_distributed = jump.len() % 2 == 0 || number % 4 == 1;
            processor["ProcessorConfig"] = match is_distributed {
                true => json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}),
                false => json!({"Mode": "INLINE"}),
            };
            let mut map = json!({
                "Type": "Map", "Next": next, "MaxConcurrency": number % 3, "ItemProcessor": processor,
                "ItemSelector": {"list": [number], "r.$": "$$.Map.Item.Index"}, "Retry": retry, "Catch": catch,
                "ResultPath": result_path,
            });
            let bucket = json!({"Bucket": "b", "Key": "k"});
            if is_distributed && number % 3 == 0 {
                map["ItemReader"] = json!({"Resource": "arn:aws:states:::s3:getObject", "Parameters": bucket,
                                           "ReaderConfig": {"InputType": "JSON", "MaxItems": 7}});
            } else {
                map["ItemsPath"] = json!("$.list");
            }
            if is_distributed {
                map["ToleratedFailureCount"] = json!(number % 4);
                map["Label"] = json!(format!("{prefix}{index}"));
            }
            if is_distributed && number % 5 == 0 {
                map["ItemBatcher"] =
                    json!({"MaxItemsPerBatch": 2, "MaxInputBytesPerBatch": 60, "BatchInput": {"n": number}});
            }
            if is_distributed && number % 7 == 0 {
                map["ResultWriter"] =
                    json!({"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}});
            }
            map
        }
        _ => {
            let half = seeds.len() / 2;
            let branches = [
                machine(&format!("{prefix}{index}a"), &seeds[..half.max(1)], depth - 1),
                machine(&format!("{prefix}{index}b"), &seeds[half..], depth - 1),
            ];
            json!({"Type": "Parallel", "Branches": branches, "Retry": retry, "Catch": catch,
                   "ResultPath": result_path, "Next": next})
        }
    }
}

fn identity() -> Box<Identity> {
    Box::new(Identity {
        execution_arn: "arn:aws:states:us-east-1:123456789012:execution:m:e".to_owned(),
        name: "e".to_owned(),
        machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m".to_owned(),
        machine_name: "m".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/r".to_owned(),
        version_arn: None,
        alias_arn: None,
        token_key: None,
    })
}

/// A random fact: mostly about something that is pending.
fn fact(execution: Option<&Execution>, (kind, which, number): (u8, usize, u8)) -> Fact {
    let Some(execution) = execution else { return started(number) };
    if let Some(run) = execution.map_runs().nth(which % 2)
        && kind % 3 > 0
    {
        return Fact::MapRun { run: run.id, news: news(run, execution.redrives(), which, number) };
    }
    let (tasks, timers) = (execution.pending_tasks(), execution.pending_timers());
    let task = if tasks.is_empty() { TaskId(which as u64) } else { tasks[which % tasks.len()] };
    let timer = if timers.is_empty() { TimerId(which as u64) } else { timers[which % timers.len()].id };
    match kind % 18 {
        0..=4 => Fact::FunctionReturned { task, output: json!({"out": number, "list": [1, 2, 3]}) },
        5 => Fact::TaskSucceeded { task, output: json!({"list": [number, number]}) },
        6 => Fact::TaskSubmitted { task, output: json!({"MessageId": "m"}) },
        7..=8 => {
            let error = [
                "E",
                "Other",
                "States.Timeout",
                "States.Runtime",
                "PaymentUnavailable",
                "RestaurantDeclined",
            ];
            Fact::TaskFailed { task, error: error[which % error.len()].to_owned(), cause: None }
        }
        9..=12 => Fact::TimerFired { timer },
        13 => Fact::TaskHeartbeat { task },
        14 => Fact::FunctionReturned { task: TaskId(which as u64), output: Value::Null },
        15..=16 => Fact::Redriven,
        _ if number < 64 => Fact::Stopped { error: None, cause: None },
        _ => Fact::TimerFired { timer: TimerId(which as u64) },
    }
}

fn started(number: u8) -> Fact {
    Fact::Started {
        execution: "e".to_owned(),
        input: order_input(),
        seed: u64::from(number),
        first_id: 1,
        // Those that can be redriven keep more.
        identity: number.is_multiple_of(2).then(identity),
        express: false,
        rules: Rules::try_from(1 + u16::from(number) / 2 % u16::from(Rules::TODAY)).unwrap(),
    }
}

/// Random news of a Map run: mostly of what it waits for.
fn news(run: &MapRun, attempt: u32, which: usize, number: u8) -> MapNews {
    let statuses = [Status::Succeeded, Status::Failed, Status::Aborted, Status::TimedOut, Status::Succeeded];
    let status = statuses[number as usize % statuses.len()];
    let output = (status == Status::Succeeded).then(|| json!([number]));
    let error = (status != Status::Succeeded).then(|| "E".to_owned());
    let (cause, input, redrives) = (None, None, 0);
    let end =
        ChildEnd { status, started_ms: 1, stopped_ms: 2, output, error, cause, attempt, redrives, input };
    let index = run.running().nth(which % 3).unwrap_or(which as u64 % 9);
    match number % 16 {
        0..=6 => MapNews::ChildEnded { index, end: Box::new(end) },
        7..=9 => MapNews::Items {
            from: run.items.total(),
            items: vec![json!({"list": [1]}); which % 5],
            of_object: false,
            is_last: which.is_multiple_of(3),
        },
        10 => MapNews::Unreadable { from: run.items.total(), cause: "c".to_owned() },
        11 => MapNews::Updated(MapRunUpdate {
            max_concurrency: Some(which as u64 % 4),
            ..MapRunUpdate::default()
        }),
        12 => MapNews::Updated(MapRunUpdate { tolerated_percentage: Some(50.0), ..MapRunUpdate::default() }),
        13 => MapNews::NotWritten { cause: "c".to_owned() },
        14 => MapNews::NotRedrivable { index, attempt, status: Status::TimedOut },
        _ => MapNews::Written,
    }
}

/// Checks an execution, and those that its Maps start.
pub(crate) fn check(definition: &Definition, facts: &[(u8, usize, u8)]) {
    let mut children = check_from(definition, None, facts);
    children.truncate(2);
    for child in children {
        let grandchildren = check_from(definition, Some(Fact::ChildStarted(Box::new(child.start))), facts);
        for child in grandchildren.into_iter().take(1) {
            check_from(definition, Some(Fact::ChildStarted(Box::new(child.start))), facts);
        }
    }
}

/// Checks an execution that begins with that fact. The executions that it asked for.
fn check_from(definition: &Definition, start: Option<Fact>, facts: &[(u8, usize, u8)]) -> Vec<StartChild> {
    let (mut children, mut start) = (Vec::new(), start);
    let mut execution: Option<Execution> = None;
    let mut journal = Vec::new();
    let mut snapshots = vec![None];
    let mut history_len = 0;
    let (mut timers, mut calls) = (BTreeSet::new(), BTreeSet::new());
    for (at_ms, seed) in (0..).step_by(500).zip(facts) {
        let fact = start.take().unwrap_or_else(|| fact(execution.as_ref(), *seed));
        let before = execution.clone();
        let stepped =
            step(definition, execution.take(), fact.clone(), at_ms, &NoneRefused, History::Keep).unwrap();
        execution = Some(match stepped {
            Stepped::Stale(same) => {
                assert_eq!(Some(&*same), before.as_ref());
                *same
            }
            Stepped::Advanced(after) => {
                journal.push(JournalEntry::new(at_ms, fact.clone()));
                history_len += after.history.len() as u64;
                let skipped =
                    step(definition, before, fact.clone(), at_ms, &NoneRefused, History::Skip).unwrap();
                let Stepped::Advanced(skipped) = skipped else { panic!("{fact:?} advances either way") };
                assert_eq!(skipped.execution, after.execution, "keeping the history changes nothing");
                track(&mut timers, &fact, &after.effects);
                track_calls(&mut calls, &fact, &after);
                check_stale_twice(definition, &after.execution, fact, at_ms);
                children.extend(after.effects.iter().filter_map(|effect| match effect {
                    Effect::StartChild(child) => Some((**child).clone()),
                    _ => None,
                }));
                snapshots.push(Some(after.execution.encode()));
                Execution::decode(&after.execution.encode()).unwrap()
            }
        });
        let pending: BTreeSet<TimerId> =
            execution.iter().flat_map(Execution::pending_timers).map(|t| t.id).collect();
        assert_eq!(pending, timers, "timers set and neither fired nor cancelled are those that are pending");
        let pending: BTreeSet<TaskId> = execution.iter().flat_map(Execution::pending_tasks).collect();
        assert_eq!(pending, calls, "calls made and neither answered nor given up are those that are pending");
    }
    let execution = execution.unwrap();
    assert_eq!(execution.history_len(), history_len);
    if execution.status() != Status::Running {
        assert!(execution.pending_tasks().is_empty() && execution.pending_timers().is_empty());
    }
    for (entries, snapshot) in snapshots.iter().enumerate().filter(|(entries, _)| *entries < journal.len()) {
        let snapshot = snapshot.as_deref().map(|bytes| Execution::decode(bytes).unwrap());
        let resumed = resume(definition, snapshot, journal[entries..].iter().cloned()).unwrap();
        assert_eq!(resumed, execution, "from the snapshot after {entries} facts");
    }
    let (replayed, history) = replay(definition, journal).unwrap();
    assert_eq!(replayed, execution);
    assert_eq!(history.len() as u64, history_len);
    if let Err(illegal) = legal(&history) {
        let told = &history[..history.len().min(illegal.id as usize)];
        let told: Vec<_> =
            told.iter().rev().take(40).map(|e| (e.id, e.previous_event_id, e.type_name())).collect();
        panic!("{illegal}, the latest first: {told:?}");
    }
    children
}

/// A fact that is told again changes nothing, unless it may come any number of times.
fn check_stale_twice(definition: &Definition, after: &Execution, fact: Fact, at_ms: u64) {
    let is_repeatable = match &fact {
        Fact::TaskHeartbeat { .. } | Fact::Redriven => true,
        // A page without items, after which there are others, is like any other such page.
        Fact::MapRun { news: MapNews::Items { items, is_last, .. }, .. } => items.is_empty() && !is_last,
        Fact::MapRun { news, .. } => matches!(news, MapNews::Updated(_)),
        _ => false,
    };
    if !is_repeatable {
        let twice = step(definition, Some(after.clone()), fact, at_ms, &NoneRefused, History::Skip);
        assert_eq!(twice, Ok(Stepped::Stale(Box::new(after.clone()))));
    }
}

fn track_calls(calls: &mut BTreeSet<TaskId>, fact: &Fact, after: &Step) {
    calls.extend(after.effects.iter().filter_map(|effect| match effect {
        Effect::Call(call) if call.is_awaited => Some(call.task),
        _ => None,
    }));
    for given_up in &after.given_up {
        assert!(calls.remove(&given_up.task), "{given_up:?} was not made");
    }
    if let Fact::FunctionReturned { task, .. } | Fact::TaskSucceeded { task, .. } = fact {
        calls.remove(task);
    }
    if let Fact::TaskFailed { task, .. } | Fact::TaskSubmitFailed { task, .. } = fact {
        calls.remove(task);
    }
}

fn track(timers: &mut BTreeSet<TimerId>, fact: &Fact, effects: &[Effect]) {
    if let Fact::TimerFired { timer } = fact {
        assert!(timers.remove(timer));
    }
    for effect in effects {
        match effect {
            Effect::SetTimer { timer, .. } => assert!(timers.insert(*timer)),
            Effect::CancelTimer { timer } => assert!(timers.remove(timer), "{timer:?} was not set"),
            Effect::Call(_)
            | Effect::Finished { .. }
            | Effect::StartChild(_)
            | Effect::RedriveChild(_)
            | Effect::StopChildren { .. }
            | Effect::ReadItems(_)
            | Effect::WriteResults(_)
            | Effect::MapRunBegan { .. }
            | Effect::MapRunEnded(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_machine_with_any_facts(
        seeds in prop::collection::vec(any::<Seed>(), 1..7),
        facts in prop::collection::vec(any::<(u8, usize, u8)>(), 1..40),
    ) {
        check(&definition(&machine("s", &seeds, 2).to_string()), &facts);
    }

    #[test]
    fn the_order_flow_with_any_facts(facts in prop::collection::vec(any::<(u8, usize, u8)>(), 1..60)) {
        check(&order_definition(), &facts);
    }
}
