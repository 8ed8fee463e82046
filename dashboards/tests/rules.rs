//! What once made the dashboards hard to read, as rules that every panel keeps.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::collections::BTreeMap;
use std::path::Path;

use dashboards::panel::STYLES;
use serde_json::Value;

fn boards() -> Vec<Value> {
    dashboards::all().iter().map(|board| serde_json::from_str(&board.json()).unwrap()).collect()
}

/// Every panel of a kind, or of all but rows.
fn panels(kind: Option<&str>) -> Vec<Value> {
    let of_kind = |panel: &Value| kind.map_or(panel["type"] != "row", |kind| panel["type"] == kind);
    let all = boards().into_iter().flat_map(|board| board["panels"].as_array().unwrap().clone());
    let found: Vec<_> = all.filter(of_kind).collect();
    assert!(!found.is_empty(), "no {kind:?}");
    found
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn targets(panel: &Value) -> &[Value] {
    panel["targets"].as_array().unwrap()
}

#[test]
fn panels_repeat_by_broker_and_hold_both_styles() {
    let mut by_style = 0;
    for panel in panels(None) {
        assert!(panel["repeat"].is_null() || panel["repeat"] == "bus", "{panel:#}");
        // A map of one style's buckets cannot hold the other's; its axis is that of the buckets.
        if panel["type"] == "heatmap" {
            continue;
        }
        let of = |style: &str| targets(&panel).iter().any(|target| text(target, "expr").contains(style));
        let [(first, _), (second, _)] = STYLES;
        let [first, second] = [first, second].map(|style| of(&format!("style=\"{style}\"")));
        assert_eq!(first, second, "one style alone: {panel:#}");
        by_style += usize::from(first);
        for target in targets(&panel) {
            assert!(!text(target, "expr").contains("$style"), "{panel:#}");
        }
    }
    assert!(by_style >= 6, "{by_style}");
}

#[test]
fn a_style_has_one_colour_everywhere() {
    for panel in panels(None) {
        let named = |style: &str| {
            targets(&panel).iter().any(|target| text(target, "legendFormat").starts_with(style))
        };
        let by_label =
            targets(&panel).iter().any(|target| text(target, "legendFormat").contains("{{style}}"));
        for (style, colour) in STYLES {
            if !(by_label || named(style)) {
                continue;
            }
            let pattern = format!("/^{style}/");
            let overrides = panel["fieldConfig"]["overrides"].as_array().unwrap();
            let own = overrides.iter().find(|one| one["matcher"]["options"] == pattern.as_str());
            let own = own.unwrap_or_else(|| panic!("{style} has no colour of its own: {panel:#}"));
            assert_eq!(own["properties"][0]["value"]["fixedColor"], colour);
            // What is of neither style has none of their colours.
            assert!(
                !by_label || overrides.iter().any(|one| one["matcher"]["options"] == "/^other/"),
                "{panel:#}"
            );
        }
    }
    for file in ["crates/load/src/control/page.html"] {
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).unwrap();
        for (style, colour) in STYLES {
            assert!(text.contains(colour), "{file}: {style} is not {colour}");
        }
    }
}

#[test]
fn whoever_is_scraped_by_a_name_answers_to_it() {
    let file = |path: &str| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
    };
    let compose = file("docker-compose.yml");
    let lists = compose.lines().filter_map(|line| line.trim().strip_prefix("DUET_HTTP_ALLOWED_HOSTS: "));
    let allowed: Vec<_> = lists.flat_map(|list| list.split(',')).collect();
    let targets =
        ["duet", "workflows"].map(|name| file(&format!("dashboards/prometheus/targets/{name}.yml"))).concat();
    let names = targets.lines().filter_map(|line| line.strip_prefix("- targets: [\"")?.split(':').next());
    let names: Vec<_> = names.collect();
    assert_eq!(names.len(), 11, "{names:?}");
    for name in names {
        assert!(allowed.contains(&name), "{name} refuses Prometheus: {allowed:?}");
    }
}

#[test]
fn nothing_to_show_is_never_green() {
    for panel in panels(Some("stat")) {
        let defaults = &panel["fieldConfig"]["defaults"];
        let Some(mappings) = defaults["mappings"].as_array() else { continue };
        let special = mappings.iter().find(|mapping| mapping["type"] == "special").unwrap();
        assert_eq!(special["options"]["match"], "null+nan", "{panel:#}");
        assert_eq!(defaults["thresholds"]["steps"].as_array().unwrap().len(), 1, "{panel:#}");
        let colours = [&special["options"]["result"]["color"], &defaults["thresholds"]["steps"][0]["color"]];
        assert!(colours.iter().all(|colour| **colour == "#808080"), "{panel:#}");
        assert_eq!(special["options"]["result"]["text"], defaults["noValue"]);
        assert!(!text(defaults, "noValue").is_empty(), "{panel:#}");
    }
}

