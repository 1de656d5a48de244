//! The picture as a nested list: the same shapes in the same order, for those who read with their ears.

use super::Target;
use super::scene::Scene;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    pub items: Vec<Item>,
}

/// One line of the list, with those that lie inside its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub target: Target,
    pub children: Vec<Item>,
}

pub fn build(scene: &Scene) -> Outline {
    let _ = scene;
    Outline::default()
}
