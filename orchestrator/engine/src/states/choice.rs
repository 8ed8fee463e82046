//! Choice: decides where to go on.

use asl::error::RUNTIME;
use asl::io::{Io, Jsonata};
use asl::syntax::{Choice, ChoiceRule, Condition, Transition};
use asl::{RuntimeError, Scope};

use crate::io::{assigned, seen};
use crate::settings::condition;
use crate::stepper::{Entered, Outcome, Stepper};
use crate::taken::Way;

impl<'d> Stepper<'d> {
    pub(super) fn choose(&mut self, entered: Entered<'d>, choice: &'d Choice) -> Outcome {
        let chosen = self.scoped(entered.view(), &entered.data, |scope| {
            let input = seen(&choice.io, scope)?;
            first_that_holds(choice, &scope.over(&input))
        });
        match chosen {
            Err(error) => self.failed(entered, error),
            Ok(Some((index, rule))) => self.follow(entered, choice, index, rule),
            Ok(None) => match choice.default {
                Some(next) => self.follow_default(entered, choice, Transition::Next(next)),
                None => {
                    let cause =
                        "Failed to transition out of the state. The state does not point to a next state.";
                    self.failed(entered, RuntimeError::new(RUNTIME, cause))
                }
            },
        }
    }

    fn follow_default(
        &mut self,
        mut entered: Entered<'d>,
        choice: &'d Choice,
        transition: Transition,
    ) -> Outcome {
        self.history.took(&entered.state.name, Way::Default);
        match self.through(&mut entered, &choice.io) {
            Ok((output, assigned)) => self.leave(entered, transition, output, assigned),
            Err(spoilt) => self.spoilt(entered, spoilt),
        }
    }

    /// A rule has an `Assign` of its own and, in JSONata, an `Output` of its own.
    fn follow(
        &mut self,
        mut entered: Entered<'d>,
        choice: &'d Choice,
        index: usize,
        rule: &'d ChoiceRule,
    ) -> Outcome {
        self.history.took(&entered.state.name, Way::Rule(index));
        let field = format!("Choices[{index}]/Assign");
        let variables = self.scoped(entered.view(), &entered.data, |scope| {
            let input = seen(&choice.io, scope)?;
            assigned(rule.assign.as_ref(), &field, &scope.over(&input))
        });
        let variables = match variables {
            Ok(variables) => variables,
            Err(error) => return self.failed(entered, error),
        };
        let made = match &choice.io {
            Io::JsonPath(_) => self.through_with(&mut entered, &choice.io, None),
            Io::Jsonata(_) => {
                let output = rule.output.as_ref().map(|output| {
                    let field = format!("Choices[{index}]/Output");
                    self.scoped(entered.view(), &entered.data, |scope| output.fill(scope, &field))
                });
                match output.transpose() {
                    Ok(output) => self.made_with(&entered, &Jsonata::default(), None, output),
                    Err(error) => Err(error.into()),
                }
            }
        };
        match made {
            Ok((output, _)) => self.leave(entered, Transition::Next(rule.next), output, variables),
            Err(spoilt) => self.spoilt(entered, spoilt),
        }
    }
}

fn first_that_holds<'d>(
    choice: &'d Choice,
    scope: &Scope<'_>,
) -> Result<Option<(usize, &'d ChoiceRule)>, RuntimeError> {
    for (index, rule) in choice.rules.iter().enumerate() {
        let holds = match &rule.condition {
            Condition::Rule(rule) => rule.holds(scope)?,
            Condition::Computed(setting) => {
                condition(setting, &format!("Choices[{index}]/Condition"), scope)?
            }
        };
        if holds {
            return Ok(Some((index, rule)));
        }
    }
    Ok(None)
}
