//! What the orchestrator asks of a service, and what the service answers.
//!
//! A [`Function`] is what a Task state names in its `Resource` (as a function ARN); a [`Command`] is one call of it;
//! a [`Reply`] is its result. A service knows functions, not workflows.

use bus::{Message, Topic};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::envelope::{Encoded, Envelope, Malformed};
use crate::order::{Item, Order, TerminalState, parse_json};
use crate::time::Millis;
use crate::{FieldError, topics};

/// The header in which a command carries what its reply must bring back as `correlationid`.
pub const TASK_HEADER: &str = "taskid";

/// A function that a service offers to workflows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name, the last part of its ARN.
    pub name: &'static str,
    /// The CloudEvents type of the command that calls it.
    pub kind: &'static str,
    /// Where the command is published.
    pub topic: Topic,
}

macro_rules! functions {
    ($($constant:ident $service:literal $name:literal,)*) => {
        $(
            #[doc = concat!("`", $name, "`, offered by ", $service, ".")]
            pub const $constant: Function = Function {
                name: $name,
                kind: concat!("duet.command.", $name, ".v1"),
                topic: Topic::new(concat!($service, ".commands/", $name)),
            };
        )*
        /// Every function there is.
        pub const FUNCTIONS: &[Function] = &[$($constant,)*];
    };
}

functions! {
    RECORD_ORDER "order-history" "record-order",
    CLOSE_ORDER "order-history" "close-order",
    AUTHORISE_PAYMENT "order-status" "authorise-payment",
    VOID_PAYMENT "order-status" "void-payment",
    CAPTURE_PAYMENT "order-status" "capture-payment",
    START_PREPARATION "order-status" "start-preparation",
    DISPATCH_ORDER "order-status" "dispatch-order",
    DELIVER_ORDER "order-status" "deliver-order",
    REQUEST_ACCEPTANCE "notifications" "request-acceptance",
    CANCEL_ACCEPTANCE "notifications" "cancel-acceptance",
    NOTIFY_CUSTOMER "notifications" "notify-customer",
}

/// The function of that name.
#[must_use]
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// A milestone that the customer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// The restaurant has accepted.
    Confirmed,
    /// A courier is on the way.
    OutForDelivery,
    /// The customer has it.
    Delivered,
    /// The order could not be taken.
    Rejected,
    /// The order was undone.
    Cancelled,
}

