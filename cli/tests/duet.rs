//! The command as its user meets it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic, in its helpers, too")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn duet(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duet"));
    command.args(args).env_remove("DUET_LOG").env("NO_COLOR", "1").env("LC_ALL", "C");
    command
}

fn run(args: &[&str]) -> Output {
    duet(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn report(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn example_orders() -> String {
    format!("{}/../examples/orders.ndjson", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_small_comparison_is_clean_complete_and_audits_again() {
    let dir = tempfile::tempdir().unwrap();
    let (json, keep) = (dir.path().join("result.json"), dir.path().join("kept"));
    let args = ["compare", "--count", "400", "--seed", "3", "--rate", "400"];
    // More of everything that goes wrong, so that few orders take every path.
    let rates = ["--decline-rate", "0.1", "--gateway-fault-rate", "0.05", "--restaurant-decline-rate", "0.1"];
    let files = ["--json", json.to_str().unwrap(), "--keep", keep.to_str().unwrap(), "--invalid-rate", "0.1"];
    let output = run(&[&args[..], &rates, &["--restaurant-silence-rate", "0.02"], &files].concat());
    assert!(output.status.success(), "{}\n{}", stdout(&output), stderr(&output));
    assert!(
        stdout(&output).starts_with("VERDICT: clean\nAll 800 orders accounted for"),
        "{}",
        stdout(&output)
    );

    let report = report(&json);
    assert_eq!((&report["schema"], &report["verdict"]), (&"duet.compare/1".into(), &"clean".into()));
    assert_eq!((&report["partial"], &report["outcomes_differ"]), (&false.into(), &0.into()));
    for cell in report["cells"].as_array().unwrap() {
        assert_eq!(cell["orders"], 400, "{cell}");
        let ended: u64 =
            cell["outcomes"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(ended, 400, "{cell}");
        for measured in
            ["orders_per_s", "messages_per_order", "cpu_s_per_1000_orders", "store_commits_per_order"]
        {
            assert!(cell[measured].as_f64().unwrap() > 0.0, "{measured} of {cell}");
        }
        for path in
            ["payments_declined", "gateway_retried", "restaurant_declined", "restaurant_timed_out", "voids"]
        {
            assert!(cell["paths"][path].as_u64().unwrap() > 0, "{path} of {cell}");
        }
    }
    let both = |field: &str| (report["cells"][0][field].clone(), report["cells"][1][field].clone());
    let (one, other) = both("outcomes_digest");
    assert_eq!(one, other);
    let (one, other) = both("paths");
    assert_eq!(one, other, "both styles take the same paths");

    let again = run(&["audit", keep.to_str().unwrap()]);
    assert!(again.status.success(), "{}", stderr(&again));
    assert_eq!(stdout(&again).matches("VERDICT: clean").count(), 2, "{}", stdout(&again));
    // What was delivered and is gone from a store is found.
    std::fs::write(keep.join("choreography/gateway.ledger"), "").unwrap();
    let robbed = run(&["audit", keep.to_str().unwrap()]);
    assert_eq!(robbed.status.code(), Some(1));
    assert!(stdout(&robbed).contains("delivered_not_captured"), "{}", stdout(&robbed));
}

#[test]
fn the_limit_of_the_api_is_coherent() {
    let dir = tempfile::tempdir().unwrap();
    let (store, json) = (format!("sqlite:{}", dir.path().display()), dir.path().join("limit.json"));
    let mut limit = duet(&["limit", "--workflow", "--seconds", "1", "--store", &store, "--json"]);
    // What lets others in, or messages start executions, is not for the server that is measured.
    limit.arg(&json).env("DUET_AWS_CREDENTIALS", "/nowhere").env("DUET_RULES", "/nowhere");
    let output = limit.output().unwrap();
    assert!(output.status.success(), "{}\n{}", stdout(&output), stderr(&output));
    let report = report(&json);
    assert_eq!(report["schema"], "duet.limit/1");
    assert!(report["yardstick"]["rows_per_s"].as_f64().unwrap() > 0.0, "{report}");
    let measured = &report["workflow"];
    assert_eq!((&measured["store"], &measured["connections"]), (&"sqlite".into(), &16.into()));
    let count = |figure: &serde_json::Value| figure.as_u64().unwrap();
    let started = count(&measured["started"]);
    assert!(started > 0);
    assert_eq!(started, count(&measured["described"]), "{measured}");
    assert_eq!(started, count(&measured["kept"]), "{measured}");
    let parts = [&measured["standard"], &measured["express"], &measured["alone"]];
    assert_eq!(started, count(&parts[0]["executions"]) + count(&parts[2]["executions"]), "{measured}");
    for part in parts {
        let figure = |name: &str| part[name].as_f64().unwrap();
        let took_s = figure("executions") / figure("executions_per_s");
        assert!(took_s >= 1.0, "{part}");
        assert!(figure("p50_ms") > 0.0 && figure("p99_ms") >= figure("p50_ms"), "{part}");
    }
    let shown = stdout(&output);
    assert!(shown.contains(&format!("All {} executions", terminal_number(started))), "{shown}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "only the result is left");
}

/// With its thousands set apart.
fn terminal_number(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap());
    groups.collect::<Vec<_>>().join(",")
}

#[test]
fn own_orders_are_replayed_in_their_pattern() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("result.json");
    let orders = example_orders();
    let output = run(&["--orders", &orders, "--speed", "2000", "--json", json.to_str().unwrap()]);
    assert!(output.status.success(), "{}\n{}", stdout(&output), stderr(&output));
    let report = report(&json);
    for cell in report["cells"].as_array().unwrap() {
        assert_eq!((&cell["orders"], &cell["outcomes"]["rejected"]), (&36.into(), &2.into()), "{cell}");
    }
    assert_eq!(report["environment"]["workload"]["phases"]["paced"], 36);
}

#[test]
fn a_file_with_a_bad_line_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("orders.ndjson");
    let good = std::fs::read_to_string(example_orders()).unwrap();
    std::fs::write(&path, good.replacen("\"EUR\"", "\"euro\"", 1)).unwrap();
    let output = run(&["--orders", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("orders.ndjson: line 1: currency: found \"euro\", expected an ISO 4217"), "{said}");
    assert!(said.contains("nothing was sent") && said.contains("--skip-bad"), "{said}");
    assert_eq!(stdout(&output), "");
}

#[test]
fn wrong_flags_end_with_64_before_anything_starts() {
    for args in [&["--rate", "0"][..], &["--speed", "2"], &["--nonsense"], &["limit", "--store", "paper"]] {
        let output = run(args);
        assert_eq!((output.status.code(), stdout(&output)), (Some(64), String::new()), "{args:?}");
        assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
    }
}

#[test]
fn places_that_cannot_be_written_are_named_before_anything_runs() {
    let dir = tempfile::tempdir().unwrap();
    let full = dir.path().to_str().unwrap().to_owned();
    std::fs::write(dir.path().join("something"), "").unwrap();
    for (args, said) in [
        (
            ["--json", "/nowhere/result.json"],
            "/nowhere/result.json cannot be written: choose another place with --json",
        ),
        (["--keep", full.as_str()], "is not empty: --keep needs a new or an empty folder"),
        (["--store", "sqlite:/nowhere"], "/nowhere cannot be written: choose another place with --store"),
    ] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(stderr(&output).contains(said), "{args:?}: {}", stderr(&output));
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_run_with_a_partial_result() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("result.json");
    let mut child =
        duet(&["--count", "1000000", "--restaurant-silence-rate", "0", "--json", json.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap()).lines();
    let saturated = progress.find(|line| line.as_ref().unwrap().contains("as fast as it goes"));
    assert!(saturated.is_some(), "the saturated phase was not announced");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    // So that it never waits for somebody to read.
    progress.for_each(drop);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stdout(&output));
    assert!(stdout(&output).starts_with("VERDICT: clean (PARTIAL: "), "{}", stdout(&output));
    let report = report(&json);
    assert_eq!((&report["partial"], &report["verdict"]), (&true.into(), &"clean".into()));
}

#[test]
fn the_bus_says_where_it_listens_and_a_taken_port_is_named() {
    let mut bus = duet(&["bus", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let line = BufReader::new(bus.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let address = line.strip_prefix("listening on ").unwrap().to_owned();
    let second = run(&["bus", "--listen", &address]);
    bus.kill().unwrap();
    bus.wait().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("is it taken? choose another with --listen"), "{}", stderr(&second));
}

#[test]
fn help_lists_every_command() {
    let help = stdout(&run(&["--help"]));
    for part in ["compare", "limit", "audit", "bus", "--orders", "--seed", "--json", "Exit codes"] {
        assert!(help.contains(part), "{part} is missing from\n{help}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
}
