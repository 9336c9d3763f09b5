//! The live timeline: one line for what a person wants to see of each record.

use super::pick;
use std::io::IsTerminal;
use zizhi_types::record::{Ruling, Verdict};
use zizhi_types::text::{Language, label, sentence};
use zizhi_types::{Body, Record, Stage};

/// Anomalies shown for one fault before the rest is only counted.
const ANOMALIES_SHOWN: usize = 3;

/// Prints records as they come.
pub struct Timeline {
    lang: Language,
    colour: bool,
    anomalies: usize,
}

impl Timeline {
    /// Colours only for a terminal whose user did not refuse them.
    #[expect(
        clippy::disallowed_methods,
        reason = "the command line reads what its user set"
    )]
    pub fn new(lang: Language) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Self {
            lang,
            colour: std::io::stdout().is_terminal() && !refused,
            anomalies: 0,
        }
    }

    /// Something new begins: its anomalies are shown again.
    pub fn begin(&mut self, title: &str) {
        self.anomalies = 0;
        println!("\n{}", self.paint("1", title));
    }

    /// Shows a record, if people want to see it.
    pub fn show(&mut self, record: &Record) {
        if let Body::AnomalyRaised { .. } = record.body {
            self.anomalies += 1;
            if self.anomalies == ANOMALIES_SHOWN + 1 {
                println!(
                    "{:>19}  {}",
                    "",
                    pick(self.lang, "… more symptoms", "……更多征兆")
                );
            }
            if self.anomalies > ANOMALIES_SHOWN {
                return;
            }
        }
        if !is_shown(&record.body) {
            return;
        }
        let stage = label(record.stage, self.lang);
        let text = sentence(record, self.lang);
        println!(
            "{:>8}  {}  {}",
            record.at.to_string(),
            self.paint(colour(record), &pad(&stage, 9)),
            text
        );
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Pads to a width in terminal cells, where a Chinese character takes two.
pub fn pad(text: &str, width: usize) -> String {
    let cells: usize = text
        .chars()
        .map(|c| if c as u32 > 0x2e7f { 2 } else { 1 })
        .sum();
    format!("{text}{}", " ".repeat(width.saturating_sub(cells)))
}

const fn is_shown(body: &Body) -> bool {
    match body {
        Body::Decided { ruling, .. } => !matches!(ruling, Ruling::Proceed),
        Body::Refused { plan, .. } => plan.is_some(),
        body => matches!(
            body,
            Body::AnomalyRaised { .. }
                | Body::IncidentOpened { .. }
                | Body::Diagnosed { .. }
                | Body::EvidenceInsufficient { .. }
                | Body::BidReceived { .. }
                | Body::Rehearsed { .. }
                | Body::Awarded { .. }
                | Body::Aborted { .. }
                | Body::Approved { .. }
                | Body::StepStarted { .. }
                | Body::StepFailed { .. }
                | Body::UndoStarted { .. }
                | Body::UndoFailed { .. }
                | Body::Verified { .. }
                | Body::Remembered { .. }
                | Body::Escalated { .. }
                | Body::IncidentClosed { .. }
                | Body::RoleDied { .. }
                | Body::Frozen { .. }
        ),
    }
}

const fn colour(record: &Record) -> &'static str {
    match (&record.body, record.stage) {
        (
            Body::Verified {
                verdict: Verdict::Pass,
                ..
            },
            _,
        ) => "32",
        (
            Body::Verified { .. }
            | Body::Escalated { .. }
            | Body::StepFailed { .. }
            | Body::UndoFailed { .. },
            _,
        ) => "31",
        (_, Stage::Detect) => "33",
        (_, Stage::Diagnose | Stage::Correlate) => "35",
        (_, Stage::Negotiate | Stage::Plan | Stage::Rehearse) => "36",
        (_, Stage::Act | Stage::Decide) => "34",
        _ => "2",
    }
}
