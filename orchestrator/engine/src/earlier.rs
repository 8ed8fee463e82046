//! Snapshots of earlier layouts: a tree of states in the place of a list of threads.

use serde::Deserialize;
use serde_json::Value;

use crate::frame::{Awaited, Frame, Progress};
use crate::gathered::Gathered;
use crate::ids::{TaskId, Timer};
use crate::state_ref::StateRef;
use crate::thread::{Thread, ThreadId, Waiting};

/// A state that waits, with all under it.
#[derive(Deserialize)]
pub(crate) struct Tree {
    #[serde(rename = "s")]
    state: StateRef,
    #[serde(rename = "d", default)]
    data: Value,
    #[serde(rename = "t")]
    entered_ms: u64,
    #[serde(rename = "e")]
    last_event: u64,
    #[serde(rename = "r", default)]
    retries: Vec<u32>,
    #[serde(rename = "a")]
    awaited: TreeAwaited,
}

#[derive(Deserialize)]
enum TreeAwaited {
    #[serde(rename = "t")]
    Task {
        #[serde(rename = "t")]
        task: TaskId,
        #[serde(rename = "l", default)]
        timeout: Option<Timer>,
        #[serde(rename = "h", default)]
        heartbeat: Option<Timer>,
    },
    #[serde(rename = "b")]
    BackOff(Timer),
    #[serde(rename = "w")]
    Wait(Timer),
    #[serde(rename = "p")]
    Branches(Vec<TreeBranch>),
}

#[derive(Deserialize)]
enum TreeBranch {
    #[serde(rename = "r")]
    Running(Tree),
    #[serde(rename = "d")]
    Done(Value),
}

impl Tree {
    /// The threads of the tree, the outermost first.
    pub(crate) fn threads(self) -> Vec<Waiting> {
        let mut threads = Vec::new();
        self.add(Thread::root(), &mut 1, &mut threads);
        threads
    }

    fn add(self, thread: Thread, next_id: &mut u64, threads: &mut Vec<Waiting>) {
        let Self { state, data, entered_ms, last_event, retries, awaited } = self;
        let mut under = Vec::new();
        let awaited = match awaited {
            TreeAwaited::Task { task, timeout, heartbeat } => {
                Awaited::Task { task, timeout, heartbeat, progress: Progress::default() }
            }
            TreeAwaited::BackOff(timer) => Awaited::BackOff(timer),
            TreeAwaited::Wait(timer) => Awaited::Wait(timer),
            TreeAwaited::Branches(branches) => {
                let mut outputs = Vec::new();
                for (index, branch) in (0..).zip(branches) {
                    match branch {
                        TreeBranch::Done(output) => outputs.push(Some((output,))),
                        TreeBranch::Running(tree) => {
                            outputs.push(None);
                            under.push((index, tree));
                        }
                    }
                }
                Awaited::Branches(Gathered::of(outputs))
            }
        };
        let parent = thread.id;
        let frame = Frame { state, data, entered_ms, entered_event: 0, last_event, retries, awaited };
        threads.push(Waiting { thread, frame });
        for (index, tree) in under {
            let id = ThreadId(*next_id);
            *next_id += 1;
            tree.add(Thread { id, parent: Some((parent, index)), ..Thread::root() }, next_id, threads);
        }
    }
}
