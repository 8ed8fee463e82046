//! The grammar of calls: `Name(argument, …)`, an argument being a path, a text in single quotes, a number, a Boolean,
//! `null` or a call.

use serde_json::{Number, Value};

use super::call::{Argument, Call, Function, NESTING_MAX};
use crate::nearest::nearest;
use crate::path::Path;

impl Call {
    /// Compiles a call.
    ///
    /// # Errors
    /// What is wrong with the text, for people: the function is unknown, the number of arguments is wrong, or the
    /// text is not a call at all.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse(text)
    }
}

fn parse(text: &str) -> Result<Call, String> {
    let mut parser = Parser { text, at: 0 };
    let call = parser.call(1)?;
    parser.space();
    if parser.rest().is_empty() {
        Ok(call)
    } else {
        Err(format!("unexpected '{}' after the call", parser.rest()))
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn accept(&mut self, c: char) -> bool {
        self.space();
        let found = self.rest().starts_with(c);
        self.at += if found { c.len_utf8() } else { 0 };
        found
    }

    /// What precedes the first of the characters, or everything.
    fn until(&mut self, stop: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(stop).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn call(&mut self, depth: usize) -> Result<Call, String> {
        if depth > NESTING_MAX {
            return Err(format!("calls are nested deeper than {NESTING_MAX}"));
        }
        self.space();
        let start = self.at;
        let name = self.until(|c| !(c.is_alphanumeric() || c == '.' || c == '_'));
        if !self.accept('(') {
            return Err(
                "expected a path beginning with '$', or a function call such as States.Format('{}', $.a)"
                    .into(),
            );
        }
        let (function, min, max) = function(name)?;
        let mut arguments = Vec::new();
        if !self.accept(')') {
            loop {
                // Only there are braces told apart from places to fill in.
                let is_template = function == Function::Format && arguments.is_empty();
                arguments.push(self.argument(depth, is_template)?);
                if self.accept(')') {
                    break;
                }
                if !self.accept(',') {
                    return Err(match self.rest() {
                        "" => "it ends where there should be ',' or ')'".to_owned(),
                        rest => format!("there should be ',' or ')' before '{rest}'"),
                    });
                }
            }
        }
        match arguments.len() {
            count if (min..=max).contains(&count) => {
                Ok(Call { source: self.text[start..self.at].into(), function, arguments })
            }
            count if min == max => Err(format!("{name} takes {min} arguments, not {count}")),
            count => Err(format!("{name} takes {min} to {max} arguments, not {count}")),
        }
    }

    fn argument(&mut self, depth: usize, is_template: bool) -> Result<Argument, String> {
        self.space();
        match self.rest().chars().next() {
            None => Err("an argument is missing".to_owned()),
            Some('\'') => self.quoted(is_template),
            Some('$') => Path::parse(self.path()).map(Argument::Path),
            Some('-' | '0'..='9') => {
                let text = self.until(|c| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
                let number: Number =
                    serde_json::from_str(text).map_err(|_| format!("'{text}' is not a number"))?;
                Ok(Argument::Literal(Value::Number(number)))
            }
            Some(_) => {
                for (word, value) in
                    [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
                {
                    let after = self.rest().strip_prefix(word);
                    if after
                        .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '.'))
                    {
                        self.at += word.len();
                        return Ok(Argument::Literal(value));
                    }
                }
                self.call(depth + 1).map(Argument::Call)
            }
        }
    }

    /// The text of a path: up to a separator that is in no bracket. Parentheses of what would be a function belong to it.
    fn path(&mut self) -> &'t str {
        let rest = self.rest();
        let (mut quote, mut escaped) = (None, false);
        let (mut brackets, mut calls) = (0_usize, 0_usize);
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            match (quote, c) {
                (Some(_), _) if escaped => escaped = false,
                (Some(_), '\\') => escaped = true,
                (Some(open), c) if open == c => quote = None,
                (None, '\'' | '"') => quote = Some(c),
                (None, '[') => brackets += 1,
                (None, ']') => brackets = brackets.saturating_sub(1),
                (None, _) if brackets > 0 => {}
                (None, '(') => calls += 1,
                (None, ')') if calls > 0 => calls -= 1,
                (None, ',' | ')' | ' ') => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        self.at += end;
        &rest[..end]
    }

    /// A text in single quotes. `\'`, `\{`, `\}` and `\\` stand for the character. In a template the last three keep their
    /// backslash, because `States.Format` must still tell a brace from a place to fill in. A backslash before anything else is an open
    /// escape, which AWS reports when the function is called.
    fn quoted(&mut self, is_template: bool) -> Result<Argument, String> {
        let (mut text, mut is_open) = (String::new(), false);
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\'' => {
                    self.at += at + 1;
                    return Ok(if is_open {
                        Argument::OpenEscape
                    } else {
                        Argument::Literal(Value::String(text))
                    });
                }
                '\\' => match chars.next() {
                    Some((_, '\'')) => text.push('\''),
                    Some((_, c @ ('{' | '}' | '\\'))) => {
                        text.extend(is_template.then_some('\\'));
                        text.push(c);
                    }
                    _ => is_open = true,
                },
                c => text.push(c),
            }
        }
        Err("a text without a closing quote".to_owned())
    }
}

fn function(name: &str) -> Result<(Function, usize, usize), String> {
    if let Some((function, _, min, max)) = Function::TABLE.iter().find(|(_, known, ..)| *known == name) {
        return Ok((*function, *min, *max));
    }
    Err(match nearest(name, Function::TABLE.iter().map(|(_, known, ..)| *known)) {
        Some(near) => format!("there is no function '{name}'; did you mean {near}?"),
        None => format!("there is no function '{name}'"),
    })
}
