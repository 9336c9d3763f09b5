//! What is shipped for senders, and our own end of it, can be read.

use crate::process::shipped;
use zizhi_bus::IngestConfig;

#[test]
fn our_own_end_is_a_configuration_that_loads() {
    let config = IngestConfig::read(&shipped("zizhi.toml", &[])).unwrap();
    assert_eq!(config.http.unwrap().listen.port(), 4318);
    assert_eq!((config.syslog.len(), config.nats.len()), (2, 2));
}

#[test]
fn every_yaml_and_toml_that_is_shipped_is_one() {
    for name in [
        "prometheus.yml",
        "alertmanager.yml",
        "grafana-contact-point.yaml",
        "gnmic.yaml",
        "otel-collector.yaml",
        "vector.yaml",
    ] {
        let text = shipped(name, &[]);
        let read: Result<serde_json::Value, _> = serde_saphyr::from_str(&text);
        assert!(read.is_ok(), "{name}: {read:?}");
    }
    for name in ["telegraf.conf", "telegraf-snmp.conf"] {
        let read = shipped(name, &[]).parse::<toml::Table>();
        assert!(read.is_ok(), "{name}: {read:?}");
    }
}
