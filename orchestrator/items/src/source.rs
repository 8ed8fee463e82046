//! Where objects are.

use std::io::{self, Read};

use serde_json::Value;

use crate::error::ReadError;

/// The contents of an object, from its beginning.
pub type Contents = Box<dyn Read + Send>;

/// Buckets that objects can be written to as well.
pub trait Buckets: Objects {
    /// What writes objects into a bucket.
    ///
    /// # Errors
    /// There is no such bucket.
    fn writer(&self, bucket: &str) -> io::Result<Box<dyn ObjectWriter>>;
}

/// Writes objects into a bucket, a piece at a time.
pub trait ObjectWriter: Send {
    /// Adds text to the end of an object. The first piece makes it: what stood there before is replaced.
    ///
    /// # Errors
    /// It cannot be written.
    fn add(&mut self, key: &str, text: &str) -> io::Result<()>;

    /// All objects are whole.
    ///
    /// # Errors
    /// Something that was added cannot be written.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Objects, one after another.
pub type ObjectList = Box<dyn Iterator<Item = Result<Object, ReadError>> + Send>;

/// What a child of a Map run, or an iteration, is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it is; of a member of an object its `Key` and its `Value`.
    pub value: Value,
    /// Whether it is a member of an object: what merely looks like one is none.
    pub is_member: bool,
}

impl From<Value> for Item {
    /// One that is no member of an object.
    fn from(value: Value) -> Self {
        Self { value, is_member: false }
    }
}

/// Items, one after another.
pub type Items = Box<dyn Iterator<Item = Result<Item, ReadError>> + Send>;

/// Values as items, none of which is a member of an object.
pub(crate) fn plain(values: impl Iterator<Item = Result<Value, ReadError>> + Send + 'static) -> Items {
    Box::new(values.map(|value| value.map(Item::from)))
}

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
