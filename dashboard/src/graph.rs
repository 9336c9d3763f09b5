//! Which way did a fault spread?
//!
//! In: ranked hypotheses, each with paths from symptom to suspect. Out: edges from cause to effect with strength and age,
//! and a layered picture of them, the suspects on the left. The same input gives the same picture. Pure.

use crate::phrases::phrases;
use crate::sheet::escaped;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use zizhi_types::text::{Language, duration, object};
use zizhi_types::{AnomalyId, FaultKind, Hypothesis, ManagedObject, Metric};

/// One object is disturbed by another.
#[derive(Debug, Clone)]
pub struct Edge {
    pub from: ManagedObject,
    pub to: ManagedObject,
    /// 0 to 1: of the strongest evidence that goes this way.
    pub weight: f64,
    /// How long its oldest symptom has lasted.
    pub age_ms: Option<u64>,
    /// Of the most probable hypothesis that needs it, counted from 0.
    pub rank: usize,
    pub fault: FaultKind,
    /// The symptom of the strongest evidence.
    pub anomaly: AnomalyId,
    pub metric: Metric,
}

/// How strong an edge is, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    Strong,
    Medium,
    Weak,
}

impl Edge {
    /// In a word. The bounds are our choice: thirds of the weight.
    pub fn strength(&self) -> Strength {
        match self.weight {
            w if w >= 2.0 / 3.0 => Strength::Strong,
            w if w >= 1.0 / 3.0 => Strength::Medium,
            _ => Strength::Weak,
        }
    }
}

/// The edges of these hypotheses: the strongest first.
pub fn edges(ranked: &[Hypothesis], age_ms: impl Fn(&AnomalyId) -> Option<u64>) -> Vec<Edge> {
    let mut found: BTreeMap<(&ManagedObject, &ManagedObject), Edge> = BTreeMap::new();
    for (rank, hypothesis) in ranked.iter().enumerate() {
        for evidence in &hypothesis.evidence_for {
            for pair in evidence.path.windows(2) {
                // A path leads from the symptom to the suspect; the fault spread the other way.
                let [to, from] = pair else { continue };
                let age = age_ms(&evidence.anomaly);
                let edge = found.entry((from, to)).or_insert_with(|| Edge {
                    from: from.clone(),
                    to: to.clone(),
                    weight: 0.0,
                    age_ms: None,
                    rank,
                    fault: hypothesis.fault,
                    anomaly: evidence.anomaly.clone(),
                    metric: evidence.metric,
                });
                edge.age_ms = edge.age_ms.max(age);
                if evidence.weight > edge.weight {
                    edge.weight = evidence.weight;
                    edge.anomaly = evidence.anomaly.clone();
                    edge.metric = evidence.metric;
                }
            }
        }
    }
    let mut all: Vec<Edge> = found.into_values().collect();
    all.sort_by(|a, b| {
        (a.rank, b.weight)
            .partial_cmp(&(b.rank, a.weight))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    all
}

const WIDE: usize = 250;
const HIGH: usize = 58;
const BOX: (usize, usize) = (176, 38);

/// How far each object is from a suspect on the longest way, in steps: so an effect stands right of its cause.
fn layers<'a>(ranked: &'a [Hypothesis]) -> BTreeMap<&'a ManagedObject, usize> {
    let mut layers: BTreeMap<&'a ManagedObject, usize> = BTreeMap::new();
    for hypothesis in ranked {
        layers.insert(&hypothesis.object, 0);
    }
    for hypothesis in ranked {
        for evidence in &hypothesis.evidence_for {
            for (layer, object) in evidence.path.iter().rev().enumerate() {
                let known = layers.entry(object).or_insert(layer);
                *known = (*known).max(layer);
            }
        }
    }
    layers
}

/// The picture. Width and line say how strong an edge is, and so does its title; the table beside it says all of it.
pub fn draw(ranked: &[Hypothesis], edges: &[Edge], language: Language) -> String {
    let layers = layers(ranked);
    let mut places: BTreeMap<&ManagedObject, (usize, usize)> = BTreeMap::new();
    let mut filled: BTreeMap<usize, usize> = BTreeMap::new();
    for (object, layer) in &layers {
        let row = filled.entry(*layer).or_default();
        places.insert(object, (10 + layer * WIDE, 10 + *row * HIGH));
        *row += 1;
    }
    let columns = filled.keys().max().map_or(1, |l| l + 1);
    let rows = filled.values().max().copied().unwrap_or(1);
    let (width, height) = (columns * WIDE, rows * HIGH + 10);
    let name = escaped(phrases(language).cause_graph);
    let mut svg = format!(
        r#"<svg role="img" aria-label="{name}" width="{width}" height="{height}" viewBox="0 0 {width} {height}" class="graph">"#
    );
    for edge in edges.iter().rev() {
        if let (Some(from), Some(to)) = (places.get(&edge.from), places.get(&edge.to)) {
            line(&mut svg, edge, *from, *to, language);
        }
    }
    for (object, place) in &places {
        let rank = ranked.iter().position(|h| h.object == **object);
        node(&mut svg, object, *place, rank, language);
    }
    svg.push_str("</svg>");
    svg
}

fn line(
    svg: &mut String,
    edge: &Edge,
    from: (usize, usize),
    to: (usize, usize),
    language: Language,
) {
    let words = phrases(language);
    let (class, word) = match edge.strength() {
        Strength::Strong => ("strong", words.strong),
        Strength::Medium => ("medium", words.medium),
        Strength::Weak => ("weak", words.weak),
    };
    let chief = if edge.rank == 0 { " chief" } else { "" };
    let (x1, y1) = (from.0 + BOX.0, from.1 + BOX.1 / 2);
    let (x2, y2) = (to.0, to.1 + BOX.1 / 2);
    let (out, back) = (x1 + 35, x2.saturating_sub(35));
    let age = edge
        .age_ms
        .map(|ms| duration(ms, language))
        .unwrap_or_default();
    let _ = write!(
        svg,
        r#"<path class="edge {class}{chief}" d="M{x1} {y1} C{out} {y1} {back} {y2} {x2} {y2}"><title>{word} · {age}</title></path>"#
    );
    if edge.rank == 0 && to.0 > from.0 {
        let (x, y) = (x1 + (x2.saturating_sub(x1)) / 2, usize::midpoint(y1, y2));
        let _ = write!(
            svg,
            r#"<text class="mark" x="{x}" y="{}" text-anchor="middle">{word}</text>"#,
            y.saturating_sub(5)
        );
    }
}

fn node(
    svg: &mut String,
    of: &ManagedObject,
    at: (usize, usize),
    rank: Option<usize>,
    language: Language,
) {
    let name = object(of, language);
    let class = match rank {
        Some(0) => "suspect",
        Some(_) => "other",
        None => "reached",
    };
    let mark = rank.map_or_else(String::new, |r| format!("#{} ", r + 1));
    let short: String = name.chars().take(22).collect();
    let dots = if short == name { "" } else { "…" };
    let (x, y, w, h) = (at.0, at.1, BOX.0, BOX.1);
    let _ = write!(
        svg,
        r#"<g class="node {class}"><title>{}</title><rect x="{x}" y="{y}" width="{w}" height="{h}" rx="6"/><text x="{}" y="{}">{mark}{}{dots}</text></g>"#,
        escaped(&name),
        x + 9,
        y + 24,
        escaped(&short),
    );
}
