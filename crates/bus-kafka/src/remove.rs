//! The end of a namespace.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bus::BusError;
use tokio::time::{Instant, sleep};

use crate::blocking::blocking;
use crate::error::bus_error;
use crate::names::Names;
use crate::outlet::Outlet;
use crate::topics::{ADMIN_TIMEOUT, Catalogue};

/// How often groups that have members are tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// Deletes the namespace's topics, and its groups besides those of `groups`. A group that keeps members for longer than
/// `patience` is an error; the topics are deleted all the same.
pub(crate) async fn remove(
    names: &Names,
    topics: &Catalogue,
    outlet: &Arc<Outlet>,
    groups: BTreeSet<String>,
    patience: Duration,
) -> Result<(), BusError> {
    let admin = topics.admin()?;
    let deadline = Instant::now() + patience;
    let (own_topics, mut own_groups) = listed(names, outlet).await?;
    own_groups.extend(groups);
    let mut busy: Vec<String> = own_groups.into_iter().collect();
    while !busy.is_empty() {
        let asked: Vec<&str> = busy.iter().map(String::as_str).collect();
        busy = admin.delete_groups(&asked).await?;
        if Instant::now() >= deadline {
            break;
        }
        if !busy.is_empty() {
            sleep(PAUSE).await;
        }
    }
    let doomed: Vec<&str> = own_topics.iter().map(String::as_str).collect();
    admin.delete_topics(&doomed).await?;
    topics.forget(&own_topics);
    if busy.is_empty() {
        return Ok(());
    }
    Err(BusError::Unavailable(format!("these groups still have members: {}", busy.join(", "))))
}

/// The topics and groups of the namespace that are there.
async fn listed(
    names: &Names,
    outlet: &Arc<Outlet>,
) -> Result<(BTreeSet<String>, BTreeSet<String>), BusError> {
    let (names, outlet) = (names.clone(), Arc::clone(outlet));
    let ask = move || {
        let asked = outlet.with_client(|client| {
            Ok((client.fetch_metadata(None, ADMIN_TIMEOUT)?, client.fetch_group_list(None, ADMIN_TIMEOUT)?))
        });
        let (metadata, groups) =
            asked.ok_or(BusError::Closed)?.map_err(|error| bus_error("listing topics and groups", &error))?;
        let own = |name: &str| names.owns(name).then(|| name.to_owned());
        let topics = metadata.topics().iter().filter_map(|topic| own(topic.name())).collect();
        let groups = groups.groups().iter().filter_map(|group| own(group.name())).collect();
        Ok((topics, groups))
    };
    blocking(2 * ADMIN_TIMEOUT, ask).await
}
