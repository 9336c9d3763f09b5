//! Runs a program to its end, or ends it.
//!
//! In: an argument vector. Out: what it wrote. No shell, an almost empty environment, nothing to read, a bounded answer, a
//! time limit after which the whole process group is killed. Called by [`super::Hands`] only.

use super::hands::Trouble;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// Longest answer that is kept; what follows is read and thrown away (our choice: a full routing table in JSON fits).
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// Longest part of what a program complained about that goes into an error.
const COMPLAINT_CHARS_MAX: usize = 300;

/// How long the answer may take to arrive after the program ended: something it left behind may hold the pipe.
const DRAIN: Duration = Duration::from_secs(1);

/// Where programs are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// `ssh` ends with this when the connection failed or broke: nobody knows then what the far end did.
const SSH_BROKE: i32 = 255;

/// Where programs find their own settings; the one thing that is taken over.
#[expect(
    clippy::disallowed_methods,
    reason = "ssh and ansible look for nothing else there; it is no setting of ours"
)]
fn home() -> std::ffi::OsString {
    std::env::var_os("HOME").unwrap_or_else(|| "/".into())
}

/// Runs a program and returns its standard output.
pub async fn run(
    argv: &[String],
    env: &BTreeMap<String, String>,
    limit: Duration,
) -> Result<String, Trouble> {
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| Trouble::NotSent("no program is named".to_owned()))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("LANG", "C.UTF-8")
        .env("HOME", home())
        .envs(env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let child = command
        .spawn()
        .map_err(|e| Trouble::NotSent(format!("{program} cannot be started: {e}")))?;
    finish(program, child, limit).await
}

async fn finish(program: &str, mut child: Child, limit: Duration) -> Result<String, Trouble> {
    let group = Group(child.id());
    let said = child.stdout.take().map(keep);
    let complained = child.stderr.take().map(keep);
    let status = match tokio::time::timeout(limit, child.wait()).await {
        Ok(Ok(status)) => status,
        Ok(Err(e)) => return Err(Trouble::Unknown(format!("{program} was lost: {e}"))),
        Err(_) => {
            group.kill();
            let _ = child.wait().await;
            let message = format!(
                "{program} did not end within {} s and was killed",
                limit.as_secs_f64()
            );
            return Err(Trouble::Unknown(message));
        }
    };
    let (said, complained) = (text(said).await, text(complained).await);
    group.spare();
    if status.success() {
        return Ok(said);
    }
    let complaint = if complained.trim().is_empty() {
        said
    } else {
        complained
    };
    Err(ended(program, status, &complaint))
}

fn ended(program: &str, status: ExitStatus, complaint: &str) -> Trouble {
    let complaint: String = complaint.trim().chars().take(COMPLAINT_CHARS_MAX).collect();
    let message = format!("{program} ended with {status}: {complaint}");
    match status.code() {
        Some(SSH_BROKE) if program == "ssh" => Trouble::Unknown(message),
        Some(_) => Trouble::Refused(message),
        // Killed from outside in the middle of its work.
        None => Trouble::Unknown(message),
    }
}

/// A process group that is killed unless it is spared, also when the caller goes away.
struct Group(Option<u32>);

impl Group {
    fn kill(&self) {
        let pid = self
            .0
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may have ended by itself in this very moment.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    fn spare(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

fn keep(mut from: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<Vec<u8>> {
    tokio::spawn(async move {
        let mut kept = vec![];
        let _ = (&mut from)
            .take(ANSWER_BYTES_MAX)
            .read_to_end(&mut kept)
            .await;
        // A program whose pipe is closed too early would die of it in the middle of its work.
        let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
        kept
    })
}

async fn text(reading: Option<JoinHandle<Vec<u8>>>) -> String {
    let Some(reading) = reading else {
        return String::new();
    };
    match tokio::time::timeout(DRAIN, reading).await {
        Ok(Ok(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sh(script: &str, limit_ms: u64) -> Result<String, Trouble> {
        let argv = ["sh", "-c", script].map(str::to_owned);
        run(&argv, &BTreeMap::new(), Duration::from_millis(limit_ms)).await
    }

    #[tokio::test]
    async fn a_program_sees_nearly_nothing_of_our_environment() {
        let seen = sh("env | cut -d= -f1 | sort | tr '\\n' ' '", 5_000)
            .await
            .unwrap();
        let extra: Vec<&str> = seen
            .split_whitespace()
            .filter(|n| !["HOME", "LANG", "PATH", "PWD", "OLDPWD", "SHLVL", "_"].contains(n))
            .collect();
        assert!(extra.is_empty(), "{extra:?}");
    }

    #[tokio::test]
    async fn what_went_wrong_is_told_apart() {
        let none = run(&["/no/such".to_owned()], &BTreeMap::new(), DRAIN).await;
        assert!(matches!(none, Err(Trouble::NotSent(_))), "{none:?}");
        let refused = sh("echo no >&2; exit 3", 5_000).await;
        assert!(
            matches!(&refused, Err(Trouble::Refused(why)) if why.contains("no")),
            "{refused:?}"
        );
        let killed = sh("kill -9 $$", 5_000).await;
        assert!(matches!(killed, Err(Trouble::Unknown(_))), "{killed:?}");
    }

    #[tokio::test]
    async fn after_the_time_limit_the_children_are_gone_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 60 & echo $! > {}; wait", file.display());
        let late = sh(&script, 500).await;
        assert!(matches!(late, Err(Trouble::Unknown(_))), "{late:?}");
        let pid: i32 = std::fs::read_to_string(&file)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let gone = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z")
        };
        for _ in 0..200 {
            if gone() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the child {pid} still runs");
    }

    #[tokio::test]
    async fn a_flood_is_cut_and_does_not_fill_the_memory() {
        let flood = sh("head -c 9000000 /dev/zero | tr '\\0' x", 20_000)
            .await
            .unwrap();
        assert_eq!(flood.len() as u64, ANSWER_BYTES_MAX);
    }
}
