//! A Kafka of a test's own, to be stopped and killed.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bus_kafka::KafkaOptions;
use testbed::PortOffset;

/// A Kafka of this test's own.
pub(crate) struct Private {
    folder: PathBuf,
    offset: PortOffset,
}

impl Private {
    /// `None` where there is no Kafka to test with at all; that was said then.
    pub(crate) fn start() -> Option<Self> {
        testbed::KAFKA.for_test()?;
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let folder = std::env::temp_dir().join(format!("duet-kafka-test-{process}-{number}"));
        let private = Self { folder, offset: PortOffset::claim() };
        private.run("up");
        Some(private)
    }

    pub(crate) fn run(&self, command: &str) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/brokers");
        let status = Command::new(script)
            .args([command, "kafka"])
            .env("DUET_BROKERS_DIR", &self.folder)
            .env("DUET_BROKERS_PORT_OFFSET", self.offset.get().to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "scripts/brokers {command} kafka");
    }

    /// The same, while the test goes on.
    pub(crate) async fn run_beside(self: &Arc<Self>, command: &'static str) {
        let private = Arc::clone(self);
        tokio::task::spawn_blocking(move || private.run(command)).await.unwrap();
    }

    /// Sends its process a signal, as `STOP` or `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let kept = std::fs::read_to_string(self.folder.join("kafka/pid")).unwrap();
        let pid = kept.split_whitespace().next().unwrap();
        let status = Command::new("kill").args(["-s", name, pid]).status();
        assert!(status.unwrap().success(), "kill -s {name} {pid}");
    }

    pub(crate) fn options(&self, namespace: &str) -> KafkaOptions {
        let url = format!("kafka://127.0.0.1:{}?delivery_timeout_ms=2000", 9192 + self.offset.get());
        let mut options = KafkaOptions::parse(&url).unwrap();
        namespace.clone_into(&mut options.namespace);
        options
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.run("kill");
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
