//! The system under test: three services and the orchestrator, each crashing and starting again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use auditor::Evidence;
use bus::{Bus, DeadLetter};
use contract::{Order, Style};
use external::{Fate, Gateway, MemoryLedger};
use notifications::{Decision, Notifications, Offer, OfferCaller, Restaurant, SimulatedRestaurants};
use order_flow::Conductor;
use order_history::{Answer, Ask, OrderHistory, Place, Placed};
use order_status::OrderStatus;
use participant::{Asked, Clock, Handler, NoCalls, Options, Participant, Requests};
use registry::Definitions;
use store::memory::MemoryStore;
use store::{Read, Store, StoreError};
use styles::{Replay, Replayed};
use tokio::task::JoinSet;

use crate::chaos::{Chaos, Spot};
use crate::faulty_bus::FaultyBus;
use crate::faulty_store::FaultyStore;
use crate::observer::{self, Observer};

/// The longest that a crashed participant stays away, in virtual milliseconds.
const DOWN_MS_MAX: u64 = 1_500;
/// How long a call of the outside may take, in virtual time.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a restaurant may take to answer.
const RESTAURANT_TIMEOUT_S: u32 = 2;
/// How long it does take at the most: some answers come too late.
const RESTAURANT_LATENCY_MS_MAX: u64 = 2_500;
/// How long those take that are late for certain.
const RESTAURANT_LATE: Duration = Duration::from_millis(2_200);

/// How long a client waits before it places an order again that was not answered.
const PLACE_AGAIN: Duration = Duration::from_millis(50);
/// More than a world's dead letters.
const DEAD_LETTERS_MAX: usize = 1_000;

/// Restaurants that take their time: one in four so much that their answer may cross its time-out.
struct HesitantRestaurants {
    known: SimulatedRestaurants,
    chaos: Chaos,
}

#[async_trait]
impl Restaurant for HesitantRestaurants {
    async fn offer(&self, offer: &Offer) -> Option<Decision> {
        if self.chaos.below(4) == 0 {
            tokio::time::sleep(self.chaos.millis(RESTAURANT_LATENCY_MS_MAX)).await;
        }
        self.known.offer(offer).await
    }
}

/// What every participant of a world is made from, life after life.
#[derive(Clone)]
struct Member {
    spot: Spot,
    store: MemoryStore,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    options: Options,
}

/// Where the participant that lives at the moment is asked.
struct Desk<R, A>(Arc<Mutex<Option<Requests<R, A>>>>);

impl<R, A> Clone for Desk<R, A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R, A> Default for Desk<R, A> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<R, A> Desk<R, A> {
    /// That of a new life, at which it finds what it is asked.
    fn open(&self) -> Asked<R, A> {
        let (requests, asked) = participant::requests();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(requests);
        asked
    }

    /// Asks once; `None` where there is no answer.
    async fn ask(&self, key: &str, request: R) -> Option<A> {
        let requests = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        requests?.ask(key, request).await.ok()
    }
}

pub(crate) struct System {
    bus: Arc<dyn Bus>,
    order_history: Member,
    history_desk: Desk<Ask, Answer>,
    order_status: Member,
    status_desk: Desk<Replay, Replayed>,
    notifications: Member,
    notifications_desk: Desk<Replay, Replayed>,
    orchestrator: Member,
    orchestrator_desk: Desk<order_flow::Replay, order_flow::Replayed>,
    observer: Member,
    definitions: Arc<Definitions>,
    gateway: Arc<Gateway>,
    ledger: Arc<MemoryLedger>,
    fate: Fate,
}

impl System {
    pub(crate) fn new(
        chaos: &Chaos,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        fate: Fate,
        options: &Options,
    ) -> Self {
        let member = |name| Member {
            spot: Spot::new(chaos.clone(), name),
            store: MemoryStore::new(),
            bus: Arc::clone(&bus),
            clock: Arc::clone(&clock),
            options: options.clone(),
        };
        let ledger = Arc::new(MemoryLedger::default());
        Self {
            order_history: member(order_history::NAME),
            history_desk: Desk::default(),
            status_desk: Desk::default(),
            notifications_desk: Desk::default(),
            orchestrator_desk: Desk::default(),
            order_status: member(order_status::NAME),
            notifications: member(notifications::NAME),
            orchestrator: member(order_flow::NAME),
            observer: member(observer::NAME),
            definitions: Arc::new(order_flow::definitions()),
            gateway: Arc::new(Gateway::new(fate, Duration::ZERO, Arc::clone(&ledger) as _)),
            ledger,
            fate,
            bus,
        }
    }

