//! The conformance suite: what every bus must do, one function per property.
//!
//! Each property uses only the traits and names of its own (unique across processes and runs), so that it can run on
//! a shared broker. A claim that a bus does not make in its [`Capabilities`](crate::Capabilities) is not checked, and
//! the skip is printed. A property that does not hold panics and says what differs.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! mod my_bus_conforms {
//!     use super::*;
//!
//!     async fn bus() -> Arc<dyn bus::Bus> {
//!         Arc::new(bus::MemoryBus::default())
//!     }
//!
//!     bus::bus_conformance!(bus);
//! }
//! # fn main() {}
//! ```

use std::sync::Arc;

use crate::Bus;

mod basics;
mod failures;
mod kit;
mod load;
mod redelivery;

pub use basics::*;
pub use failures::*;
pub use load::*;
pub use redelivery::*;

/// What a factory of the suite may return: a bus, or none where there is no server for it. Then the factory has said
/// that the test did not run.
pub trait Subject {
    /// The bus, where there is one to test.
    fn bus(self) -> Option<Arc<dyn Bus>>;
}

impl Subject for Arc<dyn Bus> {
    fn bus(self) -> Option<Arc<dyn Bus>> {
        Some(self)
    }
}

impl Subject for Option<Arc<dyn Bus>> {
    fn bus(self) -> Option<Arc<dyn Bus>> {
        self
    }
}

/// Makes one `#[tokio::test]` for each property. The argument is an `async fn() -> Arc<dyn Bus>`, called once for
/// each test; one that returns `Option<Arc<dyn Bus>>` may have no bus to test, and says so itself. The calling crate
/// needs `tokio` with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! bus_conformance {
    ($factory:expr) => {
        $crate::bus_properties! { [$crate::bus_conformance] @each $factory; }
    };
    (@each $factory:expr; $($property:ident)*; rebalancing: $($more:ident)*) => {
        $crate::bus_conformance! { @tests $factory; $($property)* $($more)* }
    };
    (@tests $factory:expr; $($property:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $property() {
                if let Some(bus) = $crate::suite::Subject::bus($factory().await) {
                    $crate::suite::$property(bus).await;
                }
            }
        )*
    };
}

/// Calls the macro in brackets with what follows them and the names of all properties: those that ask for a few changes
/// of a group's members at the most, and behind `rebalancing:` those that make many. For a bus on which the properties
/// cannot each be a test; [`bus_conformance!`](crate::bus_conformance) is made of it.
#[macro_export]
macro_rules! bus_properties {
    ([$($callback:tt)+] $($before:tt)*) => {
        $($callback)+! { $($before)*
            every_attribute_arrives_byte_for_byte
            unicode_keys_and_headers_arrive
            every_group_gets_every_message
            a_declared_group_keeps_messages_until_it_is_consumed
            only_subscribed_topics_are_delivered
            declaring_again_replaces_the_topics
            publishing_nothing_is_fine
            too_large_messages_are_refused_and_their_neighbours_are_not
            too_many_headers_are_refused
            depth_follows_what_happens
            one_key_keeps_its_order
            consumers_of_a_group_share_its_messages
            order_is_kept_across_two_consumers
            unsettled_is_redelivered_when_its_consumer_leaves
            settled_does_not_come_again
            settling_twice_is_harmless
            retry_delivers_again
            retry_leaves_the_others_alone
            the_delivery_limit_ends_retries
            a_dead_letter_keeps_message_reason_and_origin
            a_redriven_dead_letter_is_delivered_again
            unsettled_max_is_respected
            receive_is_cancel_safe
            concurrent_publishers_lose_and_double_nothing;
            rebalancing: joining_and_leaving_under_load_loses_nothing
        }
    };
}
