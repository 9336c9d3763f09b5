//! What does a context of the NATS command line say?

use super::config::{NatsConfig, TlsConfig};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The keys of a context file that matter here; others are for other programs.
#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    url: String,
    creds: String,
    nkey: String,
    user: String,
    password: String,
    token: String,
    cert: String,
    key: String,
    ca: String,
    inbox_prefix: String,
    tls_first: bool,
}

/// A login that a context holds in itself, not in a file.
#[derive(Clone, PartialEq, Eq)]
pub enum Inline {
    /// Name and password.
    User(String, String),
    /// A token.
    Token(String),
}

/// Why a context cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadContext {
    /// The file cannot be read.
    #[error("context `{name}` cannot be read from {path}: list contexts with `nats context ls`")]
    Read {
        /// Which context.
        name: String,
        /// Its file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is no context.
    #[error("{path} is no context of the NATS command line")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
}

/// The file of a context: `name` itself if it has a `/`, else below `config_home` (`$XDG_CONFIG_HOME`).
pub fn file_of(name: &str, config_home: &Path) -> PathBuf {
    if name.contains('/') {
        return PathBuf::from(name);
    }
    config_home.join(format!("nats/context/{name}.json"))
}

/// Reads the text of a context's file and fills in what `config` leaves open.
pub fn fill(config: &mut NatsConfig, text: &str) -> Result<Option<Inline>, serde_json::Error> {
    let file: File = serde_json::from_str(text)?;
    if config.url.is_empty() && !file.url.is_empty() {
        config.url = file.url.split(',').map(|u| u.trim().to_owned()).collect();
    }
    if config.inbox_prefix.is_none() {
        config.inbox_prefix = set(&file.inbox_prefix).map(str::to_owned);
    }
    let path = |text: &str| set(text).map(PathBuf::from);
    let says_tls = [&file.ca, &file.cert, &file.key]
        .iter()
        .any(|t| !t.is_empty());
    if config.tls.is_none() && (says_tls || file.tls_first) {
        config.tls = Some(TlsConfig {
            ca: path(&file.ca),
            cert: path(&file.cert),
            key: path(&file.key),
            first: file.tls_first,
        });
    }
    if config.credentials.is_some() || config.nkey_seed.is_some() || config.user.is_some() {
        return Ok(None);
    }
    config.credentials = path(&file.creds);
    if config.credentials.is_none() {
        config.nkey_seed = path(&file.nkey);
    }
    if config.credentials.is_some() || config.nkey_seed.is_some() {
        return Ok(None);
    }
    Ok(inline(file))
}

/// As the NATS command line does, a user without a password is a token.
fn inline(file: File) -> Option<Inline> {
    if !file.token.is_empty() {
        return Some(Inline::Token(file.token));
    }
    match (file.user.is_empty(), file.password.is_empty()) {
        (true, _) => None,
        (false, true) => Some(Inline::Token(file.user)),
        (false, false) => Some(Inline::User(file.user, file.password)),
    }
}

fn set(text: &str) -> Option<&str> {
    Some(text).filter(|t| !t.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_fills_in_what_the_configuration_leaves_open() {
        let text = r#"{"description":"lab","url":"tls://a:4222,tls://b:4222","creds":"/c.creds",
            "ca":"/ca.pem","cert":"","key":"","inbox_prefix":"_I","jetstream_domain":""}"#;
        let mut config = NatsConfig::default();
        assert!(fill(&mut config, text).unwrap().is_none());
        assert_eq!(config.url, ["tls://a:4222", "tls://b:4222"]);
        assert_eq!(config.credentials, Some("/c.creds".into()));
        assert_eq!(config.tls.unwrap().ca, Some("/ca.pem".into()));
        assert_eq!(config.inbox_prefix.as_deref(), Some("_I"));

        let mut own = NatsConfig {
            url: vec!["nats://x:1".to_owned()],
            nkey_seed: Some("/own".into()),
            ..NatsConfig::default()
        };
        fill(&mut own, text).unwrap();
        assert_eq!(own.url, ["nats://x:1"]);
        assert_eq!(
            (own.credentials, own.nkey_seed),
            (None, Some("/own".into()))
        );
    }

    #[test]
    fn logins_in_the_context_itself_are_found() {
        let read = |text| fill(&mut NatsConfig::default(), text).unwrap();
        let user = Inline::User("u".to_owned(), "p".to_owned());
        assert!(read(r#"{"user":"u","password":"p"}"#) == Some(user));
        assert!(read(r#"{"user":"t"}"#) == Some(Inline::Token("t".to_owned())));
        assert!(read(r#"{"token":"t"}"#) == Some(Inline::Token("t".to_owned())));
        assert!(read("{}").is_none());
        assert!(fill(&mut NatsConfig::default(), "[").is_err());
    }

    #[test]
    fn a_name_is_looked_up_and_a_path_is_taken() {
        let home = Path::new("/home/u/.config");
        let looked_up = "/home/u/.config/nats/context/lab.json";
        assert_eq!(file_of("lab", home), PathBuf::from(looked_up));
        assert_eq!(file_of("/x/lab.json", home), PathBuf::from("/x/lab.json"));
    }
}
