//! The page of a score: every figure opens its evidence, down to the lines of the journal, in the page itself.
//!
//! From a task's cell to the incidents in which it was somebody's; from an incident there to its records, as sentences and
//! as the journal has them.

use super::case::JournalRecords;
use super::indicators::Indicators;
use super::instrument::Instrument;
use super::outcome::{Score, SubScore, TaskScore};
use super::row::Row;
use super::{Words, wording};
use crate::report::{Cell, Page, Section, Table, Tone, both, same};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::Record;
use zizhi_types::text::{Language, label, sentence};
use zizhi_types::topology::Bilingual;

/// The page.
pub fn page(
    scores: &[(&Score, Option<&Indicators>)],
    rows: &[Row],
    journals: &[JournalRecords],
    instrument: &Instrument,
    lang: Language,
) -> Page {
    let mut page = Page::new(both("Autonomy level", "自治等级")).opens_in(lang);
    for (score, _) in scores {
        page = page.lead(told(|l| wording::verdict(score, l)));
    }
    let Instrument {
        name,
        version,
        sha256,
        ..
    } = instrument;
    page = page.lead(both(
        format!("Measured by instrument {name} {version}, SHA-256 {sha256}. Every figure opens what it rests on."),
        format!("评估依据为 {name} {version}，SHA-256 {sha256}。点击每个数值可查看其依据。"),
    ));
    for (score, indicators) in scores {
        page = page.section(levels(score));
        if let Some(indicators) = indicators {
            page = page.section(measured(score, indicators, instrument));
        }
    }
    let shown: BTreeSet<&String> = scores.iter().flat_map(|(s, _)| &s.counted).collect();
    let rows: Vec<&Row> = rows
        .iter()
        .filter(|r| shown.contains(&r.incident_name()))
        .collect();
    for (score, _) in scores {
        for task in score.flow.tasks() {
            page = page.section(by_task(score, task.letter, &rows));
        }
    }
    evidence(page, &rows, journals)
}

/// The same in both languages.
fn told(text: impl Fn(Language) -> String) -> Bilingual {
    both(text(Language::En), text(Language::Zh))
}

fn word(words: Words) -> Bilingual {
    both(words[0], words[1])
}

fn heading(score: &Score, words: Words) -> Bilingual {
    let flow = score.flow.words();
    both(
        format!("{}: {}", flow[0], words[0]),
        format!("{}：{}", flow[1], words[1]),
    )
}

fn task_anchor(score: &Score, task: char) -> String {
    format!("{}-{task}", score.flow)
}

fn levels(score: &Score) -> Section {
    let mut section =
        Section::new(heading(score, ["level", "等级"])).anchor(format!("{}-level", score.flow));
    for sub in &score.sub_scenarios {
        section = section
            .text(told(|l| sub_line(sub, l)))
            .table(task_table(score, sub));
        let holds = sub
            .holds
            .iter()
            .map(|h| told(|l| h.sentence(score.flow, l)));
        section = section.points(holds.collect());
    }
    section = section.points(vec![told(|l| methods_line(score, l))]);
    let breaches = score
        .breaches
        .iter()
        .map(|b| told(|l| wording::breach(b, l)));
    section = section.points(breaches.collect());
    if score.rubber_stamps.is_empty() {
        return section;
    }
    let stamps = Table::new(vec![both(
        "Rubber stamp: approved too fast to have been read",
        "草率批准：过快，不可能读完",
    )]);
    let cells = score
        .rubber_stamps
        .iter()
        .map(|i| vec![Cell::link(i.clone(), same(i.clone()))]);
    section.table(stamps.rows(cells))
}

fn sub_line(sub: &SubScore, lang: Language) -> String {
    let (name, weight) = (&sub.name, sub.weight * 100.0);
    let level = match sub.level {
        Some(_) => format!("{}, N = {}", wording::level(sub.level, lang), sub.incidents),
        None => wording::lacking(sub, lang),
    };
    match lang {
        Language::En => format!("Part {name}, {weight:.0} % of the scenario: {level}"),
        Language::Zh => format!("部分 {name}，占场景 {weight:.0} %：{level}"),
    }
}

