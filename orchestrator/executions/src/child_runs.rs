//! Children of Map runs, and what is kept of runs that are over.

use engine::{ChildEnd, ChildStart, Fact, MapNews, MapRun, NotRedrivable, Status};
use participant::Backoff;
use serde_json::Value;

use crate::errand::{Again, Child, Outcome};
use crate::errands::{AGAIN_AFTER, AGAIN_AFTER_MAX, Ends, Errands, patiently};
use crate::kept_run::map_run_key;
use crate::parent::Parent;
use crate::request::{Answer, Request, StartChild};

/// How often a child is asked to run once more that is not there yet, or has not ended: for about a minute.
const ASKED_AGAIN_MAX: u32 = 64;

impl<C> Errands<C> {
    /// Starts a child of a Map run of the execution under `key`. One that cannot begin has failed.
    pub(crate) async fn start_child(&self, key: &str, child: &Child) -> Result<Outcome, Ends> {
        let definition = patiently(|| self.catalogue.find(self.reader(), &child.definition)).await;
        let Ok(Some(definition)) = definition else {
            return Ok(failed(child, "The definition of the Map cannot be read."));
        };
        let start = child.start.clone();
        let parent = Parent::MapRun {
            key: key.to_owned(),
            since_ms: child.since_ms,
            run: child.run,
            name: child.name.clone(),
            index: child.index,
            is_told_whole: child.is_told_whole,
            input: start.express.then(|| start.input.to_string()),
            start: start.express.then(|| {
                let start = start.clone();
                Box::new(ChildStart { input: Value::Null, identity: None, ..start })
            }),
            items: child.items,
            attempt: child.attempt.unwrap_or_default(),
            anew: 0,
        };
        let own = start.execution.clone();
        let request =
            Request::StartChild(Box::new(StartChild { definition, start, parent, logging: child.logging }));
        Ok(match self.ask(&own, request).await? {
            Ok(Answer::Started { ending: None, .. }) => {
                Outcome::ChildBegun { run: child.run, attempt: child.attempt, child: own }
            }
            // It has told so itself.
            Ok(Answer::Started { ending: Some(_), .. }) => Outcome::Done,
            Ok(_) => failed(child, "There is another execution of that name."),
            Err(reason) => failed(child, &reason),
        })
    }

    /// Keeps what there is to be told of a Map run that is over.
    pub(crate) async fn keep_map_run(&self, key: &str, name: &str, run: &MapRun) -> Result<Outcome, Ends> {
        let request = Request::KeepMapRun { execution: key.to_owned(), run: Box::new(run.clone()) };
        self.tell(&map_run_key(name), request).await?;
        Ok(Outcome::MapRunKept { run: run.id, redrives: run.redrives })
    }

    /// Has a child of a Map run that ended without success run once more. Where it cannot, it stays as it ended.
    pub(crate) async fn redrive_child(&self, again: &Again) -> Result<Outcome, Ends> {
        let Again { run, index, attempt, child } = again;
        let mut backoff = Backoff::new(AGAIN_AFTER, AGAIN_AFTER_MAX, 0);
        for _ in 0..ASKED_AGAIN_MAX {
            match self.ask(child, Request::RedriveChild { attempt: *attempt }).await? {
                Ok(Answer::Redriven { .. }) => {
                    let (run, attempt) = (*run, Some(*attempt));
                    return Ok(Outcome::ChildBegun { run, attempt, child: child.clone() });
                }
                // What stops it is on its way: it is to have ended before it goes on.
                Ok(Answer::NotRedrivable(NotRedrivable::Running)) => {
                    self.tell(child, Request::StopChild { attempt: attempt.saturating_sub(1) }).await?;
                }
                // What begins it is on its way.
                Ok(Answer::Unknown) => tokio::time::sleep(backoff.next_delay()).await,
                Ok(_) | Err(_) => break,
            }
        }
        let stored = self.described(child).await.ok().flatten();
        let status = stored.map_or(Status::Failed, |stored| stored.status());
        let news = MapNews::NotRedrivable { index: *index, attempt: *attempt, status };
        Ok(Outcome::Told(Fact::MapRun { run: *run, news }))
    }
}

fn failed(child: &Child, cause: &str) -> Outcome {
    let end = ChildEnd {
        status: Status::Failed,
        started_ms: 0,
        stopped_ms: 0,
        output: None,
        error: Some(asl::error::RUNTIME.to_owned()),
        cause: Some(cause.to_owned()),
        attempt: child.attempt.unwrap_or_default(),
        redrives: 0,
        input: Some(child.start.input.to_string()),
    };
    let news = MapNews::ChildEnded { index: child.index, end: Box::new(end) };
    Outcome::Told(Fact::MapRun { run: child.run, news })
}
