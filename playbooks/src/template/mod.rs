//! What does a new playbook look like before its author has changed anything?
//!
//! In: an id, a fault, a domain. Out: the text of a playbook that passes the checker and its own two tests, in observe
//! mode, with a comment beside each thing to decide. Called by `zizhi playbook new`.

mod remedies;

use remedies::{REMEDIES, Remedy};
use std::fmt::Write;
use zizhi_types::text::Language;
use zizhi_types::{Domain, FaultKind};

/// Why there is no such playbook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The id cannot stand in a file.
    #[error(
        "`{0}` is no playbook id: use 1 to 80 small letters, digits, . and -, for example transport.link.drain"
    )]
    BadId(String),
    /// No domain has an action for the fault.
    #[error("{domain} has no action that helps against {fault}: write one of {known}")]
    NoRemedy {
        /// Whose.
        domain: Domain,
        /// Against what.
        fault: FaultKind,
        /// Pairs of domain and fault that there are.
        known: String,
    },
}

/// The text of a new playbook. Without a fault it is for the first of the domain's; without a domain it is for the one
/// that the id begins with, or the one that owns what is wrong.
pub fn text(
    id: &str,
    domain: Option<Domain>,
    fault: Option<FaultKind>,
    lang: Language,
) -> Result<String, TemplateError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    if id.is_empty() || id.len() > 80 || !id.chars().all(fits) {
        return Err(TemplateError::BadId(id.to_owned()));
    }
    let said = id.split('.').next().and_then(|d| d.parse::<Domain>().ok());
    Ok(write(id, remedy(domain, said, fault)?, lang))
}

fn remedy(
    domain: Option<Domain>,
    said: Option<Domain>,
    fault: Option<FaultKind>,
) -> Result<&'static Remedy, TemplateError> {
    let find = |domain: Option<Domain>| {
        REMEDIES
            .iter()
            .find(|r| domain.is_none_or(|d| r.domain() == d) && fault.is_none_or(|f| r.fault == f))
    };
    let hinted = if domain.is_none() { find(said) } else { None };
    hinted.or_else(|| find(domain)).ok_or_else(|| {
        let known = REMEDIES
            .iter()
            .map(|r| format!("{} {}", r.domain(), r.fault));
        TemplateError::NoRemedy {
            domain: domain.unwrap_or(Domain::Transport),
            fault: fault.unwrap_or(FaultKind::LinkLossy),
            known: known.collect::<Vec<_>>().join(", "),
        }
    })
}

/// A comment in the author's language.
struct Said(Language);

impl Said {
    fn pick(&self, en: &'static str, zh: &'static str) -> &'static str {
        match self.0 {
            Language::En => en,
            Language::Zh => zh,
        }
    }
}

fn write(id: &str, remedy: &Remedy, lang: Language) -> String {
    let said = Said(lang);
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = head(&mut out, id, remedy, &said);
    let _ = body(&mut out, remedy, &said);
    let _ = tests(&mut out, remedy, &said);
    out
}

fn head(out: &mut String, id: &str, remedy: &Remedy, said: &Said) -> std::fmt::Result {
    let c1 = said.pick(
        "Zizhi playbook. Check it with `zizhi playbook lint`, run its tests with `zizhi playbook test`.",
        "自智预案。用 `zizhi playbook lint` 检查，用 `zizhi playbook test` 运行文件内的测试。",
    );
    let c2 = said.pick("raise it with every change", "每次改动都要升版本");
    let c3 = said.pick("one line, in both languages", "一句话标题，中英文都要写");
    let c4 = said.pick("whom to ask", "找谁问");
    let c5 = said.pick(
        "what it does, and when a person should not approve it",
        "做什么，以及什么情况下不该批准",
    );
    let c6 = said.pick("whose executor runs it", "由哪个域的执行器执行");
    writeln!(out, "# {c1}")?;
    writeln!(
        out,
        "apiVersion: zizhi/v1\nkind: Playbook\nmetadata:\n  id: {id}"
    )?;
    writeln!(out, "  version: 0.1.0 # {c2}\n  # {c3}")?;
    writeln!(
        out,
        "  title: {{en: \"{}\", zh: \"{}\"}}",
        remedy.title.0, remedy.title.1
    )?;
    writeln!(out, "  owner: noc-{} # {c4}", remedy.domain())?;
    writeln!(out, "spec:\n  describe: # {c5}")?;
    writeln!(
        out,
        "    what: {{en: \"{}\", zh: \"{}\"}}",
        remedy.what.0, remedy.what.1
    )?;
    writeln!(
        out,
        "    whenNotToUse: {{en: \"Someone is at work on it.\", zh: \"正有人在现场处理。\"}}"
    )?;
    writeln!(out, "  domain: {} # {c6}", remedy.domain())
}

