//! The elements of a JSON array, or the members of an object, that may be larger than memory.

use std::io::{BufReader, Bytes, Read};
use std::iter::Peekable;

use serde_json::{Value, json};

use crate::error::ReadError;
use crate::source::{Contents, Item};

/// Largest element, in bytes of its text. No payload is as large, but an `ItemSelector` may take a part.
const ELEMENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// JSON text, value by value.
struct Text {
    bytes: Peekable<Bytes<BufReader<Contents>>>,
}

/// What is gone through.
enum Within {
    Array,
    Object,
}

/// Items of a JSON text.
pub(crate) struct Elements {
    text: Text,
    within: Within,
    is_first: bool,
    is_over: bool,
}

impl Elements {
    /// The items of what stands at that pointer (RFC 6901).
    pub(crate) fn new(contents: Contents, pointer: &str) -> Result<Self, ReadError> {
        let contents = BufReader::with_capacity(64 * 1024, contents);
        let mut text = Text { bytes: contents.bytes().peekable() };
        for segment in pointer.split('/').skip(1) {
            text.descend(&segment.replace("~1", "/").replace("~0", "~"), pointer)?;
        }
        let within = match text.next_token()? {
            Some(b'[') => Within::Array,
            Some(b'{') => Within::Object,
            _ => return Err(ReadError("Attempting to map over non-iterable node.".to_owned())),
        };
        Ok(Self { text, within, is_first: true, is_over: false })
    }

    fn element(&mut self) -> Result<Option<Item>, ReadError> {
        let end = match self.within {
            Within::Array => b']',
            Within::Object => b'}',
        };
        if !self.text.has_next(end, &mut self.is_first)? {
            return Ok(None);
        }
        match self.within {
            Within::Array => Ok(Some(self.text.value()?.into())),
            Within::Object => {
                let key = self.text.key()?;
                let value = json!({"Key": key, "Value": self.text.value()?});
                Ok(Some(Item { value, is_member: true }))
            }
        }
    }
}

impl Iterator for Elements {
    type Item = Result<Item, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let element = self.element().transpose();
        self.is_over = !matches!(element, Some(Ok(_)));
        element
    }
}

impl Text {
    /// Goes to a member or element of what follows.
    fn descend(&mut self, segment: &str, pointer: &str) -> Result<(), ReadError> {
        let missing = || ReadError(format!("ItemsPointer '{pointer}' points to nothing in the JSON file."));
        let mut is_first = true;
        match self.next_token()? {
            Some(b'{') => {
                while self.has_next(b'}', &mut is_first)? {
                    if self.key()? == segment {
                        return Ok(());
                    }
                    self.skip()?;
                }
            }
            Some(b'[') => {
                let mut left: usize = segment.parse().map_err(|_| missing())?;
                while self.has_next(b']', &mut is_first)? {
                    if left == 0 {
                        return Ok(());
                    }
                    left -= 1;
                    self.skip()?;
                }
            }
            _ => {}
        }
        Err(missing())
    }

    /// Whether another member or element follows; goes past the comma before it, or past the end.
    fn has_next(&mut self, end: u8, is_first: &mut bool) -> Result<bool, ReadError> {
        match (self.peek_token()?, std::mem::take(is_first)) {
            (Some(found), _) if found == end => {
                self.byte()?;
                Ok(false)
            }
            (Some(b','), false) => {
                self.byte()?;
                Ok(true)
            }
            (Some(_), true) => Ok(true),
            (Some(found), false) => Err(invalid(format!("found '{}', expected a comma", char::from(found)))),
            (None, _) => Err(invalid("it ends too early")),
        }
    }

    fn key(&mut self) -> Result<String, ReadError> {
        let key = self.value()?;
        match (key, self.next_token()?) {
            (Value::String(key), Some(b':')) => Ok(key),
            _ => Err(invalid("expected a member")),
        }
    }

    fn value(&mut self) -> Result<Value, ReadError> {
        serde_json::from_slice(&self.raw()?).map_err(invalid)
    }

    /// The text of the value that follows, whatever it is.
    fn raw(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut text = Vec::new();
        self.scan(|byte| {
            text.push(byte);
            if text.len() > ELEMENT_BYTES_MAX {
                return Err(invalid(format!("an item has more than {ELEMENT_BYTES_MAX} bytes")));
            }
            Ok(())
        })?;
        Ok(text)
    }

    /// Goes past the value that follows, however large it is: nothing of it is held.
    fn skip(&mut self) -> Result<(), ReadError> {
        self.scan(|_| Ok(()))
    }

