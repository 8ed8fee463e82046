//! What executions do, case by case, as data: the files beside this one read as a reference of the language.
//!
//! A file is a list of cases. A case has
//!
//! | member | meaning |
//! | --- | --- |
//! | `it` | what it shows |
//! | `from` | perhaps: the page of the Developer Guide (`state-choice`) or the section of the specification (`spec: Retry`) that says so, with its sentence |
//! | `state` or `machine` | a single state called `A` that ends unless it says otherwise, or a whole definition |
//! | `input` | what the execution begins with; `{}` if absent |
//! | `answers` | what functions return: by name, or `service:action` of an integration, a list of `{"Return": …}`, `{"Throw": {"Error", "Cause"}}`, `{"Refuse": {"Error", "Cause"}}` (of an integration that is waited for) or `{"Silence": null}`, the last again and again; `{}` is returned where nothing is said; `{"Course": [[5, "Heartbeat"], [9, {"Return": …}]]}` tells it over time, in seconds: `{"Taken": worker}`, `{"Submitted": …}`, `"Heartbeat"`, an end |
//! | `output`, or `error` and perhaps `cause` | how it ends |
//! | `history` | perhaps: its events, each `id < previous Type`, with ` name` for those of states |
//! | `details` | perhaps: of some events by id, members that their details have |
//! | `told` | perhaps: what it is told from outside, a list of `{"at": seconds, "stop": {"Error", "Cause"}}` or `{"at", "redrive": true}` |
//! | `status` | how it ends, if not `SUCCEEDED` with an output or `FAILED` without |
//! | `refused` | perhaps: `{"at", "error", "cause"}` with which every call is refused, at `schedule`, `start`, `submit` or `work` |
//! | `calls` | perhaps: what was called with what, in order |
//! | `objects` | what there is to be read, by `bucket/key`: texts, or lists and objects for their JSON |
//! | `written` | perhaps: some of the objects that were written, by key, in the same form |
//! | `children` | perhaps: the histories of the executions that Maps started, in the order in which they ended |
//! | `runs` | perhaps: of the Map runs in the order in which they ended, members that `DescribeMapRun` tells |
//!
//! Each is run with its history kept, and once more by replay of its journal; both must agree, and the history be legal.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

#[path = "../drive/mod.rs"]
mod drive;
mod surroundings;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use asl::resource::called_function;
use drive::{Past, World, drive};
use engine::{
    Call, Detail, Effect, Ending, Fact, HistoryEvent, Identity, Integrations, JournalEntry, NoneRefused,
    Phase, RedriveChild, Refusal, RefusedAt, Rules, StartChild, Step,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use surroundings::Surroundings;

const START_MS: u64 = 1_700_000_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    it: String,
    #[serde(rename = "from")]
    _from: Option<String>,
    state: Option<Value>,
    machine: Option<Value>,
    #[serde(default, deserialize_with = "given")]
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
    #[serde(default)]
    told: VecDeque<Told>,
    refused: Option<RefusedCall>,
    status: Option<String>,
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
    /// What was called refuses to begin what the task would wait for.
    Refuse {
        #[serde(rename = "Error")]
        error: String,
        #[serde(rename = "Cause")]
        cause: Option<String>,
    },
    Silence(()),
    Course(Vec<(u64, Turn)>),
}

/// What becomes of a call some time after it was made.
#[derive(Deserialize, Clone)]
enum Turn {
    Taken(Option<String>),
    Submitted(Value),
    Heartbeat,
    #[serde(untagged)]
    End(Answer),
}

/// How every call is refused.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct RefusedCall {
    at: String,
    error: String,
    cause: String,
}

impl Integrations for RefusedCall {
    fn refusal(&self, _: &Call) -> Option<Refusal> {
        Some(Refusal { error: self.error.clone(), cause: self.cause.clone() })
    }

