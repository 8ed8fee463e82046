//! A whole program on the transactional consumer: accounts that are moved by messages, each exactly once.
//!
//! ```text
//! cargo run -p participant --example ledger
//! ```
//!
//! Every message arrives twice; the balances come out as if each had come once. An account that goes below zero
//! is reported by an event, and a message that makes no sense ends among the dead letters with the reason.
#![allow(clippy::print_stdout, reason = "an example shows what it finds")]

use std::convert::Infallible;
use std::sync::Arc;

use bus::memory::{MemoryBus, MemoryOptions};
use bus::{Bus, Headers, Message, Origin, Subscription, Topic};
use bytes::Bytes;
use participant::{Effects, Handler, Input, NoCalls, Participant, Rejected, SystemClock, inspect};
use serde::{Deserialize, Serialize};
use store::memory::MemoryStore;
use store::{Read, Store};

const MOVEMENTS: Topic = Topic::new("bank/movement");
const OVERDRAWN: Topic = Topic::new("bank/overdrawn");

#[derive(Serialize, Deserialize)]
struct Account {
    balance: i64,
}

/// The whole domain: what a movement does to an account.
struct Ledger;

impl Handler for Ledger {
    type State = Account;
    type Call = NoCalls;
    type Outcome = NoCalls;
    type Request = Infallible;
    type Answer = Infallible;

    fn handle(
        &self,
        state: Option<Account>,
        input: Input<'_, Self::Outcome>,
        effects: &mut Effects<Self::Call>,
    ) -> Result<Option<Account>, Rejected> {
        let Input::Message(message) = input else { return Ok(state) };
        let text = std::str::from_utf8(&message.body).unwrap_or_default();
        let amount: i64 =
            text.parse().map_err(|_| Rejected(format!("{text:?} is not an amount: send a whole number")))?;
        let mut account = state.unwrap_or(Account { balance: 0 });
        account.balance += amount;
        if account.balance < 0 {
            effects.publish(OVERDRAWN, Headers::default(), Bytes::from(account.balance.to_string()));
        }
        Ok(Some(account))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new(MemoryOptions::default()));
    let store = Arc::new(MemoryStore::new());

    let ledger = Participant::new(
        "ledger",
        vec![MOVEMENTS],
        Ledger,
        NoCalls::caller(),
        Arc::clone(&store) as Arc<dyn Store>,
        Arc::clone(&bus),
        Arc::new(SystemClock),
    );
    bus.declare(&ledger.subscription()).await?;
    let alarms = bus
        .subscribe(&Subscription { group: "alarms".into(), topics: vec![OVERDRAWN], unsettled_max: 10 })
        .await?;

    let movement = |id: &str, account: &str, amount: &str| Message {
        id: id.into(),
        topic: MOVEMENTS,
        key: account.into(),
        headers: Headers::default(),
        body: Bytes::from(amount.to_owned()),
    };
    let messages = [
        movement("m1", "ada", "100"),
        movement("m2", "ada", "-30"),
        movement("m3", "bob", "twelve"),
        movement("m4", "bob", "-5"),
    ];
    let publisher = bus.publisher(Origin::Edge).await?;
    publisher.publish(&messages).await?;
    publisher.publish(&messages).await?;

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(ledger.run(async { drop(stopped.await) }));
    let alarm = alarms.receive(1).await?;
    println!("overdrawn: {} at {:?}", alarm[0].message.key, alarm[0].message.body);
    let _ = stop.send(());
    running.await??;

    for key in ["ada", "bob"] {
        let entity = store.get(key).await?.ok_or("no such account")?;
        let account: Option<Account> = inspect::state(&entity)?;
        println!("{key}: {}", account.map_or(0, |account| account.balance));
    }
    for dead in bus.dead_letters("ledger", 10).await? {
        println!("dead letter {}: {}", dead.message.id, dead.reason);
    }
    Ok(())
}
