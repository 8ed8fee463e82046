//! Executions as they were stored by earlier versions: each goes on today, and comes to the same end as one that begins today.
//!
//! `layout-N/` holds what the participant stored at some points of the order flow, for each layout that there was: the entity's
//! state, its journal, and the definition that they ran on; `layout-N-rules-M/` what begins by rules M. A layout that is not today's is never
//! written again. Today's is made anew and compared; where the change is meant:
//!
//! ```sh
//! DUET_WRITE_SNAPSHOTS=1 cargo test -p order-flow --test snapshots
//! ```
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bus::Message;
use contract::command::errors;
use contract::{Encoded, Envelope, Item, Order, Reply, Style};
use order_flow::{Conductor, Durations, OrderExecution};
use participant::{Effects, Handler, Input};
use registry::Definitions;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The layout that this program writes.
const TODAY: &str = "layout-3-rules-2";
/// When the first input comes; each further one ten seconds after the one before.
const BEGINS_MS: i64 = 1_700_000_000_000;
const STEP_MS: i64 = 10_000;

/// Something that an execution is told.
#[derive(Clone, Copy)]
enum Told {
    Placed,
    /// Another order under the same id.
    Rival,
    /// The answer to the n-th of the tasks that it waits for.
    Done(usize),
    Failed(&'static str),
    /// The earliest of its timers is due.
    Timer,
}

/// An order's way, and the points on it at which it was stored: a name, and after how many inputs.
struct Way {
    told: &'static [Told],
    stored: &'static [(&'static str, usize)],
}

const WAYS: [Way; 3] = [
    Way {
        told: &[
            Told::Placed,
            Told::Done(0),
            Told::Done(0),
            Told::Done(0),
            Told::Done(0),
            Told::Timer,
            Told::Timer,
            Told::Timer,
            Told::Done(0),
            Told::Done(0),
        ],
        stored: &[
            ("task", 2),
            ("restaurant-timer", 3),
            ("one-branch-done-at-once", 4),
            ("wait", 5),
            ("delivered", 10),
        ],
    },
    Way {
        told: &[
            Told::Placed,
            Told::Done(0),
            Told::Failed("PaymentUnavailable"),
            Told::Timer,
            Told::Done(0),
            Told::Timer,
            Told::Done(1),
            Told::Done(0),
            Told::Done(0),
        ],
        stored: &[("back-off", 3), ("both-branches", 6), ("one-branch-done", 7), ("cancelled", 9)],
    },
    Way {
        told: &[Told::Placed, Told::Rival, Told::Failed(errors::DUPLICATE_ORDER), Told::Done(0)],
        stored: &[("rival", 2), ("took-the-place-of-another", 4)],
    },
];

/// What a participant's store has of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stored {
    run: Value,
    journal: Vec<Value>,
}

/// What it asked for on the way: headers and bodies of its messages, and its timers.
type Asked = Vec<String>;

/// The order that stands in every snapshot, as a hash of it does.
fn order(customer: &str) -> Order {
    let items = vec![Item { name: "pho".into(), quantity: 2, unit_price_minor: 950 }];
    Order { customer_id: customer.into(), items, ..Order::sample("o-1") }
}

fn placed(customer: &str) -> Message {
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traceparent = Some(traceparent.to_owned());
    let envelope = Envelope { traceparent, ..Envelope::new(Style::Orchestration) };
    contract::envelope::placed(&order(customer), &envelope, "duet/test", BEGINS_MS)
}

fn answers(state: &OrderExecution, which: usize, reply: &Reply) -> Message {
    let task = state.execution.pending_tasks()[which].0.to_string();
    let envelope = Envelope { correlation: Some(task), ..Envelope::new(Style::Orchestration) };
    let Encoded { topic, headers, body } = reply.encode(&envelope, "duet/test", 0);
    Message { id: "reply".into(), topic, key: "o-1".into(), headers, body }
}

fn folder(layout: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(layout)
}

/// The conductor of a program that has the definition of that layout.
fn conductor(layout: &str) -> Conductor {
    let text = std::fs::read_to_string(folder(layout).join("definition.asl.json")).unwrap();
    let definitions = Definitions::load(&text).unwrap();
    let durations = Durations { restaurant_timeout_s: 2, preparation_s: 3, dispatch_s: 4, delivery_s: 5 };
    Conductor::new(Arc::new(definitions), durations)
}

