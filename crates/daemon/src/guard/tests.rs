//! Requests that pass, and those of strangers, which do not.

use axum::body::Body;
use axum::routing::get;
use tower::ServiceExt as _;

use super::*;

fn hosts() -> AllowedHosts {
    "order-history,Shop.Example.".parse().unwrap()
}

/// What is decided about `METHOD` with these header lines: the status of the refusal, or 200.
fn decided(method: &str, headers: &[(&str, &str)], has_body: bool) -> (u16, String) {
    let mut request = http::Request::builder().method(method).uri("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match check(&request.body(()).unwrap(), has_body, &hosts()) {
        Ok(()) => (200, String::new()),
        Err(problem) => (problem.status, problem.detail),
    }
}

#[test]
fn a_host_is_a_loopback_name_an_address_or_a_name_that_was_allowed() {
    for (host, status) in [
        ("localhost", 200),
        ("LOCALHOST:8081", 200),
        ("localhost.", 200),
        ("127.0.0.1:8081", 200),
        ("127.8.9.1", 200),
        ("[::1]:8081", 200),
        ("[::1]", 200),
        ("192.168.1.7:8081", 200),
        ("order-history:8080", 200),
        ("ORDER-HISTORY.", 200),
        ("shop.example", 200),
        ("sync-localhost:8084", 200),
        ("SYNC-127.0.0.1:8084", 200),
        ("sync-192.168.1.7", 200),
        ("sync-order-history:8080", 200),
        ("sync-shop.example", 421),
        ("sync-sync-localhost", 421),
        ("sync-", 421),
        ("sync-127.0.0.1.evil.example", 421),
        ("[sync-::1]", 421),
        ("evil.example", 421),
        ("evil.example:8081", 421),
        ("order-history.evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.0.0.1@evil.example", 421),
        ("127.1", 421),
        ("[localhost]", 421),
        ("[::1].evil.example", 421),
        ("::1", 421),
        ("localhost:80:80", 421),
        ("localhost:x", 421),
        ("", 421),
    ] {
        for method in ["GET", "HEAD", "POST", "PATCH"] {
            assert_eq!(decided(method, &[("host", host)], false).0, status, "{method} for {host:?}");
        }
    }
}

#[test]
fn a_refusal_names_the_header_the_value_and_the_flag() {
    let (_, said) = decided("GET", &[("host", "evil.example")], false);
    assert_eq!(
        said,
        r#"Host: found "evil.example", expected localhost, an IP address, or a name that --http-allowed-hosts (DUET_HTTP_ALLOWED_HOSTS) gives this server"#
    );
    let (_, said) = decided("PATCH", &[("host", "localhost:1"), ("origin", "http://evil.example")], false);
    assert_eq!(
        said,
        r#"Origin: found "http://evil.example", expected http://localhost:1, or no such header: pages of others change nothing here"#
    );
    let (_, said) = decided("POST", &[("host", "localhost"), ("content-type", "text/plain")], true);
    assert_eq!(said, r#"Content-Type: found "text/plain", expected application/json"#);
}

#[test]
fn there_is_exactly_one_host_but_for_http_1_0() {
    let host = ("host", "localhost");
    assert_eq!(decided("GET", &[], false), (400, "Host: found nothing, expected exactly one of them".into()));
    assert_eq!(decided("GET", &[host, host], false).0, 400);
    let old = |headers: &[(&str, &str)]| {
        let mut request = http::Request::post("/").version(Version::HTTP_10);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap(), false, &hosts()).map_err(|problem| problem.status)
    };
    assert_eq!(old(&[]), Ok(()), "as load balancers probe");
    assert_eq!(old(&[("origin", "http://localhost")]), Err(403), "a page of nobody");
    assert_eq!(old(&[("host", "evil.example")]), Err(421));
    // The target counts where it names a host.
    for (target, expected) in [("http://evil.example/", Err(421)), ("http://localhost/", Ok(()))] {
        let request = http::Request::get(target).header("host", "localhost").body(()).unwrap();
        let decided = check(&request, false, &hosts()).map_err(|problem| problem.status);
        assert_eq!(decided, expected, "{target}");
    }
}

