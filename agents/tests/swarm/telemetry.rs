//! What the swarm tells about itself, after a real story: metrics, the dashboard that asks for them, and traces.

use crate::rig::Rig;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use zizhi_agents::SwarmConfig;
use zizhi_agents::meter::shell::{SharedMeter, routes};
use zizhi_agents::meter::{Kind, Meter, Name, Readings, SERIES_MAX, Source, classic};
use zizhi_agents::trace::{Settings, Traces, root_span, trace_id};
use zizhi_bus::journal::JournalStats;
use zizhi_bus::otlp_export::{ExportConfig, ExportStats, Exporter, ReadSpan, Resource, decode};
use zizhi_bus::{BusStats, EmbeddedBus, Journal, expose};
use zizhi_types::plan::Mode;
use zizhi_types::{Body, Domain, IncidentId, Record};

const PATIENCE: Duration = Duration::from_secs(30);

/// A cut link, found, reset, verified and closed.
async fn story() -> Vec<Record> {
    let config = SwarmConfig {
        mode: Mode::Auto,
        ..SwarmConfig::default()
    };
    let bus = Arc::new(EmbeddedBus::start(10_000));
    let mut rig = Rig::start(bus, Journal::in_memory(), config).await;
    rig.ticks(3).await;
    rig.cut("A-B");
    rig.until(40, "the incident is closed", |b| {
        matches!(b, Body::IncidentClosed { .. })
    })
    .await;
    rig.ticks(2).await;
    rig.drain().await;
    rig.records
}

/// Readings in which nothing is missing.
fn readings() -> Readings {
    let source = Source {
        name: "gnmic".to_owned(),
        format: "gnmic-event".to_owned(),
        messages: 7,
        dropped: 1,
        values: BTreeMap::from([("out", 40), ("rejected", 2)]),
        missed: 3,
        skew_ms: Some(-1_500),
    };
    Readings {
        bus: Some(BusStats {
            published: 100,
            ..BusStats::default()
        }),
        journal: Some(JournalStats {
            records: 50,
            ..JournalStats::default()
        }),
        journal_lag: 4,
        sources: vec![source],
        peers: Domain::ALL.map(|d| (d, true)).into(),
        leases_held: Some(1),
        queues: BTreeMap::from([("bus".to_owned(), 5)]),
        spans: Some(ExportStats::default()),
        not_ready: vec![],
    }
}

fn metered(records: &[Record]) -> Meter {
    let mut meter = Meter::new("0.1.0");
    for record in records {
        meter.observe(record);
    }
    meter
}

/// The value of a sample, written as it is on the page.
fn value(page: &str, sample: &str) -> Option<f64> {
    let line = page
        .lines()
        .find(|l| l.strip_prefix(sample).is_some_and(|r| r.starts_with(' ')))?;
    line.rsplit(' ').next()?.parse().ok()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

#[tokio::test]
async fn a_story_can_be_read_from_its_metrics() {
    let records = story().await;
    let mut meter = metered(&records);
    meter.read(&readings());
    let page = meter.render();
    let count = |fits: fn(&Body) -> bool| records.iter().filter(|r| fits(&r.body)).count();
    let raised: f64 = Domain::ALL
        .iter()
        .filter_map(|d| {
            value(
                &page,
                &format!("zizhi_anomalies_raised_total{{domain=\"{d}\"}}"),
            )
        })
        .sum();
    assert_eq!(
        raised as usize,
        count(|b| matches!(b, Body::AnomalyRaised { .. }))
    );
    for (sample, wanted) in [
        ("zizhi_incidents_opened_total{domain=\"transport\"}", 1.0),
        ("zizhi_incidents_closed_total{ending=\"fixed\"}", 1.0),
        ("zizhi_incidents_closed_total{ending=\"escalated\"}", 0.0),
        ("zizhi_incidents_open", 0.0),
        ("zizhi_approvals_waiting", 0.0),
        (
            "zizhi_steps_total{verb=\"link.reset\",result=\"done\"}",
            1.0,
        ),
        ("zizhi_verdicts_total{verdict=\"pass\"}", 1.0),
        ("zizhi_decision_seconds_count", 1.0),
        ("zizhi_restore_seconds_count", 1.0),
        ("zizhi_incident_seconds_count{ending=\"fixed\"}", 1.0),
        ("zizhi_journal_durable_lag_records", 4.0),
        ("zizhi_peer_up{domain=\"access\"}", 1.0),
        ("zizhi_telemetry_missed_total{source=\"gnmic\"}", 3.0),
        ("zizhi_ingest_clock_skew_seconds{source=\"gnmic\"}", -1.5),
        ("zizhi_build_info{version=\"0.1.0\"}", 1.0),
    ] {
        assert_eq!(value(&page, sample), Some(wanted), "{sample}\n{page}");
    }
    let at = |fits: fn(&Body) -> bool| records.iter().find(|r| fits(&r.body)).unwrap().at;
    let took = at(|b| matches!(b, Body::StepStarted { .. }))
        .since(at(|b| matches!(b, Body::IncidentOpened { .. })));
    let sum = value(&page, "zizhi_decision_seconds_sum").unwrap();
    assert_eq!((sum * 1_000.0).round() as u64, took);
    assert!(page.ends_with("# EOF\n"));
    let units = page.lines().filter(|l| l.starts_with("# UNIT ")).count();
    assert!(units > 6, "{units} units");
}

#[tokio::test]
async fn a_counter_goes_on_where_a_reopened_journal_ends() {
    let records = story().await;
    let whole = metered(&records).render();
    let (before, after) = records.split_at(records.len() / 2);
    let mut resumed = metered(before);
    for record in after {
        resumed.observe(record);
    }
    let sorted = |page: &str| {
        let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&resumed.render()), sorted(&whole));
}

