//! Is one rule of a drivers file written well?
//!
//! In: a rule. Out: the rule with its verb and times read, or findings. What it does to the listed objects is tried later.

use super::super::compile::CheckedRule;
use super::super::schema::{Rule, UndoRule};
use super::Checking;
use crate::duration::parse_ms;
use crate::problem::Place;
use crate::suggest::did_you_mean;
use std::time::Duration;
use zizhi_types::action::Verb;

/// Longest time of one call, and until a state reads as wanted, where the file names none.
const TIMEOUT: Duration = Duration::from_secs(10);
const SETTLE: Duration = Duration::from_secs(10);

impl Checking<'_> {
    pub fn rule(&mut self, place: Place, rule: Rule, allowed: &[String]) -> Option<CheckedRule> {
        let before = self.findings.len();
        let verb = rule.verb.parse::<Verb>();
        if verb.is_err() {
            let fix = did_you_mean(&rule.verb, Verb::ALL.iter().map(|v| v.as_str()));
            self.report(place, format!("unknown action `{}`", rule.verb), fix);
        }
        self.one_driver(place, &rule);
        self.own_promises(place, &rule);
        if let Some(command) = &rule.command {
            for argv in [&command.read, &command.apply] {
                self.allowed(place, argv.first().map(String::as_str), allowed);
            }
        }
        let timeout = self.time(place, rule.timeout.as_deref(), TIMEOUT);
        let settle = self.time(place, rule.settle.as_deref(), SETTLE);
        if let (Some(undo), Ok(verb)) = (&rule.undo, verb.as_ref()) {
            self.undo(place, undo, *verb);
        }
        (self.findings.len() == before).then_some(())?;
        Some(CheckedRule {
            verb: verb.ok()?,
            timeout,
            settle,
            rule,
        })
    }

    fn one_driver(&mut self, place: Place, rule: &Rule) {
        let named = [
            rule.frr.is_some(),
            rule.linux.is_some(),
            rule.service.is_some(),
            rule.http.is_some(),
            rule.command.is_some(),
            rule.ansible.is_some(),
            rule.kubernetes.is_some(),
        ];
        if named.iter().filter(|n| **n).count() != 1 {
            let message = format!("the rule of {} names not exactly one driver", rule.verb);
            self.report(
                place,
                message,
                "write one of frr, linux, service, http, command, ansible, kubernetes",
            );
        }
    }

    fn own_promises(&mut self, place: Place, rule: &Rule) {
        let own = rule.http.is_some() || rule.command.is_some();
        if !own && (rule.idempotent || rule.want.is_some() || rule.changed) {
            let message = "idempotent, want and changed are known of this driver";
            self.report(
                place,
                message,
                "remove them: they belong to http and command",
            );
        }
        if !own && rule.ansible.is_none() && rule.undo.is_some() {
            self.report(place, "the undo of this driver is known", "remove `undo`");
        }
        if own && rule.want.is_none() && !rule.changed {
            let message = format!("nothing says what must be read after {}", rule.verb);
            self.report(
                place,
                message,
                "write `want:` with the value, or `changed: true`",
            );
        }
    }

    fn allowed(&mut self, place: Place, program: Option<&str>, allowed: &[String]) {
        let program = program.unwrap_or_default();
        if !allowed.iter().any(|a| a == program) {
            let message = format!("`{program}` is not in the allow list");
            let fix = did_you_mean(program, allowed.iter().map(String::as_str));
            self.report(
                place,
                message,
                format!("{fix}; or add it to `allow:` by its absolute path"),
            );
        }
    }

    fn time(&mut self, place: Place, written: Option<&str>, usual: Duration) -> Duration {
        let Some(text) = written else { return usual };
        let Some(ms) = parse_ms(text) else {
            self.report(
                place,
                format!("`{text}` is no duration"),
                "write 500ms, 10s or 2m",
            );
            return usual;
        };
        Duration::from_millis(ms)
    }

    fn undo(&mut self, place: Place, undo: &UndoRule, verb: Verb) {
        let Ok(back) = undo.verb.parse::<Verb>() else {
            let fix = did_you_mean(&undo.verb, Verb::ALL.iter().map(|v| v.as_str()));
            return self.report(
                place,
                format!("unknown action `{}` in undo", undo.verb),
                fix,
            );
        };
        if back.object_kind() != verb.object_kind() {
            let message = format!("the undo {back} is done to another kind of object than {verb}");
            self.report(place, message, "an undo is done to the same object");
        }
        let given: Vec<&str> = undo.set.keys().map(String::as_str).collect();
        let mut wanted = back.params().to_vec();
        wanted.sort_unstable();
        if given != wanted {
            let message = format!("the undo {back} is given [{}]", given.join(", "));
            self.report(
                place,
                message,
                format!("its parameters are [{}]", wanted.join(", ")),
            );
        }
    }
}
