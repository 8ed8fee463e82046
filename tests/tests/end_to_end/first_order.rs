//! An order that is accepted while the other services have never run reaches them once they do, on every bus.

use contract::groups::PARTICIPANTS;
use contract::{Order, Style};
use serde_json::Value;
use tests::system::{BusKind, Setup, System};
use tests::{http, until};
use workload::generate::Generator;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_waits_for_services_that_have_never_run_on_the_memory_bus() {
    an_order_waits(BusKind::Memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_waits_for_services_that_have_never_run_on_rabbitmq() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    an_order_waits(BusKind::Broker(url)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_waits_for_services_that_have_never_run_on_kafka() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    an_order_waits(BusKind::Broker(url)).await;
}

async fn an_order_waits(bus: BusKind) {
    let mut system = System::prepare(Setup { bus, ..Setup::default() }).await;
    let [first, others @ ..] = PARTICIPANTS;
    system.begin(first).await;
    until("the first service to be ready", async || system.participant(first).ready().await).await;
    let orders = Style::ALL.map(|style| (style, Generator::new(1, 0.0).order(style as u64)));
    for (style, order) in &orders {
        place(&system, first, *style, order).await;
    }
    for name in others {
        system.begin(name).await;
    }
    for (style, order) in &orders {
        let delivered = async || delivered(&system, first, order).await;
        system.until(&format!("the order of the {style} to be delivered"), delivered).await;
    }
    let (stores, _) = system.stop().await;
    for name in PARTICIPANTS {
        stores.remove(name).await;
    }
}

async fn place(system: &System, service: &str, style: Style, order: &Order) {
    let json = serde_json::to_string(order).unwrap();
    let address = system.participant(service).address();
    let (status, answer) = http::post(address, &format!("/orders?style={style}"), &json).await.unwrap();
    assert_eq!(status, 202, "{answer}");
}

async fn delivered(system: &System, service: &str, order: &Order) -> Result<(), String> {
    let address = system.participant(service).address();
    let (status, answer) = http::get(address, &format!("/orders/{}", order.order_id)).await.unwrap();
    let shown: Value = serde_json::from_str(&answer).unwrap();
    if status == 200 && shown["status"] == "delivered" { Ok(()) } else { Err(format!("{status} {answer}")) }
}
