//! Sets orders going again of which the broker lost something that it had confirmed.
//!
//! Nobody publishes such a message again: whoever sent it has forgotten it. So each service is asked to say again what its state of
//! the order implies ([`daemon::replay`]). It may be asked at any time and as often as one likes: whoever hears it again does what he
//! has not done yet. [`stuck`] finds the orders that may need it.

pub mod stuck;

use std::fmt::Write as _;
use std::time::Duration;

use daemon::replay::Replayed;

use crate::processes::Program;
use daemon::client::{Answer, Request, ask};

/// How long a service may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Characters of a service's reason that are shown.
const REASON_SHOWN: usize = 200;

/// What the participants said of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said(Vec<(Program, Result<Option<usize>, String>)>);

impl Said {
    /// Asks each of them, where it is, to say again what follows from what it has committed.
    pub async fn of(order_id: &str, asked: &[(Program, String)]) -> Self {
        let mut said = Vec::with_capacity(asked.len());
        for (program, place) in asked {
            said.push((*program, ask_one(place, order_id).await));
        }
        Self(said)
    }

    /// How many messages were said again.
    #[must_use]
    pub fn messages(&self) -> usize {
        self.0.iter().filter_map(|(_, said)| said.as_ref().ok().copied().flatten()).sum()
    }

    /// Whether any of them may know the order.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.0.iter().any(|(_, said)| !matches!(said, Ok(None)))
    }

    /// Whether everybody who knows the order has said what there is to say.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_known() && self.0.iter().all(|(_, said)| said.is_ok())
    }

    /// What each said, on one line.
    #[must_use]
    pub fn shown(&self) -> String {
        if !self.is_known() {
            return "no service knows it, so nothing can be said again: place it again".to_owned();
        }
        let mut text = String::new();
        for (program, said) in &self.0 {
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = match said {
                Ok(Some(messages)) => write!(text, "{comma}{program} {messages}"),
                Ok(None) => write!(text, "{comma}{program} does not know it"),
                Err(reason) => write!(text, "{comma}{program} FAILED ({reason})"),
            };
        }
        text
    }
}

/// How many messages it said again; `None` where it does not know the order.
async fn ask_one(place: &str, order_id: &str) -> Result<Option<usize>, String> {
    let path = format!("/orders/{order_id}/replay");
    let answer = ask(place, Request::post(&path, ""), PATIENCE).await?;
    match answer.status.as_u16() {
        200 => match serde_json::from_str::<Replayed>(&answer.body) {
            Ok(replayed) => Ok(Some(replayed.messages)),
            Err(_) => Err(answer.odd(&path)),
        },
        404 if is_problem(&answer) => Ok(None),
        _ => Err(reason(&answer).unwrap_or_else(|| answer.odd(&path))),
    }
}

/// Whether it answers so because of what it was asked; an older version does not know the path.
fn is_problem(answer: &Answer) -> bool {
    reason(answer).is_some_and(|reason| reason.starts_with("nothing is known of an order"))
}

fn reason(answer: &Answer) -> Option<String> {
    let problem: serde_json::Value = serde_json::from_str(&answer.body).ok()?;
    let detail = problem["detail"].as_str()?;
    Some(detail.chars().filter(|c| !c.is_control()).take(REASON_SHOWN).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_shown_by_service() {
        let said =
            |history, status| Said(vec![(Program::OrderHistory, history), (Program::OrderStatus, status)]);
        let all = said(Ok(Some(2)), Ok(None));
        assert_eq!(all.shown(), "order-history 2, order-status does not know it");
        assert_eq!((all.messages(), all.is_whole()), (2, true));
        let failed = said(Ok(Some(2)), Err("held up".into()));
        assert_eq!(failed.shown(), "order-history 2, order-status FAILED (held up)");
        assert!(!failed.is_whole());
        let unknown = said(Ok(None), Ok(None));
        assert!(unknown.shown().starts_with("no service knows it") && !unknown.is_whole());
    }
}
