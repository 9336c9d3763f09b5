//! `zizhi run`: the swarm, or the agents of some domains, on a network that is not simulated here.

pub mod config;
mod ingest;
mod own;
mod tell;
mod watchable;

use super::no_driver::NoDriver;
use super::{json_line, pick};
use crate::args::run::{ClockArg, RunArgs};
use crate::fail::Failure;
use config::{DriverConfig, RunConfig};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tell::{Republish, read_records};
use watchable::{Queues, Watched, Watcher};
use zizhi_agents::remote::RemoteDriver;
use zizhi_agents::tenure::Tenure;
use zizhi_agents::{Ground, Resume, Share, Swarm, SwarmConfig};
use zizhi_bus::clock::wall;
use zizhi_bus::journal::{Journal, SigningKey};
use zizhi_bus::nats::NatsBus;
use zizhi_bus::{Bus, EmbeddedBus, Leases};
use zizhi_evaluation::sandbox::network;
use zizhi_playbooks::{Catalog, Driver};
use zizhi_types::text::Language;
use zizhi_types::{Domain, NetTime, Network, Record, Stage};

/// Messages that wait on the embedded bus before telemetry is dropped.
const BUS_CAPACITY: usize = 65_536;

/// Runs until it is told to stop.
pub fn run(args: RunArgs, lang: Language) -> Result<ExitCode, Failure> {
    let mut config = RunConfig::load(&args)?;
    if let Some(file) = &config.policy {
        config.agent.executor.policy = super::policy::load(file)?;
    }
    let policy = config.agent.executor.policy.compile()?;
    config.agent.executor.kill_file = Some(super::kill::file(&config.data));
    let network = network::load(&config.network)?;
    let catalog = match &config.playbooks {
        Some(folder) => Catalog::load_dir(folder)?,
        None => Catalog::builtin()?,
    };
    let earned = super::playbook::promote::overlay(&config.data)?;
    config.agent.executor.accepted = earned.clone();
    let shipped = Catalog::builtin()?;
    let catalog = catalog.with_modes(|playbook| earned.mode_of(playbook, &policy, &shipped));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let told = Told {
        json: args.json,
        lang,
    };
    runtime.block_on(live(config, network, catalog, told))
}

/// How what happens is told to whoever started it.
#[derive(Clone, Copy)]
struct Told {
    json: bool,
    lang: Language,
}

impl Told {
    fn started(
        self,
        config: &RunConfig,
        journal: &Path,
        resumed: bool,
        metrics: Option<SocketAddr>,
    ) -> Result<(), Failure> {
        let domains: Vec<&str> = config.domains().iter().map(|d| d.as_str()).collect();
        if self.json {
            return json_line(&serde_json::json!({ "started": {
                "domains": domains,
                "network": config.network,
                "journal": journal,
                "resumed": resumed,
                "metrics": metrics,
            }}));
        }
        let verb = match (self.lang, resumed) {
            (Language::En, false) => "running",
            (Language::En, true) => "running again",
            (Language::Zh, false) => "已启动",
            (Language::Zh, true) => "已恢复运行",
        };
        println!(
            "{verb}: {} [{}] -> {}",
            domains.join(", "),
            config.network,
            journal.display()
        );
        if let Some(address) = metrics {
            println!("http://{address}/metrics");
        }
        Ok(())
    }

    fn record(self, record: &Record) {
        if self.json {
            let _ = json_line(&serde_json::json!({ "record": record }));
        } else if record.incident.is_some() || matches!(record.stage, Stage::Swarm | Stage::Learn) {
            let sentence = zizhi_types::text::sentence(record, self.lang);
            println!("{} {sentence}", record.at);
        }
    }
}

/// The buses behind one port, and the leases where there are peers.
struct Meeting {
    bus: Arc<dyn Bus>,
    leases: Option<Arc<dyn Leases>>,
}

async fn meet(config: &RunConfig) -> Result<Meeting, Failure> {
    let Some(nats) = &config.bus else {
        return Ok(Meeting {
            bus: Arc::new(EmbeddedBus::start(BUS_CAPACITY)),
            leases: None,
        });
    };
    let bus = NatsBus::connect(nats.clone(), &config.name()).await?;
    Ok(Meeting {
        leases: Some(Arc::new(bus.leases())),
        bus: Arc::new(bus),
    })
}

