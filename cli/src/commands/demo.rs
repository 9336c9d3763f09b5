//! `zizhi demo`: the whole loop on a simulated network, before your eyes.

use super::console::{self, Console};
use super::demo_desk::{DemoDesk, Orders};
use super::elsewhere::{self, Elsewhere};
use super::score::page::PageScorer;
use super::timeline::Timeline;
use super::{json_line, pick};
use crate::args::DemoArgs;
use crate::fail::Failure;
use crate::journals;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;
use zizhi_agents::{Ground, Swarm, SwarmConfig};
use zizhi_bus::journal::SigningKey;
use zizhi_bus::recording::{Item, Recorder, SIZE_LIMIT, Tap};
use zizhi_bus::{Bus, EmbeddedBus, Journal};
use zizhi_dashboard::{House, Source};
use zizhi_evaluation::campaign::{
    Approver, Campaign, CampaignConfig, Happening, SlotResult, Summary,
};
use zizhi_evaluation::replay::{self, RecordingDriver};
use zizhi_evaluation::sandbox::{Sandbox, network};
use zizhi_knowledge::Case;
use zizhi_playbooks::{Catalog, Driver};
use zizhi_types::plan::Mode;
use zizhi_types::text::{Language, action, label, object};
use zizhi_types::topology::Network;
use zizhi_types::wire::Approval;
use zizhi_types::{FaultKind, NetTime, Plan};

/// Messages that wait on the bus before telemetry is dropped: twenty intervals of the largest built-in network.
const BUS_CAPACITY: usize = 4096;

/// The network's time at the start: a busy morning.
const START: NetTime = NetTime::from_secs(8 * 3600);

/// Where the dashboard listens unless told otherwise: on this machine only, at a port that is free.
const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Real seconds between two progress updates are those of one interval; network time of one interval in seconds.
const INTERVAL_S: f64 = 10.0;

