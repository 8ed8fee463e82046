//! How Step Functions spells the names of actions and members: as the AWS SDK for Java 2 does, whose methods and properties it calls
//! (its `Utils.unCapitalize` and `DefaultNamingStrategy`), members with a capital at the beginning.

use serde_json::Value;

use crate::model::{Kind, Ref, Service};

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

/// Members that the SDK for Java 2 calls as it likes (its `customization.config`): of services that begin so, by the model's name.
const RENAMED: [(&str, &str, &str); 1] = [("DynamoDB", "NULL", "Nul")];

/// Calls such members of a service what the SDK calls them.
pub(crate) fn rename(service: &mut Service) {
    let id = service.service_id;
    for (_, name, sdk_name) in RENAMED.iter().filter(|(service, ..)| id.starts_with(service)) {
        for shape in &mut service.shapes {
            let Kind::Structure(structure) = &mut shape.kind else { continue };
            for member in structure.members.iter_mut().filter(|member| member.name == *name) {
                member.sdk_name = (*sdk_name).into();
            }
        }
    }
}

/// A value of a result with the model's own names, each with a capital at its beginning.
pub(crate) fn in_model_names(service: &Service, at: Ref, value: Value) -> Value {
    match (&service.shape(at).kind, value) {
        (Kind::Structure(structure), Value::Object(members)) if !structure.is_document => {
            let renamed = members.into_iter().map(|(name, value)| {
                match structure.members.iter().find(|member| *member.sdk_name == *name) {
                    Some(member) => (capital(member.name), in_model_names(service, member.at, value)),
                    None => (name, value),
                }
            });
            Value::Object(renamed.collect())
        }
        (Kind::List(of), Value::Array(list)) => {
            list.into_iter().map(|value| in_model_names(service, *of, value)).collect()
        }
        (Kind::Map(_, of), Value::Object(pairs)) => {
            let pairs = pairs.into_iter().map(|(key, value)| (key, in_model_names(service, *of, value)));
            Value::Object(pairs.collect())
        }
        (_, value) => value,
    }
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
