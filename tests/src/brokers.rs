//! A private set of real servers, which a test may stop, kill and start again.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a test may say what it finds")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use testbed::{PortOffset, REQUIRE};
use tokio::process::Command;
use tokio::time::timeout;

/// The script that does the work.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/brokers");
/// How long one command may take: the first also fetches Kafka, where nobody did before.
const COMMAND_LIMIT: Duration = Duration::from_secs(300);
/// The script's exit code where this machine lacks something.
const NOT_INSTALLED: i32 = 69;

/// Servers on ports of their own, with their data in a folder of their own; killed, and the folder removed, when this is
/// dropped.
#[derive(Debug)]
pub struct Brokers {
    folder: TempDir,
    port_offset: PortOffset,
    urls: BTreeMap<String, String>,
}

impl Brokers {
    /// A set of which nothing runs yet.
    ///
    /// # Panics
    /// No ports are free, or the script does not say where its servers would be.
    pub async fn new() -> Self {
        let (folder, port_offset) = (tempfile::tempdir().unwrap(), PortOffset::claim());
        let mut brokers = Self { folder, port_offset, urls: BTreeMap::default() };
        let told = brokers.output("env", &[]).await;
        for line in String::from_utf8(told.stdout).unwrap().lines() {
            let (name, url) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
            brokers.urls.insert(name.to_owned(), url.trim_matches('\'').to_owned());
        }
        brokers
    }

    /// The URL in that variable of the script's `env`.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn url(&self, variable: &str) -> &str {
        &self.urls[variable]
    }

    /// Starts these servers for the first time; `false`, and it is said that the calling test did not run, where they are
    /// not installed.
    ///
    /// # Panics
    /// They are not installed although they must be, or do not start.
    pub async fn installed_and_up(&self, names: &[&str]) -> bool {
        let output = self.output("up", names).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() != Some(NOT_INSTALLED) {
            assert!(output.status.success(), "{said}");
            return true;
        }
        let required = std::env::var(REQUIRE).is_ok_and(|value| !value.is_empty() && value != "0");
        assert!(!required, "{said}\nand {REQUIRE} is set");
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        eprintln!("NOT RUN: {test}: {said}");
        false
    }

    /// Starts these servers and waits until they answer.
    ///
    /// # Panics
    /// They do not.
    pub async fn up(&self, names: &[&str]) {
        self.run("up", names).await;
    }

    /// Stops these servers in order.
    ///
    /// # Panics
    /// They do not stop.
    pub async fn down(&self, names: &[&str]) {
        self.run("down", names).await;
    }

    /// Kills these servers by SIGKILL.
    ///
    /// # Panics
    /// They do not die.
    pub async fn kill(&self, names: &[&str]) {
        self.run("kill", names).await;
    }

    async fn run(&self, command: &str, names: &[&str]) {
        let output = self.output(command, names).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "brokers {command} {names:?}: {said}");
    }

    async fn output(&self, command: &str, names: &[&str]) -> Output {
        let mut script = Command::from(self.script(command));
        let output = script.args(names).stdout(Stdio::piped()).stderr(Stdio::piped()).output();
        timeout(COMMAND_LIMIT, output).await.expect("the script goes on and on").unwrap()
    }

    fn script(&self, command: &str) -> std::process::Command {
        let mut script = std::process::Command::new(Path::new(SCRIPT));
        script.arg(command).stdin(Stdio::null());
        script.env("DUET_BROKERS_DIR", self.folder.path());
        script.env("DUET_BROKERS_PORT_OFFSET", self.port_offset.get().to_string());
        script
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        // A failure of the test that is over anyway matters more than one of this.
        let _ = self.script("kill").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
