//! *Choreography vs orchestration*: the verdict, the ratios, and both styles side by side.

use crate::board::Board;
use crate::panel::{Panel, quantile_of};

/// The ratio of a recorded figure: the orchestration's by the choreography's, on each bus.
fn ratio(title: &str, of: &str, description: &str) -> Panel {
    let expr = format!(
        "sum by (bus) ({of}{{bus=~\"$bus\", style=\"orchestration\"}}) \
         / sum by (bus) ({of}{{bus=~\"$bus\", style=\"choreography\"}})"
    );
    let description = format!("{description} Orchestration divided by choreography, over the last minute.");
    Panel::stat(title, "none", &description).query(&expr, "{{bus}}").decimals(2)
}

/// A percentile of the time that delivered orders took, of the histogram itself: that has exemplars.
fn latency(quantile: &str) -> String {
    quantile_of(
        quantile,
        "bus",
        "duet_order_seconds",
        "bus=~\"$bus\", style=~\"$style\", outcome=\"delivered\"",
    )
}

/// A panel in both columns.
fn both(panel: Panel) -> Panel {
    panel.for_each("style").sized(12, 7)
}

pub(crate) fn board() -> Board {
    Board::new(
        "duet-compare",
        "1 Choreography vs orchestration",
        "Both styles side by side: what they reach, what they cost, and whether every order is accounted for.",
    )
    .by_style()
    .row([
        Panel::stat("Verdict", "none", "Whether every order that had the time to settle is as it has to be: none lost, doubled or stuck; money, notices and histories right. `docker compose exec duet duet audit` lists what is not.")
            .query("max by (bus) (duet_audit_verdict{bus=~\"$bus\", verdict=\"not_judged\"} + ignoring (verdict) 2 * duet_audit_verdict{bus=~\"$bus\", verdict=\"violated\"})", "{{bus}}")
            .word("0", "clean", "green")
            .word("1", "not judged", "orange")
            .word("2", "VIOLATED", "red")
            .sized(6, 4),
        Panel::stat("Orders judged", "short", "Orders that the auditor has judged and found as they have to be, since the load began.")
            .query("sum by (bus) (duet_audit_orders_total{bus=~\"$bus\"})", "{{bus}}")
            .sized(6, 4),
        Panel::stat("Orders not judged yet", "short", "Orders under way, just ended, or found wrong.")
            .query("sum by (bus) (duet_audit_waiting_orders{bus=~\"$bus\"})", "{{bus}}")
            .sized(6, 4),
        Panel::stat("Dead letters", "short", "Messages that could never be handled and are set aside. `docker compose exec load-kafka duet dead-letters list` (or load-rabbitmq) says why.")
            .query("sum by (bus) (max by (bus, group) (duet_bus_dead_letters{bus=~\"$bus\"}))", "{{bus}}")
            .sized(6, 4),
    ])
    .row([
        ratio("Latency p50, x", "duet:order_seconds:p50_1m", "Median time from placed to closed, of delivered orders.").sized(5, 4),
        ratio("Latency p99, x", "duet:order_seconds:p99_1m", "99th percentile of the time from placed to closed, of delivered orders.").sized(5, 4),
        ratio("Messages per order, x", "duet:messages_per_order:rate1m", "Messages published for an order.").sized(5, 4),
        ratio("Bytes per order, x", "duet:bytes_per_order:rate1m", "Size of the messages published for an order.").sized(4, 4),
        ratio("CPU per order, x", "duet:cpu_seconds_per_1000_orders:rate1m", "CPU time of the services and the orchestrator for an order.").sized(5, 4),
    ])
    .row([both(
        Panel::lines("Throughput, $style", "ops", "Orders closed in a second, whatever their outcome.")
            .query("duet:orders_closed:rate1m{bus=~\"$bus\", style=~\"$style\"}", "{{bus}}"),
    )])
    .row([both(
        Panel::lines("Latency of delivered orders, $style", "s", "From when an order was due to be placed until it was closed, as the observer saw it. Good to a twentieth with native histograms, to a fifth without. A diamond is an order with a trace.")
            .query(&latency("0.5"), "{{bus}} p50")
            .query(&latency("0.9"), "{{bus}} p90")
            .query(&latency("0.99"), "{{bus}} p99")
            .logarithmic()
            .exemplars(),
    )])
    .row([both(
        Panel::heatmap("Latency of all orders, $style", "s", "How many orders took how long, retries and time-outs included: what has to wait for a back-off or a time-out stands above the rest.")
            .query("sum by (le) (increase(duet_order_seconds_bucket{bus=~\"$bus\", style=~\"$style\"}[$__rate_interval]))", "{{le}}")
            .exemplars(),
    )])
    .row([both(
        Panel::lines("Orders in flight, $style", "short", "Orders placed and not closed yet.")
            .query("sum by (bus) (duet_orders_in_flight{bus=~\"$bus\", style=~\"$style\"})", "{{bus}}"),
    )])
    .row([both(
        Panel::lines("Outcomes, $style", "ops", "How orders ended, in a second.")
            .query("sum by (outcome) (rate(duet_orders_closed_total{bus=~\"$bus\", style=~\"$style\"}[1m]))", "{{outcome}}")
            .colour("delivered", "green")
            .colour("cancelled", "orange")
            .colour("rejected", "purple")
            .stacked(),
    )])
    .row([both(
        Panel::lines("Compensations, $style", "ops", "Payments given back in a second, because the restaurant declined or did not answer: the void event in the choreography, the void command in the orchestration.")
            .query("sum by (bus) (rate(duet_bus_messages_published_total{bus=~\"$bus\", style=~\"$style\", topic=~\"choreography/payment.voided|order-status.commands/void-payment\"}[1m]))", "{{bus}}"),
    )])
    .row([both(
        Panel::lines("Messages per order, $style", "none", "Messages published for each order that was closed; the load's own included.")
            .query("duet:messages_per_order:rate1m{bus=~\"$bus\", style=~\"$style\"}", "{{bus}}")
            .decimals(1),
    )])
    .row([both(
        Panel::lines("Bytes per order, $style", "bytes", "Size of the messages published for each order that was closed, as carried, headers included.")
            .query("duet:bytes_per_order:rate1m{bus=~\"$bus\", style=~\"$style\"}", "{{bus}}"),
    )])
    .row([both(
        Panel::lines("CPU-seconds per 1000 orders, $style", "s", "CPU time of the services and the orchestrator. A service that works in both styles is shared out by the messages that it received of each; the broker, the database and the load are left out.")
            .query("duet:cpu_seconds_per_1000_orders:rate1m{bus=~\"$bus\", style=~\"$style\"}", "{{bus}}"),
    )])
    .row([both(
        Panel::lines("Memory of what works in the $style", "bytes", "Resident memory of the services, and in the orchestration of the orchestrator as well. The services are the same processes in both styles.")
            .query("duet:memory_bytes{bus=~\"$bus\", style=~\"$style\"}", "{{bus}}"),
    )])
}
