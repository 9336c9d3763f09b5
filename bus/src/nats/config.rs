//! Where is the server, who are we to it, and how much may wait?

use serde::{Deserialize, Deserializer};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How to reach and use a NATS server. Secrets are named by the file that holds them, never written here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NatsConfig {
    /// One server or several of a cluster: `nats://host:4222`, or `tls://host:4222`. Default `nats://127.0.0.1:4222`.
    #[serde(deserialize_with = "one_or_more")]
    pub url: Vec<String>,
    /// How the connection is called in the server's lists; the identity if empty.
    pub name: String,
    /// Whom to trust and who we are to TLS.
    pub tls: Option<TlsConfig>,
    /// File with a user's JWT and seed, as `nsc` writes it.
    pub credentials: Option<PathBuf>,
    /// File with an nkey seed (`SU…`).
    pub nkey_seed: Option<PathBuf>,
    /// User name; needs `password_file`.
    pub user: Option<String>,
    /// File with the password.
    pub password_file: Option<PathBuf>,
    /// A context of the NATS command line: its name, or the path of its file. What is written here wins over it.
    pub context: Option<String>,
    /// Whether to speak to another host without TLS: everything that is said can then be read and changed on the way.
    pub allow_plaintext: bool,
    /// First tokens of reply subjects, where the server allows no `_INBOX.>`.
    pub inbox_prefix: Option<String>,
    /// Deliveries that wait at one subscription; telemetry beyond is dropped and counted. Our choice: 4096.
    pub queue: usize,
    /// Senders of telemetry (by subject) whose losses are counted one by one. Our choice: 65536, about 6 MiB.
    pub counted_sources: usize,
    /// How long a lasting message or a set-up is tried before it is an error, in ms. Our choice: 60 s; below the 5 minutes in
    /// which the stream knows a message again.
    pub patience_ms: u64,
    /// After how long without a sign of life from its reader a lasting message is delivered again, in ms. Our choice: 5 s.
    /// After a crash the next delivery waits this long.
    pub redeliver_ms: u64,
    /// How long [`settle`](crate::Bus::settle) waits at most, in ms. Our choice: 30 s.
    pub settle_ms: u64,
    /// Identities of the processes on this bus, of which `settle` needs an answer. If empty: whoever answers in time.
    pub peers: Vec<String>,
    /// What the stream keeps.
    pub stream: StreamConfig,
}

/// Files in PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// Whom to trust besides the system's certificates.
    pub ca: Option<PathBuf>,
    /// Our certificate, where the server asks for one; needs `key`.
    pub cert: Option<PathBuf>,
    /// The key of `cert`.
    pub key: Option<PathBuf>,
    /// Whether TLS starts before the server says a word (`handshake_first` there).
    pub first: bool,
}

/// Limits of the stream that keeps the lasting planes. They hold when it is made; later changes are an operator's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamConfig {
    /// Hours after which a message goes. Our choice: a week.
    pub max_age_h: u64,
    /// Bytes beyond which the oldest go. Our choice: 1 GiB.
    pub max_bytes: i64,
    /// Servers of a cluster that keep a copy: 1, 3 or 5.
    pub replicas: usize,
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self {
            max_age_h: 7 * 24,
            max_bytes: 1 << 30,
            replicas: 1,
        }
    }
}

impl Default for NatsConfig {
    fn default() -> Self {
        Self {
            url: vec![],
            name: String::new(),
            tls: None,
            credentials: None,
            nkey_seed: None,
            user: None,
            password_file: None,
            context: None,
            allow_plaintext: false,
            inbox_prefix: None,
            queue: 4096,
            counted_sources: 65_536,
            patience_ms: 60_000,
            redeliver_ms: 5_000,
            settle_ms: 30_000,
            peers: vec![],
            stream: StreamConfig::default(),
        }
    }
}

