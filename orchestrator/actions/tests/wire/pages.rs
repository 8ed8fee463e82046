//! Pages of every action that has them: a token leads on in the request that it was given for, and for a day.

use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{At, PASS, SUCCEED, Server, arn};

/// A request whose answer has several pages, and the member that has what they are of.
struct List {
    action: &'static str,
    body: Value,
    member: &'static str,
}

impl List {
    /// What is asked for, one a page, behind that token.
    fn request(&self, token: Option<&str>) -> Value {
        let mut body = self.body.clone();
        body["maxResults"] = json!(1);
        if let Some(token) = token {
            body["nextToken"] = json!(token);
        }
        body
    }

    /// The only thing of a page, and the token that leads to the next.
    async fn page(&self, server: &Server, token: Option<&str>) -> (Value, String) {
        let page = server.ok(At::Plain, self.action, self.request(token)).await;
        let [one] = &page[self.member].as_array().unwrap()[..] else { panic!("{} {page}", self.action) };
        (one.clone(), page["nextToken"].as_str().unwrap_or_default().to_owned())
    }
}

/// Two Maps in distributed mode, one behind the other.
fn maps() -> String {
    let processor = json!({
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": true}},
    });
    let mut other = processor.clone();
    other["StartAt"] = json!("Q");
    other["States"] = json!({"Q": {"Type": "Pass", "End": true}});
    let first = json!({"Type": "Map", "Label": "One", "ItemProcessor": processor, "Next": "B"});
    let second = json!({"Type": "Map", "Label": "Two", "ItemProcessor": other, "End": true});
    json!({"StartAt": "A", "States": {"A": first, "B": second}}).to_string()
}

/// A server with two of everything.
async fn full() -> Server {
    let server = Server::new();
    server.machine("m", PASS, json!({"publish": true})).await;
    let machine = arn("stateMachine:m");
    let update = json!({"stateMachineArn": machine, "definition": SUCCEED, "publish": true});
    server.ok(At::Plain, "UpdateStateMachine", update).await;
    for name in ["a", "b"] {
        let route = json!([{"stateMachineVersionArn": arn("stateMachine:m:1"), "weight": 100}]);
        server
            .ok(At::Plain, "CreateStateMachineAlias", json!({"name": name, "routingConfiguration": route}))
            .await;
        server.ok(At::Plain, "CreateActivity", json!({"name": name})).await;
        server.start("m", name).await;
    }
    server.machine("maps", &maps(), json!({})).await;
    let start = json!({"stateMachineArn": arn("stateMachine:maps"), "name": "e", "input": "[1]"});
    server.ok(At::Plain, "StartExecution", start).await;
    let execution = json!({"executionArn": arn("execution:maps:e")});
    let ended = async {
        while server.ok(At::Plain, "DescribeExecution", execution.clone()).await["status"] != "SUCCEEDED" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap();
    server
}

#[tokio::test(start_paused = true)]
async fn a_token_leads_on_in_its_own_request_for_a_day() {
    let server = full().await;
    let of_machine = json!({"stateMachineArn": arn("stateMachine:m")});
    let history = json!({"executionArn": arn("execution:m:a")});
    let list = |action, body: &Value, member| List { action, body: body.clone(), member };
    let lists = [
        list("GetExecutionHistory", &history, "events"),
        list("GetExecutionHistory", &json!({"executionArn": arn("execution:m:b")}), "events"),
        list(
            "GetExecutionHistory",
            &json!({"executionArn": arn("execution:m:a"), "reverseOrder": true}),
            "events",
        ),
        list("ListActivities", &json!({}), "activities"),
        list("ListExecutions", &of_machine, "executions"),
        list(
            "ListExecutions",
            &json!({"stateMachineArn": arn("stateMachine:m"), "statusFilter": "SUCCEEDED"}),
            "executions",
        ),
        list("ListMapRuns", &json!({"executionArn": arn("execution:maps:e")}), "mapRuns"),
        list("ListStateMachineAliases", &of_machine, "stateMachineAliases"),
        list(
            "ListStateMachineAliases",
            &json!({"stateMachineArn": arn("stateMachine:m:1")}),
            "stateMachineAliases",
        ),
        list("ListStateMachineVersions", &of_machine, "stateMachineVersions"),
        list("ListStateMachines", &json!({}), "stateMachines"),
    ];
    let mut tokens = Vec::new();
    for list in &lists {
        let (first, token) = list.page(&server, None).await;
        let (second, _) = list.page(&server, Some(&token)).await;
        assert_ne!(first, second, "{}", list.action);
        tokens.push(token);
    }
    let refused = async |list: &List, token: &str, why: &str| {
        let body = list.request(Some(token));
        let answer = server.ask(At::Plain, list.action, body.to_string().into_bytes()).await;
        let kind = answer.json()["__type"].clone();
        assert_eq!(kind, "com.amazonaws.swf.service.v2.model#InvalidToken", "{why}: {} {body}", list.action);
    };
    for (at, list) in lists.iter().enumerate() {
        for (_, token) in tokens.iter().enumerate().filter(|(of, _)| *of != at) {
            refused(list, token, "another's").await;
        }
    }
    tokio::time::advance(Duration::from_secs(24 * 60 * 60)).await;
    for (list, token) in lists.iter().zip(&tokens) {
        refused(list, token, "too old").await;
    }
}
