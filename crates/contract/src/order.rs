//! An order as it enters the system, and the checks at the edge.
//!
//! Two kinds of wrong are kept apart. What is not an order at all (a missing field, an id with a space in it) is
//! refused at the edge with a [`FieldError`] per problem. What is an order but cannot be taken (an empty
//! basket, a total that does not add up) is accepted, recorded and then `rejected`: see [`Order::rejections`].

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{self, Millis, TimeError};

/// What an id is made of, for messages.
pub const ID_FORM: &str = "1 to 64 of A-Z a-z 0-9 . _ -, but not . or .. alone";
/// When an order can have been placed: from 1970 to 2999. What lies beyond is a mistake, or means `never` elsewhere.
const PLACED_AT_MS: std::ops::Range<Millis> = 0..32_503_680_000_000;

/// The most lines a basket may have.
pub const ITEMS_MAX: usize = 100;
/// The longest id, in bytes.
pub const ID_BYTES_MAX: usize = 64;
/// The longest item name, in bytes.
pub const NAME_BYTES_MAX: usize = 200;
/// The largest price or total, in minor units: far below what JavaScript's numbers hold exactly.
pub const AMOUNT_MINOR_MAX: u64 = 1_000_000_000_000;
/// The most of one item in an order that is taken.
pub const QUANTITY_MAX: u32 = 99;

/// A customer's order from a restaurant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Unique; 1 to 64 of `A-Z a-z 0-9 . _ -`, but not `.` or `..` alone. Placing an order again with the same id has no second effect.
    pub order_id: String,
    /// Who orders; same form as `order_id`.
    pub customer_id: String,
    /// Who cooks; same form as `order_id`.
    pub restaurant_id: String,
    /// The basket, at most 100 lines.
    pub items: Vec<Item>,
    /// ISO 4217 code, three capital letters.
    pub currency: String,
    /// What the customer agreed to pay: the sum of quantity x unit price, in the currency's minor unit.
    pub total_minor: u64,
    /// When the customer placed it (RFC 3339, from 1970 to 2999); used to replay a real arrival pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<String>,
}

/// One line of a basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// What the restaurant's menu calls it; at most 200 bytes.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// The price of one, in the currency's minor unit.
    pub unit_price_minor: u64,
}

/// How an order ends. Every order reaches exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerminalState {
    /// The customer has it, the restaurant has its money.
    Delivered,
    /// It could not be taken at all; nothing was paid.
    Rejected,
    /// It was taken and then undone; what was authorised was voided.
    Cancelled,
}

impl TerminalState {
    /// All three, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Rejected, Self::Cancelled];

    /// Its name in messages, metrics and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for TerminalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with one field of some input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's path, e.g. `items[2].quantity`; `.` for the whole.
    pub field: String,
    /// The value found, as JSON, shortened.
    pub value: String,
    /// What would be right.
    pub expected: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, expected {}", self.field, self.value, self.expected)
    }
}

impl std::error::Error for FieldError {}

impl FieldError {
    fn new(field: impl Into<String>, value: impl fmt::Display, expected: impl Into<String>) -> Self {
        Self { field: field.into(), value: shorten(&value.to_string()), expected: expected.into() }
    }
}

