//! What may a program ask and order?
//!
//! In: HTTP requests under `/api/v1`. Out: JSON of the same journal that the pages show, `application/problem+json` for every
//! failure, a live stream, and the description of all of it (`OpenAPI` 3.1), made from the types that are sent.

mod decisions;
mod events;
mod incidents;
mod now;
mod once;
mod orders;
mod paging;
mod problem;
mod records;
mod said;
mod words;

pub use now::health;
pub use problem::ApiFailure;

use crate::house::House;
use axum::Extension;
use axum::Router;
use axum::extract::OriginalUri;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use problem::Refusal;
use said::{Nothing, WholeQuery};
use std::sync::Arc;
#[cfg(test)]
use utoipa::OpenApi;

/// Everything under `/api`.
pub fn routes() -> Router<Arc<House>> {
    let v1 = Router::new()
        .route("/summary", get(now::summary))
        .route("/agents", get(now::agents))
        .route("/incidents", get(incidents::list))
        .route("/incidents/{incident}", get(incidents::one))
        .route("/records/{record}", get(records::one))
        .route("/decisions", get(decisions::list))
        .route("/decisions/{plan}", get(decisions::one))
        .route("/decisions/{plan}/approve", post(orders::approve))
        .route("/decisions/{plan}/reject", post(orders::reject))
        .route("/kill-switch", get(orders::switch).post(orders::press))
        .route("/events", get(events::follow))
        .route("/openapi.json", get(description));
    Router::new()
        .nest("/v1", v1)
        .fallback(nowhere)
        .method_not_allowed_fallback(no_method)
        .layer(Extension(Arc::<once::Once>::default()))
        .layer(Extension(events::Places::default()))
}

async fn nowhere(OriginalUri(uri): OriginalUri) -> ApiFailure {
    Refusal::NoPath(uri.path().to_owned()).into()
}

async fn no_method(OriginalUri(uri): OriginalUri) -> ApiFailure {
    not_so(uri.path())
}

/// The failure of a path that is there, but not for this method.
pub fn not_so(path: &str) -> ApiFailure {
    Refusal::NoMethod(path.to_owned()).into()
}

#[cfg(test)]
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Zizhi",
        version = "1",
        description = "Reads the journal of an agent swarm and takes orders to it. Every error is application/problem+json (RFC 9457). Unknown query parameters and unknown fields are refused. Times are milliseconds of the network's own time.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        now::summary, now::agents, now::health, incidents::list, incidents::one, records::one, decisions::list, decisions::one,
        orders::approve, orders::reject, orders::press, orders::switch, events::follow, description
    ),
    tags(
        (name = "now", description = "What waits, what is open, whether the swarm is alive"),
        (name = "incidents", description = "What went wrong and what happened to it"),
        (name = "records", description = "What stands in the journal"),
        (name = "decisions", description = "What was decided, and what waits for a person"),
        (name = "orders", description = "Yes, no and stop. What became of an order is in the journal"),
        (name = "live", description = "What happens, as it happens")
    )
)]
struct Description;

/// This description
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "now",
    responses((status = 200, description = "OpenAPI 3.1", body = Object), (status = 400, description = "The request cannot be read", body = problem::Problem, content_type = "application/problem+json")))]
async fn description(_: WholeQuery<Nothing>) -> impl IntoResponse {
    let text = include_str!("../../assets/openapi.json");
    ([(CONTENT_TYPE, "application/json")], text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `ZIZHI_REWRITE` set the file is written anew: `ZIZHI_REWRITE=1 cargo test -p zizhi-dashboard description`.
    #[test]
    fn the_description_is_what_the_types_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/openapi.json");
        let made = Description::openapi().to_pretty_json().unwrap() + "\n";
        #[expect(clippy::disallowed_methods, reason = "whoever rewrites says so there")]
        let rewrite = std::env::var_os("ZIZHI_REWRITE").is_some();
        if rewrite {
            std::fs::write(path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap();
        assert!(
            kept == made,
            "assets/openapi.json is old: run this test with ZIZHI_REWRITE=1"
        );
    }
}
