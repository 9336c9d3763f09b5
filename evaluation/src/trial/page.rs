//! The report page of a run: who did how well, what each part is worth, and every trial behind every figure.

use super::compare::{Comparison, Finding};
use super::figures::Rate;
use super::policy::Policy;
use super::present::{gap, rows};
use super::result::{FaultResult, TrialResult};
use super::score::{Scores, restored};
use super::summary::{ByPolicy, Summary};
use super::survival::curve;
use crate::report::plot::{Axis, Bar, BarSeries, Bars, Lines, Series};
use crate::report::{Cell, Figure, Page, Section, Table, Tone, both, same};
use crate::scenario::{Scenario, Shape};
use std::collections::BTreeMap;
use zizhi_types::text::{Language, Word, label};
use zizhi_types::topology::Bilingual;
use zizhi_types::{Domain, FaultKind};

/// The page as HTML.
pub(super) fn page(summary: &Summary, results: &[TrialResult], scenarios: &[Scenario]) -> String {
    Page::new(both("Evaluation of the swarm", "智能体群评测报告"))
        .lead(lead(summary, scenarios))
        .section(headline(summary))
        .section(worth(summary))
        .section(restoring(summary, results))
        .section(parts(
            "by-shape",
            both("By what makes it hard", "按难点分类"),
            &summary.by_shape,
            shape_title,
        ))
        .section(parts(
            "by-domain",
            both("By the domain of the first fault", "按首个故障所属域"),
            &summary.by_domain,
            named::<Domain>,
        ))
        .section(parts(
            "by-network",
            both("By network", "按网络"),
            &summary.by_network,
            |name| same(name),
        ))
        .section(parts(
            "by-fault",
            both("By the kind of the first fault", "按首个故障类型"),
            &summary.by_fault,
            named::<FaultKind>,
        ))
        .section(every_trial(results, scenarios))
        .section(every_scenario(scenarios))
        .section(method())
        .render()
}

fn word(word: &impl Word) -> Bilingual {
    both(label(word, Language::En), label(word, Language::Zh))
}

fn named<W: Word + std::str::FromStr>(name: &str) -> Bilingual {
    name.parse::<W>().map_or_else(|_| same(name), |w| word(&w))
}

/// What people call a shape.
pub fn shape_title(name: &str) -> Bilingual {
    let shape = Shape::ALL.into_iter().find(|s| s.as_str() == name);
    shape.map_or_else(|| same(name), Shape::title)
}

/// The policies that played, in the order of the tables.
fn played(part: &ByPolicy) -> Vec<(Policy, &Scores)> {
    let scores = |p: Policy| Some((p, part.get(p.as_str())?));
    Policy::ALL.into_iter().filter_map(scores).collect()
}

fn lead(summary: &Summary, scenarios: &[Scenario]) -> Bilingual {
    let whole = summary.policies.get(Policy::Whole.as_str());
    let share = whole.and_then(|s| s.mitigation.success.share);
    let percent = share.map_or_else(|| "–".to_owned(), |s| format!("{:.0} %", 100.0 * s));
    let (scenarios, policies) = (scenarios.len(), summary.policies.len());
    both(
        format!(
            "{scenarios} scenarios, {policies} policies. The whole swarm solved {percent} of its trials: everything mitigated in truth, nobody hurt at the end, nothing harmful left in place."
        ),
        format!(
            "{scenarios} 个场景，{policies} 种策略。完整的智能体群解决了 {percent} 的用例：故障在真实状态下全部消除，结束时无用户受损，且未遗留有害动作。"
        ),
    )
}

