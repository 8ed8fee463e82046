//! `ValidateStateMachineDefinition`
//!
//! Errors are told before warnings, each in the order of the text: where not all are told, those that matter more are.

use api::Failure;
use api::types::{
    StateMachineType, ValidateStateMachineDefinitionDiagnostic as Diagnostic,
    ValidateStateMachineDefinitionInput, ValidateStateMachineDefinitionOutput,
    ValidateStateMachineDefinitionResultCode as ResultCode,
    ValidateStateMachineDefinitionSeverity as Severity,
};
use asl::{MachineType, Problem};

use crate::act::Act;
use crate::service::Service;

/// Diagnostics that are told at the most, and where nothing or 0 is asked for.
const RESULTS_MAX: usize = 100;

impl Act for ValidateStateMachineDefinitionInput {
    async fn act(self, _: &Service) -> Result<ValidateStateMachineDefinitionOutput, Failure> {
        let machine_type = match self.r#type {
            Some(StateMachineType::Express) => MachineType::Express,
            Some(StateMachineType::Standard) | None => MachineType::Standard,
        };
        let with_warnings = self.severity == Some(Severity::Warning);
        let (result, all, more) = match asl::parse_as(machine_type, &self.definition) {
            Ok(definition) => (ResultCode::Ok, told(&[], definition.warnings(), with_warnings), 0),
            Err(problems) => {
                let all = told(problems.as_slice(), problems.warnings(), with_warnings);
                (ResultCode::Fail, all, problems.more())
            }
        };
        let asked = self.max_results.and_then(|max| usize::try_from(max).ok()).filter(|max| *max > 0);
        let max = asked.unwrap_or(RESULTS_MAX);
        let truncated = Some(all.len() > max || more > 0);
        let diagnostics = all.into_iter().take(max).collect();
        Ok(ValidateStateMachineDefinitionOutput { result, diagnostics, truncated })
    }
}

fn told(errors: &[Problem], warnings: &[Problem], with_warnings: bool) -> Vec<Diagnostic> {
    let warnings = warnings.iter().filter(|_| with_warnings).map(|problem| (Severity::Warning, problem));
    let all = errors.iter().map(|problem| (Severity::Error, problem)).chain(warnings);
    let one = |(severity, problem): (Severity, &Problem)| Diagnostic {
        severity,
        code: problem.code.as_str().to_owned(),
        message: problem.aws_message().to_owned(),
        location: problem.location.clone(),
    };
    all.map(one).collect()
}
