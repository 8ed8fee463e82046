//! Every field of the language: which objects may have it, and in which query language.

use crate::syntax::QueryLanguage;

/// A field.
#[derive(Debug, Clone, Copy)]
pub struct KnownField {
    /// As its author calls it.
    pub name: &'static str,
    /// The language that it belongs to; `None`: to both.
    pub language: Option<QueryLanguage>,
    /// What may have it: types of states, and the names of the parts of [`PARTS`].
    pub owners: &'static [&'static str],
}

/// The types of states.
pub const TYPES: [&str; 8] = ["Task", "Choice", "Parallel", "Map", "Pass", "Wait", "Succeed", "Fail"];

/// What else has fields of its own. The rules of a Choice have the comparisons besides.
pub const PARTS: [&str; 12] = [
    "StateMachine",
    "Branch",
    "ItemProcessor",
    "ProcessorConfig",
    "Retrier",
    "Catcher",
    "ItemReader",
    "ReaderConfig",
    "ItemBatcher",
    "ResultWriter",
    "WriterConfig",
    "ChoiceRule",
];

const BOTH: Option<QueryLanguage> = None;
const PATH: Option<QueryLanguage> = Some(QueryLanguage::JsonPath);
const JSONATA: Option<QueryLanguage> = Some(QueryLanguage::Jsonata);
const STEPS: &[&str] = &["Task", "Parallel", "Map", "Pass", "Wait"];
const RECOVER: &[&str] = &["Task", "Parallel", "Map"];
const MACHINES: &[&str] = &["StateMachine", "Branch", "ItemProcessor"];

const fn field(
    name: &'static str,
    language: Option<QueryLanguage>,
    owners: &'static [&'static str],
) -> KnownField {
    KnownField { name, language, owners }
}

