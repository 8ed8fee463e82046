//! What answers in the place of an object.

use std::io;

use items::{Contents, ObjectList, Objects, ReadError};

/// A text in the place of every object.
pub(crate) struct OneText(pub(crate) String);

impl Objects for OneText {
    fn open(&self, _: &str, _: &str, _: Option<&str>) -> Result<Contents, ReadError> {
        Ok(Box::new(io::Cursor::new(self.0.clone())))
    }

    fn list(&self, _: &str, _: &str) -> Result<ObjectList, ReadError> {
        Err(ReadError("what answers for a list of objects is to be an array".to_owned()))
    }
}
