//! What an event looks like.

use serde_json::{Value, json};

/// What an event is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<'a> {
    /// Unique.
    pub id: &'a str,
    /// Its `detail-type`: what happened.
    pub kind: &'a str,
    /// Where it happened.
    pub source: &'a str,
    /// Twelve digits.
    pub account: &'a str,
    /// When, in RFC 3339.
    pub time: &'a str,
    /// Where it happened: `us-east-1`.
    pub region: &'a str,
    /// What it is about.
    pub resources: &'a [&'a str],
    /// What there is to say about it.
    pub detail: Value,
}

impl Envelope<'_> {
    /// The event, with its members in AWS's order.
    #[must_use]
    pub fn event(self) -> Value {
        let Self { id, kind, source, account, time, region, resources, detail } = self;
        json!({
            "version": "0",
            "id": id,
            "detail-type": kind,
            "source": source,
            "account": account,
            "time": time,
            "region": region,
            "resources": resources,
            "detail": detail,
        })
    }
}
