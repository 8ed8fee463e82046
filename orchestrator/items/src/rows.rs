//! The rows of a CSV file, and the lines of one in JSON lines.

use std::io::{BufRead, BufReader};

use asl::map::CsvDelimiter;
use serde_json::{Map, Value};

use crate::error::ReadError;
use crate::source::Contents;

/// Longest line of JSON lines, in bytes.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The rows, each an object of strings by header. What a row has too little is empty, what it has too much is left out.
pub(crate) struct Rows {
    records: csv::StringRecordsIntoIter<Contents>,
    headers: Vec<String>,
}

/// The byte of a delimiter.
pub(crate) fn delimiter(delimiter: CsvDelimiter) -> u8 {
    match delimiter {
        CsvDelimiter::Comma => b',',
        CsvDelimiter::Pipe => b'|',
        CsvDelimiter::Semicolon => b';',
        CsvDelimiter::Space => b' ',
        CsvDelimiter::Tab => b'\t',
    }
}

impl Rows {
    /// Rows under those headers; without any, the first row has them.
    pub(crate) fn new(
        contents: Contents,
        delimiter: u8,
        headers: Option<&[String]>,
    ) -> Result<Self, ReadError> {
        let mut builder = csv::ReaderBuilder::new();
        let reader = builder.delimiter(delimiter).flexible(true).has_headers(false).from_reader(contents);
        let mut records = reader.into_records();
        let headers = match headers {
            Some(headers) => headers.to_vec(),
            None => match records.next() {
                Some(first) => first.map_err(invalid)?.iter().map(str::to_owned).collect(),
                None => Vec::new(),
            },
        };
        Ok(Self { records, headers })
    }
}

impl Iterator for Rows {
    type Item = Result<Value, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = match self.records.next()? {
            Ok(record) => record,
            Err(error) => return Some(Err(invalid(error))),
        };
        let cell =
            |(n, header): (usize, &String)| (header.clone(), Value::from(record.get(n).unwrap_or_default()));
        Some(Ok(Value::Object(self.headers.iter().enumerate().map(cell).collect::<Map<_, _>>())))
    }
}

fn invalid(why: impl std::fmt::Display) -> ReadError {
    ReadError::invalid("CSV file", why)
}

/// A JSON value a line; empty lines are none.
pub(crate) struct Lines {
    contents: BufReader<Contents>,
    line: u64,
}

impl Lines {
    pub(crate) fn new(contents: Contents) -> Self {
        Self { contents: BufReader::with_capacity(64 * 1024, contents), line: 0 }
    }
}

impl Iterator for Lines {
    type Item = Result<Value, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.line += 1;
            let invalid = |why: String| Some(Err(ReadError::invalid("JSON Lines file", why)));
            let mut text = Vec::new();
            let mut limited = std::io::Read::take(&mut self.contents, LINE_BYTES_MAX);
            match limited.read_until(b'\n', &mut text) {
                Ok(0) => return None,
                Ok(_) if text.iter().all(u8::is_ascii_whitespace) => {}
                Ok(_) => {
                    let value = serde_json::from_slice(&text);
                    return value.map_or_else(
                        |why| invalid(format!("line {}: {why}", self.line)),
                        |value| Some(Ok(value)),
                    );
                }
                Err(error) => return invalid(error.to_string()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_is_an_object_of_strings() {
        let text = "id;name\r\n1;\"a;\"\"b\"\"\nc\"\n2\n\n3;x;y\n";
        let rows: Result<Vec<_>, _> = Rows::new(Box::new(text.as_bytes()), b';', None).unwrap().collect();
        let expected = vec![
            json!({"id": "1", "name": "a;\"b\"\nc"}),
            json!({"id": "2", "name": ""}),
            json!({"id": "3", "name": "x"}),
        ];
        assert_eq!(rows, Ok(expected));
        let headers = ["h".to_owned()];
        let rows = Rows::new(Box::new("1,2\n".as_bytes()), b',', Some(&headers)).unwrap();
        assert_eq!(rows.collect::<Vec<_>>(), [Ok(json!({"h": "1"}))]);
        assert_eq!(Rows::new(Box::new(std::io::empty()), b',', None).unwrap().count(), 0);
    }

    #[test]
    fn a_line_is_a_value() {
        let lines: Vec<_> = Lines::new(Box::new("{\"a\": 1}\n\n[2]\r\n3\nx".as_bytes())).collect();
        assert_eq!(lines[..3], [Ok(json!({"a": 1})), Ok(json!([2])), Ok(json!(3))]);
        assert!(lines[3].as_ref().unwrap_err().to_string().contains("line 5"), "{lines:?}");
    }
}
