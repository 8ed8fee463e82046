//! A Map run that did not end well goes on.

use asl::error::RUNTIME;
use asl::map::Mode;
use asl::{RuntimeError, StateKind};

use crate::child::RedriveChild;
use crate::children::Named;
use crate::effect::Effect;
use crate::history::Detail;
use crate::map_run::MapRun;
use crate::quotas::MAP_RUN_REDRIVES_MAX;
use crate::states::distributed::transformation;
use crate::stepper::{Entered, Outcome, Stepper, misfit};

impl<'d> Stepper<'d> {
    /// Goes on with a Map run whose state was given up, or has failed with it: with the children that did not succeed, then with the
    /// items that have had none.
    pub(crate) fn redrive_map_run(&mut self, mut entered: Entered<'d>, mut run: Box<MapRun>) -> Outcome {
        let StateKind::Map(map) = &entered.state.kind else { return self.failed(entered, misfit()) };
        let Mode::Distributed(distributed) = &map.mode else { return self.failed(entered, misfit()) };
        if run.redrives >= MAP_RUN_REDRIVES_MAX {
            let cause =
                format!("The Map Run reached the maximum number of redrives ({MAP_RUN_REDRIVES_MAX}).");
            return self.failed(entered, RuntimeError::new(RUNTIME, cause));
        }
        run.redrive(self.now_ms, transformation(distributed));
        let (map_run_arn, redrive_count) = (run.arn.clone(), run.redrives);
        self.effects.push(Effect::MapRunBegan { run: run.id, map_run_arn: map_run_arn.clone() });
        self.tell_map_run(&mut entered, || Detail::MapRunRedriven { map_run_arn, redrive_count });
        self.run_map(entered, map, run)
    }

    /// Asks for a child to be redriven, which is at work from now on.
    pub(super) fn redrive_child(&mut self, named: &Named, run: &MapRun, index: u64) {
        let child = RedriveChild {
            run: run.id,
            map_run_arn: run.arn.clone(),
            index,
            attempt: self.head.redrives,
            execution: named.child(index).execution,
        };
        self.effects.push(Effect::RedriveChild(Box::new(child)));
    }
}
