//! Writes the histories that cases expect anew, and leaves the rest of the file as its author wrote it.

use std::ops::Range;

use serde_json::Value;

/// The text of a file of cases with the `Expect.History` of some cases, by name, replaced by these lines. `None` if a case has none.
pub(crate) fn blessed(text: &str, histories: &[(String, Vec<String>)]) -> Option<String> {
    let mut places: Vec<(Range<usize>, &Vec<String>)> = Vec::new();
    for (case, lines) in histories {
        places.push((member(text, &["Cases", case, "Expect", "History"])?, lines));
    }
    places.sort_by_key(|(place, _)| place.start);
    let mut out = text.to_owned();
    for (place, lines) in places.into_iter().rev() {
        let line_start = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
        let indent: String = text[line_start..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
        let lines: Vec<_> =
            lines.iter().map(|line| format!("\n{indent}  {}", Value::from(line.as_str()))).collect();
        out.replace_range(place, &format!("[{}\n{indent}]", lines.join(",")));
    }
    Some(out)
}

/// Where in a JSON text the value of that member of a member of … stands.
fn member(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let mut scan = Scan { text: text.as_bytes(), at: 0 };
    for name in path {
        scan.blank();
        scan.eat(b'{')?;
        loop {
            scan.blank();
            let key: String = serde_json::from_slice(&scan.text[scan.value()?]).ok()?;
            scan.blank();
            scan.eat(b':')?;
            scan.blank();
            if key == *name {
                break;
            }
            scan.value()?;
            scan.blank();
            scan.eat(b',')?;
        }
    }
    scan.value()
}

/// A text that is JSON, as was found out before.
struct Scan<'t> {
    text: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    fn blank(&mut self) {
        self.at += self.text[self.at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        let is_there = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(is_there);
        is_there.then_some(())
    }

    /// Goes past a value, and says where it stood.
    fn value(&mut self) -> Option<Range<usize>> {
        let (start, mut depth, mut is_text) = (self.at, 0_usize, false);
        loop {
            let byte = *self.text.get(self.at)?;
            match byte {
                b'\\' if is_text => self.at += 1,
                b'"' => is_text = !is_text,
                b'{' | b'[' if !is_text => depth += 1,
                b'}' | b']' if !is_text => depth = depth.checked_sub(1)?,
                _ => {}
            }
            self.at += 1;
            let ends = matches!(self.text.get(self.at), None | Some(b',' | b'}' | b']' | b':'))
                || self.text[self.at].is_ascii_whitespace();
            let is_scalar = self.at > start && !matches!(byte, b'"' | b'}' | b']');
            if depth == 0 && !is_text && (ends || !is_scalar) {
                return Some(start..self.at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_histories_of_these_cases_change() {
        let text = "{\"Comment\": \"a {\\\"[\",\n \"Cases\": {\n  \"a\": {\"Input\": [1, {\"b\": 2.5}], \"Expect\": {\"History\": [], \"Status\": \"FAILED\"}},\n  \"b \\\"c\\\"\": {\n    \"Expect\": {\n      \"History\": [\n        \"X\"\n      ]\n    }\n  }\n }}";
        let histories = [
            ("b \"c\"".to_owned(), vec!["Y".to_owned(), "Z \"q\"".to_owned()]),
            ("a".to_owned(), vec!["W".to_owned()]),
        ];
        let told = blessed(text, &histories).unwrap();
        let expected = text
            .replace("\"History\": []", "\"History\": [\n    \"W\"\n  ]")
            .replace("[\n        \"X\"\n      ]", "[\n        \"Y\",\n        \"Z \\\"q\\\"\"\n      ]");
        assert_eq!(told, expected);
        assert_eq!(blessed(text, &[("none".to_owned(), Vec::new())]), None);
    }
}
