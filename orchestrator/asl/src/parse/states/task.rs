//! Reading a Task.

use crate::parse::builder::{Builder, Names};
use crate::parse::fields::Fields;
use crate::setting::Setting;
use crate::syntax::{StateKind, Task};

impl Builder<'_> {
    pub(super) fn task(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<StateKind> {
        let resource = self.resource(fields);
        let io = self.flow(fields, true);
        let recovery = self.recovery(fields, names);
        let timeout_s = self.seconds(fields, ["TimeoutSeconds", "TimeoutSecondsPath"]);
        let heartbeat_s = self.seconds(fields, ["HeartbeatSeconds", "HeartbeatSecondsPath"]);
        if let (Some(Setting::Fixed(timeout)), Some(Setting::Fixed(heartbeat))) = (&timeout_s, &heartbeat_s)
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
        Some(StateKind::Task(Box::new(Task {
            resource: resource?,
            io,
            recovery,
            timeout_s,
            heartbeat_s,
            credentials: None,
            transition: transition?,
        })))
    }
}
