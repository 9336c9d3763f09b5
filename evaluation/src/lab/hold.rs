//! Keeps an ordinary user's lab alive after `zizhi lab up` has ended, and finds it again.
//!
//! In: a lab id. Out: a process that holds the lab's own user namespace, with a record of it in the user's folder.
//! Called by the command-line program where [`super::rootless::is_needed`]. Ending the holder ends everything: the kernel
//! kills what runs in a process namespace whose first process is gone.

use super::error::LabError;
use super::process::{Process, end};
use super::rig::LabConfig;
use super::rootless;
use super::state::LabId;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const READY: &str = "READY";
const FAILED: &str = "FAILED ";

/// Builds a lab that stays, as an ordinary user.
pub fn up(config: &LabConfig, progress: &dyn Fn(&str)) -> Result<(), LabError> {
    let record = record(&config.id)?;
    if find(&config.id)?.is_some() {
        return Err(LabError::AlreadyUp(config.id.to_string()));
    }
    let (program, first) = split(&config.worker)?;
    let mut arguments: Vec<OsString> = first.iter().map(OsString::from).collect();
    arguments.extend(["hold".into(), config.id.as_str().into()]);
    let mut holder = rootless::command(Path::new(program), &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(LabError::file("start", "unshare"))?;
    let pid = i32::try_from(holder.id()).unwrap_or_default();
    let process =
        Process::find(pid, "", "holder").ok_or_else(|| LabError::NotUp(config.id.to_string()))?;
    let text = serde_json::to_string(&process).unwrap_or_default();
    std::fs::write(&record, text).map_err(LabError::file("write", &record))?;
    // It makes nothing before it hears this, so nothing is ever made that is not recorded.
    if let Some(mut stdin) = holder.stdin.take() {
        stdin
            .write_all(b"go\n")
            .map_err(LabError::file("tell", "the holder"))?;
    }
    let said = holder.stdout.take().map(BufReader::new);
    for line in said
        .into_iter()
        .flat_map(BufRead::lines)
        .map_while(Result::ok)
    {
        match line.strip_prefix(FAILED) {
            _ if line == READY => return Ok(()),
            Some(why) => {
                down(&config.id)?;
                return Err(LabError::Missing(why.to_owned()));
            }
            None => progress(&line),
        }
    }
    down(&config.id)?;
    Err(LabError::Missing(
        "user namespaces are not allowed: run with sudo, or see `zizhi lab doctor`".into(),
    ))
}

/// Removes a lab that stays; false if there was none.
pub fn down(id: &LabId) -> Result<bool, LabError> {
    let found = find(id)?;
    if let Some(holder) = &found {
        let inside = inside(holder);
        end(std::slice::from_ref(holder))?;
        end(&Vec::from_iter(inside))?;
    }
    let record = record(id)?;
    let _ = std::fs::remove_file(&record);
    if let Some(folder) = record.parent() {
        // Other labs may have their records in it; then it stays.
        let _ = std::fs::remove_dir(folder);
    }
    Ok(found.is_some())
}

/// The command that runs `program` inside a lab that stays.
pub fn command(id: &LabId, program: &Path, arguments: &[OsString]) -> Result<Command, LabError> {
    let not_up = || LabError::NotUp(id.to_string());
    let holder = find(id)?.ok_or_else(not_up)?;
    let inside = inside(&holder).ok_or_else(not_up)?;
    let mut command = Command::new("nsenter");
    command
        .args([
            "--user",
            "--mount",
            "--pid",
            "--preserve-credentials",
            "--target",
        ])
        .arg(inside.pid.to_string())
        .arg("--")
        .arg(program)
        .args(arguments);
    Ok(command)
}

/// The holder's own life: build, say so, stay until killed. Inside, its end is the end of the lab; run by root, the lab
/// outlives it and waits for `down`.
pub fn stay(mut config: LabConfig) -> Result<(), LabError> {
    let mut go = [0; 3];
    std::io::stdin()
        .read_exact(&mut go)
        .map_err(LabError::file("hear from", "who started this"))?;
    config.keep = true;
    let say = |line: &str| {
        let mut out = std::io::stdout();
        // Nobody listens any more once the lab is up.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    };
    let prepared = if rootless::is_inside() {
        rootless::prepare()
    } else {
        Ok(())
    };
    let built = prepared.and_then(|()| super::up::up(config, &say));
    if let Err(e) = built {
        say(&format!("{FAILED}{e}"));
        return Err(e);
    }
    say(READY);
    loop {
        std::thread::park();
    }
}

fn split(worker: &[String]) -> Result<(&String, &[String]), LabError> {
    let none = || LabError::NoObject("program for its workers".into());
    worker.split_first().ok_or_else(none)
}

/// Where the user's labs are recorded: a folder that nobody else may write.
fn record(id: &LabId) -> Result<PathBuf, LabError> {
    let user = nix::unistd::getuid();
    let folder = PathBuf::from(format!("/tmp/zizhi-lab-{user}"));
    let made = std::fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(&folder);
    made.map_err(LabError::file("create", &folder))?;
    let seen = std::fs::symlink_metadata(&folder).map_err(LabError::file("read", &folder))?;
    if !seen.is_dir() || seen.uid() != user.as_raw() || seen.mode() & 0o022 != 0 {
        return Err(LabError::Missing(format!(
            "{} belongs to somebody else",
            folder.display()
        )));
    }
    Ok(folder.join(format!("{id}.json")))
}

fn find(id: &LabId) -> Result<Option<Process>, LabError> {
    let text = std::fs::read_to_string(record(id)?).unwrap_or_default();
    let process: Option<Process> = serde_json::from_str(&text).ok();
    Ok(process.filter(Process::is_alive))
}

/// The first process inside the holder's process namespace.
fn inside(holder: &Process) -> Option<Process> {
    let children = format!("/proc/{0}/task/{0}/children", holder.pid);
    let text = std::fs::read_to_string(children).ok()?;
    Process::find(text.split_whitespace().next()?.parse().ok()?, "", "inside")
}