/// Where the server is if nobody says.
pub const DEFAULT_URL: &str = "nats://127.0.0.1:4222";

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadConfig {
    /// The address cannot be read.
    #[error("`{0}` is no server address: write nats://host:4222 or tls://host:4222")]
    Url(String),
    /// Another host without TLS.
    #[error(
        "{0} is another host and nothing protects the way there: write tls://, add a `tls` section, or set `allow_plaintext = true` if the way is protected otherwise"
    )]
    Plaintext(String),
    /// Half of a pair.
    #[error("`{0}` is set without `{1}`: set both or none")]
    Half(&'static str, &'static str),
    /// A bound that makes no sense.
    #[error("`{0}` is {1}: write a number from {2} to {3}")]
    Bound(&'static str, u64, u64, u64),
    /// More than one way to say who we are.
    #[error("{0} are both set: choose one way to log in")]
    Logins(&'static str),
    /// No identity.
    #[error("`{0}` is no identity: write letters, digits, `-` and `_`, such as `transport`")]
    Identity(String),
}

impl NatsConfig {
    /// Checks it, as far as that can be done without the server.
    pub fn check(&self) -> Result<(), BadConfig> {
        self.check_way()?;
        self.check_login()?;
        let tls = self.tls.as_ref();
        if let Some(tls) = tls.filter(|t| t.cert.is_some() != t.key.is_some()) {
            let (set, unset) = if tls.cert.is_some() {
                ("tls.cert", "tls.key")
            } else {
                ("tls.key", "tls.cert")
            };
            return Err(BadConfig::Half(set, unset));
        }
        self.check_bounds()
    }

    /// The servers, with the default where none is named.
    pub fn urls(&self) -> Vec<String> {
        if self.url.is_empty() {
            vec![DEFAULT_URL.to_owned()]
        } else {
            self.url.clone()
        }
    }

    /// How long a lasting message or a set-up is tried.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_millis(self.patience_ms)
    }

    /// When a lasting message without a sign of life is delivered again.
    pub(crate) fn redeliver(&self) -> Duration {
        Duration::from_millis(self.redeliver_ms)
    }

    fn check_way(&self) -> Result<(), BadConfig> {
        for url in self.urls() {
            let (scheme, host) = parts(&url).ok_or_else(|| BadConfig::Url(url.clone()))?;
            let protected = scheme == "tls" || self.tls.is_some() || self.allow_plaintext;
            if !protected && !is_here(host) {
                return Err(BadConfig::Plaintext(host.to_owned()));
            }
        }
        Ok(())
    }

    fn check_login(&self) -> Result<(), BadConfig> {
        let ways = [
            ("credentials", self.credentials.is_some()),
            ("nkey_seed", self.nkey_seed.is_some()),
            ("user", self.user.is_some()),
        ];
        match ways.map(|(_, set)| set) {
            [true, true, _] => return Err(BadConfig::Logins("`credentials` and `nkey_seed`")),
            [true, _, true] => return Err(BadConfig::Logins("`credentials` and `user`")),
            [_, true, true] => return Err(BadConfig::Logins("`nkey_seed` and `user`")),
            _ => {}
        }
        match (&self.user, &self.password_file) {
            (Some(_), None) => Err(BadConfig::Half("user", "password_file")),
            (None, Some(_)) => Err(BadConfig::Half("password_file", "user")),
            _ => Ok(()),
        }
    }

    fn check_bounds(&self) -> Result<(), BadConfig> {
        let bounds = [
            ("queue", self.queue as u64, 1, 1 << 24),
            ("counted_sources", self.counted_sources as u64, 1, 1 << 24),
            ("patience_ms", self.patience_ms, 100, 240_000),
            ("redeliver_ms", self.redeliver_ms, 500, 600_000),
            ("settle_ms", self.settle_ms, 100, 3_600_000),
            ("stream.max_age_h", self.stream.max_age_h, 1, 24 * 3650),
            ("stream.replicas", self.stream.replicas as u64, 1, 5),
            (
                "stream.max_bytes",
                u64::try_from(self.stream.max_bytes).unwrap_or(0),
                1 << 20,
                1 << 50,
            ),
        ];
        for (name, value, least, most) in bounds {
            if !(least..=most).contains(&value) {
                return Err(BadConfig::Bound(name, value, least, most));
            }
        }
        Ok(())
    }
}

/// Whether a text can be one token of a subject and part of a durable's name.
pub fn check_identity(identity: &str) -> Result<(), BadConfig> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if identity.is_empty() || identity.len() > 64 || !identity.chars().all(good) {
        return Err(BadConfig::Identity(identity.to_owned()));
    }
    Ok(())
}

