//! Map in distributed mode: an execution of its own for each item, or for each batch of items.

use asl::data::{NESTING_MAX, measured};
use asl::error::{
    DATA_LIMIT_EXCEEDED, EXCEED_TOLERATED_FAILURE_THRESHOLD, ITEM_READER_FAILED, RESULT_WRITER_FAILED,
};
use asl::map::{Distributed, ItemReader, Items, Map, Mode, ResultWriter, Transformation};
use asl::retry::Origin;
use asl::setting::Setting;
use asl::template::Template;
use asl::{RuntimeError, Scope};
use serde_json::{Value, json};

use crate::batch::{Added, Batches};
use crate::child::{ChildEnd, ChildStart, StartChild};
use crate::children::Named;
use crate::effect::{Effect, RefusedAt};
use crate::fact::Refused;
use crate::failure::Failure;
use crate::frame::Awaited;
use crate::history::Detail;
use crate::ids::{MapRunId, TaskId};
use crate::io::input;
use crate::map_news::{MapNews, MapRunUpdate};
use crate::map_run::MapRun;
use crate::map_run_parts::{Beginning, Destination, Reading};
use crate::quotas::{PAGE_BYTES_MAX, PAGE_ITEMS_MAX, PAYLOAD_BYTES_MAX, check_field};
use crate::requests::ReadItems;
use crate::results::told;
use crate::rules::Rules;
use crate::settings::{number, percentage};
use crate::states::map::{AtHand, about, is_member, items, selected};
use crate::stepper::{Entered, Outcome, Signal, Stepper, View, misfit};

/// The words of AWS.
pub(super) const THRESHOLD_EXCEEDED: &str = "The specified tolerated failure threshold was exceeded";

/// A child about to be started.
pub(super) struct Next {
    pub(super) input: Value,
    items: u64,
    /// What the context object tells of its item, unless it has several.
    item: Option<Value>,
}

/// Why no child can be started.
pub(super) enum Unstartable {
    Error(RuntimeError),
    Failure(Failure),
}

impl From<RuntimeError> for Unstartable {
    fn from(error: RuntimeError) -> Self {
        Self::Error(error)
    }
}

impl<'d> Stepper<'d> {
    pub(super) fn begin_map_run(
        &mut self,
        mut entered: Entered<'d>,
        map: &'d Map,
        distributed: &'d Distributed,
    ) -> Outcome {
        let id = self.new_map_run();
        let (named, rules) = (self.named(&entered, distributed, id), self.head.rules);
        let prepared = self
            .scoped(entered.view(), &entered.data, |scope| prepare(map, distributed, scope, (&named, rules)));
        let beginning = match prepared {
            Ok(beginning) => Beginning { id, arn: named.map_run_arn(), started_ms: self.now_ms, ..beginning },
            Err(error) => return self.failed(entered, error),
        };
        if map.item_selector.is_none() {
            self.forget_input(&mut entered, &map.io, &map.recovery);
        }
        let run = Box::new(MapRun::new(beginning));
        let length = usize::try_from(run.items.pending).unwrap_or(usize::MAX);
        self.tell_map_run(&mut entered, || Detail::MapStateStarted { length });
        let map_run_arn = run.arn.clone();
        self.effects.push(Effect::MapRunBegan { run: id, map_run_arn: map_run_arn.clone() });
        self.tell_map_run(&mut entered, || Detail::MapRunStarted { map_run_arn });
        if let Some(refusal) = self.integrations.map_run_refusal(id) {
            let refused = Refused::new(TaskId(id.0), refusal, RefusedAt::Work);
            let failure = state_failure(&refused.error, refused.cause.clone());
            self.refused.push(refused);
            return self.map_run_failed(entered, run, failure);
        }
        self.run_map(entered, map, run)
    }

