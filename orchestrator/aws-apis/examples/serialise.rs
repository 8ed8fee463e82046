//! What requests are, and what answers say: reads lines of JSON and writes as many, for `tests/aws-apis/compare.py`.
//!
//! A line `{"service", "action", "parameters", "region", "endpoint", "token"}` is answered with the request, or `{"problem"}`; a line
//! that has a `status` (with `headers` and `body`, in Base64) with `{"answer"}` or `{"error"}`.

use std::io::{self, BufRead as _, BufWriter, Write as _};

use aws_apis::{Action, Place, Signature, service};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let said = answered(&line).unwrap_or_else(|why| json!({ "problem": why }));
        writeln!(out, "{said}")?;
    }
    out.flush()
}

fn answered(line: &Value) -> Result<Value, String> {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    let service = service(text("service")).map_err(|unknown| unknown.to_string())?;
    let action = service.action(text("action")).map_err(|unknown| unknown.to_string())?;
    match line["status"].as_u64() {
        Some(status) => told(&action, line, u16::try_from(status).map_err(|error| error.to_string())?),
        None => {
            let place = Place { region: text("region"), endpoint: line["endpoint"].as_str() };
            let request = action.request(&line["parameters"], &place, text("token"));
            let request = request.map_err(|problem| problem.to_string())?;
            let signing = request.signing.as_ref();
            Ok(json!({
                "method": request.method,
                "url": request.url(),
                "headers": request.headers,
                "body": STANDARD.encode(&request.body),
                "signing": signing.map(|it| [it.name.clone(), it.region.clone(), version(it.version)]),
            }))
        }
    }
}

/// As botocore calls it.
fn version(version: Signature) -> String {
    format!("{version:?}").to_lowercase()
}

fn told(action: &Action, line: &Value, status: u16) -> Result<Value, String> {
    let headers: Vec<(String, String)> =
        serde_json::from_value(line["headers"].clone()).map_err(|error| error.to_string())?;
    let body =
        STANDARD.decode(line["body"].as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
    Ok(match action.answer(status, &headers, &body) {
        Ok(answer) => json!({ "answer": answer }),
        Err(error) => json!({ "error": {
            "name": error.name, "code": error.code, "message": error.message, "retryable": error.is_retryable,
        } }),
    })
}
