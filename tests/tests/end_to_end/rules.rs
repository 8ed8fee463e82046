//! Messages of the choreography start workflows, by a rule: as many as there are orders, on every bus.

use std::path::Path;

use contract::Style;
use contract::groups::ORDER_HISTORY;
use serde_json::{Value, json};
use tests::process::{self, Process};
use tests::system::{BusKind, Setup, System};
use tests::{http, until};
use workload::generate::Generator;

const ORDERS: u64 = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_start_workflows_on_the_memory_bus() {
    orders_start_workflows(BusKind::Memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_start_workflows_on_rabbitmq() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    orders_start_workflows(BusKind::Broker(url)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_start_workflows_on_kafka() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    orders_start_workflows(BusKind::Broker(url)).await;
}

async fn orders_start_workflows(bus: BusKind) {
    let system = System::start(Setup { bus, ..Setup::default() }).await;
    let mut server = serve(&system).await;
    let machine = action(&server, "CreateStateMachine", machine("orders")).await;
    let arn = machine["stateMachineArn"].as_str().unwrap().to_owned();
    // A rule for what is placed from the file; one for what is closed while it runs.
    add_rule(system.folder(), &server, "closed", "choreography/order.closed").await;
    let generator = Generator::new(1, 0.0);
    for number in 0..ORDERS {
        let order = serde_json::to_string(&generator.order(number)).unwrap();
        let address = system.participant(ORDER_HISTORY).address();
        let path = format!("/orders?style={}", Style::Choreography);
        let (status, answer) = http::post(address, &path, &order).await.unwrap();
        assert_eq!(status, 202, "{answer}");
        if number == ORDERS / 2 {
            // In the middle of its work.
            server.kill();
            server.killed().await;
            server = serve(&system).await;
        }
    }
    let started = async || {
        let names = executions(&server, &arn).await;
        let of = |rule: &str| names.iter().filter(|name| name.starts_with(rule)).count() as u64;
        let found = (of("placed_"), of("closed_"));
        if found == (ORDERS, ORDERS) { Ok(()) } else { Err(format!("{found:?} were started")) }
    };
    until("each order to start two workflows", started).await;
    system.until("the system to be at rest", async || system.at_rest().await).await;
    assert_eq!(executions(&server, &arn).await.len() as u64, 2 * ORDERS);
    drop(server);
    let bus = std::sync::Arc::clone(system.bus());
    assert_eq!(bus.depth("workflows").await.unwrap().unwrap_or_default().dead, 0);
    let (stores, _) = system.stop().await;
    bus.remove(&["workflows"]).await.unwrap();
    for name in contract::groups::PARTICIPANTS {
        stores.remove(name).await;
    }
}

/// A server on the system's bus, with a store of its own, that is ready.
async fn serve(system: &System) -> Process {
    let rules = system.folder().join("rules.json");
    let rule = json!({"name": "placed", "topic": "choreography/order.placed", "machine": "orders", "input_path": "$.detail"});
    std::fs::write(&rules, json!([rule]).to_string()).unwrap();
    let rules = rules.to_str().unwrap().to_owned();
    let args = ["workflow", "serve", "--bus", system.bus_url(), "--listen", "127.0.0.1:0", "--rules", &rules];
    let server = Process::start_as("workflows", system.folder(), "duet", &args).await;
    until("the server to be ready", async || server.ready().await).await;
    server
}

fn machine(name: &str) -> Value {
    let definition = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}).to_string();
    json!({"name": name, "definition": definition, "roleArn": "arn:aws:iam::123456789012:role/r"})
}

async fn action(server: &Process, action: &str, body: Value) -> Value {
    let target = format!("AWSStepFunctions.{action}");
    let headers = [("x-amz-target", target.as_str())];
    let (status, answer) = http::ask(server.address(), "POST /", &headers, &body.to_string()).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

async fn executions(server: &Process, arn: &str) -> Vec<String> {
    let listed = action(server, "ListExecutions", json!({"stateMachineArn": arn, "maxResults": 1000})).await;
    let executions = listed["executions"].as_array().unwrap().iter();
    executions.map(|execution| execution["name"].as_str().unwrap().to_owned()).collect()
}

/// As its user does.
async fn add_rule(folder: &Path, server: &Process, name: &str, topic: &str) {
    let url = format!("http://{}", server.address());
    let args = [
        "workflow",
        "rule",
        "add",
        "--name",
        name,
        "--topic",
        topic,
        "--machine",
        "orders",
        "--endpoint-url",
        &url,
    ];
    let added = process::run(folder, "duet", &args).await;
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(!added.stderr.contains("no message comes for it"), "{added:?}");
}
