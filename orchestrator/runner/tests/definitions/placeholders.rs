//! Definitions in templates have placeholders. They are filled in by one rule.

/// The text with every placeholder filled in: `${Name}`, `{{name}}` and `<name>` where a value stands. A placeholder becomes
/// `aws` if it names the partition, a whole `Resource` becomes the ARN of a function of that name, a value without quotes becomes 1,
/// and anything else the name itself, letters, digits and `-` only.
pub(crate) fn filled(text: &str) -> String {
    let (mut out, mut rest, mut is_quoted) = (String::with_capacity(text.len()), text, false);
    while let Some(c) = rest.chars().next() {
        let found = [("${", "}"), ("{{", "}}")].into_iter().find_map(|(begin, end)| {
            let inner = rest.strip_prefix(begin)?;
            let (name, after) = inner.split_once(end)?;
            is_name(name).then_some((name, after))
        });
        if let Some((name, after)) = found {
            out.push_str(&filling(name, is_quoted, &out, after));
            rest = after;
            continue;
        }
        if c == '\\' && is_quoted {
            let escaped: String = rest.chars().take(2).collect();
            out.push_str(&escaped);
            rest = &rest[escaped.len()..];
            continue;
        }
        is_quoted ^= c == '"';
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.trim().chars().all(|c| c.is_alphanumeric() || "_-.:".contains(c))
}

fn filling(name: &str, is_quoted: bool, before: &str, after: &str) -> String {
    let plain: String = name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let is_whole = before.ends_with('"') && after.starts_with('"');
    let field = before.trim_end_matches('"').trim_end().trim_end_matches(':').trim_end();
    if name.to_lowercase().ends_with("partition") {
        "aws".to_owned()
    } else if !is_quoted {
        "1".to_owned()
    } else if is_whole && field.ends_with("\"Resource\"") {
        format!("arn:aws:lambda:us-east-1:123456789012:function:{plain}")
    } else {
        plain
    }
}

#[test]
fn placeholders_are_filled_in_by_where_they_stand() {
    let filled = |text: &str| super::placeholders::filled(text);
    assert_eq!(
        filled(r#"{"Resource": "${F.Arn}"}"#),
        r#"{"Resource": "arn:aws:lambda:us-east-1:123456789012:function:FArn"}"#
    );
    assert_eq!(
        filled(r#"{"Resource": "arn:${AWS::Partition}:states:::sqs:x"}"#),
        r#"{"Resource": "arn:aws:states:::sqs:x"}"#
    );
    assert_eq!(filled(r#"{"Seconds": ${wait}, "a": "{{ t }}-x"}"#), r#"{"Seconds": 1, "a": "t-x"}"#);
    assert_eq!(
        filled(r#"{"a": "{% $x{'b': 1} %}", "c": "\"${d}"}"#),
        r#"{"a": "{% $x{'b': 1} %}", "c": "\"d"}"#
    );
}
