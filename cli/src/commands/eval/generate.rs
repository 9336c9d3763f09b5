//! `zizhi eval generate`: new scenarios from a seed.

use crate::args::eval::EvalGenerateArgs;
use crate::commands::{json_line, pick};
use crate::fail::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zizhi_evaluation::sandbox::network::{self, BUILT_IN};
use zizhi_evaluation::scenario::{FILE, GenerateConfig, Scenario, Shape, generate, to_yaml};
use zizhi_types::text::Language;

/// Runs `zizhi eval generate`.
pub fn run(args: &EvalGenerateArgs, lang: Language) -> Result<ExitCode, Failure> {
    let networks = networks(&args.network)?;
    let shapes = shapes(&args.shape)?;
    let progress = bar(args.count, lang);
    for n in 0..u64::from(args.count) {
        // Networks in turn, and a shape for each round of them: every pair comes up.
        let config = GenerateConfig {
            network: networks[n as usize % networks.len()].clone(),
            shape: shapes[(n as usize / networks.len()) % shapes.len()],
            seed: args.seed.wrapping_add(n),
            fault: args.fault,
        };
        let scenario = generate(&config)?;
        let file = write(&args.out, &scenario)?;
        progress.inc(1);
        if args.json {
            json_line(&serde_json::json!({
                "name": scenario.name, "file": file, "network": scenario.network, "shape": scenario.shape,
                "seed": scenario.seed, "title": scenario.title,
            }))?;
        } else {
            println!(
                "{}  {}",
                file.display(),
                pick(lang, &scenario.title.en, &scenario.title.zh)
            );
        }
    }
    progress.finish_and_clear();
    Ok(ExitCode::SUCCESS)
}

fn networks(name: &str) -> Result<Vec<String>, Failure> {
    if name == "all" {
        return Ok(BUILT_IN.iter().map(|(n, _)| (*n).to_owned()).collect());
    }
    // What cannot be read is refused before anything is written.
    network::load(name)?;
    Ok(vec![name.to_owned()])
}

fn shapes(name: &str) -> Result<Vec<Shape>, Failure> {
    if name == "all" {
        return Ok(Shape::ALL.to_vec());
    }
    let found = Shape::ALL.into_iter().find(|s| s.as_str() == name);
    found.map(|s| vec![s]).ok_or_else(|| {
        let known: Vec<&str> = Shape::ALL.iter().map(|s| s.as_str()).collect();
        let known = known.join(", ");
        format!("there is no shape `{name}`: write all, or one of {known}").into()
    })
}

fn bar(count: u32, lang: Language) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::from(count));
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.set_message(pick(lang, "drawing and checking", "生成并校验"));
    bar
}

fn write(out: &Path, scenario: &Scenario) -> Result<PathBuf, Failure> {
    let folder = out.join(&scenario.name);
    let file = folder.join(FILE);
    if file.exists() {
        let file = file.display();
        return Err(
            format!("{file} exists: take another --out or --seed; nothing is overwritten").into(),
        );
    }
    let told = |path: &Path, e: std::io::Error| format!("cannot write {}: {e}", path.display());
    std::fs::create_dir_all(&folder).map_err(|e| told(&folder, e))?;
    std::fs::write(&file, to_yaml(scenario)).map_err(|e| told(&file, e))?;
    Ok(file)
}
