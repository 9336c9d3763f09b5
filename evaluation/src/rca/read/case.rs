//! A case and what it shares with the others of its set.

use super::RcaError;
use super::files::{inside, json, there};
use super::incident::Incident;
use super::signals::{Stamped, joined, lines, spans, window};
use super::table::{self, Phase, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use zizhi_models::ranker::{Dependencies, Evidence, LineWindow, Series, Span};

/// A case, ready for the ranker.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Which.
    pub id: String,
    /// What was seen.
    pub evidence: Evidence,
    /// The service of each replica, where replicas are told apart.
    pub service_of: BTreeMap<String, String>,
    /// Changes around it, where they are known.
    pub incident: Option<Incident>,
}

/// `case.json`, as far as it is used.
#[derive(Debug, Clone, serde::Deserialize)]
pub(super) struct CaseFile {
    t_inject: Option<f64>,
    pub(super) sampling_s: f64,
    baseline: Option<String>,
    reference: Option<String>,
    graph: Option<String>,
    pub(super) alert: Option<Alert>,
}

/// What the monitor said.
#[derive(Debug, Clone, serde::Deserialize)]
pub(super) struct Alert {
    pub(super) service: String,
    pub(super) metric: String,
    pub(super) fired_at: String,
    #[serde(default)]
    pub(super) summary: String,
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
struct GraphFile {
    nodes: Vec<String>,
    edges: Vec<EdgeRow>,
    #[serde(default)]
    service_of: BTreeMap<String, String>,
}

#[derive(Debug, Clone, serde::Deserialize)]
struct EdgeRow {
    from: String,
    to: String,
    #[serde(rename = "type")]
    kind: String,
}

/// Kinds of edges; of these, calls are read by the ranker today.
const KINDS: [&str; 4] = ["calls", "runs_on", "link", "instance_of"];

/// What the cases of a set share, read once.
#[derive(Debug, Default)]
pub struct Shared {
    folder: PathBuf,
    tables: BTreeMap<PathBuf, Table>,
    spans: BTreeMap<PathBuf, Vec<Span>>,
    lines: BTreeMap<PathBuf, LineWindow>,
}

impl Shared {
    /// Of a set's folder. Nothing is read yet.
    pub fn new(set: &Path) -> Self {
        Self {
            folder: set.to_owned(),
            ..Self::default()
        }
    }

    /// Reads a case. `id` must be a plain name, as [`super::truths`] makes sure.
    pub fn case(&mut self, id: &str) -> Result<Case, RcaError> {
        let folder = self.folder.join("cases").join(id);
        let path = folder.join("case.json");
        let file: CaseFile = json(&path)?;
        file.check(&path)?;
        let graph = self.graph(&path, &file)?;
        let table = table::read(&folder.join("metrics.csv.gz"))?;
        let mut case = Case {
            id: id.to_owned(),
            evidence: Evidence {
                dependencies: graph.dependencies(),
                ..Evidence::default()
            },
            service_of: graph.service_of.clone(),
            incident: None,
        };
        if let Some(alert) = &file.alert {
            let (evidence, incident) = Incident::read(&folder, &path, &file, alert, &table)?;
            case.incident = Some(incident);
            case.evidence = Evidence {
                dependencies: case.evidence.dependencies,
                ..evidence
            };
        } else {
            let onset = file.onset(&path)?;
            self.signals(&mut case.evidence, &folder, &file, &graph, onset)?;
            case.evidence.series = table.series(None);
        }
        self.fault_free(&mut case.evidence.series, &path, &file)?;
        Ok(case)
    }

    fn graph(&self, said_by: &Path, file: &CaseFile) -> Result<GraphFile, RcaError> {
        let Some(named) = &file.graph else {
            return Ok(GraphFile::default());
        };
        let path = inside(&self.folder, named, said_by)?;
        let graph: GraphFile = json(&path)?;
        graph.check(&path)?;
        Ok(graph)
    }

    fn table(&mut self, said_by: &Path, named: &str) -> Result<&Table, RcaError> {
        let path = inside(&self.folder, named, said_by)?;
        if !self.tables.contains_key(&path) {
            self.tables.insert(path.clone(), table::read(&path)?);
        }
        Ok(&self.tables[&path])
    }

    /// Adds the shared fault-free rows to the series that have the same column.
    fn fault_free(
        &mut self,
        series: &mut [Series],
        path: &Path,
        file: &CaseFile,
    ) -> Result<(), RcaError> {
        for named in file.baseline.iter().chain(&file.reference) {
            let table = self.table(path, named)?;
            let columns = table.columns.iter().enumerate();
            let at: BTreeMap<&(String, String), usize> = columns.map(|(i, c)| (c, i)).collect();
            for s in series.iter_mut() {
                let key = (s.node.clone(), s.metric.clone());
                if let Some(column) = at.get(&key) {
                    let more = table.values(*column, |r| r.phase == Phase::Baseline);
                    s.baseline.extend(more);
                }
            }
        }
        Ok(())
    }

