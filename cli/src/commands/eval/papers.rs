//! `zizhi eval papers`: do two published experiments come out the same here?

use crate::args::eval::EvalPapersArgs;
use crate::commands::{FOUND, json_line, pick};
use crate::fail::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use zizhi_evaluation::papers::{Claim, Study, entropy, page, routing};
use zizhi_types::text::Language;
use zizhi_types::topology::Bilingual;

/// Runs the command.
pub fn run(args: EvalPapersArgs, lang: Language) -> Result<ExitCode, Failure> {
    if let Some(path) = &args.report {
        check(path)?;
    }
    let study = study(args.seed, lang);
    let claims = study.claims();
    if args.json {
        claims.iter().try_for_each(json_line)?;
    } else {
        tell(&claims, lang);
    }
    if let Some(path) = &args.report {
        write(path, &study, lang)?;
    }
    let met = claims.iter().all(|claim| claim.met);
    Ok(if met {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FOUND)
    })
}

/// Computes, with progress for whoever watches.
fn study(seed: u64, lang: Language) -> Study {
    let progress = if std::io::stderr().is_terminal() {
        ProgressBar::new(Study::STEPS)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}") {
        progress.set_style(style);
    }
    progress.set_message(pick(lang, "computing", "计算中"));
    let study = Study::new(seed, || progress.inc(1));
    progress.finish_and_clear();
    study
}

fn tell(claims: &[Claim], lang: Language) {
    for paper in [routing::PAPER, entropy::PAPER] {
        println!("{}. DOI {}", paper.citation, paper.doi);
        let own: Vec<&Claim> = claims.iter().filter(|c| c.doi == paper.doi).collect();
        println!("{}\n", table(&own, lang));
    }
    let unmet: Vec<&str> = claims.iter().filter(|c| !c.met).map(|c| c.id).collect();
    if unmet.is_empty() {
        println!("{}", pick(lang, "All claims are met.", "全部论断均符合。"));
    } else {
        let unmet = unmet.join(", ");
        println!("{}{unmet}", pick(lang, "Not met: ", "不符合："));
    }
}

fn table(claims: &[&Claim], lang: Language) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    let said = |text: &Bilingual| pick(lang, &text.en, &text.zh).to_owned();
    table.set_header(zizhi_evaluation::papers::claim::heads().iter().map(said));
    for claim in claims {
        let verdict = if claim.met {
            pick(lang, "met", "符合")
        } else {
            pick(lang, "NOT MET", "不符合")
        };
        table.add_row([
            claim.id.to_owned(),
            said(&claim.claim),
            said(&claim.paper),
            said(&claim.ours),
            said(&claim.accept),
            verdict.to_owned(),
        ]);
    }
    table
}

/// Tells before the work begins that its result would have no place.
fn check(path: &Path) -> Result<(), Failure> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        None => Ok(()),
        Some(folder) => Err(format!(
            "cannot write the report to {}: there is no folder {}; name a file in a folder that exists",
            path.display(),
            folder.display()
        )
        .into()),
    }
}

fn write(path: &Path, study: &Study, lang: Language) -> Result<(), Failure> {
    let html = page(study).opens_in(lang).render();
    std::fs::write(path, html).map_err(|error| {
        format!(
            "cannot write the report to {}: {error}; name a file that may be written",
            path.display()
        )
    })?;
    eprintln!("{} {}", pick(lang, "report:", "报告："), path.display());
    Ok(())
}
