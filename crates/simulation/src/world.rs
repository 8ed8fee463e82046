//! One world from its beginning to the auditor's verdict.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use auditor::{SentOrder, Verdict};
use bus::memory::{MemoryBus, MemoryOptions};
use bus::{Bus, Message, Origin};
use contract::{Envelope, Order, Style};
use external::{Fate, Rates};
use participant::{Clock, Millis, Options, Weakness};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::chaos::{Chaos, Faults};
use crate::orders;
use crate::system::System;

/// Virtual time begins here: 2026-01-01T00:00:00Z.
const EPOCH: Millis = 1_767_225_600_000;
/// How long the faults go on, in virtual seconds.
const CHAOS_S: u64 = 20;
/// How long the world may take to come to rest afterwards, in virtual seconds.
const REST_S: u64 = 600;
/// How often it is looked whether the world has come to rest, in virtual milliseconds.
const LOOK_MS: u64 = 250;

/// What to simulate.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Everything follows from it.
    pub seed: u64,
    /// How many orders, half of them in each style.
    pub orders: usize,
    /// How often each fault happens.
    pub faults: Faults,
    /// How often the outside world misbehaves.
    pub rates: Rates,
    /// Whether orders are replayed: now and then while the faults go on, and each when the world has come to rest.
    pub replays: bool,
    /// How many states a participant holds in memory.
    pub states_held: usize,
    /// A guarantee to be switched off.
    pub weakness: Option<Weakness>,
    /// Whether to tell what happened.
    pub traced: bool,
}

impl Scenario {
    /// The world of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            orders: 10,
            faults: Faults::default(),
            rates: Rates {
                decline: 0.1,
                gateway_fault: 0.2,
                restaurant_decline: 0.1,
                restaurant_silence: 0.15,
            },
            replays: false,
            states_held: Options::default().states_held_max,
            weakness: None,
            traced: false,
        }
    }
}

/// What became of a world.
#[derive(Debug)]
pub struct World {
    /// How it ended.
    pub outcome: Outcome,
    /// How many faults were injected, crashes included.
    pub faults: u64,
    /// How many participants crashed.
    pub crashes: u64,
    /// What happened, line by line, where that was asked for.
    pub trace: Vec<String>,
}

/// How a world ended.
#[derive(Debug)]
pub enum Outcome {
    /// It came to rest, and the auditor gave this verdict.
    Judged(Verdict),
    /// A participant gave up, or the auditor could not read what was stored.
    Broken(String),
}

impl Outcome {
    /// Whether every order is accounted for.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        matches!(self, Self::Judged(verdict) if verdict.is_clean())
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Judged(verdict) => verdict.fmt(f),
            Self::Broken(reason) => write!(f, "broken: {reason}"),
        }
    }
}

/// Runs a world. Takes a few milliseconds; blocks the calling thread, which must not be inside an async runtime.
///
/// # Panics
/// The operating system refuses the resources of a single-threaded runtime.
#[must_use]
pub fn simulate(scenario: &Scenario) -> World {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without I/O needs nothing that can be missing").block_on(live(scenario))
}

/// Tells virtual time.
struct VirtualClock(Instant);

impl Clock for VirtualClock {
    fn now(&self) -> Millis {
        EPOCH + Millis::try_from(self.0.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }
}

async fn live(scenario: &Scenario) -> World {
    let chaos = Chaos::new(scenario.seed, scenario.faults, scenario.traced);
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock(Instant::now()));
    let bus = MemoryBus::new(MemoryOptions { delivery_limit: u32::MAX, ..MemoryOptions::default() });
    let bus: Arc<dyn Bus> = Arc::new(bus);
    let fate = Fate { seed: scenario.seed, rates: scenario.rates };
    let options = Options {
        seed: fate.seed,
        weakness: scenario.weakness,
        states_held_max: scenario.states_held,
        batch_max: 4,
        unsettled_max: 16,
        ..Options::default()
    };
    let system = System::new(&chaos, Arc::clone(&bus), Arc::clone(&clock), fate, &options);
    let mut participants = JoinSet::new();
    let broken = match system.start(&mut participants).await {
        Err(reason) => Some(reason),
        Ok(()) => {
            let story = async {
                let sent = place_orders(&chaos, scenario, &system, &*bus, &*clock).await?;
                tokio::time::sleep_until(Instant::now() + Duration::from_secs(CHAOS_S)).await;
                chaos.calm();
                chaos.note(|| "the faults stop".to_owned());
                come_to_rest(&system).await;
                if scenario.replays {
                    for order_id in sent.iter().map(|order| &order.order_id) {
                        system.replay(order_id, &chaos).await;
                    }
                    come_to_rest(&system).await;
                }
                Ok(sent)
            };
            tokio::select! {
                biased;
                Some(ended) = participants.join_next() => Some(match ended {
                    Ok(reason) => reason,
                    Err(error) => format!("a participant panicked: {error}"),
                }),
                sent = story => match sent {
                    Err(reason) => Some(reason),
                    Ok(sent) => return judged(&chaos, &system, sent).await,
                },
            }
        }
    };
    world(&chaos, Outcome::Broken(broken.unwrap_or_default()))
}

