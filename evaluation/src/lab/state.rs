//! What a lab has made, written down before it is made, so that it can always be removed.
//!
//! In: names of namespaces and ids of processes. Out: one JSON file in the lab's folder, replaced whole each time.
//! Called by `up`, by every start of a process, and by `down`. Never kills or removes anything itself.

use super::error::LabError;
use super::process::Process;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A lab's name: part of the name of each of its namespaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LabId(String);

impl LabId {
    /// The name of the namespace of a node: `zl-<lab>-<node>`.
    pub fn namespace(&self, node: &str) -> String {
        format!("zl-{}-{node}", self.0)
    }

    /// As written by the user.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LabId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for LabId {
    type Err = LabError;

    fn from_str(text: &str) -> Result<Self, LabError> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if (1..=10).contains(&text.len()) && text.chars().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        Err(LabError::BadId(text.to_owned()))
    }
}

impl TryFrom<String> for LabId {
    type Error = LabError;

    fn try_from(text: String) -> Result<Self, LabError> {
        text.parse()
    }
}

impl From<LabId> for String {
    fn from(id: LabId) -> Self {
        id.0
    }
}

/// Everything a lab has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Which lab.
    pub lab: LabId,
    /// The kernel's boot id: after a reboot nothing of it is left.
    pub boot: String,
    /// Who made it.
    pub owner: Process,
    /// Whether it is meant to live on when its owner ends (`lab up`).
    pub keep: bool,
    /// Namespaces made or about to be made.
    pub namespaces: Vec<String>,
    /// Processes started.
    pub processes: Vec<Process>,
}

/// A lab's folder and the state in it.
#[derive(Debug)]
pub struct StateFile {
    folder: PathBuf,
    state: State,
}

impl StateFile {
    /// Makes the lab's folder and writes that these namespaces are about to be made.
    ///
    /// Making the folder is what keeps two processes from making one lab twice.
    pub fn create(root: &Path, state: State) -> Result<Self, LabError> {
        std::fs::create_dir_all(root).map_err(LabError::file("create", root))?;
        let folder = root.join(state.lab.as_str());
        if let Err(e) = std::fs::create_dir(&folder) {
            return Err(match e.kind() {
                std::io::ErrorKind::AlreadyExists => LabError::AlreadyUp(state.lab.to_string()),
                _ => LabError::file("create", &folder)(e),
            });
        }
        let file = Self { folder, state };
        file.save()?;
        Ok(file)
    }

    /// Reads the state of a lab that was made earlier.
    pub fn open(root: &Path, lab: &LabId) -> Result<Self, LabError> {
        let folder = root.join(lab.as_str());
        let path = folder.join("state.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(LabError::NotUp(lab.to_string()));
            }
            Err(e) => return Err(LabError::file("read", path)(e)),
        };
        let state = serde_json::from_str(&text)
            .map_err(|e| LabError::file("understand", path)(std::io::Error::other(e)))?;
        Ok(Self { folder, state })
    }

    /// Where the lab keeps its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is written.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Adds a process that was just started.
    pub fn add(&mut self, process: Process) -> Result<(), LabError> {
        self.state.processes.push(process);
        self.save()
    }

    /// Forgets processes that have ended.
    pub fn forget(&mut self, gone: impl Fn(&Process) -> bool) -> Result<(), LabError> {
        self.state.processes.retain(|p| !gone(p));
        self.save()
    }

    fn save(&self) -> Result<(), LabError> {
        let (path, next) = (
            self.folder.join("state.json"),
            self.folder.join("state.json.next"),
        );
        let text = serde_json::to_string_pretty(&self.state)
            .map_err(|e| LabError::file("write", &path)(std::io::Error::other(e)))?;
        std::fs::write(&next, text).map_err(LabError::file("write", &next))?;
        std::fs::rename(&next, &path).map_err(LabError::file("replace", path))
    }
}

/// The kernel's id of this boot.
pub fn boot_id() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    text.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(lab: &str) -> State {
        State {
            lab: lab.parse().unwrap(),
            boot: boot_id(),
            owner: Process::this("test").unwrap(),
            keep: false,
            namespaces: vec!["zl-a-m1".into()],
            processes: vec![],
        }
    }

    #[test]
    fn a_second_lab_of_one_name_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let first = StateFile::create(root.path(), state("a")).unwrap();
        let refused = StateFile::create(root.path(), state("a")).unwrap_err();
        assert!(matches!(refused, LabError::AlreadyUp(_)), "{refused}");
        assert!(StateFile::create(root.path(), state("b")).is_ok());
        assert!(first.folder().is_dir());
    }

    #[test]
    fn what_was_started_is_found_by_the_next_process() {
        let root = tempfile::tempdir().unwrap();
        let mut file = StateFile::create(root.path(), state("a")).unwrap();
        let process = Process::this("zebra").unwrap();
        file.add(process.clone()).unwrap();
        let read = StateFile::open(root.path(), &"a".parse().unwrap()).unwrap();
        assert_eq!(read.state().processes, [process]);
        assert_eq!(read.state().namespaces, ["zl-a-m1"]);
    }

    #[test]
    fn names_that_namespaces_cannot_carry_are_refused() {
        for bad in ["", "A", "a-b", "../x", "morethantenletters"] {
            assert!(bad.parse::<LabId>().is_err(), "{bad}");
        }
        assert_eq!(
            "demo".parse::<LabId>().unwrap().namespace("c1"),
            "zl-demo-c1"
        );
    }
}
