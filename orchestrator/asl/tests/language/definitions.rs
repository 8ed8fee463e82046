//! Whole definitions, as the States Language specification and the Developer Guide show them: what AWS accepts is accepted, and what is
//! one step beside it is refused with AWS's code.

/// Checks a machine with those states, of which the first is `A`; `fields` are the machine's. The codes are those of all
/// problems, in the order of the text.
fn check(fields: &str, states: &str, codes: &[&str]) {
    let text = format!(r#"{{"StartAt": "A", {fields} "States": {{{states}}}}}"#);
    let problems = asl::parse(&text).err();
    let problems = problems.as_ref().map(asl::Problems::as_slice).unwrap_or_default();
    let found: Vec<&str> = problems.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(found, codes, "{text}\n{problems:#?}");
}

const JSONATA: &str = r#""QueryLanguage": "JSONata","#;
const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";
const TARGET: &str = "MISSING_TRANSITION_TARGET";

#[test]
fn a_task_with_all_that_it_may_have() {
    let task = r#""A": {"Type": "Task", "Comment": "c", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Credentials": {"RoleArn": "arn:aws:iam::111122223333:role/LambdaRole"},
        "InputPath": "$.order", "Parameters": {"FunctionName": "f:$LATEST", "Payload": {"token.$": "$$.Task.Token", "all.$": "$"}},
        "ResultSelector": {"total.$": "$.sum"}, "ResultPath": "$.order.total", "OutputPath": "$['order']",
        "Assign": {"total.$": "$.sum", "known": [1, {"deep.$": "States.Format('{}', $.sum)"}]},
        "TimeoutSecondsPath": "$.limits.total", "HeartbeatSeconds": 60,
        "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException", "States.Timeout"], "IntervalSeconds": 2, "MaxAttempts": 6,
                   "BackoffRate": 2, "MaxDelaySeconds": 20, "JitterStrategy": "FULL"}, {"ErrorEquals": ["States.ALL"]}],
        "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Assign": {"why.$": "$.Cause"}, "Next": "B"}],
        "Next": "C"}, "B": {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "States.JsonToString($.error)"},
        "C": {"Type": "Succeed"}"#;
    check(r#""TimeoutSeconds": 3600, "Version": "1.0","#, task, &[]);
    check("", &task.replace("\"Next\": \"C\"", "\"Next\": \"D\""), &[TARGET, TARGET]);
    check("", &task.replace("$.sum\"}, \"ResultPath", "sum\"}, \"ResultPath"), &[SCHEMA]);
    check("", &task.replace("$['order']\"", "order\""), &[SCHEMA]);
}

#[test]
fn a_task_in_jsonata() {
    let task = r#""A": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem",
        "Arguments": {"TableName": "{% $table %}", "Item": {"id": {"S": "{% $states.context.Execution.Name %}"}, "n": [1, "{% $sum($states.input.n) %}"]}},
        "Assign": {"table": "{% $states.result.SdkHttpMetadata.HttpStatusCode = 200 ? 'a' : 'b' %}"}, "Output": "{% $states.result %}",
        "TimeoutSeconds": "{% $states.input.limit %}", "HeartbeatSeconds": 5,
        "Catch": [{"ErrorEquals": ["States.ALL"], "Output": {"why": "{% $states.errorOutput.Cause %}"}, "Assign": {"e": "{% $states.errorOutput %}"}, "Next": "B"}],
        "End": true}, "B": {"Type": "Fail", "Error": "{% $e.Error %}", "Cause": "stopped"}"#;
    check(JSONATA, task, &[]);
    check(JSONATA, &task.replace("{% $e.Error %}", "{% Error %}"), &["UNSUPPORTED_JSONATA_EXPRESSION"]);
    check(
        JSONATA,
        &task.replace("{% $e.Error %}", "{% $states.errorOutput %}"),
        &["UNSUPPORTED_JSONATA_EXPRESSION"],
    );
    check(JSONATA, &task.replace("{% $table %}", "{% $table[ %}"), &["INVALID_JSONATA_EXPRESSION"]);
    check(JSONATA, &task.replace("{% $table %}", "{% $table"), &[SCHEMA]);
    check("", &task.replace("\"Catch\": [", "\"Catch\": [], \"Cache\": ["), &[SCHEMA; 4]);
}

