//! Any bytes as a link's text behind its packing: reading never panics, and what can be read can be written and reads the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use podlab::share;

fuzz_target!(|text: &[u8]| {
    if let Ok(shared) = share::read_unpacked(text) {
        let again = share::write_unpacked(&shared).expect("what was read is within the limits of a link");
        assert_eq!(share::read_unpacked(&again).as_ref(), Ok(&shared), "written as {:?}", String::from_utf8_lossy(&again));
    }
});
