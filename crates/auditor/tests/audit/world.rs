//! A small world in which everything is as it has to be, for tests to spoil.

use std::collections::BTreeMap;
use std::sync::Arc;

use auditor::states::history::{self, OrderRecord};
use auditor::states::notices::{Answer, Notice, OrderNotices, RestaurantNotice, What};
use auditor::states::progress::{self, OrderProgress, Payment, Progress};
use auditor::states::{LedgerEntry, Operation};
use auditor::{Evidence, ExecutionView, Executions, SentOrder, Witnesses};
use bytes::Bytes;
use contract::command::Milestone;
use contract::{Order, Style, TerminalState};
use serde::Serialize;
use store::memory::MemoryStore;
use store::{Commit, EntityWrite, Read, Store};

/// A way an order can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    Delivered,
    /// Delivered after a lost try of each gateway call.
    Retried,
    Rejected,
    PaymentDeclined,
    GivenUp,
    RestaurantDeclined,
    /// The restaurant's answer came too late.
    TimedOut,
}

impl Path {
    pub(crate) const ALL: [(Self, &str); 7] = [
        (Self::Delivered, "delivered"),
        (Self::Retried, "retried"),
        (Self::Rejected, "rejected"),
        (Self::PaymentDeclined, "payment-declined"),
        (Self::GivenUp, "given-up"),
        (Self::RestaurantDeclined, "restaurant-declined"),
        (Self::TimedOut, "timed-out"),
    ];

    fn outcome(self) -> TerminalState {
        match self {
            Self::Delivered | Self::Retried => TerminalState::Delivered,
            Self::Rejected => TerminalState::Rejected,
            _ => TerminalState::Cancelled,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    History,
    Status,
    Notifications,
    Orchestrator,
}

/// What everybody stored. Orders are called by style and path: `c-delivered`, `o-timed-out`.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) sent: Vec<SentOrder>,
    pub(crate) histories: BTreeMap<String, OrderRecord>,
    pub(crate) progresses: BTreeMap<String, OrderProgress>,
    pub(crate) notices: BTreeMap<String, OrderNotices>,
    pub(crate) executions: BTreeMap<String, ExecutionView>,
    pub(crate) ledger: Vec<LedgerEntry>,
    pub(crate) queues: Vec<(String, bus::Depth)>,
    pub(crate) observed: Vec<(String, String)>,
    pub(crate) expected_dead_letters: u64,
    /// Entities whose state is overwritten with something unreadable.
    pub(crate) corrupt: Vec<(Service, String)>,
    /// Entities with a timer set.
    pub(crate) timers: Vec<(Service, String)>,
    /// Services with an outbox row left.
    pub(crate) outboxes: Vec<Service>,
}

pub(crate) const TOTAL_MINOR: u64 = 1900;

impl World {
    /// One order of each path in each style.
    pub(crate) fn sound() -> Self {
        let mut world = Self::default();
        for (style, prefix) in [(Style::Choreography, 'c'), (Style::Orchestration, 'o')] {
            for (path, name) in Path::ALL {
                world.add(&format!("{prefix}-{name}"), style, path);
            }
        }
        world.queues = vec![("order-history".into(), bus::Depth::default())];
        world
    }

    /// An order that went its way without a fault.
    pub(crate) fn add(&mut self, id: &str, style: Style, path: Path) {
        let order = order(id, path != Path::Rejected);
        self.sent.push(SentOrder::new(&order, style));
        self.histories.insert(id.into(), record(order, style, path.outcome()));
        if path != Path::Rejected {
            self.progresses.insert(id.into(), progress(style, path));
        }
        self.notices.insert(id.into(), notices(id, style, path));
        for operation in movements(path) {
            self.ledger.push(entry(id, *operation, TOTAL_MINOR));
        }
        if path == Path::GivenUp {
            // The voidance of what was never reserved moves nothing.
            self.ledger.push(entry(id, Operation::Void, 0));
        }
        if style == Style::Orchestration {
            let succeeded = path.outcome() == TerminalState::Delivered;
            self.executions.insert(id.into(), ExecutionView { finished: true, succeeded, refused: false });
        }
    }

    pub(crate) fn sent_mut(&mut self, id: &str) -> &mut SentOrder {
        self.sent.iter_mut().find(|sent| sent.order_id == id).unwrap()
    }