#[test]
fn choices_in_both_languages() {
    let rest = r#""B": {"Type": "Succeed"}, "C": {"Type": "Fail", "Cause": "No Matches!"}"#;
    let paths = format!(
        r#""A": {{"Type": "Choice", "Choices": [
        {{"Not": {{"Variable": "$.type", "StringEquals": "Private"}}, "Next": "B"}},
        {{"And": [{{"Variable": "$.value", "IsPresent": true}}, {{"Variable": "$.value", "IsNumeric": true}},
                {{"Variable": "$.value", "NumericGreaterThanEquals": 20}}, {{"Variable": "$.value", "NumericLessThanPath": "$limits.max"}}],
          "Assign": {{"big.$": "$.value"}}, "Next": "C"}}], "Default": "B"}}, {rest}"#
    );
    check("", &paths, &[]);
    check("", &paths.replace("\"Default\": \"B\"", "\"Next\": \"B\""), &[SCHEMA]);
    let jsonata = format!(
        r#""A": {{"Type": "Choice", "Output": "{{% $states.input %}}", "Choices": [
        {{"Condition": "{{% $states.input.value >= 20 and $states.input.value < 30 %}}", "Assign": {{"x": 1}}, "Output": 1, "Next": "B"}},
        {{"Condition": true, "Next": "C"}}]}}, {rest}"#
    );
    check(JSONATA, &jsonata, &[]);
    check(JSONATA, &jsonata.replace("\"Condition\": true", "\"Condition\": \"yes\""), &[SCHEMA]);
    check(JSONATA, &paths, &[SCHEMA, SCHEMA, SCHEMA, SCHEMA, "INVALID_VARIABLE_NAME"]);
}

