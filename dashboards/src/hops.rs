//! *Where the time goes*: hop by hop, by service and step.

use crate::board::Board;
use crate::panel::{Panel, quantile_of};

/// The mean of a histogram over the last minute, by these labels.
fn mean(histogram: &str, by: &str, of: &str) -> String {
    format!(
        "sum by ({by}) (rate({histogram}_sum{{{of}}}[1m])) / (sum by ({by}) (rate({histogram}_count{{{of}}}[1m])) > 0)"
    )
}

/// The 99th percentile of a histogram over the last minute, in both columns.
fn slowest(title: &str, histogram: &str, by: &str, description: &str) -> Panel {
    let expr = quantile_of("0.99", by, histogram, OF_STYLE);
    let panel = Panel::lines(title, "s", description).query(&expr, &format!("{{{{{by}}}}}"));
    panel.logarithmic().exemplars().for_each("style").sized(12, 9)
}

/// Of the messages of a style, but for what the observer sees.
const OF_STYLE: &str = "bus=~\"$bus\", style=~\"$style\", service!=\"load\"";

pub(crate) fn board() -> Board {
    Board::new(
        "duet-hops",
        "2 Where the time goes",
        "Hop by hop: how long a message of each kind is on its way, and how long it takes to handle it.",
    )
    .by_style()
    .row([Panel::bars("Mean time of each hop, on its way, $style", "s", "From the decision to send a message until its receiver has it: the sender's commit, its outbox, the bus, the queue. The topic names the message. To the millisecond.")
        .query(&format!("sort_desc({})", mean("duet_message_transit_seconds", "topic", OF_STYLE)), "{{topic}}")
        .for_each("style")
        .sized(12, 12)])
    .row([Panel::bars("Mean time of each hop, in hand, $style", "s", "From when a service has the message until it is settled: waiting for its batch, the decision, the commit, publishing what follows.")
        .query(&format!("sort_desc({})", mean("duet_message_handling_seconds", "service, topic", OF_STYLE)), "{{service}}: {{topic}}")
        .for_each("style")
        .sized(12, 12)])
    .row([slowest("On its way, slowest of a hundred, $style", "duet_message_transit_seconds", "topic", "From the decision to send a message until its receiver has it: 99th percentile by topic. A diamond is a message whose order has a trace.")])
    .row([slowest("In hand, slowest of a hundred, $style", "duet_message_handling_seconds", "service", "From receiving a message until it is settled: 99th percentile by service. A diamond is a message whose order has a trace.")])
    .heading("Steps of a batch, by service")
    .row([
        Panel::lines("Commit", "s", "Mean time from loading a batch's states until its commit.")
            .query(&mean("duet_participant_commit_seconds", "bus, service", "bus=~\"$bus\", service!=\"load\""), "{{service}} {{bus}}"),
        Panel::lines("Publish", "s", "Mean time from publishing a batch's messages until the bus has confirmed them.")
            .query(&mean("duet_participant_publish_seconds", "bus, service", "bus=~\"$bus\", service!=\"load\""), "{{service}} {{bus}}"),
    ])
    .row([
        Panel::lines("Inputs in a batch", "short", "Messages, timers and call outcomes that are committed together, on average: one commit and one round of confirms for all of them.")
            .query(&mean("duet_participant_batch_inputs", "bus, service", "bus=~\"$bus\", service!=\"load\""), "{{service}} {{bus}}")
            .decimals(1),
        Panel::lines("CPU by service", "percentunit", "Share of one core that each process uses.")
            .query("rate(process_cpu_seconds_total{job=\"duet\", bus=~\"$bus\"}[1m])", "{{service}} {{bus}}")
            .stacked(),
    ])
}