/// Runs the demo.
pub fn run(args: DemoArgs, lang: Language) -> Result<ExitCode, Failure> {
    // Everything that can be refused is refused before anything starts.
    let network = network::load(&args.network)?;
    let catalog = match &args.playbooks {
        Some(folder) => Catalog::load_dir(folder)?,
        None => Catalog::builtin()?,
    };
    let config = match &args.config {
        Some(file) => zizhi_agents::config::load(file)?,
        None => SwarmConfig::default(),
    };
    let mut config = config;
    config.agent.executor.for_drills();
    let memory = journals::memory(&args.memory)?;
    let path = journals::for_new_run(args.journal.clone(), "demo")?;
    let mut journal = Journal::create(&path)?;
    if let Some(folder) = &args.keys {
        journal = journal.signed(SigningKey::load_or_create(folder, "swarm")?)?;
    }
    let recording = recording(&args, &path)?;
    let listener = match args.listen {
        _ if args.no_dashboard || (args.json && args.listen.is_none()) => None,
        Some(listen) if !listen.ip().is_loopback() => {
            return Err(format!("{listen} is reached from other machines, and a demo has no accounts: listen on 127.0.0.1").into());
        }
        listen => Some(console::bind(listen.unwrap_or(ANY_PORT))?),
    };
    // One thread: with the bus that delivers one message at a time, nothing could run beside it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let show = Show::new(&args, lang);
    let set = Setting {
        network,
        catalog,
        config: SwarmConfig {
            mode: args.mode.into(),
            ..config
        },
        memory,
        recording: recording.clone(),
        listener,
        path: path.clone(),
    };
    let stay = args.stay || (std::io::stdout().is_terminal() && !args.json);
    let console = runtime.block_on(play(args, set, journal, show, lang))?;
    if lang == Language::Zh {
        eprintln!(
            "\n日志：{}（`zizhi incidents`、`zizhi explain 事件 --lang zh`、`zizhi audit verify` 均可读取）",
            path.display()
        );
    } else {
        eprintln!(
            "\njournal: {} (read it with `zizhi incidents`, `zizhi explain INCIDENT`, `zizhi audit verify`)",
            path.display()
        );
    }
    if let Some(recording) = recording {
        let text = pick(lang, "recording", "录制");
        eprintln!("{text}: {} (`zizhi replay`)", recording.display());
    }
    if let Some(console) = console.filter(|_| stay) {
        let text = pick(
            lang,
            "the dashboard stays, Ctrl-C ends it",
            "面板仍可查看，按 Ctrl-C 结束",
        );
        eprintln!("{} ({text})", console.url);
        runtime.block_on(tokio::signal::ctrl_c())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Where to record: beside the journal, unless told otherwise. What lies there belongs to a journal that is gone, as the
/// journal has just been made.
fn recording(args: &DemoArgs, journal: &Path) -> Result<Option<PathBuf>, Failure> {
    match &args.record {
        // The agents elsewhere hear more than goes out from here.
        _ if args.no_record || args.bus.is_some() => Ok(None),
        Some(file) => Ok(Some(file.clone())),
        None => {
            let path = journal.with_extension("zrec");
            if path == journal {
                return Err(
                    "a journal may not end in .zrec, as recordings do: name another file".into(),
                );
            }
            match std::fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
                _ => Ok(Some(path)),
            }
        }
    }
}

/// What the swarm is started with.
struct Setting {
    network: Network,
    catalog: Catalog,
    config: SwarmConfig,
    memory: Vec<Case>,
    recording: Option<PathBuf>,
    /// Of the dashboard, if one is wanted.
    listener: Option<TcpListener>,
    /// Of the journal.
    path: PathBuf,
}

/// The bus and the driver as the network's side uses them, recorded if that is wanted.
struct Outside {
    bus: Arc<dyn Bus>,
    driver: Arc<dyn Driver>,
    recorder: Option<Arc<Recorder>>,
}

impl Outside {
    fn new(
        set: &Setting,
        seed: u64,
        bus: Arc<dyn Bus>,
        driver: Arc<dyn Driver>,
    ) -> Result<Self, Failure> {
        let Some(path) = &set.recording else {
            let recorder = None;
            return Ok(Self {
                bus,
                driver,
                recorder,
            });
        };
        let setting = replay::Setting {
            config: set.config.clone(),
            memory: set.memory.clone(),
            bus_capacity: BUS_CAPACITY,
        };
        let header = replay::header(&set.network.name, Some(seed), START, &*driver, &setting)?;
        let recorder = Arc::new(Recorder::create(path, header, SIZE_LIMIT)?);
        Ok(Self {
            bus: Arc::new(Tap::new(bus, Arc::clone(&recorder))),
            driver: Arc::new(RecordingDriver::new(driver, Arc::clone(&recorder))),
            recorder: Some(recorder),
        })
    }

    /// Ends the recording.
    fn close(self, at: NetTime, reason: &str) -> Result<(), Failure> {
        if let Some(recorder) = self.recorder {
            let reason = reason.to_owned();
            recorder.add(Item::End { at, reason });
            recorder.finish()?;
        }
        Ok(())
    }
}

async fn play(
    args: DemoArgs,
    set: Setting,
    journal: Journal,
    mut show: Show,
    lang: Language,
) -> Result<Option<Console>, Failure> {
    let sandbox = Sandbox::new(&set.network, args.seed, START);
    let journal = Arc::new(journal);
    let bus: Arc<dyn Bus> = match Elsewhere::of(&args) {
        Some(place) => elsewhere::serve(&place, &sandbox, Arc::clone(&journal)).await?,
        None => Arc::new(EmbeddedBus::start(BUS_CAPACITY)),
    };
    let outside = Outside::new(&set, args.seed, Arc::clone(&bus), sandbox.driver())?;
    let Setting {
        network,
        catalog,
        config,
        memory,
        listener,
        path,
        ..
    } = set;
    let orders = Arc::new(Orders::default());
    let console = match listener {
        Some(listener) => {
            let desk = DemoDesk::new(Arc::clone(&bus), Arc::clone(&orders));
            let house = House::new(Source::new(&path))
                .with_network(network.clone())
                .with_scorer(Arc::new(PageScorer));
            Some(open(listener, house.with_desk(Arc::new(desk)), lang)?)
        }
        None => None,
    };
    let ground = Ground {
        bus: Arc::clone(&bus),
        journal: Arc::clone(&journal),
        driver: Arc::clone(&outside.driver),
        catalog: Arc::new(catalog),
        network: network.name.clone(),
        seed: Some(args.seed),
        memory,
        now: START,
        share: None,
        resume: None,
    };
    let mode = config.mode;
    let mut swarm = None;
    if args.bus.is_none() {
        swarm = Some(Swarm::start(ground, config).await?);
    }
    show.opening(&network, args.seed);
    let campaign = CampaignConfig {
        faults: args.incidents as usize,
        kinds: kinds(&args),
        seed: args.seed,
        ..CampaignConfig::default()
    };
    let mut campaign = Campaign::new(
        sandbox,
        Arc::clone(&outside.bus),
        Arc::clone(&journal),
        campaign,
    );
    let stop = Arc::new(AtomicBool::new(false));
    if mode == Mode::Approve {
        let url = console.as_ref().map(|c| c.url.clone());
        campaign = campaign.with_approver(approver(orders, url, Arc::clone(&stop), lang));
    }
    let watch = watch_ctrl_c(Arc::clone(&stop))?;
    let pace = Pace::new(args.speed, args.json);
    let mut broken = None;
    let mut listen = |happening: Happening<'_>| {
        if let (Happening::Tick(now), Some(swarm)) = (&happening, &mut swarm) {
            broken = swarm.tell_drops(*now).err();
        }
        if matches!(happening, Happening::Tick(_)) && show.past_warm_up {
            pace.wait();
        }
        show.tell(&happening);
        if stop.load(Ordering::Relaxed) || broken.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let outcome = campaign.run(&mut listen).await;
    drop(watch);
    let reason = if stop.load(Ordering::Relaxed) {
        "interrupted"
    } else {
        "the campaign is over"
    };
    if let Some(swarm) = swarm {
        swarm.drain(campaign.now(), reason).await?;
    } else {
        bus.close().await;
        journal.seal(campaign.now())?;
    }
    outside.close(campaign.now(), reason)?;
    let (results, summary) = outcome?;
    show.closing(&results, &summary)?;
    Ok(console)
}

/// The faults that may happen.
fn kinds(args: &DemoArgs) -> Vec<FaultKind> {
    if args.fault.is_empty() {
        return FaultKind::ALL.to_vec();
    }
    args.fault.clone()
}

/// Opens the dashboard over the demo's own journal and bus, and says where.
fn open(listener: TcpListener, house: House, lang: Language) -> Result<Console, Failure> {
    let console = Console::start(listener, house)?;
    eprintln!("{} {}", pick(lang, "dashboard:", "面板："), console.url);
    Ok(console)
}

/// Asks on the dashboard at `url`, or without one on the terminal.
fn approver(
    orders: Arc<Orders>,
    url: Option<String>,
    stop: Arc<AtomicBool>,
    lang: Language,
) -> Approver {
    Box::new(move |plan| match &url {
        Some(url) => orders.wait_for(plan, &stop, url, lang),
        None => Some(ask(plan, lang)),
    })
}

/// Sets `stop` at Ctrl-C, until what it gives back is dropped. On a thread of its own: the one of the swarm stands still
/// while a person is asked.
fn watch_ctrl_c(stop: Arc<AtomicBool>) -> Result<oneshot::Sender<()>, Failure> {
    let (watch, over) = oneshot::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let body = async move {
        tokio::select! {
            _ = over => {}
            Ok(()) = tokio::signal::ctrl_c() => {
                stop.store(true, Ordering::Relaxed);
                eprintln!("\nstopping: what has begun is brought to an end, then the journal is sealed");
            }
        }
    };
    let thread = std::thread::Builder::new().name("ctrl-c".to_owned());
    thread.spawn(move || runtime.block_on(body))?;
    Ok(watch)
}

/// How long one interval of network time takes.
struct Pace(Option<Duration>);

impl Pace {
    fn new(speed: Option<f64>, json: bool) -> Self {
        let speed = speed.unwrap_or(if json { 0.0 } else { 60.0 });
        Self((speed > 0.0).then(|| Duration::from_secs_f64(INTERVAL_S / speed)))
    }

    /// Blocking is right here: the whole swarm lives on this thread and has nothing to do until the next interval.
    fn wait(&self) {
        if let Some(pause) = self.0 {
            std::thread::sleep(pause);
        }
    }
}

/// Asks on the terminal. No answer, or no terminal, is a no. The network's time stands still meanwhile, so the real time
/// that the person took is told with the answer.
#[expect(
    clippy::disallowed_methods,
    reason = "measures a person at the terminal, at the edge of the process"
)]
fn ask(plan: &Plan, lang: Language) -> Approval {
    let mut out = std::io::stderr().lock();
    let title = pick(lang, "Approve this plan?", "是否批准该方案？");
    let _ = writeln!(
        out,
        "\n{title} {} [{}]",
        plan.playbook,
        plan.fingerprint.short()
    );
    for step in &plan.steps {
        let _ = writeln!(out, "  {}", action(&step.action, lang));
    }
    let _ = write!(out, "{} ", pick(lang, "yes or no:", "输入 yes 或 no："));
    let _ = out.flush();
    let shown = std::time::Instant::now();
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line).unwrap_or(0);
    let considered_ms = u64::try_from(shown.elapsed().as_millis()).ok();
    let granted = read > 0 && matches!(line.trim(), "y" | "yes" | "是" | "同意");
    Approval {
        fingerprint: plan.fingerprint.clone(),
        revision: None,
        granted,
        by: "terminal".to_owned(),
        reason: if granted {
            String::new()
        } else {
            "refused at the terminal".to_owned()
        },
        considered_ms,
    }
}

