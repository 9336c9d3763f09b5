//! How does other people's telemetry come in?
//!
//! Listeners ([`http`], [`syslog`], [`nats`]) put what they hear into one bounded queue ([`intake`]). The
//! [`pipeline`] decodes it, says which object and quantity it is about, and keeps an exact account of every source
//! ([`account`]). What comes out is published for the swarm ([`run`]).
//!
//! Pure: [`account`], [`pipeline`]. Shells: the others.

pub mod account;
pub mod config;
pub mod http;
pub mod intake;
pub mod nats;
pub mod output;
pub mod pipeline;
pub mod publish;
pub mod run;
pub mod syslog;

pub use config::{ConfigError, IngestConfig};
pub use run::Ingest;
