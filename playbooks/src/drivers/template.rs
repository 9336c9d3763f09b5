//! How is a value put into a command or a request without becoming anything else?
//!
//! In: a text with `${name}` in it, and the values of an action. Out: one argument, or a refusal. A template is split
//! into arguments before any value is known, so a value can never become a second argument; it can never become an option
//! either, for a value that starts with `-` is refused, and so is every character beyond letters, digits and `. _ : @ + / -`.

use super::secret::{SecretRef, names_secret};
use crate::suggest::did_you_mean;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use zizhi_types::action::{Action, Value};

/// Longest value, in bytes (our choice: a kind, a slash and the longest name fit).
const VALUE_BYTES_MAX: usize = 200;

/// Why a text cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `${` without its `}`.
    #[error("`{0}` opens a placeholder with `${{` and never closes it")]
    Open(String),
    /// A name that nothing fills.
    #[error("`${{{name}}}` is not known here: {fix}")]
    Unknown {
        /// As written.
        name: String,
        /// What is known.
        fix: String,
    },
    /// The name of a secret where only a body of a request may have one.
    #[error(
        "the value of `${{{name}}}` names a secret: a secret goes into the body of a request only, never into an address, a program's words or a comparison"
    )]
    Secret {
        /// Whose value.
        name: String,
    },
    /// A secret that is not for this receiver.
    #[error(
        "`{0}` may not be sent here: list it under `accepts:` of the http target if it is meant for that server"
    )]
    NotAccepted(String),
    /// A value with characters that could mean something else.
    #[error(
        "the value of `${{{name}}}` is refused: use 1 to 200 letters, digits or . _ : @ + / - and begin with none of `-`; no `..`"
    )]
    Unsafe {
        /// Whose value.
        name: String,
    },
}

/// A text that is checked and split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Words(String),
    Name(String),
}

impl Template {
    /// Splits a text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let (mut parts, mut rest) = (vec![], text);
        while let Some((before, after)) = rest.split_once("${") {
            let open = || TemplateError::Open(text.to_owned());
            let (name, tail) = after.split_once('}').ok_or_else(open)?;
            parts.push(Part::Words(before.to_owned()));
            parts.push(Part::Name(name.trim().to_owned()));
            rest = tail;
        }
        parts.push(Part::Words(rest.to_owned()));
        parts.retain(|p| !matches!(p, Part::Words(w) if w.is_empty()));
        Ok(Self { parts })
    }

    /// One argument.
    pub fn fill(&self, values: &Values) -> Result<String, TemplateError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Words(words) => text.push_str(words),
                Part::Name(name) => text.push_str(&values.plain(name)?),
            }
        }
        Ok(text)
    }

    /// A JSON value: a number where the whole text is the name of one. A secret stays its name.
    pub fn fill_json(&self, values: &Values) -> Result<Json, TemplateError> {
        if let [Part::Name(name)] = self.parts.as_slice() {
            match values.get(name) {
                Some(Value::Number(number)) => return Ok(serde_json::json!(number)),
                Some(Value::Text(text)) if names_secret(text) => {
                    return Ok(Json::String(text.clone()));
                }
                _ => {}
            }
        }
        Ok(Json::String(self.fill(values)?))
    }
}

/// Every text of a JSON value, filled in; nothing in it may be a secret.
pub fn fill_all(shape: &Json, values: &Values) -> Result<Json, TemplateError> {
    fill_body(shape, values, &[])
}

/// Every text of a request's body, filled in. Secrets stay names; those of `accepts` only, and those that stand in the
/// shape as the operator wrote it: what a plan was given by the network's own words can name no other.
pub fn fill_body(
    shape: &Json,
    values: &Values,
    accepts: &[SecretRef],
) -> Result<Json, TemplateError> {
    let filled = fill(shape, values)?;
    let mut written = vec![];
    secrets_in(shape, &mut written);
    let mut named = vec![];
    secrets_in(&filled, &mut named);
    named.retain(|n| !written.contains(n) && !accepts.iter().any(|a| a.to_string() == **n));
    match named.first() {
        None => Ok(filled),
        Some(name) => Err(TemplateError::NotAccepted((*name).to_owned())),
    }
}

fn secrets_in<'a>(value: &'a Json, to: &mut Vec<&'a str>) {
    match value {
        Json::String(text) if names_secret(text) => to.push(text),
        Json::Array(items) => items.iter().for_each(|i| secrets_in(i, to)),
        Json::Object(fields) => fields.values().for_each(|v| secrets_in(v, to)),
        _ => {}
    }
}

fn fill(shape: &Json, values: &Values) -> Result<Json, TemplateError> {
    Ok(match shape {
        Json::String(text) => Template::parse(text)?.fill_json(values)?,
        Json::Array(items) => {
            let filled: Result<_, _> = items.iter().map(|i| fill(i, values)).collect();
            Json::Array(filled?)
        }
        Json::Object(fields) => {
            let filled = fields
                .iter()
                .map(|(k, v)| Ok((k.clone(), fill(v, values)?)));
            Json::Object(filled.collect::<Result<_, TemplateError>>()?)
        }
        other => other.clone(),
    })
}

