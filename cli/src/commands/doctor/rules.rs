//! What does the doctor say of what was seen? Pure: what was seen comes in, findings in both languages go out.

use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use zizhi_bus::NatsConfig;
use zizhi_bus::ingest::account::Counts;
use zizhi_bus::ingest::config::ConfigError;
use zizhi_bus::nats::Inspection;
use zizhi_types::NetTime;
use zizhi_types::topology::Bilingual;

/// A source is stale if it has been silent for so long, in ms. Our choice: twice the longest usual interval.
const STALE_MS: u64 = 120_000;

/// A clock that is off by more is told, in ms. Our choice: a tenth of what would be dropped.
const SKEW_MS: i64 = 5000;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing is wrong.
    Good,
    /// It works, with losses or risks.
    Warning,
    /// It does not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `config`, `bus`, `source http/10.0.0.7/v1/metrics`.
    pub check: String,
    /// How bad it is.
    pub level: Level,
    /// What was seen.
    pub what: Bilingual,
    /// What to do; empty where nothing is wrong.
    pub fix: Bilingual,
}

fn both(en: impl Into<String>, zh: impl Into<String>) -> Bilingual {
    let (en, zh) = (en.into(), zh.into());
    Bilingual { en, zh }
}

fn finding(check: &str, level: Level, what: Bilingual, fix: Bilingual) -> Finding {
    let check = check.to_owned();
    Finding {
        check,
        level,
        what,
        fix,
    }
}

fn good(check: &str, en: impl Into<String>, zh: impl Into<String>) -> Finding {
    finding(check, Level::Good, both(en, zh), Bilingual::default())
}

/// Of the table `[ingest]`.
pub fn config(error: Option<&ConfigError>) -> Finding {
    match error {
        None => good("config", "it can be read", "配置可以读取"),
        Some(error) => finding(
            "config",
            Level::Bad,
            both(error.to_string(), format!("配置无法使用：{error}")),
            both(
                "correct the file; unknown keys are refused",
                "请修改配置文件；未知的键会被拒绝",
            ),
        ),
    }
}

/// Of the mapping rules: how many there are, or why they cannot be used.
pub fn mapping(rules: Result<usize, String>) -> Finding {
    match rules {
        Ok(rules) => good(
            "mapping",
            format!("{rules} rules"),
            format!("共 {rules} 条映射规则"),
        ),
        Err(why) => finding(
            "mapping",
            Level::Bad,
            both(why.clone(), format!("映射规则无法使用：{why}")),
            both(
                "correct the pack and try it with `zizhi ingest decode`",
                "请修改规则文件，并用 `zizhi ingest decode` 检验",
            ),
        ),
    }
}

/// Of the folder where journals are written.
pub fn journals(folder: &Path, writable: Result<(), std::io::Error>) -> Finding {
    let folder = folder.display();
    match writable {
        Ok(()) => good(
            "journals",
            format!("{folder} can be written"),
            format!("{folder} 可写"),
        ),
        Err(error) => finding(
            "journals",
            Level::Bad,
            both(
                format!("{folder} cannot be written: {error}"),
                format!("{folder} 不可写：{error}"),
            ),
            both(
                "give this user the right to write there, free some space, or name another folder",
                "请授予写权限、清理磁盘空间，或指定其他目录",
            ),
        ),
    }
}

/// No NATS server is configured.
pub fn no_bus() -> Finding {
    good(
        "bus",
        "no NATS server is configured: one process, embedded bus",
        "未配置 NATS 服务器：单进程，使用内嵌总线",
    )
}

/// The table `[bus]` cannot be used.
pub fn bus_config(why: &str) -> Finding {
    finding(
        "bus",
        Level::Bad,
        both(why, format!("总线配置无法使用：{why}")),
        both("correct the table [bus]", "请修改 [bus] 配置"),
    )
}

/// The server does not answer, or not us.
pub fn unreachable(why: &str) -> Finding {
    finding(
        "bus",
        Level::Bad,
        both(why, format!("无法连接总线：{why}")),
        both(
            "start the NATS server, or correct address and credentials in [bus]",
            "请启动 NATS 服务器，或检查 [bus] 中的地址和凭据",
        ),
    )
}

/// Of what travels unprotected.
pub fn plaintext(config: &NatsConfig) -> Option<Finding> {
    let is_open = config.allow_plaintext && config.tls.is_none();
    is_open.then(|| {
        finding(
            "bus.plaintext",
            Level::Warning,
            both(
                "allow_plaintext is set: what is said can be read and changed on the way",
                "已设置 allow_plaintext：传输内容可能被窃听或篡改",
            ),
            both(
                "write tls:// in the address, or add [bus.tls]",
                "请使用 tls:// 地址，或添加 [bus.tls] 配置",
            ),
        )
    })
}

