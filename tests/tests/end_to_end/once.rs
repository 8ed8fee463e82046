//! An order is accepted once in the system: pairs of orders of one id, placed at the same moment at two instances of order-history
//! on PostgreSQL and on the bus, in different styles or with different contents.

use std::net::SocketAddr;

use bus::{DeadLetter, Origin};
use contract::groups::PARTICIPANTS;
use contract::{Envelope, Order, Style};
use participant::inspect;
use testbed::POSTGRES;
use tests::audit::audit;
use tests::load::{Book, OBSERVER, Observer};
use tests::process::Process;
use tests::stores::StoreKind;
use tests::system::{Setup, System};
use tests::{http, until};
use workload::generate::Generator;

/// Of each kind: in different styles, and with different contents.
const PAIRS: u64 = 40;
/// Of these, and of the orders' contents.
const SEED: u64 = 9;
/// More dead letters than there can be.
const LETTERS_MAX: usize = 1_000;

/// What is placed under one id.
type Pair = [(Order, Style); 2];

fn pairs(from: u64) -> Vec<Pair> {
    let orders = Generator::new(SEED, 0.0);
    let pair = |n: u64| {
        let (order, style) = (orders.order(n), Style::ALL[usize::try_from(n / 2 % 2).unwrap()]);
        if n.is_multiple_of(2) {
            return [(order.clone(), Style::Choreography), (order, Style::Orchestration)];
        }
        let other = Order { customer_id: format!("{}-other", order.customer_id), ..order.clone() };
        [(order, style), (other, style)]
    };
    (from..from + 2 * PAIRS).map(pair).collect()
}

async fn post(address: SocketAddr, (order, style): &(Order, Style)) -> u16 {
    let json = serde_json::to_string(order).unwrap();
    http::post(address, &format!("/orders?style={style}"), &json).await.unwrap().0
}

async fn dead_letters(system: &System) -> Vec<DeadLetter> {
    let mut all = Vec::new();
    for group in PARTICIPANTS {
        all.extend(system.bus().dead_letters(group, LETTERS_MAX).await.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_accepted_once_wherever_and_however_it_is_placed() {
    let Some(url) = POSTGRES.for_test() else { return };
    let system = System::start(Setup { store: StoreKind::Postgres(url), ..Setup::default() }).await;
    let second = system.another(order_history::NAME, "order-history-2").await;
    until("the second instance to be ready", async || second.ready().await).await;
    let instances = [system.participant(order_history::NAME).address(), second.address()];
    let book = Book::default();
    let observer = Observer::start(&**system.bus(), book.clone()).await;

    let over_http = pairs(0);
    for (n, pair) in over_http.iter().enumerate() {
        pair.iter().for_each(|(order, style)| book.sending(order, *style));
        // At the same moment, each instance first as often as the other.
        let (one, two) =
            tokio::join!(post(instances[n % 2], &pair[0]), post(instances[(n + 1) % 2], &pair[1]));
        let mut answers = [one, two];
        answers.sort_unstable();
        assert_eq!(answers, [202, 409], "{:?}", pair[0]);
    }
    let over_bus = pairs(1_000);
    let edge = || system.bus().publisher(Origin::Edge);
    let publishers = [edge().await.unwrap(), edge().await.unwrap()];
    for pair in &over_bus {
        pair.iter().for_each(|(order, style)| book.sending(order, *style));
        let message = |(order, style): &(Order, Style)| {
            [contract::envelope::placed(order, &Envelope::new(*style), "test", 0)]
        };
        let (one, two) = (message(&pair[0]), message(&pair[1]));
        tokio::try_join!(publishers[0].publish(&one), publishers[1].publish(&two)).unwrap();
    }
    system.until("every order to end", async || book.all_ended()).await;
    system.until("the system to be at rest", async || system.at_rest().await).await;

    // What lost on the bus says so: as a dead letter, or as an execution that was refused.
    let letters = dead_letters(&system).await;
    let mut refused = 0;
    let (history, executions) =
        (system.stores().reader(order_history::NAME), system.stores().reader(order_flow::NAME));
    for [(order, style), (_, other)] in over_http.iter().chain(&over_bus) {
        let id = &order.order_id;
        let record: order_history::OrderRecord =
            inspect::state(&history.get(id).await.unwrap().unwrap()).unwrap().unwrap();
        let execution = executions.get(id).await.unwrap();
        let standing = execution.and_then(|execution| order_flow::stored::standing(id, &execution).unwrap());
        let was_refused = standing.is_some_and(|standing| standing.refused);
        assert_eq!(
            standing.is_some_and(|standing| !standing.refused),
            record.style == Style::Orchestration,
            "{id} is in one style"
        );
        let dead: Vec<_> = letters.iter().filter(|letter| letter.message.key == *id).collect();
        let is_over_bus = over_bus.iter().any(|pair| pair[0].0.order_id == *id);
        let losers = dead.len() + usize::from(was_refused);
        assert_eq!(losers, usize::from(is_over_bus), "{id}: {dead:?}, execution refused: {was_refused}");
        if style != other {
            let reason = "the order is processed in the orchestration";
            assert!(dead.iter().all(|letter| letter.reason.contains(reason)), "{dead:?}");
        } else {
            assert!(dead.iter().all(|letter| letter.reason.contains("another order")), "{dead:?}");
        }
        refused += u64::from(was_refused);
    }
    println!(
        "{} pairs on the bus: {} dead letters, {refused} executions refused",
        over_bus.len(),
        letters.len()
    );

    let mut queues = system.queues().await;
    queues.push((OBSERVER.to_owned(), system.bus().depth(OBSERVER).await.unwrap().unwrap_or_default()));
    let verdict = audit(system.stores(), queues, &book, letters.len() as u64).await;
    let logs: Vec<_> = system.participants().map(Process::log).collect();
    assert!(verdict.is_clean(), "{verdict}\n{}", logs.join("\n"));
    assert_eq!(verdict.styles.values().map(|summary| summary.accepted).sum::<u64>(), 4 * PAIRS, "{verdict}");

    drop(observer);
    assert_eq!(second.end(rustix::process::Signal::TERM).await, Some(0));
    let (stores, codes) = system.stop().await;
    assert!(codes.iter().all(|(_, code)| *code == Some(0)), "{codes:?}");
    for name in PARTICIPANTS {
        stores.remove(name).await;
    }
}
