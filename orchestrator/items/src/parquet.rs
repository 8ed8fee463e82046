//! The rows of a Parquet file.

use std::fs::File;
use std::io::{self, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use serde_json::Value;

use crate::error::ReadError;
use crate::source::Contents;

/// As large as an object that a Map reads may be: AWS's bound of what is read of one.
const BYTES_MAX: u64 = 10 * 1024 * 1024 * 1024;

/// The rows, each an object by column. Decimals, dates, times and timestamps (UTC) are strings, bytes are in Base64, and what is no number is
/// null. AWS does not say how it writes these.
///
/// What tells where the columns are stands at the end of a file, so the object is copied into a temporary file first, which has no name; rows
/// are read as they are asked for, a row group's pages at a time.
pub(crate) struct ParquetRows {
    /// `None` once a row could not be read: what follows cannot be, either.
    rows: Option<RowIter<'static>>,
}

impl ParquetRows {
    pub(crate) fn new(contents: Contents) -> Result<Self, ReadError> {
        let file = spooled(contents).map_err(invalid)?;
        let rows = guarded(|| Ok(SerializedFileReader::new(file).map_err(invalid)?.into_iter()))?;
        Ok(Self { rows: Some(rows) })
    }
}

impl Iterator for ParquetRows {
    type Item = Result<Value, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut rows = self.rows.take()?;
        let row = guarded(|| rows.next().map(|row| Ok(row.map_err(invalid)?.to_json_value())).transpose());
        match row.transpose()? {
            Ok(row) => {
                self.rows = Some(rows);
                Some(Ok(row))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

fn spooled(contents: Contents) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    if io::copy(&mut contents.take(BYTES_MAX + 1), &mut file)? > BYTES_MAX {
        return Err(io::Error::other(format!("it is larger than {BYTES_MAX} bytes")));
    }
    Ok(file)
}

/// The reader is not proof against every broken file: where it gives up, that is an error like any other, and not the end of the program.
fn guarded<T>(read: impl FnOnce() -> Result<T, ReadError>) -> Result<T, ReadError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(invalid("it is broken")))
}

fn invalid(why: impl std::fmt::Display) -> ReadError {
    ReadError::invalid("Parquet file", why)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::basic::{Compression, ZstdLevel};
    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use serde_json::json;

    use super::*;

    /// Three rows of a number and perhaps a name, in two row groups.
    fn file(compression: Compression) -> Vec<u8> {
        let schema = "message dish { required int64 id; optional binary name (UTF8); required int64 at (TIMESTAMP_MILLIS); }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = WriterProperties::builder().set_compression(compression).build();
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
        let groups: [(&[i64], &[&str], &[i16]); 2] =
            [(&[1, 2], &["soup"], &[1, 0]), (&[9_007_199_254_740_993], &["pie"], &[1])];
        for (ids, names, defined) in groups {
            let mut group = writer.next_row_group().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<Int64Type>().write_batch(ids, None, None).unwrap();
            column.close().unwrap();
            let names: Vec<_> = names.iter().map(|name| ByteArray::from(*name)).collect();
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&names, Some(defined), None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<Int64Type>().write_batch(&vec![1_668_699_881_000; ids.len()], None, None).unwrap();
            column.close().unwrap();
            group.close().unwrap();
        }
        writer.into_inner().unwrap()
    }

    fn rows(bytes: Vec<u8>) -> Result<Vec<Value>, ReadError> {
        ParquetRows::new(Box::new(io::Cursor::new(bytes)))?.collect()
    }

    #[test]
    fn a_row_is_an_object_by_column_however_it_is_compressed() {
        let at = "2022-11-17 15:44:41.000 +00:00";
        let expected = vec![
            json!({"id": 1, "name": "soup", "at": at}),
            json!({"id": 2, "name": null, "at": at}),
            json!({"id": 9_007_199_254_740_993_i64, "name": "pie", "at": at}),
        ];
        let zstd = Compression::ZSTD(ZstdLevel::default());
        for compression in [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(Default::default()),
            Compression::LZ4_RAW,
            zstd,
        ] {
            assert_eq!(rows(file(compression)), Ok(expected.clone()), "{compression}");
        }
    }

    #[test]
    fn a_file_that_is_broken_anywhere_is_an_error_or_has_other_rows() {
        let whole = file(Compression::SNAPPY);
        for cut in [0, 3, 8, whole.len() / 2, whole.len() - 1] {
            let error = rows(whole[..cut].to_vec()).unwrap_err().to_string();
            assert!(error.starts_with("The Parquet file could not be read: "), "{cut}: {error}");
        }
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] ^= 0x55;
            // It ends, whatever it says.
            let _ = rows(broken);
        }
    }
}