#[test]
fn senders_cannot_fill_the_page() {
    let mut meter = Meter::new("0.1.0");
    let sources = (0..SERIES_MAX * 2).map(|n| Source {
        name: format!("sender-{n}\"\n{}", "x".repeat(500)),
        format: "syslog".to_owned(),
        messages: 1,
        ..Source::default()
    });
    let readings = Readings {
        sources: sources.collect(),
        ..Readings::default()
    };
    meter.read(&readings);
    meter.read(&readings);
    let page = meter.render();
    let samples = |p: &str| page.lines().filter(|l| l.starts_with(p)).count();
    assert!(samples("zizhi_ingest_messages_total{") <= SERIES_MAX + 1);
    assert!(page.contains("source=\"other\""));
    assert!(page.lines().all(|l| l.len() < 400));
}

#[test]
fn a_sender_that_changes_its_format_is_counted_once() {
    let mut meter = Meter::new("0.1.0");
    for (format, messages) in [("a", 10), ("a", 10), ("b", 15), ("b", 2)] {
        let source = Source {
            name: "s".to_owned(),
            format: format.to_owned(),
            messages,
            ..Source::default()
        };
        meter.read(&Readings {
            sources: vec![source],
            ..Readings::default()
        });
    }
    let page = meter.render();
    let read = |format: &str| {
        let labels = format!("{{source=\"s\",format=\"{format}\",result=\"read\"}}");
        value(&page, &format!("zizhi_ingest_messages_total{labels}"))
    };
    // Ten under the first; five more under the second, and two after the sender's account began again.
    assert_eq!((read("a"), read("b")), (Some(10.0), Some(7.0)));
}

/// The names of the samples that a page has.
fn samples(page: &str) -> BTreeSet<&str> {
    let lines = page.lines().filter(|l| !l.starts_with('#'));
    lines.map(|l| l.split(['{', ' ']).next().unwrap()).collect()
}

/// The words of an expression that look like metrics of ours.
fn names_in(expression: &str) -> BTreeSet<&str> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|w| w.starts_with("zizhi_")).collect()
}

/// Every expression of the dashboard, with its panel's title.
fn expressions() -> Vec<(String, String)> {
    let dashboard: serde_json::Value =
        serde_json::from_str(&read("deploy/grafana/zizhi.json")).unwrap();
    let mut found = vec![];
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        let chinese = title.chars().any(|c| c > '\u{2fff}');
        assert!(chinese, "{title} is in one language only");
        for target in panel["targets"].as_array().into_iter().flatten() {
            found.push((
                title.to_owned(),
                target["expr"].as_str().unwrap().to_owned(),
            ));
        }
    }
    assert!(found.len() > 40, "{} expressions", found.len());
    found
}

