//! Schemas of the tests' own in the PostgreSQL that `testbed` names.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a test may say what it finds")]
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod proxy;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use store::postgres::{PostgresOptions, PostgresStore, drop_schema};
use tokio_postgres::{Client, NoTls};

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

/// Schemas in the test server, each dropped in the end, whether or not the test passed.
pub(crate) struct Schemas {
    options: PostgresOptions,
    made: Mutex<Vec<PostgresOptions>>,
}

impl Schemas {
    /// `None`, having said so, where there is no server.
    pub(crate) fn if_there() -> Option<Self> {
        let url = testbed::POSTGRES.for_test()?;
        let options = PostgresOptions::parse(&url).expect("the server's URL is one");
        Some(Self { options, made: Mutex::default() })
    }

    /// The same schema, reached through another place, with more options (`&name=value…`).
    pub(crate) fn through(&self, port: u16, schema: &PostgresOptions, more: &str) -> PostgresOptions {
        let url = testbed::POSTGRES.url();
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (user, rest) = rest.rsplit_once('@').expect("a user");
        let (_, database) = rest.split_once('/').expect("a database");
        let database = database.split('?').next().expect("a database");
        let schema = schema.schema_name();
        let url = format!("{scheme}://{user}@127.0.0.1:{port}/{database}?schema={schema}{more}");
        PostgresOptions::parse(&url).expect("a URL")
    }

    /// A schema that nobody else uses, its name ending in `name`.
    pub(crate) fn new_schema(&self, name: &str) -> PostgresOptions {
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("t{}_{number}_", std::process::id());
        let name: String = name.chars().take(63 - prefix.len()).collect();
        let mut options = self.options.clone();
        options.schema = Some(prefix + &name);
        self.made.lock().unwrap().push(options.clone());
        options
    }

    /// Opens the store of a schema and waits for it.
    pub(crate) async fn open(&self, options: &PostgresOptions) -> PostgresStore {
        let store = PostgresStore::open(options.clone());
        store.ready().await.expect("the store opens");
        store
    }
}

impl Drop for Schemas {
    fn drop(&mut self) {
        let made = std::mem::take(&mut *self.made.lock().unwrap());
        // A thread of its own: a test's runtime cannot be blocked from within.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            for options in made {
                if let Err(error) = runtime.block_on(drop_schema(&options)) {
                    eprintln!("the schema {} stays behind: {error}", options.schema_name());
                }
            }
        });
        let _ = dropping.join();
    }
}

/// A connection to the server beside the store's, for tests that look behind it.
pub(crate) async fn admin() -> Client {
    let (client, connection) = tokio_postgres::connect(&testbed::POSTGRES.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until the server has ended every connection to that schema's store.
pub(crate) async fn until_nobody_uses(options: &PostgresOptions) {
    let admin = admin().await;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
    let name = format!("duet {}", options.schema_name());
    // PostgreSQL cuts names at 63 bytes.
    let name = &name[..name.len().min(63)];
    while admin.query_one(sql, &[&name]).await.unwrap().get::<_, i64>(0) > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}
