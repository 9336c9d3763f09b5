//! Which records make which task whose, in one incident? The whole answer, as one table.
//!
//! Read a row so: if every sign of `needs` is there, the system did the task (S). If not, but every sign of `partly` is, it
//! was done in part (HS). Else nobody in the journal did it (H). Then every sign of `lowers` that is there lowers the actor
//! to the one beside it. Last, a record of one of `stages` in the incident that is by a person makes it H, and one by a
//! person and the system together makes it HS (an answer to a request is judged by its own signs instead).
//!
//! Nothing raises an actor, and what is missing counts as H. `docs/autonomy.md` has the same table in words.

use super::Words;
use super::lattice::{Actor, Duty};
use super::signs::Sign;
use zizhi_types::plan::Mode;
use zizhi_types::record::Stage;

/// How one task is judged.
#[derive(Debug)]
pub struct Rule {
    /// Which task.
    pub duty: Duty,
    /// All there, by the system: S.
    pub needs: &'static [Sign],
    /// All there, when `needs` are not: HS. Empty: never HS by this way.
    pub partly: &'static [Sign],
    /// Each that is there lowers the actor to this, in this order of telling.
    pub lowers: &'static [(Sign, Actor)],
    /// Whose records in the incident are this task's work.
    pub stages: &'static [Stage],
    /// What the modes observe, suggest, approve and auto leave to the system.
    pub allowed: [Actor; 4],
    /// The rule in words.
    pub words: Words,
}

use Actor::{H, Hs, S};

/// No mode keeps the system from sensing and thinking.
const ALWAYS: [Actor; 4] = [S, S, S, S];
/// No policy of the product speaks of it.
const NEVER: [Actor; 4] = [H, H, H, H];

