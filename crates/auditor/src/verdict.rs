//! The verdict: what a report says, and how it reads.

use std::collections::BTreeMap;
use std::fmt;

use contract::command::Milestone;
use contract::{Style, TerminalState};
use serde::{Deserialize, Serialize};

/// The finding in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Every order is accounted for and every invariant holds.
    Clean,
    /// At least one does not.
    Violated,
    /// Nothing that was looked at is wrong, but not enough could be looked at to say that all is well.
    NotJudged,
}

impl Finding {
    /// Every finding there is.
    pub const ALL: [Self; 3] = [Self::Clean, Self::Violated, Self::NotJudged];

    /// Its name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Violated => "violated",
            Self::NotJudged => "not_judged",
        }
    }
}

/// What the auditor found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether all is well.
    pub verdict: Finding,
    /// Why nothing can be said, if [`Finding::NotJudged`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_judged: Option<String>,
    /// How many violations there are, listed or not.
    pub violations_total: u64,
    /// How many there are of each kind.
    pub violations_by_kind: BTreeMap<ViolationKind, u64>,
    /// The first of them (see [`Limits::violations_listed`](crate::Limits::violations_listed)), by order.
    pub violations: Vec<Violation>,
    /// Lines of the input that repeated an order's id; counted once each above, and no violation.
    pub duplicates_in_input: u64,
    /// What became of each style's orders. A style in which nothing was sent is missing.
    pub styles: BTreeMap<Style, StyleSummary>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Violation {
    /// The order with which it is wrong; `None` when it concerns the system as a whole.
    pub order_id: Option<String>,
    /// What is wrong.
    pub kind: ViolationKind,
    /// What was found, and what should have been.
    pub detail: String,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)*) => {
        /// What can be wrong. The crate's documentation lists the invariants behind them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ViolationKind {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl ViolationKind {
            /// Every kind there is, the gravest first.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// It was sent, and order-history does not know it.
    Lost "lost",
    /// It is known, but not closed.
    Stuck "stuck",
    /// Something happened to it twice.
    Doubled "doubled",
    /// It is known, but was never sent.
    NeverSent "never_sent",
    /// It was rejected though valid, or taken though not valid.
    WrongOutcome "wrong_outcome",
    /// The services do not agree on how it ended.
    ServicesDisagree "services_disagree",
    /// Its timeline is not a legal sequence, or does not lead to its state.
    IllegalSequence "illegal_sequence",
    /// A service has it in another style than it was sent in.
    WrongStyle "wrong_style",
    /// A service has another customer, restaurant or amount than was sent.
    Altered "altered",
    /// Money was reserved, taken or given back more than once, or both taken and given back.
    MoneyDoubled "money_doubled",
    /// Money was taken or given back that had not been reserved before.
    MoneyUnauthorised "money_unauthorised",
    /// Money moved in another amount than the order's total.
    WrongAmount "wrong_amount",
    /// Money was taken, but the order was not delivered.
    CapturedNotDelivered "captured_not_delivered",
    /// The order was delivered, but its money never taken.
    DeliveredNotCaptured "delivered_not_captured",
    /// Money reserved was neither taken nor given back.
    MoneyNotReturned "money_not_returned",
    /// order-status sees the payment otherwise than the gateway's ledger.
    PaymentDisagrees "payment_disagrees",
    /// Somebody was not told what they had to be told.
    NoticeMissing "notice_missing",
    /// Somebody was told the same twice.
    NoticeDoubled "notice_doubled",
    /// Somebody was told what they should not have been told.
    NoticeWrong "notice_wrong",
    /// The orchestrator answered an order of the choreography.
    BothStyles "both_styles",
    /// The orchestrator has no execution for an order of its own.
    ExecutionMissing "execution_missing",
    /// The order is closed, its execution is not finished.
    ExecutionUnfinished "execution_unfinished",
    /// The order was delivered, its execution failed.
    ExecutionFailed "execution_failed",
    /// What is stored cannot be read.
    CorruptState "corrupt_state",
    /// A timer is still set.
    TimerLeft "timer_left",
    /// Messages or calls are still in an outbox.
    OutboxLeft "outbox_left",
    /// Messages are still in a queue.
    QueueLeft "queue_left",
    /// There are more or fewer dead letters than expected.
    DeadLetters "dead_letters",
    /// The observer saw a terminal event that it should not have seen.
    UnexpectedTerminalEvent "unexpected_terminal_event",
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of one style's orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StyleSummary {
    /// Orders that entered the system, each id once. The sum of the other four.
    pub accepted: u64,
    /// Closed as delivered.
    pub delivered: u64,
    /// Closed as rejected.
    pub rejected: u64,
    /// Closed as cancelled.
    pub cancelled: u64,
    /// Not closed: lost, stuck or unreadable.
    pub unaccounted: u64,
    /// How often each path of the flow was taken.
    pub paths: Paths,
}

impl StyleSummary {
    /// Counts one more order with this outcome.
    pub(crate) fn count(&mut self, outcome: Option<TerminalState>) {
        self.accepted += 1;
        match outcome {
            Some(TerminalState::Delivered) => self.delivered += 1,
            Some(TerminalState::Rejected) => self.rejected += 1,
            Some(TerminalState::Cancelled) => self.cancelled += 1,
            None => self.unaccounted += 1,
        }
    }
}

