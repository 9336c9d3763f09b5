//! `zizhi lab`: real FRR routers in network namespaces.

use super::timeline::Timeline;
use super::{FOUND, json_line, pick};
use crate::args::{LabCommand, LabRunArgs, LabWorkerArgs};
use crate::fail::Failure;
use crate::journals;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use zizhi_agents::{Ground, Swarm, SwarmConfig};
use zizhi_bus::{Bus, EmbeddedBus, Journal};
use zizhi_evaluation::lab::session::{Event, Report, SessionConfig, play};
use zizhi_evaluation::lab::{Lab, LabConfig, doctor, hold, rootless, status, up, worker};
use zizhi_playbooks::Catalog;
use zizhi_types::FaultKind;
use zizhi_types::text::{Language, label, object};

/// The lab of this command; a second one on the machine needs another name.
const LAB: &str = "zizhi";

/// Messages that wait on the bus before telemetry is dropped: a hundred rounds.
const BUS_CAPACITY: usize = 4096;

/// Runs a lab command.
pub fn run(command: LabCommand, lang: Language) -> Result<ExitCode, Failure> {
    let say = |line: &str| eprintln!("{line}");
    match command {
        LabCommand::Doctor { json } => examine(json, lang),
        LabCommand::Up => {
            refuse_if_missing()?;
            let mut config = LabConfig::new(LAB.parse()?)?;
            config.keep = true;
            if rootless::is_needed() {
                hold::up(&config, &say)?;
            } else {
                up::up(config, &say)?;
            }
            say(pick(
                lang,
                "the lab is up; `zizhi lab down` removes it",
                "实验网已就绪；用 `zizhi lab down` 移除",
            ));
            Ok(ExitCode::SUCCESS)
        }
        LabCommand::Status { json } => show_status(json, lang),
        LabCommand::Down => take_down(lang),
        LabCommand::Run(args) => inside(args, lang),
    }
}

/// A process of the lab.
pub fn work(args: LabWorkerArgs) -> Result<ExitCode, Failure> {
    let config = LabConfig::new(LAB.parse()?)?;
    worker::run(&config.worker, &args.args)?;
    Ok(ExitCode::SUCCESS)
}

/// What the lab needs and this machine lacks, with how to get it, before anything is made.
fn refuse_if_missing() -> Result<(), Failure> {
    if rootless::is_needed() {
        // Only inside can it be tried; what fails there is told from there.
        return Ok(());
    }
    let missing = doctor::missing();
    if missing.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = missing
        .iter()
        .map(|f| format!("{} ({}): {}", f.what, f.detail, f.how))
        .collect();
    Err(format!(
        "this machine cannot run the lab yet; it lacks\n  {}",
        lines.join("\n  ")
    )
    .into())
}

