//! The items of a Map in distributed mode, of what its `ItemReader` names.
//!
//! [`items`] gives one after another of a JSON array, of JSON lines, of the rows of a CSV file, of the files that a manifest lists, or of a list of
//! objects, and holds no more of them than the one in hand. Where objects are is the business of [`Objects`]: there is no I/O here but
//! through it, and by [`Folder`], which has the folders of this machine stand for buckets. [`page`] takes as many items as fit into an answer to the engine.
//!
//! | module | holds |
//! | --- | --- |
//! | `source` | which objects there are, and what is in them |
//! | `read` | what an `ItemReader` asks for |
//! | `folder` | folders of this machine in the place of buckets |
//! | `json` | elements of an array that may be larger than memory |
//! | `rows` | CSV |
//! | `manifest` | files that list files |
#![warn(missing_docs)]

mod error;
mod folder;
mod json;
mod manifest;
mod page;
mod read;
mod rows;
mod source;

pub use error::ReadError;
pub use folder::Folder;
pub use page::{Page, page};
pub use read::items;
pub use source::{Buckets, Contents, Item, Items, Object, ObjectList, ObjectWriter, Objects};
