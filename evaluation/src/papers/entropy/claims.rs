//! What the entropy paper claims: table 1 (E1, E2) and the shape of its serving experiment (S1 to S3).

use super::{Curve, PAPER, Results, TABLE_1, entropy};
use crate::papers::{Claim, mean};
use crate::report::{both, figure_text, same};
use zizhi_types::topology::Bilingual;

/// S1: two means are equal if they differ by no more than this share of the first. Our choice: the paper gives a picture.
const EQUAL: f64 = 0.05;
/// S2: clearly lower means at most this share. Our choice, as above.
const CLEARLY: f64 = 0.8;

/// All claims of the paper.
pub fn claims(results: &Results) -> Vec<Claim> {
    vec![
        table_1(),
        maximum(),
        equal_when_free(&results.nearest, &results.matched),
        clearly_lower(&results.nearest, &results.matched),
        growing(&results.nearest, &results.matched),
    ]
}

fn claim(
    id: &'static str,
    claim: Bilingual,
    paper: Bilingual,
    ours: Bilingual,
    accept: Bilingual,
    met: bool,
) -> Claim {
    Claim {
        id,
        doi: PAPER.doi,
        claim,
        paper,
        ours,
        accept,
        met,
    }
}

fn table_1() -> Claim {
    let ours = TABLE_1.map(|(_, shares, _)| entropy(&shares));
    let shown = |values: [f64; 4], decimals| {
        let named = TABLE_1
            .iter()
            .zip(values)
            .map(|(row, h)| format!("{} {}", row.0, figure_text(h, decimals)));
        same(named.collect::<Vec<_>>().join(", "))
    };
    let printed = TABLE_1.map(|row| row.2);
    claim(
        "E1",
        both(
            "State entropy of the four kinds of node (table 1)",
            "四类节点的状态熵（表 1）",
        ),
        shown(printed, 4),
        shown(ours, 6),
        both(
            "each within 0.00005 of the print",
            "各项与论文值相差不超过 0.00005",
        ),
        ours.iter()
            .zip(printed)
            .all(|(ours, printed)| (ours - printed).abs() <= 5e-5),
    )
}

fn maximum() -> Claim {
    let ours = entropy(&[0.25; 4]);
    claim(
        "E2",
        both(
            "Four bins give at most 2 bits, which follows from eq. 3",
            "由式 3 可知：四个区间的熵最大为 2 比特",
        ),
        both("not stated", "未给出"),
        same(figure_text(ours, 6)),
        same("= 2"),
        (ours - 2.0).abs() < 1e-9,
    )
}

fn picture() -> Bilingual {
    both("shape of a picture, no figures", "仅有曲线形状，无数值")
}

fn finite_mean(values: &[f64]) -> f64 {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    if finite.is_empty() {
        f64::NAN
    } else {
        mean(&finite)
    }
}

/// At the lowest concurrency, over requests whose nearest node was free.
fn equal_when_free(nearest: &Curve, matched: &Curve) -> Claim {
    let at_least = |curve: &Curve| {
        curve
            .points
            .first()
            .map_or(f64::NAN, |p| finite_mean(&p.nearest_free_ms))
    };
    let (near, match_) = (at_least(nearest), at_least(matched));
    claim(
        "S1",
        both(
            "Matching and nearest node are equal at low concurrency when the nearest node is free",
            "并发低且最近节点空闲时，匹配调度与最近节点相当",
        ),
        picture(),
        both(
            format!(
                "at 16: nearest {} ms, matched {} ms",
                figure_text(near, 1),
                figure_text(match_, 1)
            ),
            format!(
                "并发 16：最近节点 {} 毫秒，匹配 {} 毫秒",
                figure_text(near, 1),
                figure_text(match_, 1)
            ),
        ),
        both("means within 5%", "均值相差不超过 5%"),
        (match_ - near).abs() <= EQUAL * near,
    )
}

/// From the second concurrency on, over all requests.
fn clearly_lower(nearest: &Curve, matched: &Curve) -> Claim {
    let [near, match_] = [nearest, matched].map(|c| c.means(|p| &p.mean_ms));
    let shares = near
        .iter()
        .zip(&match_)
        .skip(1)
        .map(|((_, near), (_, matched))| matched / near);
    let worst = shares.fold(0.0, f64::max);
    let percent = figure_text(worst * 100.0, 1);
    claim(
        "S2",
        both(
            "Otherwise the first token comes clearly sooner with matching",
            "其余情况下，匹配调度的首词元时延明显更低",
        ),
        picture(),
        both(
            format!("from 32 on, matched takes at most {percent}% of nearest"),
            format!("并发 32 起，匹配的时延至多为最近节点的 {percent}%"),
        ),
        both(
            "mean at most 80% at each concurrency from 32",
            "并发 32 起，各点均值不超过 80%",
        ),
        worst <= CLEARLY,
    )
}

