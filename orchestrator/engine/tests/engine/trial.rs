//! A state tried by itself does what it does in an execution.

use engine::{
    Fact, History, Identity, NoneRefused, Phase, Rules, Stage, Stepped, Trial, TrialEnd, Way, Work, step,
    trial,
};
use serde_json::{Map, Value, json};

use crate::harness::{START_MS, definition};

fn tried<'t>(state: &'t str, input: &Value, work: Option<Work>) -> Trial<'t> {
    let text = String::new;
    let identity = Identity {
        execution_arn: text(),
        name: text(),
        machine_arn: text(),
        machine_name: text(),
        role_arn: text(),
        version_arn: None,
        alias_arn: None,
        token_key: None,
    };
    let (input, variables) = (input.clone(), Map::new());
    Trial {
        state,
        input,
        variables,
        identity,
        context: None,
        seed: 7,
        work,
        retried: 0,
        items: None,
        failed_items: 0,
    }
}

/// The output of an execution that ends at once.
fn output(text: &str, input: &Value) -> Value {
    let started = Fact::Started {
        execution: "e".to_owned(),
        input: input.clone(),
        seed: 7,
        first_id: 1,
        identity: None,
        express: false,
        rules: Rules::TODAY,
    };
    let stepped =
        step(&definition(text), None, started, START_MS, &NoneRefused, History::Skip).expect("it begins");
    match stepped {
        Stepped::Advanced(step) => match step.execution.phase() {
            Phase::Ended(ending) => ending.output.clone().expect("an output"),
            Phase::Running(_) => panic!("it waits"),
        },
        Stepped::Stale(_) => panic!("it is stale"),
    }
}

#[test]
fn what_it_makes_of_its_input_is_what_an_execution_makes() {
    for state in [
        json!({"Type": "Pass", "InputPath": "$.a", "Parameters": {"b.$": "$.b", "r.$": "States.MathRandom(1, 99)"},
               "ResultPath": "$.c", "End": true}),
        json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.a.b + $random() %}", "End": true}),
        json!({"Type": "Pass", "Result": [1], "ResultPath": "$.x", "OutputPath": "$.x[0]", "End": true}),
        json!({"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b"}),
    ] {
        let text = json!({"StartAt": "S", "States": {"S": state}}).to_string();
        let input = json!({"a": {"b": 1}});
        let tried = trial(&definition(&text), tried("S", &input, None), START_MS).expect("the state");
        assert_eq!(tried.end, TrialEnd::Left { next: None, output: output(&text, &input) }, "{text}");
    }
}

#[test]
fn a_state_that_is_not_there_cannot_be_tried() {
    let text = json!({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}).to_string();
    assert_eq!(trial(&definition(&text), tried("T", &json!({}), None), START_MS), None);
}

#[test]
fn what_is_done_about_an_error_is_told_with_the_values_before_it() {
    let text = json!({"StartAt": "S", "States": {
        "S": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true,
              "Parameters": {"n": 1}, "Catch": [{"ErrorEquals": ["E"], "Next": "C"}]},
        "C": {"Type": "Succeed"},
    }});
    let definition = definition(&text.to_string());
    let work = |name: &str| Some(Work::Error { error: name.to_owned(), cause: None });
    let caught = trial(&definition, tried("S", &json!({}), work("E")), START_MS).expect("the state");
    assert!(matches!(&caught.end, TrialEnd::Left { next: Some(next), .. } if &**next == "C"), "{caught:?}");
    assert_eq!((caught.handled, caught.failure), (Some(Way::Catcher(0)), Some(("E".to_owned(), None))));
    assert!(caught.stages.contains(&(Stage::Parameters, json!({"n": 1}))));
    let failed = trial(&definition, tried("S", &json!({}), work("F")), START_MS).expect("the state");
    assert_eq!((failed.end, failed.handled), (TrialEnd::Failed, None));
}
