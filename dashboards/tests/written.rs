//! What stands in the files is what the code says, and every panel says what it shows.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

#[test]
fn the_files_are_what_the_code_writes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana/dashboards");
    let mut files = BTreeSet::new();
    for board in dashboards::all() {
        let written = std::fs::read_to_string(folder.join(board.file())).unwrap_or_default();
        assert!(written == board.json(), "{} is out of date: cargo run -p dashboards", board.file());
        files.insert(board.file());
    }
    let there = std::fs::read_dir(&folder).unwrap();
    let there: BTreeSet<_> = there.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, files);
}

#[test]
fn every_panel_has_a_title_a_unit_a_description_and_a_place_of_its_own() {
    for board in dashboards::all() {
        let json: Value = serde_json::from_str(&board.json()).unwrap();
        let mut cells = BTreeSet::new();
        for panel in json["panels"].as_array().unwrap() {
            let number = |field: &str| panel["gridPos"][field].as_u64().unwrap();
            for x in number("x")..number("x") + number("w") {
                assert!(x < 24, "{panel:#} is too wide");
                for y in number("y")..number("y") + number("h") {
                    assert!(cells.insert((x, y)), "{panel:#} lies on another");
                }
            }
            if panel["type"] == "row" {
                continue;
            }
            for text in [&panel["title"], &panel["description"], &panel["fieldConfig"]["defaults"]["unit"]] {
                assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{panel:#}");
            }
            assert!(!panel["targets"].as_array().unwrap().is_empty(), "{panel:#}");
        }
    }
}
