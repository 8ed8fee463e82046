//! A place in the text of a path, and the reading of what is the same everywhere in it.

use serde_json::{Map, Value};

use super::decimal::decimal;

pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Place in characters, from 0.
    pub(super) fn position(&self) -> usize {
        self.text[..self.at].chars().count()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The next character, which is taken.
    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub(super) fn accept(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    pub(super) fn blanks(&mut self) {
        self.until(|c| !matches!(c, ' ' | '\t' | '\r' | '\n'));
    }

    /// What precedes the first of the characters, or everything; it is taken.
    pub(super) fn until(&mut self, stop: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(stop).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Takes that many bytes.
    pub(super) fn take(&mut self, bytes: usize) -> &'t str {
        let taken = &self.rest()[..bytes];
        self.at += bytes;
        taken
    }

    /// The place in the rest before which the first of the texts stands, or its end.
    pub(super) fn before(&self, mut stop: impl FnMut(&str) -> bool) -> usize {
        let rest = self.rest();
        rest.char_indices().map(|(at, _)| at).find(|at| stop(&rest[*at..])).unwrap_or(rest.len())
    }

    /// A text in quotes of either kind, at its opening quote; `None` if it is not closed.
    pub(super) fn quoted(&mut self) -> Option<String> {
        let quote = self.next()?;
        let mut text = String::new();
        loop {
            match self.next()? {
                '\\' => match self.next()? {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    'b' => text.push('\u{8}'),
                    'f' => text.push('\u{c}'),
                    'u' => {
                        let code = u32::from_str_radix(self.rest().get(..4)?, 16).ok()?;
                        self.at += 4;
                        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    other => text.push(other),
                },
                c if c == quote => return Some(text),
                c => text.push(c),
            }
        }
    }

    /// What is between `/` and the next `/` without a backslash before it, and the letters after that; at the first `/`.
    pub(super) fn pattern(&mut self) -> Option<(&'t str, &'t str)> {
        self.next()?;
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.find(|c| {
            let is_end = c == '/' && !escaped;
            escaped = c == '\\' && !escaped;
            is_end
        })?;
        let source = self.take(end);
        self.next()?;
        Some((source, self.until(|c| !c.is_ascii_alphabetic())))
    }

    /// JSON that may have either quotes around texts and names, or none; no deeper than that.
    pub(super) fn json(&mut self, depth: usize) -> Option<Value> {
        self.blanks();
        let depth = depth.checked_sub(1)?;
        match self.peek()? {
            '\'' | '"' => self.quoted().map(Value::String),
            '[' => {
                self.next();
                let mut items = Vec::new();
                while !self.closes("]") {
                    items.push(self.json(depth)?);
                    self.separated("]")?;
                }
                Some(Value::Array(items))
            }
            '{' => {
                self.next();
                let mut fields = Map::new();
                while !self.closes("}") {
                    let name = match self.peek()? {
                        '\'' | '"' => self.quoted()?,
                        _ => self.until(|c| matches!(c, ':' | ' ' | '}')).to_owned(),
                    };
                    self.blanks();
                    if !self.accept(":") {
                        return None;
                    }
                    fields.insert(name, self.json(depth)?);
                    self.separated("}")?;
                }
                Some(Value::Object(fields))
            }
            _ => {
                let text = self.until(|c| matches!(c, ',' | ']' | '}')).trim();
                (!text.is_empty()).then(|| word(text))
            }
        }
    }

    fn closes(&mut self, close: &str) -> bool {
        self.blanks();
        self.accept(close)
    }

    /// A comma, or the end of the list, which is left.
    fn separated(&mut self, close: &str) -> Option<()> {
        self.blanks();
        (self.accept(",") || self.rest().starts_with(close)).then_some(())
    }
}

/// What a text without quotes stands for: a number, `true`, `false`, `null`, or itself.
pub(super) fn word(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => decimal(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}
