//! What Jackson itself says of faulty texts, held against what is said here.

use serde::Deserialize;

use super::fault;

#[derive(Deserialize)]
struct Case {
    text: String,
    /// `null`: Jackson takes the text.
    message: Option<String>,
}

#[test]
fn every_fault_is_told_as_jackson_tells_it() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/jackson.json")).unwrap();
    let told = |text: &str| fault(text).map(|fault| fault.told);
    let wrong = cases.iter().filter(|case| told(&case.text) != case.message);
    let wrong: Vec<String> = wrong
        .map(|case| format!("{:?}\n  {:?}\n  {:?}", case.text, told(&case.text), case.message))
        .collect();
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn what_is_shown_names_places_in_place_of_the_text() {
    let fault = fault("{\n  \"a\": [1}").unwrap();
    assert_eq!(
        fault.shown,
        "Unexpected close marker '}': expected ']' (for Array starting at line 2, column 8)"
    );
}