fn headline(summary: &Summary) -> Section {
    let policies = played(&summary.policies);
    let mut head = vec![both("Measure", "指标")];
    head.extend(policies.iter().map(|(p, _)| p.title()));
    let mut table = Table::new(head);
    for row in rows() {
        let title = both(
            format!("{}: {}", row.stage.en, row.label.en),
            format!("{}：{}", row.stage.zh, row.label.zh),
        );
        let mut cells = vec![Cell::text(title)];
        cells.extend(
            policies
                .iter()
                .map(|(_, s)| Cell::figure(same((row.value)(s)))),
        );
        table = table.row(cells);
    }
    let bars = Bars::new(
        Axis::new(both("trials solved, %", "用例解决率，%")).to(100.0),
        policies.iter().map(|(p, _)| p.title()).collect(),
    )
    .series(BarSeries::new(
        both("solved (95 % interval)", "解决率（95 % 置信区间）"),
        policies
            .iter()
            .map(|(_, s)| percent(s.mitigation.success))
            .collect(),
    ));
    Section::new(both("All stages", "各阶段指标"))
        .anchor("all")
        .figure(Figure::bars(
            both("Trials solved by each policy", "各策略的用例解决率"),
            &bars,
        ))
        .table(table)
}

fn percent(rate: Rate) -> Bar {
    let part = |s: Option<f64>| 100.0 * s.unwrap_or(f64::NAN);
    Bar::within(part(rate.share), part(rate.low), part(rate.high))
}

fn worth(summary: &Summary) -> Section {
    let mut table = Table::new(vec![
        both("The whole swarm against", "完整智能体群对比"),
        both("Finding", "结论"),
        both("more solved, %", "解决率提升，%"),
        both("more in time, %", "按时解决提升，%"),
        both("seconds hurt spared", "减少用户受损秒数"),
        both("harmful plans spared, a trial", "每例减少有害方案"),
        both("false actions spared, %", "减少误动作，%"),
    ]);
    for c in &summary.comparisons {
        table = table.row(comparison(c));
    }
    Section::new(both("What each part is worth", "各组成部分的价值"))
        .anchor("worth")
        .text(both(
            "Every other policy beside the whole swarm, on the same trials with the same noise: mean difference and its 95 % bootstrap interval. Positive: the whole is better. An interval that holds 0 shows no difference; such a part has not proved itself on these scenarios.",
            "在相同用例、相同噪声下与完整智能体群配对比较：差值均值及其 95 % 自助法置信区间，正值表示完整智能体群更优。区间包含 0 即差异不显著，说明该部分在这些场景中尚未证明其价值。",
        ))
        .table(table)
}

fn comparison(c: &Comparison) -> Vec<Cell> {
    let tone = match c.finding() {
        Finding::Pays => Tone::Good,
        Finding::Costs => Tone::Bad,
        Finding::NotShown | Finding::Mixed => Tone::Unsure,
    };
    vec![
        Cell::text(c.policy.title()),
        Cell::judged(tone, c.finding().title()),
        Cell::figure(same(gap(c.success, true))),
        Cell::figure(same(gap(c.in_time, true))),
        Cell::figure(same(gap(c.hurt_s, false))),
        Cell::figure(same(gap(c.harmful, false))),
        Cell::figure(same(gap(c.false_actions, true))),
    ]
}

fn restoring(summary: &Summary, results: &[TrialResult]) -> Section {
    let mut lines = Lines::new(
        Axis::new(both("seconds after the first fault", "首个故障后的秒数")).from(0.0),
        Axis::new(both("trials restored, %", "已恢复用例，%"))
            .from(0.0)
            .to(100.0),
    );
    for (policy, _) in played(&summary.policies) {
        let own = results
            .iter()
            .filter(|r| r.policy == policy.as_str() && !r.double && r.ever_hurt);
        let cases: Vec<_> = own.clone().map(restored).collect();
        let until = own.map(|r| r.horizon_s).fold(0.0, f64::max);
        let mut points = vec![(0.0, 0.0)];
        points.extend(
            curve(&cases)
                .into_iter()
                .map(|(s, share)| (s, 100.0 * share)),
        );
        let last = points.last().map_or(0.0, |p| p.1);
        points.push((until, last));
        lines = lines.series(Series::steps(policy.title(), points));
    }
    Section::new(both("How fast users are well again", "用户恢复速度"))
        .anchor("restoring")
        .text(both(
            "Kaplan-Meier estimate over the trials in which some user was hurt; a trial that was never restored is censored at the end of its watch, not left out.",
            "对有用户受损的用例作 Kaplan-Meier 估计；始终未恢复的用例在观察结束时按右删失处理，不予剔除。",
        ))
        .figure(Figure::lines(both("Share of trials restored, by time", "恢复比例随时间的变化"), &lines))
}

