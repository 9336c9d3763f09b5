//! What all parts of a running lab share: its plan, its folder, and the starting and ending of its processes.
//!
//! In: names of routers and instances. Out: processes, recorded in the state file. Called by `up`, drivers and faults.

use super::clock::Stopwatch;
use super::command::run;
use super::error::LabError;
use super::frr::{self, Daemon};
use super::gateway::GatewayConfig;
use super::plan::{ANSWER_BYTES, GATEWAY_PORT, InstancePlan, Plan, RouterPlan};
use super::process::{MARK, Process, end};
use super::rootless;
use super::service::ServiceConfig;
use super::state::{LabId, StateFile};
use super::steering::Target;
use super::vty::{Vty, VtyError};
use nix::unistd::{Gid, Group, Uid, User, chown};
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How a lab is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabConfig {
    /// Its name.
    pub id: LabId,
    /// Where labs keep their folders. The path must be short: unix sockets live in it.
    pub root: PathBuf,
    /// The program with its first arguments that runs [`super::worker::run`].
    pub worker: Vec<String>,
    /// Whether the lab lives on when this process ends.
    pub keep: bool,
}

impl LabConfig {
    /// A lab in `/run/zizhi-lab` whose workers are this very program under its hidden `lab-worker` command.
    pub fn new(id: LabId) -> Result<Self, LabError> {
        let program = std::env::current_exe().map_err(LabError::file("find", "this program"))?;
        Ok(Self {
            id,
            root: PathBuf::from("/run/zizhi-lab"),
            worker: vec![program.to_string_lossy().into_owned(), "lab-worker".into()],
            keep: false,
        })
    }
}

/// Where distributions put FRR's daemons; Debian's place first.
const DAEMON_FOLDERS: [&str; 4] = [
    "/usr/lib/frr",
    "/usr/libexec/frr",
    "/usr/local/sbin",
    "/usr/sbin",
];

/// The folder with zebra and its companions.
pub fn daemon_folder() -> Option<&'static Path> {
    let has = |folder: &&str| Path::new(folder).join("zebra").is_file();
    DAEMON_FOLDERS.into_iter().find(has).map(Path::new)
}

/// A lab's plan, folder and processes.
#[derive(Debug)]
pub struct Rig {
    config: LabConfig,
    plan: Plan,
    folder: PathBuf,
    daemons: PathBuf,
    state: Mutex<StateFile>,
}

impl Rig {
    /// Takes a lab whose state file is there.
    pub fn new(config: LabConfig, state: StateFile) -> Result<Self, LabError> {
        let daemons = daemon_folder().ok_or_else(|| {
            LabError::Missing("no FRR daemons: install them with `apt install frr`".into())
        })?;
        Ok(Self {
            plan: Plan::three_domain(),
            folder: state.folder().to_owned(),
            daemons: daemons.to_owned(),
            state: Mutex::new(state),
            config,
        })
    }

    /// What is built.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Which lab.
    pub const fn id(&self) -> &LabId {
        &self.config.id
    }

    /// Where labs keep their folders.
    pub fn root(&self) -> PathBuf {
        self.config.root.clone()
    }

    /// Whether the lab lives on when its owner ends.
    pub fn keeps(&self) -> bool {
        self.state().state().keep
    }

    /// The folder of a node: sockets, configurations, logs.
    pub fn node_folder(&self, node: &str) -> PathBuf {
        self.folder.join(node)
    }

    /// What was started and is written down, alive or not.
    pub fn processes(&self) -> Vec<Process> {
        self.state().state().processes.clone()
    }

    /// The living processes of a node.
    pub fn living(&self, node: &str) -> Vec<Process> {
        let mut processes = self.processes();
        processes.retain(|p| p.node == node && p.is_alive());
        processes
    }

    fn state(&self) -> MutexGuard<'_, StateFile> {
        // A holder that died left the last whole state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a node's folder.
    pub fn prepare(&self, node: &str) -> Result<(), LabError> {
        let folder = self.node_folder(node);
        std::fs::create_dir_all(&folder).map_err(LabError::file("create", &folder))?;
        own(&folder)
    }

    /// Starts the first daemon of a router; the others need it.
    pub fn start_zebra(&self, router: &RouterPlan) -> Result<(), LabError> {
        let socket = self.node_folder(&router.id).join("zserv.api");
        let _ = std::fs::remove_file(socket);
        self.start_daemon(router, Daemon::Zebra)
    }

