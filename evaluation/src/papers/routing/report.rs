//! The routing paper's part of the report: curves with the paper's figures as marks, and the readings beside each other.

use super::{
    BOUND_MS, INSTANCES, Noisy, Policy, Reading, Results, Summary, Sweep, Window, of_sweep, sweep,
};
use crate::report::plot::{Axis, Lines, Mark, Series};
use crate::report::{Cell, Figure, Section, Table, Tone, both, figure_text, same};
use zizhi_types::topology::Bilingual;

/// All sections.
pub fn sections(results: &Results) -> Vec<Section> {
    vec![
        answered(results),
        latency(results),
        instances(results),
        at_random(&results.noisy),
        readings(results),
    ]
}

fn rate_axis() -> Axis {
    Axis::new(both(
        "Rate of each user, requests/s",
        "每个用户的请求速率，次/秒",
    ))
    .from(0.0)
    .to(122.0)
}

fn curve(name: Bilingual, windows: &[Window], of: impl Fn(&Window) -> f64) -> Series {
    Series::new(
        name,
        Sweep::rated(windows)
            .map(|(rate, w)| (f64::from(rate), of(w)))
            .collect(),
    )
}

fn served(user: usize) -> impl Fn(&Window) -> f64 {
    move |window| f64::from(window.served()[user])
}

/// A table whose rows are the targets of claims: id, where the figure is read off.
fn targets(rows: &[(&str, Bilingual)]) -> Table {
    let head = vec![both("Claim", "论断"), both("Read off", "如何读取")];
    rows.iter().fold(Table::new(head), |table, (id, text)| {
        table.row_at(
            format!("evidence-{id}"),
            vec![Cell::text(same(*id)), Cell::text(text.clone())],
        )
    })
}

fn answered(results: &Results) -> Section {
    let (plain, protect) = (&results.plain, &results.protect);
    let plot = Lines::new(
        rate_axis(),
        Axis::new(both("Answered, requests/s", "应答数，次/秒"))
            .from(0.0)
            .to(128.0),
    )
    .series(curve(
        both("anycast, u1 (u2 is equal)", "任播，u1（u2 相同）"),
        &plain.anycast,
        served(0),
    ))
    .series(curve(
        both("URL path, u1", "URL 路径，u1"),
        &plain.url_path,
        served(0),
    ))
    .series(curve(
        both("URL path, u2", "URL 路径，u2"),
        &plain.url_path,
        served(1),
    ))
    .series(curve(
        both("URL path, u2, u1 protected", "URL 路径，u2，保护 u1"),
        &protect.url_path,
        served(1),
    ))
    .mark(Mark::y(
        50.0,
        both("paper: anycast at most 50", "论文：任播最多 50"),
    ))
    .mark(Mark::y(
        100.0,
        both("paper: URL path above 100", "论文：URL 路径超过 100"),
    ))
    .mark(Mark::point(
        110.0,
        110.0,
        both("paper: u1 saturates at about 110", "论文：u1 约在 110 饱和"),
    ));
    Section::new(both("How many requests are answered?", "应答了多少请求？"))
        .anchor("answered")
        .figure(Figure::lines(both("Answered requests by rate, evenly spaced arrivals; grey: the paper's figures.", "应答数随速率的变化，请求均匀到达；灰色为论文数值。"), &plot))
        .table(targets(&[
            ("C1", both("Anycast stays level at 50: each user holds one connection to one instance of 50/s.", "任播停在 50：每个用户的连接固定在一个 50 次/秒的实例上。")),
            ("C2", both("The right ends of the two URL-path curves.", "两条 URL 路径曲线的右端。")),
            ("C3", both("u1 may use s2 and s4 to 33/s each, and shares s1 with what u2 cannot place on s5 and s3: 66 + (50 − (x − 100)) = x gives 108.", "u1 可用 s2、s4 各 33 次/秒，并与 u2 在 s5、s3 放不下的部分共用 s1：66 +（50 −（x − 100））= x，得 108。")),
        ]))
}

