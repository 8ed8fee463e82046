//! One trace for every order, in both styles: the real processes export what they do to a collector, and every order's way
//! through the system is one tree.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Style, TraceContext};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use rustix::process::Signal;
use testbed::{KAFKA, RABBITMQ};
use tests::collector::{Collector, Span};
use tests::process::Process;
use tests::system::{BusKind, Setup, System};
use tests::{http, until};

const ORDERS: usize = 40;

/// A traced system that has had its orders.
struct Scene {
    system: System,
    load: Process,
    collector: Collector,
}

impl Scene {
    async fn start(bus: BusKind) -> Self {
        let collector = Collector::start().await;
        let environment = collector.environment();
        // The ids of a load's orders are new each time, and so is what becomes of them: of ORDERS at this rate, some are declined for sure
        // (none one time in a hundred million), and their payments voided.
        let restaurant_decline_rate = 0.4;
        let setup = Setup { bus, environment, restaurant_decline_rate, ..Setup::default() };
        let system = System::start(setup).await;
        let own = system.stores().url("observer");
        let stores = format!("sqlite:{}", system.folder().display());
        let orders = ORDERS.to_string();
        let flags = ["load", "--bus", system.bus_url(), "--store", &own, "--stores", &stores];
        let flags = [&flags[..], &["--listen", "127.0.0.1:0", "--seed", "7", "--rate", "100"]].concat();
        let flags = [&flags[..], &["--orders-max", &orders, "--decline-rate", "0.1"]].concat();
        let environment = collector.environment();
        let load = Process::start_in(&environment, "load", system.folder(), "duet", &flags).await;
        Self { system, load, collector }
    }

    /// The orders' own traces, once all have their roots, which are the last thing of them.
    async fn traces(&self) -> BTreeMap<String, Vec<Span>> {
        let ended = |spans: &Vec<Span>| spans.iter().any(|span| span.parent.is_empty());
        let all_ended = async || match self.collector.traces().values().filter(|spans| ended(spans)).count() {
            ORDERS => Ok(()),
            count => Err(format!("{count} orders have ended")),
        };
        self.system.until("all orders to end", all_ended).await;
        let rest = async || self.system.at_rest().await;
        self.system.until("everybody to be done", rest).await;
        self.collector.traces()
    }

    /// Ends everything: what was not exported yet is, and the collector has all.
    async fn stop(self) -> Collector {
        assert_eq!(self.load.end(Signal::TERM).await, Some(0));
        self.system.stop().await;
        self.collector
    }
}

/// Everything that has to hold for one order's trace.
fn check(trace_id: &str, spans: &[Span]) {
    let by_id: BTreeMap<&str, &Span> = spans.iter().map(|span| (span.id.as_str(), span)).collect();
    assert_eq!(by_id.len(), spans.len(), "no id twice");
    let roots: Vec<&Span> = spans.iter().filter(|span| span.parent.is_empty()).collect();
    let [root] = roots.as_slice() else { panic!("{trace_id} has {} roots", roots.len()) };
    let order_id = &root.attributes["duet.order.id"];
    let own = TraceContext::of_order(order_id);
    assert_eq!(trace_id, format!("{:032x}", own.trace_id), "whoever knows {order_id} finds its trace");
    for span in spans {
        assert!(span.times.0 <= span.times.1, "{span:?}");
        assert_eq!(&span.attributes["duet.order.id"], order_id, "{span:?}");
        if span.parent.is_empty() {
            continue;
        }
        let parent = by_id.get(span.parent.as_str());
        let parent = parent.unwrap_or_else(|| panic!("{order_id}: {} comes from nowhere", span.name));
        match span.kind {
            SpanKind::Producer => check_message(span, "send"),
            SpanKind::Consumer => {
                check_message(span, "process");
                assert_eq!(span.attributes["messaging.consumer.group.name"], span.service);
                assert_eq!(parent.kind, SpanKind::Producer, "{span:?}");
                assert_eq!(span.links, std::slice::from_ref(&parent.id));
                for what in ["messaging.message.id", "messaging.destination.template"] {
                    assert_eq!(span.attributes[what], parent.attributes[what], "{what}");
                }
                // Both read the clock of the same machine.
                assert!(span.times.0 >= parent.times.0, "{span:?} before {parent:?}");
            }
            SpanKind::Client | SpanKind::Internal => {}
            other => panic!("{other:?}: {span:?}"),
        }
    }
    let style: Style = root.attributes["duet.style"].parse().unwrap();
    let services: BTreeSet<&str> = spans.iter().map(|span| span.service.as_str()).collect();
    let leads = (style == Style::Orchestration).then_some(order_flow::NAME);
    // A rejected order never comes to its payment.
    let pays = (root.attributes["duet.outcome"] != "rejected").then_some(order_status::NAME);
    let all = [order_history::NAME, notifications::NAME, "observer"].into_iter().chain(leads).chain(pays);
    assert_eq!(services, all.collect(), "{order_id}");
    let has_states = spans.iter().any(|span| span.name.starts_with("state "));
    assert_eq!(has_states, leads.is_some(), "{order_id}");
}

