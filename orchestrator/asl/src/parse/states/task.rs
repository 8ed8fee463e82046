//! Reading a Task.

use crate::parse::builder::{Builder, Names, SECONDS_MAX};
use crate::parse::fields::Fields;
use crate::parse::flow::Shapes;
use crate::parse::words;
use crate::resource::ResourceKind;
use crate::setting::Setting;
use crate::syntax::{StateKind, Task};
use crate::template::Template;

impl Builder<'_> {
    pub(super) fn task(&mut self, fields: &Fields<'_>, names: &Names) -> Option<StateKind> {
        fields.require(&mut self.report, &["Resource"]);
        let resource = fields.get("Resource").and_then(|field| self.resource(&field, fields));
        let io = self.flow(fields, Shapes { arguments: true, result: true });
        let recovery = self.recovery(fields, names);
        let timeout_s = self.integer(fields, ["TimeoutSeconds", "TimeoutSecondsPath"], (1, SECONDS_MAX));
        let heartbeat_s =
            self.integer(fields, ["HeartbeatSeconds", "HeartbeatSecondsPath"], (1, SECONDS_MAX));
        if let (Some(Setting::Fixed(timeout)), Some(Setting::Fixed(heartbeat))) = (&timeout_s, &heartbeat_s)
            && heartbeat >= timeout
            && let Some(field) = fields.get("HeartbeatSeconds")
        {
            let message = "HeartbeatSeconds must be smaller than TimeoutSeconds";
            field.wrong(&mut self.report, message, Some(format!("less than {timeout}")));
        }
        let is_activity = resource.as_ref().is_some_and(|it| it.kind == ResourceKind::Activity);
        let credentials = self.credentials(fields, is_activity);
        let transition = self.transition(fields, names);
        Some(StateKind::Task(Box::new(Task {
            resource: resource?,
            io,
            recovery,
            timeout_s,
            heartbeat_s,
            credentials,
            transition: transition?,
        })))
    }

    /// `Credentials`: the role that the task is called with.
    fn credentials(&mut self, fields: &Fields<'_>, is_activity: bool) -> Option<Template> {
        let field = fields.get("Credentials")?;
        if is_activity {
            field.wrong(&mut self.report, words::NO_CREDENTIALS, None);
        }
        let members = field.members(&mut self.report)?;
        if members.get("RoleArn").is_none() && members.get("RoleArn.$").is_none() {
            members.wrong(&mut self.report, words::missing_argument("RoleArn"), None);
        }
        Some(self.template(&field))
    }
}
