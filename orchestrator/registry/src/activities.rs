//! Activities: names under which workers ask for tasks.
//!
//! An activity stands under `activity/REGION/NAME`, whole. What waits for its workers does not stand here.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Commit, EntityWrite, Link, Millis, Read, Store, StoreError};

use crate::count;
use crate::machines::{Change, LOST_MAX};

/// The index that finds every activity.
const INDEX: &str = "activity";
const PLACE: &str = "activity/";
/// Where their number stands.
const COUNTED: &str = "activities/";

/// What workers ask for tasks of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// When it was made, in milliseconds since 1970.
    pub created_ms: Millis,
    /// Whether it was deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// How its data is encrypted: given back as it is.
    pub encryption: Value,
    /// Its tags, each name once.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
}

fn key(activity: &str) -> String {
    format!("{PLACE}{activity}")
}

async fn found(store: &dyn Read, activity: &str) -> Result<Option<(Activity, u64)>, StoreError> {
    let Some(entity) = store.get(&key(activity)).await? else { return Ok(None) };
    match serde_json::from_slice(&entity.state) {
        Ok(activity) => Ok(Some((activity, entity.version))),
        Err(error) => Err(StoreError::Unusable {
            reason: format!("the activity {activity} cannot be read; was it stored by a newer version?"),
            source: Some(error.into()),
        }),
    }
}

/// The activity of that name (`REGION/NAME`); `None` if there is none, or it was deleted.
///
/// # Errors
/// The store does not answer, or holds what is no activity.
pub async fn find(store: &dyn Read, activity: &str) -> Result<Option<Activity>, StoreError> {
    let found = found(store, activity).await?;
    Ok(found.map(|(activity, _)| activity).filter(|activity| !activity.deleted))
}

/// Changes an activity (`REGION/NAME`) as [`machines::change`](crate::machines::change) changes a machine; `decide` is given `None` if
/// there is none, or it was deleted.
///
/// # Errors
/// What `decide` refuses; the store does not answer, or others were faster 5,001 times: a conflict (inside, as `E` is made of it).
pub async fn change<T, E: From<StoreError>>(
    store: &dyn Store,
    region: &str,
    activity: &str,
    mut decide: impl FnMut(Option<Activity>) -> Result<Change<Activity, T>, E>,
) -> Result<T, E> {
    let mut lost = 0;
    loop {
        let found = found(store.reader(), activity).await?;
        let expected = found.as_ref().map_or(0, |(_, version)| *version);
        let there = found.map(|(activity, _)| activity).filter(|activity| !activity.deleted);
        let was = there.is_some();
        let (changed, answer) = match decide(there)? {
            Change::None(answer) => return Ok(answer),
            Change::Put(changed, answer) => (changed, answer),
        };
        let write = EntityWrite {
            key: key(activity),
            expected,
            state: serde_json::to_vec(&changed).expect("an activity has only string keys").into(),
            links: vec![Link { index: INDEX, value: region.to_owned() }],
            ..EntityWrite::default()
        };
        let counted = count::changed(store, &format!("{COUNTED}{region}"), was, !changed.deleted).await?;
        let entities = std::iter::once(write).chain(counted).collect();
        match store.commit(&Commit { entities, ..Commit::default() }).await {
            Ok(_) => return Ok(answer),
            // Another instance was faster: what it did is looked at.
            Err(StoreError::Conflict { .. }) if lost < LOST_MAX => lost += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// How many activities a region has, without those that were deleted.
///
/// # Errors
/// The store does not answer.
pub async fn count(store: &dyn Read, region: &str) -> Result<u64, StoreError> {
    count::get(store, &format!("{COUNTED}{region}")).await
}

/// The activities of a region (`REGION/NAME`), those made first last, deleted ones included, at most `limit` (at least 1), behind the
/// cursor that the last page gave.
///
/// # Errors
/// The store does not answer.
pub async fn list(
    store: &dyn Read,
    region: &str,
    before: Option<u64>,
    limit: usize,
) -> Result<(Vec<String>, Option<u64>), StoreError> {
    let (keys, cursor) = store.linked(INDEX, region, before, limit).await?;
    let activities = keys.iter().filter_map(|key| key.strip_prefix(PLACE).map(str::to_owned));
    Ok((activities.collect(), cursor))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::memory::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn an_activity_is_there_until_it_is_deleted() {
        let store = MemoryStore::new();
        let made = Activity { created_ms: 1, deleted: false, encryption: json!({}), tags: Vec::new() };
        let put = async |activity: Activity, expected: bool| {
            let decide = |there: Option<Activity>| -> Result<_, StoreError> {
                assert_eq!(there.is_some(), expected);
                Ok(Change::Put(Box::new(activity.clone()), ()))
            };
            change(&store, "eu", "eu/pack", decide).await.unwrap();
        };
        put(made.clone(), false).await;
        assert_eq!(find(&store, "eu/pack").await.unwrap(), Some(made.clone()));
        assert_eq!(count(&store, "eu").await.unwrap(), 1);
        put(Activity { deleted: true, ..made.clone() }, true).await;
        assert_eq!(find(&store, "eu/pack").await.unwrap(), None);
        assert_eq!(count(&store, "eu").await.unwrap(), 0);
        put(made, false).await;
        assert_eq!(list(&store, "eu", None, 10).await.unwrap(), (vec!["eu/pack".to_owned()], None));
    }
}
