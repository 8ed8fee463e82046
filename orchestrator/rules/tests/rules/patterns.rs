//! Which events match: a pattern, with events that do and events that do not.

use rules::Pattern;
use serde_json::{Value, json};

/// The event of AWS's documentation, with a few fields more.
fn instance() -> Value {
    json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "EC2 Instance State-change Notification",
        "source": "aws.ec2",
        "account": "111122223333",
        "time": "2017-12-22T18:43:48Z",
        "region": "us-west-1",
        "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
        "detail": {"instance-id": "i-1234567890abcdef0", "state": "terminated", "c-count": 5, "d-count": 3, "x-limit": 301.8,
                   "source-ip": "10.0.0.33", "empty": "", "nothing": null, "yes": true},
    })
}

fn matches(pattern: &Value, event: &Value) -> bool {
    Pattern::read("pattern", pattern).unwrap_or_else(|problem| panic!("{pattern}: {problem}")).matches(event)
}

#[test]
fn the_documented_event_matches_what_is_said_of_it() {
    for pattern in [
        json!({"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"], "detail": {"state": ["terminated"]}}),
        json!({"resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"]}),
        json!({"detail": {"state": ["initializing", "terminated"]}}),
        json!({"time": [{"prefix": "2017-12-22"}]}),
        json!({"source": [{"suffix": "ec2"}]}),
        json!({"source": [{"equals-ignore-case": "AWS.EC2"}]}),
        json!({"source": [{"prefix": {"equals-ignore-case": "AWS."}}]}),
        json!({"source": [{"suffix": {"equals-ignore-case": ".EC2"}}]}),
        json!({"resources": [{"wildcard": "arn:aws:ec2:*:*:instance/*"}]}),
        json!({"detail": {"state": [{"anything-but": "initializing"}]}}),
        json!({"detail": {"c-count": [{"numeric": [">", 0, "<=", 5]}], "d-count": [{"numeric": ["<", 10]}], "x-limit": [{"numeric": ["=", 3.018e2]}]}}),
        json!({"detail": {"source-ip": [{"cidr": "10.0.0.0/24"}]}}),
        json!({"detail": {"c-count": [{"exists": true}], "e-count": [{"exists": false}]}}),
        json!({"detail": {"empty": [""], "nothing": [null], "yes": [true]}}),
    ] {
        assert!(matches(&pattern, &instance()), "{pattern}");
    }
    for pattern in [
        json!({"source": ["aws.ec2"], "detail": {"state": ["running"]}}),
        json!({"time": [{"prefix": "2018"}]}),
        json!({"source": [{"prefix": "AWS"}]}),
        json!({"detail": {"state": [{"anything-but": ["terminated", "stopped"]}]}}),
        json!({"detail": {"state": ["terminated"], "e-count": [5]}}),
        json!({"detail": {"state": {"deeper": ["terminated"]}}}),
        json!({"detail": ["terminated"]}),
        json!({"detail": {"empty": [null]}}),
        json!({"detail": {"nothing": [""]}}),
        json!({"detail": {"yes": ["true"]}}),
    ] {
        assert!(!matches(&pattern, &instance()), "{pattern}");
    }
}

