//! A document's tree with its places, made when somebody first asks for it: of a text with nothing wrong nobody may.

use std::cell::OnceCell;
use std::ops::Deref;

use crate::text::Span;
use crate::yaml::{Content, Node, lines};

#[derive(Clone, Debug)]
pub struct Root {
    node: OnceCell<Node>,
    /// The text that the tree is yet to be made of, and where in the whole text it begins.
    chunk: Box<str>,
    begin: usize,
}

impl Root {
    /// Of a text of which the value is known, so that there is nothing wrong with it.
    pub(super) fn later(chunk: &str, begin: usize) -> Self {
        Self { node: OnceCell::new(), chunk: chunk.into(), begin }
    }

    pub fn into_node(self) -> Node {
        self.node.into_inner().unwrap_or_else(|| made(&self.chunk, self.begin))
    }
}

impl From<Node> for Root {
    fn from(node: Node) -> Self {
        Self { node: OnceCell::from(node), chunk: Box::default(), begin: 0 }
    }
}

impl Deref for Root {
    type Target = Node;

    fn deref(&self) -> &Node {
        self.node.get_or_init(|| made(&self.chunk, self.begin))
    }
}

fn made(chunk: &str, begin: usize) -> Node {
    // The page makes none of these (see `read`); the reader of lines would only weigh there.
    let read = if cfg!(target_arch = "wasm32") { None } else { lines::node(chunk, begin) };
    read.unwrap_or_else(|| Node { span: Span::new(begin, begin), content: Content::Null, flow: false })
}
