//! What the routing paper claims (C1 to C8), what follows from it (C9), and what random arrivals do to it (P1 to P3).

use super::{BOUND_MS, Noisy, PAPER, Results, Sweep, TOLERANCE_MS, Window};
use crate::papers::Claim;
use crate::report::{both, figure_text, same};
use zizhi_types::topology::Bilingual;

/// All claims of the paper.
pub fn claims(results: &Results) -> Vec<Claim> {
    let mut claims = of_sweep(&results.plain);
    claims.extend(of_noise(&results.noisy));
    claims
}

/// C1 to C9, for any reading.
pub fn of_sweep(sweep: &Sweep) -> Vec<Claim> {
    vec![
        anycast_limit(sweep),
        path_limit(sweep),
        saturation(sweep),
        anycast_bound(sweep),
        path_bound(sweep),
        anycast_instances(sweep),
        joining(sweep),
        at_80(sweep),
        anycast_at_50(sweep),
    ]
}

fn claim(
    id: &'static str,
    claim: Bilingual,
    paper: Bilingual,
    ours: Bilingual,
    accept: Bilingual,
    met: bool,
) -> Claim {
    Claim {
        id,
        doi: PAPER.doi,
        claim,
        paper,
        ours,
        accept,
        met,
    }
}

fn most_served(windows: &[Window]) -> [u32; 2] {
    [0, 1].map(|user| windows.iter().map(|w| w.served()[user]).max().unwrap_or(0))
}

fn anycast_limit(sweep: &Sweep) -> Claim {
    let [u1, u2] = most_served(&sweep.anycast);
    claim(
        "C1",
        both(
            "Anycast answers at most 50/s of each user",
            "任播对每个用户最多应答 50 次/秒",
        ),
        same("50/s"),
        same(format!("u1 {u1}/s, u2 {u2}/s")),
        same("= 50"),
        [u1, u2] == [50, 50],
    )
}

fn path_limit(sweep: &Sweep) -> Claim {
    let [u1, u2] = sweep.summary().served_at_end;
    claim(
        "C2",
        both(
            "By URL path more than 100/s of each user are answered",
            "按 URL 路径路由，每个用户的应答超过 100 次/秒",
        ),
        same("> 100/s"),
        both(
            format!("u1 {u1}/s, u2 {u2}/s at 120/s"),
            format!("120 次/秒时 u1 {u1}/s，u2 {u2}/s"),
        ),
        both("both ≥ 100", "两者均 ≥ 100"),
        u1 >= 100 && u2 >= 100,
    )
}

fn saturation(sweep: &Sweep) -> Claim {
    let summary = sweep.summary();
    let first = summary.first_short_at[0];
    let (limit, shown) = (summary.u1_served_max, rate_text(first));
    claim(
        "C3",
        both(
            "By URL path u1 saturates at about 110/s",
            "按 URL 路径路由，u1 在约 110 次/秒时饱和",
        ),
        both("about 110/s", "约 110 次/秒"),
        both(
            format!("first unanswered request at {shown}, limit {limit}/s"),
            format!("{shown} 时首次出现未应答请求，上限 {limit}/s"),
        ),
        both("105 to 117", "105 至 117"),
        first.is_some_and(|rate| (105..=117).contains(&rate)),
    )
}

fn rate_text(rate: Option<u32>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate}/s"))
}

fn over(window: &Window) -> bool {
    window.max_ms(0) > BOUND_MS + TOLERANCE_MS
}

fn anycast_bound(sweep: &Sweep) -> Claim {
    let first = Sweep::first(&sweep.anycast, |_, w| over(w));
    let by_five = Sweep::first(&sweep.anycast, |rate, w| rate % 5 == 0 && over(w));
    let at = |rate: Option<u32>| {
        let window = Sweep::rated(&sweep.anycast).find(|(r, _)| Some(*r) == rate);
        format!(
            "{} ({} ms)",
            rate_text(rate),
            figure_text(window.map_or(f64::NAN, |(_, w)| w.max_ms(0)), 2)
        )
    };
    let (one, five) = (at(first), at(by_five));
    claim(
        "C4",
        both(
            "By anycast u1 passes 10 ms at 35/s",
            "采用任播时，u1 在 35 次/秒时超过 10 毫秒",
        ),
        same("35/s"),
        both(
            format!("first at {one}; in steps of five {five}"),
            format!("首次为 {one}；以 5 为步长时为 {five}"),
        ),
        both(
            "first whole rate 34, first multiple of five 35",
            "首个整数速率 34，首个 5 的倍数 35",
        ),
        first == Some(34) && by_five == Some(35),
    )
}