/// The matchers of one field, the values that match, and those that do not.
#[test]
fn each_operator_says_what_it_says() {
    for (matchers, those, others) in [
        (
            json!(["a", 1, null, true]),
            json!(["a", 1, null, true, ["x", "a"]]),
            json!(["A", 1.0, 2, "1", "null", false, [], {}]),
        ),
        // By its spelling.
        (json!([300]), json!([300]), json!([300.0, 301, "300"])),
        (json!([{"prefix": "ab"}]), json!(["ab", "abc", ["x", "abc"]]), json!(["a", "Ab", "cab", 1, null])),
        (json!([{"prefix": ""}]), json!(["", "x"]), json!([1, null])),
        (
            json!([{"prefix": {"equals-ignore-case": "EventB"}}]),
            json!(["eventbridge", "EVENTB"]),
            json!(["event", "xeventb"]),
        ),
        (json!([{"suffix": ".png"}]), json!([".png", "a.png"]), json!(["a.PNG", "png"])),
        (json!([{"suffix": {"equals-ignore-case": ".png"}}]), json!(["a.PNG", "a.png"]), json!(["a.pn"])),
        (
            json!([{"equals-ignore-case": "ÄrgEr"}]),
            json!(["ÄRGER", "ärger"]),
            json!(["arger", "ärgere", "ärge"]),
        ),
        (
            json!([{"anything-but": "x"}]),
            json!(["y", 1, null, true, ["x", "y"]]),
            json!(["x", ["x"], [], {}]),
        ),
        (json!([{"anything-but": 123}]), json!([1, "123", null, 6e9]), json!([123, 123.0, 1.23e2])),
        (json!([{"anything-but": ["a", "b"]}]), json!(["c"]), json!(["a", "b"])),
        (json!([{"anything-but": [100, 200]}]), json!([300, "100"]), json!([100, 200.0])),
        (json!([{"anything-but": {"prefix": "init"}}]), json!(["x", 5]), json!(["init", "initializing"])),
        (json!([{"anything-but": {"prefix": ["a", "b"]}}]), json!(["c"]), json!(["ax", "bx"])),
        (json!([{"anything-but": {"suffix": ".png"}}]), json!(["a.txt"]), json!(["a.png"])),
        (json!([{"anything-but": {"equals-ignore-case": "Init"}}]), json!(["x"]), json!(["INIT"])),
        (json!([{"anything-but": {"equals-ignore-case": ["a", "b"]}}]), json!(["c"]), json!(["A", "B"])),
        (json!([{"anything-but": {"wildcard": "*/lib/*"}}]), json!(["/src/x"]), json!(["/lib/x", "a/lib/"])),
        (json!([{"anything-but": {"wildcard": ["*a", "b*"]}}]), json!(["ab"]), json!(["xa", "bx"])),
        (json!([{"numeric": ["=", 5]}]), json!([5, 5.0, 0.5e1]), json!([5.000001, "5", null])),
        (json!([{"numeric": [">", 0, "<=", 5]}]), json!([0.000001, 5]), json!([0, 5.000001, -1])),
        (
            json!([{"numeric": [">=", -5.0e9, "<", 5.0e9]}]),
            json!([-5.0e9, 0, 4999999999.999999]),
            json!([5.0e9, -5.1e9, 1e300]),
        ),
        (json!([{"numeric": ["<", 1.13]}]), json!([1.129999]), json!([1.13, 1.2])),
        // Digits behind the sixth are rounded.
        (json!([{"numeric": ["=", 0.123457]}]), json!([0.1234567]), json!([0.123456])),
        (
            json!([{"cidr": "10.0.0.0/24"}]),
            json!(["10.0.0.0", "10.0.0.255"]),
            json!(["10.0.1.0", "::1", "10.0.0", 10, "x"]),
        ),
        (json!([{"cidr": "0.0.0.0/0"}]), json!(["1.2.3.4"]), json!(["::1"])),
        (json!([{"cidr": "10.0.0.7/32"}]), json!(["10.0.0.7"]), json!(["10.0.0.6"])),
        (
            json!([{"cidr": "2001:db8::/32"}]),
            json!(["2001:db8::1", "2001:DB8:0:0::9"]),
            json!(["2001:db9::1", "10.0.0.1"]),
        ),
        (json!([{"cidr": "::1/128"}]), json!(["::1"]), json!(["::2"])),
        (
            json!([{"exists": true}]),
            json!([1, "", null, false, ["x"]]),
            json!([[], {}, {"x": 1}, [{"x": 1}]]),
        ),
        (json!([{"exists": false}]), json!([[], {}, {"x": 1}, [{"x": 1}]]), json!([1, "", null, ["x"]])),
        (json!([{"exists": false}, "x"]), json!([[], "x"]), json!(["y"])),
        (
            json!([{"wildcard": "dir/*.png"}]),
            json!(["dir/.png", "dir/a/b.png"]),
            json!(["dir/a.jpg", "xdir/a.png", 1]),
        ),
        (json!([{"wildcard": "*"}]), json!(["", "x"]), json!([1])),
        (json!([{"wildcard": "a*a"}]), json!(["aa", "aba"]), json!(["a", "ab"])),
        (json!([{"wildcard": "a*bc*bc"}]), json!(["abcbc", "axbcxbc"]), json!(["abc", "abcb"])),
        (json!([{"wildcard": "plain"}]), json!(["plain"]), json!(["plains", "plai"])),
        (json!([{"wildcard": "a\\*b\\\\*"}]), json!(["a*b\\", "a*b\\c"]), json!(["axb\\", "a*b"])),
    ] {
        let pattern = json!({"detail": {"f": matchers}});
        for (values, expected) in [(those, true), (others, false)] {
            for value in values.as_array().unwrap() {
                let event = json!({"detail": {"f": value, "g": 1}});
                assert_eq!(matches(&pattern, &event), expected, "{pattern} {event}");
            }
        }
    }
}

