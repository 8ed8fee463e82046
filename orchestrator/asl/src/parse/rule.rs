//! Reading the rules of a Choice state.

use std::sync::LazyLock;

use super::builder::{Builder, Names};
use super::fields::{Field, Fields};
use crate::choice::{Kind, Operand, Order, Pattern, Rule, Test};
use crate::problem::nearest;
use crate::syntax::{ChoiceRule, Condition};

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

impl Builder<'_> {
    /// One of `Choices`: a rule with the state it leads to.
    pub(super) fn choice(&mut self, field: &Field<'_>, names: &Names) -> Option<ChoiceRule> {
        let mut fields = field.object(&mut self.report)?;
        let next = fields.require("Next", &mut self.report, "the state to go on with if the rule holds");
        let next = next.and_then(|field| self.target(&field, names));
        fields.take("Comment");
        let rule = self.rule_of(fields, &[("Assign", "variables (Assign) are not supported yet")]);
        Some(ChoiceRule { condition: Condition::Rule(rule?), assign: None, output: None, next: next? })
    }

    fn rule(&mut self, field: &Field<'_>) -> Option<Rule> {
        let mut fields = field.object(&mut self.report)?;
        fields.take("Comment");
        self.rule_of(fields, &[("Next", "only a rule directly in Choices has 'Next'")])
    }

    fn rule_of(&mut self, mut fields: Fields<'_>, special: &[(&str, &str)]) -> Option<Rule> {
        if let Some((place, field)) = fields.one_of(&["And", "Or", "Not"], &mut self.report) {
            let rule = match place {
                0 => self.rules(&field).map(Rule::And),
                1 => self.rules(&field).map(Rule::Or),
                _ => self.rule(&field).map(|rule| Rule::Not(Box::new(rule))),
            };
            fields.close(&mut self.report, "a rule with And, Or or Not", special);
            return rule;
        }
        let variable = fields.require("Variable", &mut self.report, "a path, or one of And, Or, Not");
        let variable = variable.and_then(|field| self.path(&field));
        let test = self.test(&fields, special);
        Some(Rule::Test(variable?, test?))
    }

    fn rules(&mut self, field: &Field<'_>) -> Option<Vec<Rule>> {
        let elements = field.elements(&mut self.report);
        let rules: Vec<Option<Rule>> = elements.iter().map(|element| self.rule(element)).collect();
        rules.into_iter().collect::<Option<Vec<_>>>().filter(|rules| !rules.is_empty())
    }

    /// The one comparison of a rule.
    fn test(&mut self, fields: &Fields<'_>, special: &[(&str, &str)]) -> Option<Test> {
        let operators = &*OPERATORS;
        let mut found: Option<(Field<'_>, &Operator)> = None;
        for (member, field) in fields.iter() {
            let name = member.key.as_str();
            if matches!(name, "Variable" | "Comment")
                || (name == "Next" && special.iter().all(|(s, _)| *s != "Next"))
            {
                continue;
            }
            if let Some((_, why)) = special.iter().find(|(known, _)| *known == name) {
                self.report.add(member.at, &field.pointer, *why, None, None);
                continue;
            }
            match operators.iter().find(|(known, _)| known == name) {
                Some(_) if found.is_some() => {
                    field.wrong(
                        &mut self.report,
                        "a second comparison in one rule",
                        Some("And with two rules".into()),
                    );
                }
                Some((_, operator)) => found = Some((field, operator)),
                None => {
                    let near = nearest(name, operators.iter().map(|(known, _)| known.as_str()));
                    let expected = near.map(|near| format!("did you mean '{near}'?"));
                    let message = format!("there is no comparison '{name}'");
                    self.report.add(member.at, &field.pointer, message, None, expected);
                    return None;
                }
            }
        }
        match found {
            Some((field, operator)) => self.comparison(&field, operator),
            None => {
                fields.missing(
                    &mut self.report,
                    "the rule compares nothing",
                    "a comparison such as StringEquals",
                );
                None
            }
        }
    }

    fn comparison(&mut self, field: &Field<'_>, operator: &Operator) -> Option<Test> {
        match operator {
            Operator::Compare(kind, order, true) => {
                self.path(field).map(|path| Test::ComparePath(*kind, *order, path))
            }
            Operator::Compare(kind, order, false) => {
                let operand = Operand::of(*kind, &field.node.to_value());
                if operand.is_none() {
                    let expected = match kind {
                        Kind::String => "a string",
                        Kind::Numeric => "a number",
                        Kind::Boolean => "true or false",
                        Kind::Timestamp => "a timestamp such as \"2026-01-31T12:00:00Z\"",
                    };
                    field.wrong(
                        &mut self.report,
                        "a value that cannot be compared so",
                        Some(expected.to_owned()),
                    );
                }
                operand.map(|operand| Test::Compare(*order, operand))
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
}