    /// Tells a Map run something that it waits for.
    pub(super) fn map_run_told(
        &mut self,
        entered: Entered<'d>,
        map: &'d Map,
        mut run: Box<MapRun>,
        signal: Signal,
    ) -> Outcome {
        let Signal::MapRun(news) = signal else { return entered.wait(Awaited::MapRun(run)) };
        match news {
            MapNews::Items { items, of_object, is_last, .. } => run.read(items, of_object, is_last),
            MapNews::Unreadable { cause, .. } => {
                let failure = state_failure(ITEM_READER_FAILED, cause);
                return self.map_run_failed_for_now(entered, run, failure);
            }
            MapNews::ChildEnded { index, end } => {
                self.child_execution_ended(&entered, map, &mut run, index, &end);
            }
            MapNews::NotRedrivable { index, status, .. } => run.stays(index, status),
            MapNews::Updated(update) => run.update(update),
            MapNews::Written => return self.results_written(entered, map, run),
            MapNews::NotWritten { cause } => {
                let failure = run.writing.take().and_then(|afterwards| afterwards.failure);
                let failure = match failure {
                    Some((error, cause)) => Failure { cause, ..state_failure(&error, String::new()) },
                    None => state_failure(RESULT_WRITER_FAILED, cause),
                };
                return self.map_run_failed_for_now(entered, run, failure);
            }
        }
        match run.stopping.take() {
            Some(afterwards) if run.is_idle() => self.write_results(entered, map, run, afterwards),
            Some(afterwards) => {
                run.stopping = Some(afterwards);
                entered.wait(Awaited::MapRun(run))
            }
            None => self.run_map(entered, map, run),
        }
    }

    /// Counts a child, and keeps what it gave if that is for the state's output.
    fn child_execution_ended(
        &self,
        entered: &Entered<'d>,
        map: &Map,
        run: &mut MapRun,
        index: u64,
        end: &ChildEnd,
    ) {
        run.ended(index, end.status);
        let Mode::Distributed(distributed) = &map.mode else { return };
        if run.destination.is_none() {
            let transformation = transformation(distributed);
            let child = self.named(entered, distributed, run.id).child(index);
            let input = end.input.as_deref();
            let output = told(&child.identity, distributed.express, input, end, transformation);
            run.keep(index, output, transformation);
        }
    }

    /// Begins as many children as may be at work, those that are to be redriven first, asks for more items if there are none at hand, and ends the run when all is done.
    pub(super) fn run_map(
        &mut self,
        mut entered: Entered<'d>,
        map: &'d Map,
        mut run: Box<MapRun>,
    ) -> Outcome {
        let Mode::Distributed(distributed) = &map.mode else { return self.failed(entered, misfit()) };
        if run.is_exceeded() {
            let failure = state_failure(EXCEED_TOLERATED_FAILURE_THRESHOLD, THRESHOLD_EXCEEDED);
            return self.map_run_over(entered, map, run, Some(failure));
        }
        let named = self.named(&entered, distributed, run.id);
        while run.has_room() {
            if let Some(index) = run.begin_again() {
                self.redrive_child(&named, &run, index);
                continue;
            }
            match self.next_child(&entered, map, &mut run) {
                Ok(Some(next)) => self.start_child(&entered, distributed, &named, &mut run, next),
                Ok(None) => break,
                Err(Unstartable::Failure(failure)) => return self.map_run_failed(entered, run, failure),
                Err(Unstartable::Error(error)) => {
                    self.tell_evaluation(&mut entered, &error);
                    let failure = entered.failure(error);
                    return self.map_run_failed(entered, run, failure);
                }
            }
        }
        if let Items::Reader(reader) = &map.items {
            self.ask_for_items(&entered, reader, &mut run);
        }
        if run.is_done() {
            self.map_run_over(entered, map, run, None)
        } else {
            entered.wait(Awaited::MapRun(run))
        }
    }

