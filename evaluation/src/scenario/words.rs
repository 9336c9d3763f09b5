//! Words for people: a scenario's title and description in both languages.

use super::{DecoySpec, FaultSpec, Lie, LieSpec, Scenario, Shape};
use zizhi_types::FaultKind;
use zizhi_types::text::{Language, label, object};
use zizhi_types::topology::{Bilingual, Network};

fn both(en: impl Into<String>, zh: impl Into<String>) -> Bilingual {
    Bilingual {
        en: en.into(),
        zh: zh.into(),
    }
}

/// No words yet.
pub(super) fn nothing() -> Bilingual {
    both("", "")
}

/// Writes title and description.
pub(super) fn tell(scenario: &mut Scenario, network: &Network, users_hurt: bool) {
    scenario.title = title(scenario);
    let (mut en, mut zh) = (vec![], vec![]);
    let mut say = |b: Bilingual| {
        en.push(b.en);
        zh.push(b.zh);
    };
    for fault in &scenario.faults {
        say(happens(fault, network));
    }
    for decoy in &scenario.decoys {
        say(beside(decoy));
    }
    for lie in &scenario.lies {
        say(lied(lie, &scenario.faults));
    }
    say(hard(scenario));
    say(outcome(users_hurt));
    scenario.description = both(en.join(" "), zh.concat());
}

/// The shape, the faults and where.
fn title(scenario: &Scenario) -> Bilingual {
    let (en, zh) = match scenario.shape {
        Shape::Single => ("", ""),
        Shape::Concurrent => ("At once: ", "并发故障："),
        Shape::CrossDomain => ("Across domains: ", "跨域故障："),
        Shape::Slow => ("Growing slowly: ", "缓慢劣化："),
        Shape::Flapping => ("Coming and going: ", "时断时续："),
        Shape::LoudNoise => ("Under loud noise: ", "噪声掩盖："),
        Shape::Silent => ("Silent at its origin: ", "静默故障："),
        Shape::WrongSteering => ("Wrong steering: ", "错误调度："),
        Shape::LyingTelemetry => ("With a lying meter: ", "遥测失真："),
        Shape::PlannedWork => ("Beside planned work: ", "计划检修期间："),
    };
    let faults = || scenario.faults.iter();
    let in_en = faults().map(|f| format!("{} on {}", label(f.kind, Language::En), f.object.name()));
    let in_zh = faults().map(|f| format!("{}{}", f.object.name(), label(f.kind, Language::Zh)));
    let (in_en, in_zh) = (in_en.collect::<Vec<_>>(), in_zh.collect::<Vec<_>>());
    both(
        capital(&format!("{en}{}", in_en.join(" and "))),
        format!("{zh}{}", in_zh.join("，")),
    )
}

