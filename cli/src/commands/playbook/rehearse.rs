//! `zizhi playbook rehearse`: what would it do?
//!
//! The plan goes to the twin, a model in this process. There is no driver, no bus and no executor here: a test of the
//! house's shape holds that (cli/tests/architecture.rs).

mod rehearsals;

use super::super::{FOUND, pick};
use super::{situation, traffic};
use crate::args::authoring::RehearseArgs;
use crate::fail::Failure;
use comfy_table::Table;
use std::path::Path;
use std::process::ExitCode;
use zizhi_playbooks::case::Case;
use zizhi_playbooks::catalog::lint;
use zizhi_playbooks::examine::{Obstacle, examine};
use zizhi_playbooks::{PlanDraft, Playbook};
use zizhi_twin_link::{Outlook, Twin, TwinState, outlook};
use zizhi_types::objective::Comparison;
use zizhi_types::text::Language;
use zizhi_types::topology::Bilingual;
use zizhi_types::{Action, NetTime};

/// Objectives that the table shows at most: those that are violated or move most.
const ROWS: usize = 12;

/// A change below this share of the limit is not worth a row.
const NOTABLE: f64 = 0.01;

/// One row: the twin's outlook, and what the objective reads before the fault.
struct Row {
    healthy: Option<f64>,
    outlook: Outlook,
}

/// What is thought of it, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Worse,
    Nothing,
    Helps,
}

/// One plan and what the twin says of it.
struct Rehearsed {
    draft: PlanDraft,
    rows: Vec<Row>,
    verdict: Verdict,
}

