//! Waits until a system has nothing left to do.

use std::time::Duration;

use terminal::counted;
use tokio::time::Instant;

use super::error::CellError;
use super::flight::Flight;
use super::system::System;

/// How often the system is asked whether it is at rest.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How long one look at the orders in flight waits.
const LOOK: Duration = Duration::from_millis(100);

/// Waits until every order has ended; `patience` starts again with each that does. What there is to say when they
/// do not end.
pub(super) fn flight(flight: &Flight, patience: Duration) -> Option<String> {
    let ended = || flight.read(|state| state.ended);
    let (mut last, mut since) = (ended(), Instant::now());
    while flight.len() > 0 {
        flight.wait(LOOK, |state| state.ended != last);
        if ended() != last {
            (last, since) = (ended(), Instant::now());
        }
        if since.elapsed() > patience {
            return Some("the run ends without them; the auditor says what became of them".to_owned());
        }
    }
    None
}

/// Says which orders have not ended.
pub(super) fn describe(flight: &Flight, patience: Duration) -> String {
    const SHOWN: usize = 5;
    let some = flight.read(|state| state.some_in_flight(SHOWN)).join(", ");
    let count = counted(flight.len() as u64, "order");
    format!("{count} did not end within {} s of the last that did: {some}, …", patience.as_secs())
}

/// Waits until no store has anything to send or to wake up for, and no queue holds a message. What there is to say
/// when it does not come to that.
pub(super) async fn system(system: &System, patience: Duration) -> Result<Option<String>, CellError> {
    let begun = Instant::now();
    loop {
        let left = system.left_to_do().await?;
        if left.is_empty() {
            return Ok(None);
        }
        if begun.elapsed() > patience {
            return Ok(Some(format!("the system is not at rest after {} s: {left}", patience.as_secs())));
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}