#[test]
fn lines_have_bounds_and_a_legend_that_shows_every_series() {
    for panel in panels(Some("timeseries")) {
        let defaults = &panel["fieldConfig"]["defaults"];
        let is_logarithmic = defaults["custom"]["scaleDistribution"]["type"] == "log";
        assert!(is_logarithmic || defaults["min"] == 0, "{panel:#}");
        assert!(
            is_logarithmic || defaults["custom"]["axisSoftMax"].is_number(),
            "zeros go to a hundred: {panel:#}"
        );
        // What is rare would lie on the ground.
        let is_rate = text(defaults, "unit").ends_with("/s") && text(defaults, "unit").starts_with("suffix");
        assert!(!is_rate || defaults["custom"]["axisSoftMax"].as_f64() <= Some(1.0), "{panel:#}");
        // Few names, known beforehand, fit below; of many three rows would be shown there, so they stand beside the lines.
        let are_few =
            targets(&panel).iter().all(|target| labels(text(target, "legendFormat")).all(is_one_of_few));
        let legend = &panel["options"]["legend"];
        let place = (text(legend, "displayMode"), text(legend, "placement"));
        assert_eq!(place, if are_few { ("list", "bottom") } else { ("table", "right") }, "{panel:#}");
        assert!(legend["width"].is_null(), "of long names the values would be cut: {panel:#}");
    }
}

/// The labels in a legend.
fn labels(legend: &str) -> impl Iterator<Item = &str> {
    legend.split("{{").skip(1).filter_map(|rest| rest.split("}}").next())
}

fn is_one_of_few(label: &str) -> bool {
    ["style", "outcome", "bus"].contains(&label)
}

#[test]
fn numbers_are_plain() {
    for panel in panels(None) {
        let unit = text(&panel["fieldConfig"]["defaults"], "unit");
        // Of these the axis had "8.33 mins", "op/s", and "1 K" four times; a suffix gets its space from Grafana.
        assert!(!["ops", "mins", "short"].contains(&unit), "{panel:#}");
        assert!(!unit.starts_with("suffix: "), "two spaces: {panel:#}");
    }
}

#[test]
fn who_works_has_one_colour_everywhere_and_none_of_a_style() {
    let mut seen = BTreeMap::<String, String>::new();
    let mut by_worker = 0;
    for panel in panels(Some("timeseries")) {
        let legends = ["{{service}}", "{{group}}", "{{by}}"];
        if !targets(&panel).iter().any(|target| legends.contains(&text(target, "legendFormat"))) {
            continue;
        }
        by_worker += 1;
        for own in panel["fieldConfig"]["overrides"].as_array().unwrap() {
            let worker = own["matcher"]["options"].as_str().unwrap().to_owned();
            let colour = own["properties"][0]["value"]["fixedColor"].as_str().unwrap().to_owned();
            assert!(STYLES.iter().all(|(_, style)| *style != colour), "{worker} has a style's colour");
            assert_eq!(*seen.entry(worker).or_insert(colour.clone()), colour);
        }
    }
    assert!(by_worker > 5, "{by_worker}");
    for worker in ["order-history", "order-status", "notifications", "orchestrator"] {
        let colour = seen.get(worker).unwrap_or_else(|| panic!("{worker} has no colour: {seen:?}"));
        assert_eq!(seen.values().filter(|other| *other == colour).count(), 1, "{worker}: {seen:?}");
    }
}

#[test]
fn values_and_names_have_room_beside_each_other() {
    for panel in panels(Some("stat")) {
        let is_narrow = panel["gridPos"]["w"].as_u64().unwrap() < 12;
        // Three of them side by side ran into each other.
        let is_list =
            panel["options"]["orientation"] == "horizontal" && panel["options"]["wideLayout"] == true;
        assert_eq!(is_list, is_narrow, "{panel:#}");
        assert!(
            !is_list || panel["gridPos"]["h"].as_u64().unwrap() > targets(&panel).len() as u64,
            "{panel:#}"
        );
    }
    for panel in panels(Some("bargauge")) {
        // Twelve of the choreography and thirteen of the orchestration, each of 26 pixels: else one would have to scroll in it.
        assert!(panel["gridPos"]["h"].as_u64().unwrap() * 38 - 48 >= 26 * 25, "{panel:#}");
        // Names grow with the bars until they are cut.
        let options = &panel["options"];
        assert!(options["text"]["titleSize"].is_number() && options["maxVizHeight"] == 16, "{panel:#}");
    }
}

#[test]
fn no_name_of_a_message_is_cut() {
    // In a window of 1280 pixels 37 letters were.
    const LETTERS_MAX: usize = 34;
    for panel in panels(Some("bargauge")) {
        for target in targets(&panel) {
            assert!(text(target, "expr").contains("\".*/(?:order[.])?(.*)\""), "named otherwise: {target:#}");
        }
    }
    for group in contract::groups::all() {
        for topic in &group.topics {
            let (_, message) = topic.as_str().split_once('/').unwrap();
            let name = format!("{}: {}", group.group, message.strip_prefix("order.").unwrap_or(message));
            assert!(name.chars().count() <= LETTERS_MAX, "{name}");
        }
    }
}

