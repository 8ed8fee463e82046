//! A Map state as data: where its items come from, what is done with each, and how many may fail.

use crate::io::{Flow, Io};
use crate::machine::{Machine, Recovery, Transition};
use crate::resource::Resource;
use crate::setting::Setting;
use crate::template::{Expression, Template};

/// A Map state.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Its data flow. `Parameters`, the former name of `ItemSelector`, is not part of it.
    pub io: Io<Flow>,
    /// Its retriers and catchers.
    pub recovery: Recovery,
    /// Where its items come from.
    pub items: Items,
    /// `ItemSelector` or, formerly, `Parameters`: what an iteration is given. Without it: its item.
    pub item_selector: Option<Template>,
    /// `ItemProcessor` or, formerly, `Iterator`: what is run for each item.
    pub processor: Machine,
    /// Whether iterations are part of this execution.
    pub mode: Mode,
    /// `MaxConcurrency` or `MaxConcurrencyPath`; 0 is no limit of its own.
    pub max_concurrency: Setting<u64>,
    /// `ToleratedFailureCount` or `ToleratedFailureCountPath`
    pub tolerated_count: Option<Setting<u64>>,
    /// `ToleratedFailurePercentage` or `ToleratedFailurePercentagePath`
    pub tolerated_percentage: Option<Setting<f64>>,
    /// What follows.
    pub transition: Transition,
}

/// Where the items of a Map come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Items {
    /// The state's input, which is an array.
    Input,
    /// `ItemsPath`, in JSONPath.
    Path(Expression),
    /// `Items`, in JSONata: an array, an object, or what computes one.
    Template(Template),
    /// `ItemReader`: they are read from elsewhere. `ItemsPath` may say where in what was read.
    Reader(Box<ItemReader>),
}

/// Whether the iterations of a Map are part of its execution.
#[derive(Debug, Clone, PartialEq)]
pub enum Mode {
    /// They are.
    Inline,
    /// Each is an execution of its own.
    Distributed(Box<Distributed>),
}

/// What a Map in distributed mode has besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Distributed {
    /// `ExecutionType`
    pub express: bool,
    /// `Label`
    pub label: Option<String>,
    /// `ItemBatcher`
    pub batcher: Option<ItemBatcher>,
    /// `ResultWriter`
    pub writer: Option<ResultWriter>,
}

/// `ItemReader`: what items are read from.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemReader {
    /// `Resource`
    pub resource: Resource,
    /// `Parameters`, in JSONata `Arguments`
    pub arguments: Option<Template>,
    /// `ReaderConfig`
    pub config: ReaderConfig,
}

/// `ReaderConfig`: how items are made of what is read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReaderConfig {
    /// `InputType`
    pub input_type: Option<InputType>,
    /// `Transformation`: `LOAD_AND_FLATTEN` reads the objects that are listed.
    pub flatten: bool,
    /// `CSVDelimiter`
    pub csv_delimiter: CsvDelimiter,
    /// `CSVHeaders`, with `"CSVHeaderLocation": "GIVEN"`. Without them: the first row.
    pub csv_headers: Option<Vec<String>>,
    /// `MaxItems` or `MaxItemsPath`
    pub max_items: Option<Setting<u64>>,
    /// `ItemsPointer`: where in a JSON file the array is.
    pub items_pointer: Option<String>,
    /// `ManifestType`
    pub manifest_type: Option<ManifestType>,
}

/// `InputType`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputType {
    /// A JSON array.
    Json,
    /// A JSON value a line.
    Jsonl,
    /// Rows.
    Csv,
    /// A list of files.
    Manifest,
    /// A columnar file.
    Parquet,
}

/// `CSVDelimiter`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub enum CsvDelimiter {
    #[default]
    Comma,
    Pipe,
    Semicolon,
    Space,
    Tab,
}

/// `ManifestType`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestType {
    /// The result of an Athena query.
    AthenaData,
    /// An inventory of a bucket.
    S3Inventory,
}

/// `ItemBatcher`: several items for one child.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemBatcher {
    /// `BatchInput`: given to each child besides its items.
    pub batch_input: Option<Template>,
    /// `MaxItemsPerBatch` or `MaxItemsPerBatchPath`
    pub items_max: Option<Setting<u64>>,
    /// `MaxInputBytesPerBatch` or `MaxInputBytesPerBatchPath`
    pub bytes_max: Option<Setting<u64>>,
}

/// `ResultWriter`: where the results of children go.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultWriter {
    /// `Resource` with its `Parameters`, in JSONata `Arguments`. Without it: into the state's result.
    pub target: Option<(Resource, Option<Template>)>,
    /// `WriterConfig`
    pub config: WriterConfig,
}

/// `WriterConfig`: what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriterConfig {
    /// `Transformation`
    pub transformation: Transformation,
    /// `OutputType`: a JSON value a line, rather than one array.
    pub jsonl: bool,
}

/// `Transformation` of a `WriterConfig`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transformation {
    /// `NONE`: a record for each child, with its outputs and what is known of it.
    #[default]
    None,
    /// `COMPACT`: the outputs.
    Compact,
    /// `FLATTEN`: the outputs, arrays among them taken apart.
    Flatten,
}
