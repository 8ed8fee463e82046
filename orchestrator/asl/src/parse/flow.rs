//! Reading paths, data flow, times and transitions.

use super::builder::{Builder, Names, SECONDS_MAX};
use super::fields::{Field, Fields};
use crate::data::{Narrow, ResultPath};
use crate::io::{Ends, Flow, Io};
use crate::path::Path;
use crate::problem::nearest;
use crate::setting::Setting;
use crate::state_id::StateId;
use crate::syntax::Transition;
use crate::template::Expression;

impl Builder<'_> {
    pub(super) fn path(&mut self, field: &Field<'_>) -> Option<Path> {
        match Path::parse(field.string(&mut self.report)?) {
            Ok(path) => {
                self.reads_execution_input |= path.reads_execution_input();
                Some(path)
            }
            Err(why) => {
                field.wrong(&mut self.report, why, Some("a path such as $.order.id".to_owned()));
                None
            }
        }
    }

    fn narrow(&mut self, field: Option<Field<'_>>) -> Narrow {
        match field {
            None => Narrow::All,
            Some(field) if field.is_null() => Narrow::Nothing,
            Some(field) => match self.path(&field) {
                Some(path) if path.is_whole_data() => Narrow::All,
                Some(path) => Narrow::Part(path),
                None => Narrow::All,
            },
        }
    }

    pub(super) fn result_path(&mut self, field: Option<Field<'_>>) -> ResultPath {
        let Some(field) = field else { return ResultPath::Replace };
        if field.is_null() {
            return ResultPath::Discard;
        }
        match self.path(&field).map(ResultPath::at) {
            Some(Ok(path)) => path,
            Some(Err(why)) => {
                let expected = Some("a path such as $.order.result, or null".to_owned());
                field.wrong(&mut self.report, why, expected);
                ResultPath::Replace
            }
            None => ResultPath::Replace,
        }
    }

    /// The data flow of a state that has no result of its own.
    pub(super) fn ends(&mut self, fields: &mut Fields<'_>) -> Io<Ends> {
        Io::JsonPath(self.paths(fields))
    }

    fn paths(&mut self, fields: &mut Fields<'_>) -> Ends {
        let input_path = fields.take("InputPath");
        let output_path = fields.take("OutputPath");
        Ends { input_path: self.narrow(input_path), output_path: self.narrow(output_path) }
    }

    /// The data flow of a state with a result. Only those states have a `ResultSelector` whose result comes from
    /// outside.
    pub(super) fn flow(&mut self, fields: &mut Fields<'_>, selects: bool) -> Io<Flow> {
        let Ends { input_path, output_path } = self.paths(fields);
        let parameters = fields.take("Parameters").map(|field| self.template(&field));
        let selector = if selects { fields.take("ResultSelector") } else { None };
        let result_selector = selector.and_then(|field| {
            field.object(&mut self.report)?;
            Some(self.template(&field))
        });
        let result_path = fields.take("ResultPath");
        let result_path = self.result_path(result_path);
        Io::JsonPath(Flow { input_path, parameters, result_selector, result_path, output_path })
    }

    /// A time that is given as a number or as a path.
    pub(super) fn seconds(
        &mut self,
        fields: &mut Fields<'_>,
        names: [&'static str; 2],
    ) -> Option<Setting<u64>> {
        match fields.one_of(&names, &mut self.report)? {
            (0, field) => field.integer(&mut self.report, 1, SECONDS_MAX).map(Setting::Fixed),
            (_, field) => self.path(&field).map(|path| Setting::Computed(Expression::Path(path))),
        }
    }

    /// Exactly one of `Next` and `End`.
    pub(super) fn transition(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<Transition> {
        let (next, end) = (fields.take("Next"), fields.take("End"));
        let one = "exactly one of \"Next\": \"<state>\" and \"End\": true";
        match (next, end) {
            (Some(next), None) => self.target(&next, names).map(Transition::Next),
            (None, Some(end)) => match end.boolean(&mut self.report)? {
                true => Some(Transition::End),
                false => {
                    end.wrong(&mut self.report, "the state neither ends nor goes on", Some(one.to_owned()));
                    None
                }
            },
            (Some(_), Some(end)) => {
                end.wrong(&mut self.report, "the state has both 'Next' and 'End'", Some(one.to_owned()));
                None
            }
            (None, None) => {
                fields.missing(&mut self.report, "the state has neither 'Next' nor 'End'", one);
                None
            }
        }
    }

    /// The state that a field names.
    pub(super) fn target(&mut self, field: &Field<'_>, names: &Names) -> Option<StateId> {
        let name = field.string(&mut self.report)?;
        if let Some(id) = names.get(name) {
            return Some(*id);
        }
        if self.report.is_full() {
            field.wrong(&mut self.report, "", None);
            return None;
        }
        let (message, expected) = if self.names.contains_key(name) {
            (
                format!("the state '{name}' is in another machine or branch"),
                format!("one of {}", names.keys().cloned().collect::<Vec<_>>().join(", ")),
            )
        } else {
            let near = nearest(name, names.keys().map(String::as_str));
            let expected = match near {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("one of {}", names.keys().cloned().collect::<Vec<_>>().join(", ")),
            };
            (format!("there is no state '{name}'"), expected)
        };
        field.wrong(&mut self.report, message, Some(expected));
        None
    }
}
