//! The Kubernetes driver against an API server that answers in the API's own shapes (apps/v1 Deployment and Scale, v1 Node,
//! `PodList`, Eviction, Status), and changes its state as the controllers would.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and waits for programs"
)]

#[path = "drivers_common/mod.rs"]
mod common;

use common::{Came, Reply, Server, action, apply, gate, number, serve, serve_tls};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};
use zizhi_playbooks::DriverError;
use zizhi_types::Verb;
use zizhi_types::action::Value;

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/shop/deployments/cart";
const NODE: &str = "/api/v1/nodes/w1";

/// What the cluster holds.
struct Cluster {
    replicas: u32,
    generation: u64,
    marks: Json,
    unschedulable: Option<bool>,
    pods: Vec<Json>,
    /// Evictions that the disruption budget refuses yet.
    budget: u32,
}

impl Cluster {
    fn new() -> Self {
        let pod = |name: &str, owner: &str| {
            json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": "shop",
                    "ownerReferences": [{"apiVersion": "apps/v1", "kind": owner, "name": "o", "uid": "u"}]},
                "spec": {"nodeName": "w1"}, "status": {"phase": "Running"}})
        };
        let mut mirror = pod("kube-proxy-w1", "Node");
        mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "h"});
        Self {
            replicas: 2,
            generation: 4,
            marks: json!({}),
            unschedulable: None,
            pods: vec![
                pod("cart-5c9-a", "ReplicaSet"),
                pod("cart-5c9-b", "ReplicaSet"),
                pod("fluentd-x", "DaemonSet"),
                mirror,
            ],
            budget: 1,
        }
    }

    fn deployment(&self) -> Json {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "cart", "namespace": "shop", "generation": self.generation, "resourceVersion": "871"},
            "spec": {"replicas": self.replicas, "template": {"metadata": {"annotations": self.marks}}},
            "status": {"observedGeneration": self.generation, "replicas": self.replicas,
                "updatedReplicas": self.replicas, "readyReplicas": self.replicas,
                "availableReplicas": self.replicas}})
    }

    fn scale(&self) -> Json {
        json!({"kind": "Scale", "apiVersion": "autoscaling/v1",
            "metadata": {"name": "cart", "namespace": "shop", "resourceVersion": "871"},
            "spec": {"replicas": self.replicas}, "status": {"replicas": self.replicas, "selector": "app=cart"}})
    }

    fn node(&self) -> Json {
        let mut spec = json!({"podCIDR": "10.244.1.0/24"});
        if self.unschedulable == Some(true) {
            spec["unschedulable"] = json!(true);
        }
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "w1"}, "spec": spec})
    }

    fn answer(&mut self, came: &Came) -> (u16, Json) {
        let (method, target) = came.line.split_once(' ').unwrap();
        let path = target.split('?').next().unwrap();
        let body: Json = serde_json::from_str(&came.body).unwrap_or_default();
        match (method, path.trim_end_matches('/')) {
            ("GET", p) if p == DEPLOYMENT => (200, self.deployment()),
            ("GET", p) if p == format!("{DEPLOYMENT}/scale") => (200, self.scale()),
            ("PATCH", p) if p == format!("{DEPLOYMENT}/scale") => {
                self.replicas = u32::try_from(body["spec"]["replicas"].as_u64().unwrap()).unwrap();
                self.generation += 1;
                (200, self.scale())
            }
            ("PATCH", p) if p == DEPLOYMENT => {
                let marks = &body["spec"]["template"]["metadata"]["annotations"];
                self.generation += u64::from(*marks != self.marks);
                self.marks = marks.clone();
                (200, self.deployment())
            }
            ("GET", p) if p == NODE => (200, self.node()),
            ("PATCH", p) if p == NODE => {
                self.unschedulable = body["spec"]["unschedulable"].as_bool();
                (200, self.node())
            }
            ("GET", "/api/v1/pods") => {
                assert!(
                    target.contains("fieldSelector=spec.nodeName%3Dw1"),
                    "{target}"
                );
                let list = json!({"kind": "PodList", "apiVersion": "v1",
                    "metadata": {"resourceVersion": "872"}, "items": self.pods});
                (200, list)
            }
            ("POST", p) => self.evict(p, &body),
            _ => (404, status(404, "NotFound", &format!("{path} not found"))),
        }
    }

    fn evict(&mut self, path: &str, body: &Json) -> (u16, Json) {
        let name = path.strip_prefix("/api/v1/namespaces/shop/pods/").unwrap();
        let name = name.strip_suffix("/eviction").unwrap();
        assert_eq!(body["metadata"]["name"], name);
        if self.budget > 0 {
            self.budget -= 1;
            let why = "Cannot evict pod as it would violate the pod's disruption budget.";
            return (429, status(429, "TooManyRequests", why));
        }
        self.pods.retain(|p| p["metadata"]["name"] != name);
        (
            201,
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
        )
    }
}

