//! What is a file of orders, and what is said of one that is none.

use super::error::LINE_READ_BYTES_MAX;
use super::*;

const GOOD: &str = r#"{"order_id":"o-ID","customer_id":"c","restaurant_id":"r","items":[{"name":"pho","quantity":1,"unit_price_minor":1200}],"currency":"EUR","total_minor":1200}"#;

fn good(id: &str) -> String {
    GOOD.replace("ID", id)
}

fn good_at(id: &str, placed_at: &str) -> String {
    good(id).replace(r#""currency""#, &format!(r#""placed_at":"{placed_at}","currency""#))
}

struct Written {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

fn written(lines: &[String]) -> Written {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("orders.ndjson");
    std::fs::write(&path, lines.join("\n")).unwrap();
    Written { _dir: dir, path }
}

fn problems(lines: &[String], in_time: bool) -> Vec<String> {
    let checked = check(&written(lines).path, Rules { in_time }).unwrap();
    checked.shown.iter().map(ToString::to_string).collect()
}

fn sent(lines: &[String], in_time: bool) -> Vec<String> {
    let file = written(lines);
    let rules = Rules { in_time };
    let checked = check(&file.path, rules).unwrap();
    let mut orders = Orders::open(&file.path, rules, true, checked.duplicates).unwrap();
    let mut ids = Vec::new();
    while let Some(order) = orders.next_order().unwrap() {
        ids.push(order.order_id);
    }
    assert_eq!(ids.len() as u64, checked.orders);
    ids
}

#[test]
fn good_lines_are_sent_in_their_order_and_blank_ones_left_out() {
    let lines = [good("1"), String::new(), good("2"), String::new()];
    assert_eq!(problems(&lines, false), Vec::<String>::new());
    assert_eq!(sent(&lines, false), ["o-1", "o-2"]);
}

#[test]
fn each_bad_line_is_named_with_field_value_and_what_would_be_right() {
    let lines = [
        good("1"),
        "{".to_owned(),
        good("3").replace(r#""quantity":1"#, r#""quantity":"one""#),
        good("4").replace("EUR", "euro"),
        good("5").replace(r#""customer_id":"c","#, ""),
        good("6").replace(r#""currency""#, r#""colour":"red","currency""#),
        good_at("7", "yesterday"),
        good("8 "),
    ];
    let problems = problems(&lines, false);
    let expected = [
        r#"line 2: .: found {, expected a JSON object (EOF"#,
        r#"line 3: items[0].quantity: found "one", expected"#,
        r#"line 4: currency: found "euro", expected an ISO 4217 code"#,
        r#"line 5: customer_id: found nothing, expected a value"#,
        r#"line 6: colour: found "red", expected no such field, but one of"#,
        r#"line 7: placed_at: found "yesterday", expected an RFC 3339 time"#,
        r#"line 8: order_id: found "o-8 ", expected 1 to 64 of"#,
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\nshould start with\n{expected}");
    }
    assert_eq!(sent(&lines, false), ["o-1"]);
}

#[test]
fn an_id_may_stand_once() {
    let lines = [good("1"), good("2"), good("1")];
    assert_eq!(
        problems(&lines, false),
        [r#"line 3: order_id: found "o-1", expected an id that no other line has; line 1 has it too"#]
    );
    assert_eq!(sent(&lines, false), ["o-1", "o-2"]);
}

#[test]
fn a_replay_in_time_needs_every_time_and_their_order() {
    let at = |id, second: u32| good_at(id, &format!("2026-03-01T18:00:{second:02}Z"));
    let lines = [at("1", 10), at("2", 20), at("3", 15), good("4"), at("5", 20)];
    assert_eq!(problems(&lines, false), Vec::<String>::new());
    let in_time = problems(&lines, true);
    assert!(
        in_time[0]
            .starts_with(r#"line 3: placed_at: found "2026-03-01T18:00:15Z", expected not before line 2"#)
    );
    assert!(in_time[1].starts_with("line 4: placed_at: found nothing, expected an RFC 3339 time"));
    assert_eq!(sent(&lines, true), ["o-1", "o-2", "o-5"]);
    let checked = check(&written(&[at("1", 10), at("2", 20)]).path, Rules { in_time: true }).unwrap();
    let (first, last) = checked.span.unwrap();
    assert_eq!(last - first, 10_000);
}

#[test]
fn a_line_too_long_is_reported_and_not_held() {
    let lines = [good("1"), "x".repeat(LINE_BYTES_MAX + 1), good("3")];
    assert_eq!(
        problems(&lines, false),
        ["line 2: .: found a line of more than 1048576 bytes, expected one order as JSON on one line"]
    );
    assert_eq!(sent(&lines, false), ["o-1", "o-3"]);
}

#[test]
fn a_line_without_an_end_is_refused_although_more_would_come() {
    let lines = [good("1"), "x".repeat(LINE_READ_BYTES_MAX), good("3")];
    assert_eq!(sent(&lines, false), ["o-1", "o-3"]);
    let refused = check(Path::new("/dev/zero"), Rules { in_time: false }).unwrap_err().to_string();
    assert!(refused.starts_with("/dev/zero: line 1 has no end within 16777216 bytes: "), "{refused}");
}

#[test]
fn a_json_array_of_orders_is_told_apart_and_how_to_make_lines_of_it() {
    let array = |lines: &[String]| {
        let file = written(lines);
        let refused = check(&file.path, Rules { in_time: false }).unwrap_err().to_string();
        let path = file.path.display().to_string();
        let line =
            refused.strip_prefix(&format!("{path}: line ")).unwrap().split(' ').next().unwrap().to_owned();
        let begins = format!(
            "{path}: line {line} begins a JSON array, but one order as JSON on each line is needed (NDJSON)"
        );
        assert!(refused.starts_with(&begins), "{refused}");
        assert!(refused.ends_with(&format!("jq -c '.[]' {path} > orders.ndjson makes it so")), "{refused}");
        line
    };
    assert_eq!(array(&[format!("[{},{}]", good("1"), good("2"))]), "1");
    assert_eq!(array(&["[".into(), good("1") + ",", good("2"), "]".into()]), "1");
    assert_eq!(array(&["\u{feff} [".into(), good("1"), "]".into()]), "1");
    assert_eq!(array(&[String::new(), "  ".into(), "[]".into()]), "3");
    // Longer than any line of orders.
    assert_eq!(array(&[format!("[{}", " ".repeat(LINE_READ_BYTES_MAX))]), "1");
    // Behind a good order it is one bad line.
    assert_eq!(sent(&[good("1"), "[]".into(), good("3")], false), ["o-1", "o-3"]);
}

#[test]
fn a_time_that_means_never_is_told_the_bounds() {
    let lines = [good_at("1", "9999-12-31T23:59:59Z"), good("2").replace("o-2", "..")];
    let expected = [
        r#"line 1: placed_at: found "9999-12-31T23:59:59Z", expected a time from 1970-01-01T00:00:00Z to 2999-12-31T23:59:59Z"#,
        r#"line 2: order_id: found "..", expected 1 to 64 of A-Z a-z 0-9 . _ -, but not . or .. alone"#,
    ];
    assert_eq!(problems(&lines, false), expected);
}

#[test]
fn only_the_first_problems_are_shown_and_all_are_counted() {
    let lines: Vec<_> = (0..250).map(|_| "{}".to_owned()).collect();
    let checked = check(&written(&lines).path, Rules { in_time: false }).unwrap();
    assert_eq!((checked.shown.len(), checked.bad_lines, checked.orders), (SHOWN_MAX, 250, 0));
}

#[test]
fn without_skipping_a_line_gone_bad_ends_the_run() {
    let file = written(&[good("1"), "{}".to_owned()]);
    let mut orders = Orders::open(&file.path, Rules { in_time: false }, false, Vec::new()).unwrap();
    assert!(orders.next_order().unwrap().is_some());
    let error = orders.next_order().unwrap_err().to_string();
    assert!(error.contains("has changed"), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = check(Path::new("/nowhere/orders.ndjson"), Rules { in_time: false }).unwrap_err();
    assert_eq!(error.to_string(), "/nowhere/orders.ndjson cannot be read");
}