/// What is printed.
struct Show {
    lang: Language,
    json: bool,
    timeline: Timeline,
    progress: ProgressBar,
    past_warm_up: bool,
    total: u32,
    faults: u32,
    doubles: u32,
}

impl Show {
    fn new(args: &DemoArgs, lang: Language) -> Self {
        let progress = if std::io::stderr().is_terminal() {
            ProgressBar::new(100)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {percent} %") {
            progress.set_style(style);
        }
        Self {
            lang,
            json: args.json,
            timeline: Timeline::new(lang),
            progress,
            past_warm_up: false,
            total: args.incidents,
            faults: 0,
            doubles: 0,
        }
    }

    fn opening(&self, network: &Network, seed: u64) {
        if self.json {
            return;
        }
        let name = match self.lang {
            Language::En => &network.title.en,
            Language::Zh => &network.title.zh,
        };
        let counts = [
            network.routers.len(),
            network.links.len(),
            network.sites.len(),
            network.gateways.len(),
            network.cells.len(),
        ];
        let [routers, links, sites, gateways, cells] = counts;
        match self.lang {
            Language::En => println!(
                "Zizhi on {name}: {routers} routers, {links} links, {sites} compute sites, {gateways} gateways, {cells} cells (seed {seed}).\n\
                 Four domain agents learn what is usual; then the network breaks, again and again."
            ),
            Language::Zh => println!(
                "自智运行于{name}：{routers} 台路由器、{links} 条链路、{sites} 个算力节点、{gateways} 个服务网关、{cells} 个接入小区（种子 {seed}）。\n\
                 四个领域智能体先学习常态，随后网络将接连出现故障。"
            ),
        }
    }

