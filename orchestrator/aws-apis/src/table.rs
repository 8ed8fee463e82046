//! The table as it lies in `model/services.bin`: what `scripts/aws-apis` writes in one order is read here in the same.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use crate::model::{
    Exception, Flags, Format, Kind, Location, Member, Operation, PartitionRules, Places, Protocol, Ref, Rule,
    Service, Shape, Structure,
};
use crate::names;

static FILE: &[u8] = include_bytes!("../model/services.bin");
const MAGIC: &[u8] = b"DUETAWS1";
const WHOLE: &str = "the table in this program is whole: a test reads all of it";

/// What the file begins with: everything but the services themselves.
pub(crate) struct Index {
    /// The version of botocore that its models come from.
    pub(crate) version: &'static str,
    pub(crate) partitions: Vec<Partition>,
    /// By name.
    pub(crate) services: Vec<Entry>,
}

/// A partition of AWS: regions under one suffix of hosts.
pub(crate) struct Partition {
    pub(crate) id: &'static str,
    pub(crate) dns: &'static str,
    /// What the names of its regions begin with.
    pub(crate) prefixes: Vec<&'static str>,
}

/// A service's name, and where its block is.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    block: &'static [u8],
    unpacked: usize,
}

pub(crate) fn index() -> Index {
    let rest = FILE.strip_prefix(MAGIC).expect(WHOLE);
    let (heads, rest) = rest.split_at(12);
    let head = |place: usize| little(&heads[4 * place..]);
    let (packed, rest) = rest.split_at(head(0));
    let (sizes, mut blocks) = rest.split_at(4 * head(2));
    let mut reader = Reader::new(unpack(packed, head(1)));
    let version = reader.text();
    let partitions = reader.list(|reader| Partition {
        id: reader.text(),
        dns: reader.text(),
        prefixes: reader.list(Reader::text),
    });
    let mut sizes = sizes.chunks(4).map(little);
    let services = reader.list(|reader| {
        let (name, unpacked) = (reader.text(), reader.number());
        let (block, rest) = blocks.split_at(sizes.next().expect(WHOLE));
        blocks = rest;
        Entry { name, block, unpacked }
    });
    Index { version, partitions, services }
}

fn little(bytes: &[u8]) -> usize {
    let bytes: [u8; 4] = bytes[..4].try_into().expect(WHOLE);
    u32::from_le_bytes(bytes) as usize
}

/// The bytes live as long as the program: what was unpacked is kept, and its texts are borrowed from it.
fn unpack(packed: &[u8], size: usize) -> &'static [u8] {
    let mut bytes = Vec::with_capacity(size);
    ZlibDecoder::new(packed).read_to_end(&mut bytes).expect(WHOLE);
    bytes.leak()
}

struct Reader {
    bytes: &'static [u8],
    strings: Vec<&'static str>,
}

impl Reader {
    fn new(bytes: &'static [u8]) -> Self {
        let mut reader = Self { bytes, strings: Vec::new() };
        reader.strings = reader.list(|reader| {
            let len = reader.number();
            let (text, rest) = reader.bytes.split_at(len);
            reader.bytes = rest;
            std::str::from_utf8(text).expect(WHOLE)
        });
        reader
    }

    fn bits(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let (first, rest) = self.bytes.split_first().expect(WHOLE);
            self.bytes = rest;
            value |= u64::from(first & 0x7f) << shift;
            shift += 7;
            if first & 0x80 == 0 {
                return value;
            }
        }
    }

    fn number(&mut self) -> usize {
        usize::try_from(self.bits()).expect(WHOLE)
    }

    fn signed(&mut self) -> i64 {
        let bits = self.bits();
        (bits >> 1).cast_signed() ^ -(bits & 1).cast_signed()
    }

    fn text(&mut self) -> &'static str {
        let place = self.number();
        self.strings[place]
    }

    fn optional(&mut self) -> Option<&'static str> {
        let place = self.number();
        (place > 0).then(|| self.strings[place - 1])
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let len = self.number();
        (0..len).map(|_| one(self)).collect()
    }
}

