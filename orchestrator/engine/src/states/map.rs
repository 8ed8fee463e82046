//! Map: runs a machine for each of many items, so many at once, and ends when all have, or one has failed.
//!
//! In distributed mode it is another thing: `distributed.rs`. What is here of that mode is for executions whose iterations began before
//! these were executions of their own.

use std::collections::VecDeque;

use asl::error::{DATA_LIMIT_EXCEEDED, EXCEED_TOLERATED_FAILURE_THRESHOLD, QUERY_EVALUATION_ERROR, RUNTIME};
use asl::io::Io;
use asl::map::{Items, Map, Mode};
use asl::retry::Origin;
use asl::template::{Expression, Place, Template};
use asl::{RuntimeError, Scope, StateKind};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::frame::Awaited;
use crate::gathered::{Gathered, Iterations};
use crate::history::Detail;
use crate::io::input;
use crate::quotas::{self, INLINE_CONCURRENCY_MAX};
use crate::rules::Rules;
use crate::settings::number;
use crate::stepper::{Cursor, Entered, Outcome, Stepper, View, misfit};
use crate::thread::ThreadId;

impl<'d> Stepper<'d> {
    pub(super) fn begin_map(&mut self, mut entered: Entered<'d>, map: &'d Map) -> Outcome {
        if let Mode::Distributed(distributed) = &map.mode {
            return self.begin_map_run(entered, map, distributed);
        }
        let rules = self.head.rules;
        let prepared = self.scoped(entered.view(), &entered.data, |scope| {
            let input = input(&map.io, scope)?;
            let inner = scope.over(&input);
            let wanted = number(&map.max_concurrency, "MaxConcurrency", (0, u64::from(u32::MAX)), &inner)?;
            Ok((items(map, &inner, rules)?, usize::try_from(wanted).unwrap_or(usize::MAX)))
        });
        let (AtHand { items, of_object }, wanted) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return self.failed(entered, error),
        };
        if map.item_selector.is_none() {
            self.forget_input(&mut entered, &map.io, &map.recovery);
        }
        let concurrency_max =
            if wanted == 0 { INLINE_CONCURRENCY_MAX } else { wanted.min(INLINE_CONCURRENCY_MAX) };
        let count = items.len();
        entered.last_event =
            self.tell_inline(&entered, entered.last_event, || Detail::MapStateStarted { length: count });
        let (thread, last_event) = (entered.thread.id, entered.last_event);
        let gathered = Gathered::new(count);
        let iterations = Iterations { gathered, items, of_object, concurrency_max, failed: 0, tolerated: 0 };
        self.threads.insert(entered.waiting(Awaited::Iterations(Box::new(iterations))));
        self.begin_iterations(thread, last_event)
    }

    pub(crate) fn iteration_ended(&mut self, thread: ThreadId, index: u32, last_event: u64) -> Outcome {
        self.iteration(thread, "Succeeded", index, last_event);
        self.begin_iterations(thread, last_event)
    }

    pub(crate) fn iteration_failed(
        &mut self,
        thread: ThreadId,
        index: u32,
        failure: Failure,
        last_event: u64,
    ) -> Outcome {
        let last_event = self.iteration(thread, "Failed", index, last_event);
        if let Some(waiting) = self.threads.get_mut(thread)
            && let Awaited::Iterations(iterations) = &mut waiting.frame.awaited
        {
            iterations.failed += 1;
            if iterations.failed <= iterations.tolerated {
                iterations.gathered.put(index, json!({"Error": failure.error, "Cause": failure.cause}));
                return self.begin_iterations(thread, last_event);
            }
        }
        self.abandon(thread);
        let Some((mut entered, awaited)) = self.resume(thread) else { return Outcome::Parked };
        self.keep_gathered(&mut entered, awaited);
        entered.last_event = self.tell_inline(&entered, last_event, || Detail::MapStateFailed);
        let failure = match &entered.state.kind {
            StateKind::Map(map) if map.mode != Mode::Inline => Failure {
                error: EXCEED_TOLERATED_FAILURE_THRESHOLD.to_owned(),
                cause: Some("The specified tolerated failure threshold was exceeded".to_owned()),
                origin: Origin::State,
            },
            _ => Failure { origin: Origin::Branch, ..failure },
        };
        self.recover(entered, failure)
    }

    /// Begins as many iterations as may be at work; when none is left, the state goes on.
    fn begin_iterations(&mut self, thread: ThreadId, last_event: u64) -> Outcome {
        let mut begun = Vec::new();
        loop {
            let Some(waiting) = self.threads.get_mut(thread) else { return Outcome::Parked };
            let Awaited::Iterations(iterations) = &mut waiting.frame.awaited else { return Outcome::Parked };
            if iterations.gathered.open() == 0 {
                return self.iterations_ended(thread, last_event);
            }
            let Some((index, item)) = iterations.next() else { break };
            let of_object = iterations.of_object;
            match self.iteration_of(thread, (index, item), of_object, last_event) {
                Ok(cursor) => begun.push(cursor),
                Err(error) => {
                    self.ready.extend(begun);
                    self.abandon(thread);
                    let Some((entered, _)) = self.resume(thread) else { return Outcome::Parked };
                    return self.failed(entered, error);
                }
            }
        }
        for cursor in begun.into_iter().rev() {
            self.ready.push_front(cursor);
        }
        Outcome::Parked
    }

    /// An iteration about to begin.
    fn iteration_of(
        &mut self,
        thread: ThreadId,
        (index, item): (u32, Value),
        of_object: bool,
        last_event: u64,
    ) -> Result<Cursor, RuntimeError> {
        let waiting = self.threads.get(thread).ok_or_else(misfit)?;
        let state = waiting.frame.state.of(self.definition).ok_or_else(misfit)?;
        let StateKind::Map(map) = &state.kind else { return Err(misfit()) };
        let is_member = is_member(self.head.rules, map, &item, of_object);
        let about = about(u64::from(index), &item, is_member, None);
        let data = match &map.item_selector {
            None => item,
            Some(selector) => {
                let (frame, item) = (&waiting.frame, Some(&about));
                let (at_ms, retries) = (frame.entered_ms, &*frame.retries);
                let view = View { thread: &waiting.thread, state, at_ms, retries, task: None, item };
                self.scoped(view, &frame.data, |scope| selected(map, selector, scope))?
            }
        };
        if let Err(failure) = quotas::check(&data, &state.name) {
            return Err(RuntimeError::new(DATA_LIMIT_EXCEEDED, failure.cause.unwrap_or_default()));
        }
        let start = map.processor.start;
        let is_child_execution =
            waiting.thread.is_child_execution || matches!(map.mode, Mode::Distributed(_));
        let last_event = self.iteration(thread, "Started", index, last_event);
        let thread = self.new_thread((thread, index), Some(Box::new(about)), is_child_execution);
        Ok(Cursor { thread, state: start, data, last_event })
    }

    /// Tells the history of an iteration. Those of a Map in distributed mode are not in it.
    fn iteration(&mut self, thread: ThreadId, what: &'static str, index: u32, last_event: u64) -> u64 {
        let Some(waiting) = self.threads.get(thread) else { return last_event };
        let Some(state) = waiting.frame.state.of(self.definition) else { return last_event };
        let is_inline = matches!(&state.kind, StateKind::Map(map) if map.mode == Mode::Inline);
        if waiting.thread.is_child_execution || !is_inline {
            return last_event;
        }
        self.history.push(last_event, || Detail::MapIteration { what, name: state.name.clone(), index })
    }

    /// Tells the history of a Map as a whole, if it is one in inline mode.
    fn tell_inline(
        &mut self,
        entered: &Entered<'d>,
        last_event: u64,
        detail: impl FnOnce() -> Detail,
    ) -> u64 {
        match &entered.state.kind {
            StateKind::Map(map) if map.mode == Mode::Inline => self.push(&entered.thread, last_event, detail),
            _ => last_event,
        }
    }

    /// All iterations have ended: the state goes on with their outputs.
    fn iterations_ended(&mut self, thread: ThreadId, last_event: u64) -> Outcome {
        let Some((mut entered, awaited)) = self.resume(thread) else { return Outcome::Parked };
        let (Awaited::Iterations(mut iterations), StateKind::Map(map)) = (awaited, &entered.state.kind)
        else {
            return self.failed(entered, misfit());
        };
        self.tell_inline(&entered, last_event, || Detail::MapStateSucceeded);
        // As AWS has it: what follows is led to by the last iteration.
        entered.last_event = last_event;
        let result = iterations.gathered.take();
        if let Err(failure) = quotas::check(&result, &entered.state.name) {
            return self.recover(entered, failure);
        }
        self.complete(entered, &map.io, map.transition, result)
    }
}

