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

/// More values: fields (each with all objects that have it, or with those after `@`), languages, right values, wrong values.
type Values = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

/// No value of a field that takes a number, a word, an object: whatever it is, it is none of these.
const NO_STRING: &[&str] = &["null", "1", "true", "[]", "{}"];

#[rustfmt::skip]
const VALUES: &[Values] = &[
    ("Comment", "PJ", &[r#""""#, r#""ü \" { %""#], NO_STRING),
    ("Next StartAt Default", "PJ", &[], &["null", "1", "[]", "{}", r#""""#, r#""z""#]),
    ("End", "PJ", &[], &["1", r#""""#, "null", "[]", "{}"]),
    // Paths: any may be there, and each field takes nothing else.
    ("InputPath OutputPath", "P", &["null", r#""$""#, r#""$$""#, r#""$$.Execution.Id""#, r#""$v""#, r#""$v.a[0]""#, r#""$.a[*]""#, r#""$..a""#,
        r#""$.a[?(@.b == 1)].c""#, r#""$.a[-1:]""#, r#""$['a b']""#, r#""$.a['b','c']""#, r#""$.x-y""#],
        &["1", "true", "[]", "{}", r#""""#, r#""a.b""#, r#""$.""#, r#""$.a[""#, r#""$.a[]""#, r#""$.a b""#, r#""$.a[?(@.b ==)]""#, r#""States.UUID()""#]),
    ("SecondsPath TimestampPath TimeoutSecondsPath HeartbeatSecondsPath MaxConcurrencyPath ToleratedFailureCountPath", "P",
        &[r#""$$.Execution.Input.n""#, r#""$v""#, r#""$.a[0].b""#, r#""$.a[?(@.b == 1)]""#], &["null", "1", "true", "[]", "{}", r#""""#, r#""a""#, r#""$.a[""#]),
    ("ToleratedFailurePercentagePath MaxItemsPath MaxItemsPerBatchPath MaxInputBytesPerBatchPath", "P",
        &[r#""$$.Execution.Input.n""#, r#""$v.n""#], &["null", "1", "[]", r#""""#, r#""n""#]),
    ("Variable ItemsPath", "P", &[r#""$""#, r#""$$.Execution.Input""#, r#""$v""#, r#""$.a[*]""#, r#""$..a""#, r#""$.a[?(@.b == 'c')]""#, r#""$.a.[0].b""#, r#""$.[0]""#],
        &["null", "1", "[]", "{}", r#""""#, r#""a""#, r#""$.""#, r#""$.a[""#, r#""$.a[?(@.b]""#]),
    // Only what is written to must be one place.
    ("ResultPath", "P", &["null", r#""$""#, r#""$.a.b""#, r#""$.a[0]""#, r#""$['a b'].c""#],
        &["1", "[]", "{}", r#""""#, r#""a""#, r#""$$""#, r#""$v""#, r#""$.a[*]""#, r#""$..a""#, r#""$.a[-1]""#, r#""$.a[0,1]""#, r#""$.a[0:1]""#, r#""$.a[?(@.b)]""#, r#""$['a','b']""#]),
    ("ErrorPath CausePath", "P", &[r#""$.a""#, r#""$$.State.Name""#, r#""States.UUID()""#, r#""States.JsonToString($)""#], &["null", "1", r#""""#, r#""a""#, r#""States.MathAdd(1, 1)""#]),
    ("Error Cause", "P", &[r#""""#, r#""States.MadeUp""#], NO_STRING),
    ("Error Cause", "J", &[r#""""#, r#""{% 'a' & 'b' %}""#], &["null", "1", "[]", r#""{% %}""#, r#""{% a %}""#, r#""{% 1""#]),
    // Numbers.
    ("Seconds", "P", &["99999999"], &["null", "-1", "100000000", "true", r#""1""#, r#""$.s""#, "[]", "{}"]),
    ("Seconds", "J", &["0", "99999999"], &["null", "-1", "100000000", "1.5", "[]", r#""{% s %}""#]),
    ("TimeoutSeconds@Task HeartbeatSeconds", "PJ", &["1", "99999999"], &["null", "0", "-1", "1.5", "100000000", "true", "[]", "{}"]),
    ("TimeoutSeconds@StateMachine", "PJ", &["1", "99999999"], &["null", "1.5", "100000000", r#""1""#, r#""{% 1 %}""#, "[]"]),
    ("IntervalSeconds", "PJ", &["1", "99999999"], &["null", "1.5", "100000000", r#""1""#, "[]"]),
    ("MaxAttempts", "PJ", &["0", "1"], &["null", "-1", "1.5", r#""1""#, "[]"]),
    ("BackoffRate", "PJ", &["1", "1.5", "2.0", "1000"], &["null", "0", "-1", r#""2""#, "[]"]),
    ("MaxDelaySeconds", "PJ", &["1"], &["null", "-1", "1.5", "31622400", r#""1""#]),
    ("MaxConcurrency ToleratedFailureCount", "PJ", &["0", "1", "1000"], &["null", "-1", "1.5", "true", "[]"]),
    ("ToleratedFailurePercentage", "PJ", &["0", "0.5", "99.9", "100"], &["null", "-0.1", "100.1", "true", r#""5""#, "[]"]),
    ("MaxItems", "P", &["1"], &["null", "1.5", r#""1""#, "[]"]),
    ("MaxItemsPerBatch MaxInputBytesPerBatch", "P", &["1", "100"], &["null", "0", "-1", "1.5", r#""1""#, "[]"]),
    // Words.
    ("Mode ExecutionType InputType JitterStrategy CSVDelimiter ManifestType OutputType CSVHeaderLocation Version", "PJ", &[], &["null", "1", "[]", r#""""#, r#""none""#, r#""A""#]),
    ("Transformation QueryLanguage Type", "PJ", &[], &["null", "1", "[]", r#""""#, r#""x""#]),
    ("JitterStrategy", "PJ", &[r#""NONE""#], &[r#""Full""#]),
    ("InputType", "PJ", &[r#""JSON""#, r#""JSONL""#, r#""MANIFEST""#], &[r#""json""#, r#""S3""#]),
    ("CSVDelimiter", "PJ", &[r#""COMMA""#, r#""PIPE""#, r#""SEMICOLON""#, r#""SPACE""#], &[r#"",""#]),
    ("ManifestType", "PJ", &[r#""ATHENA_DATA""#], &[]),
    ("ItemsPointer", "PJ", &[r#""/a""#, r#""/a/0/b~1c""#], &["null", "1", r#""a/b""#]),
    ("Label", "PJ", &[r#""L""#, r#""a.b_c-d""#, r#""1234567890123456789012345678901234567890""#],
        &["null", "1", r#""""#, r#""a/b""#, r#""a*b""#, r#""a?b""#, r#""a\"b""#, r#""12345678901234567890123456789012345678901""#]),
    ("Timestamp", "P", &[r#""2026-01-31T12:00:00.123Z""#, r#""2026-01-31T12:00:00+01:00""#], &["null", "1", r#""""#, r#""$.t""#, r#""2026-01-31T12:00:00""#, r#""2026-13-31T12:00:00Z""#, r#""12:00""#]),
    // Arrays and objects.
    ("Branches Choices", "PJ", &[], &["null", "{}", r#""""#, "[1]", "[null]", "[{}]", "[[]]"]),
    ("Retry Catch", "PJ", &["[]"], &["null", "{}", r#""""#, "[1]", "[{}]", r#"[{"ErrorEquals": []}]"#, r#"[{"ErrorEquals": "A"}]"#]),
    ("ErrorEquals", "PJ", &[r#"["States.ALL"]"#, r#"["A", "B"]"#, r#"["A", "A"]"#], &["null", "[]", r#""A""#, "[1]", "[null]", r#"["States.ALL", "A"]"#]),
    ("And Or", "P", &[], &["null", "{}", "[1]", "[{}]", r#"[{"Variable": "$.a"}]"#, r#"[{"IsNull": true}]"#]),
    ("Not", "P", &[], &["null", "1", "{}", r#"{"Variable": "$.a"}"#, r#"{"Variable": "$.a", "IsNull": true, "Next": "Z"}"#, r#"{"Variable": "$.a", "IsNull": true, "IsString": true}"#]),
    ("Condition", "J", &["true", "false", r#""{% $states.context.State.Name = 'X' %}""#], &["null", "1", "[]", r#""{% %}""#, r#""{% a %}""#, r#""{% $states.result %}""#]),
    ("States", "PJ", &[], &["null", "[]", "1", r#"{"B": 1}"#, r#"{"B": {}}"#, r#"{"B": {"Type": "Pass"}}"#]),
    ("ItemProcessor Iterator", "PJ", &[], &["null", "1", "{}", r#"{"StartAt": "B", "States": {}}"#, r#"{"StartAt": "C", "States": {"B": {"Type": "Succeed"}}}"#]),
    ("ProcessorConfig ReaderConfig ItemReader ItemBatcher ResultWriter WriterConfig", "PJ", &[], &["null", "1", r#""""#, "[]", r#"{"Nonsense": 1}"#]),
    ("CSVHeaders", "PJ", &[r#"["a"]"#], &["null", "{}", "[]", r#""a""#, "[null]"]),
    ("ItemSelector BatchInput ResultSelector", "P", &["{}", r#"{"a": {"b.$": "$$.Execution.Id"}, "c": [1, null]}"#], &["null", "1", "[]", r#""$.a""#, r#"{"a.$": 1}"#, r#"{"a.$": "b"}"#, r#"{"a.$": "States.Nope()"}"#, r#"{"a": 1, "a.$": "$.b"}"#]),
    ("Parameters@Task Parameters@Pass Parameters@Parallel", "P", &["{}", r#"{"a.$": "$.b[?(@.c == 1)]"}"#, r#"{"a.$": "States.Format('{}', $$.State.Name)"}"#], &[r#"{"a.$": "b"}"#, r#"{"a.$": null}"#, r#"{"a": {"b.$": "$."}}"#, r#"{"a.$": "States.Array('b)"}"#]),
    ("Result", "P", &["null", "1", r#""a""#, "[]", "{}", "false", r#"{"a.$": "$.b"}"#], &[]),
    ("Assign", "P", &["{}", r#"{"a": 1, "b.$": "$.c", "d": {"e.$": "$$"}}"#, r#"{"ünï_1": null}"#], &["null", "1", "[]", r#"{"1a": 1}"#, r#"{"a b": 1}"#, r#"{"a-b": 1}"#, r#"{"": 1}"#, r#"{"$a": 1}"#, r#"{"a.$": "b"}"#]),
    ("Assign", "J", &["{}", r#"{"a": "{% 1 %}", "b": [1, {"c": "{% $states.context %}"}]}"#], &["null", "1", "[]", r#"{"1a": 1}"#, r#"{"states": 1}"#, r#"{"a": "{% b %}"}"#]),
    ("Output", "J", &["{}", "[]", "1", "null", "false", r#""x""#, r#""{% {'a': [1..3]} %}""#, r#"{"a": ["{% $states.context.Execution.Id %}"]}"#], &[r#""{% %}""#, r#""{% a %}""#, r#""{% $$ %}""#, r#""{% 1 +%}""#, r#""{% 1""#, r#""1 %}""#, r#"{"a": "{% $x := %}"}"#]),
    ("Arguments@Task Arguments@Parallel", "J", &["{}", r#""{% $states.input %}""#, r#"{"a": "{% $states.input.b %}"}"#], &[r#""{% a %}""#, r#""{% $states.errorOutput %}""#, r#"{"a": "{% 1 + %}"}"#]),
    ("Items", "J", &["[]", "{}", r#""{% [1..9] %}""#], &["null", "true", r#""a""#, r#""{% a %}""#]),
    ("Credentials", "PJ", &[], &["null", "1", "[]", r#""r""#]),
    ("Resource@Task", "PJ", &[r#""arn:aws:states:us-east-1:123456789012:activity:a""#, r#""arn:aws:states:::aws-sdk:s3:getObject""#, r#""arn:aws:states:::bedrockagentcore:invokeHarness""#],
        &["null", "1", r#""""#, r#""f""#, r#""arn:aws:s3:::b""#, r#""arn:aws:states:::sqs:nope""#, r#""arn:aws:states:::athena:getQueryResults.sync""#, r#""arn:aws:states:::dynamodb:getItem.waitForTaskToken""#]),
];

/// The fields of an entry of [`VALUES`], with the objects that it is about.
fn named(names: &str) -> impl Iterator<Item = (&'static KnownField, &'static str)> {
    names.split(' ').flat_map(|name| {
        let (name, only) = name.split_once('@').map_or((name, None), |(name, owner)| (name, Some(owner)));
        let field = FIELDS.iter().find(|field| field.name == name).expect("a field of the table");
        field
            .owners
            .iter()
            .copied()
            .filter(move |owner| only.is_none_or(|only| only == *owner))
            .map(move |owner| (field, owner))
    })
}

#[test]
fn fields_take_the_values_of_their_kind_and_no_others() {
    let mut count = 0;
    for (names, letters, right, wrong) in VALUES {
        for (field, owner) in named(names) {
            for language in languages(field) {
                if !letters.contains(if language == JsonPath { 'P' } else { 'J' }) {
                    continue;
                }
                for (value, is_right) in
                    right.iter().map(|it| (it, true)).chain(wrong.iter().map(|it| (it, false)))
                {
                    let text = with(owner, language, field.name, value);
                    let read = asl::parse(&text);
                    assert_eq!(
                        read.is_ok(),
                        is_right,
                        "{owner} {} {language:?}\n{text}\n{read:?}",
                        field.name
                    );
                    count += 1;
                }
            }
        }
    }
    assert!(count > 2_000, "{count}");
}
