//! Activities: names under which workers ask for tasks.
//!
//! An activity stands under `activity/REGION/NAME`, whole. What waits for its workers does not stand here.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Millis, Read, Store, StoreError};

use crate::named::{self, Change, Kind, Named};

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

impl Named for Activity {
    const KIND: Kind =
        Kind { name: "activity", place: "activity/", index: "activity", counted: "activities/" };
    type Before = ();

    fn is_deleted(&self) -> bool {
        self.deleted
    }

    fn before(&self) {}

    fn entry(&self, _: Option<&()>) -> Option<Bytes> {
        None
    }
}

/// The activity of that name (`REGION/NAME`); `None` if there is none, or it was deleted.
///
/// # Errors
/// The store does not answer, or holds what is no activity.
pub async fn find(store: &dyn Read, activity: &str) -> Result<Option<Activity>, StoreError> {
    let found: Option<Activity> = named::find(store, activity).await?;
    Ok(found.filter(|activity| !activity.deleted))
}

/// Changes an activity (`REGION/NAME`), as [`named::change`] does; `decide` is given `None` if
/// there is none, or it was deleted.
///
/// # Errors
/// What `decide` refuses; the store does not answer (inside, as `E` is made of it).
pub async fn change<T, E: From<StoreError>>(
    store: &dyn Store,
    region: &str,
    activity: &str,
    mut decide: impl FnMut(Option<Activity>) -> Result<Change<Activity, T>, E>,
) -> Result<T, E> {
    named::change(store, region, activity, |found: Option<Activity>| {
        decide(found.filter(|activity| !activity.deleted))
    })
    .await
}

/// How many activities a region has, without those that were deleted.
///
/// # Errors
/// The store does not answer.
pub async fn count(store: &dyn Read, region: &str) -> Result<u64, StoreError> {
    named::count::<Activity>(store, region).await
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
        assert_eq!(
            named::list::<Activity>(&store, "eu", None, 10).await.unwrap(),
            (vec!["eu/pack".to_owned()], None)
        );
    }
}