    fn refused_at(&self, _: &Call) -> RefusedAt {
        match self.at.as_str() {
            "schedule" => RefusedAt::Schedule,
            "start" => RefusedAt::Start,
            "submit" => RefusedAt::Submit,
            "work" => RefusedAt::Work,
            other => panic!("'at' is 'schedule', 'start', 'submit' or 'work', not '{other}'"),
        }
    }
}

/// Something that an execution is told from outside.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    at: u64,
    stop: Option<Stop>,
    redrive: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Stop {
    error: Option<String>,
    cause: Option<String>,
}

impl Told {
    fn fact(self) -> (u64, Fact) {
        let fact = match self.stop {
            Some(Stop { error, cause }) => Fact::Stopped { error, cause },
            None => {
                assert_eq!(self.redrive, Some(true), "it is told to stop or redriven");
                Fact::Redriven
            }
        };
        (START_MS + self.at * 1000, fact)
    }
}

/// A case that is being run.
struct Run<'a> {
    case: &'a mut Case,
    around: Surroundings,
    /// How many executions are about the one that runs.
    depth: usize,
    /// The children that have ended, by their ids, and what each was started with.
    children: BTreeMap<String, (StartChild, Past)>,
}

impl Run<'_> {
    fn run_to_its_end(
        &mut self,
        definition: &asl::Definition,
        past: Past,
        fact: Fact,
    ) -> Result<(Ending, Past), String> {
        let past = drive(self, definition, past, fact)?;
        match past.execution.as_ref().map(engine::Execution::phase) {
            Some(Phase::Ended(ending)) => Ok((Ending::clone(ending), past)),
            _ => Err(format!("it waits for ever: {:?}", past.execution)),
        }
    }

    /// Runs a child to its end, and says how it ended.
    fn child(
        &mut self,
        definition: &asl::Definition,
        child: &StartChild,
        past: Past,
    ) -> Result<Fact, String> {
        let fact = match past.execution {
            None => Fact::ChildStarted(Box::new(child.start.clone())),
            Some(_) => Fact::Redriven,
        };
        self.depth += 1;
        let (ending, past) = self.run_to_its_end(definition, past, fact)?;
        self.depth -= 1;
        self.around.children.push(past.history.iter().map(told).collect());
        let execution = past.execution.as_ref().unwrap();
        let (started_ms, redrives) = (execution.started_ms(), execution.redrives());
        self.children.insert(child.start.execution.clone(), (child.clone(), past));
        Ok(self.around.ended(child.clone(), (started_ms, redrives), ending))
    }

    /// Runs a child once more: one that is Express from its beginning.
    fn child_again(&mut self, definition: &asl::Definition, redriven: &RedriveChild) -> Result<Fact, String> {
        let (child, past) = self.children.remove(&redriven.execution).ok_or("there is no such child")?;
        let past = if child.start.express { Past::default() } else { past };
        self.child(definition, &StartChild { attempt: redriven.attempt, ..child }, past)
    }
}

impl World for Run<'_> {
    fn integrations(&self) -> &dyn Integrations {
        match &self.case.refused {
            Some(refused) => refused,
            None => &NoneRefused,
        }
    }

    fn now_ms(&mut self) -> &mut u64 {
        &mut self.around.now_ms
    }

    fn answer(&mut self, call: &Call) -> Vec<(u64, Fact)> {
        self.around.calls.push(json!({"resource": *call.resource, "parameters": call.parameters}));
        self.case.answer(call)
    }

    fn bring_about(&mut self, definition: &asl::Definition, effect: &Effect) -> Result<Option<Fact>, String> {
        Ok(match effect {
            Effect::StartChild(child) => Some(self.child(definition, child, Past::default())?),
            Effect::RedriveChild(child) => Some(self.child_again(definition, child)?),
            Effect::ReadItems(read) => Some(self.around.read(read)),
            Effect::WriteResults(write) => Some(self.around.write(write)),
            Effect::MapRunEnded(run) => {
                self.around.runs.push(run.describe("e1"));
                None
            }
            // A child has ended before it could be stopped.
            _ => None,
        })
    }

    fn told(&mut self) -> Option<(u64, Fact)> {
        if self.depth > 0 { None } else { self.case.told.pop_front().map(Told::fact) }
    }

    fn see(&mut self, _: JournalEntry, _: &Step) {}
}