fn path_bound(sweep: &Sweep) -> Claim {
    let highest = sweep.summary().max_ms[0];
    claim(
        "C5",
        both(
            "By URL path u1 is never above 10 ms",
            "按 URL 路径路由，u1 从不超过 10 毫秒",
        ),
        same("≤ 10 ms"),
        same(format!("{} ms", figure_text(highest, 2))),
        both("highest when placed ≤ 10 ms", "放置时的最高值 ≤ 10 毫秒"),
        highest <= BOUND_MS + TOLERANCE_MS,
    )
}

/// Instances with any of a user's requests, `s1` ..
fn used(by_user: impl IntoIterator<Item = u32>) -> Vec<String> {
    let used = by_user.into_iter().enumerate().filter(|(_, n)| *n > 0);
    used.map(|(i, _)| format!("s{}", i + 1)).collect()
}

fn anycast_instances(sweep: &Sweep) -> Claim {
    let total = |user: usize| {
        std::array::from_fn::<u32, 5, _>(|i| sweep.anycast.iter().map(|w| w.by_user[user][i]).sum())
    };
    let [u1, u2] = [0, 1].map(|user| used(total(user)));
    claim(
        "C6",
        both("Anycast uses s2 and s5 alone", "任播只使用 s2 和 s5"),
        same("s2, s5"),
        same(format!("u1 → {}; u2 → {}", u1.join(" "), u2.join(" "))),
        both("u1 on s2, u2 on s5, no other", "u1 用 s2，u2 用 s5，无其他"),
        u1 == ["s2"] && u2 == ["s5"],
    )
}

fn joining(sweep: &Sweep) -> Claim {
    let first = sweep.summary().first_used_at;
    let [s1, s3, s4] = [first[0], first[2], first[3]];
    let ours = format!(
        "s4 {}, s3 {}, s1 {}",
        rate_text(s4),
        rate_text(s3),
        rate_text(s1)
    );
    let ordered = s4.is_some() && s4 < s3 && s3 < s1;
    claim(
        "C7",
        both(
            "By URL path s4 joins first, then s3, then s1",
            "按 URL 路径路由，s4 先加入，其后 s3，再后 s1",
        ),
        same("s4, s3, s1"),
        same(ours),
        both("this order", "按此顺序"),
        ordered,
    )
}

fn at_80(sweep: &Sweep) -> Claim {
    let Some(window) = sweep.url_path_at(80) else {
        return claim(
            "C8",
            Bilingual::default(),
            Bilingual::default(),
            same("–"),
            Bilingual::default(),
            false,
        );
    };
    let u1 = window.by_user[0];
    let listed = u1.iter().enumerate().filter(|(_, n)| **n > 0);
    let listed: Vec<String> = listed.map(|(i, n)| format!("s{} {n}", i + 1)).collect();
    let sum: u32 = u1.iter().sum();
    claim(
        "C8",
        both(
            "At 80/s u1 is served by s1, s2 and s4, 80/s in all",
            "80 次/秒时 u1 由 s1、s2、s4 服务，合计 80 次/秒",
        ),
        same("s1 + s2 + s4 = 80/s"),
        same(format!("{} = {sum}/s", listed.join(" + "))),
        both("these three, sum 80 ± 1", "恰为这三个，合计 80 ± 1"),
        used(u1) == ["s1", "s2", "s4"] && sum.abs_diff(80) <= 1,
    )
}