/// Scheme and host of an address, without a user; `None` if it is none.
fn parts(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("nats", url));
    if scheme != "nats" && scheme != "tls" {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    let (host, port) = match host_port.strip_prefix('[') {
        Some(v6) => {
            let (host, port) = v6.split_once(']')?;
            (host, port.strip_prefix(':'))
        }
        None => match host_port.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host_port, None),
        },
    };
    let port_is_good = port.is_none_or(|p| p.parse::<u16>().is_ok());
    (!host.is_empty() && port_is_good).then_some((scheme, host))
}

/// Whether a host is this one, by its name or number.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(String),
        More(Vec<String>),
    }
    Ok(match OneOrMore::deserialize(from)? {
        OneOrMore::One(url) => url.split(',').map(|u| u.trim().to_owned()).collect(),
        OneOrMore::More(urls) => urls,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> NatsConfig {
        NatsConfig {
            url: vec![url.to_owned()],
            ..NatsConfig::default()
        }
    }

    #[test]
    fn another_host_needs_tls_or_an_explicit_word() {
        for here in [
            "nats://127.0.0.1:4222",
            "localhost",
            "nats://[::1]:4222",
            "127.8.9.1:1",
            "nats://u:p@localhost:4222",
        ] {
            assert_eq!(at(here).check(), Ok(()), "{here}");
        }
        for there in [
            "nats://10.0.0.1:4222",
            "nats.example.net",
            "nats://localhost.example.net",
            "nats://127.0.0.1@10.0.0.1:4222",
            "nats://[2001:db8::1]:4222",
        ] {
            let error = at(there).check().unwrap_err();
            assert!(matches!(error, BadConfig::Plaintext(_)), "{there}: {error}");
            assert!(error.to_string().contains("allow_plaintext"), "{error}");
            let mut open = at(there);
            open.allow_plaintext = true;
            assert_eq!(open.check(), Ok(()));
            let mut tls = at(there);
            tls.tls = Some(TlsConfig::default());
            assert_eq!(tls.check(), Ok(()));
        }
        assert_eq!(at("tls://10.0.0.1:4222").check(), Ok(()));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in ["", "http://a", "nats://", "nats://a:99999", "nats://[::1"] {
            assert_eq!(at(bad).check(), Err(BadConfig::Url(bad.to_owned())));
        }
    }

    #[test]
    fn halves_doubles_and_odd_bounds_are_named() {
        let mut config = NatsConfig {
            user: Some("u".to_owned()),
            ..NatsConfig::default()
        };
        assert_eq!(
            config.check(),
            Err(BadConfig::Half("user", "password_file"))
        );
        config.password_file = Some("p".into());
        assert_eq!(config.check(), Ok(()));
        config.nkey_seed = Some("s".into());
        assert_eq!(
            config.check(),
            Err(BadConfig::Logins("`nkey_seed` and `user`"))
        );
        let config = NatsConfig {
            queue: 0,
            ..NatsConfig::default()
        };
        assert!(matches!(
            config.check(),
            Err(BadConfig::Bound("queue", 0, ..))
        ));
    }

    #[test]
    fn one_address_or_several_are_read_and_unknown_keys_are_refused() {
        let one: NatsConfig = toml::from_str("url = 'nats://a:1, nats://b:2'").unwrap();
        let more: NatsConfig = toml::from_str("url = ['nats://a:1', 'nats://b:2']").unwrap();
        assert_eq!(one, more);
        let error = toml::from_str::<NatsConfig>("ulr = 'nats://a'").unwrap_err();
        assert!(error.to_string().contains("ulr"), "{error}");
        let none: NatsConfig = toml::from_str("").unwrap();
        assert_eq!(none.urls(), [DEFAULT_URL]);
    }

    #[test]
    fn an_identity_is_one_token() {
        assert_eq!(check_identity("transport-2"), Ok(()));
        for bad in ["", "a.b", "a b", "*", ">", "é"] {
            assert!(check_identity(bad).is_err(), "{bad}");
        }
    }
}
