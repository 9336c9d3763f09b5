//! rsyslog hears a device's old-fashioned message and passes it on to us, octet-counted over TCP, and over UDP.

use crate::client::{loopback, receiver};
use crate::process::{Process, free_port, program, shipped, until};
use tokio::net::UdpSocket;
use zizhi_bus::ingest::config::{Protocol, SyslogInput};
use zizhi_bus::ingest::output::{Event, Output};
use zizhi_types::severity::Severity;

const FRAMED: &str = "protocol=\"tcp\" TCP_Framing=\"octet-counted\"";

async fn passed_on(protocol: Protocol) {
    let test = "rsyslog_passes_messages_on";
    let Some(program) = program("rsyslogd", "rsyslog", test) else {
        return;
    };
    let (ingest, kept) = receiver(|c| {
        c.http = None;
        c.syslog = vec![SyslogInput {
            listen: loopback(),
            protocol,
            allow_open: false,
            connections: 4,
        }];
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let way = match protocol {
        Protocol::Tcp => FRAMED,
        Protocol::Udp => "protocol=\"udp\"",
    };
    let shipped = shipped(
        "rsyslog.conf",
        &[
            (
                "port=\"5514\"",
                format!("port=\"{}\"", ingest.syslog[0].port()),
            ),
            (FRAMED, way.to_owned()),
        ],
    );
    let input = format!(
        "module(load=\"imudp\")\ninput(type=\"imudp\" address=\"127.0.0.1\" port=\"{port}\")\n"
    );
    let path = folder.path().join("rsyslog.conf");
    std::fs::write(&path, input + &shipped).unwrap();
    let args = [
        "-n".to_owned(),
        "-f".to_owned(),
        path.display().to_string(),
        "-i".to_owned(),
        folder.path().join("pid").display().to_string(),
    ];
    let rsyslog = Process::start(&program, &args, folder.path());
    let device = UdpSocket::bind(loopback()).await.unwrap();
    let event: Event = until("the message arrives", &rsyslog, async || {
        // It may not listen yet; what it does not hear is lost, as datagrams are.
        let message =
            "<187>Nov 20 08:00:03 pe1 bgpd[812]: neighbor 10.0.0.2 Down, hold timer expired";
        let _ = device
            .send_to(message.as_bytes(), ("127.0.0.1", port))
            .await;
        let outputs = kept.0.lock().unwrap();
        outputs.iter().find_map(|o| match o {
            Output::Event(event) if event.text.contains("hold timer") => Some(event.clone()),
            _ => None,
        })
    })
    .await;
    assert_eq!(event.severity, Severity::Major);
    assert_eq!(event.origin.format, "syslog");
    assert!(event.tags.values().any(|v| v == "pe1"), "{event:?}");
    assert!(event.tags.values().any(|v| v == "bgpd"), "{event:?}");
    drop(rsyslog);
    let counts = ingest.stop().await;
    let counts = &counts["syslog/127.0.0.1"];
    assert!(
        counts.adds_up() && counts.rejected == 0 && counts.dropped == 0,
        "{counts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslog_passes_messages_on_over_tcp() {
    passed_on(Protocol::Tcp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslog_passes_messages_on_over_udp() {
    passed_on(Protocol::Udp).await;
}
