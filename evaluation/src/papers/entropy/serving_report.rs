//! The serving experiment in the report: curves, what is due to entropy, assumptions, and what other assumptions do.

use super::fleet::{Demand, NODES, RTT_MS};
use super::{CONCURRENCY, Curve, RUNS, Results, Setting, TABLE_1};
use crate::papers::mean;
use crate::report::plot::{Axis, Bar, BarSeries, Bars, Lines, Mark, Series};
use crate::report::{Cell, Figure, Section, Table, both, figure_text, same};
use zizhi_types::topology::Bilingual;

/// All sections.
pub fn sections(results: &Results) -> Vec<Section> {
    vec![serving(results), assumptions(), sensitivity(results)]
}

fn concurrency_axis() -> Axis {
    Axis::new(both("Requests at the same time", "并发请求数"))
        .from(8.0)
        .to(136.0)
}

fn seconds(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.into_iter().map(|(x, ms)| (x, ms / 1000.0)).collect()
}

fn serving(results: &Results) -> Section {
    let mean_of = |curve: &Curve| seconds(curve.means(|p| &p.mean_ms));
    let p95_of = |curve: &Curve| seconds(curve.means(|p| &p.p95_ms));
    let slots = total_slots(Setting::CANONICAL) as f64;
    let plot = Lines::new(
        concurrency_axis(),
        Axis::new(both("Time to the first token, s", "首词元时延，秒")).from(0.0),
    )
    .series(Series::new(
        both("nearest node, mean", "最近节点，均值"),
        mean_of(&results.nearest),
    ))
    .series(Series::new(
        both("matched (eq. 5 and 6), mean", "匹配（式 5、6），均值"),
        mean_of(&results.matched),
    ))
    .series(Series::new(
        both("nearest node, p95", "最近节点，p95"),
        p95_of(&results.nearest),
    ))
    .series(Series::new(
        both("matched, p95", "匹配，p95"),
        p95_of(&results.matched),
    ))
    .mark(Mark::x(slots, both("the fleet is full", "集群已满")));
    let labels = CONCURRENCY.iter().map(|c| same(c.to_string())).collect();
    let gaps = results
        .nearest
        .behind(&results.matched)
        .into_iter()
        .map(|(_, gaps)| spread(&gaps))
        .collect();
    let bars = Bars::new(
        Axis::new(both(
            "Nearest minus matched, mean time to the first token, s",
            "最近节点减匹配，平均首词元时延，秒",
        ))
        .from(0.0),
        labels,
    )
    .series(BarSeries::new(
        both(
            "mean of the runs; line: lowest and highest run",
            "各次运行的均值；线段：最低与最高",
        ),
        gaps,
    ));
    Section::new(both("When does the first token come?", "首词元何时到达？"))
        .anchor("serving")
        .text(both(
            format!("{NODES} nodes, 1,000 requests, {RUNS} runs at each concurrency with the users of each run in other places. The paper shows a picture and no figures, so its shape is checked: S1 equal when the nearest node is free, S2 clearly lower otherwise, S3 a growing gap."),
            format!("{NODES} 个节点、1000 个请求，每个并发运行 {RUNS} 次，各次用户位置不同。论文只有曲线而无数值，因此检验其形状：S1 最近节点空闲时相当，S2 其余情况明显更低，S3 差距增大。"),
        ))
        .figure(Figure::lines(both("Time to the first token by concurrency. No figure of the paper can be marked: it prints none.", "首词元时延随并发的变化。论文未给出数值，故无从标注。"), &plot))
        .figure(Figure::bars(both("How much sooner the first token comes with matching, by concurrency.", "匹配调度使首词元提前多少，按并发。"), &bars))
        .table(serving_targets(results))
        .text(what_entropy_adds(results))
        .table(ways(results))
}

