//! `zizhi eval rca`: public root-cause cases, answered and scored.

use crate::args::eval::EvalRcaArgs;
use crate::commands::{json_line, pick};
use crate::fail::Failure;
use comfy_table::Table;
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use zizhi_evaluation::rca::{
    Alarms, Answers, Incidents, NONE, PEERS, Replay, Score, SetResult, Verdict, answer, judge,
    page, read_answers, why_missed,
};
use zizhi_types::text::Language;
use zizhi_types::topology::Bilingual;

/// Letters of a commit's id that are shown.
const SHORT_ID: usize = 10;

/// Answers, scores, tells.
pub fn run(args: EvalRcaArgs, lang: Language) -> Result<ExitCode, Failure> {
    let only = args.set.as_deref();
    let answers = match &args.score {
        Some(file) => read_answers(&args.dir, only, file)?,
        None => answered(&args, only)?,
    };
    let replay = judge(&answers);
    if let Some(file) = &args.predictions {
        write(file, &lines(&answers)?)?;
    }
    if let Some(file) = &args.report {
        write(file, &page(&replay).opens_in(lang).render())?;
    }
    if args.json {
        json_line(&replay)?;
    } else {
        tell(&replay, lang);
    }
    Ok(ExitCode::SUCCESS)
}

fn answered(args: &EvalRcaArgs, only: Option<&str>) -> Result<Answers, Failure> {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(0)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let answers = answer(&args.dir, only, |id, done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
        bar.set_message(id.to_owned());
    })?;
    bar.finish_and_clear();
    Ok(answers)
}

fn lines(answers: &Answers) -> Result<String, Failure> {
    let mut text = String::new();
    for prediction in answers.predictions() {
        writeln!(text, "{}", serde_json::to_string(prediction)?)?;
    }
    Ok(text)
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|e| format!("cannot write {}: {e}", file.display()).into())
}

fn one(lang: Language, text: &Bilingual) -> &str {
    pick(lang, &text.en, &text.zh)
}

fn tell(replay: &Replay, lang: Language) {
    if !replay.sets.is_empty() {
        println!("{}", overview(replay, lang));
    }
    for (name, result) in &replay.sets {
        tell_set(name, result, lang);
    }
    if let Some(incidents) = &replay.incidents {
        tell_incidents(incidents, lang);
    }
    if let Some(alarms) = &replay.alarms {
        tell_alarms(alarms, lang);
    }
}

fn table(head: Vec<&str>) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(head);
    table
}

fn head(lang: Language, first: &str) -> Vec<&str> {
    let all = match lang {
        Language::En => [
            "cases",
            "AC@1",
            "95 %",
            "AC@3",
            "AC@5",
            "Avg@5",
            "MRR",
            "metric AC@1",
            "metric Avg@5",
            "no answer",
            "chance",
            "CPU ms",
            "p95",
        ],
        Language::Zh => [
            "案例",
            "AC@1",
            "95 % 区间",
            "AC@3",
            "AC@5",
            "Avg@5",
            "MRR",
            "指标 AC@1",
            "指标 Avg@5",
            "无答案",
            "随机",
            "CPU 毫秒",
            "p95",
        ],
    };
    std::iter::once(first).chain(all).collect()
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}

fn maybe(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |v| format!("{v:.decimals$}"))
}

fn row(name: &str, s: &Score) -> Vec<String> {
    let (low, high) = s.ac1_ci95;
    vec![
        name.to_owned(),
        s.cases.to_string(),
        three(s.ac1),
        format!("{low:.2}-{high:.2}"),
        three(s.ac3),
        three(s.ac5),
        three(s.avg5),
        three(s.mrr),
        maybe(s.metric_ac1, 3),
        maybe(s.metric_avg5, 3),
        format!("{:.2}", s.empty),
        maybe(s.chance_ac1, 3),
        maybe(s.ms_mean, 1),
        maybe(s.ms_p95, 1),
    ]
}

