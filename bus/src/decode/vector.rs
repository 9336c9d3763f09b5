//! What does an event of Vector say? Its native JSON: one top key, `log`, `metric` or `trace`.
//!
//! A metric has one member for its value: `counter`, `gauge`, `set`, `distribution`, `aggregated_histogram`,
//! `aggregated_summary` or `sketch`. `kind` is `absolute` (the value so far) or `incremental` (the change since the last).
//! Distributions and sketches have no single value: what they give is named below, as for the histograms of others.

use super::gather::{Gather, start};
use super::item::{Decoded, EventItem, Item, Kind, Limits, Point, Raw, Value};
use super::json::{self, Fields, Scalar};
use super::{number, severity};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use zizhi_types::{NetTime, Severity};

/// Reads Vector's native JSON: one event, one a line, or a list.
pub fn decode(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    let mut gather = Gather::new(limits);
    for document in json::documents(raw.payload, &mut gather) {
        if let Err(reason) = event(document, &mut gather) {
            gather.reject(reason, document.get());
        }
    }
    gather.finish()
}

fn event(document: &RawValue, gather: &mut Gather<'_>) -> Result<(), String> {
    let fields = json::fields(document.get())?;
    if fields.has("metric") {
        return metric(&fields.object("metric")?, gather);
    }
    let key = ["log", "trace"]
        .into_iter()
        .find(|key| fields.has(key))
        .ok_or("no Vector event: the top key is log, metric or trace")?;
    let log = log(&fields.object(key)?, key, gather)?;
    gather.push(Item::Event(log));
    Ok(())
}

fn log(fields: &Fields<'_>, key: &str, gather: &Gather<'_>) -> Result<EventItem, String> {
    let mut tags = BTreeMap::new();
    for (name, value) in &fields.members {
        flatten(name.to_string(), value, 0, gather.limits(), &mut tags);
    }
    let text = ["message", "msg", "log", "body"]
        .iter()
        .find_map(|k| tags.remove(*k))
        .unwrap_or_default();
    let stamp = tags
        .remove("timestamp")
        .or_else(|| tags.remove("@timestamp"));
    let at = stamp
        .map_or(Ok(None), |text| number::stamp(&text))
        .map_err(|e| format!("`timestamp`: {e}"))?;
    let word = ["severity", "level"]
        .iter()
        .find_map(|k| severity::of_word(tags.get(*k)?));
    let name = ["msgid", "appname", "source_type"]
        .iter()
        .find_map(|k| tags.get(*k))
        .cloned();
    Ok(EventItem {
        name: name.unwrap_or_else(|| key.to_owned()),
        tags,
        text,
        severity: word.unwrap_or(Severity::Indeterminate),
        at,
    })
}

/// Leaves as tags `a.b.c`. What is nested too deep, and what there is too much of, stays JSON text.
fn flatten(
    name: String,
    value: &RawValue,
    depth: usize,
    limits: &Limits,
    tags: &mut BTreeMap<String, String>,
) {
    let deep = depth >= json::DEPTH || tags.len() >= limits.tags;
    match json::scalar(value) {
        Scalar::Object if !deep => {
            for (key, value) in json::fields(value.get()).unwrap_or_default().members {
                flatten(
                    format!("{}.{key}", start(&name, limits.text)),
                    value,
                    depth + 1,
                    limits,
                    tags,
                );
            }
        }
        Scalar::Object | Scalar::List => {
            drop(tags.insert(name, start(value.get(), limits.text).to_owned()));
        }
        _ => tags.extend(json::tag(value).map(|text| (name, text))),
    }
}

fn metric(fields: &Fields<'_>, gather: &mut Gather<'_>) -> Result<(), String> {
    let name = fields
        .text("name")
        .filter(|n| !n.is_empty())
        .ok_or("no Vector metric: `name` is missing or no text")?;
    let name = match fields.text("namespace").filter(|n| !n.is_empty()) {
        Some(namespace) => format!("{namespace}.{name}"),
        None => name.into_owned(),
    };
    let at = fields
        .text("timestamp")
        .map_or(Ok(None), |t| number::stamp(&t))
        .map_err(|e| format!("`timestamp`: {e}"))?;
    let moves = match fields.text("kind").as_deref() {
        Some("incremental") => Kind::Delta,
        Some("absolute") | None => Kind::Counter,
        Some(other) => {
            return Err(format!(
                "`kind` is absolute or incremental, not `{}`",
                start(other, 40)
            ));
        }
    };
    let mut series = Series {
        name,
        tags: tags(fields)?,
        at,
        gather,
    };
    let shapes = [
        "counter",
        "gauge",
        "set",
        "distribution",
        "aggregated_histogram",
        "aggregated_summary",
        "sketch",
    ];
    let shape = shapes
        .into_iter()
        .find(|s| fields.has(s))
        .ok_or_else(|| format!("no Vector metric: it has none of {}", shapes.join(", ")))?;
    let value = fields.object(shape)?;
    match shape {
        "counter" => series.one("", &value, "value", moves),
        // An incremental gauge is a change of it, which has no meaning by itself.
        "gauge" => series.one(
            "",
            &value,
            "value",
            if moves == Kind::Delta {
                Kind::Delta
            } else {
                Kind::Gauge
            },
        ),
        "set" => series.set(&value),
        "distribution" => series.distribution(&value, moves),
        "aggregated_histogram" => series.parts(
            &value,
            moves,
            ".bucket",
            "buckets",
            ("upper_limit", "le", "count"),
        ),
        "aggregated_summary" => series.parts(
            &value,
            moves,
            ".quantile",
            "quantiles",
            ("quantile", "quantile", "value"),
        ),
        _ => series.sketch(&value, moves),
    }
}

