//! What does an alert webhook say? Version 4 of Alertmanager's, and Grafana's, which has more members.
//!
//! Each element of `alerts` is an alarm: raised while its own `status` is `firing`, cleared when `resolved`. The
//! fingerprint is the sender's; without one (older senders) it is made of the labels. The name is the label
//! `alertname`, tags are the labels and, with `annotation.` before their name, the annotations.

use super::gather::{Gather, start};
use super::item::{AlarmItem, AlarmState, Decoded, Item, Limits, Raw};
use super::json::{self, Fields, Scalar};
use super::{number, severity};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use zizhi_types::Severity;

/// Labels that say how bad it is, in this order (our choice: what the common rule sets use).
const SEVERITY_LABELS: [&str; 3] = ["severity", "priority", "level"];

/// Annotations that say it for people, the shortest first.
const TEXTS: [&str; 4] = ["summary", "message", "description", "title"];

/// Reads the webhooks of Alertmanager and Grafana.
pub fn decode(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    let mut gather = Gather::new(limits);
    for document in json::documents(raw.payload, &mut gather) {
        if let Err(reason) = group(document, &mut gather) {
            gather.reject(reason, document.get());
        }
    }
    gather.finish()
}

fn group(document: &RawValue, gather: &mut Gather<'_>) -> Result<(), String> {
    let fields = json::fields(document.get())?;
    let alerts = fields
        .get("alerts")
        .ok_or("no alert webhook: `alerts` is missing")?;
    let room = gather.limits().items;
    let (alerts, beyond) =
        json::elements(alerts.get(), room).map_err(|e| format!("`alerts`: {e}"))?;
    gather.skip(beyond);
    for alert in alerts {
        match one(alert, &fields, gather) {
            Ok(alarm) => gather.push(Item::Alarm(alarm)),
            Err(reason) => gather.reject(reason, alert.get()),
        }
    }
    let truncated = fields.get("truncatedAlerts").and_then(json::tag);
    if let Some(count) = truncated.filter(|count| count != "0") {
        let count = start(&count, 40);
        gather.reject(
            format!(
                "the sender left out {count} alerts (`truncatedAlerts`): raise its `max_alerts`"
            ),
            "",
        );
    }
    Ok(())
}

fn one(alert: &RawValue, group: &Fields<'_>, gather: &mut Gather<'_>) -> Result<AlarmItem, String> {
    let fields = json::fields(alert.get())?;
    let labels = texts(&fields, "labels", gather)?;
    let annotations = texts(&fields, "annotations", gather)?;
    let name = labels.get("alertname").cloned().unwrap_or_default();
    if labels.is_empty() {
        return Err("no alert: it has no `labels`".to_owned());
    }
    let state = match fields
        .text("status")
        .or_else(|| group.text("status"))
        .as_deref()
    {
        Some("firing" | "alerting") => AlarmState::Raised,
        Some("resolved" | "ok") => AlarmState::Cleared,
        _ => return Err("no alert: `status` is neither firing nor resolved".to_owned()),
    };
    let at = match state {
        AlarmState::Raised => stamp(&fields, "startsAt")?,
        AlarmState::Cleared => stamp(&fields, "endsAt")?.or(stamp(&fields, "startsAt")?),
    };
    let word = SEVERITY_LABELS
        .iter()
        .find_map(|label| severity::of_word(labels.get(*label)?));
    let text = TEXTS
        .iter()
        .find_map(|key| annotations.get(*key))
        .cloned()
        .unwrap_or_else(|| name.clone());
    let fingerprint = fields
        .text("fingerprint")
        .filter(|f| !f.is_empty())
        .map_or_else(|| of_labels(&labels), std::borrow::Cow::into_owned);
    let mut tags = labels;
    tags.extend(
        annotations
            .into_iter()
            .map(|(key, value)| (format!("annotation.{key}"), value)),
    );
    extras(&fields, group, &mut tags);
    Ok(AlarmItem {
        name,
        fingerprint,
        tags,
        text,
        severity: word.unwrap_or(Severity::Indeterminate),
        state,
        at,
    })
}

/// A stamp; Go's zero year, and none at all, is "no stamp".
fn stamp(fields: &Fields<'_>, key: &str) -> Result<Option<zizhi_types::NetTime>, String> {
    match fields.text(key) {
        Some(text) if !text.is_empty() => {
            number::rfc3339(&text).map_err(|e| format!("`{key}`: {e}"))
        }
        _ => Ok(None),
    }
}

fn texts(
    fields: &Fields<'_>,
    key: &str,
    gather: &mut Gather<'_>,
) -> Result<BTreeMap<String, String>, String> {
    let sent = fields.object(key)?;
    let mut texts = BTreeMap::new();
    for (name, value) in &sent.twice {
        gather.reject(
            format!("`{name}` is written twice: the last one counts"),
            value.get(),
        );
    }
    for (name, value) in sent.members {
        match json::tag(value) {
            Some(text) => drop(texts.insert(name.into_owned(), text)),
            None => gather.reject(format!("`{key}.{name}` is no text"), value.get()),
        }
    }
    Ok(texts)
}

/// What Grafana adds: the values that made the rule fire, and where to look; and the group of either.
fn extras(fields: &Fields<'_>, group: &Fields<'_>, tags: &mut BTreeMap<String, String>) {
    if let Ok(values) = fields.object("values") {
        for (name, value) in values.members {
            if let Some(text) = json::tag(value) {
                tags.entry(format!("value.{name}")).or_insert(text);
            }
        }
    }
    for key in [
        "valueString",
        "generatorURL",
        "dashboardURL",
        "panelURL",
        "silenceURL",
        "imageURL",
    ] {
        if let Some(text) = fields.text(key).filter(|t| !t.is_empty()) {
            tags.entry(key.to_owned())
                .or_insert_with(|| text.into_owned());
        }
    }
    for key in ["receiver", "groupKey", "orgId"] {
        if let Some(text) = group
            .get(key)
            .filter(|v| !matches!(json::scalar(v), Scalar::Null))
            .and_then(json::tag)
        {
            tags.entry(key.to_owned()).or_insert(text);
        }
    }
}

/// A fingerprint of labels: the same for the same labels, whatever their order.
fn of_labels(labels: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (name, value) in labels {
        for text in [name, value] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
    }
    let digest: [u8; 32] = hash.finalize().into();
    let first = digest[..8]
        .iter()
        .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    format!("{first:016x}")
}
