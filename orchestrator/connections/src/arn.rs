//! The ARNs of connections: `arn:aws:events:REGION:ACCOUNT:connection/NAME/ID`.

use std::fmt;

/// Names are so long at the most.
pub(crate) const NAME_MAX: usize = 64;

/// What an HTTP task calls with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionArn {
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// Where it was made.
    pub region: String,
    /// Twelve digits: whose it is.
    pub account: String,
    /// The connection's name.
    pub name: String,
    /// What tells it from others that have had its name.
    pub id: String,
}

impl ConnectionArn {
    /// Reads an ARN; `None` if it is none of a connection.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "events", region, account, resource] = parts[..] else { return None };
        let (name, id) = resource.strip_prefix("connection/")?.split_once('/')?;
        let [partition, region, account, name, id] =
            [partition, region, account, name, id].map(str::to_owned);
        (is_name(&name) && !id.is_empty()).then_some(Self { partition, region, account, name, id })
    }
}

impl fmt::Display for ConnectionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, name, id } = self;
        write!(f, "arn:{partition}:events:{region}:{account}:connection/{name}/{id}")
    }
}

/// Whether that can be a connection's name: `[\.\-_A-Za-z0-9]+`.
pub(crate) fn is_name(name: &str) -> bool {
    let is_of_names = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_of_names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_read_as_it_is_written() {
        let text =
            "arn:aws:events:us-east-2:123456789012:connection/Stripe/81210c42-8af1-456b-9c4a-6ff02fc664ac";
        let arn = ConnectionArn::read(text).unwrap();
        assert_eq!((arn.region.as_str(), arn.name.as_str()), ("us-east-2", "Stripe"));
        assert_eq!(arn.to_string(), text);
        for wrong in [
            "",
            "arn:aws:events:r:1:rule/x",
            "arn:aws:events:r:1:connection/x",
            "arn:aws:events:r:1:connection//id",
        ] {
            assert_eq!(ConnectionArn::read(wrong), None, "{wrong}");
        }
    }
}