/// Rehearses one playbook in the situation of the flags or, without any, of its file; or every playbook of a folder.
pub fn run(args: RehearseArgs, lang: Language) -> Result<ExitCode, Failure> {
    if args.file.is_dir() {
        return rehearsals::folder(&args, lang);
    }
    let (playbook, text) = read(&args.file)?;
    if args.situation.is_empty()
        && let Some(own) = rehearsals::own(&args.file, &text, &playbook)?
    {
        return rehearsals::one(&args, &playbook, &own, lang);
    }
    let case = situation::case(&args.situation, playbook.faults.first().copied())?;
    let Some(rehearsed) = rehearsed(&playbook, case, lang)? else {
        return Ok(ExitCode::from(FOUND));
    };
    show(&args, &rehearsed, lang)?;
    Ok(if best(&rehearsed) == Verdict::Worse {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

/// Every plan of the playbook in a situation; nothing where it is kept out, which is told.
fn rehearsed(
    playbook: &Playbook,
    case: Case,
    lang: Language,
) -> Result<Option<Vec<Rehearsed>>, Failure> {
    let fault = case.hypothesis().fault;
    if !playbook.faults.contains(&fault) {
        return Err(format!("{} is no remedy for {fault}", playbook.id).into());
    }
    let case = busy(case)?;
    let drafts = match examine(playbook, case.hypothesis(), &case.context()) {
        Ok(drafts) => drafts,
        Err(obstacles) => {
            kept_out(&obstacles, lang);
            return Ok(None);
        }
    };
    let mut all = vec![];
    for draft in drafts {
        let actions: Vec<Action> = draft.steps.iter().map(|s| s.action.clone()).collect();
        let rows = rows(&case, &actions)?;
        let verdict = verdict(&rows);
        all.push(Rehearsed {
            draft,
            rows,
            verdict,
        });
    }
    Ok(Some(all))
}

fn show(args: &RehearseArgs, rehearsed: &[Rehearsed], lang: Language) -> Result<(), Failure> {
    for one in rehearsed {
        if args.json {
            as_json(&one.draft, &one.rows, one.verdict)?;
        } else {
            told(&one.draft, &one.rows, one.verdict, lang);
        }
    }
    Ok(())
}

/// A playbook with several variants is as good as the best of them: the planner chooses.
fn best(rehearsed: &[Rehearsed]) -> Verdict {
    let verdicts = rehearsed.iter().map(|r| r.verdict);
    verdicts.max().unwrap_or(Verdict::Worse)
}

fn kept_out(obstacles: &[Obstacle], lang: Language) {
    for obstacle in obstacles {
        let (said, values) = (obstacle.tell(), obstacle.values_told());
        println!("{}", pick(lang, &said.en, &said.zh));
        println!("  {}", pick(lang, &values.en, &values.zh));
    }
}

fn read(file: &Path) -> Result<(Playbook, String), Failure> {
    let (name, text) = situation::read(file)?;
    let (playbook, problems) = lint(&name, &text);
    let errors: Vec<String> = problems
        .iter()
        .filter(|p| p.is_error())
        .map(ToString::to_string)
        .collect();
    match playbook.filter(|_| errors.is_empty()) {
        Some(playbook) => Ok((playbook, text)),
        None => Err(errors.join("\n").into()),
    }
}

/// The same case on the network with its usual traffic.
fn busy(case: Case) -> Result<Case, Failure> {
    let h = case.hypothesis();
    let network = traffic::written_out(case.network().clone());
    let mut busy = Case::new(network, h.object.clone(), h.fault, h.probability)?;
    for (object, metric, value) in case.values() {
        busy.set(&format!("{object}/{}", metric.as_str()), value)?;
    }
    Ok(busy)
}

fn rows(case: &Case, actions: &[Action]) -> Result<Vec<Row>, Failure> {
    let mut twin = Twin::new(case.network());
    let healthy = TwinState::new(case.network()).fork().predict();
    for (object, metric, value) in case.values() {
        twin.state
            .observe(object, metric, value, NetTime::from_secs(0));
    }
    let objectives = case.network().objectives();
    let told = outlook(&twin.state, actions, &objectives)?;
    let row = |outlook: Outlook| Row {
        healthy: healthy.value(&outlook.objective.object, outlook.objective.metric),
        outlook,
    };
    Ok(told.into_iter().map(row).collect())
}

fn verdict(rows: &[Row]) -> Verdict {
    let cured = |o: &Outlook| {
        let (before, after) = (o.objective.excess(o.without), o.objective.excess(o.with));
        before > 0.0 && (after <= 0.0 || after < before - NOTABLE)
    };
    if rows.iter().any(|r| r.outlook.worse) {
        Verdict::Worse
    } else if rows.iter().any(|r| cured(&r.outlook)) {
        Verdict::Helps
    } else {
        Verdict::Nothing
    }
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Worse => "makes-worse",
            Self::Helps => "helps",
            Self::Nothing => "no-effect",
        }
    }

    fn tell(self) -> Bilingual {
        let (en, zh) = match self {
            Self::Worse => (
                "it makes something worse: no swarm would run it here",
                "会使某些目标变差：智能体不会在这里执行它",
            ),
            Self::Helps => (
                "it helps and makes nothing worse",
                "有效，且不会使任何目标变差",
            ),
            Self::Nothing => (
                "the twin sees no objective that it helps; it makes nothing worse",
                "孪生没有看到目标因此改善；也没有目标变差",
            ),
        };
        Bilingual {
            en: en.to_owned(),
            zh: zh.to_owned(),
        }
    }
}

/// What is worth a look, the worst first.
fn notable(rows: &[Row]) -> Vec<&Row> {
    let weight = |r: &Row| {
        let o = &r.outlook;
        let scale = o.objective.limit.abs().max(0.01);
        let moved = (o.with - o.without).abs() / scale;
        f64::from(u8::from(o.worse)) * 1e6 + o.objective.excess(o.without) + moved
    };
    let mut shown: Vec<&Row> = rows.iter().filter(|r| weight(r) > NOTABLE).collect();
    shown.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    shown.truncate(ROWS);
    shown
}

fn told(draft: &PlanDraft, rows: &[Row], verdict: Verdict, lang: Language) {
    println!(
        "{} ({})",
        draft.playbook,
        pick(lang, &draft.title.en, &draft.title.zh)
    );
    for step in &draft.steps {
        println!("  {}: {}", step.id, step.action);
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(match lang {
        Language::En => [
            "objective",
            "limit",
            "before the fault",
            "nothing done",
            "plan",
            "after undo",
            "",
        ],
        Language::Zh => ["目标", "限值", "故障前", "不处理", "执行预案", "撤销后", ""],
    });
    for row in notable(rows) {
        table.add_row(cells(row, lang));
    }
    println!("{table}");
    if rows.iter().any(|r| r.outlook.undone.is_none()) {
        println!(
            "{}",
            pick(lang, "some action has no undo", "有动作无法撤销")
        );
    }
    let said = verdict.tell();
    println!(
        "{}: {}",
        pick(lang, "verdict", "结论"),
        pick(lang, &said.en, &said.zh)
    );
}

fn cells(row: &Row, lang: Language) -> [String; 7] {
    let o = &row.outlook;
    let shown = |v: f64| {
        format!(
            "{}{}",
            rounded(v),
            if o.objective.holds(v) { "" } else { " !" }
        )
    };
    let sign = match o.objective.comparison {
        Comparison::AtMost => "≤",
        Comparison::AtLeast => "≥",
        Comparison::Equals => "=",
    };
    [
        format!("{} {}", o.objective.object, o.objective.metric.as_str()),
        format!("{sign} {}", rounded(o.objective.limit)),
        row.healthy.map_or_else(|| "?".to_owned(), shown),
        shown(o.without),
        shown(o.with),
        o.undone.map_or_else(|| "-".to_owned(), shown),
        if o.worse {
            pick(lang, "worse", "变差").to_owned()
        } else {
            String::new()
        },
    ]
}

/// Four digits after the point, without zeros at the end.
fn rounded(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

fn as_json(draft: &PlanDraft, rows: &[Row], verdict: Verdict) -> Result<(), Failure> {
    let objectives: Vec<_> = notable(rows)
        .into_iter()
        .map(|r| {
            serde_json::json!({
                "objective": r.outlook.objective, "before": r.healthy, "nothing_done": r.outlook.without,
                "plan": r.outlook.with, "after_undo": r.outlook.undone, "worse": r.outlook.worse,
            })
        })
        .collect();
    super::super::json_line(&serde_json::json!({
        "playbook": draft.playbook, "steps": draft.steps, "objectives": objectives,
        "verdict": verdict.as_str(),
    }))
}
