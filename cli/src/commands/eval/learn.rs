//! `zizhi eval learn`: does experience make outcomes better, and is what was learnt before kept?

use super::run::{Bar, jobs, set, stop_on_ctrl_c, suite};
use crate::args::eval::EvalLearnArgs;
use crate::commands::{json_line, pick};
use crate::fail::Failure;
use std::path::Path;
use std::process::ExitCode;
use zizhi_evaluation::trial::learn::{LearnConfig, Round, learn, page};
use zizhi_evaluation::trial::present::{gap, share};
use zizhi_types::text::Language;

/// Runs the command.
pub fn run(args: EvalLearnArgs, lang: Language) -> Result<ExitCode, Failure> {
    let (name, scenarios) = suite(args.dir.as_deref(), &args.suite)?;
    let set = set(args.playbooks.as_deref(), args.config.as_deref())?;
    let default = || Path::new("zizhi-runs").join(format!("learn-{name}"));
    let config = LearnConfig {
        scenarios,
        rounds: args.rounds,
        jobs: jobs(args.jobs),
        folder: args.out.unwrap_or_else(default),
    };
    let bar = Bar::new(lang);
    let stop = stop_on_ctrl_c()?;
    let rounds = learn(&config, &set, &stop, &|progress| bar.tell(&progress))?;
    bar.end();
    let report = config.folder.join("report.html");
    std::fs::write(&report, page(&rounds))?;
    if args.json {
        for round in &rounds {
            json_line(round)?;
        }
    } else {
        println!("{}", table(&rounds, lang));
    }
    eprintln!("\n{} {}", pick(lang, "report:", "报告："), report.display());
    Ok(ExitCode::SUCCESS)
}

fn table(rounds: &[Round], lang: Language) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    table.set_header([
        pick(lang, "round", "轮次"),
        pick(lang, "tasks", "任务"),
        pick(lang, "cases remembered", "已记忆案例"),
        pick(lang, "solved, learning", "解决率（学习）"),
        pick(lang, "solved, not learning", "解决率（不学习）"),
        pick(lang, "first remedy a cure", "首个方案对症"),
        pick(lang, "not learning", "不学习"),
        pick(lang, "rolled back", "回退"),
        pick(lang, "not learning", "不学习"),
        pick(lang, "seconds hurt spared", "减少受损秒数"),
    ]);
    for r in rounds {
        let tasks = r.phase.title();
        table.add_row([
            r.number.to_string(),
            pick(lang, &tasks.en, &tasks.zh).to_owned(),
            r.remembered.to_string(),
            share(r.with.success),
            share(r.without.success),
            share(r.with.first_remedy_fits),
            share(r.without.first_remedy_fits),
            share(r.with.rolled_back),
            share(r.without.rolled_back),
            gap(r.hurt_gap, false),
        ]);
    }
    table
}
