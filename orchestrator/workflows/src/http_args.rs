//! The flags for APIs that tasks can call over HTTP.

use std::path::PathBuf;
use std::sync::Arc;

use connections::Key;
use daemon::ConfigError;
use http_client::{Client, Host, Reach};
use integrations::HttpTasks;
use store::Store;

/// Where the key may stand itself.
const KEY_VARIABLE: &str = "DUET_CONNECTIONS_KEY";

/// Whether connections are kept, and which hosts are called.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct HttpArgs {
    /// A file with the key that secrets of connections are encrypted with: 64 hexadecimal digits, as `openssl rand -hex 32` prints them. With it,
    /// `aws events create-connection` works here, and tasks call APIs over HTTPS (arn:aws:states:::http:invoke). Without it such tasks fail. The
    /// key itself may stand in the environment instead, as DUET_CONNECTIONS_KEY.
    #[arg(long, value_name = "FILE", env = "DUET_CONNECTIONS_KEY_FILE")]
    connections_key_file: Option<PathBuf>,
    /// The hosts that tasks may call over HTTP, and no others: NAME, *.NAME or an address, with :PORT or without, several with commas. They may be
    /// called without TLS, too, and be anywhere [default: every host with a public address, over HTTPS].
    #[arg(long, value_name = "HOST,…", env = "DUET_HTTP_TASK_HOSTS", value_delimiter = ',')]
    http_task_hosts: Vec<Host>,
    /// How many calls of each host are made at once; further ones wait.
    #[arg(long, value_name = "N", env = "DUET_HTTP_CALLS_AT_ONCE", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=256))]
    http_calls_at_once: u64,
}

/// What HTTP tasks are made with.
#[derive(Clone, Debug)]
pub(crate) struct HttpSettings {
    key: Arc<Key>,
    client: Client,
    at_once: usize,
}

impl HttpSettings {
    /// What secrets are sealed with.
    pub(crate) fn key(&self) -> Arc<Key> {
        Arc::clone(&self.key)
    }

    /// What makes calls, by the connections in that store.
    pub(crate) fn tasks(&self, store: Arc<dyn Store>, region: &str) -> HttpTasks {
        HttpTasks::new(self.client.clone(), store, self.key(), region.to_owned(), self.at_once)
    }
}

impl HttpArgs {
    /// What HTTP tasks are made with, if connections are kept.
    ///
    /// # Errors
    /// There is no key where there should be one, or no TLS.
    pub(crate) fn settings(&self) -> Result<Option<HttpSettings>, ConfigError> {
        // No flag: what is given with one, every list of processes shows.
        let own = std::env::var(KEY_VARIABLE).ok().filter(|text| !text.is_empty());
        self.settings_with(own)
    }

    fn settings_with(&self, own: Option<String>) -> Result<Option<HttpSettings>, ConfigError> {
        let wrong = |found: String, why: String| ConfigError::new("--connections-key-file", found, why);
        let key = match (&self.connections_key_file, &own) {
            (None, None) if self.http_task_hosts.is_empty() => return Ok(None),
            (None, None) => {
                let expected = "the key that secrets of connections are encrypted with, because --http-task-hosts is given".to_owned();
                return Err(wrong("nothing".to_owned(), expected));
            }
            (Some(file), _) => {
                let shown = file.display().to_string();
                let text = std::fs::read_to_string(file);
                let text =
                    text.map_err(|error| wrong(shown.clone(), format!("a file that can be read ({error})")))?;
                Key::read(&text).map_err(|error| wrong(shown, error.to_string()))?
            }
            (None, Some(text)) => {
                let read = Key::read(text);
                read.map_err(|error| ConfigError::new(KEY_VARIABLE, "something else", error.to_string()))?
            }
        };
        let reach = match &*self.http_task_hosts {
            [] => Reach::Public,
            hosts => Reach::Hosts(hosts.into()),
        };
        let client = Client::new(reach);
        let client = client.map_err(|error| wrong("a key".to_owned(), telemetry::chain(&error)))?;
        let at_once = usize::try_from(self.http_calls_at_once).unwrap_or(usize::MAX);
        Ok(Some(HttpSettings { key: Arc::new(key), client, at_once }))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Flags {
        #[command(flatten)]
        args: HttpArgs,
    }

    fn read(flags: &[&str]) -> Result<Option<HttpSettings>, String> {
        read_with(flags, None)
    }

    fn read_with(flags: &[&str], own: Option<&str>) -> Result<Option<HttpSettings>, String> {
        let flags =
            Flags::try_parse_from(["serve"].iter().chain(flags)).map_err(|error| error.to_string())?;
        flags.args.settings_with(own.map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_called_without_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let path = file.to_str().unwrap();
        assert!(read(&[]).unwrap().is_none());
        let error = read(&["--http-task-hosts", "h"]).unwrap_err();
        assert!(error.starts_with("--connections-key-file: found nothing"), "{error}");
        assert!(read(&["--connections-key-file", path]).unwrap_err().contains("a file that can be read"));
        std::fs::write(&file, "SECRET\n").unwrap();
        let error = read(&["--connections-key-file", path]).unwrap_err();
        assert!(error.contains("openssl rand -hex 32") && !error.contains("SECRET"), "{error}");
        std::fs::write(&file, format!("{}\n", "0f".repeat(32))).unwrap();
        assert!(
            read(&["--connections-key-file", path, "--http-task-hosts", "h:80,*.example.com"])
                .unwrap()
                .is_some()
        );
        assert!(read(&["--connections-key-file", path, "--http-task-hosts", "a b"]).is_err());
        let error = read_with(&[], Some("SECRET")).unwrap_err();
        assert!(
            error.starts_with("DUET_CONNECTIONS_KEY: found something else") && !error.contains("SECRET"),
            "{error}"
        );
        assert!(read_with(&[], Some(&"0f".repeat(32))).unwrap().is_some());
        assert!(read(&["--connections-key", "SECRET"]).is_err(), "there is no such flag");
    }
}