fn percent(ratio: f64) -> String {
    let text = format!("{:.1}", ratio * 100.0);
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// What goes wrong, in one sentence.
fn happens(fault: &FaultSpec, network: &Network) -> Bilingual {
    let (en, zh) = sentence(fault, network);
    let (mut en_when, mut zh_when) = match fault.at_s {
        0 => (String::new(), String::new()),
        at_s => (format!("After {at_s} s, "), format!("{at_s}秒后，")),
    };
    if fault.ramp_s > 0 {
        en_when = format!(
            "{en_when}{} ",
            if en_when.is_empty() { "Over" } else { "over" }
        );
        en_when = format!("{en_when}{} s, step by step, ", fault.ramp_s);
        zh_when = format!("{zh_when}在{}秒内逐步加重：", fault.ramp_s);
    }
    both(
        format!("{}.", capital(&format!("{en_when}{en}"))),
        format!("{zh_when}{zh}。"),
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

fn sentence(fault: &FaultSpec, network: &Network) -> (String, String) {
    let name = fault.object.name();
    let (from, to) = name.split_once(':').unwrap_or((name, ""));
    let param = |n: &str| fault.params.get(n).copied().unwrap_or(0.0);
    let service = || {
        let index = (param("service_number") as usize).saturating_sub(1);
        network.services.get(index).map_or("", |s| s.id.as_str())
    };
    match fault.kind {
        FaultKind::LinkDown => (
            format!("link {name} loses carrier and does not come back by itself"),
            format!("链路{name}失去载波，且不会自行恢复"),
        ),
        FaultKind::LinkRateCut => (
            format!(
                "link {name} carries only {} Mbit/s, less than is offered to it",
                param("rate_mbps")
            ),
            format!(
                "链路{name}的速率降至{} Mbit/s，低于其承载的流量",
                param("rate_mbps")
            ),
        ),
        FaultKind::LinkLossy => lossy(name, param("loss_ratio_ab"), param("loss_ratio_ba")),
        FaultKind::LinkFlapping => (
            format!("link {name} loses carrier for one to three seconds every few seconds"),
            format!("链路{name}每隔数秒失去载波一至三秒"),
        ),
        FaultKind::LinkSilent => (
            format!("link {name} keeps carrier but passes nothing"),
            format!("链路{name}载波正常，但不转发任何报文"),
        ),
        FaultKind::WrongCost => (
            format!(
                "the routing cost of link {name} is set to {} by mistake",
                param("cost")
            ),
            format!("链路{name}的路由开销被误设为{}", param("cost")),
        ),
        FaultKind::RouterCrash if param("lasers_lit") > 0.0 => (
            format!(
                "router {name} stops forwarding with its lasers lit, so its neighbours keep carrier"
            ),
            format!("路由器{name}停止转发，但光口仍发光，邻居载波正常"),
        ),
        FaultKind::RouterCrash => (
            format!("router {name} stops forwarding and its neighbours lose carrier"),
            format!("路由器{name}停止转发，邻居失去载波"),
        ),
        FaultKind::TrafficSurge => (
            format!(
                "traffic from {from} to {to} grows to {} times its usual size",
                param("factor")
            ),
            format!("从{from}到{to}的流量增至平时的{}倍", param("factor")),
        ),
        FaultKind::InstanceCrash => (
            format!("instance {name} stops and does not start by itself"),
            format!("实例{name}停止运行，且不会自行启动"),
        ),
        FaultKind::InstanceSlow => (
            format!(
                "a noisy neighbour makes instance {name} {} times slower",
                param("factor")
            ),
            format!(
                "同主机的其他负载使实例{name}的处理时间变为{}倍",
                param("factor")
            ),
        ),
        FaultKind::SiteOverload => (
            format!(
                "a crowd that sticks to site {name} asks its service {} for {} more requests per second",
                service(),
                param("extra_rps")
            ),
            format!(
                "固定访问站点{name}的人群对服务{}每秒多发出{}个请求",
                service(),
                param("extra_rps")
            ),
        ),
        FaultKind::StalePolicy => (
            format!(
                "gateway {name} stops computing its policy and sends all requests for {} to one small instance",
                service()
            ),
            format!(
                "网关{name}停止更新调度策略，并将服务{}的全部请求发往一个小实例",
                service()
            ),
        ),
        FaultKind::CellOutage => (
            format!(
                "cell {name} goes off the air, and its neighbours reach only half of its users"
            ),
            format!("小区{name}退服，邻区只能覆盖其一半用户"),
        ),
    }
}

fn lossy(name: &str, ab: f64, ba: f64) -> (String, String) {
    if ab == 0.0 || ba == 0.0 {
        let loss = percent(ab.max(ba));
        return (
            format!("link {name} damages {loss} % of the packets in one direction"),
            format!("链路{name}在一个方向上损坏{loss}%的报文"),
        );
    }
    let (ab, ba) = (percent(ab), percent(ba));
    (
        format!("link {name} damages {ab} % of the packets one way and {ba} % the other way"),
        format!("链路{name}正向损坏{ab}%、反向损坏{ba}%的报文"),
    )
}

/// What only looks like a fault.
fn beside(decoy: &DecoySpec) -> Bilingual {
    let (en, zh) = match decoy.kind {
        FaultKind::LinkDown => (
            "announced work takes a fibre out of service",
            "按公告检修光纤",
        ),
        FaultKind::LinkRateCut => ("one burst fills a queue for a moment", "一次瞬时微突发"),
        FaultKind::LinkLossy => (
            "a link has bit errors for a few seconds",
            "某链路出现数秒误码",
        ),
        FaultKind::LinkFlapping => (
            "a link loses carrier once for a moment",
            "某链路载波瞬断一次",
        ),
        FaultKind::LinkSilent => (
            "a routing protocol restarts gracefully",
            "某路由协议平滑重启",
        ),
        FaultKind::WrongCost => (
            "a routing cost is changed as announced",
            "按公告调整路由开销",
        ),
        FaultKind::RouterCrash => (
            "a router's telemetry pauses while it forwards",
            "某路由器遥测暂停而转发正常",
        ),
        FaultKind::TrafficSurge => (
            "a bulk transfer grows within capacity",
            "有容量内的大文件传输",
        ),
        FaultKind::InstanceCrash => ("an instance restarts as announced", "按公告滚动重启实例"),
        FaultKind::InstanceSlow => ("a batch job uses idle processor time", "批处理占用空闲算力"),
        FaultKind::SiteOverload => ("a load test runs within limits", "有限额内的压力测试"),
        FaultKind::StalePolicy => ("a change of price shifts steering", "价格调整引起调度变化"),
        FaultKind::CellOutage => (
            "a cell is switched off as announced to save power",
            "按公告节能关断小区",
        ),
    };
    both(
        format!("Meanwhile {en}; this needs no action."),
        format!("与此同时，{zh}，无需处置。"),
    )
}

fn lied(lie: &LieSpec, faults: &[FaultSpec]) -> Bilingual {
    let (metric, en_object, zh_object) = (
        lie.metric.as_str(),
        object(&lie.object, Language::En),
        object(&lie.object, Language::Zh),
    );
    let near = |f: &FaultSpec| {
        f.object == lie.object || lie.object.link_of_port().as_ref() == Some(&f.object)
    };
    let (en, zh) = match lie.says {
        Lie::Frozen => (
            "keeps saying what it said before".to_owned(),
            "停留在此前的读数".to_owned(),
        ),
        Lie::Value(v) => (format!("says {v} whatever is true"), format!("始终显示{v}")),
        Lie::Times(t) => (
            format!("says {t} times the truth"),
            format!("显示真实值的{t}倍"),
        ),
        Lie::Mute => ("says nothing".to_owned(), "没有读数".to_owned()),
    };
    let (en_why, zh_why) = if faults.iter().any(near) {
        ("which hides the fault", "掩盖了故障")
    } else {
        ("though nothing is wrong there", "而该处并无异常")
    };
    both(
        format!("The meter {metric} of {en_object} {en}, {en_why}."),
        format!("{zh_object}的测量项{metric}{zh}，{zh_why}。"),
    )
}

/// What makes it hard.
fn hard(scenario: &Scenario) -> Bilingual {
    let (en, zh) = match scenario.shape {
        Shape::Single => (
            "There is one cause among many symptoms.",
            "难点在于从众多症状中找到唯一原因。",
        ),
        Shape::Concurrent => (
            "The faults have nothing to do with each other: one explanation for all of them is wrong.",
            "这些故障互不相关，用一个原因解释全部症状是错误的。",
        ),
        Shape::CrossDomain => (
            "Both hurt some of the same users: the remedy of one domain alone does not bring them back.",
            "两处故障影响部分相同的用户，仅靠一个领域的处置无法恢复。",
        ),
        Shape::Slow => (
            "No single step is large: what is usual seems to move along.",
            "每一步变化都不大，常态基线容易随之漂移。",
        ),
        Shape::Flapping => (
            "It looks healthy again and again: a quiet moment is not recovery.",
            "链路反复显得正常，短暂平静并不等于恢复。",
        ),
        Shape::LoudNoise => (
            "What is loud needs no action; what needs action is quiet.",
            "响亮的现象无需处置，需要处置的故障却很安静。",
        ),
        Shape::Silent => (
            "The faulty object never reports that it is down: it must be inferred from its surroundings.",
            "故障对象自身从不上报停用状态，只能由周边现象推断。",
        ),
        Shape::WrongSteering => (
            "Every instance works: users are hurt by where their requests are sent.",
            "所有实例均正常，用户受影响是因为请求被发往错误的去处。",
        ),
        Shape::LyingTelemetry => (
            "Not every reading is true: evidence must be weighed.",
            "并非所有读数都真实，须权衡证据。",
        ),
        Shape::PlannedWork => (
            "The work explains some of the symptoms, but not this fault.",
            "检修能解释部分症状，但不能解释该故障。",
        ),
    };
    both(en, zh)
}

fn outcome(users_hurt: bool) -> Bilingual {
    if users_hurt {
        both(
            "Users feel it until the cause is dealt with.",
            "在原因得到处置之前，用户持续受影响。",
        )
    } else {
        both(
            "Users hardly feel it, but the network runs at risk until the cause is dealt with.",
            "用户感受不明显，但在原因得到处置之前，网络处于风险之中。",
        )
    }
}
