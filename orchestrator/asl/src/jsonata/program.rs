//! The text that is really run: the expression with what it can see bound around it.
//!
//! The evaluator reads its *input* only as far as an evaluation gets, and wants everything else converted beforehand. So
//! the scope is the input, and the expression is put inside of one that binds the variables to its parts:
//!
//! ```text
//! ($states := $lookup($$, "states"); $x := $lookup($$, "x"); $$ := $lookup($$, "-"); []{"v": (EXPRESSION)})
//! ```
//!
//! The group (`[]{…}`) is evaluated with no input, as AWS has it: `$uppercase()` at the top level gets nothing, and not
//! the scope. It also tells nothing from a function: a member that is nothing is not in the object, one that is a
//! function is, though it cannot be written.

use std::fmt::Write as _;
use std::sync::OnceLock;

use super::error::SyntaxError;
use super::functions;
use super::limits::PIECES_MAX;
use super::reads::{self, Reads};
use super::refuse;

/// The member of the scope that `$states` is.
pub(super) const STATES: &str = "states";
/// The member that the result is.
pub(super) const RESULT: &str = "v";

/// A compiled expression.
pub(super) struct Program {
    pub(super) text: Box<str>,
    pub(super) reads: Reads,
    plain: jlens_core::Expression,
    /// The same where variables have the names of functions that it uses. Made when first needed.
    shadowed: OnceLock<jlens_core::Expression>,
}

impl Program {
    pub(super) fn compile(text: &str) -> Result<Self, SyntaxError> {
        if pieces(text) > PIECES_MAX {
            let message = format!("the expression has more than {PIECES_MAX} names, values and signs");
            return Err(SyntaxError { message, code: None, offset: None });
        }
        let reads = {
            let ast = jlens_core::parse(text).map_err(|error| syntax_error(&error))?;
            refuse::check(&ast)?;
            reads::of(&ast, &functions::is_built_in)
        };
        let plain = compile(text, &reads, false)?;
        Ok(Self { text: text.into(), reads, plain, shadowed: OnceLock::new() })
    }

    /// What to run where `is_variable` says which names the workflow has assigned.
    pub(super) fn runnable(&self, is_variable: impl Fn(&str) -> bool) -> &jlens_core::Expression {
        if !self.reads.built_ins.iter().any(|name| is_variable(name)) {
            return &self.plain;
        }
        // It compiles: it is the plain one with more around it.
        self.shadowed
            .get_or_init(|| compile(&self.text, &self.reads, true).unwrap_or_else(|_| self.plain.clone()))
    }
}

/// About how many names, values and signs the text is made of, which is what memory it takes to compile: quoted text is one, however
/// long.
fn pieces(text: &str) -> usize {
    let (mut count, mut quote, mut in_word) = (0, None, false);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if quote.is_some() {
            match byte {
                b'\\' => drop(bytes.next()),
                byte if quote == Some(byte) => quote = None,
                _ => {}
            }
            continue;
        }
        let is_word = byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
        let goes_on = byte.is_ascii_whitespace() || is_word && in_word;
        count += usize::from(!goes_on);
        in_word = is_word;
        quote = Some(byte).filter(|byte| matches!(byte, b'\'' | b'"' | b'`'));
    }
    count
}

fn compile(text: &str, reads: &Reads, shadowed: bool) -> Result<jlens_core::Expression, SyntaxError> {
    let mut around = String::with_capacity(text.len() + 128);
    around.push('(');
    let states = (reads.states != reads::StatesRead::default()).then_some(STATES);
    for name in states.into_iter().chain(reads.variables.iter().map(|name| &**name)) {
        let _ = write!(around, "${name}:=$lookup($$,\"{name}\");");
    }
    for name in reads.built_ins.iter().filter(|_| shadowed) {
        let _ = write!(around, "${name}:=$exists($lookup($$,\"{name}\"))?$lookup($$,\"{name}\"):${name};");
    }
    let _ = write!(around, "$$:=$lookup($$,\"-\");[]{{\"{RESULT}\":({text})}})");
    jlens_core::Expression::compile(&around)
        .map_err(|error| SyntaxError { offset: None, ..syntax_error(&error) })
}

fn syntax_error(error: &jlens_core::Error) -> SyntaxError {
    SyntaxError {
        message: error.message(),
        code: Some(error.code().into()),
        offset: error.span().map(|span| span.start),
    }
}
