//! A score for people.

use super::{Scored, pick};
use comfy_table::{ContentArrangement, Table, presets};
use zizhi_evaluation::autonomy::outcome::{SubScore, TaskScore};
use zizhi_evaluation::autonomy::{Flow, Instrument, LeftOut, Row, Score, say, wording};
use zizhi_types::text::Language;

/// At most so many ids are listed on a line; the exported table has all.
const IDS_MAX: usize = 5;

/// By what it was measured.
pub fn instrument(instrument: &Instrument, lang: Language) {
    let word = pick(lang, "instrument", "评估依据");
    let Instrument {
        name,
        version,
        sha256,
        ..
    } = instrument;
    let colon = pick(lang, ": ", "：");
    println!("{word}{colon}{name} {version}, SHA-256 {sha256}");
}

/// What is not judged.
pub fn left_out(left: LeftOut, lang: Language) {
    let LeftOut { merged, open, .. } = left;
    if merged + open == 0 {
        return;
    }
    match lang {
        Language::En => {
            println!("not judged: {merged} merged into another incident, {open} still open");
        }
        Language::Zh => println!("未计入：{merged} 个并入其他事件，{open} 个尚未关闭"),
    }
}

/// One flow.
pub fn score(scored: &Scored, instrument: &Instrument, lang: Language) {
    let score = &scored.score;
    println!("\n== {} ==", wording::verdict(score, lang));
    if score.left_out > 0 {
        let n = score.left_out;
        match lang {
            Language::En => println!("{n} older incidents, or of no weighted part, are left out"),
            Language::Zh => println!("{n} 个较早的或不属于任何加权部分的事件未计入"),
        }
    }
    for sub in &score.sub_scenarios {
        sub_scenario(score.flow, sub, lang);
    }
    methods(score, lang);
    for breach in &score.breaches {
        println!(
            "{}: {}",
            pick(lang, "ABOVE THE CEILING", "超出上限"),
            wording::breach(breach, lang)
        );
    }
    stamps(score, lang);
    if let Some(indicators) = &scored.indicators {
        println!("\n{}", indicator_table(indicators, instrument, lang));
        for remark in wording::remarks(indicators, lang) {
            println!("{remark}");
        }
    } else {
        println!(
            "{}",
            pick(
                lang,
                "indicators: unknown without a journal",
                "指标：没有日志则未知"
            )
        );
    }
}

fn sub_scenario(flow: Flow, sub: &SubScore, lang: Language) {
    let name = if sub.name == "all" {
        pick(lang, "all", "全部")
    } else {
        &sub.name
    };
    let weight = sub.weight * 100.0;
    let told = match sub.level {
        Some(_) => format!("{}, N = {}", wording::level(sub.level, lang), sub.incidents),
        None => wording::lacking(sub, lang),
    };
    match lang {
        Language::En => println!("\n{name} ({weight:.0} %): {told}"),
        Language::Zh => println!("\n{name}（{weight:.0} %）：{told}"),
    }
    if sub.incidents == 0 {
        return;
    }
    println!("{}", tasks(flow, sub, lang));
    println!(
        "{}",
        pick(
            lang,
            "a level beside H is not earned: up to there the standard asks nothing of the system",
            "H 旁的等级并非取得：标准在该等级之前对系统没有要求"
        )
    );
    if sub.holds.is_empty() {
        return;
    }
    let held = wording::level(sub.level, lang);
    match lang {
        Language::En => println!("what holds you at {held}:"),
        Language::Zh => println!("停留在 {held} 的原因："),
    }
    for hold in &sub.holds {
        println!("  {}", hold.sentence(flow, lang));
        let ids: Vec<String> = hold
            .because
            .iter()
            .flat_map(|b| b.incidents.clone())
            .collect();
        println!("    {}", some(&ids, lang));
    }
}

