//! Alertmanager is told of an alert and tells us, and again when it is over.

use crate::client::{receiver, send};
use crate::process::{Process, free_port, local, program, shipped, until};
use zizhi_bus::ingest::output::{Alarm, Output};
use zizhi_types::severity::Severity;

const FIRING: &[u8] = br#"[{"labels":{"alertname":"BgpDown","severity":"critical","instance":"pe1.sh01","peer":"10.0.0.2"},
    "annotations":{"summary":"session down"}}]"#;
const OVER: &[u8] = br#"[{"labels":{"alertname":"BgpDown","severity":"critical","instance":"pe1.sh01","peer":"10.0.0.2"},
    "annotations":{"summary":"session down"},"startsAt":"2026-11-20T08:00:03Z","endsAt":"2026-11-20T08:00:04Z"}]"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_arrives_when_it_begins_and_when_it_ends() {
    let test = "an_alert_arrives_when_it_begins_and_when_it_ends";
    let program = program("prometheus-alertmanager", "prometheus-alertmanager", test);
    let Some(program) = program else { return };
    let (ingest, kept) = receiver(|_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let own = local(free_port());
    let config = shipped(
        "alertmanager.yml",
        &[
            ("127.0.0.1:4318", ingest.http.unwrap().to_string()),
            ("group_wait: 5s", "group_wait: 0s".to_owned()),
            ("group_interval: 30s", "group_interval: 1s".to_owned()),
        ],
    );
    let path = folder.path().join("alertmanager.yml");
    std::fs::write(&path, config).unwrap();
    let alertmanager = Process::start(
        &program,
        &[
            format!("--config.file={}", path.display()),
            format!("--storage.path={}", folder.path().display()),
            format!("--web.listen-address={own}"),
            "--cluster.listen-address=".to_owned(),
        ],
        folder.path(),
    );
    until("Alertmanager answers", &alertmanager, async || {
        tokio::net::TcpStream::connect(own).await.ok()
    })
    .await;
    let json = [("content-type", "application/json")];
    let alarm = async |what: &str, alert: &[u8], severity| -> Alarm {
        let heard = send(own, "POST", "/api/v2/alerts", &json, alert).await;
        assert_eq!(heard.status, 200, "{}", heard.text());
        until(what, &alertmanager, async || {
            let outputs = kept.0.lock().unwrap();
            outputs.iter().find_map(|o| match o {
                Output::Alarm(alarm) if alarm.severity == severity => Some(alarm.clone()),
                _ => None,
            })
        })
        .await
    };
    let raised = alarm("the alarm arrives", FIRING, Severity::Critical).await;
    assert_eq!(raised.name, "BgpDown");
    assert_eq!(raised.tags["peer"], "10.0.0.2");
    assert!(raised.text.contains("session down"));
    let cleared = alarm("its end arrives", OVER, Severity::Cleared).await;
    assert_eq!(cleared.fingerprint, raised.fingerprint);
    drop(alertmanager);
    let counts = ingest.stop().await;
    let counts = &counts["http/127.0.0.1/alertmanager"];
    assert!(counts.adds_up() && counts.rejected == 0, "{counts:?}");
}