/// Unpacks a service.
pub(crate) fn service(entry: &Entry) -> Service {
    let mut reader = Reader::new(unpack(entry.block, entry.unpacked));
    let reader = &mut reader;
    // Fields are read in the order in which they stand here.
    let mut service = Service {
        prefix: reader.text(),
        service_id: reader.text(),
        api_version: reader.text(),
        endpoint_prefix: reader.text(),
        signing_name: reader.text(),
        signature_version: reader.text(),
        protocol: protocol(reader.number()),
        target_prefix: reader.text(),
        json_version: reader.text(),
        is_query_compatible: reader.number() == 1,
        places: reader.list(|reader| Places {
            custom_signing_name: reader.optional(),
            partitions: reader.list(|reader| PartitionRules {
                partition: reader.number(),
                usual: rule(reader),
                exceptions: reader.list(|reader| (reader.text(), rule(reader))),
            }),
        }),
        shapes: reader.list(shape),
        operations: reader.list(operation),
    };
    names::rename(&mut service);
    service
}

fn protocol(number: usize) -> Protocol {
    match number {
        0 => Protocol::Json,
        1 => Protocol::RestJson,
        2 => Protocol::RestXml,
        3 => Protocol::Query,
        4 => Protocol::Ec2,
        _ => Protocol::RpcCbor,
    }
}

fn rule(reader: &mut Reader) -> Rule {
    Rule { host: reader.text(), signing_name: reader.optional(), signing_region: reader.optional() }
}

fn shape(reader: &mut Reader) -> Shape {
    let bits = reader.bits();
    if bits & 15 == 0 {
        return Shape { kind: Kind::Structure(structure(bits, reader)), least: None, is_sparse: false };
    }
    let least = (bits & 16 != 0).then(|| reader.signed());
    let kind = match bits & 15 {
        1 => Kind::List(place(reader)),
        2 => Kind::Map(place(reader), place(reader)),
        3 => Kind::Text,
        4 => Kind::Blob,
        5 => Kind::Boolean,
        6 => Kind::Integer,
        7 => Kind::Long,
        8 => Kind::Float,
        9 => Kind::Double,
        _ => Kind::Timestamp,
    };
    Shape { kind, least, is_sparse: bits & 32 != 0 }
}

fn structure(bits: u64, reader: &mut Reader) -> Structure {
    let payload = (bits & 128 != 0).then(|| reader.number());
    let exception = (bits & 256 != 0).then(|| {
        let (name, sdk_name, code) = (reader.text(), reader.text(), reader.optional());
        // Its status: what came is what counts.
        reader.number();
        Exception { name, sdk_name, code, is_retryable: bits & 512 != 0, is_throttling: bits & 1024 != 0 }
    });
    let members = reader.list(|reader| {
        let name = reader.text();
        Member { name, sdk_name: names::member(name).into(), at: place(reader) }
    });
    Structure {
        members,
        payload,
        is_document: bits & 16 != 0,
        is_union: bits & 32 != 0,
        is_event_stream: bits & 64 != 0,
        exception,
    }
}

fn place(reader: &mut Reader) -> Ref {
    let (shape, bits) = (reader.number(), reader.bits());
    let mut text = |bit: u64| (bits & bit != 0).then(|| reader.text());
    let (name, query_name) = (text(1), text(2));
    let location = (bits & 4 != 0).then(|| match reader.number() {
        0 => Location::Uri,
        1 => Location::Query,
        2 => Location::Header,
        3 => Location::Headers,
        _ => Location::Status,
    });
    let format = (bits & 8 != 0).then(|| match reader.number() {
        0 => Format::Iso8601,
        1 => Format::Unix,
        _ => Format::Rfc822,
    });
    let namespace = (bits & 16 != 0).then(|| (reader.optional(), reader.text()));
    Ref { shape, name, query_name, location, format, namespace, flags: Flags(bits >> 5) }
}

const METHODS: [&str; 6] = ["POST", "GET", "PUT", "DELETE", "PATCH", "HEAD"];

fn operation(reader: &mut Reader) -> Operation {
    let (name, places, method) = (reader.text(), reader.number(), METHODS[reader.number()]);
    let (uri, bits) = (reader.text(), reader.bits());
    let input = (bits & 1 != 0).then(|| place(reader));
    let output = (bits & 2 != 0).then(|| place(reader));
    let mut text = |bit: u64| (bits & bit != 0).then(|| reader.text());
    let (result_wrapper, host_prefix, auth, checksum_member) = (text(4), text(8), text(16), text(64));
    let status = if bits & 1024 == 0 { 200 } else { u16::try_from(reader.number()).expect(WHOLE) };
    Operation {
        name,
        places,
        method,
        uri,
        input,
        output,
        result_wrapper,
        host_prefix,
        auth,
        is_payload_unsigned: bits & 32 != 0,
        checksum_member,
        is_checksum_required: bits & (128 | 256) != 0,
        is_endpoint_discovery: bits & 512 != 0,
        status,
        errors: reader.list(Reader::number),
    }
}
