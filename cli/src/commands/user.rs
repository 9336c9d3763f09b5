//! `zizhi dashboard user`: who may sign in to the dashboard.
//!
//! In: a name, and a password that is typed or comes on standard input. Out: the accounts' file, changed whole or not at
//! all, and a line in the security log. A dashboard that is running notices at its next request.

use super::approve::Place;
use super::{json_line, pick};
use crate::args::accounts::{AccountsPlace, UserCommand};
use crate::fail::Failure;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{BufRead as _, IsTerminal as _, stdin};
use std::process::ExitCode;
use zizhi_bus::clock::wall;
use zizhi_dashboard::{By, Diary, Event, Folder, Role, password};
use zizhi_types::text::Language;

/// Runs one.
pub fn run(command: UserCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        UserCommand::List { place } => list(&place, lang),
        UserCommand::Add { name, role, place } => {
            let folder = folder(&place)?;
            if folder.read()?.find(&name).is_some() {
                return Err(format!("there is an account {name} already").into());
            }
            let typed = ask(&name, lang)?;
            folder.change(|all| all.add(&name, role, &typed, wall()))?;
            let event = Event::AccountAdded {
                account: name.clone(),
                role: role.to_string(),
            };
            let said = pick(lang, "added", "已添加");
            done(&place, &folder, (&name, "added", said), &event)
        }
        UserCommand::Remove { name, place } => {
            let folder = folder(&place)?;
            folder.change(|all| all.remove(&name))?;
            let event = Event::AccountRemoved {
                account: name.clone(),
            };
            let said = pick(lang, "removed", "已删除");
            done(&place, &folder, (&name, "removed", said), &event)
        }
        UserCommand::Passwd { name, place } => {
            let folder = folder(&place)?;
            if folder.read()?.find(&name).is_none() {
                return Err(format!("there is no account {name}").into());
            }
            let typed = ask(&name, lang)?;
            folder.change(|all| all.set_password(&name, &typed, wall()))?;
            let event = Event::PasswordSet {
                account: name.clone(),
            };
            let said = pick(lang, "has a new password", "密码已更新");
            done(&place, &folder, (&name, "password", said), &event)
        }
        UserCommand::Role { name, role, place } => {
            let folder = folder(&place)?;
            folder.change(|all| all.set_role(&name, role, wall()))?;
            let event = Event::RoleChanged {
                account: name.clone(),
                role: role.to_string(),
            };
            let said = format!("{} {}", pick(lang, "is now", "角色改为"), word(role, lang));
            done(&place, &folder, (&name, "role", &said), &event)
        }
    }
}

fn folder(place: &AccountsPlace) -> Result<Folder, Failure> {
    let data = Place::find(place.config.as_deref(), None, place.accounts.as_ref())?.data;
    Ok(Folder::new(data))
}

fn list(place: &AccountsPlace, lang: Language) -> Result<ExitCode, Failure> {
    let folder = folder(place)?;
    let accounts = folder.read()?;
    if accounts.all().is_empty() && !place.json {
        println!(
            "{} {}",
            pick(lang, "no accounts in", "尚无账号："),
            folder.file().display()
        );
    }
    for account in accounts.all() {
        if place.json {
            json_line(&serde_json::json!({
                "name": account.name, "role": account.role, "changed_ms": account.changed,
            }))?;
        } else {
            println!("{}\t{}", account.name, word(account.role, lang));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn done(
    place: &AccountsPlace,
    folder: &Folder,
    (name, key, said): (&str, &str, &str),
    event: &Event,
) -> Result<ExitCode, Failure> {
    let by = By {
        by: Some("command line".to_owned()),
        from: None,
    };
    Diary::open(folder.path())?.write(event, &by, wall());
    if place.json {
        json_line(&serde_json::json!({ "name": name, "changed": key }))?;
    } else {
        println!("{name} {said}");
    }
    Ok(ExitCode::SUCCESS)
}

const fn word(role: Role, lang: Language) -> &'static str {
    match role {
        Role::Viewer => pick(lang, "viewer", "查看者"),
        Role::Operator => pick(lang, "operator", "操作员"),
        Role::Approver => pick(lang, "approver", "审批员"),
        Role::Admin => pick(lang, "admin", "管理员"),
    }
}

/// A new password, checked before anything is changed.
fn ask(name: &str, lang: Language) -> Result<String, Failure> {
    let typed = if stdin().is_terminal() {
        let typed = hidden(pick(lang, "Password: ", "密码："))?;
        if typed != hidden(pick(lang, "Again: ", "再次输入："))? {
            return Err("the password is not the same twice: nothing was changed".into());
        }
        typed
    } else {
        line()?
    };
    password::check(name, &typed)?;
    Ok(typed)
}

/// Typed without being shown.
fn hidden(prompt: &str) -> Result<String, Failure> {
    eprint!("{prompt}");
    let input = stdin();
    let before = tcgetattr(&input)?;
    let mut quiet = before.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&input, OptionalActions::Flush, &quiet)?;
    let typed = line();
    tcsetattr(&input, OptionalActions::Flush, &before)?;
    eprintln!();
    typed
}

/// The first line, without its end.
fn line() -> Result<String, Failure> {
    let mut text = String::new();
    stdin().lock().read_line(&mut text)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