fn parts(
    anchor: &str,
    title: Bilingual,
    parts: &BTreeMap<String, ByPolicy>,
    name: fn(&str) -> Bilingual,
) -> Section {
    let policies: Vec<Policy> = Policy::ALL
        .into_iter()
        .filter(|p| parts.values().any(|part| part.contains_key(p.as_str())))
        .collect();
    let mut head = vec![both("Part", "分组"), both("Trials", "用例")];
    head.extend(policies.iter().map(|p| p.title()));
    let mut table =
        Table::new(head).caption(both("Trials solved, of all", "解决的用例 / 全部用例"));
    for (key, part) in parts {
        let trials = part.values().map(|s| s.trials).max().unwrap_or(0);
        let mut cells = vec![Cell::text(name(key)), Cell::number(trials as f64, 0)];
        cells.extend(policies.iter().map(|p| solved(part.get(p.as_str()))));
        table = table.row(cells);
    }
    Section::new(title).anchor(anchor).table(table)
}

fn solved(scores: Option<&Scores>) -> Cell {
    scores.map_or_else(
        || Cell::text(same("–")),
        |s| {
            Cell::figure(same(format!(
                "{}/{}",
                s.mitigation.success.hits, s.mitigation.success.of
            )))
        },
    )
}

fn every_trial(results: &[TrialResult], scenarios: &[Scenario]) -> Section {
    let mut table = Table::new(vec![
        both("Scenario", "场景"),
        both("Policy", "策略"),
        both("Noise", "噪声序号"),
        both("Fault", "故障"),
        both("Found, s", "检出，秒"),
        both("Named first", "首位根因"),
        both("Outcome", "结果"),
        both("Users hurt, s", "用户受损，秒"),
        both("Changes", "变更次数"),
        both("Journal", "日志"),
    ]);
    let order: BTreeMap<&str, usize> = scenarios
        .iter()
        .enumerate()
        .map(|(n, s)| (s.name.as_str(), n))
        .collect();
    let mut sorted: Vec<&TrialResult> = results.iter().collect();
    sorted.sort_by_key(|r| order.get(r.scenario.as_str()).copied());
    for result in sorted {
        table = table.row_at(format!("trial-{}", result.journal), trial(result));
    }
    Section::new(both("Every trial", "全部用例"))
        .anchor("trials")
        .table(table)
}

fn trial(r: &TrialResult) -> Vec<Cell> {
    let policy = r
        .policy
        .parse::<Policy>()
        .map_or_else(|_| same(&*r.policy), Policy::title);
    let found = r
        .faults
        .iter()
        .map(|f| seconds(f.detect_s))
        .collect::<Vec<_>>()
        .join(" + ");
    let (faults, named) = (joined(r, fault), joined(r, named_first));
    vec![
        Cell::link(format!("scenario-{}", r.scenario), same(&*r.scenario)),
        Cell::text(policy),
        Cell::number(f64::from(r.repeat), 0),
        Cell::text(if r.double {
            both("none (double)", "无（对照）")
        } else {
            faults
        }),
        Cell::figure(same(found)),
        Cell::text(named),
        outcome(r),
        Cell::number(r.hurt_s, 0),
        Cell::number(r.actions.steps as f64, 0),
        Cell::text(same(&*r.journal)),
    ]
}

fn seconds(s: Option<f64>) -> String {
    s.map_or_else(|| "–".to_owned(), |s| format!("{s:.0}"))
}

fn joined(r: &TrialResult, of: fn(&FaultResult) -> Bilingual) -> Bilingual {
    let texts: Vec<Bilingual> = r.faults.iter().map(of).collect();
    let join =
        |pick: fn(&Bilingual) -> &str| texts.iter().map(pick).collect::<Vec<_>>().join(" + ");
    both(join(|t| &t.en), join(|t| &t.zh))
}

