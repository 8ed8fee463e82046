//! *Choreography vs orchestration*: the verdict, both styles' latest full minutes, and both in every panel.

use crate::board::Board;
use crate::panel::{MILLISECONDS, ORDERS_PER_S, PER_S, Panel, STYLES, at_work, quantile_of};

/// How far back a style's latest full minute may lie.
pub(crate) const REMEMBERED: &str = "1d";

/// A recorded figure of each style's latest full minute, and the orchestration's by the choreography's.
fn headline(title: &str, unit: &'static str, of: &str, description: &str) -> Panel {
    let latest = |style: &str| {
        format!("max by (bus) (last_over_time({of}{{bus=~\"$bus\", style=\"{style}\"}}[{REMEMBERED}]))")
    };
    let [(first, _), (second, _)] = STYLES;
    let description = format!(
        "{description} Each style's latest whole minute at the rate that it was to have (less or more by a tenth), \
         however long ago; then the orchestration's divided by the choreography's."
    );
    Panel::stat(title, unit, &description)
        .query(&latest(first), first)
        .query(&latest(second), second)
        .query(&format!("{} / {}", latest(second), latest(first)), RATIO)
        .special(RATIO, "unit", "prefix:× ")
        .special(RATIO, "decimals", 1)
        .listed()
        .sized(5, 4)
}

/// What the ratios are called.
const RATIO: &str = "orch. ÷ chor.";
/// What the verdict stands beside.
const VERDICT: &str = "orders";

/// The 99th percentile of the time that delivered orders took, of the histogram itself: that has exemplars.
fn p99() -> String {
    let of = "bus=~\"$bus\", outcome=\"delivered\", waits=\"no\"";
    at_work(&quantile_of("0.99", "style", "duet_order_seconds", of))
}

fn heatmap(style: &str, scheme: &'static str) -> Panel {
    let of = format!("bus=~\"$bus\", style=\"{style}\"");
    Panel::heatmap(&format!("All orders, {style}, $bus"), "s", scheme, "How many orders took how long, retries and time-outs included: what has to wait for a back-off or a time-out stands above the rest.")
        .query(&format!("sum by (le) (increase(duet_order_seconds_bucket{{{of}}}[$__rate_interval]))"), "{{le}}")
        .sized(12, 7)
}

