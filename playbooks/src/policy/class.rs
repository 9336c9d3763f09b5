//! Which objects need more care, and how much?

use super::PolicyError;
use serde::{Deserialize, Serialize};
use zizhi_types::plan::Mode;
use zizhi_types::{ManagedObject, ObjectKind};

/// A class of objects as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassFile {
    /// For people.
    pub name: String,
    /// Its objects: `router/C1`, or a beginning with a star: `router/C*`.
    pub objects: Vec<String>,
    /// The highest mode for it; `auto` if not written.
    #[serde(default = "auto")]
    pub ceiling: Mode,
    /// How many different people have to approve, 1 or 2; 1 if not written.
    #[serde(default = "one")]
    pub people: u8,
}

const fn auto() -> Mode {
    Mode::Auto
}

const fn one() -> u8 {
    1
}

/// A checked class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// For people.
    pub name: String,
    patterns: Vec<Pattern>,
    /// The highest mode.
    pub ceiling: Mode,
    /// How many different people have to approve.
    pub people: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    kind: ObjectKind,
    name: String,
    beginning: bool,
}

impl Class {
    /// Whether the object is one of it.
    pub fn has(&self, object: &ManagedObject) -> bool {
        self.patterns.iter().any(|p| {
            let named = if p.beginning {
                object.name().starts_with(&p.name)
            } else {
                object.name() == p.name
            };
            p.kind == object.kind() && named
        })
    }
}

impl ClassFile {
    pub(super) fn compile(&self) -> Result<Class, PolicyError> {
        let place = format!("class `{}`", self.name);
        if !(1..=2).contains(&self.people) {
            let what = format!("{} people are asked for", self.people);
            return Err(PolicyError::new(place, what, "write 1 or 2"));
        }
        if self.objects.is_empty() {
            let fix = "list objects such as router/C1 or router/C*";
            return Err(PolicyError::new(place, "it has no objects", fix));
        }
        let patterns = self.objects.iter().map(|text| pattern(&place, text));
        Ok(Class {
            name: self.name.clone(),
            patterns: patterns.collect::<Result<_, _>>()?,
            ceiling: self.ceiling,
            people: self.people,
        })
    }
}

fn pattern(place: &str, text: &str) -> Result<Pattern, PolicyError> {
    let wrong = |what: String| {
        let fix = "write a kind, a slash and a name, such as router/C1 or router/C*";
        PolicyError::new(place, what, fix)
    };
    let Some((kind, name)) = text.split_once('/') else {
        return Err(wrong(format!("`{text}` names no object")));
    };
    let known = ObjectKind::ALL.into_iter().find(|k| k.as_str() == kind);
    let Some(kind) = known else {
        return Err(wrong(format!("`{kind}` is no object kind")));
    };
    let (name, beginning) = match name.strip_suffix('*') {
        Some(start) => (start, true),
        None => (name, false),
    };
    if name.contains('*') || (name.is_empty() && !beginning) {
        return Err(wrong(format!("`{text}` names no object")));
    }
    Ok(Pattern {
        kind,
        name: name.to_owned(),
        beginning,
    })
}