/// One call of a function: the JSON that the workflow's Task passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Command {
    /// Validate the order and save it in the customer's history.
    RecordOrder {
        /// What is to be recorded.
        order: Order,
    },
    /// Close the order in the history with its final status.
    CloseOrder {
        /// The order that it is about.
        order_id: String,
        /// How it ended.
        status: TerminalState,
        /// Why, unless it was delivered.
        reason: Option<String>,
    },
    /// Reserve the customer's money.
    AuthorisePayment {
        /// The order that it is about.
        order_id: String,
        /// Who pays.
        customer_id: String,
        /// How much, in minor units.
        amount_minor: u64,
        /// In which currency.
        currency: String,
    },
    /// Give the reserved money back. Harmless when nothing is reserved, and final: what is authorised after it is void.
    VoidPayment {
        /// The order that it is about.
        order_id: String,
        /// Why the order is undone.
        reason: String,
    },
    /// Take the reserved money.
    CapturePayment {
        /// The order that it is about.
        order_id: String,
        /// How much, in minor units.
        amount_minor: u64,
    },
    /// The kitchen begins.
    StartPreparation {
        /// The order that it is about.
        order_id: String,
    },
    /// A courier takes it.
    DispatchOrder {
        /// The order that it is about.
        order_id: String,
    },
    /// The customer gets it.
    DeliverOrder {
        /// The order that it is about.
        order_id: String,
    },
    /// Ask the restaurant whether it will cook.
    RequestAcceptance {
        /// The order that it is about.
        order_id: String,
        /// Who ordered.
        customer_id: String,
        /// Who is asked.
        restaurant_id: String,
        /// What to cook.
        items: Vec<Item>,
        /// What the customer pays, in minor units.
        total_minor: u64,
        /// In which currency.
        currency: String,
    },
    /// Tell the restaurant that the order is cancelled, whatever it answers.
    CancelAcceptance {
        /// The order that it is about.
        order_id: String,
        /// Who was asked.
        restaurant_id: String,
        /// Why.
        reason: String,
    },
    /// Tell the customer.
    NotifyCustomer {
        /// The order that it is about.
        order_id: String,
        /// Who is told.
        customer_id: String,
        /// What.
        milestone: Milestone,
        /// Why, where there is a reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

mod body {
    //! Payloads as they are read.
    use super::{Deserialize, Item, Milestone, Order, TerminalState};

    #[derive(Deserialize)]
    pub(super) struct WithOrder {
        pub(super) order: Order,
    }
    #[derive(Deserialize)]
    pub(super) struct Close {
        pub(super) order_id: String,
        pub(super) status: TerminalState,
        pub(super) reason: Option<String>,
    }
    #[derive(Deserialize)]
    pub(super) struct Authorise {
        pub(super) order_id: String,
        pub(super) customer_id: String,
        pub(super) amount_minor: u64,
        pub(super) currency: String,
    }
    #[derive(Deserialize)]
    pub(super) struct Void {
        pub(super) order_id: String,
        pub(super) reason: String,
    }
    #[derive(Deserialize)]
    pub(super) struct Capture {
        pub(super) order_id: String,
        pub(super) amount_minor: u64,
    }
    #[derive(Deserialize)]
    pub(super) struct OrderOnly {
        pub(super) order_id: String,
    }
    #[derive(Deserialize)]
    pub(super) struct Request {
        pub(super) order_id: String,
        pub(super) customer_id: String,
        pub(super) restaurant_id: String,
        pub(super) items: Vec<Item>,
        pub(super) total_minor: u64,
        pub(super) currency: String,
    }
    #[derive(Deserialize)]
    pub(super) struct CancelAcceptance {
        pub(super) order_id: String,
        pub(super) restaurant_id: String,
        pub(super) reason: String,
    }
    #[derive(Deserialize)]
    pub(super) struct Notify {
        pub(super) order_id: String,
        pub(super) customer_id: String,
        pub(super) milestone: Milestone,
        #[serde(default)]
        pub(super) reason: Option<String>,
    }
}

impl Command {
    /// The function that this calls.
    #[must_use]
    pub const fn function(&self) -> Function {
        match self {
            Self::RecordOrder { .. } => RECORD_ORDER,
            Self::CloseOrder { .. } => CLOSE_ORDER,
            Self::AuthorisePayment { .. } => AUTHORISE_PAYMENT,
            Self::VoidPayment { .. } => VOID_PAYMENT,
            Self::CapturePayment { .. } => CAPTURE_PAYMENT,
            Self::StartPreparation { .. } => START_PREPARATION,
            Self::DispatchOrder { .. } => DISPATCH_ORDER,
            Self::DeliverOrder { .. } => DELIVER_ORDER,
            Self::RequestAcceptance { .. } => REQUEST_ACCEPTANCE,
            Self::CancelAcceptance { .. } => CANCEL_ACCEPTANCE,
            Self::NotifyCustomer { .. } => NOTIFY_CUSTOMER,
        }
    }

    /// The order it is about.
    #[must_use]
    pub fn order_id(&self) -> &str {
        match self {
            Self::RecordOrder { order } => &order.order_id,
            Self::CloseOrder { order_id, .. }
            | Self::AuthorisePayment { order_id, .. }
            | Self::VoidPayment { order_id, .. }
            | Self::CapturePayment { order_id, .. }
            | Self::StartPreparation { order_id }
            | Self::DispatchOrder { order_id }
            | Self::DeliverOrder { order_id }
            | Self::RequestAcceptance { order_id, .. }
            | Self::CancelAcceptance { order_id, .. }
            | Self::NotifyCustomer { order_id, .. } => order_id,
        }
    }

    /// Reads a command from a message, by its `type`.
    ///
    /// # Errors
    /// The type is no function's, the body is not its payload, or it is about another order than the message's key.
    pub fn decode(message: &Message) -> Result<Self, Malformed> {
        fn read<T: serde::de::DeserializeOwned>(message: &Message) -> Result<T, Malformed> {
            parse_json(&message.body).map_err(Malformed)
        }
        let kind = message.headers.get("type");
        let name = kind.and_then(|kind| kind.strip_prefix("duet.command.")?.strip_suffix(".v1"));
        let only = |message| read::<body::OrderOnly>(message).map(|body| body.order_id);
        let command = match name {
            Some("record-order") => Self::RecordOrder { order: read::<body::WithOrder>(message)?.order },
            Some("close-order") => {
                let body::Close { order_id, status, reason } = read(message)?;
                Self::CloseOrder { order_id, status, reason }
            }
            Some("authorise-payment") => {
                let body::Authorise { order_id, customer_id, amount_minor, currency } = read(message)?;
                Self::AuthorisePayment { order_id, customer_id, amount_minor, currency }
            }
            Some("void-payment") => {
                let body::Void { order_id, reason } = read(message)?;
                Self::VoidPayment { order_id, reason }
            }
            Some("capture-payment") => {
                let body::Capture { order_id, amount_minor } = read(message)?;
                Self::CapturePayment { order_id, amount_minor }
            }
            Some("start-preparation") => Self::StartPreparation { order_id: only(message)? },
            Some("dispatch-order") => Self::DispatchOrder { order_id: only(message)? },
            Some("deliver-order") => Self::DeliverOrder { order_id: only(message)? },
            Some("request-acceptance") => {
                let body = read::<body::Request>(message)?;
                Self::RequestAcceptance {
                    order_id: body.order_id,
                    customer_id: body.customer_id,
                    restaurant_id: body.restaurant_id,
                    items: body.items,
                    total_minor: body.total_minor,
                    currency: body.currency,
                }
            }
            Some("cancel-acceptance") => {
                let body::CancelAcceptance { order_id, restaurant_id, reason } = read(message)?;
                Self::CancelAcceptance { order_id, restaurant_id, reason }
            }
            Some("notify-customer") => {
                let body::Notify { order_id, customer_id, milestone, reason } = read(message)?;
                Self::NotifyCustomer { order_id, customer_id, milestone, reason }
            }
            _ => {
                let expected = "the type of a command, e.g. duet.command.record-order.v1";
                return Err(Malformed::header("type", kind, expected));
            }
        };
        if command.order_id() == message.key {
            return Ok(command);
        }
        Err(Malformed(FieldError {
            field: "order_id".to_owned(),
            value: format!("{:?}", command.order_id()),
            expected: format!("the message's key {:?}", message.key),
        }))
    }
}

/// The message that calls `function` with a payload made by a workflow, but for id and key. `task` comes back as
/// the reply's correlation; `None` asks for no reply.
#[must_use]
pub fn encode_call(
    function: &Function,
    payload: Bytes,
    task: Option<&str>,
    envelope: &Envelope,
    source: &'static str,
    now: Millis,
) -> Encoded {
    let mut headers = envelope.headers(function.kind, source, now);
    if let Some(task) = task {
        headers.set(TASK_HEADER, task.to_owned());
    }
    Encoded { topic: function.topic.clone(), headers, body: payload }
}

/// A service's answer to a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Reply {
    /// It was done.
    Succeeded {
        /// The function's result.
        output: serde_json::Value,
    },
    /// It could not be done.
    Failed {
        /// The error's name, for Retry and Catch.
        error: String,
        /// What happened, for people.
        cause: String,
    },
}

