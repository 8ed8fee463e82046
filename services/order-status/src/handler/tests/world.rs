//! An order in a whole small world: the service, the simulated gateway, and whoever drives the order in its style.
//! Messages, calls and answers arrive in any order and twice; in the end the money must be where it belongs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use external::{Fate, Gateway, MemoryLedger, Operation as Moved, Rates};
use participant::{CallId, Caller};

use super::*;
use crate::gateway::GatewayCaller;

/// Something on its way to the service or to the gateway.
#[derive(Clone)]
enum Pending {
    Message(Message),
    Call(GatewayCall),
    Answer(GatewayOutcome),
}

/// What the workflow is waiting for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Authorise,
    Void,
    Capture,
    Start,
    Dispatch,
    Deliver,
    End,
}

struct World {
    life: Life,
    caller: GatewayCaller,
    ledger: MemoryLedger,
    runtime: tokio::runtime::Runtime,
    pending: Vec<Pending>,
    timers: BTreeMap<String, Millis>,
    restaurant_accepts: bool,
    stage: Stage,
    tries: u32,
    tasks: u32,
    rejected: Vec<String>,
}

impl World {
    fn new(seed: u64, rates: Rates, restaurant_accepts: bool, orchestrated: bool) -> Self {
        let ledger = MemoryLedger::default();
        let gateway = Gateway::new(Fate { seed, rates }, Duration::ZERO, Arc::new(ledger.clone()));
        let settings = Settings { preparation_ms: 1, ..Settings::default() };
        let mut world = Self {
            life: life(settings),
            caller: GatewayCaller::new(Arc::new(gateway), Duration::from_secs(60)),
            ledger,
            runtime: tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap(),
            pending: Vec::new(),
            timers: BTreeMap::new(),
            restaurant_accepts,
            stage: Stage::End,
            tries: 0,
            tasks: 0,
            rejected: Vec::new(),
        };
        if orchestrated {
            world.command(Stage::Authorise);
        } else {
            world.pending.push(Pending::Message(recorded()));
        }
        world
    }

    /// One thing happens: something pending arrives (and once more later, if it is to), or a timer fires.
    fn happens(&mut self, choice: usize, again: bool) {
        let choice = choice % (self.pending.len() + self.timers.len()).max(1);
        if let Some(pending) = self.pending.get(choice).cloned() {
            if !again {
                self.pending.remove(choice);
            }
            match pending {
                Pending::Message(message) => self.hand(Input::Message(&message)),
                Pending::Answer(outcome) => self.hand(Input::Outcome(&outcome)),
                Pending::Call(call) => {
                    let id = CallId { key: "o-1".into(), sequence: 0 };
                    let outcome = self.runtime.block_on(self.caller.call(&id, &call));
                    self.pending.push(Pending::Answer(outcome));
                }
            }
        } else if let Some(name) = self.timers.keys().nth(choice - self.pending.len().min(choice)).cloned() {
            let due = self.timers.remove(&name).unwrap();
            self.life.now = self.life.now.max(due);
            self.hand(Input::Timer(&name));
        }
    }

    fn hand(&mut self, input: Input<'_, GatewayOutcome, Replay>) {
        let mut effects = Effects::new("o-1", self.life.now);
        match self.life.service.handle(self.life.state.clone(), input, &mut effects) {
            Err(Rejected(reason)) => return self.rejected.push(reason),
            Ok(state) => self.life.state = state,
        }
        for (name, due) in effects.timers() {
            match due {
                Some(due) => self.timers.insert(name.clone(), *due),
                None => self.timers.remove(name),
            };
        }
        self.pending.extend(effects.calls().iter().cloned().map(Pending::Call));
        for outgoing in effects.messages() {
            let said = say(outgoing);
            match said.split_once(": ") {
                Some((task, reply)) if task == format!("t{}", self.tasks) => self.replied(reply),
                Some(_) => {}
                None if said == "payment.authorised" => {
                    let news = if self.restaurant_accepts { accepted() } else { declined() };
                    self.pending.push(Pending::Message(news));
                }
                None => {}
            }
        }
    }

