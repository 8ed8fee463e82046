//! What executions do, case by case, as data: the files beside this one read as a reference of the language.
//!
//! A file is a list of cases. A case has
//!
//! | member | meaning |
//! | --- | --- |
//! | `it` | what it shows |
//! | `state` or `machine` | a single state called `A` that ends unless it says otherwise, or a whole definition |
//! | `input` | what the execution begins with; `{}` if absent |
//! | `answers` | what functions return: by name, or `service:action` of an integration, a list of `{"Return": …}`, `{"Throw": {"Error", "Cause"}}` or `{"Silence": null}`, the last again and again; `{}` is returned where nothing is said |
//! | `output`, or `error` and perhaps `cause` | how it ends |
//! | `history` | perhaps: its events, each `id < previous Type`, with ` name` for those of states |
//! | `details` | perhaps: of some events by id, members that their details have |
//! | `calls` | perhaps: what was called with what, in order |
//! | `objects` | what there is to be read, by `bucket/key`: texts, or lists and objects for their JSON |
//! | `written` | perhaps: some of the objects that were written, by key, in the same form |
//! | `children` | perhaps: the histories of the executions that Maps started, in the order in which they ended |
//! | `runs` | perhaps: of the Map runs in the order in which they ended, members that `DescribeMapRun` tells |
//!
//! Each is run with its history kept, and once more by replay of its journal; both must agree.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

mod world;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use asl::resource::called_function;
use engine::{
    Call, Detail, Effect, Ending, Execution, Fact, History, HistoryEvent, Identity, JournalEntry,
    NoneRefused, Phase, StartChild, Stepped, TimerId, replay, step,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use world::World;

const START_MS: u64 = 1_700_000_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    it: String,
    state: Option<Value>,
    machine: Option<Value>,
    input: Option<Value>,
    #[serde(default)]
    answers: BTreeMap<String, VecDeque<Answer>>,
    #[serde(default, deserialize_with = "given")]
    output: Option<Value>,
    error: Option<String>,
    cause: Option<String>,
    history: Option<Vec<String>>,
    #[serde(default)]
    details: BTreeMap<u64, Map<String, Value>>,
    calls: Option<Vec<Value>>,
    #[serde(default)]
    objects: BTreeMap<String, Value>,
    #[serde(default)]
    written: BTreeMap<String, Value>,
    children: Option<Vec<Vec<String>>>,
    runs: Option<Vec<Map<String, Value>>>,
    #[serde(default)]
    express: bool,
}

/// A value that is there: `null` is one.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Deserialize, Clone)]
enum Answer {
    Return(Value),
    Throw {
        #[serde(rename = "Error")]
        error: String,
        #[serde(rename = "Cause")]
        cause: Option<String>,
    },
    Silence(()),
}

/// What came of a case.
struct Outcome {
    ending: Ending,
    history: Vec<HistoryEvent>,
    world: World,
}

impl Case {
    fn definition(&self) -> Result<asl::Definition, String> {
        let text = match (&self.machine, &self.state) {
            (Some(machine), None) => machine.to_string(),
            (None, Some(state)) => {
                let mut state = state.clone();
                let ends = ["Next", "End"].iter().any(|field| state.get(field).is_some());
                let by_itself = matches!(state["Type"].as_str(), Some("Choice" | "Succeed" | "Fail"));
                if !ends && !by_itself {
                    state["End"] = true.into();
                }
                json!({"StartAt": "A", "States": {"A": state}}).to_string()
            }
            _ => return Err("a case has either 'state' or 'machine'".to_owned()),
        };
        asl::parse(&text).map_err(|problems| problems.to_string())
    }

    fn run(&mut self) -> Result<Outcome, String> {
        let definition = self.definition()?;
        let mut world = World::new(START_MS, &self.objects);
        let (ending, history) = self.drive(&definition, self.started(), &mut world)?;
        Ok(Outcome { ending, history, world })
    }

