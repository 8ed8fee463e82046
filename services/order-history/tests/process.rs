//! The real program: how it starts, waits, answers and ends.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bus::MemoryBus;
use daemon::client::{self, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// Far more than anything here takes; reaching it means that it never comes.
const PATIENCE: Duration = Duration::from_secs(30);

fn program(folder: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_order-history"));
    command.args(flags).current_dir(folder).env_clear().kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end, which must come by itself.
async fn end(folder: &Path, flags: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } =
        tokio::time::timeout(PATIENCE, program(folder, flags).output()).await.unwrap().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    /// Starts the program and reads where it listens.
    async fn start(folder: &Path, flags: &[&str]) -> Self {
        let mut child = program(folder, flags).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["service"], "order-history");
        let address = line["listening"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
        Self { child, address }
    }

    async fn request(&self, head: &str, body: &str) -> (u16, Value) {
        let (method, path) = head.split_once(' ').unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = client::Request { method: &method, path, headers: &[], body };
        let answer = client::ask(self.address, request, PATIENCE).await.unwrap();
        (answer.status.as_u16(), serde_json::from_str(&answer.body).unwrap())
    }

    /// Asks until the answer is as it should be.
    async fn until(&self, path: &str, is_right: impl Fn(u16, &Value) -> bool) -> Value {
        let asking = async {
            loop {
                let (status, body) = self.request(&format!("GET {path}"), "").await;
                if is_right(status, &body) {
                    return body;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap()
    }

    async fn terminate(mut self) -> Option<i32> {
        let id = rustix::process::Pid::from_raw(self.child.id().unwrap().try_into().unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        tokio::time::timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap().code()
    }
}

#[tokio::test]
async fn it_waits_for_its_bus_takes_an_order_keeps_it_and_ends_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    // Bound and not served: a bus that is there, but does not answer yet.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bus = format!("tcp://{}", listener.local_addr().unwrap());
    let flags = ["--bus", &bus, "--listen", "127.0.0.1:0"];
    let service = Running::start(folder.path(), &flags).await;
    let (status, answer) = service.request("GET /readyz", "").await;
    assert_eq!((status, &answer["ready"]), (503, &json!(false)), "{answer}");
    assert!(answer["reasons"].as_array().unwrap().iter().any(|reason| reason["check"] == "bus"), "{answer}");

    let never = std::future::pending();
    let served = tokio::spawn(bus::remote::serve(listener, Arc::new(MemoryBus::default()), never));
    service.until("/readyz", |status, _| status == 200).await;
    let order = json!({
        "order_id": "o-1", "customer_id": "c-1", "restaurant_id": "r-1", "currency": "EUR",
        "items": [{ "name": "margherita", "quantity": 2, "unit_price_minor": 950 }], "total_minor": 1900,
    });
    assert_eq!(service.request("POST /orders", &order.to_string()).await.0, 202);
    service.until("/orders/o-1", |_, order| order["status"] == "open").await;
    assert_eq!(service.terminate().await, Some(0));

    let service = Running::start(folder.path(), &flags).await;
    let (status, shown) = service.request("GET /orders/o-1", "").await;
    assert_eq!((status, &shown["order"]), (200, &order));
    assert_eq!(service.terminate().await, Some(0));
    served.abort();
}

#[tokio::test]
async fn a_wrong_flag_ends_it_before_anything_is_started() {
    let folder = tempfile::tempdir().unwrap();
    for (flags, said) in [
        (
            ["--bus", "nats://u:secret@h"],
            "error: --bus: found nats://***@h, expected amqp://USER:PASSWORD@HOST/VHOST",
        ),
        (["--store", "orders.db"], "error: --store: found ***, expected sqlite:PATH"),
        (
            ["--unsettled-max", "1"],
            "error: --unsettled-max: found 1, expected at least --batch-max, which is 256",
        ),
        (["--colour", "red"], "error: unexpected argument '--colour' found"),
    ] {
        let (code, stderr) = end(folder.path(), &flags).await;
        assert_eq!(code, Some(64), "{flags:?}: {stderr}");
        assert!(stderr.starts_with(said), "{flags:?}: {stderr}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_taken_port_and_a_missing_folder_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap().into_std().unwrap();
    let address = taken.local_addr().unwrap();
    let (code, stderr) = end(folder.path(), &["--bus", "memory:", "--listen", &address.to_string()]).await;
    let said = format!(
        "error: port {} on 127.0.0.1 is taken (by another program?): choose another with --listen",
        address.port()
    );
    assert_eq!((code, stderr.trim_end()), (Some(1), &*said));

    let (code, stderr) =
        end(folder.path(), &["--bus", "memory:", "--store", "sqlite:missing/orders.db"]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("the folder missing does not exist: create it"), "{stderr}");
}

#[tokio::test]
async fn who_is_no_bus_ends_it_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let stranger = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bus = format!("tcp://{}", stranger.local_addr().unwrap());
    let answering = tokio::spawn(async move {
        loop {
            let (mut stream, _) = stranger.accept().await.unwrap();
            // Whether the program still reads it is its own affair.
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await;
        }
    });
    let (code, stderr) = end(folder.path(), &["--bus", &bus, "--listen", "127.0.0.1:0"]).await;
    answering.abort();
    assert_eq!(code, Some(1));
    let last = stderr.lines().last().unwrap();
    assert!(
        last.starts_with(
            "error: the service cannot go on: caused by participant order-history cannot use the bus"
        ),
        "{stderr}"
    );
    assert!(last.contains("caused by protocol error"), "{stderr}");
}
