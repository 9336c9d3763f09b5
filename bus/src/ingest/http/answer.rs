//! What does a sender hear back?
//!
//! Each protocol has its own words for "some of it was not taken": OTLP answers 200 with the number of rejected parts,
//! remote write must answer 400 since any 2xx says that all was written. Both send again only after 429 and 5xx, so a message
//! that would be refused again gets neither.

use super::body::Refusal;
use super::route::{Dialect, Signal, Target};
use crate::decode::remote_write::Version;
use crate::ingest::intake::Verdict;
use hyper::StatusCode;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;

/// The error body of OTLP/HTTP: `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// A response before it is one of hyper's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    fn new(status: StatusCode, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body,
        }
    }

    fn text(status: StatusCode, text: &str) -> Self {
        let body = format!("{text}\n").into_bytes();
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    pub(super) fn alive() -> Self {
        Self::text(StatusCode::OK, "ok")
    }

    /// To a request whose message was not read.
    pub(super) fn refusal(refusal: &Refusal, target: Option<Target>) -> Self {
        let mut answer = match target.map(|t| t.dialect) {
            Some(Dialect::Otlp { is_json, .. }) => status(refusal.status, &refusal.reason, is_json),
            _ => Self::text(refusal.status, &refusal.reason),
        };
        answer.headers.extend(refusal.headers.iter().cloned());
        answer
    }

    /// To a request whose message was read.
    pub(super) fn verdict(target: Target, verdict: &Verdict) -> Self {
        match target.dialect {
            Dialect::Otlp { signal, is_json } => otlp(signal, is_json, verdict),
            Dialect::RemoteWrite(version) => remote_write(version, verdict),
            Dialect::Plain => plain(verdict),
        }
    }
}

fn status(code: StatusCode, message: &str, is_json: bool) -> Answer {
    // 3: invalid argument, 14: unavailable (google.rpc.Code).
    let number = if code.is_server_error() { 14 } else { 3 };
    if is_json {
        let body = json!({ "code": number, "message": message });
        return Answer::new(code, "application/json", body.to_string().into_bytes());
    }
    let body = Status {
        code: number,
        message: message.to_owned(),
    };
    Answer::new(code, "application/x-protobuf", body.encode_to_vec())
}

fn otlp(signal: Signal, is_json: bool, verdict: &Verdict) -> Answer {
    if verdict.is_unreadable {
        return status(StatusCode::BAD_REQUEST, &verdict.reason, is_json);
    }
    let rejected = verdict.refused + verdict.empty;
    if is_json {
        let body = partial_json(signal, rejected, &verdict.reason);
        return Answer::new(StatusCode::OK, "application/json", body.into_bytes());
    }
    let body = partial(signal, rejected, &verdict.reason);
    Answer::new(StatusCode::OK, "application/x-protobuf", body)
}

fn partial_json(signal: Signal, rejected: u64, reason: &str) -> String {
    if rejected == 0 {
        return "{}".to_owned();
    }
    let name = match signal {
        Signal::Metrics => "rejectedDataPoints",
        Signal::Logs => "rejectedLogRecords",
        Signal::Traces => "rejectedSpans",
    };
    json!({ "partialSuccess": { name: rejected.to_string(), "errorMessage": reason } }).to_string()
}

fn partial(signal: Signal, rejected: u64, reason: &str) -> Vec<u8> {
    let (rejected, error_message) = (
        i64::try_from(rejected).unwrap_or(i64::MAX),
        reason.to_owned(),
    );
    let is_partial = rejected > 0;
    match signal {
        Signal::Metrics => ExportMetricsServiceResponse {
            partial_success: is_partial.then_some(ExportMetricsPartialSuccess {
                rejected_data_points: rejected,
                error_message,
            }),
        }
        .encode_to_vec(),
        Signal::Logs => ExportLogsServiceResponse {
            partial_success: is_partial.then_some(ExportLogsPartialSuccess {
                rejected_log_records: rejected,
                error_message,
            }),
        }
        .encode_to_vec(),
        Signal::Traces => ExportTraceServiceResponse {
            partial_success: is_partial.then_some(ExportTracePartialSuccess {
                rejected_spans: rejected,
                error_message,
            }),
        }
        .encode_to_vec(),
    }
}

fn remote_write(version: Version, verdict: &Verdict) -> Answer {
    let mut answer = if verdict.is_unreadable || verdict.refused > 0 {
        let all = verdict.taken + verdict.refused;
        let text = format!(
            "{} of {all} not written: {}",
            verdict.refused, verdict.reason
        );
        let text = if verdict.is_unreadable {
            &verdict.reason
        } else {
            &text
        };
        Answer::text(StatusCode::BAD_REQUEST, text)
    } else {
        Answer {
            status: StatusCode::NO_CONTENT,
            headers: vec![],
            body: vec![],
        }
    };
    if version == Version::V2 {
        let names = [
            "x-prometheus-remote-write-samples-written",
            "x-prometheus-remote-write-histograms-written",
            "x-prometheus-remote-write-exemplars-written",
        ];
        let written = names.into_iter().zip(verdict.written);
        answer
            .headers
            .extend(written.map(|(name, number)| (name, number.to_string())));
    }
    answer
}

fn plain(verdict: &Verdict) -> Answer {
    let is_bad = verdict.is_unreadable || (verdict.taken == 0 && verdict.refused > 0);
    let code = if is_bad {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let mut body = json!({ "taken": verdict.taken, "refused": verdict.refused + verdict.empty });
    if !verdict.reason.is_empty() {
        body["reason"] = json!(verdict.reason);
    }
    Answer::new(code, "application/json", format!("{body}\n").into_bytes())
}
