//! What do the rules of an operator's own drivers mean: HTTP, a command, an Ansible playbook?
//!
//! In: one rule of these kinds and an action. Out: a [`Script`] with the operator's own readings and promises. Pure.

use super::compile::{Making, Refusal};
use super::schema::{AnsibleRule, CommandRule, HttpRule};
use super::script::{Call, Declares, Http, Reading, Run, Script, Take, Undo, Want, What};
use super::template::{TemplateError, fill_all, fill_body};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use zizhi_types::action::{Action, Value, Verb};

/// Status codes of a good answer where the rule names none (RFC 9110 section 15.3).
const GOOD: [u16; 4] = [200, 201, 202, 204];

impl Making<'_> {
    pub fn http(&self, rule: &HttpRule) -> Result<Script, Refusal> {
        let at = match &rule.at {
            Some(at) => at,
            None => self.place()?,
        };
        let read = self.request(at, "GET", &rule.read.path, None, &[200])?;
        let server = self.target(at)?.http.as_ref();
        let accepts = server.map_or(&[][..], |s| &s.accepts);
        let body = rule.apply.body.as_ref();
        let body = body.map(|b| fill_body(b, self.filling(), accepts));
        let body = body.transpose()?;
        let good = match rule.apply.expect.as_slice() {
            [] => &GOOD,
            named => named,
        };
        let apply = self.request(at, &rule.apply.method, &rule.apply.path, body, good)?;
        self.own("http", (read, rule.read.take.as_deref()), apply)
    }

    fn request(
        &self,
        at: &str,
        method: &str,
        path: &str,
        body: Option<Json>,
        expect: &[u16],
    ) -> Result<Call, Refusal> {
        let no = || Refusal(format!("target `{at}` has no `http:` with a url"));
        let server = self.target(at)?.http.as_ref().ok_or_else(no)?;
        let mut headers = server.headers.clone();
        // Servers that know the header make a repeat harmless (draft-ietf-httpapi-idempotency-key-header).
        if method != "GET" {
            headers.insert("Idempotency-Key".to_owned(), format!("\"{}\"", self.key));
        }
        let http = Http {
            method: method.to_owned(),
            url: format!("{}{}", server.url.trim_end_matches('/'), self.fill(path)?),
            headers,
            bearer: server.bearer.clone(),
            ca: server.ca.clone(),
            body,
            expect: expect.to_vec(),
        };
        Ok(self.call(at, What::Http(http)))
    }

    pub fn command(&self, rule: &CommandRule) -> Result<Script, Refusal> {
        let boxed = |template: &[String]| -> Result<Call, Refusal> {
            let argv: Result<_, _> = template.iter().map(|t| self.fill(t)).collect();
            let run = Run {
                argv: argv?,
                env: BTreeMap::new(),
                sandbox: Some(rule.limits.clone()),
            };
            Ok(self.call("", What::Run(run)))
        };
        let read = boxed(&rule.read)?;
        self.own("command", (read, rule.take.as_deref()), boxed(&rule.apply)?)
    }

    fn own(
        &self,
        driver: &'static str,
        (call, take): (Call, Option<&str>),
        apply: Call,
    ) -> Result<Script, Refusal> {
        let reading = Reading {
            label: "state".to_owned(),
            call,
            take: take.map_or(Take::Text, Take::pointer),
            want: self.want()?,
        };
        let script = self.script(driver, vec![reading], vec![apply], self.undo()?);
        Ok(Script {
            declares: Declares {
                idempotent: self.rule().idempotent,
                ..script.declares
            },
            ..script
        })
    }

    fn want(&self) -> Result<Want, Refusal> {
        let rule = self.rule();
        let Some(want) = &rule.want else {
            return Ok(if rule.changed {
                Want::Changed
            } else {
                Want::Anything
            });
        };
        Ok(match fill_all(want, self.filling())? {
            Json::Number(n) => Want::Number(n.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Want::Text(text),
            other => Want::Text(other.to_string()),
        })
    }

    fn undo(&self) -> Result<Undo, Refusal> {
        let Some(undo) = &self.rule().undo else {
            return Ok(Undo::Nothing);
        };
        let verb: Verb = undo.verb.parse().map_err(|e| Refusal(format!("{e}")))?;
        let mut action = Action::new(verb, self.action.object.clone());
        for (name, value) in &undo.set {
            let value = match value {
                Json::String(text) if text.starts_with("${before.") => Value::Text(text.clone()),
                other => match fill_all(other, self.filling())? {
                    Json::Number(n) => Value::Number(n.as_f64().unwrap_or(f64::NAN)),
                    Json::String(text) => Value::Text(text),
                    odd => return Err(Refusal(format!("{name}: {odd} is no number and no text"))),
                },
            };
            action.params.insert(name.clone(), value);
        }
        Ok(Undo::Action(action))
    }

    pub fn ansible(&self, rule: &AnsibleRule) -> Result<Script, Refusal> {
        let vars: BTreeMap<&String, Json> = rule
            .vars
            .iter()
            .map(|(name, value)| Ok((name, fill_all(value, self.filling())?)))
            .collect::<Result<_, TemplateError>>()?;
        let vars = serde_json::to_string(&vars).map_err(|e| Refusal(e.to_string()))?;
        let play = |check: bool| -> Result<Call, Refusal> {
            let mut argv = vec!["ansible-playbook".to_owned()];
            argv.extend(["--inventory".to_owned(), rule.inventory.clone()]);
            if let Some(limit) = &rule.limit {
                argv.extend(["--limit".to_owned(), self.fill(limit)?]);
            }
            argv.extend(["--extra-vars".to_owned(), vars.clone()]);
            argv.extend(check.then(|| "--check".to_owned()));
            argv.push(rule.playbook.clone());
            let env = [
                ("ANSIBLE_STDOUT_CALLBACK", "default"),
                ("ANSIBLE_NOCOLOR", "1"),
                ("ANSIBLE_RETRY_FILES_ENABLED", "0"),
            ];
            let run = Run {
                argv,
                env: env.map(|(n, v)| (n.to_owned(), v.to_owned())).into(),
                sandbox: None,
            };
            Ok(self.call("", What::Run(run)))
        };
        let reading = Reading {
            label: "changes".to_owned(),
            call: play(true)?,
            take: Take::Changes,
            // A play that was done leaves nothing to do: that is Ansible's own idea of idempotency.
            want: Want::Number(0.0),
        };
        Ok(self.script("ansible", vec![reading], vec![play(false)?], self.undo()?))
    }
}