/// What came of a case.
struct Outcome {
    ending: Ending,
    history: Vec<HistoryEvent>,
    around: Surroundings,
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
        let start = self.started();
        let around = Surroundings::new(START_MS, &self.objects);
        let mut run = Run { case: self, around, depth: 0, children: BTreeMap::new() };
        let (ending, past) = run.run_to_its_end(&definition, Past::default(), start)?;
        Ok(Outcome { ending, history: past.history, around: run.around })
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
                token_key: None,
            })),
            express: self.express,
            rules: Rules::TODAY,
        }
    }

    /// What a call is told, and how many milliseconds after it was made.
    fn answer(&mut self, call: &Call) -> Vec<(u64, Fact)> {
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
        let course = match answer.unwrap_or_else(|| Answer::Return(json!({}))) {
            Answer::Course(course) => course,
            answer => vec![(0, Turn::End(answer))],
        };
        course
            .into_iter()
            .filter_map(|(after_s, turn)| Some((after_s * 1000, fact(turn, call, is_function)?)))
            .collect()
    }

    /// What is not as the case says.
    fn wrong(&mut self) -> Result<(), String> {
        let outcome = self.run()?;
        let Ending { status, output, error, cause, .. } = outcome.ending;
        let same = |what: &str, got: &dyn std::fmt::Debug, wanted: &dyn std::fmt::Debug| {
            let (got, wanted) = (format!("{got:?}"), format!("{wanted:?}"));
            if got == wanted { Ok(()) } else { Err(format!("{what}:\n  got    {got}\n  wanted {wanted}")) }
        };
        let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
        let wanted = match (&self.status, &self.output) {
            (Some(status), _) => status,
            (None, Some(_)) => "SUCCEEDED",
            (None, None) => "FAILED",
        };
        same(
            "the end",
            &(status.name(), text(&output), &error, &cause),
            &(wanted, text(&self.output), &self.error, &self.cause),
        )?;
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
        let around = &outcome.around;
        if let Some(wanted) = &self.children {
            same("the children", &json!(around.children).to_string(), &json!(wanted).to_string())?;
        }
        for (key, wanted) in &self.written {
            same(key, &around.written(key, wanted.is_string()).to_string(), &wanted.to_string())?;
        }
        if let Some(wanted) = &self.runs {
            same("how many Map runs there were", &around.runs.len(), &wanted.len())?;
            for (run, wanted) in around.runs.iter().zip(wanted) {
                for (name, value) in wanted {
                    same(&format!("{name} of a Map run"), &run[name].to_string(), &value.to_string())?;
                }
            }
        }
        match &self.calls {
            Some(wanted) => same("the calls", &json!(around.calls).to_string(), &json!(wanted).to_string()),
            None => Ok(()),
        }
    }
}

/// What an execution is told of a call, if anything.
fn fact(turn: Turn, call: &Call, is_function: bool) -> Option<Fact> {
    let task = call.task;
    match turn {
        Turn::Taken(worker) => Some(Fact::ActivityStarted { task, worker }),
        Turn::Submitted(output) => Some(Fact::TaskSubmitted { task, output }),
        Turn::Heartbeat => Some(Fact::TaskHeartbeat { task }),
        Turn::End(Answer::Return(output)) if is_function && call.is_awaited => {
            Some(Fact::FunctionReturned { task, output })
        }
        Turn::End(Answer::Return(output)) => call.is_awaited.then_some(Fact::TaskSucceeded { task, output }),
        Turn::End(Answer::Throw { error, cause }) => Some(Fact::TaskFailed { task, error, cause }),
        Turn::End(Answer::Refuse { error, cause }) => Some(Fact::TaskSubmitFailed { task, error, cause }),
        Turn::End(Answer::Silence(()) | Answer::Course(_)) => None,
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