/// Names of errors that functions fail with, as workflows catch them.
pub mod errors {
    /// record-order: the order cannot be taken.
    pub const ORDER_REJECTED: &str = "OrderRejected";
    /// record-order: the order's id belongs to another order, or to this one in the other style. Terminal: nothing was done.
    pub const DUPLICATE_ORDER: &str = "DuplicateOrder";
    /// authorise-payment: the customer's money cannot be had.
    pub const PAYMENT_DECLINED: &str = "PaymentDeclined";
    /// Any payment function: the gateway did not answer; it may have acted. Worth another try.
    pub const PAYMENT_UNAVAILABLE: &str = "PaymentUnavailable";
    /// request-acceptance: the restaurant will not cook.
    pub const RESTAURANT_DECLINED: &str = "RestaurantDeclined";
    /// The order's state does not allow this step (a capture after a void, say). Terminal.
    pub const ILLEGAL_STEP: &str = "IllegalStep";
}

impl Reply {
    /// The CloudEvents type of every reply.
    pub const KIND: &'static str = "duet.reply.v1";

    /// It was done, with nothing to say.
    #[must_use]
    pub fn done() -> Self {
        Self::Succeeded { output: serde_json::Value::Object(serde_json::Map::new()) }
    }

    /// It could not be done.
    #[must_use]
    pub fn failed(error: &str, cause: impl Into<String>) -> Self {
        Self::Failed { error: error.to_owned(), cause: cause.into() }
    }

    /// The message that carries this reply, but for id and key. The envelope's correlation is the command's task.
    #[must_use]
    pub fn encode(&self, envelope: &Envelope, source: &'static str, now: Millis) -> Encoded {
        let body = serde_json::to_vec(self).expect("a reply has only string keys and finite numbers");
        Encoded {
            topic: topics::REPLIES,
            headers: envelope.headers(Self::KIND, source, now),
            body: Bytes::from(body),
        }
    }

    /// Reads a reply from a message.
    ///
    /// # Errors
    /// The type is not a reply's, or the body is none.
    pub fn decode(message: &Message) -> Result<Self, Malformed> {
        match message.headers.get("type") {
            Some(Self::KIND) => parse_json(&message.body).map_err(Malformed),
            other => Err(Malformed::header("type", other, Self::KIND)),
        }
    }
}
