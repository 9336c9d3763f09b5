//! Prometheus scrapes a node exporter and itself, and writes both to us.

use crate::client::{receiver_with, send};
use crate::process::{Process, free_port, local, program, shipped, until};
use zizhi_bus::ingest::output::Output;
use zizhi_bus::mapping::Mapper;
use zizhi_types::Metric;

/// The value of a counter in Prometheus' own text, summed over its series.
fn counter(text: &str, name: &str) -> Option<f64> {
    let values: Vec<f64> = text
        .lines()
        .filter(|l| {
            l.strip_prefix(name)
                .is_some_and(|r| r.starts_with(['{', ' ']))
        })
        .filter_map(|l| l.rsplit(' ').next()?.parse().ok())
        .collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_writes_everything_and_hears_of_no_failure() {
    let test = "prometheus_writes_everything_and_hears_of_no_failure";
    let Some(prometheus) = program("prometheus", "prometheus", test) else {
        return;
    };
    let exporter = program("prometheus-node-exporter", "prometheus-node-exporter", test);
    let Some(exporter) = exporter else { return };
    let (ingest, kept) = receiver_with(Mapper::shipped().unwrap(), |_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let (own, node) = (local(free_port()), local(free_port()));
    let config = shipped(
        "prometheus.yml",
        &[
            ("127.0.0.1:4318", ingest.http.unwrap().to_string()),
            ("127.0.0.1:9090", own.to_string()),
            ("127.0.0.1:9100", node.to_string()),
            ("15s", "1s".to_owned()),
        ],
    );
    let path = folder.path().join("prometheus.yml");
    std::fs::write(&path, config).unwrap();
    let listen = |at| format!("--web.listen-address={at}");
    let _node = Process::start(&exporter, &[listen(node)], folder.path());
    let prometheus = Process::start(
        &prometheus,
        &[
            format!("--config.file={}", path.display()),
            format!(
                "--storage.tsdb.path={}",
                folder.path().join("tsdb").display()
            ),
            listen(own),
        ],
        folder.path(),
    );

    until(
        "a reading of the node and the state of a port",
        &prometheus,
        async || {
            let outputs = kept.0.lock().unwrap();
            let is_node = |o: &Output| matches!(o, Output::Unplaced(v) if v.tags.get("job").is_some_and(|j| j == "node"));
            let is_port =
                |o: &Output| matches!(o, Output::Measurement(m) if m.metric == Metric::PortOperUp);
            (outputs.iter().any(is_node) && outputs.iter().any(is_port)).then_some(())
        },
    )
    .await;
    until("a rate made of two counts", &prometheus, async || {
        let outputs = kept.0.lock().unwrap();
        let is_rate =
            |o: &Output| matches!(o, Output::Measurement(m) if m.metric == Metric::PortOut);
        outputs.iter().any(is_rate).then_some(())
    })
    .await;
    let metrics = until(
        "samples in Prometheus' own account",
        &prometheus,
        async || {
            let text = send(own, "GET", "/metrics", &[], b"").await.text();
            let sent = counter(&text, "prometheus_remote_storage_samples_total")?;
            (sent > 1000.0).then_some(text)
        },
    )
    .await;
    for name in ["failed", "dropped", "retried"] {
        let name = format!("prometheus_remote_storage_samples_{name}_total");
        assert_eq!(
            counter(&metrics, &name),
            Some(0.0),
            "{name}\n{}",
            prometheus.said()
        );
    }
    drop(prometheus);
    let counts = ingest.stop().await;
    let counts = &counts["http/127.0.0.1/api/v1/write"];
    println!("remote write: {counts:?}");
    assert!(counts.adds_up() && counts.out > 1000);
    assert_eq!((counts.late, counts.future, counts.capped), (0, 0, 0));
    assert_eq!(counts.format, "remote-write-v1");
    // Prometheus has quantiles of nothing: NaN. All else must be readable.
    assert_eq!(counts.rejected, counts.empty, "{counts:?}");
}