    /// Shows the bytes of the value that follows.
    fn scan(&mut self, mut see: impl FnMut(u8) -> Result<(), ReadError>) -> Result<(), ReadError> {
        self.peek_token()?;
        let (mut is_begun, mut depth, mut in_string, mut is_escaped) = (false, 0_usize, false, false);
        loop {
            let ends_at = |next: u8| next.is_ascii_whitespace() || matches!(next, b',' | b']' | b'}' | b':');
            match self.peek()? {
                None if depth == 0 && !in_string && is_begun => return Ok(()),
                None => return Err(invalid("it ends too early")),
                Some(next) if depth == 0 && !in_string && is_begun && ends_at(next) => return Ok(()),
                Some(_) => {}
            }
            let Some(byte) = self.byte()? else { return Err(invalid("it ends too early")) };
            is_begun = true;
            see(byte)?;
            match byte {
                _ if in_string => {
                    let ends = byte == b'"' && !is_escaped;
                    is_escaped = byte == b'\\' && !is_escaped;
                    in_string = !ends;
                }
                b'"' => in_string = true,
                b'[' | b'{' => depth += 1,
                b']' | b'}' if depth == 0 => return Err(invalid("expected a value")),
                b']' | b'}' => depth -= 1,
                b',' | b':' if depth == 0 => return Err(invalid("expected a value")),
                _ => {}
            }
        }
    }

    fn byte(&mut self) -> Result<Option<u8>, ReadError> {
        self.bytes.next().transpose().map_err(invalid)
    }

    fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        match self.bytes.peek() {
            Some(Ok(byte)) => Ok(Some(*byte)),
            Some(Err(error)) => Err(invalid(error)),
            None => Ok(None),
        }
    }

    /// The next byte that is no space.
    fn peek_token(&mut self) -> Result<Option<u8>, ReadError> {
        while self
            .peek()?
            .is_some_and(|byte| byte.is_ascii_whitespace() || byte == 0xef || byte == 0xbb || byte == 0xbf)
        {
            self.byte()?;
        }
        self.peek()
    }

    fn next_token(&mut self) -> Result<Option<u8>, ReadError> {
        self.peek_token()?;
        self.byte()
    }
}

fn invalid(why: impl std::fmt::Display) -> ReadError {
    ReadError::invalid("JSON file", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str, pointer: &str) -> Result<Vec<Value>, ReadError> {
        Elements::new(Box::new(text.as_bytes()), pointer)?.map(|item| Ok(item?.value)).collect()
    }

    #[test]
    fn elements_are_those_of_the_array_at_the_pointer() {
        let text = r#" {"a" : {"x": "]}\"", "b/c": [ 1 , "t,]" , {"k": [2]}, null , -1.5] }, "n": 1}"#;
        let expected = vec![json!(1), json!("t,]"), json!({"k": [2]}), json!(null), json!(-1.5)];
        assert_eq!(read(text, "/a/b~1c"), Ok(expected));
        assert_eq!(read(text, "/a/b~1c/2/k"), Ok(vec![json!(2)]));
        assert_eq!(read("[]", ""), Ok(vec![]));
        assert_eq!(read("\u{feff}[1]", ""), Ok(vec![json!(1)]));
        let members = vec![json!({"Key": "a", "Value": 1}), json!({"Key": "b", "Value": []})];
        assert_eq!(read(r#"{"a": 1, "b": []}"#, ""), Ok(members));
    }

    #[test]
    fn only_an_object_has_members_whatever_an_element_looks_like() {
        for (text, expected) in [(r#"{"k": 1}"#, true), (r#"[{"Key": "k", "Value": 1}]"#, false)] {
            let item = Elements::new(Box::new(text.as_bytes()), "").unwrap().next().unwrap().unwrap();
            assert_eq!(item, Item { value: json!({"Key": "k", "Value": 1}), is_member: expected }, "{text}");
        }
    }

    #[test]
    fn what_stands_before_the_pointer_may_be_of_any_size() {
        use std::io::Read as _;
        let large = ELEMENT_BYTES_MAX as u64 + 7;
        let text = |close: &'static [u8]| {
            let before = br#"{"a": [""#.as_slice().chain(std::io::repeat(b'x').take(large));
            Box::new(before.chain(close)) as Contents
        };
        let items = Elements::new(text(br#"", {"deep": [1]}], "b": [1, 2]}"#), "/b").unwrap();
        assert_eq!(items.collect::<Result<Vec<_>, _>>(), Ok(vec![json!(1).into(), json!(2).into()]));
        let cut = Elements::new(text(br#"""#), "/b").err().unwrap();
        assert!(cut.to_string().contains("ends too early"), "{cut}");
        let item = Elements::new(text(br#""]}"#), "/a").unwrap().next().unwrap().unwrap_err();
        assert!(item.to_string().contains("more than"), "an item has a limit: {item}");
    }

    #[test]
    fn what_is_no_array_is_refused() {
        for (text, pointer, why) in [
            ("7", "", "non-iterable"),
            ("", "", "non-iterable"),
            ("[1, 2", "", "ends too early"),
            ("[1 2]", "", "expected a comma"),
            ("[1,]", "", "expected a value"),
            ("[tru]", "", "could not be read"),
            (r#"{"a": 1}"#, "/b", "points to nothing"),
            (r#"{"a": [1]}"#, "/a/x", "points to nothing"),
            (r#"{"a": 1}"#, "/a", "non-iterable"),
        ] {
            let error = read(text, pointer).unwrap_err().to_string();
            assert!(error.contains(why), "{text} {pointer}: {error}");
        }
    }
}
