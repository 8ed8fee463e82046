//! Maps in distributed mode, fact by fact: what is asked for, what is late, what is held, and executions from before children were
//! executions.

use engine::{
    ChildEnd, Effect, Execution, Fact, History, Identity, MapNews, MapRunId, MapRunUpdate, NoneRefused,
    Phase, Rules, StartChild, Status, Stepped, TaskId, step,
};
use serde_json::{Value, json};

use crate::harness::{START_MS, definition};

/// A Map whose children wait, and what it has besides.
pub(crate) fn map(more: &Value) -> asl::Definition {
    let mut map = json!({"Type": "Map", "Label": "L", "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "W",
        "States": {"W": {"Type": "Wait", "Seconds": 9, "End": true}}}});
    map.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    definition(&json!({"StartAt": "M", "States": {"M": map}}).to_string())
}

/// An execution, and what it asked for last.
pub(crate) struct Told {
    definition: asl::Definition,
    pub(crate) execution: Option<Execution>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) types: Vec<String>,
}

impl Told {
    fn new(definition: asl::Definition, input: Value) -> Self {
        Self::of(definition, input, None)
    }

    pub(crate) fn of(definition: asl::Definition, input: Value, identity: Option<Box<Identity>>) -> Self {
        let mut told = Self { definition, execution: None, effects: Vec::new(), types: Vec::new() };
        let execution = "e1".to_owned();
        told.tell(Fact::Started {
            execution,
            input,
            seed: 7,
            first_id: 1,
            identity,
            express: false,
            rules: Rules::TODAY,
        });
        told
    }

    /// Tells it a fact; whether that led to anything.
    pub(crate) fn tell(&mut self, fact: Fact) -> bool {
        let execution = self.execution.take();
        match step(&self.definition, execution, fact, START_MS, &NoneRefused, History::Keep).unwrap() {
            Stepped::Stale(same) => {
                self.execution = Some(*same);
                false
            }
            Stepped::Advanced(step) => {
                self.effects = step.effects;
                self.types.extend(step.history.iter().map(engine::HistoryEvent::type_name));
                self.execution = Some(step.execution);
                true
            }
        }
    }

    pub(crate) fn map_run(&mut self, news: MapNews) -> bool {
        self.tell(Fact::MapRun { run: MapRunId(1), news })
    }

    pub(crate) fn child_ended(&mut self, index: u64, status: Status) -> bool {
        let output = (status == Status::Succeeded).then(|| json!(index));
        let error = (status != Status::Succeeded).then(|| "E".to_owned());
        let (started_ms, stopped_ms, cause, input) = (START_MS, START_MS, None, Some("{}".to_owned()));
        let (attempt, redrives) = (self.execution.as_ref().unwrap().redrives(), 0);
        let end = ChildEnd { status, started_ms, stopped_ms, output, error, cause, attempt, redrives, input };
        self.map_run(MapNews::ChildEnded { index, end: Box::new(end) })
    }

    fn started(&self) -> Vec<&StartChild> {
        let mut started = Vec::new();
        for effect in &self.effects {
            if let Effect::StartChild(child) = effect {
                started.push(&**child);
            }
        }
        started
    }

    pub(crate) fn status(&self) -> Status {
        self.execution.as_ref().unwrap().status()
    }
}

#[test]
fn a_childs_end_is_heard_once() {
    let mut told = Told::new(map(&json!({})), json!([1, 2]));
    assert_eq!(told.started().iter().map(|child| child.index).collect::<Vec<_>>(), [0, 1]);
    assert!(told.child_ended(1, Status::Succeeded));
    assert!(!told.child_ended(1, Status::Succeeded), "it has ended");
    assert!(!told.child_ended(2, Status::Succeeded), "there is none");
    assert!(told.child_ended(0, Status::Succeeded));
    let Phase::Ended(ending) = told.execution.as_ref().unwrap().phase() else { panic!("it has ended") };
    assert_eq!(ending.output, Some(json!([0, 1])));
}

#[test]
fn stopping_an_execution_stops_its_children() {
    let mut told = Told::new(map(&json!({})), json!([1, 2]));
    told.child_ended(0, Status::Succeeded);
    told.tell(Fact::Stopped { error: None, cause: None });
    let stopped = told.effects.iter().any(|effect| {
        matches!(effect, Effect::StopChildren { run: MapRunId(1), executions, .. } if *executions == ["e1.1.1"])
    });
    assert!(stopped, "{:?}", told.effects);
    let run = told.effects.iter().find_map(|effect| match effect {
        Effect::MapRunEnded(run) => Some(run),
        _ => None,
    });
    let run = run.unwrap();
    assert_eq!((run.status, run.items.aborted, run.items.succeeded), (Status::Aborted, 1, 1));
    assert_eq!(told.types[4..], ["MapRunAborted", "MapStateAborted", "ExecutionAborted"]);
}