    /// Starts the other daemons of a router once zebra listens.
    pub fn start_protocols(&self, router: &RouterPlan) -> Result<(), LabError> {
        let socket = self.node_folder(&router.id).join("zserv.api");
        wait(
            "the start of zebra",
            10,
            || socket.exists(),
            || router.id.clone(),
        )?;
        let [_, protocols @ ..] = Daemon::of(router);
        protocols
            .into_iter()
            .try_for_each(|d| self.start_daemon(router, d))
    }

    fn start_daemon(&self, router: &RouterPlan, daemon: Daemon) -> Result<(), LabError> {
        let folder = self.node_folder(&router.id);
        let file = |suffix: &str| folder.join(format!("{}.{suffix}", daemon.name()));
        let text = frr::config(&self.plan, router, daemon, &folder);
        let path = file("conf");
        std::fs::write(&path, text).map_err(LabError::file("write", &path))?;
        own(&path)?;
        let user = if rootless::is_inside() { "root" } else { "frr" };
        let show = |path: &Path| path.to_string_lossy().into_owned();
        let program = show(&self.daemons.join(daemon.name()));
        let arguments = [
            &program,
            "--vty_socket",
            &show(&folder),
            "-z",
            &show(&folder.join("zserv.api")),
            "-i",
            &show(&file("pid")),
            "-f",
            &show(&path),
            "-P",
            "0",
            "-u",
            user,
            "-g",
            user,
        ];
        self.spawn(&router.id, daemon.name(), &arguments)
    }

    /// Kills all daemons of a router, as a power cut would.
    pub fn stop_node(&self, node: &str) -> Result<(), LabError> {
        end(&self.living(node))?;
        self.state().forget(|p| p.node == node && !p.is_alive())
    }

    /// Starts a service instance.
    pub fn start_instance(&self, instance: &InstancePlan) -> Result<(), LabError> {
        let config = ServiceConfig {
            listen: SocketAddr::from((instance.address, instance.port)),
            workers: instance.workers,
            base_ms: instance.base_ms,
            url_path: instance.url_path.clone(),
            answer_bytes: ANSWER_BYTES,
        };
        self.start_worker(&instance.host, &instance.id, "http-service", &config)
    }

    /// The living process of an instance.
    pub fn instance_process(&self, instance: &InstancePlan) -> Option<Process> {
        let processes = self.living(&instance.host);
        processes.into_iter().find(|p| p.what == instance.id)
    }

    /// Whether the instance's port is open, seen in the kernel's own table of the namespace.
    pub fn listens(&self, instance: &InstancePlan) -> bool {
        let Some(process) = self.instance_process(instance) else {
            return false;
        };
        let table = std::fs::read_to_string(format!("/proc/{}/net/tcp", process.pid));
        let port = format!(":{:04X}", instance.port);
        table.is_ok_and(|text| {
            // Local address, remote address, state; 0A is LISTEN.
            let mut rows = text
                .lines()
                .map(|l| l.split_whitespace().collect::<Vec<_>>());
            rows.any(|f| matches!(f.as_slice(), [_, local, _, "0A", ..] if local.ends_with(&port)))
        })
    }

    /// Starts the gateway.
    pub fn start_gateway(&self) -> Result<(), LabError> {
        let (host, id) = self
            .plan
            .gateway_host()
            .ok_or_else(|| LabError::NoObject("gateway".into()))?;
        let target = |i: &InstancePlan| Target {
            id: i.id.clone(),
            address: SocketAddr::from((i.address, i.port)),
            price: i.price,
            capacity_rps: f64::from(i.workers) * 1000.0 / i.base_ms,
        };
        let network = &self.plan.network;
        let control = self.control_socket();
        let _ = std::fs::remove_file(&control);
        let config = GatewayConfig {
            listen: SocketAddr::from((host.address, GATEWAY_PORT)),
            control,
            targets: self.plan.instances.iter().map(target).collect(),
            groups: network
                .groups
                .iter()
                .map(|g| (g.id.clone(), g.prefer))
                .collect(),
            url_path: network
                .services
                .first()
                .map(|s| s.url_path.clone())
                .unwrap_or_default(),
        };
        self.start_worker(&host.id, id, "gateway", &config)
    }

