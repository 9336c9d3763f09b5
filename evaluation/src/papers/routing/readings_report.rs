//! Every reading of the routing paper beside each other: what may be meant, what it does, and which is canonical.

use super::{Policy, Reading, Results, Summary, of_sweep, sweep};
use crate::report::{Cell, Section, Table, Tone, both, figure_text, same};
use zizhi_types::topology::Bilingual;

/// The section.
pub(super) fn readings(results: &Results) -> Section {
    let head = vec![
        both("Reading", "理解方式"),
        both("Limit of u1, 1/s", "u1 上限，次/秒"),
        both("u1, u2 at 120/s", "120 次/秒时 u1、u2"),
        both("u1 highest when placed, ms", "u1 放置时最高，毫秒"),
        both("u1 highest at the end, ms", "u1 秒末最高，毫秒"),
        both("s4, s3, s1 join at, 1/s", "s4、s3、s1 加入速率，次/秒"),
        both("Claims", "论断"),
    ];
    let rows = results
        .readings
        .iter()
        .map(|(reading, summary)| reading_row(*reading, summary));
    Section::new(both("Where the paper can be read in two ways", "论文可有两种理解之处"))
        .anchor("readings-routing")
        .points(points())
        .table(Table::new(head).caption(both("Compute delay / order of arrival / tie of price / u1 protected or not; canonical first", "计算时延 / 到达次序 / 价格相同时 / 是否保护 u1；首行为基准")).rows(rows))
}

fn points() -> Vec<Bilingual> {
    vec![
        both(
            "Compute delay of an idle instance: the text says 1, 3, 1, 3, 1 ms, matrix A says 3 ms for all. Canonical: the text, because its limit (108/s) is nearer to the paper's “about 110/s” than the matrix's (116/s).",
            "空闲实例的计算时延：正文为 1、3、1、3、1 毫秒，矩阵 A 则全部为 3 毫秒。以正文为准，其上限（108 次/秒）比矩阵的（116 次/秒）更接近论文的“约 110 次/秒”。",
        ),
        both(
            "Order of arrival: interleaved is canonical. With u1 first it never saturates; with u2 first u1 falls back to 96/s.",
            "到达次序：以交错到达为准。若 u1 先到，则永不饱和；若 u2 先到，u1 回落到 96 次/秒。",
        ),
        both(
            "Tie of price between s2 and s4: by number is canonical, because the paper says that below the limit of one instance s2 alone serves u1; by latency s4 would join at 26/s.",
            "s2 与 s4 价格相同时：以编号为准，因为论文称未达单实例上限时只有 s2 服务 u1；若按时延，s4 在 26 次/秒时就会加入。",
        ),
        both(
            "u1 protected or not: the paper does not say; without is canonical, with is what we recommend.",
            "是否保护 u1：论文未说明；以不保护为准，但建议保护。",
        ),
        both(
            "The load of a candidate includes the request being placed; 10 ms itself is allowed (tolerance 1e-9 ms).",
            "候选实例的负载包含正在放置的请求；恰为 10 毫秒是允许的（容差 1e-9 毫秒）。",
        ),
        both(
            "Table 2 is not additive over a tree of two hubs (GW7 is 10 ms from GW1 and 2 ms from GW2): it is read as a mesh of direct links, and as round trips.",
            "表 2 在双汇聚树上不可加（GW7 距 GW1 为 10 毫秒，距 GW2 为 2 毫秒）：按直连网状链路理解，数值为往返时延。",
        ),
    ]
}

fn reading_row(reading: Reading, summary: &Summary) -> Vec<Cell> {
    let joins = [3, 2, 0]
        .map(|i| summary.first_used_at[i].map_or("–".to_owned(), |rate| rate.to_string()));
    let [u1, u2] = summary.served_at_end;
    vec![
        Cell::text(same(reading.name())),
        Cell::number(f64::from(summary.u1_served_max), 0),
        Cell::figure(same(format!("{u1}, {u2}"))),
        Cell::number(summary.max_ms[0], 2),
        Cell::figure(same(figure_text(summary.u1_final_max_ms, 2))),
        Cell::figure(same(joins.join(", "))),
        judged(reading),
    ]
}

fn judged(reading: Reading) -> Cell {
    let unmet: Vec<&str> = of_sweep(&sweep(reading))
        .iter()
        .filter(|c| !c.met)
        .map(|c| c.id)
        .collect();
    let listed = unmet.join(" ");
    if unmet.is_empty() {
        let which = if reading.policy == Policy::Plain {
            both("all met", "全部符合")
        } else {
            both("all met, promise kept", "全部符合，承诺得到遵守")
        };
        Cell::judged(Tone::Good, which)
    } else {
        Cell::judged(
            Tone::Bad,
            both(format!("not met: {listed}"), format!("不符合：{listed}")),
        )
    }
}
