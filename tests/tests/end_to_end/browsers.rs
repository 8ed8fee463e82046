//! A web page that is open in a browser on this machine reaches every server here. It must not steer one of them, or read
//! from it: the real programs, and the requests that a browser sends for such a page.

use std::net::SocketAddr;

use contract::groups::PARTICIPANTS;
use rustix::process::Signal;
use serde_json::Value;
use tests::process::Process;
use tests::system::{Setup, System};
use tests::{http, until};
use workload::generate::Generator;

const JSON: &str = "Content-Type: application/json\r\n";

/// Header lines of requests that a page could bring about, and what they are answered: with the server's own `Host`, JSON
/// and `Origin` but for what the line changes.
fn by_pages_of_others(address: SocketAddr) -> Vec<(String, u16)> {
    let own = format!("Host: {address}\r\n");
    let port = address.port();
    vec![
        // Its name leads to this machine now. For the browser that is the page's own origin.
        (format!("Host: rebound.example:{port}\r\nOrigin: http://rebound.example:{port}\r\n{JSON}"), 421),
        (format!("Host: rebound.example:{port}\r\nSec-Fetch-Site: same-origin\r\n{JSON}"), 421),
        // It asks across origins.
        (format!("{own}Origin: http://evil.example\r\n{JSON}"), 403),
        (format!("{own}Origin: http://127.0.0.1:1\r\n{JSON}"), 403),
        (format!("{own}Origin: null\r\n{JSON}"), 403),
        (format!("{own}Sec-Fetch-Site: cross-site\r\n{JSON}"), 403),
        // In ways for which the browser need not ask first.
        (format!("{own}Content-Type: text/plain\r\n"), 415),
        (format!("{own}Content-Type: application/x-www-form-urlencoded\r\n"), 415),
        (own, 415),
        (format!("Host: {address}\r\nHost: localhost\r\n{JSON}"), 400),
        (JSON.to_owned(), 400),
    ]
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Sends `body` as pages of others do. None of it is taken, and each refusal says why.
async fn refuses(address: SocketAddr, what: &str, body: &str) {
    for (headers, expected) in by_pages_of_others(address) {
        let answer = http::ask_as(address, what, &headers, body).await.unwrap();
        assert_eq!(status(&answer), expected, "{what} with\n{headers}: {answer}");
        assert!(answer.contains("content-type: application/problem+json"), "{answer}");
        assert!(answer.contains(": found ") && answer.contains(", expected "), "{answer}");
    }
}

/// Whoever asks by a name that was made to lead here learns nothing, be it from health or metrics, and no answer can be
/// framed, sniffed or kept.
async fn keeps_to_itself(process: &Process, paths: &[&str]) {
    let address = process.address();
    for path in paths {
        let what = format!("GET {path}");
        let rebound = http::ask_as(address, &what, "Host: rebound.example\r\n", "").await.unwrap();
        assert_eq!(status(&rebound), 421, "{rebound}");
        assert!(rebound.contains("--http-allowed-hosts (DUET_HTTP_ALLOWED_HOSTS)"), "{rebound}");
        for host in [format!("localhost:{}", address.port()), address.to_string(), "[::1]".to_owned()] {
            let answer = http::ask_as(address, &what, &format!("Host: {host}\r\n"), "").await.unwrap();
            assert_eq!(status(&answer), 200, "{what} of {host}: {answer}");
            for header in [
                "x-frame-options: DENY",
                "x-content-type-options: nosniff",
                "referrer-policy: no-referrer",
                "cross-origin-resource-policy: same-origin",
                "cache-control: no-store",
                "frame-ancestors 'none'",
            ] {
                assert!(answer.contains(header), "{header} of {path}: {answer}");
            }
        }
    }
}

async fn json(address: SocketAddr, path: &str) -> Value {
    let (status, body) = http::get(address, path).await.unwrap();
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_of_others_places_an_order() {
    let system = System::start(Setup::default()).await;
    for name in PARTICIPANTS {
        keeps_to_itself(system.participant(name), &["/healthz", "/readyz", "/metrics"]).await;
        refuses(system.participant(name).address(), "POST /orders", "{}").await;
    }
    let address = system.participant(order_history::NAME).address();
    let order = Generator::new(1, 0.0).order(0);
    let (path, body) = (format!("/orders/{}", order.order_id), serde_json::to_string(&order).unwrap());
    refuses(address, "POST /orders", &body).await;
    assert_eq!(http::get(address, &path).await.unwrap().0, 404, "it was placed");
    let customers = json(address, &format!("/customers/{}/orders", order.customer_id)).await;
    assert_eq!(customers["items"], Value::Array(Vec::new()));

    // As `curl` places it, and as a page of this server would.
    let placed = http::post(address, "/orders", &body).await.unwrap();
    assert_eq!(placed.0, 202, "{}", placed.1);
    let own = format!("Host: {address}\r\nOrigin: http://{address}\r\nSec-Fetch-Site: same-origin\r\n{JSON}");
    let again = http::ask_as(address, "POST /orders", &own, &body).await.unwrap();
    assert!([200, 202].contains(&status(&again)), "{again}");
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_of_others_steers_the_load() {
    let system = System::start(Setup::default()).await;
    let stores = format!("sqlite:{}", system.folder().display());
    let own = system.stores().url("observer");
    let flags = ["load", "--bus", system.bus_url(), "--store", &own, "--stores", &stores, "--rate", "1"];
    let flags = [&flags[..], &["--listen", "127.0.0.1:0"]].concat();
    let load = Process::start_as("load", system.folder(), "duet", &flags).await;
    until("the load to be ready", async || load.ready().await).await;
    let loads = format!("memory={}", load.address());
    let flags = ["control", "--listen", "127.0.0.1:0", "--load", &loads];
    let page = Process::start_as("page", system.folder(), "duet", &flags).await;
    keeps_to_itself(&load, &["/healthz", "/metrics", "/load", "/verdict"]).await;
    keeps_to_itself(&page, &["/", "/healthz", "/api/loads"]).await;

    let change = r#"{"rate_per_s":7}"#;
    refuses(load.address(), "PATCH /load", change).await;
    refuses(page.address(), "PATCH /api/loads/memory", change).await;
    assert_eq!(json(load.address(), "/load").await["rate_per_s"], 1.0, "it was changed");

    // As the page itself does it, which asks the load in its turn.
    let address = page.address();
    let own = format!("Host: {address}\r\nOrigin: http://{address}\r\nSec-Fetch-Site: same-origin\r\n{JSON}");
    let answer = http::ask_as(address, "PATCH /api/loads/memory", &own, change).await.unwrap();
    assert_eq!(status(&answer), 200, "{answer}");
    assert_eq!(json(load.address(), "/load").await["rate_per_s"], 7.0);
    let html = http::ask_as(address, "GET /", &format!("Host: {address}\r\n"), "").await.unwrap();
    let policy = html.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");

    for process in [page, load] {
        assert_eq!(process.end(Signal::TERM).await, Some(0));
    }
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_were_allowed_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let by_flag = ["--bus", "memory:", "--store", "memory:", "--listen", "127.0.0.1:0"];
    let by_flag = [&by_flag[..], &["--http-allowed-hosts", "shop,orders.example"]].concat();
    let by_variable = [("DUET_HTTP_ALLOWED_HOSTS", "orders.example,shop".to_owned())];
    let flags = ["control", "--listen", "127.0.0.1:0", "--load", "127.0.0.1:1"];
    for process in [
        Process::start(folder.path(), "order-history", &by_flag).await,
        Process::start_in(&by_variable, "page", folder.path(), "duet", &flags).await,
    ] {
        for (host, expected) in [("shop:8080", 200), ("Orders.Example", 200), ("example", 421)] {
            let headers = format!("Host: {host}\r\n");
            let answer = http::ask_as(process.address(), "GET /healthz", &headers, "").await.unwrap();
            assert_eq!(status(&answer), expected, "{host}: {answer}");
        }
        assert_eq!(process.end(Signal::TERM).await, Some(0));
    }
}