    /// Where the gateway takes commands.
    pub fn control_socket(&self) -> PathBuf {
        let host = self.plan.gateway_host().map_or("gw1", |(h, _)| &h.id);
        self.node_folder(host).join("control.sock")
    }

    fn start_worker(
        &self,
        node: &str,
        what: &str,
        kind: &str,
        config: &impl serde::Serialize,
    ) -> Result<(), LabError> {
        let path = self.node_folder(node).join(format!("{kind}.json"));
        let text = serde_json::to_string_pretty(config)
            .map_err(|e| LabError::file("write", &path)(std::io::Error::other(e)))?;
        std::fs::write(&path, text).map_err(LabError::file("write", &path))?;
        let path = path.to_string_lossy();
        let mut arguments: Vec<&str> = self.config.worker.iter().map(String::as_str).collect();
        arguments.extend([kind, &path]);
        self.spawn(node, what, &arguments)
    }

    /// Starts a program inside a node's namespace and writes it down.
    fn spawn(&self, node: &str, what: &str, program: &[&str]) -> Result<(), LabError> {
        let failed = |reason: String| LabError::Command {
            program: program.join(" "),
            reason,
        };
        let log_path = self.node_folder(node).join(format!("{what}.out"));
        let log = File::create(&log_path).map_err(LabError::file("create", &log_path))?;
        let errors = log.try_clone().map_err(LabError::file("open", &log_path))?;
        // The state is locked before the start, so that no stop can come between the start and the record of it.
        let mut state = self.state();
        let child = Command::new("ip")
            .args(["netns", "exec", &self.config.id.namespace(node)])
            .args(program)
            .env(MARK, self.config.id.as_str())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|e| failed(e.to_string()))?;
        let pid = i32::try_from(child.id()).map_err(|e| failed(e.to_string()))?;
        let process =
            Process::find(pid, node, what).ok_or_else(|| failed("it ended at once".into()))?;
        state.add(process)
    }

    /// A session with one daemon of a router.
    pub fn vty(&self, router: &str, daemon: Daemon) -> Result<Vty, LabError> {
        let socket = self
            .node_folder(router)
            .join(format!("{}.vty", daemon.name()));
        Vty::open(&socket).map_err(|e| refused(router, daemon, &e))
    }

    /// Checks a configuration text with FRR's own parser before it is given to a daemon.
    pub fn check_config(&self, text: &str) -> Result<(), LabError> {
        let path = self
            .folder
            .join(format!("check-{}.conf", std::process::id()));
        std::fs::write(&path, text).map_err(LabError::file("write", &path))?;
        let result = run("vtysh", &["-C", "-f", &path.to_string_lossy()]);
        let _ = std::fs::remove_file(&path);
        result.map(drop)
    }
}

/// Says which daemon gave a bad answer.
pub fn refused(router: &str, daemon: Daemon, error: &VtyError) -> LabError {
    LabError::Router {
        router: router.to_owned(),
        daemon: daemon.name(),
        reason: error.to_string(),
    }
}

/// Waits until something is true; asks every 5 ms.
pub fn wait(
    what: &'static str,
    seconds: u64,
    mut done: impl FnMut() -> bool,
    state: impl FnOnce() -> String,
) -> Result<(), LabError> {
    let started = Stopwatch::start();
    while !done() {
        if started.elapsed() > Duration::from_secs(seconds) {
            return Err(LabError::Timeout {
                what,
                seconds,
                state: state(),
            });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Gives a path to FRR's user; where we are not really root there is no other user and nothing to give.
fn own(path: &Path) -> Result<(), LabError> {
    if rootless::is_inside() {
        return Ok(());
    }
    let (user, group) = frr_user()?;
    chown(path, Some(user), Some(group)).map_err(|source| LabError::System {
        what: format!("give {} to frr", path.display()),
        source,
    })
}

/// The user that FRR's package makes.
pub fn frr_user() -> Result<(Uid, Gid), LabError> {
    let missing = || LabError::Missing("no user `frr`: install FRR with `apt install frr`".into());
    let user = User::from_name("frr").ok().flatten().ok_or_else(missing)?;
    let group = Group::from_name("frr").ok().flatten().ok_or_else(missing)?;
    Ok((user.uid, group.gid))
}
