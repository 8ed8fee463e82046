//! Rules in a file.

use std::collections::BTreeSet;
use std::path::Path;

use actions::Scope;
use daemon::ConfigError;
use registry::rules::RULES_MAX;
use serde_json::Value;

use super::spec::Draft;

const FLAG: &str = "--rules";

/// The rules of a file: JSON, an array of them or an object that has it as `rules`.
///
/// # Errors
/// It cannot be read, or a rule in it is wrong: which, and what would be right.
pub(crate) fn read(file: &Path, home: &Scope) -> Result<Vec<Draft>, ConfigError> {
    let wrong = |expected: String| ConfigError::new(FLAG, file.display(), expected);
    let text =
        std::fs::read_to_string(file).map_err(|error| wrong(format!("a file that can be read ({error})")))?;
    let json: Value = serde_json::from_str(&text).map_err(|error| wrong(format!("JSON ({error})")))?;
    let list = json.get("rules").unwrap_or(&json);
    let list =
        list.as_array().ok_or_else(|| wrong("an array of rules, or {\"rules\": [RULE, …]}".to_owned()))?;
    if list.len() as u64 > RULES_MAX {
        return Err(wrong(format!("at most {RULES_MAX} rules, not {}", list.len())));
    }
    let mut names = BTreeSet::new();
    let mut drafts = Vec::new();
    for (index, rule) in list.iter().enumerate() {
        let draft = Draft::read(None, rule, home).map_err(|errors| {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            wrong(format!("another rule {index}: {}", errors.join("; ")))
        })?;
        if !names.insert(draft.name().to_owned()) {
            return Err(wrong(format!("each name once: {} is there twice", draft.name())));
        }
        drafts.push(draft);
    }
    Ok(drafts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_has_rules_or_it_is_told_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rules.json");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            super::read(&file, &Scope::default()).map_err(|error| error.to_string())
        };
        let rule = json!({"name": "r", "topic": "s/k", "machine": "m"});
        for fine in [json!([rule]), json!({"rules": [rule]})] {
            assert_eq!(read(&fine.to_string()).unwrap().len(), 1);
        }
        assert_eq!(read("[]"), Ok(Vec::new()));
        for (text, told) in [
            ("{", "expected JSON (EOF"),
            ("{}", "expected an array of rules"),
            ("[{\"name\": \"r\"}]", "another rule 0: topic: found null, expected STREAM/KIND"),
            (&json!([rule, rule]).to_string(), "each name once: r is there twice"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with("--rules: found ") && error.contains(told), "{error}");
        }
        let missing = super::read(&folder.path().join("missing"), &Scope::default()).unwrap_err().to_string();
        assert!(missing.contains("a file that can be read (No such file"), "{missing}");
    }
}
