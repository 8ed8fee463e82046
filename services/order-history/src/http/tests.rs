//! Requests to the history, and their answers.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::{Request, Response};
use axum::response::IntoResponse as _;
use bus::{BusError, Consumer, Headers, MemoryBus, Message, Origin, Settlement, Subscription};
use bytes::Bytes;
use contract::{TerminalState, topics};
use participant::{Clock, NoCalls, Participant, requests};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::{Commit, EntityWrite, Link, Store};
use tower::ServiceExt as _;

use super::*;
use crate::{OrderHistory, steps};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> i64 {
        1_700_000_000_000
    }
}

struct Service {
    store: MemoryStore,
    bus: Arc<dyn Bus>,
    router: Router,
}

impl Service {
    fn new() -> Self {
        Self::on(Arc::new(MemoryBus::default()))
    }

    fn on(bus: Arc<dyn Bus>) -> Self {
        Self::of(bus, MemoryStore::new(), Vec::new())
    }

    /// An instance that consumes these topics, until the test ends.
    fn of(bus: Arc<dyn Bus>, store: MemoryStore, topics: Vec<bus::Topic>) -> Self {
        let (requests, asked) = requests();
        let router = router(Arc::new(store.clone()), Arc::clone(&bus), requests, Tracer::off());
        let (calls, own) = (NoCalls::caller(), Arc::new(store.clone()));
        let participant =
            Participant::new(crate::NAME, topics, OrderHistory, calls, own, Arc::clone(&bus), Arc::new(Noon))
                .with_requests(asked);
        tokio::spawn(participant.run(std::future::pending()));
        Self { store, bus, router: router.layer(DefaultBodyLimit::max(4096)) }
    }

    async fn remember(&self, record: &OrderRecord) {
        let write = EntityWrite {
            key: record.order.order_id.clone(),
            state: Bytes::from(serde_json::to_vec(record).unwrap()),
            links: vec![Link { index: CUSTOMER_INDEX, value: record.order.customer_id.clone() }],
            ..EntityWrite::default()
        };
        self.store.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
    }

    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        read(self.send(Request::get(path).body(Body::empty()).unwrap()).await).await
    }

    async fn place(&self, query: &str, order: &Value) -> (u16, Value) {
        read(self.send(placing(query, &order.to_string())).await).await
    }

    async fn entry(&self, style: Style) -> Arc<dyn Consumer> {
        let topics = vec![topics::placed(style)];
        self.bus.subscribe(&Subscription { group: "watch".into(), topics, unsettled_max: 10 }).await.unwrap()
    }
}

fn placing(query: &str, body: &str) -> Request<Body> {
    let request = Request::post(format!("/orders{query}")).header("content-type", "application/json");
    request.body(Body::from(body.to_owned())).unwrap()
}

async fn read(response: Response<Body>) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

fn pizza(order_id: &str) -> Value {
    json!({
        "order_id": order_id, "customer_id": "c-1", "restaurant_id": "r-1", "currency": "EUR",
        "items": [{ "name": "margherita", "quantity": 2, "unit_price_minor": 950 }], "total_minor": 1900,
    })
}

fn recorded(order_id: &str) -> OrderRecord {
    let order = Order::from_json(pizza(order_id).to_string().as_bytes()).unwrap();
    steps::record(order, Style::Choreography, 1_700_000_000_123)
}

#[tokio::test]
async fn an_order_is_shown_with_its_timeline() {
    let service = Service::new();
    let mut record = recorded("o-1");
    service.remember(&record).await;
    let (status, shown) = service.get("/orders/o-1").await;
    assert_eq!(status, 200);
    assert_eq!(shown["status"], "open");
    assert_eq!(shown["order"]["items"][0]["name"], "margherita");
    assert_eq!(shown["timeline"], json!([{ "at": "2023-11-14T22:13:20.123Z", "what": "recorded" }]));

    record.order.order_id = "o-2".into();
    steps::close(&mut record, TerminalState::Cancelled, Some("no oven".into()), 1_700_000_001_000).unwrap();
    service.remember(&record).await;
    let (_, shown) = service.get("/orders/o-2").await;
    assert_eq!((&shown["status"], &shown["reason"]), (&json!("cancelled"), &json!("no oven")));
}

