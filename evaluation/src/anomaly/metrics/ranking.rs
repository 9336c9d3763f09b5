//! How well do the scores rank anomalous rows above normal ones? Row by row, equal scores taken together.

/// What is caught when every row from a score on is predicted.
struct Cut {
    /// Anomalous rows among the predicted.
    hits: f64,
    /// Predicted rows.
    predicted: f64,
}

/// One cut for every different score, from the highest down.
fn cuts(label: &[bool], score: &[f64]) -> Vec<Cut> {
    // Adding zero makes -0 and 0 one score.
    let plain = score.iter().map(|s| s + 0.0);
    let mut rows: Vec<(f64, bool)> = plain.zip(label.iter().copied()).collect();
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let mut hits = 0.0;
    let mut found = vec![];
    let mut rows = rows.into_iter().enumerate().peekable();
    while let Some((i, (value, anomalous))) = rows.next() {
        hits += f64::from(u8::from(anomalous));
        if rows
            .peek()
            .is_none_or(|(_, (next, _))| next.total_cmp(&value).is_ne())
        {
            let predicted = (i + 1) as f64;
            found.push(Cut { hits, predicted });
        }
    }
    found
}

fn anomalous_rows(label: &[bool]) -> f64 {
    label.iter().filter(|l| **l).count() as f64
}

/// Average precision: the precision at every cut, weighted by the recall it adds. 0 to 1.
pub fn auc_pr(label: &[bool], score: &[f64]) -> f64 {
    let total = anomalous_rows(label).max(1.0);
    let mut before = 0.0;
    let mut area = 0.0;
    for cut in cuts(label, score) {
        area += (cut.hits - before) / total * cut.hits / cut.predicted;
        before = cut.hits;
    }
    area
}

/// Chance that an anomalous row scores above a normal one, ties counted half. 0 to 1; 0.5 is chance.
pub fn auc_roc(label: &[bool], score: &[f64]) -> f64 {
    let anomalous = anomalous_rows(label);
    let pairs = anomalous * (label.len() as f64 - anomalous);
    let (mut area, mut hits, mut misses) = (0.0, 0.0, 0.0);
    for cut in cuts(label, score) {
        let wrong = cut.predicted - cut.hits;
        area += (wrong - misses) * (hits + cut.hits) / 2.0;
        (hits, misses) = (cut.hits, wrong);
    }
    if pairs > 0.0 { area / pairs } else { f64::NAN }
}

/// F1 by rows at the best cut, nothing adjusted. 0 to 1.
pub fn f1_best(label: &[bool], score: &[f64]) -> f64 {
    let total = anomalous_rows(label);
    cuts(label, score)
        .into_iter()
        .map(|cut| 2.0 * cut.hits / (cut.predicted + total))
        .fold(0.0, f64::max)
}