    /// What the next child is given, if one can be begun with the items at hand.
    pub(super) fn next_child(
        &self,
        entered: &Entered<'d>,
        map: &Map,
        run: &mut MapRun,
    ) -> Result<Option<Next>, Unstartable> {
        let batch = |(input, items)| Some(Next { input, items, item: None });
        loop {
            let is_drained = run.is_drained();
            if let Some(batches) = &mut run.batches
                && (batches.is_full() || is_drained && batches.filling() > 0)
            {
                return Ok(batch(batches.take()));
            }
            let Some((index, item)) = run.take_item() else { return Ok(None) };
            let is_member = is_member(self.head.rules, map, &item, run.of_object);
            let about = about(index, &item, is_member, Some(&source(map, run)));
            let data = match &map.item_selector {
                None => item,
                Some(selector) => {
                    let view = View { item: Some(&about), ..entered.view() };
                    self.scoped(view, &entered.data, |scope| selected(map, selector, scope))?
                }
            };
            if let Some(watch) = self.watch {
                watch.selected(&data);
            }
            let bytes = measured(&data, NESTING_MAX).filter(|bytes| *bytes <= PAYLOAD_BYTES_MAX);
            let Some(bytes) = bytes else { return Err(Unstartable::Failure(too_large(entered))) };
            let Some(batches) = &mut run.batches else {
                return Ok(Some(Next { input: data, items: 1, item: Some(about) }));
            };
            match batches.add(data, bytes) {
                Added::In => {}
                Added::Full(input, items) => return Ok(batch((input, items))),
                Added::TooLarge => return Err(Unstartable::Failure(too_large(entered))),
            }
        }
    }

    fn start_child(
        &mut self,
        entered: &Entered<'d>,
        distributed: &Distributed,
        named: &Named,
        run: &mut MapRun,
        next: Next,
    ) {
        let index = run.begin(next.items);
        let child = named.child(index);
        let is_somebody = self.head.identity.is_some();
        let start = ChildStart {
            execution: child.execution,
            map: entered.state.name.clone(),
            map_run_arn: is_somebody.then(|| run.arn.clone()),
            input: next.input,
            item: next.item,
            seed: child.seed,
            identity: is_somebody.then(|| Box::new(child.identity)),
            express: distributed.express,
            first_id: 1,
            rules: self.head.rules,
        };
        let is_told_whole = transformation(distributed) == Transformation::None;
        let written = run.destination.as_ref().map(|_| transformation(distributed));
        let map_run_arn = run.arn.clone();
        let (attempt, items) = (self.head.redrives, next.items);
        let child =
            StartChild { run: run.id, map_run_arn, index, attempt, items, written, is_told_whole, start };
        self.effects.push(Effect::StartChild(Box::new(child)));
    }

    fn ask_for_items(&mut self, entered: &Entered<'d>, reader: &ItemReader, run: &mut MapRun) {
        let Some((from, items_max)) = run.ask(PAGE_ITEMS_MAX) else { return };
        let Some(reading) = &run.reading else { return };
        self.effects.push(Effect::ReadItems(Box::new(ReadItems {
            run: run.id,
            state: entered.state.name.clone(),
            resource: reader.resource.arn.clone(),
            arguments: reading.arguments.clone(),
            config: reader.config.clone(),
            from,
            items_max,
            bytes_max: PAGE_BYTES_MAX,
        })));
    }

    pub(super) fn tell_map_run(&mut self, entered: &mut Entered<'d>, detail: impl FnOnce() -> Detail) {
        entered.last_event = self.push(&entered.thread, entered.last_event, detail);
    }

    /// What a run and its children are called.
    pub(super) fn named(&self, entered: &Entered<'d>, distributed: &Distributed, run: MapRunId) -> Named {
        let head = &self.head;
        let identity = head.identity.as_deref();
        let label = distributed.label.as_deref();
        Named::new((&head.id, head.seed, identity), (&entered.state.name, label), run, distributed.express)
    }
}

/// What is told of children. Without a `ResultWriter`: their outputs.
pub(super) fn transformation(distributed: &Distributed) -> Transformation {
    distributed.writer.as_ref().map_or(Transformation::Compact, |writer| writer.config.transformation)
}

pub(super) fn state_failure(error: &str, cause: impl Into<String>) -> Failure {
    Failure { error: error.to_owned(), cause: Some(cause.into()), origin: Origin::State }
}

pub(super) fn too_large(entered: &Entered<'_>) -> Failure {
    let cause = format!(
        "The state/task '{}' returned a result with a size exceeding the maximum number of bytes service limit.",
        entered.state.name
    );
    state_failure(DATA_LIMIT_EXCEEDED, cause)
}

/// Where the context object says that an item came from.
fn source(map: &Map, run: &MapRun) -> String {
    let Some(reading) = &run.reading else { return "STATE_DATA".to_owned() };
    let text = |name: &str| reading.arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_list = matches!(&map.items, Items::Reader(reader) if is_list(reader) && !reader.config.flatten);
    if is_list {
        format!("S3://{}", text("Bucket"))
    } else {
        format!("S3://{}/{}", text("Bucket"), text("Key"))
    }
}

