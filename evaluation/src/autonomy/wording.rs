//! How a score is told to people, in English and Chinese: shared by the terminal and the page.

use super::indicators::{Indicators, Mean, Measured};
use super::instrument::Instrument;
use super::outcome::{Breach, Score, SubScore};
use super::{Actor, Words, say};
use zizhi_types::text::Language;

/// A level, or that it is unknown.
pub fn level(level: Option<u8>, lang: Language) -> String {
    match level {
        Some(level) => format!("L{level}"),
        None => say(["unknown", "未知"], lang).to_owned(),
    }
}

/// An actor, or that it is unknown.
pub fn actor(actor: Option<Actor>, lang: Language) -> String {
    actor.map_or_else(
        || say(["unknown", "未知"], lang).to_owned(),
        |a| a.to_string(),
    )
}

/// An actor and its level in one cell: `S L3`.
pub fn both(who: Option<Actor>, to: Option<u8>, lang: Language) -> String {
    match (who, to) {
        (Some(_), Some(_)) => format!("{} {}", actor(who, lang), level(to, lang)),
        _ => level(None, lang),
    }
}

/// The ceiling and the class it comes from.
pub fn ceiling(class: Option<u8>, ceiling: Option<u8>, lang: Language) -> String {
    match (class, ceiling) {
        (Some(class), Some(ceiling)) => {
            let word = say(["class", "类别"], lang);
            format!("L{ceiling} ({word} {class})")
        }
        _ => say(["no action seen", "未见动作"], lang).to_owned(),
    }
}

/// What would lift a task that is the system's already.
pub fn next(code: &str) -> Words {
    match code {
        "unattended" => [
            "L3 needs a verified end with nobody in the incident",
            "L3 要求事件中无人参与且结果经验证",
        ],
        "every-domain" => [
            "L4 needs that in every domain, each with enough incidents",
            "L4 要求每个领域都如此，且各有足够的事件",
        ],
        _ => [
            "L5 needs proof that the system wrote the rule: no record carries one",
            "L5 要求证明规则由系统自行制定：没有记录能够证明",
        ],
    }
}

/// What an unknown sub-scenario lacks.
pub fn lacking(sub: &SubScore, lang: Language) -> String {
    let (n, more) = (sub.incidents, sub.lacking);
    match lang {
        Language::En => format!("unknown: N = {n}, {more} more closed incidents are needed"),
        Language::Zh => format!("未知：N = {n}，还需要 {more} 个已关闭的事件"),
    }
}

/// One line for a task above its ceiling.
pub fn breach(b: &Breach, lang: Language) -> String {
    let Breach {
        incident,
        task,
        actor,
        class,
        shown,
        ceiling,
    } = b;
    match lang {
        Language::En => format!(
            "{task} in {incident}: {actor} on class {class} shows L{shown}, the ceiling is L{ceiling}"
        ),
        Language::Zh => format!(
            "{incident} 的 {task}：对 {class} 类对象为 {actor}，相当于 L{shown}，上限为 L{ceiling}"
        ),
    }
}

/// The heading of a score.
pub fn verdict(score: &Score, lang: Language) -> String {
    let flow = say(score.flow.words(), lang);
    let (told, n) = (level(score.level, lang), score.incidents);
    let failed = match (score.passed, lang) {
        (true, _) => "",
        (false, Language::En) => ", FAILED: a task was done above its ceiling",
        (false, Language::Zh) => "，不合格：有任务超出上限",
    };
    match lang {
        Language::En => format!("{flow}: {told} over {n} incidents{failed}"),
        Language::Zh => format!("{flow}：{told}，共 {n} 个事件{failed}"),
    }
}

/// An indicator as a line of a table.
pub struct Line {
    /// Its name.
    pub name: Words,
    /// Its figure with its unit.
    pub figure: String,
    /// On how many it rests.
    pub n: usize,
    /// Its level; `Err`: it has none.
    pub level: Result<Option<u8>, ()>,
    /// What L1 to L4 ask.
    pub asks: String,
}

