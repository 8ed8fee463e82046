//! `/healthz`, `/readyz` and `/metrics` tell the truth, while the bus comes and goes.

use std::net::SocketAddr;
use std::path::Path;

use contract::groups::PARTICIPANTS;
use rustix::process::Signal;
use serde_json::Value;
use tests::process::Process;
use tests::{http, until};
use workload::generate::Generator;

async fn bus(folder: &Path, listen: &str) -> Process {
    Process::start(folder, "duet", &["bus", "--listen", listen]).await
}

/// Waits until every one of them is alive and not ready, and says that it is because of the bus.
async fn until_not_ready(processes: &[Process]) {
    for process in processes {
        until("a participant to say that its bus is gone", async || {
            assert_eq!(http::get(process.address(), "/healthz").await.unwrap().0, 200, "{}", process.log());
            let (status, answer) = http::get(process.address(), "/readyz").await.unwrap();
            let answer: Value = serde_json::from_str(&answer).unwrap();
            let reasons = answer["reasons"].as_array().unwrap();
            assert_eq!(
                (status == 200, &answer["ready"]),
                (reasons.is_empty(), &(status == 200).into()),
                "{answer}"
            );
            let of_the_bus = reasons.iter().any(|reason| reason["check"] == "bus" && reason["reason"] != "");
            if status == 503 && of_the_bus { Ok(()) } else { Err(format!("{status} {answer}")) }
        })
        .await;
    }
}

async fn until_ready(processes: &[Process]) {
    for process in processes {
        until("a participant to be ready", async || process.ready().await).await;
    }
}

/// Places an order and waits until it has ended.
async fn order(service: SocketAddr, n: u64, style: &str) {
    let order = Generator::new(1, 0.0).order(n);
    let json = serde_json::to_string(&order).unwrap();
    let (status, answer) = http::post(service, &format!("/orders?style={style}"), &json).await.unwrap();
    assert_eq!(status, 202, "{answer}");
    until("an order to end", async || {
        let (status, answer) = http::get(service, &format!("/orders/{}", order.order_id)).await.unwrap();
        let shown: Value = serde_json::from_str(&answer).unwrap();
        if status == 200 && shown["status"] == "delivered" {
            Ok(())
        } else {
            Err(format!("{status} {answer}"))
        }
    })
    .await;
}

#[tokio::test]
async fn readiness_follows_the_bus_and_ready_means_that_orders_get_through() {
    let folder = tempfile::tempdir().unwrap();
    let first = bus(folder.path(), "127.0.0.1:0").await;
    let address = first.address().to_string();
    assert_eq!(first.end(Signal::TERM).await, Some(0));

    let mut processes = Vec::new();
    for name in PARTICIPANTS {
        let (bus, store) = (format!("tcp://{address}"), format!("sqlite:{name}.db"));
        let mut args = vec!["--bus", &bus, "--store", &store, "--listen", "127.0.0.1:0"];
        // An outside world that never fails, whatever the order.
        args.extend::<&[&str]>(match name {
            order_status::NAME => &["--decline-rate", "0", "--gateway-fault-rate", "0"],
            notifications::NAME => &["--restaurant-decline-rate", "0", "--restaurant-silence-rate", "0"],
            _ => &[],
        });
        processes.push(Process::start(folder.path(), name, &args).await);
    }
    until_not_ready(&processes).await;
    let history = processes[0].address();
    let (status, answer) = http::post(history, "/orders", &json(9)).await.unwrap();
    assert_eq!(status, 503, "{answer}");

    let mut second = bus(folder.path(), &address).await;
    until_ready(&processes).await;
    order(history, 0, "choreography").await;
    order(history, 1, "orchestration").await;
    second.kill();
    second.killed().await;
    until_not_ready(&processes).await;

    let third = bus(folder.path(), &address).await;
    until_ready(&processes).await;
    order(history, 2, "choreography").await;
    order(history, 3, "orchestration").await;

    let placed = processes[0].metric("duet_http_requests_total").await;
    assert!(placed >= 5, "{placed}");
    for process in &processes {
        let handled = process.metric("duet_participant_inputs_handled_total").await;
        assert!(handled >= 4, "{handled} inputs handled\n{}", process.log());
        assert_eq!(process.metric("duet_participant_dead_letters_total").await, 0);
        assert_eq!(process.metric("duet_bus_dead_letters").await, 0);
    }
    for process in processes {
        assert_eq!(process.end(Signal::TERM).await, Some(0));
    }
    assert_eq!(third.end(Signal::TERM).await, Some(0));
}

fn json(n: u64) -> String {
    serde_json::to_string(&Generator::new(1, 0.0).order(n)).unwrap()
}