/// Whether a reader lists objects, rather than to read one.
fn is_list(reader: &ItemReader) -> bool {
    reader.resource.kind.integration().is_some_and(|it| &*it.action == "listObjectsV2")
}

/// Everything that can go wrong before a run begins. Its name and time are for the caller to fill in.
pub(super) fn prepare(
    map: &Map,
    distributed: &Distributed,
    scope: &Scope<'_>,
    (named, rules): (&Named, Rules),
) -> Result<Beginning, RuntimeError> {
    let input = input(&map.io, scope)?;
    let inner = scope.over(&input);
    let AtHand { items, of_object } = items(map, &inner, rules)?;
    let count = |setting: &Setting<u64>, field| number(setting, field, (0, u64::from(u32::MAX)), &inner);
    let max_concurrency = Some(count(&map.max_concurrency, "MaxConcurrency")?);
    let tolerated_count =
        map.tolerated_count.as_ref().map(|it| count(it, "ToleratedFailureCount")).transpose()?;
    let percent = map.tolerated_percentage.as_ref();
    let tolerated_percentage =
        percent.map(|it| percentage(it, "ToleratedFailurePercentage", &inner)).transpose()?;
    let settings = MapRunUpdate { max_concurrency, tolerated_count, tolerated_percentage };
    let reading = match &map.items {
        Items::Reader(reader) => Some(reading(reader, &inner)?),
        Items::Input | Items::Path(_) | Items::Template(_) => None,
    };
    let batches = match &distributed.batcher {
        None => None,
        Some(batcher) => {
            let limit = |setting: &Option<Setting<u64>>, field, max| {
                setting.as_ref().map(|it| number(it, field, (1, max), &inner)).transpose()
            };
            let items_max = limit(&batcher.items_max, "MaxItemsPerBatch", u64::from(u32::MAX))?;
            let bytes_max = limit(&batcher.bytes_max, "MaxInputBytesPerBatch", PAYLOAD_BYTES_MAX as u64)?;
            let batch_input =
                batcher.batch_input.as_ref().map(|it| filled(Some(it), "BatchInput", &inner)).transpose()?;
            Some(Batches::new(items_max, bytes_max, batch_input))
        }
    };
    let destination = match &distributed.writer {
        Some(ResultWriter { target: Some((_, arguments)), .. }) => {
            Some(destination(arguments.as_ref(), &inner, named)?)
        }
        _ => None,
    };
    let (id, arn, started_ms) = (MapRunId(0), String::new(), 0);
    Ok(Beginning { id, arn, started_ms, settings, items, of_object, reading, batches, destination })
}

fn reading(reader: &ItemReader, scope: &Scope<'_>) -> Result<Reading, RuntimeError> {
    let arguments = filled(reader.arguments.as_ref(), "ItemReader", scope)?;
    let items_max = reader.config.max_items.as_ref();
    let items_max =
        items_max.map(|it| number(it, "MaxItems", (0, u64::from(u32::MAX)), scope)).transpose()?;
    Ok(Reading::new(arguments, items_max))
}

fn destination(
    arguments: Option<&Template>,
    scope: &Scope<'_>,
    named: &Named,
) -> Result<Destination, RuntimeError> {
    let arguments = filled(arguments, "ResultWriter", scope)?;
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    let Some(bucket) = text("Bucket").filter(|bucket| !bucket.is_empty()).map(str::to_owned) else {
        return Err(RuntimeError::new(RESULT_WRITER_FAILED, "The ResultWriter names no Bucket."));
    };
    let prefix = text("Prefix").map_or("", |prefix| prefix.trim_end_matches('/'));
    let slash = if prefix.is_empty() { "" } else { "/" };
    let folder = format!("{prefix}{slash}{}", named.uuid);
    Ok(Destination { arguments, bucket, folder })
}

fn filled(template: Option<&Template>, field: &str, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
    let Some(template) = template else { return Ok(json!({})) };
    let filled = template.fill(scope, field)?;
    check_field(&filled, field)?;
    Ok(filled)
}
