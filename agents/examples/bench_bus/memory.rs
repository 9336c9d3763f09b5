//! What a live series costs the process that watches it: names, slots and state, as the kernel counts it.
//!
//! The watching process is a child of its own that gets messages over a pipe, so nothing of the sender is counted, and nothing
//! that the sender freed is used again by the receiver uncounted.

use crate::feed::Feed;
use crate::figure::{Figure, Limit, resident};
use std::io::{BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use zizhi_agents::screener::ScreenerConfig;
use zizhi_agents::screener::actor::Screening;
use zizhi_bus::{Bus, EmbeddedBus};
use zizhi_types::{Domain, NetTime};

/// The argument that makes this program the watching process.
pub const CHILD: &str = "hold";

pub fn measure(series: u32) -> Vec<Figure> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg(CHILD)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut feed = Feed::new(series);
    let mut pipe = child.stdin.take().unwrap();
    // Until every name was said several times and every series is judged.
    for _ in 0..20 {
        for message in feed.round() {
            pipe.write_all(&u32::try_from(message.len()).unwrap().to_le_bytes())
                .unwrap();
            pipe.write_all(&message).unwrap();
        }
    }
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text
        .split_whitespace()
        .map(|n| n.parse().unwrap())
        .collect();
    let [before, after, live] = numbers[..] else {
        panic!("the watching process said {text:?}")
    };
    assert!(
        (live - f64::from(series)).abs() < 0.5,
        "{live} series are watched"
    );
    vec![
        Figure::new("memory per live series", "B", vec![(after - before) / live])
            .with(Limit::AtMost(512.0)),
        Figure::new(
            "memory of the watching process",
            "MiB",
            vec![after / f64::from(1 << 20)],
        )
        .with(Limit::AtMost(1024.0)),
    ]
}

/// The watching process: prints its memory before and after, and how many series it watches.
pub fn hold() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let bus = EmbeddedBus::start(4096);
        let screening = Screening::start(
            Arc::new(bus.clone()),
            &Domain::ALL,
            &ScreenerConfig::default(),
        )
        .await;
        let mut pipe = BufReader::new(std::io::stdin().lock());
        let before = resident();
        let mut length = [0; 4];
        while pipe.read_exact(&mut length).is_ok() {
            let mut message = vec![0; u32::from_le_bytes(length) as usize];
            pipe.read_exact(&mut message).unwrap();
            let subject = "zizhi.v1.transport.obs.samples";
            bus.publish("bench", subject, NetTime(0), message)
                .await
                .unwrap();
            bus.settle().await;
            while screening.intake().waiting > 0 {
                tokio::task::yield_now().await;
            }
        }
        println!("{} {} {}", before, resident(), screening.screened().live);
    });
}