pub(crate) fn board() -> Board {
    Board::new(
        "duet-compare",
        "1 Choreography vs orchestration",
        "Both styles side by side: what they reach, what they cost, and whether every order is accounted for.",
    )
    .row_of_each_broker([
        Panel::stat("Verdict", "none", "Whether every order that had the time to settle is as it has to be: none lost, doubled or stuck; money, notices and histories right. Held up: orders wait for a service that is not ready, and go on once it is. `docker compose exec duet duet audit` lists what is not.")
            .query("max by (bus) (duet_audit_verdict{bus=~\"$bus\", verdict=\"not_judged\"} + ignoring (verdict) 2 * duet_audit_verdict{bus=~\"$bus\", verdict=\"violated\"})", VERDICT)
            .query("sort(3 * (max by (by) (duet_audit_held_up{bus=~\"$bus\"}) > 0))", "by {{by}}")
            .word("0", "clean", "green")
            .word("1", "not judged", "orange")
            .word("2", "VIOLATED", "red")
            .word("3", "held up", "yellow")
            .listed()
            .sized(4, 4),
        headline("Latency p50", "s", "duet:full_minute:p50_seconds", "Median time from placed to closed, of delivered orders that had to wait for no back-off and no time-out."),
        headline("Latency p90", "s", "duet:full_minute:p90_seconds", "Nine of ten took no longer from placed to closed, of delivered orders that had to wait for no back-off and no time-out."),
        headline("Messages per order", "none", "duet:full_minute:messages_per_order", "Messages published for each order that was closed; the load's own included.").decimals(1),
        headline("CPU per order", MILLISECONDS, "duet:full_minute:cpu_milliseconds_per_order", "CPU time of the services and the orchestrator.").decimals(1),
    ])
    .heading("Both styles over time")
    .each(
        Panel::lines("Latency of delivered orders, $bus", "s", "From when an order was due to be placed until it was closed, as the observer saw it: the median, and a thin line for the slowest of a hundred. Orders that have to wait for a back-off or a time-out are left out. Good to a twentieth with native histograms, to a fifth without. A diamond is an order with a trace.")
            .query("max by (style) (duet:order_seconds:p50_1m{bus=~\"$bus\"})", "{{style}} p50")
            .query(&p99(), "{{style}} p99")
            .exemplars()
            .band("choreography p50", "choreography p99")
            .band("orchestration p50", "orchestration p99")
            .logarithmic()
            .sized(12, 7),
    )
    .each(
        Panel::lines("CPU per order, $bus", MILLISECONDS, "CPU time of the services and the orchestrator. A service that works in both styles is shared out by the messages that it received of each; the broker, the database and the load are left out.")
            .query("max by (style) (duet:full_minute:cpu_milliseconds_per_order{bus=~\"$bus\"})", "{{style}}")
            .decimals(1),
    )
    .each(
        Panel::lines("Messages per order, $bus", "none", "Messages published for each order that was closed; the load's own included.")
            .query("max by (style) (duet:full_minute:messages_per_order{bus=~\"$bus\"})", "{{style}}")
            .decimals(1),
    )
    .each(
        Panel::lines("Bytes per order, $bus", "bytes", "Size of the messages published for each order that was closed, as carried, headers included.")
            .query("max by (style) (duet:full_minute:bytes_per_order{bus=~\"$bus\"})", "{{style}}"),
    )
    .each(
        Panel::lines("Throughput, $bus", ORDERS_PER_S, "Orders closed in a second, whatever their outcome.")
            .query("max by (style) (duet:orders_closed:rate1m{bus=~\"$bus\"})", "{{style}}"),
    )
    .each(
        Panel::lines("Orders in flight, $bus", "none", "Orders placed and not closed yet.")
            .query("sum by (style) (duet_orders_in_flight{bus=~\"$bus\"})", "{{style}}")
            .decimals(0),
    )
    .each(heatmap("choreography", "Blues"))
    .each(heatmap("orchestration", "Oranges"))
    .each(
        Panel::lines("Orders cancelled or rejected, $bus", ORDERS_PER_S, "Orders that were not delivered, in a second; dashed: rejected.")
            .query("sum by (style, outcome) (rate(duet_orders_closed_total{bus=~\"$bus\", outcome!=\"delivered\"}[1m]))", "{{style}} {{outcome}}")
            .dashed("choreography rejected")
            .dashed("orchestration rejected"),
    )
    .each(
        Panel::lines("Compensations, $bus", PER_S, "Payments given back in a second, because the restaurant declined or did not answer: the void event in the choreography, the void command in the orchestration.")
            .query("sum by (style) (rate(duet_bus_messages_published_total{bus=~\"$bus\", topic=~\"choreography/payment.voided|order-status.commands/void-payment\"}[1m]))", "{{style}}"),
    )
    .each(
        Panel::lines("Memory, $bus", "bytes", "Resident memory of the services, and in the orchestration of the orchestrator as well. The services are the same processes in both styles.")
            .query("max by (style) (duet:memory_bytes{bus=~\"$bus\"})", "{{style}}"),
    )
    .heading("Every order accounted for")
    .each(
        Panel::stat("Orders, $bus", "none", "Judged: found by the auditor as they have to be, since the load began. Not judged yet: under way, just ended, or found wrong. Dead letters: messages that could never be handled and are set aside; `docker compose exec load-kafka duet dead-letters list` (or load-rabbitmq) says why.")
            .query("sum(duet_audit_orders_total{bus=~\"$bus\"})", "judged and right")
            .query("sum(duet_audit_waiting_orders{bus=~\"$bus\"})", "not judged yet")
            .query("sum(max by (bus, group) (duet_bus_dead_letters{bus=~\"$bus\"}))", "dead letters")
            .sized(12, 3),
    )
}
