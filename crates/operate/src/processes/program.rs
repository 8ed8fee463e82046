//! Which programs there are, what their processes are called, and where they are found.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use contract::groups;
use serde::{Deserialize, Serialize};

/// A program that runs as a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// `duet bus`: the memory bus over TCP.
    Bus,
    /// The program `orchestrator`, which runs the workflow.
    Orchestrator,
    /// The service order-history.
    OrderHistory,
    /// The service order-status.
    OrderStatus,
    /// The service notifications.
    Notifications,
    /// `duet workflow serve`: the Step Functions API, beside the system and on no bus of others.
    Workflows,
}

impl Program {
    /// The three services and the orchestrator: whatever consumes from the bus.
    pub const PARTICIPANTS: [Self; 4] =
        [Self::Orchestrator, Self::OrderHistory, Self::OrderStatus, Self::Notifications];

    /// Whether it is one of [`Self::PARTICIPANTS`].
    #[must_use]
    pub fn is_participant(self) -> bool {
        Self::PARTICIPANTS.contains(&self)
    }

    /// Its name, which is also that of its consumer group if it has one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bus => "bus",
            Self::Orchestrator => groups::ORCHESTRATOR,
            Self::OrderHistory => groups::ORDER_HISTORY,
            Self::OrderStatus => groups::ORDER_STATUS,
            Self::Notifications => groups::NOTIFICATIONS,
            Self::Workflows => "workflows",
        }
    }

    /// The name of its file, and the arguments that come before all others.
    const fn file(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Bus => ("duet", &["bus"]),
            Self::Workflows => ("duet", &["workflow", "serve"]),
            other => (other.name(), &[]),
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The word names no participant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is none of {}", participants())]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub struct UnknownProgram {
    pub found: String,
}

/// The participants' names, for messages: `orchestrator, order-history, order-status, notifications`.
#[must_use]
pub fn participants() -> String {
    Program::PARTICIPANTS.map(Program::name).join(", ")
}

impl FromStr for Program {
    type Err = UnknownProgram;

    /// A participant by its name.
    fn from_str(name: &str) -> Result<Self, UnknownProgram> {
        let known = Self::PARTICIPANTS.into_iter().find(|program| program.name() == name);
        known.ok_or_else(|| UnknownProgram { found: name.to_owned() })
    }
}

/// One of the processes of a system: a program and which of its instances. Shown as `order-status` for the first and
/// `order-status-2` for the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessId {
    /// What it runs.
    pub program: Program,
    /// Counts from 1.
    pub instance: u32,
}

impl ProcessId {
    /// The first instance of a program.
    #[must_use]
    pub const fn first(program: Program) -> Self {
        Self { program, instance: 1 }
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.instance {
            1 => f.pad(self.program.name()),
            more => f.pad(&format!("{}-{more}", self.program)),
        }
    }
}

/// Where the programs are: in one folder, as cargo and every package put them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    folder: PathBuf,
}

/// Programs are missing.
#[derive(Debug, thiserror::Error)]
#[error("{} not beside `duet` in {}: build all of them with `{}`", are(missing), folder.display(), build(folder))]
pub struct MissingPrograms {
    /// The names of their files.
    pub missing: Vec<&'static str>,
    /// Where they were looked for.
    pub folder: PathBuf,
}

fn are(missing: &[&str]) -> String {
    let verb = if missing.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", missing.join(", "))
}

/// Without `--release` where this very program was built so.
fn build(folder: &Path) -> &'static str {
    let debug = folder.file_name().is_some_and(|name| name == "debug");
    if debug { "cargo build --workspace" } else { "cargo build --release --workspace" }
}

impl Programs {
    /// Those in the folder of the program that runs now.
    ///
    /// # Errors
    /// The operating system does not say where that is.
    pub fn beside_this_one() -> std::io::Result<Self> {
        let this = std::env::current_exe()?;
        Ok(Self { folder: this.parent().map_or_else(PathBuf::new, Path::to_owned) })
    }

    /// Those in that folder.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The `duet` program.
    #[must_use]
    pub fn duet(&self) -> PathBuf {
        self.path("duet")
    }

    /// The file to run for a program, and the arguments that come before all others.
    pub(super) fn find(&self, program: Program) -> (PathBuf, &'static [&'static str]) {
        let (file, args) = program.file();
        (self.path(file), args)
    }

    /// Checks that they are there.
    ///
    /// # Errors
    /// Some are missing; says which, and how to get them.
    pub fn check(&self, programs: impl IntoIterator<Item = Program>) -> Result<(), MissingPrograms> {
        // `duet` itself is needed for every one of them; see `launch`.
        let files = programs.into_iter().map(|program| program.file().0).chain(["duet"]);
        let mut missing: Vec<_> = files.filter(|file| !self.path(file).is_file()).collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(MissingPrograms { missing, folder: self.folder.clone() })
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(format!("{file}{}", std::env::consts::EXE_SUFFIX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_named_after_program_and_instance() {
        let id = |instance| ProcessId { program: Program::OrderStatus, instance }.to_string();
        assert_eq!([id(1), id(2)], ["order-status", "order-status-2"]);
    }

    #[test]
    fn every_participant_is_a_program() {
        let mut programs = Program::PARTICIPANTS.map(Program::name);
        let mut groups = groups::PARTICIPANTS;
        programs.sort_unstable();
        groups.sort_unstable();
        assert_eq!(programs, groups);
    }

    #[test]
    fn an_unknown_name_is_told_the_four() {
        assert_eq!("notifications".parse(), Ok(Program::Notifications));
        for wrong in ["bus", "workflows", "order", ""] {
            let error = wrong.parse::<Program>().unwrap_err().to_string();
            let names = "orchestrator, order-history, order-status, notifications";
            assert_eq!(error, format!("`{wrong}` is none of {names}"));
        }
    }

    #[test]
    fn what_is_missing_is_named_with_the_command_that_makes_it() {
        let folder = tempfile::tempdir().unwrap();
        let programs = Programs::in_folder(folder.path().to_owned());
        for file in ["duet", "order-history", "order-status"] {
            std::fs::write(programs.path(file), "").unwrap();
        }
        assert!(programs.check([Program::Bus, Program::OrderHistory, Program::Workflows]).is_ok());
        let error = programs.check(Program::PARTICIPANTS).unwrap_err();
        assert_eq!(error.missing, ["notifications", "orchestrator"]);
        let said = error.to_string();
        assert!(said.starts_with("notifications, orchestrator are not beside `duet` in "), "{said}");
        assert!(said.ends_with("build all of them with `cargo build --release --workspace`"), "{said}");
    }
}
