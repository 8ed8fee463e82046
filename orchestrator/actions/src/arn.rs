//! ARNs: what they name, and how they are read and written.

use std::fmt;
use std::sync::Arc;

use api::{ApiError, ErrorKind, Failure};

/// Where ARNs are at home.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// `aws`, `aws-cn`, `aws-us-gov`, `aws-iso`, `aws-iso-b`, `aws-eusc`.
    pub partition: Arc<str>,
    /// The region, `us-east-1` say.
    pub region: Arc<str>,
    /// The account's twelve digits.
    pub account: Arc<str>,
}

impl Scope {
    /// Of that region, in the partition that it belongs to.
    #[must_use]
    pub fn of(region: &str, account: &str) -> Self {
        let partition = match region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            region if region.starts_with("us-iso-") => "aws-iso",
            region if region.starts_with("us-isob-") => "aws-iso-b",
            region if region.starts_with("eusc-") => "aws-eusc",
            _ => "aws",
        };
        Self { partition: partition.into(), region: region.into(), account: account.into() }
    }
}

impl Scope {
    /// What ARNs of it begin with: `arn:PARTITION:states:REGION:ACCOUNT`.
    #[must_use]
    pub fn place(&self) -> String {
        let Self { partition, region, account } = self;
        format!("arn:{partition}:states:{region}:{account}")
    }
}

impl Default for Scope {
    /// What AWS's examples use.
    fn default() -> Self {
        Self::of("us-east-1", "123456789012")
    }
}

/// What an ARN of `states` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arn {
    /// Where.
    pub scope: Scope,
    /// What.
    pub resource: Resource,
}

/// What an ARN names, within its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// `stateMachine:NAME`, or `stateMachine:NAME/LABEL`: the machine that a distributed Map's executions have.
    Machine {
        /// Its name.
        machine: String,
        /// The Map's label.
        label: Option<String>,
    },
    /// `stateMachine:NAME:QUALIFIER`: a version (a number) or an alias.
    Qualified {
        /// The machine's name.
        machine: String,
        /// The version's number, or the alias's name.
        qualifier: String,
    },
    /// `execution:MACHINE:NAME`.
    Execution {
        /// The machine's name, with `/LABEL` if it is a Map's execution.
        machine: String,
        /// Its own, unique among those of its machine.
        name: String,
    },
    /// `express:MACHINE:NAME:ID`.
    Express {
        /// The machine's name.
        machine: String,
        /// The execution's, which need not be unique.
        name: String,
        /// What makes it unique.
        id: String,
    },
    /// `mapRun:MACHINE/LABEL:ID`.
    MapRun {
        /// The machine's name.
        machine: String,
        /// The Map's label.
        label: String,
        /// What makes it unique.
        id: String,
    },
    /// `activity:NAME`.
    Activity {
        /// What it is called, unique in its region.
        name: String,
    },
}

impl Resource {
    /// As AWS calls its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Machine { .. } | Self::Qualified { .. } => "stateMachine",
            Self::Execution { .. } => "execution",
            Self::Express { .. } => "express",
            Self::MapRun { .. } => "mapRun",
            Self::Activity { .. } => "activity",
        }
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.scope.place(), self.resource.kind())?;
        match &self.resource {
            Resource::Machine { machine, label: None } => f.write_str(machine),
            Resource::Machine { machine, label: Some(label) } => write!(f, "{machine}/{label}"),
            Resource::Qualified { machine, qualifier } => write!(f, "{machine}:{qualifier}"),
            Resource::Execution { machine, name } => write!(f, "{machine}:{name}"),
            Resource::Express { machine, name, id } => write!(f, "{machine}:{name}:{id}"),
            Resource::MapRun { machine, label, id } => write!(f, "{machine}/{label}:{id}"),
            Resource::Activity { name } => f.write_str(name),
        }
    }
}