#[tokio::test]
async fn the_dashboard_asks_for_what_is_there() {
    let mut meter = metered(&story().await);
    meter.read(&readings());
    let page = meter.render();
    // What did not happen in this story: a guard that says no.
    let absent = BTreeSet::from(["zizhi_guard_refusals_total"]);
    let there: BTreeSet<&str> = samples(&page).union(&absent).copied().collect();
    let mut asked = BTreeSet::new();
    let expressions = expressions();
    for (title, expression) in &expressions {
        for name in names_in(expression) {
            assert!(there.contains(name), "{title}: {name} is no metric");
            asked.insert(name);
        }
    }
    let rules = read("deploy/grafana/zizhi-alerts.yml");
    for name in rules
        .lines()
        .filter(|l| l.contains("expr:"))
        .flat_map(names_in)
    {
        assert!(there.contains(name), "alerts: {name} is no metric");
    }
    let unasked: Vec<&str> = Name::ALL
        .iter()
        .map(|n| n.as_str())
        .filter(|n| !asked.iter().any(|a| a.starts_with(n)))
        .collect();
    println!("without a panel: {unasked:?}");
    assert!(unasked.is_empty(), "without a panel: {unasked:?}");
}

#[test]
fn the_manual_lists_every_metric() {
    for (page, full) in [("docs/metrics.md", true), ("docs/metrics.zh.md", false)] {
        let text = read(page);
        let rows: BTreeMap<&str, &str> = text
            .lines()
            .filter_map(|l| {
                l.strip_prefix("| `zizhi_")?
                    .split_once('`')
                    .map(|(n, _)| (n, l))
            })
            .collect();
        for name in Name::ALL {
            let end = if name.kind() == Kind::Counter {
                "_total"
            } else {
                ""
            };
            let shown = format!("{}{end}", name.as_str());
            let row = rows.get(shown.trim_start_matches("zizhi_"));
            let row = row.unwrap_or_else(|| panic!("{page} lacks {shown}: {}", name.help()));
            let labels = name
                .labels()
                .iter()
                .all(|l| row.contains(&format!("`{l}`")));
            assert!(labels, "{page}: {shown} has the labels {:?}", name.labels());
            let same = !full || (row.contains(name.help()) && row.contains(name.unit()));
            assert!(same, "{page}: {shown} means: {}", name.help());
        }
        assert_eq!(
            rows.len(),
            Name::ALL.len(),
            "{page} lists what is no metric"
        );
    }
}

/// What a server says to a GET: status line and headers, and the body.
async fn get(address: &str, path: &str, accept: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: {accept}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

async fn exposed(records: &[Record], readings: Readings) -> expose::Exposed {
    let meter = SharedMeter::new("0.1.0");
    for record in records {
        meter.observe(record);
    }
    let anywhere = "127.0.0.1:0".parse().unwrap();
    expose::serve(anywhere, routes(meter, move || readings.clone()))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_scraper_gets_the_format_that_it_knows_and_a_probe_the_reason() {
    let mut readings = readings();
    readings.not_ready = vec!["the bus is not connected".to_owned()];
    let server = exposed(&[], readings).await;
    let address = server.address().to_string();
    let (head, page) = get(
        &address,
        "/metrics",
        "application/openmetrics-text;version=1.0.0,*/*",
    )
    .await;
    assert!(
        head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{head}"
    );
    assert!(page.ends_with("# EOF\n"));
    let (head, old) = get(&address, "/metrics?x=1", "*/*").await;
    assert!(
        head.contains("content-type: text/plain; version=0.0.4"),
        "{head}"
    );
    assert_eq!(old, classic(&page));
    assert!(old.contains("# TYPE zizhi_bus_published_total counter\n") && !old.contains("# EOF"));
    assert!(
        get(&address, "/healthz", "*/*")
            .await
            .0
            .starts_with("http/1.1 200")
    );
    let (head, reasons) = get(&address, "/readyz", "*/*").await;
    assert!(head.starts_with("http/1.1 503") && reasons.contains("the bus is not connected"));
    assert!(
        get(&address, "/elsewhere", "*/*")
            .await
            .0
            .starts_with("http/1.1 404")
    );
    server.stop().await;
    assert!(
        TcpStream::connect(&address).await.is_err(),
        "it listens after its stop"
    );
}

/// Takes what is posted, and keeps it.
async fn collector() -> (String, Arc<Mutex<Vec<ReadSpan>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let taken = Arc::new(Mutex::new(vec![]));
    let into = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut got = vec![];
            let body = loop {
                stream.read_buf(&mut got).await.unwrap();
                let Some(end) = got.windows(4).position(|w| w == b"\r\n\r\n") else {
                    continue;
                };
                let head = String::from_utf8_lossy(&got[..end]).to_ascii_lowercase();
                assert!(head.starts_with("post /v1/traces "), "{head}");
                let length = head.split("content-length: ").nth(1).unwrap();
                let length: usize = length.lines().next().unwrap().parse().unwrap();
                if got.len() >= end + 4 + length {
                    break got[end + 4..].to_vec();
                }
            };
            into.lock().unwrap().extend(decode(&body).unwrap());
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await
                .unwrap();
        }
    });
    (address, taken)
}

