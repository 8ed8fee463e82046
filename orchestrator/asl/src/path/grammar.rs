//! From the text of a path to a compiled one.

use super::cursor::{Cursor, word};
use super::pattern::Pattern;
use super::syntax::{Condition, Filter, Operand, Operator, Path, Query, Root, Segment, Slice, Steps};

/// Most segments of a path that is no reference path, with those in its conditions. An evaluation goes as deep.
const SEGMENTS_MAX: usize = 500;
/// Deepest nesting of conditions and of JSON in them.
const NESTING_MAX: usize = 32;

impl Path {
    /// Compiles a path.
    ///
    /// # Errors
    /// What is wrong with the text, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (root, rest) = root(text.trim())?;
        if rest.ends_with('.') {
            return Err("Path must not end with a '.' or '..'".to_owned());
        }
        let offset = text.trim().chars().count() - rest.chars().count();
        let mut reader = Reader { cursor: Cursor::new(rest), offset, segments: 0, depth: 0, reference: true };
        let steps = reader.steps(false)?;
        Ok(Self { source: text.into(), root, steps, reference: reader.reference })
    }
}

/// What a path starts from, and what follows that.
fn root(text: &str) -> Result<(Root, &str), String> {
    if let Some(rest) = text.strip_prefix("$$") {
        return Ok((Root::Context, rest));
    }
    let Some(rest) = text.strip_prefix('$') else {
        return Err("a path begins with '$' or '$$'".to_owned());
    };
    if !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return Ok((Root::Data, rest));
    }
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    Ok((Root::Variable(rest[..end].to_owned()), &rest[end..]))
}

struct Reader<'t> {
    cursor: Cursor<'t>,
    /// Characters before the text of the cursor.
    offset: usize,
    segments: usize,
    depth: usize,
    /// Whether all segments so far are those of a reference path.
    reference: bool,
}

