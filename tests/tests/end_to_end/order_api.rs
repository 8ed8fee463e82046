//! The executions of the order flow through the Step Functions API, which the orchestrator serves: what it says of each order is how the order
//! ended; and what is made through it runs beside.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use contract::groups::PARTICIPANTS;
use contract::{Style, TerminalState};
use serde_json::{Value, json};
use tests::load::{Book, Observer, Until, send_over_http};
use tests::stores::StoreKind;
use tests::system::{Setup, System};
use tests::{http, until, workflows};

const ORDER: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:order";
/// Orders placed, half of them in each style.
const ORDERS: u64 = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_are_executions_of_the_machine_order_on_sqlite() {
    orders_are_executions(StoreKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_are_executions_of_the_machine_order_on_postgres() {
    let Some(url) = testbed::POSTGRES.for_test() else { return };
    orders_are_executions(StoreKind::Postgres(url)).await;
}

async fn orders_are_executions(store: StoreKind) {
    let system = System::start(Setup { store, ..Setup::default() }).await;
    let orchestrator = system.participant(order_flow::NAME).address();
    let book = Book::default();
    let observer = Observer::start(&**system.bus(), book.clone()).await;
    let placed = Until { seed: 11, stop: std::sync::Arc::default(), count_min: ORDERS, count_max: ORDERS };
    send_over_http(system.addresses(), book.clone(), placed).await;
    system.until("all orders to end", async || book.all_ended()).await;
    system.until("the system to come to rest", async || system.at_rest().await).await;
    let ended: BTreeMap<String, TerminalState> = book
        .sent()
        .into_iter()
        .filter(|order| order.style == Style::Orchestration)
        .map(|order| (order.order_id.clone(), book.end_of(&order.order_id).unwrap()))
        .collect();

    the_machine_is_shown(orchestrator).await;
    // Every order is one execution; those that were delivered have succeeded, and no others.
    let all = listed(orchestrator, None).await;
    assert_eq!(all.keys().collect::<Vec<_>>(), ended.keys().collect::<Vec<_>>());
    for (status, wanted) in [("SUCCEEDED", true), ("FAILED", false)] {
        let with_status = listed(orchestrator, Some(status)).await;
        let expected = ended.iter().filter(|(_, end)| (**end == TerminalState::Delivered) == wanted);
        assert_eq!(
            with_status.keys().collect::<Vec<_>>(),
            expected.map(|(id, _)| id).collect::<Vec<_>>(),
            "{status}"
        );
        assert!(with_status.values().all(|it| it["status"] == status), "{with_status:?}");
        assert!(!with_status.is_empty(), "none is {status}");
    }
    assert_eq!(listed(orchestrator, Some("RUNNING")).await, BTreeMap::new());
    for (order_id, end) in &ended {
        an_execution_is_its_order(orchestrator, order_id, *end, &all[order_id]).await;
    }
    what_would_change_it_is_refused(orchestrator, ended.keys().next().unwrap()).await;
    another_machine_runs_beside(orchestrator).await;

    drop(observer);
    let (stores, _) = system.stop().await;
    for name in PARTICIPANTS {
        stores.remove(name).await;
    }
}

async fn the_machine_is_shown(orchestrator: SocketAddr) {
    // It is put there beside all else that begins.
    let machines = until("the machine to be there", async || {
        let listed = workflows::done(orchestrator, "ListStateMachines", &json!({})).await;
        if listed["stateMachines"] == json!([]) { Err("there is none".to_owned()) } else { Ok(listed) }
    });
    let machines = machines.await;
    assert_eq!(machines["stateMachines"][0]["stateMachineArn"], ORDER, "{machines}");
    let machine =
        workflows::done(orchestrator, "DescribeStateMachine", &json!({"stateMachineArn": ORDER})).await;
    assert_eq!(
        (&machine["name"], &machine["type"], &machine["status"]),
        (&"order".into(), &"STANDARD".into(), &"ACTIVE".into())
    );
    assert_eq!(machine["definition"], order_flow::ORDER);
}

/// The executions of the order flow, in several pages.
async fn listed(orchestrator: SocketAddr, status: Option<&str>) -> BTreeMap<String, Value> {
    let mut request = json!({"stateMachineArn": ORDER, "maxResults": 25});
    if let Some(status) = status {
        request["statusFilter"] = status.into();
    }
    let (mut executions, mut started) = (BTreeMap::new(), f64::MAX);
    loop {
        let page = workflows::done(orchestrator, "ListExecutions", &request).await;
        for execution in page["executions"].as_array().unwrap() {
            let began = execution["startDate"].as_f64().unwrap();
            assert!(began <= started + 1.0, "{execution} began after the one before it");
            started = began;
            let name = execution["name"].as_str().unwrap().to_owned();
            assert_eq!(executions.insert(name, execution.clone()), None, "listed twice");
        }
        match page.get("nextToken") {
            Some(token) => request["nextToken"] = token.clone(),
            None => return executions,
        }
    }
}

/// What the execution says of itself, and its history, is how its order ended.
async fn an_execution_is_its_order(
    orchestrator: SocketAddr,
    order_id: &str,
    end: TerminalState,
    listed: &Value,
) {
    let arn = &listed["executionArn"];
    let told = workflows::done(orchestrator, "DescribeExecution", &json!({"executionArn": arn})).await;
    let input: Value = serde_json::from_str(told["input"].as_str().unwrap()).unwrap();
    assert_eq!(input["order"]["order_id"], order_id);
    assert_eq!(
        (&told["status"], &told["startDate"], &told["stopDate"]),
        (&listed["status"], &listed["startDate"], &listed["stopDate"])
    );
    let error = match end {
        TerminalState::Delivered => Value::Null,
        TerminalState::Cancelled => "OrderCancelled".into(),
        TerminalState::Rejected => "OrderRejected".into(),
    };
    assert_eq!(told["error"], error, "{order_id} is {end}: {told}");
    assert_eq!(told["redriveStatus"], "NOT_REDRIVABLE");

    let mut events = Vec::new();
    let mut request = json!({"executionArn": arn, "maxResults": 7});
    loop {
        let page = workflows::done(orchestrator, "GetExecutionHistory", &request).await;
        events.extend(page["events"].as_array().unwrap().clone());
        match page.get("nextToken") {
            Some(token) => request["nextToken"] = token.clone(),
            None => break,
        }
    }
    let ids: Vec<_> = events.iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=events.len() as u64).collect::<Vec<_>>());
    let mut entered = events.iter().filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str());
    let last = match end {
        TerminalState::Delivered => "Delivered",
        TerminalState::Cancelled => "OrderCancelled",
        TerminalState::Rejected => "OrderRejected",
    };
    assert_eq!(entered.next_back(), Some(last), "{order_id} is {end}");
    let named = json!({"executionArn": arn});
    let of = workflows::done(orchestrator, "DescribeStateMachineForExecution", &named).await;
    assert_eq!((&of["stateMachineArn"], &of["definition"]), (&ORDER.into(), &order_flow::ORDER.into()));
}

