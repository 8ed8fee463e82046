//! Where objects are.

use std::io::Read;

use serde_json::Value;

use crate::error::ReadError;

/// The contents of an object, from its beginning.
pub type Contents = Box<dyn Read + Send>;

/// Objects, one after another.
pub type ObjectList = Box<dyn Iterator<Item = Result<Object, ReadError>> + Send>;

/// Items, one after another.
pub type Items = Box<dyn Iterator<Item = Result<Value, ReadError>> + Send>;

/// Buckets with objects.
pub trait Objects: Send + Sync {
    /// The contents of an object.
    ///
    /// # Errors
    /// There is none, or it cannot be read; in the words of the cause that the workflow is told.
    fn open(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<Contents, ReadError>;

    /// The objects of a bucket whose keys begin so, in the order of their keys.
    ///
    /// # Errors
    /// There is no such bucket, or it cannot be read.
    fn list(&self, bucket: &str, prefix: &str) -> Result<ObjectList, ReadError>;
}

/// An object of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What it is opened by.
    pub key: String,
    /// How many bytes it has.
    pub size: u64,
    /// When it was changed, in seconds since 1970.
    pub modified_s: i64,
    /// What tells its contents from others, in quotes.
    pub etag: String,
}
