//! Reading a Task.

use crate::parse::builder::{Builder, Names};
use crate::parse::fields::Fields;
use crate::syntax::{Seconds, StateKind, Task};

impl Builder<'_> {
    pub(super) fn task(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<StateKind> {
        let resource = self.resource(fields);
        let io = self.flow(fields, true);
        let recovery = self.recovery(fields, names);
        let timeout = self.seconds(fields, ["TimeoutSeconds", "TimeoutSecondsPath"]);
        let heartbeat = self.seconds(fields, ["HeartbeatSeconds", "HeartbeatSecondsPath"]);
        if let (Some(Seconds::Fixed(timeout)), Some(Seconds::Fixed(heartbeat))) = (&timeout, &heartbeat)
            && heartbeat >= timeout
            && let Some(field) = fields.peek("HeartbeatSeconds")
        {
            field.wrong(
                &mut self.report,
                "not shorter than TimeoutSeconds",
                Some(format!("less than {timeout}")),
            );
        }
        let transition = self.transition(fields, names);
        let (resource, pattern) = resource?;
        Some(StateKind::Task(Box::new(Task {
            resource,
            pattern,
            io,
            recovery,
            timeout,
            heartbeat,
            transition: transition?,
        })))
    }
}
