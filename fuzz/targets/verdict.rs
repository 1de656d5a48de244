//! Any bytes → verdict, hints, hover, completion: never a panic, and every span lies on characters of the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use podlab::manifest;
use podlab::text::{LineIndex, Span, floor_boundary};
use podlab::yaml::{lines, parse};

/// The reader of lines answers as go-yaml does, or not at all.
fn reads_alike(text: &str) {
    let Some((value, outline)) = lines::read(text) else { return };
    let node = outline.root(text, 0).node();
    let ended = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    assert_eq!(parse(&ended, 0), Ok(Some(node.clone())));
    assert_eq!((value, None), (node.to_value(), node.unsupported_number()));
}

fuzz_target!(|data: &[u8]| {
    let text = manifest::decode_bytes(data);
    reads_alike(&text);
    let checked = manifest::check(&text);
    let sound = |span: Span| span.start <= span.end && span.end <= text.len() && text.is_char_boundary(span.start) && text.is_char_boundary(span.end);
    let lines = LineIndex::new(&text);
    for diagnostic in &checked.diagnostics {
        assert!(sound(diagnostic.span), "{:?} in {} bytes: {}", diagnostic.span, text.len(), diagnostic.message);
        lines.line_column(&text, diagnostic.span.start);
        assert!(diagnostic.fixes.iter().flat_map(|fix| &fix.edits).all(|edit| sound(edit.span)), "an edit of {:?}", diagnostic.fixes);
    }
    // What the editor asks at places that the bytes themselves choose.
    for byte in data.iter().take(4) {
        let at = floor_boundary(&text, text.len() * usize::from(*byte) / 255);
        if let Some(hover) = manifest::hover(&text, at) {
            assert!(sound(hover.span));
        }
        manifest::complete(&text, at);
        if let Some((document, path)) = checked.source.path_at(at) {
            assert!(checked.source.block_of(document, &path).is_none_or(sound));
        }
    }
});