fn anycast_at_50(sweep: &Sweep) -> Claim {
    let window = Sweep::rated(&sweep.anycast).find(|(rate, _)| *rate == 50);
    let [u1, u2] = window.map_or([f64::NAN; 2], |(_, w)| [w.max_ms(0), w.max_ms(1)]);
    let exact = |ours: f64, expected: f64| (ours - expected).abs() <= TOLERANCE_MS;
    claim(
        "C9",
        both(
            "By anycast a full instance takes 12 ms for u1 and 4 ms for u2, which follows from the paper's parameters",
            "由论文参数可知：任播在实例满载时，u1 为 12 毫秒，u2 为 4 毫秒",
        ),
        both("not stated", "未给出"),
        same(format!(
            "u1 {} ms, u2 {} ms",
            figure_text(u1, 1),
            figure_text(u2, 1)
        )),
        same("12.0, 4.0"),
        exact(u1, 12.0) && exact(u2, 4.0),
    )
}

fn of_noise([plain, protect, anycast]: &[Vec<Noisy>; 3]) -> Vec<Claim> {
    let unstated = || both("arrivals not stated", "未说明到达过程");
    let last = |runs: &[Noisy]| runs.last().map_or([f64::NAN; 2], |run| run.served);
    let most: [u32; 2] = [0, 1].map(|user| {
        anycast
            .iter()
            .map(|run| run.served_max[user])
            .max()
            .unwrap_or(0)
    });
    let (path, held) = (last(plain), last(protect));
    let highest = plain.iter().map(|run| run.max_ms[0]).fold(0.0, f64::max);
    vec![
        claim(
            "P1",
            both(
                "C1 holds when requests come at random (Poisson)",
                "请求随机到达（泊松）时 C1 仍成立",
            ),
            unstated(),
            same(format!("u1 {}/s, u2 {}/s", most[0], most[1])),
            both("= 50 in any second", "任一秒内 = 50"),
            most == [50, 50],
        ),
        claim(
            "P2",
            both(
                "C2 and C3 hold when requests come at random: the same limit",
                "请求随机到达时 C2、C3 仍成立：上限相同",
            ),
            unstated(),
            both(
                format!(
                    "u1 {:.1}/s; with u1 protected u1 {:.1}/s, u2 {:.1}/s",
                    path[0], held[0], held[1]
                ),
                format!(
                    "u1 {:.1}/s；保护 u1 时 u1 {:.1}/s，u2 {:.1}/s",
                    path[0], held[0], held[1]
                ),
            ),
            both(
                "mean at 120/s within 3 of the even run's 108",
                "120 次/秒时的均值与均匀到达的 108 相差不超过 3",
            ),
            [path[0], held[0], held[1]]
                .iter()
                .all(|served| (served - 108.0).abs() <= 3.0),
        ),
        claim(
            "P3",
            both(
                "C5 holds when requests come at random",
                "请求随机到达时 C5 仍成立",
            ),
            unstated(),
            same(format!("{} ms", figure_text(highest, 2))),
            both("highest when placed ≤ 10 ms", "放置时的最高值 ≤ 10 毫秒"),
            highest <= BOUND_MS + TOLERANCE_MS,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::{Compute, Order, Reading, sweep};
    use super::*;

    fn unmet(reading: Reading) -> Vec<&'static str> {
        let claims = of_sweep(&sweep(reading));
        claims.iter().filter(|c| !c.met).map(|c| c.id).collect()
    }

    #[test]
    fn the_canonical_reading_meets_every_claim_and_others_show_why_it_is_canonical() {
        assert_eq!(unmet(Reading::CANONICAL), Vec::<&str>::new());
        assert_eq!(unmet(Reading::PROTECTED), Vec::<&str>::new());
        let u1_first = Reading {
            order: Order::FirstU1,
            ..Reading::CANONICAL
        };
        assert_eq!(unmet(u1_first), ["C3"], "u1 never saturates");
        let u2_first = Reading {
            order: Order::FirstU2,
            ..Reading::CANONICAL
        };
        assert_eq!(unmet(u2_first), ["C2"], "u1 falls back to 96/s");
        let matrix = Reading {
            compute: Compute::Matrix,
            ..Reading::CANONICAL
        };
        assert_eq!(unmet(matrix), ["C9"], "u2's full instance takes 8 ms");
    }
}
