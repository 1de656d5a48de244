//! Hover: what a field of the text is.

use crate::text::Span;

/// What is known of the field under the pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// Its key.
    pub span: Span,
    /// `spec.containers[0].image`
    pub path: String,
    /// `string`, `[]ContainerPort`, …
    pub type_name: String,
    pub required: bool,
    /// Kubernetes' own documentation of it.
    pub doc: String,
}

/// The field at a byte of the text.
pub fn hover(text: &str, offset: usize) -> Option<Hover> {
    let _ = (text, offset);
    None
}

/// The documentation behind a completion's `doc_key`.
pub fn doc(doc_key: &str) -> Option<String> {
    let _ = doc_key;
    None
}
