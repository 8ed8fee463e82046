//! From Kafka's errors to the bus's.

use bus::BusError;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// What an error means to whoever asked for `what`.
pub(crate) fn bus_error(what: &str, error: &KafkaError) -> BusError {
    let code = match error {
        // Left out by rdkafka's own question.
        KafkaError::AdminOp(code) => Some(*code),
        error => error.rdkafka_error_code(),
    };
    match code {
        Some(code) => code_error(what, code),
        None => match error {
            KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_) | KafkaError::Nul(_) => {
                BusError::Protocol(format!("{what}: {error}"))
            }
            _ => BusError::Unavailable(format!("{what}: {error}")),
        },
    }
}

/// The same, of a bare code.
pub(crate) fn code_error(what: &str, code: RDKafkaErrorCode) -> BusError {
    let text = format!("{what}: {}", describe(code));
    if is_final(code) { BusError::Protocol(text) } else { BusError::Unavailable(text) }
}

/// Whether the same request can only be answered the same way again.
fn is_final(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::SSL
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::UnsupportedSASLMechanism
            | RDKafkaErrorCode::IllegalSASLState
            | RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::InvalidTopic
            | RDKafkaErrorCode::InvalidGroupId
            | RDKafkaErrorCode::InvalidPartitions
            | RDKafkaErrorCode::InvalidReplicationFactor
            | RDKafkaErrorCode::InvalidConfig
            | RDKafkaErrorCode::InvalidArgument
            | RDKafkaErrorCode::InvalidSessionTimeout
            | RDKafkaErrorCode::InconsistentGroupProtocol
            | RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::PolicyViolation
            | RDKafkaErrorCode::TopicDeletionDisabled
            | RDKafkaErrorCode::UnsupportedVersion
            | RDKafkaErrorCode::UnsupportedFeature
            | RDKafkaErrorCode::NotImplemented
            | RDKafkaErrorCode::UnsupportedCompressionType
            | RDKafkaErrorCode::UnsupportedForMessageFormat
    )
}

/// The code in words. Kafka's own for the commonest are about its client, not about what happened.
fn describe(code: RDKafkaErrorCode) -> String {
    match code {
        RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::AllBrokersDown => {
            "no broker can be reached".to_owned()
        }
        RDKafkaErrorCode::MessageTimedOut | RDKafkaErrorCode::OperationTimedOut => {
            "no answer in time".to_owned()
        }
        RDKafkaErrorCode::InvalidReplicationFactor => {
            "there are fewer brokers than the replication asked for".to_owned()
        }
        code => {
            let text = code.to_string();
            text.strip_prefix("Broker: ").or(text.strip_prefix("Local: ")).unwrap_or(&text).to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_time_can_mend_is_retryable_and_what_it_cannot_is_not() {
        for code in [
            RDKafkaErrorCode::MessageTimedOut,
            RDKafkaErrorCode::BrokerTransportFailure,
            RDKafkaErrorCode::QueueFull,
            RDKafkaErrorCode::NotEnoughReplicas,
            RDKafkaErrorCode::UnknownTopicOrPartition,
            RDKafkaErrorCode::Fatal,
        ] {
            assert!(bus_error("publishing", &KafkaError::MessageProduction(code)).is_retryable(), "{code:?}");
        }
        for code in [RDKafkaErrorCode::Authentication, RDKafkaErrorCode::TopicAuthorizationFailed] {
            assert!(!code_error("connecting", code).is_retryable(), "{code:?}");
        }
        let error =
            bus_error("publishing", &KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut));
        assert_eq!(error.to_string(), "the bus is unavailable: publishing: no answer in time");
    }
}
