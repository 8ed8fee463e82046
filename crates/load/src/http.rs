//! The load over HTTP.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /load` | 200: the plan, how many orders were sent and are under way, and what stands against sending |
//! | `PATCH /load` | changes the plan at once: any of `style`, `rate_per_s`, `decline_rate`; 200 like `GET`, or 400 with every wrong field, or 415 when it is not `application/json` or `application/merge-patch+json`. Orders under way end in the style in which they began |
//! | `GET /verdict` | 200: the verdict on the orders judged so far ([`super::verdict::Report`]) |

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use contract::Style;
use daemon::Problem;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::board::Board;
use super::plan::{Change, Plan};
use super::verdict::{Report, Standing};

/// What the routes work on.
pub struct Api {
    plan: watch::Sender<Plan>,
    /// How often the gateway declines any order.
    declines: f64,
    board: Arc<Board>,
    standing: Standing,
}

impl Api {
    /// Changes go to `plan`.
    #[must_use]
    pub fn new(plan: watch::Sender<Plan>, declines: f64, board: Arc<Board>, standing: Standing) -> Self {
        Self { plan, declines, board, standing }
    }

    fn state(&self) -> LoadState {
        LoadState {
            plan: *self.plan.borrow(),
            sent: self.board.sent_so_far(),
            others: self.board.others(),
            in_doubt: self.board.in_doubt(),
            in_flight: self.board.in_flight(),
            resting: self.board.is_resting(),
            trouble: self.board.trouble(),
        }
    }
}

/// How the load stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadState {
    /// What it is to be.
    #[serde(flatten)]
    pub plan: Plan,
    /// Orders that this life of the load and those before sent (the bus confirmed them, or they were seen), by style.
    pub sent: BTreeMap<Style, u64>,
    /// Orders that were seen and placed by others, by style.
    #[serde(default)]
    pub others: BTreeMap<Style, u64>,
    /// Orders whose publishing was begun and that the bus has not confirmed yet: they are published until it has.
    pub in_doubt: usize,
    /// Orders under way, whoever placed them, by style.
    pub in_flight: BTreeMap<Style, i64>,
    /// Whether it rests because it has sent all that it may.
    pub resting: bool,
    /// Why nothing is sent; `None` when all is well.
    pub trouble: Option<String>,
}

/// What the load answers over HTTP; see above.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/load", get(show).patch(change))
        .route("/verdict", get(verdict))
        .with_state(Arc::new(api))
}

async fn show(State(api): State<Arc<Api>>) -> Json<LoadState> {
    Json(api.state())
}

async fn change(State(api): State<Arc<Api>>, body: Bytes) -> Result<Json<LoadState>, Problem> {
    let change: Change = contract::order::parse_json(&body).map_err(|error| Problem::fields(vec![error]))?;
    if change.is_empty() {
        let detail = "nothing to change: give style, rate_per_s or decline_rate";
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    let mut wrong = Vec::new();
    api.plan.send_if_modified(|plan| match plan.changed(&change, api.declines) {
        Ok(changed) => std::mem::replace(plan, changed) != changed,
        Err(errors) => {
            wrong = errors;
            false
        }
    });
    if !wrong.is_empty() {
        return Err(Problem::fields(wrong));
    }
    let plan = *api.plan.borrow();
    tracing::info!(style = %plan.style, rate_per_s = plan.rate_per_s, decline_rate = ?plan.decline_rate, "the load changes");
    Ok(Json(api.state()))
}

async fn verdict(State(api): State<Arc<Api>>) -> Json<Report> {
    Json(api.standing.report())
}
