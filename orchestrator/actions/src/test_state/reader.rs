//! What the `ItemReader` of a Map reads, if it is given.

use std::io::Cursor;
use std::sync::Arc;

use asl::map::{ItemReader, ReaderConfig};
use engine::ItemsRead;
use items::{Contents, ObjectList, Objects, Page, ReadError};
use serde_json::json;

/// One object, whatever it is called.
struct Given(String);

impl Objects for Given {
    fn open(&self, _: &str, _: &str, _: Option<&str>) -> Result<Contents, ReadError> {
        Ok(Box::new(Cursor::new(self.0.clone())))
    }

    fn list(&self, _: &str, _: &str) -> Result<ObjectList, ReadError> {
        Err(ReadError("Objects of a list are given as a JSON array of them.".to_owned()))
    }
}

/// The items of data as the reader would find it: the contents of an object or, of a list of objects, a JSON array of these.
///
/// # Errors
/// The data is not what the reader's configuration says.
pub(super) fn items(reader: &ItemReader, data: &str) -> Result<ItemsRead, String> {
    let is_list = reader.resource.arn.ends_with(":listObjectsV2") && !reader.config.flatten;
    let config = if is_list { ReaderConfig::default() } else { reader.config.clone() };
    let objects: Arc<dyn Objects> = Arc::new(Given(data.to_owned()));
    let anywhere = json!({"Bucket": "bucket", "Key": "key"});
    let read = items::items("arn:aws:states:::s3:getObject", &anywhere, &config, &objects);
    // It is one object, so all are of one kind, and on one page.
    let page = read.and_then(|mut items| items::page(&mut items, &mut None, u64::MAX, usize::MAX));
    let Page { items, of_object, .. } = page.map_err(|error| error.to_string())?;
    Ok(ItemsRead { items, of_object })
}
