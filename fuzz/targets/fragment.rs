//! Any text as a link's fragment, and any text packed into one: reading never panics, and what was written comes back.
//!
//! The coder goes bit by bit: an input costs a hundred times as much here as in the target `link`, which is why that one stands alone.

#![no_main]

use libfuzzer_sys::fuzz_target;
use podlab::share::{self, Shared};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Ok(shared) = share::decode(&text) {
        // There is one link for what it holds.
        assert_eq!(share::encode(&shared).as_deref(), Ok(&*text));
    }
    let (name, body) = text.split_once('\n').unwrap_or(("pod.yaml", &text));
    let mut shared = Shared { manifests: vec![(name.to_owned(), body.to_owned())], ..Shared::default() };
    if name.len() % 3 == 0 {
        shared.manifests.push(("pod.yaml".to_owned(), name.to_owned()));
    }
    if let Ok(link) = share::encode(&shared) {
        match share::decode(&link) {
            Ok(back) => assert_eq!(back, shared),
            // A name may be one that no link gives.
            Err(error) => assert!(name.is_empty() || name.len() > 100 || name.contains('/'), "{error:?} of {shared:?}"),
        }
    }
});
