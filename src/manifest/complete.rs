//! Completion: what may be typed at a place of the text.

/// What kind of thing a completion inserts; the editor shows an icon for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    Field,
    Value,
    Snippet,
}

/// One thing that may be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What the list shows: `livenessProbe`.
    pub label: String,
    /// The text that replaces what is typed of the word so far (from [`start_of_word`] to the cursor).
    pub insert: String,
    pub kind: CompletionKind,
    /// The type: `[]ContainerPort`, `string`, …; "required" is added where it is.
    pub detail: String,
    /// The field's path for [`super::hover::doc`], e.g. `Pod:spec.containers.image`; empty for what has no documentation.
    pub doc_key: String,
}

/// What may be typed at a byte of the text.
pub fn complete(text: &str, offset: usize) -> Vec<Completion> {
    let _ = (text, offset);
    Vec::new()
}

/// The byte where the word at the cursor begins.
pub fn start_of_word(text: &str, offset: usize) -> usize {
    let end = crate::text::floor_boundary(text, offset);
    text[..end]
        .rfind(|c: char| c.is_whitespace() || matches!(c, ':' | '{' | '[' | ',' | '"' | '\''))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))
}
