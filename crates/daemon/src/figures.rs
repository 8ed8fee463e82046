//! What a bus's client measures by itself, among the metrics.

use std::collections::HashMap;
use std::sync::Arc;

use bus::{Bus, Figure, FigureKind};
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

/// Asks the bus whenever metrics are collected.
pub(crate) struct BusFigures {
    bus: Arc<dyn Bus>,
    /// Which figures there are is known once the bus is connected: this stands for all of them, in the registry alone.
    desc: Desc,
}

impl BusFigures {
    /// Of that bus.
    pub(crate) fn of(bus: Arc<dyn Bus>) -> prometheus::Result<Self> {
        let (name, help) = ("duet_bus_figures".to_owned(), "What the bus's client measures.".to_owned());
        Ok(Self { bus, desc: Desc::new(name, help, Vec::new(), HashMap::new())? })
    }
}

impl Collector for BusFigures {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families: Vec<MetricFamily> = Vec::new();
        for figure in self.bus.figures() {
            match families.last_mut() {
                Some(family) if family.name() == figure.name => family.mut_metric().push(metric(&figure)),
                _ => families.push(family(&figure)),
            }
        }
        families
    }
}

fn family(figure: &Figure) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(figure.name.to_owned());
    family.set_help(figure.help.to_owned());
    family.set_field_type(match figure.kind {
        FigureKind::Counter => MetricType::COUNTER,
        FigureKind::Gauge => MetricType::GAUGE,
    });
    family.mut_metric().push(metric(figure));
    family
}

fn metric(figure: &Figure) -> Metric {
    let pair = |(name, value): &(&'static str, String)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value(value.clone());
        pair
    };
    let mut metric = Metric::from_label(figure.labels.iter().map(pair).collect());
    match figure.kind {
        FigureKind::Counter => {
            let mut counter = Counter::default();
            counter.set_value(figure.value);
            metric.set_counter(counter);
        }
        FigureKind::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(figure.value);
            metric.set_gauge(gauge);
        }
    }
    metric
}

#[cfg(test)]
mod tests {
    use bus::{Layer, Layered, MemoryBus};

    use super::*;

    #[test]
    fn a_bus_that_measures_nothing_adds_nothing() {
        struct Nothing;
        impl Layer for Nothing {}
        let bus = Layered::new(Arc::new(MemoryBus::default()), Nothing);
        assert!(BusFigures::of(Arc::new(bus)).unwrap().collect().is_empty());
    }

    #[test]
    fn figures_of_one_name_are_one_family() {
        let figure = |request: &str| Figure {
            name: "trial_requests_total",
            help: "Requests.",
            kind: FigureKind::Counter,
            labels: vec![("request", request.to_owned())],
            value: 3.0,
        };
        let mut family = family(&figure("Produce"));
        family.mut_metric().push(metric(&figure("Fetch")));
        let text = prometheus::TextEncoder::new().encode_to_string(&[family]).unwrap();
        assert_eq!(
            text,
            "# HELP trial_requests_total Requests.\n# TYPE trial_requests_total counter\n\
             trial_requests_total{request=\"Produce\"} 3\ntrial_requests_total{request=\"Fetch\"} 3\n"
        );
    }
}
