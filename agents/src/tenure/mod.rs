//! May this process act for its domain, and for which incidents does it lead?
//!
//! Where every domain is a process of its own, an agent holds a lease on its domain and on each incident that it leads
//! ([`zizhi_bus::Leases`]). It keeps them while it lives; when it dies they run out, its peers notice, and one of them takes
//! the incident's lease over. A process that stood still finds its leases gone and stops acting.
//!
//! In one process nobody can be lost alone, so nothing is held.

mod shell;

pub use shell::{Change, Tenure, TenureError};

use zizhi_types::IncidentId;
use zizhi_types::domain::Domain;

/// The lease of a domain's agent.
pub fn agent_lease(domain: Domain) -> String {
    format!("agent.{domain}")
}

/// The lease of an incident's leader.
pub fn incident_lease(incident: &IncidentId) -> String {
    format!("incident.{incident}")
}