fn latency(results: &Results) -> Section {
    let (plain, protect) = (&results.plain, &results.protect);
    let plot = Lines::new(
        rate_axis(),
        Axis::new(both("Highest latency of u1, ms", "u1 的最高时延，毫秒"))
            .from(8.0)
            .to(12.5),
    )
    .series(curve(both("anycast", "任播"), &plain.anycast, |w| {
        w.max_ms(0)
    }))
    .series(curve(
        both("URL path, when placed", "URL 路径，放置时"),
        &plain.url_path,
        |w| w.max_ms(0),
    ))
    .series(curve(
        both("URL path, at the end of the second", "URL 路径，每秒结束时"),
        &plain.url_path,
        |w| w.final_max_ms(0),
    ))
    .series(curve(
        both("the same, u1 protected", "同上，保护 u1"),
        &protect.url_path,
        |w| w.final_max_ms(0),
    ))
    .mark(Mark::y(
        BOUND_MS,
        both("bound of u1: 10 ms", "u1 的上限：10 毫秒"),
    ))
    .mark(Mark::point(
        35.0,
        10.0,
        both(
            "paper: anycast passes 10 ms at 35/s",
            "论文：任播在 35 次/秒时超过 10 毫秒",
        ),
    ));
    Section::new(both("How long does u1 wait?", "u1 等待多久？"))
        .anchor("latency")
        .figure(Figure::lines(both("Highest latency of u1 by rate, network and compute together; grey: the paper's figures. The scale begins at 8 ms.", "u1 的最高时延（网络加计算）随速率的变化；灰色为论文数值。纵轴从 8 毫秒开始。"), &plot))
        .text(both(
            "Two readings of “never above 10 ms”: counted when a request is placed, it holds; judged by the load at the end of the second, u2's overflow onto s2 and s4 pushes u1 to 10.68 ms. With u1 protected (u2 is refused where it would break a promise already made) both hold, and both users stop at 108/s. The first is canonical because the paper decides at arrival; the second is what a product should do.",
            "“从不超过 10 毫秒”有两种理解：按请求放置时计，成立；按每秒结束时的负载计，u2 溢出到 s2 和 s4，使 u1 升至 10.68 毫秒。若保护 u1（当 u2 的请求会破坏已作的承诺时予以拒绝），两种理解都成立，两个用户都止于 108 次/秒。以前者为准，因为论文在请求到达时决策；产品则应采用后者。",
        ))
        .table(targets(&[
            ("C4", both("Where the anycast curve crosses 10 ms.", "任播曲线越过 10 毫秒之处。")),
            ("C5", both("The URL-path curve, counted when placed; 9.96 ms is the nearest possible value below 10.", "URL 路径曲线，放置时计；9.96 毫秒是低于 10 的最接近的可能值。")),
            ("C9", both("The level end of the anycast curve: 6 ms of network and twice 3 ms of compute.", "任播曲线的平直部分：网络 6 毫秒，加两倍的 3 毫秒计算。")),
        ]))
}

fn instances(results: &Results) -> Section {
    let plain = &results.plain;
    let axis = Axis::new(both(
        "Requests on the instance, requests/s",
        "实例上的请求数，次/秒",
    ))
    .from(0.0)
    .to(55.0);
    let plot = (0..INSTANCES).fold(Lines::new(rate_axis(), axis), |plot, i| {
        plot.series(curve(same(format!("s{}", i + 1)), &plain.url_path, |w| {
            f64::from(w.load[i])
        }))
    });
    let plot = plot.mark(Mark::x(
        80.0,
        both("paper: u1 on s1, s2, s4", "论文：u1 用 s1、s2、s4"),
    ));
    Section::new(both("Which instances serve?", "由哪些实例服务？"))
        .anchor("instances")
        .figure(Figure::lines(both("Requests on each instance by rate, by URL path; grey: the paper's figures.", "按 URL 路径路由时各实例的请求数；灰色为论文数值。"), &plot))
        .table(shares_at_80(plain))
        .table(targets(&[
            ("C6", both("By anycast u1 holds its connection to s2, the cheapest within 10 ms, and u2 to s5, the fastest; the others see no request at any rate.", "采用任播时，u1 的连接在 s2（10 毫秒内最便宜），u2 的连接在 s5（最快）；其余实例在任何速率下都没有请求。")),
            ("C7", both("Where the curves of s4, s3 and s1 leave zero.", "s4、s3、s1 的曲线离开零点之处。")),
            ("C8", both("The row of u1 in the table above.", "上表中 u1 一行。")),
        ]))
}

