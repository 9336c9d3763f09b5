//! `zizhi playbook promote`: what has a playbook earned, and by what evidence?

use crate::args::guard::PromoteArgs;
use crate::commands::{FOUND, json_line, pick, policy};
use crate::fail::Failure;
use crate::journals;
use std::path::Path;
use std::process::ExitCode;
use zizhi_bus::Journal;
use zizhi_bus::journal;
use zizhi_playbooks::approval::person;
use zizhi_playbooks::autonomy::{Book, Case, Change, Overlay, Proposal, evidence};
use zizhi_playbooks::{Catalog, Playbook};
use zizhi_types::plan::Mode;
use zizhi_types::text::{Language, label};
use zizhi_types::{Body, NetTime, Record, RecordId, Who};

/// The modes that were earned, in a data folder.
const OVERLAY: &str = "autonomy.yaml";

/// The journal of how they changed.
const JOURNAL: &str = "autonomy.jsonl";

/// The modes that were earned in a data folder; none where nothing was.
pub fn overlay(data: &Path) -> Result<Overlay, Failure> {
    let path = data.join(OVERLAY);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Overlay::parse(&text)?),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Overlay::default()),
        Err(e) => Err(format!("cannot read {}: {e}", path.display()).into()),
    }
}

/// Shows the case, and sets what was earned.
pub fn run(args: PromoteArgs, lang: Language) -> Result<ExitCode, Failure> {
    let shipped = Catalog::builtin()?;
    let catalog = match &args.playbooks {
        Some(folder) => Catalog::load_dir(folder)?,
        None => shipped.clone(),
    };
    let Some(playbook) = catalog.get(&args.id) else {
        let id = &args.id;
        return Err(format!("there is no playbook {id}: `zizhi playbook list` lists them").into());
    };
    let policy = match &args.policy {
        Some(file) => policy::load(file)?.compile()?,
        None => zizhi_playbooks::policy::Policy::default(),
    };
    let mut overlay = overlay(&args.data)?;
    let (records, now) = records(&args)?;
    let book = evidence(&records).remove(&playbook.id).unwrap_or_default();
    let Book { seen, objects } = book;
    let case = Case {
        playbook: playbook.id.clone(),
        mode: overlay.mode_of(playbook, &policy, &shipped),
        ceiling: policy.ceiling(&objects),
        seen,
    };
    let proposal = case.propose();
    if !args.apply {
        tell(&proposal, None, args.json, lang)?;
        return Ok(ExitCode::SUCCESS);
    }
    let by = args.by.clone().unwrap_or_default();
    not_the_author(playbook, &by)?;
    if policy.playbooks.contains_key(&playbook.id) {
        let id = &playbook.id;
        return Err(format!("the policy sets the mode of {id}: change it there").into());
    }
    if proposal.to == proposal.from {
        tell(&proposal, None, args.json, lang)?;
        return Ok(ExitCode::from(FOUND));
    }
    let record = write(&args.data, &proposal, &by, now)?;
    let change = Change {
        mode: proposal.to,
        by,
        at: now,
        record: record.clone(),
    };
    overlay.modes.insert(playbook.id.clone(), change);
    save(&args.data, &overlay)?;
    tell(&proposal, Some(&record), args.json, lang)?;
    Ok(ExitCode::SUCCESS)
}

/// What counts, in the order in which it happened, and the newest time in it.
fn records(args: &PromoteArgs) -> Result<(Vec<Record>, NetTime), Failure> {
    let path = journals::existing(args.journal.clone())?;
    let mut records: Vec<Record> = vec![];
    let mut take = |path: &Path| -> Result<(), Failure> {
        let (entries, _) = journal::read_all_lenient(path)?;
        records.extend(entries.into_iter().map(|e| e.record));
        Ok(())
    };
    take(&path)?;
    let changes = args.data.join(JOURNAL);
    // A data folder that is read whole holds it already.
    if changes.exists() && !path.is_dir() {
        take(&changes)?;
    }
    records.sort_by_key(|r| r.at);
    let now = records.last().map_or(NetTime(0), |r| r.at);
    Ok((records, now))
}

fn not_the_author(playbook: &Playbook, by: &str) -> Result<(), Failure> {
    if person(by).is_empty() {
        return Err("say who sets it: --by NAME".into());
    }
    if person(by) == person(&playbook.owner) {
        let owner = &playbook.owner;
        return Err(
            format!("{owner} wrote this playbook: somebody else has to set its mode").into(),
        );
    }
    Ok(())
}

/// Every change is a record with its evidence, in a journal of its own: that of a running swarm has its own writer.
fn write(data: &Path, proposal: &Proposal, by: &str, at: NetTime) -> Result<RecordId, Failure> {
    std::fs::create_dir_all(data)?;
    let path = data.join(JOURNAL);
    let (journal, _) = Journal::create_or_open(&path)?;
    let number = journal::read(&path).map_or(0, |entries| entries.len() as u64) + 1;
    let id = RecordId::new("autonomy", number);
    let body = Body::ModeChanged {
        playbook: proposal.playbook.clone(),
        from: proposal.from,
        to: proposal.to,
        reason: proposal.reason.clone(),
        evidence: proposal.evidence.clone(),
    };
    let name = by.to_owned();
    journal.append(Record {
        id: id.clone(),
        at,
        who: Who::Human { name },
        domain: None,
        stage: body.stage(),
        object: None,
        incident: None,
        causes: vec![],
        body,
    })?;
    journal.sync()?;
    Ok(id)
}

/// JSON is YAML: the file is read by the same reader, and written without another library.
fn save(data: &Path, overlay: &Overlay) -> Result<(), Failure> {
    let new = data.join(format!("{OVERLAY}.new"));
    let mut text = serde_json::to_string_pretty(overlay)?;
    text.push('\n');
    std::fs::write(&new, text)?;
    std::fs::rename(&new, data.join(OVERLAY))?;
    Ok(())
}

fn tell(
    proposal: &Proposal,
    record: Option<&RecordId>,
    json: bool,
    lang: Language,
) -> Result<(), Failure> {
    if json {
        return json_line(&serde_json::json!({ "proposal": proposal, "record": record }));
    }
    let mode = |m: Mode| label(m, lang);
    println!(
        "{}: {} -> {}",
        proposal.playbook,
        mode(proposal.from),
        mode(proposal.to)
    );
    println!("  {}: {}", pick(lang, "because", "依据"), proposal.reason);
    for (outcome, count) in &proposal.counts {
        let word = serde_json::to_value(outcome)?;
        println!("  {}: {count}", word.as_str().unwrap_or_default());
    }
    let percent = |share: f64| (share * 1000.0).round() / 10.0;
    let success = proposal.success;
    println!(
        "  {}: {} % ({} - {} %)",
        pick(
            lang,
            "good outcomes, 95 % interval",
            "有效率及 95 % 置信区间"
        ),
        percent(success.share),
        percent(success.lower),
        percent(success.upper)
    );
    if let Some(bar) = proposal.bar {
        println!(
            "  {}: {} / {} %",
            pick(
                lang,
                "the next mode asks for (outcomes / lower bound)",
                "升级所需（次数 / 区间下限）"
            ),
            bar.outcomes,
            percent(bar.success)
        );
    }
    let ids: Vec<String> = proposal.evidence.iter().map(ToString::to_string).collect();
    if !ids.is_empty() {
        println!("  {}: {}", pick(lang, "records", "记录"), ids.join(", "));
    }
    if let Some(record) = record {
        println!("  {}: {record}", pick(lang, "set", "已生效"));
    }
    Ok(())
}