/// Tags; several values under one key are joined by commas.
fn tags(fields: &Fields<'_>) -> Result<BTreeMap<String, String>, String> {
    let mut tags = BTreeMap::new();
    for (key, value) in fields.object("tags")?.members {
        let text = match json::scalar(value) {
            Scalar::List => {
                let (several, _) = json::elements(value.get(), 64)?;
                let several: Vec<String> = several.into_iter().filter_map(json::tag).collect();
                Some(several.join(","))
            }
            _ => json::tag(value),
        };
        tags.extend(text.map(|text| (key.into_owned(), text)));
    }
    Ok(tags)
}

/// What the points of one metric share.
struct Series<'g, 'l> {
    name: String,
    tags: BTreeMap<String, String>,
    at: Option<NetTime>,
    gather: &'g mut Gather<'l>,
}

impl Series<'_, '_> {
    fn give(&mut self, suffix: &str, label: Option<(&str, String)>, value: Value, kind: Kind) {
        let mut tags = self.tags.clone();
        tags.extend(label.map(|(key, text)| (key.to_owned(), text)));
        self.gather.point(Point {
            name: format!("{}{suffix}", self.name),
            tags,
            value,
            kind,
            unit: String::new(),
            at: self.at,
        });
    }

    /// A member that is a number.
    fn one(
        &mut self,
        suffix: &str,
        fields: &Fields<'_>,
        key: &str,
        kind: Kind,
    ) -> Result<(), String> {
        match fields.get(key).map(json::leaf) {
            Some(Ok(Some(value))) => {
                self.give(suffix, None, value, kind);
                Ok(())
            }
            Some(Ok(None)) | None => Err(format!("`{key}` is missing")),
            Some(Err(reason)) => Err(format!("`{key}`: {reason}")),
        }
    }

    /// A set counts its members.
    fn set(&mut self, fields: &Fields<'_>) -> Result<(), String> {
        let values = fields.get("values").ok_or("`values` is missing")?;
        let (some, more) = json::elements(values.get(), self.gather.limits().items)?;
        let count = some.len() + more;
        self.give("", None, Value::Number(count as f64), Kind::Gauge);
        Ok(())
    }

    /// A distribution of `{value, rate}`: how many, and their sum.
    fn distribution(&mut self, fields: &Fields<'_>, moves: Kind) -> Result<(), String> {
        let samples = fields.get("samples").ok_or("`samples` is missing")?;
        let (samples, beyond) = json::elements(samples.get(), self.gather.limits().items)?;
        self.gather.skip(beyond);
        let (mut count, mut sum) = (0.0, 0.0);
        for sample in samples {
            let inside = json::fields(sample.get())?;
            let rate = inside
                .get("rate")
                .map_or(Some(1.0), plain)
                .ok_or("`rate` is no number")?;
            let value = inside
                .get("value")
                .and_then(plain)
                .ok_or("`value` is missing or no number")?;
            count += rate;
            sum += rate * value;
        }
        if !f64::is_finite(sum) {
            return Err("the sum of the samples is not finite".to_owned());
        }
        self.give(".count", None, Value::Number(count), moves);
        self.give(".sum", None, Value::Number(sum), moves);
        Ok(())
    }

    /// A histogram or summary: its parts, `.count` and `.sum`. Buckets count all values up to their bound, as Prometheus counts.
    fn parts(
        &mut self,
        fields: &Fields<'_>,
        moves: Kind,
        suffix: &str,
        list: &str,
        (bound, label, member): (&str, &str, &str),
    ) -> Result<(), String> {
        let parts = fields
            .get(list)
            .ok_or_else(|| format!("`{list}` is missing"))?;
        let (parts, beyond) = json::elements(parts.get(), self.gather.limits().items)?;
        self.gather.skip(beyond);
        let mut below = 0.0;
        for part in parts {
            let inside = json::fields(part.get())?;
            let bound = inside
                .get(bound)
                .and_then(json::tag)
                .ok_or_else(|| format!("`{bound}` is missing"))?;
            let value = inside
                .get(member)
                .and_then(plain)
                .ok_or_else(|| format!("`{member}` is missing or no number"))?;
            let (value, kind) = if list == "buckets" {
                below += value;
                (below, moves)
            } else {
                (value, Kind::Gauge)
            };
            if value.is_finite() {
                self.give(suffix, Some((label, bound)), Value::Number(value), kind);
            }
        }
        self.one(".count", fields, "count", moves)?;
        self.one(".sum", fields, "sum", moves)
    }

    /// A sketch: its summary figures only, since its bins mean something to its own library alone.
    fn sketch(&mut self, fields: &Fields<'_>, moves: Kind) -> Result<(), String> {
        let inside = fields.object("sketch")?;
        let (_, inside) = inside.members.first().ok_or("`sketch` is empty")?;
        let inside = json::fields(inside.get())?;
        for (key, kind) in [
            ("count", moves),
            ("sum", moves),
            ("min", Kind::Gauge),
            ("max", Kind::Gauge),
        ] {
            if inside.has(key) {
                self.one(&format!(".{key}"), &inside, key, kind)?;
            }
        }
        Ok(())
    }
}

fn plain(raw: &RawValue) -> Option<f64> {
    match json::leaf(raw) {
        Ok(Some(Value::Number(number))) => Some(number),
        Ok(Some(Value::Whole(number))) => Some(number as f64),
        _ => None,
    }
}
