//! Definitions whose tasks call functions that no service offers: these tasks will fail.

use std::collections::BTreeMap;

use asl::{Definition, Problem};
use contract::command;
use engine::Status;
use registry::Definitions;
use store::{Read, StoreError};

use crate::stored;

/// Executions looked at per page.
const PAGE: usize = 500;

/// What the definition says of functions that no service offers, for whoever wrote it.
pub fn unknown_functions(definition: &Definition) -> Vec<Problem> {
    asl::lint::unknown_functions(definition, command::FUNCTIONS.iter().map(|function| function.name))
}

/// The same of the definitions that new executions do not begin with, each by its fingerprint, as far as executions in the
/// store still run on them. The executions are read only where there is something to be said.
///
/// # Errors
/// The store cannot be read. What is no execution is left out.
pub async fn unknown_functions_in_use(
    definitions: &Definitions,
    store: &dyn Read,
) -> Result<Vec<(String, Vec<Problem>)>, StoreError> {
    let all = definitions.earlier().map(|earlier| (earlier.fingerprint(), unknown_functions(earlier)));
    let mut unused: BTreeMap<_, _> = all.filter(|(_, problems)| !problems.is_empty()).collect();
    let (mut used, mut cursor) = (Vec::new(), 0);
    while !unused.is_empty() {
        let page = store.scan(cursor, PAGE).await?;
        let Some((last, ..)) = page.last() else { break };
        cursor = *last;
        for (_, key, entity) in page {
            let Ok(Some(stored)) = stored::execution(&key, &entity) else { continue };
            if stored.execution.status() != Status::Running {
                continue;
            }
            if let Some((fingerprint, problems)) = unused.remove_entry(stored.execution.definition()) {
                used.push((fingerprint.to_owned(), problems));
            }
        }
    }
    Ok(used)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contract::{Envelope, Order, Style};
    use participant::{Effects, Handler as _, Input};
    use store::memory::MemoryStore;
    use store::{Commit, EntityWrite, Store as _};

    use super::*;
    use crate::conductor::Conductor;
    use crate::execution::Durations;

    const CALL: &str = r#""A": {"Type": "Task", "End": true,
        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:gone"}"#;

    /// Leaves an execution of that definition in the store, as far as it comes by itself.
    async fn begin(store: &MemoryStore, order_id: &str, definition: &str) {
        let definitions = Arc::new(Definitions::load(definition).unwrap());
        let conductor = Conductor::new(definitions, Durations::default());
        let envelope = Envelope::new(Style::Orchestration);
        let placed = contract::envelope::placed(&Order::sample(order_id), &envelope, "duet/test", 0);
        let mut effects = Effects::new(order_id, 7);
        let execution = conductor.handle(None, Input::Message(&placed), &mut effects).unwrap().unwrap();
        let state = serde_json::to_vec(&execution).unwrap().into();
        let write = EntityWrite { key: order_id.to_owned(), state, ..EntityWrite::default() };
        store.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
    }

    #[tokio::test]
    async fn a_function_that_is_gone_matters_as_long_as_an_execution_may_call_it() {
        let store = MemoryStore::new();
        let at_once = format!(r#"{{"StartAt": "A", "States": {{{CALL}}}}}"#);
        let later = format!(
            r#"{{"StartAt": "W", "States": {{"W": {{"Type": "Wait", "Seconds": 60, "Next": "A"}}, {CALL}}}}}"#
        );
        let mut definitions = crate::definitions();
        definitions.keep(&at_once).unwrap();
        let fingerprint = definitions.keep(&later).unwrap();
        begin(&store, "o-1", crate::ORDER).await;
        begin(&store, "o-2", &at_once).await;
        assert_eq!(unknown_functions_in_use(&definitions, &store).await.unwrap(), [], "it has failed");

        begin(&store, "o-3", &later).await;
        let found = unknown_functions_in_use(&definitions, &store).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, fingerprint);
        assert!(found[0].1[0].to_string().contains("gone"), "{found:?}");
        let current = Definitions::load(&later).unwrap();
        assert_eq!(
            unknown_functions_in_use(&current, &store).await.unwrap(),
            [],
            "that is told when it is loaded"
        );
    }
}