fn world(chaos: &Chaos, outcome: Outcome) -> World {
    World { outcome, faults: chaos.injected(), crashes: chaos.crashes(), trace: chaos.take_trace() }
}

async fn judged(chaos: &Chaos, system: &System, sent: Vec<SentOrder>) -> World {
    let rivals = rivals(&sent);
    let outcome = match system.evidence(&rivals).await {
        Err(error) => Outcome::Broken(error.to_string()),
        Ok(evidence) => match auditor::audit(&evidence, &sent).await {
            Ok(verdict) => Outcome::Judged(verdict),
            Err(error) => Outcome::Broken(error.to_string()),
        },
    };
    world(chaos, outcome)
}

/// The ids under which several orders were placed.
fn rivals(sent: &[SentOrder]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let again = sent.iter().filter(|order| !ids.insert(&order.order_id));
    again.map(|order| order.order_id.clone()).collect()
}

/// Places the orders over the first half of the chaos: on the bus, some of them twice, or as an HTTP client does. Some of their
/// ids are those of other orders as well.
async fn place_orders(
    chaos: &Chaos,
    scenario: &Scenario,
    system: &System,
    bus: &dyn Bus,
    clock: &dyn Clock,
) -> Result<Vec<SentOrder>, String> {
    let count = scenario.orders;
    let publisher = bus.publisher(Origin::Edge).await.map_err(|error| error.to_string())?;
    let mut sent: Vec<SentOrder> = Vec::with_capacity(count);
    for n in 0..count {
        if scenario.replays
            && chaos.below(2) == 0
            && let Some(earlier) = sent.get(chaos.below(sent.len()))
        {
            system.replay(&earlier.order_id, chaos).await;
        }
        tokio::time::sleep(chaos.millis(CHAOS_S * 1000 / (2 * count as u64))).await;
        let (order, style) = orders::order(chaos, n);
        sent.push(SentOrder::new(&order, style));
        let rival = orders::rival(&order, style, n);
        sent.extend(rival.iter().map(|(order, style)| SentOrder::new(order, *style)));
        if let Some((order, style)) = &rival {
            chaos.note(|| format!("{:<14} places a rival of {}", "customer", order.order_id));
            let published = publisher.publish(&[placed(order, *style, clock.now())]).await;
            published.map_err(|error| error.to_string())?;
        }
        if n % 3 == 2 {
            let placed = system.place(&order, style).await;
            chaos.note(|| format!("{:<14} asks for {}: {placed:?}", "customer", order.order_id));
            continue;
        }
        let message = placed(&order, style, clock.now());
        let copies = 1 + usize::from(chaos.below(8) == 0);
        chaos.note(|| format!("{:<14} places {} {copies} times", "customer", order.order_id));
        for _ in 0..copies {
            let published = publisher.publish(std::slice::from_ref(&message)).await;
            published.map_err(|error| error.to_string())?;
        }
    }
    Ok(sent)
}

fn placed(order: &Order, style: Style, now: Millis) -> Message {
    contract::envelope::placed(order, &Envelope::new(style), "duet/simulation", now)
}

/// Waits until nothing is left to do, or until it has taken too long: the auditor will say what is stuck.
async fn come_to_rest(system: &System) {
    let deadline = Instant::now() + Duration::from_secs(REST_S);
    while !system.is_at_rest().await && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
}
