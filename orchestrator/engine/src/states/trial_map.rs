//! A Map that is tried by itself: its items are looked at, and none is run.

use asl::error::{EXCEED_TOLERATED_FAILURE_THRESHOLD, ITEM_READER_FAILED};
use asl::io::Io;
use asl::map::{Distributed, Items, Map, Mode};
use asl::retry::Origin;
use asl::{RuntimeError, Scope};
use serde_json::Value;

use super::distributed::{THRESHOLD_EXCEEDED, Unstartable, prepare, state_failure};
use super::map::{AtHand, about, items, selected};
use crate::failure::Failure;
use crate::io::input;
use crate::map_run::MapRun;
use crate::map_run_parts::Beginning;
use crate::quotas;
use crate::settings::number;
use crate::stepper::{Entered, Outcome, Stepper, View, misfit};
use crate::trial::{Attempt, ItemsRead, TriedMap, Work};
use crate::watch::{Shown, Stage};

/// How the Map would be run, and whether more items have failed than may.
type Looked = (TriedMap, bool);

impl<'d> Stepper<'d> {
    pub(super) fn try_map(
        &mut self,
        entered: Entered<'d>,
        map: &'d Map,
        attempt: Attempt,
    ) -> (Outcome, Option<TriedMap>) {
        let Attempt { work, items, failed, .. } = attempt;
        let shown = self.scoped(entered.view(), &entered.data, |scope| self.show_items(map, scope));
        if let Err(error) = shown {
            return (self.failed(entered, error), None);
        }
        let looked = match &map.mode {
            Mode::Inline => self.look_at_iterations(&entered, map, failed),
            Mode::Distributed(distributed) => {
                self.look_at_children(&entered, map, distributed, items, failed)
            }
        };
        let (tried, is_exceeded) = match looked {
            Ok(looked) => looked,
            Err(Unstartable::Error(error)) => return (self.failed(entered, error), None),
            Err(Unstartable::Failure(failure)) => return (self.recover(entered, failure), None),
        };
        if is_exceeded {
            let failure = state_failure(EXCEED_TOLERATED_FAILURE_THRESHOLD, THRESHOLD_EXCEEDED);
            return (self.recover(entered, failure), Some(tried));
        }
        let outcome = match work {
            Some(Work::Error { error, cause }) => {
                let is_inline = map.mode == Mode::Inline;
                let origin = if is_inline { Origin::Branch } else { Origin::State };
                self.recover(entered, Failure::new(error, cause, origin))
            }
            Some(Work::Result(result)) => {
                self.made(Stage::Result, &result);
                match quotas::check(&result, &entered.state.name) {
                    Ok(()) => self.complete(entered, &map.io, map.transition, result),
                    Err(failure) => self.recover(entered, failure),
                }
            }
            None => self.failed(entered, misfit()),
        };
        (outcome, Some(tried))
    }

    /// Notes what the paths of the state make of its input.
    fn show_items(&self, map: &Map, scope: &Scope<'_>) -> Result<(), RuntimeError> {
        if matches!(map.io, Io::Jsonata(_)) {
            return Ok(());
        }
        let input = input(&map.io, scope)?;
        self.made(Stage::InputPath, &input);
        if matches!(map.items, Items::Path(_)) {
            let items = items(map, &scope.over(&input), self.head.rules)?;
            self.made(Stage::ItemsPath, &Value::Array(items.items.into()));
        }
        Ok(())
    }

    fn look_at_iterations(
        &self,
        entered: &Entered<'d>,
        map: &Map,
        failed: u64,
    ) -> Result<Looked, Unstartable> {
        let (AtHand { items, of_object }, max_concurrency) =
            self.scoped(entered.view(), &entered.data, |scope| {
                let input = input(&map.io, scope)?;
                let inner = scope.over(&input);
                let wanted =
                    number(&map.max_concurrency, "MaxConcurrency", (0, u64::from(u32::MAX)), &inner)?;
                Ok::<_, RuntimeError>((items(map, &inner, self.head.rules)?, wanted))
            })?;
        let count = items.len() as u64;
        if let Some(selector) = &map.item_selector {
            for (index, item) in (0..).zip(&items) {
                let about = about(index, item, of_object, None);
                let view = View { item: Some(&about), ..entered.view() };
                let data = self.scoped(view, &entered.data, |scope| selected(map, selector, scope))?;
                quotas::check(&data, &entered.state.name).map_err(Unstartable::Failure)?;
                if let Some(watch) = self.watch {
                    watch.selected(&data);
                }
            }
            self.all_selected();
        }
        let limits = (None, None);
        Ok((tried(max_concurrency, limits, Some(count)), failed > 0))
    }

    fn look_at_children(
        &mut self,
        entered: &Entered<'d>,
        map: &Map,
        distributed: &Distributed,
        read: Option<Result<ItemsRead, String>>,
        failed: u64,
    ) -> Result<Looked, Unstartable> {
        let id = self.new_map_run();
        let (named, rules) = (self.named(entered, distributed, id), self.head.rules);
        let beginning = self.scoped(entered.view(), &entered.data, |scope| {
            prepare(map, distributed, scope, (&named, rules))
        })?;
        let arn = named.map_run_arn();
        let mut run = MapRun::new(Beginning { id, arn, started_ms: self.now_ms, ..beginning });
        let reads = matches!(map.items, Items::Reader(_));
        let is_known = !reads || read.is_some();
        if let (true, Some(read)) = (reads, read) {
            let ItemsRead { items, of_object } =
                read.map_err(|cause| Unstartable::Failure(state_failure(ITEM_READER_FAILED, cause)))?;
            if matches!(&map.items, Items::Reader(reader) if reader.config.items_pointer.is_some()) {
                self.made(Stage::ItemsPointer, &Value::Array(items.clone()));
            }
            run.read(items, of_object, true);
        }
        let count = run.items.pending;
        if is_known {
            let mut children = Shown::default();
            while let Some(next) = self.next_child(entered, map, &mut run)? {
                children.add(&next.input);
            }
            if map.item_selector.is_some() {
                self.all_selected();
            }
            if distributed.batcher.is_some()
                && let Some(children) = children.array()
            {
                self.made(Stage::ItemBatcher, &children);
            }
        }
        run.items.pending = count.saturating_sub(failed);
        run.items.failed = failed;
        let limits = (run.tolerated_count, run.tolerated_percentage);
        Ok((tried(run.max_concurrency, limits, is_known.then_some(count)), run.is_exceeded()))
    }

    fn all_selected(&self) {
        if let Some(watch) = self.watch {
            watch.all_selected();
        }
    }
}

fn tried(max_concurrency: u64, limits: (Option<u64>, Option<f64>), items: Option<u64>) -> TriedMap {
    let (tolerated_count, tolerated_percentage) = limits;
    TriedMap { max_concurrency, tolerated_count, tolerated_percentage, items }
}
