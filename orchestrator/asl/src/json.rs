//! JSON with the byte offset of every value and key, so that a problem can say where it is. Duplicate keys are kept:
//! the reader of the definition refuses them.

use std::io;

use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Number, Value};

/// Deepest nesting of arrays and objects that is read.
const DEPTH_MAX: usize = 100;

/// A JSON value and where it begins.
pub(crate) struct Node {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object and where its key begins.
pub(crate) struct Member {
    pub(crate) at: usize,
    pub(crate) key: String,
    pub(crate) node: Node,
}

impl Node {
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(b) => Value::Bool(*b),
            Kind::Number(n) => Value::Number(n.clone()),
            Kind::String(s) => Value::String(s.clone()),
            Kind::Array(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Kind::Object(members) => Value::Object(
                members.iter().map(|m| (m.key.clone(), m.node.to_value())).collect::<Map<_, _>>(),
            ),
        }
    }
}

/// How much of a value is written to quote it, in bytes: more than any quote shows.
const QUOTED_BYTES_MAX: usize = 1024;

impl Node {
    /// The beginning of the value as JSON: all of a small one, and not much work for a large one.
    pub(crate) fn quoted(&self) -> String {
        let mut cut = Cut(Vec::new());
        // The error says that the value is longer, and nothing else can go wrong.
        let _ = serde_json::to_writer(&mut cut, self);
        String::from_utf8_lossy(&cut.0).into_owned()
    }
}

/// Takes so many bytes and then fails.
struct Cut(Vec<u8>);

impl io::Write for Cut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(QUOTED_BYTES_MAX - self.0.len());
        self.0.extend_from_slice(&bytes[..taken]);
        if taken == 0 && !bytes.is_empty() { Err(io::ErrorKind::WriteZero.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.kind {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool(value) => serializer.serialize_bool(*value),
            Kind::Number(number) => number.serialize(serializer),
            Kind::String(text) => serializer.serialize_str(text),
            Kind::Array(items) => serializer.collect_seq(items),
            Kind::Object(members) => serializer.collect_map(members.iter().map(|m| (&m.key, &m.node))),
        }
    }
}

/// Text that is not JSON: where and why.
pub(crate) struct SyntaxError {
    pub(crate) at: usize,
    pub(crate) message: String,
    /// Whether it may be JSON, and is nested too deep to be read.
    pub(crate) is_depth: bool,
}

pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut parser = Parser { text, at: 0 };
    let node = parser.value(0)?;
    parser.space();
    if parser.at < text.len() { Err(parser.error("text after the end of the document")) } else { Ok(node) }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { at: self.at, message: message.into(), is_depth: false }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn accept(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        self.space();
        if depth > DEPTH_MAX {
            let error = self.error(format!("values are nested deeper than {DEPTH_MAX}"));
            return Err(SyntaxError { is_depth: true, ..error });
        }
        let at = self.at;
        let kind = match self.peek() {
            None => return Err(self.error("the text ends where a value should be")),
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Kind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => self.word()?,
        };
        Ok(Node { at, kind })
    }

    fn object(&mut self, depth: usize) -> Result<Kind, SyntaxError> {
        self.at += 1;
        let mut members = Vec::new();
        if self.accept(b'}') {
            return Ok(Kind::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected the name of a field in double quotes"));
            }
            let at = self.at;
            let key = self.string()?;
            if !self.accept(b':') {
                return Err(self.error("expected ':' after the name of a field"));
            }
            members.push(Member { at, key, node: self.value(depth + 1)? });
            if self.accept(b'}') {
                return Ok(Kind::Object(members));
            }
            if !self.accept(b',') {
                return Err(self.error("expected ',' or '}' after a field"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Kind, SyntaxError> {
        self.at += 1;
        let mut items = Vec::new();
        if self.accept(b']') {
            return Ok(Kind::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.accept(b']') {
                return Ok(Kind::Array(items));
            }
            if !self.accept(b',') {
                return Err(self.error("expected ',' or ']' after an element"));
            }
        }
    }

    /// Finds the end of the string; what is between is left to `serde_json`, escapes and all.
    fn string(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        loop {
            match bytes.get(end) {
                None => return Err(self.error("a string without a closing quote")),
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
            }
        }
        let text = &self.text[start..=end];
        let string = serde_json::from_str(text).map_err(|_| self.error("a string with a bad escape"))?;
        self.at = end + 1;
        Ok(string)
    }

    fn number(&mut self) -> Result<Kind, SyntaxError> {
        let rest = &self.text[self.at..];
        let end =
            rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let number = serde_json::from_str(&rest[..end]).map_err(|_| self.error("not a number"))?;
        self.at += end;
        Ok(Kind::Number(number))
    }

    fn word(&mut self) -> Result<Kind, SyntaxError> {
        let words = [("true", Kind::Bool(true)), ("false", Kind::Bool(false)), ("null", Kind::Null)];
        for (word, kind) in words {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.error("expected a JSON value"))
    }
}