#[test]
fn a_percentile_of_a_style_ends_with_its_work() {
    let mut seen = 0;
    for panel in panels(None) {
        for target in targets(&panel) {
            let expr = text(target, "expr");
            if expr.contains("histogram_quantile") && expr.contains("by (style") {
                assert!(expr.contains("duet:at_work"), "stragglers' times after a switch: {expr}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 3, "{seen}");
}

#[test]
fn held_up_is_told_beside_the_verdict_and_is_no_violation() {
    let verdict = panels(Some("stat")).into_iter().find(|panel| panel["title"] == "Verdict").unwrap();
    let held_up = targets(&verdict).iter().find(|target| text(target, "expr").contains("duet_audit_held_up"));
    assert_eq!(text(held_up.unwrap(), "legendFormat"), "by {{by}}");
    let words = verdict["fieldConfig"]["defaults"]["mappings"][0]["options"].as_object().unwrap();
    let colour = |word: &str| words.values().find(|one| one["text"] == word).unwrap()["color"].clone();
    assert!(!["red", "green"].contains(&colour("held up").as_str().unwrap()));
    assert_eq!((colour("clean"), colour("VIOLATED")), ("green".into(), "red".into()));
}

#[test]
fn what_flaps_is_marked_as_one_spell() {
    for query in dashboards::board::annotation_queries() {
        let is_raw = ["up{", "duet_ready{"].iter().any(|metric| query.contains(metric));
        assert!(!is_raw || query.contains("process_start_time"), "a curtain of lines: {query}");
    }
}

#[test]
fn one_style_after_the_other_compares_as_well_as_both_at_once() {
    let mut seen = 0;
    for panel in panels(Some("stat")).iter().chain(&panels(Some("bargauge"))) {
        for target in targets(panel).iter().filter(|target| text(target, "expr").contains("style=")) {
            let expr = text(target, "expr");
            assert!(expr.contains("last_over_time(duet:full_minute:"), "{expr}");
            seen += 1;
        }
    }
    assert!(seen >= 16, "{seen}");
}

#[test]
fn what_is_asked_for_at_one_moment_comes_sorted() {
    for kind in ["stat", "bargauge"] {
        for panel in panels(Some(kind)) {
            for target in targets(&panel) {
                assert_eq!(target["instant"], true, "{panel:#}");
                let expr = text(target, "expr");
                // One value, or in order.
                let is_one =
                    text(target, "legendFormat") == "{{bus}}" || !text(target, "legendFormat").contains("{{");
                assert!(is_one || expr.starts_with("sort"), "{expr}");
            }
        }
    }
}

#[test]
fn only_counters_have_a_rate() {
    let rules =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("prometheus/rules.yml")).unwrap();
    let mut asked = vec![rules];
    for panel in panels(None) {
        asked.extend(targets(&panel).iter().map(|target| text(target, "expr").to_owned()));
    }
    let mut seen = 0;
    for expr in asked {
        for function in ["rate(", "increase("] {
            for (at, _) in expr.match_indices(function) {
                let name: String = expr[at + function.len()..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let is_counter =
                    ["_total", "_sum", "_count", "_bucket"].iter().any(|end| name.ends_with(end));
                // Native histograms have the plain name.
                assert!(is_counter || name.ends_with("_seconds"), "{function}{name}");
                assert!(!name.starts_with("process_start") && !name.is_empty(), "{expr}");
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn exemplars_are_off_where_they_would_cover_what_is_shown() {
    for panel in panels(Some("heatmap")) {
        assert!(targets(&panel).iter().all(|target| target["exemplar"] == false), "{panel:#}");
    }
}

#[test]
fn the_first_screen_has_verdict_latency_and_one_row_of_controls() {
    for board in boards() {
        assert_eq!(board["refresh"], "10s");
        assert_eq!(board["templating"]["list"].as_array().unwrap().len(), 1);
        let marks = board["annotations"]["list"].as_array().unwrap();
        assert!(
            marks.iter().all(|mark| mark["hide"] == true && mark["enable"] == true),
            "a row of switches for them"
        );
    }
    // A window of 1280 by 800 has room for eighteen rows; what stands under a broker's name is there twice.
    let board = &boards()[0];
    let panels = board["panels"].as_array().unwrap();
    let latency = panels.iter().find(|panel| text(panel, "title").starts_with("Latency of")).unwrap();
    let place = |panel: &Value, field: &str| panel["gridPos"][field].as_u64().unwrap();
    let named =
        panels.iter().filter(|panel| panel["repeat"] == "bus" && panel["type"] == "row").count() as u64;
    let twice = 5 * named;
    assert!(place(latency, "y") + place(latency, "h") + twice <= 18, "{latency:#}");
    let verdict = panels.iter().find(|panel| panel["title"] == "Verdict").unwrap();
    assert_eq!(place(verdict, "y"), 1);
}

#[test]
fn no_row_is_half_empty() {
    for board in boards() {
        let panels = board["panels"].as_array().unwrap();
        for panel in panels.iter().filter(|panel| panel["repeat"].is_null()) {
            let row = panels.iter().filter(|other| other["gridPos"]["y"] == panel["gridPos"]["y"]);
            let width: u64 = row.map(|panel| panel["gridPos"]["w"].as_u64().unwrap()).sum();
            assert_eq!(width, 24, "{panel:#}");
        }
    }
}
