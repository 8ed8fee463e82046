//! Map runs, as a store tells of them: while they are at work they are parts of their executions, afterwards they stand by themselves.
//!
//! A run is named `HOME/LABEL:ID`: the home of the execution whose Map it is, and what stands behind the machine in its ARN
//! (`…:mapRun:MACHINE/LABEL:ID`). By that name its children are [listed](crate::list), too.

use engine::{Execution, Fact, MapNews, MapRun, MapRunUpdate};
use participant::inspect;
use store::Read;

use crate::catalogue::Catalogue;
use crate::kept_run::{KeptRun, OF_EXECUTION, map_run_key};
use crate::key::RunKeys;
use crate::lists::OF_MAP_RUN;
use crate::load::load;
use crate::read::{ReadError, describe as describe_execution, unreadable};
use crate::request::Request;
use crate::row::Row;
use crate::stored::{Place, Stored};

/// A Map run.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedRun {
    /// The key of the execution whose Map it is.
    pub execution: String,
    /// What there is to be told of it.
    pub run: MapRun,
}

/// The Map run of that name; `None` if there is none.
///
/// # Errors
/// [`ReadError`].
pub async fn describe(
    store: &dyn Read,
    catalogue: &Catalogue,
    name: &str,
) -> Result<Option<DescribedRun>, ReadError> {
    let found = kept(store, &map_run_key(name)).await?;
    let execution = match &found {
        Some(kept) => kept.execution.clone(),
        None => match store.linked(OF_MAP_RUN, name, None, 1).await?.0.pop() {
            Some(execution) => execution,
            None => return Ok(None),
        },
    };
    // It goes with its execution.
    let Some(stored) = describe_execution(store, &execution).await? else { return Ok(None) };
    // What was kept is what there is to be told, unless the run was redriven since.
    if found.is_some() && stored.redriven().is_none() {
        return Ok(found);
    }
    let is_it = |run: &MapRun| run_name(&execution, &stored, run).is_some_and(|it| it == name);
    let run = runs_of(store, catalogue, &execution, &stored).await?.into_iter().find(is_it);
    match run {
        Some(run) => Ok(Some(DescribedRun { execution, run })),
        // It was put elsewhere between the two looks.
        None => kept(store, &map_run_key(name)).await,
    }
}

/// The Map runs of the execution under that key, at most `limit` (at least 1) of those that are over, behind the cursor that the last
/// page gave; the first page begins with those that are at work, besides.
///
/// # Errors
/// [`ReadError`].
pub async fn list(
    store: &dyn Read,
    catalogue: &Catalogue,
    execution: &str,
    before: Option<u64>,
    limit: usize,
) -> Result<(Vec<DescribedRun>, Option<u64>), ReadError> {
    let Some(stored) = describe_execution(store, execution).await? else { return Ok((Vec::new(), None)) };
    let (mut runs, is_first) = (Vec::new(), before.is_none());
    if is_first || stored.redriven().is_some() {
        runs = runs_of(store, catalogue, execution, &stored).await?;
    }
    let mut listed: Vec<_> =
        runs.into_iter().map(|run| DescribedRun { execution: execution.to_owned(), run }).collect();
    let at_work = listed.len();
    let (keys, cursor) = store.linked(OF_EXECUTION, execution, before, limit).await?;
    for key in keys {
        let Some(kept) = kept(store, &key).await? else { continue };
        match listed.iter_mut().find(|it| it.run.id == kept.run.id) {
            // It was redriven since.
            Some(known) if known.run.redrives > kept.run.redrives => {}
            // One that was looked at before it was put elsewhere is there already, as it was.
            Some(known) => *known = kept,
            None => listed.push(kept),
        }
    }
    if !is_first {
        // They were on the first page.
        listed.drain(..at_work);
    }
    Ok((listed, cursor))
}

/// What is asked, and of whom, so that the settings of a run are others: [`Answer::Told`](crate::Answer::Told) says whether it was at work
/// still.
#[must_use]
pub fn update(described: &DescribedRun, update: MapRunUpdate) -> (String, Request) {
    let fact = Fact::MapRun { run: described.run.id, news: MapNews::Updated(update) };
    (described.execution.clone(), Request::Tell(fact))
}

/// The name of a run of the execution under that key; `None` if it can have none.
#[must_use]
pub fn run_name(execution: &str, stored: &Stored, run: &MapRun) -> Option<String> {
    Some(RunKeys::of(execution, stored.is_child(), &run.arn)?.run())
}

async fn kept(store: &dyn Read, key: &str) -> Result<Option<DescribedRun>, ReadError> {
    let Some(entity) = store.get(key).await? else { return Ok(None) };
    Ok(match inspect::state(&entity).map_err(|error| unreadable(key, error))? {
        Some(Row::MapRun(kept)) => {
            let KeptRun { execution, run } = *kept;
            Some(DescribedRun { execution, run })
        }
        Some(Row::Execution(_) | Row::Queue(_) | Row::Forgotten(_)) | None => None,
    })
}

/// The runs that are parts of an execution: at work, or over and not kept elsewhere yet.
async fn runs_of(
    store: &dyn Read,
    catalogue: &Catalogue,
    key: &str,
    stored: &Stored,
) -> Result<Vec<MapRun>, ReadError> {
    let of = |execution: &Execution| execution.map_runs().cloned().collect::<Vec<_>>();
    let mut runs = match &stored.place {
        Place::Here(execution) => of(execution),
        // A run that begins no children writes its results still.
        Place::Journal { .. } => {
            let definition = catalogue.find(store, &stored.definition).await?;
            let missing = || unreadable(key, "its definition is missing");
            let definition = definition.ok_or_else(missing)?;
            let loaded = load(store, key, &definition, stored.journal).await?;
            of(&loaded.map_err(|reason| unreadable(key, reason))?)
        }
    };
    runs.extend(stored.over.iter().cloned());
    Ok(runs)
}