fn body(out: &mut String, remedy: &Remedy, said: &Said) -> std::fmt::Result {
    let c1 = said.pick(
        "the suspected cause that it is a remedy for",
        "针对哪种故障",
    );
    let c2 = said.pick(
        "0 to 1; a surer cause for a riskier remedy",
        "0 到 1；风险越大的措施要求越高的概率",
    );
    let c3 = said.pick(
        "all must hold; what was not measured cannot be told, and keeps the playbook out",
        "所有条件都要成立；没有测到的量无法判断，预案就不会被采用",
    );
    let c4 = said.pick("the most that one run may touch", "一次执行最多影响多少");
    let c5 = said.pick(
        "observe: only logged. Then suggest, approve, auto, as it earns trust",
        "observe：只记录。取得信任后再依次升到 suggest、approve、auto",
    );
    let c6 = said.pick(
        "by its author, 0 (none) to 1",
        "作者估计的风险，0（无）到 1",
    );
    let c7 = said.pick(
        "taken back when the suspect is healthy again",
        "对象恢复后自动撤回",
    );
    let c8 = said.pick(
        "this action has no undo: say why that is acceptable",
        "该动作无法撤销：说明为什么可以接受",
    );
    let c9 = said.pick(
        "in this order; a step that fails has those before it undone",
        "按顺序执行；某步失败时，之前的步骤会被撤销",
    );
    let c10 = said.pick(
        "what shows that it helped, and how long it is given",
        "怎样算见效，给多长时间",
    );
    let c12 = said.pick(
        "every: 15s, minPass: 4 and `fail: value > 0.05` in a check: see docs/playbooks.md, Verification",
        "every: 15s、minPass: 4，以及检查中的 `fail: value > 0.05`：见 docs/playbooks.zh.md“验证”",
    );
    let retry = retry(remedy, said);
    writeln!(out, "  trigger:\n    faults: [{}] # {c1}", remedy.fault)?;
    writeln!(out, "    minProbability: 0.5 # {c2}")?;
    patience(out, said)?;
    writeln!(out, "  when: # {c3}\n    - check: \"{}\"", remedy.check)?;
    writeln!(
        out,
        "      message: {{en: \"{}\", zh: \"{}\"}}",
        remedy.message.0, remedy.message.1
    )?;
    writeln!(
        out,
        "  blastRadius: {{maxObjects: {}, maxServices: 20}} # {c4}",
        remedy.objects
    )?;
    writeln!(
        out,
        "  autonomy: {{mode: observe, timeout: 5m, onTimeout: stop}} # {c5}"
    )?;
    writeln!(out, "  costTokens: 1\n  risk: 0.3 # {c6}")?;
    if remedy.temporary {
        writeln!(out, "  temporary: true # {c7}")?;
    }
    if !remedy.verb.can_undo() {
        writeln!(
            out,
            "  irreversible: # {c8}\n    en: It changes no setting; there is nothing to take back.\n    zh: 该动作不改动配置，没有需要恢复的内容。"
        )?;
    }
    writeln!(
        out,
        "  steps: # {c9}\n    - id: act\n      run: {}\n      on: \"{}\"",
        remedy.verb, remedy.on
    )?;
    if let Some(with) = remedy.with {
        writeln!(out, "      with: {{{with}}}")?;
    }
    writeln!(
        out,
        "      timeout: 60s\n{retry}  verify: # {c10}\n    within: 2m\n    # {c12}\n    checks:"
    )?;
    writeln!(
        out,
        "      - {{metric: {}, on: \"{}\", {}}}",
        remedy.metric, remedy.metric_on, remedy.bound
    )
}

