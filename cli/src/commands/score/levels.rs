//! `zizhi score --levels`: both methods for task levels that are given.

use super::{json_line, pick};
use crate::args::ScoreArgs;
use crate::fail::Failure;
use std::process::ExitCode;
use zizhi_evaluation::autonomy::{Flow, Instrument, Levels};
use zizhi_types::text::Language;

/// Computes and prints them.
pub fn run(
    text: &str,
    args: &ScoreArgs,
    instrument: &Instrument,
    lang: Language,
) -> Result<ExitCode, Failure> {
    let flow = args.flow.unwrap_or(Flow::FaultManagement);
    let levels = Levels::parse(flow, text).map_err(|e| format!("--levels: {e}"))?;
    let m = levels.methods(instrument);
    if args.json {
        json_line(&serde_json::json!({
            "flow": flow,
            "levels": levels.levels,
            "methods": m,
            "instrument": instrument,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    super::show::instrument(instrument, lang);
    let [one, two, equal, least] = [
        pick(lang, "method 1, weighted mean", "方法一，加权平均"),
        pick(lang, "method 2, base plus extra", "方法二，基础级加权附加"),
        pick(lang, "equal weights", "等权"),
        pick(lang, "lowest task level", "最低任务等级"),
    ];
    let colon = pick(lang, ": ", "：");
    let open = pick(lang, " (", "（");
    let close = pick(lang, ")", "）");
    for (name, weighted, alike) in [
        (one, m.method_1, m.method_1_equal),
        (two, m.method_2, m.method_2_equal),
    ] {
        println!("{name}{colon}{weighted:.2}{open}{equal}{colon}{alike:.2}{close}");
    }
    println!("{least}{colon}{}", m.least);
    Ok(ExitCode::SUCCESS)
}