/// The table.
pub const RULES: &[Rule] = &[
    // A: no stage of the product reads an intent, so no record can show it.
    Rule {
        duty: Duty::IntentRules,
        needs: &[Sign::IntentTranslated],
        partly: &[],
        lowers: &[],
        stages: &[],
        allowed: NEVER,
        words: [
            "H always: no record of an intent exists in the product today",
            "恒为 H：产品目前没有任何意图记录",
        ],
    },
    // B: objectives are checked, but they come with the inventory; without an intent none can be evaluated.
    Rule {
        duty: Duty::IntentFulfilment,
        needs: &[Sign::IntentEvaluated],
        partly: &[],
        lowers: &[],
        stages: &[],
        allowed: NEVER,
        words: [
            "H always: objectives are checked, but no intent stands behind them in the journal",
            "恒为 H：虽检查目标，但日志中没有与之对应的意图",
        ],
    },
    // C: S if every symptom's anomaly names a raw message as its cause; HS if some do, or if messages were lost meanwhile.
    Rule {
        duty: Duty::Collection,
        needs: &[Sign::AllTraced],
        partly: &[Sign::SomeTraced],
        lowers: &[(Sign::MessagesLost, Hs)],
        stages: &[Stage::Sense, Stage::Detect],
        allowed: ALWAYS,
        words: [
            "S: every symptom's anomaly-raised record has a raw record among its causes. HS: some have, or a dropped or dead-letter record lies between onset and closing",
            "S：每个症状的 anomaly-raised 记录的原因中都有 raw 记录。HS：仅部分如此，或从起始到关闭之间有 dropped 或 dead-letter 记录",
        ],
    },
    // D: S if incident-opened (or symptoms-joined) gathered at least one symptom into the incident.
    Rule {
        duty: Duty::Filtering,
        needs: &[Sign::SymptomsGathered],
        partly: &[],
        lowers: &[],
        stages: &[Stage::Correlate],
        allowed: ALWAYS,
        words: [
            "S: incident-opened or symptoms-joined names at least one symptom",
            "S：incident-opened 或 symptoms-joined 至少列出一个症状",
        ],
    },
    // E: S if incident-opened names a broken objective; H where there was no fault in truth.
    Rule {
        duty: Duty::Recognition,
        needs: &[Sign::ObjectiveBroken],
        partly: &[],
        lowers: &[(Sign::FalseAction, H)],
        stages: &[Stage::Correlate],
        allowed: ALWAYS,
        words: [
            "S: incident-opened names at least one broken objective. H: the incident is listed as a false action",
            "S：incident-opened 至少列出一个被破坏的目标。H：该事件被列为误动作",
        ],
    },
    // F: S only for an incident opened with no broken objective and ended by a verified action before one broke.
    Rule {
        duty: Duty::Prediction,
        needs: &[Sign::SeenBeforeHurt, Sign::EndedUnhurt],
        partly: &[Sign::SeenBeforeHurt],
        lowers: &[(Sign::FalseAction, H)],
        stages: &[Stage::Correlate],
        allowed: ALWAYS,
        words: [
            "S: incident-opened names no broken objective, no symptom breaks one, and a verified run ends it with none broken before or after. HS: only the first two",
            "S：incident-opened 未列出被破坏的目标，症状也未破坏目标，且经验证的执行前后均无目标被破坏。HS：仅满足前两条",
        ],
    },
    // G: S if diagnosed names an object and a kind; H if the system itself said that the evidence names none.
    Rule {
        duty: Duty::Demarcation,
        needs: &[Sign::CauseNamed],
        partly: &[],
        lowers: &[(Sign::EvidenceInsufficient, H), (Sign::FalseAction, H)],
        stages: &[Stage::Diagnose],
        allowed: ALWAYS,
        words: [
            "S: diagnosed has at least one hypothesis (object and kind of fault). H: evidence-insufficient is there, or a false action",
            "S：diagnosed 至少有一个假设（对象与故障类型）。H：有 evidence-insufficient，或为误动作",
        ],
    },
    // H: S if the first cause is supported by evidence and a verified run of a plan for it confirms it; HS unconfirmed.
    Rule {
        duty: Duty::RootCause,
        needs: &[Sign::CauseSupported, Sign::CauseConfirmed],
        partly: &[Sign::CauseNamed],
        lowers: &[(Sign::EvidenceInsufficient, H), (Sign::FalseAction, H)],
        stages: &[Stage::Diagnose],
        allowed: ALWAYS,
        words: [
            "S: the first hypothesis is supported, and a run of a plan for that object and fault was verified with pass. HS: named but not confirmed so. H: as G",
            "S：首位假设为 supported，且针对该对象与故障的方案执行后验证为 pass。HS：已指出但未经如此证实。H：同 G",
        ],
    },
    // I: S if remedies were planned, the chosen one rehearsed, and one verified; HS unproved; H if none worked.
    Rule {
        duty: Duty::Mechanism,
        needs: &[
            Sign::RemedyPlanned,
            Sign::RemedyRehearsed,
            Sign::RemedyProved,
        ],
        partly: &[Sign::RemedyPlanned, Sign::RemedyRehearsed],
        lowers: &[
            (Sign::RemedyLacking, H),
            (Sign::FalseAction, H),
            (Sign::PersonRefused, Hs),
        ],
        stages: &[Stage::Plan, Stage::Rehearse],
        allowed: ALWAYS,
        words: [
            "S: planned, a rehearsed record of a decided plan, and a verified pass. HS: without the pass, or a person refused a plan. H: handed to a person with no plan decided or after one failed; or a false action",
            "S：有 planned、被裁决方案的 rehearsed 记录以及 verified pass。HS：没有 pass，或有人否决过方案。H：没有方案进入裁决、或方案失败后转交人工；或为误动作",
        ],
    },
    // J: S if a plan was awarded and ruled "proceed" with nobody asked; HS if a person said yes; H if nobody or a timer
    // did, if it was only shown, refused, taken back, or handed over.
    Rule {
        duty: Duty::Determination,
        needs: &[Sign::PlanAwarded, Sign::RuledProceed],
        partly: &[],
        lowers: &[
            (Sign::TimerApproved, H),
            (Sign::RolledBack, H),
            (Sign::TakenOver, H),
            (Sign::PersonRefused, H),
            (Sign::RequestUnanswered, H),
            (Sign::ShownOnly, H),
            (Sign::HandedOver, H),
            (Sign::ClosedByPerson, H),
            (Sign::RubberStamp, Hs),
            (Sign::PersonApproved, Hs),
            (Sign::PersonJudged, Hs),
        ],
        stages: &[Stage::Negotiate, Stage::Decide],
        allowed: [H, H, Hs, S],
        words: [
            "S: awarded, and decided with ruling proceed, nobody asked. HS: a person approved (a rubber stamp too), or judged an inconclusive run. H: a timer approved; refused; unanswered; only shown; taken back because it failed; stopped by an operator; handed to, or closed by, a person",
            "S：有 awarded，且 decided 的裁决为 proceed，无人被询问。HS：人员批准（含草率批准），或人员判断了无定论的执行。H：定时器批准；被否决；无人答复；仅展示；失败后撤回；被操作员中止；转交人工或由人员关闭",
        ],
    },
    // K: S if every started step was done and a run verified; HS if a step failed or a person had to judge; H if handed over.
    Rule {
        duty: Duty::Execution,
        needs: &[Sign::StepsDone, Sign::RunVerified],
        partly: &[],
        lowers: &[
            (Sign::LeftStuck, H),
            (Sign::TakenOver, H),
            (Sign::HandedOver, H),
            (Sign::ClosedByPerson, H),
            (Sign::StepFailed, Hs),
            (Sign::PersonJudged, Hs),
        ],
        stages: &[Stage::Act, Stage::Verify],
        allowed: [H, H, S, S],
        words: [
            "S: every step-started has its step-done, and a run was verified with pass. HS: a step failed, or a person judged an inconclusive run. H: nothing was done; a change could not be taken back; stopped by an operator; handed to, or closed by, a person",
            "S：每个 step-started 都有对应的 step-done，且有执行验证为 pass。HS：有步骤失败，或人员判断了无定论的执行。H：未采取动作；变更无法撤回；被操作员中止；转交人工或由人员关闭",
        ],
    },
];

impl Rule {
    /// The rule of a duty.
    pub fn of(duty: Duty) -> &'static Self {
        // The table has every duty; a test holds it to that. The first row is the strictest: H always.
        RULES.iter().find(|r| r.duty == duty).unwrap_or(&RULES[0])
    }

    /// What a mode leaves to the system. No mode known: nothing.
    pub const fn allowed_in(&self, mode: Option<Mode>) -> Actor {
        match mode {
            None => Actor::H,
            Some(Mode::Observe) => self.allowed[0],
            Some(Mode::Suggest) => self.allowed[1],
            Some(Mode::Approve) => self.allowed[2],
            Some(Mode::Auto) => self.allowed[3],
        }
    }
}

/// Signs of a person's hand or of a miss, shown in the `override` column wherever they are, even where another reason
/// decided. No task of an incident with one of them hides it.
pub const OVERRIDES: &[Sign] = &[
    Sign::TimerApproved,
    Sign::RubberStamp,
    Sign::RolledBack,
    Sign::TakenOver,
    Sign::PersonRefused,
    Sign::RequestUnanswered,
    Sign::ClosedByPerson,
    Sign::FalseAction,
];