fn settings() -> Settings {
    Settings {
        scope: "test".to_owned(),
        offset_ms: 1_700_000_000_000,
    }
}

#[tokio::test]
async fn one_trace_an_incident_reaches_a_collector() {
    let records = story().await;
    let (endpoint, taken) = collector().await;
    let resource = Resource {
        service: "zizhi".to_owned(),
        version: "0.1.0".to_owned(),
        instance: "one".to_owned(),
        scope: "test".to_owned(),
    };
    let exporter = Exporter::start(ExportConfig::new(&endpoint, resource)).unwrap();
    let mut traces = Traces::new(settings());
    for record in &records {
        exporter.offer(traces.observe(record));
    }
    exporter.offer(traces.finish());
    let stats = exporter.stop(PATIENCE).await;
    let spans = taken.lock().unwrap().clone();
    assert_eq!(
        (stats.offered, stats.sent),
        (spans.len() as u64, spans.len() as u64)
    );
    let incident: IncidentId = records.iter().find_map(|r| r.incident.clone()).unwrap();
    let trace = trace_id("test", &incident);
    let mine: BTreeMap<_, _> = spans
        .iter()
        .filter(|s| s.trace == trace)
        .map(|s| (s.id, s))
        .collect();
    assert_eq!(
        mine.len(),
        spans.len(),
        "another trace, or an id twice: {spans:?}"
    );
    let whole = &mine[&root_span("test", &incident)];
    assert_eq!(whole.parent, None);
    assert_eq!(whole.words["zizhi.ending"], "fixed");
    assert_eq!(whole.words["zizhi.fault"], "link-down");
    for span in mine.values() {
        let (start, end) = span.during_ns;
        assert!(start <= end && start >= settings().offset_ms * 1_000_000);
        if let Some(parent) = span.parent {
            let around = mine
                .get(&parent)
                .unwrap_or_else(|| panic!("{span:?} has no parent"));
            let (first, last) = around.during_ns;
            assert!(
                first <= start && end <= last,
                "{span:?} is not within {around:?}"
            );
        } else {
            assert_eq!(span.id, whole.id, "a second root");
        }
        assert!(
            span.links
                .iter()
                .all(|l| mine.contains_key(l) && *l != span.id)
        );
    }
    let names: BTreeSet<&str> = mine.values().map(|s| s.name.as_str()).collect();
    let wanted = [
        "detect",
        "diagnose",
        "negotiate",
        "rehearse",
        "decide",
        "act",
        "verify",
        "run",
        "step",
    ];
    assert!(wanted.iter().all(|w| names.contains(w)), "{names:?}");
    let linked = mine.values().filter(|s| !s.links.is_empty()).count();
    assert!(linked > 3, "{linked} spans are linked");
}

#[tokio::test]
async fn processes_that_know_parts_of_an_incident_tell_one_trace() {
    let records = story().await;
    let incident: IncidentId = records.iter().find_map(|r| r.incident.clone()).unwrap();
    let leader = records
        .iter()
        .find(|r| matches!(r.body, Body::IncidentOpened { .. }))
        .unwrap()
        .domain;
    let mut roots = 0;
    for domain in Domain::ALL {
        let mut traces = Traces::new(settings());
        let own = records.iter().filter(|r| r.domain == Some(domain));
        let mut spans: Vec<_> = own.flat_map(|r| traces.observe(r)).collect();
        spans.extend(traces.finish());
        for span in spans {
            assert_eq!(span.trace, trace_id("test", &incident));
            if span.parent.is_none() {
                assert_eq!(Some(domain), leader);
                assert_eq!(span.id, root_span("test", &incident));
                roots += 1;
            }
        }
    }
    assert_eq!(roots, 1);
}

