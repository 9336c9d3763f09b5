//! What every page has around it.

use crate::access::role::Role;
use crate::access::{Access, Person};
use crate::house::House;
use crate::phrases::{Phrases, phrases, text};
use crate::pulse::Killed;
use crate::reader::Reader;
use crate::view::View;
use zizhi_bus::journal::Damage;
use zizhi_types::NetTime;
use zizhi_types::text::Language;

/// One way through the console.
pub struct Way {
    /// Where.
    pub href: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// The key that goes there after `g`.
    pub key: &'static str,
    /// This page is there.
    pub here: bool,
}

/// Somebody who is signed in.
pub struct Signed {
    pub name: String,
    pub role: String,
    pub is_admin: bool,
}

/// A role in the reader's language.
pub fn role_name(language: Language, role: Role) -> String {
    text(language, &format!("role-{role}"), &[])
}

/// What every page has.
pub struct Frame {
    pub words: &'static Phrases,
    pub language: Language,
    /// What links end with.
    pub keep: &'static str,
    /// This page in the other language.
    pub other: String,
    pub other_tag: &'static str,
    pub title: String,
    /// What is wrong with the journal itself.
    pub warning: Option<String>,
    /// The newest position, where the live stream goes on.
    pub position: u64,
    /// The time of the newest record.
    pub now: Option<NetTime>,
    pub ways: Vec<Way>,
    /// How many plans wait for a person.
    pub waiting: usize,
    pub killed: Option<Killed>,
    /// Whether orders reach a swarm, and this person may give some.
    pub can_order: bool,
    /// Whether this person may say yes, and release the kill switch.
    pub can_approve: bool,
    /// Whether only the person's role keeps orders from a swarm.
    pub needs_role: bool,
    /// Who is signed in; `None` for a stranger, and where there are no accounts.
    pub person: Option<Signed>,
    /// There are no accounts: whoever is on this machine is this one.
    pub open_as: Option<String>,
    /// What every form carries.
    pub form_token: String,
}

impl Frame {
    /// Around a page of this house.
    pub fn new(
        house: &House,
        (reader, person): (&Reader, &Person),
        title: String,
        view: Option<&View>,
    ) -> Self {
        let words = phrases(reader.language);
        let other = match reader.language {
            Language::En => Language::Zh,
            Language::Zh => Language::En,
        };
        let damage = view.and_then(|v| v.damage.as_ref());
        Self {
            words,
            language: reader.language,
            keep: reader.keep,
            other: reader.in_language(other),
            other_tag: other.as_str(),
            title,
            warning: damage.map(|d| match d {
                Damage::TornLine { .. } => words.torn.to_owned(),
                damage => format!("{} {damage}", words.damaged),
            }),
            position: view.map_or(0, |v| v.entries.len() as u64),
            now: view.and_then(View::now),
            ways: ways(words, &reader.path, house.scorer.is_some()),
            waiting: view.map_or(0, |v| v.waiting().len()),
            killed: view.and_then(|v| v.pulse.killed().cloned()),
            can_order: house.desk.is_some() && person.is(Role::Operator),
            can_approve: house.desk.is_some() && person.is(Role::Approver),
            needs_role: house.desk.is_some() && !person.is(Role::Operator),
            person: person.session().and(person.role).map(|role| Signed {
                name: person.name.clone(),
                role: role_name(reader.language, role),
                is_admin: person.is(Role::Admin),
            }),
            open_as: match &house.access {
                Access::Local { name } => Some(name.clone()),
                Access::Accounts { .. } => None,
            },
            form_token: person.form_token(),
        }
    }
}

/// Where nobody reckons the level of autonomy, no way leads to it.
fn ways(words: &'static Phrases, path: &str, scored: bool) -> Vec<Way> {
    let all = [
        ("/", words.now, "n"),
        ("/incidents", words.incidents, "i"),
        ("/topology", words.topology, "t"),
        ("/playbooks", words.playbooks, "p"),
        ("/audit", words.audit, "u"),
        ("/autonomy", words.autonomy, "l"),
        ("/wall", words.wall, "w"),
    ];
    let way = |(href, name, key)| Way {
        href,
        name,
        key,
        here: path == href || (href != "/" && path.starts_with(href)),
    };
    let there = |w: &Way| scored || w.href != "/autonomy";
    all.map(way).into_iter().filter(there).collect()
}