#[test]
fn a_number_is_a_value_by_its_spelling() {
    let event = |number: &str| serde_json::from_str::<Value>(&format!("{{\"n\": {number}}}")).unwrap();
    let pattern: Value = event("[300, 3.0e2]");
    for (number, expected) in [("300", true), ("3.0e2", true), ("300.0", false), ("3e2", false)] {
        assert_eq!(matches(&pattern, &event(number)), expected, "{number}");
    }
}

#[test]
fn what_is_not_there_matches_nothing_but_that_it_is_not() {
    let event = json!({"detail": {"a": 1}});
    for (pattern, expected) in [
        (json!({"detail": {"b": [{"anything-but": "x"}]}}), false),
        (json!({"detail": {"b": [{"exists": false}]}}), true),
        (json!({"detail": {"b": {"c": [{"exists": false}]}}}), true),
        (json!({"other": {"b": {"c": [{"exists": false}]}}}), true),
        (json!({"detail": {"a": {"c": [{"exists": false}]}}}), true),
        (json!({"detail": {"b": {"c": [{"exists": false}], "d": [1]}}}), false),
    ] {
        assert_eq!(matches(&pattern, &event), expected, "{pattern}");
    }
}

#[test]
fn one_element_of_an_array_has_all_fields() {
    let event = json!({"employees": [
        [{"firstName": "John", "lastName": "Doe"}, {"firstName": "Anna", "lastName": "Smith"}],
        [{"firstName": "Peter", "lastName": "Jones"}, "nobody", {}],
    ]});
    for (fields, expected) in [
        (json!({"firstName": ["Anna"]}), true),
        (json!({"firstName": ["Anna"], "lastName": ["Smith"]}), true),
        (json!({"firstName": ["Anna"], "lastName": ["Jones"]}), false),
        (json!({"$or": [{"firstName": ["X"]}, {"firstName": ["Peter"], "lastName": ["Jones"]}]}), true),
        (json!({"$or": [{"firstName": ["X"]}, {"firstName": ["Peter"], "lastName": ["Doe"]}]}), false),
        // Some have none, but not all.
        (json!({"firstName": [{"exists": false}]}), false),
        (json!({"middleName": [{"exists": false}]}), true),
    ] {
        assert_eq!(matches(&json!({"employees": fields}), &event), expected, "{fields}");
    }
}

#[test]
fn one_of_several_groups_is_enough() {
    let pattern = json!({
        "source": ["aws.cloudwatch"],
        "$or": [
            {"metricName": ["CPUUtilization", "ReadLatency"]},
            {"metricType": ["MetricType"], "namespace": ["AWS/EC2", "AWS/ES"], "$or": [{"metricId": [1234]}, {"spaceId": [1000]}]},
            {"scope": ["Service"]},
        ],
    });
    for (fields, expected) in [
        (json!({"metricName": "ReadLatency"}), true),
        (json!({"scope": "Service"}), true),
        (json!({"metricType": "MetricType", "namespace": "AWS/ES", "spaceId": 1000}), true),
        (json!({"metricType": "MetricType", "namespace": "AWS/ES"}), false),
        (json!({"metricType": "MetricType", "spaceId": 1000}), false),
        (json!({}), false),
    ] {
        let mut event = fields.clone();
        event["source"] = json!("aws.cloudwatch");
        assert_eq!(matches(&pattern, &event), expected, "{fields}");
        event["source"] = json!("aws.ec2");
        assert!(!matches(&pattern, &event));
    }
    // Several at one place, and deeper: of each one.
    let pattern = json!({
        "$or": [{"a": [1]}, {"b": [1]}],
        "detail": {"$or": [{"c": [{"numeric": [">", 0]}]}, {"d": [{"prefix": "x"}]}]},
    });
    assert!(matches(&pattern, &json!({"b": 1, "detail": {"d": "xy"}})));
    assert!(!matches(&pattern, &json!({"b": 1, "detail": {"d": "y"}})));
    // As a field of that name, where no array of groups stands.
    assert!(matches(&json!({"$or": {"a": [1]}}), &json!({"$or": {"a": 1}})));
}
