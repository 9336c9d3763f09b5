//! Taking, keeping and watching leases; the only part that waits and reads a clock.

use super::{agent_lease, incident_lease};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use zizhi_bus::{LeaseError, Leases, Term};
use zizhi_types::IncidentId;
use zizhi_types::domain::Domain;

/// What was noticed at one look around.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A peer's lease has run out.
    PeerLost(Domain),
    /// A peer holds its lease again.
    PeerBack(Domain),
    /// The lease of an incident that is led here is gone.
    IncidentLost(IncidentId),
}

/// Why an agent may not begin.
#[derive(Debug, thiserror::Error)]
pub enum TenureError {
    /// Another process acts for the domain.
    #[error(
        "another process acts for the {domain} domain ({holder}): stop it, or wait until its lease runs out"
    )]
    Taken {
        /// Which domain.
        domain: Domain,
        /// Who.
        holder: String,
    },
    /// Leases cannot be asked for.
    #[error("the lease of the {domain} domain cannot be had")]
    Unavailable {
        /// Which domain.
        domain: Domain,
        /// Why.
        source: LeaseError,
    },
}

/// The leases of one domain's agent.
pub struct Tenure {
    leases: Arc<dyn Leases>,
    domain: Domain,
    holder: String,
    ttl: Duration,
    state: Mutex<State>,
}

/// How it stands with the lease of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Held,
    Gone,
    Unsure,
}

struct State {
    term: Term,
    renewed: Instant,
    incidents: BTreeMap<IncidentId, Term>,
    lost: BTreeSet<Domain>,
    /// Peers that were never seen are not missed.
    seen: BTreeSet<Domain>,
}

