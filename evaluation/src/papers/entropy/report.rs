//! The entropy paper's part of the report: entropies, and the readings of its equations.

use super::{
    BALANCE, Choice, Example, Results, TABLE_1, by_value, entropy, examples, hourly_counts,
    mean_distance_to_balance, normalised_entropy, of_counts, serving_report,
};
use crate::report::plot::{Axis, Bar, BarSeries, Bars};
use crate::report::{Cell, Figure, Section, Table, Tone, both, figure_text, same};
use zizhi_types::topology::Bilingual;

/// All sections.
pub fn sections(results: &Results) -> Vec<Section> {
    [
        vec![state(), fleet_entropy(), matching()],
        serving_report::sections(results),
    ]
    .concat()
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