/// At most 80 characters of it, so that an error about a huge value stays readable.
fn shorten(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Order {
    /// A small order that can be taken: two of one dish for 19.00 EUR. For tests, which change what they are about.
    #[must_use]
    pub fn sample(order_id: &str) -> Self {
        Self {
            order_id: order_id.to_owned(),
            customer_id: "c-1".to_owned(),
            restaurant_id: "r-1".to_owned(),
            items: vec![Item { name: "margherita".to_owned(), quantity: 2, unit_price_minor: 950 }],
            currency: "EUR".to_owned(),
            total_minor: 1900,
            placed_at: None,
        }
    }

    /// Reads an order from JSON and checks its form.
    ///
    /// # Errors
    /// Every problem found: a JSON or type error (the first), or all fields whose value is out of bounds.
    pub fn from_json(json: &[u8]) -> Result<Self, Vec<FieldError>> {
        let order: Self = parse_json(json).map_err(|error| vec![error])?;
        require_objects(json)?;
        let problems = order.form_errors();
        if problems.is_empty() { Ok(order) } else { Err(problems) }
    }

    /// Everything that makes this no order at all; empty for a well-formed one.
    #[must_use]
    pub fn form_errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (field, id) in [
            ("order_id", &self.order_id),
            ("customer_id", &self.customer_id),
            ("restaurant_id", &self.restaurant_id),
        ] {
            if !is_id(id) {
                errors.push(FieldError::new(field, format_args!("{id:?}"), ID_FORM));
            }
        }
        if self.currency.len() != 3 || !self.currency.bytes().all(|b| b.is_ascii_uppercase()) {
            let expected = "an ISO 4217 code of three capital letters, e.g. \"EUR\"";
            errors.push(FieldError::new("currency", format_args!("{:?}", self.currency), expected));
        }
        if self.items.len() > ITEMS_MAX {
            let found = format!("{} items", self.items.len());
            errors.push(FieldError::new("items", found, format!("at most {ITEMS_MAX}")));
        }
        for (index, item) in self.items.iter().enumerate().take(ITEMS_MAX) {
            if item.name.is_empty() || item.name.len() > NAME_BYTES_MAX {
                let field = format!("items[{index}].name");
                let expected = format!("1 to {NAME_BYTES_MAX} bytes");
                errors.push(FieldError::new(field, format_args!("{:?}", item.name), expected));
            }
            if item.unit_price_minor > AMOUNT_MINOR_MAX {
                let field = format!("items[{index}].unit_price_minor");
                errors.push(FieldError::new(field, item.unit_price_minor, at_most_amount()));
            }
        }
        if self.total_minor > AMOUNT_MINOR_MAX {
            errors.push(FieldError::new("total_minor", self.total_minor, at_most_amount()));
        }
        if let Some(placed_at) = &self.placed_at
            && let Err(expected) = read_placed_at(placed_at)
        {
            errors.push(FieldError::new("placed_at", format_args!("{placed_at:?}"), expected));
        }
        errors
    }

    /// Why this order cannot be taken; empty when it can. Deterministic, so a repeated validation agrees.
    #[must_use]
    pub fn rejections(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.items.is_empty() {
            reasons.push("the basket is empty".to_owned());
        }
        for item in &self.items {
            if item.quantity == 0 || item.quantity > QUANTITY_MAX {
                reasons
                    .push(format!("{} x {:?}: 1 to {QUANTITY_MAX} can be ordered", item.quantity, item.name));
            }
        }
        let sum = self.items_sum_minor();
        if sum != Some(self.total_minor) {
            let sum = sum.map_or_else(|| "more than can be paid".to_owned(), |sum| sum.to_string());
            reasons.push(format!("the total is {}, but the items add up to {sum}", self.total_minor));
        }
        reasons
    }

    /// The sum of quantity x unit price; `None` on overflow.
    #[must_use]
    pub fn items_sum_minor(&self) -> Option<u64> {
        self.items.iter().try_fold(0_u64, |sum, item| {
            sum.checked_add(u64::from(item.quantity).checked_mul(item.unit_price_minor)?)
        })
    }

    /// `placed_at` as a point in time, where it is given and well-formed.
    #[must_use]
    pub fn placed_at_millis(&self) -> Option<Millis> {
        self.placed_at.as_deref().and_then(|text| read_placed_at(text).ok())
    }
}

