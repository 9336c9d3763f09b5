//! `zizhi playbook test`: do playbooks do what their authors expect?

use super::super::{FOUND, json_line, pick};
use super::situation::{files, network_named};
use crate::args::authoring::TestArgs;
use crate::fail::Failure;
use std::process::ExitCode;
use zizhi_playbooks::Problem;
use zizhi_playbooks::scripted::{Report, Tested, run_file};
use zizhi_types::text::Language;

#[derive(Default)]
struct Sum {
    passed: usize,
    failed: usize,
    refused: usize,
}

/// Runs the tests of every file.
pub fn run(args: TestArgs, lang: Language) -> Result<ExitCode, Failure> {
    let mut sum = Sum::default();
    for path in files(&args.paths)? {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(&path).map_err(|e| format!("cannot read {name}: {e}"))?;
        match run_file(&name, &text, &network_named) {
            Ok(report) => one(&name, &report, args.json, lang, &mut sum)?,
            Err(problems) => refused(&problems, args.json, &mut sum)?,
        }
    }
    if !args.json {
        total(&sum, lang);
    }
    let bad = sum.failed + sum.refused > 0;
    Ok(if bad {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn refused(problems: &[Problem], json: bool, sum: &mut Sum) -> Result<(), Failure> {
    sum.refused += 1;
    for problem in problems {
        if json {
            json_line(problem)?;
        } else {
            println!("{problem}");
        }
    }
    Ok(())
}

fn one(
    file: &str,
    report: &Report,
    json: bool,
    lang: Language,
    sum: &mut Sum,
) -> Result<(), Failure> {
    let passed = report.tests.iter().filter(|t| t.passed()).count();
    sum.passed += passed;
    sum.failed += report.tests.len() - passed;
    if json {
        return json_line(&serde_json::json!({
            "file": file, "passed": report.passed(), "report": report,
        }));
    }
    println!("{} ({file})", report.playbook);
    for test in &report.tests {
        told(file, test, lang);
    }
    covered(report, lang);
    Ok(())
}

fn told(file: &str, test: &Tested, lang: Language) {
    if test.passed() {
        println!("  {}  {}", pick(lang, "ok  ", "通过"), test.name);
        return;
    }
    println!(
        "  {}  {} ({file}:{})",
        pick(lang, "FAIL", "失败"),
        test.name,
        test.line
    );
    for m in &test.mismatches {
        println!(
            "        {}: {} {}",
            m.field,
            pick(lang, "expected", "期望"),
            m.expected
        );
        println!(
            "        {}  {} {}",
            " ".repeat(m.field.len()),
            pick(lang, "got     ", "实际"),
            m.got
        );
    }
}

fn covered(report: &Report, lang: Language) {
    let c = &report.coverage;
    println!(
        "  {}: {}/{}",
        pick(lang, "branches reached", "已覆盖的分支"),
        c.reached,
        c.all
    );
    for branch in &c.missed {
        let words = branch.tell();
        let branch = pick(lang, &words.en, &words.zh);
        println!(
            "    {}: {branch}",
            pick(lang, "no test reaches", "没有测试覆盖")
        );
    }
}

fn total(sum: &Sum, lang: Language) {
    let Sum {
        passed,
        failed,
        refused,
    } = sum;
    match lang {
        Language::En => println!("{passed} passed, {failed} failed, {refused} files refused"),
        Language::Zh => println!("通过 {passed} 个，失败 {failed} 个，拒绝 {refused} 个文件"),
    }
}