/// How often each path of the flow was taken, by what the services and the gateway recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paths {
    /// Orders whose payment was declined.
    pub payments_declined: u64,
    /// Calls of the gateway that got no answer.
    pub gateway_tries_lost: u64,
    /// Orders for which a call of the gateway was made again, and answered in the end.
    pub gateway_retried: u64,
    /// Orders given up because the gateway never answered.
    pub authorisations_given_up: u64,
    /// Orders the restaurant declined.
    pub restaurant_declined: u64,
    /// Orders the restaurant did not answer in time.
    pub restaurant_timed_out: u64,
    /// Restaurants' answers that came when the order had been decided otherwise.
    pub late_answers: u64,
    /// Captures in the gateway's ledger.
    pub captures: u64,
    /// Voids in the gateway's ledger.
    pub voids: u64,
    /// New orders that restaurants were told of.
    pub new_orders_told: u64,
    /// Cancellations that restaurants were told of.
    pub cancellations_told: u64,
    /// What customers were told, by milestone.
    pub customer_notices: BTreeMap<Milestone, u64>,
}

impl Paths {
    /// Each count with its name as shown to people, in the order of the flow.
    #[must_use]
    pub fn named(&self) -> Vec<(&'static str, u64)> {
        let told = |milestone| self.customer_notices.get(&milestone).copied().unwrap_or(0);
        vec![
            ("payment declined", self.payments_declined),
            ("gateway tries lost", self.gateway_tries_lost),
            ("gateway retried", self.gateway_retried),
            ("authorisation given up", self.authorisations_given_up),
            ("restaurant declined", self.restaurant_declined),
            ("restaurant timed out", self.restaurant_timed_out),
            ("late answers", self.late_answers),
            ("payments captured", self.captures),
            ("payments voided", self.voids),
            ("restaurant told: new order", self.new_orders_told),
            ("restaurant told: cancelled", self.cancellations_told),
            ("customer told: confirmed", told(Milestone::Confirmed)),
            ("customer told: on its way", told(Milestone::OutForDelivery)),
            ("customer told: delivered", told(Milestone::Delivered)),
            ("customer told: rejected", told(Milestone::Rejected)),
            ("customer told: cancelled", told(Milestone::Cancelled)),
        ]
    }
}

impl Verdict {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.verdict == Finding::Clean
    }
}

/// How many violations are shown to people; the report has more of them.
const SHOWN: usize = 50;

impl fmt::Display for Verdict {
    /// The verdict first, then what is wrong with which order, then what became of the orders. No newline at the
    /// end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let orders: u64 = self.styles.values().map(|style| style.accepted).sum();
        match self.verdict {
            Finding::Clean => {
                writeln!(f, "VERDICT: clean. All {} orders accounted for: none lost,", grouped(orders))?;
                writeln!(f, "doubled or stuck; money, notices and histories are as they have to be.")?;
            }
            Finding::Violated => self.fmt_violations(f, orders)?,
            Finding::NotJudged => {
                writeln!(
                    f,
                    "VERDICT: not judged. {}.",
                    self.not_judged.as_deref().unwrap_or("Nobody has looked")
                )?;
                writeln!(f, "{} orders were found as they have to be before.", grouped(orders))?;
            }
        }
        if self.duplicates_in_input > 0 {
            writeln!(
                f,
                "{} repeated ids in the input, each counted once.",
                grouped(self.duplicates_in_input)
            )?;
        }
        self.fmt_table(f)
    }
}

impl Verdict {
    fn fmt_violations(&self, f: &mut fmt::Formatter<'_>, orders: u64) -> fmt::Result {
        let (total, orders) = (grouped(self.violations_total), grouped(orders));
        writeln!(f, "VERDICT: violated. {total} violations among {orders} orders:")?;
        for (kind, count) in &self.violations_by_kind {
            writeln!(f, "  {:>9}  {kind}", grouped(*count))?;
        }
        writeln!(f)?;
        let id = |violation: &Violation| violation.order_id.clone().unwrap_or_else(|| "(system)".to_owned());
        let shown = &self.violations[..self.violations.len().min(SHOWN)];
        let width = shown.iter().map(|violation| id(violation).len()).max().unwrap_or(0);
        for violation in shown {
            writeln!(f, "  {:width$}  {}: {}", id(violation), violation.kind, violation.detail)?;
        }
        let more = self.violations_total - shown.len() as u64;
        if more > 0 { writeln!(f, "  and {} more", grouped(more)) } else { Ok(()) }
    }

    fn fmt_table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LABEL: usize = 28;
        const COLUMN: usize = 15;
        if self.styles.is_empty() {
            return match self.verdict {
                Finding::NotJudged => Ok(()),
                Finding::Clean | Finding::Violated => write!(f, "\nNo orders were sent."),
            };
        }
        let columns: Vec<Vec<(&str, u64)>> = self.styles.values().map(StyleSummary::rows).collect();
        write!(f, "\n{:LABEL$}", "orders")?;
        for style in self.styles.keys() {
            write!(f, "{:>COLUMN$}", style.as_str())?;
        }
        for (index, (name, _)) in columns[0].iter().enumerate() {
            write!(f, "\n{name:LABEL$}")?;
            for column in &columns {
                write!(f, "{:>COLUMN$}", grouped(column[index].1))?;
            }
        }
        Ok(())
    }
}

impl StyleSummary {
    fn rows(&self) -> Vec<(&'static str, u64)> {
        let mut rows = vec![
            ("accepted", self.accepted),
            ("delivered", self.delivered),
            ("rejected", self.rejected),
            ("cancelled", self.cancelled),
            ("unaccounted for", self.unaccounted),
        ];
        rows.extend(self.paths.named());
        rows
    }
}

/// A number with its thousands set apart: `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn names_in_json_and_in_text_are_the_same() {
        for kind in ViolationKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for finding in Finding::ALL {
            assert_eq!(serde_json::to_value(finding).unwrap(), finding.as_str());
        }
    }
}