fn overview(replay: &Replay, lang: Language) -> Table {
    let mut table = table(head(lang, pick(lang, "data set", "数据集")));
    for (name, result) in &replay.sets {
        table.add_row(row(name, &result.score));
    }
    if let Some(mean) = &replay.mean {
        let name = pick(lang, "mean of the sets", "各集平均");
        let none = String::new;
        table.add_row(vec![
            name.to_owned(),
            none(),
            three(mean.ac1),
            none(),
            three(mean.ac3),
            none(),
            three(mean.avg5),
            three(mean.mrr),
            maybe(mean.metric_ac1, 3),
            maybe(mean.metric_avg5, 3),
        ]);
    }
    table
}

fn tell_set(name: &str, result: &SetResult, lang: Language) {
    println!();
    let mut faults = table(head(lang, name));
    for (fault, score) in &result.faults {
        faults.add_row(row(fault, score));
    }
    println!("{faults}");
    let peers: Vec<_> = PEERS
        .iter()
        .filter_map(|p| Some((p, p.on(name)?)))
        .collect();
    if !peers.is_empty() {
        let mut beside = table(vec![
            pick(lang, "peers on the same cases", "同类方法（相同案例）"),
            "AC@1",
            "AC@3",
            "Avg@5",
            pick(lang, "CPU ms", "CPU 毫秒"),
            pick(lang, "published in", "出处"),
        ]);
        for (peer, figures) in peers {
            beside.add_row(vec![
                peer.name.to_owned(),
                three(figures.ac1),
                three(figures.ac3),
                three(figures.avg5),
                maybe(figures.ms, 1),
                peer.source.to_owned(),
            ]);
        }
        println!("{beside}");
    }
    for miss in &result.misses {
        let why = why_missed(miss);
        println!("  {} ({}): {}", miss.case, miss.fault, one(lang, &why));
    }
}

fn tell_incidents(incidents: &Incidents, lang: Language) {
    tell_set("incidents", &incidents.nodes, lang);
    let v = incidents.verdicts;
    println!();
    match lang {
        Language::En => println!(
            "Guilty change or none: {} of {} right, {} innocent rollouts blamed, {} missed otherwise",
            v.pass, v.cases, v.decoy, v.miss
        ),
        Language::Zh => println!(
            "肇事变更（或无）：{} 例中正确 {}，误判无辜发布 {}，其他未命中 {}",
            v.cases, v.pass, v.decoy, v.miss
        ),
    }
    for c in incidents
        .changes
        .iter()
        .filter(|c| c.verdict != Verdict::Pass)
    {
        let word = match c.verdict {
            Verdict::Decoy => pick(lang, "blamed an innocent rollout", "误判无辜发布"),
            _ => pick(lang, "missed", "未命中"),
        };
        let (named, truth) = (
            change(c.named.as_deref(), lang),
            change(Some(&c.truth), lang),
        );
        let turned = c.switches.join(", ");
        match lang {
            Language::En => println!("  {}: {word}: named {named}, guilty is {truth}", c.case),
            Language::Zh => println!("  {}：{word}：所指为 {named}，真正原因为 {truth}", c.case),
        }
        if !turned.is_empty() {
            let what = pick(
                lang,
                "    switches turned shortly before",
                "    此前不久切换的开关",
            );
            println!("{what}: {turned}");
        }
    }
}

fn change(named: Option<&str>, lang: Language) -> String {
    match named {
        None => pick(lang, "nothing", "未回答").to_owned(),
        Some(NONE) => pick(lang, "no change", "无变更").to_owned(),
        Some(id) => id.chars().take(SHORT_ID).collect(),
    }
}

fn tell_alarms(alarms: &Alarms, lang: Language) {
    println!();
    let mut all = table(match lang {
        Language::En => vec![
            "alarm types",
            "F1",
            "precision",
            "recall",
            "named",
            "true",
            "common",
        ],
        Language::Zh => vec!["告警类型", "F1", "精确率", "召回率", "给出", "真实", "相同"],
    });
    for (name, e) in &alarms.networks {
        all.add_row(vec![
            name.clone(),
            three(e.f1),
            three(e.precision),
            three(e.recall),
            e.predicted.to_string(),
            e.truth.to_string(),
            e.tp.to_string(),
        ]);
    }
    println!("{all}");
}