/// When an order was placed, or else what would be right.
fn read_placed_at(text: &str) -> Result<Millis, &'static str> {
    match time::parse(text) {
        Ok(at) if PLACED_AT_MS.contains(&at) => Ok(at),
        Ok(_) | Err(TimeError::Range) => Err("a time from 1970-01-01T00:00:00Z to 2999-12-31T23:59:59Z"),
        Err(TimeError::Form) => Err("an RFC 3339 time, e.g. \"2026-03-01T18:30:00Z\""),
    }
}

fn at_most_amount() -> String {
    format!("at most {AMOUNT_MINOR_MAX}")
}

/// Whether the text has the form of an id ([`ID_FORM`]). An id is a segment of a path in URLs, where `.` and `..` lead
/// elsewhere, however they are written.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len())
        && !matches!(text, "." | "..")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Reads JSON into `T`; an error names the field's path, the value found there and what would be right.
///
/// # Errors
/// The text is not JSON, or not of the type.
pub fn parse_json<T: serde::de::DeserializeOwned>(json: &[u8]) -> Result<T, FieldError> {
    // The fast way first; the path of an error is worth a second reading only when there is one.
    if let Ok(value) = serde_json::from_slice(json) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let error = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => error,
        Ok(_) => {
            return Err(FieldError::new(
                ".",
                "text behind the JSON value",
                "one JSON value and nothing else",
            ));
        }
    };
    let path = error.path().to_string();
    let reason = without_position(error.inner());
    if let Some(name) = reason.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let field = if path == "." { name.to_owned() } else { format!("{path}.{name}") };
        return Err(FieldError::new(field, "nothing", "a value: the field is required"));
    }
    let value = match serde_json::from_slice::<serde_json::Value>(json) {
        Err(error) => {
            let expected = format!("a JSON object ({error})");
            return Err(FieldError::new(path, String::from_utf8_lossy(json), expected));
        }
        Ok(value) => at_path(&value, error.path()).map_or_else(|| "nothing".to_owned(), ToString::to_string),
    };
    let expected = match reason.split_once(", expected ") {
        Some((what, known)) if what.starts_with("unknown field") => format!("no such field, but {known}"),
        Some((_, expected)) => in_words(expected),
        None if reason.starts_with("duplicate field") => format!("each field once, but there is a {reason}"),
        None => reason,
    };
    Err(FieldError::new(path, value, expected))
}

/// serde reads a struct from an array as well; an order and its items are objects.
fn require_objects(json: &[u8]) -> Result<(), Vec<FieldError>> {
    #[derive(Deserialize)]
    struct Shape<'a> {
        #[serde(borrow)]
        items: Vec<&'a serde_json::value::RawValue>,
    }
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(vec![FieldError::new(".", String::from_utf8_lossy(json), "an object")]);
    }
    let Ok(shape) = serde_json::from_slice::<Shape<'_>>(json) else { return Ok(()) };
    let arrays = shape.items.iter().enumerate().filter(|(_, item)| !item.get().starts_with('{'));
    let errors: Vec<_> =
        arrays.map(|(n, item)| FieldError::new(format!("items[{n}]"), item.get(), "an object")).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// What serde expected, in plain words.
fn in_words(expected: &str) -> String {
    match expected {
        "u64" => "a whole number, 0 or more".to_owned(),
        "u32" => format!("a whole number from 0 to {}", u32::MAX),
        text if text.starts_with("struct ") => "an object".to_owned(),
        "a sequence" => "a list".to_owned(),
        text => text.to_owned(),
    }
}

/// What serde_json says, without the line and column it appends: the field's path says more.
fn without_position(error: &serde_json::Error) -> String {
    let position = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}