async fn live(
    config: RunConfig,
    network: Network,
    catalog: Catalog,
    told: Told,
) -> Result<ExitCode, Failure> {
    let stop = stop_signal()?;
    std::fs::create_dir_all(&config.data)?;
    let meeting = meet(&config).await?;
    // The journal is opened last: its lock, and the domains' leases, keep two processes from acting for one domain.
    let tenures = take_leases(&config, meeting.leases.as_ref()).await?;
    let (path, journal, old) = open_journal(&config)?;
    let journal = Arc::new(journal);
    let resumed = !old.is_empty();
    let share = share(&config, &meeting.bus, tenures.clone())?;
    let ground = Ground {
        bus: Arc::clone(&meeting.bus),
        journal: Arc::clone(&journal),
        driver: common_driver(&config)?,
        catalog: Arc::new(catalog),
        network: network.name.clone(),
        seed: None,
        memory: vec![],
        now: old.last().map_or_else(|| first_time(&config), |r| r.at),
        share,
        resume: resumed.then(|| Resume::from_records(&old)),
    };
    let swarm_config = SwarmConfig {
        mode: config.mode,
        agent: config.agent.clone(),
        screener: config.screener(),
    };
    let domains = config.domains();
    let first = domains.first().copied().unwrap_or(Domain::Transport);
    let accounts = ingest::Accounts::default();
    let queues = Queues::default();
    let watched = Watched {
        bus: Arc::clone(&meeting.bus),
        journal: Arc::clone(&journal),
        accounts: accounts.clone(),
        tenures: tenures.values().cloned().collect(),
        queues: queues.clone(),
    };
    let mut watcher = Watcher::start(
        &config.telemetry,
        &config.name(),
        network.name.clone(),
        config.clock == ClockArg::Wall,
        watched,
    )
    .await?;
    watcher.resume(&old);
    let republish = Republish::new(
        Arc::clone(&meeting.bus),
        Arc::clone(&journal),
        &path,
        first,
        old,
    );
    let address = watcher.address();
    let watcher = Arc::new(Mutex::new(watcher));
    let looking = Arc::clone(&watcher);
    let time = Time::of(&config, ground.now);
    let passing = time.clone();
    let telling = republish.start(move |record| {
        passing.0.latest.fetch_max(record.at.0, Ordering::Relaxed);
        told.record(record);
        looking
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .observe(record);
    });
    let mut swarm = Swarm::start(ground, swarm_config).await?;
    if let Some(screening) = swarm.screening() {
        queues.add("screener", screening.waiting());
    }
    let mut tasks = vec![];
    if config.clock == ClockArg::Wall {
        let interval = std::time::Duration::from_secs(config.interval_s);
        let bus = || Arc::clone(&meeting.bus);
        tasks.push(tell::inventory(bus(), domains.clone(), network).await?);
        tasks.push(tell::clock(bus(), domains, interval));
    }
    let listening = ingest::start(&config, Arc::clone(&meeting.bus), accounts).await?;
    if let Some(listening) = &listening {
        let intake = listening.intake();
        queues.add("ingest", move || intake.waiting() as u64);
    }
    told.started(&config, &path, resumed, address)?;
    let ended = watch(stop, &mut swarm, &journal, &time, &watcher).await;
    if let Some(listening) = listening {
        listening.stop().await;
    }
    for task in tasks {
        task.abort();
    }
    swarm.pause(time.now(), why(&ended)).await?;
    telling.abort();
    let _ = telling.await;
    if let Some(watcher) = Arc::into_inner(watcher) {
        let watcher = watcher.into_inner().unwrap_or_else(PoisonError::into_inner);
        watcher.stop().await;
    }
    ended.map(|()| ExitCode::SUCCESS)
}

const fn why(ended: &Result<(), Failure>) -> &'static str {
    match ended {
        Ok(()) => "interrupted",
        Err(_) => "the journal cannot be written",
    }
}

/// What the process itself takes for now: the machine's clock, or the newest record's where the network tells the time.
#[derive(Clone)]
struct Time(Arc<Known>);

struct Known {
    is_wall: bool,
    latest: AtomicU64,
}

impl Time {
    fn of(config: &RunConfig, start: NetTime) -> Self {
        Self(Arc::new(Known {
            is_wall: config.clock == ClockArg::Wall,
            latest: AtomicU64::new(start.0),
        }))
    }

    fn now(&self) -> NetTime {
        if self.0.is_wall {
            return wall();
        }
        NetTime(self.0.latest.load(Ordering::Relaxed))
    }
}

/// The network's time before anybody told it.
fn first_time(config: &RunConfig) -> NetTime {
    match config.clock {
        ClockArg::Wall => wall(),
        ClockArg::Bus => NetTime(0),
    }
}

