//! Manifests: objects that list objects.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use asl::map::{InputType, ReaderConfig};
use serde_json::Value;

use crate::error::ReadError;
use crate::rows::Rows;
use crate::source::{Contents, Items, Objects, plain};

/// Largest manifest of an inventory, in bytes: it is read as a whole.
const INVENTORY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The rows of the files that an inventory of a bucket lists (`manifest.json`): one for each object.
pub(crate) fn inventory(contents: Contents, objects: Arc<dyn Objects>) -> Result<Items, ReadError> {
    let manifest: Value = serde_json::from_reader(contents.take(INVENTORY_BYTES_MAX)).map_err(invalid)?;
    let text = |name: &str| {
        manifest.get(name).and_then(Value::as_str).ok_or_else(|| invalid(format!("it has no {name}")))
    };
    let format = text("fileFormat")?;
    if format != "CSV" {
        return Err(invalid(format!("its files are in the format {format}, and only CSV can be read")));
    }
    let bucket = text("destinationBucket")?.rsplit(':').next().unwrap_or_default().to_owned();
    let headers: Vec<String> = text("fileSchema")?.split(',').map(|name| name.trim().to_owned()).collect();
    let files = manifest.get("files").and_then(Value::as_array).ok_or_else(|| invalid("it has no files"))?;
    let keys: Option<Vec<String>> =
        files.iter().map(|file| file.get("key")?.as_str().map(str::to_owned)).collect();
    let keys = keys.ok_or_else(|| invalid("a file has no key"))?;
    let rows = move |key: String| -> Result<Items, ReadError> {
        let contents = unpacked(&key, objects.open(&bucket, &key, None)?);
        let rows = Rows::new(contents, b',', Some(&headers))?;
        Ok(plain(rows.map(|row| row.map(plain_key))))
    };
    Ok(each(keys.into_iter().map(Ok), rows))
}

/// In an inventory, keys are written as in an URL.
fn plain_key(mut row: Value) -> Value {
    if let Some(Value::String(key)) = row.get_mut("Key") {
        *key = percent_encoding::percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned();
    }
    row
}

/// The items of an object's contents.
type ReadContents = fn(Contents, &ReaderConfig, &Arc<dyn Objects>) -> Result<Items, ReadError>;

/// The items of the files that the result of a query lists, an address a line; `read` reads each of them.
pub(crate) fn athena(
    contents: Contents,
    config: &ReaderConfig,
    objects: Arc<dyn Objects>,
    read: ReadContents,
) -> Items {
    let config = ReaderConfig {
        input_type: config.input_type.filter(|input| *input != InputType::Manifest).or(Some(InputType::Csv)),
        manifest_type: None,
        ..config.clone()
    };
    let addresses = BufReader::new(contents).lines().filter_map(|line| match line {
        Ok(line) if line.trim().is_empty() => None,
        Ok(line) => Some(Ok(line.trim().trim_matches('"').to_owned())),
        Err(error) => Some(Err(invalid(error))),
    });
    each(addresses, move |address: String| {
        let address = address.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
        let (bucket, key) =
            address.ok_or_else(|| invalid("a line is no address of the form s3://BUCKET/KEY"))?;
        read(unpacked(key, objects.open(bucket, key, None)?), &config, &objects)
    })
}

/// The items of each of these, one after another.
pub(crate) fn each<T>(
    of: impl Iterator<Item = Result<T, ReadError>> + Send + 'static,
    mut items: impl FnMut(T) -> Result<Items, ReadError> + Send + 'static,
) -> Items {
    Box::new(of.flat_map(move |one| match one.and_then(&mut items) {
        Ok(items) => items,
        Err(error) => Box::new(std::iter::once(Err(error))) as Items,
    }))
}

/// The contents of an object that is packed if it is called so.
pub(crate) fn unpacked(key: &str, contents: Contents) -> Contents {
    if key.ends_with(".gz") { Box::new(flate2::read::MultiGzDecoder::new(contents)) } else { contents }
}

fn invalid(why: impl std::fmt::Display) -> ReadError {
    ReadError::invalid("manifest", why)
}
