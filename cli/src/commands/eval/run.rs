//! `zizhi eval run`: scenarios against policies, scored stage by stage.

use crate::args::eval::EvalRunArgs;
use crate::commands::{json_line, pick};
use crate::fail::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use zizhi_agents::SwarmConfig;
use zizhi_evaluation::baseline::Rules;
use zizhi_evaluation::scenario::{self, Scenario};
use zizhi_evaluation::trial::practice::practise;
use zizhi_evaluation::trial::present::{gap, rows};
use zizhi_evaluation::trial::run::{Outcome, Progress, RunConfig, run as run_trials};
use zizhi_evaluation::trial::{Policy, Scores, Set, Summary};
use zizhi_playbooks::Catalog;
use zizhi_types::text::Language;
use zizhi_types::topology::Bilingual;

/// Runs the command.
pub fn run(args: EvalRunArgs, lang: Language) -> Result<ExitCode, Failure> {
    let (name, scenarios) = suite(args.dir.as_deref(), &args.suite)?;
    let mut set = set(args.playbooks.as_deref(), args.config.as_deref())?;
    let folder = folder(&args, &name);
    let bar = Bar::new(lang);
    let stop = stop_on_ctrl_c()?;
    if policies(&args.policy).iter().any(|p| p.learns()) {
        let told = |progress: Progress<'_>| bar.tell(&progress);
        set.memory = practise(args.practice, &folder, jobs(args.jobs), &set, &stop, &told)?;
    }
    let config = RunConfig {
        scenarios,
        policies: policies(&args.policy),
        first_repeat: 0,
        repeats: args.seeds,
        doubles: !args.no_doubles,
        jobs: jobs(args.jobs),
        folder,
    };
    let outcome = run_trials(&config, &set, &stop, &|progress| bar.tell(&progress))?;
    bar.end();
    let summary = Summary::over(&outcome.results);
    tell(&args, &config, &outcome, &summary, lang)
}

/// The scenarios of a folder, or of a suite by name; and what it is called.
pub fn suite(dir: Option<&Path>, suite: &str) -> Result<(String, Vec<Scenario>), Failure> {
    let name = dir.map_or_else(|| suite.to_owned(), |dir| dir.display().to_string());
    let scenarios = scenario::suite(&name)?;
    let last = Path::new(&name).file_name().unwrap_or_default();
    Ok((last.to_string_lossy().into_owned(), scenarios))
}

/// Playbooks and settings, both checked.
pub fn set(playbooks: Option<&Path>, config: Option<&Path>) -> Result<Set, Failure> {
    let catalog = match playbooks {
        Some(folder) => Catalog::load_dir(folder)?,
        None => Catalog::builtin()?,
    };
    let config = match config {
        Some(file) => zizhi_agents::config::load(file)?,
        None => SwarmConfig::default(),
    };
    let mut config = config;
    config.agent.executor.for_drills();
    Ok(Set {
        catalog: Arc::new(catalog),
        config,
        memory: vec![],
        rules: Rules::builtin()?,
    })
}

fn folder(args: &EvalRunArgs, name: &str) -> PathBuf {
    let default = || Path::new("zizhi-runs").join(format!("eval-{name}"));
    args.out.clone().unwrap_or_else(default)
}

fn policies(given: &[Policy]) -> Vec<Policy> {
    let wanted = |p: &Policy| given.is_empty() || given.contains(p);
    Policy::ALL.into_iter().filter(wanted).collect()
}

/// The given number, or one for each processor.
pub fn jobs(given: Option<usize>) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    given.unwrap_or_else(processors).max(1)
}

/// Ctrl-C ends the run after the trials at hand.
pub fn stop_on_ctrl_c() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                told.store(true, Ordering::Relaxed);
                eprintln!(
                    "\nstopping after the trials at hand; the same command goes on from there"
                );
            }
        });
    });
    Ok(stop)
}

/// Progress on standard error, where somebody is looking.
pub struct Bar {
    bar: ProgressBar,
    lang: Language,
}

impl Bar {
    /// An empty bar; hidden where standard error is no terminal.
    pub fn new(lang: Language) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(1)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {eta}  {msg}") {
            bar.set_style(style);
        }
        Self { bar, lang }
    }

    /// Shows what is told.
    pub fn tell(&self, progress: &Progress<'_>) {
        match progress {
            Progress::Begins { trials, resumed } => {
                self.bar.set_length(*trials as u64);
                self.bar.set_position(*resumed as u64);
                self.bar.reset_eta();
                if *resumed > 0 {
                    let text = pick(
                        self.lang,
                        "trials were played before, of",
                        "个用例此前已完成，共",
                    );
                    eprintln!("{resumed} {text} {trials}");
                }
            }
            Progress::Played(result) => {
                self.bar
                    .set_message(format!("{} {}", result.scenario, result.policy));
                self.bar.inc(1);
            }
            Progress::Failed { trial, error } => {
                self.bar.inc(1);
                self.bar.suspend(|| eprintln!("zizhi: {trial}: {error}"));
            }
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn tell(
    args: &EvalRunArgs,
    config: &RunConfig,
    outcome: &Outcome,
    summary: &Summary,
    lang: Language,
) -> Result<ExitCode, Failure> {
    for (trial, reason) in &outcome.failed {
        eprintln!("zizhi: {trial} was not played: {reason}");
    }
    if outcome.stopped {
        eprintln!("zizhi: stopped; the same command goes on from here");
        return Ok(ExitCode::from(1));
    }
    let report = config.folder.join("report.html");
    summary.write(&config.folder, &outcome.results, &config.scenarios)?;
    if args.json {
        for result in &outcome.results {
            json_line(result)?;
        }
        json_line(&serde_json::json!({ "summary": summary }))?;
    } else {
        println!("{}", table(config, summary, lang));
        findings(summary, lang);
    }
    let text = pick(lang, "report:", "报告：");
    eprintln!("\n{text} {}", report.display());
    Ok(if outcome.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn word(text: &Bilingual, lang: Language) -> &str {
    pick(lang, &text.en, &text.zh)
}

fn table(config: &RunConfig, summary: &Summary, lang: Language) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    let titles: Vec<Bilingual> = config.policies.iter().map(|p| p.title()).collect();
    let scores: Vec<&Scores> = config
        .policies
        .iter()
        .filter_map(|p| summary.policies.get(p.as_str()))
        .collect();
    let mut head = vec![pick(lang, "measure", "指标").to_owned()];
    head.extend(titles.iter().map(|t| word(t, lang).to_owned()));
    table.set_header(head);
    let mut stage = String::new();
    for row in rows() {
        let own = word(&row.stage, lang);
        if own != stage {
            own.clone_into(&mut stage);
            table.add_row([format!("[{stage}]")]);
        }
        let mut cells = vec![word(&row.label, lang).to_owned()];
        cells.extend(scores.iter().map(|s| (row.value)(s)));
        table.add_row(cells);
    }
    table
}

/// What each part is worth, in one line a policy.
fn findings(summary: &Summary, lang: Language) {
    for c in &summary.comparisons {
        println!(
            "{} {}: {}; {} {}; {} {}",
            pick(lang, "zizhi against", "自智相对"),
            word(&c.policy.title(), lang),
            word(&c.finding().title(), lang),
            pick(lang, "solved", "解决率"),
            gap(c.success, true),
            pick(lang, "seconds hurt spared", "减少受损秒数"),
            gap(c.hurt_s, false),
        );
    }
}
