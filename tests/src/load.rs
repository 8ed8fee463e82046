//! Customers who order, and an observer who sees their orders end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auditor::SentOrder;
use bus::{Bus, Origin, Outcome, Publisher, Settlement, Subscription};
use contract::envelope::REPLAYED;
use contract::{Envelope, Event, Order, Style, TerminalState, topics};
use participant::{Clock as _, SystemClock};
use tokio::task::JoinHandle;
use workload::generate::Generator;

use crate::system::Addresses;
pub use crate::system::OBSERVER;
use crate::{LOOK_EVERY, http};

/// Share of orders that cannot be taken.
const INVALID_RATE: f64 = 0.03;
/// Orders published in one call.
const BATCH: usize = 10;
/// Orders that have not ended, at the most: more are not sent before some have.
const IN_FLIGHT_MAX: usize = 250;
/// A pause where the bus or the service asks for one.
const PAUSE: Duration = Duration::from_millis(10);

/// What became of the orders so far. Clones see the same.
#[derive(Clone, Default)]
pub struct Book(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    sent: Vec<SentOrder>,
    /// How each order ended, and the id of the message that said so.
    ended: BTreeMap<String, (String, TerminalState)>,
    unexpected: Vec<(String, String)>,
}

impl Book {
    /// An order is about to be sent. Before it is: its end may be seen before the sender hears that it is.
    ///
    /// # Panics
    /// Another user of the book has panicked.
    pub fn sending(&self, order: &Order, style: Style) {
        self.0.lock().unwrap().sent.push(SentOrder::new(order, style));
    }

    fn ended(&self, order_id: String, message_id: String, state: TerminalState, replayed: bool) {
        let mut entries = self.0.lock().unwrap();
        // Said again: the same end, unless it is another.
        if replayed && entries.ended.get(&order_id).is_some_and(|(_, known)| *known == state) {
            return;
        }
        let first = entries.ended.entry(order_id.clone()).or_insert_with(|| (message_id.clone(), state));
        // The same message may come again; another one may not.
        if first.0 != message_id {
            let what = format!("{message_id} ({state}) after {} ({})", first.0, first.1);
            entries.unexpected.push((order_id, what));
        }
    }

    /// Every order sent.
    #[must_use]
    pub fn sent(&self) -> Vec<SentOrder> {
        self.0.lock().unwrap().sent.clone()
    }

    /// How many orders were sent.
    #[must_use]
    pub fn sent_count(&self) -> usize {
        self.0.lock().unwrap().sent.len()
    }

    /// How many orders have ended.
    #[must_use]
    pub fn ended_count(&self) -> usize {
        self.0.lock().unwrap().ended.len()
    }

    /// How an order ended, if it has.
    ///
    /// # Panics
    /// Another user of the book has panicked.
    #[must_use]
    pub fn end_of(&self, order_id: &str) -> Option<TerminalState> {
        self.0.lock().unwrap().ended.get(order_id).map(|(_, state)| *state)
    }

    /// Orders that ended twice: their id and what was seen.
    #[must_use]
    pub fn unexpected(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().unexpected.clone()
    }

    /// Whether all orders have ended; if not, how many have not and which, for example.
    ///
    /// # Errors
    /// Some have not.
    pub fn all_ended(&self) -> Result<(), String> {
        const SHOWN: usize = 10;
        let entries = self.0.lock().unwrap();
        let open = entries.sent.iter().map(|order| &order.order_id);
        let open: Vec<_> = open.filter(|id| !entries.ended.contains_key(*id)).collect();
        let some = &open[..open.len().min(SHOWN)];
        if open.is_empty() { Ok(()) } else { Err(format!("{} open orders, e.g. {some:?}", open.len())) }
    }

