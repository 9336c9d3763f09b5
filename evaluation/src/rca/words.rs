//! Saying in both languages why a node stands where it stands.

use super::replay::Miss;
use crate::report::both;
use zizhi_models::ranker::Reason;
use zizhi_types::topology::Bilingual;

/// A value with four significant digits at most.
fn short(value: f64) -> String {
    if value != 0.0 && !(1e-3..1e6).contains(&value.abs()) {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A deviation, with its sign.
fn scales(value: f64) -> String {
    if value.abs() >= 1000.0 {
        format!("{value:+.0e}")
    } else {
        format!("{value:+.1}")
    }
}

/// A reason.
pub fn because(reason: &Reason) -> Bilingual {
    match reason {
        Reason::Moved {
            metric,
            before,
            during,
            scales: z,
            explained_by,
        } => {
            let (from, to, z) = (short(*before), short(*during), scales(*z));
            let callee = explained_by.as_deref();
            let en = callee.map_or(String::new(), |c| format!(", explained by {c}"));
            let zh = callee.map_or(String::new(), |c| format!("，可由 {c} 解释"));
            both(
                format!("{metric} went from {from} to {to} ({z} scales{en})"),
                format!("{metric} 从 {from} 变为 {to}（{z} 个常态幅度{zh}）"),
            )
        }
        Reason::CallGap {
            caller,
            extra_ms,
            scales: z,
        } => {
            let (ms, z) = (short(*extra_ms), scales(*z));
            both(
                format!("calls from {caller} take {ms} ms more on the way ({z} scales)"),
                format!("来自 {caller} 的调用在途中多用 {ms} 毫秒（{z} 个常态幅度）"),
            )
        }
        Reason::OwnTime {
            operation,
            extra_ms,
            scales: z,
        } => {
            let (ms, z) = (short(*extra_ms), scales(*z));
            both(
                format!("{operation} takes {ms} ms more by itself ({z} scales)"),
                format!("{operation} 自身多用 {ms} 毫秒（{z} 个常态幅度）"),
            )
        }
        Reason::ErrorLines {
            lines,
            expected,
            scales: z,
        } => {
            let (expected, z) = (short(*expected), scales(*z));
            both(
                format!("{lines} error lines where {expected} are usual ({z} scales)"),
                format!("错误日志 {lines} 条，通常为 {expected} 条（{z} 个常态幅度）"),
            )
        }
    }
}

fn all(reasons: &[Reason]) -> Option<Bilingual> {
    let told: Vec<Bilingual> = reasons.iter().map(because).collect();
    let join =
        |part: fn(&Bilingual) -> &str, with| told.iter().map(part).collect::<Vec<_>>().join(with);
    (!told.is_empty()).then(|| both(join(|t| &t.en, "; "), join(|t| &t.zh, "；")))
}

/// Why a case was missed: what came first and why, where the truth came and what was seen of it.
pub fn why_missed(miss: &Miss) -> Bilingual {
    let truth = miss.truth.join(", ");
    let (mut en, mut zh) = match &miss.first {
        None => ("nothing was named".to_owned(), "未给出任何答案".to_owned()),
        Some(first) => (format!("{first} came first"), format!("{first} 排在第一")),
    };
    if let Some(why) = all(&miss.first_because) {
        en = format!("{en}: {}", why.en);
        zh = format!("{zh}：{}", why.zh);
    }
    let (rank_en, rank_zh) = match miss.rank {
        Some(rank) => (
            format!("{truth} came {rank} of {}", miss.of),
            format!("{truth} 排在第 {rank}（共 {}）", miss.of),
        ),
        None if !miss.observed => (
            format!("{truth} sends no telemetry and was not named"),
            format!("{truth} 不上报遥测，未被列出"),
        ),
        None => (
            format!("{truth} was not named"),
            format!("{truth} 未被列出"),
        ),
    };
    let (seen_en, seen_zh) = match all(&miss.truth_because) {
        Some(why) => (format!(": {}", why.en), format!("：{}", why.zh)),
        None => (String::new(), String::new()),
    };
    both(
        format!("{en}. {rank_en}{seen_en}"),
        format!("{zh}。{rank_zh}{seen_zh}"),
    )
}
