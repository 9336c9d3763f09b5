//! Can each test of the file fail, and can it pass?
//!
//! In: the file and the playbook made from it. Out: problems about tests that say nothing of the playbook whatever
//! becomes of it. The tests are not run here; that is [`crate::scripted`].

use crate::compile::Compiler;
use crate::playbook::Playbook;
use crate::problem::Code;
use crate::schema::File;
use crate::scripted::{Expect, Test};
use crate::suggest::did_you_mean;
use std::collections::BTreeSet;
use zizhi_types::Metric;

pub(super) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let mut names = BTreeSet::new();
    for test in read.tests.iter().flatten() {
        let name = &test.name.value;
        let wrong = if name.trim().is_empty() {
            Some((
                "the test has no name".to_owned(),
                "say what it shows".to_owned(),
            ))
        } else if !names.insert(name) {
            let message = format!("two tests are called `{name}`");
            Some((message, "say what sets this one apart".to_owned()))
        } else {
            expects_nothing(&test.expect)
                .or_else(|| is_elsewhere(test, playbook))
                .or_else(|| names_no_step(test, playbook))
                .or_else(|| measures_nothing(test))
        };
        if let Some((message, fix)) = wrong {
            to.report(test.name.referenced.into(), Code::BadTest, message, fix);
        }
    }
}

/// What is wrong and what to write.
type Wrong = Option<(String, String)>;

fn expects_nothing(expect: &Expect) -> Wrong {
    let empty = |said: &Option<String>| said.as_ref().is_none_or(|s| s.trim().is_empty());
    let only_because = Expect {
        because: expect.because.clone(),
        ..Expect::default()
    };
    if *expect == only_because && empty(&expect.because) {
        let message = "the test expects nothing: it passes whatever the playbook does";
        let fix = "write for example expect: {fits: true, ran: [the steps], outcome: helped}";
        return Some((message.to_owned(), fix.to_owned()));
    }
    let some = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|l| !l.is_empty());
    let left_out = expect.fits == Some(false) && (some(&expect.actions) || some(&expect.ran));
    left_out.then(|| {
        let message = "the test expects no plan, and steps of one: it can never pass";
        (
            message.to_owned(),
            "remove ran and actions, or write fits: true".to_owned(),
        )
    })
}

fn is_elsewhere(test: &Test, playbook: &Playbook) -> Wrong {
    let fault = test
        .given
        .fault
        .or_else(|| playbook.faults.first().copied())?;
    let kind = test.given.suspect.kind();
    if fault.object_kind() == kind {
        return None;
    }
    let wanted = fault.object_kind().as_str();
    let message = format!(
        "{fault} is a fault of a {wanted}, and {} is none",
        test.given.suspect
    );
    Some((message, format!("suspect a {wanted}")))
}

fn names_no_step(test: &Test, playbook: &Playbook) -> Wrong {
    let answers = test.given.answers.keys();
    let ran = test.expect.ran.iter().flatten();
    let odd = answers.chain(ran).find(|name| {
        let step = name.strip_suffix(".undo").unwrap_or(name);
        !playbook.steps.iter().any(|s| is_of(step, &s.id))
    })?;
    let message = format!("the playbook has no step `{odd}`");
    Some((
        message,
        did_you_mean(odd, playbook.steps.iter().map(|s| s.id.as_str())),
    ))
}

/// Values of quantities that nobody measures, or a probability that is none.
fn measures_nothing(test: &Test) -> Wrong {
    let probability = test.given.probability;
    if let Some(p) = probability.filter(|p| !(0.0..=1.0).contains(p)) {
        let message = format!("probability is {p}: it goes from 0 to 1");
        return Some((message, "write a number from 0 to 1".to_owned()));
    }
    let known = || Metric::ALL.iter().map(|m| m.as_str());
    let metric = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let mut names = test.given.state.keys().map(|name| metric(name));
    let odd = names.find(|name| !known().any(|k| k == name))?;
    Some((
        format!("unknown metric `{odd}`"),
        did_you_mean(&odd, known()),
    ))
}

/// A step by its id, or one of several objects of it: `drain`, `drain-2`.
fn is_of(name: &str, id: &str) -> bool {
    let rest = name.strip_prefix(id);
    rest.is_some_and(|r| {
        let number = r.strip_prefix('-').unwrap_or_default();
        r.is_empty() || (!number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
    })
}
