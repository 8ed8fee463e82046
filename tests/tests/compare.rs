//! `duet compare` and its files, as somebody meets them who only has the documentation.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tests::process::{command, run, send};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::timeout;

const REPORT_MD: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../bench/REPORT.md"));
const EXAMPLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/orders.ndjson"));

/// From Ctrl-C until a run has ended: what is in flight may still end, restaurants that never answer included.
const ENDS_WITHIN: Duration = Duration::from_secs(15);

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The fields that the tables under this heading name in their first column.
fn documented(heading: &str) -> Vec<&'static str> {
    let section =
        REPORT_MD.split("\n#").find(|section| section.trim_start_matches(['#', ' ']).starts_with(heading));
    let rows = section.unwrap().lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    rows.flat_map(|names| names.split('`'))
        .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

#[tokio::test]
async fn a_short_comparison_is_clean_equal_in_both_styles_and_has_every_documented_field() {
    let folder = tempfile::tempdir().unwrap();
    let rates = ["--decline-rate=0.1", "--gateway-fault-rate=0.15", "--restaurant-decline-rate=0.1"];
    let more = ["--restaurant-silence-rate=0.05", "--invalid-rate=0.1", "--json=result.json"];
    let args = [&["compare", "--count=240", "--rate=400", "--seed=2"][..], &rates, &more].concat();
    let ended = run(folder.path(), "duet", &args).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.starts_with("VERDICT: clean\n"), "{}", ended.stdout);

    let report = read(&folder.path().join("result.json"));
    let expect = |value: &Value, heading: &str, least: usize| {
        let fields = documented(heading);
        assert!(fields.len() >= least, "REPORT.md names {fields:?} under {heading}");
        for field in fields {
            assert!(
                value.get(field).is_some(),
                "{field} stands in REPORT.md under {heading}, and not in {value}"
            );
        }
    };
    expect(&report, "The whole", 8);
    expect(&report["environment"], "`environment`", 9);
    expect(&report["environment"]["workload"], "`workload`", 9);
    assert_eq!((&report["verdict"], &report["partial"]), (&"clean".into(), &false.into()));
    assert_eq!((&report["violations"], &report["outcomes_differ"]), (&Value::Array(Vec::new()), &0.into()));

    let cells = report["cells"].as_array().unwrap();
    let styles: Vec<_> = cells.iter().map(|cell| cell["style"].as_str().unwrap()).collect();
    assert_eq!(styles, ["choreography", "orchestration"]);
    for cell in cells {
        expect(cell, "`cells[]`", 20);
        assert_eq!((&cell["orders"], &cell["unaccounted"]), (&240.into(), &0.into()));
        for outcome in ["delivered", "rejected", "cancelled"] {
            assert!(cell["outcomes"][outcome].as_u64().unwrap() > 0, "{outcome}: {cell}");
        }
        for (path, taken) in cell["paths"].as_object().unwrap() {
            // Whether an answer is late, and whether five tries in a row are lost, takes more orders than these.
            let rare = ["late_answers", "authorisations_given_up"].contains(&path.as_str());
            assert!(rare || taken.as_u64() != Some(0), "{path} was not taken: {cell}");
        }
        for milestone in ["confirmed", "out_for_delivery", "delivered", "rejected", "cancelled"] {
            let told = &cell["paths"]["customer_notices"][milestone];
            assert!(told.as_u64().unwrap() > 0, "{milestone}: {cell}");
        }
    }
    for equal in ["outcomes", "outcomes_digest", "orders"] {
        assert_eq!(cells[0][equal], cells[1][equal], "{equal}");
    }
}

#[tokio::test]
async fn a_file_with_bad_lines_is_refused_with_each_of_them_and_sent_without_them_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines: Vec<String> = EXAMPLE.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replace("\"currency\"", "\"curency\"");
    lines[4] = "this is no order".to_owned();
    let first_id = serde_json::from_str::<Value>(&lines[0]).unwrap()["order_id"].as_str().unwrap().to_owned();
    lines.push(lines[0].clone());
    std::fs::write(folder.path().join("mine.ndjson"), lines.join("\n")).unwrap();

    let refused = run(folder.path(), "duet", &["--orders", "mine.ndjson", "--json", "result.json"]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{}", refused.stderr);
    for said in [
        "mine.ndjson: line 2: ",
        "curency",
        "mine.ndjson: line 5: ",
        &format!(
            "line 37: order_id: found \"{first_id}\", expected an id that no other line has; line 1 has it too"
        ),
        "3 lines bad",
        "nothing was sent",
        "--skip-bad",
    ] {
        assert!(refused.stderr.contains(said), "{said:?} is missing from {}", refused.stderr);
    }
    assert!(!folder.path().join("result.json").exists());

    let args = ["--orders", "mine.ndjson", "--skip-bad", "--json", "result.json", "--rate", "400"];
    let sent = run(folder.path(), "duet", &args).await;
    assert_eq!(sent.code, Some(0), "{}{}", sent.stdout, sent.stderr);
    let report = read(&folder.path().join("result.json"));
    assert_eq!(report["environment"]["workload"]["bad_lines_skipped"], 3);
    for cell in report["cells"].as_array().unwrap() {
        assert_eq!(cell["orders"], 34, "{cell}");
    }
}

#[tokio::test]
async fn ctrl_c_ends_a_run_within_seconds_and_its_result_is_marked_as_partial() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["compare", "--count", "1000000", "--json", "result.json"];
    let mut child = command(folder.path(), "duet", &args).spawn().unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap()).lines();
    let interrupted = async {
        while let Some(line) = progress.next_line().await.unwrap() {
            if line.contains("as fast as it goes") {
                send(&child, Signal::INT);
                return;
            }
        }
        panic!("the run ended before orders were sent as fast as they go");
    };
    timeout(tests::PATIENCE, interrupted).await.unwrap();
    // It must never wait for somebody to read what it says.
    let reading = tokio::spawn(async move { while let Ok(Some(_)) = progress.next_line().await {} });
    let ended = timeout(ENDS_WITHIN, child.wait_with_output()).await.expect("it does not end").unwrap();
    reading.await.unwrap();
    let shown = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{shown}");
    assert!(shown.starts_with("VERDICT: clean (PARTIAL"), "{shown}");
    let report = read(&folder.path().join("result.json"));
    assert_eq!((&report["partial"], &report["verdict"]), (&true.into(), &"clean".into()));
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["result.json"], "temporary files are left behind");
}
