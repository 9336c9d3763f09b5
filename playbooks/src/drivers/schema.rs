//! The shape of a drivers file: which driver does what, and where.
//!
//! In: YAML. Out: [`File`]. Unknown keys are refused by the reader; what the keys mean is checked in [`super::check`].

use super::script::Limits;
use super::secret::SecretRef;
use serde::Deserialize;
use serde_json::Value as Json;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(rename = "apiVersion")]
    pub api_version: Spanned<String>,
    pub kind: Spanned<String>,
    /// A folder of secrets, one file each.
    #[serde(default)]
    pub secrets: Option<PathBuf>,
    /// The programs that `command` may run, by absolute path.
    #[serde(default)]
    pub allow: Vec<Spanned<String>>,
    /// Where commands and requests go, by name.
    #[serde(default)]
    pub targets: BTreeMap<String, Spanned<Target>>,
    /// What is where, by object or pattern.
    #[serde(default)]
    pub objects: BTreeMap<String, Spanned<Thing>>,
    /// Which driver does what; the first that fits is taken.
    pub drivers: Vec<Spanned<Rule>>,
}

/// A place; none of the fields is this machine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Target {
    /// A network namespace of this machine, by name.
    pub namespace: Option<String>,
    /// A machine that is reached over SSH.
    pub ssh: Option<Ssh>,
    /// An HTTP server.
    pub http: Option<Server>,
    /// A Kubernetes cluster.
    pub kubernetes: Option<Cluster>,
    /// Where FRR's sockets are, if not in the usual folder.
    pub vty_socket: Option<String>,
}

/// A machine that is reached over SSH.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ssh {
    pub host: String,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub port: Option<u16>,
    /// The private key's file.
    #[serde(default)]
    pub key: Option<String>,
    /// The file of host keys; a host whose key is not in it is refused.
    #[serde(default)]
    pub known_hosts: Option<String>,
}

/// An HTTP server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Before every path.
    pub url: String,
    #[serde(default)]
    pub bearer: Option<SecretRef>,
    #[serde(default)]
    pub ca: Option<PathBuf>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The secrets that a parameter of a plan may name in a body for this server; no other leaves this machine that way.
    #[serde(default)]
    pub accepts: Vec<SecretRef>,
}

/// A Kubernetes cluster: a server with a token, a kubeconfig file, or the one that this process runs in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cluster {
    pub server: Option<String>,
    pub ca: Option<PathBuf>,
    pub token: Option<SecretRef>,
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
    pub namespace: Option<String>,
}

/// Where an object is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thing {
    /// The target that changes it.
    pub at: Option<String>,
    /// The ports of a link.
    pub ends: Vec<End>,
    /// For `${vars.<name>}`.
    pub vars: BTreeMap<String, String>,
}

/// One port of a link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    pub at: String,
    pub port: String,
}

/// One driver for one verb.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub verb: String,
    /// Which objects, with `*` for any characters; all where it is absent.
    #[serde(default)]
    pub on: Option<String>,
    /// Longest time of one call.
    #[serde(default)]
    pub timeout: Option<String>,
    /// Longest time until the state reads as wanted.
    #[serde(default)]
    pub settle: Option<String>,
    /// Of a driver of the operator's own: doing it twice is as doing it once.
    #[serde(default)]
    pub idempotent: bool,
    /// Of a driver of the operator's own: what must be read afterwards.
    #[serde(default)]
    pub want: Option<Json>,
    /// Of a driver of the operator's own: another value than before must be read afterwards.
    #[serde(default)]
    pub changed: bool,
    /// Of a driver of the operator's own: what takes it back.
    #[serde(default)]
    pub undo: Option<UndoRule>,
    #[serde(default)]
    pub frr: Option<Frr>,
    #[serde(default)]
    pub linux: Option<Linux>,
    #[serde(default)]
    pub service: Option<Service>,
    #[serde(default)]
    pub http: Option<HttpRule>,
    #[serde(default)]
    pub command: Option<CommandRule>,
    #[serde(default)]
    pub ansible: Option<AnsibleRule>,
    #[serde(default)]
    pub kubernetes: Option<KubernetesRule>,
}

/// FRR through `vtysh`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frr {
    pub protocol: Protocol,
}

/// The routing protocols whose cost is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// OSPF (RFC 2328).
    Ospf,
    /// IS-IS (ISO 10589).
    Isis,
}

/// `ip` and `tc`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Linux {}

/// A service's keeper, as `systemctl` is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub unit: String,
    #[serde(default)]
    pub program: Option<String>,
}

/// A request with its expected answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpRule {
    #[serde(default)]
    pub at: Option<String>,
    pub read: HttpRead,
    pub apply: HttpApply,
}

/// How a value is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpRead {
    pub path: String,
    #[serde(default)]
    pub take: Option<String>,
}

/// How it is changed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpApply {
    pub method: String,
    pub path: String,
    #[serde(default)]
    pub body: Option<Json>,
    #[serde(default)]
    pub expect: Vec<u16>,
}

/// A program of the allow list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandRule {
    pub read: Vec<String>,
    #[serde(default)]
    pub take: Option<String>,
    pub apply: Vec<String>,
    #[serde(default)]
    pub limits: Limits,
}

/// An Ansible playbook.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnsibleRule {
    pub playbook: String,
    pub inventory: String,
    #[serde(default)]
    pub limit: Option<String>,
    #[serde(default)]
    pub vars: BTreeMap<String, Json>,
}

/// A workload or a node of a cluster.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KubernetesRule {
    /// The deployment; its node's name or the service's where absent.
    pub deployment: Option<String>,
    /// The node; the object's name where absent.
    pub node: Option<String>,
    /// The namespace; the cluster's where absent.
    pub namespace: Option<String>,
}

/// What takes it back: another verb with parameters, on the same object.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoRule {
    pub verb: String,
    #[serde(default)]
    pub set: BTreeMap<String, Json>,
}
