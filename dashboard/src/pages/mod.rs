//! The pages. One file a page; what all have in common is here.

mod account;
mod accounts;
mod audit;
mod autonomy;
mod causes;
mod decision;
mod frame;
mod incident;
mod incidents;
mod negotiation;
mod now;
mod playbooks;
mod record;
mod sign_in;
mod stop;
mod topology;
mod twin;
mod wall;

pub use stop::give;

use crate::access::Person;
use crate::failure::Failure;
use crate::house::House;
use crate::phrases::{Phrases, phrases};
use crate::reader::Reader;
use crate::view::View;
use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
pub use frame::Frame;
use std::convert::Infallible;
use std::sync::Arc;

/// Every page.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/", get(now::show))
        .route("/incidents", get(incidents::show))
        .route("/incidents/{id}", get(incident::show))
        .route("/incidents/{id}/negotiation", get(negotiation::show))
        .route("/incidents/{id}/causes", get(causes::show))
        .route("/incidents/{id}/twin", get(twin::show))
        .route(
            "/decisions/{plan}",
            get(decision::show).post(decision::answer),
        )
        .route("/records/{id}", get(record::show))
        .route("/topology", get(topology::show))
        .route("/playbooks", get(playbooks::list))
        .route("/playbooks/{id}", get(playbooks::show))
        .route("/audit", get(audit::show))
        .route("/audit/files/{name}", get(audit::file))
        .route("/autonomy", get(autonomy::show))
        .route("/autonomy/export", get(autonomy::export))
        .route("/wall", get(wall::show))
        .route("/stop", get(stop::show).post(stop::order))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/account", get(account::show).post(account::change))
        .route("/accounts", get(accounts::show).post(accounts::change))
        .route("/assets/{name}", get(asset))
        .fallback(nowhere)
}

/// What somebody asked for a page with.
pub struct Asked {
    house: Arc<House>,
    reader: Reader,
    person: Person,
}

impl FromRequestParts<Arc<House>> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Infallible> {
        Ok(Self {
            house: Arc::clone(house),
            reader: Reader::from_request_parts(parts, house).await?,
            person: Person::from_request_parts(parts, house).await?,
        })
    }
}

impl Asked {
    /// The words of the reader's language.
    fn words(&self) -> &'static Phrases {
        phrases(self.reader.language)
    }

    /// The page that `draw` makes of the journal as it is now, or one that says why there is none.
    async fn draw(
        &self,
        title: &str,
        draw: impl FnOnce(&View, Frame) -> Result<String, Failure>,
    ) -> Response {
        let page = match self.house.source.current().await {
            Ok(view) => {
                let frame = self.frame(title.to_owned(), Some(&view));
                draw(&view, frame)
            }
            Err(error) => Err(error.into()),
        };
        match page {
            Ok(text) => Html(text).into_response(),
            Err(failure) => self.fail(&failure),
        }
    }

    fn frame(&self, title: String, view: Option<&View>) -> Frame {
        Frame::new(&self.house, (&self.reader, &self.person), title, view)
    }

    /// The page that says why there is no other.
    pub(crate) fn fail(&self, failure: &Failure) -> Response {
        let title = self.words().trouble.to_owned();
        let page = FailurePage {
            frame: self.frame(title, None),
            tongue: failure
                .refusal()
                .map_or("en", |_| self.reader.language.as_str()),
            reason: failure.refusal().map_or_else(
                || failure.explain(),
                |refusal| refusal.say(self.reader.language),
            ),
        };
        let text = page.render().unwrap_or(page.reason);
        (failure.status(), Html(text)).into_response()
    }

    /// To another page, in the chosen language, after something was ordered: reloading it orders nothing again.
    fn see(&self, path: &str) -> Response {
        Redirect::to(&format!("{path}{}", self.reader.keep)).into_response()
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    frame: Frame,
    /// The language of the reason.
    tongue: &'static str,
    reason: String,
}

/// Any other path.
async fn nowhere(asked: Asked) -> Response {
    asked.fail(&Failure::NoPage(asked.reader.path.clone()))
}

/// Everything that a page loads.
const ASSETS: &[(&str, &str, &str)] = &[
    (
        "style.css",
        "text/css; charset=utf-8",
        include_str!("../../assets/style.css"),
    ),
    (
        "console.js",
        "text/javascript; charset=utf-8",
        include_str!("../../assets/console.js"),
    ),
];

async fn asset(State(_): State<Arc<House>>, asked: Asked) -> Response {
    let name = asked.reader.path.rsplit('/').next().unwrap_or_default();
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => ([(CONTENT_TYPE, *kind)], *text).into_response(),
        None => asked.fail(&Failure::NoPage(asked.reader.path.clone())),
    }
}