/// How much of the gain is left to the entropy, said by its figures.
fn what_entropy_adds(results: &Results) -> Bilingual {
    let apart = |a: &Curve, b: &Curve| {
        let pairs = a
            .means(|p| &p.mean_ms)
            .into_iter()
            .zip(b.means(|p| &p.mean_ms));
        pairs
            .map(|((_, a), (_, b))| (a - b).abs())
            .fold(0.0, f64::max)
    };
    let entropy =
        apart(&results.matched, &results.best_fit).max(apart(&results.matched, &results.farthest));
    let rooms = apart(&results.matched, &results.nearest_free) / 1000.0;
    let (entropy, rooms) = (figure_text(entropy, 1), figure_text(rooms, 2));
    both(
        format!(
            "What does the entropy add? In this fleet next to nothing: leaving eq. 6 out, or reading it the other way, moves the mean by at most {entropy} ms at any concurrency. Most of the gain comes from going where a slot is free: the simplest such rule, the nearest node with a free slot, stays within {rooms} s of the matching. The experiment shows that the nearest node is a weak opponent, not that entropy is needed."
        ),
        format!(
            "熵带来了什么？在此集群中几乎没有：去掉式 6 或按另一种理解，任一并发下均值的变化不超过 {entropy} 毫秒。大部分收益来自去有空位的地方：最简单的规则（有空位的最近节点）与匹配调度相差不超过 {rooms} 秒。该实验说明“最近节点”是较弱的对照，并不说明需要熵。"
        ),
    )
}

/// Mean with the lowest and highest run, in s.
fn spread(gaps_ms: &[f64]) -> Bar {
    let low = gaps_ms.iter().copied().fold(f64::INFINITY, f64::min);
    let high = gaps_ms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Bar::within(mean(gaps_ms) / 1000.0, low / 1000.0, high / 1000.0)
}

fn total_slots(setting: Setting) -> usize {
    (0..NODES)
        .map(|index| super::fleet::site(index, setting.batch).slots)
        .sum()
}

fn serving_targets(results: &Results) -> Table {
    let claims = super::claims(results);
    let head = vec![
        both("Claim", "论断"),
        both("Ours", "本系统值"),
        both("Why", "原因"),
    ];
    let slots = total_slots(Setting::CANONICAL);
    let why = [
        (
            "S1",
            both(
                "Only requests whose nearest node had a free slot count. Matching may leave a node that serves a neighbour for an idle one in the region, 8 ms farther.",
                "只计发送时最近节点有空位的请求。匹配可能放弃正在服务邻居的节点，改用区域内远 8 毫秒的空闲节点。",
            ),
        ),
        (
            "S2",
            both(
                "Where few sites have most users, their nodes queue while others idle.",
                "当少数站点拥有大部分用户时，其节点排队而其他节点空闲。",
            ),
        ),
        (
            "S3",
            both(
                format!(
                    "Up to {slots} requests at the same time there is a free slot somewhere. Beyond that matched requests wait too, and 1,000 requests are fewer turns for each user."
                ),
                format!(
                    "并发不超过 {slots} 时，总有节点有空位；超过之后匹配的请求也要等待，且 1000 个请求分到每个用户的轮次更少。"
                ),
            ),
        ),
    ];
    why.into_iter().fold(Table::new(head), |table, (id, why)| {
        let ours = claims
            .iter()
            .find(|c| c.id == id)
            .map(|c| c.ours.clone())
            .unwrap_or_default();
        table.row_at(
            format!("evidence-{id}"),
            vec![Cell::text(same(id)), Cell::text(ours), Cell::text(why)],
        )
    })
}

/// Every way of dispatching: what of the gain is due to entropy?
fn ways(results: &Results) -> Table {
    let ways = [
        (both("nearest node", "最近节点"), &results.nearest),
        (
            both("eq. 5 and 6, formula (canonical)", "式 5、6，公式（基准）"),
            &results.matched,
        ),
        (
            both("eq. 5 and 6, text", "式 5、6，文字"),
            &results.farthest,
        ),
        (both("eq. 5 alone", "仅式 5"), &results.best_fit),
        (
            both("nearest node with a free slot", "有空位的最近节点"),
            &results.nearest_free,
        ),
    ];
    let head = CONCURRENCY.iter().map(|c| same(c.to_string()));
    let head = std::iter::once(both("Dispatch", "调度方式"))
        .chain(head)
        .collect();
    let row = |(name, curve): (Bilingual, &Curve)| {
        let means = curve
            .means(|p| &p.mean_ms)
            .into_iter()
            .map(|(_, ms)| Cell::number(ms, 0));
        std::iter::once(Cell::text(name)).chain(means).collect()
    };
    Table::new(head)
        .caption(both("Mean time to the first token in ms by concurrency: what is due to entropy, and what to going where there is room?", "各并发下的平均首词元时延（毫秒）：多少归功于熵，多少归功于去有空位的地方？"))
        .rows(ways.into_iter().map(row))
}

