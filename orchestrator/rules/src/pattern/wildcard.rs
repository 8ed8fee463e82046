//! `*` stands for any text, none included.

/// A text with `*` in it, as what stands around these.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wildcard {
    first: String,
    /// Between two of them, in their order.
    between: Vec<String>,
    /// `None`: there is no `*`, and `first` is all.
    last: Option<String>,
}

/// Why it is none.
pub(super) const EXPECTED: &str = "a string with no two * in a row, in which \\ stands before * or \\ alone";

impl Wildcard {
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = vec![String::new()];
        let (mut chars, mut is_behind_star) = (text.chars(), false);
        while let Some(c) = chars.next() {
            let is_star = c == '*';
            match c {
                '*' if is_behind_star => return None,
                '*' => parts.push(String::new()),
                '\\' => parts.last_mut()?.push(chars.next().filter(|c| matches!(c, '*' | '\\'))?),
                c => parts.last_mut()?.push(c),
            }
            is_behind_star = is_star;
        }
        let last = if parts.len() > 1 { parts.pop() } else { None };
        let between = parts.split_off(1);
        Some(Self { first: parts.pop()?, between, last })
    }

    /// Each part is looked for behind the one before it: the first place there is leaves most for the others.
    pub(super) fn is_true_of(&self, text: &str) -> bool {
        let Some(last) = &self.last else { return text == self.first };
        let Some(mut rest) = text.strip_prefix(self.first.as_str()) else { return false };
        for part in &self.between {
            let Some(at) = rest.find(part.as_str()) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last.as_str())
    }
}
