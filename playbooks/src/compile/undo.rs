//! Compiles what follows from a step that failed, and what takes one back.

use super::Compiler;
use crate::playbook::{Operand, Undo};
use crate::problem::{Code, Place};
use crate::schema;
use crate::suggest::did_you_mean;
use crate::values;
use serde_saphyr::Spanned;
use zizhi_types::Verb;

impl Compiler<'_> {
    /// Whether a failure is passed over.
    pub(super) fn on_error(&mut self, written: Option<&Spanned<String>>) -> Option<bool> {
        let Some(written) = written else {
            return Some(false);
        };
        match written.value.as_str() {
            "stop" => Some(false),
            "continue" => Some(true),
            other => {
                let message = format!("unknown onError `{other}`");
                let fix = did_you_mean(other, ["stop", "continue"]);
                self.report(written.referenced.into(), Code::UnknownWord, message, fix);
                None
            }
        }
    }

    pub(super) fn undo(
        &mut self,
        of: Option<Verb>,
        written: Option<&Spanned<schema::Undo>>,
    ) -> Option<Undo> {
        let Some(written) = written else {
            return Some(Undo::Auto);
        };
        let place = Place::from(written.referenced);
        match &written.value {
            schema::Undo::Word(word) if word == "auto" => Some(Undo::Auto),
            schema::Undo::Word(word) if word == "none" => Some(Undo::None),
            schema::Undo::Word(word) => {
                let message = format!("unknown undo `{word}`");
                let fix = "write undo: auto, undo: none, or undo: {run: an action, with: {...}}";
                self.report(place, Code::UnknownWord, message, fix);
                None
            }
            schema::Undo::Action(action) => self.undo_action(of?, action, place),
        }
    }

    fn undo_action(
        &mut self,
        of: Verb,
        written: &schema::UndoAction,
        place: Place,
    ) -> Option<Undo> {
        let Ok(verb) = written.run.parse::<Verb>() else {
            let message = format!("unknown action `{}`", written.run);
            let fix = did_you_mean(&written.run, Verb::ALL.iter().map(|v| v.as_str()));
            self.report(place, Code::UnknownVerb, message, fix);
            return None;
        };
        if verb.object_kind() != of.object_kind() || verb.domain() != of.domain() {
            let (kind, other) = (of.object_kind().as_str(), verb.object_kind().as_str());
            let message =
                format!("{verb} acts on a {other}, and cannot take back {of} on a {kind}");
            let fix = format!("use an action on a {kind} of {}", of.domain());
            self.report(place, Code::BadUndo, message, fix);
            return None;
        }
        let given: Vec<&str> = written.with.keys().map(String::as_str).collect();
        if let Some(odd) = verb
            .params()
            .iter()
            .find(|p| !given.contains(p))
            .or_else(|| given.iter().find(|g| !verb.params().contains(g)))
        {
            let message = format!(
                "the undo {verb} takes {}, so `{odd}` is missing or too much",
                listed(verb)
            );
            let fix = format!("write undo: {{run: {verb}, with: {{{}}}}}", listed(verb));
            self.report(place, Code::BadUndo, message, fix);
            return None;
        }
        let mut with = vec![];
        for (key, value) in &written.with {
            let spanned = Spanned {
                value: value.clone(),
                referenced: serde_saphyr::Location::UNKNOWN,
                defined: serde_saphyr::Location::UNKNOWN,
            };
            let operand = self.undo_value(&spanned, place)?;
            self.fits_the_param(key, &operand, place);
            with.push((key.clone(), operand));
        }
        Some(Undo::Action(verb, with))
    }

    fn undo_value(
        &mut self,
        written: &Spanned<zizhi_types::action::Value>,
        place: Place,
    ) -> Option<Operand> {
        let operand = self.operand_at(written, place)?;
        let fix = "make it a number or a text that is there when the plan is made";
        self.attempt(place, Code::ExpressionFails, fix, |scope| {
            values::value(&operand, scope)
        });
        Some(operand)
    }
}

fn listed(verb: Verb) -> String {
    let params: Vec<String> = verb.params().iter().map(|p| format!("{p}: ...")).collect();
    if params.is_empty() {
        "nothing".to_owned()
    } else {
        params.join(", ")
    }
}
