//! The auditor: reads what the services stored, compares it with what was sent, and gives the verdict.
//!
//! It changes nothing and trusts nobody: the services' stores, the gateway's own ledger and the list of what was
//! sent ([`SentLedger`]) have to tell one and the same story. [`audit`] is meant for a system at rest: run it once the
//! services have stopped or have nothing left to do, otherwise orders still under way count as stuck.
//!
//! # What must hold
//!
//! Of every order sent (each id once; repetitions in the input are counted, not held against anybody):
//!
//! | invariant | violation otherwise |
//! | --- | --- |
//! | order-history knows it | `lost` |
//! | it is closed there, as delivered, rejected or cancelled | `stuck` |
//! | nothing happened to it twice: recorded, closed, or any entry of a timeline but a lost try of the gateway | `doubled` |
//! | each timeline is a legal walk through its state machine and ends where the state says | `illegal_sequence` |
//! | every service stored the style it was sent in | `wrong_style` |
//! | every service stored the customer, restaurant and amount that were sent | `altered` |
//! | it is rejected if and only if it was not valid | `wrong_outcome` |
//! | order-status agrees: delivered or cancelled like the history; an order rejected is unknown or untouched | `services_disagree` |
//! | notifications agrees: accepted by the restaurant if delivered; declined or timed out if cancelled after the payment was authorised (never asked is right, too, where a try of the gateway was lost and the flow may have given up); never asked otherwise | `services_disagree` |
//!
//! Of its money, by the gateway's ledger (a stuck or lost order: only the first three):
//!
//! | invariant | violation otherwise |
//! | --- | --- |
//! | authorised, captured and voided at most once each, and not both captured and voided | `money_doubled` |
//! | captured and voided only what was authorised before | `money_unauthorised` |
//! | every amount is the order's total | `wrong_amount` |
//! | captured only if delivered | `captured_not_delivered` |
//! | delivered only if captured | `delivered_not_captured` |
//! | authorised = captured + voided: what was not captured was given back | `money_not_returned` |
//! | order-status sees the payment as the ledger does | `payment_disagrees` |
//!
//! Of what was said (a stuck or lost order: only that nothing was said twice). The customer must be told, once each:
//! `confirmed`, `out_for_delivery` and `delivered`; or `rejected`; or `cancelled`. The restaurant must be told, once
//! each: `new_order` if it was asked, and `order_cancelled` if the order was cancelled after that, unless the
//! restaurant itself had declined.
//!
//! | invariant | violation otherwise |
//! | --- | --- |
//! | everything that must be said was said | `notice_missing` |
//! | once | `notice_doubled` |
//! | and nothing else, nor to anybody else | `notice_wrong` |
//! | in its order: `new_order` before `order_cancelled`, each milestone before the next | `illegal_sequence` |
//!
//! Of the orchestrator, where there is one:
//!
//! | invariant | violation otherwise |
//! | --- | --- |
//! | an order of the choreography has no execution | `both_styles` |
//! | an order of the orchestration has one | `execution_missing` |
//! | it is finished if the order is closed | `execution_unfinished` |
//! | it succeeded if the order was delivered | `execution_failed` |
//!
//! Of the system as a whole:
//!
//! | invariant | violation otherwise |
//! | --- | --- |
//! | no store and no ledger knows an order that was never sent | `never_sent` |
//! | every stored state can be read | `corrupt_state` |
//! | no timer is set, no outbox row is left, no queue holds a message | `timer_left`, `outbox_left`, `queue_left` |
//! | there are exactly as many dead letters as expected | `dead_letters` |
//! | the observer saw the terminal event of every order, and none that it should not have seen | `unexpected_terminal_event` |
//!
//! # Memory and time
//!
//! Flat in the number of orders: sent orders and ledger are read in several passes, each of which keeps only the
//! orders whose id's hash falls into its part ([`Limits::orders_per_pass`]). Reading is sequential on the calling
//! task, files are read without leaving it: give the audit a task of its own when others must not wait.
#![warn(missing_docs)]

mod audit;
mod error;
mod evidence;
mod executions;
mod findings;
mod judge;
mod machine;
mod money;
mod notices;
mod sent;
mod source;
pub mod states;
mod verdict;
mod witnesses;

pub use audit::{Limits, audit, audit_watched, audit_within};
pub use error::AuditError;
pub use evidence::Evidence;
pub use executions::{ExecutionView, Executions, ViewExecution};
pub use sent::{BadLine, SentLedger, SentOrder, SentWriter};
pub use source::{Rows, Source};
pub use verdict::{Finding, Paths, StyleSummary, Verdict, Violation, ViolationKind};
pub use witnesses::{Judged, Witnesses};
