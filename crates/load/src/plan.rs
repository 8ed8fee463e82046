//! What the load is to be, and how it may be changed.

use std::fmt;
use std::str::FromStr;

use contract::{FieldError, Style};
use serde::{Deserialize, Serialize};

/// Orders in a second, at the most.
pub const RATE_MAX: f64 = 10_000.0;

/// The style of the orders sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StyleChoice {
    /// All of them in the choreography.
    Choreography,
    /// All of them in the orchestration.
    Orchestration,
    /// One in the one, the next in the other.
    Both,
}

impl StyleChoice {
    const WORDS: [(Self, &str); 3] =
        [(Self::Choreography, "choreography"), (Self::Orchestration, "orchestration"), (Self::Both, "both")];
    /// What is asked for instead of anything else.
    pub const EXPECTED: &str = "choreography, orchestration or both";

    /// The style of the `n`-th order.
    #[must_use]
    pub const fn of(self, n: u64) -> Style {
        match self {
            Self::Choreography => Style::Choreography,
            Self::Orchestration => Style::Orchestration,
            Self::Both if n.is_multiple_of(2) => Style::Choreography,
            Self::Both => Style::Orchestration,
        }
    }

    /// Whether orders of that style are sent.
    #[must_use]
    pub fn has(self, style: Style) -> bool {
        self.of(0) == style || self.of(1) == style
    }
}

impl fmt::Display for StyleChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.iter().find(|(choice, _)| choice == self).map_or("", |(_, word)| word);
        f.write_str(word)
    }
}

impl FromStr for StyleChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::WORDS.iter().find(|(_, word)| *word == text);
        found.map(|(choice, _)| *choice).ok_or_else(|| format!("expected {}", Self::EXPECTED))
    }
}

/// What the load is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The style of the orders sent.
    pub style: StyleChoice,
    /// Orders sent in a second; none at 0.
    pub rate_per_s: f64,
    /// How often an order is sent whose payment is declined; `None`: as often as the gateway declines any order.
    pub decline_rate: Option<f64>,
}

/// What is to be different; the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The style from now on; see [`Plan::style`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// The rate from now on; see [`Plan::rate_per_s`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    /// The share from now on; see [`Plan::decline_rate`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_rate: Option<f64>,
}

impl Change {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Plan {
    /// The plan with the change made. `declines` is how often the gateway declines any order.
    ///
    /// # Errors
    /// Each field that cannot be used, with what would be right.
    pub fn changed(self, change: &Change, declines: f64) -> Result<Self, Vec<FieldError>> {
        let mut plan = self;
        let mut errors = Vec::new();
        let mut wrong = |name: &str, value: String, expected: &str| {
            errors.push(daemon::extract::field(name, value, expected.to_owned()));
        };
        if let Some(style) = &change.style {
            match style.parse() {
                Ok(style) => plan.style = style,
                Err(_) => wrong("style", format!("{style:?}"), StyleChoice::EXPECTED),
            }
        }
        match change.rate_per_s {
            Some(rate) if (0.0..=RATE_MAX).contains(&rate) => plan.rate_per_s = rate,
            Some(rate) => wrong("rate_per_s", rate.to_string(), RATE_EXPECTED),
            None => {}
        }
        match change.decline_rate {
            Some(rate) if !(0.0..=1.0).contains(&rate) => {
                wrong("decline_rate", rate.to_string(), "a number from 0 to 1");
            }
            // Which orders are declined is the gateway's: the load can only choose among its orders.
            Some(rate) if (rate > 0.0 && declines == 0.0) || (rate < 1.0 && declines == 1.0) => {
                let expected = format!("{declines}: the gateway declines {}", all_or_none(declines));
                wrong("decline_rate", rate.to_string(), &expected);
            }
            Some(rate) => plan.decline_rate = Some(rate),
            None => {}
        }
        if errors.is_empty() { Ok(plan) } else { Err(errors) }
    }
}

fn all_or_none(declines: f64) -> &'static str {
    if declines == 0.0 { "no order (start order-status with --decline-rate)" } else { "every order" }
}

const RATE_EXPECTED: &str = "a number from 0 to 10000";

/// Reads a rate, for `value_parser`.
///
/// # Errors
/// It is no number that can be a rate; the message says so.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=RATE_MAX).contains(&rate) => Ok(rate),
        _ => Err(format!("{RATE_EXPECTED} is needed, e.g. 20")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan { style: StyleChoice::Both, rate_per_s: 20.0, decline_rate: None };

    #[test]
    fn both_styles_take_turns() {
        let styles = (0..4).map(|n| StyleChoice::Both.of(n));
        let (c, o) = (Style::Choreography, Style::Orchestration);
        assert!(styles.eq([c, o, c, o]));
        assert!(StyleChoice::Both.has(c) && StyleChoice::Both.has(o));
        assert!(!StyleChoice::Choreography.has(o) && StyleChoice::Orchestration.has(o));
    }

    #[test]
    fn a_change_leaves_the_rest_as_it_is() {
        let change = Change { style: Some("orchestration".into()), ..Change::default() };
        let changed = PLAN.changed(&change, 0.02).unwrap();
        assert_eq!(changed, Plan { style: StyleChoice::Orchestration, ..PLAN });
        let change = Change { rate_per_s: Some(0.0), decline_rate: Some(0.5), ..Change::default() };
        let changed = changed.changed(&change, 0.02).unwrap();
        assert_eq!((changed.rate_per_s, changed.decline_rate), (0.0, Some(0.5)));
        assert!(Change::default().is_empty());
    }

    #[test]
    fn every_wrong_field_is_named_with_what_would_be_right() {
        let change =
            Change { style: Some("chaos".into()), rate_per_s: Some(-1.0), decline_rate: Some(f64::NAN) };
        let errors = PLAN.changed(&change, 0.02).unwrap_err();
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        for (told, name) in told.iter().zip(["style", "rate_per_s", "decline_rate"]) {
            assert!(told.contains(name) && told.contains("expected"), "{told}");
        }
        assert_eq!(errors.len(), 3);
    }

    #[test]
    fn a_decline_rate_that_the_gateway_cannot_give_is_refused() {
        let change = Change { decline_rate: Some(0.1), ..Change::default() };
        let error = &PLAN.changed(&change, 0.0).unwrap_err()[0];
        assert!(error.to_string().contains("--decline-rate"), "{error}");
        assert!(PLAN.changed(&change, 1.0).is_err());
    }
}
