//! Lists in pages: those of the registry, and those within a machine.

use std::future::Future;

use api::Failure;
use registry::activities::{self, Activity};
use registry::machines::{self, Machine};
use store::{Read, StoreError};

use crate::failures::store_failed;
use crate::service::Service;

/// What a region has a list of.
pub(super) trait Listed: Sized + Send {
    /// `REGION/NAME` of all that there are or were, and where to go on.
    fn places(
        store: &dyn Read,
        region: &str,
        before: Option<u64>,
        limit: usize,
    ) -> impl Future<Output = Result<(Vec<String>, Option<u64>), StoreError>> + Send;

    /// The one of that place, unless it was deleted.
    fn find(store: &dyn Read, place: &str) -> impl Future<Output = Result<Option<Self>, StoreError>> + Send;
}

impl Listed for Machine {
    async fn places(
        store: &dyn Read,
        region: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        machines::list(store, region, before, limit).await
    }

    async fn find(store: &dyn Read, place: &str) -> Result<Option<Self>, StoreError> {
        Ok(machines::find(store, place).await?.filter(|machine| !machine.deleted))
    }
}

impl Listed for Activity {
    async fn places(
        store: &dyn Read,
        region: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        activities::list(store, region, before, limit).await
    }

    async fn find(store: &dyn Read, place: &str) -> Result<Option<Self>, StoreError> {
        activities::find(store, place).await
    }
}

/// What a page holds, by name, and the cursor behind it if anything follows.
pub(super) type Page<T> = (Vec<(String, T)>, Option<u64>);

/// A page of what the region of the request has, those made first last, by name. It is only shorter than `size` at the end of the list,
/// however many were deleted.
///
/// # Errors
/// The store does not answer.
pub(super) async fn page<T: Listed>(
    service: &Service,
    mut before: Option<u64>,
    size: usize,
) -> Result<Page<T>, Failure> {
    let mut page = Vec::new();
    while page.len() < size {
        before = more(service, before, size - page.len(), &mut page).await?;
        if before.is_none() {
            return Ok((page, None));
        }
    }
    // A token that leads to nothing is of no use: what follows may all be deleted.
    let (end, mut ahead) = (before, Vec::<(String, T)>::new());
    while ahead.is_empty() {
        before = more(service, before, 1, &mut ahead).await?;
        if before.is_none() {
            break;
        }
    }
    Ok((page, end.filter(|_| !ahead.is_empty())))
}

/// Adds those of the next `limit` that were not deleted.
async fn more<T: Listed>(
    service: &Service,
    before: Option<u64>,
    limit: usize,
    found: &mut Vec<(String, T)>,
) -> Result<Option<u64>, Failure> {
    let places = T::places(service.reader(), &service.home().region, before, limit).await;
    let (places, next) = places.map_err(|error| store_failed(&error))?;
    for place in places {
        let one = T::find(service.reader(), &place).await.map_err(|error| store_failed(&error))?;
        if let (Some(one), Some((_, name))) = (one, place.split_once('/')) {
            found.push((name.to_owned(), one));
        }
    }
    Ok(next)
}

/// A page of what a machine has, each with its number, the oldest first: the newest first, behind the cursor; and the cursor behind the
/// page if anything follows.
pub(super) fn numbered<T>(
    all: impl DoubleEndedIterator<Item = (u64, T)>,
    before: Option<u64>,
    size: usize,
) -> (Vec<T>, Option<u64>) {
    let mut rest = all.rev().filter(|(number, _)| before.is_none_or(|before| *number < before)).peekable();
    let (numbers, page): (Vec<u64>, Vec<T>) = rest.by_ref().take(size).unzip();
    let next = rest.peek().and(numbers.last().copied());
    (page, next)
}
