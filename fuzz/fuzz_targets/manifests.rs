//! libFuzzer in front of `fuzz/checks/manifests.rs`, which says what must hold. There is nothing else in here.
#![no_main]
#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    checks::manifests::check(data);
});
