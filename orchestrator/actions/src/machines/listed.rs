//! Lists in pages: those of the registry, and those within a machine.

use api::Failure;
use registry::named::{self, Named};

use crate::failures::store_failed;
use crate::service::Service;

/// How many are looked at for a page at the most, those that were deleted included.
const LOOKED_AT_MAX: usize = 10_000;
/// How many are looked at at once for whether anything follows a page.
const AHEAD: usize = 100;

/// What a page holds, by name, and the cursor behind it if anything follows.
pub(super) type Page<T> = (Vec<(String, T)>, Option<u64>);

/// A page of what the region of the request has, those made first last, by name. It is shorter than `size` at the end of the list, and
/// where very many were deleted: then a token leads on.
///
/// # Errors
/// The store does not answer.
pub(super) async fn page<T: Named>(
    service: &Service,
    mut before: Option<u64>,
    size: usize,
) -> Result<Page<T>, Failure> {
    let (mut page, mut looked_at) = (Vec::new(), 0);
    while page.len() < size {
        if looked_at >= LOOKED_AT_MAX {
            return Ok((page, before));
        }
        let limit = size - page.len();
        before = more(service, before, limit, &mut page).await?;
        looked_at += limit;
        if before.is_none() {
            return Ok((page, None));
        }
    }
    // A token that leads to nothing is of no use: what follows may all be deleted.
    let end = before;
    while looked_at < LOOKED_AT_MAX {
        let (places, next) = places::<T>(service, before, AHEAD).await?;
        for place in places {
            if found::<T>(service, &place).await?.is_some() {
                return Ok((page, end));
            }
        }
        looked_at += AHEAD;
        before = next;
        if before.is_none() {
            return Ok((page, None));
        }
    }
    Ok((page, end))
}

/// Adds those of the next `limit` that were not deleted.
async fn more<T: Named>(
    service: &Service,
    before: Option<u64>,
    limit: usize,
    page: &mut Vec<(String, T)>,
) -> Result<Option<u64>, Failure> {
    let (places, next) = places::<T>(service, before, limit).await?;
    for place in places {
        if let (Some(one), Some((_, name))) = (found::<T>(service, &place).await?, place.split_once('/')) {
            page.push((name.to_owned(), one));
        }
    }
    Ok(next)
}

async fn places<T: Named>(
    service: &Service,
    before: Option<u64>,
    limit: usize,
) -> Result<(Vec<String>, Option<u64>), Failure> {
    let places = named::list::<T>(service.reader(), &service.home().region, before, limit).await;
    places.map_err(|error| store_failed(&error))
}

async fn found<T: Named>(service: &Service, place: &str) -> Result<Option<T>, Failure> {
    let found = named::find::<T>(service.reader(), place).await;
    Ok(found.map_err(|error| store_failed(&error))?.filter(|named| !named.is_deleted()))
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