fn status(code: u16, reason: &str, message: &str) -> Json {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code})
}

async fn cluster() -> (Server, Arc<Mutex<Cluster>>) {
    let cluster = Arc::new(Mutex::new(Cluster::new()));
    let inner = Arc::clone(&cluster);
    let server = serve(move |came| -> Reply {
        let (code, answer) = inner.lock().unwrap().answer(came);
        Some((code, answer.to_string()))
    });
    (server.await, cluster)
}

fn file(server: &Server) -> String {
    format!(
        r"
apiVersion: zizhi/v1
kind: Drivers
targets:
  k1: {{kubernetes: {{server: {}, namespace: shop}}}}
objects:
  site/s1: {{at: k1}}
  instance/cart: {{at: k1}}
  instance/gone: {{at: k1}}
  node/w1: {{at: k1}}
drivers:
  - {{verb: site.set-replicas, kubernetes: {{}}, settle: 2s}}
  - {{verb: instance.restart, kubernetes: {{}}, settle: 2s}}
  - {{verb: node.cordon, kubernetes: {{}}}}
  - {{verb: node.uncordon, kubernetes: {{}}}}
  - {{verb: node.drain, kubernetes: {{}}, timeout: 30s}}
",
        server.url
    )
}

#[tokio::test]
async fn a_deployment_is_scaled_and_scaled_back() {
    let (server, cluster) = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&file(&server), folder.path());
    let more = number(Verb::SiteSetReplicas, "site/s1", "replicas", 5.0)
        .with("service", Value::Text("cart".into()));
    let receipt = apply(&gate, 1, "k1", &more).await.unwrap();
    assert_eq!(receipt.before, "replicas=2 rollout=complete");
    assert_eq!(receipt.after, "replicas=5 rollout=complete");
    let patch = &server.changes()[0];
    assert!(
        patch
            .line
            .starts_with(&format!("PATCH {DEPLOYMENT}/scale?")),
        "{}",
        patch.line
    );
    assert!(
        patch.head.contains("application/merge-patch+json"),
        "{}",
        patch.head
    );
    let undo = receipt.undo.unwrap();
    assert_eq!(
        (undo.number("replicas"), undo.text("service")),
        (Some(2.0), Some("cart"))
    );
    apply(&gate, 1, "k2", &undo).await.unwrap();
    assert_eq!(cluster.lock().unwrap().replicas, 2);
}

#[tokio::test]
async fn a_restart_marks_the_pods_with_its_key() {
    let (server, cluster) = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&file(&server), folder.path());
    let receipt = apply(
        &gate,
        1,
        "run-1/r/do",
        &action(Verb::InstanceRestart, "instance/cart"),
    )
    .await
    .unwrap();
    assert_eq!(receipt.before, "restarted-for=never rollout=complete");
    assert!(receipt.undo.is_none());
    assert_eq!(
        cluster.lock().unwrap().marks,
        json!({"zizhi/restarted-for": "run-1/r/do"})
    );
    let gone = apply(
        &gate,
        1,
        "k2",
        &action(Verb::InstanceRestart, "instance/gone"),
    )
    .await;
    assert!(
        matches!(&gone, Err(DriverError::Failed(why)) if why.contains("404")),
        "{gone:?}"
    );
}

