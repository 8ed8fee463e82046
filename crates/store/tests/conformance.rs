//! Every store of this crate against the conformance suite.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use store::Store;
use store::memory::MemoryStore;
use store::postgres::PostgresOptions;
use store::sqlite::{SqliteOptions, SqliteStore};
use store::suite::Stores;
use tempfile::TempDir;

#[derive(Default)]
struct InMemory {
    stores: Mutex<BTreeMap<String, MemoryStore>>,
}

#[async_trait]
impl Stores for InMemory {
    async fn open(&self, name: &str) -> Arc<dyn Store> {
        Arc::new(self.stores.lock().unwrap().entry(name.to_owned()).or_default().clone())
    }
}

struct InFolder {
    folder: TempDir,
}

impl InFolder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }
}

#[async_trait]
impl Stores for InFolder {
    async fn open(&self, name: &str) -> Arc<dyn Store> {
        let path = self.folder.path().join(format!("{name}.db"));
        Arc::new(SqliteStore::open(path, SqliteOptions::default()).unwrap())
    }
}

struct InPostgres {
    schemas: common::Schemas,
    stores: Mutex<BTreeMap<String, PostgresOptions>>,
}

impl InPostgres {
    fn if_there() -> Option<Self> {
        common::Schemas::if_there().map(|schemas| Self { schemas, stores: Mutex::default() })
    }
}

#[async_trait]
impl Stores for InPostgres {
    async fn open(&self, name: &str) -> Arc<dyn Store> {
        let known = self.stores.lock().unwrap().get(name).cloned();
        let options = match known {
            Some(options) => {
                // What the former instance left is nobody's only once the server has noticed that it is gone.
                common::until_nobody_uses(&options).await;
                options
            }
            None => {
                let options = self.schemas.new_schema(name);
                self.stores.lock().unwrap().insert(name.to_owned(), options.clone());
                options
            }
        };
        Arc::new(self.schemas.open(&options).await)
    }
}

mod memory {
    store::store_conformance!(super::InMemory::default());
}

mod sqlite {
    store::store_conformance!(super::InFolder::new());
}

mod postgres {
    store::store_conformance!(if_there: super::InPostgres::if_there());
}

/// The suite as a program would run it, on the runtime that simulations use.
#[tokio::test(flavor = "current_thread")]
async fn everything_in_turn_on_one_thread() {
    store::suite::run_all(&InMemory::default()).await;
    store::suite::run_all(&InFolder::new()).await;
    if let Some(stores) = InPostgres::if_there() {
        store::suite::run_all(&stores).await;
    }
}
