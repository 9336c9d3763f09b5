//! How do messages travel and last?
//!
//! Two ports, [`Bus`] and [`Journal`], with the embedded bus behind the first and a hash-chained file behind
//! the second; who may act for a domain is decided by [`Leases`]. Everything that crosses from one domain to another crosses here as bytes under a subject;
//! everything that anyone concludes is appended here as a record.

pub mod account;
pub mod batch;
pub mod bus;
pub mod clock;
pub mod decode;
pub mod embedded;
pub mod expose;
mod gauge;
pub mod ingest;
pub mod journal;
pub mod lease;
pub mod mapping;
pub mod nats;
pub mod otlp_export;
pub mod recording;
pub mod subject;

pub use bus::{Bus, BusError, BusStats, Delivery, Message, Request, Service, Subscription};
pub use embedded::{EmbeddedBus, QueueFacts};
pub use ingest::{Ingest, IngestConfig};
pub use journal::{Audit, Entry, Journal, JournalError};
pub use lease::{Holding, LeaseError, Leases, LocalLeases, Term};
pub use nats::{NatsBus, NatsConfig, NatsLeases};
