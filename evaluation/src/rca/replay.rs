//! Answering every case of a folder, and judging the answers.

use super::apart::{EdgeScore, NONE, Verdict, Verdicts, edges, verdict};
use super::method::{arrows, predict};
use super::read::{self, ALARMS, AlarmNetwork, RcaError, Shared};
use super::score::{Prediction, Score, Truth, first_hit, score};
use super::stats::mean;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use zizhi_models::ranker::{Ranking, Reason};

/// The set that is scored apart because its cases ask for a change.
const INCIDENTS: &str = "incidents";

/// Answers, and what is needed to judge and explain them.
#[derive(Debug, Default)]
pub struct Answers {
    sets: BTreeMap<String, Vec<Truth>>,
    networks: Vec<AlarmNetwork>,
    predictions: Vec<Prediction>,
    rankings: BTreeMap<String, Ranking>,
    service_of: BTreeMap<String, String>,
    switches: BTreeMap<String, Vec<String>>,
}

/// A case whose first node is no true one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Miss {
    /// Which case.
    pub case: String,
    /// Its fault kind.
    pub fault: String,
    /// The true nodes.
    pub truth: Vec<String>,
    /// A true node sends telemetry.
    pub observed: bool,
    /// What was ranked first; `None` without an answer.
    pub first: Option<String>,
    /// 1-based rank of the first true node; `None` where it was not named.
    pub rank: Option<usize>,
    /// Nodes that were named.
    pub of: usize,
    /// Why the first node stands first; empty where foreign answers are judged.
    #[serde(skip)]
    pub first_because: Vec<Reason>,
    /// What was seen of the true node.
    #[serde(skip)]
    pub truth_because: Vec<Reason>,
}

/// A set's figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetResult {
    /// Over all its cases.
    #[serde(flatten)]
    pub score: Score,
    /// By fault kind.
    pub faults: BTreeMap<String, Score>,
    /// Cases whose first node is no true one, in the set's order.
    pub misses: Vec<Miss>,
}

/// Unweighted means over the data sets; incidents and alarms are scored apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Macro {
    /// Data sets.
    pub sets: usize,
    /// Node AC@1.
    pub ac1: f64,
    /// Node AC@3.
    pub ac3: f64,
    /// Node Avg@5.
    pub avg5: f64,
    /// Mean reciprocal rank.
    pub mrr: f64,
    /// Metric AC@1 over the sets that have metric labels.
    pub metric_ac1: Option<f64>,
    /// Metric Avg@5 over the sets that have metric labels.
    pub metric_avg5: Option<f64>,
}

/// Alarm networks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alarms {
    /// Unweighted mean F1.
    pub f1: f64,
    /// By network.
    pub networks: BTreeMap<String, EdgeScore>,
}

/// One incident.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IncidentResult {
    /// Which.
    pub case: String,
    /// The change that was named; `None` without an answer.
    pub named: Option<String>,
    /// The guilty one, or `none`.
    pub truth: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Switches of the service that were turned shortly before the trouble; the rule does not weigh them.
    pub switches: Vec<String>,
}

/// Incidents with changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incidents {
    /// Verdicts on the named changes.
    #[serde(flatten)]
    pub verdicts: Verdicts,
    /// The service, scored as in the other sets.
    pub nodes: SetResult,
    /// One by one.
    pub changes: Vec<IncidentResult>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replay {
    /// By data set.
    pub sets: BTreeMap<String, SetResult>,
    /// Over the data sets; `None` where none was chosen.
    #[serde(rename = "macro")]
    pub mean: Option<Macro>,
    /// `None` where not chosen.
    pub alarms: Option<Alarms>,
    /// `None` where not chosen.
    pub incidents: Option<Incidents>,
}

/// What is to be answered: truths and networks, no answers yet. `only` chooses one set.
fn questions(folder: &Path, only: Option<&str>) -> Result<Answers, RcaError> {
    let names = read::set_names(folder)?;
    if let Some(only) = only
        && !names.iter().any(|n| n == only)
    {
        let problem = format!("there is no set `{only}`");
        return Err(RcaError::new(
            folder,
            problem,
            format!("choose one of {}", names.join(", ")),
        ));
    }
    let mut answers = Answers::default();
    for name in names.iter().filter(|n| only.is_none_or(|o| o == *n)) {
        if name == ALARMS {
            answers.networks = read::alarm_networks(&folder.join(name))?;
        } else {
            answers
                .sets
                .insert(name.clone(), read::truths(&folder.join(name))?);
        }
    }
    answers.unambiguous(folder)?;
    Ok(answers)
}

/// Answers every case of a folder with the product's ranker. `tell` hears each case's id before it is worked on, with
/// the number of cases that are done and of all.
pub fn answer(
    folder: &Path,
    only: Option<&str>,
    mut tell: impl FnMut(&str, usize, usize),
) -> Result<Answers, RcaError> {
    let mut answers = questions(folder, only)?;
    let all = answers.ids().len();
    let mut done = 0;
    for (name, truths) in &answers.sets {
        let mut shared = Shared::new(&folder.join(name));
        for truth in truths {
            tell(&truth.id, done, all);
            let case = shared.case(&truth.id)?;
            let (prediction, ranking) = predict(&case);
            answers.predictions.push(prediction);
            answers.rankings.insert(truth.id.clone(), ranking);
            answers.service_of.extend(case.service_of);
            if let Some(incident) = &case.incident {
                let turned = incident.switches();
                answers.switches.insert(truth.id.clone(), turned);
            }
            done += 1;
        }
    }
    for network in &answers.networks {
        tell(&network.name, done, all);
        answers.predictions.push(arrows(network));
        done += 1;
    }
    Ok(answers)
}

