//! One detector a series, one clock a source.

use super::{Input, Output};
use crate::picture::Series;
use crate::role::Engine;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_models::detector::{Assessment, Detector, DetectorConfig};
use zizhi_types::domain::Domain;
use zizhi_types::metric::Nature;
use zizhi_types::{Anomaly, AnomalyId, ManagedObject, Measurement, NetTime, Objective};

/// How the role is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetectorRoleConfig {
    /// Each series' detector.
    pub series: DetectorConfig,
    /// A source is silent after missing this many of its own usual intervals.
    pub silent_intervals: f64,
}

impl Default for DetectorRoleConfig {
    fn default() -> Self {
        // Our choice: one lost message is nothing, two in a row are.
        Self {
            series: DetectorConfig::default(),
            silent_intervals: 2.5,
        }
    }
}

/// The detector of one domain.
pub struct Detecting {
    domain: Domain,
    config: DetectorRoleConfig,
    objectives: BTreeMap<Series, Objective>,
    series: BTreeMap<Series, Watched>,
    sources: BTreeMap<ManagedObject, Source>,
    raised: u64,
}

struct Watched {
    detector: Detector,
    anomaly: Option<AnomalyId>,
}

struct Source {
    heard: NetTime,
    interval_ms: Option<u64>,
    silent: bool,
}

impl Detecting {
    /// For one domain.
    pub const fn new(domain: Domain, config: DetectorRoleConfig) -> Self {
        Self {
            domain,
            config,
            objectives: BTreeMap::new(),
            series: BTreeMap::new(),
            sources: BTreeMap::new(),
            raised: 0,
        }
    }

    fn heard(&mut self, source: ManagedObject, at: NetTime) -> Option<Output> {
        let Some(known) = self.sources.get_mut(&source) else {
            self.sources.insert(
                source,
                Source {
                    heard: at,
                    interval_ms: None,
                    silent: false,
                },
            );
            return None;
        };
        let gap = at.since(known.heard);
        if gap > 0 && !known.silent {
            known.interval_ms = Some(known.interval_ms.map_or(gap, |usual| usual.min(gap).max(1)));
        }
        known.heard = at;
        std::mem::take(&mut known.silent).then_some(Output::Heard(source))
    }

    fn observe(&mut self, m: &Measurement) -> Option<Output> {
        if m.metric.nature() == Nature::Context {
            return None;
        }
        let key = (m.object.clone(), m.metric);
        let config = self.config.series;
        let objective = self.objectives.get(&key);
        let watched = self.series.entry(key).or_insert_with(|| Watched {
            detector: Detector::new(config),
            anomaly: None,
        });
        let seen = watched.detector.observe(m.metric, m.value, m.at, objective);
        match (seen.anomalous, &watched.anomaly) {
            (true, None) => {
                self.raised += 1;
                let id = AnomalyId::new(self.domain, self.raised);
                watched.anomaly = Some(id.clone());
                Some(Output::Raised(anomaly(id, m, &seen, objective)))
            }
            (false, Some(id)) => {
                let cleared = Output::Cleared {
                    id: id.clone(),
                    at: m.at,
                };
                watched.anomaly = None;
                Some(cleared)
            }
            _ => None,
        }
    }

    fn missing(&mut self, now: NetTime) -> Vec<Output> {
        let late = self.config.silent_intervals;
        let mut outputs = vec![];
        for (object, source) in &mut self.sources {
            let Some(interval) = source.interval_ms else {
                continue;
            };
            if !source.silent && now.since(source.heard) as f64 > interval as f64 * late {
                source.silent = true;
                outputs.push(Output::Silent(object.clone()));
            }
        }
        outputs
    }

    fn restore(&mut self, anomalies: Vec<Anomaly>) {
        for anomaly in anomalies {
            let watched = Watched {
                detector: Detector::new(self.config.series),
                anomaly: Some(anomaly.id),
            };
            self.series
                .insert((anomaly.object, anomaly.metric), watched);
        }
    }

    fn learn(&mut self, objectives: Vec<Objective>) {
        let domain = self.domain;
        let own = objectives
            .into_iter()
            .filter(|o| o.object.domain() == domain);
        self.objectives = own.map(|o| ((o.object.clone(), o.metric), o)).collect();
        // An object that was taken out of the inventory will not be heard again, and is not missed.
        let known: BTreeSet<ManagedObject> =
            self.objectives.keys().map(|(o, _)| o.clone()).collect();
        self.series
            .retain(|(object, _), watched| known.contains(object) || watched.anomaly.is_none());
    }
}

impl Engine for Detecting {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, now: NetTime) -> Vec<Output> {
        match input {
            Input::Learn { objectives } => {
                self.learn(objectives);
                vec![]
            }
            Input::Intend(sample) => {
                let key = (sample.object, sample.metric);
                if let Some(objective) = self.objectives.get_mut(&key) {
                    objective.limit = sample.value;
                }
                if let Some(watched) = self.series.get_mut(&key) {
                    watched.detector.set_intended(sample.value);
                }
                vec![]
            }
            Input::Batch {
                source,
                at,
                measurements,
            } => {
                let heard = self.heard(source, at);
                let found: Vec<Output> = measurements
                    .iter()
                    .filter_map(|m| self.observe(m))
                    .collect();
                heard.into_iter().chain(found).collect()
            }
            Input::CountFrom(number) => {
                self.raised = self.raised.max(number);
                vec![]
            }
            Input::Restore(anomalies) => {
                self.restore(anomalies);
                vec![]
            }
            Input::Tick => self.missing(now),
        }
    }
}

fn anomaly(
    id: AnomalyId,
    m: &Measurement,
    seen: &Assessment,
    objective: Option<&Objective>,
) -> Anomaly {
    Anomaly {
        id,
        object: m.object.clone(),
        metric: m.metric,
        score: seen.score,
        expected: seen.expected,
        observed: m.value,
        onset: seen.onset.unwrap_or(m.at),
        at: m.at,
        source: m.source.clone(),
        violates: objective.filter(|o| !o.holds(m.value)).map(|o| o.limit),
    }
}
