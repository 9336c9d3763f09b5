//! The pages. One file a page; what all have in common is here.

mod decision;
mod frame;
mod incident;
mod incidents;
mod now;
mod record;
mod stop;

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
use axum::routing::get;
use frame::Frame;
use std::convert::Infallible;
use std::sync::Arc;

/// Every page.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/", get(now::show))
        .route("/incidents", get(incidents::show))
        .route("/incidents/{id}", get(incident::show))
        .route(
            "/decisions/{plan}",
            get(decision::show).post(decision::answer),
        )
        .route("/records/{id}", get(record::show))
        .route("/stop", get(stop::show).post(stop::order))
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
                let frame = Frame::new(&self.house, &self.reader, title.to_owned(), Some(&view));
                draw(&view, frame)
            }
            Err(error) => Err(error.into()),
        };
        match page {
            Ok(text) => Html(text).into_response(),
            Err(failure) => self.fail(&failure),
        }
    }

    fn fail(&self, failure: &Failure) -> Response {
        let title = self.words().trouble.to_owned();
        let page = FailurePage {
            frame: Frame::new(&self.house, &self.reader, title, None),
            reason: failure.explain(),
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
