//! What would a person want to see and decide?
//!
//! In: a journal file, still growing or closed. Out: pages, a JSON API and a live stream, in English and Chinese.
//! The command line calls [`serve`]; tests call [`app`], which needs no port. Nothing here changes the network or
//! the journal: orders go to the swarm over a [`Desk`], if there is one. Nothing is fetched from elsewhere: the pages work
//! without internet.
//!
//! | path | what |
//! |---|---|
//! | `/` | what waits for a person, what is open, whether the swarm is alive |
//! | `/incidents` | incidents, newest first |
//! | `/incidents/{id}` | one incident from the top down: what, since when, why, what was done, every record |
//! | `/decisions/{plan}` | one decision: why, what else, what it changes, what takes it back, and the answer |
//! | `/stop` | the kill switch |
//! | `/records/{id}` | one record with its causes and effects |
//! | `/api/v1/...` | the same for programs, and orders: `api` |
//! | `/api/v1/events` | what happens, as server-sent events |
//! | `/api/v1/openapi.json` | the description of the API |
//! | `/healthz` | whether the journal can be read |

mod access;
mod api;
mod card;
mod desk;
mod failure;
mod house;
mod pages;
mod phrases;
mod pulse;
mod reader;
mod source;
mod story;
mod view;

pub use access::Access;
pub use desk::{BusDesk, Desk, DeskError, Order};
pub use house::House;
pub use source::Source;

use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

/// The dashboard over one journal.
pub fn app(house: impl Into<House>) -> Router {
    pages::routes()
        .nest("/api", api::routes())
        .route("/healthz", get(api::health))
        .layer(axum::middleware::from_fn(access::own_pages_only))
        .layer(axum::middleware::map_response(guarded))
        .with_state(Arc::new(house.into()))
}

/// Serves the dashboard until `stop` comes true, then finishes the requests under way; live streams end at once.
pub async fn serve(
    listener: tokio::net::TcpListener,
    house: impl Into<House>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let house = house.into();
    let streams = house.source.closing();
    let stop = async move {
        stop.await;
        streams.send_replace(true);
    };
    axum::serve(listener, app(house))
        .with_graceful_shutdown(stop)
        .await
}

/// Headers that keep a browser from running or loading anything that did not come from here.
async fn guarded(mut response: Response) -> Response {
    const HEADERS: [(&str, &str); 4] = [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}