#[tokio::test]
async fn a_node_is_drained_as_the_disruption_budget_allows() {
    let (server, cluster) = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&file(&server), folder.path());
    let receipt = apply(&gate, 1, "k1", &action(Verb::NodeDrain, "node/w1"))
        .await
        .unwrap();
    assert_eq!(receipt.before, "pods=2 unschedulable=false");
    assert_eq!(receipt.after, "pods=0 unschedulable=true");
    let left: Vec<Json> = cluster
        .lock()
        .unwrap()
        .pods
        .iter()
        .map(|p| p["metadata"]["name"].clone())
        .collect();
    assert_eq!(left, ["fluentd-x", "kube-proxy-w1"]);
    let undo = receipt.undo.unwrap();
    assert_eq!(undo.verb, Verb::NodeUncordon);
    apply(&gate, 1, "k2", &undo).await.unwrap();
    assert_eq!(cluster.lock().unwrap().unschedulable, Some(false));
}

#[tokio::test]
async fn a_node_that_was_cordoned_before_stays_so_after_the_undo() {
    let (server, cluster) = cluster().await;
    cluster.lock().unwrap().unschedulable = Some(true);
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&file(&server), folder.path());
    let receipt = apply(&gate, 1, "k1", &action(Verb::NodeCordon, "node/w1"))
        .await
        .unwrap();
    assert_eq!(receipt.undo.unwrap().verb, Verb::NodeCordon);
}

#[tokio::test]
async fn a_cluster_behind_tls_is_trusted_by_its_authority_and_gets_the_token() {
    const TOKEN: &str = "canary-77e0";
    let folder = tempfile::tempdir().unwrap();
    let cluster = Mutex::new(Cluster::new());
    let answer = move |came: &Came| -> Reply {
        let (status, body) = if came
            .head
            .contains(&format!("authorization: Bearer {TOKEN}"))
        {
            cluster.lock().unwrap().answer(came)
        } else {
            (
                401,
                json!({"kind": "Status", "status": "Failure", "code": 401, "reason": "Unauthorized"}),
            )
        };
        Some((status, body.to_string()))
    };
    let Some(server) = serve_tls(folder.path(), answer).await else {
        return;
    };
    let secret = folder.path().join("k1");
    std::fs::write(&secret, TOKEN).unwrap();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&secret, closed).unwrap();
    let within = format!("server: {}", server.url);
    let ca = folder.path().join("ca.pem");
    let with = |more: String| {
        file(&server)
            .replace(&within, &format!("{within}{more}"))
            .replace(
                "targets:",
                &format!("secrets: {}\ntargets:", folder.path().display()),
            )
    };
    let good = with(format!(", ca: {}, token: secret://k1", ca.display()));
    let cordon = action(Verb::NodeCordon, "node/w1");
    let receipt = apply(&gate(&good, folder.path()), 1, "k1", &cordon)
        .await
        .unwrap();
    assert_eq!(receipt.after, "unschedulable=true");
    // Whoever else answers under that name is told nothing.
    let elsewhere = tempfile::tempdir().unwrap();
    let stranger = with(", token: secret://k1".to_owned());
    let before = server.lines().len();
    let refused = apply(&gate(&stranger, elsewhere.path()), 1, "k1", &cordon).await;
    assert!(
        matches!(&refused, Err(DriverError::Failed(_))),
        "{refused:?}"
    );
    assert!(!format!("{refused:?}").contains(TOKEN));
    assert_eq!(server.lines().len(), before);
}
