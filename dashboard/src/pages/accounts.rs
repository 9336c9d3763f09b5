//! Everybody's accounts, for whoever gives roles. New ones are made on the command line, where the password is typed by hand.

use super::Asked;
use super::frame::{Frame, role_name};
use crate::access::diary::By;
use crate::access::refusal::Refusal;
use crate::access::role::Role;
use crate::failure::Failure;
use askama::Template;
use axum::Form;
use axum::response::Response;
use serde::Deserialize;

/// A role to choose.
struct Choice {
    word: &'static str,
    name: String,
    chosen: bool,
}

/// One account.
struct Line {
    name: String,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    frame: Frame,
    lines: Vec<Line>,
}

/// Everybody.
pub async fn show(asked: Asked) -> Response {
    let all = match asked.house.access.door().map(|door| door.accounts()) {
        None => return asked.see("/account"),
        Some(Ok(all)) => all,
        Some(Err(_)) => return asked.fail(&Failure::Refused(Refusal::Closed)),
    };
    let language = asked.reader.language;
    let choice = |role: Role, theirs| Choice {
        word: role.as_str(),
        name: role_name(language, role),
        chosen: role == theirs,
    };
    let lines = all.all().iter().map(|account| Line {
        name: account.name.clone(),
        choices: Role::ALL
            .into_iter()
            .map(|role| choice(role, account.role))
            .collect(),
    });
    let lines = lines.collect();
    let title = asked.words().accounts;
    asked
        .draw(
            title,
            |_, frame| Ok(AccountsPage { frame, lines }.render()?),
        )
        .await
}

/// The form: another role, or none at all.
#[derive(Debug, Deserialize)]
pub struct Given {
    name: String,
    /// Where none is named, the account is taken away.
    role: Option<Role>,
}

/// Gives a role, or takes the account away.
pub async fn change(asked: Asked, Form(form): Form<Given>) -> Response {
    let Some(door) = asked.house.access.door() else {
        return asked.see("/account");
    };
    let by = By {
        by: Some(asked.person.name.clone()),
        from: Some(asked.person.from.clone()).filter(|from| !from.is_empty()),
    };
    match door.change_role(by, &form.name, form.role).await {
        Ok(()) => asked.see("/accounts"),
        Err(refused) => asked.fail(&Failure::Refused(refused)),
    }
}
