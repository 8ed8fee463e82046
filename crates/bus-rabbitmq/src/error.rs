//! What RabbitMQ's errors mean to a user of the bus.

use std::future::Future;
use std::io;
use std::time::Duration;

use bus::BusError;
use lapin::ErrorKind;
use lapin::protocol::{AMQPError, AMQPErrorKind, AMQPHardError, AMQPSoftError};

/// How long the broker may take for one request that is no publish.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// What an error means once there is a connection. `doing` says what was to be done: `declare queue q`.
pub(crate) fn refused(doing: &str, error: &lapin::Error) -> BusError {
    match error.kind() {
        ErrorKind::ProtocolError(amqp) if is_final(amqp) => {
            BusError::Protocol(format!("cannot {doing}: {}", amqp.get_message()))
        }
        _ => BusError::Unavailable(format!("cannot {doing}: {error}")),
    }
}

/// Whether trying the same again is of no use.
fn is_final(error: &AMQPError) -> bool {
    matches!(
        error.kind(),
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED | AMQPSoftError::PRECONDITIONFAILED)
            | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED | AMQPHardError::NOTIMPLEMENTED)
    )
}

/// Whether what was asked for does not exist.
pub(crate) fn is_not_found(error: &lapin::Error) -> bool {
    has_kind(error, AMQPSoftError::NOTFOUND)
}

/// Whether somebody else has it for himself.
pub(crate) fn is_locked(error: &lapin::Error) -> bool {
    has_kind(error, AMQPSoftError::RESOURCELOCKED)
}

/// Whether it exists, and differs from what was declared.
pub(crate) fn is_different(error: &lapin::Error) -> bool {
    has_kind(error, AMQPSoftError::PRECONDITIONFAILED)
}

fn has_kind(error: &lapin::Error, wanted: AMQPSoftError) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(amqp) if *amqp.kind() == AMQPErrorKind::Soft(wanted))
}

/// What an error means while connecting to `place`.
pub(crate) fn not_connected(place: &str, error: &lapin::Error) -> BusError {
    let unavailable = || BusError::Unavailable(format!("{place}: {error}"));
    match error.kind() {
        ErrorKind::ProtocolError(amqp) => {
            let message = amqp.get_message().as_str();
            match amqp.kind() {
                AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => {
                    BusError::Protocol(format!("{place} refused the user name or password: {message}"))
                }
                // The same code says that there are too many connections, which passes.
                AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) if !message.contains("limit") => {
                    BusError::Protocol(format!("{place} refused the virtual host: {message}"))
                }
                _ => unavailable(),
            }
        }
        ErrorKind::IOError(io) if is_tls(io) => BusError::Protocol(format!("TLS with {place} failed: {io}")),
        ErrorKind::InvalidProtocolVersion(_) | ErrorKind::ParsingError(_) => {
            BusError::Protocol(format!("{place} does not speak AMQP 0-9-1: {error}"))
        }
        _ => unavailable(),
    }
}

/// TLS reports what is wrong with a certificate or with what the other side says as invalid data or input.
fn is_tls(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
}

/// The answer to a request, waited for as long as [`REQUEST_TIMEOUT`].
pub(crate) async fn answer<T>(
    doing: &str,
    request: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BusError> {
    match tokio::time::timeout(REQUEST_TIMEOUT, request).await {
        Ok(answer) => answer.map_err(|error| refused(doing, &error)),
        Err(_) => Err(late(doing)),
    }
}

/// No answer came in time.
pub(crate) fn late(doing: &str) -> BusError {
    BusError::Unavailable(format!("cannot {doing}: no answer within {} s", REQUEST_TIMEOUT.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amqp(kind: impl Into<AMQPErrorKind>, message: &str) -> lapin::Error {
        ErrorKind::ProtocolError(AMQPError::new(kind.into(), message.into())).into()
    }

    #[test]
    fn what_will_never_work_is_told_from_what_may() {
        let refusal = amqp(AMQPSoftError::ACCESSREFUSED, "ACCESS_REFUSED - Login was refused");
        assert!(!not_connected("b:5672", &refusal).is_retryable());
        let vhost = amqp(AMQPHardError::NOTALLOWED, "NOT_ALLOWED - vhost nope not found");
        assert!(!not_connected("b:5672", &vhost).is_retryable());
        let crowded = amqp(AMQPHardError::NOTALLOWED, "NOT_ALLOWED - connection limit (5) is reached");
        assert!(not_connected("b:5672", &crowded).is_retryable());
        let stopping = amqp(AMQPHardError::CONNECTIONFORCED, "CONNECTION_FORCED - broker forced closure");
        assert!(not_connected("b:5672", &stopping).is_retryable());
        let gone: lapin::Error = io::Error::from(io::ErrorKind::ConnectionRefused).into();
        assert!(not_connected("b:5672", &gone).is_retryable());
        let certificate: lapin::Error = io::Error::new(io::ErrorKind::InvalidData, "UnknownIssuer").into();
        assert!(!not_connected("b:5672", &certificate).is_retryable());
    }

    #[test]
    fn a_declaration_that_differs_is_final_and_a_lost_connection_is_not() {
        let different = amqp(AMQPSoftError::PRECONDITIONFAILED, "PRECONDITION_FAILED - inequivalent arg");
        assert!(is_different(&different) && !refused("declare q", &different).is_retryable());
        let missing = amqp(AMQPSoftError::NOTFOUND, "NOT_FOUND - no queue 'q'");
        assert!(is_not_found(&missing) && refused("look at q", &missing).is_retryable());
        let lost: lapin::Error = io::Error::from(io::ErrorKind::ConnectionReset).into();
        assert!(refused("publish", &lost).is_retryable());
    }
}
