//! A network that this process changes itself, as the operator's drivers file says.

use super::config::RunConfig;
use crate::commands::drivers::read;
use crate::fail::Failure;
use std::path::Path;
use std::sync::Arc;
use zizhi_agents::remote::GatedDriver;
use zizhi_agents::tenure::Tenure;
use zizhi_playbooks::Driver;
use zizhi_playbooks::drivers::{Gate, Memory, OwnNetwork};

/// The network of a file that passes the check.
pub fn network(file: &Path) -> Result<Arc<OwnNetwork>, Failure> {
    let drivers = read(file)?.map_err(|findings| {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        format!("the drivers file cannot be used:\n{}", lines.join("\n"))
    })?;
    Ok(Arc::new(OwnNetwork::new(drivers, std::env::current_exe()?)))
}

/// The driver of one domain, or of all, with its memory of keys in the data folder.
pub fn driver(
    config: &RunConfig,
    name: &str,
    network: Arc<OwnNetwork>,
    scope: String,
    tenure: Option<Arc<Tenure>>,
) -> Result<Arc<dyn Driver>, Failure> {
    let memory = Memory::open(&config.data.join(format!("drivers-{name}.keys")))?;
    let gate = Gate::new(network, memory);
    Ok(Arc::new(GatedDriver::new(gate, scope, tenure)))
}