/// What an iteration or child is given, if not its item.
pub(super) fn selected(map: &Map, selector: &Template, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
    let input = input(&map.io, scope)?;
    selector.fill(&scope.over(&input), "ItemSelector")
}

/// What the context object tells of an item, and where it came from. Of an object's member, key and value are told apart.
pub(super) fn about(index: u64, item: &Value, is_member: bool, source: Option<&str>) -> Value {
    let mut about = match item {
        Value::Object(member) if is_member => {
            json!({"Index": index, "Key": member["Key"], "Value": member["Value"]})
        }
        _ => json!({"Index": index, "Value": item}),
    };
    if let Some(source) = source {
        about["Source"] = source.into();
    }
    about
}

/// Whether an item is the member of an object, of items that are or are not.
pub(super) fn is_member(rules: Rules, map: &Map, item: &Value, of_object: bool) -> bool {
    if rules.tell_members_apart() {
        return of_object;
    }
    let looks_like_one = |object: &serde_json::Map<String, Value>| {
        object.len() == 2 && object.get("Key").is_some_and(Value::is_string) && object.contains_key("Value")
    };
    matches!(map.io, Io::Jsonata(_)) && item.as_object().is_some_and(looks_like_one)
}

/// The items that are at hand.
#[derive(Default)]
pub(super) struct AtHand {
    pub(super) items: VecDeque<Value>,
    /// Whether they are the members of an object: what merely looks like one is none.
    pub(super) of_object: bool,
}

