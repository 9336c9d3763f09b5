//! Sends a request to a Kubernetes API server.
//!
//! In: a target and a request. Out: the answer's JSON as text. The library reads kubeconfig files, tokens and certificates;
//! what is asked is written in [`super::kubernetes`]. Called by [`super::Hands`] only.

use super::hands::Trouble;
use super::kubernetes::{is_evictable, pods_of};
use super::schema::Cluster;
use super::script::{Kubernetes, Resource};
use super::secret::Secrets;
use super::web::chain;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::Request;
use kube::core::params::{GetParams, ListParams, Patch, PatchParams};
use kube::core::subresource::EvictParams;
use kube::{Client, Config};
use serde_json::Value as Json;
use std::time::Duration;

/// Who changes, in the cluster's audit log and its managed fields.
const MANAGER: &str = "zizhi";

/// How long an eviction that a disruption budget forbids is waited for before it is tried again.
const BUDGET_PAUSE: Duration = Duration::from_secs(1);

/// Sends a request and returns the answer.
pub async fn send(
    cluster: &Cluster,
    asked: &Kubernetes,
    secrets: &Secrets,
    limit: Duration,
) -> Result<String, Trouble> {
    let client = client(cluster, secrets, limit)
        .await
        .map_err(Trouble::NotSent)?;
    let work = async {
        match asked {
            Kubernetes::Get(from) => Ok(get(&client, from).await?.to_string()),
            Kubernetes::Merge(into, body) => merge(&client, into, body).await,
            Kubernetes::Drain(node) => drain(&client, node).await,
        }
    };
    let late = || {
        Trouble::Unknown(format!(
            "the cluster did not answer within {} s",
            limit.as_secs_f64()
        ))
    };
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(late()))
}

async fn client(cluster: &Cluster, secrets: &Secrets, limit: Duration) -> Result<Client, String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = config(cluster, secrets).await?;
    config.connect_timeout = Some(limit);
    config.read_timeout = Some(limit);
    Client::try_from(config).map_err(|e| chain(&e))
}

async fn config(cluster: &Cluster, secrets: &Secrets) -> Result<Config, String> {
    if let Some(path) = &cluster.kubeconfig {
        let file = Kubeconfig::read_from(path).map_err(|e| chain(&e))?;
        let options = KubeConfigOptions {
            context: cluster.context.clone(),
            ..KubeConfigOptions::default()
        };
        return Config::from_custom_kubeconfig(file, &options)
            .await
            .map_err(|e| chain(&e));
    }
    let Some(server) = &cluster.server else {
        return Config::incluster().map_err(|e| chain(&e));
    };
    let mut config = Config::new(server.parse().map_err(|e| format!("{server}: {e}"))?);
    if let Some(ca) = &cluster.ca {
        let pem = std::fs::read(ca).map_err(|e| format!("{}: {e}", ca.display()))?;
        let ders = pem_certificates(&pem)?;
        config.root_cert = Some(ders);
    }
    if let Some(token) = &cluster.token {
        let token = secrets.get(token).map_err(|e| e.to_string())?;
        config.auth_info.token = Some(token.reveal().to_owned().into());
    }
    Ok(config)
}

fn pem_certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    CertificateDer::pem_slice_iter(pem)
        .map(|c| {
            c.map(|der| der.to_vec())
                .map_err(|e| format!("no certificate: {e}"))
        })
        .collect()
}

async fn get(client: &Client, from: &Resource) -> Result<Json, Trouble> {
    let request = Request::new(from.collection.as_str());
    let request = match (&from.field, from.part) {
        (Some(field), _) => request.list(&ListParams::default().fields(field)),
        (None, Some(part)) => request.get_subresource(part, &from.name),
        (None, None) => request.get(&from.name, &GetParams::default()),
    };
    let request = request.map_err(|e| Trouble::NotSent(e.to_string()))?;
    client.request(request).await.map_err(|e| trouble(&e))
}

async fn merge(client: &Client, into: &Resource, body: &Json) -> Result<String, Trouble> {
    let request = Request::new(into.collection.as_str());
    let (params, patch) = (PatchParams::apply(MANAGER), Patch::Merge(body));
    let request = match into.part {
        Some(part) => request.patch_subresource(part, &into.name, &params, &patch),
        None => request.patch(&into.name, &params, &patch),
    };
    let request = request.map_err(|e| Trouble::NotSent(e.to_string()))?;
    let answer: Json = client.request(request).await.map_err(|e| trouble(&e))?;
    Ok(answer.to_string())
}

/// Evicts pod by pod. A budget that forbids one (429) is waited for, as long as the caller's time limit goes.
async fn drain(client: &Client, node: &str) -> Result<String, Trouble> {
    let pods = get(client, &pods_of(node)).await?;
    let items = pods["items"].as_array().cloned().unwrap_or_default();
    let mut evicted = 0;
    for pod in items.iter().filter(|p| is_evictable(p)) {
        let (Some(space), Some(name)) = (
            pod["metadata"]["namespace"].as_str(),
            pod["metadata"]["name"].as_str(),
        ) else {
            return Err(Trouble::Unknown("a pod of the list has no name".to_owned()));
        };
        // What was evicted before stays so: that no pod moved any more is not known.
        evict(client, space, name).await.map_err(|t| match t {
            Trouble::Refused(why) if evicted > 0 => Trouble::Unknown(why),
            other => other,
        })?;
        evicted += 1;
    }
    Ok(evicted.to_string())
}

async fn evict(client: &Client, space: &str, name: &str) -> Result<(), Trouble> {
    loop {
        let request = Request::new(format!("/api/v1/namespaces/{space}/pods"));
        let request = request
            .evict(name, &EvictParams::default())
            .map_err(|e| Trouble::NotSent(e.to_string()))?;
        match client.request::<Json>(request).await {
            Ok(_) => return Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
            Err(kube::Error::Api(status)) if status.code == 429 => {
                tokio::time::sleep(BUDGET_PAUSE).await;
            }
            Err(error) => return Err(trouble(&error)),
        }
    }
}

fn trouble(error: &kube::Error) -> Trouble {
    match error {
        kube::Error::Api(status) if (400..500).contains(&status.code) => Trouble::Refused(format!(
            "the cluster refused it: {} ({})",
            status.message, status.code
        )),
        other => Trouble::Unknown(format!("the cluster: {}", chain(other))),
    }
}