    fn tell(&mut self, happening: &Happening<'_>) {
        match happening {
            Happening::WarmUp { done_ms, of_ms } => self.warm_up(*done_ms, *of_ms),
            Happening::Record(record) if self.json => {
                let _ = json_line(&serde_json::json!({ "record": record }));
            }
            Happening::Judged(result) if self.json => {
                let _ = json_line(&serde_json::json!({ "result": result }));
            }
            _ if self.json => {}
            Happening::Fault(truth) => {
                self.faults += 1;
                let [text, colon] = [
                    pick(self.lang, "Fault", "故障"),
                    pick(self.lang, ": ", "："),
                ];
                let title = format!(
                    "{text} {}/{}{colon}{} — {}",
                    self.faults,
                    self.total,
                    label(truth.kind, self.lang),
                    object(&truth.object, self.lang)
                );
                self.timeline.begin(&title);
            }
            Happening::Double(double) => {
                self.doubles += 1;
                let text = pick(self.lang, "No fault, only loud", "无故障的干扰");
                let title = match self.lang {
                    Language::En => &double.title.en,
                    Language::Zh => &double.title.zh,
                };
                let colon = pick(self.lang, ": ", "：");
                self.timeline
                    .begin(&format!("{text} {}{colon}{title}", self.doubles));
            }
            Happening::Skipped(kind) => {
                let text = pick(
                    self.lang,
                    "left out, this network cannot have it:",
                    "已跳过，该网络不会出现：",
                );
                println!("\n{text} {}", label(*kind, self.lang));
            }
            Happening::Record(record) if self.past_warm_up => self.timeline.show(record),
            Happening::Judged(result) => self.judged(result),
            Happening::Record(_) | Happening::Tick(_) | Happening::Repaired(_) => {}
        }
    }

