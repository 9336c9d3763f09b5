//! What does a paper promise, what do we get, and does it hold?

use crate::report::{Cell, Tone, both, same};
use serde::Serialize;
use zizhi_types::topology::Bilingual;

/// A published work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Paper {
    /// Authors, title, journal, year.
    pub citation: &'static str,
    /// Digital object identifier.
    pub doi: &'static str,
}

/// One statement that can be checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Claim {
    /// `C1`..: unique among all claims.
    pub id: &'static str,
    /// DOI of the paper.
    pub doi: &'static str,
    /// The statement.
    pub claim: Bilingual,
    /// What the paper gives.
    pub paper: Bilingual,
    /// What we get.
    pub ours: Bilingual,
    /// When we call it met.
    pub accept: Bilingual,
    /// Whether it is.
    pub met: bool,
}

impl Claim {
    /// Name of the row or section in the report that holds the evidence.
    pub fn evidence(&self) -> String {
        format!("evidence-{}", self.id)
    }

    /// The claim as a row: id, claim, paper, ours, accepted when, verdict.
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::link(self.evidence(), same(self.id)),
            Cell::text(self.claim.clone()),
            Cell::text(self.paper.clone()),
            Cell::text(self.ours.clone()),
            Cell::text(self.accept.clone()),
            self.verdict(),
        ]
    }

    fn verdict(&self) -> Cell {
        if self.met {
            Cell::judged(Tone::Good, both("met", "符合"))
        } else {
            Cell::judged(Tone::Bad, both("not met", "不符合"))
        }
    }
}

/// Heads of the table that `Claim::cells` fills.
pub fn heads() -> Vec<Bilingual> {
    vec![
        both("Id", "编号"),
        both("Claim", "论断"),
        both("Paper", "论文值"),
        both("Ours", "本系统值"),
        both("Met when", "判定标准"),
        both("Verdict", "结论"),
    ]
}
