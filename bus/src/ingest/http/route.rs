//! What does a request want, by its method, path and content type?

use super::body::Refusal;
use crate::decode::Format;
use crate::decode::remote_write::Version;
use hyper::{Method, StatusCode};

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// Whether the listener lives.
    Health,
    /// A message.
    To(Target),
}

/// How the sender of a message wants to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// As OTLP/HTTP says, in the encoding of the request.
    Otlp {
        /// What is counted when some is refused.
        signal: Signal,
        /// JSON, else protobuf.
        is_json: bool,
    },
    /// As remote write says.
    RemoteWrite(Version),
    /// Plain JSON.
    Plain,
}

/// A signal of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Metrics,
    Logs,
    Traces,
}

/// A message's format and dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pub format: Format,
    pub dialect: Dialect,
}

/// Finds the target, or says what would be one.
pub(super) fn route(method: &Method, path: &str, content_type: &str) -> Result<Path, Refusal> {
    let plain = |format| {
        Ok(Path::To(Target {
            format,
            dialect: Dialect::Plain,
        }))
    };
    let wanted = if path == "/healthz" {
        Method::GET
    } else {
        Method::POST
    };
    let found = match path {
        "/healthz" => Ok(Path::Health),
        "/v1/metrics" => otlp(Signal::Metrics, Format::OtlpMetrics, content_type),
        "/v1/logs" => otlp(Signal::Logs, Format::OtlpLogs, content_type),
        "/v1/traces" => otlp(Signal::Traces, Format::OtlpTraces, content_type),
        "/api/v1/write" => remote_write(content_type),
        "/alertmanager" => plain(Format::Alertmanager),
        "/grafana" => plain(Format::Grafana),
        "/ingest" => plain(Format::Auto),
        _ => {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "nothing is received here: send to /v1/metrics, /v1/logs, /v1/traces, /api/v1/write, /alertmanager, /grafana or /ingest",
            ));
        }
    };
    if *method != wanted {
        let refusal = Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            &format!("{path} takes {wanted} only"),
        );
        return Err(refusal.with("allow", wanted.as_str()));
    }
    found
}

fn otlp(signal: Signal, format: Format, content_type: &str) -> Result<Path, Refusal> {
    let essence = content_type.split(';').next().unwrap_or("").trim();
    let is_json = if essence.eq_ignore_ascii_case("application/json") {
        true
    } else if essence.eq_ignore_ascii_case("application/x-protobuf") {
        false
    } else {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "OTLP is received as application/x-protobuf or application/json",
        ));
    };
    let dialect = Dialect::Otlp { signal, is_json };
    Ok(Path::To(Target { format, dialect }))
}

fn remote_write(content_type: &str) -> Result<Path, Refusal> {
    let version = Version::of(content_type).ok_or_else(|| {
        Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "remote write is received as application/x-protobuf with proto=prometheus.WriteRequest or proto=io.prometheus.write.v2.Request",
        )
    })?;
    let format = match version {
        Version::V1 => Format::RemoteWriteV1,
        Version::V2 => Format::RemoteWriteV2,
    };
    let dialect = Dialect::RemoteWrite(version);
    Ok(Path::To(Target { format, dialect }))
}
