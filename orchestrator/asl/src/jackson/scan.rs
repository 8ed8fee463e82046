//! Reads a text as Jackson does: tokens, and what must stand between them.

use super::fault::{Fault, Place, named};

pub(super) const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

pub(super) type Read<T> = Result<T, Fault>;

/// An array or object that is open.
struct Open {
    is_object: bool,
    begin: Place,
    /// Whether it has an entry already, so that a comma must come before the next.
    has_entry: bool,
}

/// Where the reader is in the text.
pub(super) struct Scanner {
    pub(super) text: Vec<u16>,
    /// The unit that is read next.
    pub(super) next: usize,
    line: usize,
    line_begin: usize,
    open: Vec<Open>,
}

const fn ascii(c: char) -> u16 {
    c as u16
}

const QUOTE: u16 = ascii('"');
const BACKSLASH: u16 = ascii('\\');
const OBJECT: [u16; 2] = [ascii('{'), ascii('}')];
const ARRAY: [u16; 2] = [ascii('['), ascii(']')];

impl Scanner {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.encode_utf16().collect(), next: 0, line: 1, line_begin: 0, open: Vec::new() }
    }

    /// The whole text: one value, and nothing after it.
    pub(super) fn document(mut self) -> Read<()> {
        self.token()?;
        while !self.open.is_empty() {
            self.token()?;
        }
        let Some(begin) = self.begin_of_token()? else { return Ok(()) };
        let kind = self.kind_of_trailing(begin)?;
        let says = format!(
            "Trailing token (of type {kind}) found after value (bound as `com.fasterxml.jackson.databind.JsonNode`): not \
             allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`"
        );
        let at = Place { line: self.line, column: begin - self.line_begin + 1 };
        Err(Fault::new(&self.text, at, &says))
    }

    /// Where the next token begins, or `None` at the end.
    fn begin_of_token(&mut self) -> Read<Option<usize>> {
        Ok(self.blanks()?.map(|_| self.next - 1))
    }

    /// What stands after the value. A text is not read to its end: that it is one is enough.
    fn kind_of_trailing(&mut self, begin: usize) -> Read<&'static str> {
        let first = self.text[begin];
        if first == QUOTE {
            return Ok("VALUE_STRING");
        }
        let (line, line_begin) = (self.line, self.line_begin);
        self.next = begin;
        self.token()?;
        let is_float = self.text[begin..self.next].iter().any(|unit| [46, 69, 101].contains(unit));
        (self.line, self.line_begin) = (line, line_begin);
        Ok(match u8::try_from(first).unwrap_or_default() {
            b'{' => "START_OBJECT",
            b'[' => "START_ARRAY",
            b't' => "VALUE_TRUE",
            b'f' => "VALUE_FALSE",
            b'n' => "VALUE_NULL",
            _ if is_float => "VALUE_NUMBER_FLOAT",
            _ => "VALUE_NUMBER_INT",
        })
    }

    /// One token: a bracket, a value outside of objects, or a name with the value or bracket after it.
    fn token(&mut self) -> Read<()> {
        let Some(mut unit) = self.blanks()? else { return self.unclosed() };
        if unit == ARRAY[1] || unit == OBJECT[1] {
            return self.close(unit);
        }
        let is_object = self.open.last().is_some_and(|open| open.is_object);
        if let Some(open) = self.open.last_mut()
            && std::mem::replace(&mut open.has_entry, true)
        {
            if unit != ascii(',') {
                let says = format!("was expecting comma to separate {} entries", self.within());
                return Err(self.unexpected(unit, &says));
            }
            unit = self.inside()?;
            if !is_object && unit == OBJECT[1] {
                return Err(self.unexpected(unit, "expected a value"));
            }
        }
        if is_object {
            if unit != QUOTE {
                return Err(self.unexpected(unit, "was expecting double-quote to start field name"));
            }
            self.string("name", " in field name")?;
            unit = self.colon()?;
        }
        self.value(unit)
    }

    fn value(&mut self, unit: u16) -> Read<()> {
        let begin = self.here(self.next - 1, 1);
        match u8::try_from(unit).unwrap_or_default() {
            b'"' => self.string("string value", ": was expecting closing quote for a string value"),
            b'{' | b'[' => {
                self.open.push(Open { is_object: unit == OBJECT[0], begin, has_entry: false });
                Ok(())
            }
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'-' | b'0'..=b'9' => self.number(unit),
            _ => Err(self.odd_value(unit)),
        }
    }

    fn close(&mut self, unit: u16) -> Read<()> {
        let is_brace = unit == OBJECT[1];
        match self.open.last() {
            Some(open) if open.is_object == is_brace => {
                self.open.pop();
                Ok(())
            }
            open => {
                let (found, wanted) = if is_brace { ('}', ']') } else { (']', '}') };
                let begin = open.map_or(Place { line: 1, column: 0 }, |open| open.begin);
                let says = format!(
                    "Unexpected close marker '{found}': expected '{wanted}' (for {} starting at ",
                    self.within()
                );
                Err(Fault::about(&self.text, self.place(), [&says, ")"], begin))
            }
        }
    }

    /// The text ended where an entry could begin.
    fn unclosed(&self) -> Read<()> {
        let Some(open) = self.open.last() else { return Ok(()) };
        let says =
            format!("Unexpected end-of-input: expected close marker for {} (start marker at ", self.within());
        Err(Fault::about(&self.text, self.place(), [&says, ")"], open.begin))
    }

    /// What is open, as Jackson calls it.
    fn within(&self) -> &'static str {
        self.open.last().map_or("root", |open| if open.is_object { "Object" } else { "Array" })
    }

    pub(super) fn is_root(&self) -> bool {
        self.open.is_empty()
    }

    /// The place after the unit that was read last.
    fn place(&self) -> Place {
        self.here(self.next, 1)
    }

    fn here(&self, next: usize, from: usize) -> Place {
        Place { line: self.line, column: next - self.line_begin + from }
    }

    pub(super) fn fault(&self, says: &str) -> Fault {
        Fault::new(&self.text, self.place(), says)
    }

    pub(super) fn unexpected(&self, unit: u16, says: &str) -> Fault {
        self.fault(&format!("Unexpected character ({}): {says}", named(unit)))
    }

    /// The text ended; what is said of that.
    pub(super) fn ended(&self, says: &str) -> Fault {
        self.fault(&format!("Unexpected end-of-input{says}"))
    }

    pub(super) fn peek(&self) -> Option<u16> {
        self.text.get(self.next).copied()
    }

    pub(super) fn read(&mut self) -> Option<u16> {
        let unit = self.peek()?;
        self.next += 1;
        Some(unit)
    }

    /// The next unit that is no blank, which is read; `None` at the end.
    fn blanks(&mut self) -> Read<Option<u16>> {
        while let Some(unit) = self.read() {
            match unit {
                9 | 32 => {}
                10 | 13 => {
                    if unit == 13 && self.peek() == Some(10) {
                        self.next += 1;
                    }
                    (self.line, self.line_begin) = (self.line + 1, self.next);
                }
                0..=31 => {
                    let says = format!(
                        "Illegal character ({}): only regular white space (\\r, \\n, \\t) is allowed between tokens",
                        named(unit)
                    );
                    return Err(self.fault(&says));
                }
                47 => {
                    let says = "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not \
                                enabled for parser)";
                    return Err(self.unexpected(unit, says));
                }
                _ => return Ok(Some(unit)),
            }
        }
        Ok(None)
    }

    /// The next unit that is no blank, of an array or object that must go on.
    fn inside(&mut self) -> Read<u16> {
        let says = format!(" within/between {} entries", self.within());
        self.blanks()?.ok_or_else(|| self.ended(&says))
    }

    fn colon(&mut self) -> Read<u16> {
        match self.inside()? {
            unit if unit == ascii(':') => self.inside(),
            unit => Err(self.unexpected(unit, "was expecting a colon to separate field name and value")),
        }
    }

    /// The rest of a string, whose quote was read.
    fn string(&mut self, what: &str, unclosed: &str) -> Read<()> {
        loop {
            match self.read() {
                None => return Err(self.ended(unclosed)),
                Some(QUOTE) => return Ok(()),
                Some(BACKSLASH) => self.escape()?,
                Some(unit @ 0..=31) => {
                    let says = format!(
                        "Illegal unquoted character ({}): has to be escaped using backslash to be included in {what}",
                        named(unit)
                    );
                    return Err(self.fault(&says));
                }
                Some(_) => {}
            }
        }
    }

    fn escape(&mut self) -> Read<()> {
        const ENDED: &str = " in character escape sequence";
        let unit = self.read().ok_or_else(|| self.ended(ENDED))?;
        let escaped = char::from_u32(u32::from(unit)).unwrap_or_default();
        if escaped != 'u' {
            return match "\"\\/bfnrt".contains(escaped) {
                true => Ok(()),
                false => Err(self.fault(&format!("Unrecognized character escape {}", named(unit)))),
            };
        }
        for _ in 0..4 {
            let unit = self.read().ok_or_else(|| self.ended(ENDED))?;
            if !u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_hexdigit()) {
                return Err(self.unexpected(unit, "expected a hex-digit for character escape sequence"));
            }
        }
        Ok(())
    }
}