/// The items that are at hand: none if they are to be read from elsewhere.
pub(super) fn items(map: &Map, scope: &Scope<'_>, rules: Rules) -> Result<AtHand, RuntimeError> {
    let is_jsonata = matches!(map.io, Io::Jsonata(_));
    let (items, path) = match &map.items {
        Items::Input => (scope.data.clone(), None),
        Items::Path(path) => (path.eval(scope, &Place::Field("ItemsPath"))?, Some(path)),
        Items::Template(template) => (template.fill(scope, "Items")?, None),
        Items::Reader(_) => return Ok(AtHand::default()),
    };
    // The state's input has been looked at before.
    if !matches!(map.items, Items::Input) {
        quotas::check_depth(&items, if path.is_some() { "ItemsPath" } else { "Items" })?;
    }
    match items {
        Value::Array(items) => Ok(AtHand { items: items.into(), of_object: false }),
        Value::Object(members) if is_jsonata || rules.map_objects_in_json_path() => {
            let items = members.into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
            Ok(AtHand { items, of_object: true })
        }
        other if is_jsonata => {
            let cause = format!(
                "Map state input must be an array or object but was: {}",
                other.to_string().chars().take(100).collect::<String>()
            );
            let error = RuntimeError::new(QUERY_EVALUATION_ERROR, cause);
            Err(RuntimeError { location: Some("Items".to_owned()), ..error })
        }
        _ => {
            let path = match path {
                Some(Expression::Path(path)) => path.to_string(),
                _ => "$".to_owned(),
            };
            Err(RuntimeError::new(RUNTIME, format!("Reference path \"{path}\" must point to array.")))
        }
    }
}