/// Every indicator.
pub fn lines(i: &Indicators, instrument: &Instrument) -> Vec<Line> {
    let t = &instrument.indicators;
    let line = |name, m: &Measured, figure: String, asks: String| Line {
        name,
        figure,
        n: m.mean.n,
        level: Ok(m.level),
        asks,
    };
    let upto = |v: &[f64; 4]| v.map(|x| format!("{x:.0} s")).join(", ");
    let from = |v: &[f64; 4]| v.map(|x| format!("{} %", trim(x * 100.0))).join(", ");
    let mut lines = vec![
        line(
            ["mean time to detect", "平均发现时间"],
            &i.detect_s,
            time(&i.detect_s.mean),
            upto(&t.detect_s),
        ),
        line(
            ["mean time to repair", "平均修复时间"],
            &i.repair_s,
            time(&i.repair_s.mean),
            upto(&t.repair_s),
        ),
        line(
            ["service availability", "业务可用性"],
            &i.availability,
            portion(&i.availability.mean),
            from(&t.availability),
        ),
        line(
            ["automation ratio", "自动化率"],
            &i.automation,
            portion(&i.automation.mean),
            from(&t.automation),
        ),
        line(
            ["intelligent ratio", "智能化率"],
            &i.intelligence,
            portion(&i.intelligence.mean),
            from(&t.intelligence),
        ),
    ];
    let phases = [
        (["phase: recognition", "阶段：识别"], i.phases.recognition),
        (["phase: demarcation", "阶段：定界"], i.phases.demarcation),
        (["phase: root cause", "阶段：根因"], i.phases.root_cause),
        (
            ["phase: mechanism analysis", "阶段：机制分析"],
            i.phases.mechanism,
        ),
        (
            ["phase: evaluation and determination", "阶段：评估与确定"],
            i.phases.determination,
        ),
        (["phase: execution", "阶段：执行"], i.phases.execution),
    ];
    lines.extend(phases.map(|(name, mean)| Line {
        name,
        figure: time(&mean),
        n: mean.n,
        level: Err(()),
        asks: String::new(),
    }));
    lines
}

fn time(mean: &Mean) -> String {
    mean.value
        .map_or_else(|| "–".to_owned(), |v| format!("{v:.1} s"))
}

fn portion(mean: &Mean) -> String {
    mean.value
        .map_or_else(|| "–".to_owned(), |v| format!("{:.1} %", v * 100.0))
}

fn trim(x: f64) -> String {
    let text = format!("{x:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// What else has to be said about the indicators.
pub fn remarks(i: &Indicators, lang: Language) -> Vec<String> {
    let mut said = vec![];
    let (missed, all) = (i.not_repaired, i.repair_s.mean.n);
    let (case, learned, auto) = (i.from_case, i.learned_baseline, i.intelligence.mean.n);
    match lang {
        Language::En => {
            said.push(format!("repair: {missed} of {all} were not remedied by the swarm; they count until their last symptom ended"));
            said.push(format!("of {auto} automatic actions {case} were ranked by a past case, {learned} rest on a learned baseline"));
        }
        Language::Zh => {
            said.push(format!(
                "修复：{all} 个中有 {missed} 个并非由系统修复，按最后一个症状结束计时"
            ));
            said.push(format!(
                "{auto} 个自动动作中，{case} 个由历史案例排序，{learned} 个依据学习得到的基线"
            ));
        }
    }
    for t in &i.targets {
        let met = match t.met {
            None => say(["unknown", "未知"], lang),
            Some(true) => say(["met", "达到"], lang),
            Some(false) => say(["not met", "未达到"], lang),
        };
        let (name, to, limit) = (&t.target.name, t.target.level, t.target.seconds);
        said.push(match lang {
            Language::En => format!(
                "{name} asks for a mean time to repair of at most {limit} s at L{to}: {met}"
            ),
            Language::Zh => format!("{name} 要求 L{to} 的平均修复时间不超过 {limit} 秒：{met}"),
        });
    }
    said
}
