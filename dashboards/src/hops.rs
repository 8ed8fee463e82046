//! *Where the time goes*: hop by hop, by service and step.

use crate::board::Board;
use crate::compare::REMEMBERED;
use crate::panel::{Panel, STYLES, at_work, quantile_of};

/// The mean of a histogram over the last minute, by these labels.
fn mean(histogram: &str, by: &str, of: &str) -> String {
    format!(
        "sum by ({by}) (rate({histogram}_sum{{{of}}}[1m])) / (sum by ({by}) (rate({histogram}_count{{{of}}}[1m])) > 0)"
    )
}

/// The mean of each hop, as recorded of each style's latest full minute: a style after the other, on one axis.
fn hops(title: &str, recorded: &str, legend: &str, description: &str) -> Panel {
    let description = format!(
        "{description} Of each style's latest whole minute, however long ago. Events of an order (`order.placed`) are named without `order`."
    );
    STYLES.iter().enumerate().fold(Panel::bars(title, "s", &description), |panel, (index, (style, _))| {
        let latest = format!("last_over_time({recorded}{{bus=~\"$bus\", style=\"{style}\"}}[{REMEMBERED}])");
        panel.query(&format!("sort_desc({})", hop(&latest)), legend).of_style(index)
    })
}

/// Names the message by what stands behind the slash of its topic; an event of the order without saying so, or the longest name, behind
/// that of its service, is cut in a window of 1280 pixels.
fn hop(expr: &str) -> String {
    format!("label_replace({expr}, \"message\", \"$1\", \"topic\", \".*/(?:order[.])?(.*)\")")
}

/// The 99th percentile of a histogram over the last minute, of each style.
fn slowest(title: &str, histogram: &str, description: &str) -> Panel {
    let expr = quantile_of("0.99", "style", histogram, "bus=~\"$bus\", style!=\"other\", service!=\"load\"");
    Panel::lines(title, "s", description).query(&at_work(&expr), "{{style}}").exemplars().logarithmic()
}

/// A mean by service, of what each does.
fn by_service(title: &str, unit: &'static str, histogram: &str, description: &str) -> Panel {
    let expr = mean(histogram, "service", "bus=~\"$bus\", service!=\"load\"");
    Panel::lines(title, unit, description).query(&expr, "{{service}}")
}

pub(crate) fn board() -> Board {
    Board::new(
        "duet-hops",
        "2 Where the time goes",
        "Hop by hop: how long a message of each kind is on its way, and how long it takes to handle it.",
    )
    .each(hops("Mean time of each message on its way, $bus", "duet:full_minute:transit_seconds", "{{message}}", "From the decision to send a message until its receiver has it: the sender's commit, its outbox, the bus, the queue. The choreography's first, then the orchestration's. To the millisecond."))
    .each(hops("Mean time of each message in hand, $bus", "duet:full_minute:handling_seconds", "{{service}}: {{message}}", "From when a service has the message until it is settled: waiting for its batch, the decision, the commit, publishing what follows. The choreography's first, then the orchestration's."))
    .each(slowest("Slowest of a hundred messages on their way, $bus", "duet_message_transit_seconds", "From the decision to send a message until its receiver has it: 99th percentile. A diamond is a message whose order has a trace."))
    .each(slowest("Slowest of a hundred messages in hand, $bus", "duet_message_handling_seconds", "From receiving a message until it is settled: 99th percentile. A diamond is a message whose order has a trace."))
    .heading("Steps of a batch, by service")
    .each(by_service("Commit, $bus", "s", "duet_participant_commit_seconds", "Mean time from loading a batch's states until its commit."))
    .each(by_service("Publish, $bus", "s", "duet_participant_publish_seconds", "Mean time from publishing a batch's messages until the bus has confirmed them."))
    .each(by_service("Inputs in a batch, $bus", "none", "duet_participant_batch_inputs", "Messages, timers and call outcomes that are committed together, on average: one commit and one round of confirms for all of them.").decimals(1))
    .each(
        Panel::lines("CPU by service, $bus", "percentunit", "Share of one core that each process uses.")
            .query("sum by (service) (rate(process_cpu_seconds_total{job=\"duet\", bus=~\"$bus\"}[1m]))", "{{service}}")
            .stacked(),
    )
}
