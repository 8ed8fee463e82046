//! What the table says of a service: its actions and their shapes, in the words of botocore's models.

/// How a service's requests and answers go over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.0 and 1.1: the action in a header, everything in a JSON body.
    Json,
    /// REST with JSON bodies.
    RestJson,
    /// REST with XML bodies.
    RestXml,
    /// AWS Query: a form, answered in XML.
    Query,
    /// EC2's kind of Query.
    Ec2,
    /// Smithy RPC v2 with CBOR bodies.
    RpcCbor,
}

/// A service of AWS.
#[derive(Debug)]
pub struct Service {
    /// What errors begin with, and what the AWS SDK for Java 2 calls the service: `DynamoDb`.
    pub prefix: &'static str,
    /// AWS's id of it: `DynamoDB`.
    pub service_id: &'static str,
    /// The version of its API.
    pub api_version: &'static str,
    /// What its host usually begins with.
    pub endpoint_prefix: &'static str,
    /// What signatures name, unless an endpoint says otherwise.
    pub signing_name: &'static str,
    /// How requests are signed unless an action or endpoint says otherwise (`v4`, `s3v4`, `bearer`).
    pub signature_version: &'static str,
    /// How it goes over the wire.
    pub protocol: Protocol,
    pub(crate) target_prefix: &'static str,
    pub(crate) json_version: &'static str,
    /// It once spoke Query, and still tells those names of errors in a header.
    pub(crate) is_query_compatible: bool,
    /// Those of most actions come first.
    pub(crate) places: Vec<Places>,
    pub(crate) shapes: Vec<Shape>,
    /// By name.
    pub(crate) operations: Vec<Operation>,
}

/// Where some actions of a service are asked for.
#[derive(Debug)]
pub(crate) struct Places {
    /// What signatures for another server than AWS's name, where that is not the service's own name.
    pub(crate) custom_signing_name: Option<&'static str>,
    pub(crate) partitions: Vec<PartitionRules>,
}

/// Where a service is in a partition.
#[derive(Debug)]
pub(crate) struct PartitionRules {
    pub(crate) partition: usize,
    pub(crate) usual: Rule,
    pub(crate) exceptions: Vec<(&'static str, Rule)>,
}

/// Where a service is, with `{region}` and `{dns}` (the partition's suffix) left open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) host: &'static str,
    pub(crate) signing_name: Option<&'static str>,
    pub(crate) signing_region: Option<&'static str>,
}

#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    /// The least number, or the least length.
    pub(crate) least: Option<i64>,
    /// A list or map that may hold null.
    pub(crate) is_sparse: bool,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Structure(Structure),
    List(Ref),
    Map(Ref, Ref),
    Text,
    Blob,
    Boolean,
    Integer,
    Long,
    Float,
    Double,
    Timestamp,
}

#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) members: Vec<Member>,
    /// The member that is the whole body.
    pub(crate) payload: Option<usize>,
    /// Any JSON.
    pub(crate) is_document: bool,
    /// Exactly one of the members is there.
    pub(crate) is_union: bool,
    pub(crate) is_event_stream: bool,
    pub(crate) exception: Option<Exception>,
}

#[derive(Debug)]
pub(crate) struct Exception {
    /// The name of its shape.
    pub(crate) name: &'static str,
    /// What the SDK for Java 2 calls it, and Step Functions: always with `Exception` at its end.
    pub(crate) sdk_name: &'static str,
    /// What it is called on the wire, where that is not the name of its shape.
    pub(crate) code: Option<&'static str>,
    pub(crate) is_retryable: bool,
    pub(crate) is_throttling: bool,
}

#[derive(Debug)]
pub(crate) struct Member {
    /// The model's name.
    pub(crate) name: &'static str,
    /// Step Functions' name.
    pub(crate) sdk_name: Box<str>,
    pub(crate) at: Ref,
}

impl Member {
    /// What it is called on the wire.
    pub(crate) fn wire_name(&self) -> &'static str {
        self.at.name.unwrap_or(self.name)
    }
}

/// Where a shape is used, and what is said of it there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ref {
    pub(crate) shape: usize,
    /// What it is called on the wire, where that is not the member's name.
    pub(crate) name: Option<&'static str>,
    pub(crate) query_name: Option<&'static str>,
    pub(crate) location: Option<Location>,
    pub(crate) format: Option<Format>,
    /// The XML namespace: prefix and URI.
    pub(crate) namespace: Option<(Option<&'static str>, &'static str)>,
    pub(crate) flags: Flags,
}

/// What is said of the use of a shape with one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flags(pub(crate) u64);

impl Flags {
    pub(crate) const FLATTENED: u64 = 1;
    pub(crate) const XML_ATTRIBUTE: u64 = 2;
    pub(crate) const JSON_VALUE: u64 = 4;
    pub(crate) const HOST_LABEL: u64 = 8;
    pub(crate) const IDEMPOTENCY_TOKEN: u64 = 16;
    pub(crate) const EVENT_STREAM: u64 = 64;
    pub(crate) const REQUIRED: u64 = 128;
    /// Only what follows its last `/` is sent (Route 53's ids).
    pub(crate) const LAST_SEGMENT: u64 = 256;

    pub(crate) fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }
}

/// Where a member of a request or an answer of REST goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Uri,
    Query,
    Header,
    /// A map, whose keys are the ends of headers' names.
    Headers,
    Status,
}

/// How a timestamp is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Iso8601,
    Unix,
    Rfc822,
}

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// Which of the service's places it is asked for at.
    pub(crate) places: usize,
    pub(crate) method: &'static str,
    pub(crate) uri: &'static str,
    pub(crate) input: Option<Ref>,
    pub(crate) output: Option<Ref>,
    /// What the output is wrapped in (Query).
    pub(crate) result_wrapper: Option<&'static str>,
    pub(crate) host_prefix: Option<&'static str>,
    /// How it is signed, where that is not as the service's requests are: `none`, `v4`, `v4a`, `bearer`.
    pub(crate) auth: Option<&'static str>,
    pub(crate) is_payload_unsigned: bool,
    /// The member that names the algorithm of the request's checksum.
    pub(crate) checksum_member: Option<&'static str>,
    pub(crate) is_checksum_required: bool,
    /// It tells where others are; its requests name the version of the API.
    pub(crate) is_endpoint_discovery: bool,
    /// The status of its answer when all is well.
    pub(crate) status: u16,
    pub(crate) errors: Vec<usize>,
}

impl Service {
    pub(crate) fn shape(&self, at: Ref) -> &Shape {
        &self.shapes[at.shape]
    }

    /// The structure there, if it is one.
    pub(crate) fn structure(&self, at: Ref) -> Option<&Structure> {
        self.structure_of(at.shape)
    }

    /// The shape of that number as a structure, if it is one.
    pub(crate) fn structure_of(&self, shape: usize) -> Option<&Structure> {
        match &self.shapes[shape].kind {
            Kind::Structure(structure) => Some(structure),
            _ => None,
        }
    }

    /// What speaks against an answer being one value: a stream of events in it.
    pub(crate) fn has_event_stream(&self, at: Option<Ref>) -> bool {
        at.and_then(|at| self.structure(at)).is_some_and(|structure| {
            structure.members.iter().any(|member| {
                member.at.flags.has(Flags::EVENT_STREAM)
                    || self.structure(member.at).is_some_and(|structure| structure.is_event_stream)
            })
        })
    }
}

impl Service {
    /// All exceptions of the model.
    pub(crate) fn exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.shapes.iter().filter_map(|shape| match &shape.kind {
            Kind::Structure(structure) => structure.exception.as_ref(),
            _ => None,
        })
    }
}
