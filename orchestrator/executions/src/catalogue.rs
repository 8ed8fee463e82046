//! The definitions at hand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::Definition;
use participant::Generations;
use registry::machines;
use store::{Read, StoreError};

/// So many definitions are held, twice: more than a batch can be about.
const COUNT_MAX: usize = 4096;

/// The definitions at hand, by the fingerprint of their text; others are read from the store when they are needed. Clones share
/// them.
#[derive(Clone, Debug)]
pub struct Catalogue(Arc<Mutex<Generations<Arc<Definition>>>>);

impl Default for Catalogue {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Generations::new(COUNT_MAX, u64::MAX))))
    }
}

impl Catalogue {
    fn lock(&self) -> MutexGuard<'_, Generations<Arc<Definition>>> {
        // A definition is put in whole or not at all.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The definition with that fingerprint, if it is at hand.
    #[must_use]
    pub fn get(&self, fingerprint: &str) -> Option<Arc<Definition>> {
        self.lock().get(fingerprint).cloned()
    }

    /// Has it at hand.
    pub fn put(&self, definition: Arc<Definition>) {
        let mut held = self.lock();
        if held.get(definition.fingerprint()).is_none() {
            held.put(definition.fingerprint().to_owned(), definition, 0);
        }
    }

    /// The definition with that fingerprint; `None` if it is not in the store either, or cannot be used (any more).
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find(
        &self,
        store: &dyn Read,
        fingerprint: &str,
    ) -> Result<Option<Arc<Definition>>, StoreError> {
        if let Some(definition) = self.get(fingerprint) {
            return Ok(Some(definition));
        }
        let text = machines::definition_text(store, fingerprint).await?;
        let Some(definition) = text.and_then(|text| asl::parse(&text).ok()).map(Arc::new) else {
            return Ok(None);
        };
        self.put(Arc::clone(&definition));
        Ok(Some(definition))
    }
}
