//! Why the lab could not do something.

use std::path::PathBuf;

/// What went wrong, where, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A lab id that namespaces and files cannot carry.
    #[error("`{0}` is no lab id: use 1 to 10 lower-case letters or digits")]
    BadId(String),
    /// The lab is already there.
    #[error("lab `{0}` is already up: use it, or remove it with `zizhi lab down`")]
    AlreadyUp(String),
    /// There is no such lab.
    #[error("lab `{0}` is not up: start it with `zizhi lab up`")]
    NotUp(String),
    /// Something the lab stands on is missing.
    #[error("this machine cannot carry the lab: {0}")]
    Missing(String),
    /// A program could not be started or answered with an error.
    #[error("`{program}` failed: {reason}")]
    Command {
        /// The program with its arguments.
        program: String,
        /// What it said.
        reason: String,
    },
    /// A file or folder.
    #[error("cannot {verb} {path}: {source}")]
    File {
        /// What was tried.
        verb: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A router's daemon did not answer as it should.
    #[error("{daemon} of {router}: {reason}")]
    Router {
        /// Which router.
        router: String,
        /// Which daemon.
        daemon: &'static str,
        /// Why.
        reason: String,
    },
    /// Something did not become true in time.
    #[error("{what} did not happen within {seconds} s: {state}")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long.
        seconds: u64,
        /// How far it came.
        state: String,
    },
    /// The network has no such thing.
    #[error("the lab has no {0}")]
    NoObject(String),
    /// The lab cannot make this fault.
    #[error("the lab cannot inject `{kind}`: it can {known}")]
    NoFault {
        /// What was asked for.
        kind: String,
        /// What it can.
        known: String,
    },
    /// The message could not be published.
    #[error("telemetry was not accepted: {0}")]
    Bus(#[from] zizhi_bus::BusError),
    /// A system call was refused.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// Why not.
        source: nix::Error,
    },
}

impl LabError {
    /// For `map_err`: a failed file operation.
    pub fn file(
        verb: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { verb, path, source }
    }
}