    fn warm_up(&mut self, done_ms: u64, of_ms: u64) {
        self.past_warm_up = done_ms >= of_ms;
        self.progress.set_length(of_ms);
        self.progress.set_position(done_ms);
        self.progress
            .set_message(pick(self.lang, "learning what is usual", "学习常态"));
        if self.past_warm_up {
            self.progress.finish_and_clear();
        }
    }

    fn judged(&self, result: &SlotResult) {
        let text = match (result.double, result.acted, result.fixed) {
            (true, false, _) => pick(
                self.lang,
                "=> nothing was done, as it should be",
                "=> 未采取动作，符合预期",
            ),
            (true, true, _) => pick(
                self.lang,
                "=> acted although nothing was wrong",
                "=> 无故障却采取了动作",
            ),
            (false, _, true) => pick(
                self.lang,
                "=> fixed, and in truth no user is hurt any more",
                "=> 已修复，真实状态下用户不再受影响",
            ),
            (false, _, false) => pick(self.lang, "=> not fixed by the swarm", "=> 未能自动修复"),
        };
        println!("{:>19}  {text}", "");
    }

    fn closing(&self, results: &[SlotResult], summary: &Summary) -> Result<(), Failure> {
        if self.json {
            // A map of one entry, and not `json!`, which would sort the summary's own fields.
            return json_line(&BTreeMap::from([("summary", summary)]));
        }
        println!("\n{}", table(results, self.lang));
        match self.lang {
            Language::En => println!(
                "{} faults: {} detected, {} with the right cause first, {} fixed, {} harmful actions left; {} doubles, {} acted on.",
                summary.faults,
                summary.detected,
                summary.cause_top1,
                summary.fixed,
                summary.harmful,
                summary.doubles,
                summary.acted_on_doubles
            ),
            Language::Zh => println!(
                "故障 {} 个：发现 {} 个，根因首位正确 {} 个，修复 {} 个，遗留有害动作 {} 个；干扰 {} 个，误动作 {} 个。",
                summary.faults,
                summary.detected,
                summary.cause_top1,
                summary.fixed,
                summary.harmful,
                summary.doubles,
                summary.acted_on_doubles
            ),
        }
        Ok(())
    }
}

fn table(results: &[SlotResult], lang: Language) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    table.set_header(match lang {
        Language::En => [
            "fault",
            "detected",
            "cause right",
            "action",
            "fixed",
            "harmful",
            "detect",
            "repair",
        ],
        Language::Zh => [
            "故障",
            "发现",
            "根因正确",
            "动作",
            "修复",
            "有害",
            "发现用时",
            "修复用时",
        ],
    });
    for r in results {
        let yes = |b: bool| {
            if b {
                pick(lang, "yes", "是")
            } else {
                pick(lang, "no", "否")
            }
        };
        let time = |s: Option<f64>| s.map_or_else(|| "-".to_owned(), |s| format!("{s:.0} s"));
        let (fault, detected, right, fixed) = if r.double {
            let mark = pick(lang, "(double) ", "（干扰）");
            let fault = format!("{mark}{}", label(r.fault, lang));
            (fault, "-", "-", "-")
        } else {
            let fault = format!("{} {}", label(r.fault, lang), r.object.name());
            (fault, yes(r.detected), yes(r.cause_right), yes(r.fixed))
        };
        let did = if r.actions.is_empty() {
            "-".to_owned()
        } else {
            r.actions.join("; ")
        };
        table.add_row([
            fault,
            detected.to_owned(),
            right.to_owned(),
            did,
            fixed.to_owned(),
            r.harmful.to_string(),
            time(r.detect_s),
            time(r.repair_s),
        ]);
    }
    table
}
