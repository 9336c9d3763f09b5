//! `zizhi approvals`, `zizhi approve`, `zizhi reject`: what waits for a person, and the person's answer.

use super::run::config::RunConfig;
use super::{json_line, pick};
use crate::args::guard::{AnswerArgs, ApprovalsArgs};
use crate::fail::Failure;
use crate::journals;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zizhi_agents::executor::WaitingPlan;
use zizhi_agents::recovery;
use zizhi_bus::Bus;
use zizhi_bus::clock::wall;
use zizhi_bus::journal;
use zizhi_bus::nats::{NatsBus, NatsConfig};
use zizhi_types::text::{Language, action};
use zizhi_types::wire::{self, Approval};
use zizhi_types::{Domain, Record};

/// Who a person is to the bus.
pub const OPERATOR: &str = "operator";

/// Every plan that waits, as the journal tells.
fn waiting(path: &Path) -> Result<Vec<WaitingPlan>, Failure> {
    let (entries, _) = journal::read_all_lenient(path)?;
    let records: Vec<Record> = entries.into_iter().map(|e| e.record).collect();
    let of = |domain| recovery::recover(domain, &records).waiting;
    Ok(Domain::ALL.into_iter().flat_map(of).collect())
}

/// Lists what waits.
pub fn list(args: ApprovalsArgs, lang: Language) -> Result<ExitCode, Failure> {
    let path = journals::existing(args.journal)?;
    let all = waiting(&path)?;
    if all.is_empty() && !args.json {
        println!(
            "{}",
            pick(lang, "no plan waits for a yes", "没有待批准的方案")
        );
    }
    for WaitingPlan { bid, request, .. } in all {
        if args.json {
            json_line(&serde_json::json!({ "request": request, "plan": bid.plan }))?;
            continue;
        }
        let given = if request.yes.is_empty() {
            "-".to_owned()
        } else {
            request.yes.join(", ")
        };
        println!(
            "{} {} [{}]",
            request.plan,
            bid.plan.playbook,
            request.fingerprint.short()
        );
        for step in &bid.plan.steps {
            println!("  {}", action(&step.action, lang));
        }
        match lang {
            Language::En => println!(
                "  {} to say yes (so far: {given}), until {}",
                request.people, request.expires
            ),
            Language::Zh => println!(
                "  需 {} 人批准（已批准：{given}），截止 {}",
                request.people, request.expires
            ),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the swarm's bus and journals are, by the flags or the settings.
pub struct Place {
    /// Its NATS server, if it has one.
    pub bus: Option<NatsConfig>,
    /// Its data folder.
    pub data: PathBuf,
}

impl Place {
    /// From a settings file, if one is named, and what the flags say instead.
    pub fn find(
        config: Option<&Path>,
        bus: Option<&String>,
        data: Option<&PathBuf>,
    ) -> Result<Self, Failure> {
        let mut found = match config {
            Some(path) => RunConfig::read(path)?,
            None => RunConfig::default(),
        };
        if let Some(url) = bus {
            found.bus.get_or_insert_default().url = vec![url.clone()];
        }
        Ok(Self {
            bus: found.bus,
            data: data.cloned().unwrap_or(found.data),
        })
    }
}

/// Says something to every process of the swarm.
pub fn publish<T: serde::Serialize>(
    bus: NatsConfig,
    subject: &str,
    content: &T,
) -> Result<(), Failure> {
    let payload = serde_json::to_vec(content)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // The name to which the server's permissions are written. It only speaks, so that two at a time do no harm.
        let bus = NatsBus::connect(bus, OPERATOR).await?;
        bus.publish(OPERATOR, subject, wall(), payload).await?;
        bus.close().await;
        Ok(())
    })
}

/// Sends a person's answer.
pub fn answer(args: AnswerArgs, granted: bool, lang: Language) -> Result<ExitCode, Failure> {
    let place = Place::find(args.config.as_deref(), args.bus.as_ref(), None)?;
    let journal = args.journal.clone().unwrap_or_else(|| place.data.clone());
    let all = waiting(&journals::existing(Some(journal))?)?;
    let meant = |w: &&WaitingPlan| w.request.plan.to_string() == args.plan;
    let Some(found) = all.iter().find(meant) else {
        return Err(format!(
            "{} waits for nobody: `zizhi approvals` lists the plans that do",
            args.plan
        )
        .into());
    };
    let Some(bus) = place.bus else {
        return Err(
            "a running swarm is reached over its bus: name it with --bus URL, or with --config and [bus]".into(),
        );
    };
    let approval = Approval {
        fingerprint: found.request.fingerprint.clone(),
        revision: Some(found.request.revision.0.clone()),
        granted,
        by: args.by,
        reason: args.reason,
        considered_ms: None,
    };
    let subject = wire::subject(found.bid.plan.domain, "plan", "approval");
    publish(bus, &subject, &approval)?;
    if args.json {
        json_line(&serde_json::json!({ "sent": approval }))?;
    } else {
        let said = if granted {
            pick(lang, "yes", "同意")
        } else {
            pick(lang, "no", "不同意")
        };
        println!(
            "{}: {said} ({})",
            found.request.plan,
            pick(lang, "sent", "已发送")
        );
    }
    Ok(ExitCode::SUCCESS)
}
