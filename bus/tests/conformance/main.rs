//! What every bus and every lease store must do, whatever it is made of: the same stories on the bus inside one process and over a real
//! NATS server.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod access;
mod bus_stories;
mod keys;
mod lease_stories;
#[path = "../nats_server/mod.rs"]
mod nats_server;
mod place;
mod recovery;
mod taps;

/// Runs each story in both places.
macro_rules! everywhere {
    ($($stories:ident :: $story:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                crate::$stories::$story(&crate::place::Embedded::default()).await;
            })*
        }

        mod nats {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                if let Some(place) = crate::place::Nats::start(stringify!($story)) {
                    crate::$stories::$story(&place).await;
                }
            })*
        }
    };
}

everywhere! {
    bus_stories::patterns_mean_the_same,
    bus_stories::what_one_publisher_says_is_heard_in_order,
    bus_stories::every_subscriber_hears_a_message_once,
    bus_stories::a_full_queue_drops_telemetry_and_counts_it_but_delivers_every_decision,
    bus_stories::a_question_is_answered,
    bus_stories::a_handler_may_ask_while_it_holds_a_delivery,
    bus_stories::nobody_serves_is_said_at_once,
    bus_stories::a_server_that_lets_a_question_fall_is_nobody,
    bus_stories::a_question_without_an_answer_ends_in_time,
    bus_stories::a_later_server_takes_over,
    bus_stories::settling_waits_for_what_follows_from_what_was_said,
    bus_stories::closing_delivers_what_is_there_and_ends_everything,
    bus_stories::ids_are_unique_and_grow,
    bus_stories::bad_subjects_are_refused,
    lease_stories::one_holder_at_a_time,
    lease_stories::terms_grow,
    lease_stories::a_lease_that_is_not_renewed_is_lost,
    lease_stories::a_renewed_lease_stays,
    lease_stories::two_who_race_have_one_winner,
    lease_stories::an_old_term_is_refused,
    lease_stories::giving_up_lets_the_next_one_in_at_once,
}
