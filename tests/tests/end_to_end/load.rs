//! `duet load`, `switch` and `audit` on a running system, as its user meets them: the real processes, some of them killed
//! and started again under load.

use std::time::Duration;

use bus::{Message, Origin};
use contract::groups::PARTICIPANTS;
use contract::{Encoded, Envelope, Event, Style, TerminalState};
use rustix::process::Signal;
use serde_json::Value;
use tests::process::{Ended, Process, run};
use tests::system::{Setup, System};
use tests::{http, until};
use tokio::time::{Instant, sleep};

/// Longer than any time-out and retry of the flow.
const STUCK_S: &str = "20";

/// A system under load.
struct Scene {
    system: System,
    load: Process,
}

impl Scene {
    async fn start(flags: &[&str]) -> Self {
        let system = System::start(Setup::default()).await;
        let load = start_load(&system, flags).await;
        Self { system, load }
    }

    async fn state(&self) -> Value {
        let (status, body) = http::get(self.load.address(), "/load").await.unwrap();
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// How many orders of that style were sent.
    async fn sent(&self, style: Style) -> u64 {
        self.state().await["sent"][style.as_str()].as_u64().unwrap()
    }

    async fn until_sent(&self, style: Style, wanted: u64) {
        let reached = async || match self.sent(style).await {
            sent if sent >= wanted => Ok(()),
            sent => Err(format!("{sent} were sent")),
        };
        until(&format!("{wanted} orders of the {style}"), reached).await;
    }

    async fn verdict(&self) -> Value {
        let (status, body) = http::get(self.load.address(), "/verdict").await.unwrap();
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    async fn until_clean(&self) {
        let is_clean = async || match self.verdict().await {
            verdict if verdict["verdict"] == "clean" => Ok(()),
            verdict => Err(verdict.to_string()),
        };
        until("a clean verdict", is_clean).await;
    }

    /// Runs a command of `duet` about this load.
    async fn duet(&self, args: &[&str]) -> Ended {
        let place = self.load.address().to_string();
        run(self.system.folder(), "duet", &[args, &["--load", &place]].concat()).await
    }

    async fn stop(self) {
        assert_eq!(self.load.end(Signal::TERM).await, Some(0));
        self.system.stop().await;
    }
}

async fn start_load(system: &System, flags: &[&str]) -> Process {
    let own = system.stores().url("observer");
    let stores = format!("sqlite:{}", system.folder().display());
    let fixed = ["load", "--bus", system.bus_url(), "--store", &own, "--stores", &stores];
    let fixed = [&fixed[..], &["--listen", "127.0.0.1:0", "--seed", "7", "--decline-rate", "0.05"]].concat();
    let load = Process::start_as("load", system.folder(), "duet", &[&fixed, flags].concat()).await;
    until("the load to be ready", async || load.ready().await).await;
    load
}

const FLAGS: [&str; 6] = ["--rate", "60", "--settle-s", "1", "--stuck-after-s", STUCK_S];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn style_and_rate_can_be_switched_while_it_runs() {
    let scene = Scene::start(&FLAGS).await;
    scene.until_sent(Style::Choreography, 30).await;
    scene.until_sent(Style::Orchestration, 30).await;
    let switched = scene.duet(&["switch", "--style", "choreography", "--rate", "200"]).await;
    assert_eq!(switched.code, Some(0), "{}", switched.stderr);
    assert!(
        switched.stdout.starts_with("load: choreography, 200 orders/s; under way: "),
        "{}",
        switched.stdout
    );
    let orchestrated = scene.sent(Style::Orchestration).await;
    let choreographed = scene.sent(Style::Choreography).await;
    scene.until_sent(Style::Choreography, choreographed + 100).await;
    // At most what was on its way to the bus at the moment of the change.
    assert!(scene.sent(Style::Orchestration).await <= orchestrated + 1);

    let switched = scene.duet(&["switch", "--style", "both", "--decline-rate", "1"]).await;
    assert!(switched.stdout.contains("both styles by turns, 200 orders/s, 100 % of the payments declined"));
    let cancelled = "duet_orders_closed_total{outcome=\"cancelled\",style=\"orchestration\"}";
    let many = async || match metric(&scene.load, cancelled).await {
        count if count >= 50.0 => Ok(()),
        count => Err(format!("{count} were cancelled")),
    };
    until("declined orders", many).await;

    // What was under way in the other style ended there: all is accounted for.
    let audited = scene.duet(&["audit", "--within-s", "30"]).await;
    assert_eq!(audited.code, Some(0), "{}{}", audited.stdout, audited.stderr);
    assert!(audited.stdout.contains("VERDICT: clean."), "{}", audited.stdout);
    for refused in
        [&["switch", "--bus", "kafka"][..], &["switch", "--rate", "-1"], &["switch", "--style", "x"]]
    {
        assert_eq!(scene.duet(refused).await.code, Some(64), "{refused:?}");
    }
    let page = start_page(&scene).await;
    let (status, html) = http::get(page.address(), "/").await.unwrap();
    assert!(status == 200 && html.contains("http://grafana.test/"), "{html}");
    let change =
        async |path, json| http::ask(page.address(), &format!("PATCH {path}"), &[], json).await.unwrap();
    let (status, said) = change("/api/loads/memory", r#"{"rate_per_s":"many"}"#).await;
    assert!(status == 400 && said.contains("rate_per_s"), "{said}");
    assert_eq!(change("/api/loads/pigeon", "{}").await.0, 404);
    assert_eq!(change("/api/loads/kafka", r#"{"rate_per_s":1}"#).await.0, 502);
    assert_eq!(change("/api/loads/memory", r#"{"rate_per_s":70}"#).await.0, 200);
    let (_, loads) = http::get(page.address(), "/api/loads").await.unwrap();
    let loads: Value = serde_json::from_str(&loads).unwrap();
    assert_eq!((&loads[0]["bus"], &loads[0]["load"]["rate_per_s"]), (&"memory".into(), &70.0.into()));
    assert_eq!(loads[0]["verdict"]["verdict"], "clean");
    assert!(loads[1]["trouble"].as_str().unwrap().contains("127.0.0.1:1"), "{loads}");
    assert_eq!(page.end(Signal::TERM).await, Some(0));
    let idle = scene.duet(&["switch", "--rate", "0"]).await;
    assert!(idle.stdout.contains("both styles by turns, 0 orders/s"), "{}", idle.stdout);
    scene.stop().await;
}

/// The page, about this load and one that does not run.
async fn start_page(scene: &Scene) -> Process {
    let loads = format!("memory={},kafka=127.0.0.1:1", scene.load.address());
    let flags = ["control", "--listen", "127.0.0.1:0", "--load", &loads, "--grafana", "http://grafana.test/"];
    Process::start_as("page", scene.system.folder(), "duet", &flags).await
}

async fn metric(process: &Process, name: &str) -> f64 {
    let (_, text) = http::get(process.address(), "/metrics").await.unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap_or_else(|| panic!("no {name} in\n{text}")).trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_under_load_leaves_a_clean_verdict() {
    let mut scene = Scene::start(&FLAGS).await;
    scene.until_sent(Style::Orchestration, 50).await;
    scene.system.kill(&["order-status", "notifications"]).await;
    let sent = scene.sent(Style::Orchestration).await;
    scene.until_sent(Style::Orchestration, sent + 20).await;
    scene.system.begin("order-status").await;
    scene.system.begin("notifications").await;
    // What it has sent and seen outlives the load, too.
    let sent = scene.sent(Style::Choreography).await;
    scene.load.kill();
    scene.system.kill(&["orchestrator"]).await;
    scene.system.begin("orchestrator").await;
    let load = start_load(&scene.system, &FLAGS).await;
    std::mem::replace(&mut scene.load, load).killed().await;
    scene.until_sent(Style::Choreography, sent + 50).await;
    let verdict = scene.verdict().await;
    let state = scene.state().await;
    for style in Style::ALL {
        let judged = verdict["styles"][style.as_str()]["accepted"].as_u64().unwrap_or(0);
        let sent = state["sent"][style.as_str()].as_u64().unwrap();
        assert!(judged <= sent, "{judged} of {sent} orders of the {style} were checked");
        assert_eq!(state["others"][style.as_str()], 0, "{state}");
    }
    let audited = scene.duet(&["audit", "--within-s", "35"]).await;
    assert_eq!(audited.code, Some(0), "{}{}", audited.stdout, audited.stderr);
    let audited_orders = metric(&scene.load, "duet_audit_waiting_orders").await;
    assert!(audited_orders < 1_000.0, "{audited_orders} orders wait for their verdict");
    scene.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_that_wait_for_a_service_are_held_up_and_not_stuck() {
    // Longer than what makes orders wait in a system in which everybody is ready.
    const STUCK: Duration = Duration::from_secs(8);
    const LOOK_AGAIN: Duration = Duration::from_millis(200);
    let system = System::start(Setup::default()).await;
    let places = system.addresses().lock().unwrap().clone();
    let places: Vec<_> = places.iter().map(|(name, address)| format!("{name}={address}")).collect();
    let flags = ["--rate", "10", "--settle-s", "1", "--stuck-after-s", "8", "--services", &places.join(",")];
    let load = start_load(&system, &flags).await;
    let scene = Scene { system, load };
    scene.until_clean().await;

    let stopped = scene.system.participant(order_status::NAME);
    stopped.signal(Signal::STOP);
    let begun = Instant::now();
    let held_up = async || match scene.verdict().await {
        verdict if verdict["held_up"][0]["by"] == order_status::NAME => Ok(()),
        verdict => Err(verdict["held_up"].to_string()),
    };
    until("orders to be held up", held_up).await;
    while begun.elapsed() < STUCK * 3 / 2 {
        let verdict = scene.verdict().await;
        assert_ne!(verdict["verdict"], "violated", "{verdict}");
        sleep(LOOK_AGAIN).await;
    }
    let waited = metric(&scene.load, "duet_audit_oldest_waiting_seconds").await;
    assert!(waited > STUCK.as_secs_f64(), "no order has waited for longer than {waited} s");
    assert_eq!(metric(&scene.load, "duet_audit_held_up{by=\"order-status\"}").await, 1.0);
    let audited = scene.duet(&["audit", "--within-s", "1"]).await;
    assert_eq!(audited.code, Some(3), "{}{}", audited.stdout, audited.stderr);
    for said in ["VERDICT: not judged.", "held up by order-status"] {
        assert!(audited.stdout.contains(said), "{}", audited.stdout);
    }

    stopped.signal(Signal::CONT);
    let free = async || match scene.verdict().await {
        verdict if verdict["held_up"] == Value::Array(Vec::new()) => Ok(()),
        verdict => Err(verdict["held_up"].to_string()),
    };
    until("orders to be held up no more", free).await;
    let audited = scene.duet(&["audit", "--within-s", "30"]).await;
    assert_eq!(audited.code, Some(0), "{}{}", audited.stdout, audited.stderr);
    assert!(!audited.stdout.contains("held up"), "{}", audited.stdout);
    scene.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_is_there_before_the_services_judges_once_they_have_stored_something() {
    let system = System::prepare(Setup::default()).await;
    let load = start_load(&system, &FLAGS).await;
    let mut scene = Scene { system, load };
    let audited = scene.duet(&["audit", "--within-s", "1"]).await;
    assert_eq!(audited.code, Some(3), "{}{}", audited.stdout, audited.stderr);
    let why = "order-history.db does not exist: there is nothing to read yet";
    assert!(
        audited.stdout.contains("VERDICT: not judged.") && audited.stdout.contains(why),
        "{}",
        audited.stdout
    );
    assert!(metric(&scene.load, "duet_audit_failures_total").await >= 1.0);
    for name in PARTICIPANTS {
        scene.system.begin(name).await;
    }
    scene.system.until_ready().await;
    scene.until_clean().await;
    // What can never be right ends it at once.
    let wrong = ["load", "--bus", scene.system.bus_url(), "--stores", "mysql://u:secret@h/db"];
    let refused = run(scene.system.folder(), "duet", &wrong).await;
    assert_eq!(refused.code, Some(64), "{}", refused.stderr);
    assert!(refused.stderr.contains("mysql://") && !refused.stderr.contains("secret"), "{}", refused.stderr);
    scene.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_an_order_that_nobody_placed_is_told() {
    let scene = Scene::start(&["--rate", "0", "--settle-s", "1", "--stuck-after-s", "2"]).await;
    // Nothing has been placed: that is neither clean nor violated.
    let idle = scene.duet(&["audit"]).await;
    assert_eq!(idle.code, Some(3), "{}{}", idle.stdout, idle.stderr);
    assert!(
        idle.stdout.contains("VERDICT: not judged. No order has had the time to settle yet."),
        "{}",
        idle.stdout
    );
    let event =
        Event::OrderClosed { status: TerminalState::Delivered, reason: None, customer_id: "c-1".into() };
    let envelope = Envelope::new(Style::Choreography);
    let Encoded { topic, headers, body } = event.encode(&envelope, "duet/test", 0);
    let stray = Message { id: "stray".into(), topic, key: "o-stray".into(), headers, body };
    let publisher = scene.system.bus().publisher(Origin::Participant).await.unwrap();
    publisher.publish(&[stray]).await.unwrap();
    let told = async || match metric(&scene.load, "duet_audit_verdict{verdict=\"violated\"}").await {
        0.0 => Err("nothing is violated".to_owned()),
        _ => Ok(()),
    };
    until("a violation", told).await;
    let audited = scene.duet(&["audit"]).await;
    assert_eq!(audited.code, Some(1), "{}", audited.stdout);
    assert!(audited.stdout.contains("o-stray  never_sent: its end was seen, but it was never placed"));
    assert_eq!(metric(&scene.load, "duet_audit_violations{kind=\"never_sent\"}").await, 1.0);
    scene.stop().await;
}
