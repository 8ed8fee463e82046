//! How many of a kind there are, kept with each change to one of them.

use store::{EntityWrite, Link, Read, Store, StoreError};

/// The number under that key.
pub(crate) async fn get(store: &dyn Read, key: &str) -> Result<u64, StoreError> {
    Ok(found(store, key).await?.0)
}

/// The number under that key, and its version; 0 if there is none.
async fn found(store: &dyn Read, key: &str) -> Result<(u64, u64), StoreError> {
    let Some(entity) = store.get(key).await? else { return Ok((0, 0)) };
    let number = serde_json::from_slice(&entity.state).map_err(|error| StoreError::Unusable {
        reason: format!("the number under {key} cannot be read"),
        source: Some(error.into()),
    })?;
    Ok((number, entity.version))
}

/// The index that finds the numbers of all regions, by the kind.
pub(crate) const INDEX: &str = "counted";

/// What is to be written where one of the kind was there, or not, and is there from now on, or not; nothing if that is the same.
pub(crate) async fn changed(
    store: &dyn Store,
    (kind, key): (&str, &str),
    was: bool,
    is: bool,
) -> Result<Option<EntityWrite>, StoreError> {
    if was == is {
        return Ok(None);
    }
    let (number, expected) = found(store.reader(), key).await?;
    let number = if is { number + 1 } else { number.saturating_sub(1) };
    let state = number.to_string().into_bytes().into();
    let links = vec![Link { index: INDEX, value: kind.to_owned() }];
    Ok(Some(EntityWrite { key: key.to_owned(), expected, state, links, ..EntityWrite::default() }))
}
