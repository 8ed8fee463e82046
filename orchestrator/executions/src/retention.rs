//! Executions that ended long ago are forgotten: in small steps, beside everything else that goes on.
//!
//! Each execution that has ended is found by the minute in which it did ([`OF_END`]). How far these minutes were walked stands in the
//! store, so a step that a crash, or another instance, came between is simply taken again: what is gone already is not found any more.
//! An execution goes with the Map runs that it had. First it is forgotten ([`Forgotten`] is left of it), so that nobody sees, or redrives, a
//! part of it; then its runs go with their children, a page at a time, and what was left of it last. A child that has not ended stays, and
//! goes by itself later. An execution that another one waits for goes after that has ended. One whose minute is not over yet, or has been
//! noted by nobody, stays.
//!
//! What an earlier version of this program has stored is noted first: it is walked once, in the order in which it was created.

use std::sync::Arc;
use std::time::Duration;

use participant::{Clock, inspect};
use serde::{Deserialize, Serialize};
use store::{Commit, Entity, EntityForget, EntityWrite, Link, Read, Store, StoreError};

use crate::forgotten::Forgotten;
use crate::kept_run::{OF_EXECUTION, run_of};
use crate::key::PREFIX;
use crate::lists::{
    OF_END, OF_MACHINE, OF_MAP_RUN, OF_TASK, STATUSES, ended_in, lists_of, minute, of_task, place,
};
use crate::parent::Parent;
use crate::row::Row;
use crate::stored::Stored;

/// Where it stands how far executions were walked.
const PLACE: &str = "retention";
/// Entities that one step forgets, or looks at, at the most: none holds up the others for longer than a few milliseconds.
const AT_ONCE: usize = 100;
/// And entries of their journals, but for those of the last one: what is more than a commit can free, the store leaves for later.
const ENTRIES_AT_ONCE: u64 = 5_000;
/// Minutes in which nothing ended that one step passes over, at the most.
const MINUTES_AT_ONCE: u64 = 1_000;
/// How long a process leaves everything as it is when it starts: what an earlier one has left to do may be about executions that
/// are to be forgotten.
const BEGINS_AFTER: Duration = Duration::from_secs(60);
/// Between two steps while there is something to do.
const PAUSE: Duration = Duration::from_millis(10);
/// Between two looks while there is nothing to do.
const IDLE: Duration = Duration::from_secs(10);

/// How far executions were walked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Progress {
    /// The first minute that is not walked to its end.
    minute: u64,
    /// As long as what an earlier version has stored is noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    noting: Option<Noting>,
    /// The minute under which inboxes are noted that an earlier version has left. Without one, what an earlier version noted has to be noted
    /// again: it left out these, and children that nothing takes along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inboxes: Option<u64>,
}

impl Progress {
    /// Nothing that is there at that time is noted.
    fn begins(minute: u64, until_ms: u64) -> Self {
        let noting = Some(Noting { after: 0, until_ms });
        Self { minute, noting, inboxes: Some(self::minute(until_ms)) }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Noting {
    /// The place in the order of creation up to which it is done.
    after: u64,
    /// What began at this time, in milliseconds since 1970, or later, notes its end itself.
    until_ms: u64,
}

/// What a step has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many executions were forgotten, children of Map runs included.
    Forgot(usize),
    /// It got on, and there may be more to do.
    Went,
    /// There is nothing to do now.
    Idle,
}

/// Forgets executions some time after they have ended.
pub struct Retention {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    keep_ms: u64,
}

impl Retention {
    /// Of the executions in that store, so long after their end.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, keep: Duration) -> Self {
        Self { store, clock, keep_ms: u64::try_from(keep.as_millis()).unwrap_or(u64::MAX) }
    }

    /// Goes on for as long as the runtime does, within which it is called, beginning a minute from now.
    pub fn spawn(self) {
        tokio::spawn(self.run());
    }

