//! A payment gateway that behaves as its [`Fate`] says.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fmt, io};

use crate::fate::CallFate;
use crate::{Fate, FileLedger, Ledger, LedgerEntry, Operation};

/// How many finished orders (captured or voided) a gateway remembers; see [`Gateway`].
pub const FINISHED_MAX: usize = 65_536;
/// For how many orders a gateway holds reserved money at the most; beyond, it is unavailable for new ones.
pub const OPEN_MAX: usize = 1 << 20;

/// A simulated payment gateway.
///
/// - **Idempotent** by order and operation: an operation asked again gets the same answer and moves no money.
/// - **A void is final**: what was reserved is given back, and what is authorised after it is declined.
/// - **Written down first**: each movement of money stands in the [`Ledger`] before it is answered; where it
///   cannot be written it does not happen, and the gateway is unavailable.
/// - **Bounded**: finished orders beyond the last [`FINISHED_MAX`] are forgotten, but none whose last answer was lost. A request for a forgotten order
///   is treated as one for a new order, so a repetition must come before that many others have finished.
pub struct Gateway {
    fate: Fate,
    latency: Duration,
    ledger: Arc<dyn Ledger>,
    memory: Mutex<Memory>,
}

/// What the gateway says to an operation that reached it and whose answer came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayAnswer {
    /// It was done, now or before.
    Done,
    /// The customer's money cannot be had; nothing is reserved.
    Declined(&'static str),
    /// What was done to this order before does not allow the operation.
    Refused(&'static str),
}

/// No answer came: the gateway may have acted or not.
#[derive(Debug, thiserror::Error)]
#[error("the payment gateway did not answer: {reason}")]
pub struct Unavailable {
    /// What was noticed.
    pub reason: &'static str,
    /// What kept the gateway from writing its ledger, where that was it.
    #[source]
    pub source: Option<io::Error>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("fate", &self.fate)
            .field("latency", &self.latency)
            .finish_non_exhaustive()
    }
}

impl Gateway {
    /// A gateway that has seen no order yet and takes `latency` for each answer (zero: none, without yielding).
    #[must_use]
    pub fn new(fate: Fate, latency: Duration, ledger: Arc<dyn Ledger>) -> Self {
        Self { fate, latency, ledger, memory: Mutex::default() }
    }

    /// A gateway on the ledger file at `path`, made where there is none. It remembers what the file tells. Gateways of
    /// several processes of one machine may share a file: they act as one.
    ///
    /// # Errors
    /// The file cannot be opened, read or written, or is not a ledger.
    pub fn open(fate: Fate, latency: Duration, path: &Path) -> io::Result<Self> {
        let mut memory = Memory::default();
        let ledger = FileLedger::open(path, |entry| memory.apply(entry))?;
        Ok(Self { fate, latency, ledger: Arc::new(ledger), memory: Mutex::new(memory) })
    }

    /// Carries out `operation` with `amount_minor` for the order; `attempt` counts the caller's tries from 1. A void
    /// gives back whatever is reserved, whatever the amount named.
    ///
    /// # Errors
    /// [`Unavailable`]: the gateway may have acted.
    pub async fn call(
        &self,
        operation: Operation,
        order_id: &str,
        amount_minor: u64,
        attempt: u32,
    ) -> Result<GatewayAnswer, Unavailable> {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let lost = |reason| Err(Unavailable { reason, source: None });
        match self.fate.gateway_call(operation, order_id, attempt) {
            CallFate::LostRequest => lost("the request was lost"),
            CallFate::LostAnswer => {
                self.act(operation, order_id, amount_minor, false)?;
                lost("the answer was lost")
            }
            CallFate::Answered => self.act(operation, order_id, amount_minor, true),
        }
    }