async fn what_would_change_it_is_refused(orchestrator: SocketAddr, order_id: &str) {
    let execution = format!("arn:aws:states:us-east-1:123456789012:execution:order:{order_id}");
    for (action, request) in [
        ("StartExecution", json!({"stateMachineArn": ORDER})),
        ("StopExecution", json!({"executionArn": execution})),
        ("RedriveExecution", json!({"executionArn": execution})),
        (
            "UpdateStateMachine",
            json!({"stateMachineArn": ORDER, "roleArn": "arn:aws:iam::123456789012:role/r"}),
        ),
        ("DeleteStateMachine", json!({"stateMachineArn": ORDER})),
        ("PublishStateMachineVersion", json!({"stateMachineArn": ORDER})),
    ] {
        let (status, answer) = workflows::ask(orchestrator, action, &request).await.unwrap();
        assert_eq!(
            (status, &answer["__type"]),
            (400, &"com.amazon.coral.service#AccessDeniedException".into()),
            "{action}: {answer}"
        );
        let said = answer["message"].as_str().unwrap();
        assert!(
            said.starts_with(&format!("Not authorized to perform: states:{action} on resource: arn:")),
            "{said}"
        );
        assert!(said.contains("one execution for each order"), "{said}");
    }
}

async fn another_machine_runs_beside(orchestrator: SocketAddr) {
    let states = json!({"P": {"Type": "Pass", "Result": {"a": 1}, "End": true}});
    let machine = workflows::make(orchestrator, "mine", "STANDARD", &states, "OFF").await;
    let started =
        workflows::done(orchestrator, "StartExecution", &json!({"stateMachineArn": machine, "name": "e"}))
            .await;
    let named = json!({"executionArn": started["executionArn"]});
    let told = workflows::done(orchestrator, "DescribeExecution", &named).await;
    assert_eq!((&told["status"], &told["output"]), (&"SUCCEEDED".into(), &r#"{"a":1}"#.into()));
    let listed = workflows::done(orchestrator, "ListStateMachines", &json!({"maxResults": 1})).await;
    assert_eq!(listed["stateMachines"][0]["name"], "mine", "what was made last comes first");
    assert!(listed["nextToken"].is_string(), "{listed}");
    // What it served before is where it was.
    let (status, _) = http::get(orchestrator, "/metrics").await.unwrap();
    assert_eq!(status, 200);
    let (status, answer) = http::post(orchestrator, "/orders/nobody/replay", "").await.unwrap();
    assert_eq!(status, 404, "{answer}");
}

#[tokio::test]
async fn an_orchestrator_for_other_machines_serves_no_api_without_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--bus", "memory:", "--store", "memory:", "--listen", "0.0.0.0:0"];
    let open = tests::process::Process::start(folder.path(), "orchestrator", &args).await;
    let address = SocketAddr::from(([127, 0, 0, 1], open.address().port()));
    let (status, answer) = workflows::ask(address, "ListStateMachines", &json!({})).await.unwrap();
    assert_eq!((status, &answer["__type"]), (403, &"com.amazon.coral.service#AccessDeniedException".into()));
    assert!(answer["message"].as_str().unwrap().contains("--aws-credentials FILE"), "{answer}");
    std::fs::write(
        folder.path().join("keys"),
        "[default]\naws_access_key_id = A\naws_secret_access_key = s\n",
    )
    .unwrap();
    let signed = tests::process::Process::start_as(
        "signed",
        folder.path(),
        "orchestrator",
        &[&args[..], &["--aws-credentials", "keys"]].concat(),
    )
    .await;
    let address = SocketAddr::from(([127, 0, 0, 1], signed.address().port()));
    let (status, answer) = workflows::ask(address, "ListStateMachines", &json!({})).await.unwrap();
    assert_eq!(
        (status, &answer["__type"]),
        (400, &"com.amazon.coral.service#MissingAuthenticationTokenException".into())
    );
    let off = [&args[..4], &["--listen", "127.0.0.1:0", "--api-store", "none"]].concat();
    let off = tests::process::Process::start_as("off", folder.path(), "orchestrator", &off).await;
    let (status, _) = http::post(off.address(), "/", "{}").await.unwrap();
    assert_eq!(status, 404);
}