#[test]
fn settings_can_be_changed_while_it_runs() {
    let mut told =
        Told::new(map(&json!({"MaxConcurrency": 1, "ToleratedFailureCount": 5})), json!([1, 2, 3, 4]));
    assert_eq!(told.started().len(), 1);
    told.map_run(MapNews::Updated(MapRunUpdate { max_concurrency: Some(3), ..MapRunUpdate::default() }));
    assert_eq!(told.started().len(), 2, "two more, at once");
    told.child_ended(0, Status::Failed);
    assert_eq!(told.status(), Status::Running);
    told.map_run(MapNews::Updated(MapRunUpdate { tolerated_count: Some(0), ..MapRunUpdate::default() }));
    assert_eq!(told.status(), Status::Failed, "what was tolerated is not any more");
}

#[test]
fn a_child_is_an_execution_like_any_other() {
    let told = Told::new(map(&json!({})), json!(["x"]));
    let start = told.started()[0].start.clone();
    let fact = Fact::ChildStarted(Box::new(start));
    let step = step(&told.definition, None, fact.clone(), START_MS, &NoneRefused, History::Keep).unwrap();
    let Stepped::Advanced(child) = step else { panic!("it begins") };
    assert_eq!((child.execution.id(), child.execution.started_ms()), ("e1.1.0", START_MS));
    assert_eq!(child.history.len(), 2);
    let timer = child.execution.pending_timers()[0].id;
    let again =
        engine::step(&told.definition, Some(child.execution), fact, START_MS, &NoneRefused, History::Keep);
    let Stepped::Stale(execution) = again.unwrap() else { panic!("it has begun") };
    let fact = Fact::TimerFired { timer };
    let end =
        engine::step(&told.definition, Some(*execution), fact, START_MS + 9_000, &NoneRefused, History::Keep);
    let Stepped::Advanced(child) = end.unwrap() else { panic!("it ends") };
    assert_eq!(child.execution.status(), Status::Succeeded);
    assert_eq!(child.execution.history_len(), 4);
}

#[test]
fn items_are_asked_for_page_by_page_and_little_is_held() {
    let reader = json!({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSONL"},
                        "Parameters": {"Bucket": "b", "Key": "k"}});
    let mut told = Told::new(map(&json!({"ItemReader": reader, "MaxConcurrency": 10})), json!({}));
    let (all, mut largest, mut pages, mut begun, mut told_of) = (20_000, 0, 0, 0, 0);
    let mut facts = std::collections::VecDeque::new();
    loop {
        for effect in std::mem::take(&mut told.effects) {
            match effect {
                Effect::ReadItems(asked) => {
                    pages += 1;
                    let until = (asked.from + asked.items_max).min(all);
                    let items: Vec<Value> =
                        (asked.from..until).map(|n| json!({"n": n, "text": "some text"})).collect();
                    let items =
                        MapNews::Items { from: asked.from, items, of_object: false, is_last: until == all };
                    facts.push_back(items.clone());
                    // Said twice, it is not heard twice.
                    facts.push_back(items);
                }
                Effect::StartChild(child) => {
                    begun += 1;
                    let (status, output, error) =
                        (Status::Succeeded, Some(json!("a somewhat longer result")), None);
                    let (started_ms, stopped_ms, cause, input) = (0, 0, None, None);
                    let (attempt, redrives) = (child.attempt, 0);
                    let end = ChildEnd {
                        status,
                        started_ms,
                        stopped_ms,
                        output,
                        error,
                        cause,
                        attempt,
                        redrives,
                        input,
                    };
                    facts.push_back(MapNews::ChildEnded { index: child.index, end: Box::new(end) });
                }
                _ => {}
            }
        }
        let Some(news) = facts.pop_front() else { break };
        told.map_run(news);
        told_of += 1;
        if told_of % 251 == 0 {
            let execution = told.execution.take().unwrap();
            let stored = execution.encode();
            largest = largest.max(stored.len());
            assert_eq!(Execution::decode(&stored).unwrap(), execution);
            told.execution = Some(execution);
        }
    }
    assert_eq!((begun, pages), (all, 20));
    assert!(
        largest < 400_000,
        "an execution had {largest} bytes: a page of items, and the results of a payload at most"
    );
    let Phase::Ended(ending) = told.execution.as_ref().unwrap().phase() else { panic!("it has ended") };
    assert_eq!(ending.error.as_deref(), Some("States.DataLimitExceeded"), "20,000 results are no payload");
}