    /// Runs an execution to its end, and those that it starts whenever it starts them.
    fn drive(
        &mut self,
        definition: &asl::Definition,
        start: Fact,
        world: &mut World,
    ) -> Result<(Ending, Vec<HistoryEvent>), String> {
        let mut facts = VecDeque::from([start]);
        let mut timers: BTreeMap<(u64, TimerId), ()> = BTreeMap::new();
        let (mut execution, mut journal, mut history) = (None, Vec::new(), Vec::new());
        loop {
            let fact = match facts.pop_front() {
                Some(fact) => fact,
                None => {
                    let Some(((at_ms, timer), ())) = timers.pop_first() else { break };
                    world.now_ms = world.now_ms.max(at_ms);
                    Fact::TimerFired { timer }
                }
            };
            let entry = JournalEntry::new(world.now_ms, fact.clone());
            let stepped = step(definition, execution.take(), fact, world.now_ms, &NoneRefused, History::Keep);
            let step = match stepped.map_err(|error| error.to_string())? {
                Stepped::Stale(same) => {
                    execution = Some(*same);
                    continue;
                }
                Stepped::Advanced(step) => step,
            };
            journal.push(entry);
            history.extend(step.history);
            for effect in step.effects {
                match effect {
                    Effect::Call(call) => {
                        world.calls.push(json!({"resource": *call.resource, "parameters": call.parameters}));
                        facts.extend(self.answer(&call));
                    }
                    Effect::SetTimer { timer, at_ms } => {
                        timers.insert((at_ms, timer), ());
                    }
                    Effect::CancelTimer { timer } => timers.retain(|(_, id), ()| *id != timer),
                    Effect::StartChild(child) => facts.push_back(self.child(definition, *child, world)?),
                    Effect::ReadItems(read) => facts.push_back(world.read(&read)),
                    Effect::WriteResults(write) => facts.push_back(world.write(&write)),
                    Effect::MapRunEnded(run) => world.runs.push(run.describe("e1")),
                    // It has ended before: its end is stale.
                    Effect::StopChildren { .. } | Effect::Finished { .. } => {}
                }
            }
            let stored = step.execution.encode();
            let read = Execution::decode(&stored).map_err(|error| error.to_string())?;
            if read != step.execution {
                return Err("a snapshot does not read back".to_owned());
            }
            execution = Some(read);
        }
        let execution = execution.ok_or("it did not begin")?;
        let Phase::Ended(ending) = execution.phase().clone() else {
            return Err(format!("it waits for ever: {execution:?}"));
        };
        let replayed = replay(definition, journal).map_err(|error| error.to_string())?;
        if replayed != (execution, history.clone()) {
            return Err("replay gives something else".to_owned());
        }
        Ok((ending, history))
    }

    /// Runs a child to its end, and says how it ended.
    fn child(
        &mut self,
        definition: &asl::Definition,
        child: StartChild,
        world: &mut World,
    ) -> Result<Fact, String> {
        let started_ms = world.now_ms;
        let start = Fact::ChildStarted(Box::new(child.start.clone()));
        let (ending, history) = self.drive(definition, start, world)?;
        world.children.push(history.iter().map(told).collect());
        Ok(world.ended(child, started_ms, ending))
    }

    fn started(&self) -> Fact {
        let arn = "arn:aws:states:us-east-1:123456789012";
        Fact::Started {
            execution: "e1".to_owned(),
            input: self.input.clone().unwrap_or_else(|| json!({})),
            seed: 7,
            first_id: 1,
            identity: Some(Box::new(Identity {
                execution_arn: format!("{arn}:execution:machine:e1"),
                name: "e1".to_owned(),
                machine_arn: format!("{arn}:stateMachine:machine"),
                machine_name: "machine".to_owned(),
                role_arn: "arn:aws:iam::123456789012:role/role".to_owned(),
                version_arn: None,
                alias_arn: None,
            })),
            express: self.express,
        }
    }