#[test]
fn waits() {
    for until in [
        r#""Seconds": 10"#,
        r#""SecondsPath": "$.seconds""#,
        r#""Timestamp": "2016-03-14T01:59:00Z""#,
        r#""TimestampPath": "$.expirydate""#,
    ] {
        check("", &format!(r#""A": {{"Type": "Wait", {until}, "End": true}}"#), &[]);
        check("", &format!(r#""A": {{"Type": "Wait", {until}, "Seconds": 2, "End": true}}"#), &{
            // The same field twice is not JSON that means anything; two ways are one too many.
            if until.starts_with("\"Seconds\"") { vec!["INVALID_JSON_DESCRIPTION"] } else { vec![SCHEMA] }
        });
    }
    let ends = r#""A": {"Type": "Wait", "Seconds": "{% $states.input.s %}", "Output": "{% $states.input %}", "Assign": {"t": "{% $now() %}"}, "End": true}"#;
    check(JSONATA, ends, &[]);
}

#[test]
fn parallel_branches() {
    let parallel = r#""A": {"Type": "Parallel", "Parameters": {"all.$": "$"}, "ResultSelector": {"first.$": "$[0]"}, "ResultPath": "$.r",
        "Branches": [{"Comment": "c", "StartAt": "B", "States": {"B": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:AddressFinder", "End": true}}},
                     {"StartAt": "C", "States": {"C": {"Type": "Pass", "Next": "D"}, "D": {"Type": "Wait", "Seconds": 1, "End": true}}}],
        "Retry": [{"ErrorEquals": ["States.BranchFailed"]}], "End": true}"#;
    check("", parallel, &[]);
    check("", &parallel.replace("\"Next\": \"D\"", "\"Next\": \"B\""), &[TARGET, TARGET]);
    check(
        "",
        &parallel.replace("\"D\": {", "\"B\": {").replace("\"Next\": \"D\"", "\"Next\": \"B\""),
        &["DUPLICATE_STATE_NAME"],
    );
    check("", &parallel.replace("\"StartAt\": \"B\"", "\"Version\": \"1.0\", \"StartAt\": \"B\""), &[SCHEMA]);
    check(
        "",
        &parallel.replace("\"Seconds\": 1, \"End\": true", "\"Seconds\": 1, \"Next\": \"C\""),
        &["MISSING_END_STATE"],
    );
}

#[test]
fn maps_within_the_execution() {
    let inline = r#""A": {"Type": "Map", "InputPath": "$.detail", "ItemsPath": "$.shipped", "MaxConcurrency": 0, "ResultPath": "$.done",
        "ItemSelector": {"parcel.$": "$$.Map.Item.Value", "courier.$": "$.delivery-partner", "i.$": "$$.Map.Item.Index"},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "B", "States": {
            "B": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:ship-val", "End": true}}}, "End": true}"#;
    check("", inline, &[]);
    let former = inline.replace("ItemSelector", "Parameters").replace("ItemProcessor", "Iterator");
    check("", &former, &[]);
    check("", &inline.replace("\"ItemsPath\": \"$.shipped\"", "\"ItemsPath\": \"$.shipped[*]\""), &[]);
    check("", &inline.replace("\"ItemsPath\": \"$.shipped\"", "\"ItemsPath\": \"shipped\""), &[SCHEMA]);
    check("", &inline.replace("\"MaxConcurrency\": 0", "\"ToleratedFailureCount\": 0"), &[SCHEMA]);
}

#[test]
fn maps_of_executions_of_their_own() {
    let csv = r#""A": {"Type": "Map", "Label": "Ratings", "MaxConcurrencyPath": "$.n", "ToleratedFailurePercentage": 5.5, "ToleratedFailureCountPath": "$.c",
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket.$": "$.bucket", "Key": "ratings.csv"},
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["userId", "rating"], "CSVDelimiter": "PIPE", "MaxItemsPath": "$.max"}},
        "ItemBatcher": {"MaxItemsPerBatch": 10, "MaxInputBytesPerBatchPath": "$.bytes", "BatchInput": {"factCheck.$": "$.date"}},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}},
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}, "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"}},
        "End": true}"#;
    check("", csv, &[]);
    check("", &csv.replace("\"DISTRIBUTED\"", "\"INLINE\""), &[SCHEMA; 7]);
    check("", &csv.replace("\"CSVHeaderLocation\": \"GIVEN\", ", ""), &[SCHEMA]);
    check("", &csv.replace("\"Label\": \"Ratings\"", "\"Label\": \"Rat*ngs\""), &["INVALID_LABEL_NAME"]);
    check("", &csv.replace("s3:putObject", "s3:getObject"), &[SCHEMA]);
    let jsonata = r#""A": {"Type": "Map", "Items": "{% $states.input.items %}", "ItemSelector": "{% $states.context.Map.Item.Value %}", "MaxConcurrency": "{% 5 %}",
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "B", "States": {"B": {"Type": "Pass", "Output": "{% $states.input %}", "End": true}}},
        "ResultWriter": {"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}}, "Output": "{% $count($states.result) %}", "End": true}"#;
    check(JSONATA, jsonata, &[]);
    check(JSONATA, &jsonata.replace("\"{% $states.input.items %}\"", "5"), &[SCHEMA]);
}

#[test]
fn passes_and_ends() {
    check(
        "",
        r#""A": {"Type": "Pass", "Result": {"x-datum": 0.381018, "y-datum": 622.2269926397355}, "ResultPath": "$.coords", "Next": "B"}, "B": {"Type": "Succeed", "OutputPath": null}"#,
        &[],
    );
    check(
        "",
        r#""A": {"Type": "Pass", "Parameters": {"a.$": "States.ArrayRange(1, 9, 2)", "b.$": "States.Hash($.x, 'SHA-1')"}, "End": true}"#,
        &[],
    );
    check(JSONATA, r#""A": {"Type": "Pass", "Output": {"n": 1, "s": "{% $uuid() %}"}, "End": true}"#, &[]);
    check(JSONATA, r#""A": {"Type": "Pass", "Output": 1, "Result": 1, "End": true}"#, &[SCHEMA]);
    check("", r#""A": {"Type": "Fail", "Error": "ErrorA", "Cause": "Kaiju attack"}"#, &[]);
    check("", r#""A": {"Type": "Fail", "InputPath": "$", "Next": "A"}"#, &[SCHEMA, SCHEMA]);
    check(JSONATA, r#""A": {"Type": "Succeed", "Output": "{% $states.input %}"}"#, &[]);
}
