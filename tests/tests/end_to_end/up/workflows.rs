//! `duet up --workflows`: the Step Functions API as one more program of the system.

use std::net::SocketAddr;

use rustix::process::{Signal, kill_process};
use serde_json::json;
use tests::{http, until, workflows};

use super::{Place, is_gone};

const NAME: &str = "workflows";

async fn address(place: &Place) -> SocketAddr {
    place.process(NAME).await["address"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_step_functions_api_comes_up_with_the_system_is_started_again_and_goes_down_with_it() {
    let place = Place::new();
    let up = place.done(&["up", "--workflows", "--detach"]).await;
    assert!(up.contains("workflows is ready: http://127.0.0.1:"), "{up}");
    let table = place.done(&["status"]).await;
    assert_eq!(table.matches("  ready  ").count(), 6, "{table}");
    let api = address(&place).await;
    let pass = json!({"P": {"Type": "Pass", "End": true}});
    let arn = workflows::make(api, "m", "STANDARD", &pass, "OFF").await;
    let start = json!({"stateMachineArn": arn, "name": "a"});
    workflows::done(api, "StartExecution", &start).await;
    let (_, metrics) = http::get(api, "/metrics").await.unwrap();
    let counted = "duet_workflow_executions_ended_total{status=\"SUCCEEDED\",type=\"STANDARD\"} 1\n";
    assert!(metrics.contains(counted), "{metrics}");

    // It is neither a participant of the order flow nor can it have instances.
    let letters = place.done(&["dead-letters", "list"]).await;
    assert_eq!(letters.matches(": 0 dead letters").count(), 4, "{letters}");
    assert_eq!(place.duet(&["scale", "workflows=2"]).await.code, Some(64));

    let before = place.pid(NAME).await;
    kill_process(before, Signal::KILL).unwrap();
    until("it to be started again", async || {
        let restarts = place.process(NAME).await["restarts"].clone();
        if restarts == 1 { Ok(()) } else { Err(format!("{restarts} restarts")) }
    })
    .await;
    place.until_ready().await;
    let api = address(&place).await;
    let execution = arn.replace(":stateMachine:", ":execution:") + ":a";
    let told = workflows::done(api, "DescribeExecution", &json!({"executionArn": execution})).await;
    assert_eq!(told["status"], "SUCCEEDED", "{told}");

    let pid = place.pid(NAME).await;
    let down = place.done(&["down"]).await;
    assert_eq!(down.matches("stopped ").count(), 6, "{down}");
    assert!(is_gone(pid));
}