/// Tells an execution those of a way's inputs that come from there on, up to there.
fn go_on(conductor: &Conductor, way: &Way, stored: &mut Stored, from: usize, to: usize) -> Asked {
    let mut state: Option<OrderExecution> = serde_json::from_value(stored.run.clone()).unwrap();
    let mut asked = Asked::new();
    for (index, told) in way.told.iter().enumerate().take(to).skip(from) {
        let mut effects = Effects::new("o-1", BEGINS_MS + STEP_MS * index as i64);
        let known = state.as_ref();
        let due =
            known.and_then(|state| state.execution.pending_timers().iter().map(|timer| timer.id.0).min());
        let due = due.map(|timer| timer.to_string());
        let message = match told {
            Told::Placed => Some(placed("c-1")),
            Told::Rival => Some(placed("c-2")),
            Told::Done(which) => Some(answers(known.unwrap(), *which, &Reply::done())),
            Told::Failed(error) => Some(answers(known.unwrap(), 0, &Reply::failed(error, "because"))),
            Told::Timer => None,
        };
        let input = message.as_ref().map_or_else(|| Input::Timer(due.as_deref().unwrap()), Input::Message);
        state = conductor.handle(state, input, &mut effects).unwrap();
        stored
            .journal
            .extend(effects.journal_entries().iter().map(|entry| serde_json::from_slice(entry).unwrap()));
        asked.extend(effects.messages().iter().map(|message| format!("{message:?}")));
        asked.push(format!("{:?}", effects.timers()));
    }
    stored.run = serde_json::to_value(state).unwrap();
    asked
}

/// The execution that begins today with that layout's definition, and has come so far on that way.
fn begun_today(layout: &str, way: &Way, to: usize) -> Stored {
    let mut stored = Stored { run: Value::Null, journal: Vec::new() };
    go_on(&conductor(layout), way, &mut stored, 0, to);
    stored
}

fn path(layout: &str, name: &str) -> PathBuf {
    folder(layout).join(name).with_extension("json")
}

fn checked_in(layout: &str, name: &str) -> Stored {
    let path = path(layout, name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The same, whatever the rules are that it goes by: none of these executions comes to where they differ.
fn without_rules(stored: &Stored) -> Stored {
    let mut stored = stored.clone();
    let starts = stored.journal.iter_mut().filter_map(|entry| entry["f"].get_mut("start"));
    for head in starts.chain(stored.run["execution"].get_mut("h")) {
        let head = head.as_object_mut().unwrap();
        head.remove("rules");
        head.remove("u");
    }
    stored
}

/// Every point at which executions were stored.
fn points() -> impl Iterator<Item = (&'static Way, &'static str, usize)> {
    WAYS.iter().flat_map(|way| way.stored.iter().map(move |(name, at)| (way, *name, *at)))
}

#[test]
fn what_is_stored_today_is_what_is_checked_in() {
    for (way, name, at) in points() {
        let today = begun_today(TODAY, way, at);
        if std::env::var_os("DUET_WRITE_SNAPSHOTS").is_some() {
            std::fs::write(path(TODAY, name), serde_json::to_string_pretty(&today).unwrap() + "\n").unwrap();
        }
        assert_eq!(today, checked_in(TODAY, name), "{name}");
    }
}

#[test]
fn what_was_stored_by_an_earlier_version_goes_on_to_the_same_end() {
    for layout in ["layout-1", "layout-2", "layout-3", TODAY] {
        let conductor = conductor(layout);
        for (way, name, at) in points() {
            let mut old = checked_in(layout, name);
            let mut new = begun_today(layout, way, at);
            assert_eq!(without_rules(&old).journal, without_rules(&new).journal, "{layout}/{name}");
            let end = way.told.len();
            let asked = go_on(&conductor, way, &mut old, at, end);
            assert_eq!(
                asked,
                go_on(&conductor, way, &mut new, at, end),
                "{layout}/{name} asks for something else"
            );
            if at < end {
                assert_eq!(without_rules(&old), without_rules(&new), "{layout}/{name}");
            }
        }
    }
}
