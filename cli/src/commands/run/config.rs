//! `zizhi.toml`: what a process of the swarm is, and whom it talks to.

use crate::args::run::{ClockArg, RunArgs};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zizhi_agents::AgentConfig;
use zizhi_agents::screener::ScreenerConfig;
use zizhi_bus::IngestConfig;
use zizhi_bus::nats::NatsConfig;
use zizhi_types::Domain;
use zizhi_types::plan::Mode;

/// The whole file. What it does not name keeps its default.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// A built-in network, a network file or a topology: the inventory.
    pub network: String,
    /// Which domains; empty for all.
    pub domains: Vec<Domain>,
    /// Folder for the journal and the keys.
    pub data: PathBuf,
    /// The highest mode that playbooks may run in.
    pub mode: Mode,
    /// A folder of playbooks instead of the shipped ones.
    pub playbooks: Option<PathBuf>,
    /// The operator's policy, a YAML file; see docs/guards.md.
    pub policy: Option<PathBuf>,
    /// Whose time counts.
    pub clock: ClockArg,
    /// Seconds between two looks at the network, where the clock is the machine's own.
    pub interval_s: u64,
    /// Seconds that a lease lasts: a process that does not renew it for so long is taken for lost.
    pub lease_s: f64,
    /// How the network is changed.
    pub driver: DriverConfig,
    /// The drivers file, for `driver = "own"`.
    pub drivers: Option<PathBuf>,
    /// The NATS server; without it all is in this process.
    pub bus: Option<NatsConfig>,
    /// How the agents are set.
    pub agent: AgentConfig,
    /// Whose telemetry is listened to.
    pub ingest: IngestConfig,
    /// What the process tells about itself.
    pub telemetry: TelemetryConfig,
    /// How series that no agent knows are watched.
    pub screener: ScreenerConfig,
}

/// What the process tells about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Where `/metrics`, `/healthz` and `/readyz` are answered; nowhere by default.
    pub listen: Option<std::net::SocketAddr>,
    /// The base address of an OTLP collector for traces, such as `http://127.0.0.1:4318`; none by default.
    pub otlp: Option<String>,
}

/// How the network is changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriverConfig {
    /// Not at all: every change is refused, so the mode is at most `suggest`.
    #[default]
    None,
    /// By whoever serves `zizhi.v1.<domain>.act.apply` on the bus.
    Bus,
    /// By this process, as the file `drivers` says.
    Own,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            network: "metro".to_owned(),
            domains: vec![],
            data: PathBuf::from("zizhi-data"),
            mode: Mode::Suggest,
            playbooks: None,
            policy: None,
            clock: ClockArg::Wall,
            interval_s: 10,
            lease_s: 10.0,
            driver: DriverConfig::None,
            drivers: None,
            bus: None,
            agent: AgentConfig::default(),
            ingest: IngestConfig::default(),
            telemetry: TelemetryConfig::default(),
            screener: ScreenerConfig::default(),
        }
    }
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunConfigError {
    /// The file cannot be read.
    #[error("cannot read settings {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something that means nothing.
    #[error("{}: {message}", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// The table `[ingest]` cannot be used.
    #[error(transparent)]
    Ingest(#[from] zizhi_bus::ingest::ConfigError),
    /// Settings that contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
}

impl RunConfig {
    /// The file, if one is named, with what the flags say instead.
    pub fn load(args: &RunArgs) -> Result<Self, RunConfigError> {
        let mut config = match &args.config {
            Some(path) => Self::read(path)?,
            None => Self::default(),
        };
        config.apply(args);
        config.check()?;
        Ok(config)
    }

    /// The file alone, with no flag and no check.
    pub fn read(path: &Path) -> Result<Self, RunConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| RunConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|e| RunConfigError::Parse {
            path: path.to_owned(),
            message: e.to_string(),
        })
    }

    fn apply(&mut self, args: &RunArgs) {
        if !args.domain.is_empty() {
            self.domains.clone_from(&args.domain);
        }
        if let Some(url) = &args.bus {
            let bus = self.bus.get_or_insert_default();
            bus.url = vec![url.clone()];
        }
        if let Some(network) = &args.network {
            self.network.clone_from(network);
        }
        if let Some(data) = &args.data {
            self.data.clone_from(data);
        }
        if let Some(mode) = args.mode {
            self.mode = mode.into();
        }
        if let Some(clock) = args.clock {
            self.clock = clock;
        }
        // A simulated network that tells the time is changed over the same bus.
        if self.clock == ClockArg::Bus && self.bus.is_some() {
            self.driver = DriverConfig::Bus;
        }
    }

    fn check(&self) -> Result<(), RunConfigError> {
        self.ingest.check()?;
        let one = |text| Err(RunConfigError::Contradiction(text));
        if self.bus.is_none() && !self.domains.is_empty() && self.domains().len() < 4 {
            return one(
                "one process for some domains needs a bus to meet the others: give --bus or [bus]",
            );
        }
        if self.bus.is_none() && (self.clock == ClockArg::Bus || self.driver == DriverConfig::Bus) {
            return one("clock = \"bus\" and driver = \"bus\" need a bus: give --bus or [bus]");
        }
        if self.driver == DriverConfig::None && self.mode > Mode::Suggest {
            return one(
                "without a driver nothing can be changed: set driver, or mode to observe or suggest",
            );
        }
        if (self.driver == DriverConfig::Own) != self.drivers.is_some() {
            return one(
                "driver = \"own\" and drivers = \"FILE\" belong together: write both, or neither",
            );
        }
        if !(self.lease_s >= 0.5 && self.lease_s <= 600.0) {
            return one("lease_s must be between 0.5 and 600 seconds");
        }
        if !(1..=3600).contains(&self.interval_s) {
            return one("interval_s must be between 1 and 3600 seconds");
        }
        Ok(())
    }

    /// The domains that this process looks after.
    pub fn domains(&self) -> Vec<Domain> {
        let wanted = |d: &Domain| self.domains.is_empty() || self.domains.contains(d);
        Domain::ALL.into_iter().filter(wanted).collect()
    }

    /// What this process is called among the others: `swarm`, or its domains.
    pub fn name(&self) -> String {
        let domains = self.domains();
        if domains.len() == Domain::ALL.len() {
            return "swarm".to_owned();
        }
        let names: Vec<&str> = domains.iter().map(|d| d.as_str()).collect();
        names.join("-")
    }

    /// One process of a swarm watches the series that no agent knows: the one that has the first domain.
    pub fn screener(&self) -> ScreenerConfig {
        let mut screener = self.screener;
        screener.enabled &= self.domains().first() == Domain::ALL.first();
        screener
    }

    /// How long a lease lasts.
    pub fn lease(&self) -> Duration {
        Duration::from_secs_f64(self.lease_s)
    }
}
