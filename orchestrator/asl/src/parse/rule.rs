//! Reading the rules of a Choice state.

use std::sync::LazyLock;

use super::builder::{Builder, Names};
use super::fields::{Field, Fields};
use super::table::fields_of;
use super::words;
use crate::choice::{Kind, Operand, Order, Pattern, Rule, Test};
use crate::syntax::{ChoiceRule, Condition, QueryLanguage};

/// A comparison operator, taken apart.
enum Operator {
    Compare(Kind, Order, bool),
    Matches,
    IsPresent,
    IsNull,
    Is(Kind),
}

const KINDS: [(&str, Kind); 4] = [
    ("String", Kind::String),
    ("Numeric", Kind::Numeric),
    ("Boolean", Kind::Boolean),
    ("Timestamp", Kind::Timestamp),
];

const ORDERS: [(&str, Order); 5] = [
    ("Equals", Order::Equal),
    ("LessThan", Order::Less),
    ("LessThanEquals", Order::LessEqual),
    ("GreaterThan", Order::Greater),
    ("GreaterThanEquals", Order::GreaterEqual),
];

/// Every operator and its name.
static OPERATORS: LazyLock<Vec<(String, Operator)>> = LazyLock::new(operators);

fn operators() -> Vec<(String, Operator)> {
    let mut all = vec![
        ("StringMatches".to_owned(), Operator::Matches),
        ("IsPresent".to_owned(), Operator::IsPresent),
        ("IsNull".to_owned(), Operator::IsNull),
    ];
    for (kind_name, kind) in KINDS {
        all.push((format!("Is{kind_name}"), Operator::Is(kind)));
        for (order_name, order) in ORDERS {
            if kind == Kind::Boolean && order != Order::Equal {
                continue;
            }
            all.push((format!("{kind_name}{order_name}"), Operator::Compare(kind, order, false)));
            all.push((format!("{kind_name}{order_name}Path"), Operator::Compare(kind, order, true)));
        }
    }
    all
}

/// The names of all comparisons, which are fields of a rule in JSONPath.
pub fn comparisons() -> impl Iterator<Item = &'static str> + Clone {
    OPERATORS.iter().map(|(name, _)| name.as_str())
}

/// The ways in which a rule says when it holds.
const WAYS: [&str; 5] = ["And", "Or", "Not", "Variable", "Condition"];