    fn answer(&mut self, call: &Call) -> Option<Fact> {
        let function = called_function(&call.resource, &call.parameters).ok().map(str::to_owned);
        let is_function = function.is_some();
        let name = function.unwrap_or_else(|| {
            call.resource
                .rsplit(":::")
                .next()
                .unwrap_or(&call.resource)
                .trim_start_matches("states:")
                .to_owned()
        });
        let answers = self.answers.get_mut(&name);
        let answer =
            answers.and_then(
                |answers| {
                    if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
                },
            );
        let task = call.task;
        match answer.unwrap_or_else(|| Answer::Return(json!({}))) {
            Answer::Silence(_) => None,
            Answer::Return(output) if is_function && call.is_awaited => {
                Some(Fact::FunctionReturned { task, output })
            }
            Answer::Return(output) => call.is_awaited.then_some(Fact::TaskSucceeded { task, output }),
            Answer::Throw { error, cause } => Some(Fact::TaskFailed { task, error, cause }),
        }
    }

    /// What is not as the case says.
    fn wrong(&mut self) -> Result<(), String> {
        let outcome = self.run()?;
        let Ending { output, error, cause, .. } = outcome.ending;
        let same = |what: &str, got: &dyn std::fmt::Debug, wanted: &dyn std::fmt::Debug| {
            let (got, wanted) = (format!("{got:?}"), format!("{wanted:?}"));
            if got == wanted { Ok(()) } else { Err(format!("{what}:\n  got    {got}\n  wanted {wanted}")) }
        };
        let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
        if self.error != error || text(&self.output) != text(&output) {
            let got = (text(&output), &error, &cause);
            same("the end", &got, &(text(&self.output), &self.error, &self.cause))?;
        }
        if self.cause.is_some() {
            same("the cause", &cause, &self.cause)?;
        }
        let told: Vec<String> = outcome.history.iter().map(told).collect();
        if let Some(wanted) = &self.history
            && *wanted != told
        {
            return Err(format!("the history:\n  got    {}\n  wanted {}", json!(told), json!(wanted)));
        }
        for (id, wanted) in &self.details {
            let event = outcome.history.iter().find(|event| event.id == *id).ok_or("no such event")?;
            let event = event.to_json("us-east-1");
            let details = event.as_object().unwrap().iter().find(|(name, _)| name.ends_with("EventDetails"));
            let details = details.map_or(Value::Null, |(_, details)| details.clone());
            for (name, value) in wanted {
                same(&format!("{name} of event {id}"), &details[name].to_string(), &value.to_string())?;
            }
        }
        let world = &outcome.world;
        if let Some(wanted) = &self.children {
            same("the children", &json!(world.children).to_string(), &json!(wanted).to_string())?;
        }
        for (key, wanted) in &self.written {
            same(key, &world.written(key, wanted.is_string()).to_string(), &wanted.to_string())?;
        }
        if let Some(wanted) = &self.runs {
            same("how many Map runs there were", &world.runs.len(), &wanted.len())?;
            for (run, wanted) in world.runs.iter().zip(wanted) {
                for (name, value) in wanted {
                    same(&format!("{name} of a Map run"), &run[name].to_string(), &value.to_string())?;
                }
            }
        }
        match &self.calls {
            Some(wanted) => same("the calls", &json!(world.calls).to_string(), &json!(wanted).to_string()),
            None => Ok(()),
        }
    }
}

fn told(event: &HistoryEvent) -> String {
    let name = match &event.detail {
        Detail::StateEntered { name, .. } | Detail::StateExited { name, .. } => format!(" {name}"),
        Detail::MapIteration { index, .. } => format!(" {index}"),
        _ => String::new(),
    };
    format!("{} < {} {}{name}", event.id, event.previous_event_id, event.type_name())
}

#[test]
fn every_case_is_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    for path in files {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let cases: Vec<Case> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        for mut case in cases {
            count += 1;
            if let Err(why) = case.wrong() {
                wrong.push(format!("{file}: {}: {why}", case.it));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases are wrong\n\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(count > 0);
}