/// What may be filled in, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values(BTreeMap<String, Value>);

impl Values {
    /// The values of one action with its key, and what the operator noted about its object.
    pub fn of(key: &str, action: &Action, vars: &BTreeMap<String, String>) -> Self {
        let mut values = Self::default();
        values.add("key", Value::Text(key.to_owned()));
        values.add("object", Value::Text(action.object.to_string()));
        values.add(
            "kind",
            Value::Text(action.object.kind().as_str().to_owned()),
        );
        values.add("name", Value::Text(action.object.name().to_owned()));
        for (name, value) in &action.params {
            values.add(&format!("params.{name}"), value.clone());
        }
        for (name, value) in vars {
            values.add(&format!("vars.{name}"), Value::Text(value.clone()));
        }
        values
    }

    /// One more.
    pub fn add(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// As it came.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// As text, if it can mean nothing else.
    fn plain(&self, name: &str) -> Result<String, TemplateError> {
        let unknown = || TemplateError::Unknown {
            name: name.to_owned(),
            fix: did_you_mean(name, self.0.keys().map(String::as_str)),
        };
        let text = self.0.get(name).ok_or_else(unknown)?.to_string();
        if names_secret(&text) {
            return Err(TemplateError::Secret {
                name: name.to_owned(),
            });
        }
        if is_plain(&text) {
            return Ok(text);
        }
        Err(TemplateError::Unsafe {
            name: name.to_owned(),
        })
    }
}

/// Whether a value can be nothing but a value.
pub fn is_plain(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._:@+/-".contains(c);
    (1..=VALUE_BYTES_MAX).contains(&text.len())
        && text.chars().all(fits)
        && !text.starts_with('-')
        && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use zizhi_types::Verb;

    fn values(share: Value) -> Values {
        let action = Action::new(Verb::InstanceSteerLimit, "instance/web-1".parse().unwrap())
            .with("share", share);
        let vars = BTreeMap::from([("rack".to_owned(), "r7".to_owned())]);
        Values::of("run-1/s.1", &action, &vars)
    }

    #[test]
    fn values_are_put_where_their_names_stand() {
        let filled = |text: &str| {
            Template::parse(text)
                .unwrap()
                .fill(&values(Value::Number(0.5)))
                .unwrap()
        };
        assert_eq!(filled("/x/${name}?s=${params.share}"), "/x/web-1?s=0.5");
        assert_eq!(filled("${vars.rack}-${ kind }"), "r7-instance");
        assert_eq!(filled("plain $ { }"), "plain $ { }");
    }

    #[test]
    fn a_number_stays_a_number_in_a_body() {
        let shape = serde_json::json!({"share": "${params.share}", "who": ["a ${name}"]});
        let filled = fill_all(&shape, &values(Value::Number(0.5))).unwrap();
        assert_eq!(
            filled,
            serde_json::json!({"share": 0.5, "who": ["a web-1"]})
        );
    }

    #[test]
    fn a_secret_goes_where_the_operator_lets_it_go_and_nowhere_else() {
        let gw = SecretRef::try_from("secret://gw".to_owned()).unwrap();
        let values = values(Value::Text("secret://gw".into()));
        let shape = serde_json::json!({"token": "${params.share}", "own": "secret://mine"});
        let filled = fill_body(&shape, &values, &[gw]).unwrap();
        assert_eq!(
            filled,
            serde_json::json!({"token": "secret://gw", "own": "secret://mine"})
        );
        let strange = fill_body(&shape, &values, &[]).unwrap_err();
        assert_eq!(strange, TemplateError::NotAccepted("secret://gw".into()));
        let within = serde_json::json!({"token": "Bearer ${params.share}"});
        for refused in [
            fill_all(&within, &values).map(|_| ()),
            Template::parse("/x/${params.share}")
                .unwrap()
                .fill(&values)
                .map(|_| ()),
        ] {
            assert!(matches!(refused, Err(TemplateError::Secret { .. })));
        }
    }

    #[test]
    fn what_is_not_known_is_named_with_the_nearest_word() {
        let error = Template::parse("${params.shar}")
            .unwrap()
            .fill(&values(Value::Number(1.0)))
            .unwrap_err();
        assert!(error.to_string().contains("params.share"), "{error}");
        assert!(Template::parse("a ${b").is_err());
    }

    proptest! {
        #[test]
        fn whatever_a_value_holds_it_stays_one_plain_argument(text in ".{0,220}") {
            let filled = Template::parse("${params.share}").unwrap().fill(&values(Value::Text(text.clone())));
            match filled {
                Ok(argument) => {
                    prop_assert_eq!(&argument, &text);
                    prop_assert!(!argument.starts_with('-') && !argument.contains(".."));
                    let other = |c: char| c.is_whitespace() || "'\"`$;&|<>(){}[]*?!\\\0".contains(c);
                    prop_assert!(!argument.contains(other), "{}", argument);
                }
                Err(error) => prop_assert!(!error.to_string().contains(&text) || text.len() < 4),
            }
        }
    }
}
