//! The message bus on RabbitMQ.
