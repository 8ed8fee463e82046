//! Choice: decides where to go on.

use asl::error::RUNTIME;
use asl::io::Io;
use asl::syntax::{Choice, ChoiceRule, Condition, Transition};
use asl::{RuntimeError, Scope};

use crate::io::{Made, seen};
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
        let place = format!("Choices[{index}]/");
        let made = match &choice.io {
            Io::JsonPath(ends) => {
                self.through_paths(&mut entered, ends, rule.assign.as_ref(), &format!("{place}Assign"))
            }
            Io::Jsonata(_) => {
                let (output, assign) = (rule.output.as_ref(), rule.assign.as_ref());
                self.made_with(&entered, &Made { output, assign, place }, None)
            }
        };
        match made {
            Ok((output, assigned)) => self.leave(entered, Transition::Next(rule.next), output, assigned),
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
