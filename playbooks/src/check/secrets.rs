//! Would a secret be shown, compared or kept in clear?
//!
//! In: the file and the playbook made from it. Out: problems. A secret stands in a file only by name (`secret://...`)
//! and goes only into a step's `with`, where the driver, and nobody else, asks for its value.

use crate::compile::Compiler;
use crate::expr::Expr;
use crate::playbook::{Operand, Playbook, Target};
use crate::problem::{Code, Place};
use crate::schema::{File, Text};
use serde_saphyr::Spanned;
use zizhi_types::action::Value;

/// Words that a name has only if its value is to be kept from others.
const TELLING: [&str; 7] = [
    "password",
    "passwd",
    "token",
    "apikey",
    "secret",
    "credential",
    "privatekey",
];

pub(super) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let secret: Vec<&str> = playbook
        .params
        .iter()
        .filter(|p| p.secret)
        .map(|p| p.name.as_str())
        .collect();
    texts_are_plain(to, read, &secret);
    nothing_stands_in_clear(to, read);
    for (expr, place) in looked_at(read, playbook) {
        let names = &expr.names().paths;
        let shown = secret
            .iter()
            .find(|s| names.contains(&format!("params.{s}")));
        if let Some(name) = shown {
            let message = format!("the secret `{name}` is used outside a step's with");
            let fix = "give it to a step in with: only; nothing else may see it";
            to.report(place, Code::SecretShown, message, fix);
        }
    }
}

/// Every text that people read.
fn texts(read: &File) -> Vec<&Spanned<String>> {
    let spec = &read.spec;
    let mut all: Vec<&Text> = vec![
        &read.metadata.title,
        &spec.describe.what,
        &spec.describe.when_not_to_use,
    ];
    all.extend(&spec.irreversible);
    all.extend(spec.rollback.as_ref().and_then(|r| r.reason.as_ref()));
    all.extend(spec.when.iter().map(|w| &w.message));
    all.into_iter().flat_map(|t| [&t.en, &t.zh]).collect()
}

fn texts_are_plain(to: &mut Compiler<'_>, read: &File, secret: &[&str]) {
    for text in texts(read) {
        let place = Place::from(text.referenced);
        if !text.value.contains("{{") {
            if in_clear(&text.value) {
                clear(to, place);
            }
            continue;
        }
        let named = secret
            .iter()
            .find(|s| text.value.contains(&format!("params.{s}")));
        if let Some(name) = named {
            let message = format!("the secret `{name}` stands in a text for people");
            let fix = "take it out: texts are shown, logged and kept in the journal";
            to.report(place, Code::SecretShown, message, fix);
        } else {
            let message =
                "a text for people is shown as it stands: the expression in it is not filled in";
            let fix =
                "say it in plain words; the plan shows objects and parameters beside the text";
            to.report(place, Code::TextIsNoExpression, message, fix);
        }
    }
}

fn nothing_stands_in_clear(to: &mut Compiler<'_>, read: &File) {
    let owner = &read.metadata.owner;
    if in_clear(&owner.value) {
        clear(to, owner.referenced.into());
    }
    for (name, param) in &read.spec.params {
        if let Some(default) = &param.value.default {
            value_in_clear(to, name, default);
        }
    }
    for step in &read.spec.steps {
        for (name, value) in &step.with {
            value_in_clear(to, name, value);
        }
    }
}

fn value_in_clear(to: &mut Compiler<'_>, name: &str, value: &Spanned<Value>) {
    let Value::Text(text) = &value.value else {
        return;
    };
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    let telling = TELLING.iter().any(|t| plain.to_lowercase().contains(t));
    let literal = !text.contains("${{") && !text.starts_with("secret://");
    if literal && (telling || in_clear(text)) {
        clear(to, value.referenced.into());
    }
}

fn clear(to: &mut Compiler<'_>, place: Place) {
    let message = "a password, token or key stands in the file in clear";
    let fix = "change it, since it was seen here; then write a parameter {type: string, secret: true, from: secret://name}";
    to.report(place, Code::SecretShown, message, fix);
}

/// `password=...`, `token: ...` or `user:word@host` in a text.
fn in_clear(text: &str) -> bool {
    let lower = text.to_lowercase();
    let assigned = TELLING.iter().any(|word| {
        lower.split(word).skip(1).any(|after| {
            let after = after.trim_start();
            after.starts_with('=') && after.len() > 1
        })
    });
    let account = lower.split("://").nth(1).is_some_and(|rest| {
        let host = rest.split('/').next().unwrap_or_default();
        host.split_once('@')
            .is_some_and(|(user, _)| user.contains(':'))
    });
    assigned || account
}

/// Expressions that are compared, shown or kept, with their places.
fn looked_at<'p>(read: &File, playbook: &'p Playbook) -> Vec<(&'p Expr, Place)> {
    let mut out: Vec<(&Expr, Place)> = vec![];
    for (condition, written) in playbook.when.iter().zip(&read.spec.when) {
        out.push((&condition.check, written.check.referenced.into()));
    }
    for (step, written) in playbook.steps.iter().zip(&read.spec.steps) {
        if let Target::Computed(expr) = &step.on {
            out.push((expr, written.on.referenced.into()));
        }
        if let (Some(expr), Some(when)) = (&step.when, &written.when) {
            out.push((expr, when.referenced.into()));
        }
    }
    let checks = read.spec.verify.iter().flat_map(|v| &v.checks);
    for (check, written) in playbook.checks.iter().zip(checks) {
        let place = Place::from(written.on.referenced);
        if let Target::Computed(expr) = &check.on {
            out.push((expr, place));
        }
        if let Some(Operand::Computed(expr)) = check.operand() {
            out.push((expr, place));
        }
        let conditions = [&written.pass, &written.fail].into_iter().flatten();
        out.extend(
            check
                .conditions()
                .zip(conditions.map(|c| c.referenced.into())),
        );
    }
    out
}
