//! One process that the lab started: is it still the same one, and how does it end.
//!
//! In: a process id with its start time, so that an id the kernel gave to somebody else is never signalled.
//! Called by `down`, faults and drivers.

use super::clock::Stopwatch;
use super::error::LabError;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A process and when it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// Its start time in clock ticks since boot, field 22 of `/proc/<pid>/stat`.
    pub start_ticks: u64,
    /// The node it runs in.
    pub node: String,
    /// The program, or the instance's id.
    pub what: String,
}

impl Process {
    /// The process with this id, if it is there.
    pub fn find(pid: i32, node: &str, what: &str) -> Option<Self> {
        let (_, start_ticks) = stat(pid)?;
        Some(Self {
            pid,
            start_ticks,
            node: node.to_owned(),
            what: what.to_owned(),
        })
    }

    /// This very process.
    pub fn this(what: &str) -> Option<Self> {
        Self::find(std::process::id().try_into().ok()?, "", what)
    }

    /// Whether it still runs (a zombie does not).
    pub fn is_alive(&self) -> bool {
        // Reaps it if it was our child; if it is somebody else's the call changes nothing.
        let _ = waitpid(Pid::from_raw(self.pid), Some(WaitPidFlag::WNOHANG));
        stat(self.pid).is_some_and(|(state, ticks)| state != 'Z' && ticks == self.start_ticks)
    }

    /// Sends a signal if it is still the same process.
    pub fn signal(&self, signal: Signal) -> Result<(), LabError> {
        if !self.is_alive() {
            return Ok(());
        }
        match kill(Pid::from_raw(self.pid), signal) {
            Ok(()) | Err(nix::Error::ESRCH) => Ok(()),
            Err(source) => Err(LabError::System {
                what: format!("{signal} to {} ({})", self.what, self.pid),
                source,
            }),
        }
    }
}

/// Kills processes and waits until they are gone.
pub fn end(processes: &[Process]) -> Result<(), LabError> {
    for process in processes {
        process.signal(Signal::SIGKILL)?;
    }
    let started = Stopwatch::start();
    while let Some(left) = processes.iter().find(|p| p.is_alive()) {
        if started.elapsed() > Duration::from_secs(5) {
            return Err(LabError::Timeout {
                what: "the end of all processes",
                seconds: 5,
                state: format!("{} ({}) is still there", left.what, left.pid),
            });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Whether the process carries this lab's mark in its environment.
pub fn has_mark(pid: i32, lab: &str) -> bool {
    let wanted = format!("{MARK}={lab}");
    std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == wanted.as_bytes())
    })
}

/// All processes with a lab's mark, in this process's own process namespace: an ordinary user's lab of the same name has
/// another, and is not ours.
pub fn marked(lab: &str) -> Vec<Process> {
    let space = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let own = space("self");
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| has_mark(*pid, lab) && space(&pid.to_string()) == own)
        .filter_map(|pid| Process::find(pid, "", "marked"))
        .filter(Process::is_alive)
        .collect()
}

/// The environment variable that marks what a lab started.
pub const MARK: &str = "ZIZHI_LAB";

fn stat(pid: i32) -> Option<(char, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in the second field may itself have spaces and brackets.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start_and_not_by_its_id_alone() {
        let me = Process::this("test").unwrap();
        assert!(me.is_alive());
        let other = Process {
            start_ticks: me.start_ticks + 1,
            ..me
        };
        assert!(!other.is_alive(), "an id that was given again is not ours");
        other.signal(Signal::SIGKILL).unwrap();
    }

    #[test]
    #[expect(clippy::zombie_processes, reason = "the tested function reaps it")]
    fn a_killed_child_is_gone_and_reaped() {
        let child = std::process::Command::new("sleep")
            .arg("60")
            .env(MARK, "t")
            .spawn()
            .unwrap();
        let process = Process::find(child.id().try_into().unwrap(), "", "sleep").unwrap();
        while !has_mark(process.pid, "t") {
            std::thread::yield_now();
        }
        assert!(!has_mark(process.pid, "other"));
        end(std::slice::from_ref(&process)).unwrap();
        assert!(!process.is_alive());
    }
}
