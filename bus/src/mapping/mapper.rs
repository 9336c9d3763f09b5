//! What does an item mean? The first rule that fits says; otherwise a fixed order of the sender's own words.

use super::identity;
use super::pack::{self, ItemKind, Pack, PackError, Rule};
use super::pattern;
use super::reading::{
    AlarmReading, Counter, EventReading, Mapped, Reading, ReadingSource, StateReading,
};
use crate::decode::{AlarmItem, AlarmState, EventItem, Item, Kind, Point, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use zizhi_types::NetTime;

/// The shipped packs: name of the file, text.
pub const SHIPPED: &[(&str, &str)] = &[
    ("if-mib.yaml", include_str!("../../mappings/if-mib.yaml")),
    (
        "openconfig.yaml",
        include_str!("../../mappings/openconfig.yaml"),
    ),
    ("otel-hw.yaml", include_str!("../../mappings/otel-hw.yaml")),
    (
        "prometheus.yaml",
        include_str!("../../mappings/prometheus.yaml"),
    ),
    ("bgp.yaml", include_str!("../../mappings/bgp.yaml")),
    ("alerts.yaml", include_str!("../../mappings/alerts.yaml")),
    (
        "syslog-cisco.yaml",
        include_str!("../../mappings/syslog-cisco.yaml"),
    ),
    (
        "syslog-juniper.yaml",
        include_str!("../../mappings/syslog-juniper.yaml"),
    ),
    (
        "syslog-huawei.yaml",
        include_str!("../../mappings/syslog-huawei.yaml"),
    ),
    (
        "syslog-frr.yaml",
        include_str!("../../mappings/syslog-frr.yaml"),
    ),
    ("zizhi.yaml", include_str!("../../mappings/zizhi.yaml")),
];

/// The mapping tables.
#[derive(Debug, Clone, Default)]
pub struct Mapper {
    packs: Vec<Pack>,
    rules: Vec<Rule>,
    /// Rules by a name without stars.
    exact: HashMap<String, Vec<usize>>,
    /// Rules whose names have stars.
    globs: Vec<usize>,
    names: BTreeMap<String, String>,
}

impl Mapper {
    /// The shipped packs. They are tested to be good, so an error means a damaged build.
    pub fn shipped() -> Result<Self, PackError> {
        let mut mapper = Self::default();
        for (file, text) in SHIPPED {
            mapper.packs.push(pack::parse(file, text)?);
        }
        mapper.index();
        Ok(mapper)
    }

    /// Adds a pack: its rules are asked before those that are there, and a pack of the same name is replaced.
    /// `file` is what errors call it.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), PackError> {
        let added = pack::parse(file, text)?;
        self.packs.retain(|p| p.name != added.name);
        self.packs.insert(0, added);
        self.index();
        Ok(())
    }

    /// How many rules there are.
    pub fn rules(&self) -> usize {
        self.rules.len()
    }

    fn index(&mut self) {
        self.rules = self
            .packs
            .iter()
            .flat_map(|p| p.rules.iter().cloned())
            .collect();
        self.names.clear();
        for pack in self.packs.iter().rev() {
            self.names.extend(pack.names.clone());
        }
        self.exact.clear();
        self.globs.clear();
        for (number, rule) in self.rules.iter().enumerate() {
            if rule.names.iter().any(|n| pattern::is_glob(n)) {
                self.globs.push(number);
                continue;
            }
            for name in &rule.names {
                self.exact.entry(name.clone()).or_default().push(number);
            }
        }
    }

    /// What an item means. `received` stands in for the time of an item that has none.
    ///
    /// A value gives one reading or state; an event gives itself and, where a rule knows its sentence, the state that it
    /// tells of; an alarm likewise.
    pub fn map(&self, item: &Item, source: &ReadingSource, received: NetTime) -> Vec<Mapped> {
        match item {
            Item::Point(point) => vec![self.point(point, source, received)],
            Item::Event(event) => self.event(event, source, received),
            Item::Alarm(alarm) => self.alarm(alarm, source, received),
        }
    }

    /// The first rule that fits, with its object and the words found in the text.
    fn find<'r>(
        &'r self,
        item: ItemKind,
        name: &str,
        text: Option<&str>,
        tags: &BTreeMap<String, String>,
        source: &ReadingSource,
    ) -> Option<Found<'r>> {
        let name = &*plain_name(name);
        let exact = self.exact.get(name).map_or(&[][..], Vec::as_slice);
        let globs = self.globs.iter().copied().filter(|n| {
            self.rules[*n]
                .names
                .iter()
                .any(|pattern| pattern::fits(pattern, name))
        });
        let mut numbers: Vec<usize> = exact.iter().copied().chain(globs).collect();
        numbers.sort_unstable();
        numbers.into_iter().find_map(|number| {
            let rule = &self.rules[number];
            let fits = rule.item == item
                && (rule.formats.is_empty() || rule.formats.contains(&source.format));
            if !fits || !tags_fit(rule, tags) {
                return None;
            }
            let words = match (&rule.text, text) {
                (Some(sentence), Some(text)) => sentence.read(text)?,
                (Some(_), None) => return None,
                (None, _) => BTreeMap::new(),
            };
            let object = rule
                .object
                .fill(|variable| self.variable(variable, &words, tags, name))?;
            Some(Found {
                rule,
                object,
                words,
            })
        })
    }

    /// A variable of a template: a word of the text, a tag, or one that begins with `@`. Characters that the name of an
    /// object cannot have become `_`; names of senders lose their port and become what `names` calls them.
    fn variable<'v>(
        &'v self,
        variable: &str,
        words: &'v BTreeMap<String, String>,
        tags: &'v BTreeMap<String, String>,
        name: &'v str,
    ) -> Option<Cow<'v, str>> {
        let text = match variable {
            "@host" => self.called(identity::of(tags)?.1),
            "@name" => Cow::Borrowed(name),
            _ => match words.get(variable) {
                Some(word) => Cow::Borrowed(word.as_str()),
                None if identity::is_identity(variable) => {
                    self.called(identity::without_port(tags.get(variable)?))
                }
                None => Cow::Borrowed(tags.get(variable)?.as_str()),
            },
        };
        Some(if variable == "object" {
            text
        } else {
            object_name(text)
        })
    }

    fn called<'v>(&'v self, name: Cow<'v, str>) -> Cow<'v, str> {
        match self.names.get(&*name) {
            Some(called) => Cow::Borrowed(called.as_str()),
            None => name,
        }
    }

    /// The object of an item without a rule.
    fn default_object(&self, tags: &BTreeMap<String, String>) -> String {
        match identity::of(tags) {
            Some((key, name)) => identity::object(&self.called(name), Some(key), tags),
            None => identity::object("unknown", None, tags),
        }
    }

    fn point(&self, point: &Point, source: &ReadingSource, received: NetTime) -> Mapped {
        let found = self.find(ItemKind::Point, &point.name, None, &point.tags, source);
        let at = point.at.unwrap_or(received);
        let state = |object: String, metric: &str, text: Option<String>, mapped: bool| {
            Mapped::State(StateReading {
                object,
                metric: metric.to_owned(),
                text,
                at,
                source: source.clone(),
                tags: point.tags.clone(),
                mapped,
            })
        };
        let rule = found.as_ref().map(|f| f.rule);
        let Some(value) = number_of(&point.value, rule) else {
            let text = match &point.value {
                Value::Gone => None,
                value => Some(word_of(value)),
            };
            return match &found {
                Some(Found { rule, object, .. }) => state(
                    object.clone(),
                    rule.metric.as_deref().unwrap_or(&point.name),
                    text,
                    true,
                ),
                None => state(self.default_object(&point.tags), &point.name, text, false),
            };
        };
        let counter = counter_of(point, rule);
        let becomes = counter.as_ref().is_some_and(|c| c.becomes.is_some());
        let (object, metric, unit, scale) = match &found {
            // A count that is still to become a rate keeps the sender's words.
            Some(Found { object, .. }) if becomes => (
                object.clone(),
                point.name.as_str(),
                point.unit.as_str(),
                1.0,
            ),
            Some(Found { rule, object, .. }) => (
                object.clone(),
                rule.metric.as_deref().unwrap_or(&point.name),
                if rule.unit.is_empty() {
                    point.unit.as_str()
                } else {
                    rule.unit.as_str()
                },
                if rule.states.is_empty() {
                    rule.scale
                } else {
                    1.0
                },
            ),
            None => (
                self.default_object(&point.tags),
                point.name.as_str(),
                point.unit.as_str(),
                1.0,
            ),
        };
        let scaled = value * scale;
        if !scaled.is_finite() {
            return state(object, metric, Some(word_of(&point.value)), found.is_some());
        }
        Mapped::Reading(Reading {
            object,
            metric: metric.to_owned(),
            value: scaled,
            exact: exact_of(&point.value).filter(|_| scale.to_bits() == 1f64.to_bits()),
            unit: unit.to_owned(),
            at,
            source: source.clone(),
            tags: point.tags.clone(),
            mapped: found.is_some(),
            counter,
        })
    }

    fn event(&self, item: &EventItem, source: &ReadingSource, received: NetTime) -> Vec<Mapped> {
        let found = self.find(
            ItemKind::Event,
            &item.name,
            Some(&item.text),
            &item.tags,
            source,
        );
        let event = self.happening(item, found.as_ref(), source, received);
        let state = found.and_then(|found| self.state_of(&found, &event, None));
        std::iter::once(Mapped::Event(event)).chain(state).collect()
    }

    fn alarm(&self, item: &AlarmItem, source: &ReadingSource, received: NetTime) -> Vec<Mapped> {
        let found = self.find(
            ItemKind::Alarm,
            &item.name,
            Some(&item.text),
            &item.tags,
            source,
        );
        let as_event = EventItem {
            name: item.name.clone(),
            tags: item.tags.clone(),
            text: item.text.clone(),
            severity: item.severity,
            at: item.at,
        };
        let event = self.happening(&as_event, found.as_ref(), source, received);
        let word = match item.state {
            AlarmState::Raised => "raised",
            AlarmState::Cleared => "cleared",
        };
        let state = found.and_then(|found| self.state_of(&found, &event, Some(word)));
        let alarm = AlarmReading {
            event,
            fingerprint: item.fingerprint.clone(),
            state: item.state,
        };
        std::iter::once(Mapped::Alarm(alarm)).chain(state).collect()
    }

    fn happening(
        &self,
        item: &EventItem,
        found: Option<&Found<'_>>,
        source: &ReadingSource,
        received: NetTime,
    ) -> EventReading {
        let named = found.and_then(|f| f.rule.event.clone());
        let mut tags = item.tags.clone();
        if let Some(found) = found {
            for (word, text) in &found.words {
                tags.entry(word.clone()).or_insert_with(|| text.clone());
            }
        }
        EventReading {
            object: found.map_or_else(
                || host_object(&self.default_host(&item.tags)),
                |f| f.object.clone(),
            ),
            name: named.unwrap_or_else(|| item.name.clone()),
            text: item.text.clone(),
            severity: item.severity,
            at: item.at.unwrap_or(received),
            source: source.clone(),
            tags,
            mapped: found.is_some(),
        }
    }

    fn default_host(&self, tags: &BTreeMap<String, String>) -> String {
        identity::of(tags).map_or_else(
            || "unknown".to_owned(),
            |(_, name)| self.called(name).into_owned(),
        )
    }

    /// The state that an event or alarm tells of.
    fn state_of(
        &self,
        found: &Found<'_>,
        event: &EventReading,
        word: Option<&str>,
    ) -> Option<Mapped> {
        let (rule, metric) = (found.rule, found.rule.metric.as_ref()?);
        let text = rule.state.as_ref()?.fill(|variable| match variable {
            "@state" => word.map(|w| Cow::Owned(w.to_owned())),
            _ => self.variable(variable, &found.words, &event.tags, &event.name),
        })?;
        let value = *rule.states.get(&text.to_lowercase())?;
        Some(Mapped::Reading(Reading {
            object: event.object.clone(),
            metric: metric.clone(),
            value,
            exact: None,
            unit: rule.unit.clone(),
            at: event.at,
            source: event.source.clone(),
            tags: event.tags.clone(),
            mapped: true,
            counter: None,
        }))
    }
}

