//! Which format is it? The names that configuration and command line use.

use std::fmt;
use std::str::FromStr;

macro_rules! formats {
    ($($variant:ident, $name:literal, $doc:literal;)*) => {
        /// A format that other systems send in.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Format {
            $(#[doc = $doc] $variant,)*
        }

        impl Format {
            /// Every format, [`Format::Auto`] last.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in configuration, on the command line and in the source of a reading.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

formats! {
    GnmicEvent, "gnmic-event", "gnmic's `event` (and `json`) output.";
    TelegrafLine, "telegraf-line", "`InfluxDB` line protocol, Telegraf's default.";
    TelegrafJson, "telegraf-json", "Telegraf's JSON serialiser.";
    OtlpMetrics, "otlp-metrics", "OTLP metrics, protobuf or JSON by content type, else by first byte.";
    OtlpLogs, "otlp-logs", "OTLP logs, protobuf or JSON.";
    OtlpTraces, "otlp-traces", "OTLP traces, protobuf or JSON.";
    RemoteWriteV1, "remote-write-v1", "Prometheus remote write 1: a snappy block of protobuf.";
    RemoteWriteV2, "remote-write-v2", "Prometheus remote write 2: with a table of symbols.";
    Alertmanager, "alertmanager", "The webhook of Alertmanager, version 4.";
    Grafana, "grafana", "The webhook of Grafana alerting.";
    Syslog, "syslog", "RFC 5424 or RFC 3164, one a line or octet-counted.";
    CloudEvents, "cloudevents", "An envelope around one of the others.";
    Vector, "vector", "Vector's native JSON.";
    Zizhi, "zizhi", "Zizhi's own telemetry batch.";
    Auto, "auto", "Found out message by message, see [`crate::decode::sniff`].";
}

/// The text names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{0}`: write {names}", names = Format::names())]
pub struct UnknownFormat(pub String);

impl Format {
    /// All names, for messages to people.
    pub fn names() -> String {
        let names: Vec<&str> = Self::ALL.iter().map(|f| f.as_str()).collect();
        names.join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|f| f.as_str() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}
