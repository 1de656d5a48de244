//! Hover: what a field of the text is.

use super::context::context;
use super::read_stream;
use crate::schema::{self, Field, Shape, Type};
pub use crate::schema::{describe, is_described};
use crate::text::Span;
use crate::yaml::{Content, Node};

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
    // The tree knows brackets and anchors; where there is none yet, indentation has to do.
    let stream = read_stream(text);
    if let Some(document) = stream.documents.iter().find(|d| d.root.span.contains(offset))
        && let Some(root) = schema::kind(crate::api::object::api_version(&document.value), crate::api::object::kind(&document.value))
    {
        return in_tree(&document.root, &Shape::Any, Some(root), String::new(), offset);
    }
    let context = context(text, offset);
    let line = context.line()?;
    let key = line.key.filter(|_| line.key_span.contains(offset))?;
    let field = context.owner()?.field(key)?;
    let parent = context.path();
    let path = if parent.is_empty() { key.to_owned() } else { format!("{parent}.{key}") };
    Some(told(field, line.key_span, path))
}

fn told(field: &Field, span: Span, path: String) -> Hover {
    Hover { span, path, type_name: field.explain_type(), required: field.required, doc: field.doc().to_owned() }
}

fn in_tree(node: &Node, shape: &Shape, owner: Option<&'static Type>, path: String, offset: usize) -> Option<Hover> {
    let owner = owner.or_else(|| if let Shape::Object(_) = shape { shape.object() } else { None });
    match &node.content {
        Content::Mapping(entries) => {
            let entry = entries.iter().find(|e| e.key_span.start <= offset && offset <= e.value.span.end.max(e.key_span.end))?;
            let inner = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
            match (owner, shape) {
                (Some(owner), _) => {
                    let field = owner.field(&entry.key)?;
                    let scalar = entry.value.entries().is_empty() && entry.value.items().is_empty();
                    if scalar || entry.key_span.contains(offset) {
                        return Some(told(field, entry.key_span, inner));
                    }
                    in_tree(&entry.value, &field.shape, None, inner, offset)
                }
                (None, Shape::Map(value)) => in_tree(&entry.value, value, None, inner, offset),
                _ => None,
            }
        }
        Content::Sequence(items) => {
            let Shape::List(item) = shape else { return None };
            let (index, node) = items.iter().enumerate().find(|(_, n)| n.span.contains(offset))?;
            in_tree(node, item, None, format!("{path}[{index}]"), offset)
        }
        _ => None,
    }
}

/// The documentation behind a completion's `doc_key` (`io.k8s.api.core.v1.Container.image`).
pub fn doc(doc_key: &str) -> Option<String> {
    let (owner, field) = doc_key.rsplit_once('.')?;
    Some(schema::by_name(owner)?.field(field)?.doc().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_tell_of_themselves_in_whole_and_in_broken_texts() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    image: nginx\n";
        let found = hover(text, text.find("image").expect("it is there") + 2).expect("a field");
        assert_eq!((found.path.as_str(), found.type_name.as_str()), ("spec.containers[0].image", "string"));
        assert!(found.doc.starts_with("Container image name"));
        assert_eq!(hover(text, text.find("name: web").expect("it is there")).expect("a field").path, "metadata.name");
        let broken = format!("{text}    ports\n    env: x\n");
        assert_eq!(hover(&broken, broken.find("image").expect("it is there")).expect("a field").path, "spec.containers[0].image");
    }
}
