//! How Step Functions spells the names of actions and members: as the AWS SDK for Java 2 does, whose methods and properties it calls
//! (its `Utils.unCapitalize` and `DefaultNamingStrategy`), members with a capital at the beginning.

/// What cannot be the name of a property in Java. Step Functions documents `EqualsValue` as the member `equals`.
const RESERVED: [&str; 65] = [
    "abstract",
    "assert",
    "boolean",
    "break",
    "builder",
    "byte",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "equals",
    "extends",
    "false",
    "final",
    "finalize",
    "finally",
    "float",
    "for",
    "getclass",
    "goto",
    "hashcode",
    "if",
    "implements",
    "import",
    "instanceof",
    "int",
    "interface",
    "long",
    "native",
    "new",
    "notify",
    "notifyall",
    "null",
    "overrideconfiguration",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "sdkfields",
    "sdkhttpresponse",
    "short",
    "static",
    "strictfp",
    "super",
    "switch",
    "synchronized",
    "this",
    "throw",
    "throws",
    "tobuilder",
    "tostring",
    "transient",
    "true",
    "try",
    "void",
    "volatile",
    "while",
];

/// The action `DescribeDBInstances` as `describeDBInstances`: the word at the beginning in small letters, be it an acronym
/// (`DBFoo` as `dbFoo`).
pub(crate) fn action(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut small = letters.clone();
    for (index, letter) in letters.iter().enumerate() {
        let begins_word = letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        if index > 0 && (!letter.is_uppercase() || begins_word) {
            break;
        }
        small[index] = letter.to_ascii_lowercase();
    }
    small.into_iter().collect()
}

/// The member `DBInstanceIdentifier` as `DbInstanceIdentifier`, `stateMachineArn` as `StateMachineArn`, `Equals` as `EqualsValue`.
pub(crate) fn member(name: &str) -> String {
    let small = action(name);
    let is_reserved = RESERVED.binary_search(&small.to_lowercase().as_str()).is_ok();
    capital(&small) + if is_reserved { "Value" } else { "" }
}

/// With a capital at the beginning.
pub(crate) fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acronym_at_the_beginning_is_one_word() {
        assert_eq!(action("GetItem"), "getItem");
        assert_eq!(action("DescribeDBInstances"), "describeDBInstances");
        assert_eq!(member("DBInstanceIdentifier"), "DbInstanceIdentifier");
        assert_eq!(member("SSEKMSKeyId"), "SsekmsKeyId");
        assert_eq!(member("ETag"), "ETag");
        assert_eq!(member("ARN"), "Arn");
        assert_eq!(member("stateMachineArn"), "StateMachineArn");
        assert_eq!(member("S"), "S");
        assert_eq!(member("NS"), "Ns");
    }

    #[test]
    fn what_java_cannot_name_gets_value_at_its_end() {
        assert!(RESERVED.is_sorted());
        assert_eq!(member("Equals"), "EqualsValue");
        assert_eq!(member("default"), "DefaultValue");
    }
}
