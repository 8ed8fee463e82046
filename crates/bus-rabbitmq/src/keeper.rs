//! Keeps what this process has declared on the broker, should the broker forget it.
//!
//! A broker that comes back without its data, or whose exchange, queues or bindings somebody deleted, confirms messages that
//! do not reach every queue that they should. AMQP tells a publisher of an exchange that is gone (the channel is closed) and
//! of a message that reaches no queue at all (it comes back, see `confirms`), and a consumer of its queue; nobody of a
//! message that reaches one group's queue and not another's. So everything is declared whole before the first publish on a new channel (see `topology::declare_known`); on each
//! new connection the groups are declared again with their records; and in between everything that messages need is
//! declared again every [`PERIOD`], which is the longest that a hole made behind everybody's back stays open.

use std::sync::Weak;
use std::time::Duration;

use bus::BusError;
use tokio::time::{Instant, sleep};

use crate::queues::close;
use crate::shared::Shared;
use crate::topology::{declare_group, declare_known};

/// How often everything is declared again on a connection that stands.
const PERIOD: Duration = Duration::from_secs(10);
/// How often it is looked whether there is a new connection.
const LOOK: Duration = Duration::from_secs(1);

/// Looks after the groups for as long as the bus lives.
pub(crate) async fn keep(shared: Weak<Shared>) {
    let (mut declared_on, mut declared_at) = (0, Instant::now());
    loop {
        {
            let Some(shared) = shared.upgrade() else { return };
            if let Ok(session) = shared.consuming.session()
                && (session.number != declared_on || declared_at.elapsed() >= PERIOD)
            {
                let number = session.number;
                let declared = declare_again(&shared, number != declared_on).await;
                match &declared {
                    Ok(()) => (declared_on, declared_at) = (number, Instant::now()),
                    Err(error) => tracing::warn!(%error, "the groups cannot be declared again, trying again"),
                }
                shared.known.set(number, declared);
            }
        }
        sleep(LOOK).await;
    }
}

/// Declares every known group again; on a new connection with its record, which may be gone with the broker's data.
async fn declare_again(shared: &Shared, with_records: bool) -> Result<(), BusError> {
    if with_records {
        for subscription in shared.known.all() {
            declare_group(shared, &subscription).await?;
        }
        return Ok(());
    }
    // What is removed meanwhile must not be made again.
    let _turn = shared.turn("declare the groups again").await?;
    let channel = shared.consuming.session()?.channel().await?;
    let declared = declare_known(shared, &channel).await;
    close(&channel).await;
    declared
}
