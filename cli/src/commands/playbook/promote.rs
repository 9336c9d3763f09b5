//! `zizhi playbook promote`: what has a playbook earned, and by what evidence?

use crate::args::guard::PromoteArgs;
use crate::commands::{FOUND, json_line, pick, policy};
use crate::fail::Failure;
use crate::journals;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use zizhi_bus::Journal;
use zizhi_bus::journal;
use zizhi_playbooks::approval::person;
use zizhi_playbooks::autonomy::{Case, Change, Ledger, Overlay, Proposal, Track};
use zizhi_playbooks::policy::Policy;
use zizhi_playbooks::{Catalog, Playbook};
use zizhi_types::plan::Mode;
use zizhi_types::text::{Language, label};
use zizhi_types::{Body, NetTime, Record, RecordId, Who};

/// The modes that were earned, in a data folder.
const OVERLAY: &str = "autonomy.yaml";

/// The journal of how they changed.
const JOURNAL: &str = "autonomy.jsonl";

/// The modes that people set in a data folder; none where nobody did. The record of a change is written before the file:
/// where a write was cut off between the two, the record counts.
pub fn overlay(data: &Path) -> Result<Overlay, Failure> {
    let path = data.join(OVERLAY);
    let mut overlay = match std::fs::read_to_string(&path) {
        Ok(text) => Overlay::parse(&text)?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Overlay::default(),
        Err(e) => return Err(format!("cannot read {}: {e}", path.display()).into()),
    };
    let changes = data.join(JOURNAL);
    if changes.exists() {
        let (entries, _) = journal::read_all_lenient(&changes)?;
        for entry in entries {
            overlay.learn(&entry.record);
        }
    }
    Ok(overlay)
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
        None => Policy::default(),
    };
    let mut overlay = overlay(&args.data)?;
    let (records, now) = records(&args)?;
    let ledger = Ledger::of(&records);
    let base = overlay.mode_of(playbook, &policy, &shipped);
    let track = Track {
        playbook: playbook.id.clone(),
        class: args.class.clone(),
    };
    let case = case_of(&ledger, &track, base, &policy)?;
    let proposed = ledger.proposal(&track);
    let proposal = case.propose();
    let show = |record| tell(&proposal, proposed, record, args.json, lang);
    if !args.apply {
        show(None)?;
        return Ok(ExitCode::SUCCESS);
    }
    let by = args.by.clone().unwrap_or_default();
    not_the_author(playbook, &by)?;
    if policy.playbooks.get(&playbook.id) == Some(&proposal.from) {
        let id = &playbook.id;
        return Err(format!("the policy sets the mode of {id}: change it there").into());
    }
    if proposal.to == proposal.from {
        show(None)?;
        return Ok(ExitCode::from(FOUND));
    }
    let record = write(&args.data, &proposal, &by, now)?;
    let change = Change {
        mode: proposal.to,
        from: Some(proposal.from),
        by,
        at: now,
        record: record.clone(),
    };
    overlay.set(track, change);
    save(&args.data, &overlay)?;
    show(Some(&record))?;
    Ok(ExitCode::SUCCESS)
}

fn case_of(ledger: &Ledger, track: &Track, base: Mode, policy: &Policy) -> Result<Case, Failure> {
    let cases = ledger.cases(&track.playbook, base, policy);
    let classes: Vec<String> = cases.iter().filter_map(|c| c.class.clone()).collect();
    let found = cases.into_iter().find(|c| c.class == track.class);
    found.ok_or_else(|| {
        let (class, id) = (track.class.as_deref().unwrap_or_default(), &track.playbook);
        let known = if classes.is_empty() {
            "none of the policy's classes".to_owned()
        } else {
            classes.join(", ")
        };
        format!("{id} has touched no object of class {class}: it has touched {known}").into()
    })
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
    // After everything that it rests on, so that the order of the two journals is told by the time alone.
    let now = records.last().map_or(NetTime(0), |r| r.at) + 1;
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
        class: proposal.class.clone(),
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
    let mut file = std::fs::File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, data.join(OVERLAY))?;
    Ok(())
}

fn tell(
    proposal: &Proposal,
    proposed: Option<Mode>,
    record: Option<&RecordId>,
    json: bool,
    lang: Language,
) -> Result<(), Failure> {
    if json {
        return json_line(&serde_json::json!({
            "proposal": proposal, "proposed_by_agent": proposed, "record": record
        }));
    }
    let mode = |m: Mode| label(m, lang);
    let class = proposal.class.as_ref();
    println!(
        "{}{}: {} -> {}",
        proposal.playbook,
        class.map_or_else(String::new, |c| format!(" [{c}]")),
        mode(proposal.from),
        mode(proposal.to)
    );
    if let Some(to) = proposed {
        let said = pick(lang, "the agent proposes", "智能体建议");
        println!("  {said}: {}", mode(to));
    }
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