/// Starts this very command again inside namespaces of its own.
fn again_inside() -> Result<ExitCode, Failure> {
    let program = std::env::current_exe()?;
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let status = rootless::command(&program, &arguments).status()?;
    let code = status.code().and_then(|c| u8::try_from(c).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn examine(json: bool, lang: Language) -> Result<ExitCode, Failure> {
    if rootless::is_needed() {
        return again_inside();
    }
    if rootless::is_inside() {
        rootless::prepare()?;
    }
    let findings = doctor::examine();
    let mut lacking = false;
    for f in &findings {
        lacking |= f.needed && !f.works;
        if json {
            json_line(f)?;
            continue;
        }
        let mark = match (f.works, f.needed) {
            (true, _) => pick(lang, "ok     ", "正常"),
            (false, true) => pick(lang, "MISSING", "缺失"),
            (false, false) => pick(lang, "without", "不可用"),
        };
        println!("{mark}  {}: {}", f.what, f.detail);
        if !f.works {
            println!(
                "         {} {}",
                pick(lang, "switches off:", "影响："),
                f.switches_off
            );
            println!(
                "         {} {}",
                pick(lang, "to get it:", "解决方法："),
                f.how
            );
        }
    }
    Ok(if lacking {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn show_status(json: bool, lang: Language) -> Result<ExitCode, Failure> {
    let config = LabConfig::new(LAB.parse()?)?;
    if rootless::is_needed() {
        let program = std::env::current_exe()?;
        let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        let status = hold::command(&config.id, &program, &arguments)?.status()?;
        let code = status.code().and_then(|c| u8::try_from(c).ok());
        return Ok(code.map_or(ExitCode::FAILURE, ExitCode::from));
    }
    let status = status::of(config)?;
    if json {
        json_line(&status)?;
        return Ok(ExitCode::SUCCESS);
    }
    let [adjacencies, routes] = [
        pick(lang, "adjacencies up", "邻接正常"),
        pick(lang, "routes missing", "缺失路由"),
    ];
    println!(
        "{adjacencies}: {}/{}, {routes}: {}",
        status.adjacencies.0, status.adjacencies.1, status.missing_routes
    );
    for node in &status.nodes {
        let running: Vec<String> = node
            .running
            .iter()
            .map(|(name, pid)| format!("{name} ({pid})"))
            .collect();
        println!(
            "  {:<10} ip netns exec {:<16} {}",
            node.node,
            node.namespace,
            running.join(", ")
        );
        for ended in &node.ended {
            println!(
                "  {:<10} {}: {ended}",
                "",
                pick(lang, "ended by itself", "已自行退出")
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn take_down(lang: Language) -> Result<ExitCode, Failure> {
    let config = LabConfig::new(LAB.parse()?)?;
    if rootless::is_needed() {
        let was = hold::down(&config.id)?;
        let text = if was {
            pick(lang, "removed", "已移除")
        } else {
            pick(lang, "there was no lab", "没有实验网")
        };
        println!("{text}");
        return Ok(ExitCode::SUCCESS);
    }
    let removed = up::down(&config.root, &config.id)?;
    let [what, processes, namespaces] = [
        pick(lang, "removed", "已移除"),
        pick(lang, "processes", "个进程"),
        pick(lang, "namespaces", "个网络命名空间"),
    ];
    println!(
        "{what}: {} {processes}, {} {namespaces}",
        removed.processes, removed.namespaces
    );
    for pid in &removed.foreign {
        println!(
            "{}: {pid}",
            pick(
                lang,
                "left alone, not the lab's own",
                "非实验网进程，未处理"
            )
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn inside(args: LabRunArgs, lang: Language) -> Result<ExitCode, Failure> {
    let kind = fault(&args.fault)?;
    if rootless::is_needed() {
        return again_inside();
    }
    if rootless::is_inside() {
        rootless::prepare()?;
    }
    refuse_if_missing()?;
    let path = journals::for_new_run(args.journal.clone(), "lab")?;
    let journal = Arc::new(Journal::create(&path)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let _entered = runtime.enter();
    let lab =
        Lab::up(LabConfig::new(LAB.parse()?)?, &|line| eprintln!("{line}")).inspect_err(|_| {
            // Nothing was written: an empty journal would only be taken for the newest run. If it stays, nothing is lost.
            let _ = std::fs::remove_file(&path);
        })?;
    let outcome = runtime.block_on(run_swarm(&lab, &args, kind, Arc::clone(&journal), lang));
    // Whatever came of it, the machine is left as it was.
    lab.down()?;
    let report = outcome?;
    eprintln!("\n{}{}", pick(lang, "journal: ", "日志："), path.display());
    let good = report.is_some_and(|r| r.fixed);
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FOUND)
    })
}

/// The names of the lab's faults: those of the catalogue, with the lab's own words for two of them.
fn fault(name: &str) -> Result<FaultKind, Failure> {
    match name {
        "rate-cut" => Ok(FaultKind::LinkRateCut),
        "service-down" => Ok(FaultKind::InstanceCrash),
        "link-down" | "silent-cut" | "wrong-cost" => Ok(name.parse()?),
        other => Err(format!(
            "unknown lab fault `{other}`: write link-down, silent-cut, rate-cut, wrong-cost or service-down"
        )
        .into()),
    }
}

async fn run_swarm(
    lab: &Lab,
    args: &LabRunArgs,
    kind: FaultKind,
    journal: Arc<Journal>,
    lang: Language,
) -> Result<Option<Report>, Failure> {
    let bus: Arc<dyn Bus> = Arc::new(EmbeddedBus::start(BUS_CAPACITY));
    let ground = Ground {
        bus: Arc::clone(&bus),
        journal: Arc::clone(&journal),
        driver: lab.driver(),
        catalog: Arc::new(Catalog::builtin()?),
        network: lab.network().name.clone(),
        seed: None,
        memory: vec![],
        now: zizhi_evaluation::lab::clock::now(),
        share: None,
        resume: None,
    };
    let swarm = Swarm::start(
        ground,
        SwarmConfig {
            mode: args.mode.into(),
            ..SwarmConfig::default()
        },
    )
    .await?;
    let stop = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&stop);
    let watch = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            heard.store(true, Ordering::Relaxed);
        }
    });
    let config = SessionConfig {
        patience_ms: args.timeout_s * 1000,
        ..SessionConfig::default()
    };
    let mut timeline = Timeline::new(lang);
    let mut listen = |event: Event<'_>| {
        tell(&event, args.json, &mut timeline, lang);
        if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let report = play(lab, &*bus, &journal, kind, config, &mut listen).await;
    watch.abort();
    swarm
        .drain(zizhi_evaluation::lab::clock::now(), "the session is over")
        .await?;
    let report = report?;
    if let Some(report) = &report {
        close(report, args.json, lang)?;
    }
    Ok(report)
}

fn tell(event: &Event<'_>, json: bool, timeline: &mut Timeline, lang: Language) {
    match event {
        Event::WarmUp { done_ms, of_ms } => {
            if done_ms % 15_000 < 1_000 && done_ms < of_ms {
                let text = pick(lang, "learning what is usual", "学习常态");
                eprintln!("{text}: {} s / {} s", done_ms / 1000, of_ms / 1000);
            }
        }
        Event::Record(record) if json => {
            // A reader that has gone ends the command at its next write of the report.
            let _ = json_line(&serde_json::json!({ "record": record }));
        }
        Event::Injected(_) if json => {}
        Event::Injected(truth) => {
            let text = pick(lang, "Fault: ", "故障：");
            timeline.begin(&format!(
                "{text}{} — {}",
                label(truth.kind, lang),
                object(&truth.object, lang)
            ));
        }
        Event::Record(record) => timeline.show(record),
    }
}

fn close(report: &Report, json: bool, lang: Language) -> Result<(), Failure> {
    if json {
        return json_line(&serde_json::json!({ "report": report }));
    }
    let yes = |b: bool| {
        if b {
            pick(lang, "yes", "是")
        } else {
            pick(lang, "no", "否")
        }
    };
    let time = |s: Option<f64>| s.map_or_else(|| "-".to_owned(), |s| format!("{s:.0} s"));
    let [found, right, fixed] =
        [report.incident.is_some(), report.cause_right, report.fixed].map(yes);
    let [detect, repair] = [report.detect_s, report.repair_s].map(time);
    match lang {
        Language::En => {
            println!(
                "\nfound: {found}; cause right: {right}; fixed: {fixed} ({detect} / {repair})"
            );
        }
        Language::Zh => {
            println!("\n发现：{found}；根因正确：{right}；修复：{fixed}（{detect} / {repair}）");
        }
    }
    println!(
        "\n{}",
        pick(lang, "In the network's own words:", "网络自身的输出：")
    );
    for statement in &report.evidence {
        println!("$ {}  [{}]", statement.command, statement.who);
        for line in statement.answer.lines().take(12) {
            println!("  {line}");
        }
    }
    Ok(())
}
