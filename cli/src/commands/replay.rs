//! `zizhi replay`: would the swarm decide the same again?

use super::{FOUND, foreign, json_line, pick};
use crate::args::{ReplayArgs, ReplayCommand, ReplayExportArgs};
use crate::fail::Failure;
use crate::journals;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use zizhi_bus::recording::{Reader, Source};
use zizhi_bus::{Journal, journal};
use zizhi_evaluation::replay::{Decision, Moment, Played, cut, decisions, differences, play};
use zizhi_evaluation::sandbox::network;
use zizhi_playbooks::Catalog;
use zizhi_types::text::{Language, label, object};
use zizhi_types::{IncidentId, NetTime, incident};

/// Plays a recording, or cuts one.
pub fn run(args: ReplayArgs, lang: Language) -> Result<ExitCode, Failure> {
    if let Some(ReplayCommand::Export(export)) = args.command {
        return self::export(export, lang);
    }
    let path = recording(args.file.clone(), None)?;
    let catalog = match &args.playbooks {
        Some(folder) => Catalog::load_dir(folder)?,
        None => Catalog::builtin()?,
    };
    let recorded = args.against.as_deref().map(decided).transpose()?;
    let journal = match &args.journal {
        Some(file) => Journal::create(&journals::for_new_run(Some(file.clone()), "replay")?)?,
        None => Journal::in_memory(),
    };
    let pace = args.speed;
    let played = if foreign::is_recording(&path) {
        played(Reader::open(&path)?, catalog, journal, pace, lang)?
    } else {
        let network = network::load(&args.network)?;
        let found = foreign::open(&path, args.format, args.mapping.as_ref(), &network)?;
        if found.left_out > 0 {
            eprintln!(
                "{}: {} / {}",
                pick(
                    lang,
                    "measurements for the swarm / values left out",
                    "供智能体使用的测量 / 未采用的值"
                ),
                found.placed,
                found.left_out
            );
        }
        played(found.messages, catalog, journal, pace, lang)?
    };
    tell(&played, recorded.as_deref(), args.json, lang)
}

/// Plays to the end, or until ctrl-c.
fn played(
    source: impl Source,
    catalog: Catalog,
    journal: Journal,
    pace: f64,
    lang: Language,
) -> Result<Played, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut shown = Shown::new(source.header().start, pace, lang);
    let played = runtime.block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let watch = tokio::spawn(stop_on_ctrl_c(Arc::clone(&stop)));
        let mut listen = |moment: Moment<'_>| {
            if let Moment::Settled(now) = moment {
                shown.at(now);
            }
            if stop.load(Ordering::Relaxed) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let played = play(source, catalog, journal, &mut listen).await;
        watch.abort();
        played
    })?;
    shown.bar.finish_and_clear();
    Ok(played)
}

async fn stop_on_ctrl_c(stop: Arc<AtomicBool>) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stop.store(true, Ordering::Relaxed);
    }
}

/// The given recording, or the one beside the journal.
fn recording(given: Option<PathBuf>, journal: Option<&Path>) -> Result<PathBuf, Failure> {
    let path = match (given, journal) {
        (Some(path), _) => return Ok(path),
        (None, Some(journal)) => journal.with_extension("zrec"),
        (None, None) => journals::existing(None)?.with_extension("zrec"),
    };
    if path.exists() {
        return Ok(path);
    }
    Err(format!(
        "there is no recording {}: the run was not recorded, or its recording was moved; name its file",
        path.display()
    )
    .into())
}

fn decided(journal: &Path) -> Result<Vec<Decision>, Failure> {
    let entries = journal::read_all(&journals::existing(Some(journal.to_owned()))?)?;
    Ok(decisions(entries.iter().map(|e| &e.record)))
}

/// Progress, and the pace.
struct Shown {
    bar: ProgressBar,
    began: NetTime,
    last: NetTime,
    speed: f64,
    text: &'static str,
}

impl Shown {
    fn new(began: NetTime, speed: f64, lang: Language) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        Self {
            bar,
            began,
            last: began,
            speed,
            text: pick(lang, "replayed, network time", "已回放，网络时间"),
        }
    }

    /// Blocking is right here: the whole swarm lives on this thread and has nothing to do until more is published.
    fn at(&mut self, now: NetTime) {
        if self.speed > 0.0 {
            let pause = now.since(self.last) as f64 / 1000.0 / self.speed;
            std::thread::sleep(Duration::from_secs_f64(pause));
        }
        self.last = now;
        let seconds = now.since(self.began) / 1000;
        self.bar.set_message(format!("{} {seconds} s", self.text));
        self.bar.tick();
    }
}

