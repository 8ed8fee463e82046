//! What Map runs read and write: buckets, and what is open of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::data::NESTING_MAX;
use asl::map::{Items as ItemsOf, Map};
use engine::MapRunId;
use items::{Buckets, Item, Items, Objects, Page, ReadError};

use crate::depth::is_storable;
use crate::errand::ItemsWanted;

/// Map runs whose items stay open between two pages, at the most; others are read from their beginning for each page.
const OPEN_MAX: usize = 64;
pub(crate) const NO_BUCKETS: &str = "There are no buckets here: say where they are.";

/// Buckets, and what is open of them.
#[derive(Clone, Default)]
pub(crate) struct Files {
    pub(crate) buckets: Option<Arc<dyn Buckets>>,
    open: Arc<Mutex<BTreeMap<(String, MapRunId), Reading>>>,
}

/// Items that are being read.
struct Reading {
    items: Items,
    /// The one that the last page had no place for.
    held: Option<Item>,
    /// How many have been given.
    given: u64,
}

impl Files {
    pub(crate) fn of(buckets: Arc<dyn Buckets>) -> Self {
        Self { buckets: Some(buckets), ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(String, MapRunId), Reading>> {
        // What is in there was put there whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page that is wanted, of what the reader of that Map names.
    pub(crate) async fn page(&self, key: &str, map: &Map, wanted: &ItemsWanted) -> Result<Page, ReadError> {
        let buckets = self.buckets.clone().ok_or_else(|| ReadError(NO_BUCKETS.to_owned()))?;
        let ItemsOf::Reader(reader) = &map.items else {
            return Err(ReadError("The Map has no ItemReader.".to_owned()));
        };
        let place = (key.to_owned(), wanted.run);
        let open = self.lock().remove(&place).filter(|reading| reading.given == wanted.from);
        let (reader, wanted) = (reader.clone(), wanted.clone());
        let read = blocking(move || {
            let mut reading = match open {
                Some(reading) => reading,
                None => {
                    let objects: Arc<dyn Objects> = buckets;
                    let mut items =
                        items::items(&reader.resource.arn, &wanted.arguments, &reader.config, &objects)?;
                    for _ in 0..wanted.from {
                        items.next().transpose()?;
                    }
                    Reading { items, held: None, given: wanted.from }
                }
            };
            let page =
                items::page(&mut reading.items, &mut reading.held, wanted.items_max, wanted.bytes_max)?;
            if !page.items.iter().all(is_storable) {
                return Err(ReadError(format!("An item is nested more than {NESTING_MAX} levels deep.")));
            }
            reading.given += page.items.len() as u64;
            Ok((page, reading))
        });
        let (page, reading) = read.await.unwrap_or_else(|reason| Err(ReadError(reason)))?;
        if !page.is_last {
            let mut open = self.lock();
            if open.len() >= OPEN_MAX {
                open.pop_first();
            }
            open.insert(place, reading);
        }
        Ok(page)
    }
}

/// Does what holds up its thread on one where that holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())
}