fn methods_line(score: &Score, lang: Language) -> String {
    let of = |m: &super::Methods| {
        format!(
            "{:.2} ({:.2}) / {:.2} ({:.2})",
            m.method_1, m.method_1_equal, m.method_2, m.method_2_equal
        )
    };
    let own = score
        .methods
        .as_ref()
        .map_or_else(|| wording::level(None, lang), of);
    let floor = of(&score.floor);
    match lang {
        Language::En => format!(
            "Method 1 (equal weights) / method 2 (equal weights): {own}. Where people do everything: {floor}"
        ),
        Language::Zh => format!("方法一（等权）/ 方法二（等权）：{own}。全部由人完成时：{floor}"),
    }
}

fn task_table(score: &Score, sub: &SubScore) -> Table {
    let head = [
        ["Task", "任务"],
        ["Weight, %", "权重，%"],
        ["S / HS / H", "S / HS / H"],
        ["Specified", "规定"],
        ["As built", "实际"],
        ["Ceiling", "上限"],
        ["Most often because", "最常见的原因"],
    ];
    let table = Table::new(head.map(word).to_vec());
    table.rows(sub.tasks.iter().map(|t| task_row(score, t)))
}

fn task_row(score: &Score, t: &TaskScore) -> Vec<Cell> {
    let words = Row::task_of(score.flow, t.task).map_or(["", ""], |task| task.words);
    let to = task_anchor(score, t.task);
    let link = |text: Bilingual| Cell::link(to.clone(), text);
    let because = t.reasons.first();
    vec![
        link(both(
            format!("{} {}", t.task, words[0]),
            format!("{} {}", t.task, words[1]),
        )),
        Cell::number(t.weight * 100.0, 1),
        link(same(format!("{} / {} / {}", t.s, t.hs, t.h))),
        link(told(|l| wording::both(t.specified, t.specified_level, l))),
        link(told(|l| wording::both(t.actor, t.level, l))),
        link(told(|l| wording::ceiling(t.class, t.ceiling, l))),
        link(told(|l| {
            because.map(|b| b.words(l).to_owned()).unwrap_or_default()
        })),
    ]
}

fn measured(score: &Score, indicators: &Indicators, instrument: &Instrument) -> Section {
    let head = [
        ["Indicator", "指标"],
        ["Figure", "数值"],
        ["N", "N"],
        ["Implied level", "对应等级"],
        ["L1, L2, L3, L4 ask for", "L1、L2、L3、L4 的要求"],
    ];
    let to = task_anchor(score, 'A');
    let rows = wording::lines(indicators, instrument)
        .into_iter()
        .map(|line| {
            let level = line.level;
            vec![
                Cell::text(word(line.name)),
                Cell::link(to.clone(), same(line.figure)),
                Cell::figure(same(line.n.to_string())),
                Cell::text(told(|l| {
                    level.map_or_else(|()| "–".to_owned(), |v| wording::level(v, l))
                })),
                Cell::text(same(line.asks)),
            ]
        });
    let remarks = wording::remarks(indicators, Language::En).into_iter();
    let remarks = remarks.zip(wording::remarks(indicators, Language::Zh));
    Section::new(heading(score, ["indicators", "指标"]))
        .anchor(format!("{}-indicators", score.flow))
        .table(Table::new(head.map(word).to_vec()).rows(rows))
        .points(remarks.map(|(en, zh)| both(en, zh)).collect())
}

/// The incidents behind one task.
fn by_task(score: &Score, letter: char, rows: &[&Row]) -> Section {
    let words = Row::task_of(score.flow, letter).map_or(["", ""], |t| t.words);
    let head = [
        ["Incident", "事件"],
        ["Actor", "执行者"],
        ["Class", "类别"],
        ["Override", "人工干预"],
        ["Because", "原因"],
        ["Evidence", "证据"],
    ];
    let own = rows
        .iter()
        .filter(|r| r.flow == score.flow && r.task == letter);
    let table = Table::new(head.map(word).to_vec()).rows(own.map(|r| incident_row(r)));
    let title = both(
        format!("{}: {letter} {}", score.flow.words()[0], words[0]),
        format!("{}：{letter} {}", score.flow.words()[1], words[1]),
    );
    Section::new(title)
        .anchor(task_anchor(score, letter))
        .table(table)
}

