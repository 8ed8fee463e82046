//! Where the services and the orchestrator of a running system serve HTTP, and whether they are ready.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use daemon::{ConfigError, client};
use futures::future::join_all;

use crate::described::Described;
use crate::processes::Program;
use crate::processes::program::participants;
use crate::up::settings::DirArgs;

/// How long a participant may take to say whether it is ready.
const PATIENCE: Duration = Duration::from_secs(1);
/// Characters of its reason that are kept.
const REASON_SHOWN: usize = 200;

/// An instance of a participant, as `--services` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// What it is an instance of.
    pub program: Program,
    /// Where it serves HTTP: `HOST:PORT`.
    pub place: String,
}

/// Reads `NAME=HOST:PORT`.
///
/// # Errors
/// It is something else; says what would be right.
pub fn instance(text: &str) -> Result<Instance, String> {
    let expected = || {
        format!("expected NAME=HOST:PORT with one of {}, e.g. order-status=127.0.0.1:8082", participants())
    };
    let (name, place) = text.split_once('=').ok_or_else(expected)?;
    let place = place.strip_prefix("http://").unwrap_or(place).trim_end_matches('/');
    let has_port =
        place.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    match name.parse() {
        Ok(program) if has_port => Ok(Instance { program, place: place.to_owned() }),
        _ => Err(expected()),
    }
}

/// The places of a participant's instances; none where it is known to belong to the system and has none at the moment.
pub type Known = BTreeMap<Program, Vec<String>>;

/// The participants of a system, as far as it is known where they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Services {
    /// Nothing is known of them.
    #[default]
    Unknown,
    /// Those that `duet up` runs in this folder, wherever they are at the moment.
    System(PathBuf),
    /// Those at these places, whoever runs them.
    Listed(Vec<Instance>),
}

impl Services {
    /// Where they are now.
    ///
    /// # Errors
    /// What `duet up` has written down cannot be read.
    pub fn known(&self) -> Result<Known, ConfigError> {
        let mut known = Known::new();
        match self {
            Self::Unknown => {}
            Self::System(dir) => {
                let Some(found) = Described::find_also_ended(&DirArgs { dir: dir.clone() })? else {
                    return Ok(known);
                };
                if !found.runs() {
                    return Ok(Program::PARTICIPANTS.map(|program| (program, Vec::new())).into());
                }
                for (program, address) in found.participants() {
                    known.entry(program).or_default().extend(address.map(|address| address.to_string()));
                }
            }
            Self::Listed(instances) => {
                for Instance { program, place } in instances {
                    known.entry(*program).or_default().push(place.clone());
                }
            }
        }
        Ok(known)
    }

    /// The participants of which no instance is ready, and why not. What cannot be known is not among them.
    pub async fn away(&self) -> BTreeMap<Program, String> {
        let known = match self.known() {
            Ok(known) => known,
            Err(error) => {
                tracing::debug!(%error, "where the services are cannot be read");
                return BTreeMap::new();
            }
        };
        let away = known.into_iter().map(async |(program, places): (Program, Vec<String>)| {
            let why = ready(&places).await.err()?;
            Some((program, why))
        });
        join_all(away).await.into_iter().flatten().collect()
    }
}

/// An instance that is ready.
///
/// # Errors
/// None is; this is what the first says.
pub async fn ready(places: &[String]) -> Result<&String, String> {
    let mut why_not = None;
    for (place, answer) in places.iter().zip(join_all(places.iter().map(is_ready)).await) {
        match answer {
            Ok(()) => return Ok(place),
            Err(why) => {
                why_not.get_or_insert(why);
            }
        }
    }
    Err(why_not.unwrap_or_else(|| "it does not run".to_owned()))
}

async fn is_ready(place: &String) -> Result<(), String> {
    let answer = client::get(place, "/readyz", PATIENCE).await?;
    if answer.status == 200 {
        return Ok(());
    }
    // One line of text from another process: nothing in it may move a cursor.
    let said = answer.body.lines().next().unwrap_or_default().trim();
    let said: String = said.chars().filter(|c| !c.is_control()).take(REASON_SHOWN).collect();
    Err(if said.is_empty() { answer.odd("/readyz") } else { said })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processes::kernel::Identity;
    use crate::up::folder::Folder;
    use crate::up::state::{Phase, State};

    #[test]
    fn an_instance_is_a_participants_name_and_place() {
        let found = instance("order-status=http://status:8082/").unwrap();
        assert_eq!(found, Instance { program: Program::OrderStatus, place: "status:8082".into() });
        for wrong in ["", "127.0.0.1:8082", "bus=h:1", "order-status=", "order-status=h", "order-status=:1"] {
            let said = instance(wrong).unwrap_err();
            assert!(said.contains("order-history, order-status, notifications"), "{wrong}: {said}");
        }
    }

    #[tokio::test]
    async fn after_duet_down_every_participant_is_away() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().join("x"));
        let services = Services::System(folder.path().to_owned());
        assert_eq!(services.away().await, BTreeMap::new(), "nothing ever ran there");
        folder.make().unwrap();
        let state = State::new(folder.socket(), Identity::of(std::process::id()));
        folder.write_state(&State { phase: Phase::Stopped, ..state }).unwrap();
        let away = services.away().await;
        assert_eq!(away.len(), Program::PARTICIPANTS.len(), "{away:?}");
        assert!(away.values().all(|why| why == "it does not run"), "{away:?}");
    }

    #[tokio::test]
    async fn a_participant_is_away_unless_one_of_its_instances_is_ready() {
        // Nothing listens on port 1.
        let nobody = Instance { program: Program::OrderStatus, place: "127.0.0.1:1".into() };
        let away = Services::Listed(vec![nobody]).away().await;
        assert_eq!(away.len(), 1);
        assert!(away[&Program::OrderStatus].contains("127.0.0.1:1"), "{away:?}");
        assert_eq!(Services::Unknown.away().await, BTreeMap::new());
        assert_eq!(ready(&[]).await.unwrap_err(), "it does not run");
    }
}
