//! Which format is this message in? Told from headers, content type, path, first bytes and the keys of the first object.

use super::format::Format;
use super::item::Raw;
use super::json::{self, Fields, Scalar};
use super::telegraf::line;

/// The format of a message, or `None` if it fits none.
///
/// The first that fits wins, in this order: `ce-` headers; content type and path; for text that begins with `{` or
/// `[` the keys of its first object (see [`of_keys`]); syslog's `<PRI>`; line protocol; syslog without `<PRI>`.
/// Where several fit, the more special one is asked first: an alert of Grafana also has all that Alertmanager's have.
pub fn sniff(raw: &Raw<'_>) -> Option<Format> {
    of_transport(raw).or_else(|| of_text(raw.payload))
}

fn of_transport(raw: &Raw<'_>) -> Option<Format> {
    let content = raw.content_type.to_ascii_lowercase();
    if raw.headers.contains_key("ce-specversion") || content.starts_with("application/cloudevents")
    {
        return Some(Format::CloudEvents);
    }
    if content.contains("proto=io.prometheus.write.v2.request") {
        return Some(Format::RemoteWriteV2);
    }
    let by_path = [
        ("/v1/metrics", Format::OtlpMetrics),
        ("/v1/logs", Format::OtlpLogs),
        ("/v1/traces", Format::OtlpTraces),
    ];
    if let Some((_, format)) = by_path.iter().find(|(path, _)| raw.subject.ends_with(path)) {
        return Some(*format);
    }
    let snappy = raw
        .headers
        .get("content-encoding")
        .is_some_and(|e| e.eq_ignore_ascii_case("snappy"));
    let remote_write = content.contains("proto=prometheus.writerequest")
        || raw
            .headers
            .contains_key("x-prometheus-remote-write-version")
        || (content.starts_with("application/x-protobuf") && snappy);
    remote_write.then_some(Format::RemoteWriteV1)
}

fn of_text(payload: &[u8]) -> Option<Format> {
    let payload = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload);
    let payload = payload.trim_ascii_start();
    let text = match std::str::from_utf8(payload) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&payload[..error.valid_up_to()]).ok()?,
    };
    match text.as_bytes().first()? {
        b'{' | b'[' => of_json(text),
        b'<' => super::syslog::has_priority(text).then_some(Format::Syslog),
        _ if super::syslog::is_counted(text) => Some(Format::Syslog),
        _ if line::fits(text) => Some(Format::TelegrafLine),
        _ => super::syslog::is_bare(text).then_some(Format::Syslog),
    }
}

fn of_json(text: &str) -> Option<Format> {
    let mut reader =
        serde_json::Deserializer::from_str(text).into_iter::<&serde_json::value::RawValue>();
    let Some(Ok(first)) = reader.next() else {
        return None;
    };
    if !first.get().starts_with('[') {
        return of_keys(&json::fields(first.get()).ok()?);
    }
    let (elements, _) = json::elements(first.get(), 1).ok()?;
    match elements.first() {
        // gnmic sends an empty batch now and then; nobody else of these does.
        None => Some(Format::GnmicEvent),
        Some(element) => of_keys(&json::fields(element.get()).ok()?),
    }
}

/// The format whose objects have these keys.
fn of_keys(fields: &Fields<'_>) -> Option<Format> {
    let has = |keys: &[&str]| keys.iter().all(|k| fields.has(k));
    let is_object = |key: &str| {
        fields
            .get(key)
            .is_some_and(|v| json::scalar(v) == Scalar::Object)
    };
    let only_one = fields.members.len() == 1;
    [
        (has(&["specversion", "type", "source"]), Format::CloudEvents),
        (has(&["resourceMetrics"]), Format::OtlpMetrics),
        (has(&["resourceLogs"]), Format::OtlpLogs),
        (has(&["resourceSpans"]), Format::OtlpTraces),
        (has(&["alerts", "orgId"]), Format::Grafana),
        (
            has(&["alerts", "groupKey"]) || has(&["alerts", "version"]),
            Format::Alertmanager,
        ),
        (has(&["samples", "source", "at"]), Format::Zizhi),
        (has(&["name", "fields"]), Format::TelegrafJson),
        (has(&["metrics"]), Format::TelegrafJson),
        (
            only_one && ["log", "metric", "trace"].into_iter().any(is_object),
            Format::Vector,
        ),
        (
            is_object("values") || has(&["deletes"]) || has(&["updates"]),
            Format::GnmicEvent,
        ),
    ]
    .into_iter()
    .find_map(|(fits, format)| fits.then_some(format))
}