fn at_path<'a>(
    value: &'a serde_json::Value,
    path: &serde_path_to_error::Path,
) -> Option<&'a serde_json::Value> {
    use serde_path_to_error::Segment;
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Map { key } => value.get(key),
        Segment::Seq { index } => value.get(index),
        Segment::Enum { .. } | Segment::Unknown => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pizza() -> Order {
        Order::sample("o-1")
    }

    fn problems(change: impl FnOnce(&mut serde_json::Value)) -> Vec<String> {
        let mut json = serde_json::to_value(pizza()).unwrap();
        change(&mut json);
        match Order::from_json(json.to_string().as_bytes()) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_good_order_passes_and_is_taken() {
        assert_eq!(problems(|_| ()), Vec::<String>::new());
        assert_eq!(pizza().rejections(), Vec::<String>::new());
    }

    #[test]
    fn an_error_names_the_field_the_value_and_what_would_be_right() {
        assert_eq!(
            problems(|json| json["items"][0]["quantity"] = "two".into()),
            [r#"items[0].quantity: found "two", expected a whole number from 0 to 4294967295"#]
        );
        assert_eq!(
            problems(|json| json["order_id"] = "a b".into()),
            [r#"order_id: found "a b", expected 1 to 64 of A-Z a-z 0-9 . _ -, but not . or .. alone"#]
        );
        let array = r#"["o","c","r",[["pizza",1,100]],"EUR",100,null]"#;
        assert_eq!(Order::from_json(array.as_bytes()).unwrap_err()[0].expected, "an object");
        assert_eq!(
            problems(|json| json["items"][0] = serde_json::json!(["margherita", 2, 950])),
            [r#"items[0]: found ["margherita",2,950], expected an object"#]
        );
        let all = problems(|json| {
            json["customer_id"] = "".into();
            json["currency"] = "euro".into();
            json["placed_at"] = "noon".into();
        });
        assert_eq!(all.len(), 3, "{all:?}");
    }

    #[test]
    fn an_id_leads_nowhere_else_as_a_segment_of_a_path() {
        assert!(ID_FORM.starts_with(&format!("1 to {ID_BYTES_MAX} of ")));
        for fine in ["a", "...", ".a", "a.", "-", &"x".repeat(ID_BYTES_MAX)] {
            assert!(is_id(fine), "{fine}");
        }
        for wrong in ["", ".", "..", "a/b", "a%2e", "ä", "a b", "a\n", &"x".repeat(ID_BYTES_MAX + 1)] {
            assert!(!is_id(wrong), "{wrong}");
            for field in ["order_id", "customer_id", "restaurant_id"] {
                let found = problems(|json| json[field] = wrong.into());
                assert!(found.len() == 1 && found[0].starts_with(field), "{field} {wrong}: {found:?}");
            }
        }
    }

    #[test]
    fn an_order_is_placed_in_a_year_of_four_digits_that_somebody_may_see() {
        for fine in ["1970-01-01T00:00:00Z", "2026-03-01T18:30:00+05:30", "2999-12-31T23:59:59.999Z"] {
            assert_eq!(problems(|json| json["placed_at"] = fine.into()), Vec::<String>::new());
        }
        for wrong in
            ["9999-12-31T23:59:59Z", "9998-01-01T00:00:00Z", "3000-01-01T00:00:00Z", "1969-12-31T23:59:59Z"]
        {
            let expected = "a time from 1970-01-01T00:00:00Z to 2999-12-31T23:59:59Z";
            assert_eq!(
                problems(|json| json["placed_at"] = wrong.into()),
                [format!("placed_at: found {wrong:?}, expected {expected}")]
            );
        }
    }

    #[test]
    fn an_order_that_cannot_be_taken_says_every_reason() {
        let mut order = pizza();
        order.total_minor = 1;
        order.items[0].quantity = 0;
        assert_eq!(order.rejections().len(), 2, "{:?}", order.rejections());
        order.items.clear();
        assert!(order.rejections().contains(&"the basket is empty".to_owned()));
    }

    #[test]
    fn sums_that_overflow_are_rejected_not_wrapped() {
        let mut order = pizza();
        order.items[0].unit_price_minor = u64::MAX;
        assert_eq!(order.items_sum_minor(), None);
        assert!(!order.rejections().is_empty());
    }
}
