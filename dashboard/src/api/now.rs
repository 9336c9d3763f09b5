//! Does anything wait for a person, and is the swarm alive?

use super::orders::KillSwitch;
use super::problem::{ApiFailure, Looking};
use super::said::{Nothing, WholeQuery};
use super::words::{DomainWord, SeverityWord};
use crate::house::House;
use crate::view::View;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use zizhi_types::time::DAY_MS;
use zizhi_types::{Domain, NetTime, RecordId, Severity};

/// Whether an agent gives signs of life.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    /// Its peers hear it.
    Ok,
    /// Its peers miss it.
    Lost,
    /// It has written nothing so far.
    Silent,
}

/// One domain's agent.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Agent {
    #[schema(value_type = DomainWord)]
    domain: Domain,
    state: Life,
    /// The time of its newest record.
    #[schema(value_type = Option<u64>)]
    last: Option<NetTime>,
    /// Its peers miss it since then.
    #[schema(value_type = Option<u64>)]
    lost_since: Option<NetTime>,
    /// The record that says so.
    #[schema(value_type = Option<String>)]
    lost_record: Option<RecordId>,
    /// How often one of its roles died and was started again.
    role_deaths: u64,
}

/// The agent of every domain.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Agents {
    /// The time of the newest record.
    #[schema(value_type = Option<u64>)]
    now: Option<NetTime>,
    /// When the swarm was drained, or its journal sealed.
    #[schema(value_type = Option<u64>)]
    ended: Option<NetTime>,
    items: Vec<Agent>,
}

impl Agents {
    /// As the journal tells it now.
    pub fn of(view: &View) -> Self {
        let agent = |domain: Domain| {
            let beat = view.pulse.beats.get(&domain);
            let lost = beat.and_then(|b| b.lost.as_ref());
            let last = beat.and_then(|b| b.last);
            Agent {
                domain,
                state: match (lost, last) {
                    (Some(_), _) => Life::Lost,
                    (None, Some(_)) => Life::Ok,
                    (None, None) => Life::Silent,
                },
                last,
                lost_since: lost.map(|(at, _)| *at),
                lost_record: lost.map(|(_, record)| record.clone()),
                role_deaths: beat.map_or(0, |b| b.deaths),
            }
        };
        Self {
            now: view.now(),
            ended: view.pulse.ended,
            items: Domain::ALL.map(agent).into(),
        }
    }

    /// Whether somebody was lost, came back or died since.
    pub fn changed(&self, to: &Self) -> bool {
        let signs = |all: &Self| -> Vec<(bool, u64)> {
            let sign = |a: &Agent| (a.state == Life::Lost, a.role_deaths);
            all.items.iter().map(sign).collect()
        };
        self.ended != to.ended || signs(self) != signs(to)
    }
}

/// The heartbeat of the agents
#[utoipa::path(get, path = "/api/v1/agents", tag = "now",
    responses((status = 200, description = "Every domain's agent", body = Agents), Looking))]
pub async fn agents(
    State(house): State<Arc<House>>,
    _: WholeQuery<Nothing>,
) -> Result<Json<Agents>, ApiFailure> {
    let view = house.source.current().await?;
    Ok(Json(Agents::of(&view)))
}

/// Open incidents of a severity.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenCount {
    #[schema(value_type = SeverityWord)]
    severity: Severity,
    incidents: usize,
}

/// An object that only a person may change.
#[derive(Debug, Serialize, ToSchema)]
pub struct FrozenObject {
    object: String,
    #[schema(value_type = u64)]
    since: NetTime,
    reason: String,
    #[schema(value_type = String)]
    record: RecordId,
}

/// What a person needs to know first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Summary {
    /// The time of the newest record, in milliseconds of the network's own time.
    #[schema(value_type = Option<u64>)]
    now: Option<NetTime>,
    /// How many records were read.
    records: usize,
    /// The first damage of the journal; what follows it is not shown.
    #[schema(value_type = Option<Object>)]
    damage: Option<Value>,
    /// How many plans wait for a person.
    waiting: usize,
    /// The soonest end of their time.
    #[schema(value_type = Option<u64>)]
    next_deadline: Option<NetTime>,
    /// Open incidents, the worst first.
    open: Vec<OpenCount>,
    /// Incidents of the last 24 hours that ended well without a person.
    handled_without_people: usize,
    kill_switch: KillSwitch,
    frozen: Vec<FrozenObject>,
    agents: Agents,
}

/// What waits, what is open, whether the swarm is alive
#[utoipa::path(get, path = "/api/v1/summary", tag = "now",
    responses((status = 200, description = "The journal as it is now", body = Summary), Looking))]
pub async fn summary(
    State(house): State<Arc<House>>,
    _: WholeQuery<Nothing>,
) -> Result<Json<Summary>, ApiFailure> {
    let view = house.source.current().await?;
    let waiting = view.waiting();
    let open = view.incidents().iter().filter(|i| i.ending.is_none());
    let open: Vec<Severity> = open.map(|i| view.severity(i)).collect();
    let rated = Severity::ALL
        .into_iter()
        .filter(|s| *s != Severity::Cleared);
    let count = |severity: Severity| OpenCount {
        severity,
        incidents: open.iter().filter(|s| **s == severity).count(),
    };
    let frozen = view
        .pulse
        .frozen
        .iter()
        .map(|(object, frozen)| FrozenObject {
            object: object.to_string(),
            since: frozen.since,
            reason: frozen.reason.clone(),
            record: frozen.record.clone(),
        });
    Ok(Json(Summary {
        now: view.now(),
        records: view.entries.len(),
        damage: damage(&view),
        waiting: waiting.len(),
        next_deadline: waiting.first().map(|w| w.request.expires),
        open: rated.map(count).collect(),
        handled_without_people: view.without_people(DAY_MS),
        kill_switch: KillSwitch::of(&view),
        frozen: frozen.collect(),
        agents: Agents::of(&view),
    }))
}

fn damage(view: &View) -> Option<Value> {
    let damage = view.damage.as_ref();
    damage.and_then(|d| serde_json::to_value(d).ok())
}

/// Whether the journal can be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// How many records were read.
    records: usize,
    /// The first damage of the journal, or null.
    #[schema(value_type = Option<Object>)]
    damage: Option<Value>,
}

/// Whether the journal can be read, and how far it is whole
#[utoipa::path(get, path = "/healthz", tag = "now",
    responses((status = 200, description = "It can be read", body = Health), Looking))]
pub async fn health(
    State(house): State<Arc<House>>,
    _: WholeQuery<Nothing>,
) -> Result<Json<Health>, ApiFailure> {
    let view = house.source.current().await?;
    Ok(Json(Health {
        records: view.entries.len(),
        damage: damage(&view),
    }))
}
