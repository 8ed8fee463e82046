//! Where the participants of a system keep what they know, and how to look into it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use daemon::{StoreAddress, connect};
use store::Read;
use tempfile::TempDir;

/// Where the stores are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreKind {
    /// Files in the system's folder.
    #[default]
    Sqlite,
    /// Schemas in the database of this URL, which names none.
    Postgres(String),
}

/// The stores of one system, and the folder of all its files, which is removed when this is dropped.
pub struct Stores {
    kind: StoreKind,
    run: String,
    folder: TempDir,
    /// Readers of a database: each keeps its connection.
    open: Mutex<BTreeMap<String, Arc<dyn Read>>>,
}

impl Stores {
    /// For a new system.
    ///
    /// # Panics
    /// There is no place for files.
    #[must_use]
    pub fn new(kind: StoreKind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The folder's name is the system's alone; a schema and a namespace take only part of its characters.
        let name = folder.path().file_name().unwrap().to_string_lossy().to_lowercase();
        let run =
            format!("t{}_{}", std::process::id(), name.trim_start_matches(|c| !char::is_alphanumeric(c)));
        Self { kind, run, folder, open: Mutex::default() }
    }

    /// A name that no other system has: lower-case letters, digits and underscores.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The folder of everything that is a file.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The participant's `--store`.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        match &self.kind {
            StoreKind::Sqlite => format!("sqlite:{}", self.folder().join(format!("{name}.db")).display()),
            StoreKind::Postgres(url) => {
                let schema = format!("{}_{}", self.run, name.replace('-', "_"));
                format!("{url}?schema={schema}")
            }
        }
    }

    /// Where they all are, as `--stores` takes it; in a database they are told by [`run`](Self::run).
    #[must_use]
    pub fn url_of_all(&self) -> String {
        match &self.kind {
            StoreKind::Sqlite => format!("sqlite:{}", self.folder().display()),
            StoreKind::Postgres(url) => url.clone(),
        }
    }

    /// What the participant's store holds, whether it runs or not.
    ///
    /// # Panics
    /// The store cannot be opened.
    #[must_use]
    pub fn reader(&self, name: &str) -> Arc<dyn Read> {
        let open = || connect::reader(&self.address(name)).unwrap();
        match self.kind {
            StoreKind::Sqlite => open(),
            StoreKind::Postgres(_) => {
                Arc::clone(self.open.lock().unwrap().entry(name.to_owned()).or_insert_with(open))
            }
        }
    }

    /// Deletes what is not a file of the participant's store.
    ///
    /// # Panics
    /// It cannot be deleted.
    pub async fn remove(&self, name: &str) {
        let address = self.address(name);
        // The orchestrator's is beside another, of the Step Functions API.
        if let StoreAddress::Postgres(options) = &address {
            let api = format!("{}_api", options.schema_name());
            connect::drop_schema(&address.clone().with_schema(&api)).await.unwrap();
        }
        connect::drop_schema(&address).await.unwrap();
    }

    fn address(&self, name: &str) -> StoreAddress {
        StoreAddress::parse(&self.url(name)).unwrap()
    }
}
