//! The entropy paper's part of the report: entropies, readings of the equations, and the serving experiment.

use super::fleet::{Demand, NODES, RTT_MS};
use super::{
    BALANCE, CONCURRENCY, Choice, Curve, Example, RUNS, Results, Setting, TABLE_1, by_value,
    entropy, examples, hourly_counts, mean_distance_to_balance, normalised_entropy, of_counts,
};
use crate::papers::mean;
use crate::report::plot::{Axis, Bar, BarSeries, Bars, Lines, Mark, Series};
use crate::report::{Cell, Figure, Section, Table, Tone, both, figure_text, same};
use zizhi_types::topology::Bilingual;

/// All sections.
pub fn sections(results: &Results) -> Vec<Section> {
    vec![
        state(),
        fleet_entropy(),
        matching(),
        serving(results),
        assumptions(),
        sensitivity(results),
    ]
}

fn state() -> Section {
    let bars = |of: fn(&(&str, [f64; 4], f64)) -> f64| {
        TABLE_1.iter().map(|row| Bar::new(of(row))).collect()
    };
    let names = ["A 推理", "B 训练", "C 渲染、游戏、云", "D 空闲"];
    let english = ["A inference", "B training", "C rendering, cloud", "D idle"];
    let groups = english
        .iter()
        .zip(names)
        .map(|(en, zh)| both(*en, zh))
        .collect();
    let plot = Bars::new(
        Axis::new(both("State entropy, bits", "状态熵，比特"))
            .from(0.0)
            .to(2.0),
        groups,
    )
    .series(BarSeries::new(
        both("ours", "本系统"),
        bars(|row| entropy(&row.1)),
    ))
    .series(BarSeries::new(
        both("paper, as printed", "论文所印"),
        bars(|row| row.2),
    ));
    Section::new(both("How mixed is the use of a node?", "节点的使用有多混杂？"))
        .anchor("state-entropy")
        .figure(Figure::bars(both("State entropy of the kinds of node in table 1, eq. 3 with log base 2.", "表 1 各类节点的状态熵，式 3，以 2 为底。"), &plot))
        .table(entropy_targets())
        .points(vec![
            both("The bins of table 1 share their edges; here [0,30), [30,60), [60,80), [80,100].", "表 1 的区间共用端点；此处取 [0,30)、[30,60)、[60,80)、[80,100]。"),
            both("Eq. 3 sums over 24 hours, table 1 over four bins with shares that are no multiples of 1/24 (0.2 × 24 = 4.8). Canonical: the histogram of the last 24 hourly means over the four bins; table 1 is an illustration.", "式 3 对 24 小时求和，表 1 则对四个区间求和，且其占比不是 1/24 的整数倍（0.2 × 24 = 4.8）。以最近 24 个小时均值在四个区间上的直方图为准；表 1 仅为示例。"),
            both("A low entropy is not good in itself: an idle node has 0. Nothing here ranks by entropy alone.", "熵低本身并非好事：空闲节点的熵为 0。此处从不单凭熵排序。"),
        ])
        .table(hours())
}

fn entropy_targets() -> Table {
    Table::new(vec![both("Claim", "论断"), both("Read off", "如何读取")])
        .row_at(
            "evidence-E1",
            vec![
                Cell::text(same("E1")),
                Cell::text(both("The pairs of bars.", "成对的条形。")),
            ],
        )
        .row_at(
            "evidence-E2",
            vec![
                Cell::text(same("E2")),
                Cell::text(both(
                    "Four equal shares: four times 0.25 × 2 bits.",
                    "四个相等的占比：4 × 0.25 × 2 比特。",
                )),
            ],
        )
}

/// Days of hourly means, to show the histogram that eq. 3 works on.
fn hours() -> Table {
    let mut training = [92.0; 24];
    training[22..].fill(45.0);
    let mut halves = [90.0; 24];
    halves[12..].fill(40.0);
    let mut mixed = [70.0; 24];
    mixed[..5].fill(85.0);
    mixed[22..].fill(50.0);
    let days = [
        (both("idle all day (5%)", "全天空闲（5%）"), [5.0; 24]),
        (
            both(
                "training (22 h at 92%, 2 h at 45%)",
                "训练（22 小时 92%，2 小时 45%）",
            ),
            training,
        ),
        (both("half and half (90%, 40%)", "各半（90%、40%）"), halves),
        (
            both("mixed (85%, 70%, 50%)", "混合（85%、70%、50%）"),
            mixed,
        ),
    ];
    let head = ["[0,30)", "[30,60)", "[60,80)", "[80,100]"].map(same);
    let head = std::iter::once(both("24 hourly means", "24 个小时均值"))
        .chain(head)
        .chain([both("Entropy, bits", "熵，比特")]);
    let row = |(name, hours): (Bilingual, [f64; 24])| {
        let counts = hourly_counts(&hours);
        let cells = counts.iter().map(|n| Cell::number(f64::from(*n), 0));
        std::iter::once(Cell::text(name))
            .chain(cells)
            .chain([Cell::number(of_counts(&counts), 6)])
            .collect()
    };
    Table::new(head.collect())
        .caption(both("Hours in each bin", "各区间的小时数"))
        .rows(days.into_iter().map(row))
}

