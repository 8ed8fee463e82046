//! How a machine goes: its executions are stopped, and then it is gone.
//!
//! AWS documents that executions of a machine that is being deleted end on their next transition: here they are stopped at once, all
//! the same to whoever waits for them. Whoever looks at a machine that is being deleted goes on with that, so a crash in between leaves
//! nothing behind for ever. An execution that begins while the machine is deleted may be missed; it runs to its end.

use api::Failure;
use engine::{Fact, Status};
use executions::{Request, execution_key};
use registry::machines::Change;

use crate::arn::Scope;
use crate::failures::{unanswered, unreadable};
use crate::service::Service;
use crate::target::home_key;

/// Executions looked at at once.
const PAGE: usize = 100;

impl Service {
    /// Goes on with a deletion that may have been left undone, without waiting for it.
    pub(super) fn go_on_deleting(&self, scope: &Scope, name: &str) {
        let (service, scope, name) = (self.clone(), scope.clone(), name.to_owned());
        tokio::spawn(async move {
            if let Err(failure) = service.finish_deleting(&scope, &name).await {
                tracing::warn!(%failure, machine = name, "a state machine cannot be deleted yet");
            }
        });
    }

    /// Whether executions of the machine run.
    pub(super) async fn has_running(&self, home: &str) -> Result<bool, Failure> {
        Ok(!self.running(home, None).await?.0.is_empty())
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
                let told = self.ask(execution_key(&home, &execution), stop).await;
                told.map_err(|error| unanswered(&error))?;
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
            Some(machine @ registry::machines::Machine { deleting: true, .. })
                if machine.generation == generation =>
            {
                let machine = registry::machines::Machine { deleting: false, deleted: true, ..machine };
                Ok(Change::Put(Box::new(machine), ()))
            }
            _ => Ok(Change::None(())),
        };
        self.change_machine(scope, name, decide).await
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