/// A rule that fits.
struct Found<'r> {
    rule: &'r Rule,
    object: String,
    words: BTreeMap<String, String>,
}

/// Events do not distinguish series, so their object is the host alone.
fn host_object(host: &str) -> String {
    identity::object(host, None, &BTreeMap::new())
}

/// A path without the names of YANG modules and the first slash; any other name as it is.
fn plain_name(name: &str) -> Cow<'_, str> {
    if !name.contains('/') || name.contains(' ') {
        return Cow::Borrowed(name);
    }
    let path = name.trim_start_matches('/');
    if !path.contains(':') {
        return Cow::Borrowed(path);
    }
    let elements: Vec<&str> = path
        .split('/')
        .map(|e| e.rsplit(':').next().unwrap_or(e))
        .collect();
    Cow::Owned(elements.join("/"))
}

fn tags_fit(rule: &Rule, tags: &BTreeMap<String, String>) -> bool {
    rule.tags.iter().all(|(key, pattern)| {
        tags.get(key)
            .is_some_and(|text| pattern::fits(pattern, text))
    })
}

/// A text with only the characters that the name of a managed object may have.
fn object_name(text: Cow<'_, str>) -> Cow<'_, str> {
    let fits = |c: char| c.is_alphanumeric() || "._-:@+".contains(c);
    if text.chars().all(fits) {
        return text;
    }
    Cow::Owned(
        text.chars()
            .map(|c| if fits(c) { c } else { '_' })
            .collect(),
    )
}

/// The value as a word: what `states` are looked up by.
fn word_of(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Text(text) => text.clone(),
        Value::Gone => String::new(),
    }
}