impl Reader<'_> {
    fn position(&self) -> usize {
        self.offset + self.cursor.position()
    }

    /// The segments of a path: to the end of the text or, inside a condition, to what cannot be part of it.
    fn steps(&mut self, inside: bool) -> Result<Steps, String> {
        let mut segments = Vec::new();
        while let Some(next) = self.cursor.peek() {
            match next {
                '[' => self.bracket(&mut segments)?,
                '.' => self.dot(inside, &mut segments)?,
                _ if inside && ends_path(self.cursor.rest()) => break,
                _ if segments.is_empty() => {
                    return Err(format!(
                        "Illegal character at position {} expected '.' or '['",
                        self.position()
                    ));
                }
                _ => self.name(inside, &mut segments)?,
            }
        }
        let last = segments.len().saturating_sub(1);
        let one = |(place, segment): (usize, &Segment)| match segment {
            Segment::Field(_) | Segment::Index(_) | Segment::Last(_) => true,
            Segment::Fields(_) => place == last,
            _ => false,
        };
        let definite = segments.iter().enumerate().all(one);
        Ok(Steps { segments, definite })
    }

    fn push(&mut self, segment: Segment, segments: &mut Vec<Segment>) -> Result<(), String> {
        self.segments += 1;
        self.reference &= match segment {
            Segment::Field(_) => true,
            Segment::Index(index) => index >= 0,
            _ => false,
        };
        if self.segments > SEGMENTS_MAX {
            return Err(format!("the path has more than {SEGMENTS_MAX} segments"));
        }
        segments.push(segment);
        Ok(())
    }

    /// `.` or `..`, and the name after it; a bracket is left.
    fn dot(&mut self, inside: bool, segments: &mut Vec<Segment>) -> Result<(), String> {
        if self.cursor.accept("..") {
            self.push(Segment::Descend, segments)?;
        } else {
            self.cursor.next();
        }
        match self.cursor.peek() {
            Some('.') => Err(format!("Character '.' on position {} is not valid.", self.position())),
            Some('[') => Ok(()),
            _ => self.name(inside, segments),
        }
    }

    /// A name without quotes, or `*`.
    fn name(&mut self, inside: bool, segments: &mut Vec<Segment>) -> Result<(), String> {
        if self.cursor.accept("*") {
            return self.push(Segment::Wildcard, segments);
        }
        let bytes = match inside {
            true => {
                let mut calls = 0;
                // The parentheses of what would be a function belong to the name.
                self.cursor.before(|rest| match rest.as_bytes()[0] {
                    b'(' => {
                        calls += 1;
                        false
                    }
                    b')' if calls > 0 => {
                        calls -= 1;
                        false
                    }
                    _ => rest.starts_with(['.', '[']) || ends_path(rest),
                })
            }
            false => self.cursor.before(|rest| rest.starts_with(['.', '[', ' '])),
        };
        let place = self.position_if(bytes == 0);
        let name = self.cursor.take(bytes).to_owned();
        if let Some(place) = place {
            return Err(format!("Could not parse token starting at position {place}"));
        }
        if !inside && self.cursor.peek() == Some(' ') {
            return Err(format!(
                "Use bracket notion ['my prop'] if your property contains blank characters. position: {}",
                self.position()
            ));
        }
        self.push(Segment::Field(name), segments)
    }

    fn position_if(&self, wanted: bool) -> Option<usize> {
        wanted.then(|| self.position())
    }

    /// What is in brackets, at the opening one.
    fn bracket(&mut self, segments: &mut Vec<Segment>) -> Result<(), String> {
        let start = self.cursor.rest();
        self.cursor.next();
        self.cursor.blanks();
        let segment = match self.cursor.peek() {
            Some('\'' | '"') => self.names()?,
            Some('*') => {
                self.cursor.next();
                self.close("Expected wildcard token to end with ']'")?;
                Segment::Wildcard
            }
            Some('?') => self.filter()?,
            Some('0'..='9' | '-' | ':') => self.places()?,
            Some('(') => self.counted_back()?,
            _ => {
                let before = self.cursor.position() - (start.len() - self.cursor.rest().len());
                return Err(format!(
                    "Could not parse token starting at position {}. Expected ?, ', 0-9, * ",
                    self.offset + before
                ));
            }
        };
        self.push(segment, segments)
    }

    fn close(&mut self, why: &str) -> Result<(), String> {
        self.cursor.blanks();
        if self.cursor.accept("]") { Ok(()) } else { Err(format!("{why} on position {}", self.position())) }
    }

    /// One name in quotes, or several.
    fn names(&mut self) -> Result<Segment, String> {
        let mut names = Vec::new();
        loop {
            let quote = self.cursor.peek();
            if !matches!(quote, Some('\'' | '"')) {
                return Err(format!("Found empty property at index {}", self.position()));
            }
            let unclosed =
                || format!("Property has not been closed - missing closing {}", quote.unwrap_or_default());
            names.push(self.cursor.quoted().ok_or_else(unclosed)?);
            self.cursor.blanks();
            if self.cursor.accept("]") {
                break;
            }
            if !self.cursor.accept(",") {
                return Err(match self.cursor.peek() {
                    None => "Property has not been closed - missing closing ]".to_owned(),
                    Some(_) => format!(
                        "Property must be separated by comma or Property must be terminated close square bracket at index {}",
                        self.position()
                    ),
                });
            }
            self.cursor.blanks();
        }
        Ok(match names.len() {
            1 => Segment::Field(names.remove(0)),
            _ => Segment::Fields(names),
        })
    }

    /// `n`, `n,m`, `n:m`, through the closing bracket.
    fn places(&mut self) -> Result<Segment, String> {
        let text = self.cursor.until(|c| c == ']').trim();
        self.close("']' is missing")?;
        if text.contains(':') {
            let bad = || format!("Failed to parse SliceOperation: {text}");
            let mut bounds = text.split(':').map(str::trim).map(|bound| match bound {
                "" => Ok(None),
                bound => bound.parse().map(Some).map_err(|_| bad()),
            });
            let from = bounds.next().transpose()?.flatten();
            let to = bounds.next().transpose()?.flatten();
            return match (from, to) {
                (None, None) => Err(bad()),
                (from, to) => Ok(Segment::Slice(Slice { from, to })),
            };
        }
        let bad = || format!("Failed to parse ArrayIndexOperation: {text}");
        let indexes = text.split(',').map(|index| index.trim().parse().map_err(|_| bad()));
        let indexes = indexes.collect::<Result<Vec<i32>, _>>()?;
        Ok(match indexes.as_slice() {
            [index] => Segment::Index(*index),
            _ => Segment::Indexes(indexes),
        })
    }

    /// `(@.length-n)`, through the closing bracket: the one computed index there is.
    fn counted_back(&mut self) -> Result<Segment, String> {
        let text = self.cursor.until(|c| c == ']').trim();
        self.close("']' is missing")?;
        let back = text.strip_prefix("(@.length-").and_then(|rest| rest.strip_suffix(')'));
        let bad = || format!("Failed to parse ArrayIndexOperation: {text}");
        back.and_then(|back| back.trim().parse().ok()).map(Segment::Last).ok_or_else(bad)
    }

    /// `?(…)`, through the closing bracket.
    fn filter(&mut self) -> Result<Segment, String> {
        self.reference = false;
        self.cursor.next();
        self.cursor.blanks();
        if !self.cursor.accept("(") {
            return Err("Filter must start with '[?(' and end with ')]'".to_owned());
        }
        let condition = self.nested(Self::any)?;
        self.cursor.blanks();
        if !self.cursor.accept(")") {
            return Err(format!("Expected character: ) on position {}", self.position()));
        }
        self.close("Filter must end with ')]'")?;
        Ok(Segment::Filter(Filter(condition)))
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        if self.depth >= NESTING_MAX {
            return Err(format!("conditions are nested deeper than {NESTING_MAX}"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut conditions = vec![self.all()?];
        while self.symbol("||") {
            conditions.push(self.all()?);
        }
        Ok(if conditions.len() == 1 { conditions.remove(0) } else { Condition::Any(conditions) })
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut conditions = vec![self.condition()?];
        while self.symbol("&&") {
            conditions.push(self.condition()?);
        }
        Ok(if conditions.len() == 1 { conditions.remove(0) } else { Condition::All(conditions) })
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        self.cursor.blanks();
        self.cursor.accept(symbol)
    }

    fn condition(&mut self) -> Result<Condition, String> {
        if self.symbol("!") {
            return self.nested(Self::condition).map(|condition| Condition::Not(Box::new(condition)));
        }
        if self.symbol("(") {
            let condition = self.nested(Self::any)?;
            return match self.symbol(")") {
                true => Ok(condition),
                false => Err(format!("Expected character: ) on position {}", self.position())),
            };
        }
        let left = self.operand(true)?;
        match self.operator()? {
            Some(operator) => Ok(Condition::Compare(left, operator, self.operand(false)?)),
            None => match left {
                Operand::Query(query) => Ok(Condition::Exists(query)),
                _ => Err(format!("Expected path node at position {}", self.position())),
            },
        }
    }

    fn operator(&mut self) -> Result<Option<Operator>, String> {
        self.cursor.blanks();
        let mut written = self.cursor.until(|c| !is_operator(c));
        if written.is_empty() {
            written = self.cursor.until(|c| !c.is_ascii_alphabetic());
        }
        if written.is_empty() {
            return Ok(None);
        }
        let mut known = Operator::TABLE.iter();
        match known.find(|(name, _)| name.eq_ignore_ascii_case(written)) {
            Some((_, operator)) => Ok(Some(*operator)),
            None => Err(format!("Filter operator {written} is not supported!")),
        }
    }

    fn operand(&mut self, left: bool) -> Result<Operand, String> {
        self.cursor.blanks();
        let start = self.cursor.peek();
        let bad = |what: &str| format!("{what} in a condition");
        Ok(match start {
            Some('@' | '$') => {
                self.cursor.next();
                let steps = self.steps(true)?;
                Operand::Query(Query { from_root: start == Some('$'), steps })
            }
            Some('\'' | '"') => {
                let text = self.cursor.quoted().ok_or_else(|| bad("String not closed"))?;
                Operand::Value(text.into())
            }
            Some('/') => {
                let (source, flags) = self.cursor.pattern().ok_or_else(|| bad("Pattern not closed"))?;
                Operand::Pattern(Pattern::new(source, flags)?)
            }
            Some('[' | '{') => {
                Operand::Value(self.cursor.json(NESTING_MAX).ok_or_else(|| bad("JSON that cannot be read"))?)
            }
            _ => {
                let ends = |rest: &str| match left {
                    true => ends_path(rest),
                    false => rest.starts_with([')', ']']) || rest.starts_with("&&") || rest.starts_with("||"),
                };
                let bytes = self.cursor.before(ends);
                match self.cursor.take(bytes).trim() {
                    "" => return Err(format!("Expected a value at position {}", self.position())),
                    text => Operand::Value(word(text)),
                }
            }
        })
    }
}

fn is_operator(c: char) -> bool {
    matches!(c, '<' | '>' | '=' | '~' | '!')
}

/// Whether that cannot be part of a path without quotes in a condition.
fn ends_path(rest: &str) -> bool {
    rest.starts_with(|c: char| is_operator(c) || matches!(c, ' ' | '\t' | '\r' | '\n' | ')' | ']' | ','))
        || rest.starts_with("&&")
        || rest.starts_with("||")
}
