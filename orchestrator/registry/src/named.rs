//! What is known by a name in a region: state machines, and activities.
//!
//! One of a kind stands under `KIND/REGION/NAME`, whole: whatever is decided about it is one commit, with the number of those that
//! there are. One that is deleted keeps its place, so that its name tells what it was.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Commit, EntityWrite, Link, Read, Store, StoreError};

use crate::count;

/// How often somebody else may be faster, before a change is given up: each of the requests that there may be at once can be so once, since
/// all that make something change how many there are.
const LOST_MAX: usize = 5_000;

/// Where those of a kind stand.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What one of them is called, for people.
    pub name: &'static str,
    /// What their keys begin with.
    pub(crate) place: &'static str,
    /// The index that finds every one of a region.
    pub(crate) index: &'static str,
    /// What the key begins with where their number stands.
    pub(crate) counted: &'static str,
}

/// What is known by a name in a region.
pub trait Named: Serialize + DeserializeOwned + Send {
    /// Where those of its kind stand.
    const KIND: Kind;
    /// What is remembered of one until it is changed.
    type Before: Send;

    /// Whether it was deleted.
    fn is_deleted(&self) -> bool;

    /// What is remembered of it.
    fn before(&self) -> Self::Before;

    /// What its journal tells of it as it is now, if anything.
    fn entry(&self, before: Option<&Self::Before>) -> Option<Bytes>;
}

/// What becomes of one; and what is answered.
#[derive(Debug)]
pub enum Change<N, T> {
    /// It stays as it is.
    None(T),
    /// It is this from now on.
    Put(Box<N>, T),
}

pub(crate) fn key<N: Named>(place: &str) -> String {
    format!("{}{place}", N::KIND.place)
}

/// What is read of one.
pub(crate) fn read<N: Named, T: DeserializeOwned>(place: &str, state: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(state).map_err(|error| StoreError::Unusable {
        reason: format!("the {} {place} cannot be read; was it stored by a newer version?", N::KIND.name),
        source: Some(error.into()),
    })
}

/// The one of that place (`REGION/NAME`), deleted ones included.
///
/// # Errors
/// The store does not answer, or holds what is none of the kind.
pub async fn find<N: Named>(store: &dyn Read, place: &str) -> Result<Option<N>, StoreError> {
    Ok(found::<N>(store, place).await?.map(|(named, _)| named))
}

async fn found<N: Named>(store: &dyn Read, place: &str) -> Result<Option<(N, u64)>, StoreError> {
    let Some(entity) = store.get(&key::<N>(place)).await? else { return Ok(None) };
    Ok(Some((read::<N, N>(place, &entity.state)?, entity.version)))
}

/// Changes the one of that place (`REGION/NAME`): what `decide` says of it as it is, `None` if there never was one, is committed, or decided
/// again on what another instance made of it meanwhile. With it are committed how many there are ([`count`](fn@count)), and what its journal
/// tells.
///
/// # Errors
/// What `decide` refuses; the store does not answer, or others were faster 5,001 times: a conflict (inside, as `E` is made of it).
pub async fn change<N: Named, T, E: From<StoreError>>(
    store: &dyn Store,
    region: &str,
    place: &str,
    mut decide: impl FnMut(Option<N>) -> Result<Change<N, T>, E>,
) -> Result<T, E> {
    let mut lost = 0;
    loop {
        let found = found::<N>(store.reader(), place).await?;
        let expected = found.as_ref().map_or(0, |(_, version)| *version);
        let was = found.as_ref().is_some_and(|(named, _)| !named.is_deleted());
        let before = found.as_ref().map(|(named, _)| named.before());
        let (changed, answer) = match decide(found.map(|(named, _)| named))? {
            Change::None(answer) => return Ok(answer),
            Change::Put(changed, answer) => (changed, answer),
        };
        let write = EntityWrite {
            key: key::<N>(place),
            expected,
            state: serde_json::to_vec(&changed).expect("it has only string keys").into(),
            links: vec![Link { index: N::KIND.index, value: region.to_owned() }],
            journal: changed.entry(before.as_ref()).into_iter().collect(),
            ..EntityWrite::default()
        };
        let number = (N::KIND.name, &*counted::<N>(region));
        let counted = count::changed(store, number, was, !changed.is_deleted()).await?;
        let entities = std::iter::once(write).chain(counted).collect();
        match store.commit(&Commit { entities, ..Commit::default() }).await {
            Ok(_) => return Ok(answer),
            // Another instance was faster: what it did is looked at.
            Err(StoreError::Conflict { .. }) if lost < LOST_MAX => lost += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

fn counted<N: Named>(region: &str) -> String {
    format!("{}{region}", N::KIND.counted)
}

/// How many of the kind a region has, without those that were deleted.
///
/// # Errors
/// The store does not answer.
pub async fn count<N: Named>(store: &dyn Read, region: &str) -> Result<u64, StoreError> {
    count::get(store, &counted::<N>(region)).await
}

/// The places (`REGION/NAME`) of those of a region, those made first last, deleted ones included, at most `limit` (at least 1), behind the
/// cursor that the last page gave.
///
/// # Errors
/// The store does not answer.
pub async fn list<N: Named>(
    store: &dyn Read,
    region: &str,
    before: Option<u64>,
    limit: usize,
) -> Result<(Vec<String>, Option<u64>), StoreError> {
    let (keys, cursor) = store.linked(N::KIND.index, region, before, limit).await?;
    let places = keys.iter().filter_map(|key| key.strip_prefix(N::KIND.place).map(str::to_owned));
    Ok((places.collect(), cursor))
}

/// The regions that have, or had, any of the kind, at most `limit` (at least 1), behind the cursor that the last page gave. One that an
/// earlier version of this program has made some in is among them once another is made there, or one goes.
///
/// # Errors
/// The store does not answer.
pub async fn regions<N: Named>(
    store: &dyn Read,
    before: Option<u64>,
    limit: usize,
) -> Result<(Vec<String>, Option<u64>), StoreError> {
    let (keys, cursor) = store.linked(count::INDEX, N::KIND.name, before, limit).await?;
    let regions = keys.iter().filter_map(|key| key.strip_prefix(N::KIND.counted).map(str::to_owned));
    Ok((regions.collect(), cursor))
}