fn tell(
    played: &Played,
    recorded: Option<&[Decision]>,
    json: bool,
    lang: Language,
) -> Result<ExitCode, Failure> {
    let different = recorded.map(|recorded| differences(recorded, &played.decisions));
    if json {
        for decision in &played.decisions {
            json_line(&serde_json::json!({ "decision": decision }))?;
        }
        json_line(&serde_json::json!({ "summary": {
            "messages": played.messages,
            "incidents": played.decisions.len(),
            "not_in_recording": played.strangers,
            "cut_off": played.cut_off,
            "dropped_segments": played.dropped_segments,
            "different": different,
        }}))?;
    } else {
        for_people(played, different.as_deref(), lang);
    }
    let otherwise = different.is_some_and(|d| !d.is_empty()) || !played.strangers.is_empty();
    Ok(if otherwise {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn for_people(played: &Played, different: Option<&[IncidentId]>, lang: Language) {
    if played.decisions.is_empty() {
        println!("{}", pick(lang, "no incidents", "没有事件"));
    } else {
        println!("{}", table(&played.decisions, lang));
    }
    if played.dropped_segments > 0 {
        let text = pick(
            lang,
            "the beginning of the recording was dropped as it had become too large: the detectors have learnt less",
            "录制超过上限，开头部分已丢弃：检测器学习的数据较少",
        );
        println!("{text}");
    }
    if played.cut_off {
        let text = pick(
            lang,
            "the recording ends in the middle: its process was killed",
            "录制在中途结束：进程曾被终止",
        );
        println!("{text}");
    }
    for action in &played.strangers {
        let text = pick(
            lang,
            "wanted, but not in the recording, so refused:",
            "录制中没有该动作，已拒绝：",
        );
        println!("{text} {action}");
    }
    match different {
        None => {}
        Some([]) => println!(
            "{}",
            pick(
                lang,
                "every incident went as in the journal",
                "所有事件与日志一致"
            )
        ),
        Some(ids) => {
            let text = pick(
                lang,
                "went otherwise than in the journal:",
                "与日志不一致：",
            );
            let ids: Vec<String> = ids.iter().map(IncidentId::to_string).collect();
            println!("{text} {}", ids.join(", "));
        }
    }
}

fn table(decisions: &[Decision], lang: Language) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(match lang {
        Language::En => ["incident", "opened", "cause", "plan", "ending"],
        Language::Zh => ["事件", "开始", "根因", "方案", "结局"],
    });
    for d in decisions {
        let cause = match (&d.fault, &d.suspect) {
            (Some(fault), Some(suspect)) => {
                format!("{}, {}", label(*fault, lang), object(suspect, lang))
            }
            _ => "?".to_owned(),
        };
        let plans: Vec<String> = d
            .plans
            .iter()
            .map(|(playbook, print)| format!("{playbook} [{}]", print.short()))
            .collect();
        let plans = if plans.is_empty() {
            "-".to_owned()
        } else {
            plans.join("; ")
        };
        let ending = d.ending.map_or_else(
            || pick(lang, "open", "处理中").to_owned(),
            |e| label(e, lang),
        );
        table.add_row([
            d.incident.to_string(),
            d.opened.to_string(),
            cause,
            plans,
            ending,
        ]);
    }
    table
}

fn export(args: ReplayExportArgs, lang: Language) -> Result<ExitCode, Failure> {
    let id: IncidentId = args.incident.parse()?;
    let path = journals::existing(args.journal)?;
    let entries = journal::read_all(&path)?;
    let incidents = incident::fold(entries.iter().map(|e| &e.record));
    let Some(found) = incidents.iter().find(|i| i.id == id) else {
        let known: Vec<String> = incidents.iter().map(|i| i.id.to_string()).collect();
        return Err(format!(
            "no incident {id} in {}: it has {}",
            path.display(),
            known.join(", ")
        )
        .into());
    };
    let Some(closed) = found.closed else {
        return Err(format!("incident {id} is still open: export it once it is closed").into());
    };
    let source = recording(args.recording, Some(&path))?;
    let written = cut(Reader::open(&source)?, &args.output, &id, closed)?;
    let text = pick(
        lang,
        "bytes; play it with `zizhi replay`",
        "字节；可用 `zizhi replay` 回放",
    );
    println!("{}: {} {text}", args.output.display(), written.bytes);
    Ok(ExitCode::SUCCESS)
}
