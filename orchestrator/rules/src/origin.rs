//! What a template can say beside the event.

/// By which rule, and when, a template is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// `<aws.events.rule-arn>`
    pub rule_arn: &'a str,
    /// `<aws.events.rule-name>`
    pub rule_name: &'a str,
    /// `<aws.events.event.ingestion-time>`, in RFC 3339.
    pub ingested: &'a str,
}