fn incident_row(row: &Row) -> Vec<Cell> {
    let name = row.incident_name();
    let tone = match row.actor {
        super::Actor::S => Tone::Good,
        super::Actor::Hs => Tone::Unsure,
        super::Actor::H => Tone::Bad,
    };
    let overrides: Vec<&str> = row.overrides.iter().map(|s| s.code()).collect();
    let n = row.evidence.len();
    vec![
        Cell::link(name.clone(), same(name.clone())),
        Cell::judged(tone, same(row.actor.as_str())),
        Cell::figure(same(
            row.class.map_or_else(|| "–".to_owned(), |c| c.to_string()),
        )),
        Cell::text(same(overrides.join(" "))),
        Cell::text(told(|l| row.reason.words(l).to_owned())),
        match row.evidence.first() {
            Some(first) => Cell::link(
                first.clone(),
                both(format!("{n} records"), format!("{n} 条记录")),
            ),
            None => Cell::link(name, both("no record", "没有记录")),
        },
    ]
}

/// Per incident the records that its rows name, as sentences and as they stand in the journal.
fn evidence(page: Page, rows: &[&Row], journals: &[JournalRecords]) -> Page {
    let mut incidents: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        incidents.entry(row.incident_name()).or_default().push(row);
    }
    let index = index(journals);
    // A raw message may prove symptoms of several incidents; its line is shown once and linked from everywhere.
    let mut placed = BTreeSet::new();
    let title = both("Incidents and their records", "事件及其记录");
    let mut section = Section::new(title).anchor("evidence");
    for (name, own) in incidents {
        section = section.table(incident(&name, &own, &index, &mut placed));
    }
    page.section(section)
}

type Index<'r> = BTreeMap<String, (usize, &'r Record)>;

fn index(journals: &[JournalRecords]) -> Index<'_> {
    let mut index = BTreeMap::new();
    for journal in journals {
        for (n, record) in journal.records.iter().enumerate() {
            index.insert(format!("{}#{}", journal.name, record.id), (n, record));
        }
    }
    index
}

fn incident(name: &str, rows: &[&Row], index: &Index<'_>, placed: &mut BTreeSet<String>) -> Table {
    let named: BTreeSet<&String> = rows.iter().flat_map(|r| &r.evidence).collect();
    let mut records: Vec<(usize, &String, &Record)> = named
        .into_iter()
        .filter_map(|id| index.get(id).map(|(n, record)| (*n, id, *record)))
        .collect();
    records.sort_by_key(|(n, ..)| *n);
    let head = [
        ["Record", "记录"],
        ["Time", "时间"],
        ["Stage", "阶段"],
        ["What happened", "内容"],
        ["As the journal has it", "日志原文"],
    ];
    // The first row carries the incident's own anchor; the contents list the section alone.
    let first = [name, "", "", "", ""].map(|text| Cell::text(same(text)));
    let table = Table::new(head.map(word).to_vec());
    let mut table = table.row_at(name, first.to_vec());
    for (_, id, record) in records {
        table = if placed.insert(id.clone()) {
            table.row_at(id.clone(), record_row(id, record))
        } else {
            let again = both("shown with another incident", "已列于另一事件");
            let mut cells = record_row(id, record);
            cells[4] = Cell::link(id.clone(), again);
            table.row(cells)
        };
    }
    table
}

fn record_row(id: &str, record: &Record) -> Vec<Cell> {
    // What was read from JSON can be written as JSON.
    let line = serde_json::to_string(record).unwrap_or_default();
    vec![
        Cell::text(same(id)),
        Cell::text(same(record.at.to_string())),
        Cell::text(told(|l| label(record.stage, l))),
        Cell::text(told(|l| sentence(record, l))),
        Cell::text(same(line)),
    ]
}