#[tokio::test]
async fn what_is_not_there_or_no_id_is_a_problem() {
    let service = Service::new();
    assert_eq!(
        service.get("/orders/o-1").await,
        (
            404,
            json!({ "title": "Not Found", "status": 404, "detail": "there is no order o-1 in the history" })
        )
    );
    let (status, problem) = service.get("/orders/a%20b").await;
    assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("id")));
    let (status, problem) = service.get("/customers/c-1/orders?limit=0").await;
    assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("limit")));
}

#[tokio::test]
async fn a_customers_orders_come_page_by_page_newest_first() {
    let service = Service::new();
    for n in 0..5 {
        service.remember(&recorded(&format!("o-{n}"))).await;
    }
    let mut seen: Vec<Vec<Value>> = Vec::new();
    let mut path = "/customers/c-1/orders?limit=2".to_owned();
    loop {
        let (status, page) = service.get(&path).await;
        assert_eq!(status, 200);
        seen.push(page["items"].as_array().unwrap().iter().map(|item| item["order_id"].clone()).collect());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/customers/c-1/orders?limit=2&before={next}");
    }
    let pages: [Vec<Value>; 3] =
        [vec!["o-4".into(), "o-3".into()], vec!["o-2".into(), "o-1".into()], vec!["o-0".into()]];
    assert_eq!(seen, pages);
    assert_eq!(service.get("/customers/nobody/orders").await, (200, json!({ "items": [], "next": null })));
}

#[tokio::test]
async fn a_placed_order_is_in_the_history_before_it_is_answered_and_on_the_bus_soon() {
    let service = Service::new();
    let entry = service.entry(Style::Orchestration).await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut request = placing("?style=orchestration", &pizza("o-1").to_string());
    request.headers_mut().insert("traceparent", trace.parse().unwrap());
    let response = service.send(request).await;
    assert_eq!(response.headers()["location"], "/orders/o-1");
    let (status, placed) = read(response).await;
    let expected = json!({
        "order_id": "o-1", "style": "orchestration", "status": "accepted", "location": "/orders/o-1"
    });
    assert_eq!((status, placed), (202, expected));

    let deliveries = entry.receive(10).await.unwrap();
    let message = &deliveries[0].message;
    assert_eq!((&*message.id, &*message.key), ("order-history/o-1/1", "o-1"));
    assert_eq!(message.headers.get("traceparent"), Some(trace));
    assert_eq!(message.headers.get("style"), Some("orchestration"));
    let (status, shown) = service.get("/orders/o-1").await;
    assert_eq!((status, &shown["status"]), (200, &json!("accepted")));
    assert_eq!(shown["timeline"], json!([{ "at": "2023-11-14T22:13:20.000Z", "what": "accepted" }]));
    let (_, listed) = service.get("/customers/c-1/orders").await;
    assert_eq!(
        (&listed["items"][0]["status"], &listed["items"][0]["recorded_at"]),
        (&json!("accepted"), &json!(null))
    );
}

/// A process that accepted an order and was killed before it was recorded has told its successor.
#[tokio::test]
async fn what_was_accepted_stands_whoever_is_asked_next() {
    let first = Service::new();
    assert_eq!(first.place("", &pizza("o-1")).await.0, 202);
    let next = Service::of(Arc::new(MemoryBus::default()), first.store.clone(), Vec::new());
    let mut other = pizza("o-1");
    other["customer_id"] = "c-2".into();
    assert_eq!(next.place("", &other).await.0, 409);
    assert_eq!(next.place("?style=orchestration", &pizza("o-1")).await.0, 409);
    let (status, placed) = next.place("", &pizza("o-1")).await;
    assert_eq!((status, &placed["status"]), (202, &json!("accepted")));
}