    pub(crate) fn history_mut(&mut self, id: &str) -> &mut OrderRecord {
        self.histories.get_mut(id).unwrap()
    }

    pub(crate) fn progress_mut(&mut self, id: &str) -> &mut OrderProgress {
        self.progresses.get_mut(id).unwrap()
    }

    pub(crate) fn notices_mut(&mut self, id: &str) -> &mut OrderNotices {
        self.notices.get_mut(id).unwrap()
    }

    /// The gateway moves money once more.
    pub(crate) fn pay(&mut self, id: &str, operation: Operation, amount_minor: u64) {
        self.ledger.push(entry(id, operation, amount_minor));
    }

    /// The gateway never moved this money.
    pub(crate) fn unpay(&mut self, id: &str, operation: Operation) {
        self.ledger.retain(|entry| entry.order_id != id || entry.operation != operation);
    }

    /// Somebody is told once more.
    pub(crate) fn tell(&mut self, id: &str, what: What) {
        self.notices_mut(id).notices.push(notice(what));
    }

    /// Somebody was never told.
    pub(crate) fn untell(&mut self, id: &str, what: What) {
        self.notices_mut(id).notices.retain(|notice| notice.what != what);
    }

    /// Writes it all down where the auditor looks, in memory.
    pub(crate) async fn evidence(&self) -> Evidence {
        self.evidence_in(|_| Arc::new(MemoryStore::new())).await
    }

    /// Writes it all down in the stores that `open` makes.
    pub(crate) async fn evidence_in<S: Store>(&self, open: impl Fn(Service) -> Arc<S>) -> Evidence {
        let executions = self.executions.iter().map(view_state).collect();
        let ledger = self.ledger.clone();
        Evidence {
            witnesses: Witnesses {
                order_history: self.write(Service::History, &self.histories, &open).await,
                order_status: self.write(Service::Status, &self.progresses, &open).await,
                notifications: self.write(Service::Notifications, &self.notices, &open).await,
                orchestrator: Some(Executions {
                    store: self.write(Service::Orchestrator, &executions, &open).await,
                    view: Box::new(read_view),
                }),
            },
            gateway: Box::new(ledger),
            queues: self.queues.clone(),
            unexpected_terminal_events: self.observed.clone(),
            expected_dead_letters: self.expected_dead_letters,
        }
    }