impl Tenure {
    /// Takes the domain's lease; waits up to three times `ttl` for one that a dead process left behind.
    #[expect(clippy::disallowed_methods, reason = "a lease lasts in real time")]
    pub async fn take(
        leases: Arc<dyn Leases>,
        domain: Domain,
        holder: &str,
        ttl: Duration,
    ) -> Result<Self, TenureError> {
        let until = Instant::now() + 3 * ttl;
        let term = loop {
            match leases.take(&agent_lease(domain), holder, ttl).await {
                Ok(term) => break term,
                Err(LeaseError::Held { holder, .. }) if Instant::now() >= until => {
                    return Err(TenureError::Taken { domain, holder });
                }
                Err(LeaseError::Held { holder, .. }) => {
                    tracing::info!(%domain, holder, "waiting for the lease of the domain");
                    tokio::time::sleep(ttl / 5).await;
                }
                Err(source) => return Err(TenureError::Unavailable { domain, source }),
            }
        };
        let state = State {
            term,
            renewed: Instant::now(),
            incidents: BTreeMap::new(),
            lost: BTreeSet::new(),
            seen: BTreeSet::new(),
        };
        Ok(Self {
            leases,
            domain,
            holder: holder.to_owned(),
            ttl,
            state: Mutex::new(state),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whole after every statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The term under which this process acts.
    pub fn term(&self) -> Term {
        self.state().term
    }

    /// Peers that were seen since the start, and whether each keeps its lease.
    pub fn peers(&self) -> BTreeMap<Domain, bool> {
        let state = self.state();
        let is_up = |d: &Domain| (*d, !state.lost.contains(d));
        state.seen.iter().map(is_up).collect()
    }

    /// How often leases are renewed and peers looked at.
    pub fn beat(&self) -> Duration {
        self.ttl / 4
    }

    /// Waits until this process surely holds its domain, for at most `limit`.
    pub async fn may_act(&self, limit: Duration) -> bool {
        let wait = async {
            while !self.is_held() {
                tokio::time::sleep(self.beat() / 2).await;
            }
        };
        tokio::time::timeout(limit, wait).await.is_ok()
    }

    /// Whether the lease was renewed within its time.
    #[expect(clippy::disallowed_methods, reason = "a lease lasts in real time")]
    pub fn is_held(&self) -> bool {
        let renewed = self.state().renewed;
        Instant::now().duration_since(renewed) < self.ttl
    }

    /// Takes the lease of an incident.
    pub async fn lead(&self, incident: &IncidentId) -> bool {
        if self.state().incidents.contains_key(incident) {
            return true;
        }
        let name = incident_lease(incident);
        match self.leases.take(&name, &self.holder, self.ttl).await {
            Ok(term) => {
                self.state().incidents.insert(incident.clone(), term);
                true
            }
            Err(error) => {
                tracing::info!(%error, %incident, "lease of the incident not had");
                false
            }
        }
    }

    /// Whether an incident that is led here still is. Where nobody can be asked for ten times as long as a lease lasts,
    /// whoever held it last counts: an incident that two end is less bad than one that nobody does.
    pub async fn still_leads(&self, incident: &IncidentId) -> bool {
        for _ in 0..40 {
            match self.keep(incident).await {
                Kept::Held => return true,
                Kept::Gone => return false,
                Kept::Unsure => tokio::time::sleep(self.beat()).await,
            }
        }
        true
    }

    /// Renews the lease of an incident. One that ran out while the server was away, or could not be had when the incident was
    /// opened, is taken if nobody else has it; what is left of the own one has to run out before.
    async fn keep(&self, incident: &IncidentId) -> Kept {
        let name = incident_lease(incident);
        let held = self.state().incidents.get(incident).copied();
        if let Some(term) = held {
            match self.leases.renew(&name, term).await {
                Ok(()) => return Kept::Held,
                // Whoever gave it up in the meantime does not want it back.
                Err(LeaseError::Lost(_)) if !self.state().incidents.contains_key(incident) => {
                    return Kept::Gone;
                }
                Err(LeaseError::Lost(_)) => {}
                Err(_) => return Kept::Unsure,
            }
        }
        match self.leases.take(&name, &self.holder, self.ttl).await {
            Ok(term) => {
                self.state().incidents.insert(incident.clone(), term);
                Kept::Held
            }
            Err(LeaseError::Held { holder, .. }) if holder != self.holder => {
                self.state().incidents.remove(incident);
                Kept::Gone
            }
            Err(_) => Kept::Unsure,
        }
    }

    /// Gives the lease of an incident up.
    pub async fn resign(&self, incident: &IncidentId) {
        let term = self.state().incidents.remove(incident);
        if let Some(term) = term {
            let name = incident_lease(incident);
            if let Err(error) = self.leases.give_up(&name, term).await {
                tracing::debug!(%error, %incident, "lease of the incident runs out by itself");
            }
        }
    }

    /// Renews what is held and looks at the peers.
    pub async fn look(&self) -> Vec<Change> {
        let mut changes = vec![];
        self.renew_domain().await;
        let led: Vec<IncidentId> = self.state().incidents.keys().cloned().collect();
        for incident in led {
            let given_up = !self.state().incidents.contains_key(&incident);
            if !given_up && self.keep(&incident).await == Kept::Gone {
                changes.push(Change::IncidentLost(incident));
            }
        }
        for peer in Domain::ALL.into_iter().filter(|d| *d != self.domain) {
            let holding = self.leases.holding(&agent_lease(peer)).await;
            // Who cannot be asked about is not lost for that.
            if let Ok(holding) = holding {
                changes.extend(self.seen(peer, holding.is_some()));
            }
        }
        changes
    }

    #[expect(clippy::disallowed_methods, reason = "a lease lasts in real time")]
    async fn renew_domain(&self) {
        let (name, term) = (agent_lease(self.domain), self.term());
        let asked = Instant::now();
        match self.leases.renew(&name, term).await {
            Ok(()) => self.state().renewed = asked,
            Err(LeaseError::Lost(_)) => {
                // It stood still for too long. Unless somebody acts for the domain by now, it may go on, under a new term.
                match self.leases.take(&name, &self.holder, self.ttl).await {
                    Ok(term) => {
                        let mut state = self.state();
                        (state.term, state.renewed) = (term, asked);
                    }
                    // What it left behind itself is its own again when it has run out.
                    Err(LeaseError::Held { holder, .. }) if holder == self.holder => {}
                    Err(error) => {
                        tracing::error!(%error, domain = %self.domain, "this process must not act");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, domain = %self.domain, "lease not renewed"),
        }
    }

    fn seen(&self, peer: Domain, here: bool) -> Option<Change> {
        let mut state = self.state();
        if here {
            state.seen.insert(peer);
            return state.lost.remove(&peer).then_some(Change::PeerBack(peer));
        }
        let missed = state.seen.contains(&peer) && state.lost.insert(peer);
        missed.then_some(Change::PeerLost(peer))
    }

    /// Gives everything up, so that the next process need not wait.
    pub async fn end(&self) {
        let (term, incidents) = {
            let mut state = self.state();
            (state.term, std::mem::take(&mut state.incidents))
        };
        for (incident, term) in incidents {
            let _ = self.leases.give_up(&incident_lease(&incident), term).await;
        }
        let _ = self.leases.give_up(&agent_lease(self.domain), term).await;
    }
}
