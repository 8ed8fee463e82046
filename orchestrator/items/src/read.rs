//! What an `ItemReader` asks for.

use std::sync::Arc;

use asl::map::{InputType, ManifestType, ReaderConfig};
use serde_json::{Value, json};

use crate::error::ReadError;
use crate::json::Elements;
use crate::manifest::{athena, each, inventory, unpacked};
use crate::rows::{Lines, Rows, delimiter};
use crate::source::{Contents, Items, Object, Objects, plain};

/// The items of what a reader's `Resource` gives with those arguments.
///
/// # Errors
/// The arguments name nothing, what they name is not there, or is not of the type that it should be. What is wrong further on is an error among
/// the items.
pub fn items(
    resource: &str,
    arguments: &Value,
    config: &ReaderConfig,
    objects: &Arc<dyn Objects>,
) -> Result<Items, ReadError> {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    let needed = |name: &str| text(name).ok_or_else(|| ReadError(format!("The ItemReader names no {name}.")));
    let bucket = needed("Bucket")?;
    if resource.ends_with(":listObjectsV2") {
        let listed = objects.list(bucket, text("Prefix").unwrap_or_default())?;
        if !config.flatten {
            return Ok(plain(listed.map(|object| object.map(told))));
        }
        let (bucket, config, objects) = (bucket.to_owned(), config.clone(), Arc::clone(objects));
        // A folder of the console is an empty object.
        let files = listed.filter(|object| !object.as_ref().is_ok_and(|it| it.key.ends_with('/')));
        return Ok(each(files, move |Object { key, .. }| {
            of_contents(unpacked(&key, objects.open(&bucket, &key, None)?), &config, &objects)
        }));
    }
    let key = needed("Key")?;
    of_contents(unpacked(key, objects.open(bucket, key, text("VersionId"))?), config, objects)
}

/// The items of an object's contents.
pub(crate) fn of_contents(
    contents: Contents,
    config: &ReaderConfig,
    objects: &Arc<dyn Objects>,
) -> Result<Items, ReadError> {
    match config.manifest_type {
        Some(ManifestType::AthenaData) => {
            return Ok(athena(contents, config, Arc::clone(objects), of_contents));
        }
        Some(ManifestType::S3Inventory) => return inventory(contents, Arc::clone(objects)),
        None => {}
    }
    match config.input_type.unwrap_or(InputType::Json) {
        InputType::Json => {
            let pointer = config.items_pointer.as_deref().unwrap_or_default();
            Ok(Box::new(Elements::new(contents, pointer)?))
        }
        InputType::Jsonl => Ok(plain(Lines::new(contents))),
        InputType::Csv => {
            let headers = config.csv_headers.as_deref();
            Ok(plain(Rows::new(contents, delimiter(config.csv_delimiter), headers)?))
        }
        InputType::Manifest => inventory(contents, Arc::clone(objects)),
        InputType::Parquet => Err(ReadError(
            "Reading Parquet files is not supported here: convert it to CSV or JSON lines.".to_owned(),
        )),
    }
}