fn fault(f: &FaultResult) -> Bilingual {
    blamed(f.kind, f.object.name())
}

fn blamed(kind: FaultKind, name: &str) -> Bilingual {
    let kind = word(&kind);
    both(format!("{} {name}", kind.en), format!("{} {name}", kind.zh))
}

fn named_first(f: &FaultResult) -> Bilingual {
    match &f.named {
        Some(_) if f.rank == Some(1) => both("the truth", "正确"),
        Some((object, kind)) => blamed(*kind, object.name()),
        None => both("nothing", "无"),
    }
}

fn outcome(r: &TrialResult) -> Cell {
    if r.double {
        return if r.success {
            Cell::judged(Tone::Good, both("nothing done", "未动作"))
        } else {
            Cell::judged(Tone::Bad, both("acted", "误动作"))
        };
    }
    if r.actions.harmful > 0 {
        return Cell::judged(Tone::Bad, both("harmful action left", "遗留有害动作"));
    }
    match (r.success, r.in_time) {
        (true, true) => Cell::judged(Tone::Good, both("solved in time", "按时解决")),
        (true, false) => Cell::judged(
            Tone::Good,
            both("solved, late or dear", "已解决，超时或超预算"),
        ),
        (false, _) => Cell::judged(Tone::Bad, both("not solved", "未解决")),
    }
}

fn every_scenario(scenarios: &[Scenario]) -> Section {
    let mut table = Table::new(vec![
        both("Scenario", "场景"),
        both("What happens", "内容"),
        both("Hard because", "难点"),
        both("Network", "网络"),
        both("Ground truth", "真值"),
    ]);
    for s in scenarios {
        let truths: Vec<Bilingual> = s
            .faults
            .iter()
            .map(|f| blamed(f.kind, f.object.name()))
            .collect();
        let join =
            |pick: fn(&Bilingual) -> &str| truths.iter().map(pick).collect::<Vec<_>>().join(" + ");
        table = table.row_at(
            format!("scenario-{}", s.name),
            vec![
                Cell::text(same(&*s.name)),
                Cell::text(s.description.clone()),
                Cell::text(s.shape.title()),
                Cell::text(same(&*s.network)),
                Cell::text(both(join(|t| &t.en), join(|t| &t.zh))),
            ],
        );
    }
    Section::new(both("Every scenario", "全部场景"))
        .anchor("scenarios")
        .table(table)
}

fn method() -> Section {
    Section::new(both("How it is measured", "测量方法")).anchor("method").points(vec![
        both(
            "Time is the network's own; equal seeds give equal results, byte for byte, on any machine.",
            "时间均为网络时间；相同种子在任何机器上得到逐字节相同的结果。",
        ),
        both(
            "A trial is solved when, in truth, every fault's cause is gone or a cure stands, nobody is hurt at the end, and no plan left in place hurts users who would be well without it (judged by two simulated futures, with and without the plan). What the swarm says about itself counts nowhere.",
            "“解决”指：真实状态下每个故障的原因已消除或对症措施生效，结束时无用户受损，且留存的方案未使本不受影响的用户受损（以有、无该方案的两条仿真未来判定）。智能体的自我评价不计入任何指标。",
        ),
        both(
            "An incident belongs to the fault that had begun by then and is nearest in the graph to what it blames; one that belongs to none is a false alarm.",
            "事件归属于当时已发生、且与其判定对象在图上最近的故障；无所归属者计为误报。",
        ),
        both(
            "Times are Kaplan-Meier quantiles: what never happened is censored, not left out; ∞ says that so many cases were never solved.",
            "耗时为 Kaplan-Meier 分位数：未发生者按删失处理而非剔除；∞ 表示相应比例的用例始终未解决。",
        ),
        both(
            "Each scenario has a double: the same network and noise without the faults, with what only looks like them. Any action in a double is a false action.",
            "每个场景都有对照：网络与噪声相同，但没有故障，只有形似故障的现象。对照中的任何动作均为误动作。",
        ),
    ])
}
