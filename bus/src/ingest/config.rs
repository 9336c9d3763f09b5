//! What is listened to, and with which bounds?
//!
//! The table `[ingest]` of the configuration file. Unknown keys are refused, and so is what could not work.

use super::account::Bounds;
use crate::decode::Format;
use crate::nats::NatsConfig;
use serde::{Deserialize, Deserializer};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The table `[ingest]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IngestConfig {
    /// Mapping tables beside the shipped ones; of two rules for one value those of later files win.
    pub mappings: Vec<PathBuf>,
    /// Values stated to be older than so many seconds are dropped and counted.
    pub late_s: u64,
    /// Values stated to be further in the future than so many seconds are dropped and counted.
    pub future_s: u64,
    /// Most series of one source.
    pub series_per_source: usize,
    /// Most series of all sources together.
    pub series: usize,
    /// Most sources with an account of their own; the rest share one.
    pub sources: usize,
    /// Messages that may wait between the listeners and the pipeline.
    pub queue: usize,
    /// NATS subjects to listen to.
    pub nats: Vec<NatsInput>,
    /// The HTTP listener, if there is to be one.
    pub http: Option<HttpInput>,
    /// Syslog listeners.
    pub syslog: Vec<SyslogInput>,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            mappings: vec![],
            late_s: 300,
            future_s: 30,
            series_per_source: 50_000,
            series: 1_000_000,
            sources: 1000,
            queue: 1024,
            nats: vec![],
            http: None,
            syslog: vec![],
        }
    }
}

/// A subject of somebody else's on the bus.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsInput {
    /// Subject or pattern, such as `telemetry.>`.
    pub subject: String,
    /// Which format; `auto` finds out message by message.
    #[serde(default = "auto", deserialize_with = "format")]
    pub format: Format,
    /// A JetStream stream to read from instead of listening; empty listens.
    #[serde(default)]
    pub stream: String,
    /// The name of the durable consumer in that stream.
    #[serde(default)]
    pub durable: String,
}

/// The HTTP listener.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpInput {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// A file with one line: a token (senders write `Authorization: Bearer <line>`) or `user:password` (basic authentication).
    pub token_file: Option<PathBuf>,
    /// Take anything from anybody on an address that is not this machine's own.
    pub allow_open: bool,
    /// Longest body, in bytes, as sent and after decompression.
    pub body_bytes: usize,
    /// Most connections at a time; further ones wait to be accepted.
    pub connections: usize,
    /// A request must have come in whole within so many seconds.
    pub read_timeout_s: u64,
}

impl Default for HttpInput {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4318)),
            token_file: None,
            allow_open: false,
            body_bytes: 8 << 20,
            connections: 256,
            read_timeout_s: 10,
        }
    }
}

/// How syslog travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// One message a datagram (RFC 5426).
    Udp,
    /// Octet-counted or one a line (RFC 6587), found out message by message.
    Tcp,
}

/// A syslog listener.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyslogInput {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// UDP or TCP.
    #[serde(default = "udp")]
    pub protocol: Protocol,
    /// Take anything from anybody on an address that is not this machine's own. Syslog has no sign-in.
    #[serde(default)]
    pub allow_open: bool,
    /// Most TCP connections at a time; further ones wait to be accepted.
    #[serde(default = "connections")]
    pub connections: usize,
}

const fn auto() -> Format {
    Format::Auto
}

const fn udp() -> Protocol {
    Protocol::Udp
}

const fn connections() -> usize {
    256
}

fn format<'de, D: Deserializer<'de>>(from: D) -> Result<Format, D::Error> {
    let name = String::deserialize(from)?;
    name.parse().map_err(serde::de::Error::custom)
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is no TOML, or has keys or values that are none of ours.
    #[error("the table [ingest] cannot be read: {0}")]
    Syntax(String),
    /// The same of the table of the server.
    #[error("the table [bus] cannot be read: {0}")]
    Bus(String),
    /// A listener would be open to everybody.
    #[error(
        "{what} on {listen} would take messages from anybody: listen on 127.0.0.1 behind a proxy with TLS, {instead}, or write allow_open = true"
    )]
    Open {
        /// Which listener.
        what: &'static str,
        /// Where.
        listen: SocketAddr,
        /// What would close it.
        instead: &'static str,
    },
    /// A number is outside its range.
    #[error("[ingest] {key} is {value}: write {range}")]
    Range {
        /// Which key.
        key: &'static str,
        /// What it is.
        value: u64,
        /// What it may be.
        range: &'static str,
    },
    /// A durable consumer without a stream.
    #[error("[[ingest.nats]] `{0}` names a durable consumer but no stream: name the stream too")]
    NoStream(String),
    /// A subject that cannot be listened to.
    #[error(
        "[[ingest.nats]] subject `{0}` is none: write dot-separated tokens, * for one, > for the rest"
    )]
    BadSubject(String),
}

/// Reads the table `[bus]` out of a whole configuration file: the NATS server, if there is one.
pub fn server(text: &str) -> Result<Option<NatsConfig>, ConfigError> {
    let bad = |e: toml::de::Error| ConfigError::Bus(e.to_string().trim_end().to_owned());
    let mut file: toml::Table = text.parse().map_err(bad)?;
    let table = file.remove("bus");
    table.map(|t| t.try_into().map_err(bad)).transpose()
}

impl IngestConfig {
    /// Reads the table `[ingest]` out of a whole configuration file; other tables are others' business.
    pub fn read(text: &str) -> Result<Self, ConfigError> {
        let syntax = |e: toml::de::Error| ConfigError::Syntax(e.to_string().trim_end().to_owned());
        let mut file: toml::Table = text.parse().map_err(syntax)?;
        let config: Self = match file.remove("ingest") {
            Some(table) => table.try_into().map_err(syntax)?,
            None => Self::default(),
        };
        config.check()?;
        Ok(config)
    }

    /// Whether it could work and is closed to strangers.
    pub fn check(&self) -> Result<(), ConfigError> {
        let range = |key, value: u64, most: u64, range| {
            let fits = (1..=most).contains(&value);
            let bad = ConfigError::Range { key, value, range };
            if fits { Ok(()) } else { Err(bad) }
        };
        range("late_s", self.late_s, 31_536_000, "1 to 31536000 (a year)")?;
        range("future_s", self.future_s, 86_400, "1 to 86400 (a day)")?;
        range("queue", self.queue as u64, 1 << 20, "1 to 1048576")?;
        range("sources", self.sources as u64, 1 << 20, "1 to 1048576")?;
        let (series, of_source) = (self.series as u64, self.series_per_source as u64);
        range("series", series, 100_000_000, "1 to 100000000")?;
        range("series_per_source", of_source, series, "1 to `series`")?;
        self.http.as_ref().map_or(Ok(()), HttpInput::check)?;
        self.syslog.iter().try_for_each(SyslogInput::check)?;
        self.nats.iter().try_for_each(NatsInput::check)
    }

    /// The bounds of the accounts.
    pub const fn bounds(&self) -> Bounds {
        Bounds {
            late_ms: self.late_s.saturating_mul(1000),
            future_ms: self.future_s.saturating_mul(1000),
            sources: self.sources,
            series_per_source: self.series_per_source,
            series: self.series,
        }
    }
}

impl HttpInput {
    /// Whether it could work and is closed to strangers.
    pub fn check(&self) -> Result<(), ConfigError> {
        let is_open = self.token_file.is_none() && !self.listen.ip().is_loopback();
        if is_open && !self.allow_open {
            return Err(ConfigError::Open {
                what: "HTTP",
                listen: self.listen,
                instead: "give it a token_file",
            });
        }
        let (value, range) = (self.body_bytes as u64, "1024 to 268435456 (256 MiB)");
        if !(1024..=1 << 28).contains(&value) {
            let key = "http.body_bytes";
            return Err(ConfigError::Range { key, value, range });
        }
        for (key, value) in [
            ("http.connections", self.connections as u64),
            ("http.read_timeout_s", self.read_timeout_s),
        ] {
            if !(1..=65_536).contains(&value) {
                let range = "1 to 65536";
                return Err(ConfigError::Range { key, value, range });
            }
        }
        Ok(())
    }
}

impl SyslogInput {
    fn check(&self) -> Result<(), ConfigError> {
        if !self.allow_open && !self.listen.ip().is_loopback() {
            return Err(ConfigError::Open {
                what: "syslog",
                listen: self.listen,
                instead: "let the firewall admit your devices only",
            });
        }
        let (value, key) = (self.connections as u64, "syslog.connections");
        if (1..=65_536).contains(&value) {
            Ok(())
        } else {
            let range = "1 to 65536";
            Err(ConfigError::Range { key, value, range })
        }
    }
}

impl NatsInput {
    fn check(&self) -> Result<(), ConfigError> {
        let token = |t: &str| !t.is_empty() && !t.contains(char::is_whitespace);
        if !self.subject.split('.').all(token) {
            return Err(ConfigError::BadSubject(self.subject.clone()));
        }
        if self.stream.is_empty() && !self.durable.is_empty() {
            return Err(ConfigError::NoStream(self.subject.clone()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read_and_other_tables_are_left_alone() {
        let config = IngestConfig::read(
            "[bus]\nurl = \"nats://127.0.0.1\"\n[ingest]\nlate_s = 60\n[[ingest.nats]]\nsubject = \"telemetry.>\"\nformat = \"gnmic-event\"\n\
             [ingest.http]\nlisten = \"127.0.0.1:0\"\n[[ingest.syslog]]\nlisten = \"127.0.0.1:5514\"\nprotocol = \"tcp\"\n",
        )
        .unwrap();
        assert_eq!((config.late_s, config.future_s), (60, 30));
        assert_eq!(config.nats[0].format, Format::GnmicEvent);
        assert_eq!(config.syslog[0].protocol, Protocol::Tcp);
        assert_eq!(config.http.unwrap().body_bytes, 8 << 20);
        assert_eq!(IngestConfig::read("").unwrap(), IngestConfig::default());
    }

    #[test]
    fn what_cannot_work_says_what_would() {
        let message = |text: &str| IngestConfig::read(text).unwrap_err().to_string();
        for (text, says) in [
            ("[ingest]\nlate = 3", "late"),
            ("[ingest]\nlate_s = 0", "1 to"),
            (
                "[[ingest.nats]]\nsubject = \"a\"\nformat = \"gnmi\"",
                "gnmic-event",
            ),
            ("[[ingest.nats]]\nsubject = \"a..b\"", "tokens"),
            (
                "[[ingest.nats]]\nsubject = \"a\"\ndurable = \"d\"",
                "stream",
            ),
            ("[ingest.http]\nlisten = \"0.0.0.0:4318\"", "token_file"),
            ("[[ingest.syslog]]\nlisten = \"[::]:514\"", "allow_open"),
        ] {
            assert!(message(text).contains(says), "{}", message(text));
        }
    }

    #[test]
    fn the_server_is_read_from_its_own_table() {
        let config = server("[bus]\nurl = \"nats://127.0.0.1:4223\"\n[ingest]\n").unwrap();
        assert_eq!(config.unwrap().urls(), ["nats://127.0.0.1:4223"]);
        assert_eq!(server("").unwrap(), None);
        assert!(
            server("[bus]\nuri = 1")
                .unwrap_err()
                .to_string()
                .contains("[bus]")
        );
    }

    #[test]
    fn an_open_listener_must_be_wanted() {
        let open = "[ingest.http]\nlisten = \"0.0.0.0:4318\"\n";
        assert!(IngestConfig::read(&format!("{open}allow_open = true")).is_ok());
        assert!(IngestConfig::read(&format!("{open}token_file = \"/etc/zizhi/token\"")).is_ok());
    }
}