fn assumptions() -> Section {
    let [own, region, far] = RTT_MS;
    let slots = TABLE_1.iter().enumerate().map(|(index, row)| {
        (
            row.0,
            super::fleet::site(index, Setting::CANONICAL.batch).slots,
        )
    });
    let slots: Vec<String> = slots
        .map(|(name, slots)| format!("{name} {slots}"))
        .collect();
    let slots = slots.join(", ");
    Section::new(both("What the serving experiment assumes", "服务实验的假设")).anchor("assumptions").points(vec![
        both("A closed loop: so many users, each sends its next request when the last is answered, until 1,000 are sent. They begin at moments spread over 25 s.", "闭环：若干用户，上一个请求答完才发下一个，直到共发出 1000 个。各用户的开始时刻分布在 25 秒内。"),
        both(format!("Four regions of four nodes, one of each kind of table 1. Round trip {own} ms at the user's own site, {region} ms in the region, {far} ms to another region."), format!("四个区域，每区四个节点，表 1 的四类各一。往返时延：本站 {own} 毫秒，区内 {region} 毫秒，跨区 {far} 毫秒。")),
        both("Users are spread unevenly: shares of the sites fall as 1, 1/2, 1/3, ... in random order.", "用户分布不均：各站点份额按 1、1/2、1/3…… 递减，次序随机。"),
        both(format!("An otherwise idle node answers {} requests at the same time; other work (table 1's shares at the middle of each bin) takes its part of them and leaves these slots: {slots}. A request without a slot waits at its node and does not move.", Setting::CANONICAL.batch), format!("完全空闲的节点可同时应答 {} 个请求；其他工作（表 1 的占比，取各区间中值）按比例占用，余下空位：{slots}。没有空位的请求在其节点等待，不再迁移。", Setting::CANONICAL.batch)),
        both("A question of 1,024 tokens is read in 128 ms, one at a time on each node; an answer takes 1,024 times 20 ms, and 1 ms a token more for each request that shares the batch when it begins.", "1024 词元的问题需 128 毫秒读取，每节点逐个进行；回答需 1024 × 20 毫秒，开始时每多一个同批请求，每词元多 1 毫秒。"),
        both("The dispatcher sees the exact state. It compares free slots, nearness (1 − round trip / longest) and free cache with a request that wants the most of each; nodes with a free slot come first. Near in eq. 6: 0.02.", "调度器掌握准确状态。它将空位占比、邻近度（1 − 往返 / 最长往返）与空闲缓存，同各项都要最多的请求相比；有空位的节点优先。式 6 的邻近取 0.02。"),
    ])
}

fn sensitivity(results: &Results) -> Section {
    let mut head = vec![
        both("Users", "用户分布"),
        both("Batch", "批大小"),
        both("Slots", "空位"),
    ];
    head.extend(CONCURRENCY.iter().map(|c| same(c.to_string())));
    let canonical = (Setting::CANONICAL, &results.nearest, &results.matched);
    let others = results
        .others
        .iter()
        .map(|(setting, nearest, matched)| (*setting, nearest, matched));
    let rows = std::iter::once(canonical)
        .chain(others)
        .map(|(setting, nearest, matched)| setting_row(setting, nearest, matched));
    Section::new(both("What if the assumptions were others?", "若假设不同会怎样？"))
        .anchor("sensitivity")
        .text(both(
            "The first row is the canonical setting. The gap grows as long as the fleet has room for the concurrency; where the fleet is full it stays or shrinks. With users spread evenly the gap is smaller and comes from nodes that have little room beside their other work.",
            "首行为基准设置。只要集群容得下并发，差距就会增大；集群已满后差距持平或缩小。用户均匀分布时差距较小，来自其他工作占用较多的节点。",
        ))
        .table(Table::new(head).caption(both("Nearest minus matched, mean time to the first token in s, by concurrency", "各并发下最近节点减匹配的平均首词元时延，秒")).rows(rows))
}

fn setting_row(setting: Setting, nearest: &Curve, matched: &Curve) -> Vec<Cell> {
    let users = match setting.demand {
        Demand::Uneven => both("uneven", "不均"),
        Demand::Even => both("even", "均匀"),
    };
    let gaps = nearest
        .behind(matched)
        .into_iter()
        .map(|(_, gaps)| Cell::number(mean(&gaps) / 1000.0, 2));
    let fixed = [
        Cell::text(users),
        Cell::number(setting.batch as f64, 0),
        Cell::number(total_slots(setting) as f64, 0),
    ];
    fixed.into_iter().chain(gaps).collect()
}