    /// Spans and log lines of the case, split at the onset, and those of the fault-free minute.
    fn signals(
        &mut self,
        evidence: &mut Evidence,
        folder: &Path,
        file: &CaseFile,
        graph: &GraphFile,
        onset: f64,
    ) -> Result<(), RcaError> {
        let nodes: BTreeSet<String> = graph.nodes.iter().cloned().collect();
        if let Some(path) = there(folder.join("traces.csv.gz")) {
            let all = spans(&path, &nodes)?.into_iter();
            let (before, during) = all.partition(|s| s.start_us < onset * 1e6);
            (evidence.spans_before, evidence.spans_during) = (before, during);
            let reference = self.reference_spans(file, &nodes)?;
            evidence.spans_before.extend(reference);
        }
        if let Some(path) = there(folder.join("logs.csv.gz")) {
            let all = lines(&path, &nodes)?.into_iter();
            let (before, during): (Vec<Stamped>, Vec<Stamped>) = all.partition(|s| s.at_s < onset);
            evidence.lines_during = window(during.into_iter());
            evidence.lines_before = joined(
                window(before.into_iter()),
                self.reference_lines(file, &nodes)?,
            );
        }
        Ok(())
    }

    fn reference_spans(
        &mut self,
        file: &CaseFile,
        nodes: &BTreeSet<String>,
    ) -> Result<Vec<Span>, RcaError> {
        let Some(path) = self.beside_reference(file, "traces") else {
            return Ok(vec![]);
        };
        if !self.spans.contains_key(&path) {
            self.spans.insert(path.clone(), spans(&path, nodes)?);
        }
        Ok(self.spans[&path].clone())
    }

    fn reference_lines(
        &mut self,
        file: &CaseFile,
        nodes: &BTreeSet<String>,
    ) -> Result<LineWindow, RcaError> {
        let Some(path) = self.beside_reference(file, "logs") else {
            return Ok(LineWindow::default());
        };
        if !self.lines.contains_key(&path) {
            self.lines
                .insert(path.clone(), window(lines(&path, nodes)?.into_iter()));
        }
        Ok(self.lines[&path].clone())
    }

    /// `reference_<day>.csv.gz` has `reference_traces_<day>.csv.gz` and `reference_logs_<day>.csv.gz` beside it, where they exist.
    fn beside_reference(&self, file: &CaseFile, what: &str) -> Option<PathBuf> {
        let day = file.reference.as_ref()?.strip_prefix("reference_")?;
        there(self.folder.join(format!("reference_{what}_{day}")))
    }
}

impl CaseFile {
    fn check(&self, path: &Path) -> Result<(), RcaError> {
        if self.sampling_s.is_finite() && self.sampling_s > 0.0 {
            return Ok(());
        }
        let problem = format!("`sampling_s` is {}", self.sampling_s);
        Err(RcaError::new(
            path,
            problem,
            "write the seconds between two samples, more than 0",
        ))
    }

    fn onset(&self, path: &Path) -> Result<f64, RcaError> {
        self.t_inject.filter(|t| t.is_finite()).ok_or_else(|| {
            let remedy = "write the second of the injection, or the alert of an incident whose onset is to be found";
            RcaError::new(path, "has neither `t_inject` nor `alert`", remedy)
        })
    }
}

impl GraphFile {
    fn check(&self, path: &Path) -> Result<(), RcaError> {
        let nodes: BTreeSet<&str> = self.nodes.iter().map(String::as_str).collect();
        for (i, edge) in self.edges.iter().enumerate() {
            let wrong = |problem: String, remedy: &str| {
                Err(RcaError::new(path, problem, remedy).at(format!("edge {}", i + 1)))
            };
            if !KINDS.contains(&edge.kind.as_str()) {
                return wrong(
                    format!("`{}` is no type of edge", edge.kind),
                    "write calls, runs_on, link or instance_of",
                );
            }
            for end in [&edge.from, &edge.to] {
                if !nodes.contains(end.as_str()) {
                    return wrong(
                        format!("`{end}` is not among the nodes"),
                        "add it to `nodes`",
                    );
                }
            }
        }
        Ok(())
    }

    fn dependencies(&self) -> Dependencies {
        let calls = self.edges.iter().filter(|e| e.kind == "calls");
        Dependencies::from_calls(calls.map(|e| (e.from.as_str(), e.to.as_str())))
    }
}
