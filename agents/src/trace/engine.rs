//! Collects records until an incident is told, and gives its spans.

use super::fact::Fact;
use super::story::spans;
use std::collections::{BTreeMap, VecDeque};
use zizhi_bus::otlp_export::Span;
use zizhi_types::record::Body;
use zizhi_types::{AnomalyId, IncidentId, NetTime, Record};

/// How long after its end an incident's last words are waited for, in ms of network time.
const LINGER_MS: u64 = 10_000;

/// After how long without a word an incident that another process leads is told, in ms of network time: its end is not
/// written here.
const QUIET_MS: u64 = 600_000;

/// Most incidents that are collected at a time; the one that was silent longest is told as far as it is known.
const INCIDENTS_MAX: usize = 1_000;

/// Most records of one incident; later ones are left out of its trace (a long incident has some hundred).
const FACTS_MAX: usize = 4_000;

/// Most anomalies that are remembered for incidents to come.
const ANOMALIES_MAX: usize = 20_000;

/// What all spans of a process share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The swarm's name: equal in all its processes, different between swarms that send to one collector.
    pub scope: String,
    /// Milliseconds from 1970 to the zero of network time: 0 on a real network, the wall time of the start minus the
    /// network time of the start in a simulation.
    pub offset_ms: u64,
}

impl Settings {
    /// Network time as nanoseconds since 1970.
    pub(super) const fn ns(&self, at: NetTime) -> u64 {
        at.0.saturating_add(self.offset_ms)
            .saturating_mul(1_000_000)
    }
}

#[derive(Debug, Default)]
struct Tale {
    facts: Vec<Fact>,
    opened: bool,
    closed: bool,
    latest: NetTime,
}

impl Tale {
    /// Whether nothing more is expected at `now`.
    const fn is_told(&self, now: NetTime) -> bool {
        let silent = now.since(self.latest);
        (self.closed && silent >= LINGER_MS) || (!self.opened && silent >= QUIET_MS)
    }
}

/// Records in, the spans of told incidents out. Feed it every record of the process's journal in order.
#[derive(Debug)]
pub struct Traces {
    settings: Settings,
    tales: BTreeMap<IncidentId, Tale>,
    anomalies: BTreeMap<AnomalyId, Fact>,
    /// In the order of their raising: the oldest is forgotten first.
    raised: VecDeque<AnomalyId>,
}

impl Traces {
    /// Nothing collected yet.
    pub const fn new(settings: Settings) -> Self {
        Self {
            settings,
            tales: BTreeMap::new(),
            anomalies: BTreeMap::new(),
            raised: VecDeque::new(),
        }
    }

    /// Takes the next record; gives the spans of incidents that are told by then.
    pub fn observe(&mut self, record: &Record) -> Vec<Span> {
        if let Body::AnomalyRaised { anomaly } = &record.body {
            self.remember(&anomaly.id, record);
        }
        let mut spans = vec![];
        if let Some(incident) = &record.incident {
            if self.tales.len() >= INCIDENTS_MAX && !self.tales.contains_key(incident) {
                spans.extend(self.make_room());
            }
            self.add(incident, record);
        }
        spans.extend(self.due(record.at));
        spans
    }

    /// Gives the spans of incidents that are told by `now`; for times without records.
    pub fn due(&mut self, now: NetTime) -> Vec<Span> {
        let told = |(_, tale): &(&IncidentId, &Tale)| tale.is_told(now);
        let told: Vec<IncidentId> = self
            .tales
            .iter()
            .filter(told)
            .map(|(i, _)| i.clone())
            .collect();
        told.iter().flat_map(|i| self.tell(i)).collect()
    }

    /// Gives the spans of all that is collected: the process ends.
    pub fn finish(&mut self) -> Vec<Span> {
        let all: Vec<IncidentId> = self.tales.keys().cloned().collect();
        all.iter().flat_map(|i| self.tell(i)).collect()
    }

    /// Takes records that were told before, such as those of a reopened journal, and gives no spans of ended incidents.
    pub fn resume<'r>(&mut self, records: impl IntoIterator<Item = &'r Record>) {
        for record in records {
            self.observe(record);
        }
        self.tales.retain(|_, tale| tale.opened && !tale.closed);
    }

    fn remember(&mut self, anomaly: &AnomalyId, record: &Record) {
        if self.raised.len() >= ANOMALIES_MAX
            && let Some(oldest) = self.raised.pop_front()
        {
            self.anomalies.remove(&oldest);
        }
        self.raised.push_back(anomaly.clone());
        self.anomalies.insert(anomaly.clone(), Fact::of(record));
    }

    fn add(&mut self, incident: &IncidentId, record: &Record) {
        let symptoms = match &record.body {
            Body::IncidentOpened { symptoms, .. } | Body::SymptomsJoined { symptoms } => {
                symptoms.as_slice()
            }
            _ => &[],
        };
        let tale = self.tales.entry(incident.clone()).or_default();
        tale.opened |= matches!(
            record.body,
            Body::IncidentOpened { .. } | Body::TookOver { .. }
        );
        tale.closed |= matches!(record.body, Body::IncidentClosed { .. });
        tale.latest = tale.latest.max(record.at);
        let seen = symptoms
            .iter()
            .filter_map(|s| self.anomalies.get(s))
            .cloned();
        for fact in seen.chain([Fact::of(record)]) {
            let known = tale.facts.iter().any(|f| f.id == fact.id);
            if !known && tale.facts.len() < FACTS_MAX {
                tale.facts.push(fact);
            }
        }
    }

    fn make_room(&mut self) -> Vec<Span> {
        let silent = self.tales.iter().min_by_key(|(_, tale)| tale.latest);
        let longest = silent.map(|(incident, _)| incident.clone());
        longest.map(|i| self.tell(&i)).unwrap_or_default()
    }

    fn tell(&mut self, incident: &IncidentId) -> Vec<Span> {
        let tale = self.tales.remove(incident);
        tale.map_or_else(Vec::new, |t| spans(&self.settings, incident, &t.facts))
    }
}
