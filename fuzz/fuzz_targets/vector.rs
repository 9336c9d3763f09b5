//! Any bytes as `vector`.
#![no_main]

libfuzzer_sys::fuzz_target!(|payload: &[u8]| zizhi_fuzz::try_format(
    zizhi_bus::decode::Format::Vector,
    payload
));
