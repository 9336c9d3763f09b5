//! The own account: who one is here, another password; and, where there are no accounts, how to have some.

use super::{Asked, sign_in};
use crate::access::refusal::Refusal;
use crate::failure::Failure;
use crate::pages::frame::Frame;
use askama::Template;
use axum::Form;
use axum::response::Response;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
}

/// Who one is.
pub async fn show(asked: Asked) -> Response {
    let title = asked.words().account;
    asked
        .draw(title, |_, frame| Ok(AccountPage { frame }.render()?))
        .await
}

/// The form.
#[derive(Deserialize)]
pub struct Changed {
    old: String,
    new: String,
    again: String,
}

/// Another password; one signs in with it at once.
pub async fn change(asked: Asked, Form(form): Form<Changed>) -> Response {
    match try_change(&asked, form).await {
        Ok(()) => sign_in::gone(&asked, "changed"),
        Err(refused) => asked.fail(&Failure::Refused(refused)),
    }
}

async fn try_change(asked: &Asked, form: Changed) -> Result<(), Refusal> {
    let door = asked.house.access.door().ok_or(Refusal::SignedOut)?;
    if form.new != form.again {
        return Err(Refusal::Twice);
    }
    let person = &asked.person;
    door.change_password(&person.name, form.old, form.new, &person.from)
        .await
}