#[tokio::test]
async fn an_accepted_order_goes_through_its_flow_once() {
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::default());
    let told = Subscription {
        group: "told".into(),
        topics: vec![bus::Topic::new("choreography/order.recorded")],
        unsettled_max: 10,
    };
    let told = bus.subscribe(&told).await.unwrap();
    let service = Service::of(Arc::clone(&bus), MemoryStore::new(), crate::topics());
    assert_eq!(service.place("", &pizza("o-1")).await.0, 202);
    let deliveries = told.receive(10).await.unwrap();
    assert_eq!(deliveries.len(), 1);
    let (_, shown) = service.get("/orders/o-1").await;
    let steps: Vec<_> = shown["timeline"].as_array().unwrap().iter().map(|entry| &entry["what"]).collect();
    assert_eq!(shown["status"], "open");
    assert_eq!(steps, ["accepted", "recorded"]);
    // The same order from the bus, as a load generator places it.
    let order = Order::from_json(pizza("o-1").to_string().as_bytes()).unwrap();
    let envelope = contract::Envelope::new(Style::Choreography);
    let message = contract::envelope::placed(&order, &envelope, "duet/test", 0);
    bus.publisher(Origin::Edge).await.unwrap().publish(&[message]).await.unwrap();
    assert_eq!(service.place("", &pizza("o-1")).await.0, 200);
    let done = Settlement { token: deliveries[0].token, outcome: bus::Outcome::Done };
    told.settle(vec![done]).await.unwrap();
    while bus.depth(crate::NAME).await.unwrap().unwrap() != bus::Depth::default() {
        tokio::task::yield_now().await;
    }
    assert_eq!(bus.depth("told").await.unwrap().unwrap(), bus::Depth::default());
}

/// Two instances on one store that decide on one id at the same moment: one of the commits is refused, and decided again.
#[tokio::test]
async fn two_instances_accept_an_id_once() {
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::default());
    let store = MemoryStore::new();
    let instances = [(); 2].map(|()| Service::of(Arc::clone(&bus), store.clone(), Vec::new()));
    for n in 0..40 {
        let (one, mut two) = (pizza(&format!("o-{n}")), pizza(&format!("o-{n}")));
        let query = if n % 2 == 0 { "?style=orchestration" } else { "" };
        if n % 2 == 1 {
            two["customer_id"] = "c-2".into();
        }
        let (one, two) = tokio::join!(instances[0].place("", &one), instances[1].place(query, &two));
        let mut answers = [one.0, two.0];
        answers.sort_unstable();
        assert_eq!(answers, [202, 409], "{n}");
    }
}

#[tokio::test]
async fn an_order_placed_again_has_no_second_effect() {
    let service = Service::new();
    let entry = service.entry(Style::Choreography).await;
    let mut other = pizza("o-1");
    other["total_minor"] = 1.into();

    // On its way to the history ...
    assert_eq!(service.place("", &pizza("o-1")).await.0, 202);
    assert_eq!(service.place("", &pizza("o-1")).await.0, 202);
    assert_eq!(service.place("", &other).await.0, 409);
    assert_eq!(service.place("?style=orchestration", &pizza("o-1")).await.0, 409);
    assert_eq!(entry.receive(10).await.unwrap().len(), 1);

    // ... and in it.
    service.remember(&recorded("o-2")).await;
    other["order_id"] = "o-2".into();
    let (status, placed) = service.place("?style=choreography", &pizza("o-2")).await;
    assert_eq!((status, &placed["status"]), (200, &json!("open")));
    assert_eq!(service.place("", &other).await.0, 409);
    assert_eq!(service.place("?style=orchestration", &pizza("o-2")).await.0, 409);
    assert_eq!(service.bus.depth("watch").await.unwrap().unwrap().ready, 0);
}

