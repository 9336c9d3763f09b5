//! A recording gives back what was put in, in order, however it ended.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;
use std::sync::Arc;
use zizhi_bus::recording::{
    Answer, Header, Item, Messages, Payload, Reader, Recorder, RecordingError, SIZE_LIMIT, Source,
    Tap, VERSION, segment_path,
};
use zizhi_bus::{Bus, EmbeddedBus, Message};
use zizhi_types::action::{Action, Verb};
use zizhi_types::{MessageId, NetTime, wire};

fn header() -> Header {
    Header {
        zizhi_recording: VERSION,
        swarm: "0.1.0".to_owned(),
        network: "abilene".to_owned(),
        seed: Some(1),
        start: NetTime(0),
        verbs: vec![Verb::LinkReset],
        setting: serde_json::Value::Null,
        segment: 1,
        dropped_segments: 0,
    }
}

fn message(number: u64, subject: &str, payload: Vec<u8>) -> Message {
    Message {
        id: MessageId::new("router/A", number),
        subject: subject.to_owned(),
        at: NetTime(number),
        payload,
    }
}

/// Of the recording that grows too large.
const MESSAGES: u64 = 3000;

const TELEMETRY: &str = "zizhi.v1.transport.obs.telemetry";
const INVENTORY: &str = "zizhi.v1.transport.obs.inventory";

fn all(path: &Path) -> (Vec<Item>, bool) {
    let mut reader = Reader::open(path).unwrap();
    let mut items = vec![];
    while let Some(item) = reader.next_item().unwrap() {
        items.push(item);
    }
    (items, reader.is_cut_off())
}

/// Bytes that no packing makes small, the same each time.
fn noise(number: u64) -> Vec<u8> {
    let mut state = number + 1;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    (0..4000).map(next).collect()
}

#[test]
fn what_is_recorded_comes_back_in_order_text_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.zrec");
    let items = vec![
        message(1, TELEMETRY, b"{\"at\":1}".to_vec()).into(),
        message(2, TELEMETRY, vec![0, 159, 255]).into(),
        Item::Answer {
            key: "run-transport-1/reset".to_owned(),
            action: Action::new(Verb::LinkReset, "link/A-B".parse().unwrap()),
            answer: Answer::Refused {
                reason: "no".to_owned(),
            },
        },
        Item::Settled,
        Item::End {
            at: NetTime(9),
            reason: "over".to_owned(),
        },
    ];
    let recorder = Recorder::create(&path, header(), SIZE_LIMIT).unwrap();
    items.iter().cloned().for_each(|item| recorder.add(item));
    assert_eq!(recorder.finish().unwrap().items, 5);
    assert_eq!(all(&path), (items, false));
    let again = Recorder::create(&path, header(), SIZE_LIMIT).unwrap_err();
    assert!(matches!(again, RecordingError::Exists { .. }), "{again}");
}

#[test]
fn a_recording_that_grows_too_large_loses_its_beginning_and_says_so_but_not_its_inventory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.zrec");
    let recorder = Recorder::create(&path, header(), 1 << 20).unwrap();
    recorder.add(message(0, INVENTORY, b"inventory".to_vec()).into());
    for number in 1..=MESSAGES {
        recorder.add(message(number, TELEMETRY, noise(number)).into());
        recorder.add(Item::Settled);
    }
    let written = recorder.finish().unwrap();
    assert!(written.dropped_segments >= 1, "{written:?}");
    let files = std::fs::read_dir(folder.path()).unwrap().flatten();
    let kept: u64 = files.map(|f| f.metadata().unwrap().len()).sum();
    // One gzip member is written at once, so a segment may be longer by that.
    assert!(
        kept < 6 << 20 && kept < written.bytes,
        "{kept} of {written:?}"
    );

    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(reader.header().dropped_segments, written.dropped_segments);
    let first = reader.next_item().unwrap().unwrap();
    assert!(matches!(first, Item::Message { subject, again: true, .. } if subject == INVENTORY));
    let mut numbers = vec![];
    while let Some(item) = reader.next_item().unwrap() {
        if let Item::Message { id, .. } = item {
            numbers.push(id.number);
        }
    }
    assert_eq!(numbers, (numbers[0]..=MESSAGES).collect::<Vec<_>>());
}

#[test]
fn a_recording_that_was_cut_off_is_read_up_to_there_and_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.zrec");
    let recorder = Recorder::create(&path, header(), SIZE_LIMIT).unwrap();
    for number in 0..600 {
        recorder.add(message(number, TELEMETRY, noise(number)).into());
    }
    recorder.finish().unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut most = 0;
    for part in [whole.len() / 2, whole.len() - 100, whole.len() - 1] {
        std::fs::write(&path, &whole[..part]).unwrap();
        let (items, cut_off) = all(&path);
        assert!(cut_off && items.len() >= most, "{part}");
        most = items.len();
        let in_order = (0..)
            .zip(&items)
            .all(|(n, item)| matches!(item, Item::Message { id, .. } if id.number == n));
        assert!(in_order);
    }
    assert!(most > 500, "{most}");
}

#[test]
fn what_is_no_recording_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.zrec");
    for bytes in [&b""[..], b"{\"position\":1}\n", &[31, 139, 8, 0]] {
        std::fs::write(&path, bytes).unwrap();
        let error = Reader::open(&path).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("line 1: no header"), "{error}");
    }
    std::fs::remove_file(&path).unwrap();
    let newer = Header {
        zizhi_recording: VERSION + 1,
        ..header()
    };
    Recorder::create(&path, newer, SIZE_LIMIT)
        .unwrap()
        .finish()
        .unwrap();
    let error = Reader::open(&path).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("version 2"), "{error}");
    assert_eq!(segment_path(&path, 3), folder.path().join("other.3.zrec"));
}

#[tokio::test]
async fn only_what_is_published_through_the_tap_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tap.zrec");
    let recorder = Arc::new(Recorder::create(&path, header(), SIZE_LIMIT).unwrap());
    let bus: Arc<dyn Bus> = Arc::new(EmbeddedBus::start(16));
    let tap = Tap::new(Arc::clone(&bus), Arc::clone(&recorder));
    tap.publish("router/A", TELEMETRY, NetTime(1), b"out".to_vec())
        .await
        .unwrap();
    bus.publish(
        "transport",
        "zizhi.v1.transport.evt.anomaly",
        NetTime(1),
        vec![],
    )
    .await
    .unwrap();
    tap.settle().await;
    recorder.finish().unwrap();
    let outside = Item::Message {
        id: MessageId::new("router/A", 1),
        subject: TELEMETRY.to_owned(),
        at: NetTime(1),
        payload: Payload::Text("out".to_owned()),
        again: false,
    };
    assert_eq!(all(&path), (vec![outside, Item::Settled], false));
}

#[test]
fn messages_from_elsewhere_are_ordered_by_time_and_the_clock_follows_them() {
    let messages = [3, 1, 1].map(|at| message(at, TELEMETRY, vec![]));
    let mut source = Messages::new(header(), messages.to_vec());
    let mut told = vec![];
    loop {
        let batch = source.next_batch().unwrap();
        if batch.is_empty() {
            break;
        }
        assert_eq!(batch.last(), Some(&Item::Settled));
        told.extend(batch.into_iter().filter_map(|item| match item {
            Item::Message { subject, at, .. } => Some((at.0, subject == wire::CLOCK)),
            _ => None,
        }));
    }
    let expected = [(1, false), (1, false), (1, true), (3, false), (3, true)];
    assert_eq!(told, expected);
}