    async fn write<T: Serialize, S: Store>(
        &self,
        service: Service,
        states: &BTreeMap<String, T>,
        open: impl Fn(Service) -> Arc<S>,
    ) -> Arc<dyn Read> {
        let is =
            |marked: &[(Service, String)], key: &str| marked.iter().any(|(s, k)| *s == service && k == key);
        let mut commit = Commit::default();
        for (key, state) in states {
            let state =
                if is(&self.corrupt, key) { b"{\"!".to_vec() } else { serde_json::to_vec(state).unwrap() };
            commit.entities.push(EntityWrite {
                key: key.clone(),
                state: Bytes::from(state),
                next_due: is(&self.timers, key).then_some(1_700_000_000_000),
                ..EntityWrite::default()
            });
        }
        if self.outboxes.contains(&service) {
            commit.outbox_add.push(Bytes::from_static(b"messages"));
        }
        let store = open(service);
        store.commit(&commit).await.unwrap();
        store
    }
}

/// What the orchestrator of this world stores: whether it finished, and whether it succeeded.
fn view_state((key, view): (&String, &ExecutionView)) -> (String, Option<[bool; 3]>) {
    (key.clone(), Some([view.finished, view.succeeded, view.refused]))
}

fn read_view(_key: &str, entity: &store::Entity) -> Result<Option<ExecutionView>, String> {
    let state: Option<[bool; 3]> =
        serde_json::from_slice(&entity.state).map_err(|error| error.to_string())?;
    Ok(state.map(|[finished, succeeded, refused]| ExecutionView { finished, succeeded, refused }))
}

pub(crate) fn order(id: &str, valid: bool) -> Order {
    let mut order = Order { customer_id: format!("customer-of-{id}"), ..Order::sample(id) };
    order.items[0].quantity = if valid { 2 } else { 3 };
    order
}

fn record(order: Order, style: Style, outcome: TerminalState) -> OrderRecord {
    use history::Change::{Cancelled, Delivered, Recorded, Rejected};
    let changes: &[_] = match outcome {
        TerminalState::Delivered => &[Recorded, Delivered],
        TerminalState::Rejected => &[Rejected],
        TerminalState::Cancelled => &[Recorded, Cancelled],
    };
    let timeline = changes.iter().map(|what| history::Entry { at: 0, what: *what }).collect();
    OrderRecord { order, style, status: Some(outcome), reason: None, timeline }
}

fn progress(style: Style, path: Path) -> OrderProgress {
    use progress::Change::{
        Cancelled, Delivered, GatewayUnavailable, OutForDelivery, PaymentAuthorised, PaymentCaptured,
        PaymentDeclined, PaymentVoided, Preparing,
    };
    let (payment, changes): (_, &[_]) = match path {
        Path::Delivered | Path::Rejected => {
            (Payment::Captured, &[PaymentAuthorised, PaymentCaptured, Preparing, OutForDelivery, Delivered])
        }
        Path::Retried => (
            Payment::Captured,
            &[
                GatewayUnavailable,
                PaymentAuthorised,
                GatewayUnavailable,
                PaymentCaptured,
                Preparing,
                OutForDelivery,
                Delivered,
            ],
        ),
        Path::PaymentDeclined => (Payment::Declined, &[PaymentDeclined, Cancelled]),
        Path::GivenUp => {
            (Payment::Voided, &[GatewayUnavailable, GatewayUnavailable, PaymentVoided, Cancelled])
        }
        Path::RestaurantDeclined | Path::TimedOut => {
            (Payment::Voided, &[PaymentAuthorised, PaymentVoided, Cancelled])
        }
    };
    let delivered = path.outcome() == TerminalState::Delivered;
    OrderProgress {
        style,
        amount_minor: TOTAL_MINOR,
        currency: "EUR".into(),
        payment,
        progress: if delivered { Progress::Delivered } else { Progress::Cancelled },
        attempts: 0,
        timeline: changes.iter().map(|what| progress::Entry { at: 0, what: *what }).collect(),
        order: None,
        reason: None,
        waiting_task: None,
        traceparent: None,
    }
}

fn notices(id: &str, style: Style, path: Path) -> OrderNotices {
    use Milestone::{Cancelled, Confirmed, Delivered, OutForDelivery, Rejected};
    const ASKED: What = What::Restaurant(RestaurantNotice::NewOrder);
    const CALLED_OFF: What = What::Restaurant(RestaurantNotice::OrderCancelled);
    let (answer, told) = match path {
        Path::Delivered | Path::Retried => (
            Answer::Accepted,
            vec![ASKED, What::Customer(Confirmed), What::Customer(OutForDelivery), What::Customer(Delivered)],
        ),
        Path::Rejected => (Answer::NotAsked, vec![What::Customer(Rejected)]),
        Path::PaymentDeclined | Path::GivenUp => (Answer::NotAsked, vec![What::Customer(Cancelled)]),
        Path::RestaurantDeclined => (Answer::Declined, vec![ASKED, What::Customer(Cancelled)]),
        Path::TimedOut => (Answer::TimedOut, vec![ASKED, CALLED_OFF, What::Customer(Cancelled)]),
    };
    OrderNotices {
        style,
        customer_id: format!("customer-of-{id}"),
        restaurant_id: (answer != Answer::NotAsked).then(|| "r-1".to_owned()),
        answer,
        notices: told.into_iter().map(notice).collect(),
        waiting_task: None,
        traceparent: None,
        late_answer: (path == Path::TimedOut).then_some(Answer::Accepted),
    }
}

fn movements(path: Path) -> &'static [Operation] {
    match path {
        Path::Delivered | Path::Retried => &[Operation::Authorise, Operation::Capture],
        Path::RestaurantDeclined | Path::TimedOut => &[Operation::Authorise, Operation::Void],
        Path::Rejected | Path::PaymentDeclined | Path::GivenUp => &[],
    }
}

fn notice(what: What) -> Notice {
    Notice { at: 0, what, reason: None }
}

fn entry(id: &str, operation: Operation, amount_minor: u64) -> LedgerEntry {
    LedgerEntry { order_id: id.into(), operation, amount_minor }
}