fn fleet_entropy() -> Section {
    let four = TABLE_1.map(|row| row.2);
    let row = |name: Bilingual, value: f64, remark: Bilingual| {
        vec![Cell::text(name), Cell::number(value, 6), Cell::text(remark)]
    };
    let table = Table::new(vec![
        both("Reading of eq. 4", "对式 4 的理解"),
        both("Bits", "比特"),
        both("Remark", "说明"),
    ])
    .caption(both(
        "Entropy of the fleet of table 1's four nodes",
        "表 1 四个节点组成的集群的熵",
    ))
    .row(row(
        both("entropies divided by their sum", "熵除以其总和"),
        normalised_entropy(&four),
        both("shown beside", "并列给出"),
    ))
    .row(row(
        both("how often each entropy occurs", "各熵值出现的频率"),
        by_value(&four),
        both("canonical", "基准"),
    ))
    .row(row(
        both("mean distance to the balance entropy", "与均衡熵的平均距离"),
        mean_distance_to_balance(&four),
        both("what one can act on", "可据以行动的量"),
    ));
    Section::new(both("How mixed is the fleet?", "集群有多混杂？"))
        .anchor("fleet-entropy")
        .text(both(
            format!("Eq. 4 uses P(H(r)) without defining it, and its index runs over k where the term has i. Two readings are possible. The second is canonical for a dashboard: it needs no sum of entropies, which has no meaning of its own. Beside it stands the mean distance to the balance entropy {BALANCE}, because it tells which way to move."),
            format!("式 4 使用了未定义的 P(H(r))，且求和下标为 k 而项中为 i。可有两种理解。仪表盘以第二种为准：它不需要本身没有含义的“熵之和”。旁边给出与均衡熵 {BALANCE} 的平均距离，因为它指明调整方向。"),
        ))
        .table(table)
}

fn matching() -> Section {
    let head = vec![
        both("Task", "任务"),
        both("Near: least difference +", "邻近：最小差 +"),
        both("Best by eq. 5", "式 5 最优"),
        both("Near it", "邻近节点"),
        both("Eq. 6, formula (canonical)", "式 6，公式（基准）"),
        both("Eq. 6, text", "式 6，文字"),
        both("With enough capacity only", "仅限容量足够的节点"),
    ];
    Section::new(both("Which node fits a task?", "哪个节点适合任务？"))
        .anchor("matching")
        .points(vec![
            both("Text and formula of eq. 6 disagree: the text prefers the node whose entropy varies most from the balance entropy, the formula takes the minimum. Canonical: the formula, because section 3.4.2 wants nodes brought near the balance entropy.", "式 6 的文字与公式不一致：文字倾向于与均衡熵差异最大的节点，公式取最小值。以公式为准，因为 3.4.2 节要求使节点趋近均衡熵。"),
            both("Eq. 6 subtracts a vector from an entropy; it is read as the squared difference between the node's state entropy and the balance entropy.", "式 6 用熵减去一个向量；此处理解为节点状态熵与均衡熵之差的平方。"),
            both("“Near” is not quantified: three values are shown. Ties go to the smaller id.", "“邻近”未量化：给出三个取值。相同时取编号较小者。"),
            both("Eq. 5 punishes spare and missing capacity alike and has no test for enough capacity. Nodes that have less than the task needs are left out first; where that changes the choice it is marked.", "式 5 对富余与不足一视同仁，也不检验容量是否足够。此处先排除容量不足的节点；若因此改变选择，则予以标注。"),
        ])
        .table(examples().iter().fold(Table::new(head), |table, example| table.row(example_row(example)))
            .caption(both("Six nodes and three tasks of our own, in shares of the fleet's maximum", "自拟的六个节点与三个任务，以集群最大值的占比表示")))
}

fn example_row(example: &Example) -> Vec<Cell> {
    let chosen =
        |choice: &Option<Choice>| choice.as_ref().map_or("–".to_owned(), |c| c.chosen.clone());
    let of =
        |read: fn(&Choice) -> String| same(example.formula.as_ref().map(read).unwrap_or_default());
    let feasible = chosen(&example.feasible);
    vec![
        Cell::text(same(example.task)),
        Cell::number(example.near, 2),
        Cell::text(of(|c| {
            format!("{} ({})", c.best, figure_text(c.difference, 4))
        })),
        Cell::text(of(|c| c.candidates.join(" "))),
        Cell::text(same(chosen(&example.formula))),
        Cell::text(same(chosen(&example.text))),
        if example.changed() {
            Cell::judged(
                Tone::Unsure,
                both(
                    format!("{feasible}: changed"),
                    format!("{feasible}：已改变"),
                ),
            )
        } else {
            Cell::text(same(feasible))
        },
    ]
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
        .table(ways(results))
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
    Section::new(both("What the serving experiment assumes", "服务实验的假设")).anchor("assumptions").points(vec![
        both("A closed loop: so many users, each sends its next request when the last is answered, until 1,000 are sent. They begin at moments spread over 25 s.", "闭环：若干用户，上一个请求答完才发下一个，直到共发出 1000 个。各用户的开始时刻分布在 25 秒内。"),
        both(format!("Four regions of four nodes, one of each kind of table 1. Round trip {own} ms at the user's own site, {region} ms in the region, {far} ms to another region."), format!("四个区域，每区四个节点，表 1 的四类各一。往返时延：本站 {own} 毫秒，区内 {region} 毫秒，跨区 {far} 毫秒。")),
        both("Users are spread unevenly: shares of the sites fall as 1, 1/2, 1/3, ... in random order.", "用户分布不均：各站点份额按 1、1/2、1/3…… 递减，次序随机。"),
        both("An otherwise idle node answers 16 requests at the same time; other work (table 1's shares at the middle of each bin) takes its part of them: A 5, B 2, C 5, D 14 slots. A request without a slot waits at its node and does not move.", "完全空闲的节点可同时应答 16 个请求；其他工作（表 1 的占比，取各区间中值）按比例占用：A 5、B 2、C 5、D 14 个空位。没有空位的请求在其节点等待，不再迁移。"),
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