#[test]
fn what_changes_something_comes_from_no_page_or_from_one_of_this_server() {
    const HOST: &str = "localhost:8089";
    for (headers, status) in [
        (&[][..], 200),
        (&[("origin", "http://localhost:8089")], 200),
        (&[("origin", "https://LOCALHOST:8089")], 200),
        (&[("origin", "http://localhost:8089"), ("sec-fetch-site", "same-origin")], 200),
        (&[("sec-fetch-site", "none")], 200),
        (&[("origin", "http://evil.example")], 403),
        (&[("origin", "http://localhost:3000")], 403),
        (&[("origin", "http://localhost")], 403),
        (&[("origin", "http://127.0.0.1:8089")], 403),
        (&[("origin", "http://localhost:8089.evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("origin", "")], 403),
        (&[("origin", "http://localhost:8089"), ("origin", "http://evil.example")], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("origin", "http://localhost:8089"), ("sec-fetch-site", "cross-site")], 403),
    ] {
        let headers = [&[("host", HOST)], headers].concat();
        for method in ["POST", "PATCH", "PUT", "DELETE", "OPTIONS"] {
            assert_eq!(decided(method, &headers, false).0, status, "{method} {headers:?}");
        }
        assert_eq!(decided("GET", &headers, false).0, 200, "links lead here: {headers:?}");
    }
    // A port that goes without saying.
    for (origin, host) in
        [("http://shop.example", "shop.example:80"), ("https://shop.example", "shop.example:443")]
    {
        assert_eq!(decided("POST", &[("host", host), ("origin", origin)], false).0, 200, "{origin}");
    }
}

#[test]
fn what_changes_something_is_json() {
    for (method, media_type, status) in [
        ("POST", "application/json", 200),
        ("POST", "Application/JSON; charset=utf-8", 200),
        ("PATCH", "application/json", 200),
        ("PATCH", "application/merge-patch+json", 200),
        ("POST", "application/merge-patch+json", 415),
        ("POST", "text/plain", 415),
        ("POST", "text/plain; x=application/json", 415),
        ("POST", "application/x-www-form-urlencoded", 415),
        ("POST", "multipart/form-data; boundary=x", 415),
        ("PATCH", "application/jsonp", 415),
        ("PATCH", "", 415),
    ] {
        let headers = [("host", "localhost"), ("content-type", media_type)];
        assert_eq!(decided(method, &headers, true).0, status, "{method} of {media_type}");
    }
    assert_eq!(decided("POST", &[("host", "localhost")], true).0, 415, "a body that says nothing");
    assert_eq!(decided("POST", &[("host", "localhost")], false).0, 200, "no body");
    // For a page of another origin a browser asks first whether it may send this header.
    let target = ("x-amz-target", "AWSStepFunctions.ListStateMachines");
    for media_type in ["application/x-amz-json-1.0", "text/plain"] {
        let headers = [("host", "localhost"), target, ("content-type", media_type)];
        assert_eq!(decided("POST", &headers, true).0, 200, "{media_type}");
        let headers = [&headers[..], &[("origin", "http://evil.example")]].concat();
        assert_eq!(decided("POST", &headers, true).0, 403, "{media_type}");
    }
    assert_eq!(decided("POST", &[("host", "localhost"), target], true).0, 200);
}

#[test]
fn a_list_of_names_has_neither_schemes_nor_ports() {
    assert_eq!("".parse(), Ok(AllowedHosts::default()));
    assert_eq!(" a , ,b.example.,".parse(), "a,B.EXAMPLE".parse::<AllowedHosts>());
    let too_long = "x".repeat(NAME_BYTES_MAX + 1);
    for wrong in ["http://a", "a:8080", "*", "*.example", "a b", &too_long] {
        let error = wrong.parse::<AllowedHosts>().unwrap_err();
        assert!(error.contains("expected names of hosts without scheme and port"), "{error}");
    }
}

#[tokio::test]
async fn every_answer_forbids_what_a_page_could_do_with_it() {
    let own = "default-src 'self'";
    let routes = Router::new()
        .route("/", get(async || "served"))
        .route("/page", get(async move || ([("content-security-policy", own)], "page")));
    let router = Guarded::new(routes, &hosts()).into_router();
    for (path, host, status) in
        [("/", "localhost", 200), ("/", "evil.example", 421), ("/no", "localhost", 404)]
    {
        let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status);
        for (name, value) in HEADERS {
            assert_eq!(answer.headers()[name], value, "{name} of {path} for {host}");
        }
    }
    let request = Request::get("/page").header("host", "localhost").body(Body::empty()).unwrap();
    let page = router.oneshot(request).await.unwrap();
    let policies: Vec<_> = page.headers().get_all("content-security-policy").iter().collect();
    assert_eq!(policies, [own]);
    assert_eq!(page.headers()["x-frame-options"], "DENY");
}