/// Items that were asked for, of an array.
fn items(from: u64, items: Vec<Value>, is_last: bool) -> MapNews {
    MapNews::Items { from, items, of_object: false, is_last }
}

#[test]
fn items_that_come_while_results_are_written_are_late() {
    let at = json!({"Bucket": "b", "Key": "k"});
    let reader = json!({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSONL"},
                        "Parameters": at});
    let writer = json!({"Resource": "arn:aws:states:::s3:putObject",
                        "Parameters": {"Bucket": "b", "Prefix": "p"}});
    let mut told = Told::new(
        map(&json!({"ItemReader": reader, "ResultWriter": writer, "MaxConcurrency": 2})),
        json!({}),
    );
    assert!(told.map_run(items(0, vec![json!(1), json!(2)], false)));
    let is_asked = |told: &Told| told.effects.iter().any(|effect| matches!(effect, Effect::ReadItems(_)));
    let is_stopped =
        |told: &Told| told.effects.iter().any(|effect| matches!(effect, Effect::StopChildren { .. }));
    let is_written =
        |told: &Told| told.effects.iter().any(|effect| matches!(effect, Effect::WriteResults(_)));
    assert!(is_asked(&told), "the next page is asked for: {:?}", told.effects);
    assert!(told.child_ended(1, Status::Failed));
    assert!(is_stopped(&told) && !is_written(&told), "the other is to end first: {:?}", told.effects);
    let are_late = |told: &mut Told| {
        assert!(!told.map_run(items(2, vec![json!(3)], true)));
        assert!(!told.map_run(MapNews::Unreadable { from: 2, cause: "c".to_owned() }));
        assert!(!told.map_run(MapNews::Updated(MapRunUpdate::default())));
    };
    are_late(&mut told);
    assert!(!told.map_run(MapNews::Written), "nothing is written yet");
    assert!(told.child_ended(0, Status::Aborted));
    assert!(is_written(&told), "it has failed, and that is written: {:?}", told.effects);
    are_late(&mut told);
    let run = told.execution.as_ref().unwrap().map_runs().next().unwrap();
    assert_eq!((run.items.failed, run.items.aborted), (1, 1));
    assert!(told.map_run(MapNews::Written));
    assert_eq!(told.status(), Status::Failed);
}

#[test]
fn iterations_that_began_before_they_were_executions_go_on_as_they_were() {
    let stored: Value = serde_json::from_str(include_str!("distributed-layout-3.json")).unwrap();
    let definition = definition(stored["definition"].as_str().unwrap());
    let execution = Execution::decode(stored["snapshot"].to_string().as_bytes()).unwrap();
    let mut told = Told { definition, execution: Some(execution), effects: Vec::new(), types: Vec::new() };
    let pending = told.execution.as_ref().unwrap().pending_tasks();
    assert_eq!(pending.len(), 2, "{pending:?}");
    let TaskId(failing) = pending[0];
    told.tell(Fact::TaskFailed { task: TaskId(failing), error: "E".to_owned(), cause: None });
    let TaskId(last) = pending[1];
    told.tell(Fact::FunctionReturned { task: TaskId(last), output: json!("three") });
    let Phase::Ended(ending) = told.execution.as_ref().unwrap().phase() else { panic!("it has ended") };
    let expected = json!([{"of": 0, "got": "one"}, {"Error": "E", "Cause": null}, {"of": 2, "got": "three"}]);
    assert_eq!(ending.output, Some(expected));
}

#[test]
fn what_is_nested_too_deep_to_be_read_back_fails_the_state() {
    let deep = (0..asl::data::NESTING_MAX).fold(json!(1), |inner, _| json!([inner]));
    for more in [
        json!({"QueryLanguage": "JSONata", "Items": ["{% $states.input %}"]}),
        json!({"QueryLanguage": "JSONata", "Items": [1],
               "ItemBatcher": {"MaxItemsPerBatch": 1, "BatchInput": {"in": "{% $states.input %}"}}}),
    ] {
        let told = Told::new(map(&more), deep.clone());
        let Phase::Ended(ending) = told.execution.as_ref().unwrap().phase() else { panic!("it has ended") };
        assert_eq!(ending.error.as_deref(), Some(asl::error::DATA_LIMIT_EXCEEDED), "{more}");
    }
}
