//! What does a rule look for in an incident?
//!
//! A sign is found or not, and names the records that show it. Its name is what the `reason` and `override` columns of the
//! exported table say, so an assessor can look for the same in the journal.

use super::Words;
use super::case::Case;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use zizhi_types::hypothesis::HypothesisState;
use zizhi_types::plan::Fingerprint;
use zizhi_types::record::{Ending, Ruling, Verdict, Who};
use zizhi_types::{Body, Record, RecordId, RunId};

macro_rules! signs {
    ($($sign:ident, $code:literal, $there:expr, $missing:expr;)*) => {
        /// Something that records show, or that is missing from them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Sign {
            $(#[doc = $code] $sign,)*
        }

        impl Sign {
            /// Every sign.
            pub const ALL: &'static [Self] = &[$(Self::$sign,)*];

            /// As written in files.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$sign => $code,)* }
            }

            /// For people, where it was found.
            pub const fn there(self) -> Words {
                match self { $(Self::$sign => $there,)* }
            }

            /// For people, where it is missing.
            pub const fn missing(self) -> Words {
                match self { $(Self::$sign => $missing,)* }
            }
        }
    };
}

signs! {
    IntentTranslated, "intent-translated", ["an intent was translated", "意图已被翻译"], ["nobody did it: no record of an intent", "无人执行：日志中没有意图的记录"];
    IntentEvaluated, "intent-evaluated", ["an intent was evaluated", "意图达成情况已被评估"], ["nobody did it: no record of an intent's evaluation", "无人执行：日志中没有意图达成评估的记录"];
    AllTraced, "all-symptoms-traced", ["every symptom rests on a raw message", "每个症状都有原始消息"], ["a symptom has no raw message", "有症状缺少原始消息"];
    SomeTraced, "some-symptoms-traced", ["some symptoms rest on a raw message", "部分症状有原始消息"], ["no symptom has a raw message", "所有症状都缺少原始消息"];
    MessagesLost, "messages-lost", ["messages were lost or unreadable meanwhile", "期间有消息丢失或无法读取"], ["no message was lost", "没有消息丢失"];
    SymptomsGathered, "symptoms-gathered", ["the symptoms were gathered into one incident", "症状已归并为一个事件"], ["no symptoms were gathered", "未归并任何症状"];
    ObjectiveBroken, "objective-broken", ["the incident was opened for a broken objective", "因目标被破坏而立事件"], ["no broken objective was named", "未指出被破坏的目标"];
    SeenBeforeHurt, "seen-before-hurt", ["opened before any objective was broken", "在任何目标被破坏之前已立事件"], ["nobody did it: opened only after an objective was broken", "无人执行：目标被破坏之后才立事件"];
    EndedUnhurt, "ended-unhurt", ["ended by an action without a broken objective", "经动作结束且没有目标被破坏"], ["an objective was broken, or nothing was done", "有目标被破坏，或未采取动作"];
    CauseNamed, "cause-named", ["an object and a kind of fault were named", "已指出对象和故障类型"], ["no cause was named", "未指出根因"];
    CauseSupported, "cause-supported", ["the first cause is supported by the evidence", "首位根因有证据支持"], ["the evidence does not support the first cause", "证据不支持首位根因"];
    CauseConfirmed, "cause-confirmed", ["a verified remedy for the first cause confirms it", "针对首位根因的措施经验证有效"], ["no verified remedy confirms the first cause", "没有经验证的措施证实首位根因"];
    EvidenceInsufficient, "evidence-insufficient", ["the system said that the evidence names no cause", "系统表示证据不足以定因"], ["the evidence sufficed", "证据充分"];
    FalseAction, "false-action", ["there was no fault, yet it acted", "实际并无故障却采取了动作"], ["not listed as a false action", "未列为误动作"];
    RemedyPlanned, "remedy-planned", ["remedies were planned", "已提出候选措施"], ["no remedy was planned", "未提出候选措施"];
    RemedyRehearsed, "remedy-rehearsed", ["the chosen remedy was rehearsed", "选定的措施经过推演"], ["the chosen remedy was not rehearsed, or none was chosen", "选定的措施未经推演，或未选定措施"];
    RemedyProved, "remedy-proved", ["a remedy was verified", "措施经验证有效"], ["no remedy was verified", "没有措施经验证有效"];
    RemedyLacking, "remedy-lacking", ["handed to a person for lack of a remedy that works", "因没有有效措施而转交人工"], ["a remedy was at hand", "有可用的措施"];
    PlanAwarded, "plan-awarded", ["a plan was chosen and agreed on", "方案已选定并达成一致"], ["no plan was chosen", "未选定方案"];
    RuledProceed, "ruled-proceed", ["guards and mode let it proceed", "防护与模式允许执行"], ["no plan was let through", "没有方案获准执行"];
    TimerApproved, "timer-approved", ["a timer approved it, nobody looked", "由定时器自动批准，无人查看"], ["no timer approved", "没有定时器批准"];
    PersonRefused, "person-refused", ["a person refused a plan", "人员否决了方案"], ["nobody refused", "无人否决"];
    RequestUnanswered, "request-unanswered", ["a request for approval found no answer", "批准请求无人答复"], ["every request was answered", "所有请求均有答复"];
    ShownOnly, "shown-only", ["a plan was only shown, by mode", "按模式仅展示方案"], ["no plan was only shown", "没有仅展示的方案"];
    RolledBack, "rolled-back", ["an action was taken back: it failed or did not help", "动作失败或无效而被撤回"], ["nothing was taken back", "没有动作被撤回"];
    TakenOver, "taken-over", ["an operator stopped a run", "操作员中止了执行"], ["no run was stopped", "没有执行被中止"];
    HandedOver, "handed-over", ["the incident was handed to a person", "事件转交人工"], ["it was not handed over", "未转交人工"];
    ClosedByPerson, "closed-by-person", ["a person closed the incident", "由人员关闭事件"], ["no person closed it", "并非人员关闭"];
    PersonJudged, "person-judged", ["a person said whether it had helped", "由人员判断是否有效"], ["no person had to judge", "无需人员判断"];
    RubberStamp, "rubber-stamp", ["approved too fast to have been read", "批准过快，不可能读完"], ["no rubber stamp", "没有草率批准"];
    PersonApproved, "person-approved", ["a person approved the plan", "人员批准了方案"], ["no person approved", "没有人员批准"];
    StepsDone, "steps-done", ["every started step was done", "已开始的步骤全部完成"], ["nothing was done, or a step has no outcome", "未采取动作，或有步骤没有结果"];
    RunVerified, "run-verified", ["the outcome was verified", "结果经验证"], ["no verified outcome", "没有经验证的结果"];
    StepFailed, "step-failed", ["a step failed", "有步骤失败"], ["no step failed", "没有步骤失败"];
    LeftStuck, "left-stuck", ["a change could not be taken back, or an object was frozen", "变更无法撤回，或对象被冻结"], ["nothing was left stuck", "没有遗留"];
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Sign {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|s| s.code() == text).copied();
        found.ok_or_else(|| format!("`{text}` is no sign that a score looks for"))
    }
}