    /// Waits until there are fewer orders in flight than there may be.
    async fn room(&self) {
        while self.sent_count() >= self.ended_count() + IN_FLIGHT_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Sees orders end, for as long as it is not dropped.
pub struct Observer(JoinHandle<()>);

impl Observer {
    /// Subscribes to the terminal events of both styles and keeps the book of them.
    ///
    /// # Panics
    /// The bus refuses.
    pub async fn start(bus: &dyn Bus, book: Book) -> Self {
        let topics = Style::ALL.map(topics::closed).to_vec();
        let subscription = Subscription { group: OBSERVER.to_owned(), topics, unsettled_max: 512 };
        let consumer = bus.subscribe(&subscription).await.unwrap();
        Self(tokio::spawn(async move {
            loop {
                let deliveries = match consumer.receive(128).await {
                    Ok(deliveries) => deliveries,
                    Err(error) => {
                        assert!(error.is_retryable(), "{error}");
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                };
                let mut settlements = Vec::new();
                for delivery in deliveries {
                    let message = &delivery.message;
                    let Ok(Event::OrderClosed { status, .. }) = Event::decode(message) else {
                        panic!("not a terminal event: {message:?}");
                    };
                    let replayed = message.headers.get(REPLAYED).is_some();
                    book.ended(message.key.clone(), message.id.clone(), status, replayed);
                    settlements.push(Settlement { token: delivery.token, outcome: Outcome::Done });
                }
                // What cannot be settled comes again.
                if let Err(error) = consumer.settle(settlements).await {
                    assert!(error.is_retryable(), "{error}");
                }
            }
        }))
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Orders come in until `stop` is set, `count_min` were sent, or `count_max` were.
#[derive(Clone)]
pub struct Until {
    /// Which orders: none that another sender of the same system sends.
    pub seed: u64,
    /// No more than needed.
    pub stop: Arc<AtomicBool>,
    /// Orders sent at the least.
    pub count_min: u64,
    /// Orders sent at the most.
    pub count_max: u64,
}

impl Until {
    fn goes_on(&self, sent: u64) -> bool {
        sent < self.count_min || (sent < self.count_max && !self.stop.load(Ordering::Relaxed))
    }
}

fn style_of(n: u64) -> Style {
    Style::ALL[usize::try_from(n % 2).unwrap()]
}

/// Sends orders over the bus, the styles taking turns, as fast as they end.
///
/// # Panics
/// The bus refuses for good.
pub async fn send_over_bus(bus: &dyn Bus, book: Book, until: Until) {
    let publisher = bus.publisher(Origin::Edge).await.unwrap();
    let (generator, mut n) = (Generator::new(until.seed, INVALID_RATE), 0);
    while until.goes_on(n) {
        book.room().await;
        let batch: Vec<_> = (n..).take(BATCH).map(|n| (generator.order(n), style_of(n))).collect();
        n += BATCH as u64;
        let now = SystemClock.now();
        let placed = |(order, style): &(Order, Style)| {
            book.sending(order, *style);
            contract::envelope::placed(order, &Envelope::new(*style), "test", now)
        };
        publish(&*publisher, &batch.iter().map(placed).collect::<Vec<_>>()).await;
    }
}

/// Publishes, again and again where the bus has no room or is not there: with the same ids, what was taken counts once.
async fn publish(publisher: &dyn Publisher, messages: &[bus::Message]) {
    while let Err(error) = publisher.publish(messages).await {
        assert!(error.is_retryable(), "{error}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Places orders at order-history over HTTP, one after another, each again and again until it is taken: the service may
/// be dead, or die while it answers.
///
/// # Panics
/// An order is refused.
pub async fn send_over_http(addresses: Addresses, book: Book, until: Until) {
    let (generator, mut n) = (Generator::new(until.seed, INVALID_RATE), 0);
    while until.goes_on(n) {
        book.room().await;
        let (order, style) = (generator.order(n), style_of(n));
        n += 1;
        book.sending(&order, style);
        let (path, json) = (format!("/orders?style={style}"), serde_json::to_string(&order).unwrap());
        loop {
            let address = addresses.lock().unwrap()[order_history::NAME];
            match http::post(address, &path, &json).await {
                Ok((200 | 202, _)) => break,
                // Behind, or cut off: with the same id it is taken only once.
                Ok((503, _)) | Err(_) => tokio::time::sleep(PAUSE).await,
                Ok((status, answer)) => panic!("{}: {status} {answer}", order.order_id),
            }
        }
    }
}