    /// Decides, writes and remembers under one lock, so that calls made at the same time count as one. The write is
    /// a few microseconds into the page cache, which is cheaper than handing it to another thread.
    fn act(
        &self,
        operation: Operation,
        order_id: &str,
        amount_minor: u64,
        is_answered: bool,
    ) -> Result<GatewayAnswer, Unavailable> {
        // The memory changes only by `apply`, which cannot panic half-way.
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if is_answered {
            memory.unanswered.remove(&fingerprint(order_id));
        } else {
            memory.unanswered.insert(fingerprint(order_id));
        }
        let declines = self.fate.declines_payment(order_id);
        let mut answer = Ok(GatewayAnswer::Done);
        let mut moved = None;
        let written = self.ledger.write(&mut |others| {
            others.iter().for_each(|entry| memory.apply(entry));
            moved = match memory.decide(operation, order_id, amount_minor, declines) {
                Decision::Answer(known) => {
                    answer = Ok(known);
                    None
                }
                Decision::Full => {
                    let reason = "it holds reserved money for as many orders as it can";
                    answer = Err(Unavailable { reason, source: None });
                    None
                }
                Decision::Move(amount_minor) => {
                    Some(LedgerEntry { order_id: order_id.to_owned(), operation, amount_minor })
                }
            };
            moved.clone()
        });
        written.map_err(|error| Unavailable {
            reason: "its ledger could not be read or written",
            source: Some(error),
        })?;
        if let Some(entry) = moved {
            memory.apply(&entry);
        }
        answer
    }
}

/// What the gateway remembers, compactly: orders by a 128-bit hash of their ids.
#[derive(Debug, Default)]
struct Memory {
    orders: HashMap<u128, Money>,
    /// The finished orders, oldest first.
    finished: VecDeque<u128>,
    /// Orders whose last answer was lost: they will be asked about again, however many others finish meanwhile.
    unanswered: HashSet<u128>,
}

/// Where an order's money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Money {
    Reserved(u64),
    Taken,
    Voided,
}

enum Decision {
    /// Nothing moves.
    Answer(GatewayAnswer),
    /// This much is to be moved.
    Move(u64),
    /// There is no room for another open order.
    Full,
}

impl Memory {
    fn decide(&self, operation: Operation, order_id: &str, amount_minor: u64, declines: bool) -> Decision {
        use GatewayAnswer::{Declined, Done, Refused};
        let money = self.orders.get(&fingerprint(order_id)).copied();
        match (operation, money) {
            (Operation::Authorise, Some(Money::Voided)) => {
                Decision::Answer(Declined("the payment of this order was voided"))
            }
            (Operation::Authorise, None) if declines => Decision::Answer(Declined("insufficient funds")),
            (Operation::Authorise, None) if self.orders.len() - self.finished.len() >= OPEN_MAX => {
                Decision::Full
            }
            (Operation::Authorise, None) => Decision::Move(amount_minor),
            (Operation::Authorise, Some(Money::Reserved(reserved))) if reserved != amount_minor => {
                Decision::Answer(Refused("another amount is reserved for this order"))
            }
            (Operation::Capture, Some(Money::Reserved(reserved))) if reserved != amount_minor => {
                Decision::Answer(Refused("another amount is reserved for this order"))
            }
            (Operation::Capture, Some(Money::Reserved(reserved))) => Decision::Move(reserved),
            (Operation::Capture, None) => Decision::Answer(Refused("nothing is reserved for this order")),
            (Operation::Capture, Some(Money::Voided)) => {
                Decision::Answer(Refused("the payment of this order was voided"))
            }
            (Operation::Void, Some(Money::Taken)) => {
                Decision::Answer(Refused("the payment of this order was captured"))
            }
            (Operation::Void, Some(Money::Reserved(reserved))) => Decision::Move(reserved),
            (Operation::Void, None) => Decision::Move(0),
            (Operation::Authorise, Some(Money::Reserved(_) | Money::Taken))
            | (Operation::Capture, Some(Money::Taken))
            | (Operation::Void, Some(Money::Voided)) => Decision::Answer(Done),
        }
    }

    fn apply(&mut self, entry: &LedgerEntry) {
        let order = fingerprint(&entry.order_id);
        let money = match entry.operation {
            Operation::Authorise => Money::Reserved(entry.amount_minor),
            Operation::Capture => Money::Taken,
            Operation::Void => Money::Voided,
        };
        let before = self.orders.insert(order, money);
        // A forged ledger may finish an order twice; it still has one place in the queue.
        if matches!(money, Money::Reserved(_)) || matches!(before, Some(Money::Taken | Money::Voided)) {
            return;
        }
        self.finished.push_back(order);
        // More than the unanswered ones stand in the queue, so one that may go is found.
        while self.finished.len() > FINISHED_MAX + self.unanswered.len()
            && let Some(oldest) = self.finished.pop_front()
        {
            if self.unanswered.contains(&oldest) {
                self.finished.push_back(oldest);
            } else {
                self.orders.remove(&oldest);
            }
        }
    }
}

