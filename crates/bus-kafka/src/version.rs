//! Which version a broker is. librdkafka does not say; but every broker answers, before it knows who asks, which
//! features it has, and the level of one of them tells its release.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::options::KafkaOptions;

/// How long one broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The request `ApiVersions`, version 3 (Kafka 2.4 and later).
const API_VERSIONS: [u8; 4] = [0, 18, 0, 3];
/// The feature whose level rises with every release.
const FEATURE: &[u8] = b"metadata.version";
/// The first level of each release, as in Kafka's `MetadataVersion`.
const RELEASES: [(i16, &str); 12] = [
    (7, "3.3"),
    (8, "3.4"),
    (9, "3.5"),
    (12, "3.6"),
    (15, "3.7"),
    (20, "3.8"),
    (21, "3.9"),
    (22, "4.0"),
    (26, "4.1"),
    (28, "4.2"),
    (30, "4.3"),
    (31, "4.4 or later"),
];

/// The release of the first broker that says, without TLS; `None` where none does.
pub(crate) async fn ask(options: &KafkaOptions) -> Option<String> {
    if options.security.has_tls() {
        return None;
    }
    for broker in &options.brokers {
        if let Ok(Some(answer)) = timeout(PATIENCE, exchange(broker)).await {
            return release(&answer).map(str::to_owned);
        }
    }
    None
}

async fn exchange(broker: &str) -> Option<Vec<u8>> {
    let mut connection = TcpStream::connect(broker).await.ok()?;
    let mut request = Vec::from(API_VERSIONS);
    request.extend(1_i32.to_be_bytes());
    // The client's name as in every request, and no tags; then the program's name and version, and no tags.
    request.extend([0, 4]);
    request.extend(b"duet");
    request.push(0);
    request.extend([5]);
    request.extend(b"duet");
    request.extend([2]);
    request.extend(b"1");
    request.push(0);
    let length = i32::try_from(request.len()).ok()?;
    connection.write_all(&length.to_be_bytes()).await.ok()?;
    connection.write_all(&request).await.ok()?;
    let length = usize::try_from(connection.read_i32().await.ok()?).ok()?;
    if length > ANSWER_BYTES_MAX {
        return None;
    }
    let mut answer = vec![0; length];
    connection.read_exact(&mut answer).await.ok()?;
    Some(answer)
}

/// The release that an answer tells of.
fn release(answer: &[u8]) -> Option<&'static str> {
    let level = level(&mut Reader(answer))?;
    RELEASES.iter().rev().find(|(first, _)| level >= *first).map(|(_, release)| *release)
}

/// The highest level of the feature that the broker supports.
fn level(reader: &mut Reader<'_>) -> Option<i16> {
    let _correlation = reader.take(4)?;
    if reader.int16()? != 0 {
        return None;
    }
    for _ in 0..reader.count()? {
        let _api_and_versions = reader.take(6)?;
        reader.skip_tags()?;
    }
    let _throttled = reader.take(4)?;
    for _ in 0..reader.varint()? {
        let tag = reader.varint()?;
        let length = reader.varint()?;
        let mut value = Reader(reader.take(length)?);
        if tag == 0 {
            return supported(&mut value);
        }
    }
    None
}

fn supported(reader: &mut Reader<'_>) -> Option<i16> {
    for _ in 0..reader.count()? {
        let length = reader.count()?;
        let name = reader.take(length)?;
        let _min = reader.int16()?;
        let max = reader.int16()?;
        reader.skip_tags()?;
        if name == FEATURE {
            return Some(max);
        }
    }
    None
}

/// Reads Kafka's flexible encoding; `None` at the first thing that does not fit.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn int16(&mut self) -> Option<i16> {
        self.take(2)?.try_into().ok().map(i16::from_be_bytes)
    }

    fn varint(&mut self) -> Option<usize> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.take(1)?[0];
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A length or number of elements, which is written with one added.
    fn count(&mut self) -> Option<usize> {
        self.varint()?.checked_sub(1)
    }

    fn skip_tags(&mut self) -> Option<()> {
        for _ in 0..self.varint()? {
            self.varint()?;
            let length = self.varint()?;
            self.take(length)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer with one API, and the feature at that level.
    fn answer(level: i16) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 1, 0, 0];
        bytes.extend([2, 0, 18, 0, 0, 0, 4, 0]);
        bytes.extend([0, 0, 0, 0]);
        let mut features = vec![3];
        features.extend([6]);
        features.extend(b"other");
        features.extend([0, 0, 0, 1, 0]);
        features.extend([17]);
        features.extend(FEATURE);
        features.extend([0, 7]);
        features.extend(level.to_be_bytes());
        features.push(0);
        bytes.extend([1, 0, u8::try_from(features.len()).unwrap()]);
        bytes.extend(features);
        bytes
    }

    #[test]
    fn the_level_tells_the_release() {
        for (level, expected) in [(7, "3.3"), (14, "3.6"), (25, "4.0"), (30, "4.3"), (40, "4.4 or later")] {
            assert_eq!(release(&answer(level)), Some(expected), "{level}");
        }
        assert_eq!(release(&answer(3)), None);
    }

    #[test]
    fn what_does_not_fit_tells_nothing() {
        let whole = answer(30);
        for length in 0..whole.len() {
            // An answer that is cut short must neither panic nor claim anything.
            let _ = release(&whole[..length]);
        }
        assert_eq!(release(&[]), None);
        assert_eq!(release(&[0, 0, 0, 1, 0, 35, 1]), None, "the version is not supported");
        assert_eq!(release(&[0xff; 100]), None);
    }
}
