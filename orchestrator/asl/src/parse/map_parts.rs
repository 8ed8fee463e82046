//! Reading where the items of a distributed Map come from and where its results go.

use super::builder::Builder;
use super::fields::{Field, Fields};
use super::words;
use crate::json::Kind;
use crate::map::{
    CsvDelimiter, InputType, ItemBatcher, ItemReader, ManifestType, ReaderConfig, ResultWriter,
    Transformation, WriterConfig,
};
use crate::resource::Resource;
use crate::template::Template;

const READS: [&str; 2] = ["s3:getObject", "s3:listObjectsV2"];
const WRITES: [&str; 1] = ["s3:putObject"];
/// Most items of a batch, and most that are read; the limit of what AWS takes as a number.
const COUNT_MAX: u64 = 100_000_000;
/// Most bytes of a batch; the limit of AWS.
const BATCH_BYTES_MAX: u64 = 256 * 1024;

impl Builder<'_> {
    pub(super) fn item_reader(&mut self, field: &Field<'_>) -> Option<ItemReader> {
        let fields = field.fields_of(&mut self.report, "ItemReader", self.here.language)?;
        fields.require(&mut self.report, &["Resource"]);
        let resource = self.map_resource(&fields, &READS);
        let arguments = self.map_arguments(&fields);
        let config = match fields.get("ReaderConfig") {
            Some(field) => self.reader_config(&field),
            None => Some(ReaderConfig::default()),
        };
        Some(ItemReader { resource: resource?, arguments, config: config? })
    }

    fn map_resource(&mut self, fields: &Fields<'_>, allowed: &[&str]) -> Option<Resource> {
        let field = fields.get("Resource")?;
        let resource = Resource::parse(field.string(&mut self.report)?);
        let action = resource.as_ref().and_then(|it| it.kind.integration());
        let is_allowed =
            action.is_some_and(|it| allowed.contains(&format!("{}:{}", it.service, it.action).as_str()));
        if !is_allowed {
            let arns: Vec<_> = allowed.iter().map(|action| format!("arn:aws:states:::{action}")).collect();
            field.wrong(&mut self.report, words::NO_MAP_RESOURCE, Some(arns.join(" or ")));
            return None;
        }
        resource
    }

    fn map_arguments(&mut self, fields: &Fields<'_>) -> Option<Template> {
        self.object(fields, if self.is_jsonata() { "Arguments" } else { "Parameters" })
    }

    fn reader_config(&mut self, field: &Field<'_>) -> Option<ReaderConfig> {
        let fields = field.fields_of(&mut self.report, "ReaderConfig", self.here.language)?;
        let word = |builder: &mut Self, name: &str, words: &[&str]| match fields.get(name) {
            None => Some(None),
            Some(field) => field.one_of(&mut builder.report, words).map(Some),
        };
        let inputs = [
            ("CSV", InputType::Csv),
            ("JSON", InputType::Json),
            ("JSONL", InputType::Jsonl),
            ("PARQUET", InputType::Parquet),
            ("MANIFEST", InputType::Manifest),
        ];
        let input_type = word(self, "InputType", &inputs.map(|(name, _)| name))?.map(|place| inputs[place].1);
        let flatten = word(self, "Transformation", &["NONE", "LOAD_AND_FLATTEN"])? == Some(1);
        let delimiters = [
            ("COMMA", CsvDelimiter::Comma),
            ("PIPE", CsvDelimiter::Pipe),
            ("SEMICOLON", CsvDelimiter::Semicolon),
            ("SPACE", CsvDelimiter::Space),
            ("TAB", CsvDelimiter::Tab),
        ];
        let delimiter = word(self, "CSVDelimiter", &delimiters.map(|(name, _)| name))?;
        let manifests =
            [("ATHENA_DATA", ManifestType::AthenaData), ("S3_INVENTORY", ManifestType::S3Inventory)];
        let manifest = word(self, "ManifestType", &manifests.map(|(name, _)| name))?;
        Some(ReaderConfig {
            input_type,
            flatten,
            csv_delimiter: delimiter.map_or(CsvDelimiter::default(), |place| delimiters[place].1),
            csv_headers: self.csv_headers(&fields, input_type)?,
            max_items: self.integer(&fields, ["MaxItems", "MaxItemsPath"], (0, COUNT_MAX)),
            items_pointer: self.items_pointer(&fields),
            manifest_type: manifest.map(|place| manifests[place].1),
        })
    }

    /// The headers that are given; `None` inside: they are in the first row, or there are none.
    fn csv_headers(
        &mut self,
        fields: &Fields<'_>,
        input_type: Option<InputType>,
    ) -> Option<Option<Vec<String>>> {
        for name in ["CSVHeaderLocation", "CSVHeaders", "CSVDelimiter"] {
            // A manifest may be of rows as well.
            let has_rows = matches!(input_type, None | Some(InputType::Csv | InputType::Manifest));
            if !has_rows && fields.get(name).is_some() {
                let expected = Some("it with \"InputType\": \"CSV\"".to_owned());
                fields.wrong(&mut self.report, words::unsupported(name), expected);
            }
        }
        let location = fields.get("CSVHeaderLocation");
        if input_type == Some(InputType::Csv) && location.is_none() {
            fields.require(&mut self.report, &["CSVHeaderLocation"]);
        }
        let location = location.and_then(|it| it.one_of(&mut self.report, &["FIRST_ROW", "GIVEN"]));
        if location != Some(1) {
            return Some(None);
        }
        fields.require(&mut self.report, &["CSVHeaders"]);
        let elements = fields.get("CSVHeaders")?.some_elements(&mut self.report)?;
        let names = elements.iter().map(|element| element.string(&mut self.report).map(str::to_owned));
        let names: Vec<Option<String>> = names.collect();
        names.into_iter().collect::<Option<Vec<_>>>().map(Some)
    }

    fn items_pointer(&mut self, fields: &Fields<'_>) -> Option<String> {
        let field = fields.get("ItemsPointer")?;
        let pointer = field.string(&mut self.report)?;
        if !(pointer.is_empty() || pointer.starts_with('/')) {
            let message = "Value is not a valid JSON pointer";
            field.wrong(&mut self.report, message, Some("one such as /data/items".to_owned()));
        }
        Some(pointer.to_owned())
    }

    pub(super) fn item_batcher(&mut self, field: &Field<'_>) -> Option<ItemBatcher> {
        let fields = field.fields_of(&mut self.report, "ItemBatcher", self.here.language)?;
        let items = ["MaxItemsPerBatch", "MaxItemsPerBatchPath"];
        let bytes = ["MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"];
        if items.iter().chain(&bytes).all(|name| fields.get(name).is_none()) {
            let message = words::some_needed(&[items[0], bytes[0]]);
            fields.wrong(&mut self.report, message, None);
        }
        let batch_input = self.object(&fields, "BatchInput");
        let items_max = self.integer(&fields, items, (1, COUNT_MAX));
        let bytes_max = self.integer(&fields, bytes, (1, BATCH_BYTES_MAX));
        Some(ItemBatcher { batch_input, items_max, bytes_max })
    }

    pub(super) fn result_writer(&mut self, field: &Field<'_>) -> Option<ResultWriter> {
        let fields = field.fields_of(&mut self.report, "ResultWriter", self.here.language)?;
        if matches!(&field.node.kind, Kind::Object(members) if members.is_empty()) {
            fields.wrong(&mut self.report, words::some_needed(&["Resource", "WriterConfig"]), None);
        }
        let arguments = self.map_arguments(&fields);
        if arguments.is_some() {
            fields.require(&mut self.report, &["Resource"]);
        }
        let target = self.map_resource(&fields, &WRITES).map(|resource| (resource, arguments));
        let config = match fields.get("WriterConfig") {
            Some(field) => self.writer_config(&field)?,
            None => WriterConfig::default(),
        };
        Some(ResultWriter { target, config })
    }

    fn writer_config(&mut self, field: &Field<'_>) -> Option<WriterConfig> {
        let fields = field.fields_of(&mut self.report, "WriterConfig", self.here.language)?;
        let mut word = |name: &str, words: &[&str]| match fields.get(name) {
            None => Some(0),
            Some(field) => field.one_of(&mut self.report, words),
        };
        let transformation = match word("Transformation", &["NONE", "COMPACT", "FLATTEN"])? {
            0 => Transformation::None,
            1 => Transformation::Compact,
            _ => Transformation::Flatten,
        };
        Some(WriterConfig { transformation, jsonl: word("OutputType", &["JSON", "JSONL"])? == 1 })
    }
}
