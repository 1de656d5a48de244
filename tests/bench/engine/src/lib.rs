//! What the editor needs of the core: verdicts with hints and fixes, hover, completion. Only to be weighed.

use podlab::manifest;

/// A number that depends on everything, so that nothing is left out.
#[unsafe(no_mangle)]
pub extern "C" fn engine(text: *const u8, length: usize, at: usize) -> usize {
    // SAFETY: the caller would hand over a text that it owns; nobody calls this.
    let bytes = unsafe { std::slice::from_raw_parts(text, length) };
    let text = manifest::decode_bytes(bytes);
    let checked = manifest::check(&text);
    let fixed: usize = checked.diagnostics.iter().flat_map(|d| &d.fixes).map(|fix| fix.apply(&text).len()).sum();
    let hover = manifest::hover(&text, at).map_or(0, |hover| hover.doc.len());
    checked.stdout.len() + checked.stderr.len() + fixed + hover + manifest::complete(&text, at).len()
}
