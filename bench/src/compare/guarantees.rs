//! What the buses and the store of a run guarantee, and whether that is the same in every cell.
//!
//! Every adapter publishes with the confirmation of all replicas and settles by hand, after the commit: the contract of
//! [`bus::Bus`] demands it and its suite checks it. What may differ is what such a confirmation is worth: the level of
//! durability, and how many replicas there are. The store is the same in all cells of a run.

use std::fmt::Write;

use bus::Guarantees;
use durability::Durability;
use operate::target::BusPlace;

use crate::report::BusReport;

/// What a bus said of itself, for the report.
pub(super) fn report(bus: &BusPlace, said: Guarantees) -> BusReport {
    BusReport {
        name: bus.name.clone(),
        address: bus.url.to_string(),
        product: said.product,
        kept_in: said.kept_in,
        confirmed: said.confirmed,
        settled: said.settled,
        replicas: said.replicas,
        durability: said.durability,
        limit: None,
        warming: None,
    }
}

/// Something in which cells are not equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// In what they differ, and how.
    pub what: String,
    /// What would make them equal.
    pub remedy: String,
}

/// In what the buses differ from each other, or from the level of durability that was asked for.
pub(super) fn differences(buses: &[BusReport], asked: Option<Durability>) -> Vec<Difference> {
    [durability(buses, asked), replicas(buses)].into_iter().flatten().collect()
}

fn durability(buses: &[BusReport], asked: Option<Durability>) -> Option<Difference> {
    let expected = asked.or_else(|| buses.first().map(|bus| bus.durability))?;
    if buses.iter().all(|bus| bus.durability == expected) {
        return None;
    }
    let each: Vec<_> = buses.iter().map(|bus| format!("{} gives {}", bus.name, bus.durability)).collect();
    let mut what = format!("durability: {}", each.join(", "));
    if let Some(asked) = asked {
        // Writing to a String cannot fail.
        let _ = write!(what, "; --durability asks for {asked}");
    }
    Some(Difference { what, remedy: remedy(buses, asked) })
}

/// What would make the levels equal, as far as it can be done at all.
fn remedy(buses: &[BusReport], asked: Option<Durability>) -> String {
    let at = |level| {
        let names: Vec<_> =
            buses.iter().filter(|bus| bus.durability == level).map(|bus| bus.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(" and "))
    };
    match (at(Durability::Process), at(Durability::Kill), at(Durability::Power)) {
        (Some(memory), None, None) => {
            format!("no --durability: the messages of {memory} are gone with its process")
        }
        (Some(memory), _, _) => {
            format!("a run of its own for {memory}, whose messages are gone with its process")
        }
        (None, Some(_), _) if asked == Some(Durability::Power) => {
            "topics that flush every message (flush.messages=1), which those in use do not".to_owned()
        }
        (None, Some(kill), Some(power)) => {
            format!("--durability power, at which {kill} flushes before it confirms, as {power} always does")
        }
        (None, _, power) => {
            let power = power.unwrap_or_default();
            format!("--durability power: {power} always flushes before it confirms")
        }
    }
}

fn replicas(buses: &[BusReport]) -> Option<Difference> {
    let first = buses.first()?.replicas;
    if buses.iter().all(|bus| bus.replicas == first) {
        return None;
    }
    let each: Vec<_> = buses.iter().map(|bus| format!("{} keeps {}", bus.name, bus.replicas)).collect();
    Some(Difference {
        what: format!("copies of a message, each of which must have it: {}", each.join(", ")),
        remedy: "servers with the same number of replicas".to_owned(),
    })
}

/// What a level of durability means, in words.
pub(crate) const fn survives(durability: Durability) -> &'static str {
    match durability {
        Durability::Process => "lives as long as its process",
        Durability::Kill => "survives its process, not a power cut",
        Durability::Power => "survives a power cut",
    }
}

/// Says in what the cells differ, and what would make them equal.
pub(super) fn explain(differences: &[Difference]) -> String {
    let mut out = String::new();
    for difference in differences {
        let _ = write!(out, "\n  {}\n    equal with: {}", difference.what, difference.remedy);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bus(name: &str, durability: Durability, replicas: u32) -> BusReport {
        let said = Guarantees {
            product: format!("{name} 1"),
            kept_in: "queues".into(),
            confirmed: "by all".into(),
            settled: "after the commit".into(),
            replicas,
            durability,
        };
        report(&BusPlace { name: name.into(), ..BusPlace::memory() }, said)
    }

    #[test]
    fn equal_levels_are_equal_whatever_they_are() {
        for level in [Durability::Process, Durability::Kill, Durability::Power] {
            let both = [bus("rabbitmq", level, 1), bus("kafka", level, 1)];
            assert_eq!(differences(&both, None), []);
            assert_eq!(differences(&both, Some(level)), []);
        }
    }

    #[test]
    fn a_broker_that_does_not_flush_is_told_from_one_that_does() {
        let both = [bus("rabbitmq", Durability::Power, 1), bus("kafka", Durability::Kill, 1)];
        let found = differences(&both, None);
        assert_eq!(found[0].what, "durability: rabbitmq gives power, kafka gives kill");
        assert_eq!(
            found[0].remedy,
            "--durability power, at which kafka flushes before it confirms, as rabbitmq always does"
        );
    }

    #[test]
    fn a_level_that_was_asked_for_and_is_not_given_is_a_difference() {
        let alone = [bus("rabbitmq", Durability::Power, 1)];
        let found = differences(&alone, Some(Durability::Kill));
        assert!(found[0].what.ends_with("; --durability asks for kill"), "{found:?}");
        assert_eq!(found[0].remedy, "--durability power: rabbitmq always flushes before it confirms");
    }

    #[test]
    fn the_memory_bus_is_equal_to_no_broker() {
        let both = [bus("memory", Durability::Process, 1), bus("kafka", Durability::Power, 1)];
        let found = differences(&both, None);
        assert_eq!(found[0].remedy, "a run of its own for memory, whose messages are gone with its process");
    }

    #[test]
    fn what_cannot_be_had_by_asking_is_told() {
        let memory = [bus("memory", Durability::Process, 1)];
        let found = differences(&memory, Some(Durability::Power));
        assert_eq!(found[0].remedy, "no --durability: the messages of memory are gone with its process");
        let kafka = [bus("kafka", Durability::Kill, 1)];
        let found = differences(&kafka, Some(Durability::Power));
        assert!(found[0].remedy.contains("flush.messages=1"), "{found:?}");
    }

    #[test]
    fn as_many_copies_are_asked_for_on_each() {
        let both = [bus("rabbitmq", Durability::Power, 3), bus("kafka", Durability::Power, 1)];
        let found = differences(&both, Some(Durability::Power));
        assert_eq!(found.len(), 1);
        assert!(found[0].what.ends_with("rabbitmq keeps 3, kafka keeps 1"), "{found:?}");
        let said = explain(&found);
        assert!(said.contains("\n    equal with: servers with the same number of replicas"), "{said}");
    }
}
