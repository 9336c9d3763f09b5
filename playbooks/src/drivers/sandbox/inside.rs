//! What happens inside the box before, while and after the program runs?
//!
//! In: the program and its limits. Out: the program's exit code. Must be called in a process of one thread that is the first
//! of its process namespace: when it ends, the kernel ends everything that the program left running.

use super::super::script::Limits;
use super::{BY_SIGNAL, root};
use rustix::process::{Gid, Resource, Rlimit, Uid, getpid, setrlimit};
use rustix::thread::{
    CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities,
    set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};
use serde::{Deserialize, Serialize};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

/// Files at once, and the size of a file that it may write where it may write at all, in bytes (our choice).
const FILES_MAX: u64 = 256;
const FILE_BYTES_MAX: u64 = 64 << 20;

/// `nobody`: owns nothing.
const NOBODY: u32 = 65_534;

/// What is run inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inside {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Its bounds.
    pub limits: Limits,
}

/// Why the program was not started.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// What is to be run cannot be read or passed on.
    #[error("the box is described wrongly: {0}")]
    Spec(String),
    /// This is the machine itself and no box.
    #[error("not inside a box: this command is started by zizhi itself")]
    Outside,
    /// The box cannot be closed.
    #[error("the box cannot be closed, so nothing is run: {0}")]
    Open(String),
    /// The program cannot be started.
    #[error("{program} cannot be started: {source}")]
    Start {
        /// Which one.
        program: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Closes the box, runs the program in it, and returns its exit code.
pub fn enter(spec: &str) -> Result<u8, SandboxError> {
    let inside: Inside =
        serde_json::from_str(spec).map_err(|e| SandboxError::Spec(e.to_string()))?;
    let (program, arguments) = inside
        .argv
        .split_first()
        .ok_or_else(|| SandboxError::Spec("no program is named".to_owned()))?;
    // On the machine itself the mounts would hide everybody's files.
    if !getpid().is_init() {
        return Err(SandboxError::Outside);
    }
    let limits = &inside.limits;
    root::change(Path::new(program), &limits.read, &limits.write).map_err(SandboxError::Open)?;
    bound(limits).map_err(|e| SandboxError::Open(format!("no limits: {e}")))?;
    give_up().map_err(|e| SandboxError::Open(format!("privileges cannot be given up: {e}")))?;
    let status = Command::new(program)
        .args(arguments)
        .current_dir("/")
        .status();
    let status = status.map_err(|source| SandboxError::Start {
        program: program.clone(),
        source,
    })?;
    Ok(code(status))
}

fn bound(limits: &Limits) -> rustix::io::Result<()> {
    let all = [
        (Resource::As, limits.memory_mb.saturating_mul(1 << 20)),
        (Resource::Cpu, limits.cpu_s),
        // This process counts too.
        (Resource::Nproc, limits.processes.saturating_add(1)),
        (Resource::Nofile, FILES_MAX),
        (Resource::Fsize, FILE_BYTES_MAX),
        (Resource::Core, 0),
    ];
    for (resource, most) in all {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)?;
    }
    Ok(())
}

/// No user, no group, no capability, and none to be had by starting another program.
fn give_up() -> rustix::io::Result<()> {
    for bit in 0..u64::BITS {
        if let Some(one) = CapabilitySet::from_bits(1 << bit) {
            // The kernel may know fewer than the library.
            let _ = remove_capability_from_bounding_set(one);
        }
    }
    if maps_every_user() {
        let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
        set_thread_groups(&[])?;
        set_thread_res_gid(group, group, group)?;
        set_thread_res_uid(user, user, user)?;
    }
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none)?;
    set_no_new_privs(true)
}

/// Whether this is the machine's own root: a box of an ordinary user has one user only, and it is nobody else's root.
fn maps_every_user() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().nth(2) != Some("1")
}

fn code(status: ExitStatus) -> u8 {
    let by_signal = status.signal().and_then(|s| u8::try_from(s).ok());
    let by_itself = status.code().and_then(|c| u8::try_from(c).ok());
    match (by_itself, by_signal) {
        (Some(code), _) => code,
        (None, Some(signal)) => BY_SIGNAL.saturating_add(signal),
        (None, None) => BY_SIGNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_machine_itself_nothing_is_mounted_and_nothing_is_run() {
        let spec = Inside {
            argv: vec!["/bin/true".to_owned()],
            limits: Limits::default(),
        };
        let refused = enter(&serde_json::to_string(&spec).unwrap()).unwrap_err();
        assert!(matches!(refused, SandboxError::Outside), "{refused}");
    }
}
