//! What an execution is given to be given back.

use serde::{Deserialize, Serialize};

/// An input of no more bytes than this stands in the row, to the letter; a longer one at the beginning of the journal, so that not
/// every fact writes it again.
pub(crate) const INPUT_HERE_BYTES_MAX: usize = 1024;

/// What an execution is given that nothing depends on: it is only ever given back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// Its input as it was written, to the letter. `None` in a row where it is [read](crate::input) elsewhere.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The header of the trace that it belongs to.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub trace_header: Option<String>,
    /// The version of its machine that it was begun with, if it was one: its ARN.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub version_arn: Option<String>,
    /// The alias that it was begun with, if it was one: its ARN.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub alias_arn: Option<String>,
}

impl Given {
    /// What its executions are listed by beside the machine: the version's number, the alias's name.
    pub(crate) fn qualifiers(&self) -> impl Iterator<Item = &str> {
        let arns = self.version_arn.iter().chain(&self.alias_arn);
        arns.filter_map(|arn| arn.rsplit_once(':').map(|(_, qualifier)| qualifier))
    }
}