async fn take_leases(
    config: &RunConfig,
    leases: Option<&Arc<dyn Leases>>,
) -> Result<BTreeMap<Domain, Arc<Tenure>>, Failure> {
    let mut tenures = BTreeMap::new();
    let Some(leases) = leases else {
        return Ok(tenures);
    };
    let holder = format!("{} (process {})", config.name(), std::process::id());
    for domain in config.domains() {
        let tenure = Tenure::take(Arc::clone(leases), domain, &holder, config.lease()).await?;
        tenures.insert(domain, Arc::new(tenure));
    }
    Ok(tenures)
}

fn open_journal(config: &RunConfig) -> Result<(PathBuf, Journal, Vec<Record>), Failure> {
    let name = config.name();
    let path = config.data.join(format!("{name}.jsonl"));
    let key = SigningKey::load_or_create(&config.data.join("keys"), &name)?;
    let (journal, reopened) = Journal::create_or_open(&path)?;
    if let Some(torn) = reopened.and_then(|r| r.torn) {
        tracing::warn!(kept = %torn.kept.display(), "the last line of the journal was incomplete and was cut off");
    }
    let old = read_records(&path)?;
    Ok((path, journal.named(&name).signed(key)?, old))
}

fn own_file(config: &RunConfig) -> Option<&Path> {
    let own = config.driver == DriverConfig::Own;
    config.drivers.as_deref().filter(|_| own)
}

/// What changes the network of every domain that has no driver of its own.
fn common_driver(config: &RunConfig) -> Result<Arc<dyn Driver>, Failure> {
    match own_file(config) {
        // With peers each domain has its own, which knows the domain's term.
        Some(file) if config.bus.is_none() => {
            let scope = scope(config, &BTreeMap::new())?;
            own::driver(config, "swarm", own::network(file)?, scope, None)
        }
        _ => Ok(Arc::new(NoDriver)),
    }
}

/// Which part of the swarm this process is; nothing where it is the whole of it.
fn share(
    config: &RunConfig,
    bus: &Arc<dyn Bus>,
    tenures: BTreeMap<Domain, Arc<Tenure>>,
) -> Result<Option<Share>, Failure> {
    if config.bus.is_none() {
        return Ok(None);
    }
    let mut drivers: BTreeMap<Domain, Arc<dyn Driver>> = BTreeMap::new();
    if config.driver == DriverConfig::Bus {
        let scope = scope(config, &tenures)?;
        for (domain, tenure) in &tenures {
            let (bus, tenure) = (Arc::clone(bus), Some(Arc::clone(tenure)));
            let driver = RemoteDriver::new(bus, *domain, scope.clone(), tenure);
            drivers.insert(*domain, Arc::new(driver));
        }
    }
    if let Some(file) = own_file(config) {
        let network = own::network(file)?;
        let scope = scope(config, &tenures)?;
        for (domain, tenure) in &tenures {
            let (network, tenure) = (Arc::clone(&network), Some(Arc::clone(tenure)));
            let driver = own::driver(config, domain.as_str(), network, scope.clone(), tenure)?;
            drivers.insert(*domain, driver);
        }
    }
    Ok(Some(Share { tenures, drivers }))
}

/// What tells the keys of this journal from those of any other: made once, kept beside the journal.
fn scope(config: &RunConfig, tenures: &BTreeMap<Domain, Arc<Tenure>>) -> Result<String, Failure> {
    let path = config.data.join(format!("{}.scope", config.name()));
    if let Ok(kept) = std::fs::read_to_string(&path) {
        return Ok(kept.trim().to_owned());
    }
    // Without a lease the time tells this journal from one that stood here before.
    let term = tenures.values().map(|t| t.term().0).max();
    let scope = format!("{}.{}", config.name(), term.unwrap_or_else(|| wall().0));
    std::fs::write(&path, &scope)?;
    Ok(scope)
}

/// Until it is told to stop, or the journal fails: nothing happens unrecorded.
async fn watch(
    stop: impl Future<Output = ()>,
    swarm: &mut Swarm,
    journal: &Journal,
    time: &Time,
    watcher: &Mutex<Watcher>,
) -> Result<(), Failure> {
    let mut stop = std::pin::pin!(stop);
    let mut looks = tokio::time::interval(std::time::Duration::from_secs(1));
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            _ = looks.tick() => {
                journal.flush()?;
                swarm.tell_drops(time.now())?;
                let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
                watcher.tick(time.now());
            }
        }
    }
}

/// Ctrl-c, or what a service's keeper sends.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        eprintln!("{}", pick(Language::En, "stopping", "正在停止"));
    })
}
