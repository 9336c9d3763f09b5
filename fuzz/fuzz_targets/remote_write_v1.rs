//! Any bytes as `remote-write-v1`.
#![no_main]

libfuzzer_sys::fuzz_target!(|payload: &[u8]| zizhi_fuzz::try_format(
    zizhi_bus::decode::Format::RemoteWriteV1,
    payload
));
