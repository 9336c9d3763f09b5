//! The routing paper's part of the report: curves with the paper's figures as marks.

use super::{BOUND_MS, INSTANCES, Noisy, Results, Sweep, Window};
use crate::report::plot::{Axis, Lines, Mark, Series};
use crate::report::{Cell, Figure, Section, Table, both, same};
use zizhi_types::topology::Bilingual;

/// All sections.
pub fn sections(results: &Results) -> Vec<Section> {
    vec![
        answered(results),
        latency(results),
        instances(results),
        at_random(&results.noisy),
        super::readings_report::readings(results),
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
    Section::new(both(
        "Does it hold when requests come at random?",
        "请求随机到达时还成立吗？",
    ))
    .anchor("at-random")
    .text(blurred(plain, anycast))
    .figure(Figure::lines(
        both(
            "Answered requests by mean rate, Poisson arrivals.",
            "应答数随平均速率的变化，泊松到达。",
        ),
        &plot,
    ))
    .table(latencies(plain, anycast))
    .table(targets(&[
        (
            "P1",
            both(
                "Anycast in the figure; no second answers more than 50.",
                "图中的任播曲线；任何一秒都不超过 50。",
            ),
        ),
        (
            "P2",
            both(
                "The right ends of the URL-path curves.",
                "URL 路径曲线的右端。",
            ),
        ),
        (
            "P3",
            both(
                "The column of highest latencies by URL path.",
                "URL 路径最高时延一列。",
            ),
        ),
    ]))
}

/// What random arrivals change: where the edges begin to blur.
fn blurred(plain: &[Noisy], anycast: &[Noisy]) -> Bilingual {
    let first = |runs: &[Noisy], holds: fn(&Noisy) -> bool| {
        let found = runs.iter().find(|run| holds(run));
        found.map_or("–".to_owned(), |run| run.rate.to_string())
    };
    let over = first(anycast, |run| {
        run.max_ms[0] > BOUND_MS + super::TOLERANCE_MS
    });
    let short = first(plain, |run| run.served[0] < run.offered[0]);
    let seconds = super::poisson::SECONDS;
    both(
        format!(
            "The paper does not say how requests arrive. Here each user's arrivals are a Poisson process, {seconds} seconds at each rate. The limits stay; what is lost is the sharp edge, because some seconds bring more than the mean: by anycast u1 passes 10 ms in some seconds from {over}/s on, and by URL path a few requests of u1 go unanswered from {short}/s on."
        ),
        format!(
            "论文未说明请求如何到达。此处每个用户的到达为泊松过程，每个速率模拟 {seconds} 秒。上限不变，但界线不再分明，因为有的秒内请求多于均值：采用任播时，u1 从 {over} 次/秒起就在个别秒内超过 10 毫秒；按 URL 路径时，u1 从 {short} 次/秒起有少量请求未应答。"
        ),
    )
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
