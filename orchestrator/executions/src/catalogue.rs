//! The definitions at hand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::Definition;
use participant::Generations;
use registry::machines;
use store::{Read, StoreError};

use crate::running::nests;

/// So many definitions are held, twice: more than a batch can be about.
const COUNT_MAX: usize = 4096;

/// The definitions at hand, by the fingerprint of their text; others are read from the store when they are needed. Clones share
/// them.
#[derive(Clone, Debug)]
pub struct Catalogue(Arc<Mutex<Generations<Known>>>);

/// A definition, and what every fact asks about it: that is looked for once, among all of its states.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) definition: Arc<Definition>,
    /// Whether any of its tasks waits for an execution that it starts.
    pub(crate) nests: bool,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Generations::new(COUNT_MAX, u64::MAX))))
    }
}

impl Catalogue {
    fn lock(&self) -> MutexGuard<'_, Generations<Known>> {
        // A definition is put in whole or not at all.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The definition with that fingerprint, if it is at hand.
    #[must_use]
    pub fn get(&self, fingerprint: &str) -> Option<Arc<Definition>> {
        self.known(fingerprint).map(|known| known.definition)
    }

    pub(crate) fn known(&self, fingerprint: &str) -> Option<Known> {
        self.lock().get(fingerprint).cloned()
    }

    /// Has it at hand.
    pub fn put(&self, definition: Arc<Definition>) {
        self.known_of(definition);
    }

    /// Has it at hand.
    pub(crate) fn known_of(&self, definition: Arc<Definition>) -> Known {
        if let Some(known) = self.known(definition.fingerprint()) {
            return known;
        }
        let fingerprint = definition.fingerprint().to_owned();
        let known = Known { nests: nests(&definition), definition };
        self.lock().put(fingerprint, known.clone(), 0);
        known
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