/// What the semantic conventions ask of every messaging span.
fn check_message(span: &Span, operation: &str) {
    let attribute = |name: &str| {
        let value = span.attributes.get(name);
        value.unwrap_or_else(|| panic!("no {name}: {span:?}")).as_str()
    };
    assert_eq!(span.name, format!("{operation} {}", attribute("messaging.destination.template")));
    assert_eq!(attribute("messaging.operation.name"), operation);
    assert_eq!(attribute("messaging.operation.type"), operation);
    assert!(attribute("messaging.message.body.size").parse::<u64>().unwrap() > 0);
    assert!(!attribute("messaging.destination.name").is_empty());
    assert_eq!(attribute("server.address"), "127.0.0.1");
    assert!(attribute("server.port").parse::<u16>().is_ok());
}

async fn every_order_is_one_tree(bus: BusKind, system: &str) {
    let scene = Scene::start(bus).await;
    scene.traces().await;
    let metrics = exemplars(&scene.load).await;
    let collector = scene.stop().await;
    let traces = collector.traces();
    assert_eq!(traces.len(), ORDERS);
    for (trace_id, spans) in &traces {
        check(trace_id, spans);
        let mut systems = spans.iter().filter_map(|span| span.attributes.get("messaging.system"));
        assert!(systems.all(|name| name == system), "{system}");
    }
    let spans = || traces.values().flatten();
    for call in ["authorise payment", "capture payment", "void payment", "offer to restaurant"] {
        assert!(spans().any(|span| span.name == call), "nobody called to {call}");
    }
    // From a bucket of the latency to an order that was that slow.
    assert!(!metrics.is_empty() && metrics.iter().all(|id| traces.contains_key(id)), "{metrics:?}");
}

/// The traces that the latency histogram names.
async fn exemplars(process: &Process) -> BTreeSet<String> {
    let accept = [("Accept", "application/openmetrics-text;version=1.0.0")];
    let (status, text) = http::ask(process.address(), "GET /metrics", &accept, "").await.unwrap();
    assert_eq!(status, 200, "{text}");
    let lines = text.lines().filter(|line| line.starts_with("duet_order_seconds_bucket"));
    let id = |line: &str| Some(line.split_once("trace_id=\"")?.1.split_once('"')?.0.to_owned());
    lines.filter_map(id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_one_tree_on_the_memory_bus() {
    every_order_is_one_tree(BusKind::Memory, "duet_memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_one_tree_on_rabbitmq() {
    let Some(url) = RABBITMQ.for_test() else { return };
    every_order_is_one_tree(BusKind::Broker(url), "rabbitmq").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_one_tree_on_kafka() {
    let Some(url) = KAFKA.for_test() else { return };
    every_order_is_one_tree(BusKind::Broker(url), "kafka").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_comes_with_a_trace_stays_in_it() {
    let scene = Scene::start(BusKind::Memory).await;
    scene.traces().await;
    let order = r#"{"order_id":"traced-1","customer_id":"c-1","restaurant_id":"r-1","currency":"EUR","total_minor":900,
        "items":[{"name":"pho","quantity":1,"unit_price_minor":900}]}"#;
    let caller = TraceContext { trace_id: 0xabc, span_id: 0xdef, flags: 1 };
    let caller_text = caller.to_string();
    let headers = [("traceparent", caller_text.as_str())];
    let history = scene.system.participant(order_history::NAME).address();
    let path = "POST /orders?style=orchestration";
    let (status, said) = http::ask(history, path, &headers, order).await.unwrap();
    assert_eq!(status, 202, "{said}");
    let trace_id = format!("{:032x}", caller.trace_id);
    let closed = "process orchestration/order.closed";
    let seen = async || match scene.collector.traces().get(&trace_id) {
        Some(spans) if spans.iter().any(|span| span.name == closed && span.service == "observer") => Ok(()),
        spans => Err(format!("{} spans", spans.map_or(0, Vec::len))),
    };
    until("the order to end", seen).await;
    let collector = scene.stop().await;
    let traces = collector.traces();
    let spans = &traces[&trace_id];
    let served = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
    assert_eq!((served.name.as_str(), served.parent.as_str()), ("POST /orders", "0000000000000def"));
    assert_eq!(served.attributes["http.response.status_code"], "202");
    let ids: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    for span in spans.iter().filter(|span| span.id != served.id) {
        assert!(ids.contains(span.parent.as_str()), "{} comes from nowhere", span.name);
    }
    assert_eq!(traces.len(), ORDERS + 1, "no second trace of its own");
}
