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
//! | `/incidents/{id}/negotiation`, `…/causes`, `…/twin` | who wanted what; how it spread; before and after |
//! | `/decisions/{plan}` | one decision: why, what else, what it changes, what takes it back, and the answer |
//! | `/topology` | the network at a moment, and what is wrong where |
//! | `/playbooks`, `/playbooks/{id}` | what may be done, and how often it helped |
//! | `/audit`, `/audit/files/{name}` | whether the journal is untouched, and its files to take away |
//! | `/wall` | large, for people who cannot touch it |
//! | `/stop` | the kill switch |
//! | `/records/{id}` | one record with its causes and effects |
//! | `/api/v1/...` | the same for programs, and orders: `api` |
//! | `/api/v1/events` | what happens, as server-sent events |
//! | `/api/v1/openapi.json` | the description of the API |
//! | `/sign-in`, `/sign-out`, `/account`, `/accounts` | coming in, going out, the own password, everybody's roles |
//! | `/healthz` | whether the journal can be read |

mod access;
mod api;
pub mod autonomy;
mod bars;
mod books;
mod card;
mod desk;
mod failure;
mod graph;
mod house;
mod lanes;
mod line;
mod map;
mod pages;
mod phrases;
mod pulse;
mod reader;
mod sheet;
mod source;
mod story;
mod view;
mod wires;

pub use access::Access;
pub use access::accounts::{Account, Accounts, AccountsError, Folder};
pub use access::diary::{By, Diary, Event};
pub use access::door::{Clock, Door};
pub use access::password;
pub use access::refusal::Refusal;
pub use access::role::{NoRole, Role};
pub use desk::{BusDesk, Desk, DeskError, Order};
pub use house::House;
pub use line::{CONNECTIONS_MAX, Pace, Peer};
pub use source::Source;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

/// The dashboard over one journal.
pub fn app(house: impl Into<House>) -> Router {
    let house = Arc::new(house.into().behind_counter());
    routes()
        .layer(from_fn_with_state(Arc::clone(&house), access::gate::pass))
        .layer(map_response_with_state(Arc::clone(&house), guarded))
        .with_state(house)
}

/// Every route, before anybody is asked who they are. Who may use each: `access/role.rs`.
fn routes() -> Router<Arc<House>> {
    pages::routes()
        .nest("/api", api::routes())
        .route("/healthz", get(api::health))
}

/// Serves the dashboard until `stop` comes true, then finishes the requests under way; live streams end at once.
pub async fn serve(
    listener: tokio::net::TcpListener,
    house: impl Into<House>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    serve_at(listener, house, (CONNECTIONS_MAX, Pace::default()), stop).await
}

/// Serves it to so many connections at a time, at this pace.
pub async fn serve_at(
    listener: tokio::net::TcpListener,
    house: impl Into<House>,
    (connections, pace): (usize, Pace),
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let house = house.into();
    let streams = house.source.closing();
    let stop = async move {
        stop.await;
        streams.send_replace(true);
    };
    let service = app(house).into_make_service_with_connect_info::<line::Peer>();
    axum::serve(line::Line::new(listener, connections, pace), service)
        .with_graceful_shutdown(stop)
        .await
}

/// Headers that keep a browser from running or loading anything that did not come from here, from keeping what it saw, and,
/// behind TLS, from ever asking without it again.
async fn guarded(State(house): State<Arc<House>>, mut response: Response) -> Response {
    const HEADERS: [(&str, &str); 7] = [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    // A year, as ASVS 3.4.1 asks.
    const ONLY_TLS: (&str, &str) = (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains",
    );
    let tls = house.access.host().map(|_| ONLY_TLS);
    for (name, value) in HEADERS.into_iter().chain(tls) {
        response.headers_mut().insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::role::rows;
    use axum::body::Body;
    use axum::http::header::ALLOW;
    use axum::http::{Method, Request};
    use std::collections::BTreeSet;
    use tower::ServiceExt as _;

    /// The paths that the router has: its debug text is the only place where it tells them.
    fn paths() -> BTreeSet<String> {
        let text = format!("{:?}", routes());
        let quoted = text.split('"').skip(1).step_by(2);
        quoted
            // `/api` is where the API's own routes hang, and none itself.
            .filter(|path| path.starts_with('/') && !path.contains("__private") && *path != "/api")
            .map(str::to_owned)
            .collect()
    }

    /// A route that nobody wrote into the table would be refused to everybody; a row without a route says more than is so.
    #[tokio::test]
    async fn every_route_is_in_the_table_of_roles_and_every_row_has_a_route() {
        let folder = tempfile::tempdir().unwrap();
        let house = Arc::new(House::new(Source::new(folder.path().join("none.jsonl"))));
        let mut real = BTreeSet::new();
        for path in paths() {
            let at = path.replace(['{', '}'], "");
            let request = Request::builder().method(Method::TRACE).uri(at);
            let app = routes().with_state(Arc::clone(&house));
            let answer = app
                .oneshot(request.body(Body::empty()).unwrap())
                .await
                .unwrap();
            let allow = answer.headers().get(ALLOW);
            let allow = allow
                .unwrap_or_else(|| panic!("{path} is no route"))
                .to_str();
            let methods = allow.unwrap().split(',').filter(|m| *m != "HEAD");
            real.extend(methods.map(|method| format!("{method} {path}")));
        }
        assert!(real.len() >= 20, "{real:?}");
        let table: BTreeSet<String> = rows().map(|(m, path)| format!("{m} {path}")).collect();
        assert_eq!(real, table);
    }
}