/// An ARN that cannot be one, in AWS's words.
#[must_use]
pub(crate) fn invalid(reason: impl fmt::Display) -> Failure {
    Failure::Declared(ApiError::new(ErrorKind::InvalidArn, format!("Invalid Arn: '{reason}'")))
}

/// The ARN names something that the action is not about.
#[must_use]
pub(crate) fn wrong_kind(arn: &Arn) -> Failure {
    invalid(format!("Resource type not valid in this context: {}", arn.resource.kind()))
}

impl Arn {
    /// Reads one.
    ///
    /// # Errors
    /// `InvalidArn`.
    pub fn read(text: &str) -> Result<Self, Failure> {
        let parts: Vec<&str> = text.splitn(7, ':').collect();
        let ["arn", partition, service, region, account, kind, rest] = parts[..] else {
            return Err(invalid(format!("Invalid ARN prefix: {text}")));
        };
        if service != "states" {
            return Err(invalid(format!("Invalid ARN service: {service}")));
        }
        let scope = Scope { partition: partition.into(), region: region.into(), account: account.into() };
        let resource = resource(kind, rest).ok_or_else(|| match is_kind(kind) {
            true => invalid(format!("Invalid ARN resource: {text}")),
            false => invalid(format!("Resource type not valid in this context: {kind}")),
        })?;
        Ok(Self { scope, resource })
    }
}

fn is_kind(kind: &str) -> bool {
    matches!(kind, "stateMachine" | "execution" | "express" | "mapRun" | "activity")
}

fn resource(kind: &str, rest: &str) -> Option<Resource> {
    let fields: Vec<String> = rest.split(':').map(str::to_owned).collect();
    if fields.iter().any(String::is_empty) {
        return None;
    }
    let mut fields = fields.into_iter();
    let first = fields.next()?;
    let found = match kind {
        "stateMachine" => match (first.split_once('/'), fields.next()) {
            (Some((machine, label)), None) => {
                Resource::Machine { machine: machine.to_owned(), label: Some(label.to_owned()) }
            }
            (None, None) => Resource::Machine { machine: first, label: None },
            (None, Some(qualifier)) => Resource::Qualified { machine: first, qualifier },
            (Some(_), Some(_)) => return None,
        },
        "execution" => Resource::Execution { machine: first, name: fields.next()? },
        "express" => Resource::Express { machine: first, name: fields.next()?, id: fields.next()? },
        "mapRun" => {
            let (machine, label) = first.split_once('/')?;
            let id = fields.next()?;
            Resource::MapRun { machine: machine.to_owned(), label: label.to_owned(), id }
        }
        "activity" => Resource::Activity { name: first },
        _ => return None,
    };
    fields.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_as_it_was() {
        for rest in [
            "stateMachine:m",
            "stateMachine:m/label",
            "stateMachine:m:7",
            "stateMachine:m:prod",
            "execution:m:e",
            "execution:m/label:e",
            "express:m:e:0b2f",
            "mapRun:m/label:0b2f",
            "activity:a",
        ] {
            let text = format!("arn:aws:states:eu-west-1:123456789012:{rest}");
            assert_eq!(Arn::read(&text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_region_belongs_to_a_partition() {
        for (region, partition) in [
            ("eu-west-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(*Scope::of(region, "123456789012").partition, *partition);
        }
    }

    #[test]
    fn what_names_nothing_is_refused() {
        let why = |text: &str| Arn::read(text).unwrap_err().body()["message"].clone();
        assert_eq!(why("m"), "Invalid Arn: 'Invalid ARN prefix: m'");
        assert_eq!(
            why("arn:aws:states:us-east-1:123456789012:machine:m"),
            "Invalid Arn: 'Resource type not valid in this context: machine'"
        );
        for rest in ["stateMachine:", "stateMachine:m:1:2", "execution:m", "mapRun:m:x", "activity:a:b"] {
            let text = format!("arn:aws:states:us-east-1:123456789012:{rest}");
            assert_eq!(why(&text), format!("Invalid Arn: 'Invalid ARN resource: {text}'"));
        }
    }
}
