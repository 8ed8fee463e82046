//! An action of a service: what a request of it is, and what its answer says.

use serde_json::{Map, Value};

use crate::catalogue::Unknown;
use crate::error::ApiError;
use crate::model::{Flags, Location, Operation, Ref, Service};
use crate::place::{self, Endpoint, Place};
use crate::problem::{Mismatch, Problem};
use crate::request::{Call, HttpRequest};
use crate::{check, checksum, customs, names, read, write};

/// An action of a service.
#[derive(Debug, Clone, Copy)]
pub struct Action {
    service: &'static Service,
    operation: &'static Operation,
}

impl Service {
    /// The names of its actions, as Step Functions spells them: `getItem`.
    pub fn actions(&self) -> impl Iterator<Item = String> {
        self.operations.iter().map(|operation| names::action(operation.name))
    }

    /// The action of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn action(&'static self, name: &str) -> Result<Action, Unknown> {
        let found = self.operations.iter().find(|operation| names::action(operation.name) == name);
        found.map(|operation| Action { service: self, operation }).ok_or_else(|| {
            let known: Vec<String> = self.actions().collect();
            Unknown::new(format!("action of {}", self.service_id), name, known.iter().map(String::as_str))
        })
    }
}

impl Action {
    /// What it is an action of.
    pub fn service(&self) -> &'static Service {
        self.service
    }

    /// AWS's name of it: `GetItem`.
    pub fn name(&self) -> &'static str {
        self.operation.name
    }

    /// The status of its answer when all is well, as its model says.
    pub fn status(&self) -> u16 {
        self.operation.status
    }

    /// What errors it declares, as Step Functions names them.
    pub fn errors(&self) -> impl Iterator<Item = String> {
        let shapes = self.operation.errors.iter();
        let exceptions = shapes.filter_map(|shape| self.service.structure_of(*shape)?.exception.as_ref());
        exceptions.map(|exception| format!("{}.{}", self.service.prefix, exception.sdk_name))
    }

    /// What it answers with, if with anything.
    pub(crate) fn output(&self) -> Option<Ref> {
        self.operation.output
    }

    /// Whether its request or answer is a stream of events. Step Functions does not carry such actions out, and nor does
    /// [`Self::request`].
    pub fn has_event_stream(&self) -> bool {
        self.service.has_event_stream(self.operation.input)
            || self.service.has_event_stream(self.operation.output)
    }

    /// The request for some parameters. The token is what makes a request that is sent again the same one, where the action has
    /// such a parameter and it was not given.
    ///
    /// # Errors
    /// Parameters are not what the model says, the endpoint is none, or the action is one that cannot be carried out so.
    pub fn request(
        &self,
        parameters: &Value,
        place: &Place<'_>,
        token: &str,
    ) -> Result<HttpRequest, Problem> {
        let Self { service, operation } = *self;
        if self.has_event_stream() {
            let why = format!("{} is a stream of events, which no state can be given", operation.name);
            return Err(Problem::Unsupported(why));
        }
        let given = customs::given(service);
        let mut parameters =
            check::parameters(service, operation.input, parameters, given.map(|(name, _)| name))
                .map_err(Problem::Parameters)?;
        let members = operation.input.and_then(|input| service.structure(input)).map(|input| &*input.members);
        for member in members.unwrap_or_default() {
            let is_missing = !parameters.contains_key(member.name);
            if is_missing && member.at.flags.has(Flags::IDEMPOTENCY_TOKEN) {
                parameters.insert(member.name.to_owned(), token.into());
            } else if let Some((_, value)) = given.filter(|(name, _)| is_missing && *name == member.name) {
                parameters.insert(member.name.to_owned(), value.into());
            }
        }
        customs::settle(service, &mut parameters)?;
        let mut endpoint = place::endpoint(service, operation, place)?;
        let uri = customs::address(service, operation, &parameters, place.region, &mut endpoint)?;
        self.host_prefix(&parameters, &mut endpoint)?;
        let mut request = HttpRequest {
            method: operation.method,
            scheme: endpoint.scheme,
            host: endpoint.host.clone(),
            path: endpoint.path.clone(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            signing: None,
        };
        write::write(&Call { service, operation, parameters: &parameters, uri }, &mut request)?;
        if !request.path.starts_with('/') {
            request.path.insert(0, '/');
        }
        request.signing = endpoint.signing(service, operation);
        self.checksum(&parameters, &mut request)?;
        customs::finish(service, operation, &mut request);
        request.check()?;
        Ok(request)
    }

    /// Puts before the host what the action wants there.
    fn host_prefix(&self, parameters: &Map<String, Value>, endpoint: &mut Endpoint) -> Result<(), Problem> {
        let Some(prefix) = self.operation.host_prefix else { return Ok(()) };
        let structure = self.operation.input.and_then(|input| self.service.structure(input));
        let labels = structure.map(|structure| &*structure.members).unwrap_or_default().iter();
        let mut prefix = prefix.to_owned();
        for member in labels.filter(|member| member.at.flags.has(Flags::HOST_LABEL)) {
            let value = parameters.get(member.name).and_then(Value::as_str).unwrap_or_default();
            let is_part = |letter: char| letter.is_ascii_alphanumeric() || ".-".contains(letter);
            if value.is_empty() || !value.chars().all(is_part) {
                let (path, found) = (member.sdk_name.to_string(), format!("{value:?}"));
                let expected = "letters, digits, hyphens and dots, for a host's name".to_owned();
                return Err(Problem::Parameters(vec![Mismatch { path, found, expected }]));
            }
            prefix = prefix.replace(&format!("{{{}}}", member.name), value);
        }
        endpoint.prefix(&prefix)
    }

    /// Sets the checksum of the body, unless the parameters have one.
    fn checksum(&self, parameters: &Map<String, Value>, request: &mut HttpRequest) -> Result<(), Problem> {
        const PREFIX: &str = "x-amz-checksum-";
        let is_told = |(name, _): &(String, String)| name.to_ascii_lowercase().starts_with(PREFIX);
        let member = self.operation.checksum_member;
        if (member.is_none() && !self.operation.is_checksum_required) || request.headers.iter().any(is_told) {
            return Ok(());
        }
        let wanted = member.and_then(|member| parameters.get(member)).and_then(Value::as_str);
        let algorithm = wanted.unwrap_or("CRC32");
        let small = algorithm.to_lowercase();
        let sum = checksum::of(&small, &request.body)
            .ok_or_else(|| Problem::Unsupported(format!("the checksum {algorithm:?} is not known here")))?;
        request.headers.push((format!("{PREFIX}{small}"), sum));
        if let (Some(member), None) = (member, wanted) {
            let structure = self.operation.input.and_then(|input| self.service.structure(input));
            let member =
                structure.and_then(|structure| structure.members.iter().find(|known| known.name == member));
            if let Some(member) = member.filter(|member| member.at.location == Some(Location::Header)) {
                request.headers.push((member.wire_name().to_owned(), algorithm.to_owned()));
            }
        }
        Ok(())
    }

    /// An answer as [`Self::answer`] gives it with the names that its model has, and a capital at their beginning: `SSEKMSKeyId`, `NULL`.
    /// So do Step Functions' optimised integrations, which are older than those of the AWS SDK.
    pub fn in_model_names(&self, answer: Value) -> Value {
        match self.operation.output {
            Some(output) => names::in_model_names(self.service, output, answer),
            None => answer,
        }
    }

    /// What an answer says: its body and headers in Step Functions' names, or the error that it is.
    ///
    /// # Errors
    /// The service answers with an error, or with what cannot be read.
    pub fn answer(&self, status: u16, headers: &[(String, String)], body: &[u8]) -> Result<Value, ApiError> {
        read::answer(self.service, self.operation, status, headers, body)
    }
}
