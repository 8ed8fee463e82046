//! What an execution begins with, by the ARN of a machine, of a version or of an alias, and what it is called.

use engine::Identity;
use engine::token::TokenKey;
use registry::aim::{Aim, Miss, aim, home_key};
use registry::machines::{self, Revision};
use store::{Read, StoreError};

use crate::given::Given;
use crate::key::execution_key;
use crate::logging::Logging;
use crate::refused::Refused;

/// What an execution begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What its ARNs begin with: `arn:PARTITION:states:REGION:ACCOUNT`.
    place: String,
    /// The machine's ARN, without version or alias.
    pub machine_arn: String,
    /// What the machine is called, without version or alias.
    pub machine_name: String,
    /// Under what its executions stand ([`home_key`]).
    pub home: String,
    /// Whether it has Express executions.
    pub express: bool,
    /// Definition, role and configuration.
    pub revision: Revision,
    /// The ARN of the version, if it is one, or an alias leads to it.
    pub version_arn: Option<String>,
    /// The ARN of the alias that led to it.
    pub alias_arn: Option<String>,
}

/// An execution that is to begin, by what it is called and known by.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Where it stands.
    pub key: String,
    /// Who it is to AWS.
    pub identity: Box<Identity>,
    /// What it is given of its version and alias; nothing if it is Express.
    pub given: Option<Given>,
    /// What is logged of it, if anything.
    pub logging: Option<Logging>,
}

impl Target {
    /// That of a machine of that region and name, in the place that its ARNs begin with: `arn:PARTITION:states:REGION:ACCOUNT`.
    #[must_use]
    pub fn aimed(place: &str, region: &str, name: &str, aim: Aim) -> Self {
        let Aim { express, revision, version, alias, generation } = aim;
        let machine_arn = format!("{place}:stateMachine:{name}");
        Self {
            place: place.to_owned(),
            home: home_key(region, name, generation),
            version_arn: version.map(|number| format!("{machine_arn}:{number}")),
            alias_arn: alias.map(|alias| format!("{machine_arn}:{alias}")),
            machine_arn,
            machine_name: name.to_owned(),
            express,
            revision,
        }
    }

    /// Its execution of that name, with that id beside it if it is Express: its name alone may come again. The key for its tokens is
    /// to be as random as can be.
    #[must_use]
    pub fn named(self, name: String, id: &str, token_key: TokenKey) -> Named {
        let Self { place, machine_arn, machine_name, home, express, revision, version_arn, alias_arn } = self;
        let (kind, own) =
            if express { ("express", format!("{name}:{id}")) } else { ("execution", name.clone()) };
        let given = (!express).then(|| Given {
            version_arn: version_arn.clone(),
            alias_arn: alias_arn.clone(),
            ..Given::default()
        });
        let identity = Box::new(Identity {
            execution_arn: format!("{place}:{kind}:{machine_name}:{own}"),
            name,
            machine_arn,
            machine_name,
            role_arn: revision.role_arn,
            version_arn,
            alias_arn,
            token_key: Some(token_key),
        });
        let logging = Logging::of(&revision.configuration);
        Named { key: execution_key(&home, &own), identity, given, logging }
    }
}

/// What an execution begins with that is started with that ARN, from where the machine `of` is: one of another account or region is
/// not found. Of an alias with two routes `draw`, any number, says which.
///
/// # Errors
/// The store does not answer; inside: it is no ARN, there is none of that, or it is about to be deleted.
pub(crate) async fn target(
    store: &dyn Read,
    arn: &str,
    of: Option<&str>,
    draw: u64,
) -> Result<Result<Target, Refused>, StoreError> {
    let none = || {
        Ok(Err(Refused::new("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))))
    };
    let Some((place, name)) = arn.split_once(":stateMachine:").filter(|(place, _)| is_place(place)) else {
        return Ok(Err(Refused::new("InvalidArn", format!("Invalid Arn: '{arn}'"))));
    };
    let is_at_home = |of: &str| of.split_once(":stateMachine:").is_none_or(|(home, _)| home == place);
    let (name, qualifier) = name.split_once(':').map_or((name, None), |(name, of)| (name, Some(of)));
    if !of.is_none_or(is_at_home) {
        return none();
    }
    let region = place.split(':').nth(3).unwrap_or_default();
    let Some(machine) = machines::find(store, &format!("{region}/{name}")).await? else { return none() };
    match aim(machine, qualifier, draw) {
        Ok(aim) => Ok(Ok(Target::aimed(place, region, name, aim))),
        Err(Miss::Absent) => none(),
        Err(Miss::Deleting) => {
            Ok(Err(Refused::new("StateMachineDeleting", format!("State Machine is deleting: '{arn}'"))))
        }
    }
}

/// Whether it is what stands before the kind of an ARN: `arn:PARTITION:states:REGION:ACCOUNT`.
fn is_place(place: &str) -> bool {
    let parts: Vec<&str> = place.split(':').collect();
    matches!(parts[..], ["arn", partition, "states", _, _] if !partition.is_empty())
}