#[tokio::test]
async fn what_is_no_order_is_refused_with_every_wrong_field() {
    let service = Service::new();
    let mut order = pizza("o 1");
    order["currency"] = "euro".into();
    let (status, problem) = service.place("", &order).await;
    assert_eq!(status, 400);
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["order_id", "currency"]);

    let (status, problem) = service.place("?style=jazz&tempo=fast", &pizza("o-1")).await;
    assert_eq!(status, 400);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
    assert_eq!(read(service.send(placing("", "{")).await).await.0, 400);
}

#[tokio::test]
async fn too_much_and_the_wrong_type_are_refused() {
    let service = Service::new();
    assert_eq!(read(service.send(placing("", &" ".repeat(5000))).await).await.0, 413);
    for kind in [None, Some("text/plain"), Some("application/xml")] {
        let mut request = placing("", &pizza("o-1").to_string());
        request.headers_mut().remove("content-type");
        if let Some(kind) = kind {
            request.headers_mut().insert("content-type", kind.parse().unwrap());
        }
        let (status, problem) = read(service.send(request).await).await;
        assert_eq!(status, 415);
        assert!(problem["detail"].as_str().unwrap().ends_with("expected application/json"), "{problem}");
    }
    let mut request = placing("", &pizza("o-1").to_string());
    request.headers_mut().insert("content-type", "Application/JSON; charset=utf-8".parse().unwrap());
    assert_eq!(read(service.send(request).await).await.0, 202);
}

#[tokio::test]
async fn a_system_that_is_behind_asks_to_come_back() {
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::default());
    let topic = bus::Topic::new("test/busy");
    let group = |unsettled_max| Subscription {
        group: crate::NAME.into(),
        topics: vec![topic.clone()],
        unsettled_max,
    };
    bus.declare(&group(1)).await.unwrap();
    let message = |n| Message {
        id: format!("m{n}"),
        topic: topic.clone(),
        key: format!("k{n}"),
        headers: Headers::default(),
        body: Bytes::new(),
    };
    let behind: Vec<_> = (0..=room::WAITING_MAX).map(message).collect();
    bus.publisher(Origin::Participant).await.unwrap().publish(&behind).await.unwrap();
    let room = Room::new(Arc::clone(&bus));
    tokio::time::pause();
    let refused = room.check(Style::Choreography).await.unwrap_err().problem("o-1").into_response();
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    assert!(room.check(Style::Orchestration).await.is_ok(), "nothing waits for the orchestrator");

    let consumer = bus.subscribe(&group(1)).await.unwrap();
    consumer.receive(1).await.unwrap();
    assert!(room.check(Style::Choreography).await.is_err(), "that is asked once in a while");
    tokio::time::advance(room::LOOK_EVERY).await;
    assert!(room.check(Style::Choreography).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_order_is_not_taken_by_who_cannot_keep_it() {
    let service = Service::new();
    let (requests, _asked) = requests();
    let api = router(Arc::new(MemoryStore::new()), Arc::clone(&service.bus), requests, Tracer::off());
    let response = api.oneshot(placing("", &pizza("o-2").to_string())).await.unwrap();
    assert_eq!(response.headers()["retry-after"], "1");
    let (status, problem) = read(response).await;
    assert_eq!(status, 503);
    assert!(problem["detail"].as_str().unwrap().starts_with("the service is held up"), "{problem}");
}

#[tokio::test]
async fn a_bus_that_is_away_asks_to_come_back() {
    let connect: daemon::Connecting =
        Box::new(|| Box::pin(async { Err(BusError::Unavailable("connection refused".into())) }));
    let service = Service::on(Arc::new(daemon::WaitingBus::new("tcp://test".into(), connect)));
    for _ in 0..2 {
        let (status, problem) = service.place("", &pizza("o-1")).await;
        assert_eq!(status, 503);
        assert!(problem["detail"].as_str().unwrap().starts_with("the bus is unavailable"), "{problem}");
    }
    assert_eq!(service.get("/orders/o-1").await.0, 404);
}