fn fingerprint(order_id: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128(order_id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Decide;
    use crate::{MemoryLedger, Rates};
    use Operation::{Authorise, Capture, Void};

    const NO_FAULTS: Rates =
        Rates { decline: 0.0, gateway_fault: 0.0, restaurant_decline: 0.0, restaurant_silence: 0.0 };

    fn fate(rates: Rates) -> Fate {
        Fate { seed: 7, rates }
    }

    fn gateway(rates: Rates) -> (Gateway, MemoryLedger) {
        let ledger = MemoryLedger::default();
        (Gateway::new(fate(rates), Duration::ZERO, Arc::new(ledger.clone())), ledger)
    }

    /// Asks for the operations in order and says what was answered: done, declined, refused or unavailable.
    async fn ask(gateway: &Gateway, operations: &[Operation]) -> Vec<&'static str> {
        let mut answers = Vec::new();
        for operation in operations {
            answers.push(match gateway.call(*operation, "o-1", 1900, 1).await {
                Ok(GatewayAnswer::Done) => "done",
                Ok(GatewayAnswer::Declined(_)) => "declined",
                Ok(GatewayAnswer::Refused(_)) => "refused",
                Err(_) => "unavailable",
            });
        }
        answers
    }

    fn moved(ledger: &MemoryLedger) -> Vec<(Operation, u64)> {
        ledger.entries().into_iter().map(|entry| (entry.operation, entry.amount_minor)).collect()
    }

    #[tokio::test]
    async fn an_order_whose_answer_was_lost_is_remembered_until_it_is_asked_about_again() {
        let (lossy, ledger) = gateway(Rates { gateway_fault: 0.5, ..NO_FAULTS });
        let is_lost = |id: &str| {
            let calls = [(Authorise, 1), (Capture, 1), (Capture, 2)];
            let fates = calls.map(|(operation, attempt)| lossy.fate.gateway_call(operation, id, attempt));
            fates == [CallFate::Answered, CallFate::LostAnswer, CallFate::Answered]
        };
        let unlucky = (0..).map(|n| format!("u-{n}")).find(|id| is_lost(id)).unwrap();
        assert!(lossy.call(Authorise, &unlucky, 1900, 1).await.is_ok());
        assert!(lossy.call(Capture, &unlucky, 1900, 1).await.is_err());
        for n in 0..2 * FINISHED_MAX {
            let _ = lossy.act(Void, &format!("o-{n}"), 0, true);
        }
        assert_eq!(lossy.call(Capture, &unlucky, 1900, 2).await.unwrap(), GatewayAnswer::Done);
        let captures = ledger.entries().into_iter().filter(|entry| entry.operation == Capture).count();
        assert_eq!(captures, 1);
    }

    #[tokio::test]
    async fn every_sequence_moves_the_money_at_most_once() {
        type Case = (&'static [Operation], &'static [&'static str], &'static [(Operation, u64)]);
        #[rustfmt::skip]
        let cases: &[Case] = &[
            (&[Authorise, Authorise], &["done", "done"], &[(Authorise, 1900)]),
            (&[Authorise, Capture, Capture], &["done", "done", "done"], &[(Authorise, 1900), (Capture, 1900)]),
            (&[Authorise, Void, Void], &["done", "done", "done"], &[(Authorise, 1900), (Void, 1900)]),
            (&[Authorise, Void, Capture], &["done", "done", "refused"], &[(Authorise, 1900), (Void, 1900)]),
            (&[Authorise, Capture, Void], &["done", "done", "refused"], &[(Authorise, 1900), (Capture, 1900)]),
            (&[Authorise, Capture, Authorise], &["done", "done", "done"], &[(Authorise, 1900), (Capture, 1900)]),
            (&[Void, Authorise, Capture], &["done", "declined", "refused"], &[(Void, 0)]),
            (&[Capture], &["refused"], &[]),
        ];
        for (operations, answers, movements) in cases {
            let (gateway, ledger) = gateway(NO_FAULTS);
            assert_eq!(ask(&gateway, operations).await, *answers, "{operations:?}");
            assert_eq!(moved(&ledger), *movements, "{operations:?}");
        }
    }

    #[tokio::test]
    async fn a_declined_payment_moves_nothing() {
        let (gateway, ledger) = gateway(Rates { decline: 1.0, ..NO_FAULTS });
        assert_eq!(ask(&gateway, &[Authorise, Authorise]).await, ["declined", "declined"]);
        assert_eq!(moved(&ledger), []);
    }

    #[tokio::test]
    async fn a_capture_of_another_amount_is_refused() {
        let (gateway, ledger) = gateway(NO_FAULTS);
        gateway.call(Authorise, "o-1", 1900, 1).await.unwrap();
        let answer = gateway.call(Capture, "o-1", 2000, 1).await.unwrap();
        assert!(matches!(answer, GatewayAnswer::Refused(_)));
        assert_eq!(moved(&ledger), [(Authorise, 1900)]);
    }

    #[tokio::test]
    async fn with_faults_it_acts_in_half_of_the_calls_that_get_no_answer() {
        let (gateway, ledger) = gateway(Rates { gateway_fault: 1.0, ..NO_FAULTS });
        for n in 0..1000 {
            assert!(gateway.call(Authorise, &format!("o-{n}"), 1, 1).await.is_err());
        }
        let acted = ledger.entries().len();
        assert!((400..600).contains(&acted), "{acted} of 1000");
    }

    #[tokio::test]
    async fn what_cannot_be_written_does_not_happen() {
        struct Full(Mutex<bool>, MemoryLedger);
        impl Ledger for Full {
            fn write(&self, decide: Decide<'_>) -> io::Result<()> {
                if !*self.0.lock().unwrap() {
                    return self.1.write(decide);
                }
                decide(Vec::new()).map_or(Ok(()), |_| Err(io::ErrorKind::StorageFull.into()))
            }
        }
        let full = Arc::new(Full(Mutex::new(true), MemoryLedger::default()));
        let gateway = Gateway::new(fate(NO_FAULTS), Duration::ZERO, Arc::<Full>::clone(&full));
        assert_eq!(ask(&gateway, &[Authorise, Capture]).await, ["unavailable", "refused"]);
        *full.0.lock().unwrap() = false;
        assert_eq!(ask(&gateway, &[Authorise]).await, ["done"]);
        assert_eq!(full.1.entries().len(), 1);
    }

    #[tokio::test]
    async fn it_remembers_its_ledger_when_it_is_started_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let start = || Gateway::open(fate(NO_FAULTS), Duration::ZERO, &path).unwrap();
        assert_eq!(ask(&start(), &[Authorise]).await, ["done"]);
        assert_eq!(ask(&start(), &[Authorise, Capture]).await, ["done", "done"]);
        assert_eq!(ask(&start(), &[Capture, Void]).await, ["done", "refused"]);
        assert_eq!(FileLedger::read(&path).unwrap().count(), 2);
    }

    #[test]
    fn gateways_on_one_file_act_as_one() {
        const ORDERS: usize = 300;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        std::thread::scope(|scope| {
            for offset in 0..3 {
                let gateway = Gateway::open(fate(NO_FAULTS), Duration::ZERO, &path).unwrap();
                scope.spawn(move || {
                    for n in 0..ORDERS {
                        let id = format!("o-{}", (n + offset * ORDERS / 3) % ORDERS);
                        let second = if id.ends_with('7') { Void } else { Capture };
                        for operation in [Authorise, second] {
                            let answer = gateway.act(operation, &id, 1900, true).unwrap();
                            // Another one may have voided it before this one came to authorise it.
                            let late = second == Void && matches!(answer, GatewayAnswer::Declined(_));
                            assert!(answer == GatewayAnswer::Done || late, "{operation:?} {id}: {answer:?}");
                        }
                    }
                });
            }
        });
        let mut counts = std::collections::BTreeMap::new();
        for entry in FileLedger::read(&path).unwrap() {
            let entry = entry.unwrap();
            *counts.entry((entry.order_id, entry.operation)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 2 * ORDERS);
        assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    }

    #[test]
    fn it_forgets_the_oldest_finished_orders_and_no_open_one() {
        let mut memory = Memory::default();
        let entry =
            |operation, order_id: &str| LedgerEntry { order_id: order_id.into(), operation, amount_minor: 1 };
        memory.apply(&entry(Authorise, "open"));
        for n in 0..=FINISHED_MAX {
            memory.apply(&entry(Authorise, &n.to_string()));
            memory.apply(&entry(Void, &n.to_string()));
        }
        assert_eq!(memory.orders.len(), FINISHED_MAX + 1);
        assert_eq!(memory.orders.get(&fingerprint("0")), None);
        assert_eq!(memory.orders.get(&fingerprint("1")), Some(&Money::Voided));
        assert_eq!(memory.orders.get(&fingerprint("open")), Some(&Money::Reserved(1)));
    }
}
