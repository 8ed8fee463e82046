//! The message bus on RabbitMQ: quorum queues, publisher confirms, shards by key.
mod assignment;
mod backoff;
mod consumer;
mod dead;
mod error;
mod inbound;
mod limit;
mod link;
mod member;
mod membership;
mod names;
mod options;
mod outlet;
mod publisher;
mod queues;
mod rabbit;
mod shared;
mod topology;
mod version;
mod wire;

pub use limit::limit;
pub use options::RabbitOptions;
pub use rabbit::RabbitBus;
