//! Data that is nested deeper than what is stored can be read back.

use asl::data::{NESTING_MAX, measured};
use asl::error::DATA_LIMIT_EXCEEDED;
use engine::{Fact, TaskId};
use serde_json::Value;

/// Whether data can stand in a row or a journal: it is read back from there, in whatever it stands.
pub(crate) fn is_storable(data: &Value) -> bool {
    measured(data, NESTING_MAX).is_some()
}

/// The fact, or that its task failed where what it brings cannot be stored: it is checked before it is written down.
pub(crate) fn storable(fact: Fact) -> Fact {
    match &fact {
        Fact::FunctionReturned { task, output }
        | Fact::TaskSucceeded { task, output }
        | Fact::TaskSubmitted { task, output }
            if !is_storable(output) =>
        {
            too_deep(*task)
        }
        _ => fact,
    }
}

fn too_deep(task: TaskId) -> Fact {
    let cause = format!("The result is nested more than {NESTING_MAX} levels deep.");
    Fact::TaskFailed { task, error: DATA_LIMIT_EXCEEDED.to_owned(), cause: Some(cause) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_that_could_not_be_read_back_fails_its_task() {
        let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        let returned = |output| Fact::TaskSucceeded { task: TaskId(3), output };
        let shallow = returned(nested(NESTING_MAX));
        assert_eq!(storable(shallow.clone()), shallow);
        let failed = storable(returned(nested(NESTING_MAX + 1)));
        assert!(
            matches!(&failed, Fact::TaskFailed { task: TaskId(3), error, .. } if error == DATA_LIMIT_EXCEEDED),
            "{failed:?}"
        );
    }
}