/// The value as a number, through the rule's states where it has some.
fn number_of(value: &Value, rule: Option<&Rule>) -> Option<f64> {
    if let Some(rule) = rule.filter(|r| !r.states.is_empty())
        && *value != Value::Gone
    {
        let word = word_of(value).to_lowercase();
        // Identity references carry the name of their module: `oc-types:UP`.
        let bare = word.rsplit(':').next().unwrap_or(&word);
        return rule
            .states
            .get(&word)
            .or_else(|| rule.states.get(bare))
            .copied();
    }
    match value {
        Value::Number(number) => Some(*number),
        Value::Whole(number) => Some(*number as f64),
        Value::Flag(flag) => Some(f64::from(u8::from(*flag))),
        Value::Text(_) | Value::Gone => None,
    }
}

/// Set for counts: those that the rule or the sender calls so.
fn counter_of(point: &Point, rule: Option<&Rule>) -> Option<Counter> {
    let becomes = rule.and_then(|r| r.becomes.clone());
    let counts =
        matches!(point.kind, Kind::Counter | Kind::Delta) || rule.is_some_and(|r| r.counter);
    if becomes.is_none() && !counts {
        return None;
    }
    Some(Counter {
        is_delta: point.kind == Kind::Delta,
        becomes,
    })
}

/// The value with all its digits, where it is whole.
fn exact_of(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Whole(number) => Some(*number),
        Value::Number(number) if (0.0..=EXACT).contains(number) && number.fract() == 0.0 => {
            Some(*number as u64)
        }
        _ => None,
    }
}
