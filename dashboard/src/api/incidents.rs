//! What went wrong, and what happened to it?

use super::paging;
use super::problem::{ApiFailure, Finding, Looking};
use super::records::Told;
use super::said::{Id, Nothing, WholeQuery};
use super::words::{DomainWord, EndingWord, FaultWord, SeverityWord, VerdictWord};
use crate::failure::Failure;
use crate::house::House;
use crate::view::View;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use zizhi_types::record::{Ending, Verdict};
use zizhi_types::{AnomalyId, Domain, FaultKind, Incident, IncidentId, NetTime, PlanId, Severity};

/// Whether it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentState {
    Open,
    Closed,
}

/// The cause that is ranked first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cause)]
pub struct CauseOut {
    /// The suspected object.
    object: String,
    #[schema(value_type = FaultWord)]
    fault: FaultKind,
    #[schema(minimum = 0, maximum = 1)]
    probability: f64,
}

/// A service interrupted, degraded or at risk. Times are milliseconds of the network's own time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Incident)]
pub struct IncidentOut {
    #[schema(value_type = String, examples("inc-transport-1"))]
    id: IncidentId,
    #[schema(value_type = SeverityWord)]
    severity: Severity,
    state: IncidentState,
    /// Whose agent leads it.
    #[schema(value_type = DomainWord)]
    leader: Domain,
    /// The first unusual sample.
    #[schema(value_type = u64)]
    onset: NetTime,
    #[schema(value_type = u64)]
    opened: NetTime,
    /// The anomalies that belong to it.
    #[schema(value_type = Vec<String>)]
    symptoms: Vec<AnomalyId>,
    /// Null while none is known.
    cause: Option<CauseOut>,
    /// The plans that were committed, in order.
    #[schema(value_type = Vec<String>)]
    plans: Vec<PlanId>,
    /// When the first step was started.
    #[schema(value_type = Option<u64>)]
    acted: Option<NetTime>,
    #[schema(value_type = Option<VerdictWord>)]
    verdict: Option<Verdict>,
    /// When a run was verified.
    #[schema(value_type = Option<u64>)]
    restored: Option<NetTime>,
    #[schema(value_type = Option<EndingWord>)]
    ending: Option<Ending>,
    #[schema(value_type = Option<u64>)]
    closed: Option<NetTime>,
    /// How many records it has.
    records: usize,
}

impl IncidentOut {
    /// As the journal tells it now.
    pub fn of(view: &View, incident: &Incident) -> Self {
        let cause = incident.cause.as_ref();
        Self {
            id: incident.id.clone(),
            severity: view.severity(incident),
            state: state(incident),
            leader: incident.leader,
            onset: incident.onset,
            opened: incident.opened,
            symptoms: incident.symptoms.clone(),
            cause: cause.map(|(object, fault, probability)| CauseOut {
                object: object.to_string(),
                fault: *fault,
                probability: *probability,
            }),
            plans: incident.plans.clone(),
            acted: incident.acted,
            verdict: incident.verdict,
            restored: incident.restored,
            ending: incident.ending,
            closed: incident.closed,
            records: incident.records.len(),
        }
    }
}

fn state(incident: &Incident) -> IncidentState {
    match incident.ending {
        None => IncidentState::Open,
        Some(_) => IncidentState::Closed,
    }
}

/// A page of incidents, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Incidents {
    items: Vec<IncidentOut>,
    /// The cursor of the next page; null on the last one.
    next: Option<String>,
}

/// An incident with everything that was written about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentWithRecords {
    incident: IncidentOut,
    /// In journal order.
    records: Vec<Told>,
}

/// Which incidents.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// `next` of the page before
    #[param(pattern = "^[0-9a-v]{12}$")]
    cursor: Option<String>,
    /// Items on a page; 50 where nothing is said
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// Only open ones, or only closed ones
    #[param(inline)]
    state: Option<IncidentState>,
    /// Only those that this domain's agent leads
    #[param(value_type = Option<DomainWord>)]
    domain: Option<Domain>,
    /// Only those that are this bad now
    #[param(value_type = Option<SeverityWord>)]
    severity: Option<Severity>,
}

/// Incidents, newest first
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incidents", params(Which),
    responses((status = 200, description = "A page", body = Incidents), Looking))]
pub async fn list(
    State(house): State<Arc<House>>,
    WholeQuery(which): WholeQuery<Which>,
) -> Result<Json<Incidents>, ApiFailure> {
    let view = house.source.current().await?;
    let passes = |i: &&Incident| {
        which.state.is_none_or(|s| s == state(i))
            && which.domain.is_none_or(|d| d == i.leader)
            && which.severity.is_none_or(|s| s == view.severity(i))
    };
    let from = (which.cursor.as_deref(), which.limit);
    let (found, next) = paging::page(view.incidents().iter(), passes, from)?;
    let items = found.into_iter().map(|i| IncidentOut::of(&view, i));
    Ok(Json(Incidents {
        items: items.collect(),
        next,
    }))
}

/// One incident with all its records
#[utoipa::path(get, path = "/api/v1/incidents/{incident}", tag = "incidents",
    params(("incident" = String, Path, pattern = "^inc-(transport|compute|service|access)-(0|[1-9][0-9]{0,18})$", example = "inc-transport-1")),
    responses((status = 200, description = "The incident", body = IncidentWithRecords), Finding))]
pub async fn one(
    State(house): State<Arc<House>>,
    Id(id): Id<IncidentId>,
    _: WholeQuery<Nothing>,
) -> Result<Json<IncidentWithRecords>, ApiFailure> {
    let view = house.source.current().await?;
    let missing = || Failure::NoIncident(id.to_string());
    let incident = view.incident(&id).ok_or_else(missing)?;
    Ok(Json(IncidentWithRecords {
        incident: IncidentOut::of(&view, incident),
        records: view.records(incident).map(Told::of).collect(),
    }))
}
