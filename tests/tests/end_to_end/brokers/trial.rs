//! A system on real servers, and what all trials of it have in common: orders come in, something breaks, and in the
//! end every order is accounted for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contract::Style;
use contract::groups::PARTICIPANTS;
use serde_json::Value;
use tests::audit::audit;
use tests::brokers::Brokers;
use tests::load::{Book, OBSERVER, Observer, Until, send_over_bus, send_over_http};
use tests::process::Process;
use tests::stores::StoreKind;
use tests::system::{BusKind, Setup, System};
use tests::{http, until};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// Orders over the bus and over HTTP, in each load: at least, and at the most.
const ORDERS: (u64, u64) = (60, 20_000);
const ORDERS_OVER_HTTP: (u64, u64) = (20, 5_000);
/// Orders that must end before something is broken, and again when it is whole.
const ENDED_BETWEEN: usize = 40;
/// How long readiness is watched while something is away.
pub(crate) const AWAY: Duration = Duration::from_millis(1_500);
/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What is on trial.
pub(crate) struct Trial {
    pub(crate) broker: &'static str,
    pub(crate) brokers: Brokers,
    pub(crate) system: System,
    pub(crate) book: Book,
    observer: Observer,
    /// How many loads there were: each has orders of its own.
    loads: u64,
    /// Dead letters that are meant to be.
    pub(crate) dead_letters: u64,
}

impl Trial {
    /// Starts a system whose broker and database are not there yet, and then these. `None` where they are not installed.
    pub(crate) async fn start(broker: &'static str) -> Option<Self> {
        let brokers = Brokers::new().await;
        let url = |name: &str| brokers.url(&format!("DUET_{}_URL", name.to_uppercase())).to_owned();
        let setup = Setup {
            bus: BusKind::Broker(url(broker)),
            store: StoreKind::Postgres(url("postgres")),
            ..Setup::default()
        };
        let system = System::launch(setup).await;
        not_ready(&system, "bus").await;
        if !brokers.installed_and_up(&[broker, "postgres"]).await {
            return None;
        }
        ready(&system).await;
        let book = Book::default();
        let observer = Observer::start(&**system.bus(), book.clone()).await;
        Some(Self { broker, brokers, system, book, observer, loads: 0, dead_letters: 0 })
    }

    /// Lets orders of both styles come in, breaks something under way, and audits.
    pub(crate) async fn under_load(&mut self, what: &str, breaking: impl AsyncFnOnce(&mut Self)) {
        let (begun, sent) = (Instant::now(), self.book.sent_count());
        let load = Load::start(self);
        self.more_end("before anything breaks").await;
        breaking(self).await;
        let broken_for = begun.elapsed();
        self.more_end(&format!("after this: {what}")).await;
        load.stop().await;
        self.audit(what).await;
        let orders = self.book.sent_count() - sent;
        println!(
            "{}: {what}: {orders} orders, clean ({broken_for:.1?} of {:.1?})",
            self.broker,
            begun.elapsed()
        );
    }

    /// Waits until more orders have ended.
    pub(crate) async fn more_end(&self, when: &str) {
        let enough = self.book.ended_count() + ENDED_BETWEEN;
        let ended = async || {
            let now = self.book.ended_count();
            if now >= enough { Ok(()) } else { Err(format!("only {now} of {enough} have ended")) }
        };
        self.system.until(&format!("orders to end {when}"), ended).await;
    }

    /// Waits until all is done, and looks whether it was done right.
    pub(crate) async fn audit(&self, what: &str) {
        self.system.until("every order to end", async || self.book.all_ended()).await;
        self.system.until("the system to be at rest", async || self.system.at_rest().await).await;
        ready(&self.system).await;
        let mut queues = self.system.queues().await;
        queues.push((
            OBSERVER.to_owned(),
            self.system.bus().depth(OBSERVER).await.unwrap().unwrap_or_default(),
        ));
        let verdict = audit(self.system.stores(), queues, &self.book, self.dead_letters).await;
        let logs: Vec<_> = self.system.participants().map(Process::log).collect();
        assert!(verdict.is_clean(), "{}: {what}\n{verdict}\n{}", self.broker, logs.join("\n"));
        for style in Style::ALL {
            assert!(verdict.styles[&style].delivered > 0, "{verdict}");
        }
    }

    /// Ends the system, which leaves nothing behind.
    pub(crate) async fn end(self) {
        drop(self.observer);
        let (stores, codes) = self.system.stop().await;
        assert!(codes.iter().all(|(_, code)| *code == Some(0)), "{codes:?}");
        for name in PARTICIPANTS {
            stores.remove(name).await;
        }
    }
}

/// Orders of both styles coming in, half of them over HTTP.
struct Load {
    stop: Arc<AtomicBool>,
    senders: [JoinHandle<()>; 2],
}

impl Load {
    fn start(trial: &mut Trial) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut limits = |(count_min, count_max)| {
            trial.loads += 1;
            Until { seed: trial.loads, stop: Arc::clone(&stop), count_min, count_max }
        };
        let (over_bus, over_http) = (limits(ORDERS), limits(ORDERS_OVER_HTTP));
        let (bus, book) = (Arc::clone(trial.system.bus()), trial.book.clone());
        let over_bus = tokio::spawn(async move { send_over_bus(&*bus, book, over_bus).await });
        let over_http = tokio::spawn(send_over_http(trial.system.addresses(), trial.book.clone(), over_http));
        Self { stop, senders: [over_bus, over_http] }
    }

    async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for sender in self.senders {
            sender.await.unwrap();
        }
    }
}

/// Waits until every participant says that it can work.
pub(crate) async fn ready(system: &System) {
    for process in system.participants() {
        until("every participant to be ready", async || process.ready().await).await;
    }
}

/// Waits until every participant says that it cannot work for want of the bus or the store, and watches that none takes
/// it back while that is away.
pub(crate) async fn not_ready(system: &System, want: &str) {
    for process in system.participants() {
        until("a participant to say what it waits for", async || not_ready_now(process, want).await).await;
    }
    let begun = Instant::now();
    while begun.elapsed() < AWAY {
        for process in system.participants() {
            let said = not_ready_now(process, want).await;
            said.unwrap_or_else(|said| panic!("ready without the {want}: {said}\n{}", process.log()));
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn not_ready_now(process: &Process, want: &str) -> Result<(), String> {
    let (status, answer) = http::get(process.address(), "/readyz").await.unwrap();
    let said: Value = serde_json::from_str(&answer).unwrap();
    let reasons = said["reasons"].as_array().unwrap();
    assert_eq!(status == 200, reasons.is_empty(), "{answer}");
    let words = format!("the {want} is unavailable");
    let explained = reasons.iter().any(|reason| reason["reason"].as_str().unwrap().contains(&words));
    if explained { Ok(()) } else { Err(format!("{status} {answer}")) }
}