    async fn run(self) {
        tokio::time::sleep(BEGINS_AFTER).await;
        let mut forgotten = 0;
        loop {
            let step = self.step().await;
            if let Ok(Step::Forgot(executions)) = &step {
                forgotten += executions;
            } else if forgotten > 0 && !matches!(step, Ok(Step::Went)) {
                tracing::info!(executions = forgotten, "executions that ended long ago are forgotten");
                forgotten = 0;
            }
            let pause = match step {
                Ok(Step::Forgot(_) | Step::Went) => PAUSE,
                Ok(Step::Idle) => IDLE,
                Err(error) => {
                    tracing::warn!(%error, "executions cannot be forgotten now: it is tried again");
                    IDLE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Takes a step: one commit at the most.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn step(&self) -> Result<Step, StoreError> {
        if self.store.sweep().await? {
            return Ok(Step::Went);
        }
        let (progress, version) = self.progress().await?;
        let step = match progress.noting.clone() {
            Some(noting) => self.note(noting, progress, version).await,
            None => self.walk(progress, version).await,
        };
        match step {
            // An execution was written, or another instance was faster: what is there now is looked at.
            Err(StoreError::Conflict { .. }) => Ok(Step::Went),
            step => step,
        }
    }

    fn reader(&self) -> &dyn Read {
        self.store.reader()
    }

    fn now_ms(&self) -> u64 {
        self.clock.now().unsigned_abs()
    }

    async fn progress(&self) -> Result<(Progress, u64), StoreError> {
        let Some(entity) = self.reader().get(PLACE).await? else {
            let until_ms = self.now_ms();
            // What has ended since the first process began, of which only an inbox is left, is not noted.
            let before_ms =
                until_ms.saturating_sub(10 * u64::try_from(BEGINS_AFTER.as_millis()).unwrap_or(0));
            return Ok((Progress::begins(minute(before_ms), until_ms), 0));
        };
        let read = serde_json::from_slice(&entity.state);
        let progress: Progress = read.map_err(|error| StoreError::Unusable {
            reason: "how far executions were forgotten cannot be read".to_owned(),
            source: Some(error.into()),
        })?;
        if progress.inboxes.is_none() {
            return Ok((Progress::begins(progress.minute, self.now_ms()), entity.version));
        }
        Ok((progress, entity.version))
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.store.commit(&commit).await.map(drop)
    }

    /// Notes the ends of a page of what is there.
    async fn note(&self, noting: Noting, mut progress: Progress, version: u64) -> Result<Step, StoreError> {
        let page = self.reader().scan(noting.after, AT_ONCE).await?;
        let is_last = page.len() < AT_ONCE;
        let (mut commit, mut after) = (Commit::default(), noting.after);
        for (place, key, entity) in page {
            after = place;
            if !key.starts_with(PREFIX) {
                continue;
            }
            if entity.state.is_empty() {
                // An Express execution that has ended: whether its inbox is needed still, nobody knows. It goes as what ends now.
                let links = progress.inboxes.map(|minute| Link { index: OF_END, value: ended_in(minute) });
                let links = links.into_iter().collect();
                commit.entities.push(EntityWrite { links, ..as_it_is(key, &entity) });
                continue;
            }
            let Some(Row::Execution(stored)) = readable(&key, &entity) else { continue };
            if stored.started_ms() >= noting.until_ms {
                // Not all behind it began later: a child that was redriven stays in its place.
                continue;
            }
            let Some(ended_ms) = stored.ending().map(|ending| ending.at_ms) else { continue };
            if stored.is_child() && self.parent_of(&stored).await?.is_some() {
                continue;
            }
            let ended = minute(ended_ms);
            progress.minute = progress.minute.min(ended);
            let links = vec![Link { index: OF_END, value: ended_in(ended) }];
            let unlink = left_among_others(&key, &stored);
            commit.entities.push(EntityWrite { links, unlink, ..as_it_is(key, &entity) });
        }
        progress.noting = (!is_last).then_some(Noting { after, ..noting });
        commit.entities.push(written(&progress, version));
        self.commit(commit).await?;
        Ok(Step::Went)
    }

    /// Forgets some of those that ended in the first minute that is long enough ago.
    async fn walk(&self, mut progress: Progress, version: u64) -> Result<Step, StoreError> {
        let horizon_ms = self.now_ms().saturating_sub(self.keep_ms);
        let is_over = |minute: u64| (minute + 1).saturating_mul(60_000) <= horizon_ms;
        let from = progress.minute;
        while is_over(progress.minute) && progress.minute - from < MINUTES_AT_ONCE {
            let value = ended_in(progress.minute);
            let (keys, _) = self.reader().linked(OF_END, &value, None, AT_ONCE).await?;
            if !keys.is_empty()
                && let Some(step) = self.forget_of(progress.minute, progress.inboxes, &keys).await?
            {
                return Ok(step);
            }
            progress.minute += 1;
        }
        if progress.minute == from {
            return Ok(Step::Idle);
        }
        self.commit(Commit { entities: vec![written(&progress, version)], ..Commit::default() }).await?;
        Ok(Step::Went)
    }

    /// Forgets those of that minute, or a part of what goes with them; `None` if none of them is there any more.
    async fn forget_of(
        &self,
        ended: u64,
        inboxes: Option<u64>,
        keys: &[String],
    ) -> Result<Option<Step>, StoreError> {
        let (mut commit, mut entries) = (Commit::default(), 0);
        let found = self.found(keys).await?;
        if found.is_empty() {
            return Ok(None);
        }
        let of_end = |minute| Link { index: OF_END, value: ended_in(minute) };
        for (key, entity) in found {
            if entries >= ENTRIES_AT_ONCE {
                break;
            }
            let here = of_end(ended);
            if entity.state.is_empty() {
                // An Express execution of which only the inbox is left. An earlier version has noted some.
                let unlink = std::iter::once(here).chain(inboxes.map(of_end)).collect();
                commit.forget.push(EntityForget { key, expected: entity.version, unlink });
                continue;
            }
            let stored = match readable(&key, &entity) {
                Some(Row::Execution(stored)) => stored,
                Some(Row::Forgotten(_)) => {
                    if !self.has_runs(&key).await? {
                        commit.forget.push(EntityForget {
                            key,
                            expected: entity.version,
                            unlink: vec![here],
                        });
                    } else if commit.changes_nothing() {
                        return self.forget_runs(key).await.map(Some);
                    }
                    continue;
                }
                Some(Row::Queue(_) | Row::MapRun(_)) | None => {
                    // It stays for whoever can read it, and holds up nobody.
                    commit.entities.push(EntityWrite { unlink: vec![here], ..as_it_is(key, &entity) });
                    continue;
                }
            };
            if stored.ending().is_some_and(|ending| minute(ending.at_ms) > ended) {
                // It was redriven, and is noted where it ended then.
                commit.entities.push(EntityWrite { unlink: vec![here], ..as_it_is(key, &entity) });
            } else if self.is_needed(&stored).await? {
                let links = vec![of_end(minute(self.now_ms()))];
                commit.entities.push(EntityWrite { links, unlink: vec![here], ..as_it_is(key, &entity) });
            } else if self.has_runs(&key).await? {
                commit.entities.push(set_out(key, &entity, &stored, &here));
            } else {
                entries += stored.journal_entries();
                let mut forget = forgotten(key, &entity, &stored);
                // It may be here because it was needed when it was looked at last.
                forget.unlink.push(here);
                commit.forget.push(forget);
            }
        }
        self.forget(commit).await.map(Some)
    }

    /// Whether somebody has to do with it still.
    async fn is_needed(&self, stored: &Stored) -> Result<bool, StoreError> {
        // A Map run that is not kept elsewhere yet: that it is, it will be told.
        if stored.ending().is_none() || !stored.over.is_empty() {
            return Ok(true);
        }
        if stored.is_child() {
            // Its parent is gone, or it would not be here.
            return Ok(false);
        }
        Ok(self.parent_of(stored).await?.is_some_and(|parent| parent.ending().is_none()))
    }

    /// The execution that is told of its end, if there is one.
    async fn parent_of(&self, stored: &Stored) -> Result<Option<Stored>, StoreError> {
        let Some(parent) = stored.parent() else { return Ok(None) };
        let Some(entity) = self.reader().get(parent.key()).await? else { return Ok(None) };
        let row = readable(parent.key(), &entity);
        Ok(row.and_then(Row::execution).filter(|it| parent.is_of(it.started_ms())))
    }

    async fn has_runs(&self, key: &str) -> Result<bool, StoreError> {
        Ok(!self.reader().linked(OF_EXECUTION, key, None, 1).await?.0.is_empty())
    }

    /// Forgets a page of the children of a Map run of that execution, which has some, or of an execution under it; or a run that
    /// has no children any more.
    async fn forget_runs(&self, mut key: String) -> Result<Step, StoreError> {
        'execution: loop {
            let (runs, _) = self.reader().linked(OF_EXECUTION, &key, None, 1).await?;
            let Some(run) = runs.into_iter().next() else { return Ok(Step::Went) };
            let name = run_of(&run).unwrap_or_default().to_owned();
            let (children, _) = self.reader().linked(OF_MACHINE, &name, None, AT_ONCE).await?;
            if children.is_empty() {
                return self.forget_run(key, run, name).await;
            }
            let (mut commit, mut entries) = (Commit::default(), 0);
            for (child, entity) in self.found(&children).await? {
                if entries >= ENTRIES_AT_ONCE {
                    break;
                }
                let here = Link { index: OF_MACHINE, value: name.clone() };
                match readable(&child, &entity) {
                    // It tells of its end when it comes to that, and goes by itself since nobody hears it.
                    Some(Row::Execution(stored)) if stored.ending().is_none() => {
                        let EntityForget { mut unlink, .. } = forgotten(child.clone(), &entity, &stored);
                        unlink.push(here);
                        commit.entities.push(EntityWrite { unlink, ..as_it_is(child, &entity) });
                    }
                    Some(Row::Execution(stored)) if self.has_runs(&child).await? => {
                        commit.entities.push(set_out(child, &entity, &stored, &here));
                    }
                    Some(Row::Execution(stored)) => {
                        entries += stored.journal_entries();
                        commit.forget.push(forgotten(child, &entity, &stored));
                    }
                    Some(Row::Forgotten(_)) if self.has_runs(&child).await? => {
                        if commit.changes_nothing() {
                            key = child;
                            continue 'execution;
                        }
                    }
                    Some(Row::Forgotten(_)) => {
                        let (expected, unlink) = (entity.version, vec![here]);
                        commit.forget.push(EntityForget { key: child, expected, unlink });
                    }
                    // It stays for whoever can read it, and holds up nobody.
                    Some(Row::Queue(_) | Row::MapRun(_)) | None => {
                        commit.entities.push(EntityWrite { unlink: vec![here], ..as_it_is(child, &entity) });
                    }
                }
            }
            return self.forget(commit).await;
        }
    }

    async fn forget_run(&self, execution: String, run: String, name: String) -> Result<Step, StoreError> {
        let mut commit = Commit::default();
        for (key, entity) in self.found(&[execution.clone(), run.clone()]).await? {
            if key == run {
                let unlink = vec![Link { index: OF_EXECUTION, value: execution.clone() }];
                commit.forget.push(EntityForget { key, expected: entity.version, unlink });
            } else {
                let unlink = vec![Link { index: OF_MAP_RUN, value: name.clone() }];
                commit.entities.push(EntityWrite { unlink, ..as_it_is(key, &entity) });
            }
        }
        self.commit(commit).await?;
        Ok(Step::Went)
    }

    /// Those that are there.
    async fn found(&self, keys: &[String]) -> Result<Vec<(String, Entity)>, StoreError> {
        let wanted: Vec<&str> = keys.iter().map(String::as_str).collect();
        let entities = self.reader().get_many(&wanted).await?;
        let found = keys.iter().zip(entities).filter_map(|(key, entity)| Some((key.clone(), entity?)));
        Ok(found.collect())
    }

    async fn forget(&self, commit: Commit) -> Result<Step, StoreError> {
        let executions = commit.forget.len();
        self.commit(commit).await?;
        Ok(if executions > 0 { Step::Forgot(executions) } else { Step::Went })
    }
}

/// What the entity is; `None` if that cannot be read, having said so.
fn readable(key: &str, entity: &Entity) -> Option<Row> {
    inspect::state(entity).unwrap_or_else(|error| {
        tracing::error!(key, %error, "an execution cannot be read, so it is not forgotten");
        None
    })
}

/// What forgets an execution with Map runs, which are found by its key still, and it by that link.
fn set_out(key: String, entity: &Entity, stored: &Stored, found_by: &Link) -> EntityWrite {
    let EntityForget { mut unlink, .. } = forgotten(key.clone(), entity, stored);
    unlink.retain(|link| link != found_by);
    let row = Row::Forgotten(Forgotten { started_ms: stored.started_ms() });
    let state = serde_json::to_vec(&row).expect("it has only string keys").into();
    EntityWrite { unlink, state, next_due: None, ..as_it_is(key, entity) }
}

fn written(progress: &Progress, expected: u64) -> EntityWrite {
    let state = serde_json::to_vec(progress).expect("it has only string keys").into();
    EntityWrite { key: PLACE.to_owned(), expected, state, ..EntityWrite::default() }
}

/// What leaves the entity as it is, but for its links.
fn as_it_is(key: String, entity: &Entity) -> EntityWrite {
    let Entity { version: expected, state, meta, next_due } = entity.clone();
    EntityWrite { key, expected, state, meta, next_due, ..EntityWrite::default() }
}

fn forgotten(key: String, entity: &Entity, stored: &Stored) -> EntityForget {
    let mut unlink = Vec::new();
    for list in lists_of(&key, stored.given(), stored.parent().and_then(Parent::map_run)) {
        let places = std::iter::once(None).chain(STATUSES.map(Some)).map(|status| place(&list, status));
        unlink.extend(places.map(|(index, value)| Link { index, value }));
    }
    if let Some(ending) = stored.ending() {
        // A child whose parent is gone is found by when it has told so in vain, if it is: that may have been a little later.
        let ended = minute(ending.at_ms);
        let told = stored.is_child().then_some(ended + 1);
        let minutes = std::iter::once(ended).chain(told);
        unlink.extend(minutes.map(|minute| Link { index: OF_END, value: ended_in(minute) }));
    }
    if let Some(Parent::Task { key: parent, since_ms, task, .. }) = stored.parent() {
        unlink.push(Link { index: OF_TASK, value: of_task(parent, *since_ms, *task) });
    }
    EntityForget { key, expected: entity.version, unlink }
}

/// The lists of statuses that it has no more, and an earlier version has left it in.
fn left_among_others(key: &str, stored: &Stored) -> Vec<Link> {
    let lists = lists_of(key, stored.given(), stored.parent().and_then(Parent::map_run));
    let others = STATUSES.into_iter().filter(|status| *status != stored.status());
    let left = others.flat_map(|status| lists.iter().map(move |list| place(list, Some(status))));
    left.map(|(index, value)| Link { index, value }).collect()
}