impl Serialize for Sign {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

/// A record of the incident that fits.
type Fits = fn(&Case<'_>, &Record) -> bool;

impl Sign {
    /// The records of a case that show this sign; none where it is missing.
    pub fn find(self, case: &Case<'_>, stamp_ms: u64) -> Vec<RecordId> {
        match self {
            Self::IntentTranslated | Self::IntentEvaluated => vec![],
            Self::AllTraced => all_traced(case),
            Self::SomeTraced => traced(case),
            Self::MessagesLost => ids(case.lost.iter().copied()),
            Self::SeenBeforeHurt => seen_before_hurt(case),
            Self::EndedUnhurt => ended_unhurt(case),
            Self::FalseAction => false_action(case),
            Self::RequestUnanswered => unanswered(case),
            Self::RubberStamp => rubber_stamps(case, stamp_ms),
            Self::StepsDone => steps_done(case),
            Self::RemedyLacking => remedy_lacking(case),
            other => {
                let fits = other.record_that_fits();
                ids(case.records.iter().copied().filter(|r| fits(case, r)))
            }
        }
    }

    /// Signs that one record shows by itself.
    fn record_that_fits(self) -> Fits {
        match self {
            Self::SymptomsGathered => |_, r| match &r.body {
                Body::IncidentOpened { symptoms, .. } | Body::SymptomsJoined { symptoms } => {
                    !symptoms.is_empty()
                }
                _ => false,
            },
            Self::ObjectiveBroken => {
                |_, r| matches!(&r.body, Body::IncidentOpened { violations, .. } if !violations.is_empty())
            }
            Self::CauseNamed => {
                |_, r| matches!(&r.body, Body::Diagnosed { hypotheses, .. } if !hypotheses.is_empty())
            }
            Self::CauseSupported => {
                |_, r| matches!(&r.body, Body::Diagnosed { hypotheses, .. } if hypotheses.first().is_some_and(|h| h.state == HypothesisState::Supported))
            }
            Self::CauseConfirmed => |case, r| confirms_cause(case, r),
            Self::EvidenceInsufficient => {
                |_, r| matches!(r.body, Body::EvidenceInsufficient { .. })
            }
            Self::RemedyPlanned => {
                |_, r| matches!(&r.body, Body::Planned { plans, .. } if !plans.is_empty())
            }
            Self::RemedyRehearsed => {
                |case, r| matches!(&r.body, Body::Rehearsed { plan, .. } if case.plans().contains_key(plan))
            }
            Self::RemedyProved | Self::RunVerified => |_, r| passed(r),
            Self::PlanAwarded => |_, r| matches!(r.body, Body::Awarded { .. }),
            Self::RuledProceed => |_, r| ruled(r, Ruling::Proceed),
            Self::ShownOnly => |_, r| ruled(r, Ruling::ShowOnly),
            Self::TimerApproved => {
                |_, r| r.who == Who::System && matches!(r.body, Body::Approved { .. })
            }
            Self::PersonRefused => |_, r| matches!(r.body, Body::Approved { granted: false, .. }),
            Self::PersonApproved => |_, r| {
                r.who != Who::System && matches!(r.body, Body::Approved { granted: true, .. })
            },
            Self::RolledBack => |_, r| undone(r, &["verify-failed", "step-failed"]),
            // Only the two other known reasons are harmless or counted elsewhere; an unknown one is taken for a person's.
            Self::TakenOver => |_, r| {
                matches!(&r.body, Body::UndoStarted { .. })
                    && !undone(r, &["verify-failed", "step-failed", "healthy-again"])
            },
            Self::HandedOver => |_, r| {
                matches!(
                    r.body,
                    Body::IncidentClosed {
                        ending: Ending::Escalated
                    }
                )
            },
            Self::ClosedByPerson => {
                |_, r| r.who != Who::System && matches!(r.body, Body::IncidentClosed { .. })
            }
            Self::PersonJudged => |_, r| {
                matches!(
                    r.body,
                    Body::Verified {
                        verdict: Verdict::Inconclusive,
                        ..
                    }
                )
            },
            Self::StepFailed => |_, r| matches!(r.body, Body::StepFailed { .. }),
            Self::LeftStuck => {
                |_, r| matches!(r.body, Body::UndoFailed { .. } | Body::Frozen { .. })
            }
            _ => |_, _| false,
        }
    }
}

fn ids<'r>(records: impl Iterator<Item = &'r Record>) -> Vec<RecordId> {
    records.map(|r| r.id.clone()).collect()
}

fn ruled(record: &Record, wanted: Ruling) -> bool {
    matches!(&record.body, Body::Decided { ruling, .. } if *ruling == wanted)
}

fn undone(record: &Record, reasons: &[&str]) -> bool {
    matches!(&record.body, Body::UndoStarted { reason, .. } if reasons.contains(&reason.as_str()))
}

fn passed(record: &Record) -> bool {
    matches!(
        record.body,
        Body::Verified {
            verdict: Verdict::Pass,
            ..
        }
    )
}

fn traced(case: &Case<'_>) -> Vec<RecordId> {
    let with_raw = case
        .symptoms
        .iter()
        .filter_map(|(a, raw)| Some([*a, (*raw)?]));
    let mut found: Vec<RecordId> = vec![];
    for id in ids(with_raw.flatten()) {
        // Several symptoms may rest on one message.
        if !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

fn all_traced(case: &Case<'_>) -> Vec<RecordId> {
    let with_raw = case.symptoms.iter().filter(|(_, raw)| raw.is_some());
    if with_raw.count() == case.symptoms_named {
        traced(case)
    } else {
        vec![]
    }
}

/// No symptom broke an objective, and the opening names none.
fn seen_before_hurt(case: &Case<'_>) -> Vec<RecordId> {
    let breaks = |(r, _): &(&Record, Option<&Record>)| matches!(&r.body, Body::AnomalyRaised { anomaly } if anomaly.violates.is_some());
    if case.symptoms.len() < case.symptoms_named || case.symptoms.iter().any(breaks) {
        return vec![];
    }
    let unhurt = |r: &&&Record| matches!(&r.body, Body::IncidentOpened { violations, .. } if violations.is_empty());
    ids(case.records.iter().filter(unhurt).copied())
}

fn ended_unhurt(case: &Case<'_>) -> Vec<RecordId> {
    let hurt = |r: &&Record| matches!(&r.body, Body::Verified { before, after, .. } if !(before.is_empty() && after.is_empty()));
    if case.records.iter().any(hurt) {
        return vec![];
    }
    ids(case.records.iter().copied().filter(|r| passed(r)))
}

/// The first step, or the opening of an incident in which none was started: it was a false alarm all the same.
fn false_action(case: &Case<'_>) -> Vec<RecordId> {
    if !case.false_action {
        return vec![];
    }
    let steps = case
        .records
        .iter()
        .filter(|r| matches!(r.body, Body::StepStarted { .. }));
    let found = ids(steps.copied());
    if found.is_empty() {
        ids(case.records.iter().take(1).copied())
    } else {
        found
    }
}

/// The run that a verdict is on was of a plan for the object and fault ranked first.
fn confirms_cause(case: &Case<'_>, record: &Record) -> bool {
    let Body::Verified {
        run,
        verdict: Verdict::Pass,
        ..
    } = &record.body
    else {
        return false;
    };
    let plan = case
        .runs()
        .get(run)
        .and_then(|id| case.plans().get(id).copied());
    let Some((object, fault, _)) = &case.incident.cause else {
        return false;
    };
    plan.is_some_and(|p| p.suspect == *object && p.fault == *fault)
}

/// The answers to a question that a `Decided` record with ruling "ask" put.
fn answers<'c>(case: &'c Case<'_>, wanted: &'c Fingerprint) -> impl Iterator<Item = &'c Record> {
    let about = move |r: &&&Record| matches!(&r.body, Body::Approved { fingerprint, .. } if fingerprint == wanted);
    case.records.iter().filter(about).copied()
}

fn unanswered(case: &Case<'_>) -> Vec<RecordId> {
    let open = |r: &&&Record| match &r.body {
        Body::Decided {
            plan,
            ruling: Ruling::Ask,
            ..
        } => answers(case, &plan.fingerprint).all(|a| a.at < r.at),
        _ => false,
    };
    ids(case.records.iter().filter(open).copied())
}

/// Yes said faster than anybody reads: by the person's own time where it was measured, else by the network's.
fn rubber_stamps(case: &Case<'_>, stamp_ms: u64) -> Vec<RecordId> {
    let hasty = |r: &&&Record| match &r.body {
        Body::Approved {
            granted: true,
            fingerprint,
            considered_ms,
            ..
        } if r.who != Who::System => {
            let took = considered_ms.or_else(|| waited_ms(case, r, fingerprint));
            took.is_none_or(|ms| ms < stamp_ms)
        }
        _ => false,
    };
    ids(case.records.iter().filter(hasty).copied())
}

/// Network time from the question to the answer; none where no question is in the journal.
fn waited_ms(case: &Case<'_>, answer: &Record, wanted: &Fingerprint) -> Option<u64> {
    let asks = |r: &&&Record| matches!(&r.body, Body::Decided { plan, ruling: Ruling::Ask, .. } if plan.fingerprint == *wanted);
    let mut before = case.records.iter().filter(|r| r.at <= answer.at).rev();
    before.find(asks).map(|asked| answer.at.since(asked.at))
}

/// Every started step, each with its end; nothing where one lacks it.
fn steps_done(case: &Case<'_>) -> Vec<RecordId> {
    let ended = |run: &RunId, step: &str| {
        let done = |r: &&&Record| matches!(&r.body, Body::StepDone { run: of, step: which, .. } if of == run && which == step);
        case.records.iter().find(done).copied()
    };
    let mut found = vec![];
    for record in &case.records {
        if let Body::StepStarted { run, step, .. } = &record.body {
            let Some(end) = ended(run, step) else {
                return vec![];
            };
            found.extend([record.id.clone(), end.id.clone()]);
        }
    }
    found
}

/// Handed over although nothing but the lack of a working remedy stood in the way: no plan was put to the guards, or one
/// was tried and did not help.
fn remedy_lacking(case: &Case<'_>) -> Vec<RecordId> {
    let none = case.plans().is_empty();
    let failed = case.records.iter().any(|r| {
        matches!(
            r.body,
            Body::Verified {
                verdict: Verdict::Fail,
                ..
            } | Body::StepFailed { .. }
        )
    });
    if none || failed {
        Sign::HandedOver.find(case, 0)
    } else {
        vec![]
    }
}
