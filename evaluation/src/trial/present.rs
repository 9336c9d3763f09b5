//! The scores as a person reads them: one table of rows, the same on the terminal and on the report page.

use super::figures::{Gap, Rate};
use super::policy::Policy;
use super::score::Scores;
use super::survival::Span;
use crate::report::both;
use zizhi_agents::Part;
use zizhi_types::topology::Bilingual;

/// One row: what it is called, and its value for a policy.
pub struct Row {
    /// The stage it belongs to.
    pub stage: Bilingual,
    /// What is measured.
    pub label: Bilingual,
    /// Whether more is better; none where it is neither.
    pub more_is_better: Option<bool>,
    /// The value in words.
    pub value: fn(&Scores) -> String,
}

/// A share in percent.
pub fn share(rate: Rate) -> String {
    rate.share
        .map_or_else(|| "-".to_owned(), |s| format!("{:.1} %", 100.0 * s))
}

fn counted(rate: Rate) -> String {
    if rate.of == 0 {
        return "-".to_owned();
    }
    format!("{}/{}", rate.hits, rate.of)
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"))
}

/// Median and 95 % point; `never` where so many cases are never solved.
fn span(span: Span) -> String {
    if span.cases == 0 {
        return "-".to_owned();
    }
    let part = |s: Option<f64>| s.map_or_else(|| "∞".to_owned(), |s| format!("{s:.0}"));
    format!("{} / {}", part(span.median_s), part(span.p95_s))
}

macro_rules! rows {
    ($($en:literal, $zh:literal => { $($label_en:literal, $label_zh:literal, $better:expr, $value:expr;)* })*) => {
        vec![$($(Row {
            stage: both($en, $zh),
            label: both($label_en, $label_zh),
            more_is_better: $better,
            value: $value,
        },)*)*]
    };
}

/// Every row, in the order of the loop's stages.
pub fn rows() -> Vec<Row> {
    rows! {
        "detection", "检测" => {
            "recall", "召回率", Some(true), |s| share(s.detection.recall);
            "false alarms a day", "日误报数", Some(false), |s| number(s.detection.false_alarms_a_day, 2);
        }
        "cause", "根因" => {
            "right first (object and kind)", "首位命中（对象与类型）", Some(true), |s| share(s.cause.top1);
            "right among three", "前三命中", Some(true), |s| share(s.cause.top3);
            "right object first", "首位对象命中", Some(true), |s| share(s.cause.object_top1);
            "closeness in the graph, 0 to 1", "图上接近度（0–1）", Some(true), |s| number(s.cause.closeness, 2);
        }
        "plan", "方案" => {
            "remedy planned, of detected", "已检出中有方案", Some(true), |s| share(s.plan.planned);
            "first remedy is a cure", "首个方案对症", Some(true), |s| share(s.plan.fits);
        }
        "negotiation", "协商" => {
            "calls that end in an award", "征询后达成授予", None, |s| share(s.negotiation.awarded);
            "offers a call", "每次征询报价数", None, |s| number(s.negotiation.bids_a_call, 1);
            "plans refused by a peer", "被其他域拒绝的方案", None, |s| s.negotiation.refused.to_string();
            "plans given up", "放弃的方案", None, |s| s.negotiation.aborted.to_string();
        }
        "mitigation", "处置" => {
            "trials solved (pass@1)", "用例解决率（pass@1）", Some(true), |s| share(s.mitigation.success);
            "trials solved", "解决的用例", Some(true), |s| counted(s.mitigation.success);
            "solved in time and budget", "按时且在预算内解决", Some(true), |s| share(s.mitigation.in_time);
            "solved three times of three (pass^3)", "三次全部解决（pass^3）", Some(true), |s| s.mitigation.pass_hat_3.map_or_else(|| "-".to_owned(), share);
            "faults mitigated", "故障消除率", Some(true), |s| share(s.mitigation.faults);
            "claimed fixed, but not", "自称修复而未修复", Some(false), |s| counted(s.mitigation.claimed_wrongly);
            "plans carried out", "已执行方案", None, |s| s.mitigation.plans.to_string();
            "rolled back", "回退", None, |s| counted(s.mitigation.rolled_back);
            "harmful, left in place", "遗留有害", Some(false), |s| counted(s.mitigation.harmful);
            "doubles acted on", "无故障却动作", Some(false), |s| counted(s.mitigation.false_actions);
            "seconds users are hurt, mean", "用户受损秒数（均值）", Some(false), |s| number(s.mitigation.hurt_s, 0);
        }
        "time, median / p95 in s", "耗时，中位 / p95（秒）" => {
            "to detect", "检出", Some(false), |s| span(s.times.detect);
            "to explain", "定因", Some(false), |s| span(s.times.explain);
            "to act", "动作", Some(false), |s| span(s.times.act);
            "to restore", "恢复", Some(false), |s| span(s.times.restore);
            "from incident to decision", "事件到决策", Some(false), |s| span(s.times.decide);
        }
        "cost a trial", "单例成本" => {
            "changes of the network", "网络变更次数", None, |s| number(s.cost.steps, 2);
            "compute tokens", "算力令牌", Some(false), |s| number(s.cost.tokens, 2);
            "messages between agents", "智能体间消息", None, |s| number(s.cost.messages, 0);
        }
    }
}

impl Policy {
    /// What a person calls it.
    pub fn title(self) -> Bilingual {
        match self {
            Self::Nothing => both("nothing", "不处置"),
            Self::Threshold => both("threshold", "阈值告警"),
            Self::Without(Part::Graph) => both("no graph", "无图谱"),
            Self::Without(Part::Twin) => both("no twin", "无孪生"),
            Self::Without(Part::Negotiation) => both("no negotiation", "无协商"),
            Self::Without(Part::Learning) => both("no learning", "无学习"),
            Self::Whole => both("zizhi", "自智"),
        }
    }
}

/// A gap in words: mean and interval.
pub fn gap(gap: Option<Gap>, as_share: bool) -> String {
    let Some(g) = gap else { return "-".to_owned() };
    if as_share {
        format!(
            "{:+.1} % [{:+.1}, {:+.1}]",
            100.0 * g.mean,
            100.0 * g.low,
            100.0 * g.high
        )
    } else {
        format!("{:+.2} [{:+.2}, {:+.2}]", g.mean, g.low, g.high)
    }
}
