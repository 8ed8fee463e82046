//! Names of the model as Rust writes them.

use serde_json::Value;

/// `stateMachineArn` as `state_machine_arn`.
pub(crate) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(index + 1);
        let begins_word = before.is_some_and(|before| {
            before.is_lowercase()
                || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
        });
        if letter.is_uppercase() && begins_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `TIMED_OUT` as `TimedOut`; names of the other kind stay as they are.
pub(crate) fn variant(value: &str) -> String {
    if value.chars().any(char::is_lowercase) {
        return value.to_owned();
    }
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        format!("{first}{}", rest.to_lowercase())
    };
    value.split('_').map(word).collect()
}

/// A field's name, and whether serde's `camelCase` finds the member from it.
pub(crate) fn field(name: &str) -> (String, bool) {
    let snake = snake(name);
    let mut words = snake.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    let camel = words.fold(first, |camel, word| {
        let (first, rest) = word.split_at(1);
        camel + &first.to_uppercase() + rest
    });
    let is_found = camel == name;
    (if snake == "type" { format!("r#{snake}") } else { snake }, is_found)
}

/// The members of an object, in the order of the model.
pub(crate) fn members(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    object.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// The text under that key.
pub(crate) fn text<'m>(value: &'m Value, key: &str) -> &'m str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is no text in {value}"))
}

/// Whether a structure needs the member.
pub(crate) fn is_required(structure: &Value, member: &str) -> bool {
    structure["required"].as_array().into_iter().flatten().any(|name| name == member)
}
