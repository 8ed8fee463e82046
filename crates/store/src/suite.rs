//! The conformance suite: what every store must do, one function a property.
//!
//! A store's tests give a [`Stores`] to [`store_conformance!`](macro@crate::store_conformance), which makes each property
//! a test of its own; a program can run them all with [`run_all`]. A property that does not hold panics, saying
//! what was expected. Every property uses a store name of its own, so they may run at the same time on one server.

mod forget;
mod kit;
mod read;
mod write;

pub use forget::*;
pub use kit::Stores;
pub use read::*;
pub use write::*;

/// Calls a macro with the names of all properties.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_properties {
    ($then:path, $($argument:tt)*) => {
        $then! { $($argument)* ;
            a_conflict_applies_nothing,
            versions_count_commits,
            inserting_an_existing_key_conflicts,
            updating_a_missing_key_conflicts,
            content_is_replaced_as_a_whole,
            an_empty_commit_changes_nothing,
            a_commit_need_not_write_entities,
            the_outbox_keeps_the_order_of_commits,
            outbox_pages_go_on_behind_an_id,
            forgetting_is_idempotent,
            outbox_ids_grow_after_all_is_forgotten,
            a_large_blob_comes_back,
            one_of_concurrent_committers_wins_each_version,
            everything_is_there_after_reopening,
            load_answers_in_the_order_of_the_keys,
            load_and_get_agree,
            keys_are_exact,
            links_page_newest_first,
            links_are_idempotent,
            links_need_their_index_and_value,
            journals_page_oldest_first,
            journals_are_kept_apart,
            timers_are_due_earliest_first,
            timers_move_and_clear,
            scan_goes_in_the_order_of_creation,
            scan_goes_back_as_well,
            stats_count,
            what_is_forgotten_is_gone,
            forgetting_needs_the_version,
            what_is_beside_it_stays,
            a_long_journal_goes_bit_by_bit,
            links_are_removed,
            many_are_read_at_once,
        }
    };
}

/// Makes every property of the [suite](crate::suite) a `#[tokio::test]` of the calling module, against the
/// [`Stores`](crate::suite::Stores) that the expression gives anew for each. With `if_there:` before it, the expression gives
/// an `Option`, and properties do not run while it is `None`: whoever gives that says so. The caller needs `tokio`.
#[macro_export]
macro_rules! store_conformance {
    (if_there: $stores:expr) => {
        $crate::__store_properties! { $crate::__store_conformance_tests, ($stores) }
    };
    ($stores:expr) => {
        $crate::__store_properties! { $crate::__store_conformance_tests, (Some($stores)) }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_conformance_tests {
    (($stores:expr) ; $($property:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $property() {
                let Some(stores) = $stores else { return };
                $crate::suite::$property(&stores).await;
            }
        )*
    };
}

macro_rules! all_in_turn {
    (($stores:expr) ; $($property:ident),* $(,)?) => {
        $( $property($stores).await; )*
    };
}

/// Runs every property, one after the other.
///
/// # Panics
///
/// On the first property that does not hold.
pub async fn run_all(stores: &dyn Stores) {
    __store_properties! { all_in_turn, (stores) }
}