/// An object of a list, as AWS tells it.
fn told(object: Object) -> Value {
    json!({
        "Etag": object.etag, "Key": object.key, "LastModified": object.modified_s, "Size": object.size,
        "StorageClass": "STANDARD",
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write as _;

    use super::*;
    use crate::source::ObjectList;

    const GET: &str = "arn:aws:states:::s3:getObject";
    const LIST: &str = "arn:aws:states:::s3:listObjectsV2";

    struct InMemory(BTreeMap<&'static str, Vec<u8>>);

    impl Objects for InMemory {
        fn open(&self, bucket: &str, key: &str, _: Option<&str>) -> Result<Contents, ReadError> {
            let found = self.0.get(key).filter(|_| bucket == "b");
            let found = found.ok_or_else(|| ReadError("The specified key does not exist.".to_owned()))?;
            Ok(Box::new(std::io::Cursor::new(found.clone())))
        }

        fn list(&self, _: &str, prefix: &str) -> Result<ObjectList, ReadError> {
            let found = self.0.iter().filter(|(key, _)| key.starts_with(prefix));
            let found: Vec<_> = found
                .map(|(key, bytes)| {
                    let (key, size) = ((*key).to_owned(), bytes.len() as u64);
                    Ok(Object { key, size, modified_s: 1_668_699_881, etag: "\"e\"".to_owned() })
                })
                .collect();
            Ok(Box::new(found.into_iter()))
        }
    }

    fn objects() -> Arc<dyn Objects> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"\"b\",\"in+a%20box.txt\",\"3\"\n").unwrap();
        let inventory = r#"{"sourceBucket": "b", "destinationBucket": "arn:aws:s3:::b", "fileFormat": "CSV",
            "fileSchema": "Bucket, Key, Size", "files": [{"key": "inventory/1.csv.gz", "size": 1, "MD5checksum": "m"}]}"#;
        let objects = [
            ("data/1.json", b"[1, 2]".to_vec()),
            ("data/2.json", b"[3]".to_vec()),
            ("data/sub/", Vec::new()),
            ("inventory/1.csv.gz", packed.finish().unwrap()),
            ("inventory/manifest.json", inventory.as_bytes().to_vec()),
            ("query/manifest.csv", b"s3://b/query/1.csv\ns3://b/query/2.csv\n".to_vec()),
            ("query/1.csv", b"id,n\n1,one\n".to_vec()),
            ("query/2.csv", b"id,n\n2,two\n".to_vec()),
            ("bad.jsonl", b"1\nx\n2\n".to_vec()),
        ];
        Arc::new(InMemory(objects.into_iter().collect()))
    }

    fn read(resource: &str, arguments: Value, config: ReaderConfig) -> Result<Vec<Value>, ReadError> {
        items(resource, &arguments, &config, &objects())?.map(|item| Ok(item?.value)).collect()
    }

    fn of(input_type: InputType) -> ReaderConfig {
        ReaderConfig { input_type: Some(input_type), ..ReaderConfig::default() }
    }

    #[test]
    fn a_reader_reads_an_object() {
        let json = read(GET, json!({"Bucket": "b", "Key": "data/1.json"}), of(InputType::Json));
        assert_eq!(json, Ok(vec![json!(1), json!(2)]));
        let csv = read(GET, json!({"Bucket": "b", "Key": "query/1.csv"}), of(InputType::Csv));
        assert_eq!(csv, Ok(vec![json!({"id": "1", "n": "one"})]));
    }

    #[test]
    fn a_list_gives_objects_or_what_is_in_them() {
        let listed = read(LIST, json!({"Bucket": "b", "Prefix": "data/1"}), ReaderConfig::default());
        let expected = json!({"Etag": "\"e\"", "Key": "data/1.json", "LastModified": 1_668_699_881, "Size": 6,
                              "StorageClass": "STANDARD"});
        assert_eq!(listed, Ok(vec![expected]));
        let config = ReaderConfig { flatten: true, ..of(InputType::Json) };
        let flat = read(LIST, json!({"Bucket": "b", "Prefix": "data/"}), config);
        assert_eq!(flat, Ok(vec![json!(1), json!(2), json!(3)]));
    }

    #[test]
    fn manifests_list_files() {
        let arguments = json!({"Bucket": "b", "Key": "inventory/manifest.json"});
        let expected = vec![json!({"Bucket": "b", "Key": "in a box.txt", "Size": "3"})];
        assert_eq!(read(GET, arguments, of(InputType::Manifest)), Ok(expected));
        let config = ReaderConfig { manifest_type: Some(ManifestType::AthenaData), ..of(InputType::Csv) };
        let rows = read(GET, json!({"Bucket": "b", "Key": "query/manifest.csv"}), config);
        assert_eq!(rows, Ok(vec![json!({"id": "1", "n": "one"}), json!({"id": "2", "n": "two"})]));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (arguments, input_type, why) in [
            (json!({"Bucket": "b", "Key": "none"}), InputType::Json, "The specified key does not exist."),
            (json!({"Bucket": "b"}), InputType::Json, "names no Key"),
            (json!({"Key": "none"}), InputType::Json, "names no Bucket"),
            (json!({"Bucket": "b", "Key": "bad.jsonl"}), InputType::Jsonl, "line 2"),
            (json!({"Bucket": "b", "Key": "data/1.json"}), InputType::Parquet, "Parquet"),
            (json!({"Bucket": "b", "Key": "data/1.json"}), InputType::Manifest, "manifest"),
        ] {
            let error = read(GET, arguments.clone(), of(input_type)).unwrap_err().to_string();
            assert!(error.contains(why), "{arguments}: {error}");
        }
    }
}
