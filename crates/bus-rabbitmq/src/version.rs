//! Which broker it is, in its own words.
//!
//! lapin keeps what the server says of itself in the greeting to itself, so this greets the server once more and ends
//! the connection after the answer.

use bus::BusError;
use futures::{AsyncReadExt, AsyncWriteExt};
use lapin::tcp::AMQPUriTcpExt;
use lapin::types::parsing::parse_field_table;
use lapin::types::{AMQPValue, FieldTable};
use tokio::time::timeout;

use crate::RabbitOptions;
use crate::error::not_connected;

/// What a client begins with.
const PROTOCOL_HEADER: &[u8] = b"AMQP\0\0\x09\x01";
/// Type, channel and size of a frame.
const FRAME_HEADER_BYTES: usize = 7;
const METHOD_FRAME: u8 = 1;
/// Class and method of `connection.start`, then the protocol's version: the server's properties follow.
const START: [u8; 6] = [0, 10, 0, 10, 0, 9];
/// The longest greeting that is read, in bytes.
const GREETING_BYTES_MAX: u32 = 64 * 1024;

/// The server's product and version: `RabbitMQ 4.0.5`.
pub(crate) async fn product(options: &RabbitOptions) -> Result<String, BusError> {
    let place = options.to_string();
    let patience = options.connect_timeout;
    let greeting = timeout(patience, greeting(options)).await.map_err(|_| {
        BusError::Unavailable(format!("{place}: no greeting within {} ms", patience.as_millis()))
    })??;
    product_in(&greeting)
        .ok_or_else(|| BusError::Protocol(format!("{place} greets in another way than RabbitMQ")))
}

/// The first frame that the server sends, without its header.
async fn greeting(options: &RabbitOptions) -> Result<Vec<u8>, BusError> {
    let place = options.to_string();
    let tls = options.tls()?;
    let runtime = lapin::runtime::default_runtime().map_err(|error| not_connected(&place, &error))?;
    let greeted = async {
        let mut stream = options.uri().connect_with_config_async(tls.as_ref(), &runtime).await?;
        stream.write_all(PROTOCOL_HEADER).await?;
        stream.flush().await?;
        let mut header = [0; FRAME_HEADER_BYTES];
        stream.read_exact(&mut header).await?;
        let [kind, _, _, size @ ..] = header;
        let size = u32::from_be_bytes(size);
        if kind != METHOD_FRAME || size > GREETING_BYTES_MAX {
            return Ok(Vec::new());
        }
        let mut payload = vec![0; size as usize];
        stream.read_exact(&mut payload).await?;
        Ok(payload)
    };
    greeted.await.map_err(|error: std::io::Error| not_connected(&place, &error.into()))
}

fn product_in(greeting: &[u8]) -> Option<String> {
    let properties = greeting.strip_prefix(&START)?;
    let (_, properties): (_, FieldTable) = parse_field_table(properties).ok()?;
    let text = |name| match properties.inner().get(name) {
        Some(AMQPValue::LongString(text)) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        _ => None,
    };
    Some(format!("{} {}", text("product")?, text("version")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_tells_product_and_version() {
        let mut greeting = START.to_vec();
        let mut table = Vec::new();
        for (name, value) in [("product", "RabbitMQ"), ("version", "4.0.5")] {
            table.push(name.len() as u8);
            table.extend(name.as_bytes());
            table.push(b'S');
            table.extend((value.len() as u32).to_be_bytes());
            table.extend(value.as_bytes());
        }
        greeting.extend((table.len() as u32).to_be_bytes());
        greeting.extend(table);
        assert_eq!(product_in(&greeting).as_deref(), Some("RabbitMQ 4.0.5"));
        assert_eq!(product_in(b"HTTP/1.1 400"), None);
        assert_eq!(product_in(&START), None);
    }
}
