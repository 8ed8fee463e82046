//! Deliveries that became several: each is settled once all that became of it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bus::{BusError, Consumer, Outcome, Settlement, Token};
use tokio::sync::Notify;

/// What is on its way, and of which deliveries it is.
#[derive(Default)]
pub(crate) struct Settling {
    state: Mutex<State>,
    settled: Notify,
}

#[derive(Default)]
struct State {
    next: u64,
    /// Of each part, the delivery.
    parts: BTreeMap<u64, u64>,
    deliveries: BTreeMap<u64, Whole>,
}

struct Whole {
    consumer: Arc<dyn Consumer>,
    token: Token,
    /// What became of each part, as far as that is known.
    outcomes: BTreeMap<u64, Option<Outcome>>,
}

impl Whole {
    /// What is to become of it; `None` while a part is on its way. One part that cannot be handled makes it a dead letter: redriven, the
    /// others are known.
    fn outcome(&self) -> Option<Outcome> {
        let outcomes: Vec<&Outcome> = self.outcomes.values().map(Option::as_ref).collect::<Option<_>>()?;
        let reasons = outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::DeadLetter { reason } => Some(reason.as_str()),
            Outcome::Done | Outcome::Retry => None,
        });
        let reasons: Vec<_> = reasons.collect();
        Some(if !reasons.is_empty() {
            Outcome::DeadLetter { reason: reasons.join("; ") }
        } else if outcomes.contains(&&Outcome::Retry) {
            Outcome::Retry
        } else {
            Outcome::Done
        })
    }
}

impl Settling {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in a critical section panics but an allocation.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tokens for so many parts (at least one) of a delivery of that consumer.
    pub(crate) fn open(&self, consumer: &Arc<dyn Consumer>, token: Token, parts: usize) -> Vec<Token> {
        let mut state = self.lock();
        let whole = state.next;
        let numbers: Vec<u64> = (whole..).take(parts).collect();
        state.next += parts as u64;
        state.parts.extend(numbers.iter().map(|part| (*part, whole)));
        let outcomes = numbers.iter().map(|part| (*part, None)).collect();
        state.deliveries.insert(whole, Whole { consumer: Arc::clone(consumer), token, outcomes });
        numbers.into_iter().map(Token).collect()
    }

    /// Notes what became of parts, and settles the deliveries of which no part is on its way any more. What was settled before is
    /// stale; after an error the same may be settled again.
    ///
    /// # Errors
    /// A consumer's.
    pub(crate) async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        let mut over = BTreeMap::new();
        {
            let mut state = self.lock();
            for Settlement { token, outcome } in settlements {
                let Some(number) = state.parts.get(&token.0).copied() else { continue };
                let Some(whole) = state.deliveries.get_mut(&number) else { continue };
                whole.outcomes.insert(token.0, Some(outcome));
                let Some(outcome) = whole.outcome() else { continue };
                let settlement = Settlement { token: whole.token, outcome };
                over.insert(number, (Arc::clone(&whole.consumer), settlement));
            }
        }
        let mut failed = None;
        while let Some((consumer, _)) = over.values().next() {
            // Nearly always there is but one.
            let consumer = Arc::clone(consumer);
            let (own, others): (BTreeMap<_, _>, _) =
                over.into_iter().partition(|(_, (it, _))| Arc::ptr_eq(it, &consumer));
            over = others;
            let (numbers, settlements): (Vec<u64>, Vec<_>) =
                own.into_iter().map(|(number, (_, settlement))| (number, settlement)).unzip();
            match consumer.settle(settlements).await {
                Ok(()) => self.forget(&numbers),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn forget(&self, numbers: &[u64]) {
        let mut state = self.lock();
        for number in numbers {
            let whole = state.deliveries.remove(number);
            for part in whole.into_iter().flat_map(|whole| whole.outcomes.into_keys()) {
                state.parts.remove(&part);
            }
        }
        drop(state);
        self.settled.notify_waiters();
    }

    /// Waits until nothing is on its way.
    pub(crate) async fn idle(&self) {
        loop {
            let settled = self.settled.notified();
            if self.lock().deliveries.is_empty() {
                return;
            }
            settled.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use bus::Delivery;

    use super::*;

    /// Keeps what it is told, unless it is to fail first.
    #[derive(Default)]
    struct Told {
        settled: Mutex<Vec<Settlement>>,
        fails: Mutex<u32>,
    }

    #[async_trait]
    impl Consumer for Told {
        async fn receive(&self, _: usize) -> Result<Vec<Delivery>, BusError> {
            std::future::pending().await
        }

        async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
            let mut fails = self.fails.lock().unwrap();
            if *fails > 0 {
                *fails -= 1;
                return Err(BusError::Closed);
            }
            self.settled.lock().unwrap().extend(settlements);
            Ok(())
        }
    }

    fn is(token: Token, outcome: Outcome) -> Settlement {
        Settlement { token, outcome }
    }

    fn dead(reason: &str) -> Outcome {
        Outcome::DeadLetter { reason: reason.to_owned() }
    }

    #[tokio::test]
    async fn a_delivery_is_settled_once_all_of_it_is() {
        let (told, settling) = (Arc::<Told>::default(), Settling::default());
        let consumer: Arc<dyn Consumer> = told.clone();
        let of = |token, parts| settling.open(&consumer, Token(token), parts);
        let (one, two, three) = (of(7, 1), of(8, 2), of(9, 3));
        let first = vec![is(one[0], Outcome::Done), is(two[0], Outcome::Done), is(three[0], dead("a"))];
        settling.settle(first.clone()).await.unwrap();
        assert_eq!(*told.settled.lock().unwrap(), [is(Token(7), Outcome::Done)]);
        // What was settled is stale, and what was noted may be noted again.
        settling.settle(first).await.unwrap();
        let rest = vec![is(two[1], Outcome::Done), is(three[1], Outcome::Done), is(three[2], dead("b"))];
        *told.fails.lock().unwrap() = 1;
        assert!(settling.settle(rest.clone()).await.is_err());
        assert_eq!(told.settled.lock().unwrap().len(), 1);
        settling.settle(rest).await.unwrap();
        let expected = [is(Token(7), Outcome::Done), is(Token(8), Outcome::Done), is(Token(9), dead("a; b"))];
        assert_eq!(*told.settled.lock().unwrap(), expected);
        settling.idle().await;
        assert!(settling.lock().parts.is_empty());
    }

    #[tokio::test]
    async fn each_consumer_settles_its_own() {
        let (one, other, settling) = (Arc::<Told>::default(), Arc::<Told>::default(), Settling::default());
        let consumers: [Arc<dyn Consumer>; 2] = [one.clone(), other.clone()];
        let tokens = consumers.each_ref().map(|consumer| settling.open(consumer, Token(1), 1)[0]);
        *one.fails.lock().unwrap() = 1;
        let all: Vec<_> = tokens.map(|token| is(token, Outcome::Retry)).into();
        assert!(settling.settle(all.clone()).await.is_err());
        assert_eq!((one.settled.lock().unwrap().len(), other.settled.lock().unwrap().len()), (0, 1));
        settling.settle(all).await.unwrap();
        assert_eq!((one.settled.lock().unwrap().len(), other.settled.lock().unwrap().len()), (1, 1));
    }
}
