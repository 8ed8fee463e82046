//! Every field of the language, with a value that it may have and one that it may not: the table below is walked, and whoever adds a
//! field to the language adds it here.

use asl::parse::{FIELDS, KnownField, PARTS, TYPES, comparisons};
use asl::syntax::QueryLanguage::{self, JsonPath, Jsonata};
use serde_json::{Value, json};

/// Field, who has it (empty: all that have it), in which languages (`P`, `J`), a right value, a wrong one.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("Comment", "", "PJ", r#""c""#, "1"),
    ("QueryLanguage", "", "P", r#""JSONPath""#, r#""XPath""#),
    ("QueryLanguage", "", "J", r#""JSONata""#, r#""XPath""#),
    ("Type", "Task", "PJ", r#""Task""#, r#""Tsk""#),
    ("Type", "Choice", "PJ", r#""Choice""#, "1"),
    ("Type", "Parallel", "PJ", r#""Parallel""#, r#""parallel""#),
    ("Type", "Map", "PJ", r#""Map""#, r#""Wait""#),
    ("Type", "Pass", "PJ", r#""Pass""#, r#""Task""#),
    ("Type", "Wait", "PJ", r#""Wait""#, r#""Pass""#),
    ("Type", "Succeed", "PJ", r#""Succeed""#, r#""Choice""#),
    ("Type", "Fail", "PJ", r#""Fail""#, "null"),
    ("Next", "", "PJ", r#""Z""#, r#""Q""#),
    ("End", "", "PJ", "true", r#""true""#),
    ("Assign", "", "P", r#"{"v.$": "$.a", "w": 1}"#, r#"{"states": 1}"#),
    ("Assign", "", "J", r#"{"v": "{% $states.input.a %}"}"#, r#"{"v": "{% 1 + %}"}"#),
    ("InputPath", "", "P", r#""$.a.b""#, r#""a""#),
    ("OutputPath", "", "P", "null", "1"),
    ("ResultPath", "", "P", r#""$.a""#, r#""$$.a""#),
    ("Parameters", "Task Parallel Map Pass", "P", r#"{"a": [{"b.$": "$.c"}], "d.$": "States.UUID()"}"#, r#"{"a": {"b.$": "c"}}"#),
    ("Parameters", "ItemReader ResultWriter", "P", r#"{"Bucket": "b", "Key.$": "$.k"}"#, r#"{"Bucket.$": "b"}"#),
    ("ResultSelector", "", "P", r#"{"a.$": "$.b"}"#, "1"),
    ("Arguments", "Task Parallel", "J", r#""{% $states.input %}""#, r#"{"a": "{% $states.result %}"}"#),
    ("Arguments", "ItemReader ResultWriter", "J", r#"{"Bucket": "{% $states.input.b %}"}"#, r#"{"Bucket": "{% b %}"}"#),
    ("Output", "Task Parallel Map", "J", r#"{"a": "{% $states.result.b %}"}"#, r#""{% $states.errorOutput %}""#),
    ("Output", "Choice Pass Wait Succeed ChoiceRule", "J", r#""{% $states.input.a %}""#, r#""{% $states.result %}""#),
    ("Output", "Catcher", "J", r#""{% $states.errorOutput.Cause %}""#, r#""{% $states.result""#),
    ("Retry", "", "PJ", r#"[{"ErrorEquals": ["A"]}]"#, r#"{"ErrorEquals": ["A"]}"#),
    ("Catch", "", "PJ", r#"[{"ErrorEquals": ["A"], "Next": "Z"}]"#, r#"[{"ErrorEquals": ["A"]}]"#),
    ("StartAt", "StateMachine", "PJ", r#""X""#, r#""Q""#),
    ("StartAt", "Branch ItemProcessor", "PJ", r#""B""#, r#""X""#),
    ("States", "StateMachine", "PJ", r#"{"X": {"Type": "Succeed"}}"#, "{}"),
    ("States", "Branch ItemProcessor", "PJ", r#"{"B": {"Type": "Succeed"}}"#, r#"{"X": {"Type": "Succeed"}}"#),
    ("Version", "", "PJ", r#""1.0""#, "1.0"),
    ("TimeoutSeconds", "StateMachine", "PJ", "0", "-1"),
    ("TimeoutSeconds", "Task", "P", "1", r#""{% 1 %}""#),
    ("TimeoutSeconds", "Task", "J", r#""{% 1 %}""#, "0"),
    ("Resource", "Task", "PJ", r#""arn:aws:states:::sqs:sendMessage.waitForTaskToken""#, r#""arn:aws:states:::sqs:sendMessage.sync""#),
    ("Resource", "ItemReader", "PJ", r#""arn:aws:states:::s3:listObjectsV2""#, r#""arn:aws:states:::s3:putObject""#),
    ("Resource", "ResultWriter", "PJ", r#""arn:aws-cn:states:::s3:putObject""#, r#""arn:aws:states:::s3:getObject""#),
    ("Credentials", "", "P", r#"{"RoleArn.$": "$.role"}"#, "{}"),
    ("Credentials", "", "J", r#"{"RoleArn": "{% $states.input.role %}"}"#, r#"{"RoleArn.$": "{% 1"}"#),
    ("TimeoutSecondsPath", "", "P", r#""$.t""#, "1"),
    ("HeartbeatSeconds", "", "P", "99999999", "100000000"),
    ("HeartbeatSeconds", "", "J", r#""{% 1 %}""#, r#""1""#),
    ("HeartbeatSecondsPath", "", "P", r#""$.t""#, r#""t""#),
    ("Result", "", "P", r#"[{"a": 1.0}]"#, ""),
    ("Seconds", "", "P", "0", "1.5"),
    ("Seconds", "", "J", r#""{% 1 %}""#, r#""1""#),
    ("SecondsPath", "", "P", r#""$.t""#, r#""t""#),
    ("Timestamp", "", "P", r#""2026-01-31T12:00:00Z""#, r#""2026-01-31""#),
    ("Timestamp", "", "J", r#""{% $now() %}""#, r#""2026-01-31T12:00:00""#),
    ("TimestampPath", "", "P", r#""$.t""#, "null"),
    ("Error", "", "P", r#""E""#, "1"),
    ("Error", "", "J", r#""{% $states.input.e %}""#, "1"),
    ("ErrorPath", "", "P", r#""States.Format('{}', $.e)""#, r#""States.Array(1)""#),
    ("Cause", "", "P", r#""because""#, "1"),
    ("Cause", "", "J", r#""{% 'because' %}""#, r#""because %}""#),
    ("CausePath", "", "P", r#""$.e""#, r#""e""#),
    ("Branches", "", "PJ", r#"[{"StartAt": "C", "States": {"C": {"Type": "Succeed"}}}]"#, "[]"),
    ("Choices", "", "P", r#"[{"Variable": "$.a", "IsString": true, "Next": "Z"}]"#, "[]"),
    ("Choices", "", "J", r#"[{"Condition": "{% true %}", "Next": "Z"}]"#, r#"{}"#),
    ("Default", "", "PJ", r#""Z""#, r#""Q""#),
    ("Variable", "", "P", r#""$.a[0]['b']""#, r#""a""#),
    ("And", "", "P", r#"[{"Variable": "$.a", "IsNull": true}]"#, "[]"),
    ("Or", "", "P", r#"[{"Not": {"Variable": "$.a", "IsNull": true}}]"#, r#"[{"Variable": "$.a", "IsNull": true, "Next": "Z"}]"#),
    ("Not", "", "P", r#"{"Variable": "$.a", "IsNull": true}"#, "[]"),
    ("Condition", "", "J", r#""{% $states.input.a = 1 %}""#, r#""true""#),
    ("ErrorEquals", "", "PJ", r#"["States.Runtime", "States.MadeUp"]"#, r#"["A", "States.ALL"]"#),
    ("IntervalSeconds", "", "PJ", "0", "-1"),
    ("MaxAttempts", "", "PJ", "99999999", "100000000"),
    ("BackoffRate", "", "PJ", "1.0", "0.5"),
    ("MaxDelaySeconds", "", "PJ", "31622399", "0"),
    ("JitterStrategy", "", "PJ", r#""FULL""#, r#""full""#),
    ("ItemProcessor", "", "PJ", r#"{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#, r#"{"StartAt": "B"}"#),
    ("Iterator", "", "PJ", r#"{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#, "[]"),
    ("Items", "", "J", r#"[1, "{% $states.input %}"]"#, "1"),
    ("ItemsPath", "", "P", r#""$.a""#, r#""a""#),
    ("ItemSelector", "", "P", r#"{"i.$": "$$.Map.Item.Index"}"#, r#""i""#),
    ("ItemSelector", "", "J", r#"{"i": "{% $states.context.Map.Item.Value %}"}"#, "1"),
    ("ItemReader", "", "PJ", r#"{"Resource": "arn:aws:states:::s3:getObject"}"#, "{}"),
    ("ItemBatcher", "", "PJ", r#"{"MaxItemsPerBatch": 10}"#, "{}"),
    ("ResultWriter", "", "PJ", r#"{"WriterConfig": {"OutputType": "JSONL"}}"#, "{}"),
    ("Label", "", "PJ", r#""my-label""#, r#""my label""#),
    ("MaxConcurrency", "", "P", "0", "-1"),
    ("MaxConcurrency", "", "J", r#""{% 1 %}""#, r#""1""#),
    ("MaxConcurrencyPath", "", "P", r#""$.n""#, "1"),
    ("ToleratedFailureCount", "", "P", "0", "-1"),
    ("ToleratedFailureCount", "", "J", r#""{% 1 %}""#, r#""1""#),
    ("ToleratedFailureCountPath", "", "P", r#""$.n""#, "1"),
    ("ToleratedFailurePercentage", "", "P", "100", "101"),
    ("ToleratedFailurePercentage", "", "J", r#""{% 1 %}""#, "-1"),
    ("ToleratedFailurePercentagePath", "", "P", r#""$.n""#, "1"),
    ("ProcessorConfig", "", "PJ", r#"{"Mode": "INLINE"}"#, r#"{"Mode": "INLINE", "ExecutionType": "EXPRESS"}"#),
    ("Mode", "", "PJ", r#""DISTRIBUTED""#, r#""PARALLEL""#),
    ("ExecutionType", "", "PJ", r#""EXPRESS""#, r#""FAST""#),
    ("ReaderConfig", "", "PJ", r#"{"InputType": "JSONL"}"#, r#"{"InputType": "CSV"}"#),
    ("InputType", "", "PJ", r#""PARQUET""#, r#""XML""#),
    ("Transformation", "ReaderConfig", "PJ", r#""LOAD_AND_FLATTEN""#, r#""FLATTEN""#),
    ("Transformation", "WriterConfig", "PJ", r#""FLATTEN""#, r#""LOAD_AND_FLATTEN""#),
    ("CSVHeaderLocation", "", "PJ", r#""FIRST_ROW""#, r#""GIVEN""#),
    ("CSVHeaders", "", "PJ", r#"["a", "b"]"#, "[1]"),
    ("CSVDelimiter", "", "PJ", r#""TAB""#, r#"";""#),
    ("MaxItems", "", "P", "10", "-1"),
    ("MaxItems", "", "J", r#""{% 10 %}""#, r#""10""#),
    ("MaxItemsPath", "", "P", r#""$.n""#, "1"),
    ("ItemsPointer", "", "PJ", r#""/data/items""#, r#""data""#),
    ("ManifestType", "", "PJ", r#""S3_INVENTORY""#, r#""ATHENA""#),
    ("BatchInput", "", "P", r#"{"a.$": "$.b"}"#, "1"),
    ("BatchInput", "", "J", r#"{"a": "{% $states.input.b %}"}"#, "[1]"),
    ("MaxItemsPerBatch", "", "P", "1", "0"),
    ("MaxItemsPerBatch", "", "J", r#""{% 1 %}""#, r#""1""#),
    ("MaxItemsPerBatchPath", "", "P", r#""$.n""#, "1"),
    ("MaxInputBytesPerBatch", "", "P", "262144", "262145"),
    ("MaxInputBytesPerBatch", "", "J", r#""{% 1 %}""#, r#""1""#),
    ("MaxInputBytesPerBatchPath", "", "P", r#""$.n""#, "1"),
    ("WriterConfig", "", "PJ", r#"{"Transformation": "COMPACT"}"#, "[]"),
    ("OutputType", "", "PJ", r#""JSON""#, r#""CSV""#),
];

/// What is taken away when a field is put in, because it says the same in another way or asks for something else.
const RIVALS: &[(&str, &[&str])] = &[
    ("Next", &["End"]),
    ("SecondsPath", &["Seconds"]),
    ("Timestamp", &["Seconds"]),
    ("TimestampPath", &["Seconds"]),
    ("Iterator", &["ItemProcessor"]),
    ("And", &["Variable", "IsNull"]),
    ("Or", &["Variable", "IsNull"]),
    ("Not", &["Variable", "IsNull"]),
    ("Condition", &["Condition"]),
    ("MaxItemsPath", &["MaxItems"]),
    ("MaxItemsPerBatchPath", &["MaxItemsPerBatch"]),
];

/// A definition that has such an object, and where.
fn base(owner: &str, language: QueryLanguage) -> (Value, String) {
    let machine = json!({"StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}});
    let mut processor = machine.clone();
    processor["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    let rule = match language {
        JsonPath => json!({"Variable": "$.a", "IsNull": true, "Next": "Z"}),
        Jsonata => json!({"Condition": true, "Next": "Z"}),
    };
    let task = json!({"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f:1", "End": true});
    let map = json!({"Type": "Map", "ItemProcessor": processor, "End": true});
    let (mut state, place, part) = match owner {
        "Choice" => (json!({"Type": "Choice", "Choices": [rule]}), "", None),
        "ChoiceRule" => (json!({"Type": "Choice", "Choices": [rule]}), "/Choices/0", None),
        "Parallel" => (json!({"Type": "Parallel", "Branches": [machine], "End": true}), "", None),
        "Branch" => (json!({"Type": "Parallel", "Branches": [machine], "End": true}), "/Branches/0", None),
        "Map" => (map, "", None),
        "ItemProcessor" => (map, "/ItemProcessor", None),
        "ProcessorConfig" => (map, "/ItemProcessor/ProcessorConfig", None),
        "Retrier" => (task, "/Retry/0", Some(("Retry", json!([{"ErrorEquals": ["A"]}])))),
        "Catcher" => (task, "/Catch/0", Some(("Catch", json!([{"ErrorEquals": ["A"], "Next": "Z"}])))),
        "ItemReader" => {
            (map, "/ItemReader", Some(("ItemReader", json!({"Resource": "arn:aws:states:::s3:getObject"}))))
        }
        "ReaderConfig" => {
            let reader = json!({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {}});
            (map, "/ItemReader/ReaderConfig", Some(("ItemReader", reader)))
        }
        "ItemBatcher" => (map, "/ItemBatcher", Some(("ItemBatcher", json!({"MaxItemsPerBatch": 5})))),
        "ResultWriter" => (
            map,
            "/ResultWriter",
            Some(("ResultWriter", json!({"Resource": "arn:aws:states:::s3:putObject"}))),
        ),
        "WriterConfig" => {
            (map, "/ResultWriter/WriterConfig", Some(("ResultWriter", json!({"WriterConfig": {}}))))
        }
        "Pass" => (json!({"Type": "Pass", "End": true}), "", None),
        "Wait" => (json!({"Type": "Wait", "Seconds": 1, "End": true}), "", None),
        "Succeed" | "Fail" => (json!({"Type": owner}), "", None),
        _ => (task, "", None),
    };
    if let Some((name, value)) = part {
        state[name] = value;
    }
    let place = if owner == "StateMachine" { String::new() } else { format!("/States/X{place}") };
    let definition = json!({"QueryLanguage": language.name(), "StartAt": "X", "States": {"X": state}});
    (definition, place)
}

/// The text of a definition in which `owner` has that field with that value.
fn with(owner: &str, language: QueryLanguage, field: &str, value: &str) -> String {
    let (mut definition, place) = base(owner, language);
    let object = definition.pointer_mut(&place).and_then(Value::as_object_mut).expect("the base has it");
    for (_, rivals) in RIVALS.iter().filter(|(name, _)| *name == field) {
        for rival in *rivals {
            object.remove(*rival);
        }
    }
    object.insert(field.to_owned(), serde_json::from_str(value).expect("a case is JSON"));
    match (owner, field) {
        // What goes with it.
        ("ReaderConfig", "CSVHeaders") => object.extend([("CSVHeaderLocation".to_owned(), json!("GIVEN"))]),
        ("ResultWriter", "WriterConfig") => drop(object.remove("Resource")),
        _ => {}
    };
    if definition.to_string().contains(r#""Z""#) {
        definition["States"]["Z"] = json!({"Type": "Succeed"});
    }
    definition.to_string()
}

fn languages(field: &KnownField) -> Vec<QueryLanguage> {
    [JsonPath, Jsonata].into_iter().filter(|it| field.language.is_none_or(|only| only == *it)).collect()
}

fn cases<'c>(
    field: &'c KnownField,
    owner: &'c str,
    language: QueryLanguage,
) -> impl Iterator<Item = &'c Case> {
    let letter = if language == JsonPath { 'P' } else { 'J' };
    CASES.iter().filter(move |(name, owners, letters, ..)| {
        let is_of = owners.is_empty() || owners.split(' ').any(|it| it == owner);
        *name == field.name && is_of && letters.contains(letter)
    })
}

/// Fields of a whole machine say it for the bases; that they are refused is seen by the location.
#[test]
fn every_field_of_every_object_accepts_what_is_right_and_refuses_what_is_wrong() {
    for field in FIELDS {
        for owner in field.owners {
            for language in languages(field) {
                let mut count = 0;
                for (_, _, _, right, wrong) in cases(field, owner, language) {
                    let text = with(owner, language, field.name, right);
                    let read = asl::parse(&text);
                    assert!(
                        read.is_ok(),
                        "{owner} {} {language:?}\n{text}\n{}",
                        field.name,
                        read.unwrap_err()
                    );
                    // Whatever JSON may be a Result.
                    if field.name != "Result" {
                        let text = with(owner, language, field.name, wrong);
                        assert!(asl::parse(&text).is_err(), "{owner} {} {language:?}\n{text}", field.name);
                    }
                    count += 1;
                }
                assert!(
                    count > 0,
                    "there is no case for the field {} of {owner} in {language:?}",
                    field.name
                );
            }
        }
    }
}

#[test]
fn a_field_of_the_other_language_is_refused_by_name() {
    for field in FIELDS {
        let Some(language) = field.language else { continue };
        let other = if language == JsonPath { Jsonata } else { JsonPath };
        for owner in field.owners {
            let text = with(owner, other, field.name, "1");
            let problems = asl::parse(&text).expect_err(&text).to_string();
            let says = format!(
                "The QueryLanguage is set to '{}', but field '{}' is only supported for the '{}' QueryLanguage",
                other.name(),
                field.name,
                language.name()
            );
            assert!(problems.contains(&says), "{text}\n{problems}\nshould say {says}");
        }
    }
}

#[test]
fn a_field_that_an_object_has_not_is_refused_by_name() {
    for owner in TYPES.iter().chain(&PARTS) {
        let foreign = FIELDS.iter().filter(|field| !field.owners.contains(owner)).map(|field| field.name);
        for name in foreign.chain(["Nonsense", "comment"]) {
            let text = with(owner, JsonPath, name, r#""$""#);
            let problems = asl::parse(&text).expect_err(&text).to_string();
            let says = format!("SCHEMA_VALIDATION_FAILED: Field '{name}' is not supported");
            assert!(problems.contains(&says), "{text}\n{problems}\nshould say {says}");
        }
    }
}

#[test]
fn every_comparison_is_read_in_jsonpath_and_refused_in_jsonata() {
    for name in comparisons() {
        let right = match name {
            _ if name.starts_with("Is") => json!(true),
            _ if name.ends_with("Path") => json!("$.b"),
            _ if name.starts_with("Numeric") => json!(1.5),
            _ if name.starts_with("Boolean") => json!(false),
            _ if name.starts_with("Timestamp") => json!("2026-01-31T12:00:00+01:00"),
            _ => json!("b*"),
        };
        let rule = |comparison: Value| {
            json!({"StartAt": "X", "States": {
                "X": {"Type": "Choice", "Choices": [{"Variable": "$.a", name: comparison, "Next": "Z"}]},
                "Z": {"Type": "Succeed"}}})
        };
        assert!(asl::parse(&rule(right.clone()).to_string()).is_ok(), "{name}");
        assert!(asl::parse(&rule(json!([])).to_string()).is_err(), "{name}");
        let mut jsonata = rule(right);
        jsonata["QueryLanguage"] = json!("JSONata");
        let problems = asl::parse(&jsonata.to_string()).expect_err(name).to_string();
        assert!(
            problems.contains(&format!("field '{name}' is only supported for the 'JSONPath'")),
            "{problems}"
        );
    }
}
