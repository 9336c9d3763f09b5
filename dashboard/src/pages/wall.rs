//! What does a wall show to people who cannot touch it?

use super::Asked;
use super::frame::Frame;
use super::now::{Heart, counts, hearts};
use crate::story::{Badge, Row, row};
use askama::Template;
use axum::response::Response;

/// Open incidents on the wall, the newest first. Our choice: as many as are read from across a room.
const SHOWN: usize = 8;

#[derive(Template)]
#[template(path = "wall.html")]
struct WallPage {
    frame: Frame,
    counts: Vec<(Badge, usize)>,
    hearts: Vec<Heart>,
    open: Vec<Row>,
}

/// The wall.
pub async fn show(asked: Asked) -> Response {
    let title = asked.words().wall;
    asked
        .draw(title, |view, frame| {
            let language = frame.language;
            let open = view.incidents().iter().rev().filter(|i| i.ending.is_none());
            let page = WallPage {
                counts: counts(view, language),
                hearts: hearts(view, frame.words, language),
                open: open.take(SHOWN).map(|i| row(view, i, language)).collect(),
                frame,
            };
            Ok(page.render()?)
        })
        .await
}
