//! Syslog over real sockets, in both framings.

use crate::client::{loopback, receiver};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket};
use zizhi_bus::ingest::config::{Protocol, SyslogInput};
use zizhi_bus::ingest::output::{Event, Output};
use zizhi_types::severity::Severity;

const DOWN: &str = "<187>1 2026-11-20T08:00:03.114Z pe1.sh01 bgpd 812 ADJCHANGE [bgp@32473 peer=\"10.0.0.2\"] neighbor 10.0.0.2 Down";
const OLD: &str = "<34>Nov 20 08:00:03 pe2 su: 'su root' failed";

fn syslog(protocol: Protocol) -> SyslogInput {
    SyslogInput {
        listen: loopback(),
        protocol,
        allow_open: false,
        connections: 4,
    }
}

fn events(outputs: Vec<Output>) -> Vec<Event> {
    outputs
        .into_iter()
        .map(|output| match output {
            Output::Event(event) => event,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn datagrams_and_both_framings_of_a_stream_become_events() {
    let (ingest, kept) = receiver(|c| {
        c.http = None;
        c.syslog = vec![syslog(Protocol::Udp), syslog(Protocol::Tcp)];
    })
    .await;
    let socket = UdpSocket::bind(loopback()).await.unwrap();
    socket
        .send_to(DOWN.as_bytes(), ingest.syslog[0])
        .await
        .unwrap();
    kept.wait(1).await;
    let mut stream = TcpStream::connect(ingest.syslog[1]).await.unwrap();
    let framed = format!("{} {DOWN}{OLD}\n{DOWN}", DOWN.len());
    stream.write_all(framed.as_bytes()).await.unwrap();
    drop(stream);
    let events = events(kept.wait(4).await);
    for event in [&events[0], &events[1], &events[3]] {
        assert_eq!(event.text, "neighbor 10.0.0.2 Down");
        assert_eq!(event.severity, Severity::Major);
        assert_eq!(event.origin.source, "syslog/127.0.0.1");
    }
    assert!(events[2].text.contains("failed"), "{:?}", events[2]);
    let counts = ingest.stop().await;
    assert_eq!(
        (
            counts["syslog/127.0.0.1"].messages,
            counts["syslog/127.0.0.1"].out
        ),
        (4, 4)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_frames_is_let_go_and_its_loss_is_counted() {
    let (ingest, kept) = receiver(|c| {
        c.http = None;
        c.syslog = vec![syslog(Protocol::Tcp)];
    })
    .await;
    let mut bad = TcpStream::connect(ingest.syslog[0]).await.unwrap();
    bad.write_all(b"99999999999 nonsense").await.unwrap();
    let mut rest = vec![];
    let closed = tokio::io::AsyncReadExt::read_to_end(&mut bad, &mut rest);
    let _ = tokio::time::timeout(crate::client::PATIENCE, closed)
        .await
        .unwrap();
    let mut good = TcpStream::connect(ingest.syslog[0]).await.unwrap();
    good.write_all(format!("{DOWN}\n").as_bytes())
        .await
        .unwrap();
    kept.wait(1).await;
    let counts = ingest.stop().await;
    assert_eq!(
        (
            counts["syslog/127.0.0.1"].dropped,
            counts["syslog/127.0.0.1"].out
        ),
        (1, 1)
    );
}