impl Builder<'_> {
    /// One of `Choices`: a rule with the state it leads to.
    pub(super) fn choice(&mut self, field: &Field<'_>, names: &Names) -> Option<ChoiceRule> {
        let fields = field.object(&mut self.report)?;
        self.rule_fields(&fields, true);
        self.comment(&fields);
        fields.require(&mut self.report, &["Next"]);
        let next = fields.get("Next").and_then(|field| self.target(&field, names));
        let assign = self.assign(&fields);
        let (condition, output) = if self.is_jsonata() {
            (self.condition(&fields), self.optional(&fields, "Output"))
        } else {
            (self.rule_of(&fields).map(Condition::Rule), None)
        };
        Some(ChoiceRule { condition: condition?, assign, output, next: next? })
    }

    /// Reports the fields that a rule has not. Only one directly in `Choices` leads somewhere.
    fn rule_fields(&mut self, fields: &Fields<'_>, is_outermost: bool) {
        let language = self.here.language;
        for (member, _) in fields.iter() {
            let name = member.key.as_str();
            let is_inner = WAYS.contains(&name) || name == "Comment";
            match fields_of("ChoiceRule").find(|field| field.name == name && (is_outermost || is_inner)) {
                Some(field) => fields.of_language(&mut self.report, member, field.language, language),
                None if comparisons().any(|known| known == name) => {
                    let belongs = Some(QueryLanguage::JsonPath);
                    fields.of_language(&mut self.report, member, belongs, language);
                }
                None => {
                    let known = fields_of("ChoiceRule").map(|field| field.name).chain(comparisons());
                    fields.unsupported(&mut self.report, member, known);
                }
            }
        }
    }

    /// `Condition`, in JSONata.
    fn condition(&mut self, fields: &Fields<'_>) -> Option<Condition> {
        let Some(field) = fields.get("Condition") else {
            fields.wrong(&mut self.report, words::RULE, Some("\"Condition\": \"{% … %}\"".to_owned()));
            return None;
        };
        let read = |builder: &mut Self, field: &Field<'_>| field.boolean(&mut builder.report);
        self.fixed_or_query(&field, read).map(Condition::Computed)
    }

    fn rule(&mut self, field: &Field<'_>) -> Option<Rule> {
        let fields = field.object(&mut self.report)?;
        self.rule_fields(&fields, false);
        self.comment(&fields);
        self.rule_of(&fields)
    }

    fn rule_of(&mut self, fields: &Fields<'_>) -> Option<Rule> {
        let given: Vec<Field<'_>> = WAYS.iter().filter_map(|name| fields.get(name)).collect();
        if given.len() != 1 {
            let expected = Some("\"Variable\" and a comparison, or one of And, Or and Not".to_owned());
            fields.wrong(&mut self.report, words::RULE, expected);
            return None;
        }
        // A comparison is of a Variable, and of nothing else.
        let comparison =
            || fields.iter().find(|(member, _)| OPERATORS.iter().any(|(name, _)| *name == member.key));
        if fields.get("Variable").is_none() && comparison().is_some() {
            fields.wrong(
                &mut self.report,
                words::RULE,
                Some("no comparison beside And, Or and Not".to_owned()),
            );
            return None;
        }
        if let Some(field) = fields.get("Not") {
            return self.rule(&field).map(|rule| Rule::Not(Box::new(rule)));
        }
        if let Some(field) = fields.get("And") {
            return self.rules(&field).map(Rule::And);
        }
        if let Some(field) = fields.get("Or") {
            return self.rules(&field).map(Rule::Or);
        }
        let variable = fields.get("Variable").and_then(|field| self.reference(&field));
        let test = self.test(fields);
        Some(Rule::Test(variable?, test?))
    }

    fn rules(&mut self, field: &Field<'_>) -> Option<Vec<Rule>> {
        let elements = field.some_elements(&mut self.report)?;
        let rules: Vec<Option<Rule>> = elements.iter().map(|element| self.rule(element)).collect();
        rules.into_iter().collect()
    }

    /// The one comparison of a rule.
    fn test(&mut self, fields: &Fields<'_>) -> Option<Test> {
        let mut given = fields.iter().filter_map(|(member, field)| {
            let (_, operator) = OPERATORS.iter().find(|(name, _)| *name == member.key)?;
            Some((field, operator, member.key.as_str()))
        });
        let expected = Some("a comparison such as StringEquals".to_owned());
        let all: Vec<&str> = comparisons().collect();
        match (given.next(), given.next()) {
            (Some((field, operator, _)), None) => self.comparison(&field, operator),
            (Some((_, _, first)), Some((_, _, second))) => {
                let expected = Some(format!("{first} or {second}, or And with two rules"));
                fields.wrong(&mut self.report, words::one_at_most(&all), expected);
                None
            }
            (None, _) => {
                fields.wrong(&mut self.report, words::one_needed(&all), expected);
                None
            }
        }
    }

    fn comparison(&mut self, field: &Field<'_>, operator: &Operator) -> Option<Test> {
        match operator {
            Operator::Compare(kind, order, true) => {
                self.reference(field).map(|path| Test::ComparePath(*kind, *order, path))
            }
            Operator::Compare(kind, order, false) => {
                self.operand(field, *kind).map(|operand| Test::Compare(*order, operand))
            }
            Operator::Matches => match Pattern::parse(field.string(&mut self.report)?) {
                Ok(pattern) => Some(Test::Matches(pattern)),
                Err(why) => {
                    field.wrong(&mut self.report, why, None);
                    None
                }
            },
            Operator::IsPresent => field.boolean(&mut self.report).map(Test::IsPresent),
            Operator::IsNull => field.boolean(&mut self.report).map(Test::IsNull),
            Operator::Is(kind) => field.boolean(&mut self.report).map(|wanted| Test::Is(*kind, wanted)),
        }
    }

    fn operand(&mut self, field: &Field<'_>, kind: Kind) -> Option<Operand> {
        let operand = Operand::of(kind, &field.node.to_value());
        match (kind, &operand) {
            (Kind::String, Some(_)) => self.suspect_path(field),
            (_, Some(_)) => {}
            (Kind::String, None) => field.wrong(&mut self.report, words::of_type("String"), None),
            (Kind::Numeric, None) => field.wrong(&mut self.report, words::of_type("Number"), None),
            (Kind::Boolean, None) => field.wrong(&mut self.report, words::of_type("Boolean"), None),
            (Kind::Timestamp, None) => {
                self.timestamp(field);
            }
        }
        operand
    }
}
