//! How is a workload scaled or restarted, and a node cordoned or drained?
//!
//! In: an action on a site, an instance or a node. Out: requests in the words of the Kubernetes API (apps/v1 Deployment and
//! its scale, v1 Node, v1 Eviction). Which cluster and how it is reached is the target's matter.

use super::compile::{Making, Refusal};
use super::schema::KubernetesRule;
use super::script::{Kubernetes, Reading, Resource, Script, Take, Undo, Want, What};
use serde_json::{Value as Json, json};
use zizhi_types::action::{Action, Verb};

/// Names the key whose restart a workload's pods are of: the same key again changes nothing, also at the server.
pub const RESTARTED_FOR: &str = "zizhi/restarted-for";

/// The namespace where neither the rule nor the target names one.
const NAMESPACE: &str = "default";

/// The requests for an action.
pub(super) fn script(making: &Making<'_>, rule: &KubernetesRule) -> Result<Script, Refusal> {
    let at = making.place()?;
    if making.target(at)?.kubernetes.is_none() {
        return Err(Refusal(format!("target `{at}` has no `kubernetes:`")));
    }
    let to = To { making, rule, at };
    match making.action.verb {
        Verb::SiteSetReplicas => to.scale(),
        Verb::InstanceRestart => to.restart(),
        Verb::NodeCordon => to.schedule(true, false),
        Verb::NodeUncordon => to.schedule(false, false),
        Verb::NodeDrain => to.schedule(true, true),
        verb => Err(Refusal(format!(
            "Kubernetes cannot {verb}; it can site.set-replicas, instance.restart, node.cordon, node.uncordon and node.drain"
        ))),
    }
}

struct To<'a> {
    making: &'a Making<'a>,
    rule: &'a KubernetesRule,
    at: &'a str,
}

impl To<'_> {
    fn name(&self, template: Option<&String>, or: &str) -> Result<String, Refusal> {
        let name = self.making.fill(template.map_or(or, String::as_str))?;
        // RFC 1123 subdomain, as Kubernetes names are.
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if name.chars().all(fits) {
            return Ok(name);
        }
        Err(Refusal(format!(
            "`{name}` is no Kubernetes name: it has lower-case letters, digits, - and ."
        )))
    }

    fn deployment(&self, or: &str, part: Option<&'static str>) -> Result<Resource, Refusal> {
        let cluster = self.making.target(self.at)?.kubernetes.as_ref();
        let usual = cluster.and_then(|c| c.namespace.as_deref());
        let namespace = self.name(self.rule.namespace.as_ref(), usual.unwrap_or(NAMESPACE))?;
        Ok(Resource {
            collection: format!("/apis/apps/v1/namespaces/{namespace}/deployments"),
            name: self.name(self.rule.deployment.as_ref(), or)?,
            part,
            field: None,
        })
    }

    fn read(&self, label: &str, from: Resource, take: Take, want: Want) -> Reading {
        let call = self
            .making
            .call(self.at, What::Kubernetes(Kubernetes::Get(from)));
        Reading {
            label: label.to_owned(),
            call,
            take,
            want,
        }
    }

    fn scale(&self) -> Result<Script, Refusal> {
        let replicas = self.making.number("replicas", 0.0..=10_000.0)?.round();
        let or = "${params.service}";
        let scale = self.deployment(or, Some("scale"))?;
        let spec = Take::Pointer("/spec/replicas".to_owned(), Some("0".to_owned()));
        let done = Want::Text("complete".to_owned());
        let readings = vec![
            self.read("replicas", scale.clone(), spec, Want::Number(replicas)),
            self.read("rollout", self.deployment(or, None)?, Take::Rollout, done),
        ];
        let body = json!({"spec": {"replicas": replicas as u32}});
        let undo = Undo::Back {
            param: "replicas",
            label: Some("replicas"),
            largest: true,
        };
        Ok(self.script(readings, vec![Kubernetes::Merge(scale, body)], undo))
    }

    fn restart(&self) -> Result<Script, Refusal> {
        let deployment = self.deployment("${name}", None)?;
        let path = format!(
            "/spec/template/metadata/annotations/{}",
            RESTARTED_FOR.replace('/', "~1")
        );
        let mark = Take::Pointer(path, Some("never".to_owned()));
        let key = Want::Text(self.making.key.to_owned());
        let done = Want::Text("complete".to_owned());
        let readings = vec![
            self.read("restarted-for", deployment.clone(), mark, key),
            self.read("rollout", deployment.clone(), Take::Rollout, done),
        ];
        let annotations = json!({ RESTARTED_FOR: self.making.key });
        let body = json!({"spec": {"template": {"metadata": {"annotations": annotations}}}});
        Ok(self.script(
            readings,
            vec![Kubernetes::Merge(deployment, body)],
            Undo::Nothing,
        ))
    }

    fn schedule(&self, cordoned: bool, drain: bool) -> Result<Script, Refusal> {
        let name = self.name(self.rule.node.as_ref(), "${name}")?;
        let node = Resource {
            collection: "/api/v1/nodes".to_owned(),
            name: name.clone(),
            part: None,
            field: None,
        };
        let take = Take::Pointer("/spec/unschedulable".to_owned(), Some("false".to_owned()));
        let want = Want::Text(cordoned.to_string());
        let mut readings = vec![self.read("unschedulable", node.clone(), take, want)];
        let body: Json = json!({"spec": {"unschedulable": cordoned}});
        let mut requests = vec![Kubernetes::Merge(node, body)];
        if drain {
            readings.push(self.read("pods", pods_of(&name), Take::Evictable, Want::Number(0.0)));
            requests.push(Kubernetes::Drain(name));
        }
        let back = |verb| Action::new(verb, self.making.action.object.clone());
        // A node that was cordoned before stays so.
        let undo = Undo::Choose {
            label: "unschedulable",
            choices: vec![
                ("true".to_owned(), back(Verb::NodeCordon)),
                ("false".to_owned(), back(Verb::NodeUncordon)),
            ],
        };
        Ok(self.script(readings, requests, undo))
    }

    fn script(&self, readings: Vec<Reading>, requests: Vec<Kubernetes>, undo: Undo) -> Script {
        let call = |request| self.making.call(self.at, What::Kubernetes(request));
        let calls = requests.into_iter().map(call).collect();
        self.making.script("kubernetes", readings, calls, undo)
    }
}

