//! What the API costs, over HTTP on loopback, on SQLite with a flush for each commit:
//!
//! ```text
//! cargo bench -p actions [-- start|sync]
//! ```
//!
//! `start` is StartExecution and then DescribeExecution of five Pass states; `sync` is StartSyncExecution of the same as an Express
//! machine. Each has 16 connections, one request at a time on each; clients and server share the machine. Printed are executions a
//! second and, of one client's whole round, the 50th and 99th percentile. DUET_BENCH_DIR says where the store is made, DUET_BENCH_SECONDS
//! how long it is measured (4).
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and fails by panicking")]

#[path = "../tests/runs/common.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod common;

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use common::World;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use store::sqlite::{SqliteOptions, SqliteStore};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 16;

/// A connection that asks one thing at a time.
struct Client(SendRequest<Full<Bytes>>);

impl Client {
    async fn to(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    async fn ask(&mut self, action: &str, body: Value) -> Value {
        let request = Request::post("/")
            .header("host", "localhost")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AWSStepFunctions.{action}"))
            .body(Full::from(body.to_string()))
            .unwrap();
        self.0.ready().await.unwrap();
        let answer = self.0.send_request(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }
}

#[derive(Clone, Copy)]
enum Load {
    Start,
    Sync,
}

impl Load {
    async fn round(self, client: &mut Client, machine: &str) {
        let body = json!({"stateMachineArn": machine, "input": "{\"in\":\"x\"}"});
        let ended = match self {
            Self::Start => {
                let started = client.ask("StartExecution", body).await;
                client.ask("DescribeExecution", json!({"executionArn": started["executionArn"]})).await
            }
            Self::Sync => client.ask("StartSyncExecution", body).await,
        };
        assert_eq!(ended["status"], "SUCCEEDED");
    }
}

fn five_passes() -> Value {
    let states = (0..5).map(|n| {
        let next = if n == 4 { ("End", json!(true)) } else { ("Next", json!(format!("S{}", n + 1))) };
        (format!("S{n}"), json!({"Type": "Pass", "Parameters": {"n": n, "in.$": "$.in"}, next.0: next.1}))
    });
    Value::Object(states.collect())
}

async fn measure(load: Load, server: SocketAddr, machine: &str, measured_for: Duration) {
    let began = Instant::now();
    let clients = (0..CONNECTIONS).map(|_| {
        let machine = machine.to_owned();
        tokio::spawn(async move {
            let mut client = Client::to(server).await;
            let mut rounds = Vec::new();
            while began.elapsed() < measured_for {
                let round = Instant::now();
                load.round(&mut client, &machine).await;
                rounds.push(round.elapsed());
            }
            rounds
        })
    });
    let mut rounds = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        rounds.extend(client.await.unwrap());
    }
    let per_s = rounds.len() as f64 / began.elapsed().as_secs_f64();
    rounds.sort_unstable();
    let at = |share: f64| rounds[((rounds.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let name = match load {
        Load::Start => "StartExecution, DescribeExecution",
        Load::Sync => "StartSyncExecution",
    };
    println!("{name}: {per_s:.0} executions/s, p50 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99));
}

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_asked = |name: &str| asked.is_empty() || asked.iter().any(|it| it == name);
    let seconds = std::env::var("DUET_BENCH_SECONDS").ok().map_or(4.0, |seconds| seconds.parse().unwrap());
    let within = std::env::var_os("DUET_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = tempfile::tempdir_in(within).unwrap();
    let store = SqliteStore::open(&dir.path().join("e.db"), SqliteOptions::default()).unwrap();
    let world = World::on_wall_clock(Arc::new(store));
    let standard = world.machine("m", five_passes()).await;
    let express = world.express("x", five_passes()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let serving = axum::serve(listener, actions::http::router(world.service.clone()));
    tokio::spawn(serving.into_future());
    for (name, load, machine) in [("start", Load::Start, &standard), ("sync", Load::Sync, &express)] {
        if is_asked(name) {
            measure(load, server, machine, Duration::from_secs_f64(seconds)).await;
        }
    }
    world.end().await;
}
