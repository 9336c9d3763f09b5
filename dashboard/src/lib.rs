//! What would a person want to see and decide?
//!
//! In: a journal file, still growing or closed. Out: pages, a JSON API and a live stream, in English and Chinese.
//! The command line calls [`serve`]; tests call [`app`], which needs no port. Nothing here changes the network or
//! the journal, and nothing is fetched from elsewhere: the pages work without internet.
//!
//! | path | what |
//! |---|---|
//! | `/` | incidents, newest first |
//! | `/incidents/{id}` | one incident from the top down: what, since when, why, what was done, every record |
//! | `/records/{id}` | one record with its causes and effects |
//! | `/api/v1/incidents`, `/api/v1/incidents/{id}`, `/api/v1/records/{id}` | the same as JSON |
//! | `/api/v1/stream` | new records as server-sent events |
//! | `/api/v1/openapi.json` | the description of the API |
//! | `/healthz` | whether the journal can be read |

mod api;
mod failure;
mod pages;
mod phrases;
mod reader;
mod source;
mod story;
mod stream;
mod view;

pub use source::Source;

use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

/// The dashboard over one journal.
pub fn app(source: Source) -> Router {
    Router::new()
        .route("/", get(pages::incidents))
        .route("/incidents/{id}", get(pages::incident))
        .route("/records/{id}", get(pages::record))
        .route("/assets/style.css", get(pages::style))
        .route("/assets/live.js", get(pages::live))
        .route("/api/v1/incidents", get(api::incidents))
        .route("/api/v1/incidents/{id}", get(api::incident))
        .route("/api/v1/records/{id}", get(api::record))
        .route("/api/v1/stream", get(stream::records))
        .route("/api/v1/openapi.json", get(api::description))
        .route("/healthz", get(api::health))
        .fallback(pages::nowhere)
        .layer(axum::middleware::map_response(guarded))
        .with_state(Arc::new(source))
}

/// Serves the dashboard until `stop` comes true, then finishes the requests under way; live streams end at once.
pub async fn serve(
    listener: tokio::net::TcpListener,
    source: Source,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let streams = source.closing();
    let stop = async move {
        stop.await;
        streams.send_replace(true);
    };
    axum::serve(listener, app(source))
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