    /// The workflow sends the command of this stage, as a new task.
    fn command(&mut self, stage: Stage) {
        self.tries = if stage == self.stage { self.tries + 1 } else { 1 };
        self.stage = stage;
        self.tasks += 1;
        let asked = match stage {
            Stage::Authorise => authorise(),
            Stage::Void => void(),
            Stage::Capture => capture(),
            Stage::Start => start(),
            Stage::Dispatch => dispatch(),
            Stage::Deliver => deliver(),
            Stage::End => return,
        };
        self.pending.push(Pending::Message(command(&asked, Some(&format!("t{}", self.tasks)))));
    }

    /// The workflow's task has been answered.
    fn replied(&mut self, reply: &str) {
        let next = match (self.stage, reply) {
            (Stage::Authorise, "PaymentDeclined") => Stage::End,
            (Stage::Authorise, "PaymentUnavailable") if self.tries > 4 => Stage::Void,
            (stage, "PaymentUnavailable") => stage,
            (Stage::Authorise, _) if self.restaurant_accepts => Stage::Capture,
            (Stage::Authorise, _) => Stage::Void,
            (Stage::Capture, "done") => Stage::Start,
            (Stage::Start, "done") => Stage::Dispatch,
            (Stage::Dispatch, "done") => Stage::Deliver,
            (Stage::Deliver | Stage::Void, "done") => Stage::End,
            (stage, reply) => panic!("{stage:?} was answered {reply}"),
        };
        self.command(next);
    }

    /// The workflow's time-out is over: it gives up an authorisation, and asks again for anything else.
    fn times_out(&mut self) {
        let stage = if self.stage == Stage::Authorise { Stage::Void } else { self.stage };
        self.command(stage);
    }

    fn drain(&mut self) {
        for _ in 0..10_000 {
            if self.pending.is_empty() && self.timers.is_empty() {
                return;
            }
            self.happens(0, false);
        }
        panic!("the order never comes to rest: {:?}", self.life.state);
    }

    fn moved(&self, operation: Moved) -> u64 {
        let entries = self.ledger.entries();
        entries.iter().filter(|entry| entry.operation == operation).map(|entry| entry.amount_minor).sum()
    }
}

proptest! {
    #[test]
    fn the_money_ends_where_it_belongs(
        seed: u64,
        gateway_fault in prop::sample::select(vec![0.0, 0.3, 0.9]),
        declines in prop::bool::weighted(0.2),
        restaurant_accepts: bool,
        orchestrated: bool,
        choices in prop::collection::vec((0..8_usize, prop::bool::weighted(0.2), prop::bool::weighted(0.1)), 0..60),
    ) {
        let rates = Rates { decline: f64::from(declines), gateway_fault, ..Rates::default() };
        let mut world = World::new(seed, rates, restaurant_accepts, orchestrated);
        for (choice, again, times_out) in choices {
            if orchestrated && times_out && world.stage != Stage::End {
                world.times_out();
            }
            world.happens(choice, again);
        }
        world.drain();

        prop_assert_eq!(&world.rejected, &Vec::<String>::new());
        prop_assert_eq!(world.stage, Stage::End);
        let state = world.life.state.as_ref().unwrap();
        let timeline = changes(state);
        prop_assert!(is_legal(&timeline), "{:?}", timeline);
        prop_assert_eq!((&state.order, &state.waiting_task), (&None, &None));
        prop_assert_eq!(state.amount_minor, 1900);
        let moved = [Moved::Authorise, Moved::Capture, Moved::Void].map(|operation| world.moved(operation));
        match (state.payment, state.progress) {
            (Payment::Captured, Progress::Delivered) => prop_assert_eq!(moved, [1900, 1900, 0]),
            (Payment::Declined, Progress::Cancelled) => prop_assert_eq!(moved, [0, 0, 0]),
            (Payment::Voided, Progress::Cancelled) => {
                prop_assert!(moved == [1900, 0, 1900] || moved == [0, 0, 0], "{:?}", moved);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