fn shares_at_80(plain: &Sweep) -> Table {
    let head = (1..=INSTANCES).map(|i| same(format!("s{i}")));
    let head = std::iter::once(both("User", "用户")).chain(head).collect();
    let row = |(name, counts): (&str, [u32; INSTANCES])| {
        let cells = counts.into_iter().map(|n| Cell::number(f64::from(n), 0));
        std::iter::once(Cell::text(same(name)))
            .chain(cells)
            .collect()
    };
    let users = plain
        .url_path_at(80)
        .map(|w| [("u1", w.by_user[0]), ("u2", w.by_user[1])]);
    Table::new(head)
        .caption(both(
            "Requests/s at a rate of 80/s, by URL path",
            "速率 80 次/秒时的请求数（次/秒），URL 路径",
        ))
        .rows(users.into_iter().flatten().map(row))
}

fn noisy(name: Bilingual, runs: &[Noisy], of: impl Fn(&Noisy) -> f64) -> Series {
    Series::new(
        name,
        runs.iter()
            .map(|run| (f64::from(run.rate), of(run)))
            .collect(),
    )
}

fn at_random([plain, protect, anycast]: &[Vec<Noisy>; 3]) -> Section {
    let plot = Lines::new(
        rate_axis(),
        Axis::new(both("Answered, requests/s, mean", "应答数，次/秒，均值"))
            .from(0.0)
            .to(128.0),
    )
    .series(noisy(both("anycast, u1", "任播，u1"), anycast, |run| {
        run.served[0]
    }))
    .series(noisy(
        both("URL path, u1", "URL 路径，u1"),
        plain,
        |run| run.served[0],
    ))
    .series(noisy(
        both("URL path, u2", "URL 路径，u2"),
        plain,
        |run| run.served[1],
    ))
    .series(noisy(
        both("URL path, u2, u1 protected", "URL 路径，u2，保护 u1"),
        protect,
        |run| run.served[1],
    ))
    .mark(Mark::y(
        108.0,
        both("limit with even arrivals: 108", "均匀到达时的上限：108"),
    ))
    .mark(Mark::y(
        50.0,
        both("paper: anycast at most 50", "论文：任播最多 50"),
    ));
    Section::new(both("Does it hold when requests come at random?", "请求随机到达时还成立吗？"))
        .anchor("at-random")
        .text(both(
            format!("The paper does not say how requests arrive. Here each user's arrivals are a Poisson process, {} seconds at each rate. The limits stay; what is lost is the sharp edge: some seconds bring more than the mean, so u1 by anycast passes 10 ms in some seconds from 20/s on, and by URL path a few requests of u1 go unanswered from 90/s on.", super::poisson::SECONDS),
            format!("论文未说明请求如何到达。此处每个用户的到达为泊松过程，每个速率模拟 {} 秒。上限不变，但界线不再分明：有的秒内请求多于均值，因此采用任播时 u1 从 20 次/秒起就在个别秒内超过 10 毫秒；按 URL 路径时，u1 从 90 次/秒起有少量请求未应答。", super::poisson::SECONDS),
        ))
        .figure(Figure::lines(both("Answered requests by mean rate, Poisson arrivals.", "应答数随平均速率的变化，泊松到达。"), &plot))
        .table(latencies(plain, anycast))
        .table(targets(&[
            ("P1", both("Anycast in the figure; no second answers more than 50.", "图中的任播曲线；任何一秒都不超过 50。")),
            ("P2", both("The right ends of the URL-path curves.", "URL 路径曲线的右端。")),
            ("P3", both("The column of highest latencies by URL path.", "URL 路径最高时延一列。")),
        ]))
}

fn latencies(plain: &[Noisy], anycast: &[Noisy]) -> Table {
    let head = vec![
        both("Rate, 1/s", "速率，次/秒"),
        both("anycast: mean, ms", "任播：均值，毫秒"),
        both("p95, ms", "p95，毫秒"),
        both("highest, ms", "最高，毫秒"),
        both("URL path: mean, ms", "URL 路径：均值，毫秒"),
        both("p95, ms", "p95，毫秒"),
        both("highest, ms", "最高，毫秒"),
    ];
    let row = |(path, any): (&Noisy, &Noisy)| {
        let of = |run: &Noisy| {
            [run.mean_ms[0], run.p95_ms[0], run.max_ms[0]].map(|ms| Cell::number(ms, 2))
        };
        std::iter::once(Cell::number(f64::from(path.rate), 0))
            .chain(of(any))
            .chain(of(path))
            .collect()
    };
    Table::new(head)
        .caption(both(
            "Latency of u1, counted when placed",
            "u1 的时延，放置时计",
        ))
        .rows(plain.iter().zip(anycast).map(row))
}

fn readings(results: &Results) -> Section {
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
