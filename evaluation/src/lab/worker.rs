//! The lab's own processes inside the namespaces: this very program, started again.
//!
//! In: what follows the hidden `lab-worker` on the command line. Called by the command-line program only.

use super::error::LabError;
use super::rig::LabConfig;
use std::path::Path;

/// Runs one of the lab's processes to its end.
///
/// `arguments` are `http-service <file>`, `gateway <file>` or `hold <id>`; the files are JSON of
/// [`super::service::ServiceConfig`] and [`super::gateway::GatewayConfig`]. `worker` is how this program is started as a
/// worker again, see [`LabConfig::worker`].
pub fn run(worker: &[String], arguments: &[String]) -> Result<(), LabError> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["http-service", file] => serve(super::service::serve(read(file)?), file),
        ["gateway", file] => serve(super::gateway::serve(read(file)?), file),
        ["hold", id] => {
            let mut config = LabConfig::new(id.parse()?)?;
            config.worker = worker.to_vec();
            super::hold::stay(config)
        }
        _ => Err(LabError::NoObject(format!("worker `{}`", words.join(" ")))),
    }
}

fn read<T: serde::de::DeserializeOwned>(file: &str) -> Result<T, LabError> {
    let path = Path::new(file);
    let text = std::fs::read_to_string(path).map_err(LabError::file("read", path))?;
    serde_json::from_str(&text)
        .map_err(|e| LabError::file("understand", path)(std::io::Error::other(e)))
}

fn serve(task: impl Future<Output = std::io::Result<()>>, file: &str) -> Result<(), LabError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(LabError::file("start", file))?;
    runtime
        .block_on(task)
        .map_err(LabError::file("serve", file))
}