/// Every field.
#[rustfmt::skip]
pub const FIELDS: &[KnownField] = &[
    field("Comment", BOTH, &[
        "Task", "Choice", "Parallel", "Map", "Pass", "Wait", "Succeed", "Fail", "StateMachine", "Branch", "ItemProcessor",
        "Retrier", "Catcher", "ChoiceRule",
    ]),
    field("QueryLanguage", BOTH, &["Task", "Choice", "Parallel", "Map", "Pass", "Wait", "Succeed", "Fail", "StateMachine"]),
    field("Type", BOTH, &TYPES),
    field("Next", BOTH, &["Task", "Parallel", "Map", "Pass", "Wait", "Catcher", "ChoiceRule"]),
    field("End", BOTH, STEPS),
    field("Assign", BOTH, &["Task", "Choice", "Parallel", "Map", "Pass", "Wait", "Catcher", "ChoiceRule"]),
    field("InputPath", PATH, &["Task", "Choice", "Parallel", "Map", "Pass", "Wait", "Succeed"]),
    field("OutputPath", PATH, &["Task", "Choice", "Parallel", "Map", "Pass", "Wait", "Succeed"]),
    field("ResultPath", PATH, &["Task", "Parallel", "Map", "Pass", "Catcher"]),
    field("Parameters", PATH, &["Task", "Parallel", "Map", "Pass", "ItemReader", "ResultWriter"]),
    field("ResultSelector", PATH, RECOVER),
    field("Arguments", JSONATA, &["Task", "Parallel", "ItemReader", "ResultWriter"]),
    field("Output", JSONATA, &["Task", "Choice", "Parallel", "Map", "Pass", "Wait", "Succeed", "Catcher", "ChoiceRule"]),
    field("Retry", BOTH, RECOVER),
    field("Catch", BOTH, RECOVER),
    // The machine.
    field("StartAt", BOTH, MACHINES),
    field("States", BOTH, MACHINES),
    field("Version", BOTH, &["StateMachine"]),
    field("TimeoutSeconds", BOTH, &["StateMachine", "Task"]),
    // Task.
    field("Resource", BOTH, &["Task", "ItemReader", "ResultWriter"]),
    field("Credentials", BOTH, &["Task"]),
    field("TimeoutSecondsPath", PATH, &["Task"]),
    field("HeartbeatSeconds", BOTH, &["Task"]),
    field("HeartbeatSecondsPath", PATH, &["Task"]),
    // Pass, Wait, Fail, Parallel.
    field("Result", PATH, &["Pass"]),
    field("Seconds", BOTH, &["Wait"]),
    field("SecondsPath", PATH, &["Wait"]),
    field("Timestamp", BOTH, &["Wait"]),
    field("TimestampPath", PATH, &["Wait"]),
    field("Error", BOTH, &["Fail"]),
    field("ErrorPath", PATH, &["Fail"]),
    field("Cause", BOTH, &["Fail"]),
    field("CausePath", PATH, &["Fail"]),
    field("Branches", BOTH, &["Parallel"]),
    // Choice.
    field("Choices", BOTH, &["Choice"]),
    field("Default", BOTH, &["Choice"]),
    field("Variable", PATH, &["ChoiceRule"]),
    field("And", PATH, &["ChoiceRule"]),
    field("Or", PATH, &["ChoiceRule"]),
    field("Not", PATH, &["ChoiceRule"]),
    field("Condition", JSONATA, &["ChoiceRule"]),
    // Retriers and catchers.
    field("ErrorEquals", BOTH, &["Retrier", "Catcher"]),
    field("IntervalSeconds", BOTH, &["Retrier"]),
    field("MaxAttempts", BOTH, &["Retrier"]),
    field("BackoffRate", BOTH, &["Retrier"]),
    field("MaxDelaySeconds", BOTH, &["Retrier"]),
    field("JitterStrategy", BOTH, &["Retrier"]),
    // Map.
    field("ItemProcessor", BOTH, &["Map"]),
    field("Iterator", BOTH, &["Map"]),
    field("Items", JSONATA, &["Map"]),
    field("ItemsPath", PATH, &["Map"]),
    field("ItemSelector", BOTH, &["Map"]),
    field("ItemReader", BOTH, &["Map"]),
    field("ItemBatcher", BOTH, &["Map"]),
    field("ResultWriter", BOTH, &["Map"]),
    field("Label", BOTH, &["Map"]),
    field("MaxConcurrency", BOTH, &["Map"]),
    field("MaxConcurrencyPath", PATH, &["Map"]),
    field("ToleratedFailureCount", BOTH, &["Map"]),
    field("ToleratedFailureCountPath", PATH, &["Map"]),
    field("ToleratedFailurePercentage", BOTH, &["Map"]),
    field("ToleratedFailurePercentagePath", PATH, &["Map"]),
    field("ProcessorConfig", BOTH, &["ItemProcessor"]),
    field("Mode", BOTH, &["ProcessorConfig"]),
    field("ExecutionType", BOTH, &["ProcessorConfig"]),
    field("ReaderConfig", BOTH, &["ItemReader"]),
    field("InputType", BOTH, &["ReaderConfig"]),
    field("Transformation", BOTH, &["ReaderConfig", "WriterConfig"]),
    field("CSVHeaderLocation", BOTH, &["ReaderConfig"]),
    field("CSVHeaders", BOTH, &["ReaderConfig"]),
    field("CSVDelimiter", BOTH, &["ReaderConfig"]),
    field("MaxItems", BOTH, &["ReaderConfig"]),
    field("MaxItemsPath", PATH, &["ReaderConfig"]),
    field("ItemsPointer", BOTH, &["ReaderConfig"]),
    field("ManifestType", BOTH, &["ReaderConfig"]),
    field("BatchInput", BOTH, &["ItemBatcher"]),
    field("MaxItemsPerBatch", BOTH, &["ItemBatcher"]),
    field("MaxItemsPerBatchPath", PATH, &["ItemBatcher"]),
    field("MaxInputBytesPerBatch", BOTH, &["ItemBatcher"]),
    field("MaxInputBytesPerBatchPath", PATH, &["ItemBatcher"]),
    field("WriterConfig", BOTH, &["ResultWriter"]),
    field("OutputType", BOTH, &["WriterConfig"]),
];

/// The fields that `owner` may have.
pub fn fields_of(owner: &str) -> impl Iterator<Item = &'static KnownField> + Clone + use<'_> {
    FIELDS.iter().filter(move |field| field.owners.contains(&owner))
}