/// All pods that run on a node.
pub fn pods_of(node: &str) -> Resource {
    Resource {
        collection: "/api/v1/pods".to_owned(),
        name: String::new(),
        part: None,
        field: Some(format!("spec.nodeName={node}")),
    }
}

/// Whether a drain moves a pod: not those of a daemon set, which would come back at once, not the mirrors of a node's own
/// static pods, not those that ended or end already. As `kubectl drain --ignore-daemonsets` does.
pub fn is_evictable(pod: &Json) -> bool {
    let owners = pod
        .pointer("/metadata/ownerReferences")
        .and_then(Json::as_array);
    let of_daemon_set = owners.is_some_and(|o| o.iter().any(|r| r["kind"] == "DaemonSet"));
    let mirror = !pod["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_null();
    let phase = pod["status"]["phase"].as_str().unwrap_or("Running");
    !of_daemon_set && !mirror && !matches!(phase, "Succeeded" | "Failed")
}

/// `complete` once every replica is of the newest generation and available, as `kubectl rollout status` says.
pub fn rollout(deployment: &Json) -> &'static str {
    let number = |path: &str| deployment.pointer(path).and_then(Json::as_i64).unwrap_or(0);
    let wanted = deployment
        .pointer("/spec/replicas")
        .and_then(Json::as_i64)
        .unwrap_or(1);
    let seen = number("/status/observedGeneration") >= number("/metadata/generation");
    let all = ["updatedReplicas", "availableReplicas", "replicas"]
        .iter()
        .all(|field| number(&format!("/status/{field}")) == wanted);
    if seen && all {
        "complete"
    } else {
        "progressing"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_is_complete_when_no_old_pod_is_left() {
        let with = |generation: i64, updated: i64, replicas: i64| {
            json!({"metadata": {"generation": 4}, "spec": {"replicas": 3},
                "status": {"observedGeneration": generation, "updatedReplicas": updated,
                    "replicas": replicas, "availableReplicas": 3}})
        };
        assert_eq!(rollout(&with(4, 3, 3)), "complete");
        assert_eq!(
            rollout(&with(3, 3, 3)),
            "progressing",
            "the controller has not seen it yet"
        );
        assert_eq!(rollout(&with(4, 2, 3)), "progressing");
        assert_eq!(
            rollout(&with(4, 3, 4)),
            "progressing",
            "an old pod still ends"
        );
    }

    #[test]
    fn a_drain_leaves_what_would_come_back_at_once() {
        let pod = |owner: &str, phase: &str| json!({"metadata": {"ownerReferences": [{"kind": owner}]}, "status": {"phase": phase}});
        assert!(is_evictable(&pod("ReplicaSet", "Running")));
        assert!(!is_evictable(&pod("DaemonSet", "Running")));
        assert!(!is_evictable(&pod("Job", "Succeeded")));
        let mirror = json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}});
        assert!(!is_evictable(&mirror));
    }
}
