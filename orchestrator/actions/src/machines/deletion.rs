//! How a machine goes: its executions are stopped, and then it is gone.
//!
//! AWS documents that executions of a machine that is being deleted end on their next transition: here they are stopped at once, all
//! the same to whoever waits for them. What fails on the way is tried again until it is done; and so that a crash in between leaves
//! nothing behind for ever, a process goes on with all deletions as it starts, and with that of a machine that somebody asks for.
//! An execution that cannot be stopped does not keep the others: it is logged, and runs to its end. An execution that begins while the
//! machine is deleted may be missed; it runs to its end, too.

use registry::aim::home_key;
use std::time::Duration;

use api::Failure;
use engine::{Fact, Status};
use executions::{Request, execution_key};
use participant::AskError;
use registry::machines::{self, Change, Machine};
use registry::named;

use crate::arn::Scope;
use crate::failures::{store_failed, unanswered, unreadable};
use crate::service::Service;

/// Executions looked at at once.
const PAGE: usize = 100;
/// Machines looked at at once when the process starts.
const MACHINES_PAGE: usize = 1_000;
/// Regions looked at at once, then.
const REGIONS_PAGE: usize = 100;
/// How long it is left at that when the store or the participant does not answer.
const PAUSE: Duration = Duration::from_millis(200);

impl Service {
    /// Goes on with all deletions that an earlier process left undone, in whatever region, without waiting for them. To be called within
    /// a runtime.
    pub fn go_on_with_deletions(&self) {
        let service = self.clone();
        tokio::spawn(async move {
            let mut is_told = false;
            while let Err(failure) = service.look_for_deletions().await {
                if !goes_on(&failure, None, &mut is_told) {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    async fn look_for_deletions(&self) -> Result<(), Failure> {
        self.look_in_region().await?;
        let mut before = None;
        loop {
            let page = named::regions::<Machine>(self.reader(), before, REGIONS_PAGE).await;
            let (regions, next) = page.map_err(|error| store_failed(&error))?;
            for region in regions.iter().filter(|region| **region != *self.home().region) {
                self.in_region(region).look_in_region().await?;
            }
            before = next;
            if before.is_none() {
                return Ok(());
            }
        }
    }

    async fn look_in_region(&self) -> Result<(), Failure> {
        let region = &self.home().region;
        let mut before = None;
        loop {
            let page = named::list::<Machine>(self.reader(), region, before, MACHINES_PAGE).await;
            let (places, next) = page.map_err(|error| store_failed(&error))?;
            for place in places {
                let machine = machines::find(self.reader(), &place).await;
                let machine = machine.map_err(|error| store_failed(&error))?;
                if let (Some(machine), Some((_, name))) = (machine, place.split_once('/')) {
                    self.noticed(&machine, name);
                }
            }
            before = next;
            if before.is_none() {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }

    /// Goes on with the deletion of a machine of this region, if it is one that is to go.
    pub(crate) fn noticed(&self, machine: &Machine, name: &str) {
        if machine.deleting {
            self.go_on_deleting(self.home(), name, machine.generation);
        }
    }

    /// Goes on with a deletion that may have been left undone, without waiting for it.
    pub(super) fn go_on_deleting(&self, scope: &Scope, name: &str, generation: u32) {
        let home = home_key(&scope.region, name, generation);
        let Some(under_way) = self.deletions().begin(&home) else { return };
        let (service, scope, name) = (self.clone(), scope.clone(), name.to_owned());
        tokio::spawn(async move {
            let _under_way = under_way;
            let mut is_told = false;
            while let Err(failure) = service.finish_deleting(&scope, &name).await {
                if !goes_on(&failure, Some(name.as_str()), &mut is_told) {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    async fn finish_deleting(&self, scope: &Scope, name: &str) -> Result<(), Failure> {
        let Some(machine) = self.machine(scope, name).await?.filter(|machine| machine.deleting) else {
            return Ok(());
        };
        let home = home_key(&scope.region, name, machine.generation);
        let mut before = None;
        loop {
            let (running, next) = self.running(&home, before).await?;
            for execution in running {
                let stop = Request::Tell(Fact::Stopped { error: None, cause: None });
                match self.ask(execution_key(&home, &execution), stop).await {
                    Ok(_) => {}
                    Err(AskError::Rejected(reason)) => {
                        tracing::warn!(
                            reason,
                            execution,
                            home,
                            "an execution of a state machine that is deleted cannot be stopped"
                        );
                    }
                    // The process ends: the next one goes on.
                    Err(AskError::Stopped) => return Ok(()),
                    Err(error) => return Err(unanswered(&error)),
                }
            }
            before = next;
            if before.is_none() {
                break;
            }
        }
        self.gone(scope, name, machine.generation).await
    }

    /// The machine is gone, if it still is the one that was to go.
    pub(super) async fn gone(&self, scope: &Scope, name: &str, generation: u32) -> Result<(), Failure> {
        let decide = |machine| match machine {
            Some(machine @ Machine { deleting: true, .. }) if machine.generation == generation => {
                let machine = Machine { deleting: false, deleted: true, ..machine };
                Ok(Change::Put(Box::new(machine), ()))
            }
            _ => Ok(Change::None(())),
        };
        self.change_machine_or_later(scope, name, decide).await
    }

    /// The next running executions of a machine, by name, and where to go on; none only at the end.
    async fn running(
        &self,
        home: &str,
        mut before: Option<u64>,
    ) -> Result<(Vec<String>, Option<u64>), Failure> {
        loop {
            let page = executions::list(self.reader(), home, Some(Status::Running), before, PAGE).await;
            let (page, next) = page.map_err(unreadable)?;
            if !page.is_empty() || next.is_none() {
                return Ok((page.into_iter().map(|execution| execution.name).collect(), next));
            }
            before = next;
        }
    }
}

/// Whether what failed is tried again; it is told the first time, and when it is given up.
fn goes_on(failure: &Failure, machine: Option<&str>, is_told: &mut bool) -> bool {
    let goes_on = matches!(failure, Failure::Unavailable(_));
    if !goes_on || !*is_told {
        tracing::warn!(%failure, machine, goes_on, "a state machine cannot be deleted yet");
        *is_told = true;
    }
    goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_better_later_is_tried_again() {
        let mut is_told = false;
        assert!(goes_on(&Failure::Unavailable("later".to_owned()), None, &mut is_told));
        assert!(is_told);
        assert!(!goes_on(&Failure::Internal("never".to_owned()), Some("orders"), &mut is_told));
    }
}
