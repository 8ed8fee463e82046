//! What a run leaves on servers that others use too: namespaces on brokers, schemas in a database. Each is named after
//! the run, so that those of a run that was killed can be told from all others, and is deleted at its end.

use std::path::Path;
use std::time::Duration;

use contract::Style;
use contract::groups::PARTICIPANTS;
use daemon::connect;
use durability::Durability;
use operate::target::{BusPlace, StoreChoice, StorePlace};
use participant::Millis;
use tokio::time::{Instant, sleep, timeout};

use crate::cell::groups;

/// How long a server may take to be reached, and to delete what there is of a cell.
const REACHED_WITHIN: Duration = Duration::from_secs(3);
const REMOVED_WITHIN: Duration = Duration::from_secs(15);
/// Between two attempts: a broker takes a moment to see that a consumer has gone.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// The name of a run, unlike any other's: `20260301-183000-1a2b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunId(String);

impl RunId {
    /// Of the run that began at that time in the process with that id.
    pub(super) fn new(began: Millis, pid: u32) -> Self {
        // 2026-03-01T18:30:00.000Z
        let time = contract::time::format(began);
        let digits: String = time.chars().filter(char::is_ascii_digit).take(14).collect();
        let (date, time) = digits.split_at(digits.len().min(8));
        Self(format!("{date}-{time}-{pid:x}"))
    }

    /// The prefix of a cell's names on its broker.
    pub(super) fn namespace(&self, bus: &str, style: Style) -> String {
        format!("duet-compare-{}-{bus}-{style}", self.0)
    }

    /// The prefix of the names of a cell's schemas: short, because PostgreSQL keeps 63 bytes of a name.
    pub(super) fn schema(&self, bus: &str, style: Style) -> String {
        let style = &style.as_str()[..3];
        // The century is known.
        format!("duet_compare_{}_{bus}_{style}", &self.0[2..]).replace('-', "_")
    }

    /// Where the stores of a cell are. Where the buses were asked for less than `power`, files are not flushed either.
    pub(super) fn store(
        &self,
        choice: &StoreChoice,
        asked: Option<Durability>,
        bus: &str,
        style: Style,
    ) -> StorePlace {
        match choice {
            StoreChoice::Sqlite(_) => StorePlace::Sqlite(asked.unwrap_or(Durability::Power)),
            StoreChoice::Postgres(url) => {
                StorePlace::Postgres { url: url.clone(), prefix: self.schema(bus, style) }
            }
        }
    }
}

/// What is to be deleted at the end of a run.
#[derive(Default)]
pub(super) struct Traces {
    buses: Vec<BusPlace>,
    stores: Vec<StorePlace>,
}

impl Traces {
    /// A cell is about to be started, with its messages on this bus.
    pub(super) fn bus(&mut self, bus: &BusPlace) {
        if bus.is_broker() && !self.buses.contains(bus) {
            self.buses.push(bus.clone());
        }
    }

    /// A cell is about to be started, with its stores there.
    pub(super) fn store(&mut self, store: &StorePlace) {
        if matches!(store, StorePlace::Postgres { .. }) && !self.stores.contains(store) {
            self.stores.push(store.clone());
        }
    }

    /// Leaves the stores to whoever wants to look at them; says where they are.
    pub(super) fn keep_stores(&mut self) -> Vec<String> {
        let said = |store: StorePlace| match store {
            StorePlace::Postgres { url, prefix } => Some(format!("{url}, schemas {prefix}_*")),
            StorePlace::Sqlite(_) => None,
        };
        self.stores.drain(..).filter_map(said).collect()
    }

    /// Deletes everything. Returns what could not be deleted, and why.
    pub(super) async fn remove(self) -> Vec<String> {
        let buses = self.buses.iter().map(async |bus| {
            let removed = within(remove_bus(bus)).await;
            let namespace = bus.namespace.as_deref().unwrap_or_default();
            removed.err().map(|why| format!("{namespace}* on {} ({}): {why}", bus.name, bus.url))
        });
        let stores = self.stores.iter().map(async |store| {
            let removed = within(remove_schemas(store)).await;
            let StorePlace::Postgres { url, prefix } = store else { return None };
            removed.err().map(|why| format!("schemas {prefix}_* in {url}: {why}"))
        });
        let (buses, stores) =
            tokio::join!(futures::future::join_all(buses), futures::future::join_all(stores));
        buses.into_iter().chain(stores).flatten().collect()
    }
}

async fn within(removing: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let late = || format!("not done within {} s", REMOVED_WITHIN.as_secs());
    timeout(REMOVED_WITHIN + REACHED_WITHIN, removing).await.unwrap_or_else(|_| Err(late()))
}

async fn remove_bus(place: &BusPlace) -> Result<(), String> {
    let address = place.address().map_err(|error| error.to_string())?;
    let bus = connect::bus_now(&address, REACHED_WITHIN).await.map_err(|error| error.to_string())?;
    let groups: Vec<_> = groups().collect();
    let deadline = Instant::now() + REMOVED_WITHIN;
    loop {
        match bus.remove(&groups).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_retryable() && Instant::now() + AGAIN_AFTER < deadline => {
                sleep(AGAIN_AFTER).await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

async fn remove_schemas(place: &StorePlace) -> Result<(), String> {
    for participant in PARTICIPANTS {
        let address = place.address(Path::new(""), participant).map_err(|error| error.to_string())?;
        connect::drop_schema(&address).await.map_err(|error| telemetry::chain(&error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use daemon::StoreAddress;

    use super::*;
    use operate::target::Url;

    fn run() -> RunId {
        // 2026-03-01T18:30:00Z
        RunId::new(1_772_389_800_123, 0x3f_ffff)
    }

    #[test]
    fn everything_of_a_run_bears_its_name() {
        assert_eq!(
            run().namespace("rabbitmq", Style::Choreography),
            "duet-compare-20260301-183000-3fffff-rabbitmq-choreography"
        );
        assert_eq!(
            run().schema("kafka-2", Style::Orchestration),
            "duet_compare_260301_183000_3fffff_kafka_2_orc"
        );
        assert_ne!(run(), RunId::new(1_772_389_800_123, 1));
    }

    #[test]
    fn the_longest_schema_fits_into_a_postgres_name() {
        let url = Url::new("postgres://duet@localhost/duet");
        let store = run().store(&StoreChoice::Postgres(url), None, "rabbitmq-2", Style::Choreography);
        for participant in PARTICIPANTS {
            match store.address(Path::new(""), participant).unwrap() {
                StoreAddress::Postgres(options) => assert!(options.schema.unwrap().len() <= 63),
                other => panic!("{other}"),
            }
        }
    }

    #[tokio::test]
    async fn what_cannot_be_deleted_is_named() {
        let mut traces = Traces::default();
        let bus = BusPlace {
            name: "rabbitmq".into(),
            url: Url::new("amqp://u:secret@127.0.0.1:1"),
            ..BusPlace::memory()
        };
        traces.bus(&BusPlace::memory());
        traces.bus(&bus.in_namespace("duet-compare-x".into()));
        let left = traces.remove().await;
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(left[0].starts_with("duet-compare-x* on rabbitmq (amqp://***@127.0.0.1:1): "), "{left:?}");
    }
}