/// Of the server.
pub fn server(seen: &Inspection) -> Vec<Finding> {
    let version = &seen.version;
    let mut found = vec![];
    if !seen.is_new_enough {
        found.push(finding(
            "bus.version",
            Level::Bad,
            both(
                format!("the NATS server is {version}, 2.10 or newer is needed"),
                format!("NATS 服务器版本为 {version}，需要 2.10 或更高版本"),
            ),
            both("install a newer nats-server", "请升级 nats-server"),
        ));
    }
    if !seen.has_jetstream {
        found.push(finding(
            "bus.jetstream",
            Level::Bad,
            both(
                "the NATS server keeps nothing: decisions could be lost",
                "NATS 服务器未启用 JetStream：决策可能丢失",
            ),
            both(
                "put `jetstream { store_dir: \"/var/lib/nats\" }` into its configuration",
                "请在其配置中加入 `jetstream { store_dir: \"/var/lib/nats\" }`",
            ),
        ));
    } else if !seen.has_stream {
        found.push(finding(
            "bus.stream",
            Level::Warning,
            both("the stream ZIZHI is missing", "缺少流 ZIZHI"),
            both(
                "start a process of the swarm once as a user who may create streams",
                "请先以有权创建流的用户启动一次系统",
            ),
        ));
    }
    if found.is_empty() {
        found.push(good(
            "bus",
            format!("NATS {version} with JetStream and the stream ZIZHI"),
            format!("NATS {version}，JetStream 和流 ZIZHI 均正常"),
        ));
    }
    found
}

/// Nobody told accounts.
pub fn no_swarm(seconds: u64) -> Finding {
    finding(
        "sources",
        Level::Warning,
        both(
            format!("nobody told of senders within {seconds} s"),
            format!("{seconds} 秒内没有收到数据源统计"),
        ),
        both(
            "start the swarm with a table [ingest]; it tells every ten seconds",
            "请启动带有 [ingest] 配置的系统；统计每十秒发布一次",
        ),
    )
}

/// Of every sender.
pub fn sources(counts: &BTreeMap<String, Counts>, now: NetTime) -> Vec<Finding> {
    if counts.is_empty() {
        return vec![finding(
            "sources",
            Level::Warning,
            both("nothing has been received yet", "尚未收到任何数据"),
            both(
                "point a sender at the listeners: deploy/senders/ has ready configurations",
                "请将发送端指向监听地址：deploy/senders/ 提供现成配置",
            ),
        )];
    }
    counts
        .iter()
        .flat_map(|(name, c)| source(name, c, now))
        .collect()
}

/// A share in per cent, rounded up so that a little is not nothing.
const fn per_cent(part: u64, whole: u64) -> u64 {
    if whole == 0 {
        0
    } else {
        (part * 100).div_ceil(whole)
    }
}

fn source(name: &str, c: &Counts, now: NetTime) -> Vec<Finding> {
    let check = format!("source {name}");
    let mut found = vec![];
    let mut warn = |what: Bilingual, fix: Bilingual| {
        found.push(finding(&check, Level::Warning, what, fix));
    };
    let silent_s = now.since(c.last_seen) / 1000;
    if silent_s * 1000 >= STALE_MS {
        warn(
            both(
                format!("silent for {silent_s} s"),
                format!("已静默 {silent_s} 秒"),
            ),
            both(
                "is the sender running, and does the network let it through?",
                "请检查发送端是否运行、网络是否可达",
            ),
        );
    }
    let unread = per_cent(c.rejected.saturating_sub(c.empty), c.received);
    if unread > 0 {
        let why = &c.last_reject;
        warn(
            both(
                format!("{unread}% could not be read, last: {why}"),
                format!("{unread}% 无法解析，最近一次：{why}"),
            ),
            both(
                "look at zizhi.v1.network.evt.dead-letter, and name the format in [ingest]",
                "请查看 zizhi.v1.network.evt.dead-letter，并在 [ingest] 中指定格式",
            ),
        );
    }
    if let Some(skew) = c.skew_ms.filter(|s| s.abs() > SKEW_MS) {
        let unit = if c.whole_seconds {
            " (stamps are whole seconds)"
        } else {
            ""
        };
        let side = if skew > 0 {
            ("behind", "慢")
        } else {
            ("ahead", "快")
        };
        let off = skew.unsigned_abs();
        warn(
            both(
                format!("its clock is {off} ms {} of ours{unit}", side.0),
                format!("其时钟比本机{} {off} 毫秒", side.1),
            ),
            both(
                "set its clock by NTP; a queue on the way looks the same",
                "请用 NTP 校时；途中排队也会有同样表现",
            ),
        );
    }
    losses(c, &mut warn);
    if c.out > 0 && c.unplaced == c.out {
        warn(
            both(
                "no mapping rule fits anything of it",
                "没有任何映射规则适用于该数据源",
            ),
            both(
                "try `zizhi ingest try` and write rules: docs/ingest.md",
                "请用 `zizhi ingest try` 查看并编写规则：docs/ingest.zh.md",
            ),
        );
    }
    if found.is_empty() {
        found.push(good(
            &check,
            format!("{} received, {} series", c.received, c.series),
            format!("收到 {}，时间序列 {} 条", c.received, c.series),
        ));
    }
    found
}