    fn members(&self) -> [&Member; 5] {
        [&self.order_history, &self.order_status, &self.notifications, &self.orchestrator, &self.observer]
    }

    /// Starts the participants, for ever; one that gives up ends its task with the reason.
    pub(crate) async fn start(&self, tasks: &mut JoinSet<String>) -> Result<(), String> {
        let (made, desk) = (self.order_history.clone(), self.history_desk.clone());
        let order_history = move || {
            let handler = OrderHistory;
            made.participant(order_history::topics(), handler, NoCalls::caller()).with_requests(desk.open())
        };
        let (made, desk) = (self.order_status.clone(), self.status_desk.clone());
        let gateway = Arc::clone(&self.gateway);
        let order_status = move || {
            let caller = order_status::GatewayCaller::new(Arc::clone(&gateway) as _, CALL_TIMEOUT);
            let handler = OrderStatus::default();
            made.participant(order_status::topics(), handler, Arc::new(caller)).with_requests(desk.open())
        };
        let (made, fate) = (self.notifications.clone(), self.fate);
        let desk = self.notifications_desk.clone();
        let notifications = move || {
            let restaurants = HesitantRestaurants {
                known: SimulatedRestaurants { fate, latency: Duration::ZERO, late: RESTAURANT_LATE },
                chaos: made.spot.chaos.clone(),
            };
            let caller = OfferCaller::new(Arc::new(restaurants), CALL_TIMEOUT);
            let settings = notifications::Settings { restaurant_timeout_ms: RESTAURANT_TIMEOUT_S * 1000 };
            let handler = Notifications { settings };
            made.participant(notifications::topics(), handler, Arc::new(caller)).with_requests(desk.open())
        };
        let (made, definitions) = (self.orchestrator.clone(), Arc::clone(&self.definitions));
        let desk = self.orchestrator_desk.clone();
        let orchestrator = move || {
            let durations = order_flow::Durations {
                restaurant_timeout_s: RESTAURANT_TIMEOUT_S,
                ..order_flow::Durations::default()
            };
            let conductor = Conductor::new(Arc::clone(&definitions), durations);
            made.participant(order_flow::topics(), conductor, NoCalls::caller()).with_requests(desk.open())
        };
        self.supervise(tasks, &self.order_history.spot, order_history).await?;
        self.supervise(tasks, &self.order_status.spot, order_status).await?;
        self.supervise(tasks, &self.notifications.spot, notifications).await?;
        self.supervise(tasks, &self.orchestrator.spot, orchestrator).await?;
        let made = self.observer.clone();
        let observer = move || made.participant(observer::subscriptions(), Observer, NoCalls::caller());
        self.supervise(tasks, &self.observer.spot, observer).await
    }

