//! Any bytes as `otlp-logs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|payload: &[u8]| zizhi_fuzz::try_format(
    zizhi_bus::decode::Format::OtlpLogs,
    payload
));
