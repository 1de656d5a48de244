//! Where everything in a document stands: its tree, or the outline of a text of plain lines, of which the tree is made when somebody wants it.

use std::cell::OnceCell;
use std::ops::Deref;

use super::decode::Finding;
use super::{explain, source};
use crate::text::Span;
use crate::yaml::lines::Outline;
use crate::yaml::{Content, Node};

#[derive(Clone, Debug)]
pub struct Root {
    node: OnceCell<Node>,
    plain: Option<Plain>,
}

/// A text of which the value is known, so that there is nothing wrong with it.
#[derive(Clone, Debug)]
struct Plain {
    chunk: Box<str>,
    /// Where in the whole text it begins.
    begin: usize,
    outline: Outline,
}

impl Root {
    pub(super) fn plain(chunk: &str, begin: usize, outline: Outline) -> Self {
        Self { node: OnceCell::new(), plain: Some(Plain { chunk: chunk.into(), begin, outline }) }
    }

    pub fn into_node(self) -> Node {
        let Self { node, plain } = self;
        node.into_inner().unwrap_or_else(|| made(plain.as_ref()))
    }

    /// The outline, where there is one. The page has none (see `read`): there its code would only weigh.
    fn outline(&self) -> Option<&Plain> {
        if cfg!(target_arch = "wasm32") { None } else { self.plain.as_ref() }
    }

    /// Where a field stands: its value; of a missing one the key of its nearest parent; of a list or mapping its key.
    pub fn span_in(&self, path: &str) -> Span {
        match self.outline() {
            Some(plain) => source::span_in(plain.outline.root(&plain.chunk, plain.begin), path),
            None => source::span_in(&**self, path),
        }
    }

    /// Where a field's error stands, of which the server may say only in its message which key or value is meant.
    pub fn span_of_error(&self, path: &str, message: &str) -> Span {
        match self.outline() {
            Some(plain) => source::span_of_error(plain.outline.root(&plain.chunk, plain.begin), path, message),
            None => source::span_of_error(&**self, path, message),
        }
    }

    /// Where the decoder's finding stands: of an unknown field its key, of everything else the value.
    pub(super) fn finding_span(&self, finding: &Finding) -> Span {
        match self.outline() {
            Some(plain) => explain::finding_span(plain.outline.root(&plain.chunk, plain.begin), finding),
            None => explain::finding_span(&**self, finding),
        }
    }
}

impl From<Node> for Root {
    fn from(node: Node) -> Self {
        Self { node: OnceCell::from(node), plain: None }
    }
}

impl Deref for Root {
    type Target = Node;

    fn deref(&self) -> &Node {
        self.node.get_or_init(|| made(self.outline()))
    }
}

fn made(plain: Option<&Plain>) -> Node {
    let node = plain.filter(|_| !cfg!(target_arch = "wasm32")).map(|plain| plain.outline.root(&plain.chunk, plain.begin).node());
    node.unwrap_or_else(|| Node { span: Span::new(0, 0), content: Content::Null, flow: false })
}