    /// Runs life after life of a participant.
    async fn supervise<H: Handler>(
        &self,
        tasks: &mut JoinSet<String>,
        spot: &Spot,
        life: impl Fn() -> Participant<H> + Send + 'static,
    ) -> Result<(), String> {
        // The group exists before the first order is placed, whenever its first consumer gets through.
        self.bus.declare(&life().subscription()).await.map_err(|error| error.to_string())?;
        let spot = spot.clone();
        tasks.spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    () = spot.crashed() => {}
                    ended = life().run(std::future::pending()) => {
                        let why = ended.err().map_or_else(|| "was not asked to".to_owned(), |error| chain(&error));
                        return format!("{} ended: {why}", spot.participant);
                    }
                }
                tokio::time::sleep(spot.chaos.millis(DOWN_MS_MAX)).await;
                spot.note(format_args!("starts again"));
            }
        });
        Ok(())
    }

    /// Places the order as an HTTP client does: again and again, until it is answered.
    pub(crate) async fn place(&self, order: &Order, style: Style) -> Placed {
        loop {
            let place = Place { order: order.clone(), style, traceparent: None };
            if let Some(Answer::Placed(placed)) =
                self.history_desk.ask(&order.order_id, Ask::Place(place)).await
            {
                return placed;
            }
            tokio::time::sleep(PLACE_AGAIN).await;
        }
    }

    /// Asks every participant once to say again what it knows of the order, in any order. One that is away does not.
    pub(crate) async fn replay(&self, order_id: &str, chaos: &Chaos) {
        let first = chaos.below(4);
        for who in (first..4).chain(0..first) {
            let said = match who {
                0 => match self.history_desk.ask(order_id, Ask::Replay(Replay)).await {
                    Some(Answer::Replayed(said)) => said,
                    Some(Answer::Placed(_)) | None => None,
                },
                1 => self.status_desk.ask(order_id, Replay).await.flatten(),
                2 => self.notifications_desk.ask(order_id, Replay).await.flatten(),
                _ => {
                    let store = &self.orchestrator.store;
                    match order_flow::replay::of_journal(store, &self.definitions, order_id).await {
                        Ok(Some(replay)) => self.orchestrator_desk.ask(order_id, replay).await.flatten(),
                        Ok(None) | Err(_) => None,
                    }
                }
            };
            let name = self.members()[who].spot.participant;
            chaos.note(|| format!("{name:<14} is asked to replay {order_id}: {said:?}"));
        }
    }

    /// How many dead letters there are of orders that were placed under an id that belongs to another, and say so.
    async fn refused(&self, rivals: &BTreeSet<String>) -> u64 {
        let mut refused = 0;
        for member in [&self.order_history, &self.orchestrator] {
            let letters = self.bus.dead_letters(member.spot.participant, DEAD_LETTERS_MAX).await;
            let says_so = |letter: &&DeadLetter| {
                let reason = &letter.reason;
                let known = ["under the id", "the order is processed in the"];
                rivals.contains(&letter.message.key) && known.iter().any(|known| reason.contains(known))
            };
            refused += letters.unwrap_or_default().iter().filter(says_so).count() as u64;
        }
        refused
    }

    /// Whether nothing is left to do anywhere.
    pub(crate) async fn is_at_rest(&self) -> bool {
        for member in self.members() {
            let Ok(stats) = member.store.stats().await else { return false };
            let Ok(Some(depth)) = self.bus.depth(member.spot.participant).await else { return false };
            if (stats.outbox_rows, stats.timers, depth.ready, depth.unsettled) != (0, 0, 0, 0) {
                return false;
            }
        }
        true
    }

    /// Everything the auditor looks at. Under the ids of `rivals` several orders were placed.
    pub(crate) async fn evidence(&self, rivals: &BTreeSet<String>) -> Result<Evidence, StoreError> {
        let members = self.members();
        let reader = |name| {
            let member = members.iter().find(|member| member.spot.participant == name);
            let member = member.expect("every participant is a member");
            Ok::<_, StoreError>(Arc::new(member.store.clone()) as Arc<dyn Read>)
        };
        let mut queues = Vec::new();
        for member in self.members() {
            let depth = self.bus.depth(member.spot.participant).await.ok().flatten().unwrap_or_default();
            queues.push((member.spot.participant.to_owned(), depth));
        }
        Ok(Evidence {
            witnesses: witnesses::of(reader)?,
            gateway: Box::new(self.ledger.entries()),
            queues,
            unexpected_terminal_events: observer::miscounted(&self.observer.store, rivals).await?,
            expected_dead_letters: self.refused(rivals).await,
        })
    }
}

impl Member {
    fn participant<H: Handler>(
        &self,
        topics: Vec<bus::Topic>,
        handler: H,
        caller: Arc<dyn participant::Caller<H::Call, H::Outcome>>,
    ) -> Participant<H> {
        let store = FaultyStore { inner: Arc::new(self.store.clone()), spot: self.spot.clone() };
        let bus = FaultyBus { inner: Arc::clone(&self.bus), spot: self.spot.clone() };
        let (store, bus): (Arc<dyn Store>, Arc<dyn Bus>) = (Arc::new(store), Arc::new(bus));
        Participant::new(self.spot.participant, topics, handler, caller, store, bus, Arc::clone(&self.clock))
            .with_options(self.options.clone())
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