/// Answers of somebody else, read from a file; the ranker does not run.
pub fn read_answers(folder: &Path, only: Option<&str>, file: &Path) -> Result<Answers, RcaError> {
    let mut answers = questions(folder, only)?;
    answers.predictions = read::predictions(file, &answers.ids())?;
    Ok(answers)
}

impl Answers {
    /// One JSON object a case.
    pub fn predictions(&self) -> &[Prediction] {
        &self.predictions
    }

    fn ids(&self) -> BTreeSet<String> {
        let cases = self.sets.values().flatten().map(|t| t.id.clone());
        let networks = self.networks.iter().map(|n| n.name.clone());
        cases.chain(networks).collect()
    }

    fn unambiguous(&self, folder: &Path) -> Result<(), RcaError> {
        let asked = self.sets.values().map(Vec::len).sum::<usize>() + self.networks.len();
        if self.ids().len() == asked {
            return Ok(());
        }
        let problem = "two sets have a case of the same id";
        Err(RcaError::new(
            folder,
            problem,
            "give every case its own id, or choose one set",
        ))
    }

    fn prediction(&self, id: &str) -> Option<&Prediction> {
        self.predictions.iter().find(|p| p.id == id)
    }

    fn set(&self, truths: &[Truth]) -> SetResult {
        let mut by_fault: BTreeMap<String, Vec<&Truth>> = BTreeMap::new();
        for truth in truths {
            by_fault.entry(truth.fault.clone()).or_default().push(truth);
        }
        let of = |truths: &[&Truth]| score(truths, &self.predictions, &self.service_of);
        SetResult {
            score: of(&truths.iter().collect::<Vec<_>>()),
            faults: by_fault
                .into_iter()
                .map(|(fault, t)| (fault, of(&t)))
                .collect(),
            misses: truths.iter().filter_map(|t| self.miss(t)).collect(),
        }
    }

    fn miss(&self, truth: &Truth) -> Option<Miss> {
        let ranking = self
            .prediction(&truth.id)
            .map(Prediction::ranking)
            .unwrap_or_default();
        let rank = first_hit(&ranking, truth);
        if rank == Some(1) {
            return None;
        }
        let first = ranking.first().map(|n| (*n).to_owned());
        let because = |node: Option<&str>| {
            let nodes = self.rankings.get(&truth.id).map_or(&[][..], |r| &r.nodes);
            let found = nodes.iter().find(|n| Some(n.node.as_str()) == node);
            found.map(|n| n.reasons.clone()).unwrap_or_default()
        };
        let true_node = rank.and_then(|r| ranking.get(r - 1)).copied();
        Some(Miss {
            case: truth.id.clone(),
            fault: truth.fault.clone(),
            truth: truth.root_nodes.clone(),
            observed: truth.observed,
            first_because: because(first.as_deref()),
            truth_because: because(true_node),
            first,
            rank,
            of: ranking.len(),
        })
    }

    fn alarms(&self) -> Option<Alarms> {
        let networks: BTreeMap<String, EdgeScore> = self
            .networks
            .iter()
            .map(|n| {
                let named = self.prediction(&n.name).and_then(|p| p.edges.clone());
                let named = named.unwrap_or_default().into_iter().collect();
                (n.name.clone(), edges(&named, &n.truth))
            })
            .collect();
        let f1 = mean(networks.values().map(|n| n.f1))?;
        Some(Alarms { f1, networks })
    }

    fn incidents(&self) -> Option<Incidents> {
        let truths = self.sets.get(INCIDENTS)?;
        let mut verdicts = Verdicts::default();
        let mut changes = vec![];
        for truth in truths {
            let named = self.prediction(&truth.id).and_then(|p| p.change.clone());
            let verdict = verdict(named.as_deref(), truth);
            verdicts.count(verdict);
            changes.push(IncidentResult {
                case: truth.id.clone(),
                named,
                truth: truth
                    .root_cause_commit
                    .clone()
                    .unwrap_or_else(|| NONE.to_owned()),
                verdict,
                switches: self.switches.get(&truth.id).cloned().unwrap_or_default(),
            });
        }
        Some(Incidents {
            verdicts,
            nodes: self.set(truths),
            changes,
        })
    }
}

/// Judges answers.
pub fn judge(answers: &Answers) -> Replay {
    let sets: BTreeMap<String, SetResult> = answers
        .sets
        .iter()
        .filter(|(name, _)| *name != INCIDENTS)
        .map(|(name, truths)| (name.clone(), answers.set(truths)))
        .collect();
    Replay {
        mean: macro_mean(&sets),
        sets,
        alarms: answers.alarms(),
        incidents: answers.incidents(),
    }
}

fn macro_mean(sets: &BTreeMap<String, SetResult>) -> Option<Macro> {
    let over = |one: &dyn Fn(&Score) -> f64| mean(sets.values().map(|s| one(&s.score)));
    let some =
        |one: &dyn Fn(&Score) -> Option<f64>| mean(sets.values().filter_map(|s| one(&s.score)));
    Some(Macro {
        sets: sets.len(),
        ac1: over(&|s| s.ac1)?,
        ac3: over(&|s| s.ac3)?,
        avg5: over(&|s| s.avg5)?,
        mrr: over(&|s| s.mrr)?,
        metric_ac1: some(&|s| s.metric_ac1),
        metric_avg5: some(&|s| s.metric_avg5),
    })
}

/// The truth of a set, for tests that turn it around.
#[cfg(test)]
pub(super) fn questions_for_tests(folder: &Path, set: &str) -> Vec<Truth> {
    let mut answers = questions(folder, Some(set)).unwrap_or_default();
    answers.sets.remove(set).unwrap_or_default()
}
