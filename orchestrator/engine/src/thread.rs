//! A thread: an execution's one line of states, or that of a branch or iteration that it has split into.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::frame::Frame;

/// A thread of an execution: 0 is the outermost, and each is greater than that of the thread it is part of. Of no meaning outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThreadId(pub u64);

impl ThreadId {
    /// The outermost thread.
    pub const ROOT: Self = Self(0);
}

/// What belongs to a thread whatever state it is in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// What names it.
    #[serde(rename = "i", default = "root", skip_serializing_if = "is_root")]
    pub id: ThreadId,
    /// The thread that waits for it in a Parallel or Map, and which of its branches or iterations this is.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<(ThreadId, u32)>,
    /// The variables of its machine.
    #[serde(rename = "v", default, skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Value>,
    /// The item that it is about, in an iteration of a Map or an execution that a Map started.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<Value>>,
    /// Whether it stands for an execution of its own, or is part of one: an iteration of a Map in distributed mode that began before
    /// these were executions.
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_child_execution: bool,
}

fn root() -> ThreadId {
    ThreadId::ROOT
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_root(id: &ThreadId) -> bool {
    *id == ThreadId::ROOT
}

impl Thread {
    pub(crate) fn root() -> Self {
        Self {
            id: ThreadId::ROOT,
            parent: None,
            variables: Map::new(),
            item: None,
            is_child_execution: false,
        }
    }

    fn is_bare_root(&self) -> bool {
        is_root(&self.id) && self.variables.is_empty() && self.item.is_none()
    }
}

/// A thread that waits, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// Whose frame it is.
    #[serde(rename = "h", default = "Thread::root", skip_serializing_if = "Thread::is_bare_root")]
    pub thread: Thread,
    /// The state that it waits in.
    #[serde(rename = "f")]
    pub frame: Frame,
}
