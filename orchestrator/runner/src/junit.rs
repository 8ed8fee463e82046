//! A report as JUnit writes it, which CI systems read.

use std::fmt::Write as _;

use crate::report::{CaseResult, Report, Tested};

/// The report as XML: a suite for each definition.
pub fn junit(report: &Report) -> String {
    let failed = report.cases().filter(|case| !case.passed()).count();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        xml,
        "<testsuites name=\"duet workflow test\" tests=\"{}\" failures=\"{failed}\" time=\"{:.3}\">",
        report.cases().count(),
        seconds(report.cases())
    );
    report.definitions.iter().for_each(|tested| suite(&mut xml, tested));
    xml += "</testsuites>\n";
    xml
}

fn suite(xml: &mut String, tested: &Tested) {
    let file = escaped(&tested.file.display().to_string());
    let (tests, failed) = (tested.cases.len(), tested.cases.iter().filter(|case| !case.passed()).count());
    let time = seconds(tested.cases.iter());
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{file}\" tests=\"{tests}\" failures=\"{failed}\" time=\"{time:.3}\">"
    );
    for case in &tested.cases {
        let (name, time) = (escaped(&case.name), case.took.as_secs_f64());
        let _ = write!(xml, "    <testcase classname=\"{file}\" name=\"{name}\" time=\"{time:.3}\"");
        if case.passed() {
            xml.push_str("/>\n");
            continue;
        }
        let (first, all) = (escaped(&case.differences[0]), escaped(&case.differences.join("\n")));
        let _ = writeln!(xml, ">\n      <failure message=\"{first}\">{all}</failure>\n    </testcase>");
    }
    let uncovered: Vec<_> = tested.uncovered().map(|spot| format!("not covered: {}", spot.name)).collect();
    if !uncovered.is_empty() {
        let _ = writeln!(xml, "    <system-out>{}</system-out>", escaped(&uncovered.join("\n")));
    }
    xml.push_str("  </testsuite>\n");
}

fn seconds<'c>(cases: impl Iterator<Item = &'c CaseResult>) -> f64 {
    cases.map(|case| case.took.as_secs_f64()).sum()
}

/// The text where XML has a meaning of its own for characters, or none: those are shown as `\u{1b}`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_report_is_a_suite_for_each_definition() {
        let case = |name: &str, differences: &[&str]| CaseResult {
            name: name.to_owned(),
            differences: differences.iter().map(|it| (*it).to_owned()).collect(),
            events: 4,
            took: Duration::from_millis(1500),
            is_blessed: false,
        };
        let cases =
            vec![case("good", &[]), case("<bad> & \u{1b}", &["output $: expected \"a\", was 1", "more"])];
        let report = Report {
            definitions: vec![Tested { file: "flow.asl.json".into(), cases, spots: Vec::new() }],
            left_out: 0,
        };
        assert_eq!(
            junit(&report),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="duet workflow test" tests="2" failures="1" time="3.000">
  <testsuite name="flow.asl.json" tests="2" failures="1" time="3.000">
    <testcase classname="flow.asl.json" name="good" time="1.500"/>
    <testcase classname="flow.asl.json" name="&lt;bad&gt; &amp; \u{1b}" time="1.500">
      <failure message="output $: expected &quot;a&quot;, was 1">output $: expected &quot;a&quot;, was 1&#10;more</failure>
    </testcase>
  </testsuite>
</testsuites>
"#
        );
    }
}