/// Of what was received and not used.
fn losses(c: &Counts, warn: &mut impl FnMut(Bilingual, Bilingual)) {
    let (late, future) = (c.late, c.future);
    if late + future > 0 {
        warn(
            both(
                format!("{late} values too old and {future} in the future were dropped"),
                format!("丢弃了 {late} 个过旧、{future} 个超前的值"),
            ),
            both(
                "set its clock, or raise late_s and future_s in [ingest]",
                "请校时，或调大 [ingest] 的 late_s 和 future_s",
            ),
        );
    }
    if c.capped > 0 {
        warn(
            both(
                format!("{} values of series beyond the cap were dropped", c.capped),
                format!("丢弃了 {} 个超出序列上限的值", c.capped),
            ),
            both(
                "drop labels that never repeat at the sender, or raise series_per_source",
                "请在发送端去掉不重复的标签，或调大 series_per_source",
            ),
        );
    }
    if c.dropped + c.gaps > 0 {
        warn(
            both(
                format!(
                    "{} messages were dropped at a full queue, {} are missing",
                    c.dropped, c.gaps
                ),
                format!("队列满时丢弃 {} 条消息，缺失 {} 条", c.dropped, c.gaps),
            ),
            both(
                "send less or over TCP or a stream, or raise queue in [ingest]",
                "请减少发送量、改用 TCP 或流，或调大 [ingest] 的 queue",
            ),
        );
    }
    if c.flips > 0 {
        warn(
            both(
                format!("{} times a value changed its type", c.flips),
                format!("值的类型变化了 {} 次", c.flips),
            ),
            both(
                "what it means may have changed: look at the sender",
                "含义可能已改变：请检查发送端",
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: NetTime = NetTime(1_795_161_603_114);

    fn healthy() -> Counts {
        Counts {
            received: 100,
            out: 100,
            series: 10,
            last_seen: NOW,
            skew_ms: Some(20),
            ..Counts::default()
        }
    }

    fn of(counts: Counts) -> Vec<Finding> {
        sources(
            &BTreeMap::from([("syslog/10.0.0.7".to_owned(), counts)]),
            NOW,
        )
    }

    #[test]
    fn a_healthy_source_is_good() {
        let found = of(healthy());
        assert_eq!((found.len(), found[0].level), (1, Level::Good));
    }

    #[test]
    fn each_trouble_of_a_source_is_named_with_its_fix_in_both_languages() {
        let found = of(Counts {
            rejected: 3,
            late: 2,
            capped: 1,
            dropped: 4,
            flips: 1,
            unplaced: 100,
            last_seen: NOW - 600_000,
            skew_ms: Some(-90_000),
            last_reject: "no JSON".to_owned(),
            ..healthy()
        });
        let all: String = found.iter().map(|f| f.what.en.clone() + "\n").collect();
        for word in [
            "silent for 600 s",
            "3% could not",
            "no JSON",
            "90000 ms ahead",
            "2 values too old",
            "beyond the cap",
            "4 messages",
            "type",
            "no mapping rule",
        ] {
            assert!(all.contains(word), "{word}: {all}");
        }
        for one in &found {
            assert_eq!(one.level, Level::Warning);
            assert!(!one.fix.en.is_empty() && !one.fix.zh.is_empty() && !one.what.zh.is_empty());
        }
    }

    #[test]
    fn samples_without_a_value_are_no_trouble() {
        let found = of(Counts {
            rejected: 30,
            empty: 30,
            ..healthy()
        });
        assert_eq!(found[0].level, Level::Good);
    }

    #[test]
    fn an_old_server_without_a_stream_is_told() {
        let found = server(&Inspection {
            version: "2.9.10".to_owned(),
            is_new_enough: false,
            has_jetstream: true,
            has_stream: false,
        });
        let checks: Vec<_> = found.iter().map(|f| &*f.check).collect();
        assert_eq!(checks, ["bus.version", "bus.stream"]);
    }
}
