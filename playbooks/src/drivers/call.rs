//! What is one thing that is sent, and how is it shown?
//!
//! In: nothing. Out: a [`Call`] as data: a program, a request, or a pause, with its target and its time limit.

use super::secret::SecretRef;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// One thing that is sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// To which target.
    pub target: String,
    /// How long it may take.
    #[serde(serialize_with = "seconds")]
    pub timeout: Duration,
    /// What is sent.
    pub what: What,
}

/// The ways of sending.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A program with its arguments; never through a shell of this machine.
    Run(Run),
    /// An HTTP request.
    Http(Http),
    /// A request to a Kubernetes API server.
    Kubernetes(Kubernetes),
    /// Nothing, for so long: what was done needs time before the next.
    Pause,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// What it finds in its environment, which is otherwise empty but for `PATH`, `HOME` and `LANG`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The box it runs in, if it runs in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Limits>,
}

/// The bounds of a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Address space of each process, in MB.
    pub memory_mb: u64,
    /// Processor time of each process, in seconds.
    pub cpu_s: u64,
    /// Processes and threads at once.
    pub processes: u64,
    /// Folders and files that it sees beside the system's programs and libraries.
    pub read: Vec<PathBuf>,
    /// Folders that it may write to.
    pub write: Vec<PathBuf>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_mb: 256,
            cpu_s: 10,
            processes: 16,
            read: vec![],
            write: vec![],
        }
    }
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Http {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Beside those that go without saying.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The name of the bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer: Option<SecretRef>,
    /// More certificates that are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// The body, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Json>,
    /// The status codes of a good answer.
    pub expect: Vec<u16>,
}

/// A request to a Kubernetes API server.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kubernetes {
    /// Reads an object.
    Get(Resource),
    /// Merges into an object (RFC 7386).
    Merge(Resource, Json),
    /// Evicts all pods of a node that a drain moves, one after another, as their disruption budgets allow.
    Drain(String),
}

/// An object of a cluster, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// Of the collection: `/apis/apps/v1/namespaces/shop/deployments`.
    pub collection: String,
    /// The object; empty for the collection itself.
    pub name: String,
    /// `scale`, or nothing.
    pub part: Option<&'static str>,
    /// Which of a collection's objects.
    pub field: Option<String>,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.collection)?;
        if !self.name.is_empty() {
            write!(f, "/{}", self.name)?;
        }
        if let Some(part) = self.part {
            write!(f, "/{part}")?;
        }
        if let Some(field) = &self.field {
            write!(f, "?fieldSelector={field}")?;
        }
        Ok(())
    }
}

/// A duration as people write it.
pub fn seconds<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&format!("{}s", time.as_secs_f64()))
}

impl fmt::Display for Call {
    /// As a person would write it in a terminal. Only for reading: nothing is ever run from this text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Run(run) => {
                if run.sandbox.is_some() {
                    f.write_str("[sandbox] ")?;
                }
                for (name, value) in &run.env {
                    write!(f, "{name}={} ", quoted(value))?;
                }
                let words: Vec<String> = run.argv.iter().map(|a| quoted(a)).collect();
                f.write_str(&words.join(" "))
            }
            What::Http(http) => {
                write!(f, "{} {}", http.method, http.url)?;
                if let Some(body) = &http.body {
                    write!(f, " {body}")?;
                }
                write!(f, " -> {:?}", http.expect)
            }
            What::Kubernetes(Kubernetes::Get(path)) => write!(f, "GET {path}"),
            What::Kubernetes(Kubernetes::Merge(path, body)) => write!(f, "PATCH {path} {body}"),
            What::Kubernetes(Kubernetes::Drain(node)) => write!(f, "evict every pod of {node}"),
            What::Pause => write!(f, "wait {} s", self.timeout.as_secs_f64()),
        }
    }
}

/// One word for a POSIX shell, whatever is in it. The remote end of SSH is such a shell.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:@+/-=,%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_shell_reads_a_quoted_word_as_that_word(word in "[^\0]{0,40}") {
            let command = format!("printf %s {}", quoted(&word));
            let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), word);
        }
    }
}