fn some(ids: &[String], lang: Language) -> String {
    let shown = ids
        .iter()
        .take(IDS_MAX)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match (ids.len().saturating_sub(IDS_MAX), lang) {
        (0, _) => shown,
        (more, Language::En) => format!("{shown} and {more} more"),
        (more, Language::Zh) => format!("{shown} 等，另有 {more} 个"),
    }
}

fn tasks(flow: Flow, sub: &SubScore, lang: Language) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(match lang {
        Language::En => [
            "task",
            "weight",
            "S/HS/H",
            "specified",
            "as built",
            "ceiling",
            "because",
        ],
        Language::Zh => ["任务", "权重", "S/HS/H", "规定", "实际", "上限", "原因"],
    });
    for t in &sub.tasks {
        let words = Row::task_of(flow, t.task).map_or("", |task| say(task.words, lang));
        table.add_row([
            format!("{} {words}", t.task),
            format!("{:.1} %", t.weight * 100.0),
            format!("{}/{}/{}", t.s, t.hs, t.h),
            wording::both(t.specified, t.specified_level, lang),
            wording::both(t.actor, t.level, lang),
            wording::ceiling(t.class, t.ceiling, lang),
            because(t, lang),
        ]);
    }
    table
}

/// The most frequent reason, and what would lift the task.
pub(super) fn because(task: &TaskScore, lang: Language) -> String {
    let first = task
        .reasons
        .first()
        .map(|b| format!("{} ({})", b.words(lang), b.incidents.len()));
    let next = task
        .next
        .map(|code| say(wording::next(code), lang).to_owned());
    let parts: Vec<String> = first.into_iter().chain(next).collect();
    parts.join(pick(lang, "; ", "；"))
}

fn methods(score: &Score, lang: Language) {
    let of = |m: zizhi_evaluation::autonomy::Methods| {
        format!(
            "{:.2} ({:.2}) / {:.2} ({:.2})",
            m.method_1, m.method_1_equal, m.method_2, m.method_2_equal
        )
    };
    let unknown = || pick(lang, "unknown", "未知").to_owned();
    let (own, floor) = (score.methods.map_or_else(unknown, of), of(score.floor));
    match lang {
        Language::En => println!(
            "\nmethod 1 (equal weights) / method 2 (equal weights): {own}\nthe same where people do everything, the zero of this scale: {floor}"
        ),
        Language::Zh => println!(
            "\n方法一（等权）/ 方法二（等权）：{own}\n全部由人完成时的得分，即该标尺的零点：{floor}"
        ),
    }
}

fn stamps(score: &Score, lang: Language) {
    let ids = &score.rubber_stamps;
    if ids.is_empty() {
        return;
    }
    let n = ids.len();
    match lang {
        Language::En => println!(
            "rubber stamps, approved too fast to have been read: {n}: {}",
            some(ids, lang)
        ),
        Language::Zh => println!("草率批准（过快，不可能读完）：{n} 个：{}", some(ids, lang)),
    }
}

fn indicator_table(
    indicators: &zizhi_evaluation::autonomy::Indicators,
    instrument: &Instrument,
    lang: Language,
) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(match lang {
        Language::En => [
            "indicator",
            "figure",
            "N",
            "implies",
            "L1, L2, L3, L4 ask for",
        ],
        Language::Zh => ["指标", "数值", "N", "对应等级", "L1、L2、L3、L4 的要求"],
    });
    for line in wording::lines(indicators, instrument) {
        let level = line
            .level
            .map_or_else(|()| String::new(), |l| wording::level(l, lang));
        table.add_row([
            say(line.name, lang).to_owned(),
            line.figure,
            line.n.to_string(),
            level,
            line.asks,
        ]);
    }
    let all = pick(lang, "lowest of the five", "五项最低");
    table.add_row([
        all.to_owned(),
        String::new(),
        String::new(),
        wording::level(indicators.level, lang),
        String::new(),
    ]);
    table
}