/// The gap grows from each concurrency to the next, run by run: the 95% interval of each step's mean lies above 0. By the
/// means alone the verdict would change with the seed, because the last steps are smaller than their scatter.
fn growing(nearest: &Curve, matched: &Curve) -> Claim {
    let gaps = nearest.behind(matched);
    let listed: Vec<String> = gaps
        .iter()
        .map(|(c, gap)| format!("{c}: {}", figure_text(mean(gap) / 1000.0, 1)))
        .collect();
    let listed = listed.join(", ");
    let steps = gaps
        .windows(2)
        .map(|pair| (pair[0].0, pair[1].0, step(&pair[0].1, &pair[1].1)));
    let flat = steps
        .clone()
        .find(|(_, _, (mean, half))| mean - half <= 0.0);
    let ours = match flat {
        None => both(
            format!("gap in s at {listed}"),
            format!("各并发下的差距（秒）：{listed}"),
        ),
        Some((from, to, (mean, half))) => {
            let step = format!(
                "{} ± {} s",
                figure_text(mean / 1000.0, 1),
                figure_text(half / 1000.0, 1)
            );
            both(
                format!("gap in s at {listed}; no clear growth from {from} to {to}: {step}"),
                format!("各并发下的差距（秒）：{listed}；从 {from} 到 {to} 无明显增大：{step}"),
            )
        }
    };
    claim(
        "S3",
        both(
            "The gap between nearest node and matching grows with concurrency",
            "最近节点与匹配调度之间的差距随并发增大",
        ),
        picture(),
        ours,
        both(
            "each step above 0 with 95% confidence",
            "每一步的增量在 95% 置信度下大于 0",
        ),
        gaps.len() > 1 && flat.is_none(),
    )
}

/// Mean of the differences, run by run, and half of its 95% interval (normal).
fn step(before: &[f64], after: &[f64]) -> (f64, f64) {
    let steps: Vec<f64> = before
        .iter()
        .zip(after)
        .map(|(before, after)| after - before)
        .collect();
    let middle = mean(&steps);
    let squares: f64 = steps.iter().map(|step| (step - middle).powi(2)).sum();
    let variance = squares / steps.len().saturating_sub(1).max(1) as f64;
    (middle, 1.96 * (variance / steps.len().max(1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::Point;
    use super::*;

    fn curve(means: &[f64]) -> Curve {
        let point = |(i, mean): (usize, &f64)| Point {
            concurrency: 16 * (i + 1),
            mean_ms: vec![*mean],
            p95_ms: vec![*mean],
            nearest_free_ms: vec![*mean, f64::NAN],
            moved: vec![0.0],
        };
        Curve {
            points: means.iter().enumerate().map(point).collect(),
        }
    }

    #[test]
    fn the_shape_is_judged_by_its_figures() {
        let matched = curve(&[101.0, 100.0, 100.0]);
        let grows = curve(&[100.0, 200.0, 400.0]);
        assert!(equal_when_free(&grows, &matched).met);
        assert!(clearly_lower(&grows, &matched).met && growing(&grows, &matched).met);
    }

    #[test]
    fn a_shape_that_does_not_hold_is_said_to_be_so() {
        let matched = curve(&[120.0, 100.0, 100.0]);
        let shrinks = curve(&[100.0, 110.0, 105.0]);
        assert!(!equal_when_free(&shrinks, &matched).met);
        assert!(!clearly_lower(&shrinks, &matched).met);
        let claim = growing(&shrinks, &matched);
        assert!(
            !claim.met && claim.ours.en.contains("no clear growth from 32 to 48"),
            "{claim:?}"
        );
    }

    #[test]
    fn a_step_smaller_than_its_scatter_is_no_growth() {
        let (mean, half) = step(&[0.0, 0.0, 0.0], &[10.0, -9.0, 2.0]);
        assert!((mean - 1.0).abs() < 1e-9 && half > mean, "{mean} ± {half}");
    }

    #[test]
    fn what_was_never_measured_is_not_met() {
        let nothing = Curve { points: vec![] };
        assert!(!equal_when_free(&nothing, &nothing).met && !growing(&nothing, &nothing).met);
    }
}
