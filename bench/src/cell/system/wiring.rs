//! Which participants there are, and what each is made of.

use std::sync::Arc;
use std::time::Duration;

use external::{Fate, Gateway};
use notifications::Notifications;
use order_flow::Conductor;
use order_history::OrderHistory;
use order_status::OrderStatus;

use super::in_process::InProcess;
use crate::cell::error::CellError;
use crate::cell::files::GATEWAY_FILE;
use crate::cell::protocol::Spec;

/// How long a restaurant may take to answer: the same in both styles.
pub(super) const RESTAURANT_TIMEOUT_S: u32 = 2;
/// How long a restaurant takes that answers too late.
const RESTAURANT_LATE: Duration = Duration::from_millis(2_500);
/// How long a call of the outside world may take. But for late restaurants, the simulated one answers at once or not
/// at all.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Adds the three services and the orchestrator. All of them run in both styles: whoever has nothing to do in a
/// style hears nothing in it.
pub(super) async fn add_all(system: &mut InProcess, spec: &Spec) -> Result<(), CellError> {
    let fate = Fate { seed: spec.seed, rates: spec.rates };
    let path = spec.dir.join(GATEWAY_FILE);
    // The outside world answers at once: what is measured is the system, not the simulation of its surroundings.
    let gateway = Gateway::open(fate, Duration::ZERO, &path);
    let gateway = gateway.map_err(|source| CellError::File { path, source })?;
    let payments = order_status::GatewayCaller::new(Arc::new(gateway), ANSWER_MAX);
    let restaurants =
        notifications::SimulatedRestaurants { fate, latency: Duration::ZERO, late: RESTAURANT_LATE };
    let asking = notifications::OfferCaller::new(Arc::new(restaurants), ANSWER_MAX);

    let caller = participant::NoCalls::caller();
    system.add(spec, order_history::NAME, order_history::topics(), OrderHistory, caller).await?;
    let handler = OrderStatus::default();
    system.add(spec, order_status::NAME, order_status::topics(), handler, Arc::new(payments)).await?;
    let settings = notifications::Settings { restaurant_timeout_ms: RESTAURANT_TIMEOUT_S * 1000 };
    let handler = Notifications { settings };
    system.add(spec, notifications::NAME, notifications::topics(), handler, Arc::new(asking)).await?;
    let durations = order_flow::Durations {
        restaurant_timeout_s: RESTAURANT_TIMEOUT_S,
        ..order_flow::Durations::default()
    };
    let conductor = Conductor::new(Arc::new(order_flow::definitions()), durations);
    system.add(spec, order_flow::NAME, order_flow::topics(), conductor, participant::NoCalls::caller()).await
}
