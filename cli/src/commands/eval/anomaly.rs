//! `zizhi eval anomaly`: the detector on labelled telemetry, beside simple methods and published figures.

use crate::args::eval::EvalAnomalyArgs;
use crate::commands::{json_line, pick};
use crate::fail::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use zizhi_evaluation::anomaly::present::{Comparison, comparisons, notes};
use zizhi_evaluation::anomaly::{Outcome, Progress, Settings, report, run as replay, write_scores};
use zizhi_types::text::Language;
use zizhi_types::topology::Bilingual;

/// Runs the command.
pub fn run(args: EvalAnomalyArgs, lang: Language) -> Result<ExitCode, Failure> {
    refuse_places(&args)?;
    let settings = Settings {
        jobs: args.jobs.into(),
        only: args.only.clone(),
        ..Settings::default()
    };
    let bar = bar();
    let outcome = replay(&args.dir, &settings, &|progress| match progress {
        Progress::Series(count) => bar.set_length(count as u64),
        Progress::Done(id) => {
            bar.set_message(id.to_owned());
            bar.inc(1);
        }
    })?;
    bar.finish_and_clear();
    for warning in &outcome.warnings {
        eprintln!("{} {warning}", pick(lang, "warning:", "警告："));
    }
    if let Some(folder) = &args.scores {
        write_scores(&outcome, 0, folder)?;
    }
    if let Some(file) = &args.report {
        write_report(&outcome, file, lang)?;
    }
    if args.json {
        json_line(&outcome.json())?;
    } else {
        print(&outcome, lang);
    }
    Ok(ExitCode::SUCCESS)
}

/// What cannot be written is refused before minutes of work, not after.
fn refuse_places(args: &EvalAnomalyArgs) -> Result<(), Failure> {
    if let Some(folder) = &args.scores {
        let refused = |e| format!("cannot make the folder {}: {e}", folder.display());
        std::fs::create_dir_all(folder).map_err(refused)?;
    }
    if let Some(file) = &args.report {
        let parent = file.parent().filter(|p| !p.as_os_str().is_empty());
        if file.is_dir() || parent.is_some_and(|p| !p.is_dir()) {
            return Err(format!(
                "cannot write {}: name a file in a folder that exists",
                file.display()
            )
            .into());
        }
    }
    Ok(())
}

fn bar() -> ProgressBar {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(0)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

fn write_report(outcome: &Outcome, file: &Path, lang: Language) -> Result<(), Failure> {
    let page = report::page(outcome, lang)?;
    if let Err(error) = std::fs::write(file, page.render()) {
        return Err(format!(
            "cannot write {}: {error}: choose a file in a folder that exists",
            file.display()
        )
        .into());
    }
    eprintln!("{} {}", pick(lang, "report:", "报告："), file.display());
    Ok(())
}

fn print(outcome: &Outcome, lang: Language) {
    for comparison in comparisons(outcome) {
        println!("\n{}", in_lang(&comparison.title, lang));
        println!("{}", table(&comparison, lang));
    }
    println!();
    for note in notes() {
        println!("{}", in_lang(&note, lang));
    }
}

fn table(comparison: &Comparison, lang: Language) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    // A line under the head only: there are many rows.
    let line = comfy_table::LineStyle::none().fill('─').junction('─');
    table.load_style(comfy_table::presets::NOTHING.header_separator(line));
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    table.set_header(comparison.head.iter().map(|text| in_lang(text, lang)));
    for row in &comparison.rows {
        table.add_row(row.iter().map(|text| in_lang(text, lang)));
    }
    table
}

fn in_lang(text: &Bilingual, lang: Language) -> &str {
    pick(lang, &text.en, &text.zh)
}
