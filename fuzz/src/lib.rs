//! What must hold for any bytes of any format: no panic, nothing beyond the limits, no number that is not finite.

use std::collections::BTreeMap;
use zizhi_bus::decode::{Format, Limits, Raw, decode, sniff};
use zizhi_bus::mapping::{Mapped, Mapper, ReadingSource, json};
use zizhi_types::NetTime;

thread_local! {
    static MAPPER: Mapper = Mapper::shipped().expect("the shipped packs are tested");
}

/// Decodes and maps a payload; what breaks a promise panics, so that the fuzzer keeps the payload.
pub fn try_format(format: Format, payload: &[u8]) {
    let headers = BTreeMap::new();
    let raw = Raw {
        payload,
        subject: "",
        content_type: "",
        headers: &headers,
        received: NetTime(1_795_161_605_000),
    };
    let limits = Limits {
        items: 1000,
        ..Limits::default()
    };
    let _ = sniff(&raw);
    let decoded = decode(format, &raw, &limits);
    assert!(decoded.items.len() <= limits.items);
    let source = ReadingSource {
        format,
        subject: String::new(),
        seq: 0,
    };
    MAPPER.with(|mapper| {
        for item in decoded.items.iter().take(100) {
            for mapped in mapper.map(item, &source, raw.received) {
                assert!(!json(&mapped).is_empty());
                if let Mapped::Reading(reading) = mapped {
                    assert!(reading.value.is_finite());
                }
            }
        }
    });
}