#[tokio::test]
async fn what_was_told_before_a_restart_is_not_told_again() {
    let records = story().await;
    let mut traces = Traces::new(settings());
    traces.resume(&records);
    assert!(traces.finish().is_empty());
}

/// A started program, killed with its handle.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn installed(program: &str, test: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        println!("SKIPPED: {test}: {program} is not installed (Debian package prometheus)");
    }
    there
}

#[tokio::test]
async fn promtool_finds_nothing_to_blame() {
    if !installed("promtool", "promtool_finds_nothing_to_blame") {
        return;
    }
    let mut meter = metered(&story().await);
    meter.read(&readings());
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page");
    std::fs::write(&page, classic(&meter.render())).unwrap();
    let check = |arguments: &[&str], input: Stdio| {
        let output = Command::new("promtool")
            .args(arguments)
            .stdin(input)
            .output()
            .unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success(), "{said}");
    };
    check(
        &["check", "metrics"],
        std::fs::File::open(&page).unwrap().into(),
    );
    let rules = root().join("deploy/grafana/zizhi-alerts.yml");
    check(&["check", "rules", rules.to_str().unwrap()], Stdio::null());
}

/// What Prometheus answers to an instant query; nothing while it is still starting.
async fn query(prometheus: &str, expression: &str) -> serde_json::Value {
    let encoded: Vec<String> = expression.bytes().map(|b| format!("%{b:02X}")).collect();
    let path = format!("/api/v1/query?query={}", encoded.concat());
    let (head, body) = get(prometheus, &path, "*/*").await;
    if head.starts_with("http/1.1 503") {
        return serde_json::Value::Null;
    }
    // Long answers come in chunks; the first line is a length then.
    let json: String = match body.find('{') {
        Some(0) => body,
        _ => body.split("\r\n").skip(1).step_by(2).collect(),
    };
    serde_json::from_str(&json).unwrap_or_else(|e| panic!("{e}: {json}"))
}

#[tokio::test]
async fn a_real_prometheus_answers_every_panel() {
    if !installed("prometheus", "a_real_prometheus_answers_every_panel") {
        return;
    }
    let server = exposed(&story().await, readings()).await;
    let folder = tempfile::tempdir().unwrap();
    let rules = root()
        .join("deploy/grafana/zizhi-alerts.yml")
        .canonicalize()
        .unwrap();
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{}]\nscrape_configs:\n- job_name: zizhi\n  static_configs: [{{targets: ['{}']}}]\n",
        rules.display(),
        server.address()
    );
    let file = folder.path().join("prometheus.yml");
    std::fs::write(&file, config).unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let prometheus = free.to_string();
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", file.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.path().join("data").display()
        ))
        .arg(format!("--web.listen-address={prometheus}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _prometheus = Started(child.unwrap());
    #[expect(
        clippy::disallowed_methods,
        reason = "the test waits for another program"
    )]
    let until = Instant::now() + PATIENCE;
    loop {
        #[expect(
            clippy::disallowed_methods,
            reason = "the test waits for another program"
        )]
        let now = Instant::now();
        assert!(now < until, "prometheus did not scrape three times");
        tokio::time::sleep(Duration::from_millis(200)).await;
        if TcpStream::connect(&prometheus).await.is_err() {
            continue;
        }
        let scrapes = query(&prometheus, "count_over_time(zizhi_incidents_open[1m])").await;
        let count = scrapes["data"]["result"][0]["value"][1].as_str();
        if count
            .and_then(|c| c.parse::<u32>().ok())
            .is_some_and(|c| c >= 3)
        {
            break;
        }
    }
    let mut empty = vec![];
    for (title, expression) in expressions() {
        let expression = expression.replace("$__rate_interval", "1m");
        let answer = query(&prometheus, &expression).await;
        assert_eq!(
            answer["status"], "success",
            "{title}: {expression}: {answer}"
        );
        if answer["data"]["result"].as_array().unwrap().is_empty() {
            empty.push(expression);
        }
    }
    // A guard that says no was not in the story; everything else has an answer.
    assert!(
        empty.iter().all(|e| e.contains("zizhi_guard_refusals")),
        "{empty:?}"
    );
    server.stop().await;
}