/// What may be asked for before it is proposed.
fn patience(out: &mut String, said: &Said) -> std::fmt::Result {
    let hold = said.pick("how long the symptoms must last first", "症状要先持续多久");
    let throttle = said.pick("how often it may run", "多久最多执行一次");
    writeln!(out, "    # hold: 60s # {hold}")?;
    writeln!(
        out,
        "    # throttle: {{once: 10m, by: object}} # {throttle}"
    )
}

/// Offered where a second try does no harm.
fn retry(remedy: &Remedy, said: &Said) -> String {
    if !remedy.verb.can_undo() && !remedy.verb.idempotent() {
        return String::new();
    }
    let comment = said.pick(
        "tried again if it fails without effect",
        "若确定失败且未产生影响则重试",
    );
    format!("      # retry: {{max: 2, backoff: 5s}} # {comment}\n")
}

fn tests(out: &mut String, remedy: &Remedy, said: &Said) -> std::fmt::Result {
    let c1 = said.pick(
        "on the small sample network, with the real planner and guards; `mode: auto` lets it act in the test only",
        "在小型示例网络上用真实的规划与护栏运行；`mode: auto` 只在测试中放行",
    );
    let fits = said.pick("it fits, acts and helps", "适用、执行并见效");
    let out_of = said.pick("it is left out when it is not needed", "不需要时不采用");
    let back = if remedy.verb.can_undo() {
        "undone"
    } else {
        "helped"
    };
    let sees = if remedy.verb.can_undo() {
        "fail"
    } else {
        "pass"
    };
    let name = if remedy.verb.can_undo() {
        said.pick(
            "it fits and acts, and is taken back when it did not help",
            "适用并执行，未见效则撤销",
        )
    } else {
        fits
    };
    writeln!(out, "tests: # {c1}\n  - name: \"{name}\"")?;
    writeln!(
        out,
        "    given: {{suspect: {}, state: {{{}}}, mode: auto, sees: {sees}}}",
        remedy.suspect, remedy.ill
    )?;
    writeln!(
        out,
        "    expect: {{fits: true, approval: not-required, outcome: {back}}}"
    )?;
    writeln!(out, "  - name: \"{out_of}\"")?;
    writeln!(
        out,
        "    given: {{suspect: {}, state: {{{}}}}}",
        remedy.suspect, remedy.well
    )?;
    writeln!(
        out,
        "    expect: {{fits: false, because: \"{}\"}}",
        remedy.message.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::lint;
    use crate::scripted;

    #[test]
    fn every_template_passes_the_checker_and_its_own_tests() {
        for remedy in REMEDIES {
            for lang in Language::ALL {
                let text = text("a.b", Some(remedy.domain()), Some(remedy.fault), lang).unwrap();
                let (playbook, problems) = lint("a.b.yaml", &text);
                assert_eq!(problems, [], "{text}");
                assert_eq!(playbook.unwrap().mode, zizhi_types::plan::Mode::Observe);
                let none = |_: &str| Err("none".to_owned());
                let report = scripted::run_file("a.b.yaml", &text, &none).unwrap();
                assert!(
                    report.passed() && report.tests.len() == 2,
                    "{report:#?}\n{text}"
                );
            }
        }
    }

    #[test]
    fn there_is_a_template_for_every_fault() {
        for fault in FaultKind::ALL {
            assert!(
                text("x", None, Some(*fault), Language::En).is_ok(),
                "{fault}"
            );
        }
    }

    #[test]
    fn the_id_says_the_domain_and_a_bad_one_is_refused() {
        let made = text(
            "service.mine",
            None,
            Some(FaultKind::InstanceSlow),
            Language::En,
        )
        .unwrap();
        assert!(made.contains("domain: service"), "{made}");
        assert!(text("My Playbook", None, None, Language::En).is_err());
        let wrong = text(
            "x",
            Some(Domain::Access),
            Some(FaultKind::LinkDown),
            Language::En,
        );
        assert!(
            wrong
                .unwrap_err()
                .to_string()
                .contains("access cell-outage")
        );
    }
}
