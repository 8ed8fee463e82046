//! What is called outside of executions, and what calls it.

use std::sync::Arc;

use async_trait::async_trait;
use aws_calls::AwsCalls;
use engine::Fact;
use participant::{CallId, Caller, Lane};
use serde::{Deserialize, Serialize};

use crate::aws::{self, AwsCall};
use crate::http_task::{HttpCall, HttpTasks, unmade};
use crate::lambda::{Invocation, Invoked};

/// A call to the outside; kept until its outcome is committed. Each has members that the others have not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outside {
    /// A program or a URL of `--function`.
    Function(Invocation),
    /// Of an action of an AWS service.
    Aws(AwsCall),
    /// Of an API over HTTP.
    Http(HttpCall),
}

/// Makes calls.
#[derive(Debug)]
pub(crate) struct Calls {
    pub(crate) functions: Invoked,
    pub(crate) aws: Option<Arc<AwsCalls>>,
    pub(crate) http: Option<Arc<HttpTasks>>,
}

#[async_trait]
impl Caller<Outside, Fact> for Calls {
    /// One for each function, each service and each host: a call of something that takes its time holds up none of something else.
    fn lane<'c>(&'c self, call: &'c Outside) -> Option<Lane<'c>> {
        match call {
            Outside::Function(invocation) => self.functions.lane(invocation),
            Outside::Aws(call) => {
                let name = call.resource.rsplit_once(':').map_or(&*call.resource, |(service, _)| service);
                // Without a client there is nothing to wait for.
                let at_once = self.aws.as_ref().map_or(1, |aws| aws.at_once());
                Some(Lane { name, at_once })
            }
            Outside::Http(call) => {
                let at_once = self.http.as_ref().map_or(1, |http| http.at_once());
                Some(Lane { name: &call.host, at_once })
            }
        }
    }

    async fn call(&self, id: &CallId, call: &Outside) -> Fact {
        match call {
            Outside::Function(invocation) => self.functions.call(id, invocation).await,
            Outside::Aws(call) => aws::outcome(self.aws.as_deref(), id, call).await,
            Outside::Http(call) => match &self.http {
                Some(http) => http.outcome(id, call).await,
                None => unmade(call.task),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::TaskId;
    use serde_json::json;

    use super::*;

    /// What an earlier version of this program has kept is made all the same.
    #[test]
    fn a_call_is_read_as_what_it_was_written_as() {
        let function = json!({"t": 3, "f": "f", "p": {"a": 1.10}});
        let aws = json!({"t": 3, "r": "arn:aws:states:::sqs:sendMessage", "p": {"MessageBody": 1e2}, "n": 7});
        let http = json!({"t": 3, "h": {"ApiEndpoint": "https://h/", "Method": "GET"}, "o": "h:443"});
        let call: Outside = serde_json::from_value(http.clone()).unwrap();
        assert!(matches!(&call, Outside::Http(call) if call.host == "h:443"));
        assert_eq!(serde_json::to_value(call).unwrap(), http);
        for written in [function, aws] {
            let call: Outside = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(matches!(call, Outside::Aws(_)), written["n"] == 7);
            assert_eq!(serde_json::to_value(call).unwrap(), written);
        }
        let text = r#"{"t":3,"r":"r","p":{"a":1E3,"b":0.10},"n":9223372036854775807}"#;
        let call: Outside = serde_json::from_str(text).unwrap();
        assert!(matches!(&call, Outside::Aws(call) if call.task == TaskId(3)));
        assert_eq!(serde_json::to_string(&call).unwrap(), text);
    }
}
