//! The end of a Map run: its children are stopped, its results written, and its state goes on or fails.

use asl::map::{Map, Mode};
use asl::retry::Origin;
use serde_json::{Value, json};

use crate::children;
use crate::effect::Effect;
use crate::failure::Failure;
use crate::frame::Awaited;
use crate::history::Detail;
use crate::map_run::MapRun;
use crate::map_run_parts::Afterwards;
use crate::requests::WriteResults;
use crate::states::distributed::{too_large, transformation};
use crate::status::Status;
use crate::stepper::{Entered, Outcome, Stepper, misfit};

impl<'d> Stepper<'d> {
    /// No child will be begun any more: results are written, if they are to be, and then the state goes on or fails.
    pub(super) fn map_run_over(
        &mut self,
        entered: Entered<'d>,
        map: &'d Map,
        mut run: Box<MapRun>,
        failure: Option<Failure>,
    ) -> Outcome {
        let Mode::Distributed(distributed) = &map.mode else { return self.failed(entered, misfit()) };
        if run.destination.is_some() {
            let afterwards = Afterwards { failure: failure.map(|it| (it.error, it.cause)) };
            if !self.head.rules.await_stopped_children() {
                self.stop_children(&mut run);
            }
            if run.is_idle() {
                return self.write_results(entered, map, run, afterwards);
            }
            // What is written of a child is how it has ended, so all are to have ended before.
            self.ask_to_stop(&run, run.running().collect());
            run.stopping = Some(afterwards);
            return entered.wait(Awaited::MapRun(run));
        }
        self.stop_children(&mut run);
        match failure {
            Some(failure) => self.map_run_failed_for_now(entered, run, failure),
            None => {
                let is_too_large = run.is_too_large();
                let result = run.take_outputs(transformation(distributed));
                let result = if is_too_large { Err(too_large(&entered)) } else { Ok(result) };
                self.map_run_succeeded(entered, map, run, result)
            }
        }
    }

    /// Has results written, of all children that have ended.
    pub(super) fn write_results(
        &mut self,
        entered: Entered<'d>,
        map: &'d Map,
        mut run: Box<MapRun>,
        afterwards: Afterwards,
    ) -> Outcome {
        let Mode::Distributed(distributed) = &map.mode else { return self.failed(entered, misfit()) };
        let writer = distributed.writer.as_ref();
        let target = writer.and_then(|writer| Some((writer.config, writer.target.as_ref()?)));
        let (Some((config, (resource, _))), Some(destination)) = (target, run.destination.clone()) else {
            return self.failed(entered, misfit());
        };
        // What waits for being redriven is left as it is.
        run.abort_running();
        run.writing = Some(afterwards);
        self.effects.push(Effect::WriteResults(Box::new(WriteResults {
            run: run.id,
            state: entered.state.name.clone(),
            map_run_arn: run.arn.clone(),
            resource: resource.arn.clone(),
            arguments: destination.arguments,
            config,
            bucket: destination.bucket,
            folder: destination.folder,
            pending: run.pending(),
        })));
        entered.wait(Awaited::MapRun(run))
    }

    pub(super) fn results_written(
        &mut self,
        entered: Entered<'d>,
        map: &'d Map,
        mut run: Box<MapRun>,
    ) -> Outcome {
        run.written();
        let failure = run.writing.take().and_then(|afterwards| afterwards.failure);
        if let Some((error, cause)) = failure {
            let failure = Failure { error, cause, origin: Origin::State };
            return self.map_run_failed_for_now(entered, run, failure);
        }
        let details = run
            .destination
            .as_ref()
            .map(|it| json!({"Bucket": it.bucket, "Key": format!("{}/manifest.json", it.folder)}));
        let result = json!({"MapRunArn": run.arn, "ResultWriterDetails": details});
        self.map_run_succeeded(entered, map, run, Ok(result))
    }

    fn map_run_succeeded(
        &mut self,
        mut entered: Entered<'d>,
        map: &'d Map,
        run: Box<MapRun>,
        result: Result<Value, Failure>,
    ) -> Outcome {
        self.effects.push(Effect::MapRunEnded(Box::new(run.over(Status::Succeeded, self.now_ms))));
        // As for iterations: that all is well leads to nothing, what follows is led to by what was before.
        let last_event = entered.last_event;
        self.tell_map_run(&mut entered, || Detail::MapRunSucceeded);
        entered.last_event = last_event;
        self.tell_map_run(&mut entered, || Detail::MapStateSucceeded);
        entered.last_event = last_event;
        match result {
            Ok(result) => self.complete(entered, &map.io, map.transition, result),
            Err(failure) => self.recover(entered, failure),
        }
    }

    /// The run fails, and is gone on with if the execution is redriven.
    pub(super) fn map_run_failed_for_now(
        &mut self,
        mut entered: Entered<'d>,
        mut run: Box<MapRun>,
        failure: Failure,
    ) -> Outcome {
        self.stop_children(&mut run);
        self.keep_gathered(&mut entered, Awaited::MapRun(run.clone()));
        self.map_run_failed(entered, run, failure)
    }

    /// The run fails for ever: if the execution is redriven, another one is begun.
    pub(super) fn map_run_failed(
        &mut self,
        mut entered: Entered<'d>,
        mut run: Box<MapRun>,
        failure: Failure,
    ) -> Outcome {
        self.stop_children(&mut run);
        self.effects.push(Effect::MapRunEnded(Box::new(run.over(Status::Failed, self.now_ms))));
        let (error, cause) = (failure.error.clone(), failure.cause.clone());
        self.tell_map_run(&mut entered, || Detail::MapRunFailed { error, cause });
        self.tell_map_run(&mut entered, || Detail::MapStateFailed);
        self.recover(entered, failure)
    }

    /// Ends a run whose state is given up.
    pub(crate) fn abort_map_run(&mut self, mut run: Box<MapRun>) {
        self.stop_children(&mut run);
        self.effects.push(Effect::MapRunEnded(Box::new(run.over(Status::Aborted, self.now_ms))));
    }

    fn stop_children(&mut self, run: &mut MapRun) {
        let running = run.abort_running();
        self.ask_to_stop(run, running);
    }

    fn ask_to_stop(&mut self, run: &MapRun, children: Vec<u64>) {
        if !children.is_empty() {
            let execution = |index: u64| children::execution_id(&self.head.id, run.id, index);
            let executions = children.into_iter().map(execution).collect();
            let map_run_arn = run.arn.clone();
            self.effects.push(Effect::StopChildren { run: run.id, map_run_arn, executions });
        }
    }
}
