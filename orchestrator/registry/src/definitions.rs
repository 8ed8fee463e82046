//! The definitions that executions run on, by the hash of their text.
//!
//! An execution goes on with the definition it began with, whatever a later version of the program ships: the text
//! that began it must be kept as long as it runs ([`Definitions::texts`]), and loaded again at start-up.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::{Definition, Problems};
use thiserror::Error;

/// The definitions that this program can step: the current one, and those that running executions began with.
#[derive(Debug, Clone)]
pub struct Definitions {
    current: Arc<Definition>,
    pinned: BTreeMap<String, Pinned>,
}

#[derive(Debug, Clone)]
struct Pinned {
    definition: Arc<Definition>,
    text: Arc<str>,
}

/// An execution whose definition is not at hand.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "no definition with the fingerprint {fingerprint} is loaded; keep a definition as long as executions of it run"
)]
pub struct UnknownDefinition {
    /// The fingerprint that was looked for.
    pub fingerprint: String,
}

impl Definitions {
    /// Loads the definition that new executions begin with.
    ///
    /// # Errors
    /// All that is wrong with the definition, with line and column.
    pub fn load(text: &str) -> Result<Self, Problems> {
        let current = Arc::new(asl::parse(text)?);
        let pinned = Pinned { definition: Arc::clone(&current), text: text.into() };
        let pinned = BTreeMap::from([(current.fingerprint().to_owned(), pinned)]);
        Ok(Self { current, pinned })
    }

    /// Loads a definition that executions may still run on, and gives its fingerprint. New executions do not begin
    /// with it.
    ///
    /// # Errors
    /// All that is wrong with the definition: it needs a newer version of this program, for example.
    pub fn keep(&mut self, text: &str) -> Result<String, Problems> {
        let definition = Arc::new(asl::parse(text)?);
        let fingerprint = definition.fingerprint().to_owned();
        self.pinned.entry(fingerprint.clone()).or_insert_with(|| Pinned { definition, text: text.into() });
        Ok(fingerprint)
    }

    /// The definition that new executions begin with.
    pub fn current(&self) -> &Arc<Definition> {
        &self.current
    }

    /// All but the current one.
    pub fn earlier(&self) -> impl Iterator<Item = &Definition> {
        let current = self.current.fingerprint();
        let earlier = self.pinned.iter().filter(move |(fingerprint, _)| *fingerprint != current);
        earlier.map(|(_, pinned)| &*pinned.definition)
    }

    /// The definition with that fingerprint.
    ///
    /// # Errors
    /// [`UnknownDefinition`] if it is not loaded.
    pub fn pinned(&self, fingerprint: &str) -> Result<&Arc<Definition>, UnknownDefinition> {
        match self.pinned.get(fingerprint) {
            Some(pinned) => Ok(&pinned.definition),
            None => Err(UnknownDefinition { fingerprint: fingerprint.to_owned() }),
        }
    }

    /// Every fingerprint and text at hand: what is to be stored, so that executions outlive a change of the program.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pinned.iter().map(|(fingerprint, pinned)| (fingerprint.as_str(), &*pinned.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
    const TASK: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "End": true,
        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:gone"}}}"#;
    const NEW: &str = r#"{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#;

    #[test]
    fn a_running_execution_keeps_its_definition() {
        let old = Definitions::load(OLD).unwrap();
        let fingerprint = old.current().fingerprint().to_owned();

        let mut new = Definitions::load(NEW).unwrap();
        assert_ne!(new.current().fingerprint(), fingerprint);
        let unknown = new.pinned(&fingerprint).unwrap_err();
        assert!(unknown.to_string().contains(&fingerprint));

        for (_, text) in old.texts() {
            assert_eq!(new.keep(text).as_ref(), Ok(&fingerprint));
        }
        assert_eq!(new.pinned(&fingerprint).unwrap(), old.current());
        assert_eq!(new.texts().count(), 2);
        assert_eq!(new.earlier().map(Definition::fingerprint).collect::<Vec<_>>(), [&fingerprint]);
        assert_ne!(new.current().fingerprint(), fingerprint, "new executions begin with the new one");
    }

    #[test]
    fn a_definition_is_kept_whatever_functions_there_are() {
        // Only executions that have ended may have called it.
        let mut definitions = Definitions::load(NEW).unwrap();
        let fingerprint = definitions.keep(TASK).unwrap();
        assert_eq!(definitions.pinned(&fingerprint).unwrap().functions()[0].name, "gone");
    }
}
