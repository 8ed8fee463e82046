//! Children of Map runs, and what is kept of runs that are over.

use engine::{ChildEnd, Fact, MapNews, MapRun, Status};

use crate::errand::{Child, Outcome};
use crate::errands::{Ends, Errands, patiently};
use crate::kept_run::map_run_key;
use crate::parent::Parent;
use crate::request::{Answer, Request, StartChild};

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
            run: child.run,
            name: child.name.clone(),
            index: child.index,
            is_told_whole: child.is_told_whole,
            input: start.express.then(|| start.input.to_string()),
        };
        let own = start.execution.clone();
        let request =
            Request::StartChild(Box::new(StartChild { definition, start, parent, logging: child.logging }));
        Ok(match self.ask(&own, request).await? {
            Ok(Answer::Started { ending: None, .. }) => Outcome::ChildBegun { run: child.run, child: own },
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
        Ok(Outcome::MapRunKept(run.id))
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
        input: Some(child.start.input.to_string()),
    };
    let news = MapNews::ChildEnded { index: child.index, end: Box::new(end) };
    Outcome::Told(Fact::MapRun { run: child.run, news })
}
