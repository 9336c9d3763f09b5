//! Alarm networks: alarms by device, device links where they are known, the true arrows.

use super::RcaError;
use super::files::{open, there};
use super::table::broken;
use crate::rca::apart::Arrow;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::Path;
use zizhi_models::ranker::lags::Alarm;

/// An alarm network.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmNetwork {
    /// Its name.
    pub name: String,
    /// Its alarms, in the file's order.
    pub alarms: Vec<Alarm>,
    /// Pairs of linked devices; empty where they are not known.
    pub links: Vec<(u32, u32)>,
    /// The true arrows, self arrows among them.
    pub truth: BTreeSet<Arrow>,
}

/// The end is not read: recorded alarms may end before they start.
#[derive(serde::Deserialize)]
struct AlarmRow {
    alarm_id: u32,
    device_id: u32,
    start_timestamp: i64,
}

#[derive(serde::Deserialize)]
struct LinkRow {
    a: u32,
    b: u32,
}

#[derive(serde::Deserialize)]
struct ArrowRow {
    cause: u32,
    effect: u32,
}

/// Alarm types that a network may have: arrows are looked for between all pairs.
const MOST_KINDS: usize = 2000;

fn rows<T: DeserializeOwned>(path: &Path, header: &str) -> Result<Vec<T>, RcaError> {
    let mut reader = csv::Reader::from_reader(open(path)?);
    let read = reader.deserialize().map(|row| {
        row.map_err(|e: csv::Error| {
            let mut refusal = broken(path, &e);
            if matches!(e.kind(), csv::ErrorKind::Deserialize { .. }) {
                refusal.remedy = format!("write the columns `{header}` with whole numbers");
            }
            refusal
        })
    });
    read.collect()
}

/// A file of arrows with the columns `cause,effect`.
pub fn edge_list(path: &Path) -> Result<BTreeSet<Arrow>, RcaError> {
    let rows: Vec<ArrowRow> = rows(path, "cause,effect")?;
    Ok(rows.into_iter().map(|r| (r.cause, r.effect)).collect())
}

/// The networks of a folder, by name.
pub fn alarm_networks(folder: &Path) -> Result<Vec<AlarmNetwork>, RcaError> {
    let entries = std::fs::read_dir(folder).map_err(|e| RcaError::unread(folder, e))?;
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry.map_err(|e| RcaError::unread(folder, e))?;
        if entry.path().is_dir() {
            names.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    let read = names
        .into_iter()
        .map(|name| network(&folder.join(&name), name));
    read.collect()
}

fn network(folder: &Path, name: String) -> Result<AlarmNetwork, RcaError> {
    let links = match there(folder.join("device_links.csv")) {
        None => vec![],
        Some(path) => rows::<LinkRow>(&path, "a,b")?,
    };
    Ok(AlarmNetwork {
        name,
        alarms: alarms(&folder.join("alarms.csv.gz"))?,
        links: links.into_iter().map(|l| (l.a, l.b)).collect(),
        truth: edge_list(&folder.join("truth_edges.csv"))?,
    })
}

fn alarms(path: &Path) -> Result<Vec<Alarm>, RcaError> {
    let header = "alarm_id,device_id,start_timestamp,end_timestamp";
    let rows: Vec<AlarmRow> = rows(path, header)?;
    let kinds: BTreeSet<u32> = rows.iter().map(|r| r.alarm_id).collect();
    if kinds.len() > MOST_KINDS {
        let problem = format!("{} alarm types", kinds.len());
        let remedy = format!("split it: at most {MOST_KINDS} types are compared with each other");
        return Err(RcaError::new(path, problem, remedy));
    }
    let alarm = |r: AlarmRow| Alarm {
        kind: r.alarm_id,
        device: r.device_id,
        start_s: r.start_timestamp,
    };
    Ok(rows.into_iter().map(alarm).collect())
}
