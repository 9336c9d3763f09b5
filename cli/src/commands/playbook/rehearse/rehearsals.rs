//! The situation that a playbook's own file names: does the twin say there what the author promises?
//!
//! In: a file, or a folder of them. Out: a table for one, a line for each of a folder; the exit code says whether every
//! promise holds.

use super::super::super::{FOUND, json_line, pick};
use super::super::situation;
use super::{Rehearsed, Verdict, best, read, rehearsed, show};
use crate::args::authoring::RehearseArgs;
use crate::fail::Failure;
use std::path::Path;
use std::process::ExitCode;
use zizhi_playbooks::Playbook;
use zizhi_playbooks::case::Case;
use zizhi_playbooks::rehearsal::{self, Promise, Rehearsal};
use zizhi_types::text::Language;

/// The file's own situation, if it names one.
pub(super) fn own(
    file: &Path,
    text: &str,
    playbook: &Playbook,
) -> Result<Option<Rehearsal>, Failure> {
    let name = file.display().to_string();
    rehearsal::read(&name, text, playbook).map_err(|p| p.to_string().into())
}

/// Rehearses one playbook as its file says, and shows what the twin says.
pub(super) fn one(
    args: &RehearseArgs,
    playbook: &Playbook,
    own: &Rehearsal,
    lang: Language,
) -> Result<ExitCode, Failure> {
    let Some(plans) = rehearsed(playbook, case(own)?, lang)? else {
        return Ok(ExitCode::from(FOUND));
    };
    show(args, &plans, lang)?;
    if let Some(why) = own.why.as_ref().filter(|_| !args.json) {
        println!("{}", pick(lang, &why.en, &why.zh));
    }
    Ok(judged(own, &plans).map_or_else(
        |broken| {
            eprintln!("{}", pick(lang, broken.0, broken.1));
            ExitCode::from(FOUND)
        },
        |_| ExitCode::SUCCESS,
    ))
}

/// Rehearses every playbook of a folder, one line each. A file without a situation is told and fails nothing.
pub(super) fn folder(args: &RehearseArgs, lang: Language) -> Result<ExitCode, Failure> {
    if !args.situation.is_empty() {
        return Err("a folder is rehearsed in the situations of its files: name one file, or leave out the flags".into());
    }
    let mut all_hold = true;
    for file in situation::files(std::slice::from_ref(&args.file))? {
        let (playbook, text) = read(&file)?;
        let said = match own(&file, &text, &playbook)? {
            Some(own) => line(&playbook, &own, lang)?,
            None => Line::unwritten(),
        };
        all_hold &= said.holds;
        said.print(&playbook, args.json, lang)?;
    }
    Ok(if all_hold {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FOUND)
    })
}

/// What a folder's rehearsal says of one file.
struct Line {
    holds: bool,
    verdict: &'static str,
    /// On which object of which network.
    place: Option<String>,
    told: (&'static str, &'static str),
}

impl Line {
    const fn unwritten() -> Self {
        Self {
            holds: true,
            verdict: "unwritten",
            place: None,
            told: ("names no situation to rehearse in", "没有写明预演场景"),
        }
    }

    fn print(&self, playbook: &Playbook, json: bool, lang: Language) -> Result<(), Failure> {
        if json {
            return json_line(&serde_json::json!({
                "playbook": playbook.reference(), "verdict": self.verdict, "holds": self.holds,
                "place": self.place,
            }));
        }
        let place = self.place.as_deref().unwrap_or("-");
        let told = pick(lang, self.told.0, self.told.1);
        println!("{:<36} {place}: {told}", playbook.id);
        Ok(())
    }
}

fn line(playbook: &Playbook, own: &Rehearsal, lang: Language) -> Result<Line, Failure> {
    let place = Some(format!("{} ({})", own.suspect, own.network));
    let Some(plans) = rehearsed(playbook, case(own)?, lang)? else {
        return Ok(Line {
            holds: false,
            verdict: "does-not-fit",
            place,
            told: ("does not fit its own situation", "不适用于自己的预演场景"),
        });
    };
    let verdict = best(&plans).as_str();
    let (holds, told) = match judged(own, &plans) {
        Ok(told) => (true, told),
        Err(told) => (false, told),
    };
    Ok(Line {
        holds,
        verdict,
        place,
        told,
    })
}

/// What to say of a promise that holds, or of one that does not.
fn judged(
    own: &Rehearsal,
    plans: &[Rehearsed],
) -> Result<(&'static str, &'static str), (&'static str, &'static str)> {
    match (own.expect, best(plans)) {
        (_, Verdict::Worse) => Err(("makes something worse", "会使某些目标变差")),
        (Promise::Helps, Verdict::Helps) => Ok(("helps, as promised", "有效，与承诺一致")),
        (Promise::Helps, Verdict::Nothing) => Err((
            "promises to help, and the twin sees nothing",
            "承诺有效，但孪生看不到改善",
        )),
        (Promise::NoEffect, Verdict::Nothing) => Ok((
            "makes nothing worse; the twin cannot show more",
            "不会变差；孪生无法体现其收益",
        )),
        (Promise::NoEffect, Verdict::Helps) => Err((
            "helps, and the file promises less: write expect: helps",
            "实际有效，文件却写无效果：请改为 expect: helps",
        )),
    }
}

fn case(own: &Rehearsal) -> Result<Case, Failure> {
    let network = situation::network_named(&own.network)?;
    let mut case = Case::new(network, own.suspect.clone(), own.fault, 0.9)?;
    for (what, value) in &own.state {
        case.set(what, *value)?;
    }
    if own.state.is_empty() {
        case.assume_usual_signs();
    }
    Ok(case)
}
